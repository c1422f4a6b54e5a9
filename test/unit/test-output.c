/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of output that cannot be written. */
#include "hvbench/cli/commands.h"
#include "test/suites.h"
#include "test/unit/program.h"
#include "test/unit/result-set.h"

#include <string.h>

/* Every write into it fails for lack of space. */
#define FULL "/dev/full"
#define NO_LIBVIRT "nosuchdriver:///"

static void expect_complaint(const char *program, const char *const *arguments,
                             int status)
{
    g_auto(ProgramOutcome) outcome = {0};

    program_run_into(program, arguments, FULL, &outcome);
    CU_ASSERT_EQUAL(outcome.status, status);
    CU_ASSERT(
        g_str_has_prefix(outcome.err, "hvbench: cannot write the output: "));
    CU_ASSERT(program_said_one_line(outcome.err));
    if (outcome.status != status)
        printf("\n%s: %d %s", arguments[0], outcome.status, outcome.err);
}

static void test_help_and_lists_that_cannot_be_written_are_complained_of(void)
{
    static const char *const commands[][4] = {
        {"--help"},
        {"-h"},
        {"--version"},
        {"list"},
        {"show", "smoke"},
        {"reproduce", "--dry-run"},
        {"reproduce", "--help"},
        {"run", "-h"},
        {"selftest", "--help"},
        {"report", "--help"},
        {"compare", "--help"},
        {"show", "--help"},
        {"list", "--help"},
        {"doctor", "--help"},
        {"doctor", "--quick", "--connect=" NO_LIBVIRT},
    };
    g_autofree char *program = program_find();

    for (guint i = 0; program && i < G_N_ELEMENTS(commands); i++)
        expect_complaint(program, commands[i], HVB_EXIT_FAILED);
}

static void test_results_that_cannot_be_written_are_complained_of(void)
{
    g_autofree char *program = program_find();
    g_autofree char *gnuplot = g_find_program_in_path("gnuplot");
    g_autoptr(Set) a = set_begin();
    g_autoptr(Set) b = set_begin();
    const char *const show[] = {"show", a->dir, NULL};
    const char *const report[] = {"report", a->dir, NULL};
    const char *const aa[] = {"compare", "--aa", a->dir, NULL};
    const char *const compare[] = {"compare", a->dir, b->dir, NULL};
    const char *const json[] = {"compare", "--json=-", a->dir, b->dir, NULL};

    CU_ASSERT(set_store_cell(a, 0, HVB_LEVEL_NONE, HVB_CELL_DONE));
    CU_ASSERT(set_store_cell(b, 0, HVB_LEVEL_NONE, HVB_CELL_DONE));
    set_end(a, "done");
    set_end(b, "done");
    if (!program)
        return;
    expect_complaint(program, show, HVB_EXIT_FAILED);
    /* Its status 1 tells that users wait longer. */
    expect_complaint(program, aa, HVB_EXIT_USAGE);
    expect_complaint(program, compare, HVB_EXIT_USAGE);
    expect_complaint(program, json, HVB_EXIT_USAGE);
    if (gnuplot)
        expect_complaint(program, report, HVB_EXIT_FAILED);
    set_remove_report(a);
}

/* It is GLib that finds it, hvbench that prints it. */
static void test_help_is_found_among_other_options(void)
{
    static const char *const arguments[] = {"run",   "--samples", "3",
                                            "smoke", "--help",    NULL};
    g_autofree char *program = program_find();
    g_auto(ProgramOutcome) outcome = {0};

    if (!program)
        return;
    program_run(program, arguments, &outcome);
    CU_ASSERT_EQUAL(outcome.status, HVB_EXIT_OK);
    CU_ASSERT_STRING_EQUAL(outcome.err, "");
    CU_ASSERT(g_str_has_prefix(outcome.out, "Usage:\n  hvbench run "));
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome.out, "-h, --help"));
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome.out, "Exit status:"));
}

/* Somebody has taken samples out of the database. */
static void test_report_on_a_set_that_lacks_samples_ends_with_status_1(void)
{
    g_autofree char *program = program_find();
    g_autofree char *gnuplot = g_find_program_in_path("gnuplot");
    g_autoptr(Set) set = set_begin();
    const char *const arguments[] = {"report", set->dir, NULL};
    g_auto(ProgramOutcome) whole = {0};
    g_auto(ProgramOutcome) lacking = {0};

    CU_ASSERT(set_store_cell(set, 0, HVB_LEVEL_NONE, HVB_CELL_DONE));
    set_end(set, "done");
    if (!program || !gnuplot) {
        test_skip("there is no program, or no gnuplot");
        return;
    }
    program_run(program, arguments, &whole);
    CU_ASSERT_EQUAL(whole.status, HVB_EXIT_OK);
    g_free(set_sql(set, "DELETE FROM samples WHERE id = 1"));
    program_run(program, arguments, &lacking);
    CU_ASSERT_EQUAL(lacking.status, HVB_EXIT_FAILED);
    CU_ASSERT(program_said_one_line(lacking.err));
    CU_ASSERT_PTR_NOT_NULL(strstr(lacking.err, "samples are missing"));
    CU_ASSERT_PTR_NOT_NULL(strstr(lacking.out, "2 scheduled IS NOT 1"));
    set_remove_report(set);
}

/* Asked for all it has to say, it says it where it was told to, but for what it
 * says of that itself. */
static void test_log_lines_of_libvirt_stay_off_the_terminal(void)
{
    g_autofree char *program = program_find();
    g_autoptr(Set) set = set_begin();
    const char *const arguments[] = {"run",    "--connect", NO_LIBVIRT, "-o",
                                     set->dir, "smoke",     NULL};
    g_auto(ProgramOutcome) outcome = {0};

    g_clear_pointer(&set->store, hvb_store_free);
    if (!program)
        return;
    g_autofree char *outputs = g_strdup(g_getenv("LIBVIRT_LOG_OUTPUTS"));
    g_unsetenv("LIBVIRT_LOG_OUTPUTS");
    g_setenv("LIBVIRT_DEBUG", "1", TRUE);
    program_run(program, arguments, &outcome);
    g_unsetenv("LIBVIRT_DEBUG");
    if (outputs)
        g_setenv("LIBVIRT_LOG_OUTPUTS", outputs, TRUE);
    CU_ASSERT_NOT_EQUAL(outcome.status, HVB_EXIT_OK);
    CU_ASSERT_PTR_NULL(strstr(outcome.err, "virConnectOpen"));
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_output[] = {
    TEST(help_and_lists_that_cannot_be_written_are_complained_of),
    TEST(results_that_cannot_be_written_are_complained_of),
    TEST(report_on_a_set_that_lacks_samples_ends_with_status_1),
    TEST(log_lines_of_libvirt_stay_off_the_terminal),
    TEST(help_is_found_among_other_options),
    TEST_END,
};
