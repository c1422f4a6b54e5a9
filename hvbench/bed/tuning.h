/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tuning: caps and weights of one guest, set through libvirt and read back
 * from libvirt and from the kernel. */
#ifndef HVB_BED_TUNING_H
#define HVB_BED_TUNING_H

#include "hvbench/bed/cgroup.h"

#include <libvirt/libvirt.h>

/* What `wanted` comes to on a host with this cgroup version. A cap of p % with
 * period P is a quota of p P / 100; a weight w is the kernel's default times
 * w / 100: v1 shares 1024 w / 100 (not below 2), v2 weight w. */
void hvb_tuning_from_profile(const HvbGuestProfile *wanted, gboolean v2,
                             HvbTuning *ret_tuning);

/* Sets it and reads it back. Errors: HVB_BED_ERROR_LIBVIRT, and
 * HVB_BED_ERROR_TUNING if libvirt or the kernel still says anything else than
 * was set after a second, with both values. */
gboolean hvb_tuning_apply(virDomainPtr domain, const HvbCgroup *cgroup,
                          const HvbGuestProfile *wanted,
                          HvbTuning *ret_enforced, GError **error);

#endif
