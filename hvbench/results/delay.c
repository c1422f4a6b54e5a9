/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/delay.h"

double hvb_delay_told(double delay)
{
    return delay < 0.0 ? 0.0 : delay;
}

HvbInterval hvb_delay_told_interval(HvbInterval interval)
{
    interval.estimate = hvb_delay_told(interval.estimate);
    interval.low = hvb_delay_told(interval.low);
    interval.high = hvb_delay_told(interval.high);
    return interval;
}
