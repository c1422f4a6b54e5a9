/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks c to f: shares, stretched operations, loads, calibration. */
#include "hvbench/selftest/rig.h"
#include "hvbench/selftest/verdict.h"
#include "loadgen/operations.h"

#include <math.h>

#define DEFAULT_PERIOD_US 100000

/* c: shares */
#define SHARE_SETTLE_MS 1000
#define SHARE_MS 12000
#define SHARE_LIMIT 2.0 /* points */

/* d: stretch */
#define STRETCH_PAIRS 16
#define STRETCH_SAMPLES 3 /* in each window */
#define STRETCH_SLOT_US 300000
#define STRETCH_LIMIT_MS 1.0
#define STRETCH_LIMIT_PERCENT 5.0

/* e: load. Bursts so short that the mean of half a minute holds within a point,
 * and so long that a wake-up which is late by a fraction of a millisecond, as
 * each is, hardly counts. */
#define LOAD_BURST_US 16000
#define LOAD_CUT 2
#define LOAD_TURNS 3
#define LOAD_MS 10000  /* in each */
#define LOAD_LIMIT 3.0 /* points */

/* f: calibration */
#define CALIBRATIONS 5
#define CALIBRATION_LIMIT_PERCENT 5.0
#define PLANTED_SPEED 1.25

static gboolean all_spin(HvbRig *rig, GError **error)
{
    for (guint i = 0; i < HVB_SELFTEST_GUESTS; i++)
        if (!hvb_rig_spin(rig, i, error))
            return FALSE;
    return TRUE;
}

static gboolean all_rest(HvbRig *rig, GError **error)
{
    for (guint i = 0; i < HVB_SELFTEST_GUESTS; i++)
        if (!hvb_rig_rest(rig, i, error) ||
            !hvb_rig_tune(rig, i, 0, DEFAULT_PERIOD_US, 100, error))
            return FALSE;
    return TRUE;
}

/* On so many host CPUs; 0: all. */
static gboolean place_all(HvbRig *rig, guint cpus, GError **error)
{
    HvbTuning placed;

    for (guint i = 0; i < HVB_SELFTEST_GUESTS; i++)
        if (!rig->bed->place(rig->bed, i, cpus, HVB_AFFINITY_FLOAT, &placed,
                             error))
            return FALSE;
    return TRUE;
}

/* Two that never pause on one CPU, the second with `weight` times the first
 * one's weight. */
static gboolean share(HvbRig *rig, guint weight, GError **error)
{
    double percent[HVB_SELFTEST_GUESTS];

    if (!hvb_rig_tune(rig, 1, 0, DEFAULT_PERIOD_US, 100 * weight, error) ||
        !all_spin(rig, error) ||
        !hvb_sleep(SHARE_SETTLE_MS, rig->cancellable, error) ||
        !hvb_rig_watch(rig, SHARE_MS, percent, error) || !all_rest(rig, error))
        return FALSE;
    double expected = 100.0 / (1.0 + weight);
    double measured = 100.0 * percent[0] / (percent[0] + percent[1]);
    double error_points = fabs(measured - expected);
    hvb_rig_answer(rig, g_strdup_printf("weights 1:%u", weight),
                   g_strdup_printf("%.1f:%.1f %%", expected, 100.0 - expected),
                   g_strdup_printf("%.1f:%.1f %%", measured, 100.0 - measured),
                   g_strdup_printf("%.1f points", error_points),
                   g_strdup_printf("%.0f points", SHARE_LIMIT),
                   (measured - expected) / SHARE_LIMIT,
                   error_points <= SHARE_LIMIT, NULL);
    return TRUE;
}

gboolean hvb_check_shares(HvbRig *rig, GError **error)
{
    return place_all(rig, 1, error) && share(rig, 1, error) &&
           share(rig, 3, error) && place_all(rig, 0, error);
}

/* The median of one short window; adds what is missing of it. */
static gboolean time_size(HvbRig *rig, WireOperation operation, double factor,
                          gint64 *ret_ns, guint *missing, GError **error)
{
    g_autoptr(HvbTake) take = NULL;

    if (hvb_rig_work(rig, 0, factor, error))
        take = hvb_rig_take(rig, operation, STRETCH_SAMPLES, STRETCH_SLOT_US,
                            NULL, NULL, error);
    if (!take)
        return FALSE;
    *ret_ns = hvb_take_median_ns(take);
    *missing += take->missing;
    if (*ret_ns > 0)
        return TRUE;
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_GUEST,
                "no '%s' of a window of %d succeeded",
                hvb_operation_name(operation), STRETCH_SAMPLES);
    return FALSE;
}

/* How much longer the operation takes at `factor` of its usual size: the median
 * over pairs of windows, next to each other so that the host's speed is the
 * same for both as far as it can be, and in turns the one and the other
 * first. */
static gboolean time_stretch(HvbRig *rig, WireOperation operation,
                             double factor, double *ret_ms, guint *ret_missing,
                             GError **error)
{
    g_autoptr(GArray) longer_by = g_array_new(FALSE, FALSE, sizeof(gint64));

    for (guint i = 0; i < STRETCH_PAIRS; i++) {
        gboolean stretched_first = i % 2 == 1;
        gint64 took[2];
        for (guint k = 0; k < 2; k++) {
            gboolean stretched = (k == 0) == stretched_first;
            if (!time_size(rig, operation, stretched ? factor : 1.0,
                           &took[stretched], ret_missing, error))
                return FALSE;
        }
        gint64 difference = took[1] - took[0];
        g_array_append_val(longer_by, difference);
    }
    *ret_ms = (double)hvb_median_ns(longer_by) / 1e6;
    return TRUE;
}

static gboolean stretch(HvbRig *rig, WireOperation operation, double work_ms,
                        double factor, GError **error)
{
    double measured;
    guint missing = 0;

    if (!hvb_rig_calibrate(rig, 0, error) ||
        !time_stretch(rig, operation, factor, &measured, &missing, error))
        return FALSE;
    double expected = work_ms * (factor - 1.0);
    double limit = STRETCH_LIMIT_MS + expected * STRETCH_LIMIT_PERCENT / 100.0;
    hvb_rig_answer(rig,
                   g_strdup_printf("%s, %.1f times",
                                   hvb_operation_name(operation), factor),
                   g_strdup_printf("+%.1f ms", expected),
                   g_strdup_printf("+%.2f ms", measured),
                   g_strdup_printf("%.2f ms", fabs(measured - expected)),
                   g_strdup("1 ms + 5 %"),
                   missing > 0 ? HVB_OFF_MISSING
                               : (measured - expected) / limit,
                   fabs(measured - expected) <= limit && missing == 0,
                   missing > 0
                       ? g_strdup_printf("%u of %d operations are missing or "
                                         "failed",
                                         missing,
                                         2 * STRETCH_PAIRS * STRETCH_SAMPLES)
                       : NULL);
    return TRUE;
}

gboolean hvb_check_stretch(HvbRig *rig, GError **error)
{
    return stretch(rig, WIRE_KEY, operation_work_ms(WIRE_KEY), 3.0, error) &&
           stretch(rig, WIRE_OPEN, operation_work_ms(WIRE_OPEN), 1.5, error) &&
           hvb_rig_work(rig, 0, 1.0, error);
}

/* One user that asks for `percent` of a CPU. Its bursts are exponential with
 * mean m and cut at k times m, hence b = m (1 - e^-k) on average; with a mean
 * pause t it asks for b / (b + t) of a CPU, and alone it waits for nobody. */
static gboolean load(HvbRig *rig, guint percent, double *ret_percent,
                     GError **error)
{
    double burst_us = LOAD_BURST_US * (1.0 - exp(-LOAD_CUT));
    double got[HVB_SELFTEST_GUESTS];
    const WireLoad wanted = {.users = 1,
                             .burst_mean_us = LOAD_BURST_US,
                             .burst_cut = LOAD_CUT,
                             .think_mean_us =
                                 (guint32)(burst_us * (100.0 / percent - 1.0)),
                             .seed = gsl_rng_get(rig->rng)};

    if (!hvb_rig_calibrate(rig, 0, error) ||
        !hvb_rig_work(rig, 0, 1.0, error) ||
        !hvb_link_load(rig->bed->guests[0].link, &wanted, rig->cancellable,
                       error) ||
        !hvb_sleep(SHARE_SETTLE_MS, rig->cancellable, error) ||
        !hvb_rig_watch(rig, LOAD_MS, got, error) ||
        !hvb_rig_rest(rig, 0, error))
        return FALSE;
    *ret_percent = got[0];
    return TRUE;
}

/* In turns, each time newly calibrated, so that a host which is faster at one
 * moment than at another does not make a load of its own. */
gboolean hvb_check_load(HvbRig *rig, GError **error)
{
    static const guint percents[] = {25, 50, 75};
    double sums[G_N_ELEMENTS(percents)] = {0};
    double got;

    for (guint turn = 0; turn < LOAD_TURNS; turn++)
        for (guint i = 0; i < G_N_ELEMENTS(percents); i++) {
            if (!load(rig, percents[i], &got, error))
                return FALSE;
            sums[i] += got;
        }
    for (guint i = 0; i < G_N_ELEMENTS(percents); i++) {
        double mean = sums[i] / LOAD_TURNS;
        double off = fabs(mean - percents[i]);
        hvb_rig_answer(rig, g_strdup_printf("load of %u %%", percents[i]),
                       g_strdup_printf("%u %%", percents[i]),
                       g_strdup_printf("%.1f %%", mean),
                       g_strdup_printf("%.1f points", off),
                       g_strdup_printf("%.0f points", LOAD_LIMIT),
                       (mean - percents[i]) / LOAD_LIMIT, off <= LOAD_LIMIT,
                       NULL);
    }
    return TRUE;
}

/* Of several rates, iterations per ms. */
typedef struct {
    double lowest, highest;
} Range;

static void widen(Range *range, double rate)
{
    range->lowest = range->highest > 0 ? fmin(range->lowest, rate) : rate;
    range->highest = fmax(range->highest, rate);
}

static double spread_of(const Range *range)
{
    return 100.0 * (range->highest - range->lowest) / range->lowest;
}

/* Whether it is the guest or the host whose speed differs, noise.h tells. */
static gboolean repeat_calibration(HvbRig *rig, GError **error)
{
    Range guest = {0};

    for (guint i = 0; i < CALIBRATIONS; i++) {
        if (!hvb_rig_calibrate(rig, 0, error))
            return FALSE;
        widen(&guest, (double)rig->abilities[0].calibration.iterations_per_ms);
    }
    double spread = spread_of(&guest);
    hvb_rig_answer(rig, g_strdup_printf("repeated %d times", CALIBRATIONS),
                   g_strdup("alike"),
                   g_strdup_printf("%.0f-%.0f k/ms", guest.lowest / 1000.0,
                                   guest.highest / 1000.0),
                   g_strdup_printf("%.1f %%", spread),
                   g_strdup_printf("%.0f %%", CALIBRATION_LIMIT_PERCENT),
                   HVB_OFF_NO_SIDE, spread <= CALIBRATION_LIMIT_PERCENT, NULL);
    return TRUE;
}

/* No guest can be made slower at will (a cap makes it pause, which calibration
 * looks past), so it is compared with one that was faster. */
static gboolean plant_drift(HvbRig *rig, GError **error)
{
    double gate = rig->settings->profile->drift_percent;
    double expected = 100.0 / PLANTED_SPEED - 100.0;
    WireCalibration planted;
    double drift;

    if (!hvb_rig_calibrate(rig, 0, error))
        return FALSE;
    planted = rig->abilities[0].calibration;
    planted.iterations_per_ms =
        (guint64)((double)planted.iterations_per_ms * PLANTED_SPEED);
    if (!hvb_calibration_drift(rig->bed->guests[0].link, &planted, gate,
                               rig->cancellable, &drift, error))
        return FALSE;
    gboolean caught = fabs(drift) > gate;
    hvb_rig_answer(rig, g_strdup("planted drift"),
                   g_strdup_printf("%.0f %%", expected),
                   g_strdup_printf("%.1f %%", drift),
                   g_strdup_printf("%.1f points", fabs(drift - expected)),
                   g_strdup_printf("%.0f points", CALIBRATION_LIMIT_PERCENT),
                   (drift - expected) / CALIBRATION_LIMIT_PERCENT,
                   caught &&
                       fabs(drift - expected) <= CALIBRATION_LIMIT_PERCENT,
                   caught ? g_strdup("caught by the gate")
                          : g_strdup("not caught by the gate"));
    return TRUE;
}

gboolean hvb_check_calibration(HvbRig *rig, GError **error)
{
    return repeat_calibration(rig, error) && plant_drift(rig, error);
}
