/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The quantiles that all statistics of delays are made of. */
#include "hvbench/results/p3.h"
#include "test/suites.h"

#include <math.h>

static void test_quantile_interpolates_as_type_7(void)
{
    const double four[] = {1, 2, 3, 4};
    const double ten[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 100};

    CU_ASSERT_DOUBLE_EQUAL(hvb_p3_quantile(four, 4, 0.25), 1.75, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(hvb_p3_quantile(four, 4, 0.5), 2.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(hvb_p3_quantile(four, 4, 0.9), 3.7, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(hvb_p3_quantile(ten, 10, 0.5), 4.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(hvb_p3_quantile(ten, 10, 0.99), 91.72, 1e-12);
}

static void test_quantile_ends_are_minimum_and_maximum(void)
{
    const double values[] = {1, 2, 7};

    CU_ASSERT_EQUAL(hvb_p3_quantile(values, 3, 0.0), 1);
    CU_ASSERT_EQUAL(hvb_p3_quantile(values, 3, 1.0), 7);
    CU_ASSERT_EQUAL(hvb_p3_quantile(values, 1, 0.3), 1);
    CU_ASSERT(isnan(hvb_p3_quantile(values, 0, 0.5)));
}

CU_TestInfo tests_quantile[] = {
    {"a quantile interpolates as type 7", test_quantile_interpolates_as_type_7},
    {"its ends are minimum and maximum",
     test_quantile_ends_are_minimum_and_maximum},
    TEST_END,
};
