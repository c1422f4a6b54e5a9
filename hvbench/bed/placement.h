/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Placement: on which of the host's CPUs a guest runs. */
#ifndef HVB_BED_PLACEMENT_H
#define HVB_BED_PLACEMENT_H

#include "hvbench/bed/cgroup.h"

#include <libvirt/libvirt.h>

/* CPUs 0 ... HVB_CPU_LIMIT - 1; CPU n is bit n % 8 of byte n / 8, as libvirt
 * has it. */
#define HVB_CPU_LIMIT 1024
typedef struct {
    guint8 map[HVB_CPU_LIMIT / 8];
} HvbCpus;

guint hvb_cpus_count(const HvbCpus *cpus);
/* The kernel's notation, "0-1,4". FALSE if `text` is not that, or names a CPU
 * beyond the limit. */
gboolean hvb_cpus_parse(const char *text, HvbCpus *ret_cpus);
/* The same notation; the caller frees it. */
char *hvb_cpus_text(const HvbCpus *cpus);

/* The CPUs that the thread with this directory in /proc ("/proc/self") may run
 * on, of those online. Errors: HVB_BED_ERROR_TUNING. */
gboolean hvb_cpus_of_thread(const char *directory, HvbCpus *ret_cpus,
                            GError **error);

/* Of `host`'s CPUs the first `cpus` (0, or more than there are: all); with
 * PINNED affinity of those only the one whose turn it is for `guest` (from 0),
 * counted around. */
void hvb_placement_choose(const HvbCpus *host, guint cpus, HvbAffinity affinity,
                          guint guest, HvbCpus *ret_cpus);

/* Makes the vCPU of `guest` (from 0) run where hvb_placement_choose() says, of
 * the CPUs that this process may use, and its emulator on the first `cpus` of
 * them. Writes where the vCPU now may run, as libvirt and the kernel say, to
 * `ret_cpus` (of HVB_CPUS_MAX bytes). Errors: HVB_BED_ERROR_LIBVIRT,
 * HVB_BED_ERROR_TUNING if either says otherwise. */
gboolean hvb_placement_apply(virDomainPtr domain, const HvbCgroup *cgroup,
                             guint guest, guint cpus, HvbAffinity affinity,
                             char *ret_cpus, GError **error);

#endif
