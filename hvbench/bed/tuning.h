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

/* A quota as libvirt tells it, -1 if there is none: what is in the kernel's
 * file is a word ("max") or -1, and the number that libvirt makes of that
 * differs by its version and the cgroup's: -1, 2^44 - 1, or (2^64 - 1) / 1000.
 */
gint64 hvb_tuning_quota_from_libvirt(gint64 value_us);

/* Sets it and reads it back. Errors: HVB_BED_ERROR_LIBVIRT, and
 * HVB_BED_ERROR_TUNING if libvirt or the kernel still says anything else than
 * was set after a second, with both values. */
gboolean hvb_tuning_apply(virDomainPtr domain, const HvbCgroup *cgroup,
                          const HvbGuestProfile *wanted,
                          HvbTuning *ret_enforced, GError **error);

#endif
