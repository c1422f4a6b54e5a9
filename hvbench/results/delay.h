/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Delay: how what is stored of delays is told.
 *
 * A delay is how much longer an operation took than its reference, the median
 * on the idle bed: half of the operations there are quicker than that, and so
 * delays are signed, in the database and in all that is made of them.
 *
 *   - Means, with their errors, are taken of signed delays, since chance to
 *     both sides of the reference must cancel out and not add up to a delay
 *     that nobody had; and so is what is worked out from means: differences
 *     between levels, scenarios and vantages.
 *   - What is told as a delay, a mean, a quantile, a maximum or the end of an
 *     interval of these, is 0 if it is negative: nobody gets time back. That of
 *     a quantile is the quantile of the delays so told.
 *   - The spread is the distance of two quantiles as told: what nobody feels
 *     is no variability, and no spread is larger than the maximum.
 *   - Where two runs are compared for their users, the means as told are. */
#ifndef HVB_RESULTS_DELAY_H
#define HVB_RESULTS_DELAY_H

#include "hvbench/results/interval.h"

/* A delay as it is told, in any unit; NaN stays what it is. */
double hvb_delay_told(double delay);

/* Estimate and ends of an interval of a delay likewise; its error is that of
 * the signed one. */
HvbInterval hvb_delay_told_interval(HvbInterval interval);

#endif
