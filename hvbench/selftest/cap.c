/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/selftest/cap.h"

#include <math.h>

double hvb_cap_distribution(double quota_ms, double period_ms, double delay_ms)
{
    if (delay_ms < 0.0)
        return 0.0;
    return fmin((quota_ms + delay_ms) / period_ms, 1.0);
}

double hvb_cap_mean_ms(double quota_ms, double period_ms)
{
    double stop_ms = period_ms - quota_ms;

    return stop_ms * stop_ms / (2.0 * period_ms);
}

/* The limit of F from below: F jumps at 0. */
static double just_before(double quota_ms, double period_ms, double delay_ms)
{
    return delay_ms > 0.0 ? hvb_cap_distribution(quota_ms, period_ms, delay_ms)
                          : 0.0;
}

double hvb_cap_distance(const GArray *delays_ms, double quota_ms,
                        double period_ms, double slack_ms, double slack_percent)
{
    double n = (double)delays_ms->len;
    double distance = delays_ms->len > 0 ? 0.0 : NAN;

    for (guint i = 0; i < delays_ms->len; i++) {
        double x = g_array_index(delays_ms, double, i);
        double slack = slack_ms + fabs(x) * slack_percent / 100.0;
        double above =
            (i + 1) / n - hvb_cap_distribution(quota_ms, period_ms, x + slack);
        double below = just_before(quota_ms, period_ms, x - slack) - i / n;
        distance = fmax(distance, fmax(above, below));
    }
    return distance;
}

double hvb_cap_critical_distance(guint n)
{
    return 1.628 / sqrt((double)n);
}
