/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/contrast.h"
#include "test/suites.h"
#include "test/unit/observations.h"
#include "test/unit/paper-run.h"

#include <math.h>

/* 15 and 40 ms against 40 and 90: with the 10 ms, half both times. */
static void test_ratio_is_worked_out_by_hand(void)
{
    const double of_a[] = {40, 90}, of_b[] = {15, 40};
    g_autoptr(GArray) a = observe(of_a, 2, 2);
    g_autoptr(GArray) b = observe(of_b, 2, 2);
    HvbContrast contrast =
        hvb_contrast_make(a, b, HVB_EFFECT_RATIO, HVB_RATIO_OFFSET_MS,
                          HVB_CONFIDENCE);

    CU_ASSERT_EQUAL(contrast.a, 65);
    CU_ASSERT_EQUAL(contrast.b, 27.5);
    CU_ASSERT_DOUBLE_EQUAL(hvb_effect_from_scale(HVB_EFFECT_RATIO,
                                                 contrast.interval.high),
                           0.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(hvb_effect_from_scale(HVB_EFFECT_RATIO,
                                                 contrast.interval.low),
                           0.5, 1e-12);
}

/* 2 times and 8 times are 4 times on average. */
static void test_ratios_are_averaged_geometrically(void)
{
    const double of_a[] = {10, 10}, of_b[] = {20, 80};
    g_autoptr(GArray) a = observe(of_a, 2, 2);
    g_autoptr(GArray) b = observe(of_b, 2, 2);
    HvbContrast contrast =
        hvb_contrast_make(a, b, HVB_EFFECT_RATIO, 0, HVB_CONFIDENCE);

    CU_ASSERT_DOUBLE_EQUAL(hvb_effect_from_scale(HVB_EFFECT_RATIO,
                                                 contrast.interval.estimate),
                           4, 1e-12);
    contrast = hvb_contrast_make(a, b, HVB_EFFECT_EXCESS, 0, HVB_CONFIDENCE);
    CU_ASSERT_DOUBLE_EQUAL(hvb_effect_from_scale(HVB_EFFECT_EXCESS,
                                                 contrast.interval.estimate),
                           300, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(hvb_effect_to_scale(HVB_EFFECT_EXCESS, 300), log(4),
                           1e-12);
}

static void test_pairs_are_those_that_both_have(void)
{
    g_autoptr(GArray) a = g_array_new(FALSE, FALSE, sizeof(HvbObservation));
    g_autoptr(GArray) b = g_array_new(FALSE, FALSE, sizeof(HvbObservation));
    HvbContrast contrast;

    add(a, 0, 1, 10);
    add(a, 0, 2, 1000); /* b has no such repetition */
    add(a, 2, 3, 30);
    add(b, 2, 3, 33);
    add(b, 0, 1, 11);
    add(b, 1, 1, 1000); /* a has no such level */
    contrast =
        hvb_contrast_make(a, b, HVB_EFFECT_DIFFERENCE, 0, HVB_CONFIDENCE);
    CU_ASSERT_EQUAL(contrast.interval.n, 2);
    CU_ASSERT_EQUAL(contrast.interval.estimate, 2);
    CU_ASSERT_EQUAL(contrast.a, 20);
    CU_ASSERT_EQUAL(contrast.b, 22);
    CU_ASSERT_EQUAL(contrast.strata, 5);
}

static void test_ratio_to_nothing_is_no_pair(void)
{
    const double of_a[] = {0, 10}, of_b[] = {10, 20};
    g_autoptr(GArray) a = observe(of_a, 2, 2);
    g_autoptr(GArray) b = observe(of_b, 2, 2);

    CU_ASSERT_EQUAL(
        hvb_contrast_make(a, b, HVB_EFFECT_RATIO, 0, HVB_CONFIDENCE).interval.n,
        1);
}

static double distance(const double *a, guint n_a, const double *b, guint n_b)
{
    g_autoptr(GArray) of_a = g_array_new(FALSE, FALSE, sizeof(double));
    g_autoptr(GArray) of_b = g_array_new(FALSE, FALSE, sizeof(double));

    if (n_a > 0)
        g_array_append_vals(of_a, a, n_a);
    g_array_append_vals(of_b, b, n_b);
    return hvb_wasserstein(of_a, of_b);
}

static void test_distance_is_worked_out_by_hand(void)
{
    const double zeros[] = {0, 0}, tens[] = {10, 10}, ends[] = {0, 10};
    const double middle[] = {5}, even[] = {0, 2}, odd[] = {1, 3};
    const double three[] = {0, 0, 3}, two[] = {0, 3};

    CU_ASSERT_EQUAL(distance(zeros, 2, zeros, 2), 0);
    CU_ASSERT_EQUAL(distance(zeros, 2, tens, 2), 10);
    CU_ASSERT_EQUAL(distance(tens, 2, zeros, 2), 10);
    CU_ASSERT_EQUAL(distance(ends, 2, middle, 1), 5);
    CU_ASSERT_EQUAL(distance(even, 2, odd, 2), 1);
    CU_ASSERT_DOUBLE_EQUAL(distance(three, 3, two, 2), 0.5, 1e-12);
    CU_ASSERT(isnan(distance(NULL, 0, two, 2)));
}

/* 50 and 60 ms without spread: 10 apart, of 50 and the 10 ms. */
static void test_distance_is_relative_to_the_first_ones_delay(void)
{
    g_autoptr(PaperWorld) world = paper_world_empty();
    const char *const names[] = {"one", "other"};

    world->noise = 0;
    for (guint i = 0; i < 2; i++) {
        PaperScenario *s = paper_scenario(world, names[i]);
        s->delay_ms[HVB_LEVEL_BUSY] = 50 + 10 * i;
        s->spread = 0;
    }
    g_autoptr(HvbRunRecord) run = paper_run(world);
    g_autoptr(GArray) distances =
        hvb_observe_distance(run, "one", "other",
                             HVB_LEVEL_BIT(HVB_LEVEL_BUSY));
    CU_ASSERT_EQUAL_FATAL(distances->len, 3);
    CU_ASSERT_DOUBLE_EQUAL(g_array_index(distances, HvbObservation, 0).value,
                           100.0 / 6, 1e-9);
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_contrast[] = {
    TEST(ratio_is_worked_out_by_hand),
    TEST(ratios_are_averaged_geometrically),
    TEST(pairs_are_those_that_both_have),
    TEST(ratio_to_nothing_is_no_pair),
    TEST(distance_is_worked_out_by_hand),
    TEST(distance_is_relative_to_the_first_ones_delay),
    TEST_END,
};
