/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interval: what a few repetitions at a few levels say of a mean, and whether
 * that is on one side of a limit. */
#ifndef HVB_RESULTS_INTERVAL_H
#define HVB_RESULTS_INTERVAL_H

#include "hvbench/results/claims.h"

/* One value, of a cell or of a pair of cells. */
typedef struct {
    guint stratum;    /* place of its level among those compared, from 0, below
                       * HVB_N_LEVELS */
    guint repetition; /* from 1 */
    double value;
} HvbObservation;

typedef struct {
    double estimate;  /* NaN: no observation */
    double low, high; /* NaN: too few observations for an interval */
    double error;     /* standard error of the estimate, and its */
    double freedom;   /* degrees of freedom; NaN as the interval */
    guint n;          /* observations */
    guint strata;     /* that have one */
} HvbInterval;

/* Confidence of all intervals, unless a verdict takes any of several. */
#define HVB_CONFIDENCE 0.95

/* The mean over the strata (the levels, which are a fixed choice and weigh the
 * same however many repetitions each has got) of their means m_l, with an
 * interval from Student's t.
 *
 * With two observations or more in each of the L strata, differences between
 * levels are no error: only the variances s_l^2 within them count. They are
 * not pooled, since delays at a high level scatter more. With n_l values,
 *   error^2 = sum (s_l^2 / n_l) / L^2
 *   freedom = (sum s_l^2 / n_l)^2 / sum ((s_l^2 / n_l)^2 / (n_l - 1))
 * (Satterthwaite, "An Approximate Distribution of Estimates of Variance
 * Components", 1946; Welch 1947).
 *
 * Else, with two strata or more, the m_l themselves are the values: error is
 * their standard deviation by sqrt(L), freedom L - 1. A real difference between
 * levels then widens the interval, which errs on the safe side; and so does a
 * difference between their variances, at this confidence and above (Bakirov and
 * Szekely, "Student's t-test for Gaussian scale mixtures", 2005; Ibragimov and
 * Mueller, "t-Statistic Based Correlation and Heterogeneity Robust Inference",
 * 2010).
 *
 * Else there is no interval; nor is there one if those m_l are all alike: that
 * one repetition came out the same everywhere does not say that the next would,
 * above all of shares, which often are all 0 or all 100 %. */
HvbInterval hvb_interval_of(const GArray *observations, double confidence);

/* How an interval (low, high) is held against limits. */
typedef enum {
    HVB_RULE_ABOVE,   /* wholly above `low` */
    HVB_RULE_BELOW,   /* wholly below `high` */
    HVB_RULE_WITHIN,  /* wholly from `low` to `high`: alike */
    HVB_RULE_OUTSIDE, /* wholly below `low` or wholly above `high` */
} HvbRule;
typedef struct {
    HvbRule rule;
    double low, high; /* as far as the rule needs them. A limit is itself within
                       * and neither above nor below */
} HvbLimits;

/* REPRODUCED if the interval keeps the rule, NOT_REPRODUCED if it wholly keeps
 * the opposite, else, or without an interval, INCONCLUSIVE. Where the truth is
 * on a limit, each of the first two comes out in (1 - confidence) / 2 of the
 * cases at most. */
HvbVerdict hvb_interval_verdict(const HvbInterval *interval,
                                const HvbLimits *limits);

/* About how many more repetitions of each stratum would make the verdict
 * certain, if estimate and spread stayed what they are; 0: nobody can tell, or
 * more than HVB_INTERVAL_MAX_MORE. */
#define HVB_INTERVAL_MAX_MORE 99
guint hvb_interval_more(const HvbInterval *interval, const HvbLimits *limits,
                        double confidence);

#endif
