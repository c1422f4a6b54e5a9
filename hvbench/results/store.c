/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/store-private.h"

#include "version.h"

#include <string.h>

G_DEFINE_QUARK(hvb_results_error, hvb_results_error)

HvbStore *hvb_store_open(const char *dir, gboolean create, GError **error)
{
    HvbDatabase *database = hvb_database_open(dir, create, error);
    HvbStore *store;

    if (!database)
        return NULL;
    store = g_new0(HvbStore, 1);
    store->database = database;
    return store;
}

void hvb_store_free(HvbStore *store)
{
    if (!store)
        return;
    hvb_database_free(store->database);
    g_free(store);
}

void hvb_store_set_run(HvbStore *store, gint64 run_id)
{
    store->run_id = run_id;
    /* A run boots its guests anew. */
    memset(store->guest_ids, 0, sizeof store->guest_ids);
}

static gboolean add_scenario(HvbStore *store, gint64 run_id, guint position,
                             const HvbProfile *profile, GError **error)
{
    g_autofree char *text = hvb_profile_to_text(profile);
    g_autoptr(HvbQuery) query =
        hvb_database_query(store->database, "add-scenario", error);

    if (!query)
        return FALSE;
    sqlite3_bind_int64(query, 1, run_id);
    sqlite3_bind_int64(query, 2, position);
    sqlite3_bind_int64(query, 3, profile->headline);
    hvb_bind_text(query, 4, profile->name);
    hvb_bind_text(query, 5, profile->figure ? profile->figure : "");
    hvb_bind_text(query, 6, profile->title ? profile->title : "");
    hvb_bind_text(query, 7, profile->path ? profile->path : "");
    hvb_bind_text(query, 8, text);
    return hvb_database_run(store->database, query, error);
}

static gboolean add_run(HvbStore *store, const char *command_line, guint64 seed,
                        gint64 *ret_id, GError **error)
{
    HvbRunRecord run = {
        .hvbench = (char *)HVB_VERSION,
        .command_line = (char *)command_line,
        .status = (char *)"running",
        .seed = seed,
        .started_us = g_get_real_time(),
    };
    g_autoptr(HvbQuery) query =
        hvb_database_query(store->database, "add-run", error);

    if (!query)
        return FALSE;
    hvb_row_bind(&hvb_run_row, query, 1, &run);
    if (!hvb_database_run(store->database, query, error))
        return FALSE;
    *ret_id = hvb_database_last_id(store->database);
    return TRUE;
}

gboolean hvb_store_begin_run(HvbStore *store, const char *command_line,
                             guint64 seed, GPtrArray *profiles, GError **error)
{
    g_autoptr(HvbTransaction) transaction =
        hvb_transaction_begin(store->database, TRUE, error);
    gint64 id = 0;

    if (!transaction || !add_run(store, command_line, seed, &id, error))
        return FALSE;
    for (guint i = 0; i < profiles->len; i++)
        if (!add_scenario(store, id, i, profiles->pdata[i], error))
            return FALSE;
    if (!hvb_transaction_commit(transaction, error))
        return FALSE;
    hvb_store_set_run(store, id);
    return TRUE;
}

gboolean hvb_store_set_status(HvbStore *store, gint64 run_id,
                              const char *status, const char *why,
                              gint64 ended_us, GError **error)
{
    g_autoptr(HvbQuery) query =
        hvb_database_query(store->database, "set-run-status", error);

    if (!query)
        return FALSE;
    hvb_bind_text(query, 1, status);
    hvb_bind_text(query, 2, why);
    if (ended_us != 0)
        sqlite3_bind_int64(query, 3, ended_us);
    sqlite3_bind_int64(query, 4, run_id);
    return hvb_database_run(store->database, query, error);
}

gboolean hvb_store_end_run(HvbStore *store, const char *status, const char *why,
                           GError **error)
{
    gint64 now_us = g_get_real_time();

    g_return_val_if_fail(store->run_id != 0, FALSE);
    if (hvb_store_set_status(store, store->run_id, status, why, now_us, NULL))
        return TRUE;
    hvb_database_free_reserve(store->database);
    return hvb_store_set_status(store, store->run_id, status, why, now_us,
                                error);
}

gboolean hvb_store_set_provenance(HvbStore *store, const char *key,
                                  const char *value, GError **error)
{
    g_autoptr(HvbQuery) query =
        hvb_database_query(store->database, "set-provenance", error);

    if (!query)
        return FALSE;
    sqlite3_bind_int64(query, 1, store->run_id);
    hvb_bind_text(query, 2, key);
    hvb_bind_text(query, 3, value);
    return hvb_database_run(store->database, query, error);
}

/* NULL without `error` set: the key has no value. */
static char *provenance_value(HvbStore *store, const char *key, GError **error)
{
    g_autoptr(HvbQuery) query =
        hvb_database_query(store->database, "provenance-value", error);
    gboolean row = FALSE;

    if (!query)
        return NULL;
    sqlite3_bind_int64(query, 1, store->run_id);
    hvb_bind_text(query, 2, key);
    if (!hvb_database_step(store->database, query, &row, error) || !row)
        return NULL;
    return hvb_read_text(query, 0);
}

gboolean hvb_store_keep_provenance(HvbStore *store, const char *key,
                                   const char *value, char **ret_other,
                                   GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autofree char *recorded = provenance_value(store, key, &failure);
    g_autofree char *clean = hvb_clean_text(value);

    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (!recorded && !hvb_store_set_provenance(store, key, value, error))
        return FALSE;
    *ret_other = recorded && strcmp(recorded, clean) != 0
                     ? g_steal_pointer(&recorded)
                     : NULL;
    return TRUE;
}

gboolean hvb_store_add_guest(HvbStore *store, guint guest, const char *name,
                             const WireHello *hello,
                             const WireCalibration *calibration,
                             const HvbReferences *references, GError **error)
{
    HvbGuestRecord record = {
        .guest = guest,
        .name = (char *)name,
        .hello = *hello,
        .calibration = *calibration,
        .references = *references,
    };
    g_autoptr(HvbQuery) query = NULL;

    g_return_val_if_fail(guest >= 1 && guest <= HVB_MAX_GUESTS, FALSE);
    query = hvb_database_query(store->database, "add-guest", error);
    if (!query)
        return FALSE;
    sqlite3_bind_int64(query, 1, store->run_id);
    hvb_row_bind(&hvb_guest_row, query, 2, &record);
    if (!hvb_database_run(store->database, query, error))
        return FALSE;
    store->guest_ids[guest] = hvb_database_last_id(store->database);
    return TRUE;
}

/* Binds :cell_id and, for the guest's last boot, :guest_id. */
static gboolean bind_guest(HvbStore *store, HvbQuery *query, gint64 cell_id,
                           guint guest, GError **error)
{
    if (guest < 1 || guest > HVB_MAX_GUESTS || store->guest_ids[guest] == 0) {
        g_set_error(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_SQLITE,
                    "%s: guest %u is not among the guests booted",
                    hvb_database_path(store->database), guest);
        return FALSE;
    }
    sqlite3_bind_int64(query, 1, cell_id);
    sqlite3_bind_int64(query, 2, store->guest_ids[guest]);
    return TRUE;
}

static gboolean add_samples(HvbStore *store, gint64 cell_id, GArray *samples,
                            GError **error)
{
    g_autoptr(HvbQuery) query =
        hvb_database_query(store->database, "add-sample", error);

    if (!query)
        return FALSE;
    for (guint i = 0; i < samples->len; i++) {
        const HvbSample *sample = &g_array_index(samples, HvbSample, i);
        if (!bind_guest(store, query, cell_id, sample->guest, error))
            return FALSE;
        hvb_row_bind(&hvb_sample_row, query, 3, sample);
        if (!hvb_database_run(store->database, query, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean add_clocks(HvbStore *store, gint64 cell_id, GArray *clocks,
                           GError **error)
{
    g_autoptr(HvbQuery) query =
        hvb_database_query(store->database, "add-clock", error);

    if (!query)
        return FALSE;
    for (guint i = 0; i < clocks->len; i++) {
        const HvbClockRecord *clock = &g_array_index(clocks, HvbClockRecord, i);
        if (!bind_guest(store, query, cell_id, clock->guest, error))
            return FALSE;
        hvb_row_bind(&hvb_clock_row, query, 3, clock);
        if (!hvb_database_run(store->database, query, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean add_meters(HvbStore *store, gint64 cell_id, GArray *meters,
                           GError **error)
{
    g_autoptr(HvbQuery) query =
        hvb_database_query(store->database, "add-meter", error);

    if (!query)
        return FALSE;
    for (guint i = 0; i < meters->len; i++) {
        const HvbMeterRecord *meter = &g_array_index(meters, HvbMeterRecord, i);
        if (meter->guest == 0) /* the host: :guest_id stays NULL */
            sqlite3_bind_int64(query, 1, cell_id);
        else if (!bind_guest(store, query, cell_id, meter->guest, error))
            return FALSE;
        hvb_row_bind(&hvb_meter_row, query, 3, meter);
        if (!hvb_database_run(store->database, query, error))
            return FALSE;
    }
    return TRUE;
}

/* `moment` is "before" or "after" the window. */
static gboolean add_tunings(HvbStore *store, gint64 cell_id, GArray *tunings,
                            const char *moment, GError **error)
{
    g_autoptr(HvbQuery) query =
        hvb_database_query(store->database, "add-tuning", error);

    if (!query)
        return FALSE;
    for (guint i = 0; i < tunings->len; i++) {
        if (!bind_guest(store, query, cell_id, i + 1, error))
            return FALSE;
        int next = hvb_row_bind(&hvb_tuning_row, query, 3,
                                &g_array_index(tunings, HvbTuning, i));
        hvb_bind_text(query, next, moment);
        if (!hvb_database_run(store->database, query, error))
            return FALSE;
    }
    return TRUE;
}

/* `cell_id` 0: outside of any cell. */
static gboolean add_event(HvbStore *store, gint64 cell_id,
                          const HvbEventRecord *event, GError **error)
{
    g_autoptr(HvbQuery) query =
        hvb_database_query(store->database, "add-event", error);

    if (!query)
        return FALSE;
    sqlite3_bind_int64(query, 1, store->run_id);
    if (cell_id != 0)
        sqlite3_bind_int64(query, 2, cell_id);
    /* Unlike a sample, an event may come from a guest that never got as far as
     * being added: it is lost while booting, say. */
    if (event->guest <= HVB_MAX_GUESTS && store->guest_ids[event->guest] != 0)
        sqlite3_bind_int64(query, 3, store->guest_ids[event->guest]);
    hvb_row_bind(&hvb_event_row, query, 4, event);
    return hvb_database_run(store->database, query, error);
}

static gboolean add_cell_row(HvbStore *store, const HvbCell *cell,
                             gint64 *ret_id, GError **error)
{
    g_autoptr(HvbQuery) query =
        hvb_database_query(store->database, "add-cell", error);

    if (!query)
        return FALSE;
    sqlite3_bind_int64(query, 1, store->run_id);
    sqlite3_bind_int64(query, 2, cell->scenario);
    hvb_bind_text(query, 3, hvb_cell_status_name(cell->status));
    hvb_row_bind(&hvb_cell_row, query, 4, cell);
    if (!hvb_database_run(store->database, query, error))
        return FALSE;
    *ret_id = hvb_database_last_id(store->database);
    return TRUE;
}

static gboolean add_cell_parts(HvbStore *store, const HvbCell *cell,
                               GError **error)
{
    gint64 id = 0;

    if (!add_cell_row(store, cell, &id, error) ||
        !add_samples(store, id, cell->samples, error) ||
        !add_clocks(store, id, cell->clocks, error) ||
        !add_meters(store, id, cell->meters, error) ||
        !add_tunings(store, id, cell->tunings, "before", error) ||
        !add_tunings(store, id, cell->tunings_after, "after", error))
        return FALSE;
    for (guint i = 0; i < cell->events->len; i++)
        if (!add_event(store, id,
                       &g_array_index(cell->events, HvbEventRecord, i), error))
            return FALSE;
    return TRUE;
}

gboolean hvb_store_add_cell(HvbStore *store, const HvbCell *cell,
                            GError **error)
{
    g_autoptr(HvbTransaction) transaction =
        hvb_transaction_begin(store->database, TRUE, error);

    if (!transaction)
        return FALSE;
    if (!add_cell_parts(store, cell, error)) {
        g_prefix_error(error, "cell %s, repetition %u, of scenario %u: ",
                       hvb_level_name(cell->level), cell->repetition,
                       cell->scenario + 1);
        return FALSE;
    }
    return hvb_transaction_commit(transaction, error);
}

gboolean hvb_store_add_event(HvbStore *store, const HvbEventRecord *event,
                             GError **error)
{
    return add_event(store, 0, event, error);
}
