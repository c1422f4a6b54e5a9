/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory groups: the control groups above a process, or above where one will
 * be, that limit its memory; of cgroup v1's memory controller or v2. */
#ifndef HVB_BED_MEMORY_GROUPS_H
#define HVB_BED_MEMORY_GROUPS_H

#include <glib.h>

typedef struct {
    char *name;         /* "/machine"; "/" is the topmost that is seen here */
    const char *file;   /* with its limit, static: "memory.max" */
    gint64 limit_bytes; /* -1: none */
    gint64 high_bytes;  /* v2: beyond this it is slowed down; -1: none */
    gint64 used_bytes;  /* without the page cache that can go at once */
    gint64 hits;        /* how often the limit was reached; of v2 only where
                         * nothing could be freed */
    gint64 kills; /* processes killed for memory; v1: of this very group */
} HvbMemoryGroup;

/* An array of HvbMemoryGroup, `group` first, then those above it, below `root`
 * ("/" for this host); those that do not exist are left out. Unref it. */
GArray *hvb_memory_groups_read(const char *root, const char *group);
/* Of the process, by its /proc. */
GArray *hvb_memory_groups_of(const char *root, int pid);
/* Those that libvirt may put guests in, as far as they are there, and all above
 * them; some may be named twice. */
GArray *hvb_memory_groups_of_machines(const char *root);

/* The one with a limit of which the least is left, and that in bytes; NULL:
 * there is no limit. Borrowed. */
const HvbMemoryGroup *hvb_memory_groups_tightest(const GArray *groups,
                                                 gint64 *ret_left_bytes);

/* The group of `after`, borrowed, whose limit was reached since `before` was
 * read: the innermost; NULL: none. `ret_killed`: the kernel also killed
 * something for it. What was in a group that is gone, v1 cannot tell. */
const HvbMemoryGroup *hvb_memory_groups_reached(const GArray *before,
                                                const GArray *after,
                                                gboolean *ret_killed);

/* The one of this name, borrowed; NULL: there is none. */
const HvbMemoryGroup *hvb_memory_groups_find(const GArray *groups,
                                             const char *name);

/* "330 MiB": rounded down, as it is a limit. Caller frees. */
char *hvb_memory_text(gint64 bytes);

#endif
