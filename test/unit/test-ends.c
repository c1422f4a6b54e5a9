/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* unshare */
/* How a run ended, by what is left of it, and how it goes on. */
#include "hvbench/cli/commands.h"
#include "hvbench/results/set-lock.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"
#include "test/unit/program.h"
#include "test/unit/result-set.h"
#include "test/unit/root-fixture.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void expect_status(Set *set, const char *status)
{
    g_autoptr(HvbRunRecord) run = hvb_store_load_run(set->store, NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(run);
    expect_text(run->status, status);
}

static void test_run_is_running_while_who_writes_holds_the_lock(void)
{
    g_autoptr(Set) set = set_begin();
    int lock = hvb_set_lock(set->dir);

    CU_ASSERT_FATAL(lock >= 0);
    expect_status(set, "running");
    close(lock);
    expect_status(set, "cut off");
}

/* The lock goes with the process, and needs no last word of it. */
static void test_run_of_a_killed_process_is_cut_off(void)
{
    g_autoptr(Set) set = set_begin();
    int ready[2];
    char byte;

    CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        int lock = hvb_set_lock(set->dir);
        if (lock >= 0 && write(ready[1], "", 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    CU_ASSERT_EQUAL_FATAL(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    expect_status(set, "running");
    CU_ASSERT_EQUAL(kill(child, SIGKILL), 0);
    CU_ASSERT_EQUAL(waitpid(child, NULL, 0), child);
    expect_status(set, "cut off");
    g_autoptr(HvbRunRecord) run = hvb_store_load_run(set->store, NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(run->why, "without saying why"));
}

static void test_run_that_another_one_followed_is_not_running(void)
{
    g_autoptr(Set) set = set_begin();
    int lock = hvb_set_lock(set->dir);
    gint64 first = set_sql_number(set, "SELECT max(id) FROM runs");

    CU_ASSERT(hvb_store_begin_run(set->store, "again", 1, set->profiles, NULL));
    expect_status(set, "running");
    g_autoptr(HvbRunRecord) before =
        hvb_store_load_run_before(set->store, first + 1, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(before);
    expect_text(before->status, "cut off");
    close(lock);
}

/* By somebody who may read its database, which is open already here. */
static void test_run_in_a_set_that_may_not_be_opened_is_not_cut_off(void)
{
    g_autoptr(Set) set = set_begin();

    CU_ASSERT_EQUAL_FATAL(chmod(set->dir, 0311), 0);
    uid_t before = become_nobody();
    HvbSetUse use = hvb_set_use(set->dir);
    g_autoptr(HvbRunRecord) run = hvb_store_load_run(set->store, NULL);
    become_again(before);
    CU_ASSERT_EQUAL(chmod(set->dir, 0700), 0);
    CU_ASSERT_EQUAL(use, HVB_SET_BARRED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(run);
    expect_text(run->status, "running");
}

static void test_lock_is_had_by_one(void)
{
    g_autoptr(TestDir) dir = test_dir_new();
    int first = hvb_set_lock(dir);

    CU_ASSERT(first >= 0);
    CU_ASSERT_EQUAL(hvb_set_use(dir), HVB_SET_LOCKED);
    CU_ASSERT(hvb_set_lock(dir) < 0);
    close(first);
    CU_ASSERT_EQUAL(hvb_set_use(dir), HVB_SET_FREE);
    CU_ASSERT_EQUAL(hvb_set_use("/nonexistent/x"), HVB_SET_FREE);
}

/* A full disk */

/* A file system of 1 MiB at `dir`, for this process alone. */
static gboolean mount_small(const char *dir)
{
    return (unshare(CLONE_NEWNS) == 0 ||
            unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", dir, "tmpfs", 0, "size=1m") == 0;
}

/* Down to the last page, and what the write-ahead log has room for. */
static gboolean fill_up(HvbStore *store, const char *dir)
{
    g_autofree char *file = g_build_filename(dir, "filler", NULL);
    g_autofree char *page = g_strnfill(4096, 'x');
    int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    while (write(fd, page, 4096) == 4096)
        ;
    close(fd);
    for (guint i = 0; i < 1000; i++) {
        g_autofree char *key = g_strdup_printf("key%u", i);
        if (!hvb_store_set_provenance(store, key, page, NULL))
            return TRUE;
    }
    return FALSE;
}

enum { NOTED, NO_MOUNT, NO_RUN, NOT_FULL, NOT_NOTED, NOT_READ };

static int end_on_a_full_disk(const Set *set)
{
    if (!mount_small(set->dir))
        return NO_MOUNT;
    HvbStore *store = hvb_store_open(set->dir, TRUE, NULL);
    if (!store || !hvb_store_begin_run(store, "run", 1, set->profiles, NULL))
        return NO_RUN;
    if (!fill_up(store, set->dir))
        return NOT_FULL;
    if (!hvb_store_end_run(store, "failed", "no space", NULL))
        return NOT_NOTED;
    HvbRunRecord *run = hvb_store_load_run(store, NULL);
    return run && strcmp(run->status, "failed") == 0 &&
                   strcmp(run->why, "no space") == 0
               ? NOTED
               : NOT_READ;
}

static void test_run_that_a_full_disk_ended_says_so(void)
{
    g_autoptr(Set) set = set_new();
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        _exit(end_on_a_full_disk(set));
    CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
    CU_ASSERT_FATAL(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_MOUNT)
        test_skip("no file system of its own can be mounted");
    else
        CU_ASSERT_EQUAL(WEXITSTATUS(status), NOTED);
}

/* Going on */

static void test_words_are_quoted_for_a_shell_only_if_they_must_be(void)
{
    static const char *const words[][2] = {
        {"results/20260131-093000", "results/20260131-093000"},
        {"/a/b_c+d,e:f=g@h%i.j", "/a/b_c+d,e:f=g@h%i.j"},
        {"a b", "'a b'"},
        {"it's", "'it'\\''s'"},
        {"$HOME", "'$HOME'"},
        {"~/x", "'~/x'"},
        {"", "''"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autofree char *quoted = hvb_cmd_quote(words[i][0]);
        expect_text(quoted, words[i][1]);
    }
}

static void test_run_that_begins_anew_in_a_set_says_so(void)
{
    g_autofree char *program = program_find();
    g_autoptr(Set) set = set_begin();
    const char *const arguments[] = {"run", "--connect", "nosuchdriver:///",
                                     "-o",  set->dir,    "smoke",
                                     NULL};
    g_auto(ProgramOutcome) outcome = {0};
    g_autofree char *gnuplot = g_find_program_in_path("gnuplot");

    g_clear_pointer(&set->store, hvb_store_free);
    if (!program || !gnuplot) {
        test_skip("there is no program, or no gnuplot");
        return;
    }
    program_run(program, arguments, &outcome);
    g_autofree char *said =
        g_strdup_printf("beginning anew in %s: no cell counts of the run of ",
                        set->dir);
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome.out, said));
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome.out, ", which is cut off\n"));
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_ends[] = {
    TEST(run_is_running_while_who_writes_holds_the_lock),
    TEST(run_of_a_killed_process_is_cut_off),
    TEST(run_that_another_one_followed_is_not_running),
    TEST(run_in_a_set_that_may_not_be_opened_is_not_cut_off),
    TEST(lock_is_had_by_one),
    TEST(run_that_a_full_disk_ended_says_so),
    TEST(words_are_quoted_for_a_shell_only_if_they_must_be),
    TEST(run_that_begins_anew_in_a_set_says_so),
    TEST_END,
};
