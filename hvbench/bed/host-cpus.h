/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Host CPUs: which of them there are for guests.
 *
 * Their numbers may have gaps. Guests get those that hvbench itself may use
 * (taskset, its cpuset), of those online, as far as the control group that
 * guests live in has them: libvirt starts every QEMU on all CPUs, whatever
 * hvbench's own affinity is, and hvbench then puts it on these. */
#ifndef HVB_BED_HOST_CPUS_H
#define HVB_BED_HOST_CPUS_H

#include <glib.h>

/* CPUs 0 ... HVB_CPU_LIMIT - 1; CPU n is bit n % 8 of byte n / 8, as libvirt
 * has it. */
#define HVB_CPU_LIMIT 1024
typedef struct {
    guint8 map[HVB_CPU_LIMIT / 8];
} HvbCpus;

guint hvb_cpus_count(const HvbCpus *cpus);
gboolean hvb_cpus_have(const HvbCpus *cpus, guint cpu);
void hvb_cpus_add(HvbCpus *cpus, guint cpu);
gboolean hvb_cpus_equal(const HvbCpus *a, const HvbCpus *b);
/* Takes those that `others` has not from `cpus`. */
void hvb_cpus_intersect(HvbCpus *cpus, const HvbCpus *others);
/* The kernel's notation, "0-1,4". FALSE if `text` is not that, or names a CPU
 * beyond the limit. An empty text is no CPU. */
gboolean hvb_cpus_parse(const char *text, HvbCpus *ret_cpus);
/* The same notation; the caller frees it. */
char *hvb_cpus_text(const HvbCpus *cpus);

/* The CPUs that the thread with this directory in /proc ("/proc/self") may run
 * on, of those online. Errors: HVB_BED_ERROR_TUNING. */
gboolean hvb_cpus_of_thread(const char *directory, HvbCpus *ret_cpus,
                            GError **error);

typedef struct {
    HvbCpus online;
    HvbCpus usable;   /* by guests, or by hvbench itself */
    HvbCpus isolated; /* isolcpus=, or an isolated cpuset */
} HvbHostCpus;

/* By the /proc and /sys below `root` ("/" for this host). Errors:
 * HVB_BED_ERROR_TUNING. */
gboolean hvb_host_cpus_read(const char *root, HvbHostCpus *ret_cpus,
                            GError **error);

/* The same for what runs without guests: the cpuset of their group, which may
 * be there for others, does not count. */
gboolean hvb_host_cpus_read_own(const char *root, HvbHostCpus *ret_cpus,
                                GError **error);

/* What is wrong with running a scenario on these CPUs, whatever the scenario;
 * NULL: nothing. Caller frees. */
char *hvb_host_cpus_doubt(const HvbHostCpus *cpus);
/* The same of a scenario that wants its guests on `wanted` of them (0: all). */
char *hvb_host_cpus_lack(const HvbHostCpus *cpus, guint wanted);

#endif
