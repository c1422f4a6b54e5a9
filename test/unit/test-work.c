/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What rounds and moments of work come to. */
#include "loadgen/work.h"
#include "test/suites.h"

/* What slows down most rounds of a moment does not slow down its rate. */
static void test_a_moments_rate_is_what_a_tenth_of_its_rounds_surpass(void)
{
    uint64_t rounds[] = {1000, 500, 990, 400, 995, 300, 600, 700, 1010, 1200,
                         100,  200, 100, 200, 300, 400, 500, 600, 700,  800};
    uint64_t one[] = {7};

    CU_ASSERT_EQUAL(work_judge_rounds(rounds, 20), 1010);
    CU_ASSERT_EQUAL(work_judge_rounds(one, 1), 7);
}

static void test_moments_that_agree_within_the_tolerance_converge(void)
{
    static const uint64_t rates[] = {1000, 1010, 990, 1005, 995};
    WireCalibration result = {.rounds = 9};

    work_judge_moments(rates, 5, 5, 20, &result);
    CU_ASSERT_EQUAL(result.iterations_per_ms, 1000);
    CU_ASSERT_EQUAL(result.spread_permille, 20);
    CU_ASSERT_EQUAL(result.converged, 1);
    CU_ASSERT_EQUAL(result.rounds, 9);
    work_judge_moments(rates, 5, 5, 19, &result);
    CU_ASSERT_EQUAL(result.converged, 0);
}

static void test_fewer_moments_than_wanted_do_not_converge(void)
{
    static const uint64_t rates[] = {1000, 1000};
    WireCalibration result = {0};

    work_judge_moments(rates, 2, 3, 1000, &result);
    CU_ASSERT_EQUAL(result.iterations_per_ms, 1000);
    CU_ASSERT_EQUAL(result.converged, 0);
}

static void test_one_slow_moment_does_not_move_the_result(void)
{
    static const uint64_t rates[] = {1000, 1010, 990, 1005, 700};
    WireCalibration result = {0};

    work_judge_moments(rates, 5, 5, 20, &result);
    CU_ASSERT_EQUAL(result.iterations_per_ms, 1000);
    CU_ASSERT_EQUAL(result.spread_permille, 310);
    CU_ASSERT_EQUAL(result.converged, 0);
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_work[] = {
    TEST(a_moments_rate_is_what_a_tenth_of_its_rounds_surpass),
    TEST(moments_that_agree_within_the_tolerance_converge),
    TEST(fewer_moments_than_wanted_do_not_converge),
    TEST(one_slow_moment_does_not_move_the_result),
    TEST_END,
};
