/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measures of cells, the knee, and the P3 of some of the guests. */
#include "hvbench/results/knee.h"
#include "hvbench/results/measure.h"
#include "test/suites.h"
#include "test/unit/paper-run.h"

#include <math.h>

static HvbRunRecord *run_of(const char *name, const char *settings,
                            double delay_ms)
{
    g_autoptr(PaperWorld) world = paper_world_empty();
    PaperScenario *s = paper_scenario(world, name);

    world->noise = 0;
    world->samples = 10;
    world->repetitions = 2;
    s->settings = settings;
    for (guint l = 0; l < HVB_N_LEVELS; l++)
        s->delay_ms[l] = delay_ms;
    return paper_run(world);
}

static double value(const HvbRunRecord *run, HvbMeasure measure, guint64 guests)
{
    g_autoptr(GArray) observations =
        hvb_observe(run, "x", HVB_LEVEL_BIT(HVB_LEVEL_BUSY), measure, guests);

    CU_ASSERT_FATAL(observations->len > 0);
    return g_array_index(observations, HvbObservation, 0).value;
}

/* Ten delays of 105, 115, ... 195: type 7 quantiles 114 and 186. */
static void test_measures_of_a_cell_are_worked_out_by_hand(void)
{
    g_autoptr(PaperWorld) world = paper_world_empty();
    PaperScenario *s = paper_scenario(world, "x");

    world->noise = 0;
    world->samples = 10;
    s->delay_ms[HVB_LEVEL_BUSY] = 150;
    s->spread = 100.0 / 150;
    s->host_busy[HVB_LEVEL_BUSY] = 42;
    s->host_total[HVB_LEVEL_BUSY] = 77;
    s->charged = 1.05;
    s->meter_off = 30;
    s->emulator = 2;
    g_autoptr(HvbRunRecord) run = paper_run(world);
    CU_ASSERT_DOUBLE_EQUAL(value(run, HVB_MEASURE_DELAY, 0), 150, 1e-5);
    CU_ASSERT_DOUBLE_EQUAL(value(run, HVB_MEASURE_SPREAD, 0), 72, 1e-5);
    CU_ASSERT_EQUAL(value(run, HVB_MEASURE_WITHIN, 0), 0);
    CU_ASSERT_EQUAL(value(run, HVB_MEASURE_OVER, 0), 0);
    CU_ASSERT_DOUBLE_EQUAL(value(run, HVB_MEASURE_RESPONSE, 0), 216, 1e-5);
    CU_ASSERT_DOUBLE_EQUAL(value(run, HVB_MEASURE_HOST_BUSY, 0), 42, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(value(run, HVB_MEASURE_GUEST_BUSY, 0), 72, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(value(run, HVB_MEASURE_USED, 0), 40, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(value(run, HVB_MEASURE_VCPU, 0), 40, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(value(run, HVB_MEASURE_EMULATOR, 0), 2, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(value(run, HVB_MEASURE_HOST_TOTAL, 0), 77, 1e-6);
}

static void test_shares_are_in_per_cent(void)
{
    g_autoptr(HvbRunRecord) run = run_of("x", NULL, 50);
    HvbCell *cell = paper_cell(run, "x", HVB_LEVEL_BUSY, 1);

    g_array_index(cell->samples, HvbSample, 9).delay_ns = 1000000000;
    /* 27.5 ms to 72.5 ms: five below 50. */
    CU_ASSERT_DOUBLE_EQUAL(value(run, HVB_MEASURE_WITHIN, 0), 50, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(value(run, HVB_MEASURE_OVER, 0), 10, 1e-9);
}

static void test_neighbours_count_only_when_asked_for(void)
{
    g_autoptr(HvbRunRecord) run =
        run_of("x", "[guest 2]\nloaded = yes\nmeasured = apart\n", 100);
    HvbCell *cell = paper_cell(run, "x", HVB_LEVEL_BUSY, 1);

    for (guint i = 0; i < cell->samples->len; i++) {
        HvbSample *sample = &g_array_index(cell->samples, HvbSample, i);
        if (sample->guest == 2)
            sample->delay_ns *= 3;
    }
    g_array_index(cell->meters, HvbMeterRecord, 2).host_vcpu_ns *= 2;
    CU_ASSERT_DOUBLE_EQUAL(value(run, HVB_MEASURE_DELAY, 0), 100, 1e-5);
    CU_ASSERT_DOUBLE_EQUAL(value(run, HVB_MEASURE_DELAY, 2), 300, 1e-5);
    CU_ASSERT_DOUBLE_EQUAL(value(run, HVB_MEASURE_DELAY, 3), 200, 1e-5);
    CU_ASSERT_DOUBLE_EQUAL(value(run, HVB_MEASURE_VCPU, 2),
                           2 * value(run, HVB_MEASURE_VCPU, 0), 1e-5);
}

static void test_disturbed_cells_and_early_attempts_do_not_count(void)
{
    g_autoptr(HvbRunRecord) run = run_of("x", NULL, 100);
    HvbCell *first = paper_cell(run, "x", HVB_LEVEL_BUSY, 1);
    HvbCell *second = paper_cell(run, "x", HVB_LEVEL_BUSY, 2);
    HvbCell *again = paper_cell(run, "x", HVB_LEVEL_NONE, 1);

    first->status = HVB_CELL_DISTURBED;
    again->level = HVB_LEVEL_BUSY;
    again->repetition = 2;
    again->attempt = 2;
    for (guint i = 0; i < again->samples->len; i++)
        g_array_index(again->samples, HvbSample, i).delay_ns = 7000000;
    g_autoptr(GArray) all = hvb_observe(run, "x", HVB_LEVEL_BIT(HVB_LEVEL_BUSY),
                                        HVB_MEASURE_DELAY, 0);
    CU_ASSERT_EQUAL_FATAL(all->len, 1);
    CU_ASSERT_EQUAL(g_array_index(all, HvbObservation, 0).repetition, 2);
    CU_ASSERT_EQUAL(g_array_index(all, HvbObservation, 0).value, 7);
    second->attempt = 3; /* and comes after it in the run */
    g_autoptr(GArray) last =
        hvb_observe(run, "x", HVB_LEVEL_BIT(HVB_LEVEL_BUSY), HVB_MEASURE_DELAY,
                    0);
    CU_ASSERT_EQUAL_FATAL(last->len, 1);
    CU_ASSERT_DOUBLE_EQUAL(g_array_index(last, HvbObservation, 0).value, 100,
                           1e-5);
    second->status = HVB_CELL_FAILED;
    again->status = HVB_CELL_DISTURBED;
    g_autoptr(GPtrArray) cells = hvb_counted_cells(run, 0);
    CU_ASSERT_EQUAL(cells->len, 9); /* of 12, one of which was moved */
}

static void test_scenario_that_was_not_run_has_nothing_to_observe(void)
{
    g_autoptr(HvbRunRecord) run = run_of("x", NULL, 100);
    g_autoptr(GArray) none = hvb_observe(run, "y", ~0u, HVB_MEASURE_DELAY, 0);

    CU_ASSERT_EQUAL(none->len, 0);
}

/* Two users of 100 (1 - e^-4) ms after 700: a bit below a quarter. The probes:
 * 4 x 5 + 5 x 60 + 120 ms of work in 10 slots of 440. */
static void test_demand_is_worked_out_by_hand(void)
{
    g_autoptr(HvbRunRecord) run = run_of("x", NULL, 100);
    const HvbProfile *profile = run->profiles->pdata[0];

    CU_ASSERT_DOUBLE_EQUAL(hvb_users_percent(profile, 1, HVB_LEVEL_LOW),
                           200 * 98.1684 / 798.1684, 1e-4);
    CU_ASSERT_EQUAL(hvb_users_percent(profile, 2, HVB_LEVEL_LOW), 0);
    CU_ASSERT_DOUBLE_EQUAL(hvb_probes_percent(profile), 10, 1e-9);
}

/* At None 10, at Low 30, at Medium 90 ms: 60 ms half way between. */
static void test_knee_is_read_off_straight_lines(void)
{
    g_autoptr(PaperWorld) world = paper_world_empty();
    PaperScenario *s = paper_scenario(world, "x");
    const double delay_ms[] = {10, 30, 90, 300, 20, 500};
    const double total[] = {0, 20, 40, 60, 80, 100};
    gboolean open;

    world->noise = 0;
    for (guint l = 0; l < HVB_N_LEVELS; l++) {
        s->delay_ms[l] = delay_ms[l];
        s->host_total[l] = total[l];
    }
    g_autoptr(HvbRunRecord) run = paper_run(world);
    g_autoptr(GArray) knees =
        hvb_observe_knee(run, "x", HVB_KNEE_HOST_TOTAL, &open);
    CU_ASSERT_EQUAL_FATAL(knees->len, 3);
    CU_ASSERT_DOUBLE_EQUAL(g_array_index(knees, HvbObservation, 0).value, 30,
                           1e-4);
    CU_ASSERT_FALSE(open);
    g_autoptr(GArray) loads =
        hvb_observe_knee(run, "x", HVB_KNEE_DEMAND, &open);
    const HvbProfile *profile = run->profiles->pdata[0];
    CU_ASSERT_DOUBLE_EQUAL(g_array_index(loads, HvbObservation, 0).value,
                           1.5 * hvb_users_percent(profile, 1, HVB_LEVEL_LOW),
                           1e-4);
}

/* Half of two CPUs is all of the one that the guests may use. */
static void test_knee_is_of_the_cpus_that_guests_may_use(void)
{
    g_autoptr(HvbRunRecord) run = run_of("x", "[host]\ncpus = 1\n", 100);
    gboolean open;
    g_autoptr(GArray) knees =
        hvb_observe_knee(run, "x", HVB_KNEE_HOST_TOTAL, &open);

    CU_ASSERT_EQUAL_FATAL(knees->len, 2);
    CU_ASSERT_DOUBLE_EQUAL(g_array_index(knees, HvbObservation, 0).value, 100,
                           1e-6);
}

static void test_knee_that_never_comes_is_beyond_the_top(void)
{
    g_autoptr(HvbRunRecord) run = run_of("x", NULL, 100);
    HvbInterval interval = {.estimate = 1, .low = 0, .high = 2};
    gboolean open;
    g_autoptr(GArray) knees =
        hvb_observe_knee(run, "x", HVB_KNEE_HOST_TOTAL, &open);

    CU_ASSERT_EQUAL_FATAL(knees->len, 2);
    CU_ASSERT_TRUE(open);
    CU_ASSERT_DOUBLE_EQUAL(g_array_index(knees, HvbObservation, 0).value, 50,
                           1e-6);
    hvb_knee_open(&interval, FALSE, TRUE);
    CU_ASSERT(interval.low == 0 && isinf(interval.high));
    hvb_knee_open(&interval, TRUE, FALSE);
    CU_ASSERT(isinf(interval.low));
}

/* One cell with 10 ms from guest 1 and 30 ms from guest 2. */
static HvbRunRecord *run_of_two_guests(const char *settings)
{
    HvbRunRecord *run = run_of("x", settings, 10);
    HvbCell *cell = run->cells->pdata[0];

    g_ptr_array_set_size(run->cells, 1);
    for (guint i = 0; i < cell->samples->len; i++)
        g_array_index(cell->samples, HvbSample, i).delay_ns =
            g_array_index(cell->samples, HvbSample, i).guest == 1 ? 10000000
                                                                  : 30000000;
    g_array_index(cell->meters, HvbMeterRecord, 1).host_cpu_ns =
        g_array_index(cell->meters, HvbMeterRecord, 1).host_window_ns / 5;
    g_array_index(cell->meters, HvbMeterRecord, 2).host_cpu_ns =
        g_array_index(cell->meters, HvbMeterRecord, 2).host_window_ns * 3 / 5;
    return run;
}

static void expect_p3(HvbP3 *p3, const HvbRunRecord *run, double mean_ms,
                      double host_percent)
{
    const HvbP3Level *level;

    hvb_p3_update_level(p3, HVB_LEVEL_NONE, run->cells);
    level = &g_array_index(p3->levels, HvbP3Level, 0);
    CU_ASSERT_DOUBLE_EQUAL(level->operations[WIRE_OPEN].mean_ms, mean_ms, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(level->host_busy_percent, host_percent, 1e-9);
}

static void test_guests_measured_apart_are_left_out_of_the_p3(void)
{
    g_autoptr(HvbRunRecord) run =
        run_of_two_guests("[guest 2]\nmeasured = apart\n");
    g_autoptr(HvbP3) p3 = hvb_p3_for_profile(run->profiles->pdata[0]);

    expect_p3(p3, run, 10, 20);
    CU_ASSERT_STRING_EQUAL(p3->scenario, "x");
    CU_ASSERT_TRUE(hvb_p3_counts_guest(p3, run->cells->pdata[0], 1));
    CU_ASSERT_FALSE(hvb_p3_counts_guest(p3, run->cells->pdata[0], 2));
    CU_ASSERT_FALSE(hvb_p3_counts_guest(p3, run->cells->pdata[0], 3));
}

static void test_guests_measured_apart_make_the_p3_if_all_are(void)
{
    g_autoptr(HvbRunRecord) run =
        run_of_two_guests("[guest 2]\nmeasured = apart\n");
    HvbProfile *profile = run->profiles->pdata[0];

    profile->guests[0].measured = HVB_MEASURED_APART;
    g_autoptr(HvbP3) p3 = hvb_p3_for_profile(profile);
    expect_p3(p3, run, 20, 40);
}

static void test_one_guest_has_a_p3_of_its_own(void)
{
    g_autoptr(HvbRunRecord) run =
        run_of_two_guests("[guest 2]\nmeasured = apart\n");
    g_autoptr(HvbP3) p3 = hvb_p3_for_guest(run->profiles->pdata[0], 2);

    expect_p3(p3, run, 30, 60);
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_measure[] = {
    TEST(measures_of_a_cell_are_worked_out_by_hand),
    TEST(shares_are_in_per_cent),
    TEST(neighbours_count_only_when_asked_for),
    TEST(disturbed_cells_and_early_attempts_do_not_count),
    TEST(scenario_that_was_not_run_has_nothing_to_observe),
    TEST(demand_is_worked_out_by_hand),
    TEST(knee_is_read_off_straight_lines),
    TEST(knee_is_of_the_cpus_that_guests_may_use),
    TEST(knee_that_never_comes_is_beyond_the_top),
    TEST(guests_measured_apart_are_left_out_of_the_p3),
    TEST(guests_measured_apart_make_the_p3_if_all_are),
    TEST(one_guest_has_a_p3_of_its_own),
    TEST_END,
};
