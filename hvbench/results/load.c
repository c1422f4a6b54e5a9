/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/p3.h"
#include "hvbench/results/set-lock.h"
#include "hvbench/results/store-private.h"

#include "version.h"

#include <string.h>

/* Appends a row's record to `array`; column 0 may hold what no table does. */
typedef void (*AppendFunc)(HvbQuery *query, gpointer array);

/* Calls `append` for each row of the query `name` with its one parameter. */
static gboolean load_rows(HvbStore *store, const char *name, gint64 parameter,
                          AppendFunc append, gpointer array, GError **error)
{
    g_autoptr(HvbQuery) query =
        hvb_database_query(store->database, name, error);
    gboolean row = FALSE;

    if (!query)
        return FALSE;
    sqlite3_bind_int64(query, 1, parameter);
    for (;;) {
        if (!hvb_database_step(store->database, query, &row, error))
            return FALSE;
        if (!row)
            return TRUE;
        append(query, array);
    }
}

static void append_sample(HvbQuery *query, gpointer array)
{
    HvbSample sample = {.guest = (guint)sqlite3_column_int64(query, 0)};

    hvb_row_read(&hvb_sample_row, query, 1, &sample);
    g_array_append_val((GArray *)array, sample);
}

static void append_clock(HvbQuery *query, gpointer array)
{
    HvbClockRecord clock = {.guest = (guint)sqlite3_column_int64(query, 0)};

    hvb_row_read(&hvb_clock_row, query, 1, &clock);
    g_array_append_val((GArray *)array, clock);
}

static void append_meter(HvbQuery *query, gpointer array)
{
    HvbMeterRecord meter = {.guest = (guint)sqlite3_column_int64(query, 0)};

    hvb_row_read(&hvb_meter_row, query, 1, &meter);
    g_array_append_val((GArray *)array, meter);
}

static void append_tuning(HvbQuery *query, gpointer array)
{
    HvbTuning tuning = {0};

    hvb_row_read(&hvb_tuning_row, query, 0, &tuning);
    g_array_append_val((GArray *)array, tuning);
}

static void append_event(HvbQuery *query, gpointer array)
{
    HvbEventRecord event = {0};

    hvb_row_read(&hvb_event_row, query, 0, &event);
    g_array_append_val((GArray *)array, event);
}

static void append_guest(HvbQuery *query, gpointer array)
{
    HvbGuestRecord guest = {0};

    hvb_row_read(&hvb_guest_row, query, 0, &guest);
    g_array_append_val((GArray *)array, guest);
}

static void append_provenance(HvbQuery *query, gpointer array)
{
    HvbProvenance *entry = g_new0(HvbProvenance, 1);

    entry->key = hvb_read_text(query, 0);
    entry->value = hvb_read_text(query, 1);
    g_ptr_array_add(array, entry);
}

/* A profile as recorded. */
typedef struct {
    char *text;
    char *path;
} RecordedProfile;

static void recorded_profile_free(gpointer data)
{
    RecordedProfile *profile = data;

    g_free(profile->text);
    g_free(profile->path);
    g_free(profile);
}

static void append_profile(HvbQuery *query, gpointer array)
{
    RecordedProfile *profile = g_new0(RecordedProfile, 1);

    profile->text = hvb_read_text(query, 0);
    profile->path = hvb_read_text(query, 1);
    g_ptr_array_add(array, profile);
}

static HvbCellStatus status_from_name(const char *name)
{
    HvbCellStatus status = HVB_CELL_FAILED;

    while (status != HVB_CELL_PLANNED &&
           g_strcmp0(name, hvb_cell_status_name(status)) != 0)
        status--;
    return status;
}

/* A cell with its row in the database, whose parts are yet to be loaded. */
typedef struct {
    gint64 id;
    HvbCell *cell;
} CellRow;

static void cell_row_clear(gpointer data)
{
    g_clear_pointer(&((CellRow *)data)->cell, hvb_cell_free);
}

static void append_cell(HvbQuery *query, gpointer array)
{
    g_autofree char *status = hvb_read_text(query, 2);
    CellRow row = {sqlite3_column_int64(query, 0), hvb_cell_new()};

    row.cell->scenario = (guint)sqlite3_column_int64(query, 1);
    row.cell->status = status_from_name(status);
    hvb_row_read(&hvb_cell_row, query, 3, row.cell);
    g_array_append_val((GArray *)array, row);
}

static gboolean load_parts(HvbStore *store, gint64 id, HvbCell *cell,
                           GError **error)
{
    return load_rows(store, "samples", id, append_sample, cell->samples,
                     error) &&
           load_rows(store, "clocks", id, append_clock, cell->clocks, error) &&
           load_rows(store, "meters", id, append_meter, cell->meters, error) &&
           load_rows(store, "tunings", id, append_tuning, cell->tunings,
                     error) &&
           load_rows(store, "tunings-after", id, append_tuning,
                     cell->tunings_after, error) &&
           load_rows(store, "events", id, append_event, cell->events, error);
}

/* Whether it is not run again, by profiles (HvbProfile *) of its run. */
static gboolean is_over(const HvbCell *cell, GPtrArray *profiles)
{
    const HvbProfile *profile = profiles->pdata[cell->scenario];

    return cell->status == HVB_CELL_DONE ||
           (cell->status == HVB_CELL_DISTURBED &&
            cell->attempt > profile->reruns);
}

/* All, or with profiles those that are over. */
static GPtrArray *load_cells(HvbStore *store, gint64 run_id,
                             GPtrArray *profiles, GError **error)
{
    g_autoptr(GPtrArray) cells =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_cell_free);
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(CellRow));

    g_array_set_clear_func(rows, cell_row_clear);
    if (!load_rows(store, "cells", run_id, append_cell, rows, error))
        return NULL;
    for (guint i = 0; i < rows->len; i++) {
        CellRow *row = &g_array_index(rows, CellRow, i);
        if (profiles && !is_over(row->cell, profiles))
            continue;
        if (!load_parts(store, row->id, row->cell, error))
            return NULL;
        g_ptr_array_add(cells, g_steal_pointer(&row->cell));
    }
    return g_steal_pointer(&cells);
}

static GPtrArray *load_recorded_profiles(HvbStore *store, gint64 run_id,
                                         GError **error)
{
    g_autoptr(GPtrArray) recorded =
        g_ptr_array_new_with_free_func(recorded_profile_free);

    if (!load_rows(store, "scenarios", run_id, append_profile, recorded, error))
        return NULL;
    return g_steal_pointer(&recorded);
}

static GPtrArray *load_profiles(HvbStore *store, gint64 run_id, GError **error)
{
    g_autoptr(GPtrArray) recorded =
        load_recorded_profiles(store, run_id, error);
    g_autoptr(GPtrArray) profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_profile_free);

    for (guint i = 0; recorded && i < recorded->len; i++) {
        const RecordedProfile *source = recorded->pdata[i];
        HvbProfile *profile =
            hvb_profile_from_text(source->text, source->path, error);
        if (!profile) {
            g_prefix_error(error, "%s: as recorded: ",
                           hvb_database_path(store->database));
            return NULL;
        }
        g_ptr_array_add(profiles, profile);
    }
    return recorded ? g_steal_pointer(&profiles) : NULL;
}

static void guest_record_clear(gpointer data)
{
    g_free(((HvbGuestRecord *)data)->name);
}

static void event_clear(gpointer data)
{
    hvb_event_record_clear(data);
}

static void provenance_free(gpointer data)
{
    HvbProvenance *entry = data;

    g_free(entry->key);
    g_free(entry->value);
    g_free(entry);
}

void hvb_run_record_free(HvbRunRecord *run)
{
    if (!run)
        return;
    g_free(run->hvbench);
    g_free(run->command_line);
    g_free(run->status);
    g_free(run->why);
    g_clear_pointer(&run->profiles, g_ptr_array_unref);
    g_clear_pointer(&run->cells, g_ptr_array_unref);
    g_clear_pointer(&run->provenance, g_ptr_array_unref);
    g_clear_pointer(&run->guests, g_array_unref);
    g_clear_pointer(&run->events, g_array_unref);
    g_clear_pointer(&run->clocks, g_array_unref);
    g_free(run);
}

/* One that says that it is running, though nobody writes into the set, or it
 * is not the last one in it. Where it cannot be told, it may well run. */
static void see_cut_off(HvbStore *store, gboolean is_last, HvbRunRecord *run)
{
    g_autofree char *dir =
        g_path_get_dirname(hvb_database_path(store->database));

    if (g_strcmp0(run->status, "running") != 0 ||
        (is_last && hvb_set_use(dir) != HVB_SET_FREE))
        return;
    g_free(run->status);
    run->status = g_strdup("cut off");
    run->why = g_strdup("it ended without saying why: it was killed, or its "
                        "host went down");
}

/* The own row of the last run before `id`. FALSE without `error` set: there is
 * no such run. */
static gboolean load_run_row(HvbStore *store, gint64 id, HvbRunRecord *run,
                             GError **error)
{
    g_autoptr(HvbQuery) query =
        hvb_database_query(store->database, "run-before", error);
    gboolean row = FALSE;
    int next;

    if (!query)
        return FALSE;
    sqlite3_bind_int64(query, 1, id);
    if (!hvb_database_step(store->database, query, &row, error) || !row)
        return FALSE;
    next = hvb_row_read(&hvb_run_row, query, 0, run);
    run->id = sqlite3_column_int64(query, next);
    run->ended_us = sqlite3_column_int64(query, next + 1);
    see_cut_off(store, id == G_MAXINT64, run);
    return TRUE;
}

static gboolean load_run_parts(HvbStore *store, HvbRunRecord *run,
                               GError **error)
{
    run->provenance = g_ptr_array_new_with_free_func(provenance_free);
    run->guests = g_array_new(FALSE, FALSE, sizeof(HvbGuestRecord));
    g_array_set_clear_func(run->guests, guest_record_clear);
    run->events = g_array_new(FALSE, FALSE, sizeof(HvbEventRecord));
    g_array_set_clear_func(run->events, event_clear);
    run->clocks = g_array_new(FALSE, FALSE, sizeof(HvbClockRecord));
    run->profiles = load_profiles(store, run->id, error);
    if (!run->profiles)
        return FALSE;
    run->cells = load_cells(store, run->id, NULL, error);
    if (!run->cells)
        return FALSE;
    return load_rows(store, "provenance", run->id, append_provenance,
                     run->provenance, error) &&
           load_rows(store, "guests", run->id, append_guest, run->guests,
                     error) &&
           load_rows(store, "run-clocks", run->id, append_clock, run->clocks,
                     error) &&
           load_rows(store, "run-events", run->id, append_event, run->events,
                     error);
}

HvbRunRecord *hvb_store_load_run_before(HvbStore *store, gint64 id,
                                        GError **error)
{
    /* One state throughout, though a run may be writing. */
    g_autoptr(HvbTransaction) transaction =
        hvb_transaction_begin(store->database, FALSE, error);
    g_autoptr(HvbRunRecord) run = NULL;

    if (!transaction)
        return NULL;
    run = g_new0(HvbRunRecord, 1);
    if (!load_run_row(store, id, run, error) ||
        !load_run_parts(store, run, error))
        return NULL;
    return g_steal_pointer(&run);
}

HvbRunRecord *hvb_store_load_run(HvbStore *store, GError **error)
{
    g_autoptr(GError) failure = NULL;
    HvbRunRecord *run = hvb_store_load_run_before(store, G_MAXINT64, &failure);

    if (!run && !failure)
        g_set_error(&failure, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_EMPTY,
                    "%s: holds no run; 'hvbench run -o DIR PROFILE' makes one",
                    hvb_database_path(store->database));
    if (failure)
        g_propagate_error(error, g_steal_pointer(&failure));
    return run;
}

/* The profile's text without the line of the seed: chosen at random, it differs
 * from one invocation to the next. */
static char *without_seed(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *rest = g_string_new(NULL);

    for (guint i = 0; lines[i]; i++) {
        gboolean is_seed = FALSE;
        if (g_str_has_prefix(lines[i], "seed")) {
            const char *after = lines[i] + strlen("seed");
            is_seed = after[strspn(after, " \t")] == '=';
        }
        if (!is_seed)
            g_string_append_printf(rest, "%s\n", lines[i]);
    }
    return g_string_free(rest, FALSE);
}

static gboolean is_same_profile(const HvbProfile *profile, const char *recorded)
{
    g_autofree char *text = hvb_profile_to_text(profile);
    g_autofree char *clean = hvb_clean_text(text);
    g_autofree char *a = without_seed(clean);
    g_autofree char *b = without_seed(recorded);

    return g_strcmp0(a, b) == 0;
}

gboolean hvb_store_is_made_from(HvbStore *store, gint64 run_id,
                                GPtrArray *profiles, GError **error)
{
    g_autoptr(GPtrArray) recorded =
        load_recorded_profiles(store, run_id, error);

    if (!recorded || recorded->len != profiles->len)
        return FALSE;
    for (guint i = 0; i < recorded->len; i++) {
        const RecordedProfile *other = recorded->pdata[i];
        if (!is_same_profile(profiles->pdata[i], other->text))
            return FALSE;
    }
    return TRUE;
}

/* Cells made in another way must not be mixed with those to come. */
static gboolean is_made_alike(HvbStore *store, const HvbRunRecord *run,
                              guint64 seed, GError **error)
{
    const char *file = hvb_database_path(store->database);

    if (strcmp(run->hvbench, HVB_VERSION) != 0) {
        g_set_error(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_DIFFERS,
                    "the run in %s was made by hvbench %s, and this is %s: "
                    "name another directory",
                    file, run->hvbench, HVB_VERSION);
        return FALSE;
    }
    if (seed != 0 && seed != run->seed) {
        g_set_error(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_DIFFERS,
                    "the run in %s was made with the seed %" G_GUINT64_FORMAT
                    ", not %" G_GUINT64_FORMAT
                    ": leave the seed out, or name another directory",
                    file, run->seed, seed);
        return FALSE;
    }
    return TRUE;
}

static gboolean has_figures(GPtrArray *cells)
{
    for (guint i = 0; i < cells->len; i++)
        if (((const HvbCell *)cells->pdata[i])->status == HVB_CELL_DONE)
            return TRUE;
    return FALSE;
}

gboolean hvb_store_resume(HvbStore *store, GPtrArray *profiles, guint64 seed,
                          guint64 *ret_seed, GPtrArray **ret_cells,
                          GError **error)
{
    g_autoptr(HvbTransaction) transaction =
        hvb_transaction_begin(store->database, TRUE, error);
    g_autoptr(HvbRunRecord) run = NULL;
    g_autoptr(GPtrArray) cells = NULL;
    g_autoptr(GError) failure = NULL;

    if (!transaction)
        return FALSE;
    run = g_new0(HvbRunRecord, 1);
    if (!load_run_row(store, G_MAXINT64, run, &failure) ||
        g_strcmp0(run->status, "done") == 0 ||
        !hvb_store_is_made_from(store, run->id, profiles, &failure)) {
        if (failure)
            g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    cells = load_cells(store, run->id, profiles, error);
    if (!cells || !has_figures(cells) ||
        !is_made_alike(store, run, seed, error) ||
        !hvb_store_set_status(store, run->id, "running", NULL, 0, error) ||
        !hvb_transaction_commit(transaction, error))
        return FALSE;
    hvb_store_set_run(store, run->id);
    *ret_seed = run->seed;
    *ret_cells = g_steal_pointer(&cells);
    return TRUE;
}

HvbClockFit hvb_run_record_clock(const HvbRunRecord *run, guint boot)
{
    g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(HvbClockRecord));

    return hvb_clock_fit(run->clocks ? run->clocks : none, boot);
}

static HvbP3 *scenario_p3(const HvbRunRecord *run, guint scenario)
{
    const HvbProfile *profile = run->profiles->pdata[scenario];
    HvbP3 *p3 = hvb_p3_for_profile(profile);
    g_autoptr(GPtrArray) cells = g_ptr_array_new();

    for (guint i = 0; i < run->cells->len; i++) {
        HvbCell *cell = run->cells->pdata[i];
        if (cell->scenario == scenario)
            g_ptr_array_add(cells, cell);
    }
    for (guint level = 0; level < HVB_N_LEVELS; level++)
        if (profile->levels[level])
            hvb_p3_update_level(p3, (HvbLevel)level, cells);
    return p3;
}

GPtrArray *hvb_run_record_p3(const HvbRunRecord *run)
{
    GPtrArray *p3s =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_p3_free);

    for (guint i = 0; i < run->profiles->len; i++)
        g_ptr_array_add(p3s, scenario_p3(run, i));
    return p3s;
}
