/* SPDX-License-Identifier: GPL-3.0-or-later */
/* P3: the Perceived Performance Profile of one scenario, from its samples.
 *
 * One row per load level: the distribution over delay bins of the delay that
 * contention added to an operation. Disturbed cells are left out; censored
 * samples count with the delay they had reached (a lower bound) and are
 * counted as such; failed ones are left out and counted. */
#ifndef HVB_RESULTS_P3_H
#define HVB_RESULTS_P3_H

#include "hvbench/results/tally.h"

/* Upper edges of the bins in ms: 50, 100, 150, 200, 300, 400, 500, 750, 1000,
 * 1500, 2000; the last bin is open. A delay equal to an edge belongs to the
 * bin above it. Negative delays belong to the first bin. */
#define HVB_P3_BINS 12
extern const guint hvb_p3_edges_ms[HVB_P3_BINS - 1];
/* The number of the bin that a delay belongs to, from 0. */
guint hvb_p3_bin(gint64 delay_ns);

/* Fewer samples have no 99th percentile: it would be their maximum. */
#define HVB_P3_P99_SAMPLES 100

/* Statistics of one operation at one level, delays as they are told (delay.h);
 * NaN where there is no sample, and p99 where there are too few. */
typedef struct {
    guint samples;
    guint censored;
    guint failed;
    double mean_ms, p50_ms, p90_ms, p99_ms, max_ms;
    double signed_mean_ms; /* to work on with */
    double p10_ms;
    double spread_ms;   /* p90 - p10 */
    double within_50ms; /* share, 0 ... 1 */
    double over_1s;     /* share of 1 s and more: the bins from there on */
    double share[HVB_P3_BINS];
    guint count[HVB_P3_BINS];
    /* 95 % intervals of mean and p90, by resampling repetitions (bootstrap.h);
     * NaN with one repetition. */
    double mean_low_ms, mean_high_ms;
    double p90_low_ms, p90_high_ms;
    double half_width_ms; /* of the signed mean's interval */
    /* A true difference of means under this one would probably not be seen
     * against another row with as many cells and as much spread between them:
     * at HVB_CONFIDENCE, with the power of compare.h; NaN with one. */
    double resolution_ms;
} HvbP3Row;

typedef struct {
    HvbLevel level;
    guint cells;     /* that the row is made of */
    guint disturbed; /* cells left out: disturbed or failed, even if
                      * a rerun then went well */
    guint suspect;   /* cells in, whose calibration drifted */
    HvbTally tally;  /* of the cells in; one under way is not in it */
    HvbP3Row operations[WIRE_N_OPERATIONS];
    /* Means over the cells, by length of window; NaN where nothing was metered,
     * 0 at least. The measured guests are those that samples came from. */
    double guest_busy_percent; /* their own view: what of the window their
                                * /proc/stat does not call idle, % of one CPU:
                                * natively it may exceed 100 */
    double host_busy_percent;  /* what the host charged them (all threads of
                                * the VM), % of one CPU; may exceed 100 */
    double host_total_percent; /* what the host's /proc/stat does not call
                                * idle, steal included, % of all CPUs */
} HvbP3Level;

typedef struct {
    char *scenario;
    char *figure;
    char *title;
    WireOperation headline;
    WireVantage vantage; /* only samples timed from there count */
    GArray *levels; /* HvbP3Level, ascending; only levels that were planned */
    gboolean left_out[HVB_MAX_GUESTS]; /* [0] is guest 1: not counted */
} HvbP3;

/* Builder: cells in, statistics out. Used live while samples arrive and by
 * the report from the database. */
HvbP3 *hvb_p3_new(const char *scenario, const char *figure, const char *title,
                  WireOperation headline);
/* The same for a profile's scenario, without the guests measured apart (if all
 * are, with them), and from the profile's own vantage (server, if both). */
HvbP3 *hvb_p3_for_profile(const HvbProfile *profile);
/* The same with the operations of guest `guest` (from 1) only. */
HvbP3 *hvb_p3_for_guest(const HvbProfile *profile, guint guest);
void hvb_p3_free(HvbP3 *p3);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbP3, hvb_p3_free)

/* Computes the row of `level` anew from these cells (HvbCell *, borrowed; those
 * of other levels are passed over). A cell still under way may be among them
 * (status HVB_CELL_PLANNED, with the samples so far). */
void hvb_p3_update_level(HvbP3 *p3, HvbLevel level, GPtrArray *cells);

/* What became of the operations of all its levels. */
HvbTally hvb_p3_tally(const HvbP3 *p3);

/* Whether the figures are made of this sample, failed or not: it is of the P3's
 * vantage, and its guest is not left out. */
gboolean hvb_p3_counts_sample(const HvbP3 *p3, const HvbSample *sample);
/* Whether the figures are made of this guest (from 1): it is not left out, and
 * samples came from it. */
gboolean hvb_p3_counts_guest(const HvbP3 *p3, const HvbCell *cell, guint guest);

/* Quantile `q` (0 ... 1) of `n` ascending values; type 7 of Hyndman and Fan,
 * "Sample Quantiles in Statistical Packages", 1996. */
double hvb_p3_quantile(const double *sorted, gsize n, double q);

#endif
