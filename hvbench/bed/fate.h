/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fate: how a guest's QEMU ended, as far as this host tells.
 *
 *   fate = hvb_fate_new ("/", "hvbench-guest1", log);   before it is started
 *   hvb_fate_watch (fate, pid);                         once it runs
 *   text = hvb_fate_tell (fate);                        when it was lost
 *
 * QEMU is no child of hvbench: libvirt makes it a daemon, and whoever adopts it
 * reaps it without a word. What there is: the status that the kernel keeps for
 * who holds a pidfd (Linux 6.15 and newer), or in /proc until it is reaped; the
 * kernel log's account of what was killed for memory; the counters of memory
 * control groups; libvirt's reason; the last that QEMU said. */
#ifndef HVB_BED_FATE_H
#define HVB_BED_FATE_H

#include "hvbench/bed/memory-groups.h"

typedef struct _HvbFate HvbFate;

/* Of domain `name`, whose QEMU writes to the file `log` (NULL: unknown). Groups
 * and processes are those below `root`. Listens to the kernel log from here on
 * where that is permitted. */
HvbFate *hvb_fate_new(const char *root, const char *name, const char *log);
void hvb_fate_watch(HvbFate *fate, int pid);
/* NULL is fine. */
void hvb_fate_free(HvbFate *fate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbFate, hvb_fate_free)

/* Whether the process that is watched has ended. */
gboolean hvb_fate_is_over(const HvbFate *fate);

/* What is known of its end, beginning with "QEMU ...": "QEMU was killed by the
 * kernel for memory: limit 330 MiB of /machine". NULL: it runs, or was never
 * there and nothing is known. `reason` is libvirt's, NULL if it has none.
 * Caller frees. */
char *hvb_fate_tell(HvbFate *fate, const char *reason);

/* The parts that only look at values. */

/* What was killed for memory, by the kernel log's lines in `text`: the process
 * `pid`, or one in a control group of the domain `name`. */
typedef enum {
    HVB_OOM_NONE,
    HVB_OOM_GROUP, /* for the limit of a control group */
    HVB_OOM_HOST,  /* since the host had none left */
} HvbOom;
/* `ret_group` is the group whose limit it was, NULL if not said. Caller frees
 * it. */
HvbOom hvb_fate_find_oom(const char *text, int pid, const char *name,
                         char **ret_group);

/* "QEMU ended by signal 9 (Killed)", "QEMU ended with status 1", by a status as
 * wait() has it. Caller frees. */
char *hvb_fate_status_text(int status);

/* The last that QEMU itself said in its log `text` since it was last started;
 * NULL: nothing. Caller frees. */
char *hvb_fate_last_words(const char *text);

#endif
