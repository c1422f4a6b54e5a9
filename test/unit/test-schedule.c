/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "loadgen/random.h"
#include "loadgen/schedule.h"
#include "test/suites.h"

#include <math.h>
#include <string.h>

#define N 600

static const WireProbe probe = {.seed = 42,
                                .count = {200, 300, 100},
                                .slot_us = 500000};

static void test_same_seed_gives_the_same_schedule(void)
{
    ScheduledStart one[N], two[N];

    CU_ASSERT_EQUAL(schedule_make(&probe, one), N);
    CU_ASSERT_EQUAL(schedule_make(&probe, two), N);
    for (int i = 0; i < N; i++) {
        CU_ASSERT_EQUAL(one[i].offset_ns, two[i].offset_ns);
        CU_ASSERT_EQUAL(one[i].operation, two[i].operation);
    }
}

static void test_schedule_never_changes_between_builds(void)
{
    /* Results of an earlier build must stay comparable: change these numbers
     * only together with WIRE_VERSION. */
    ScheduledStart starts[N];

    schedule_make(&probe, starts);
    CU_ASSERT_EQUAL(starts[0].offset_ns, 299653067);
    CU_ASSERT_EQUAL(starts[N - 1].offset_ns, 299863021875);
}

static void test_counts_are_exact(void)
{
    ScheduledStart starts[N];
    unsigned count[WIRE_N_OPERATIONS] = {0};

    schedule_make(&probe, starts);
    for (int i = 0; i < N; i++)
        count[starts[i].operation]++;
    for (int i = 0; i < WIRE_N_OPERATIONS; i++)
        CU_ASSERT_EQUAL(count[i], probe.count[i]);
}

static void test_client_side_is_mixed_in_and_counted_exactly(void)
{
    unsigned count[WIRE_N_VANTAGES][WIRE_N_OPERATIONS] = {0};
    ScheduledStart starts[N];
    WireProbe mixed = probe;
    unsigned in_first_half = 0;

    memcpy(mixed.count, (uint32_t[]){100, 200, 0}, sizeof mixed.count);
    memcpy(mixed.client_count, (uint32_t[]){100, 100, 100},
           sizeof mixed.client_count);
    CU_ASSERT_EQUAL(schedule_length(&mixed), N);
    CU_ASSERT_EQUAL(schedule_make(&mixed, starts), N);
    for (int i = 0; i < N; i++) {
        count[starts[i].vantage][starts[i].operation]++;
        in_first_half += i < N / 2 && starts[i].vantage == WIRE_CLIENT;
    }
    for (int i = 0; i < WIRE_N_OPERATIONS; i++) {
        CU_ASSERT_EQUAL(count[WIRE_SERVER][i], mixed.count[i]);
        CU_ASSERT_EQUAL(count[WIRE_CLIENT][i], mixed.client_count[i]);
    }
    /* 150 are expected; beyond 40 more or less is more than four sigma. */
    CU_ASSERT_TRUE(in_first_half > 110 && in_first_half < 190);
}

/* Both sides of the schedule start when they would if they were one. */
static void test_vantage_changes_no_start(void)
{
    ScheduledStart one[N], two[N];
    WireProbe mixed = probe;

    mixed.count[WIRE_KEY] = 50;
    mixed.client_count[WIRE_KEY] = 150;
    CU_ASSERT_EQUAL(schedule_make(&probe, one), N);
    CU_ASSERT_EQUAL(schedule_make(&mixed, two), N);
    for (int i = 0; i < N; i++)
        CU_ASSERT_EQUAL(one[i].offset_ns, two[i].offset_ns);
}

static void test_longest_counts_do_not_wrap(void)
{
    const WireProbe most = {.count = {UINT32_MAX, UINT32_MAX, UINT32_MAX},
                            .client_count = {UINT32_MAX, UINT32_MAX,
                                             UINT32_MAX}};

    CU_ASSERT_EQUAL(schedule_length(&most), 6 * (uint64_t)UINT32_MAX);
}

static void test_each_start_lies_in_the_middle_half_of_its_slot(void)
{
    static const uint32_t slots_us[] = {1, 7, 1000, 500000, UINT32_MAX};
    ScheduledStart starts[N];

    for (size_t s = 0; s < sizeof slots_us / sizeof slots_us[0]; s++) {
        WireProbe other = probe;
        uint64_t slot_ns = (uint64_t)slots_us[s] * 1000;
        other.slot_us = slots_us[s];
        schedule_make(&other, starts);
        for (uint64_t i = 0; i < N; i++) {
            uint64_t within_ns = starts[i].offset_ns - i * slot_ns;
            CU_ASSERT_TRUE(within_ns >= slot_ns / 4);
            CU_ASSERT_TRUE(within_ns <= slot_ns - slot_ns / 4);
        }
    }
}

static void test_starts_cover_the_middle_half_evenly(void)
{
    ScheduledStart starts[N];
    unsigned tenth[10] = {0};

    schedule_make(&probe, starts);
    for (uint64_t i = 0; i < N; i++)
        tenth[(starts[i].offset_ns - i * 500000000 - 125000000) / 25000001]++;
    /* 60 each are expected; less than 25 is beyond four sigma. */
    for (int i = 0; i < 10; i++)
        CU_ASSERT_TRUE(tenth[i] >= 25);
}

static void test_other_seeds_give_other_starts_and_orders(void)
{
    ScheduledStart one[N], two[N];
    WireProbe other = probe;
    unsigned same_start = 0, same_operation = 0;

    other.seed++;
    schedule_make(&probe, one);
    schedule_make(&other, two);
    for (int i = 0; i < N; i++) {
        same_start += one[i].offset_ns == two[i].offset_ns;
        same_operation += one[i].operation == two[i].operation;
    }
    CU_ASSERT_TRUE(same_start < 5);
    CU_ASSERT_TRUE(same_operation < N * 3 / 5);
}

static void test_operations_are_spread_over_the_window(void)
{
    ScheduledStart starts[N];
    unsigned launches = 0;

    schedule_make(&probe, starts);
    for (int i = 0; i < N / 2; i++)
        launches += starts[i].operation == WIRE_LAUNCH;
    CU_ASSERT_TRUE(launches > 25 && launches < 75);
}

static void test_empty_schedule_has_no_starts(void)
{
    ScheduledStart untouched = {7, WIRE_OPEN, WIRE_CLIENT};
    WireProbe none = {.slot_us = 1000};

    CU_ASSERT_EQUAL(schedule_make(&none, &untouched), 0);
    CU_ASSERT_EQUAL(untouched.offset_ns, 7);
}

static void test_exponential_numbers_have_their_mean_and_spread(void)
{
    enum { DRAWS = 100000 };
    double sum = 0, squares = 0, mean;
    Random random;

    random_init(&random, 3);
    for (int i = 0; i < DRAWS; i++) {
        double x = random_exponential(&random, 100);
        CU_ASSERT_TRUE_FATAL(x > 0 && isfinite(x));
        sum += x;
        squares += x * x;
    }
    mean = sum / DRAWS;
    CU_ASSERT_DOUBLE_EQUAL(mean, 100, 2);
    CU_ASSERT_DOUBLE_EQUAL(sqrt(squares / DRAWS - mean * mean), 100, 3);
}

CU_TestInfo tests_schedule[] = {
    {"the same seed gives the same schedule",
     test_same_seed_gives_the_same_schedule},
    {"a schedule never changes between builds",
     test_schedule_never_changes_between_builds},
    {"counts are exact", test_counts_are_exact},
    {"the client side is mixed in and counted exactly",
     test_client_side_is_mixed_in_and_counted_exactly},
    {"the vantage changes no start", test_vantage_changes_no_start},
    {"the longest counts do not wrap", test_longest_counts_do_not_wrap},
    {"each start lies in the middle half of its slot",
     test_each_start_lies_in_the_middle_half_of_its_slot},
    {"starts cover the middle half evenly",
     test_starts_cover_the_middle_half_evenly},
    {"other seeds give other starts and orders",
     test_other_seeds_give_other_starts_and_orders},
    {"operations are spread over the window",
     test_operations_are_spread_over_the_window},
    {"an empty schedule has no starts", test_empty_schedule_has_no_starts},
    {"exponential numbers have their mean and spread",
     test_exponential_numbers_have_their_mean_and_spread},
    TEST_END,
};
