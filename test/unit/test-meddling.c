/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The conductor and a bed that others meddle with. */
#include "hvbench/run/conductor.h"
#include "test/suites.h"
#include "test/unit/fake-bed.h"
#include "test/unit/profile-fixture.h"

#include <string.h>

typedef struct {
    FakeBed *fake;
    FakeHost *host;
    GPtrArray *profiles;
    HvbConductor *conductor;
    HvbCell *cell;   /* the last */
    GString *limits; /* notes of that kind */
} Fixture;

static void on_note(const char *kind, const char *text, gpointer user_data)
{
    if (strcmp(kind, "limit") == 0)
        g_string_append(((Fixture *)user_data)->limits, text);
}

static gboolean on_cell_ends(HvbCell *cell, gpointer user_data, GError **error)
{
    Fixture *f = user_data;

    (void)error;
    hvb_cell_free(f->cell);
    f->cell = cell;
    return TRUE;
}

static const HvbConductorHooks hooks = {
    .note = on_note,
    .cell_ends = on_cell_ends,
};

/* Two guests and a host; the first is loaded, measured, capped and managed. */
static void set_up(Fixture *f)
{
    HvbProfile *profile = fake_bed_profile(2);

    *f = (Fixture){.fake = fake_bed_new(2), .limits = g_string_new(NULL)};
    f->host = fake_bed_add_host(f->fake);
    profile->samples = 5;
    profile->repetitions = 1;
    profile->reruns = 0;
    f->profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_profile_free);
    g_ptr_array_add(f->profiles, profile);
    f->conductor =
        hvb_conductor_new(&f->fake->bed, f->profiles, &hooks, f, NULL);
}

static void tear_down(Fixture *f)
{
    hvb_conductor_free(f->conductor);
    hvb_bed_free(&f->fake->bed);
    g_ptr_array_unref(f->profiles);
    hvb_cell_free(f->cell);
    g_string_free(f->limits, TRUE);
}

static gboolean try(Fixture *f)
{
    static const gboolean scenarios[] = {TRUE};
    const HvbPlanCell planned = {.level = HVB_LEVEL_LOW,
                                 .repetition = 1,
                                 .seed = 3};

    CU_ASSERT_TRUE_FATAL(hvb_conductor_prepare(f->conductor, scenarios, NULL));
    f->fake->unwatched_reads = 0;
    return hvb_conductor_run_cell(f->conductor, &planned, NULL);
}

static void run(Fixture *f)
{
    CU_ASSERT_TRUE_FATAL(try(f));
}

static void expect_disturbed(const Fixture *f, const char *why)
{
    CU_ASSERT_EQUAL(f->cell->status, HVB_CELL_DISTURBED);
    expect_text(f->cell->why, why);
}

static void test_a_bed_that_is_left_alone_is_not_disturbed(void)
{
    Fixture f;

    set_up(&f);
    run(&f);
    CU_ASSERT_EQUAL(f.cell->status, HVB_CELL_DONE);
    CU_ASSERT_PTR_NULL(f.cell->why);
    CU_ASSERT_EQUAL(f.cell->tunings_after->len, 2);
    expect_text(f.limits->str, "");
    tear_down(&f);
}

static void lift_cap_and_change_weight(FakeBed *bed)
{
    bed->now[0].vcpu_quota_us = -1;
    bed->now[1].shares = 7;
}

static void test_settings_that_change_in_mid_window_disturb_the_cell(void)
{
    Fixture f;

    set_up(&f);
    f.fake->meddle = lift_cap_and_change_weight;
    run(&f);
    expect_disturbed(
        &f, "guest 1's vCPU quota was -1 after the cell, 50000 before; "
            "guest 2's weight was 7 after the cell, 100 before");
    CU_ASSERT_EQUAL_FATAL(f.cell->tunings_after->len, 2);
    CU_ASSERT_EQUAL(g_array_index(f.cell->tunings, HvbTuning, 0).vcpu_quota_us,
                    50000);
    CU_ASSERT_EQUAL(
        g_array_index(f.cell->tunings_after, HvbTuning, 0).vcpu_quota_us, -1);
    tear_down(&f);
}

static void test_what_was_changed_and_put_back_disturbs_the_cell(void)
{
    Fixture f;

    set_up(&f);
    f.fake->seen = "guest 1's vCPU quota was changed and put back";
    run(&f);
    expect_disturbed(&f, "guest 1's vCPU quota was changed and put back");
    tear_down(&f);
}

static void test_what_means_nothing_is_an_event_of_the_cell(void)
{
    Fixture f;

    set_up(&f);
    f.fake->noted = "the weight of /machine was written to";
    run(&f);
    CU_ASSERT_EQUAL(f.cell->status, HVB_CELL_DONE);
    CU_ASSERT_EQUAL(f.cell->changes->len, 0);
    guint told = 0;
    for (guint i = 0; i < f.cell->events->len; i++) {
        const HvbEventRecord *event =
            &g_array_index(f.cell->events, HvbEventRecord, i);
        if (g_strcmp0(event->text, f.fake->noted) == 0) {
            CU_ASSERT_STRING_EQUAL(event->kind, "note");
            CU_ASSERT_EQUAL(event->guest, 0);
            CU_ASSERT_TRUE(event->host_ns > 0);
            told++;
        }
    }
    CU_ASSERT_EQUAL(told, 1);
    tear_down(&f);
}

static void test_settings_are_watched_from_reading_to_reading(void)
{
    Fixture f;

    set_up(&f);
    run(&f);
    CU_ASSERT_EQUAL(f.fake->unwatched_reads, 0);
    CU_ASSERT_EQUAL(f.fake->watched_writes, 0);
    tear_down(&f);
}

/* What happens once all operations have ended delays none of them. */
static void test_guests_are_looked_at_until_their_window_ends(void)
{
    Fixture f;

    set_up(&f);
    run(&f);
    CU_ASSERT_TRUE(f.fake->looks > 0);
    /* Whether its manager runs was asked after the last look. */
    CU_ASSERT_EQUAL(f.fake->meters_at_look + 1, f.fake->agents[0]->meters);
    tear_down(&f);
}

static void test_what_was_changed_is_told_of_a_cell_that_failed(void)
{
    Fixture f;

    set_up(&f);
    f.fake->seen = "guest 1's vCPU quota was changed and put back";
    f.fake->agents[0]->die_in_window = TRUE;
    CU_ASSERT_FALSE(try(&f));
    CU_ASSERT_EQUAL(f.cell->status, HVB_CELL_FAILED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f.cell->why);
    CU_ASSERT_TRUE(
        g_str_has_prefix(f.cell->why,
                         "guest 1's vCPU quota was changed and put back; "));
    CU_ASSERT_FALSE(f.fake->watching);
    tear_down(&f);
}

static void test_the_weight_of_the_hosts_services_is_looked_at(void)
{
    Fixture f;

    set_up(&f);
    f.host->lose_weight = TRUE;
    run(&f);
    expect_disturbed(&f, "the host services' weight was 1 after the cell, 100 "
                         "before");
    tear_down(&f);
}

static void test_a_manager_that_is_gone_disturbs_the_cell(void)
{
    Fixture f;

    set_up(&f);
    f.fake->agents[0]->lose_manager = TRUE;
    run(&f);
    expect_disturbed(&f, "guest 1's priority manager did not run any more at "
                         "the end of the cell");
    tear_down(&f);
}

static void manage_unasked(FakeBed *bed)
{
    bed->agents[1]->managed = TRUE;
    ((FakeHost *)bed->bed.host)->fake->managed = TRUE;
}

static void test_a_manager_that_nobody_asked_for_disturbs_the_cell(void)
{
    Fixture f;

    set_up(&f);
    f.fake->meddle = manage_unasked;
    run(&f);
    expect_disturbed(&f, "the host's priority manager ran at the end of the "
                         "cell, and should not; guest 2's priority manager ran "
                         "at the end of the cell, and should not");
    tear_down(&f);
}

static void test_more_cpu_than_the_cap_disturbs_the_cell(void)
{
    Fixture f;

    set_up(&f);
    /* Since boot: what is charged in a window however short is beyond it. */
    f.fake->busy_percent = f.fake->vcpu_percent = 1000000;
    run(&f);
    CU_ASSERT_EQUAL(f.cell->status, HVB_CELL_DISTURBED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f.cell->why);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.cell->why, "under a cap of 50 %"));
    tear_down(&f);
}

static void test_limits_above_the_guests_are_told_of_at_the_start(void)
{
    Fixture f;

    set_up(&f);
    f.fake->above = "/machine: quota 50000 of 100000 us";
    run(&f);
    CU_ASSERT_EQUAL(f.cell->status, HVB_CELL_DONE);
    /* Once, for they are the same for all guests. */
    expect_text(f.limits->str,
                "guest1 is below control groups with settings that are not "
                "hvbench's, and hold for all that is in them: /machine: quota "
                "50000 of 100000 us");
    expect_text(g_array_index(f.cell->tunings, HvbTuning, 1).above,
                "/machine: quota 50000 of 100000 us");
    tear_down(&f);
}

CU_TestInfo tests_meddling[] = {
    {"a bed that is left alone is not disturbed",
     test_a_bed_that_is_left_alone_is_not_disturbed},
    {"settings that change in mid-window disturb the cell",
     test_settings_that_change_in_mid_window_disturb_the_cell},
    {"what was changed and put back disturbs the cell",
     test_what_was_changed_and_put_back_disturbs_the_cell},
    {"what means nothing is an event of the cell",
     test_what_means_nothing_is_an_event_of_the_cell},
    {"settings are watched from reading to reading",
     test_settings_are_watched_from_reading_to_reading},
    {"guests are looked at until their window ends",
     test_guests_are_looked_at_until_their_window_ends},
    {"what was changed is told of a cell that failed",
     test_what_was_changed_is_told_of_a_cell_that_failed},
    {"the weight of the host's services is looked at",
     test_the_weight_of_the_hosts_services_is_looked_at},
    {"a manager that is gone disturbs the cell",
     test_a_manager_that_is_gone_disturbs_the_cell},
    {"a manager that nobody asked for disturbs the cell",
     test_a_manager_that_nobody_asked_for_disturbs_the_cell},
    {"more CPU than the cap disturbs the cell",
     test_more_cpu_than_the_cap_disturbs_the_cell},
    {"limits above the guests are told of at the start",
     test_limits_above_the_guests_are_told_of_at_the_start},
    TEST_END,
};
