/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/unit/result-set.h"

#include <CUnit/CUnit.h>
#include <glib/gstdio.h>
#include <sqlite3.h>

static HvbProfile *make_profile(const char *name, const char *seed)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text =
        g_strdup_printf("[scenario]\nname = %s\nfigure = 9\ntitle = T\n"
                        "[guests]\ncount = 2\n"
                        "[guest 1]\nloaded = yes\nmeasured = yes\n"
                        "[load]\nlevels = None;Overload\n"
                        "[run]\nseed = %s\n",
                        name, seed);
    HvbProfile *profile = hvb_profile_from_text(text, "made-up", &error);

    if (!profile)
        g_error("%s", error->message);
    return profile;
}

GPtrArray *set_make_profiles(const char *second, const char *seed)
{
    GPtrArray *profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_profile_free);

    g_ptr_array_add(profiles, make_profile("alpha", seed));
    g_ptr_array_add(profiles, make_profile(second, seed));
    return profiles;
}

gboolean set_add_guest(Set *set, guint guest, guint64 iterations)
{
    WireHello hello = {
        .version = G_MAXUINT16,
        .flags = WIRE_HELLO_INIT | WIRE_HELLO_DISK,
        .cpus = G_MAXUINT32,
        .memory_kib = G_MAXUINT64,
        .iterations_per_ms = G_MAXUINT64 - 1,
        .agent = "agent",
        .kernel = "kernel",
        .cpu = "cpu",
        .clocksource = "tsc",
    };
    WireCalibration calibration = {
        .rounds = 7,
        .spread_permille = 8,
        .converged = 1,
        .iterations_per_ms = iterations,
    };
    HvbReferences references = {{[WIRE_SERVER] = {5, 0, G_MAXINT64},
                                 [WIRE_CLIENT] = {6, 7, G_MAXINT64 - 1}}};

    return hvb_store_add_guest(set->store, guest, guest == 1 ? "one" : "two",
                               &hello, &calibration, &references, NULL);
}

Set *set_new(void)
{
    Set *set = g_new0(Set, 1);

    set->dir = g_dir_make_tmp("hvbench-test-XXXXXX", NULL);
    set->file = g_build_filename(set->dir, "hvbench.db", NULL);
    set->profiles = set_make_profiles("beta", "1");
    return set;
}

Set *set_begin(void)
{
    Set *set = set_new();

    set->store = hvb_store_open(set->dir, TRUE, NULL);
    CU_ASSERT_FATAL(set->store &&
                    hvb_store_begin_run(set->store, "hvbench run alpha beta",
                                        SET_SEED, set->profiles, NULL));
    CU_ASSERT_FATAL(set_add_guest(set, 1, 1000));
    CU_ASSERT_FATAL(set_add_guest(set, 2, 2000));
    return set;
}

void set_reopen(Set *set, gboolean create)
{
    hvb_store_free(set->store);
    set->store = hvb_store_open(set->dir, create, NULL);
    CU_ASSERT_FATAL(set->store != NULL);
}

void set_end(Set *set, const char *status)
{
    CU_ASSERT_FATAL(hvb_store_end_run(set->store, status, NULL, NULL));
    g_clear_pointer(&set->store, hvb_store_free);
}

void set_remove_report(const Set *set)
{
    static const char *const endings[] = {".svg", ".png", ".html", ".json"};
    g_autoptr(GDir) dir = g_dir_open(set->dir, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(set->dir, name, NULL);
        for (guint i = 0; i < G_N_ELEMENTS(endings); i++)
            if (g_str_has_suffix(name, endings[i]))
                g_unlink(path);
    }
}

void set_free(Set *set)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

    hvb_store_free(set->store);
    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *file = g_strconcat(set->file, suffixes[i], NULL);
        g_unlink(file);
    }
    CU_ASSERT_EQUAL(g_rmdir(set->dir), 0); /* nothing else was left in it */
    g_ptr_array_unref(set->profiles);
    g_free(set->file);
    g_free(set->dir);
    g_free(set);
}

char *set_sql(const Set *set, const char *statement)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *query = NULL;
    char *text = NULL;

    if (sqlite3_open(set->file, &db) == SQLITE_OK &&
        sqlite3_prepare_v2(db, statement, -1, &query, NULL) == SQLITE_OK &&
        sqlite3_step(query) == SQLITE_ROW)
        text = g_strdup((const char *)sqlite3_column_text(query, 0));
    sqlite3_finalize(query);
    sqlite3_close(db);
    return text;
}

gint64 set_sql_number(const Set *set, const char *statement)
{
    g_autofree char *text = set_sql(set, statement);

    return text ? g_ascii_strtoll(text, NULL, 10) : -1;
}

void set_add_sample(HvbCell *cell, guint guest, gint64 delay_ns)
{
    HvbSample sample = {
        .guest = guest,
        .raw = {.index = cell->samples->len, .operation = WIRE_OPEN},
        .response_ns = delay_ns,
        .delay_ns = delay_ns,
    };

    g_array_append_val(cell->samples, sample);
}

HvbCell *set_make_cell(guint scenario, HvbLevel level, HvbCellStatus status)
{
    HvbCell *cell = hvb_cell_new();

    cell->scenario = scenario;
    cell->level = level;
    cell->repetition = 1;
    cell->attempt = 1;
    cell->status = status;
    set_add_sample(cell, 1, 10000000);
    set_add_sample(cell, 2, 30000000);
    cell->scheduled = cell->received = cell->samples->len;
    return cell;
}

gboolean set_store_cell(Set *set, guint scenario, HvbLevel level,
                        HvbCellStatus status)
{
    g_autoptr(HvbCell) cell = set_make_cell(scenario, level, status);

    return hvb_store_add_cell(set->store, cell, NULL);
}
