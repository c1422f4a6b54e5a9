/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Delays are stored with their sign, and told without. */
#include "hvbench/results/delay.h"

#include "hvbench/cli/commands.h"
#include "hvbench/results/compare.h"
#include "hvbench/results/p3.h"
#include "test/suites.h"
#include "test/unit/program.h"
#include "test/unit/result-set.h"

#include <math.h>
#include <string.h>

#define MS G_GINT64_CONSTANT(1000000)

/* A cell of the scenario at None whose delays are `delays_ms`, some negative.
 */
static void store_cell(Set *set, guint scenario, guint repetition,
                       const int *delays_ms, gsize n)
{
    g_autoptr(HvbCell) cell = hvb_cell_new();

    cell->scenario = scenario;
    cell->level = HVB_LEVEL_NONE;
    cell->repetition = repetition;
    cell->attempt = 1;
    cell->status = HVB_CELL_DONE;
    for (gsize i = 0; i < n; i++)
        set_add_sample(cell, 1, delays_ms[i] * MS);
    cell->scheduled = cell->received = (guint)n;
    CU_ASSERT_FATAL(hvb_store_add_cell(set->store, cell, NULL));
}

/* The first scenario's mean is below 0, and the distance from its p10 to its
 * p90 is larger than its maximum; all of the second one is below 0. */
static Set *make_set(void)
{
    static const int some_ms[] = {-90, -80, -70, -20, -10, 0, 5, 10, 15, 20};
    static const int none_ms[] = {-40, -30, -25, -20, -15};
    Set *set = set_begin();

    for (guint repetition = 1; repetition <= 2; repetition++) {
        store_cell(set, 0, repetition, some_ms, G_N_ELEMENTS(some_ms));
        store_cell(set, 1, repetition, none_ms, G_N_ELEMENTS(none_ms));
    }
    return set;
}

static void test_what_is_told_of_a_delay_is_never_negative(void)
{
    const HvbInterval interval = {
        .estimate = -2, .low = -9, .high = 5, .error = 3, .freedom = 4, .n = 5};
    HvbInterval told = hvb_delay_told_interval(interval);

    CU_ASSERT_EQUAL(hvb_delay_told(-20.0), 0.0);
    CU_ASSERT_EQUAL(hvb_delay_told(20.0), 20.0);
    CU_ASSERT(isnan(hvb_delay_told(NAN)));
    CU_ASSERT_EQUAL(told.estimate, 0.0);
    CU_ASSERT_EQUAL(told.low, 0.0);
    CU_ASSERT_EQUAL(told.high, 5.0);
    CU_ASSERT_EQUAL(told.error, 3.0);
    CU_ASSERT_EQUAL(told.n, 5);
}

static void test_spread_is_that_of_what_is_told_and_at_most_the_maximum(void)
{
    g_autoptr(Set) set = make_set();
    g_autoptr(HvbRunRecord) run = hvb_store_load_run(set->store, NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(run);
    g_autoptr(GPtrArray) p3s = hvb_run_record_p3(run);
    const HvbP3 *p3 = p3s->pdata[0];
    const HvbP3Row *row =
        &g_array_index(p3->levels, HvbP3Level, 0).operations[WIRE_OPEN];
    CU_ASSERT_DOUBLE_EQUAL(row->signed_mean_ms, -22.0, 1e-9);
    CU_ASSERT_EQUAL(row->mean_ms, 0.0);
    CU_ASSERT_EQUAL(row->p10_ms, 0.0);
    CU_ASSERT(row->p90_ms > 10.0);
    CU_ASSERT_DOUBLE_EQUAL(row->spread_ms, row->p90_ms, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(row->max_ms, 20.0, 1e-9);
    CU_ASSERT(row->spread_ms <= row->max_ms);
    CU_ASSERT(row->mean_low_ms >= 0.0 && row->p90_low_ms >= 0.0);
}

/* Chance to both sides of the reference is no delay. */
static void test_mean_is_taken_of_signed_delays(void)
{
    static const int around_ms[] = {-6, -4, -2, 3, 4, 5};
    g_autoptr(Set) set = set_begin();

    store_cell(set, 0, 1, around_ms, G_N_ELEMENTS(around_ms));
    g_autoptr(HvbRunRecord) run = hvb_store_load_run(set->store, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(run);
    g_autoptr(GPtrArray) p3s = hvb_run_record_p3(run);
    const HvbP3 *p3 = p3s->pdata[0];
    CU_ASSERT_DOUBLE_EQUAL(
        g_array_index(p3->levels, HvbP3Level, 0).operations[WIRE_OPEN].mean_ms,
        0.0, 1e-9);
}

static void test_change_is_that_of_the_means_that_are_told(void)
{
    const HvbCompareSettings settings = {10, 10, HVB_CONFIDENCE};
    g_autoptr(Set) set = make_set();
    g_autoptr(HvbRunRecord) run = hvb_store_load_run(set->store, NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(run);
    g_autoptr(HvbComparison) comparison = hvb_compare(run, run, &settings);
    const HvbComparedRow *row =
        &g_array_index(comparison->rows, HvbComparedRow, 0);
    CU_ASSERT_EQUAL(row->a.estimate, 0.0);
    CU_ASSERT_EQUAL(row->a.low, 0.0);
    CU_ASSERT_EQUAL(row->difference.estimate, 0.0);
}

/* Every output */

static void expect_no_negative(const char *what, const char *text)
{
    g_autoptr(GRegex) negative = g_regex_new("[\\s>\":(]-[0-9]", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    gboolean found = g_regex_match(negative, text, 0, &match);

    if (found) {
        int start = 0;
        g_match_info_fetch_pos(match, 0, &start, NULL);
        printf("\n%s: %.60s\n", what, text + start);
    }
    CU_ASSERT_FALSE(found);
}

static void expect_file_tells_no_negative(const Set *set, const char *name)
{
    g_autofree char *path = g_build_filename(set->dir, name, NULL);
    g_autofree char *text = NULL;

    CU_ASSERT_TRUE_FATAL(g_file_get_contents(path, &text, NULL, NULL));
    expect_no_negative(name, text);
}

static void test_report_and_summary_tell_no_negative_delay(void)
{
    g_autofree char *program = program_find();
    g_autofree char *gnuplot = g_find_program_in_path("gnuplot");
    g_autoptr(Set) set = make_set();
    const char *const arguments[] = {"report", set->dir, NULL};
    g_auto(ProgramOutcome) outcome = {0};

    set_end(set, "done");
    if (!program)
        return;
    if (!gnuplot) {
        test_skip("there is no gnuplot");
        return;
    }
    program_run(program, arguments, &outcome);
    CU_ASSERT_EQUAL(outcome.status, HVB_EXIT_OK);
    expect_no_negative("report", outcome.out);
    expect_file_tells_no_negative(set, "summary.json");
    set_remove_report(set);
}

static void test_comparison_tells_no_negative_mean(void)
{
    g_autofree char *program = program_find();
    g_autoptr(Set) a = make_set();
    g_autoptr(Set) b = make_set();
    const char *const arguments[] = {"compare", "--json=-", a->dir, b->dir,
                                     NULL};
    g_auto(ProgramOutcome) outcome = {0};

    set_end(a, "done");
    set_end(b, "done");
    if (!program)
        return;
    program_run(program, arguments, &outcome);
    CU_ASSERT_STRING_EQUAL(outcome.err, "");
    g_auto(GStrv) lines = g_strsplit(outcome.out, "\n", 0);
    for (char **line = lines; *line; line++)
        if (strstr(*line, "\"mean_ms\"") || strstr(*line, "\"low_ms\""))
            expect_no_negative("compare --json", *line);
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome.out, " 0.0      0.0     +0.0 "));
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_delay[] = {
    TEST(what_is_told_of_a_delay_is_never_negative),
    TEST(spread_is_that_of_what_is_told_and_at_most_the_maximum),
    TEST(mean_is_taken_of_signed_delays),
    TEST(change_is_that_of_the_means_that_are_told),
    TEST(report_and_summary_tell_no_negative_delay),
    TEST(comparison_tells_no_negative_mean),
    TEST_END,
};
