/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/session-private.h"

#include "hvbench/cli/enforced.h"
#include "hvbench/report/report.h"

/* Samples of the client side come one by one: computing their P3 anew each time
 * would be most of what hvbench costs. */
#define UPDATE_INTERVAL_US (G_USEC_PER_SEC / 4)

HvbProfile *hvb_session_profile(HvbSession *self, guint scenario)
{
    return self->settings->profiles->pdata[scenario];
}

static HvbP3 *p3_of(HvbSession *self, guint scenario)
{
    return self->p3s->pdata[scenario];
}

/* Computes a level of a P3 of this scenario. `extra` is a cell under way, or
 * NULL. */
static void compute(HvbSession *self, HvbP3 *p3, guint scenario, HvbLevel level,
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
    hvb_p3_update_level(p3, level, cells);
}

static void update_p3(HvbSession *self, guint scenario, HvbLevel level,
                      const HvbCell *extra)
{
    compute(self, p3_of(self, scenario), scenario, level, extra);
}

static const HvbP3Level *level_of(const HvbP3 *p3, HvbLevel level)
{
    for (guint i = 0; i < p3->levels->len; i++) {
        const HvbP3Level *row = &g_array_index(p3->levels, HvbP3Level, i);
        if (row->level == level)
            return row;
    }
    return NULL;
}

/* NULL if there is none yet. */
static const HvbP3Level *find_level(HvbSession *self, guint scenario,
                                    HvbLevel level)
{
    return level_of(p3_of(self, scenario), level);
}

void hvb_session_show_plan(HvbSession *self)
{
    HvbPlanner *planner = self->settings->planner;
    HvbForecast forecast;

    planner->forecast(planner, &forecast);
    hvb_progress_plan(self->progress, forecast.done, forecast.all,
                      forecast.rest_s);
}

/* That it cannot be kept is no reason to end the run: storing the next cell
 * is. */
void hvb_session_note(HvbSession *self, const char *kind, const char *text)
{
    gint64 now_ns = hvb_now_ns();
    const HvbEventRecord event = {.time_ns = now_ns,
                                  .host_ns = now_ns,
                                  .kind = (char *)kind,
                                  .text = (char *)text};
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    g_autoptr(GError) error = NULL;

    for (char **line = lines; *line; line++)
        hvb_progress_note(self->progress, "%s", *line);
    if (!hvb_store_add_event(self->settings->store, &event, &error))
        hvb_progress_note(self->progress, "%s", error->message);
}

void hvb_session_spend(HvbSession *self, guint entry, guint n)
{
    const HvbSessionSettings *settings = self->settings;
    gint64 now_us = g_get_monotonic_time();
    double seconds = (double)(now_us - self->lap_us) / 1e6;
    g_autoptr(GError) error = NULL;

    self->lap_us = now_us;
    if (!settings->ledger)
        return;
    hvb_ledger_add(settings->ledger, entry, n, seconds);
    g_autofree char *key =
        hvb_ledger_key(HVB_BUDGET_USED_PREFIX, entry, settings->profiles);
    g_autofree char *text = hvb_spent_format(&settings->ledger->entries[entry]);
    if (!hvb_store_set_provenance(settings->store, key, text, &error))
        hvb_progress_note(self->progress, "%s", error->message);
}

static void on_note(const char *kind, const char *text, gpointer user_data)
{
    hvb_session_note(user_data, kind, text);
}

static void on_phase(const char *what, gpointer user_data)
{
    HvbSession *self = user_data;

    hvb_progress_phase(self->progress, "%s", what);
}

static void note_references(HvbSession *self, const char *guest,
                            guint64 iterations_per_ms,
                            const HvbReferences *references)
{
    static const char *const how[] = {
        [WIRE_SERVER] = "undisturbed",
        [WIRE_CLIENT] = "undisturbed and timed by the host",
    };

    for (guint v = 0; v < WIRE_N_VANTAGES; v++) {
        const gint64 *ns = references->ns[v];
        if (ns[WIRE_OPEN] > 0)
            hvb_progress_note(self->progress,
                              "%s: %" G_GUINT64_FORMAT
                              " iterations/ms; %s, key takes %.1f ms, open "
                              "%.1f ms, launch %.1f ms",
                              guest, iterations_per_ms, how[v],
                              (double)ns[WIRE_KEY] / 1e6,
                              (double)ns[WIRE_OPEN] / 1e6,
                              (double)ns[WIRE_LAUNCH] / 1e6);
    }
}

static gboolean on_guest_ready(guint guest, const HvbGuest *said,
                               const WireCalibration *calibration,
                               const HvbReferences *references,
                               gpointer user_data, GError **error)
{
    HvbSession *self = user_data;

    self->calibrated += calibration->iterations_per_ms > 0 ? 1 : 0;
    note_references(self, said->name, calibration->iterations_per_ms,
                    references);
    return hvb_store_add_guest(self->settings->store, guest, said->name,
                               &said->hello, calibration, references, error);
}

static void on_cell_begins(const HvbCell *cell, gpointer user_data)
{
    HvbSession *self = user_data;

    hvb_session_show_plan(self);
    hvb_progress_p3(self->progress, p3_of(self, cell->scenario),
                    (int)cell->level);
}

/* Once for each scenario: what was read back from the host. */
static void show_enforced(HvbSession *self, const HvbCell *cell)
{
    if (self->enforced_shown[cell->scenario])
        return;
    g_autofree char *text = hvb_enforced_describe(cell->tunings);
    self->enforced_shown[cell->scenario] = TRUE;
    hvb_progress_note(self->progress, "%s: the host enforces: %s",
                      hvb_session_profile(self, cell->scenario)->name, text);
}

static void on_samples(const HvbCell *cell, gpointer user_data)
{
    HvbSession *self = user_data;
    gint64 now_us = g_get_monotonic_time();

    show_enforced(self, cell);
    if (now_us - self->updated_us < UPDATE_INTERVAL_US)
        return;
    self->updated_us = now_us;
    update_p3(self, cell->scenario, cell->level, cell);
    hvb_progress_p3(self->progress, p3_of(self, cell->scenario),
                    (int)cell->level);
}

static char *row_text(const HvbProfile *profile, HvbLevel level,
                      const HvbP3Row *row)
{
    return g_strdup_printf("%-8s %-8s  %3u samples  mean %5.0f ms  p90 %5.0f "
                           "ms  max %5.0f ms",
                           profile->name, hvb_level_name(level), row->samples,
                           row->mean_ms, row->p90_ms, row->max_ms);
}

/* The same operations as the host times them, if it does beside the guest. */
static void note_client_side(HvbSession *self, const HvbCell *cell)
{
    const HvbProfile *profile = hvb_session_profile(self, cell->scenario);
    g_autoptr(HvbP3) p3 = hvb_p3_for_profile(profile);

    if (profile->vantages != HVB_VANTAGES_BOTH)
        return;
    p3->vantage = WIRE_CLIENT;
    compute(self, p3, cell->scenario, cell->level, NULL);
    const HvbP3Level *level = level_of(p3, cell->level);
    if (!level)
        return;
    g_autofree char *text =
        row_text(profile, cell->level, &level->operations[profile->headline]);
    hvb_progress_note(self->progress,
                      "%s  client side, sent %.1f ms late at most", text,
                      (double)cell->late_send_ns / 1e6);
}

static void note_cell(HvbSession *self, const HvbCell *cell)
{
    const HvbProfile *profile = hvb_session_profile(self, cell->scenario);
    const HvbP3Level *level = find_level(self, cell->scenario, cell->level);

    if (cell->why)
        hvb_progress_note(self->progress, "%s %s: %s%s%s", profile->name,
                          hvb_level_name(cell->level),
                          cell->status == HVB_CELL_DONE
                              ? "suspect"
                              : hvb_cell_status_name(cell->status),
                          ": ", cell->why);
    if (cell->status != HVB_CELL_DONE || !level)
        return;
    g_autofree char *text =
        row_text(profile, cell->level, &level->operations[profile->headline]);
    hvb_progress_note(self->progress,
                      "%s  CPU: guest says %3.0f %%, host %3.0f %%", text,
                      level->guest_busy_percent, level->host_busy_percent);
    note_client_side(self, cell);
}

static gboolean on_cell_ends(HvbCell *cell, gpointer user_data, GError **error)
{
    HvbSession *self = user_data;
    gboolean stored = hvb_store_add_cell(self->settings->store, cell, error);

    g_ptr_array_add(self->cells, cell);
    update_p3(self, cell->scenario, cell->level, NULL);
    note_cell(self, cell);
    return stored;
}

const HvbConductorHooks hvb_session_hooks = {
    .phase = on_phase,
    .note = on_note,
    .guest_ready = on_guest_ready,
    .cell_begins = on_cell_begins,
    .samples = on_samples,
    .cell_ends = on_cell_ends,
};

/* A cell that stays disturbed after its reruns is over, too. */
static void tell_planner(HvbSession *self, guint scenario, HvbLevel level,
                         guint repetition)
{
    HvbPlanner *planner = self->settings->planner;
    const HvbProfile *profile = hvb_session_profile(self, scenario);
    const HvbP3Level *row = find_level(self, scenario, level);
    HvbKnown known = {0};

    if (row) {
        const HvbP3Row *headline = &row->operations[profile->headline];
        known = (HvbKnown){
            .cells = row->cells,
            .mean_ms = headline->mean_ms,
            .half_ms = headline->half_width_ms,
        };
    }
    planner->finished(planner, scenario, level, repetition, &known);
}

void hvb_session_take_done(HvbSession *self)
{
    GPtrArray *done = self->settings->done;
    guint n = done ? done->len : 0;

    while (done && done->len > 0)
        g_ptr_array_add(self->cells, g_ptr_array_steal_index_fast(done, 0));
    for (guint s = 0; s < self->settings->profiles->len; s++)
        for (guint level = 0; level < HVB_N_LEVELS; level++)
            if (hvb_session_profile(self, s)->levels[level])
                update_p3(self, s, (HvbLevel)level, NULL);
    for (guint i = 0; i < n; i++) {
        const HvbCell *cell = self->cells->pdata[i];
        if (hvb_session_profile(self, cell->scenario)->levels[cell->level])
            tell_planner(self, cell->scenario, cell->level, cell->repetition);
    }
}

/* Whether each level has a cell that counts. */
static gboolean is_complete(HvbSession *self, guint scenario)
{
    for (guint level = 0; level < HVB_N_LEVELS; level++) {
        const HvbP3Level *row = find_level(self, scenario, (HvbLevel)level);
        if (hvb_session_profile(self, scenario)->levels[level] &&
            (!row || row->cells == 0))
            return FALSE;
    }
    return TRUE;
}

guint hvb_session_count_unmeasured(HvbSession *self)
{
    guint n = 0;

    for (guint s = 0; s < self->settings->profiles->len; s++)
        for (guint level = 0; level < HVB_N_LEVELS; level++) {
            const HvbP3Level *row = find_level(self, s, (HvbLevel)level);
            if (hvb_session_profile(self, s)->levels[level] &&
                (!row || (row->cells == 0 && row->disturbed == 0)))
                n++;
        }
    return n;
}

/* Something to look at while the run goes on. The report draws it again. */
static void draw(HvbSession *self, guint scenario)
{
    const HvbSessionSettings *settings = self->settings;
    const char *name = hvb_session_profile(self, scenario)->name;
    g_autoptr(GError) error = NULL;

    if (self->drawn[scenario] || !is_complete(self, scenario) ||
        g_cancellable_is_cancelled(settings->cancellable))
        return;
    self->drawn[scenario] = TRUE;
    hvb_progress_phase(self->progress, "drawing the picture of %s", name);
    if (hvb_figure_write(settings->dir, p3_of(self, scenario), &error))
        hvb_progress_note(self->progress, "%s: its picture is %s/p3-%s.png",
                          name, settings->dir, name);
    else
        hvb_progress_note(self->progress, "%s: no picture yet: %s", name,
                          error->message);
    hvb_session_spend(self, HVB_EXPENSE_REPORT, 1);
}

/* Calibrates the guests that scenarios of this bed use. */
static gboolean prepare(HvbSession *self, HvbConductor *conductor,
                        const HvbBed *bed, guint bed_index, GError **error)
{
    const HvbSessionSettings *settings = self->settings;
    g_autofree gboolean *scenarios = g_new0(gboolean, settings->profiles->len);

    for (guint i = 0; i < settings->profiles->len; i++)
        scenarios[i] = settings->planner->beds[i] == bed_index;
    self->calibrated = bed->host ? 1 : 0;
    gboolean prepared = hvb_conductor_prepare(conductor, scenarios, error);
    if (prepared)
        hvb_session_spend(self, HVB_EXPENSE_CALIBRATION, self->calibrated);
    else
        hvb_session_spend(self, HVB_EXPENSE_INTERRUPTED, 0);
    return prepared;
}

gboolean hvb_session_run_cells(HvbSession *self, HvbBed *bed, guint bed_index,
                               GError **error)
{
    const HvbSessionSettings *settings = self->settings;
    HvbPlanner *planner = settings->planner;
    HvbPlanCell cell;
    g_autoptr(HvbConductor) conductor =
        hvb_conductor_new(bed, settings->profiles, &hvb_session_hooks, self,
                          settings->cancellable);

    if (!prepare(self, conductor, bed, bed_index, error))
        return FALSE;
    planner->set_up(planner, bed_index, TRUE);
    while (planner->next(planner, bed_index, &cell)) {
        gboolean over = hvb_conductor_run_cell(conductor, &cell, error);
        if (!over) {
            hvb_session_spend(self, HVB_EXPENSE_INTERRUPTED, 0);
            return FALSE;
        }
        hvb_session_spend(self, HVB_LEDGER_SCENARIO(cell.scenario), 1);
        tell_planner(self, cell.scenario, cell.level, cell.repetition);
        hvb_session_show_plan(self);
        draw(self, cell.scenario);
    }
    return TRUE;
}
