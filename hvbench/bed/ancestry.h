/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ancestry: the control groups above those that libvirt makes for a guest, up
 * to the root of their hierarchy, or what this process sees as its root.
 *
 * An administrator, systemd or a container may limit any of them, and the limit
 * holds for all that is below: a guest without a cap of its own is capped. */
#ifndef HVB_BED_ANCESTRY_H
#define HVB_BED_ANCESTRY_H

#include "hvbench/bed/group-files.h"

typedef struct _HvbAncestry HvbAncestry;

/* Where to look: all are directories, and of those of the cpuset controller
 * none need be there. */
typedef struct {
    const char *root; /* "/" for this host: its /sys names the host's CPUs */
    gboolean v2;      /* then both controllers have the same groups */
    const char *cpu_mount; /* of the hierarchy with the CPU controller */
    const char *cpu;       /* the lowest group that is not hvbench's */
    const char *cpuset_mount;
    const char *cpuset;
    const char *weighed; /* of the groups the one whose weight is hvbench's all
                          * the same; NULL: none */
} HvbAncestryPlace;

/* The groups from the lowest up to the mounts. */
HvbAncestry *hvb_ancestry_new(const HvbAncestryPlace *place);
void hvb_ancestry_free(HvbAncestry *ancestry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbAncestry, hvb_ancestry_free)

/* The groups in which libvirt puts guests, "machine" or systemd's
 * "machine.slice", before there is any guest; where neither is there the root
 * alone. */
HvbAncestry *hvb_ancestry_of_partition(const char *root);

/* Fills in `above` and `limit_*` of `tuning`. Errors: HVB_BED_ERROR_TUNING with
 * the file. */
gboolean hvb_ancestry_read(const HvbAncestry *ancestry, HvbTuning *tuning,
                           GError **error);

/* What their quotas have done, all of them together. The kernel adds up the
 * throttled time over the CPUs and counts all that is in a group. Errors:
 * HVB_BED_ERROR_GUEST with the file. */
gboolean hvb_ancestry_read_throttling(const HvbAncestry *ancestry,
                                      HvbThrottling *ret, GError **error);

/* Calls `func` with the path of each file that sets one of them, and what it
 * sets: "the quota of /machine". */
void hvb_ancestry_foreach_file(const HvbAncestry *ancestry,
                               HvbGroupFileFunc func, gpointer user_data);

#endif
