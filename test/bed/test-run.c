/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `hvbench run` and `hvbench reproduce` as their user has them, with two guests
 * or none: the ways in which they end early, and how they go on from there. */
#include "hvbench/bed/hypervisor.h"
#include "hvbench/bed/state.h"
#include "hvbench/results/store.h"
#include "test/bed/bed-fixture.h"
#include "test/bed/run-fixture.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What else runs must not decide whether a cell is measured. */
static const char profile_text[] = "[scenario]\n"
                                   "base = smoke\n"
                                   "name = run-test\n"
                                   "title = Two guests of a test\n"
                                   "[gate]\n"
                                   "foreign-percent = 1000\n"
                                   "steal-percent = 1000\n";

static void assert_nothing_left(void)
{
    const char *const argv[] = {"pgrep", "-f", "guest=hvbench-", NULL};
    int status = 0;

    CU_ASSERT_TRUE(
        g_spawn_sync(NULL, (char **)argv, NULL,
                     G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
                     NULL, NULL, NULL, &status, NULL));
    CU_ASSERT_FALSE(g_spawn_check_wait_status(status, NULL));
    g_autoptr(GDir) dir = g_dir_open(HVB_STATE_DIR, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir)))
        CU_ASSERT_FALSE(g_str_has_prefix(name, HVB_STATE_BED_PREFIX));
}

static void test_reader_that_leaves_ends_the_run_and_its_guests(void)
{
    g_auto(Run) run = {0};

    if (!run_can_start(&run, profile_text))
        return;
    run_start(&run);
    run_wait_for(&run, "guests are up");
    CU_ASSERT_TRUE(g_input_stream_close(G_INPUT_STREAM(run.out), NULL, NULL));
    /* Not with communicate: stdout is closed. */
    g_autoptr(GDataInputStream) said =
        g_data_input_stream_new(g_subprocess_get_stderr_pipe(run.process));
    g_autofree char *err =
        g_data_input_stream_read_line(said, NULL, NULL, NULL);
    CU_ASSERT_TRUE_FATAL(g_subprocess_wait(run.process, NULL, NULL));
    CU_ASSERT_TRUE_FATAL(g_subprocess_get_if_exited(run.process));
    CU_ASSERT_EQUAL(g_subprocess_get_exit_status(run.process), 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(err);
    CU_ASSERT_PTR_NOT_NULL(strstr(err, "nobody reads the output any more"));
    CU_ASSERT_FALSE(g_file_test(run.set, G_FILE_TEST_EXISTS));
    assert_nothing_left();
}

static void test_run_interrupted_before_its_first_cell_leaves_no_set(void)
{
    g_auto(Run) run = {0};

    if (!run_can_start(&run, profile_text))
        return;
    run_start(&run);
    run_wait_for(&run, "guests are up");
    g_subprocess_send_signal(run.process, SIGTERM);
    g_autofree char *err = run_wait_for_end(&run, 130);
    CU_ASSERT_STRING_EQUAL(err, "hvbench: interrupted\n");
    CU_ASSERT_FALSE(g_file_test(run.set, G_FILE_TEST_EXISTS));
    assert_nothing_left();
}

static void set_provenance(const Run *run, const char *key, const char *value)
{
    g_autoptr(GPtrArray) cells = NULL;
    g_autoptr(HvbStore) store = hvb_store_open(run->set, TRUE, NULL);
    g_autoptr(HvbRunRecord) record = NULL;
    guint64 seed;

    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    record = hvb_store_load_run(store, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    CU_ASSERT_TRUE_FATAL(
        hvb_store_resume(store, record->profiles, 0, &seed, &cells, NULL));
    CU_ASSERT_TRUE(hvb_store_set_provenance(store, key, value, NULL));
    CU_ASSERT_TRUE(hvb_store_end_run(store, "interrupted", NULL, NULL));
}

static guint count_boots(const HvbRunRecord *run)
{
    guint n = 0;

    for (guint i = 0; i < run->events->len; i++)
        n += strcmp(g_array_index(run->events, HvbEventRecord, i).kind,
                    "boot") == 0;
    return n;
}

/* What was noted of that kind; NULL: nothing. */
static const char *find_note(const HvbRunRecord *run, const char *kind)
{
    for (guint i = 0; i < run->events->len; i++) {
        const HvbEventRecord *event =
            &g_array_index(run->events, HvbEventRecord, i);
        if (strcmp(event->kind, kind) == 0)
            return event->text;
    }
    return NULL;
}

static guint count_failed(const HvbRunRecord *run)
{
    guint n = 0;

    for (guint i = 0; i < run->cells->len; i++)
        n += ((const HvbCell *)run->cells->pdata[i])->status == HVB_CELL_FAILED;
    return n;
}

static void kill_a_guest(void)
{
    g_autoptr(GArray) pids = hvb_hypervisor_pids("/", HVB_DOMAIN_PREFIX);

    CU_ASSERT_TRUE_FATAL(pids->len > 0);
    CU_ASSERT_EQUAL_FATAL(kill(g_array_index(pids, pid_t, 0), SIGKILL), 0);
}

static void assert_tells_of_signal(const HvbRunRecord *run)
{
    const char *lost = find_note(run, "lost");

    CU_ASSERT_PTR_NOT_NULL_FATAL(lost);
    printf("    %s\n", lost);
    CU_ASSERT_TRUE(strstr(lost, "QEMU ended by signal 9") ||
                   strstr(lost, "Linux 6.15 or newer"));
}

/* The cells that a guest was lost in are measured again, on the same libvirt
 * connection. Of the second loss hvbench sees nothing before it begins the next
 * cell: what fails first is a call to libvirt. */
static void test_run_that_loses_guests_boots_anew_and_goes_on(void)
{
    g_auto(Run) run = {0};

    if (!run_can_start(&run, profile_text))
        return;
    run_start(&run);
    run_wait_for(&run, "the host enforces"); /* with the first samples */
    kill_a_guest();
    run_wait_for(&run, "[1/2]");
    g_subprocess_send_signal(run.process, SIGSTOP);
    kill_a_guest();
    g_subprocess_send_signal(run.process, SIGCONT);
    g_free(run_wait_for_end(&run, 0));
    g_autoptr(HvbStore) store = hvb_store_open(run.set, FALSE, NULL);
    g_autoptr(HvbRunRecord) record =
        store ? hvb_store_load_run(store, NULL) : NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    CU_ASSERT_STRING_EQUAL(record->status, "done");
    CU_ASSERT_EQUAL(count_boots(record), 3);
    CU_ASSERT_EQUAL(count_failed(record), 2);
    CU_ASSERT_EQUAL(record->cells->len, 4);
    assert_tells_of_signal(record);
    assert_nothing_left();
}

static void test_interrupted_run_goes_on_with_the_same_stack_only(void)
{
    g_auto(Run) run = {0};

    if (!run_can_start(&run, profile_text))
        return;
    run_start(&run);
    run_wait_for(&run, "[1/2]");
    g_subprocess_send_signal(run.process, SIGINT);
    g_autofree char *interrupted = run_wait_for_end(&run, 130);
    CU_ASSERT_PTR_NOT_NULL(strstr(interrupted, "what was measured is in"));

    set_provenance(&run, "stack.accel", "kvm");
    run_start(&run);
    g_autofree char *refused = run_wait_for_end(&run, 2);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(refused, "was made with accel kvm, now it is tcg"));

    set_provenance(&run, "stack.accel", "tcg");
    run_start(&run);
    run_wait_for(&run, "resuming the run");
    g_free(run_wait_for_end(&run, 0));
    g_autoptr(HvbStore) store = hvb_store_open(run.set, FALSE, NULL);
    g_autoptr(HvbRunRecord) record =
        store ? hvb_store_load_run(store, NULL) : NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    CU_ASSERT_STRING_EQUAL(record->status, "done");
    CU_ASSERT_EQUAL(count_boots(record), 3);
    assert_nothing_left();
}

/* A link below `dir` to a file or directory, by its own name. */
static void add_link(const char *dir, const char *path)
{
    g_autofree char *target = g_canonicalize_filename(path, NULL);
    g_autofree char *name = g_path_get_basename(target);
    g_autofree char *link = g_build_filename(dir, name, NULL);

    CU_ASSERT_EQUAL_FATAL(symlink(target, link), 0);
}

/* Shipped files of the test's own: figure 2, less of it and without the gate,
 * since what else runs must not decide whether a cell is measured. Caller
 * frees.
 */
static char *make_data_dir(const Run *run)
{
    g_autofree char *shipped = hvb_profile_dir();
    g_autofree char *from = g_build_filename(shipped, "profiles", NULL);
    g_autofree char *common = g_build_filename(from, "common.profile", NULL);
    g_autofree char *paper = g_build_filename(from, "paper.profile", NULL);
    g_autofree char *figure = g_build_filename(from, "fig02.profile", NULL);
    g_autofree char *documents = hvb_profile_guest_file(NULL, "documents.img");
    g_autofree char *guests = g_path_get_dirname(documents);
    g_autofree char *data = g_build_filename(run->scratch, "data", NULL);
    g_autofree char *profiles = g_build_filename(data, "profiles", NULL);
    g_autofree char *own = g_build_filename(profiles, "fig02.profile", NULL);
    g_autofree char *text = NULL;

    CU_ASSERT_EQUAL_FATAL(g_mkdir_with_parents(profiles, 0755), 0);
    add_link(data, guests);
    add_link(profiles, common);
    add_link(profiles, paper);
    CU_ASSERT_TRUE_FATAL(g_file_get_contents(figure, &text, NULL, NULL));
    /* So little that a busy host has the time for it, too; and so light that
     * a quiet one knows enough long before the time is over. */
    g_autofree char *shorter =
        g_strconcat(text,
                    "\n[load]\nlevels = None;Low\n[run]\n"
                    "samples = 5\nsettle-ms = 500\n[gate]\n"
                    "foreign-percent = 100000\n",
                    NULL);
    CU_ASSERT_TRUE_FATAL(g_file_set_contents(own, shorter, -1, NULL));
    return g_steal_pointer(&data);
}

/* Where it says that its result set is. Caller frees. */
static char *read_result_set(Run *run)
{
    char *line = NULL;

    do {
        g_free(line);
        line = g_data_input_stream_read_line(run->out, NULL, NULL, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    } while (!g_str_has_prefix(line, "Result set: "));
    g_autofree char *whole = line;
    return g_build_filename(run->scratch, line + strlen("Result set: "), NULL);
}

/* No repetition of a level was measured twice, and some of each were. */
static void check_cells(const HvbRunRecord *record)
{
    g_autoptr(GHashTable) cells =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const HvbProfile *profile = record->profiles->pdata[0];
    guint levels = 0;

    for (guint i = 0; i < record->cells->len; i++) {
        const HvbCell *cell = record->cells->pdata[i];
        if (cell->status != HVB_CELL_DONE)
            continue;
        levels |= 1u << cell->level;
        CU_ASSERT_TRUE(
            g_hash_table_add(cells, g_strdup_printf("%d %u", cell->level,
                                                    cell->repetition)));
    }
    for (guint level = 0; level < HVB_N_LEVELS; level++)
        CU_ASSERT_EQUAL((levels & 1u << level) != 0, profile->levels[level]);
}

static void test_interrupted_reproduce_goes_on_with_the_same_command(void)
{
    const char *argv[] = {"",         "reproduce", "--only", "fig02",
                          "--budget", "4min",      NULL};
    g_auto(Run) run = {0};

    if (!run_can_start(&run, profile_text))
        return;
    g_autofree char *data_dir = make_data_dir(&run);
    run_spawn(&run, argv, data_dir);
    run_wait_for(&run, " samples  mean");
    g_subprocess_send_signal(run.process, SIGINT);
    g_autofree char *interrupted = run_wait_for_end(&run, 130);
    CU_ASSERT_PTR_NOT_NULL(strstr(interrupted, "the same command goes on"));

    run_spawn(&run, argv, data_dir);
    run_wait_for(&run, "resuming the run in results/reproduce-");
    g_autofree char *set = read_result_set(&run);
    g_free(run_wait_for_end(&run, 0));
    g_autoptr(HvbStore) store = hvb_store_open(set, FALSE, NULL);
    g_autoptr(HvbRunRecord) record =
        store ? hvb_store_load_run(store, NULL) : NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    CU_ASSERT_STRING_EQUAL(record->status, "done");
    CU_ASSERT_EQUAL(count_boots(record), 2);
    check_cells(record);
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_run[] = {
    TEST(reader_that_leaves_ends_the_run_and_its_guests),
    TEST(run_interrupted_before_its_first_cell_leaves_no_set),
    TEST(run_that_loses_guests_boots_anew_and_goes_on),
    TEST(interrupted_run_goes_on_with_the_same_stack_only),
    TEST(interrupted_reproduce_goes_on_with_the_same_command),
    TEST_END,
};
