/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Group: a control group of hvbench's own, at the top of the host's hierarchy,
 * for what it runs on the host itself.
 *
 * It has the default weight, unless told otherwise, and no cap. Under cgroup v1
 * it exists below the cpu controller and where CPU time is charged: cpuacct,
 * or, where that is not mounted, the cgroup2 tree. Under v2 it has the cpu
 * controller if the root group can give it. */
#ifndef HVB_BED_GROUP_H
#define HVB_BED_GROUP_H

#include "hvbench/bed/group-files.h"

/* What the names of all of them begin with. */
#define HVB_GROUP_PREFIX "hvbench-"

typedef struct _HvbGroup HvbGroup;

/* Makes the group `name`, in place of an empty one that a killed hvbench may
 * have left, below `root` ("/" for this host). A group in use is waited for, a
 * few seconds at most: what it holds may be about to end.
 *
 * Errors: HVB_BED_ERROR_HOST: not permitted, no hierarchy, or the name is still
 * in use. */
HvbGroup *hvb_group_make(const char *root, const char *name, GError **error);
/* Removes it, too; what is in it must have ended. NULL is fine. */
void hvb_group_free(HvbGroup *group);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbGroup, hvb_group_free)

/* Puts a process in; what it starts from then on is in it as well. Errors:
 * HVB_BED_ERROR_HOST. */
gboolean hvb_group_add(const HvbGroup *group, GPid pid, GError **error);
/* The processes in it, an array of GPid. */
GArray *hvb_group_pids(const HvbGroup *group);

/* CPU charged to it since it was made, in ns; exact, no timer ticks. Errors:
 * HVB_BED_ERROR_HOST. */
gboolean hvb_group_read_cpu(const HvbGroup *group, gint64 *ret_cpu_ns,
                            GError **error);
/* Sets its share of the CPU among the groups at the top: `weight` (1 ... 10000)
 * where 100 is the default. Errors: HVB_BED_ERROR_TUNING. */
gboolean hvb_group_set_weight(const HvbGroup *group, guint weight,
                              GError **error);
/* cgroup v1 cpu.shares or v2 cpu.weight; 0 if it has no such file. */
guint64 hvb_group_read_shares(const HvbGroup *group);
/* What is enforced on it now: its cap is the VM's, of a vCPU it has none.
 * Errors: HVB_BED_ERROR_TUNING. */
gboolean hvb_group_read_tuning(const HvbGroup *group, HvbTuning *ret_now,
                               GError **error);
/* Calls `func` for each file that sets that, as "WHOSEquota". */
void hvb_group_foreach_file(const HvbGroup *group, const char *whose,
                            HvbGroupFileFunc func, gpointer user_data);
gboolean hvb_group_is_v2(const HvbGroup *group);

/* Removes those below `root` whose names have the prefix and that are empty:
 * the remains of a killed hvbench. */
void hvb_group_remove_leftovers(const char *root);

#endif
