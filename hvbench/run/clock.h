/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clock: a guest's CLOCK_MONOTONIC on the host's time line, from readings.
 *
 * A reading (HvbClockReading) bounds the offset between the two clocks by half
 * of a round trip: wherever within it the guest looked at its clock, the offset
 * is at most error_ns away (Cristian, "Probabilistic clock synchronization",
 * 1989). Between readings the offset is taken to move evenly. */
#ifndef HVB_RUN_CLOCK_H
#define HVB_RUN_CLOCK_H

#include "hvbench/run/cell.h"

/* The host's time of the guest's `guest_ns`: by the two readings around it, or
 * by the nearest one if it lies before or after all of them. `clocks` has
 * HvbClockRecord in ascending order of time, those of other guests are passed
 * over. Returns 0 if there is none of this guest; `ret_error_ns` (may be NULL)
 * is the larger error of the readings used. */
gint64 hvb_clock_to_host(const GArray *clocks, guint guest, gint64 guest_ns,
                         gint64 *ret_error_ns);

/* How fast the guest's clock runs against the host's. */
typedef struct {
    guint readings;
    double drift_ppm; /* + : the guest's clock is faster; NaN: fewer than two
                       * readings, or all at the same time */
    double error_ppm; /* standard error of the drift */
    gint64 largest_error_ns; /* of the readings */
} HvbClockFit;

/* The line through the offsets, by weighted least squares. A reading's error is
 * a bound within which any offset is as likely as another: its standard
 * deviation is error_ns / sqrt(3), and weights are the inverse squares
 * (Bevington and Robinson, "Data Reduction and Error Analysis", 2003, 6.3). */
HvbClockFit hvb_clock_fit(const GArray *clocks, guint guest);

/* What happened to the clocks of guest `name` between two readings: a jump of
 * its monotonic clock against the host's by more than the readings' errors and
 * HVB_CLOCK_SLEW_PPM explain, or a step of its wall clock by more than
 * HVB_CLOCK_STEP_NS beyond that. NULL: nothing. Caller frees.
 *
 * No clock that NTP steers runs off by more than 500 ppm (RFC 5905, 5). */
#define HVB_CLOCK_SLEW_PPM 500
#define HVB_CLOCK_STEP_NS G_GINT64_CONSTANT(5000000)
char *hvb_clock_describe_step(const char *name, const HvbClockReading *before,
                              const HvbClockReading *after);
/* The same of the host's wall clock, by readings of whichever guests. */
char *hvb_clock_describe_host_step(const HvbClockReading *before,
                                   const HvbClockReading *after);

#endif
