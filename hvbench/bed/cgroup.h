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
    gboolean v2; /* which version the CPU controller has */
    pid_t pid;   /* of QEMU */
    /* Directories of the CPU controller: of the whole VM, of its vCPU, and of
     * the group that carries the weight. */
    char *vm;
    char *vcpu;
    char *shares;
    /* Where CPU time is charged, VM and vCPU: in cgroup v1's cpuacct if libvirt
     * uses it, else in the cgroup2 tree, which a v1 host has as well. */
    gboolean account_v1;
    char *vm_account;
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

/* Removes the group "machine" that the embedded driver makes for its guests,
 * where it is empty. */
void hvb_cgroup_remove_partition(void);

#endif
