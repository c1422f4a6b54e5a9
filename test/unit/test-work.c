/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What rounds of work come to. */
#include "loadgen/work.h"
#include "test/suites.h"

static void test_rounds_are_judged_by_their_median(void)
{
    uint64_t close[] = {1000, 1010, 990, 1005, 995};
    uint64_t far[] = {1000, 1010, 990, 1005, 700};
    uint64_t few[] = {1000, 1000};
    WireCalibration result = {0};

    work_judge_rounds(close, 5, 10, &result);
    CU_ASSERT_EQUAL(result.iterations_per_ms, 1000);
    CU_ASSERT_EQUAL(result.spread_permille, 20);
    CU_ASSERT_EQUAL(result.converged, 1);
    work_judge_rounds(close, 5, 9, &result);
    CU_ASSERT_EQUAL(result.converged, 0);
    work_judge_rounds(far, 5, 10, &result);
    CU_ASSERT_EQUAL(result.iterations_per_ms, 1000);
    CU_ASSERT_EQUAL(result.spread_permille, 310);
    CU_ASSERT_EQUAL(result.converged, 0);
    work_judge_rounds(few, 2, 10, &result);
    CU_ASSERT_EQUAL(result.converged, 0);
}

static void test_moments_are_judged_together(void)
{
    WireCalibration moments[] = {
        {.rounds = 5,
         .spread_permille = 8,
         .converged = 1,
         .iterations_per_ms = 900},
        {.rounds = 9,
         .spread_permille = 20,
         .converged = 1,
         .iterations_per_ms = 1100},
        {.rounds = 6,
         .spread_permille = 12,
         .converged = 1,
         .iterations_per_ms = 1000},
    };
    WireCalibration result;

    work_judge_moments(moments, 3, &result);
    CU_ASSERT_EQUAL(result.iterations_per_ms, 1000);
    CU_ASSERT_EQUAL(result.rounds, 20);
    CU_ASSERT_EQUAL(result.spread_permille, 200);
    CU_ASSERT_EQUAL(result.converged, 1);
    /* One that did not converge is enough, and one that varied. */
    moments[1].converged = 0;
    moments[1].spread_permille = 350;
    work_judge_moments(moments, 3, &result);
    CU_ASSERT_EQUAL(result.spread_permille, 350);
    CU_ASSERT_EQUAL(result.converged, 0);
    work_judge_moments(&moments[1], 1, &result);
    CU_ASSERT_EQUAL(result.iterations_per_ms, 1100);
    CU_ASSERT_EQUAL(result.rounds, 9);
    CU_ASSERT_EQUAL(result.spread_permille, 350);
}

CU_TestInfo tests_work[] = {
    {"rounds are judged by their median",
     test_rounds_are_judged_by_their_median},
    {"moments are judged together", test_moments_are_judged_together},
    TEST_END,
};
