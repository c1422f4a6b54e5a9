/* SPDX-License-Identifier: GPL-3.0-or-later */
/* That hvbench's own weight can be taken; not what it is. */
#include "test/bed/bed-fixture.h"
#include "test/bench/weigh.h"

#include <math.h>
#include <stdio.h>

#define SAMPLES 60
#define SLOT_US 20000

static gboolean is_share(double percent)
{
    return percent >= 0.0 && percent <= 100.0;
}

static void weigh(HvbBed *bed)
{
    g_autoptr(GError) error = NULL;
    Record record = {0};
    Rest rest = {0};

    CU_ASSERT(weigh_rest(bed, 500, NULL, &rest, &error));
    CU_ASSERT(is_share(rest.own));
    CU_ASSERT(is_share(rest.agent));
    CU_ASSERT(weigh_record(bed, SAMPLES, SLOT_US, NULL, &record, &error));
    CU_ASSERT_EQUAL(record.scheduled, SAMPLES);
    CU_ASSERT_EQUAL(record.received, SAMPLES);
    CU_ASSERT(record.us_each > 0.0);
    if (error)
        printf("    %s\n", error->message);
}

static void test_weight_is_taken_of_guests_at_rest_and_of_samples(void)
{
    HvbBed *bed = bed_fixture_share();

    if (bed)
        weigh(bed);
}

static void test_a_bare_sleep_takes_some_cpu_but_not_its_time(void)
{
    double us = weigh_sleep(10, 20000);

    CU_ASSERT(us > 0.0 && us < 20000.0);
}

CU_TestInfo tests_bench[] = {
    {"weight is taken of guests at rest and of samples",
     test_weight_is_taken_of_guests_at_rest_and_of_samples},
    {"a bare sleep takes some cpu but not its time",
     test_a_bare_sleep_takes_some_cpu_but_not_its_time},
    TEST_END,
};
