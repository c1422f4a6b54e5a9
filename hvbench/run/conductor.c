/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/conductor.h"

#include "hvbench/run/calibration.h"
#include "hvbench/run/host-meter.h"
#include "hvbench/run/window.h"

#include <math.h>

#define CLOCK_PINGS 5

/* What the conductor knows of a guest of the bed. */
typedef struct {
    WireCalibration calibration;
    gint64 reference_ns[WIRE_N_OPERATIONS];
    HvbGuestMeter opened, closed; /* of the cell under way */
} GuestState;

struct _HvbConductor {
    HvbBed *bed;
    GPtrArray *profiles;
    const HvbConductorHooks *hooks;
    gpointer user_data;
    GCancellable *cancellable;
    GuestState *guests;
    HvbCell *cell; /* under way; else NULL */
    gboolean *measured;
};

HvbConductor *hvb_conductor_new(HvbBed *bed, GPtrArray *profiles,
                                const HvbConductorHooks *hooks,
                                gpointer user_data, GCancellable *cancellable)
{
    HvbConductor *self = g_new0(HvbConductor, 1);

    self->bed = bed;
    self->profiles = profiles;
    self->hooks = hooks;
    self->user_data = user_data;
    self->cancellable = cancellable;
    self->guests = g_new0(GuestState, bed->n_guests);
    self->measured = g_new0(gboolean, bed->n_guests);
    return self;
}

void hvb_conductor_free(HvbConductor *conductor)
{
    if (!conductor)
        return;
    g_free(conductor->guests);
    g_free(conductor->measured);
    g_free(conductor);
}

static void say(HvbConductor *self, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
static void say(HvbConductor *self, const char *format, ...)
{
    va_list arguments;

    if (!self->hooks->phase)
        return;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    self->hooks->phase(text, self->user_data);
}

/* Marks in `measured` the guests that some cell of the plan on this bed
 * measures. */
static void find_measured(HvbConductor *self, GArray *plan, guint bed)
{
    for (guint c = 0; c < plan->len; c++) {
        const HvbPlanCell *cell = &g_array_index(plan, HvbPlanCell, c);
        const HvbProfile *profile = self->profiles->pdata[cell->scenario];
        for (guint i = 0; cell->bed == bed && i < profile->n_guests; i++)
            if (profile->guests[i].measured)
                self->measured[i] = TRUE;
    }
}

/* The bed as it must be while a guest is calibrated: uncapped, and the others
 * being idle its weight does not matter. */
static gboolean lift_cap(HvbConductor *self, guint guest, GError **error)
{
    const HvbGuestProfile uncapped = {.cap_period_us = 100000, .weight = 100};
    HvbTuning enforced;

    return self->bed->tune(self->bed, guest, &uncapped, &enforced, error);
}

static gboolean prepare_guest(HvbConductor *self, guint i, GError **error)
{
    HvbGuest *guest = &self->bed->guests[i];
    GuestState *state = &self->guests[i];

    if (!lift_cap(self, i, error) ||
        !hvb_link_reset(guest->link, self->cancellable, error))
        return FALSE;
    say(self, "calibrating %s (%u of %u), the others idle", guest->name, i + 1,
        self->bed->n_guests);
    if (!hvb_calibration_make(guest->link, self->cancellable,
                              &state->calibration, error))
        return FALSE;
    if (self->measured[i]) {
        say(self, "measuring the reference times of %s", guest->name);
        if (!hvb_calibration_reference(self->bed, i, self->cancellable,
                                       state->reference_ns, error))
            return FALSE;
    }
    return !self->hooks->guest_ready ||
           self->hooks->guest_ready(i + 1, guest, &state->calibration,
                                    state->reference_ns, self->user_data,
                                    error);
}

gboolean hvb_conductor_prepare(HvbConductor *conductor, GArray *plan, guint bed,
                               GError **error)
{
    g_autoptr(GError) cancelled = NULL;

    find_measured(conductor, plan, bed);
    say(conductor, "waiting for the host to become quiet");
    if (!hvb_calibration_wait_quiet(conductor->cancellable, &cancelled)) {
        if (cancelled) {
            g_propagate_error(error, g_steal_pointer(&cancelled));
            return FALSE;
        }
        say(conductor, "the host does not become quiet: something else runs");
    }
    for (guint i = 0; i < conductor->bed->n_guests; i++)
        if (!prepare_guest(conductor, i, error))
            return FALSE;
    return TRUE;
}

static void on_samples(gpointer user_data)
{
    HvbConductor *self = user_data;
    HvbCell *cell = self->cell;

    for (guint i = cell->samples->len; i-- > 0;) {
        HvbSample *sample = &g_array_index(cell->samples, HvbSample, i);
        if (sample->reference_ns > 0)
            break; /* this one and those before it are done */
        const WireSample *raw = &sample->raw;
        sample->reference_ns =
            self->guests[sample->guest - 1].reference_ns[raw->operation];
        sample->response_ns = (gint64)(raw->ended_ns - raw->intended_ns);
        sample->delay_ns = sample->response_ns - sample->reference_ns;
    }
    if (self->hooks->samples)
        self->hooks->samples(cell, self->user_data);
}

/* Caps and weights first: while guests are idle they answer at once. */
static gboolean set_bed(HvbConductor *self, const HvbProfile *profile,
                        GError **error)
{
    for (guint i = 0; i < self->bed->n_guests; i++) {
        HvbTuning enforced;
        if (!self->bed->tune(self->bed, i, &profile->guests[i], &enforced,
                             error))
            return FALSE;
        g_array_append_val(self->cell->tunings, enforced);
    }
    for (guint i = 0; i < self->bed->n_guests; i++) {
        const WireManage manage = {
            .method = profile->method,
            .interval_ms = profile->manager_interval_ms,
            .memory_ms = profile->manager_memory_ms,
            .demote_permille = (guint32)lrint(profile->demote_percent * 10),
            .restore_permille = (guint32)lrint(profile->restore_percent * 10),
            .nice = profile->nice,
        };
        if (profile->guests[i].manager &&
            !hvb_link_manage(self->bed->guests[i].link, &manage,
                             self->cancellable, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean set_load(HvbConductor *self, const HvbProfile *profile,
                         GError **error)
{
    for (guint i = 0; i < self->bed->n_guests; i++) {
        const WireLoad load = {
            .users = profile->users[self->cell->level],
            .burst_mean_us = profile->burst_mean_ms * 1000,
            .burst_cut = profile->burst_cut,
            .think_mean_us = profile->think_mean_ms * 1000,
            .seed = self->cell->seed + i,
        };
        if (profile->guests[i].loaded && load.users > 0 &&
            !hvb_link_load(self->bed->guests[i].link, &load, self->cancellable,
                           error))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_meters(HvbConductor *self, HvbHostMeter *ret_host,
                            gboolean closing, GError **error)
{
    hvb_host_meter_read(ret_host);
    for (guint i = 0; i < self->bed->n_guests; i++) {
        GuestState *state = &self->guests[i];
        if (!self->bed->read_meter(self->bed, i,
                                   closing ? &state->closed : &state->opened,
                                   error))
            return FALSE;
    }
    return TRUE;
}

static HvbMeterRecord guest_record(HvbConductor *self, HvbWindow *window,
                                   guint i)
{
    const HvbGuestMeter *a = &self->guests[i].opened;
    const HvbGuestMeter *b = &self->guests[i].closed;
    HvbMeterRecord record = {
        .guest = i + 1,
        .host_window_ns = b->time_ns - a->time_ns,
        .host_cpu_ns = b->cpu_ns - a->cpu_ns,
        .host_vcpu_ns = b->vcpu_ns - a->vcpu_ns,
        .host_emulator_ns = b->emulator_ns - a->emulator_ns,
        .throttled_periods = b->throttled_periods - a->throttled_periods,
        .throttled_ns = b->throttled_ns - a->throttled_ns,
    };

    hvb_window_guest_view(window, &record);
    return record;
}

static void record_meters(HvbConductor *self, HvbWindow *window,
                          const HvbHostMeter *opened,
                          const HvbHostMeter *closed)
{
    HvbCell *cell = self->cell;
    gint64 window_ns = MAX(1, closed->time_ns - opened->time_ns);
    gint64 own_ns = closed->own_ns - opened->own_ns;
    gint64 busy_ns = closed->busy_ns - opened->busy_ns;
    gint64 guests_ns = 0;
    HvbMeterRecord host = {
        .guest = 0,
        .user_ns = closed->user_ns - opened->user_ns,
        .system_ns = closed->system_ns - opened->system_ns,
        .steal_ns = closed->steal_ns - opened->steal_ns,
        .idle_ns = closed->idle_ns - opened->idle_ns,
        .host_window_ns = window_ns,
        .host_cpu_ns = busy_ns,
    };

    g_array_append_val(cell->meters, host);
    for (guint i = 0; i < self->bed->n_guests; i++) {
        HvbMeterRecord record = guest_record(self, window, i);
        guests_ns += record.host_cpu_ns;
        g_array_append_val(cell->meters, record);
    }
    cell->window_ns = window_ns;
    cell->own_percent = 100.0 * (double)own_ns / (double)window_ns;
    cell->foreign_percent = 100.0 *
                            (double)MAX(0, busy_ns - guests_ns - own_ns) /
                            (double)window_ns;
}

static void count_samples(HvbCell *cell, const HvbWindow *window)
{
    cell->scheduled = hvb_window_scheduled(window);
    cell->received = hvb_window_received(window);
    cell->lost = cell->scheduled - cell->received;
    cell->lost_frames = hvb_window_lost_frames(window);
    cell->censored = 0;
    cell->failed = 0;
    for (guint i = 0; i < cell->samples->len; i++) {
        guint8 flags = g_array_index(cell->samples, HvbSample, i).raw.flags;
        if (flags & WIRE_SAMPLE_FAILED)
            cell->failed++;
        else if (flags & WIRE_SAMPLE_CENSORED)
            cell->censored++;
    }
}

/* The window's part of a cell's life. */
static gboolean measure(HvbConductor *self, const HvbProfile *profile,
                        HvbWindow *window, GError **error)
{
    HvbHostMeter opened, closed;
    WireProbe probe;

    hvb_profile_probe(profile, &probe);
    probe.cell = (guint64)self->cell->attempt << 32 | self->cell->position;
    probe.seed = self->cell->seed;
    if (!hvb_window_open(window, &probe, self->cancellable, error) ||
        !read_meters(self, &opened, FALSE, error) ||
        !hvb_window_wait_close(window, self->cancellable, error) ||
        !read_meters(self, &closed, TRUE, error))
        return FALSE;
    record_meters(self, window, &opened, &closed);
    return hvb_window_wait_end(window, self->cancellable, error);
}

static gboolean check_clock(HvbConductor *self, GError **error)
{
    for (guint i = 0; i < self->bed->n_guests; i++)
        if (self->measured[i])
            return hvb_link_clock_offset(self->bed->guests[i].link, CLOCK_PINGS,
                                         self->cancellable,
                                         &self->cell->clock_offset_ns,
                                         &self->cell->clock_error_ns, error);
    return TRUE;
}

/* Load and managers off, caps lifted, then: are the guests still what they
 * were calibrated to? */
static gboolean quieten(HvbConductor *self, const HvbProfile *profile,
                        GError **error)
{
    for (guint i = 0; i < self->bed->n_guests; i++) {
        const HvbGuestProfile *guest = &profile->guests[i];
        if ((guest->measured || guest->loaded || guest->manager) &&
            !hvb_link_reset(self->bed->guests[i].link, self->cancellable,
                            error))
            return FALSE;
        if (guest->cap_percent > 0 && !lift_cap(self, i, error))
            return FALSE;
    }
    for (guint i = 0; i < self->bed->n_guests; i++) {
        double drift;
        if (!self->measured[i])
            continue;
        if (!hvb_calibration_drift(self->bed->guests[i].link,
                                   &self->guests[i].calibration,
                                   self->cancellable, &drift, error))
            return FALSE;
        if (fabs(drift) > fabs(self->cell->drift_percent))
            self->cell->drift_percent = drift;
    }
    return TRUE;
}

static void judge(HvbCell *cell, const HvbProfile *profile,
                  const HvbWindow *window)
{
    guint refused = hvb_window_refused(window);

    cell->status = HVB_CELL_DISTURBED;
    if (cell->foreign_percent > profile->foreign_percent) {
        cell->why = g_strdup_printf(
            "other processes used %.1f %% of a CPU (limit %.1f %%)",
            cell->foreign_percent, profile->foreign_percent);
    } else if (cell->lost > 0 || cell->lost_frames > 0 || refused > 0) {
        cell->why = g_strdup_printf("%u samples and %u frames were lost, %u "
                                    "refused",
                                    cell->lost, cell->lost_frames, refused);
    } else {
        cell->status = HVB_CELL_DONE;
    }
    cell->suspect = fabs(cell->drift_percent) > profile->drift_percent;
    if (cell->suspect && !cell->why)
        cell->why = g_strdup_printf(
            "the guest became %.1f %% %s than it was calibrated to (limit "
            "%.1f %%)",
            fabs(cell->drift_percent),
            cell->drift_percent > 0 ? "faster" : "slower",
            profile->drift_percent);
}

static gboolean live(HvbConductor *self, const HvbProfile *profile,
                     GError **error)
{
    HvbCell *cell = self->cell;
    g_autoptr(HvbWindow) window =
        hvb_window_new(self->bed, self->measured, cell->samples, cell->events);

    hvb_window_set_samples_func(window, on_samples, self);
    gboolean ok = check_clock(self, error) && set_bed(self, profile, error) &&
                  set_load(self, profile, error) &&
                  hvb_sleep(profile->settle_ms, self->cancellable, error) &&
                  measure(self, profile, window, error);
    count_samples(cell, window);
    ok = ok && quieten(self, profile, error);
    if (ok)
        judge(cell, profile, window);
    return ok;
}

static HvbCell *begin_cell(HvbConductor *self, const HvbPlanCell *planned,
                           guint attempt)
{
    const HvbProfile *profile = self->profiles->pdata[planned->scenario];
    HvbCell *cell = hvb_cell_new();

    cell->scenario = planned->scenario;
    cell->level = planned->level;
    cell->repetition = planned->repetition;
    cell->attempt = attempt;
    cell->position = planned->position;
    cell->seed = planned->seed;
    cell->started_realtime_us = g_get_real_time();
    for (guint i = 0; i < self->bed->n_guests; i++)
        self->measured[i] = profile->guests[i].measured;
    self->cell = cell;
    say(self, "%s %s, repetition %u%s", profile->name,
        hvb_level_name(cell->level), cell->repetition,
        attempt > 1 ? ", again" : "");
    if (self->hooks->cell_begins)
        self->hooks->cell_begins(cell, self->user_data);
    return cell;
}

static gboolean run_attempt(HvbConductor *self, const HvbPlanCell *planned,
                            guint attempt, HvbCellStatus *ret_status,
                            GError **error)
{
    const HvbProfile *profile = self->profiles->pdata[planned->scenario];
    HvbCell *cell = begin_cell(self, planned, attempt);
    g_autoptr(GError) failure = NULL;

    if (!live(self, profile, &failure)) {
        cell->status = HVB_CELL_FAILED;
        g_free(cell->why);
        cell->why = g_strdup(g_cancellable_is_cancelled(self->cancellable)
                                 ? "the run was interrupted"
                                 : failure->message);
    }
    *ret_status = cell->status;
    self->cell = NULL;
    gboolean kept = self->hooks->cell_ends(cell, self->user_data, error);
    if (kept && failure)
        g_propagate_error(error, g_steal_pointer(&failure));
    return kept && *ret_status != HVB_CELL_FAILED;
}

gboolean hvb_conductor_run_cell(HvbConductor *conductor,
                                const HvbPlanCell *planned, GError **error)
{
    const HvbProfile *profile = conductor->profiles->pdata[planned->scenario];
    HvbCellStatus status = HVB_CELL_DISTURBED;

    for (guint attempt = 1;
         status == HVB_CELL_DISTURBED && attempt <= 1 + profile->reruns;
         attempt++)
        if (!run_attempt(conductor, planned, attempt, &status, error))
            return FALSE;
    return TRUE;
}
