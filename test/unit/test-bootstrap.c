/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/bootstrap.h"
#include "hvbench/results/p3.h"
#include "test/suites.h"
#include "test/unit/observations.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(gsl_rng, gsl_rng_free)

/* t of 95 % and of 80 %, one-sided, with 1 and 2 degrees of freedom. */
#define T_1 12.7062
#define T_2 4.30265
#define T_2_OF_80 1.06066

/* `per_block` values of each block follow one another. */
static GArray *blocks_of(const double *values, guint n, guint per_block)
{
    GArray *blocks = g_array_new(FALSE, FALSE, sizeof(HvbBlockValue));

    for (guint i = 0; i < n; i++) {
        const HvbBlockValue value = {values[i], i / per_block};
        g_array_append_val(blocks, value);
    }
    hvb_block_values_sort(blocks);
    return blocks;
}

static HvbInterval mean_of(const double *values, guint n, guint per_block)
{
    g_autoptr(GArray) blocks = blocks_of(values, n, per_block);

    return hvb_bootstrap(blocks, n / per_block, hvb_statistic_mean, 0.0,
                         HVB_CONFIDENCE);
}

/* Means 1 and 3: half of the resamples have 2, a quarter each 1 and 3, so their
 * variance is 1/2, and twice that 1. */
static void test_interval_of_two_cells_is_worked_out_by_hand(void)
{
    const double values[] = {0, 2, 3, 3};
    HvbInterval interval = mean_of(values, 4, 2);

    CU_ASSERT_DOUBLE_EQUAL(interval.estimate, 2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(interval.error, 1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(interval.low, 2 - T_1, 1e-4);
    CU_ASSERT_DOUBLE_EQUAL(interval.high, 2 + T_1, 1e-4);
    CU_ASSERT_EQUAL(interval.n, 2);
}

static void test_interval_of_the_mean_is_that_of_the_cells_means(void)
{
    const double values[] = {12, 80, 3, 44, 1, 1000, 7, 7, 90, 15, 16, 17};

    for (guint cells = 2; cells <= 6; cells++) {
        double means[6];
        for (guint i = 0; i < cells; i++)
            means[i] = (values[2 * i] + values[2 * i + 1]) / 2;
        g_autoptr(GArray) observations = observe(means, cells, cells);
        HvbInterval expected = hvb_interval_of(observations, HVB_CONFIDENCE);
        HvbInterval interval = mean_of(values, 2 * cells, 2);
        CU_ASSERT_DOUBLE_EQUAL(interval.low, expected.low, 1e-9);
        CU_ASSERT_DOUBLE_EQUAL(interval.high, expected.high, 1e-9);
    }
}

/* Many cells are drawn at random: near it. */
static void test_interval_of_many_cells_is_near_it(void)
{
    double values[10];

    for (guint i = 0; i < 10; i++)
        values[i] = i;
    HvbInterval interval = mean_of(values, 10, 1);
    double error = sqrt(82.5 / 9 / 10);
    CU_ASSERT_DOUBLE_EQUAL(interval.error, error, 0.05 * error);
    CU_ASSERT_EQUAL(interval.freedom, 9);
    HvbInterval again = mean_of(values, 10, 1);
    CU_ASSERT_EQUAL(interval.low, again.low);
}

/* A sample that only repeats another tells nothing new. */
static void test_samples_that_repeat_each_other_do_not_narrow_it(void)
{
    const double once[] = {1, 5, 9};
    const double thrice[] = {1, 1, 1, 5, 5, 5, 9, 9, 9};

    CU_ASSERT_DOUBLE_EQUAL(mean_of(thrice, 9, 3).error,
                           mean_of(once, 3, 1).error, 1e-12);
}

static void test_one_cell_has_no_interval(void)
{
    const double values[] = {1, 2, 3};
    HvbInterval interval = mean_of(values, 3, 3);

    CU_ASSERT_EQUAL(interval.estimate, 2);
    CU_ASSERT_EQUAL(interval.n, 1);
    CU_ASSERT(isnan(interval.error) && isnan(interval.low) &&
              isnan(interval.high));
    CU_ASSERT(isnan(mean_of(values, 0, 1).estimate));
}

/* Cell 0 twice, cell 1 not, cell 2 once. */
static void test_quantile_of_a_resample_is_that_of_its_values(void)
{
    const double values[] = {4, 1, 100, 200, 3, 2};
    const guint drawn[] = {2, 0, 1};
    const double expanded[] = {1, 1, 2, 3, 4, 4};
    g_autoptr(GArray) blocks = blocks_of(values, 6, 2);

    for (guint i = 0; i <= 10; i++)
        CU_ASSERT_DOUBLE_EQUAL(hvb_statistic_quantile(blocks, drawn, i / 10.0),
                               hvb_p3_quantile(expanded, 6, i / 10.0), 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(hvb_statistic_mean(blocks, drawn, 0), 2.5, 1e-12);
}

static HvbInterval interval_with(double estimate, double error, double freedom)
{
    return (HvbInterval){estimate, NAN, NAN, error, freedom, 3, 1};
}

/* Errors 3 and 4 with 2 degrees of freedom each: error 5, freedom 625 / (81 / 2
 * + 256 / 2). */
static void test_difference_is_worked_out_by_hand(void)
{
    HvbInterval a = interval_with(10, 3, 2), b = interval_with(17, 4, 2);
    HvbInterval difference = hvb_interval_difference(&a, &b, HVB_CONFIDENCE);

    CU_ASSERT_EQUAL(difference.estimate, 7);
    CU_ASSERT_DOUBLE_EQUAL(difference.error, 5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(difference.freedom, 625 / 168.5, 1e-12);
    CU_ASSERT_EQUAL(difference.n, 6);
    a.error = b.error = 0;
    difference = hvb_interval_difference(&a, &b, HVB_CONFIDENCE);
    CU_ASSERT_EQUAL(difference.low, 7);
    CU_ASSERT_EQUAL(difference.high, 7);
    b.error = NAN;
    difference = hvb_interval_difference(&a, &b, HVB_CONFIDENCE);
    CU_ASSERT_EQUAL(difference.estimate, 7);
    CU_ASSERT(isnan(difference.low) && isnan(difference.error));
}

static void test_mean_of_intervals_is_worked_out_by_hand(void)
{
    const HvbInterval both[] = {interval_with(10, 3, 2),
                                interval_with(20, 4, 2)};
    g_autoptr(GArray) intervals =
        g_array_new(FALSE, FALSE, sizeof(HvbInterval));
    HvbInterval mean = hvb_interval_mean(intervals, HVB_CONFIDENCE);

    CU_ASSERT(isnan(mean.estimate) && isnan(mean.low));
    g_array_append_vals(intervals, both, 2);
    mean = hvb_interval_mean(intervals, HVB_CONFIDENCE);
    CU_ASSERT_EQUAL(mean.estimate, 15);
    CU_ASSERT_DOUBLE_EQUAL(mean.error, 2.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(mean.freedom, 625 / 168.5, 1e-12);
    CU_ASSERT_EQUAL(mean.n, 6);
    CU_ASSERT_EQUAL(mean.strata, 2);
    g_array_index(intervals, HvbInterval, 1).error = NAN;
    mean = hvb_interval_mean(intervals, HVB_CONFIDENCE);
    CU_ASSERT_EQUAL(mean.estimate, 15);
    CU_ASSERT(isnan(mean.low));
}

static void test_visible_difference_is_worked_out_by_hand(void)
{
    HvbInterval interval = interval_with(0, 2, 2);

    CU_ASSERT_DOUBLE_EQUAL(hvb_interval_visible(&interval, 0.95, 0.8),
                           2 * (T_2 + T_2_OF_80), 1e-4);
    interval.error = NAN;
    CU_ASSERT(isnan(hvb_interval_visible(&interval, 0.95, 0.8)));
}

/* Coverage */

#define CASES 1000
#define SAMPLES 40
#define MEAN_MS 100
#define CORRELATION 0.5
#define TAIL 0.6
#define CELL_SD 0.15

/* Lognormal delays, of which each depends on the one before, in a cell that is
 * slower or faster than others. */
static void add_cell(GArray *values, guint block, const gsl_rng *rng, guint n)
{
    double z = gsl_ran_gaussian(rng, 1.0);
    double cell_ms =
        MEAN_MS * exp(gsl_ran_gaussian(rng, CELL_SD) - CELL_SD * CELL_SD / 2);

    for (guint i = 0; i < n; i++) {
        const HvbBlockValue value = {cell_ms * exp(TAIL * z - TAIL * TAIL / 2),
                                     block};
        g_array_append_val(values, value);
        z = CORRELATION * z +
            sqrt(1 - CORRELATION * CORRELATION) * gsl_ran_gaussian(rng, 1.0);
    }
}

/* ln of a delay is normal, with the mean m and the variance v: the p90 is at m
 * + 1.2816 sd. */
static double true_p90(void)
{
    double variance = TAIL * TAIL + CELL_SD * CELL_SD;

    return MEAN_MS * exp(1.2815516 * sqrt(variance) - variance / 2);
}

static gboolean holds(const HvbInterval *interval, double truth)
{
    return interval->low <= truth && truth <= interval->high;
}

static void test_intervals_hold_the_truth_as_often_as_they_say(void)
{
    static const guint cells[] = {2, 3, 5};
    g_autoptr(gsl_rng) rng = gsl_rng_alloc(gsl_rng_mt19937);

    gsl_rng_set(rng, 2005);
    for (guint k = 0; k < G_N_ELEMENTS(cells); k++) {
        guint mean_holds = 0, p90_holds = 0;
        for (guint i = 0; i < CASES; i++) {
            g_autoptr(GArray) values =
                g_array_new(FALSE, FALSE, sizeof(HvbBlockValue));
            for (guint c = 0; c < cells[k]; c++)
                add_cell(values, c, rng, SAMPLES);
            hvb_block_values_sort(values);
            HvbInterval mean =
                hvb_bootstrap(values, cells[k], hvb_statistic_mean, 0.0,
                              HVB_CONFIDENCE);
            HvbInterval p90 =
                hvb_bootstrap(values, cells[k], hvb_statistic_quantile, 0.9,
                              HVB_CONFIDENCE);
            mean_holds += holds(&mean, MEAN_MS);
            p90_holds += holds(&p90, true_p90());
        }
        printf("\n    %u cells: mean %.1f %%, p90 %.1f %% ", cells[k],
               100.0 * mean_holds / CASES, 100.0 * p90_holds / CASES);
        CU_ASSERT_TRUE(mean_holds > 0.92 * CASES && mean_holds < 0.98 * CASES);
        CU_ASSERT_TRUE(p90_holds > 0.91 * CASES && p90_holds < 0.98 * CASES);
    }
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_bootstrap[] = {
    TEST(interval_of_two_cells_is_worked_out_by_hand),
    TEST(interval_of_the_mean_is_that_of_the_cells_means),
    TEST(interval_of_many_cells_is_near_it),
    TEST(samples_that_repeat_each_other_do_not_narrow_it),
    TEST(one_cell_has_no_interval),
    TEST(quantile_of_a_resample_is_that_of_its_values),
    TEST(difference_is_worked_out_by_hand),
    TEST(mean_of_intervals_is_worked_out_by_hand),
    TEST(visible_difference_is_worked_out_by_hand),
    TEST(intervals_hold_the_truth_as_often_as_they_say),
    TEST_END,
};
