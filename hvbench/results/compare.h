/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compare: two runs held against each other, as a regression test does.
 *
 * Of each scenario and level that both runs have, the mean headline delays of
 * their cells are compared; cells are the unit, and intervals come from
 * resampling them (bootstrap.h). Runs are made on different boots, which differ
 * by themselves: their guests are calibrated to within a few per cent, and
 * nobody feels 10 ms. So a difference counts only beyond a tolerance of
 *
 *   tolerance_ms + tolerance_percent of the first run's delay
 *
 * A row's p is the chance of an estimate so far beyond the tolerance, on
 * either side, if the truth lies on it: with t = (|b - a| - tolerance) / error,
 * p = 2 P(T > t) for t > 0, else 1. Many rows are compared at once, so they are
 * tested by Holm's procedure ("A Simple Sequentially Rejective Multiple Test
 * Procedure", 1979): the chance that any difference is called where there is
 * none is at most 1 - confidence for all rows together. */
#ifndef HVB_RESULTS_COMPARE_H
#define HVB_RESULTS_COMPARE_H

#include "hvbench/results/bootstrap.h"
#include "hvbench/results/measure.h"

#define HVB_COMPARE_TOLERANCE_MS 10.0
#define HVB_COMPARE_TOLERANCE_PERCENT 10.0
/* Of seeing a difference that there is. */
#define HVB_COMPARE_POWER 0.8

typedef struct {
    double tolerance_ms;
    double tolerance_percent;
    double confidence; /* of all rows together */
} HvbCompareSettings;

typedef enum {
    HVB_COMPARED_ALIKE,   /* no difference beyond the tolerance was seen */
    HVB_COMPARED_BETTER,  /* the second run's delays are shorter */
    HVB_COMPARED_WORSE,   /* they are longer */
    HVB_COMPARED_UNKNOWN, /* too few cells to tell */
} HvbCompared;
const char *hvb_compared_name(HvbCompared compared); /* "alike", ... */

typedef struct {
    char *scenario;
    HvbLevel level;
    HvbInterval a, b;       /* mean delays, ms; n: cells */
    HvbInterval difference; /* b - a, ms; its bounds for this row alone */
    double tolerance_ms;    /* as it comes to */
    double visible_ms; /* a true difference under this one would probably (1 -
                        * HVB_COMPARE_POWER) not be seen, for want of cells */
    double p;
    HvbCompared verdict;
} HvbComparedRow;

typedef struct {
    GArray *rows;      /* HvbComparedRow, in the order of the first run */
    GPtrArray *only_a; /* char *: scenarios and levels that only one has */
    GPtrArray *only_b;
    HvbCompared verdict; /* WORSE if any row is, else BETTER if any is, else
                          * UNKNOWN if no row can be told, else ALIKE */
} HvbComparison;
void hvb_comparison_free(HvbComparison *comparison);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbComparison, hvb_comparison_free)

HvbComparison *hvb_compare(const HvbRunRecord *a, const HvbRunRecord *b,
                           const HvbCompareSettings *settings);

/* The run against itself, A/A: of each scenario and level with four cells or
 * more, those of odd repetitions against those of even ones. There is no
 * difference, so each row that is called different alone (p < 1 - confidence)
 * is a false alarm. */
HvbComparison *hvb_compare_halves(const HvbRunRecord *run,
                                  const HvbCompareSettings *settings);
/* Rows that can be told, and those of them that are called different when each
 * is tested alone. */
guint hvb_comparison_testable(const HvbComparison *comparison);
guint hvb_comparison_alarms(const HvbComparison *comparison, double confidence);

#endif
