/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/session.h"

#include "hvbench/bed/accel.h"
#include "hvbench/bed/libvirt-bed.h"
#include "hvbench/cli/enforced.h"
#include "hvbench/cli/progress.h"
#include "hvbench/cli/provenance.h"
#include "hvbench/run/conductor.h"
#include "hvbench/run/plan.h"

#include <string.h>
#include <unistd.h>

/* How often a bed is booted anew after it lost a guest. */
#define REBOOTS_AT_MOST 2

typedef struct {
    const HvbSessionSettings *settings;
    HvbProgress *progress;
    guint log_handler;
    GArray *plan;
    gboolean *cell_done;      /* per position in the plan */
    GPtrArray *cells;         /* HvbCell *, all so far */
    GPtrArray *p3s;           /* HvbP3 *, per scenario */
    gboolean *enforced_shown; /* per scenario */
} Session;

static HvbProfile *profile_of(Session *self, guint scenario)
{
    return self->settings->profiles->pdata[scenario];
}

static HvbP3 *p3_of(Session *self, guint scenario)
{
    return self->p3s->pdata[scenario];
}

/* `extra` is a cell under way, or NULL. */
static void update_p3(Session *self, guint scenario, HvbLevel level,
                      const HvbCell *extra)
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new();

    for (guint i = 0; i < self->cells->len; i++) {
        HvbCell *cell = self->cells->pdata[i];
        if (cell->scenario == scenario)
            g_ptr_array_add(cells, cell);
    }
    if (extra)
        g_ptr_array_add(cells, (gpointer)extra);
    hvb_p3_update_level(p3_of(self, scenario), level, cells);
}

static void show_plan(Session *self)
{
    guint done = 0;
    guint64 rest_ms = 0;

    for (guint i = 0; i < self->plan->len; i++) {
        const HvbPlanCell *cell = &g_array_index(self->plan, HvbPlanCell, i);
        if (self->cell_done[i])
            done++;
        else
            rest_ms += hvb_plan_cell_ms(profile_of(self, cell->scenario));
    }
    hvb_progress_plan(self->progress, done, self->plan->len,
                      (guint)(rest_ms / 1000));
}

/* Shows what belongs to no cell, and keeps it as an event of this kind. That
 * it cannot be kept is no reason to end the run: storing the next cell is. */
static void note(Session *self, const char *kind, const char *text)
{
    const HvbEventRecord event = {.time_ns = hvb_now_ns(),
                                  .kind = (char *)kind,
                                  .text = (char *)text};
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    g_autoptr(GError) error = NULL;

    for (char **line = lines; *line; line++)
        hvb_progress_note(self->progress, "%s", *line);
    if (!hvb_store_add_event(self->settings->store, &event, &error))
        hvb_progress_note(self->progress, "%s", error->message);
}

static void on_note(const char *kind, const char *text, gpointer user_data)
{
    note(user_data, kind, text);
}

static void on_phase(const char *what, gpointer user_data)
{
    Session *self = user_data;

    hvb_progress_phase(self->progress, "%s", what);
}

static gboolean on_guest_ready(guint guest, const HvbGuest *said,
                               const WireCalibration *calibration,
                               const gint64 reference_ns[WIRE_N_OPERATIONS],
                               gpointer user_data, GError **error)
{
    Session *self = user_data;

    if (reference_ns[WIRE_OPEN] > 0)
        hvb_progress_note(self->progress,
                          "%s: %" G_GUINT64_FORMAT
                          " iterations/ms; undisturbed, key takes "
                          "%.1f ms, open %.1f ms, launch %.1f ms",
                          said->name, calibration->iterations_per_ms,
                          (double)reference_ns[WIRE_KEY] / 1e6,
                          (double)reference_ns[WIRE_OPEN] / 1e6,
                          (double)reference_ns[WIRE_LAUNCH] / 1e6);
    return hvb_store_add_guest(self->settings->store, guest, said->name,
                               &said->hello, calibration, reference_ns, error);
}

static void on_cell_begins(const HvbCell *cell, gpointer user_data)
{
    Session *self = user_data;

    show_plan(self);
    hvb_progress_p3(self->progress, p3_of(self, cell->scenario),
                    (int)cell->level);
}

/* Once for each scenario: what was read back from the host. */
static void show_enforced(Session *self, const HvbCell *cell)
{
    if (self->enforced_shown[cell->scenario])
        return;
    g_autofree char *text = hvb_enforced_describe(cell->tunings);
    self->enforced_shown[cell->scenario] = TRUE;
    hvb_progress_note(self->progress, "%s: the host enforces: %s",
                      profile_of(self, cell->scenario)->name, text);
}

static void on_samples(const HvbCell *cell, gpointer user_data)
{
    Session *self = user_data;

    show_enforced(self, cell);
    update_p3(self, cell->scenario, cell->level, cell);
    hvb_progress_p3(self->progress, p3_of(self, cell->scenario),
                    (int)cell->level);
}

static void note_cell(Session *self, const HvbCell *cell)
{
    const HvbProfile *profile = profile_of(self, cell->scenario);
    const HvbP3 *p3 = p3_of(self, cell->scenario);

    if (cell->why)
        hvb_progress_note(self->progress, "%s %s: %s%s%s", profile->name,
                          hvb_level_name(cell->level),
                          cell->status == HVB_CELL_DONE
                              ? "suspect"
                              : hvb_cell_status_name(cell->status),
                          ": ", cell->why);
    if (cell->status != HVB_CELL_DONE)
        return;
    for (guint i = 0; i < p3->levels->len; i++) {
        const HvbP3Level *level = &g_array_index(p3->levels, HvbP3Level, i);
        const HvbP3Row *row = &level->operations[p3->headline];
        if (level->level == cell->level)
            hvb_progress_note(
                self->progress,
                "%-8s %-8s  %3u samples  mean %5.0f ms  p90 %5.0f ms  max "
                "%5.0f ms  CPU: guest says %3.0f %%, host %3.0f %%",
                profile->name, hvb_level_name(cell->level), row->samples,
                MAX(0, row->mean_ms), MAX(0, row->p90_ms), MAX(0, row->max_ms),
                level->guest_busy_percent, level->host_busy_percent);
    }
}

static gboolean on_cell_ends(HvbCell *cell, gpointer user_data, GError **error)
{
    Session *self = user_data;
    gboolean stored = hvb_store_add_cell(self->settings->store, cell, error);

    g_ptr_array_add(self->cells, cell);
    update_p3(self, cell->scenario, cell->level, NULL);
    /* A cell that stays disturbed after its reruns is over, too. */
    if (cell->status != HVB_CELL_FAILED)
        self->cell_done[cell->position] = TRUE;
    note_cell(self, cell);
    show_plan(self);
    return stored;
}

static void on_boot(guint up, guint all, gpointer user_data)
{
    Session *self = user_data;

    hvb_progress_phase(self->progress, "booting guests: %u of %u up", up, all);
}

static gboolean run_cells(Session *self, HvbBed *bed, guint bed_index,
                          GError **error)
{
    static const HvbConductorHooks hooks = {
        .phase = on_phase,
        .note = on_note,
        .guest_ready = on_guest_ready,
        .cell_begins = on_cell_begins,
        .samples = on_samples,
        .cell_ends = on_cell_ends,
    };
    const HvbSessionSettings *settings = self->settings;
    g_autoptr(HvbConductor) conductor =
        hvb_conductor_new(bed, settings->profiles, &hooks, self,
                          settings->cancellable);

    if (!hvb_conductor_prepare(conductor, self->plan, bed_index, error))
        return FALSE;
    for (guint i = 0; i < self->plan->len; i++) {
        const HvbPlanCell *cell = &g_array_index(self->plan, HvbPlanCell, i);
        if (cell->bed == bed_index && !self->cell_done[i] &&
            !hvb_conductor_run_cell(conductor, cell, error))
            return FALSE;
    }
    return TRUE;
}

static const HvbProfile *first_open(Session *self, guint bed_index)
{
    for (guint i = 0; i < self->plan->len; i++) {
        const HvbPlanCell *cell = &g_array_index(self->plan, HvbPlanCell, i);
        if (cell->bed == bed_index && !self->cell_done[i])
            return profile_of(self, cell->scenario);
    }
    return NULL;
}

/* Where a guest is gone, that is the cause, whatever failed on it first (a
 * libvirt call, say); adds what its console says. */
static void explain(HvbBed *bed, GError **error)
{
    for (guint i = 0; i < bed->n_guests; i++) {
        if (!hvb_link_why_down(bed->guests[i].link))
            continue;
        g_autofree char *why = bed->explain(bed, i);
        g_autoptr(GError) cause = g_steal_pointer(error);
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_GUEST, "%s; %s",
                    cause->message, why);
        return;
    }
}

static gboolean run_bed(Session *self, HvbConnection *connection,
                        guint bed_index, const HvbProfile *profile,
                        GError **error)
{
    const HvbSessionSettings *settings = self->settings;
    g_autofree char *console = g_build_filename(settings->dir, "console", NULL);
    const HvbBootSettings boot = {console, on_boot, self,
                                  settings->cancellable};

    hvb_progress_phase(self->progress, "looking for an accelerator");
    g_autofree char *reason = NULL;
    HvbAccel accel =
        hvb_accel_choose(connection, profile, &boot, &reason, error);
    if (accel == HVB_ACCEL_AUTO)
        return FALSE;
    hvb_progress_phase(self->progress, "booting %u guests", profile->n_guests);
    g_autoptr(HvbBed) bed =
        hvb_libvirt_bed_boot(connection, profile, accel, reason, &boot, error);
    if (!bed)
        return FALSE;
    g_autofree char *up =
        g_strdup_printf("%u guests are up: %s, %s, %s (%s)", bed->n_guests,
                        bed->stack.hypervisor, bed->stack.machine,
                        bed->stack.accel, bed->stack.accel_reason);
    note(self, "boot", up);
    if (!hvb_provenance_add_bed(settings->store, settings->dir, bed_index, bed,
                                error))
        return FALSE;
    g_autoptr(GError) failure = NULL;
    if (run_cells(self, bed, bed_index, &failure)) {
        hvb_progress_phase(self->progress, "stopping the guests");
        return TRUE;
    }
    hvb_progress_phase(self->progress, "stopping the guests");
    if (!g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        explain(bed, &failure);
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

/* A guest that does not answer in time is as good as lost. */
static gboolean is_lost_guest(const GError *failure)
{
    return g_error_matches(failure, HVB_BED_ERROR, HVB_BED_ERROR_GUEST) ||
           g_error_matches(failure, HVB_BED_ERROR, HVB_BED_ERROR_TIMEOUT);
}

static gboolean run_bed_with_reboots(Session *self, HvbConnection *connection,
                                     guint bed_index, GError **error)
{
    const HvbProfile *profile;
    guint reboots = 0;

    while ((profile = first_open(self, bed_index))) {
        g_autoptr(GError) failure = NULL;
        if (run_bed(self, connection, bed_index, profile, &failure))
            continue;
        if (!is_lost_guest(failure) || reboots++ == REBOOTS_AT_MOST) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        g_autofree char *again =
            g_strdup_printf("booting the guests anew (%u of %d times at most)",
                            reboots, REBOOTS_AT_MOST);
        note(self, "lost", failure->message);
        note(self, "reboot", again);
    }
    return TRUE;
}

/* Warnings of the layers below go above the redrawn part of the screen. */
static void on_log(const char *domain, GLogLevelFlags level,
                   const char *message, gpointer user_data)
{
    (void)domain;
    note(user_data, level & G_LOG_LEVEL_WARNING ? "warning" : "message",
         message);
}

static void session_clear(Session *self)
{
    g_log_remove_handler(G_LOG_DOMAIN, self->log_handler);
    g_clear_pointer(&self->progress, hvb_progress_free);
    g_clear_pointer(&self->plan, g_array_unref);
    g_clear_pointer(&self->cells, g_ptr_array_unref);
    g_clear_pointer(&self->p3s, g_ptr_array_unref);
    g_free(self->cell_done);
    g_free(self->enforced_shown);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Session, session_clear)

/* Cells that an interrupted run has measured already. */
static void take_done(Session *self)
{
    GPtrArray *done = self->settings->done;

    while (done && done->len > 0) {
        HvbCell *cell = g_ptr_array_steal_index_fast(done, 0);
        if (cell->position < self->plan->len)
            self->cell_done[cell->position] = TRUE;
        g_ptr_array_add(self->cells, cell);
    }
    for (guint i = 0; i < self->plan->len; i++) {
        const HvbPlanCell *cell = &g_array_index(self->plan, HvbPlanCell, i);
        update_p3(self, cell->scenario, cell->level, NULL);
    }
}

static void session_init(Session *self, const HvbSessionSettings *settings)
{
    self->settings = settings;
    self->progress = hvb_progress_new(stdout);
    self->log_handler =
        g_log_set_handler(G_LOG_DOMAIN,
                          G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE, on_log,
                          self);
    self->plan = hvb_plan_make(settings->profiles, settings->seed);
    self->cell_done = g_new0(gboolean, self->plan->len);
    self->enforced_shown = g_new0(gboolean, settings->profiles->len);
    self->cells = g_ptr_array_new_with_free_func((GDestroyNotify)hvb_cell_free);
    self->p3s = g_ptr_array_new_with_free_func((GDestroyNotify)hvb_p3_free);
    for (guint i = 0; i < settings->profiles->len; i++) {
        const HvbProfile *profile = settings->profiles->pdata[i];
        g_ptr_array_add(self->p3s,
                        hvb_p3_new(profile->name, profile->figure,
                                   profile->title, profile->headline));
    }
    take_done(self);
    show_plan(self);
}

gboolean hvb_session_run(const HvbSessionSettings *settings, GError **error)
{
    g_auto(Session) self = {0};
    guint n_beds = 0;

    session_init(&self, settings);
    for (guint i = 0; i < self.plan->len; i++)
        n_beds = MAX(n_beds, g_array_index(self.plan, HvbPlanCell, i).bed + 1);
    if (!hvb_provenance_add_host(settings->store, settings->dir, error))
        return FALSE;
    hvb_progress_phase(self.progress, "connecting to libvirt");
    g_autoptr(HvbConnection) connection =
        hvb_connection_open(settings->connect, error);
    if (!connection)
        return FALSE;
    for (guint bed = 0; bed < n_beds; bed++)
        if (!run_bed_with_reboots(&self, connection, bed, error))
            return FALSE;
    return TRUE;
}
