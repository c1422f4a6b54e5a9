/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cgroup: what the kernel enforces on, and charges to, one guest.
 *
 * Read from the cgroup files that libvirt wrote, found by way of the guest's
 * QEMU process, so it works for the embedded driver, the system daemon, v1 and
 * v2 alike. */
#ifndef HVB_BED_CGROUP_H
#define HVB_BED_CGROUP_H

#include "hvbench/bed/bed.h"

typedef struct {
    gboolean v2;
    pid_t pid;     /* of QEMU */
    char *vm;      /* directory of the whole VM, CPU controller */
    char *vcpu;    /* of its vCPU */
    char *shares;  /* of the group that carries the weight */
    char *account; /* the VM's directory of the accounting controller (v1) */
    char *vcpu_account;
} HvbCgroup;

/* Finds the groups of the local domain `name`. Errors: HVB_BED_ERROR_HOST. */
HvbCgroup *hvb_cgroup_find(const char *name, GError **error);
void hvb_cgroup_free(HvbCgroup *cgroup);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbCgroup, hvb_cgroup_free)

/* What is enforced now. Errors: HVB_BED_ERROR_TUNING with the file. */
gboolean hvb_cgroup_read_tuning(const HvbCgroup *cgroup, HvbTuning *ret_tuning,
                                GError **error);

/* What has been charged so far. Errors: HVB_BED_ERROR_GUEST with the file. */
gboolean hvb_cgroup_read_meter(const HvbCgroup *cgroup,
                               HvbGuestMeter *ret_meter, GError **error);

#endif
