/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gate: which cells may be published. */
#include "hvbench/run/record.h"
#include "test/suites.h"

#include <string.h>

#define NS_PER_MS G_GINT64_CONSTANT(1000000)

static const HvbProfile gate = {
    .foreign_percent = 10,
    .steal_percent = 20,
    .lost_samples = 2,
    .late_frame_ms = 300,
    .late_send_ms = 15,
    .drift_percent = 5,
};

/* As near to every threshold as a cell may come. */
static HvbCell *barely_good(void)
{
    HvbCell *cell = hvb_cell_new();

    cell->foreign_percent = gate.foreign_percent;
    cell->steal_percent = gate.steal_percent;
    cell->lost = 1;
    cell->refused = 1;
    cell->late_frame_ns = gate.late_frame_ms * NS_PER_MS;
    cell->late_send_ns = gate.late_send_ms * NS_PER_MS;
    cell->drift_percent = -gate.drift_percent;
    return cell;
}

/* Takes the cell over. `value` and `limit` must be named. */
static void assert_disturbed(HvbCell *given, const char *value,
                             const char *limit)
{
    g_autoptr(HvbCell) cell = given;

    hvb_record_verdict(cell, &gate, NULL);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DISTURBED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cell->why);
    CU_ASSERT_PTR_NOT_NULL(strstr(cell->why, value));
    CU_ASSERT_PTR_NOT_NULL(strstr(cell->why, limit));
}

static void test_a_cell_at_its_limits_is_good(void)
{
    g_autoptr(HvbCell) cell = barely_good();

    hvb_record_verdict(cell, &gate, NULL);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DONE);
    CU_ASSERT_FALSE(cell->suspect);
    CU_ASSERT_PTR_NULL(cell->why);
}

static void test_foreign_cpu_above_its_limit_disturbs(void)
{
    HvbCell *cell = barely_good();

    cell->foreign_percent = 10.2;
    assert_disturbed(cell, "other processes used 10.2 % of a CPU",
                     "limit 10.0 %");
}

static void test_steal_above_its_limit_disturbs(void)
{
    HvbCell *cell = barely_good();

    cell->steal_percent = 37;
    assert_disturbed(cell, "took 37.0 % of a CPU", "limit 20.0 %");
}

static void test_what_is_missing_counts_together(void)
{
    HvbCell *lost = barely_good();
    HvbCell *frames = barely_good();
    HvbCell *refused = barely_good();

    lost->lost++;
    assert_disturbed(lost, "2 samples and 0 frames were lost, 1 refused",
                     "limit 2");
    frames->lost_frames = 4;
    assert_disturbed(frames, "1 samples and 4 frames were lost, 1 refused",
                     "limit 2");
    refused->refused = 3;
    assert_disturbed(refused, "1 samples and 0 frames were lost, 3 refused",
                     "limit 2");
}

static void test_a_late_frame_disturbs(void)
{
    HvbCell *cell = barely_good();

    cell->late_frame_ns += NS_PER_MS;
    assert_disturbed(cell, "under way for 301 ms", "limit 300 ms");
}

static void test_a_guest_that_has_to_stand_may_be_as_late(void)
{
    g_autofree HvbProfile *light = g_memdup2(&gate, sizeof gate);
    g_autoptr(HvbCell) cell = barely_good();

    light->n_guests = 2;
    light->guests[0] =
        (HvbGuestProfile){.measured = HVB_MEASURED_YES, .weight = 1};
    light->guests[1] = (HvbGuestProfile){.loaded = TRUE, .weight = 100};
    cell->late_frame_ns = 4 * 400 * NS_PER_MS;
    hvb_record_verdict(cell, light, NULL);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DONE);
    cell->late_frame_ns += NS_PER_MS;
    hvb_record_verdict(cell, light, NULL);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DISTURBED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cell->why);
    CU_ASSERT_PTR_NOT_NULL(strstr(cell->why, "limit 1600 ms"));
}

static void test_a_late_send_disturbs(void)
{
    HvbCell *cell = barely_good();

    cell->late_send_ns += NS_PER_MS / 10;
    assert_disturbed(cell, "15.1 ms late", "limit 15 ms");
}

static void test_a_guest_that_stood_disturbs(void)
{
    HvbCell *cell = barely_good();

    cell->stood = g_strdup("guest1 stood still for 5.0 s");
    assert_disturbed(cell, "guest1 stood still", "5.0 s");
}

static void test_drift_and_doubt_only_make_suspect(void)
{
    g_autoptr(HvbCell) drifted = barely_good();
    g_autoptr(HvbCell) doubted = barely_good();

    drifted->drift_percent = -5.5;
    hvb_record_verdict(drifted, &gate, NULL);
    CU_ASSERT_EQUAL(drifted->status, HVB_CELL_DONE);
    CU_ASSERT_TRUE(drifted->suspect);
    CU_ASSERT_PTR_NOT_NULL_FATAL(drifted->why);
    CU_ASSERT_PTR_NOT_NULL(strstr(drifted->why, "5.5 % slower"));
    CU_ASSERT_PTR_NOT_NULL(strstr(drifted->why, "limit 5.0 %"));
    hvb_record_verdict(doubted, &gate, "it wavered");
    CU_ASSERT_TRUE(doubted->suspect);
    CU_ASSERT_PTR_NOT_NULL_FATAL(doubted->why);
    CU_ASSERT_STRING_EQUAL(doubted->why, "it wavered");
}

CU_TestInfo tests_record[] = {
    {"a cell at its limits is good", test_a_cell_at_its_limits_is_good},
    {"foreign CPU above its limit disturbs",
     test_foreign_cpu_above_its_limit_disturbs},
    {"steal above its limit disturbs", test_steal_above_its_limit_disturbs},
    {"what is missing counts together", test_what_is_missing_counts_together},
    {"a late frame disturbs", test_a_late_frame_disturbs},
    {"a guest that has to stand may be as late",
     test_a_guest_that_has_to_stand_may_be_as_late},
    {"a late send disturbs", test_a_late_send_disturbs},
    {"a guest that stood disturbs", test_a_guest_that_stood_disturbs},
    {"drift and doubt only make suspect",
     test_drift_and_doubt_only_make_suspect},
    TEST_END,
};
