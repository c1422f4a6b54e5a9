/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/record.h"

#include "hvbench/profile/turn.h"

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

static HvbMeterRecord guest_record(guint guest, const HvbGuestMeter *a,
                                   const HvbGuestMeter *b)
{
    return (HvbMeterRecord){
        .guest = guest,
        .host_window_ns = b->time_ns - a->time_ns,
        .host_cpu_ns = b->cpu_ns - a->cpu_ns,
        .host_vcpu_ns = b->vcpu_ns - a->vcpu_ns,
        .host_emulator_ns = b->emulator_ns - a->emulator_ns,
        .throttled_periods = b->throttled_periods - a->throttled_periods,
        .throttled_ns = b->throttled_ns - a->throttled_ns,
    };
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

/* Why the cell may not be published; NULL if it may. */
static char *disturbance(const HvbCell *cell, const HvbProfile *profile)
{
    guint missing = cell->lost + cell->lost_frames + cell->refused;

    if (cell->foreign_percent > profile->foreign_percent)
        return g_strdup_printf(
            "other processes used %.1f %% of a CPU (limit %.1f %%)",
            cell->foreign_percent, profile->foreign_percent);
    if (cell->steal_percent > profile->steal_percent)
        return g_strdup_printf("the hypervisor below this host took %.1f %% "
                               "of a CPU (limit %.1f %%)",
                               cell->steal_percent, profile->steal_percent);
    if (cell->stood)
        return g_strdup(cell->stood);
    if (missing > profile->lost_samples)
        return g_strdup_printf(
            "%u samples and %u frames were lost, %u refused (limit %u)",
            cell->lost, cell->lost_frames, cell->refused,
            profile->lost_samples);
    if (cell->late_frame_ns > late_frame_limit_ms(profile) * NS_PER_MS)
        return g_strdup_printf(
            "a frame was under way for %.0f ms (limit %" G_GINT64_FORMAT " ms)",
            (double)cell->late_frame_ns / NS_PER_MS,
            late_frame_limit_ms(profile));
    if (cell->late_send_ns > profile->late_send_ms * NS_PER_MS)
        return g_strdup_printf("hvbench sent an operation %.1f ms late (limit "
                               "%u ms)",
                               (double)cell->late_send_ns / NS_PER_MS,
                               profile->late_send_ms);
    return NULL;
}

static char *suspicion(const HvbCell *cell, const HvbProfile *profile,
                       const char *doubt)
{
    if (fabs(cell->drift_percent) > profile->drift_percent)
        return g_strdup_printf("the %s became %.1f %% %s than it was "
                               "calibrated to (limit %.1f %%)",
                               profile->native ? "host" : "guest",
                               fabs(cell->drift_percent),
                               cell->drift_percent > 0 ? "faster" : "slower",
                               profile->drift_percent);
    return g_strdup(doubt);
}

void hvb_record_verdict(HvbCell *cell, const HvbProfile *profile,
                        const char *doubt)
{
    g_autofree char *disturbed = disturbance(cell, profile);
    g_autofree char *suspect = suspicion(cell, profile, doubt);

    cell->status = disturbed ? HVB_CELL_DISTURBED : HVB_CELL_DONE;
    cell->suspect = suspect != NULL;
    g_free(cell->why);
    cell->why =
        disturbed ? g_steal_pointer(&disturbed) : g_steal_pointer(&suspect);
}
