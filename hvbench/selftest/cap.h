/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cap: the delays that the arithmetic of a quota predicts.
 *
 * A guest that never pauses, with a quota q in each period p, runs for q from
 * the begin of each period on and then stands still until the period's end: the
 * kernel's quota timer gives it q anew each p, and it has used that up after q
 * (Linux, Documentation/scheduler/sched-bwc.rst). An operation that takes no
 * time and comes at a random moment, u after the begin of a period with u
 * uniform in [0, p), is done at once if u < q, and else at the period's end:
 *
 *   delay = 0        with probability q / p
 *         = p - u    else: uniform in (0, p - q]
 *
 * hence F(x) = (q + x) / p for 0 <= x < p - q, F(x) = 1 from p - q on, with the
 * mean (p - q)^2 / (2 p). */
#ifndef HVB_SELFTEST_CAP_H
#define HVB_SELFTEST_CAP_H

#include <glib.h>

/* F at `delay_ms`. 0 < quota_ms <= period_ms. */
double hvb_cap_distribution(double quota_ms, double period_ms, double delay_ms);
double hvb_cap_mean_ms(double quota_ms, double period_ms);

/* By how much the distribution of the ascending `delays_ms` (double) leaves the
 * predicted one: the largest vertical distance (Kolmogorov's) that remains if
 * each delay may be wrong by up to `slack_ms` + `slack_percent` (Levy's band,
 * as in Billingsley, "Convergence of Probability Measures", 1999, 1.6):
 *
 *   max over x of  G(x) - F(x + slack),  F(x - slack) - G(x)
 *
 * 0 at least; NaN without delays. */
double hvb_cap_distance(const GArray *delays_ms, double quota_ms,
                        double period_ms, double slack_ms,
                        double slack_percent);

/* What that distance exceeds in 1 % of the cases though the prediction is
 * right, of `n` independent delays: 1.628 / sqrt (n) (Smirnov, "Table for
 * estimating the goodness of fit of empirical distributions", 1948); less
 * often, since F has a jump and the slack helps. */
double hvb_cap_critical_distance(guint n);

#endif
