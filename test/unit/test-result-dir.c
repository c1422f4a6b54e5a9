/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a result set goes, and what goes again with one that holds nothing. */
#include "hvbench/cli/result-dir.h"
#include "hvbench/results/set-lock.h"
#include "hvbench/results/store.h"
#include "test/suites.h"
#include "test/unit/root-fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A scratch directory, and a directory to be made below it. */
typedef struct {
    char *scratch;
    char *parent;
    HvbResultDir dir;
} Fixture;

static void fixture_clear(Fixture *fixture)
{
    CU_ASSERT_EQUAL(g_rmdir(fixture->scratch), 0); /* nothing is left */
    g_free(fixture->scratch);
    g_free(fixture->parent);
    hvb_result_dir_clear(&fixture->dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

static void make(Fixture *fixture)
{
    g_autofree char *wanted = NULL;

    fixture->scratch = g_dir_make_tmp("hvbench-test-XXXXXX", NULL);
    fixture->parent = g_build_filename(fixture->scratch, "a", NULL);
    wanted = g_build_filename(fixture->parent, "b/", NULL);
    CU_ASSERT_FATAL(hvb_result_dir_make(wanted, &fixture->dir, NULL));
    CU_ASSERT(g_file_test(wanted, G_FILE_TEST_IS_DIR));
}

static char *put(const Fixture *fixture, const char *name)
{
    char *file = g_build_filename(fixture->dir.path, name, NULL);
    g_autofree char *parent = g_path_get_dirname(file);

    CU_ASSERT_EQUAL(g_mkdir_with_parents(parent, 0755), 0);
    CU_ASSERT(g_file_set_contents(file, "", 0, NULL));
    return file;
}

static void test_what_was_made_for_nothing_is_removed(void)
{
    g_auto(Fixture) fixture = {0};

    make(&fixture);
    CU_ASSERT_EQUAL(fixture.dir.made, 2);
    CU_ASSERT_FALSE(hvb_result_dir_has_consoles(&fixture.dir));
    g_free(put(&fixture, "hvbench.db"));
    g_free(put(&fixture, "console/guest1.log"));
    CU_ASSERT(hvb_result_dir_has_consoles(&fixture.dir));
    hvb_result_dir_discard(&fixture.dir);
}

static void test_files_of_others_stay(void)
{
    g_auto(Fixture) fixture = {0};

    make(&fixture);
    g_autofree char *notes = put(&fixture, "notes");
    hvb_result_dir_discard(&fixture.dir);
    CU_ASSERT(g_file_test(notes, G_FILE_TEST_EXISTS));
    g_unlink(notes);
    hvb_result_dir_discard(&fixture.dir);
}

static void test_directory_that_was_there_stays_as_it_is(void)
{
    g_auto(Fixture) fixture = {0};
    g_auto(HvbResultDir) again = {0};

    make(&fixture);
    g_autofree char *database = put(&fixture, "hvbench.db");
    close(fixture.dir.lock); /* as the end of the first run does */
    fixture.dir.locked = FALSE;
    CU_ASSERT_FATAL(hvb_result_dir_make(fixture.dir.path, &again, NULL));
    CU_ASSERT_EQUAL(again.made, 0);
    hvb_result_dir_discard(&again);
    CU_ASSERT(g_file_test(database, G_FILE_TEST_EXISTS));
    hvb_result_dir_discard(&fixture.dir);
}

static void test_directory_without_a_result_set_gets_none_for_nothing(void)
{
    g_auto(Fixture) fixture = {0};
    g_auto(HvbResultDir) again = {0};

    make(&fixture);
    close(fixture.dir.lock);
    fixture.dir.locked = FALSE;
    CU_ASSERT_FATAL(hvb_result_dir_make(fixture.dir.path, &again, NULL));
    g_autofree char *database = put(&fixture, "hvbench.db");
    hvb_result_dir_discard(&again);
    CU_ASSERT_FALSE(g_file_test(database, G_FILE_TEST_EXISTS));
    CU_ASSERT(g_file_test(fixture.dir.path, G_FILE_TEST_IS_DIR));
    hvb_result_dir_discard(&fixture.dir);
}

static void test_directory_that_cannot_be_made_is_named(void)
{
    g_auto(HvbResultDir) dir = {0};
    g_autoptr(GError) error = NULL;

    CU_ASSERT_FALSE(hvb_result_dir_make("/proc/none/set", &dir, &error));
    CU_ASSERT_FATAL(error != NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "/proc/none/set"));
}

static void test_directory_in_use_is_refused_until_it_is_left(void)
{
    g_auto(Fixture) fixture = {0};
    g_auto(HvbResultDir) again = {0};
    g_autoptr(GError) error = NULL;

    make(&fixture);
    CU_ASSERT_EQUAL(hvb_set_use(fixture.dir.path), HVB_SET_LOCKED);
    CU_ASSERT_FALSE(hvb_result_dir_make(fixture.dir.path, &again, &error));
    CU_ASSERT(g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_EXIST));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, fixture.dir.path));
    g_autofree char *path = g_strdup(fixture.dir.path);
    hvb_result_dir_discard(&fixture.dir);
    hvb_result_dir_clear(&fixture.dir);
    CU_ASSERT(hvb_result_dir_make(path, &again, NULL));
    hvb_result_dir_discard(&again);
    hvb_result_dir_clear(&again);
    g_rmdir(fixture.parent);
}

static void test_directory_that_cannot_be_opened_is_in_nobodys_use(void)
{
    g_auto(HvbResultDir) dir = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *barred = g_dir_make_tmp("hvbench-test-XXXXXX", NULL);

    CU_ASSERT_EQUAL_FATAL(chmod(barred, 0311), 0);
    uid_t before = become_nobody();
    CU_ASSERT_FALSE(hvb_result_dir_make(barred, &dir, &error));
    become_again(before);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT(g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_ACCES));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "cannot lock"));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, barred));
    CU_ASSERT_EQUAL(g_rmdir(barred), 0);
}

/* SQLite would wait for who writes into it. */
static void test_pipe_in_the_place_of_a_database_is_named_and_stays(void)
{
    static const char *const endings[] = {"", "-journal", "-wal"};
    g_auto(Fixture) fixture = {0};

    make(&fixture);
    for (guint i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *name = g_strconcat("hvbench.db", endings[i], NULL);
        g_autofree char *pipe = g_build_filename(fixture.dir.path, name, NULL);
        g_autoptr(GError) error = NULL;
        g_autofree char *database = i > 0 ? put(&fixture, "hvbench.db") : NULL;
        CU_ASSERT_EQUAL_FATAL(mkfifo(pipe, 0644), 0);
        CU_ASSERT_EQUAL(hvb_result_dir_check(fixture.dir.path, NULL), i > 0);
        CU_ASSERT_PTR_NULL(hvb_store_open(fixture.dir.path, TRUE, &error));
        CU_ASSERT_FATAL(error != NULL);
        CU_ASSERT(g_error_matches(error, HVB_RESULTS_ERROR,
                                  HVB_RESULTS_ERROR_SCHEMA));
        CU_ASSERT_PTR_NOT_NULL(strstr(error->message, pipe));
        CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "is no regular file"));
        g_unlink(pipe);
        if (database)
            g_unlink(database);
    }
    hvb_result_dir_discard(&fixture.dir);
}

static void test_pipe_that_was_there_stays(void)
{
    g_auto(Fixture) fixture = {0};
    g_auto(HvbResultDir) again = {0};

    make(&fixture);
    close(fixture.dir.lock);
    fixture.dir.locked = FALSE;
    g_autofree char *pipe =
        g_build_filename(fixture.dir.path, "hvbench.db", NULL);
    CU_ASSERT_EQUAL_FATAL(mkfifo(pipe, 0644), 0);
    CU_ASSERT_FATAL(hvb_result_dir_make(fixture.dir.path, &again, NULL));
    hvb_result_dir_discard(&again);
    CU_ASSERT(g_file_test(pipe, G_FILE_TEST_EXISTS));
    g_unlink(pipe);
    hvb_result_dir_discard(&fixture.dir);
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_result_dir[] = {
    TEST(what_was_made_for_nothing_is_removed),
    TEST(files_of_others_stay),
    TEST(directory_that_was_there_stays_as_it_is),
    TEST(directory_without_a_result_set_gets_none_for_nothing),
    TEST(directory_that_cannot_be_made_is_named),
    TEST(directory_in_use_is_refused_until_it_is_left),
    TEST(directory_that_cannot_be_opened_is_in_nobodys_use),
    TEST(pipe_in_the_place_of_a_database_is_named_and_stays),
    TEST(pipe_that_was_there_stays),
    TEST_END,
};
