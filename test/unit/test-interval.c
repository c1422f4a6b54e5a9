/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/interval.h"
#include "test/suites.h"
#include "test/unit/observations.h"

#include <gsl/gsl_randist.h>
#include <math.h>

/* t of 95 %, with 1 and 2 degrees of freedom. */
#define T_1 12.7062
#define T_2 4.30265

static HvbInterval interval_of(const double *values, guint n, guint per_stratum)
{
    g_autoptr(GArray) observations = observe(values, n, per_stratum);

    return hvb_interval_of(observations, HVB_CONFIDENCE);
}

static void test_two_values_give_the_interval_worked_out_by_hand(void)
{
    const double values[] = {1, 3};
    HvbInterval interval = interval_of(values, 2, 2);

    CU_ASSERT_EQUAL(interval.estimate, 2);
    CU_ASSERT_DOUBLE_EQUAL(interval.error, 1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(interval.high, 2 + T_1, 1e-4);
    CU_ASSERT_DOUBLE_EQUAL(interval.low, 2 - T_1, 1e-4);
    CU_ASSERT_EQUAL(interval.n, 2);
}

/* Not even an interval of no width. */
static void test_one_repetition_without_spread_decides_nothing(void)
{
    const double same[] = {0, 0, 0, 0}, other[] = {0, 0, 0, 1};
    const HvbLimits limits = {HVB_RULE_BELOW, 0, 1};
    HvbInterval interval = interval_of(same, 4, 1);

    CU_ASSERT_EQUAL(interval.estimate, 0);
    CU_ASSERT_EQUAL(interval.strata, 4);
    CU_ASSERT(isnan(interval.error));
    CU_ASSERT(isnan(interval.low));
    CU_ASSERT(isnan(interval.high));
    CU_ASSERT_EQUAL(hvb_interval_verdict(&interval, &limits),
                    HVB_VERDICT_INCONCLUSIVE);
    /* A second repetition, or a difference, makes one. */
    CU_ASSERT_EQUAL(interval_of(same, 4, 2).high, 0);
    CU_ASSERT(interval_of(other, 4, 1).high > 0.25);
}

/* Variances of the means 1 and 4: freedom 25 / (1 + 16). */
static void test_difference_between_levels_is_no_error(void)
{
    const double values[] = {1, 3, 10, 14};
    HvbInterval interval = interval_of(values, 4, 2);

    CU_ASSERT_EQUAL(interval.estimate, 7);
    CU_ASSERT_DOUBLE_EQUAL(interval.error, sqrt(5) / 2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(interval.freedom, 25.0 / 17, 1e-12);
    CU_ASSERT_EQUAL(interval.strata, 2);
}

/* Means 2, 4 and 9: standard deviation sqrt(13), of the mean sqrt(13 / 3). */
static void test_one_repetition_takes_levels_for_repetitions(void)
{
    const double values[] = {2, 4, 9};
    HvbInterval interval = interval_of(values, 3, 1);

    CU_ASSERT_EQUAL(interval.estimate, 5);
    CU_ASSERT_DOUBLE_EQUAL(interval.high - 5, T_2 * sqrt(13.0 / 3), 1e-4);
}

static void test_levels_weigh_the_same_however_often_repeated(void)
{
    const double values[] = {1, 1, 1, 5, 5};

    CU_ASSERT_EQUAL(interval_of(values, 5, 3).estimate, 3);
}

static void test_one_value_has_no_interval(void)
{
    const double value = 7;
    HvbInterval interval = interval_of(&value, 1, 1);

    CU_ASSERT_EQUAL(interval.estimate, 7);
    CU_ASSERT(isnan(interval.low) && isnan(interval.high));
    interval = interval_of(&value, 0, 1);
    CU_ASSERT(isnan(interval.estimate) && isnan(interval.low));
    CU_ASSERT_EQUAL(interval.n, 0);
}

/* Of made-up levels whose effects and variances differ; returns how often, of
 * 1000, the interval holds the mean of the effects. */
static double coverage(const gsl_rng *rng, guint levels, guint repetitions,
                       double step, double growth)
{
    guint held = 0;

    for (guint trial = 0; trial < 1000; trial++) {
        g_autoptr(GArray) all =
            g_array_new(FALSE, FALSE, sizeof(HvbObservation));
        for (guint l = 0; l < levels; l++)
            for (guint r = 0; r < repetitions; r++)
                add(all, l, r + 1,
                    step * l + gsl_ran_gaussian(rng, pow(growth, l)));
        HvbInterval interval = hvb_interval_of(all, HVB_CONFIDENCE);
        double truth = step * (levels - 1) / 2;
        held += interval.low <= truth && truth <= interval.high ? 1 : 0;
    }
    return held / 1000.0;
}

/* Too wide is the safe side; how much too wide is bounded where nothing but
 * chance is at work. */
static void test_interval_covers_as_often_as_it_says_or_more(void)
{
    static const struct {
        guint levels, repetitions;
        double most;
    } plain[] = {
        {1, 2, 0.98}, {1, 3, 0.98}, {1, 6, 0.98}, {2, 3, 0.98}, {4, 3, 0.98},
        {4, 1, 0.98}, {6, 1, 0.98}, {4, 2, 1.0},  {6, 4, 0.98},
    };
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

    for (guint i = 0; i < G_N_ELEMENTS(plain); i++) {
        double share =
            coverage(rng, plain[i].levels, plain[i].repetitions, 0, 1);
        CU_ASSERT(share >= 0.93);
        CU_ASSERT(share <= plain[i].most);
    }
    for (guint levels = 2; levels <= 6; levels += 2)
        for (guint repetitions = 1; repetitions <= 3; repetitions++) {
            CU_ASSERT(coverage(rng, levels, repetitions, 3, 1) >= 0.93);
            CU_ASSERT(coverage(rng, levels, repetitions, 0, 2) >= 0.93);
            CU_ASSERT(coverage(rng, levels, repetitions, 3, 2) >= 0.93);
        }
    gsl_rng_free(rng);
}

static HvbVerdict verdict(double low, double high, HvbRule rule)
{
    const HvbInterval interval = {.estimate = (low + high) / 2,
                                  .low = low,
                                  .high = high};
    const HvbLimits limits = {rule, 2, rule == HVB_RULE_BELOW ? 2 : 4};

    return hvb_interval_verdict(&interval, &limits);
}

static void test_verdict_needs_the_whole_interval_on_one_side(void)
{
    const HvbVerdict yes = HVB_VERDICT_REPRODUCED;
    const HvbVerdict no = HVB_VERDICT_NOT_REPRODUCED;
    const HvbVerdict open = HVB_VERDICT_INCONCLUSIVE;

    CU_ASSERT_EQUAL(verdict(2.1, 9, HVB_RULE_ABOVE), yes);
    CU_ASSERT_EQUAL(verdict(2, 9, HVB_RULE_ABOVE), open);
    CU_ASSERT_EQUAL(verdict(1, 2, HVB_RULE_ABOVE), no);
    CU_ASSERT_EQUAL(verdict(1, 1.9, HVB_RULE_BELOW), yes);
    CU_ASSERT_EQUAL(verdict(1, 2, HVB_RULE_BELOW), open);
    CU_ASSERT_EQUAL(verdict(2, 3, HVB_RULE_BELOW), no);
    CU_ASSERT_EQUAL(verdict(2, 4, HVB_RULE_WITHIN), yes);
    CU_ASSERT_EQUAL(verdict(1, 3, HVB_RULE_WITHIN), open);
    CU_ASSERT_EQUAL(verdict(1, 9, HVB_RULE_WITHIN), open);
    CU_ASSERT_EQUAL(verdict(1, 1.9, HVB_RULE_WITHIN), no);
    CU_ASSERT_EQUAL(verdict(5, 9, HVB_RULE_WITHIN), no);
    CU_ASSERT_EQUAL(verdict(5, 9, HVB_RULE_OUTSIDE), yes);
    CU_ASSERT_EQUAL(verdict(2, 4, HVB_RULE_OUTSIDE), no);
    CU_ASSERT_EQUAL(verdict(1, 3, HVB_RULE_OUTSIDE), open);
    CU_ASSERT_EQUAL(verdict(2, 2, HVB_RULE_ABOVE), no);
    CU_ASSERT_EQUAL(verdict(NAN, NAN, HVB_RULE_ABOVE), open);
    CU_ASSERT_EQUAL(verdict(NAN, NAN, HVB_RULE_OUTSIDE), open);
}

/* Mean 10, standard deviation 1.414; to keep off 8.5 takes half an interval of
 * 1.5: with 5 values it is 1.756, with 6 1.484. */
static void test_missing_repetitions_are_foretold(void)
{
    const double values[] = {9, 11};
    const double apart[] = {-90, 110};
    HvbInterval interval = interval_of(values, 2, 2);
    HvbLimits limits = {HVB_RULE_ABOVE, 8.5, 0};

    CU_ASSERT_EQUAL(hvb_interval_more(&interval, &limits, HVB_CONFIDENCE), 4);
    limits.low = 9.999;
    interval = interval_of(apart, 2, 2);
    CU_ASSERT_EQUAL(hvb_interval_more(&interval, &limits, HVB_CONFIDENCE), 0);
    interval = interval_of(apart, 1, 1);
    CU_ASSERT_EQUAL(hvb_interval_more(&interval, &limits, HVB_CONFIDENCE), 0);
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_interval[] = {
    TEST(two_values_give_the_interval_worked_out_by_hand),
    TEST(one_repetition_without_spread_decides_nothing),
    TEST(difference_between_levels_is_no_error),
    TEST(one_repetition_takes_levels_for_repetitions),
    TEST(levels_weigh_the_same_however_often_repeated),
    TEST(one_value_has_no_interval),
    TEST(interval_covers_as_often_as_it_says_or_more),
    TEST(verdict_needs_the_whole_interval_on_one_side),
    TEST(missing_repetitions_are_foretold),
    TEST_END,
};
