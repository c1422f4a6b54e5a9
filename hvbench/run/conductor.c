/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/profile/turn.h"
#include "hvbench/run/clock.h"
#include "hvbench/run/conductor-private.h"
#include "hvbench/run/demand.h"
#include "hvbench/run/record.h"
#include "hvbench/run/stands.h"

#include <math.h>

#define CLOCK_PINGS 5

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
    self->guests = g_new0(HvbAbility, bed->n_guests);
    self->clocks = g_new0(HvbClockReading, bed->n_guests);
    self->measured = g_new0(gboolean, bed->n_guests);
    self->active = g_new0(gboolean, bed->n_guests);
    self->drifted = g_new0(gboolean, bed->n_guests);
    self->doubts = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_set_size(self->doubts, (gint)bed->n_guests);
    return self;
}

void hvb_conductor_free(HvbConductor *conductor)
{
    if (!conductor)
        return;
    g_free(conductor->guests);
    g_free(conductor->clocks);
    g_free(conductor->measured);
    g_free(conductor->active);
    g_free(conductor->drifted);
    g_ptr_array_unref(conductor->doubts);
    g_free(conductor);
}

void hvb_conductor_say(HvbConductor *self, const char *format, ...)
{
    va_list arguments;

    if (!self->hooks->phase)
        return;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    self->hooks->phase(text, self->user_data);
}

void hvb_conductor_note(HvbConductor *self, const char *kind, const char *text)
{
    if (self->hooks->note)
        self->hooks->note(kind, text, self->user_data);
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
            self->guests[sample->guest - 1]
                .references.ns[sample->vantage][raw->operation];
        sample->response_ns = (gint64)(raw->ended_ns - raw->intended_ns);
        sample->delay_ns = sample->response_ns - sample->reference_ns;
    }
    if (self->hooks->samples)
        self->hooks->samples(cell, self->user_data);
}

/* Host CPUs, caps and weights first: while guests are idle they answer at
 * once. */
static gboolean set_bed(HvbConductor *self, const HvbProfile *profile,
                        GError **error)
{
    HvbBed *bed = self->bed;

    for (guint i = 0; i < bed->n_guests; i++) {
        HvbTuning enforced;
        if (!bed->tune(bed, i, &profile->guests[i], &enforced, error) ||
            !bed->place(bed, i, profile->cpus, profile->affinity, &enforced,
                        error))
            return FALSE;
        if (bed->guests[i].link)
            hvb_link_set_patience(bed->guests[i].link,
                                  (guint)hvb_turn_patience_ms(profile, i));
    }
    return !bed->host ||
           (bed->host->place(bed->host, profile->cpus, error) &&
            bed->host->weigh(bed->host, profile->service_weight, error));
}

static gboolean set_managers(HvbConductor *self, const HvbProfile *profile,
                             GError **error)
{
    const HvbHostAgent *host = self->bed->host;
    const WireManage inside = hvb_demand_of_manager(profile, profile->method);
    const WireManage outside =
        hvb_demand_of_manager(profile, profile->host_method);

    for (guint i = 0; i < self->bed->n_guests; i++)
        if (profile->guests[i].manager &&
            !hvb_link_manage(self->bed->guests[i].link, &inside,
                             self->cancellable, error))
            return FALSE;
    return !host || !profile->host_manager ||
           hvb_link_manage(host->link, &outside, self->cancellable, error);
}

static gboolean set_load(HvbConductor *self, const HvbProfile *profile,
                         GError **error)
{
    HvbBed *bed = self->bed;

    for (guint i = 0; i < bed->n_guests; i++) {
        const WireLoad load =
            hvb_demand_of_guest(profile, i, self->cell->level,
                                bed->demand_factor,
                                hvb_demand_seed(self->cell->seed, i,
                                                HVB_SEED_USERS));
        if (load.users > 0 && !hvb_link_load(bed->guests[i].link, &load,
                                             self->cancellable, error))
            return FALSE;
    }
    if (!bed->host || profile->services == 0)
        return TRUE;
    const WireLoad services =
        hvb_demand_of_services(profile, hvb_demand_seed(self->cell->seed, 0,
                                                        HVB_SEED_SERVICES));
    return hvb_link_load(bed->host->link, &services, self->cancellable, error);
}

/* Once: how far the client side's times are hvbench's own. */
static void tell_of_client(HvbConductor *self, const HvbWindow *window)
{
    const HvbClient *client = hvb_window_client(window);

    if (!client || self->told_of_client)
        return;
    self->told_of_client = TRUE;
    hvb_conductor_note(
        self, "note",
        hvb_client_is_realtime(client)
            ? "client-side operations are sent and timed at real-time priority"
            : "client-side operations are sent and timed without real-time "
              "priority, which this host does not permit: other processes can "
              "hold hvbench up (the gate's late-send-ms notices)");
}

static gboolean run_window(HvbConductor *self, const HvbProfile *profile,
                           HvbWindow *window, GError **error)
{
    g_autofree HvbUsage *opened = g_new0(HvbUsage, 1);
    g_autofree HvbUsage *closed = g_new0(HvbUsage, 1);
    g_autofree guint64 *seeds = g_new(guint64, self->bed->n_guests);
    WireProbe probe;

    hvb_profile_probe(profile, &probe);
    probe.cell = (guint64)self->cell->attempt << 32 | self->cell->position;
    for (guint i = 0; i < self->bed->n_guests; i++)
        seeds[i] = hvb_demand_seed(self->cell->seed, i, HVB_SEED_SCHEDULE);
    if (!hvb_window_open(window, &probe, seeds, self->cancellable, error) ||
        !hvb_usage_read(self->bed, self->cancellable, opened, error) ||
        !hvb_window_wait_close(window, self->cancellable, error) ||
        !hvb_usage_read(self->bed, self->cancellable, closed, error) ||
        !hvb_conductor_read_settings(self, TRUE, error))
        return FALSE;
    hvb_conductor_unwatch(self);
    tell_of_client(self, window);
    hvb_record_meters(self->cell, window, opened, closed);
    return hvb_window_wait_end(window, self->cancellable, error);
}

/* The window's part of a cell's life, in which guests must not stand still. One
 * that is held may be all the reason why it did not end. */
static gboolean measure(HvbConductor *self, const HvbProfile *profile,
                        HvbWindow *window, GError **error)
{
    g_autoptr(HvbStands) stands = hvb_stands_new(self->bed);
    gboolean ok = run_window(self, profile, window, error);

    hvb_stands_record(stands, self->active, self->cell);
    if (!ok && self->cell->stood)
        g_prefix_error(error, "%s; ", self->cell->stood);
    return ok;
}

/* From before what is set is read, until it has been read again. What somebody
 * changes meanwhile may be all the reason why that was never reached. */
static gboolean watch_over(HvbConductor *self, const HvbProfile *profile,
                           HvbWindow *window, GError **error)
{
    hvb_conductor_watch(self);
    if (hvb_conductor_read_settings(self, FALSE, error) &&
        set_managers(self, profile, error) && set_load(self, profile, error) &&
        hvb_sleep(profile->settle_ms, self->cancellable, error) &&
        measure(self, profile, window, error) &&
        hvb_conductor_check_managers(self, profile, FALSE, error))
        return TRUE;
    hvb_conductor_unwatch(self);
    for (guint i = self->cell->changes->len; i-- > 0;)
        g_prefix_error(error, "%s; ",
                       (const char *)self->cell->changes->pdata[i]);
    return FALSE;
}

/* Takes `text` over; NULL: nothing happened. */
static void add_clock_event(HvbCell *cell, guint guest, gint64 time_ns,
                            char *text)
{
    if (!text)
        return;
    const HvbEventRecord event = {.guest = guest,
                                  .time_ns = time_ns,
                                  .kind = g_strdup("clock"),
                                  .text = text};
    g_array_append_val(cell->events, event);
}

/* Guest `i` was read `now`. */
static void note_steps(HvbConductor *self, guint i, const HvbClockReading *now)
{
    HvbClockReading *before = &self->clocks[i];

    if (self->clock.host_ns > 0)
        add_clock_event(self->cell, 0, now->host_ns,
                        hvb_clock_describe_host_step(&self->clock, now));
    /* In unsigned arithmetic: a guest may claim any time. */
    if (before->host_ns > 0)
        add_clock_event(
            self->cell, i + 1,
            (gint64)((guint64)now->host_ns + (guint64)now->offset_ns),
            hvb_clock_describe_step(self->bed->guests[i].name, before, now));
    *before = *now;
    self->clock = *now;
}

/* Puts the cell's events on the host's time line. */
static void date_events(HvbCell *cell)
{
    for (guint i = 0; i < cell->events->len; i++) {
        HvbEventRecord *event = &g_array_index(cell->events, HvbEventRecord, i);
        event->host_ns = event->guest == 0
                             ? event->time_ns
                             : hvb_clock_to_host(cell->clocks, event->guest,
                                                 event->time_ns, NULL);
    }
}

static gboolean check_clocks(HvbConductor *self, GError **error)
{
    for (guint i = 0; i < self->bed->n_guests; i++) {
        HvbClockRecord record = {.guest = i + 1};
        if (!self->active[i])
            continue;
        if (!hvb_link_clock(self->bed->guests[i].link, CLOCK_PINGS,
                            self->cancellable, &record.reading, error))
            return FALSE;
        g_array_append_val(self->cell->clocks, record);
        note_steps(self, i, &record.reading);
    }
    return TRUE;
}

/* No services and no manager on the host. Not to be cancelled: it is done when
 * a cell has failed, too, and the answer comes at once. */
static gboolean quieten_host(HvbConductor *self, GError **error)
{
    return !self->bed->host ||
           hvb_link_reset(self->bed->host->link, NULL, error);
}

/* Load and managers off, caps and placement lifted. */
static gboolean quieten(HvbConductor *self, const HvbProfile *profile,
                        GError **error)
{
    if (!quieten_host(self, error))
        return FALSE;
    for (guint i = 0; i < self->bed->n_guests; i++) {
        const HvbGuestProfile *guest = &profile->guests[i];
        if ((guest->measured || guest->loaded || guest->manager) &&
            !hvb_link_reset(self->bed->guests[i].link, self->cancellable,
                            error))
            return FALSE;
        if (guest->cap_percent > 0 && !hvb_conductor_lift_cap(self, i, error))
            return FALSE;
    }
    return (profile->cpus == 0 && profile->affinity == HVB_AFFINITY_FLOAT) ||
           hvb_conductor_lift_placement(self, error);
}

/* The guest whose turn it is of those that are loaded but not measured;
 * n_guests: there is none. */
static guint take_other(HvbConductor *self)
{
    guint n = self->bed->n_guests;

    for (guint k = 0; k < n; k++) {
        guint i = (self->next_other + k) % n;
        if (!self->active[i] || self->measured[i])
            continue;
        self->next_other = i + 1;
        return i;
    }
    return n;
}

/* Are the guests still what they were calibrated to? */
static gboolean check_drift(HvbConductor *self, const HvbProfile *profile,
                            GError **error)
{
    guint other = take_other(self);

    for (guint i = 0; i < self->bed->n_guests; i++) {
        double drift;
        if (!self->measured[i] && i != other)
            continue;
        if (!hvb_calibration_drift(self->bed->guests[i].link,
                                   &self->guests[i].calibration,
                                   profile->drift_percent, self->cancellable,
                                   &drift, error))
            return FALSE;
        self->drifted[i] = fabs(drift) > profile->drift_percent;
        if (fabs(drift) > fabs(self->cell->drift_percent))
            self->cell->drift_percent = drift;
    }
    return TRUE;
}

/* Of the guests that the cell loads or measures, the first that is in doubt. */
static const char *find_doubt(const HvbConductor *self)
{
    for (guint i = 0; i < self->bed->n_guests; i++)
        if (self->active[i] && self->doubts->pdata[i])
            return self->doubts->pdata[i];
    return NULL;
}

static gboolean live(HvbConductor *self, const HvbProfile *profile,
                     GError **error)
{
    HvbCell *cell = self->cell;
    g_autoptr(HvbWindow) window =
        hvb_window_new(self->bed, self->measured, cell->samples, cell->events);

    hvb_window_set_samples_func(window, on_samples, self);
    gboolean ok = check_clocks(self, error) && set_bed(self, profile, error) &&
                  watch_over(self, profile, window, error) &&
                  quieten(self, profile, error) &&
                  hvb_conductor_check_managers(self, profile, TRUE, error) &&
                  check_clocks(self, error) &&
                  check_drift(self, profile, error);
    /* Last, since guests may talk nonsense to the end. */
    hvb_record_counts(cell, window);
    date_events(cell);
    if (!ok)
        (void)quieten_host(self, NULL);
    else
        hvb_record_verdict(cell, profile, find_doubt(self));
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
    for (guint i = 0; i < self->bed->n_guests; i++) {
        const HvbGuestProfile *guest = &profile->guests[i];
        self->measured[i] = guest->measured != HVB_MEASURED_NO;
        self->active[i] = self->measured[i] || guest->loaded;
    }
    self->cell = cell;
    hvb_conductor_say(self, "%s %s, repetition %u%s", profile->name,
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

    if (!hvb_conductor_renew(self, &failure) ||
        !live(self, profile, &failure)) {
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
