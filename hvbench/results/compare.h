/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compare: two runs held against each other, as a regression test does.
 *
 * Of each scenario and level that both runs have, the mean headline delays of
 * their cells are compared; cells are the unit, and intervals come from
 * resampling them (bootstrap.h). Runs are made on different boots, which differ
 * by themselves: their guests are calibrated to within a few per cent, and
 * nobody feels 10 ms. So a difference counts only beyond a tolerance: with true
 * delays A and B, and the tolerance's share r and length t, a row is
 *
 *   worse   if B > (1 + r) A + t
 *   better  if B < (1 - r) A - t
 *   alike   else: the null hypothesis, which is an interval
 *
 * (r is 0 where A is below 0). Each side has a test of its own, since its limit
 * moves with A, which is itself an estimate. Delays that are longer scatter
 * more (several times as long, several times as much), so both are compared on
 * the scale of contrast.h's ratios, of which the error of an estimate is
 * divided by it (the delta method). With the estimates a and b, their errors ea
 * and eb, the limit l = (1 + r) a + t and the offset o = HVB_RATIO_OFFSET_MS,
 *
 *   T = log((b + o) / (l + o)) / sqrt((eb / (b + o))^2 +
 *                                     ((1 + r) ea / (l + o))^2)
 *
 * with Welch's degrees of freedom, and the mirror image for the other side. If
 * the row is alike, the chance of T beyond Student's quantile of 1 - p is at
 * most p on either side, and largest on its limit; so that of at least one of
 * the two is at most 2 p, and p = 2 min(p worse, p better) holds for the whole
 * null interval. (On a limit that is far from the other one the chance is but
 * half of it: Hodges and Lehmann, "Testing the Approximate Validity of
 * Statistical Hypotheses", 1954.)
 *
 * What is slower at all levels shows better in their mean than in any one of
 * them, so a scenario with several levels has one more row, of the means over
 * its levels: if each level is alike, so is their mean.
 *
 * Many rows are compared at once, so they are judged by Holm's procedure ("A
 * Simple Sequentially Rejective Multiple Test Procedure", 1979): the chance
 * that any difference is called where there is none is at most 1 - confidence
 * for all rows together, however they depend on each other.
 *
 * Measured by test-aa.c on 400 pairs of made-up runs each, with 2, 3 and 5
 * cells of 40 samples at each of 6 levels of 2 scenarios, whose samples depend
 * on each other and have a long tail: two runs of one profile on boots 3 %
 * apart are called different in no pair; with no tolerance at all (and no
 * difference between boots) in 1.8, 3.5 and 2.5 % of the pairs; a single row at
 * the very limit in 1.0, 0.8 and 1.5 %. A delay longer by visible_ms is seen in
 * 64, 72 and 75 %. */
#ifndef HVB_RESULTS_COMPARE_H
#define HVB_RESULTS_COMPARE_H

#include "hvbench/results/bootstrap.h"
#include "hvbench/results/measure.h"

#define HVB_COMPARE_TOLERANCE_MS 10.0
#define HVB_COMPARE_TOLERANCE_PERCENT 10.0
/* Of seeing a difference that there is. */
#define HVB_COMPARE_POWER 0.8

typedef struct {
    double tolerance_ms;      /* 0 or more: t */
    double tolerance_percent; /* 0 or more: 100 r */
    double confidence;        /* of all rows together */
} HvbCompareSettings;

typedef enum {
    HVB_COMPARED_ALIKE,   /* no difference beyond the tolerance was seen */
    HVB_COMPARED_BETTER,  /* the second run's delays are shorter */
    HVB_COMPARED_WORSE,   /* they are longer */
    HVB_COMPARED_UNKNOWN, /* fewer than two cells in either, or operations
                           * whose delay is not known */
} HvbCompared;
const char *hvb_compared_name(HvbCompared compared); /* "alike", ... */

typedef struct {
    char *scenario;
    gboolean all_levels;    /* the mean over the rows above of its levels; */
    HvbLevel level;         /* then without a meaning */
    HvbInterval a, b;       /* mean delays as told (delay.h), ms; n: cells */
    guint unknown;          /* operations of either run that failed, or of
                             * which the result set lacks the sample */
    HvbInterval difference; /* b - a, ms; its bounds for this row alone */
    double tolerance_ms;    /* as it comes to */
    double visible_ms; /* a delay longer by less than this would be missed in
                        * 1 - HVB_COMPARE_POWER of the cases or more, were it
                        * the only one: what hvb_interval_visible() says at the
                        * confidence that Holm asks of the first row, beyond the
                        * tolerance. NaN: unknown */
    double p;          /* NaN: unknown */
    HvbCompared verdict;
} HvbComparedRow;

typedef struct {
    GArray *rows;      /* HvbComparedRow, in the order of the first run */
    GPtrArray *only_a; /* char *: scenarios and levels that only one has */
    GPtrArray *only_b;
    guint known;         /* rows that can be told */
    HvbCompared verdict; /* WORSE if any row is, else UNKNOWN if any cannot be
                          * told or the second run lacks what the first has,
                          * else BETTER if any is, else ALIKE */
} HvbComparison;
void hvb_comparison_free(HvbComparison *comparison);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbComparison, hvb_comparison_free)

HvbComparison *hvb_compare(const HvbRunRecord *a, const HvbRunRecord *b,
                           const HvbCompareSettings *settings);

/* A/A, a run against itself: where there can be no difference, each that is
 * called is a false alarm.
 *
 * Halves: of each scenario and level with two odd repetitions and two even ones
 * at least, those against these. They were measured on the same boot. */
HvbComparison *hvb_compare_halves(const HvbRunRecord *run,
                                  const HvbCompareSettings *settings);
/* Boots: scenarios that measure the same (hvb_origin_settings()) but for the
 * boot of their guests; a row's scenario is "fig03, c04-again". */
HvbComparison *hvb_compare_boots(const HvbRunRecord *run,
                                 const HvbCompareSettings *settings);

/* False alarms, each row tested alone, as if it were the only one. */
typedef struct {
    guint rows;   /* that can be told */
    guint beyond; /* of these, called different beyond the tolerance */
    guint bare;   /* and without any tolerance: 0 outside of the interval */
    guint bound;  /* more than this would be too many for chance (1 in 100), if
                   * rows are independent: the 99 % quantile of the binomial
                   * distribution of `rows` draws at 1 - confidence */
} HvbAlarms;
HvbAlarms hvb_comparison_alarms(const HvbComparison *comparison,
                                double confidence);
/* That quantile: the least k with P(X <= k) >= 0.99. `chance` 0 ... 1. */
guint hvb_alarms_bound(guint n, double chance);

#endif
