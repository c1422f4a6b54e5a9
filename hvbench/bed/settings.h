/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings: what the host enforces on a guest, and what its quotas have done:
 * plain records, read from control groups (cgroup.h) and kept in the database.
 */
#ifndef HVB_BED_SETTINGS_H
#define HVB_BED_SETTINGS_H

#include <glib.h>

#define HVB_CPUS_MAX 128

/* Room for a control group's name, which is cut short if it is longer. */
#define HVB_GROUP_MAX 256
/* Room for what the groups above a guest are set to. */
#define HVB_ABOVE_MAX 512

/* A guest's CPU settings as the host enforces them. */
typedef struct {
    gint64 vcpu_quota_us; /* per period; -1: no cap */
    gint64 vcpu_period_us;
    gint64 vm_quota_us;
    gint64 vm_period_us;
    guint64 shares; /* cgroup v1 cpu.shares or v2 cpu.weight */
    gboolean cgroup_v2;
    char cpus[HVB_CPUS_MAX]; /* where its vCPU may run: "0-1,4", cut short if
                              * longer; "": nobody looked */
    char emulator_cpus[HVB_CPUS_MAX]; /* the same of its emulator thread */
    gint64 vcpu_burst_us; /* what it may save up; 0: nothing, or this kernel
                           * knows no bursts */
    gint64 vm_burst_us;
    gboolean idle;             /* cpu.idle: weighs next to nothing */
    char group[HVB_GROUP_MAX]; /* that its vCPU is in, "/machine/..." */
    /* What is not hvbench's: settings of the groups above the guest's own that
     * are not the kernel's defaults, "/machine: quota 50000 of 100000 us,
     * weight 512 and /: CPUs 0-3"; "": there are none. */
    char above[HVB_ABOVE_MAX];
    /* Of their quotas the tightest; "": there is none. */
    char limit_group[HVB_GROUP_MAX];
    gint64 limit_quota_us;
    gint64 limit_period_us;
    gint64 limit_burst_us; /* for who looks at charges at once: not kept, but
                            * told in `above` */
} HvbTuning;

/* Whose quota stops a guest. */
typedef enum {
    HVB_QUOTA_VCPU,
    HVB_QUOTA_VM,
    HVB_QUOTA_ABOVE, /* those of all groups above it */
    HVB_N_QUOTAS,
} HvbQuota;

/* The kernel's account of a quota; what its times mean depends on the kernel:
 * throttling.h. */
typedef struct {
    gint64 periods; /* that went by while the group ran, or wanted to */
    gint64 throttled_periods;
    gint64 throttled_ns;
} HvbThrottling;

#endif
