/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accel: whether KVM can run a guest on this host.
 *
 * That /dev/kvm opens proves nothing: there are hosts where it does and a
 * kernel hangs at its first instructions. So one guest is booted as far as its
 * HELLO. The answer holds for this boot of the host, this QEMU and this guest
 * kernel, and is remembered in HVB_STATE_DIR/accel. */
#ifndef HVB_BED_ACCEL_H
#define HVB_BED_ACCEL_H

#include "hvbench/bed/libvirt-bed.h"

/* What the profile asks for; where that is AUTO, what really works here.
 * Returns KVM or TCG and why, in one line, in `ret_reason` (owned by the
 * caller). Never AUTO; AUTO with `error` set only when cancelled or when no
 * guest could be tried at all. */
HvbAccel hvb_accel_choose(HvbConnection *connection, const HvbProfile *profile,
                          const HvbBootSettings *settings, char **ret_reason,
                          GError **error);

/* The answer that is remembered, without trying anything; AUTO if there is
 * none. `ret_reason` as above. */
HvbAccel hvb_accel_recall(HvbConnection *connection, const HvbProfile *profile,
                          char **ret_reason);

#endif
