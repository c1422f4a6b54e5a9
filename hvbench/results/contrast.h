/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Contrast: two scenarios, or two meters or levels of one, held against each
 * other.
 *
 * All cells of one level and repetition have the same schedules and users, in
 * whatever scenario. So the unit is the pair of two such cells: what they have
 * in common falls out of their difference. Samples are no unit, those of one
 * cell depend on each other.
 *
 * Where two scenarios cannot share their guests (or one has none), they were
 * measured on different boots, and what one boot does to all of its cells does
 * not fall out. Nor does the interval know of it, since it is made of the
 * spread between repetitions on the same boot: it is too narrow by that much.
 * How much shows in the mean delay of c04-again against that of fig03, the same
 * guests booted twice, which is part of the evidence on C4. */
#ifndef HVB_RESULTS_CONTRAST_H
#define HVB_RESULTS_CONTRAST_H

#include "hvbench/results/measure.h"

/* How one value stands against another. */
typedef enum {
    HVB_EFFECT_DIFFERENCE, /* b - a */
    HVB_EFFECT_RATIO,      /* b / a */
    HVB_EFFECT_EXCESS,     /* by how many % b is more than a */
} HvbEffect;

/* Ratios and excesses are averaged and their intervals made on their logarithm,
 * which treats twice and half alike; an average is thus a geometric mean. These
 * turn an effect into that scale and back. */
double hvb_effect_to_scale(HvbEffect effect, double value);
double hvb_effect_from_scale(HvbEffect effect, double value);

/* Added to both delays, as they are told, before a ratio is taken: nobody
 * can feel the difference between 1 ms and 4 ms, and so 11 to 14 shall stand
 * for it, and not 1 to 4. Against delays that are felt it is nothing. */
#define HVB_RATIO_OFFSET_MS 10.0

typedef struct {
    double a, b;  /* means over the strata of their means, of the pairs only;
                   * NaN: no pair */
    guint strata; /* which have a pair: bit 0, the first ... */
    HvbInterval interval; /* of the effect, on its scale */
} HvbContrast;

/* The observations of `a` and `b` that have stratum and repetition in common,
 * as observations of the effect of b against a, on its scale. `offset` is for
 * ratios. Pairs without a logarithm are left out. */
GArray *hvb_contrast_pairs(const GArray *a, const GArray *b, HvbEffect effect,
                           double offset);

HvbContrast hvb_contrast_make(const GArray *a, const GArray *b,
                              HvbEffect effect, double offset,
                              double confidence);

/* As many observations, all of this value: what `like` is held against. */
GArray *hvb_observations_constant(const GArray *like, double value);

/* How far the delays of two scenarios are from each other, in % of the first
 * one's: for each level and repetition that both have, the Wasserstein-1
 * distance between the headline delays of the two cells (the area between the
 * two empirical distribution functions, ms; Villani, "Topics in Optimal
 * Transportation", 2003, 2.2.2), by the mean delay of `a` at that level, plus
 * HVB_RATIO_OFFSET_MS. Two cells of the same scenario are some way from each
 * other, too: compare with a repeat. */
GArray *hvb_observe_distance(const HvbRunRecord *run, const char *a,
                             const char *b, guint levels);

/* The distance itself, of ascending values; NaN if either has none. */
double hvb_wasserstein(const GArray *a, const GArray *b);

#endif
