/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What guests are calibrated to, and what is done when they no longer are. */
#include "test/suites.h"
#include "test/unit/conductor-fixture.h"

#include <math.h>
#include <string.h>

#define NS_PER_MS G_GINT64_CONSTANT(1000000)

static void
test_loaded_guests_are_calibrated_and_only_measured_ones_referenced(void)
{
    ConductorFixture f;

    conductor_set_up(&f);
    conductor_profile(&f)->guests[1].loaded = TRUE;
    conductor_prepare(&f);
    CU_ASSERT_EQUAL(f.guests_calibrated, 2);
    CU_ASSERT_EQUAL(f.rate, FAKE_RATE);
    CU_ASSERT_EQUAL(f.reference_ns, FAKE_REFERENCE_NS(WIRE_OPEN));
    CU_ASSERT_EQUAL(f.other_reference_ns, 0);
    CU_ASSERT_EQUAL(f.fake->agents[0]->rate, FAKE_RATE);
    CU_ASSERT_EQUAL(f.fake->agents[0]->probes, 1);
    CU_ASSERT_EQUAL(f.fake->agents[1]->probes, 0);
    conductor_tear_down(&f);
}

/* Of nine operations. */
static void test_a_reference_time_is_the_median(void)
{
    ConductorFixture f;

    conductor_set_up(&f);
    f.fake->agents[0]->rising_ns = 1000;
    conductor_prepare(&f);
    CU_ASSERT_EQUAL(f.fake->agents[0]->probes, 1);
    CU_ASSERT_EQUAL(f.reference_ns, FAKE_REFERENCE_NS(WIRE_OPEN) + 4 * 1000);
    conductor_tear_down(&f);
}

static void test_drift_beyond_the_limit_makes_a_cell_suspect(void)
{
    ConductorFixture f;

    conductor_set_up_and_prepare(&f);
    f.fake->agents[0]->drift = -0.08;
    HvbCell *cell = conductor_run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_TRUE(cell->suspect);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DONE);
    CU_ASSERT_TRUE(fabs(cell->drift_percent + 8.0) < 0.01);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cell->why);
    CU_ASSERT_PTR_NOT_NULL(strstr(cell->why, "8.0 % slower"));
    conductor_tear_down(&f);
}

static void test_a_guest_that_drifted_is_calibrated_anew(void)
{
    ConductorFixture f;

    conductor_set_up_and_prepare(&f);
    guint calibrated = f.guests_calibrated;
    f.fake->agents[0]->drift = -0.08;
    CU_ASSERT_TRUE(conductor_run(&f, HVB_LEVEL_LOW, NULL)->suspect);
    CU_ASSERT_EQUAL(f.guests_calibrated, calibrated);
    guint windows = f.fake->agents[0]->probes;
    HvbCell *cell = conductor_run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_FALSE(cell->suspect);
    CU_ASSERT_EQUAL(cell->drift_percent, 0.0);
    CU_ASSERT_EQUAL(f.guests_calibrated, calibrated + 1);
    CU_ASSERT_EQUAL(f.rate, FAKE_RATE * 92 / 100);
    CU_ASSERT_EQUAL(f.fake->agents[0]->rate, FAKE_RATE * 92 / 100);
    /* New reference times, and the cell. */
    CU_ASSERT_EQUAL(f.fake->agents[0]->probes, windows + 2);
    CU_ASSERT_FALSE(conductor_run(&f, HVB_LEVEL_LOW, NULL)->suspect);
    CU_ASSERT_EQUAL(f.guests_calibrated, calibrated + 1);
    conductor_tear_down(&f);
}

static void test_a_moments_drift_does_not_make_a_cell_suspect(void)
{
    ConductorFixture f;

    conductor_set_up_and_prepare(&f);
    f.fake->agents[0]->drift = -0.08;
    f.fake->agents[0]->drifting = 1;
    HvbCell *cell = conductor_run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_EQUAL(f.fake->agents[0]->calibrations, 3);
    CU_ASSERT_FALSE(cell->suspect);
    CU_ASSERT_EQUAL(cell->drift_percent, 0.0);
    conductor_tear_down(&f);
}

static void test_a_doubtful_calibration_marks_cells_that_use_the_guest(void)
{
    ConductorFixture f;

    conductor_set_up(&f);
    f.fake->agents[1]->unsteady = TRUE;
    conductor_profile(&f)->guests[1].loaded = TRUE;
    conductor_prepare(&f);
    HvbCell *cell = conductor_run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_TRUE(cell->suspect);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cell->why);
    CU_ASSERT_PTR_NOT_NULL(strstr(cell->why, "guest2"));
    conductor_profile(&f)->guests[1].loaded = FALSE;
    CU_ASSERT_FALSE(conductor_run(&f, HVB_LEVEL_LOW, NULL)->suspect);
    conductor_tear_down(&f);
}

static void test_reference_times_that_vary_are_taken_again_and_doubted(void)
{
    ConductorFixture f;

    conductor_set_up(&f);
    f.fake->agents[0]->disturbed = TRUE;
    conductor_prepare(&f);
    CU_ASSERT_EQUAL(f.fake->agents[0]->probes, 3);
    HvbCell *cell = conductor_run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_TRUE(cell->suspect);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cell->why);
    CU_ASSERT_PTR_NOT_NULL(strstr(cell->why, "reference times"));
    CU_ASSERT_PTR_NOT_NULL(strstr(cell->why, "work of an operation alone"));
    CU_ASSERT_EQUAL(f.reference_ns, 60 * NS_PER_MS);
    conductor_tear_down(&f);
}

static void test_reference_times_that_cannot_be_are_never_subtracted(void)
{
    static const gint64 slow_ms[] = {-4, 191};

    for (guint i = 0; i < G_N_ELEMENTS(slow_ms); i++) {
        ConductorFixture f;
        conductor_set_up(&f);
        f.fake->agents[0]->slow_ns = slow_ms[i] * NS_PER_MS;
        conductor_prepare(&f);
        CU_ASSERT_EQUAL(f.fake->agents[0]->probes, 3);
        CU_ASSERT_EQUAL(f.reference_ns, 60 * NS_PER_MS);
        HvbCell *cell = conductor_run(&f, HVB_LEVEL_LOW, NULL);
        CU_ASSERT_TRUE(cell->suspect);
        CU_ASSERT_PTR_NOT_NULL_FATAL(cell->why);
        CU_ASSERT_PTR_NOT_NULL(strstr(cell->why, "on the idle guest1"));
        conductor_tear_down(&f);
    }
}

CU_TestInfo tests_calibration[] = {
    {"loaded guests are calibrated and only measured ones referenced",
     test_loaded_guests_are_calibrated_and_only_measured_ones_referenced},
    {"a reference time is the median", test_a_reference_time_is_the_median},
    {"drift beyond the limit makes a cell suspect",
     test_drift_beyond_the_limit_makes_a_cell_suspect},
    {"a guest that drifted is calibrated anew",
     test_a_guest_that_drifted_is_calibrated_anew},
    {"a moment's drift does not make a cell suspect",
     test_a_moments_drift_does_not_make_a_cell_suspect},
    {"a doubtful calibration marks cells that use the guest",
     test_a_doubtful_calibration_marks_cells_that_use_the_guest},
    {"reference times that vary are taken again and doubted",
     test_reference_times_that_vary_are_taken_again_and_doubted},
    {"reference times that cannot be are never subtracted",
     test_reference_times_that_cannot_be_are_never_subtracted},
    TEST_END,
};
