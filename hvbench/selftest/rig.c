/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/selftest/rig.h"

#define POOL WIRE_MAX_POOL
#define DRAIN_MS 5000
#define CLOCK_PINGS 30
#define TAKE_CELL (G_MAXUINT32 - 1)

void hvb_rig_answer(HvbRig *rig, char *what, char *expected, char *measured,
                    char *error, char *limit, double off, gboolean right,
                    char *remark)
{
    HvbAnswer *answer = g_new0(HvbAnswer, 1);

    answer->what = what;
    answer->expected = expected;
    answer->measured = measured;
    answer->error = error;
    answer->limit = limit;
    answer->off = off;
    answer->verdict = right ? HVB_ANSWER_RIGHT : HVB_ANSWER_WRONG;
    answer->remark = remark;
    g_ptr_array_add(rig->answers, answer);
}

gboolean hvb_rig_calibrate(HvbRig *rig, guint guest, GError **error)
{
    return hvb_calibration_take(rig->bed->guests[guest].link, rig->cancellable,
                                &rig->abilities[guest].calibration, error);
}

gboolean hvb_rig_work(HvbRig *rig, guint guest, double size, GError **error)
{
    double rate =
        (double)rig->abilities[guest].calibration.iterations_per_ms * size;

    return hvb_link_work(rig->bed->guests[guest].link, MAX((guint64)rate, 1),
                         rig->cancellable, error);
}

gboolean hvb_rig_spin(HvbRig *rig, guint guest, GError **error)
{
    const WireLoad load = {.users = 1,
                           .burst_mean_us = 100000,
                           .burst_cut = 4,
                           .seed = gsl_rng_get(rig->rng)};

    return hvb_rig_work(rig, guest, 1.0, error) &&
           hvb_link_load(rig->bed->guests[guest].link, &load, rig->cancellable,
                         error);
}

gboolean hvb_rig_rest(HvbRig *rig, guint guest, GError **error)
{
    return hvb_link_reset(rig->bed->guests[guest].link, rig->cancellable,
                          error);
}

gboolean hvb_rig_tune(HvbRig *rig, guint guest, guint cap_percent,
                      guint cap_period_us, guint weight, GError **error)
{
    const HvbGuestProfile wanted = {.cap_percent = cap_percent,
                                    .cap_scope = HVB_CAP_SCOPE_VCPU,
                                    .cap_period_us = cap_period_us,
                                    .weight = weight};
    HvbTuning enforced;

    return rig->bed->tune(rig->bed, guest, &wanted, &enforced, error);
}

void hvb_take_free(HvbTake *take)
{
    if (!take)
        return;
    g_array_unref(take->samples);
    g_array_unref(take->events);
    g_array_unref(take->clocks);
    g_free(take);
}

static HvbTake *new_take(void)
{
    HvbTake *take = g_new0(HvbTake, 1);

    take->samples = g_array_new(FALSE, FALSE, sizeof(HvbSample));
    take->events = g_array_new(FALSE, FALSE, sizeof(HvbEventRecord));
    g_array_set_clear_func(take->events,
                           (GDestroyNotify)hvb_event_record_clear);
    take->clocks = g_array_new(FALSE, FALSE, sizeof(HvbClockRecord));
    return take;
}

static gboolean read_clock(HvbRig *rig, HvbTake *take, GError **error)
{
    HvbClockRecord record = {.guest = 1};

    if (!hvb_link_clock(rig->bed->guests[0].link, CLOCK_PINGS, rig->cancellable,
                        &record.reading, error))
        return FALSE;
    g_array_append_val(take->clocks, record);
    return TRUE;
}

static guint count_failed(const HvbTake *take)
{
    guint n = 0;

    for (guint i = 0; i < take->samples->len; i++)
        n += g_array_index(take->samples, HvbSample, i).raw.flags &
                     WIRE_SAMPLE_FAILED
                 ? 1
                 : 0;
    return n;
}

HvbTake *hvb_rig_take(HvbRig *rig, WireOperation operation, guint n,
                      guint slot_us, HvbOpenFunc on_open, gpointer user_data,
                      GError **error)
{
    g_autoptr(HvbTake) take = new_take();
    g_autofree gboolean *measured = g_new0(gboolean, rig->bed->n_guests);
    g_autofree guint64 *seeds = g_new0(guint64, rig->bed->n_guests);
    WireProbe probe = {.cell = TAKE_CELL,
                       .slot_us = slot_us,
                       .pool = POOL,
                       .drain_ms = DRAIN_MS};

    measured[0] = TRUE;
    seeds[0] = gsl_rng_get(rig->rng);
    probe.count[operation] = n;
    g_autoptr(HvbWindow) window =
        hvb_window_new(rig->bed, measured, take->samples, take->events);
    if (!read_clock(rig, take, error) ||
        !hvb_window_open(window, &probe, seeds, rig->cancellable, error) ||
        (on_open && !on_open(rig, window, take, user_data, error)) ||
        !hvb_window_wait_close(window, rig->cancellable, error) ||
        !hvb_window_wait_end(window, rig->cancellable, error) ||
        !read_clock(rig, take, error))
        return NULL;
    take->scheduled = hvb_window_scheduled(window);
    take->missing = take->scheduled - hvb_window_received(window) +
                    hvb_window_refused(window) +
                    hvb_window_lost_frames(window) + count_failed(take);
    return g_steal_pointer(&take);
}

void hvb_take_responses(const HvbTake *take, GArray *responses_ns)
{
    for (guint i = 0; i < take->samples->len; i++) {
        const WireSample *raw = &g_array_index(take->samples, HvbSample, i).raw;
        gint64 response_ns = (gint64)(raw->ended_ns - raw->intended_ns);
        if (raw->flags == 0)
            g_array_append_val(responses_ns, response_ns);
    }
}

gint64 hvb_median_ns(GArray *values_ns)
{
    guint n = values_ns->len;

    hvb_times_sort(values_ns);
    if (n == 0)
        return 0;
    /* Of an even number the mean of the two in the middle. */
    return (g_array_index(values_ns, gint64, (n - 1) / 2) +
            g_array_index(values_ns, gint64, n / 2)) /
           2;
}

gint64 hvb_take_median_ns(const HvbTake *take)
{
    g_autoptr(GArray) responses = g_array_new(FALSE, FALSE, sizeof(gint64));

    hvb_take_responses(take, responses);
    return hvb_median_ns(responses);
}

gboolean hvb_rig_watch(HvbRig *rig, guint duration_ms,
                       double ret_percent[HVB_SELFTEST_GUESTS], GError **error)
{
    HvbGuestMeter before[HVB_SELFTEST_GUESTS], after[HVB_SELFTEST_GUESTS];

    for (guint i = 0; i < HVB_SELFTEST_GUESTS; i++)
        if (!rig->bed->read_meter(rig->bed, i, &before[i], error))
            return FALSE;
    if (!hvb_sleep(duration_ms, rig->cancellable, error))
        return FALSE;
    for (guint i = 0; i < HVB_SELFTEST_GUESTS; i++) {
        if (!rig->bed->read_meter(rig->bed, i, &after[i], error))
            return FALSE;
        ret_percent[i] = 100.0 *
                         (double)(after[i].vcpu_ns - before[i].vcpu_ns) /
                         (double)(after[i].time_ns - before[i].time_ns);
    }
    return TRUE;
}
