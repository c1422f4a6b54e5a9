/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arithmetic of a quota that check b of the selftest relies on. */
#include "hvbench/selftest/cap.h"
#include "test/suites.h"

#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <math.h>

#define QUOTA_MS 40.0
#define PERIOD_MS 100.0
#define N 300

/* What an operation at `u_ms` after the begin of a period suffers. */
static double delay_at(double u_ms, double quota_ms)
{
    return u_ms < quota_ms ? 0.0 : PERIOD_MS - u_ms;
}

static double distance(double *delays_ms, guint n, double slack_ms,
                       double slack_percent)
{
    g_autoptr(GArray) delays = g_array_new(FALSE, FALSE, sizeof(double));

    gsl_sort(delays_ms, 1, n);
    g_array_append_vals(delays, delays_ms, n);
    return hvb_cap_distance(delays, QUOTA_MS, PERIOD_MS, slack_ms,
                            slack_percent);
}

static void test_distribution_jumps_at_0_and_ends_at_the_longest_stall(void)
{
    CU_ASSERT_EQUAL(hvb_cap_distribution(QUOTA_MS, PERIOD_MS, -1e-9), 0.0);
    CU_ASSERT_DOUBLE_EQUAL(hvb_cap_distribution(QUOTA_MS, PERIOD_MS, 0.0), 0.4,
                           1e-12);
    CU_ASSERT_DOUBLE_EQUAL(hvb_cap_distribution(QUOTA_MS, PERIOD_MS, 30.0), 0.7,
                           1e-12);
    CU_ASSERT_EQUAL(hvb_cap_distribution(QUOTA_MS, PERIOD_MS, 60.0), 1.0);
    CU_ASSERT_EQUAL(hvb_cap_distribution(QUOTA_MS, PERIOD_MS, 1e9), 1.0);
    /* Without a cap nothing is late. */
    CU_ASSERT_EQUAL(hvb_cap_distribution(PERIOD_MS, PERIOD_MS, 0.0), 1.0);
    CU_ASSERT_EQUAL(hvb_cap_mean_ms(PERIOD_MS, PERIOD_MS), 0.0);
}

static void
test_mean_and_distribution_are_those_of_every_moment_of_a_period(void)
{
    const guint n = 100000;
    guint within_25 = 0;
    double sum = 0.0;

    for (guint i = 0; i < n; i++) {
        double delay = delay_at(PERIOD_MS * (i + 0.5) / n, QUOTA_MS);
        sum += delay;
        within_25 += delay <= 25.0;
    }
    CU_ASSERT_DOUBLE_EQUAL(sum / n, hvb_cap_mean_ms(QUOTA_MS, PERIOD_MS), 0.01);
    CU_ASSERT_DOUBLE_EQUAL((double)within_25 / n,
                           hvb_cap_distribution(QUOTA_MS, PERIOD_MS, 25.0),
                           1e-4);
}

static void test_exact_delays_have_no_distance_but_that_of_their_number(void)
{
    double delays[N];

    for (guint i = 0; i < N; i++)
        delays[i] = delay_at(PERIOD_MS * (i + 0.5) / N, QUOTA_MS);
    double without_slack = distance(delays, N, 0.0, 0.0);
    CU_ASSERT_TRUE(without_slack >= 0.0);
    CU_ASSERT_TRUE(without_slack <= 1.0 / N);
    CU_ASSERT_TRUE(distance(delays, N, 1.0, 1.0) <= without_slack);
}

/* The 0.4 of all moments at which nothing is late must show as such. */
static void test_errors_within_the_slack_are_forgiven_and_others_are_not(void)
{
    double off[N], far_off[N];

    for (guint i = 0; i < N; i++) {
        double exact = delay_at(PERIOD_MS * (i + 0.5) / N, QUOTA_MS);
        double sign = i % 2 == 0 ? 1.0 : -1.0;
        off[i] = exact + sign * 0.9;
        far_off[i] = exact + 3.0;
    }
    CU_ASSERT_TRUE(distance(off, N, 1.0, 0.0) <= 1.0 / N + 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(distance(far_off, N, 1.0, 0.0), 0.4, 0.03);
}

/* A quota of 60 in place of 40, no cap at all, one that only skips, and all of
 * them late. */
static void test_other_distributions_are_far_away(void)
{
    double other[N], none[N], skipped[N], late[N];
    double critical = hvb_cap_critical_distance(N);

    for (guint i = 0; i < N; i++) {
        double u_ms = PERIOD_MS * (i + 0.5) / N;
        other[i] = delay_at(u_ms, 60.0);
        none[i] = 0.0;
        skipped[i] = i % 10 == 0 ? delay_at(u_ms, QUOTA_MS) : 0.0;
        late[i] = PERIOD_MS - QUOTA_MS;
    }
    CU_ASSERT_DOUBLE_EQUAL(distance(other, N, 0.0, 0.0), 0.2, 0.01);
    CU_ASSERT_DOUBLE_EQUAL(distance(none, N, 0.0, 0.0), 0.6, 1e-9);
    CU_ASSERT_TRUE(distance(skipped, N, 1.0, 1.0) > critical);
    CU_ASSERT_TRUE(distance(late, N, 1.0, 1.0) > critical);
}

static void test_no_delays_have_no_distance(void)
{
    g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(double));

    CU_ASSERT_TRUE(isnan(hvb_cap_distance(none, QUOTA_MS, PERIOD_MS, 1, 1)));
}

/* 2000 draws: at the nominal 1 % 20 exceed it, and more than 35 would with a
 * probability below 0.1 %. */
static void test_critical_distance_is_exceeded_in_1_percent_at_most(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    guint exceeded = 0, exceeded_by_half = 0;
    double delays[N];

    for (guint draw = 0; draw < 2000; draw++) {
        for (guint i = 0; i < N; i++)
            delays[i] = delay_at(PERIOD_MS * gsl_rng_uniform(rng), QUOTA_MS);
        double found = distance(delays, N, 0.0, 0.0);
        exceeded += found > hvb_cap_critical_distance(N);
        exceeded_by_half += found > hvb_cap_critical_distance(N) / 2.0;
    }
    gsl_rng_free(rng);
    CU_ASSERT_TRUE(exceeded <= 35);
    /* A limit that nothing ever reaches would be none. */
    CU_ASSERT_TRUE(exceeded_by_half > 200);
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_cap[] = {
    TEST(distribution_jumps_at_0_and_ends_at_the_longest_stall),
    TEST(mean_and_distribution_are_those_of_every_moment_of_a_period),
    TEST(exact_delays_have_no_distance_but_that_of_their_number),
    TEST(errors_within_the_slack_are_forgiven_and_others_are_not),
    TEST(other_distributions_are_far_away),
    TEST(no_delays_have_no_distance),
    TEST(critical_distance_is_exceeded_in_1_percent_at_most),
    TEST_END,
};
