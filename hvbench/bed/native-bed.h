/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Native bed: no guests; the host itself, by an agent that runs on it.
 *
 *   bed = hvb_native_bed_start (profile, console_dir, cancellable, ...);
 *   ... as any other bed; its only guest is called "host" ...
 *   hvb_bed_free (bed);
 *
 * The agent and its users are in a control group of their own, and so the
 * meter knows what they used: all of it counts as vcpu_ns, emulator_ns is 0.
 * There is no cap to enforce; place() confines them to the first CPUs of the
 * host and sets demand_factor to the number of those. */
#ifndef HVB_BED_NATIVE_BED_H
#define HVB_BED_NATIVE_BED_H

#include "hvbench/bed/bed.h"

/* Starts the agent, which reads the documents that guests have on their disks,
 * and waits for its HELLO, for the profile's hello_timeout_s at most. What the
 * agent writes to its standard error is kept in `console_dir` when the bed
 * ends, as a guest's console would be (see libvirt-bed.h); NULL: nowhere. Clear
 * away leftovers first: hold the lock of state.h.
 *
 * Errors: HVB_BED_ERROR_HOST (no agent, no documents, no control group), _BOOT
 * (it ended, said no HELLO, or its clock is too coarse); G_IO_ERROR_CANCELLED.
 * Nothing is left running then. */
HvbBed *hvb_native_bed_start(const HvbProfile *profile, const char *console_dir,
                             GCancellable *cancellable, GError **error);

#endif
