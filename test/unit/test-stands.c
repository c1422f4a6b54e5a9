/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Guests that stand still in mid-window, and what that makes of their cell. */
#include "hvbench/run/conductor.h"
#include "hvbench/run/record.h"
#include "hvbench/run/stands.h"
#include "test/suites.h"
#include "test/unit/fake-bed.h"

#include <string.h>

/* Looks at them at least this often, whatever the machine is busy with. */
static void let_looks_pass(FakeBed *bed, guint n)
{
    guint until = bed->looks + n;

    while (bed->looks < until)
        g_main_context_iteration(NULL, TRUE);
}

/* Two guests, of which the second is neither loaded nor measured; guest `held`
 * stands still `times` times in between. */
static HvbCell *cell_with_stands(guint held, guint times)
{
    const gboolean active[] = {TRUE, FALSE};
    FakeBed *bed = fake_bed_new(2);
    HvbStands *stands = hvb_stands_new(&bed->bed);
    HvbCell *cell = hvb_cell_new();

    for (guint i = 0; i < times; i++) {
        bed->holds[held] = HVB_HOLD_STOPPED;
        let_looks_pass(bed, 4);
        bed->holds[held] = HVB_HOLD_NONE;
        let_looks_pass(bed, 4);
    }
    hvb_stands_record(stands, active, cell);
    hvb_stands_free(stands);
    hvb_bed_free(&bed->bed);
    return cell;
}

static void test_a_stand_is_an_event_with_its_time_and_reason(void)
{
    g_autoptr(HvbCell) cell = cell_with_stands(0, 1);

    CU_ASSERT_EQUAL_FATAL(cell->events->len, 1);
    const HvbEventRecord *event =
        &g_array_index(cell->events, HvbEventRecord, 0);
    CU_ASSERT_STRING_EQUAL(event->kind, "still");
    CU_ASSERT_TRUE(event->host_ns > 0 && event->host_ns < hvb_now_ns());
    CU_ASSERT_PTR_NOT_NULL(strstr(event->text, "guest1 stood still for "));
    CU_ASSERT_PTR_NOT_NULL(strstr(event->text, "though no setting stops it"));
    CU_ASSERT_PTR_NOT_NULL(strstr(event->text, "SIGSTOP"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(cell->stood);
    CU_ASSERT_STRING_EQUAL(cell->stood, event->text);
}

static void test_an_idle_guest_that_stood_is_told_and_disturbs_nothing(void)
{
    g_autoptr(HvbCell) cell = cell_with_stands(1, 1);

    CU_ASSERT_EQUAL_FATAL(cell->events->len, 1);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(g_array_index(cell->events, HvbEventRecord, 0).text, "guest2"));
    CU_ASSERT_PTR_NULL(cell->stood);
}

static void test_stands_are_counted_together(void)
{
    g_autoptr(HvbCell) cell = cell_with_stands(0, 3);

    CU_ASSERT_EQUAL(cell->events->len, 3);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cell->stood);
    CU_ASSERT_PTR_NOT_NULL(strstr(cell->stood, "stood still 3 times"));
}

static void test_guests_that_run_leave_no_event(void)
{
    g_autoptr(HvbCell) cell = cell_with_stands(0, 0);

    CU_ASSERT_EQUAL(cell->events->len, 0);
    CU_ASSERT_PTR_NULL(cell->stood);
}

static void test_who_is_held_now_is_described(void)
{
    FakeBed *bed = fake_bed_new(2);

    CU_ASSERT_PTR_NULL(hvb_stands_describe(&bed->bed));
    bed->holds[1] = HVB_HOLD_FROZEN;
    g_autofree char *text = hvb_stands_describe(&bed->bed);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "guest2 stands still"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "frozen"));
    hvb_bed_free(&bed->bed);
}

static gboolean on_cell_ends(HvbCell *cell, gpointer user_data, GError **error)
{
    (void)error;
    g_ptr_array_add(user_data, cell);
    return TRUE;
}

static void test_a_cell_whose_measured_guest_stood_is_disturbed(void)
{
    const HvbConductorHooks hooks = {.cell_ends = on_cell_ends};
    const HvbPlanCell planned = {.level = HVB_LEVEL_LOW, .repetition = 1};
    g_autoptr(GPtrArray) profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_profile_free);
    g_autoptr(GPtrArray) cells =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_cell_free);
    FakeBed *bed = fake_bed_new(1);
    HvbProfile *profile = fake_bed_profile(1);

    profile->samples = 4;
    profile->slot_ms = 2;
    profile->reruns = 0;
    g_ptr_array_add(profiles, profile);
    HvbConductor *conductor =
        hvb_conductor_new(&bed->bed, profiles, &hooks, cells, NULL);
    bed->holds[0] = HVB_HOLD_TRACED;
    CU_ASSERT_TRUE(hvb_conductor_run_cell(conductor, &planned, NULL));
    bed->holds[0] = HVB_HOLD_NONE;
    CU_ASSERT_TRUE(hvb_conductor_run_cell(conductor, &planned, NULL));
    hvb_conductor_free(conductor);
    hvb_bed_free(&bed->bed);
    CU_ASSERT_EQUAL_FATAL(cells->len, 2);
    const HvbCell *held = cells->pdata[0], *free_one = cells->pdata[1];
    CU_ASSERT_EQUAL(held->status, HVB_CELL_DISTURBED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(held->why);
    CU_ASSERT_PTR_NOT_NULL(strstr(held->why, "debugger"));
    CU_ASSERT_EQUAL(free_one->status, HVB_CELL_DONE);
}

CU_TestInfo tests_stands[] = {
    {"a stand is an event with its time and reason",
     test_a_stand_is_an_event_with_its_time_and_reason},
    {"an idle guest that stood is told and disturbs nothing",
     test_an_idle_guest_that_stood_is_told_and_disturbs_nothing},
    {"stands are counted together", test_stands_are_counted_together},
    {"guests that run leave no event", test_guests_that_run_leave_no_event},
    {"who is held now is described", test_who_is_held_now_is_described},
    {"a cell whose measured guest stood is disturbed",
     test_a_cell_whose_measured_guest_stood_is_disturbed},
    TEST_END,
};
