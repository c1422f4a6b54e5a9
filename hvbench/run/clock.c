/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/clock.h"

#include <math.h>

#define NS_PER_MS 1e6
/* What surely fits into 64 bits. */
#define FAR_NS 9e18

/* In doubles: a guest may claim any time. */
static double guest_time(const HvbClockReading *reading)
{
    return (double)reading->host_ns + (double)reading->offset_ns;
}

/* By how much the offset has changed since reading `a`. */
static gint64 moved_ns(const HvbClockReading *a, const HvbClockReading *b,
                       double guest_ns)
{
    double span_ns = guest_time(b) - guest_time(a);
    double part = span_ns > 0.0 ? (guest_ns - guest_time(a)) / span_ns : 0.0;
    double moved =
        CLAMP(part, 0.0, 1.0) * ((double)b->offset_ns - (double)a->offset_ns);

    return (gint64)CLAMP(moved, -FAR_NS, FAR_NS);
}

gint64 hvb_clock_to_host(const GArray *clocks, guint guest, gint64 guest_ns,
                         gint64 *ret_error_ns)
{
    const HvbClockReading *before = NULL, *after = NULL;

    for (guint i = 0; i < clocks->len; i++) {
        const HvbClockRecord *clock = &g_array_index(clocks, HvbClockRecord, i);
        if (clock->guest != guest)
            continue;
        if (guest_time(&clock->reading) <= (double)guest_ns)
            before = &clock->reading;
        else if (!after)
            after = &clock->reading;
    }
    if (!before && !after)
        return 0;
    before = before ? before : after;
    after = after ? after : before;
    if (ret_error_ns)
        *ret_error_ns = MAX(before->error_ns, after->error_ns);
    /* In unsigned arithmetic, which may wrap. */
    return (gint64)((guint64)guest_ns - (guint64)before->offset_ns -
                    (guint64)moved_ns(before, after, (double)guest_ns));
}

/* Sums of the weighted fit, of times and offsets relative to the first ones,
 * lest doubles lose the nanoseconds. */
typedef struct {
    double w, wx, wy, wxx, wxy;
} Sums;

static Sums sum_up(const GArray *clocks, guint guest, HvbClockFit *fit)
{
    const HvbClockReading *first = NULL;
    Sums sums = {0};

    for (guint i = 0; i < clocks->len; i++) {
        const HvbClockRecord *clock = &g_array_index(clocks, HvbClockRecord, i);
        const HvbClockReading *reading = &clock->reading;
        if (clock->guest != guest)
            continue;
        first = first ? first : reading;
        double deviation = fmax((double)reading->error_ns, 1.0) / sqrt(3.0);
        double w = 1.0 / (deviation * deviation);
        double x = (double)(reading->host_ns - first->host_ns);
        double y = (double)reading->offset_ns - (double)first->offset_ns;
        sums.w += w;
        sums.wx += w * x;
        sums.wy += w * y;
        sums.wxx += w * x * x;
        sums.wxy += w * x * y;
        fit->readings++;
        fit->largest_error_ns = MAX(fit->largest_error_ns, reading->error_ns);
    }
    return sums;
}

HvbClockFit hvb_clock_fit(const GArray *clocks, guint guest)
{
    HvbClockFit fit = {.drift_ppm = NAN, .error_ppm = NAN};
    Sums sums = sum_up(clocks, guest, &fit);
    double spread = sums.w * sums.wxx - sums.wx * sums.wx;

    if (fit.readings < 2 || !(spread > 0.0))
        return fit;
    fit.drift_ppm = 1e6 * (sums.w * sums.wxy - sums.wx * sums.wy) / spread;
    fit.error_ppm = 1e6 * sqrt(sums.w / spread);
    return fit;
}

/* By how much a clock may have gone off another one between the readings. */
static double slewed_ns(const HvbClockReading *before,
                        const HvbClockReading *after)
{
    return fabs((double)after->host_ns - (double)before->host_ns) *
           HVB_CLOCK_SLEW_PPM / 1e6;
}

char *hvb_clock_describe_step(const char *name, const HvbClockReading *before,
                              const HvbClockReading *after)
{
    double error_ns = (double)before->error_ns + (double)after->error_ns;
    double slew_ns = slewed_ns(before, after);
    double jump_ns = (double)after->offset_ns - (double)before->offset_ns;
    double wall_ns = (double)after->wall_ns - (double)before->wall_ns;

    if (fabs(jump_ns) > slew_ns + error_ns)
        return g_strdup_printf("the clock of %s jumped by %.1f ms against the "
                               "host's",
                               name, jump_ns / NS_PER_MS);
    /* It looks at its two clocks one after the other, within the round trip. */
    if (fabs(wall_ns) > slew_ns + HVB_CLOCK_STEP_NS + 2.0 * error_ns)
        return g_strdup_printf("the wall clock of %s was stepped by %.1f ms",
                               name, wall_ns / NS_PER_MS);
    return NULL;
}

char *hvb_clock_describe_host_step(const HvbClockReading *before,
                                   const HvbClockReading *after)
{
    double wall_ns = (double)after->host_wall_ns - (double)before->host_wall_ns;

    if (fabs(wall_ns) <= slewed_ns(before, after) + HVB_CLOCK_STEP_NS)
        return NULL;
    return g_strdup_printf("the host's wall clock was stepped by %.1f ms",
                           wall_ns / NS_PER_MS);
}
