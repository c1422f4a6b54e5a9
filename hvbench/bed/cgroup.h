/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cgroup: what the kernel enforces on, and charges to, one guest.
 *
 * Read from the cgroup files that libvirt wrote, found by way of the guest's
 * QEMU process, so it works for the embedded driver, the system daemon, v1 and
 * v2 alike. */
#ifndef HVB_BED_CGROUP_H
#define HVB_BED_CGROUP_H

#include "hvbench/bed/ancestry.h"
#include "hvbench/bed/bed.h"

typedef struct {
    gboolean v2;       /* which version the CPU controller has */
    pid_t pid;         /* of QEMU */
    char *vcpu_thread; /* the vCPU's directory in /proc */
    /* Directories of the CPU controller: of the whole VM with its quota, of
     * its vCPU, and of the group that carries the weight. That is the VM's,
     * too, unless systemd-machined made it: then the VM's is a group "libvirt"
     * below the machine's scope, and the weight, which libvirt leaves to
     * systemd to set, is the scope's. */
    char *vm;
    char *vcpu;
    char *shares;
    /* Directory of the vCPU's own group with a set of CPUs, beside which its
     * emulator has one; NULL: libvirt made none. */
    char *cpuset;
    /* Where CPU time is charged, VM and vCPU: in cgroup v1's cpuacct if libvirt
     * uses it, else in the cgroup2 tree, which a v1 host has as well. */
    gboolean account_v1;
    char *vm_account;
    char *vcpu_account;
    HvbAncestry *above;
} HvbCgroup;

/* Finds the groups of the local domain `name`. Errors: HVB_BED_ERROR_HOST when
 * it does not run, or has no CPU controller. */
HvbCgroup *hvb_cgroup_find(const char *name, GError **error);
/* The same, by the /proc and /sys below `root`. */
HvbCgroup *hvb_cgroup_find_below(const char *root, const char *name,
                                 GError **error);
void hvb_cgroup_free(HvbCgroup *cgroup);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbCgroup, hvb_cgroup_free)

/* What is enforced now, but for the CPUs. Errors: HVB_BED_ERROR_TUNING with the
 * file. */
gboolean hvb_cgroup_read_tuning(const HvbCgroup *cgroup, HvbTuning *ret_tuning,
                                GError **error);

/* What has been charged so far. Errors: HVB_BED_ERROR_GUEST with the file. */
gboolean hvb_cgroup_read_meter(const HvbCgroup *cgroup,
                               HvbGuestMeter *ret_meter, GError **error);

/* Calls `func` for each file of the guest's own groups that sets its caps,
 * weight and CPUs: "WHO's vCPU quota". */
void hvb_cgroup_foreach_file(const HvbCgroup *cgroup, const char *who,
                             HvbGroupFileFunc func, gpointer user_data);

#endif
