/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/calibration.h"

#include "hvbench/run/usage.h"
#include "hvbench/run/window.h"
#include "loadgen/operations.h"

#include <math.h>
#include <string.h>

/* Quiet: less than this of one CPU in use over one step. */
#define QUIET_PERCENT 20.0
#define QUIET_STEP_MS 500

/* A host that changes its clock, or shares its cores with others that nobody
 * here sees, is up to 10 % slower for some seconds: hence several moments, and
 * more of them while they do not agree. */
static const WireCalibrate careful = {
    .budget_ms = 15000,
    .tolerance_permille = 30,
    .moments = 5,
    .pause_ms = 200,
    .rounds = 200,
};
static const WireCalibrate brief = {
    .budget_ms = 1500,
    .tolerance_permille = 30,
    .moments = 3,
    .pause_ms = 50,
    .rounds = 100,
};

/* Between the moments; the median of them is less far off. */
#define SPREAD_LIMIT_PERMILLE 50

/* The reference is the median of so many operations, in slots in which each
 * surely ends. */
#define REFERENCE_SLOT_US 250000
#define REFERENCE_CELL G_MAXUINT32

/* `open` is mostly calibrated work: on an idle bed the middle half of its times
 * lies within 10 % of their median, but for one window in ten or twenty; beside
 * others' work it takes 20 % and more. */
#define REFERENCE_SPREAD_PERCENT 10.0

/* What an operation takes on an idle bed: no less than its work, but for the
 * calibration's error, and what it needs beside that (a document read, a
 * process started) is less than so much. What takes longer was held up by
 * others. */
#define REFERENCE_LEAST(work_ms) ((work_ms)*0.9)
#define REFERENCE_MOST(work_ms) ((work_ms)*1.5 + 100.0)

#define ATTEMPTS 3

#define NS_PER_MS G_GINT64_CONSTANT(1000000)

gboolean hvb_calibration_wait_quiet(const HvbBed *bed,
                                    GCancellable *cancellable,
                                    gboolean *ret_quiet, GError **error)
{
    gboolean quiet = FALSE;
    HvbHostMeter before, after;

    hvb_host_meter_read(&before);
    for (guint ms = 0; ms < bed->patience_ms && !quiet; ms += QUIET_STEP_MS) {
        if (!hvb_sleep(QUIET_STEP_MS, cancellable, error))
            return FALSE;
        hvb_host_meter_read(&after);
        double percent = 100.0 * (double)(after.busy_ns - before.busy_ns) /
                         (double)(after.time_ns - before.time_ns);
        quiet = percent < QUIET_PERCENT;
        before = after;
    }
    if (ret_quiet)
        *ret_quiet = quiet;
    return TRUE;
}

gboolean hvb_calibration_take(HvbLink *link, GCancellable *cancellable,
                              WireCalibration *ret_calibration, GError **error)
{
    return hvb_link_calibrate(link, &careful, cancellable, ret_calibration,
                              error);
}

gboolean hvb_calibration_drift(HvbLink *link, const WireCalibration *before,
                               double limit_percent, GCancellable *cancellable,
                               double *ret_drift_percent, GError **error)
{
    const WireCalibrate *const looks[] = {&brief, &careful};

    for (guint i = 0; i < G_N_ELEMENTS(looks); i++) {
        WireCalibration now;
        if (!hvb_link_calibrate(link, looks[i], cancellable, &now, error))
            return FALSE;
        *ret_drift_percent = 100.0 * ((double)now.iterations_per_ms /
                                          (double)before->iterations_per_ms -
                                      1.0);
        if (fabs(*ret_drift_percent) <= limit_percent)
            break;
    }
    return TRUE;
}

/* What one operation's reference is taken from, in ascending order. */
static GArray *responses_of(GArray *samples, WireVantage vantage,
                            WireOperation operation)
{
    GArray *values = g_array_new(FALSE, FALSE, sizeof(gint64));

    for (guint i = 0; i < samples->len; i++) {
        const HvbSample *sample = &g_array_index(samples, HvbSample, i);
        const WireSample *raw = &sample->raw;
        gint64 response_ns = (gint64)(raw->ended_ns - raw->intended_ns);
        if (sample->vantage == vantage && raw->operation == operation &&
            raw->flags == 0)
            g_array_append_val(values, response_ns);
    }
    hvb_times_sort(values);
    return values;
}

static gint64 quarter(GArray *values, guint quarters)
{
    return g_array_index(values, gint64, values->len * quarters / 4);
}

/* Distance of the quartiles in % of the median. */
static double spread_percent(GArray *values)
{
    return 100.0 * ((double)quarter(values, 3) - (double)quarter(values, 1)) /
           (double)quarter(values, 2);
}

/* One window on the idle guest. */
static gboolean measure_reference(HvbBed *bed, guint guest, guint vantages,
                                  GCancellable *cancellable, GArray *samples,
                                  GArray *events, gboolean *ret_complete,
                                  GError **error)
{
    static const guint32 count[] = {
        [WIRE_KEY] = 7, [WIRE_OPEN] = 9, [WIRE_LAUNCH] = 5};
    WireProbe probe = {
        .cell = REFERENCE_CELL,
        .slot_us = REFERENCE_SLOT_US,
        .pool = 4,
        .drain_ms = 5000,
    };
    g_autofree gboolean *measured = g_new0(gboolean, bed->n_guests);
    g_autofree guint64 *seeds = g_new0(guint64, bed->n_guests);

    if (vantages & HVB_VANTAGE_BIT(WIRE_SERVER))
        memcpy(probe.count, count, sizeof probe.count);
    if (vantages & HVB_VANTAGE_BIT(WIRE_CLIENT))
        memcpy(probe.client_count, count, sizeof probe.client_count);
    measured[guest] = TRUE;
    g_autoptr(HvbWindow) window =
        hvb_window_new(bed, measured, samples, events);
    if (!hvb_window_open(window, &probe, seeds, cancellable, error) ||
        !hvb_window_wait_close(window, cancellable, error) ||
        !hvb_window_wait_end(window, cancellable, error))
        return FALSE;
    *ret_complete =
        hvb_window_received(window) == hvb_window_scheduled(window) &&
        hvb_window_refused(window) == 0;
    return TRUE;
}

/* Of one vantage. `ret_spread_percent` becomes that of `open`, if that is more.
 */
static gboolean choose_references(GArray *samples, WireVantage vantage,
                                  const char *guest, gint64 *ret_ns,
                                  double *ret_spread_percent, GError **error)
{
    for (guint i = 0; i < WIRE_N_OPERATIONS; i++) {
        g_autoptr(GArray) values =
            responses_of(samples, vantage, (WireOperation)i);
        ret_ns[i] = values->len > 0 ? quarter(values, 2) : 0;
        if (ret_ns[i] <= 0) {
            g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_GUEST,
                        "%s: no '%s' of the %s side succeeded while its "
                        "reference time was measured on the idle bed",
                        guest, hvb_operation_name((WireOperation)i),
                        hvb_vantage_name(vantage));
            return FALSE;
        }
        if (i == WIRE_OPEN)
            *ret_spread_percent =
                MAX(*ret_spread_percent, spread_percent(values));
    }
    return TRUE;
}

static gboolean take_references(HvbBed *bed, guint guest, guint vantages,
                                GCancellable *cancellable,
                                HvbReferences *ret_references,
                                double *ret_spread_percent,
                                gboolean *ret_complete, GError **error)
{
    g_autoptr(GArray) samples = g_array_new(FALSE, FALSE, sizeof(HvbSample));
    g_autoptr(GArray) events =
        g_array_new(FALSE, FALSE, sizeof(HvbEventRecord));

    g_array_set_clear_func(events, (GDestroyNotify)hvb_event_record_clear);
    if (!measure_reference(bed, guest, vantages, cancellable, samples, events,
                           ret_complete, error))
        return FALSE;
    for (guint v = 0; v < WIRE_N_VANTAGES; v++)
        if ((vantages & HVB_VANTAGE_BIT(v)) &&
            !choose_references(samples, (WireVantage)v, bed->guests[guest].name,
                               ret_references->ns[v], ret_spread_percent,
                               error))
            return FALSE;
    return TRUE;
}

/* What speaks against the outcome of an attempt; each NULL: nothing. */
typedef struct {
    char *speed;
    char *references;
} Doubts;

static void doubts_clear(Doubts *doubts)
{
    g_clear_pointer(&doubts->speed, g_free);
    g_clear_pointer(&doubts->references, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Doubts, doubts_clear)

static char *doubt_speed(const WireCalibration *calibration, const char *name)
{
    if (calibration->spread_permille <= SPREAD_LIMIT_PERMILLE)
        return NULL;
    return g_strdup_printf("the speed of %s varied by %.1f %% while it was "
                           "calibrated (limit %.1f %%)",
                           name, calibration->spread_permille / 10.0,
                           SPREAD_LIMIT_PERMILLE / 10.0);
}

/* Of times that no idle guest would take. */
static char *doubt_times(const HvbReferences *references, guint vantages,
                         const char *name)
{
    for (guint v = 0; v < WIRE_N_VANTAGES; v++)
        for (guint i = 0; i < WIRE_N_OPERATIONS; i++) {
            double work_ms = operation_work_ms((WireOperation)i);
            double ms = (double)references->ns[v][i] / (double)NS_PER_MS;
            if (!(vantages & HVB_VANTAGE_BIT(v)) ||
                (ms >= REFERENCE_LEAST(work_ms) &&
                 ms <= REFERENCE_MOST(work_ms)))
                continue;
            return g_strdup_printf(
                "'%s' took %.1f ms on the idle %s, of which its work is "
                "%.0f ms (expected at least %.1f, at most %.1f ms in all)",
                hvb_operation_name((WireOperation)i), ms, name, work_ms,
                REFERENCE_LEAST(work_ms), REFERENCE_MOST(work_ms));
        }
    return NULL;
}

static char *doubt_references(const HvbReferences *references, guint vantages,
                              double spread_percent, gboolean complete,
                              const char *name)
{
    if (!complete)
        return g_strdup_printf(
            "samples were lost while the reference times of %s were taken",
            name);
    if (spread_percent > REFERENCE_SPREAD_PERCENT)
        return g_strdup_printf(
            "the idle %s took times that varied by %.1f %% to 'open' (limit "
            "%.1f %%) while its reference times were taken",
            name, spread_percent, REFERENCE_SPREAD_PERCENT);
    return doubt_times(references, vantages, name);
}

static char *doubt_quiet(double foreign_percent, double limit_percent,
                         const char *name)
{
    if (foreign_percent <= limit_percent)
        return NULL;
    return g_strdup_printf(
        "other processes used %.1f %% of a CPU (limit %.1f %%) while the "
        "reference times of %s were taken",
        foreign_percent, limit_percent, name);
}

static gboolean attempt_references(HvbBed *bed, guint guest, guint vantages,
                                   double limit_percent,
                                   GCancellable *cancellable,
                                   HvbReferences *ret_references,
                                   char **ret_doubt, GError **error)
{
    const char *name = bed->guests[guest].name;
    g_autofree HvbUsage *before = g_new0(HvbUsage, 1);
    g_autofree HvbUsage *after = g_new0(HvbUsage, 1);
    gboolean complete = TRUE;
    double spread = 0.0;

    if (!hvb_usage_read(bed, cancellable, before, error) ||
        !take_references(bed, guest, vantages, cancellable, ret_references,
                         &spread, &complete, error) ||
        !hvb_usage_read(bed, cancellable, after, error))
        return FALSE;
    *ret_doubt = doubt_quiet(hvb_usage_foreign_percent(before, after),
                             limit_percent, name);
    if (!*ret_doubt)
        *ret_doubt =
            doubt_references(ret_references, vantages, spread, complete, name);
    return TRUE;
}

static gboolean attempt(HvbBed *bed, int guest, guint vantages,
                        double limit_percent, GCancellable *cancellable,
                        HvbAbility *ret_ability, Doubts *ret_doubts,
                        GError **error)
{
    HvbLink *link = guest == HVB_CALIBRATION_HOST ? bed->host->link
                                                  : bed->guests[guest].link;
    WireCalibration *calibration = &ret_ability->calibration;

    if (!hvb_calibration_take(link, cancellable, calibration, error) ||
        !hvb_link_work(link, calibration->iterations_per_ms, cancellable,
                       error))
        return FALSE;
    ret_doubts->speed = doubt_speed(calibration, hvb_link_name(link));
    return vantages == 0 ||
           attempt_references(bed, (guint)guest, vantages, limit_percent,
                              cancellable, &ret_ability->references,
                              &ret_doubts->references, error);
}

/* What is certain about an operation is its work. */
static void fall_back_on_work(HvbReferences *references, guint vantages)
{
    for (guint v = 0; v < WIRE_N_VANTAGES; v++)
        for (guint i = 0; i < WIRE_N_OPERATIONS; i++)
            if (vantages & HVB_VANTAGE_BIT(v))
                references->ns[v][i] =
                    operation_work_ms((WireOperation)i) * NS_PER_MS;
}

/* NULL: none. */
static char *doubt_in_words(const Doubts *doubts)
{
    if (!doubts->references)
        return g_strdup(doubts->speed);
    return g_strdup_printf("%s%s%s: delays are taken from the work of an "
                           "operation alone",
                           doubts->speed ? doubts->speed : "",
                           doubts->speed ? "; " : "", doubts->references);
}

gboolean hvb_calibration_make(HvbBed *bed, int guest, guint vantages,
                              double foreign_percent, GCancellable *cancellable,
                              HvbAbility *ret_ability, char **ret_doubt,
                              GError **error)
{
    g_auto(Doubts) doubts = {0};
    HvbAbility ability = {0};

    for (guint i = 0; i < ATTEMPTS; i++) {
        if (i > 0 && !hvb_calibration_wait_quiet(bed, cancellable, NULL, error))
            return FALSE;
        doubts_clear(&doubts);
        if (!attempt(bed, guest, vantages, foreign_percent, cancellable,
                     &ability, &doubts, error))
            return FALSE;
        if (!doubts.speed && !doubts.references)
            break;
    }
    if (doubts.references)
        fall_back_on_work(&ability.references, vantages);
    *ret_ability = ability;
    *ret_doubt = doubt_in_words(&doubts);
    return TRUE;
}
