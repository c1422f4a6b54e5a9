/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/p3.h"
#include "test/suites.h"
#include "test/unit/result-set.h"
#include "test/unit/test-round-trip.h"

#include <string.h>

static void test_refused_cell_leaves_nothing(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(HvbCell) of_no_scenario =
        set_make_cell(2, HVB_LEVEL_NONE, HVB_CELL_DONE);
    g_autoptr(HvbCell) of_no_guest =
        set_make_cell(0, HVB_LEVEL_NONE, HVB_CELL_DONE);
    g_autoptr(GError) error = NULL;

    CU_ASSERT_FALSE(hvb_store_add_cell(set->store, of_no_scenario, &error));
    CU_ASSERT(
        g_error_matches(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_SQLITE));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, set->file));
    g_clear_error(&error);

    set_add_sample(of_no_guest, 3, 0); /* after two that were written */
    CU_ASSERT_FALSE(hvb_store_add_cell(set->store, of_no_guest, &error));
    CU_ASSERT(
        g_error_matches(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_SQLITE));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "guest 3"));
    CU_ASSERT_EQUAL(set_sql_number(set, "SELECT count(*) FROM cells"), 0);
    CU_ASSERT_EQUAL(set_sql_number(set, "SELECT count(*) FROM samples"), 0);

    CU_ASSERT(set_store_cell(set, 0, HVB_LEVEL_NONE, HVB_CELL_DONE));
    CU_ASSERT_EQUAL(set_sql_number(set, "SELECT count(*) FROM samples"), 2);
}

static void test_foreign_keys_are_enforced(void)
{
    g_autoptr(Set) set = set_new();
    g_autoptr(GError) error = NULL;

    set->store = hvb_store_open(set->dir, TRUE, NULL);
    CU_ASSERT_FATAL(set->store != NULL);
    CU_ASSERT_FALSE(
        hvb_store_set_provenance(set->store, "key", "of no run", &error));
    CU_ASSERT(
        g_error_matches(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_SQLITE));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "FOREIGN KEY"));
}

static void test_sample_belongs_to_the_guest_as_booted_last(void)
{
    g_autoptr(Set) set = set_begin();

    CU_ASSERT(set_store_cell(set, 0, HVB_LEVEL_NONE, HVB_CELL_DONE));
    CU_ASSERT(set_add_guest(set, 1, 3000));
    CU_ASSERT(set_store_cell(set, 0, HVB_LEVEL_LOW, HVB_CELL_DONE));
#define ITERATIONS(level, guest)                                           \
    "SELECT g.iterations_per_ms FROM samples x"                            \
    " JOIN guests g ON g.id = x.guest_id JOIN cells c ON c.id = x.cell_id" \
    " WHERE c.level = " level " AND g.guest = " guest
    CU_ASSERT_EQUAL(set_sql_number(set, ITERATIONS("0", "1")), 1000);
    CU_ASSERT_EQUAL(set_sql_number(set, ITERATIONS("0", "2")), 2000);
    CU_ASSERT_EQUAL(set_sql_number(set, ITERATIONS("1", "1")), 3000);
    CU_ASSERT_EQUAL(set_sql_number(set, ITERATIONS("1", "2")), 2000);
}

static void add_cell_read_at(Set *set, guint guest, gint64 host_ns)
{
    g_autoptr(HvbCell) cell = set_make_cell(0, HVB_LEVEL_NONE, HVB_CELL_DONE);
    const HvbClockRecord clock = {guest, {.host_ns = host_ns, .error_ns = 7}};

    g_array_append_val(cell->clocks, clock);
    CU_ASSERT(hvb_store_add_cell(set->store, cell, NULL));
}

/* A guest's clock starts anew with each boot: no line goes through both. */
static void test_clocks_are_kept_apart_by_boot(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(HvbRunRecord) run = NULL;
    const guint boots[] = {2, 1, 3};

    add_cell_read_at(set, 2, 100);
    add_cell_read_at(set, 1, 200);
    CU_ASSERT(set_add_guest(set, 1, 3000));
    add_cell_read_at(set, 1, 300);
    run = hvb_store_load_run(set->store, NULL);
    CU_ASSERT_FATAL(run && run->clocks->len == 3);
    for (guint i = 0; i < 3; i++) {
        const HvbClockRecord *clock =
            &g_array_index(run->clocks, HvbClockRecord, i);
        CU_ASSERT_EQUAL(clock->guest, boots[i]);
        CU_ASSERT_EQUAL(clock->reading.host_ns, 100 * (i + 1));
        CU_ASSERT_EQUAL(hvb_run_record_clock(run, boots[i]).readings, 1);
    }
    CU_ASSERT_EQUAL(hvb_run_record_clock(run, 4).readings, 0);
}

/* What the program believes of a cell must be what its samples say. */
static void test_cell_whose_account_does_not_add_up_is_refused(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(HvbCell) cell = set_make_cell(0, HVB_LEVEL_NONE, HVB_CELL_DONE);

    cell->scheduled = 10;
    cell->received = 8;
    cell->lost = 1;
    CU_ASSERT_FALSE(hvb_store_add_cell(set->store, cell, NULL));
    cell->lost = 2;
    cell->censored = 5;
    cell->failed = 4;
    CU_ASSERT_FALSE(hvb_store_add_cell(set->store, cell, NULL));
    cell->failed = 3;
    CU_ASSERT(hvb_store_add_cell(set->store, cell, NULL));
}

static void test_event_outside_of_cells_needs_no_guest(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(HvbRunRecord) run = NULL;
    HvbEventRecord event = {60, 1, 2, (char *)"port", (char *)"lost"};

    CU_ASSERT(hvb_store_add_event(set->store, &event, NULL));
    run = hvb_store_load_run(set->store, NULL);
    CU_ASSERT_FATAL(run && run->events->len == 1);
    CU_ASSERT_STRING_EQUAL(g_array_index(run->events, HvbEventRecord, 0).text,
                           "lost");
    CU_ASSERT_EQUAL(set_sql_number(set, "SELECT guest FROM events"
                                        " WHERE cell_id IS NULL"
                                        " AND guest_id IS NULL"),
                    60);
}

static void test_last_run_is_read(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(HvbRunRecord) run = NULL;

    CU_ASSERT(set_store_cell(set, 0, HVB_LEVEL_NONE, HVB_CELL_DONE));
    CU_ASSERT(hvb_store_begin_run(set->store, NULL, 7, set->profiles, NULL));
    run = hvb_store_load_run(set->store, NULL);
    CU_ASSERT_FATAL(run != NULL);
    CU_ASSERT_EQUAL(run->seed, 7);
    CU_ASSERT_PTR_NULL(run->command_line);
    CU_ASSERT_EQUAL(run->cells->len, 0);
    CU_ASSERT_EQUAL(run->guests->len, 0);
}

static void test_set_without_run_is_empty(void)
{
    g_autoptr(Set) set = set_new();
    g_autoptr(GError) error = NULL;

    set->store = hvb_store_open(set->dir, TRUE, NULL);
    CU_ASSERT_FATAL(set->store != NULL);
    CU_ASSERT_PTR_NULL(hvb_store_load_run(set->store, &error));
    CU_ASSERT(
        g_error_matches(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_EMPTY));
}

/* Opening is refused with `code`, and what is in the file is left alone. */
static void check_refusal(Set *set, const char *what, HvbResultsError code)
{
    for (int create = FALSE; create <= TRUE; create++) {
        g_autofree char *before = NULL, *after = NULL;
        g_autoptr(GError) error = NULL;
        gsize n_before = 0, n_after = 0;

        g_file_get_contents(set->file, &before, &n_before, NULL);
        CU_ASSERT_PTR_NULL(hvb_store_open(set->dir, create, &error));
        CU_ASSERT_FATAL(g_error_matches(error, HVB_RESULTS_ERROR, (int)code));
        CU_ASSERT_PTR_NOT_NULL(strstr(error->message, set->file));
        CU_ASSERT_PTR_NOT_NULL(strstr(error->message, what));
        g_file_get_contents(set->file, &after, &n_after, NULL);
        CU_ASSERT(n_before > 0 && n_before == n_after &&
                  memcmp(before, after, n_before) == 0);
    }
}

static void test_file_that_is_no_database_is_refused(void)
{
    g_autoptr(Set) set = set_new();
    g_autofree char *junk = g_strnfill(5000, 'x');

    CU_ASSERT(g_file_set_contents(set->file, junk, -1, NULL));
    check_refusal(set, "not a result set", HVB_RESULTS_ERROR_SCHEMA);
}

static void test_database_of_another_program_is_refused(void)
{
    g_autoptr(Set) set = set_new();

    g_free(set_sql(set, "CREATE TABLE notes (text)"));
    check_refusal(set, "not a result set", HVB_RESULTS_ERROR_SCHEMA);
    g_free(set_sql(set, "PRAGMA application_id = 5"));
    check_refusal(set, "not a result set", HVB_RESULTS_ERROR_SCHEMA);
}

static void test_other_schema_version_is_refused(void)
{
    g_autoptr(Set) set = set_begin();

    g_clear_pointer(&set->store, hvb_store_free);
    g_free(set_sql(set, "PRAGMA user_version = 5"));
    check_refusal(set, "schema version 5", HVB_RESULTS_ERROR_SCHEMA);
    g_free(set_sql(set, "PRAGMA user_version = 1"));
    check_refusal(set, "use the hvbench that made it",
                  HVB_RESULTS_ERROR_SCHEMA);
}

static void test_empty_file_becomes_a_result_set_only_by_creating(void)
{
    g_autoptr(Set) set = set_new();
    g_autoptr(GError) error = NULL;

    CU_ASSERT(g_file_set_contents(set->file, "", 0, NULL));
    CU_ASSERT_PTR_NULL(hvb_store_open(set->dir, FALSE, &error));
    CU_ASSERT(
        g_error_matches(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_SCHEMA));
    set->store = hvb_store_open(set->dir, TRUE, NULL);
    CU_ASSERT_PTR_NOT_NULL(set->store);
}

static void test_directory_without_result_set_is_reported(void)
{
    g_autoptr(Set) set = set_new();
    g_autoptr(GError) error = NULL;

    CU_ASSERT_PTR_NULL(hvb_store_open(set->dir, FALSE, &error));
    CU_ASSERT(
        g_error_matches(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_SQLITE));
    CU_ASSERT_FALSE(g_file_test(set->file, G_FILE_TEST_EXISTS));
}

static void test_unwritable_directory_is_reported(void)
{
    g_autoptr(GError) error = NULL;

    /* Not even root makes files there. */
    CU_ASSERT_PTR_NULL(hvb_store_open("/proc/self", TRUE, &error));
    CU_ASSERT(
        g_error_matches(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_SQLITE));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "/proc/self/hvbench.db"));
}

static void test_reader_sees_stored_cells_while_a_run_writes(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(HvbStore) reader = hvb_store_open(set->dir, FALSE, NULL);
    g_autoptr(HvbRunRecord) before = NULL;
    g_autoptr(HvbRunRecord) after = NULL;

    CU_ASSERT_FATAL(reader != NULL);
    before = hvb_store_load_run(reader, NULL);
    CU_ASSERT(set_store_cell(set, 0, HVB_LEVEL_NONE, HVB_CELL_DONE));
    after = hvb_store_load_run(reader, NULL);
    CU_ASSERT_FATAL(before && after);
    CU_ASSERT_EQUAL(before->cells->len, 0);
    CU_ASSERT_EQUAL(after->cells->len, 1);
}

static void test_closed_set_is_one_file(void)
{
    g_autoptr(Set) set = set_begin();
    g_autofree char *log = g_strconcat(set->file, "-wal", NULL);

    CU_ASSERT(g_file_test(log, G_FILE_TEST_EXISTS));
    g_clear_pointer(&set->store, hvb_store_free);
    CU_ASSERT_FALSE(g_file_test(log, G_FILE_TEST_EXISTS));
    g_autofree char *mode = set_sql(set, "PRAGMA journal_mode");
    CU_ASSERT_STRING_EQUAL(mode, "delete");
}

static void test_names_in_the_database_are_the_programs(void)
{
    g_autoptr(Set) set = set_begin();

    for (guint i = 0; i < HVB_N_LEVELS; i++) {
        g_autofree char *query =
            g_strdup_printf("SELECT name FROM levels WHERE level = %u", i);
        g_autofree char *name = set_sql(set, query);
        CU_ASSERT_EQUAL(g_strcmp0(name, hvb_level_name((HvbLevel)i)), 0);
    }
    for (guint i = 0; i < WIRE_N_OPERATIONS; i++) {
        g_autofree char *query =
            g_strdup_printf("SELECT name FROM operations WHERE operation = %u",
                            i);
        g_autofree char *name = set_sql(set, query);
        CU_ASSERT_EQUAL(g_strcmp0(name, hvb_operation_name((WireOperation)i)),
                        0);
    }
}

static void test_delays_view_has_the_done_cells_only(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(HvbCell) cell = set_make_cell(1, HVB_LEVEL_BUSY, HVB_CELL_DONE);
    g_autofree char *row = NULL;

    g_array_index(cell->samples, HvbSample, 1).raw.flags = WIRE_SAMPLE_FAILED;
    CU_ASSERT(hvb_store_add_cell(set->store, cell, NULL));
    CU_ASSERT(set_store_cell(set, 1, HVB_LEVEL_BUSY, HVB_CELL_DISTURBED));
    row = set_sql(set, "SELECT group_concat(scenario || ' ' || level || ' ' ||"
                       " guest || ' ' || operation || ' ' || delay_ms)"
                       " FROM delays");
    CU_ASSERT_STRING_EQUAL(row, "beta Busy 1 open 10.0");
    CU_ASSERT_EQUAL(set_sql_number(set, "SELECT count(*) FROM cell_list"), 2);
}

static void add_meter(HvbCell *cell, guint guest, gint64 idle_ns)
{
    HvbMeterRecord meter = {
        .guest = guest,
        .guest_window_ns = 1000,
        .user_ns = 900 - idle_ns,
        .system_ns = 100,
        .idle_ns = idle_ns,
        .has_guest_view = guest > 0,
        .host_window_ns = 2000,
        .host_cpu_ns = guest > 0 ? 600 : 0,
    };

    g_array_append_val(cell->meters, meter);
}

static void test_p3_of_each_scenario_is_made_of_its_cells(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(HvbCell) cell = set_make_cell(1, HVB_LEVEL_NONE, HVB_CELL_DONE);
    g_autoptr(HvbRunRecord) run = NULL;
    g_autoptr(GPtrArray) p3s = NULL;
    const HvbP3Level *row;
    const HvbP3 *p3;

    add_meter(cell, 0, 400);
    add_meter(cell, 1, 250);
    CU_ASSERT(hvb_store_add_cell(set->store, cell, NULL));
    run = hvb_store_load_run(set->store, NULL);
    CU_ASSERT_FATAL(run != NULL);
    p3s = hvb_run_record_p3(run);
    CU_ASSERT_FATAL(p3s->len == 2);
    p3 = p3s->pdata[0];
    CU_ASSERT_STRING_EQUAL(p3->scenario, "alpha");
    CU_ASSERT_FATAL(p3->levels->len == 2); /* planned, though not measured */
    CU_ASSERT_EQUAL(g_array_index(p3->levels, HvbP3Level, 0).cells, 0);
    p3 = p3s->pdata[1];
    CU_ASSERT_STRING_EQUAL(p3->scenario, "beta");
    CU_ASSERT_STRING_EQUAL(p3->figure, "9");
    CU_ASSERT_FATAL(p3->levels->len == 2);
    row = &g_array_index(p3->levels, HvbP3Level, 0);
    CU_ASSERT_EQUAL(row->cells, 1);
    CU_ASSERT_DOUBLE_EQUAL(row->operations[WIRE_OPEN].mean_ms, 20.0, 1e-9);
    CU_ASSERT_EQUAL(g_array_index(p3->levels, HvbP3Level, 1).level,
                    HVB_LEVEL_OVERLOAD);

    /* The sqlite3 tool shows the same. */
    CU_ASSERT_DOUBLE_EQUAL(row->guest_busy_percent, 75.0, 1e-9);
    CU_ASSERT_EQUAL(
        set_sql_number(set,
                       "SELECT guest_busy_percent FROM busy WHERE guest = 1"),
        75);
    CU_ASSERT_DOUBLE_EQUAL(row->host_busy_percent, 30.0, 1e-9);
    CU_ASSERT_EQUAL(
        set_sql_number(set,
                       "SELECT host_busy_percent FROM busy WHERE guest = 1"),
        30);
    CU_ASSERT_DOUBLE_EQUAL(row->host_total_percent, 60.0, 1e-9);
    CU_ASSERT_EQUAL(
        set_sql_number(set,
                       "SELECT host_busy_percent FROM busy WHERE guest = 0"),
        60);
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_store[] = {
    TEST(cell_is_read_back_as_written),
    TEST(every_status_is_read_back),
    TEST(run_is_read_back_as_written),
    TEST(running_run_has_no_end),
    TEST(guest_is_read_back_as_written),
    TEST(provenance_is_replaced_in_place),
    TEST(text_of_a_guest_is_made_harmless),
    TEST(clocks_are_kept_apart_by_boot),
    TEST(cell_whose_account_does_not_add_up_is_refused),
    TEST(refused_cell_leaves_nothing),
    TEST(foreign_keys_are_enforced),
    TEST(sample_belongs_to_the_guest_as_booted_last),
    TEST(event_outside_of_cells_needs_no_guest),
    TEST(last_run_is_read),
    TEST(set_without_run_is_empty),
    TEST(file_that_is_no_database_is_refused),
    TEST(database_of_another_program_is_refused),
    TEST(other_schema_version_is_refused),
    TEST(empty_file_becomes_a_result_set_only_by_creating),
    TEST(directory_without_result_set_is_reported),
    TEST(unwritable_directory_is_reported),
    TEST(reader_sees_stored_cells_while_a_run_writes),
    TEST(closed_set_is_one_file),
    TEST(names_in_the_database_are_the_programs),
    TEST(delays_view_has_the_done_cells_only),
    TEST(p3_of_each_scenario_is_made_of_its_cells),
    TEST_END,
};
