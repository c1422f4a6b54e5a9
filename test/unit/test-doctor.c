/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The doctor's parts: facts about a host, their judgement, the list of checks,
 * and who else takes CPU. */
#include "hvbench/cli/checkup.h"
#include "hvbench/cli/processes.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"
#include "test/unit/test-host.h"

#include <string.h>
#include <unistd.h>

/* Checkup */

typedef struct {
    HvbCheckup checkup;
    char *text;
    gsize length;
} Printed;

static void printed_begin(Printed *printed)
{
    FILE *stream = open_memstream(&printed->text, &printed->length);

    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    hvb_checkup_init(&printed->checkup, stream);
}

static gboolean printed_end(Printed *printed)
{
    gboolean can = hvb_checkup_end(&printed->checkup);

    fclose(printed->checkup.stream);
    return can;
}

static void test_checkup_prints_a_line_per_check_and_its_remedy(void)
{
    Printed printed = {0};

    printed_begin(&printed);
    hvb_checkup_busy(&printed.checkup, "only shown on a terminal");
    hvb_checkup_add(&printed.checkup,
                    hvb_check_new(HVB_CHECK_OK, "a", NULL, "%d CPUs", 2));
    hvb_checkup_add(&printed.checkup,
                    hvb_check_new(HVB_CHECK_WARN, "two words", "do this",
                                  "bad\nin two lines"));
    CU_ASSERT_TRUE(printed_end(&printed));
    expect_text(printed.text,
                "ok    a               2 CPUs\n"
                "warn  two words       bad\n"
                "      in two lines\n"
                "      remedy: do this\n"
                "this host can run hvbench: 1 ok, 1 warning, 0 failures\n");
    free(printed.text);
}

static void test_checkup_with_a_failure_says_that_the_host_cannot(void)
{
    Printed printed = {0};

    printed_begin(&printed);
    hvb_checkup_add(&printed.checkup,
                    hvb_check_new(HVB_CHECK_FAIL, "a", NULL, "bad"));
    CU_ASSERT_FALSE(printed_end(&printed));
    expect_text(printed.text,
                "FAIL  a               bad\n"
                "this host cannot run hvbench: 0 ok, 0 warnings, 1 failure\n");
    free(printed.text);
}

/* Processes */

#define STAT(pid, name, user, system, start)                               \
#pid " (" name ") S 1 2 3 4 -1 5 6 7 8 9 " #user " " #system " 12 13 " \
         "20 0 1 0 " #start " 14 15"

static void test_process_with_parentheses_in_its_name_is_read(void)
{
    HvbProcess process;

    CU_ASSERT_TRUE_FATAL(
        hvb_process_parse(STAT(42, "a) (b\033 c", 100, 23, 999), &process));
    CU_ASSERT_EQUAL(process.pid, 42);
    CU_ASSERT_STRING_EQUAL(process.name, "a) (b? c");
    CU_ASSERT_EQUAL(process.cpu_ticks, 123);
    CU_ASSERT_EQUAL(process.start_ticks, 999);
}

static void test_process_text_that_is_cut_is_refused(void)
{
    static const char whole[] = STAT(42, "name", 100, 23, 999);
    gsize start = (gsize)(strstr(whole, "999") - whole);
    HvbProcess process;

    for (gsize length = 0; length < start; length++) {
        g_autofree char *cut = g_strndup(whole, length);
        CU_ASSERT_FALSE(hvb_process_parse(cut, &process));
    }
    CU_ASSERT_FALSE(hvb_process_parse(")1 (", &process));
}

static void add_process(GArray *all, int pid, const char *name,
                        guint64 start_ticks, double cpu_s)
{
    HvbProcess process = {.pid = pid, .start_ticks = start_ticks};

    g_strlcpy(process.name, name, sizeof process.name);
    process.cpu_ticks = (guint64)(cpu_s * (double)sysconf(_SC_CLK_TCK));
    g_array_append_val(all, process);
}

static void test_busiest_processes_are_those_of_the_interval(void)
{
    g_autoptr(GArray) before = g_array_new(FALSE, FALSE, sizeof(HvbProcess));
    g_autoptr(GArray) after = g_array_new(FALSE, FALSE, sizeof(HvbProcess));

    add_process(before, 1, "old and idle", 10, 5000);
    add_process(after, 1, "old and idle", 10, 5000);
    add_process(before, 2, "busy", 20, 10);
    add_process(after, 2, "busy", 20, 12);
    add_process(before, 3, "gone", 30, 100);
    add_process(after, 3, "took its pid", 31, 1);
    add_process(after, 4, "new", 40, 3);
    add_process(after, 5, "the doctor", 50, 4);
    g_autofree char *two = hvb_processes_busiest(before, after, 2, 5, 2);
    g_autofree char *all = hvb_processes_busiest(before, after, 2, 5, 9);
    expect_text(two, "new (4) 150 %, busy (2) 100 %");
    expect_text(all, "new (4) 150 %, busy (2) 100 %, took its pid (3) 50 %");
}

static void test_own_process_is_among_all(void)
{
    g_autoptr(GArray) all = hvb_processes_read();
    gboolean found = FALSE;

    for (guint i = 0; i < all->len; i++)
        found = found || g_array_index(all, HvbProcess, i).pid == getpid();
    CU_ASSERT_TRUE(found);
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_doctor[] = {
    TEST(facts_are_read_from_the_kernels_files),
    TEST(a_v2_host_is_told_by_the_root_group),
    TEST(facts_that_the_host_does_not_tell_are_unknown),
    TEST(what_a_kernel_does_without_is_no_unknown),
    TEST(facts_are_one_printable_line_each),
    TEST(facts_of_this_host_agree_with_libc),
    TEST(cpu_lists_are_counted_and_garbage_is_not),
    TEST(fields_are_found_by_their_whole_name),
    TEST(values_that_differ_are_tallied),
    TEST(dev_kvm_must_be_open_to_qemus_user),
    TEST(cgroups_need_shares_quota_and_usage),
    TEST(privileges_depend_on_the_connection),
    TEST(one_cpu_is_warned_of),
    TEST(governor_other_than_performance_is_warned_of),
    TEST(slow_clocksource_is_warned_of),
    TEST(swap_is_warned_of_only_when_in_use),
    TEST(foreign_load_is_judged_by_the_gates_limit),
    TEST(steal_is_warned_of),
    TEST(limits_above_the_guests_are_warned_of),
    TEST(space_fails_before_it_is_gone),
    TEST(notes_are_no_warnings),
    TEST(checkup_prints_a_line_per_check_and_its_remedy),
    TEST(checkup_with_a_failure_says_that_the_host_cannot),
    TEST(process_with_parentheses_in_its_name_is_read),
    TEST(process_text_that_is_cut_is_refused),
    TEST(busiest_processes_are_those_of_the_interval),
    TEST(own_process_is_among_all),
    TEST_END,
};
