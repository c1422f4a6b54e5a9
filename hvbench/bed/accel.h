/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accel: whether KVM can run a guest on this host.
 *
 * That /dev/kvm opens proves nothing: there are hosts where it does and a
 * kernel hangs at its first instructions. So one guest is booted as far as its
 * HELLO. The answer holds for this boot of the host, this connection, this
 * QEMU and these guest images, and is remembered in "accel" below the state
 * directory (state.h). */
#ifndef HVB_BED_ACCEL_H
#define HVB_BED_ACCEL_H

#include "hvbench/bed/libvirt-bed.h"

/* What can be said before anything is tried, from what is wanted and KVM's
 * device (HVB_KVM_DEVICE but in tests): KVM or TCG and why, as below. AUTO: it
 * has to be tried, or, with HVB_BED_ERROR_HOST, KVM is wanted and cannot be
 * had. */
HvbAccel hvb_accel_settle(HvbAccel wanted, const char *device,
                          char **ret_reason, GError **error);

/* What the profile asks for; where that is AUTO, what really works here: what
 * is remembered, else what a probe finds. Returns KVM or TCG and why, in one
 * line, in `ret_reason` (owned by the caller). AUTO only with an error:
 * that of hvb_accel_settle(), and those of the probe. */
HvbAccel hvb_accel_choose(HvbConnection *connection, const HvbProfile *profile,
                          const HvbBootSettings *settings, char **ret_reason,
                          GError **error);

/* Boots a guest under KVM, whatever is remembered, and remembers the answer;
 * returns as above. Errors: G_IO_ERROR_CANCELLED; HVB_BED_ERROR_HOST when no
 * guest could be tried at all. */
HvbAccel hvb_accel_probe(HvbConnection *connection, const HvbProfile *profile,
                         const HvbBootSettings *settings, char **ret_reason,
                         GError **error);

/* The answer that is remembered, without trying anything; AUTO if there is
 * none. `ret_reason` as above. */
HvbAccel hvb_accel_recall(HvbConnection *connection, const HvbProfile *profile,
                          char **ret_reason);

#endif
