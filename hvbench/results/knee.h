/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Knee: where, as load rises, users begin to notice it. */
#ifndef HVB_RESULTS_KNEE_H
#define HVB_RESULTS_KNEE_H

#include "hvbench/results/measure.h"

/* What of a delay goes unnoticed, by the paper. */
#define HVB_KNEE_MS 50.0

/* What the knee is read off: the load that users ask for (that of the first
 * loaded guest, % of one CPU), or how busy the whole host is, % of those of its
 * CPUs that the scenario gives the guests. */
typedef enum { HVB_KNEE_DEMAND, HVB_KNEE_HOST_TOTAL } HvbKneeAxis;

/* The knee in each repetition, in per cent on that axis, as observations of one
 * stratum: where the mean delay, on straight lines from level to level, first
 * is HVB_KNEE_MS above that at None. (An onset that is a level would hide by
 * how little, or how much, it was missed.) If it never is, the highest level
 * stands for the knee, which is beyond it, and `*ret_open` is set.
 *
 * Repetitions without None, or without another level, are left out, and those
 * with a level missing just below the first that is HVB_KNEE_MS above: where
 * between the two it came to that cannot be told. */
GArray *hvb_observe_knee(const HvbRunRecord *run, const char *scenario,
                         HvbKneeAxis axis, gboolean *ret_open);

/* Takes away the end of the interval of b - a that a knee beyond the highest
 * level leaves open. */
void hvb_knee_open(HvbInterval *interval, gboolean open_a, gboolean open_b);

#endif
