/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Check b: the delays that a cap makes in a guest that never pauses are those
 * that the quota's arithmetic predicts (cap.h). */
#include "hvbench/selftest/cap.h"
#include "hvbench/selftest/rig.h"
#include "hvbench/selftest/verdict.h"

#include <gsl/gsl_sort.h>
#include <math.h>

#define SIZE 0.001
/* In no simple ratio to the periods below, so that the starts, one in the
 * middle half of each slot, come evenly at all phases of a period. */
#define SLOT_US 61800
#define SAMPLES 300
#define SETTLE_MS 1000
#define SLACK_MS 1.0
#define SLACK_PERCENT 1.0
#define DEFAULT_PERIOD_US 100000

typedef struct {
    guint percent, period_us;
} Cap;

/* The first shows what the guest's own scheduler does beside one that never
 * pauses: it must be nothing. */
static const Cap caps[] = {
    {100, DEFAULT_PERIOD_US},
    {50, DEFAULT_PERIOD_US},
    {20, DEFAULT_PERIOD_US},
    {50, 20000},
};

/* Delays of the samples, ms, ascending. */
static GArray *delays_of(const HvbTake *take, gint64 reference_ns)
{
    GArray *delays = g_array_new(FALSE, FALSE, sizeof(double));

    for (guint i = 0; i < take->samples->len; i++) {
        const WireSample *raw = &g_array_index(take->samples, HvbSample, i).raw;
        double delay_ms = ((double)(raw->ended_ns - raw->intended_ns) -
                           (double)reference_ns) /
                          1e6;
        g_array_append_val(delays, delay_ms);
    }
    gsl_sort((double *)delays->data, 1, delays->len);
    return delays;
}

static void answer(HvbRig *rig, const Cap *cap, const HvbTake *take,
                   gint64 reference_ns)
{
    g_autoptr(GArray) delays = delays_of(take, reference_ns);
    double period_ms = cap->period_us / 1000.0;
    double quota_ms = period_ms * cap->percent / 100.0;
    double distance =
        hvb_cap_distance(delays, quota_ms, period_ms, SLACK_MS, SLACK_PERCENT);
    double limit = hvb_cap_critical_distance(SAMPLES);
    double mean_ms = hvb_values_mean(delays);
    double expected_ms = hvb_cap_mean_ms(quota_ms, period_ms);
    /* A distance has no side: that of the mean tells one cap that is always
     * wrong alike from noise. */
    double off = copysign(distance / limit, mean_ms - expected_ms);

    hvb_rig_answer(
        rig,
        cap->percent == 100
            ? g_strdup("no cap")
            : g_strdup_printf("%u %% of %.0f ms", cap->percent, period_ms),
        g_strdup_printf("mean %.1f ms", expected_ms),
        g_strdup_printf("mean %.1f ms", mean_ms),
        g_strdup_printf("D %.3f", distance), g_strdup_printf("D %.3f", limit),
        take->missing > 0 ? HVB_OFF_MISSING : off,
        distance <= limit && take->missing == 0,
        take->missing > 0 ? g_strdup_printf("%u samples missing", take->missing)
                          : NULL);
}

static gboolean make(HvbRig *rig, const Cap *cap, gint64 reference_ns,
                     GError **error)
{
    g_autoptr(HvbTake) take = NULL;

    /* The user keeps the size of its bursts, as of its start. */
    if (!hvb_rig_spin(rig, 0, error) || !hvb_rig_work(rig, 0, SIZE, error) ||
        !hvb_rig_tune(rig, 0, cap->percent == 100 ? 0 : cap->percent,
                      cap->period_us, 100, error) ||
        !hvb_sleep(SETTLE_MS, rig->cancellable, error))
        return FALSE;
    take = hvb_rig_take(rig, WIRE_KEY, SAMPLES, SLOT_US, NULL, NULL, error);
    if (!take || !hvb_rig_tune(rig, 0, 0, DEFAULT_PERIOD_US, 100, error) ||
        !hvb_rig_rest(rig, 0, error))
        return FALSE;
    answer(rig, cap, take, reference_ns);
    return TRUE;
}

gboolean hvb_check_caps(HvbRig *rig, GError **error)
{
    if (!hvb_rig_work(rig, 0, SIZE, error))
        return FALSE;
    g_autoptr(HvbTake) idle =
        hvb_rig_take(rig, WIRE_KEY, SAMPLES / 5, SLOT_US, NULL, NULL, error);
    if (!idle)
        return FALSE;
    gint64 reference_ns = hvb_take_median_ns(idle);
    if (reference_ns <= 0) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_GUEST,
                    "no '%s' on the idle guest succeeded",
                    hvb_operation_name(WIRE_KEY));
        return FALSE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(caps); i++)
        if (!make(rig, &caps[i], reference_ns, error))
            return FALSE;
    return TRUE;
}
