/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Placement: on which of the host's CPUs a guest runs. */
#ifndef HVB_BED_PLACEMENT_H
#define HVB_BED_PLACEMENT_H

#include "hvbench/bed/cgroup.h"
#include "hvbench/bed/host-cpus.h"

#include <libvirt/libvirt.h>

/* Of `host`'s CPUs the first `cpus` (0, or more than there are: all); with
 * PINNED affinity of those only the one whose turn it is for `guest` (from 0),
 * counted around. */
void hvb_placement_choose(const HvbCpus *host, guint cpus, HvbAffinity affinity,
                          guint guest, HvbCpus *ret_cpus);

/* Where the vCPU and the emulator of the guest with this cgroup may run now, as
 * the kernel says: fills in `cpus` and `emulator_cpus`. Errors:
 * HVB_BED_ERROR_TUNING. */
gboolean hvb_placement_read(const HvbCgroup *cgroup, HvbTuning *tuning,
                            GError **error);

/* Makes the vCPU of `guest` (from 0) run where hvb_placement_choose() says, of
 * the CPUs that are there for guests (host-cpus.h), and its emulator on the
 * first `cpus` of them. Writes where the vCPU now may run, as libvirt and the
 * kernel say, to `ret_cpus` (of HVB_CPUS_MAX bytes). Errors:
 * HVB_BED_ERROR_LIBVIRT, HVB_BED_ERROR_TUNING if either says otherwise. */
gboolean hvb_placement_apply(virDomainPtr domain, const HvbCgroup *cgroup,
                             guint guest, guint cpus, HvbAffinity affinity,
                             char *ret_cpus, GError **error);

#endif
