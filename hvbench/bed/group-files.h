/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Group files: what the CPU controller of a control group is set to, and what
 * it has counted, read from the group's directory. */
#ifndef HVB_BED_GROUP_FILES_H
#define HVB_BED_GROUP_FILES_H

#include "hvbench/bed/settings.h"

/* The kernel's defaults: quota -1, burst 0, the default weight, not idle. */
typedef struct {
    gint64 quota_us;  /* per period; -1: none */
    gint64 period_us; /* 0: it can have no quota, as the root of v2 */
    gint64 burst_us;
    guint64 shares; /* v1 cpu.shares, v2 cpu.weight; 0: it has none */
    gboolean idle;
} HvbGroupCpu;

/* A file that sets something, and what it sets: "guest 1's VM quota". Both are
 * borrowed. */
typedef void (*HvbGroupFileFunc)(const char *path, const char *what,
                                 gpointer user_data);

/* The weight of a group that nobody has given one. */
guint64 hvb_group_files_default_shares(gboolean v2);

/* Of the group with the directory `dir`. A file that is not there is a setting
 * that the group cannot have (the root's weight) or the kernel does not know
 * (bursts from Linux 5.14 on, idle groups from 5.15). Errors: `code`, of
 * HVB_BED_ERROR, if there is no such group, or a file cannot be read. */
gboolean hvb_group_files_read_settings(const char *dir, gboolean v2,
                                       HvbGroupCpu *ret_settings, int code,
                                       GError **error);

/* Calls `func` for each of those files, there or not, as "BEFOREquotaAFTER". */
void hvb_group_files_foreach(const char *dir, gboolean v2, const char *before,
                             const char *after, HvbGroupFileFunc func,
                             gpointer user_data);

/* Adds what its quota has done to `throttling`; a group that never had one, or
 * can have none, adds nothing. Errors: `code` with the file. */
gboolean hvb_group_files_add_throttling(const char *dir, gboolean v2,
                                        HvbThrottling *throttling, int code,
                                        GError **error);

/* CPU charged to it, as its cpu.stat or, with `v1_account`, cpuacct.usage has
 * it. Errors: `code` with the file. */
gboolean hvb_group_files_read_usage(const char *dir, gboolean v1_account,
                                    gint64 *ret_ns, int code, GError **error);

#endif
