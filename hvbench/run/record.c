/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/record.h"

#include "hvbench/profile/turn.h"
#include "hvbench/run/changes.h"

#include <math.h>

#define NS_PER_MS G_GINT64_CONSTANT(1000000)

static HvbMeterRecord host_record(const HvbUsage *opened,
                                  const HvbUsage *closed)
{
    const HvbHostMeter *a = &opened->host;
    const HvbHostMeter *b = &closed->host;
    const WireMeters *x = &opened->agent;
    const WireMeters *y = &closed->agent;

    return (HvbMeterRecord){
        .guest = 0,
        .user_ns = b->user_ns - a->user_ns,
        .system_ns = b->system_ns - a->system_ns,
        .steal_ns = b->steal_ns - a->steal_ns,
        .idle_ns = b->idle_ns - a->idle_ns,
        .users_cpu_ns = (gint64)(y->users_cpu_ns - x->users_cpu_ns),
        .agent_cpu_ns = (gint64)(y->agent_cpu_ns - x->agent_cpu_ns),
        .manager_cpu_ns = (gint64)(y->manager_cpu_ns - x->manager_cpu_ns),
        .host_window_ns = b->time_ns - a->time_ns,
        .host_cpu_ns = b->busy_ns - a->busy_ns,
    };
}

static void add_throttling(HvbMeterRecord *record, HvbQuota quota,
                           const HvbThrottling *a, const HvbThrottling *b)
{
    const HvbThrottling between = {
        .periods = b->periods - a->periods,
        .throttled_periods = b->throttled_periods - a->throttled_periods,
        .throttled_ns = b->throttled_ns - a->throttled_ns,
    };

    record->throttling[quota] = between;
    record->throttled_periods += between.throttled_periods;
    record->throttled_ns += between.throttled_ns;
    if (quota != HVB_QUOTA_ABOVE)
        return;
    record->above_throttled_periods = between.throttled_periods;
    record->above_throttled_ns = between.throttled_ns;
}

static HvbMeterRecord guest_record(guint guest, const HvbGuestMeter *a,
                                   const HvbGuestMeter *b)
{
    HvbMeterRecord record = {
        .guest = guest,
        .host_window_ns = b->time_ns - a->time_ns,
        .host_cpu_ns = b->cpu_ns - a->cpu_ns,
        .host_vcpu_ns = b->vcpu_ns - a->vcpu_ns,
        .host_emulator_ns = b->emulator_ns - a->emulator_ns,
    };

    for (guint q = 0; q < HVB_N_QUOTAS; q++)
        add_throttling(&record, (HvbQuota)q, &a->throttling[q],
                       &b->throttling[q]);
    return record;
}

void hvb_record_meters(HvbCell *cell, const HvbWindow *window,
                       const HvbUsage *opened, const HvbUsage *closed)
{
    HvbMeterRecord host = host_record(opened, closed);

    g_array_append_val(cell->meters, host);
    for (guint i = 0; i < opened->n_guests; i++) {
        HvbMeterRecord record =
            guest_record(i + 1, &opened->guests[i], &closed->guests[i]);
        hvb_window_guest_view(window, &record);
        g_array_append_val(cell->meters, record);
    }
    cell->window_ns = host.host_window_ns;
    cell->own_percent = hvb_usage_own_percent(opened, closed);
    cell->foreign_percent = hvb_usage_foreign_percent(opened, closed);
    cell->steal_percent = hvb_usage_steal_percent(opened, closed);
}

void hvb_record_counts(HvbCell *cell, const HvbWindow *window)
{
    cell->scheduled = hvb_window_scheduled(window);
    cell->received = hvb_window_received(window);
    cell->lost = cell->scheduled - cell->received;
    cell->lost_frames = hvb_window_lost_frames(window);
    cell->refused = hvb_window_refused(window);
    cell->late_frame_ns = hvb_window_late_frame_ns(window, cell->clocks);
    cell->late_send_ns = 0;
    cell->censored = 0;
    cell->failed = 0;
    for (guint i = 0; i < cell->samples->len; i++) {
        const HvbSample *sample = &g_array_index(cell->samples, HvbSample, i);
        const WireSample *raw = &sample->raw;
        guint8 flags = raw->flags;
        if (sample->vantage == WIRE_CLIENT)
            cell->late_send_ns =
                MAX(cell->late_send_ns,
                    (gint64)(raw->started_ns - raw->intended_ns));
        if (flags & WIRE_SAMPLE_FAILED)
            cell->failed++;
        else if (flags & WIRE_SAMPLE_CENSORED)
            cell->censored++;
    }
}

/* The gate's, unless a guest that waits for its turn may take longer. */
static gint64 late_frame_limit_ms(const HvbProfile *profile)
{
    guint64 limit_ms = profile->late_frame_ms;

    for (guint i = 0; i < profile->n_guests; i++)
        if (profile->guests[i].measured)
            limit_ms = MAX(limit_ms, hvb_turn_patience_ms(profile, i));
    return (gint64)limit_ms;
}

static void add(GPtrArray *reasons, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

static void add(GPtrArray *reasons, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_ptr_array_add(reasons, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

/* What others took, and what was late. */
static void add_gate(GPtrArray *reasons, const HvbCell *cell,
                     const HvbProfile *profile)
{
    guint missing = cell->lost + cell->lost_frames + cell->refused;

    if (cell->foreign_percent > profile->foreign_percent)
        add(reasons, "other processes used %.1f %% of a CPU (limit %.1f %%)",
            cell->foreign_percent, profile->foreign_percent);
    if (cell->steal_percent > profile->steal_percent)
        add(reasons,
            "the hypervisor below this host took %.1f %% of a CPU (limit "
            "%.1f %%)",
            cell->steal_percent, profile->steal_percent);
    if (cell->stood)
        add(reasons, "%s", cell->stood);
    if (missing > profile->lost_samples)
        add(reasons,
            "%u samples and %u frames were lost, %u refused (limit %u)",
            cell->lost, cell->lost_frames, cell->refused,
            profile->lost_samples);
    if (cell->late_frame_ns > late_frame_limit_ms(profile) * NS_PER_MS)
        add(reasons,
            "a frame was under way for %.0f ms (limit %" G_GINT64_FORMAT " ms)",
            (double)cell->late_frame_ns / NS_PER_MS,
            late_frame_limit_ms(profile));
    if (cell->late_send_ns > profile->late_send_ms * NS_PER_MS)
        add(reasons, "hvbench sent an operation %.1f ms late (limit %u ms)",
            (double)cell->late_send_ns / NS_PER_MS, profile->late_send_ms);
}

static void add_suspicion(GPtrArray *reasons, const HvbCell *cell,
                          const HvbProfile *profile, const char *doubt)
{
    if (fabs(cell->drift_percent) > profile->drift_percent)
        add(reasons,
            "the %s became %.1f %% %s than it was calibrated to (limit "
            "%.1f %%)",
            profile->native ? "host" : "guest", fabs(cell->drift_percent),
            cell->drift_percent > 0 ? "faster" : "slower",
            profile->drift_percent);
    if (doubt)
        add(reasons, "%s", doubt);
}

void hvb_record_verdict(HvbCell *cell, const HvbProfile *profile,
                        const char *doubt)
{
    g_autoptr(GPtrArray) reasons = g_ptr_array_new_with_free_func(g_free);

    hvb_changes_find(cell, reasons);
    add_gate(reasons, cell, profile);
    guint disturbing = reasons->len;
    add_suspicion(reasons, cell, profile, doubt);
    cell->status = disturbing > 0 ? HVB_CELL_DISTURBED : HVB_CELL_DONE;
    cell->suspect = reasons->len > disturbing;
    g_ptr_array_add(reasons, NULL);
    g_free(cell->why);
    cell->why =
        reasons->len > 1 ? g_strjoinv("; ", (char **)reasons->pdata) : NULL;
}
