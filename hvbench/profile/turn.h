/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Turn: how long a guest that wants to run may have to wait until it does, by
 * its weight and its cap.
 *
 * Groups that compete for a CPU take turns of a slice; of two slices of its own
 * one of weight w has the others, of weight W together, run for slice * W / w
 * in between, since each gets its weight's part of the CPU (Linux:
 * Documentation/scheduler/sched-eevdf.rst, sched-design-CFS.rst). A slice is
 * 0.7 ms times 1 + log2 of the CPUs, of which 8 count at most (base_slice_ns,
 * kernel/sched/fair.c), and up to Linux 7.0 ends at a timer tick: 4 ms at 250
 * Hz. So weight 1 beside 10000 runs 4 ms and stands for 40 s, as measured.
 *
 * A cap of c % of a period of P stops the guest for P * (1 - c / 100)
 * (Documentation/scheduler/sched-bwc.rst). */
#ifndef HVB_PROFILE_TURN_H
#define HVB_PROFILE_TURN_H

#include "hvbench/profile/profile.h"

#define HVB_SLICE_MS 4
/* An answer takes QEMU's main loop and the guest's agent, each more than once:
 * so many turns. */
#define HVB_TURNS_PER_ANSWER 4
/* A guest that may stand for longer than this answers in minutes, if at all:
 * such a profile is refused. */
#define HVB_STAND_LIMIT_MS 120000

/* For how long guest `guest` (from 0) may stand, in ms: while all others that
 * can be busy are, on the same CPU if the profile does not part them. 0 where
 * there are no guests. */
guint64 hvb_turn_stand_ms(const HvbProfile *profile, guint guest);

/* By how much later than an unhindered one it may answer. */
guint64 hvb_turn_patience_ms(const HvbProfile *profile, guint guest);

/* The least weight with which it does not stand for more than `limit_ms` for
 * its weight's sake; 1 at least. */
guint hvb_turn_least_weight(const HvbProfile *profile, guint guest,
                            guint64 limit_ms);

/* A measured guest that may have no turn at all in the window: "guest 1 ...";
 * NULL: there is none. On a host with `cpus` for guests (0: unknown), where
 * each of the busy ones may have its own, there is none. Caller frees. */
char *hvb_turn_doubt(const HvbProfile *profile, guint cpus);

#endif
