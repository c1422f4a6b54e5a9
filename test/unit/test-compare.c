/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two runs, or the halves of one, held against each other. The rates of false
 * alarms are measured in test-aa.c. */
#include "hvbench/results/compare.h"
#include "test/suites.h"
#include "test/unit/paper-run.h"

#include <math.h>

/* Of test_p_is_worked_out_by_hand(). */
#define P_WORSE 0.0082554
#define P_BETTER 0.0093028

static const HvbCompareSettings usual = {HVB_COMPARE_TOLERANCE_MS,
                                         HVB_COMPARE_TOLERANCE_PERCENT,
                                         HVB_CONFIDENCE};

/* Two scenarios at two levels, with as good as no noise. */
static PaperWorld *small_world(guint32 seed)
{
    PaperWorld *world = paper_world_empty();
    const char *const names[] = {"one", "two"};

    world->levels =
        HVB_LEVEL_BIT(HVB_LEVEL_BUSY) | HVB_LEVEL_BIT(HVB_LEVEL_OVERLOAD);
    world->noise = 0.001;
    world->seed = seed;
    for (guint i = 0; i < 2; i++) {
        PaperScenario *s = paper_scenario(world, names[i]);
        s->delay_ms[HVB_LEVEL_BUSY] = 100;
        s->delay_ms[HVB_LEVEL_OVERLOAD] = 400;
    }
    return world;
}

/* Of the small world, in which "two" is that many times as slow afterwards. */
static HvbComparison *compare_worlds(double factor,
                                     const HvbCompareSettings *settings)
{
    g_autoptr(PaperWorld) before = small_world(1);
    g_autoptr(PaperWorld) after = small_world(2);

    paper_scenario(after, "two")->delay_factor = factor;
    g_autoptr(HvbRunRecord) a = paper_run(before);
    g_autoptr(HvbRunRecord) b = paper_run(after);
    return hvb_compare(a, b, settings);
}

static const HvbComparedRow *row_at(const HvbComparison *comparison, guint i)
{
    CU_ASSERT_FATAL(i < comparison->rows->len);
    return &g_array_index(comparison->rows, HvbComparedRow, i);
}

static void test_runs_of_the_same_are_alike(void)
{
    g_autoptr(HvbComparison) comparison = compare_worlds(1, &usual);

    CU_ASSERT_EQUAL(comparison->verdict, HVB_COMPARED_ALIKE);
    CU_ASSERT_EQUAL(comparison->known, 6);
    CU_ASSERT_EQUAL(comparison->rows->len, 6);
    CU_ASSERT_EQUAL(comparison->only_a->len + comparison->only_b->len, 0);
    CU_ASSERT_STRING_EQUAL(row_at(comparison, 0)->scenario, "one");
    CU_ASSERT_EQUAL(row_at(comparison, 0)->level, HVB_LEVEL_BUSY);
    CU_ASSERT_EQUAL(row_at(comparison, 0)->p, 1);
    CU_ASSERT_EQUAL(row_at(comparison, 0)->a.n, 3);
    CU_ASSERT_DOUBLE_EQUAL(row_at(comparison, 0)->tolerance_ms, 20, 0.1);
    CU_ASSERT(row_at(comparison, 0)->visible_ms > 20);
    CU_ASSERT(row_at(comparison, 0)->visible_ms < 25);
}

static void test_row_of_all_levels_is_their_mean(void)
{
    g_autoptr(HvbComparison) comparison = compare_worlds(2, &usual);
    const HvbComparedRow *busy = row_at(comparison, 3);
    const HvbComparedRow *overload = row_at(comparison, 4);
    const HvbComparedRow *all = row_at(comparison, 5);

    CU_ASSERT_FALSE(busy->all_levels || overload->all_levels);
    CU_ASSERT_TRUE(all->all_levels);
    CU_ASSERT_STRING_EQUAL(all->scenario, "two");
    CU_ASSERT_EQUAL(all->a.n, 6);
    CU_ASSERT_DOUBLE_EQUAL(all->a.estimate,
                           (busy->a.estimate + overload->a.estimate) / 2, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(all->b.estimate,
                           (busy->b.estimate + overload->b.estimate) / 2, 1e-9);
    CU_ASSERT_EQUAL(all->verdict, HVB_COMPARED_WORSE);
}

static void test_slower_is_worse_and_faster_is_better(void)
{
    g_autoptr(HvbComparison) slower = compare_worlds(1.5, &usual);
    g_autoptr(HvbComparison) faster = compare_worlds(0.5, &usual);

    CU_ASSERT_EQUAL(slower->verdict, HVB_COMPARED_WORSE);
    CU_ASSERT_EQUAL(faster->verdict, HVB_COMPARED_BETTER);
    for (guint i = 0; i < 6; i++) {
        HvbCompared of_slower = row_at(slower, i)->verdict;
        HvbCompared of_faster = row_at(faster, i)->verdict;
        CU_ASSERT_EQUAL(of_slower,
                        i < 3 ? HVB_COMPARED_ALIKE : HVB_COMPARED_WORSE);
        CU_ASSERT_EQUAL(of_faster,
                        i < 3 ? HVB_COMPARED_ALIKE : HVB_COMPARED_BETTER);
    }
}

static void test_worse_outweighs_better(void)
{
    g_autoptr(PaperWorld) before = small_world(1);
    g_autoptr(PaperWorld) after = small_world(2);

    paper_scenario(after, "one")->delay_factor = 0.5;
    paper_scenario(after, "two")->delay_factor = 2;
    g_autoptr(HvbRunRecord) a = paper_run(before);
    g_autoptr(HvbRunRecord) b = paper_run(after);
    g_autoptr(HvbComparison) comparison = hvb_compare(a, b, &usual);
    CU_ASSERT_EQUAL(row_at(comparison, 0)->verdict, HVB_COMPARED_BETTER);
    CU_ASSERT_EQUAL(comparison->verdict, HVB_COMPARED_WORSE);
}

/* Half as long again: 50 and 200 ms. */
static void test_nothing_within_the_tolerance_is_called(void)
{
    const HvbCompareSettings wide = {10, 60, HVB_CONFIDENCE};
    const HvbCompareSettings high = {210, 0, HVB_CONFIDENCE};
    const HvbCompareSettings between = {100, 0, HVB_CONFIDENCE};
    g_autoptr(HvbComparison) of_wide = compare_worlds(1.5, &wide);
    g_autoptr(HvbComparison) of_high = compare_worlds(1.5, &high);
    g_autoptr(HvbComparison) of_between = compare_worlds(1.5, &between);

    CU_ASSERT_EQUAL(of_wide->verdict, HVB_COMPARED_ALIKE);
    CU_ASSERT_EQUAL(of_high->verdict, HVB_COMPARED_ALIKE);
    CU_ASSERT_EQUAL(row_at(of_between, 3)->verdict, HVB_COMPARED_ALIKE);
    CU_ASSERT_EQUAL(row_at(of_between, 4)->verdict, HVB_COMPARED_WORSE);
}

/* Sets the only sample's delay of each repetition. */
static void set_delays(HvbRunRecord *run, const double *delays_ms, guint n)
{
    for (guint r = 0; r < n; r++) {
        HvbCell *cell = paper_cell(run, "x", HVB_LEVEL_BUSY, r + 1);
        CU_ASSERT_FATAL(cell->samples->len == 1);
        g_array_index(cell->samples, HvbSample, 0).delay_ns =
            (gint64)(delays_ms[r] * 1e6);
    }
}

static HvbRunRecord *run_of(const double *delays_ms, guint n)
{
    g_autoptr(PaperWorld) world = paper_world_empty();

    world->levels = HVB_LEVEL_BIT(HVB_LEVEL_BUSY);
    world->repetitions = n;
    world->samples = 1;
    paper_scenario(world, "x")->delay_ms[HVB_LEVEL_BUSY] = 1;
    HvbRunRecord *run = paper_run(world);
    set_delays(run, delays_ms, n);
    return run;
}

/* Means 100 and 160, errors 2 and 3: the limit is 120, with the error 2.2. With
 * the 10 ms: ln(170 / 130) = 0.268264, and the errors 3 / 170 and 2.2 / 130
 * come to 0.024450, with 1.9965 degrees of freedom. So T = 10.9719; the chance
 * beyond it is an integral over the density, made elsewhere. */
static void test_p_is_worked_out_by_hand(void)
{
    const double of_a[] = {98, 102}, of_b[] = {157, 163};
    g_autoptr(HvbRunRecord) a = run_of(of_a, 2);
    g_autoptr(HvbRunRecord) b = run_of(of_b, 2);
    g_autoptr(HvbComparison) comparison = hvb_compare(a, b, &usual);
    const HvbComparedRow *row = row_at(comparison, 0);

    CU_ASSERT_EQUAL(comparison->rows->len, 1);
    CU_ASSERT_DOUBLE_EQUAL(row->difference.estimate, 60, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(row->difference.error, sqrt(13), 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(row->tolerance_ms, 20, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(row->p, P_WORSE, 1e-5);
    CU_ASSERT_EQUAL(row->verdict, HVB_COMPARED_WORSE);
    /* And back: 160 to 100, of which the limit is 134. */
    g_autoptr(HvbComparison) back = hvb_compare(b, a, &usual);
    CU_ASSERT_DOUBLE_EQUAL(row_at(back, 0)->p, P_BETTER, 1e-5);
    CU_ASSERT_EQUAL(row_at(back, 0)->verdict, HVB_COMPARED_BETTER);
}

/* The same row, alone and among others that are alike: p is 0.0082, and the
 * smallest of ten is held against 0.005. */
static void test_more_rows_ask_for_more_evidence(void)
{
    g_autoptr(PaperWorld) world = paper_world_empty();
    const double of_a[] = {98, 102}, of_b[] = {157, 163};

    world->levels = HVB_LEVEL_BIT(HVB_LEVEL_BUSY);
    world->repetitions = 2;
    world->samples = 1;
    paper_scenario(world, "x")->delay_ms[HVB_LEVEL_BUSY] = 1;
    for (guint i = 0; i < 9; i++) {
        static const char *const names[] = {"a", "b", "c", "d", "e",
                                            "f", "g", "h", "i"};
        paper_scenario(world, names[i])->delay_ms[HVB_LEVEL_BUSY] = 100;
    }
    g_autoptr(HvbRunRecord) a = paper_run(world);
    g_autoptr(HvbRunRecord) b = paper_run(world);
    set_delays(a, of_a, 2);
    set_delays(b, of_b, 2);
    g_autoptr(HvbComparison) comparison = hvb_compare(a, b, &usual);
    CU_ASSERT_EQUAL(comparison->known, 10);
    CU_ASSERT_DOUBLE_EQUAL(row_at(comparison, 0)->p, P_WORSE, 1e-5);
    CU_ASSERT_EQUAL(comparison->verdict, HVB_COMPARED_ALIKE);
}

static void test_one_cell_tells_nothing(void)
{
    const double of_a[] = {10}, of_b[] = {1000, 1001};
    g_autoptr(HvbRunRecord) a = run_of(of_a, 1);
    g_autoptr(HvbRunRecord) b = run_of(of_b, 2);
    g_autoptr(HvbComparison) comparison = hvb_compare(a, b, &usual);
    const HvbComparedRow *row = row_at(comparison, 0);

    CU_ASSERT_EQUAL(comparison->verdict, HVB_COMPARED_UNKNOWN);
    CU_ASSERT_EQUAL(comparison->known, 0);
    CU_ASSERT_EQUAL(row->verdict, HVB_COMPARED_UNKNOWN);
    CU_ASSERT_DOUBLE_EQUAL(row->difference.estimate, 990.5, 1e-9);
    CU_ASSERT(isnan(row->p) && isnan(row->visible_ms) &&
              isnan(row->difference.low));
}

/* Cells that were disturbed are no repetitions. */
static void test_only_cells_that_count_are_compared(void)
{
    const double of_a[] = {10, 11, 5000}, of_b[] = {10, 11, 12};
    g_autoptr(HvbRunRecord) a = run_of(of_a, 3);
    g_autoptr(HvbRunRecord) b = run_of(of_b, 3);

    paper_cell(a, "x", HVB_LEVEL_BUSY, 3)->status = HVB_CELL_DISTURBED;
    g_autoptr(HvbComparison) comparison = hvb_compare(a, b, &usual);
    CU_ASSERT_EQUAL(row_at(comparison, 0)->a.n, 2);
    CU_ASSERT_DOUBLE_EQUAL(row_at(comparison, 0)->a.estimate, 10.5, 1e-9);
    CU_ASSERT_EQUAL(comparison->verdict, HVB_COMPARED_ALIKE);
}

static void test_what_only_one_run_has_is_named(void)
{
    g_autoptr(PaperWorld) before = small_world(1);
    g_autoptr(PaperWorld) after = small_world(2);

    paper_scenario(before, "old");
    paper_scenario(after, "new");
    g_autoptr(HvbRunRecord) a = paper_run(before);
    g_autoptr(HvbRunRecord) b = paper_run(after);
    for (guint r = 1; r <= 3; r++)
        paper_cell(b, "two", HVB_LEVEL_BUSY, r)->status = HVB_CELL_FAILED;
    g_autoptr(HvbComparison) comparison = hvb_compare(a, b, &usual);
    CU_ASSERT_EQUAL_FATAL(comparison->only_a->len, 2);
    CU_ASSERT_EQUAL_FATAL(comparison->only_b->len, 1);
    CU_ASSERT_STRING_EQUAL(comparison->only_a->pdata[0], "old");
    CU_ASSERT_STRING_EQUAL(comparison->only_a->pdata[1], "two Busy");
    CU_ASSERT_STRING_EQUAL(comparison->only_b->pdata[0], "new");
    CU_ASSERT_EQUAL(comparison->rows->len, 4); /* one: 3, two: Overload */
    CU_ASSERT_EQUAL(comparison->verdict, HVB_COMPARED_UNKNOWN);
}

/* A guest whose slow operations fail would have short delays. */
static void test_failed_operations_make_a_level_unknown(void)
{
    const double delays[] = {10, 11, 12};
    g_autoptr(HvbRunRecord) a = run_of(delays, 3);
    g_autoptr(HvbRunRecord) b = run_of(delays, 3);
    HvbCell *cell = paper_cell(b, "x", HVB_LEVEL_BUSY, 2);

    g_autoptr(HvbComparison) alike = hvb_compare(a, b, &usual);
    CU_ASSERT_EQUAL(row_at(alike, 0)->verdict, HVB_COMPARED_ALIKE);
    g_array_index(cell->samples, HvbSample, 0).raw.flags |= WIRE_SAMPLE_FAILED;
    g_autoptr(HvbComparison) failed = hvb_compare(a, b, &usual);
    CU_ASSERT_EQUAL(row_at(failed, 0)->unknown, 1);
    CU_ASSERT_EQUAL(row_at(failed, 0)->verdict, HVB_COMPARED_UNKNOWN);
    CU_ASSERT_EQUAL(failed->verdict, HVB_COMPARED_UNKNOWN);
    cell->scheduled = cell->samples->len;
    g_array_set_size(cell->samples, 0);
    g_autoptr(HvbComparison) gone = hvb_compare(a, b, &usual);
    CU_ASSERT_EQUAL(row_at(gone, 0)->unknown, cell->scheduled);
}

static void test_runs_with_nothing_in_common_tell_nothing(void)
{
    g_autoptr(PaperWorld) before = paper_world_empty();
    g_autoptr(PaperWorld) after = paper_world_empty();

    paper_scenario(before, "old");
    paper_scenario(after, "new");
    g_autoptr(HvbRunRecord) a = paper_run(before);
    g_autoptr(HvbRunRecord) b = paper_run(after);
    g_autoptr(HvbComparison) comparison = hvb_compare(a, b, &usual);
    CU_ASSERT_EQUAL(comparison->rows->len, 0);
    CU_ASSERT_EQUAL(comparison->verdict, HVB_COMPARED_UNKNOWN);
}

/* A/A */

/* Repetitions 1 and 3 against 2 and 4. */
static void test_halves_are_odd_and_even_repetitions(void)
{
    const double delays[] = {100, 500, 102, 504};
    g_autoptr(HvbRunRecord) run = run_of(delays, 4);
    g_autoptr(HvbComparison) halves = hvb_compare_halves(run, &usual);
    const HvbComparedRow *row = row_at(halves, 0);

    CU_ASSERT_EQUAL(halves->rows->len, 1);
    CU_ASSERT_DOUBLE_EQUAL(row->a.estimate, 101, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(row->b.estimate, 502, 1e-9);
    HvbAlarms alarms = hvb_comparison_alarms(halves, HVB_CONFIDENCE);
    CU_ASSERT_EQUAL(alarms.rows, 1);
    CU_ASSERT_EQUAL(alarms.beyond, 1);
    CU_ASSERT_EQUAL(alarms.bare, 1);
}

static void test_three_repetitions_have_no_halves(void)
{
    const double delays[] = {100, 500, 102};
    g_autoptr(HvbRunRecord) run = run_of(delays, 3);
    g_autoptr(HvbComparison) halves = hvb_compare_halves(run, &usual);

    CU_ASSERT_EQUAL(halves->rows->len, 0);
    CU_ASSERT_EQUAL(halves->verdict, HVB_COMPARED_UNKNOWN);
}

/* 100 and 106: within the tolerance, but not without it. */
static void test_alarms_are_counted_with_tolerance_and_without(void)
{
    const double delays[] = {100, 106, 100.1, 106.1};
    g_autoptr(HvbRunRecord) run = run_of(delays, 4);
    g_autoptr(HvbComparison) halves = hvb_compare_halves(run, &usual);
    HvbAlarms alarms = hvb_comparison_alarms(halves, HVB_CONFIDENCE);

    CU_ASSERT_EQUAL(alarms.beyond, 0);
    CU_ASSERT_EQUAL(alarms.bare, 1);
}

static void test_boots_are_scenarios_that_differ_in_the_boot_only(void)
{
    g_autoptr(PaperWorld) world = paper_world_empty();

    world->levels = HVB_LEVEL_BIT(HVB_LEVEL_BUSY);
    paper_scenario(world, "first")->delay_ms[HVB_LEVEL_BUSY] = 100;
    PaperScenario *capped = paper_scenario(world, "capped");
    capped->settings = "cap-percent = 50\n";
    capped->delay_ms[HVB_LEVEL_BUSY] = 100;
    PaperScenario *again = paper_scenario(world, "again");
    again->settings = "[stack]\nboot = 2\n";
    again->delay_ms[HVB_LEVEL_BUSY] = 100;
    g_autoptr(HvbRunRecord) run = paper_run(world);
    g_autoptr(HvbComparison) boots = hvb_compare_boots(run, &usual);
    CU_ASSERT_EQUAL(boots->rows->len, 1);
    CU_ASSERT_STRING_EQUAL(row_at(boots, 0)->scenario, "first, again");
    CU_ASSERT_EQUAL(row_at(boots, 0)->verdict, HVB_COMPARED_ALIKE);
}

/* Of a table of the binomial distribution. */
static void test_bound_is_the_binomial_quantile(void)
{
    CU_ASSERT_EQUAL(hvb_alarms_bound(400, 0.05), 31);
    CU_ASSERT_EQUAL(hvb_alarms_bound(20, 0.05), 4);
    CU_ASSERT_EQUAL(hvb_alarms_bound(1, 0.05), 1);
    CU_ASSERT_EQUAL(hvb_alarms_bound(0, 0.05), 0);
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_compare[] = {
    TEST(runs_of_the_same_are_alike),
    TEST(row_of_all_levels_is_their_mean),
    TEST(slower_is_worse_and_faster_is_better),
    TEST(worse_outweighs_better),
    TEST(nothing_within_the_tolerance_is_called),
    TEST(p_is_worked_out_by_hand),
    TEST(more_rows_ask_for_more_evidence),
    TEST(one_cell_tells_nothing),
    TEST(only_cells_that_count_are_compared),
    TEST(what_only_one_run_has_is_named),
    TEST(failed_operations_make_a_level_unknown),
    TEST(runs_with_nothing_in_common_tell_nothing),
    TEST(halves_are_odd_and_even_repetitions),
    TEST(three_repetitions_have_no_halves),
    TEST(alarms_are_counted_with_tolerance_and_without),
    TEST(boots_are_scenarios_that_differ_in_the_boot_only),
    TEST(bound_is_the_binomial_quantile),
    TEST_END,
};
