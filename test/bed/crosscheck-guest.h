/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What guests/crosscheck says on the console of a Debian guest in which
 * Debian's cyclictest and stress-ng run in phases. */
#ifndef TEST_BED_CROSSCHECK_GUEST_H
#define TEST_BED_CROSSCHECK_GUEST_H

#include "hvbench/selftest/rig.h"

/* One phase as those tools saw it. */
typedef struct {
    double end_s;      /* guest's uptime */
    guint looks;       /* how often cyclictest was to look */
    GArray *delays_us; /* what it saw, gint64, ascending */
    double bogo_per_s; /* stress-ng's, of real time; 0: it did not run */
} CrosscheckPhase;
void crosscheck_phase_free(CrosscheckPhase *phase);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrosscheckPhase, crosscheck_phase_free)

/* Whether the console, from `offset` on, says that phase `name` began. */
gboolean crosscheck_has_begun(const char *console, gsize offset,
                              const char *name);
/* Whether it says that everything about that phase was said; then it is looked
 * at from the last time that it began. */
gboolean crosscheck_is_over(const char *console, gsize offset,
                            const char *name);
/* NULL if something is missing or spoilt. */
CrosscheckPhase *crosscheck_phase_read(const char *console, gsize offset,
                                       const char *name);

/* What it has said so far; the caller frees. */
char *crosscheck_console(const HvbBed *bed);

enum { CROSSCHECK_IDLE, CROSSCHECK_SPIN, CROSSCHECK_N_PHASES };
const char *crosscheck_phase_name(guint phase);

/* cyclictest's interval. */
#define CROSSCHECK_LOOK_US 10000

/* One phase, from both sides. */
typedef struct {
    CrosscheckPhase *theirs;
    GArray *delays_us; /* ours, gint64, ascending */
    guint scheduled, missing;
    HvbGuestMeter opened, closed; /* the guest's, at our window's ends */
    double foreign_percent;       /* others' use of the host meanwhile */
} CrosscheckPair;
void crosscheck_pair_clear(CrosscheckPair *pair);

/* Waits for the next begin of the phase, from `offset` of the console on, in
 * the bed's first guest, whose operations take no time, and has the probe
 * measure beside it. Returns NULL, or what went wrong; the caller frees both.
 */
char *crosscheck_measure(HvbRig *rig, guint phase, gsize offset,
                         CrosscheckPair *ret_pair);

/* Of ascending gint64, one at least. */
gint64 crosscheck_median(const GArray *values);
/* Share, %, of values above `limit`. */
double crosscheck_percent_above(const GArray *values, gint64 limit);

#endif
