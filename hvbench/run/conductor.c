/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/conductor.h"

#include "hvbench/run/calibration.h"
#include "hvbench/run/record.h"
#include "loadgen/random.h"

#include <math.h>

#define CLOCK_PINGS 5

/* What a seed is for. */
enum { SEED_USERS = 1, SEED_SCHEDULE = 2 };

struct _HvbConductor {
    HvbBed *bed;
    GPtrArray *profiles;
    const HvbConductorHooks *hooks;
    gpointer user_data;
    GCancellable *cancellable;
    HvbAbility *guests;
    HvbCell *cell; /* under way; else NULL */
    gboolean *measured;
    gboolean *active; /* loaded or measured in the cell under way */
    char *doubt;      /* why every figure of this bed is suspect; or NULL */
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
    self->guests = g_new0(HvbAbility, bed->n_guests);
    self->measured = g_new0(gboolean, bed->n_guests);
    self->active = g_new0(gboolean, bed->n_guests);
    return self;
}

void hvb_conductor_free(HvbConductor *conductor)
{
    if (!conductor)
        return;
    g_free(conductor->guests);
    g_free(conductor->measured);
    g_free(conductor->active);
    g_free(conductor->doubt);
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
 * measures. Returns the strictest gate for foreign CPU among their profiles. */
static double find_measured(HvbConductor *self, GArray *plan, guint bed)
{
    double limit_percent = G_MAXDOUBLE;

    for (guint c = 0; c < plan->len; c++) {
        const HvbPlanCell *cell = &g_array_index(plan, HvbPlanCell, c);
        const HvbProfile *profile = self->profiles->pdata[cell->scenario];
        if (cell->bed != bed)
            continue;
        limit_percent = MIN(limit_percent, profile->foreign_percent);
        for (guint i = 0; i < profile->n_guests; i++)
            if (profile->guests[i].measured)
                self->measured[i] = TRUE;
    }
    return limit_percent;
}

/* The bed as it must be while a guest is calibrated: uncapped, and the others
 * being idle its weight does not matter. */
static gboolean lift_cap(HvbConductor *self, guint guest, GError **error)
{
    const HvbGuestProfile uncapped = {.cap_period_us = 100000, .weight = 100};
    HvbTuning enforced;

    return self->bed->tune(self->bed, guest, &uncapped, &enforced, error);
}

static void note(HvbConductor *self, const char *kind, const char *text)
{
    if (self->hooks->note)
        self->hooks->note(kind, text, self->user_data);
}

static gboolean prepare_guest(HvbConductor *self, guint i, double limit_percent,
                              GError **error)
{
    HvbGuest *guest = &self->bed->guests[i];
    HvbAbility *ability = &self->guests[i];
    g_autofree char *doubt = NULL;

    if (!lift_cap(self, i, error) ||
        !hvb_link_reset(guest->link, self->cancellable, error))
        return FALSE;
    say(self, "calibrating %s (%u of %u), the others idle", guest->name, i + 1,
        self->bed->n_guests);
    if (!hvb_calibration_make(self->bed, i, self->measured[i], limit_percent,
                              self->cancellable, ability, &doubt, error))
        return FALSE;
    if (doubt)
        note(self, "calibration", doubt);
    if (doubt && !self->doubt)
        self->doubt = g_steal_pointer(&doubt);
    return !self->hooks->guest_ready ||
           self->hooks->guest_ready(i + 1, guest, &ability->calibration,
                                    ability->reference_ns, self->user_data,
                                    error);
}

/* What agents had to say before anyone asked: no O_DIRECT, say. */
static void pass_notes_on(HvbConductor *self)
{
    for (guint i = 0; i < self->bed->n_guests; i++) {
        g_auto(GStrv) notes = hvb_link_take_notes(self->bed->guests[i].link);
        for (char **text = notes; *text; text++) {
            g_autofree char *line =
                g_strdup_printf("%s: %s", self->bed->guests[i].name, *text);
            note(self, "note", line);
        }
    }
}

gboolean hvb_conductor_prepare(HvbConductor *conductor, GArray *plan, guint bed,
                               GError **error)
{
    g_autoptr(GError) cancelled = NULL;
    double limit_percent = find_measured(conductor, plan, bed);

    pass_notes_on(conductor);
    say(conductor, "waiting for the host to become quiet");
    if (!hvb_calibration_wait_quiet(conductor->cancellable, &cancelled)) {
        if (cancelled) {
            g_propagate_error(error, g_steal_pointer(&cancelled));
            return FALSE;
        }
        note(conductor, "host", "the host did not become quiet after the boot");
    }
    for (guint i = 0; i < conductor->bed->n_guests; i++)
        if (!prepare_guest(conductor, i, limit_percent, error))
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

/* Seeds of one cell for different purposes and guests: unrelated streams, but
 * the same ones in every scenario. */
static guint64 derive_seed(const HvbCell *cell, guint guest, guint purpose)
{
    Random random;

    random_init(&random,
                cell->seed ^ ((guint64)guest << 32) ^ ((guint64)purpose << 48));
    return random_u64(&random);
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
            .seed = derive_seed(self->cell, i, SEED_USERS),
        };
        if (profile->guests[i].loaded && load.users > 0 &&
            !hvb_link_load(self->bed->guests[i].link, &load, self->cancellable,
                           error))
            return FALSE;
    }
    return TRUE;
}

/* The window's part of a cell's life. */
static gboolean measure(HvbConductor *self, const HvbProfile *profile,
                        HvbWindow *window, GError **error)
{
    g_autofree HvbUsage *opened = g_new0(HvbUsage, 1);
    g_autofree HvbUsage *closed = g_new0(HvbUsage, 1);
    g_autofree guint64 *seeds = g_new(guint64, self->bed->n_guests);
    WireProbe probe;

    hvb_profile_probe(profile, &probe);
    probe.cell = (guint64)self->cell->attempt << 32 | self->cell->position;
    for (guint i = 0; i < self->bed->n_guests; i++)
        seeds[i] = derive_seed(self->cell, i, SEED_SCHEDULE);
    if (!hvb_window_open(window, &probe, seeds, self->cancellable, error) ||
        !hvb_usage_read(self->bed, opened, error) ||
        !hvb_window_wait_close(window, self->cancellable, error) ||
        !hvb_usage_read(self->bed, closed, error))
        return FALSE;
    hvb_record_meters(self->cell, window, opened, closed);
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
        if (!self->active[i])
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
    hvb_record_counts(cell, window);
    ok = ok && quieten(self, profile, error);
    if (ok)
        hvb_record_verdict(cell, profile, window, self->doubt);
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
        self->measured[i] = guest->measured;
        self->active[i] = guest->measured || guest->loaded;
    }
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
