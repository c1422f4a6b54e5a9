/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/bench/weigh.h"

#include "hvbench/run/usage.h"

#include <math.h>
#include <time.h>

#define CELL (G_MAXUINT32 - 2)
#define POOL 16
#define DRAIN_MS 3000
#define NS_PER_S G_GINT64_CONSTANT(1000000000)

gboolean weigh_rest(HvbBed *bed, guint duration_ms, GCancellable *cancellable,
                    Rest *ret_rest, GError **error)
{
    g_autofree HvbUsage *a = g_new0(HvbUsage, 1);
    g_autofree HvbUsage *b = g_new0(HvbUsage, 1);
    HvbLink *link = bed->guests[0].link;
    WireMeters x, y;

    if (!hvb_link_meter(link, cancellable, &x, error) ||
        !hvb_usage_read(bed, cancellable, a, error) ||
        !hvb_sleep(duration_ms, cancellable, error) ||
        !hvb_usage_read(bed, cancellable, b, error) ||
        !hvb_link_meter(link, cancellable, &y, error))
        return FALSE;
    *ret_rest = (Rest){
        .own = hvb_usage_own_percent(a, b),
        .agent = 100.0 * (double)(y.agent_cpu_ns - x.agent_cpu_ns) /
                 (double)MAX(1, y.monotonic_ns - x.monotonic_ns),
        .foreign = hvb_usage_foreign_percent(a, b),
    };
    return TRUE;
}

/* Runs the window; `a` and `b` are read at its ends. */
static gboolean take(HvbWindow *window, HvbBed *bed, const WireProbe *probe,
                     HvbUsage *a, HvbUsage *b, GCancellable *cancellable,
                     GError **error)
{
    g_autofree guint64 *seeds = g_new0(guint64, bed->n_guests);

    /* One iteration for each ms that an operation would take. */
    return hvb_link_work(bed->guests[0].link, 1, cancellable, error) &&
           hvb_window_open(window, probe, seeds, cancellable, error) &&
           hvb_usage_read(bed, cancellable, a, error) &&
           hvb_window_wait_close(window, cancellable, error) &&
           hvb_usage_read(bed, cancellable, b, error) &&
           hvb_window_wait_end(window, cancellable, error);
}

gboolean weigh_record(HvbBed *bed, guint n, guint slot_us,
                      GCancellable *cancellable, Record *ret_record,
                      GError **error)
{
    g_autoptr(GArray) samples = g_array_new(FALSE, FALSE, sizeof(HvbSample));
    g_autoptr(GArray) events =
        g_array_new(FALSE, FALSE, sizeof(HvbEventRecord));
    g_autofree gboolean *measured = g_new0(gboolean, bed->n_guests);
    g_autofree HvbUsage *a = g_new0(HvbUsage, 1);
    g_autofree HvbUsage *b = g_new0(HvbUsage, 1);
    HvbMeterRecord meter = {.guest = 1};
    WireProbe probe = {.cell = CELL,
                       .slot_us = slot_us,
                       .pool = POOL,
                       .drain_ms = DRAIN_MS};

    g_array_set_clear_func(events, (GDestroyNotify)hvb_event_record_clear);
    measured[0] = TRUE;
    probe.count[WIRE_KEY] = n;
    g_autoptr(HvbWindow) window =
        hvb_window_new(bed, measured, samples, events);
    if (!take(window, bed, &probe, a, b, cancellable, error))
        return FALSE;
    *ret_record = (Record){
        .scheduled = hvb_window_scheduled(window),
        .received = hvb_window_received(window),
        .us_each = NAN,
        .foreign = hvb_usage_foreign_percent(a, b),
    };
    if (hvb_window_guest_view(window, &meter))
        ret_record->us_each =
            (double)(meter.probes_cpu_ns + meter.agent_cpu_ns) / 1e3 / n;
    return TRUE;
}

static gint64 clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

double weigh_sleep(guint n, guint slot_us)
{
    gint64 start_ns = clock_ns(CLOCK_MONOTONIC);
    gint64 before_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);

    for (guint i = 1; i <= n; i++) {
        gint64 until_ns = start_ns + (gint64)i * slot_us * 1000;
        const struct timespec until = {until_ns / NS_PER_S,
                                       until_ns % NS_PER_S};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
    return (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - before_ns) / 1e3 / n;
}

/* The agent's share of the cell's window, % of one CPU, the mean over the
 * measured guests. */
static double agent_percent(const HvbCell *cell)
{
    double sum = 0.0;
    guint n = 0;

    for (guint i = 0; i < cell->meters->len; i++) {
        const HvbMeterRecord *meter =
            &g_array_index(cell->meters, HvbMeterRecord, i);
        if (!meter->has_guest_view || meter->guest_window_ns <= 0)
            continue;
        sum += 100.0 * (double)meter->agent_cpu_ns /
               (double)meter->guest_window_ns;
        n++;
    }
    return n > 0 ? sum / n : NAN;
}

Work weigh_work(const HvbRunRecord *run, HvbLevel level)
{
    Work work = {0};

    for (guint i = 0; i < run->cells->len; i++) {
        const HvbCell *cell = run->cells->pdata[i];
        if (cell->level != level)
            continue;
        if (cell->status != HVB_CELL_DONE) {
            work.disturbed++;
            continue;
        }
        double agent = agent_percent(cell);
        work.cells++;
        work.own += cell->own_percent;
        work.agent += agent;
        work.worst_own = fmax(work.worst_own, cell->own_percent);
        work.worst_agent = fmax(work.worst_agent, agent);
    }
    work.own /= work.cells; /* NaN without a cell */
    work.agent /= work.cells;
    return work;
}

HvbInterval weigh_change(const HvbRunRecord *run, const char *a, const char *b,
                         HvbLevel level)
{
    guint levels = HVB_LEVEL_BIT(level);
    g_autoptr(GArray) before =
        hvb_observe(run, a, levels, HVB_MEASURE_DELAY, 0);
    g_autoptr(GArray) after = hvb_observe(run, b, levels, HVB_MEASURE_DELAY, 0);

    return hvb_contrast_make(before, after, HVB_EFFECT_DIFFERENCE, 0.0,
                             HVB_CONFIDENCE)
        .interval;
}
