/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/conductor.h"
#include "test/suites.h"
#include "test/unit/conductor-fixture.h"

#include <math.h>
#include <string.h>

static void test_idle_guests_are_not_calibrated(void)
{
    ConductorFixture f;

    conductor_set_up_and_prepare(&f);
    /* Their meters and settings are kept all the same, hence they are, too. */
    CU_ASSERT_EQUAL(f.guests_ready, 2);
    CU_ASSERT_EQUAL(f.guests_calibrated, 1);
    CU_ASSERT_EQUAL(f.fake->agents[1]->calibrations, 0);
    conductor_run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_EQUAL(f.fake->agents[1]->calibrations, 0);
    conductor_tear_down(&f);
}

static void test_a_delay_is_the_response_less_the_reference(void)
{
    ConductorFixture f;

    conductor_set_up_and_prepare(&f);
    HvbCell *cell = conductor_run(&f, HVB_LEVEL_MEDIUM, NULL);
    gint64 users = conductor_profile(&f)->guests[0].users[HVB_LEVEL_MEDIUM];
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DONE);
    CU_ASSERT_TRUE_FATAL(cell->samples->len > 0);
    for (guint i = 0; i < cell->samples->len; i++) {
        const HvbSample *s = &g_array_index(cell->samples, HvbSample, i);
        CU_ASSERT_EQUAL(s->guest, 1);
        CU_ASSERT_EQUAL(s->response_ns,
                        (gint64)(s->raw.ended_ns - s->raw.intended_ns));
        CU_ASSERT_EQUAL(s->reference_ns,
                        FAKE_REFERENCE_NS((WireOperation)s->raw.operation));
        CU_ASSERT_EQUAL(s->delay_ns, users * FAKE_DELAY_PER_USER_NS);
    }
    CU_ASSERT_TRUE(f.sample_calls > 0);
    conductor_tear_down(&f);
}

static void test_all_scheduled_operations_are_accounted_for(void)
{
    ConductorFixture f;

    conductor_set_up_and_prepare(&f);
    f.fake->agents[0]->censor = 2;
    HvbCell *cell = conductor_run(&f, HVB_LEVEL_LOW, NULL);
    guint opens = 0;
    for (guint i = 0; i < cell->samples->len; i++)
        opens += g_array_index(cell->samples, HvbSample, i).raw.operation ==
                 WIRE_OPEN;
    CU_ASSERT_EQUAL(opens, conductor_profile(&f)->samples);
    CU_ASSERT_EQUAL(cell->received, cell->scheduled);
    CU_ASSERT_EQUAL(cell->censored, 2);
    CU_ASSERT_EQUAL(cell->lost, 0);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DONE);
    conductor_tear_down(&f);
}

static void test_cap_and_manager_hold_in_the_window_and_are_lifted_after(void)
{
    ConductorFixture f;

    conductor_set_up_and_prepare(&f);
    HvbCell *cell = conductor_run(&f, HVB_LEVEL_BUSY, NULL);
    CU_ASSERT_EQUAL_FATAL(cell->tunings->len, 2);
    CU_ASSERT_EQUAL(g_array_index(cell->tunings, HvbTuning, 0).vcpu_quota_us,
                    50000);
    CU_ASSERT_EQUAL(g_array_index(cell->tunings, HvbTuning, 1).vcpu_quota_us,
                    -1);
    CU_ASSERT_EQUAL(f.fake->agents[0]->managed_windows, 1);
    CU_ASSERT_EQUAL(f.fake->tuned[0].cap_percent, 0);
    CU_ASSERT_FALSE(f.fake->agents[0]->managed);
    CU_ASSERT_EQUAL(f.fake->agents[0]->users, 0);
    conductor_tear_down(&f);
}

/* Once the first guest has its users. */
static gboolean interrupt_settling(gpointer user_data)
{
    ConductorFixture *f = user_data;

    if (f->fake->agents[0]->users > 0)
        g_cancellable_cancel(f->cancellable);
    return G_SOURCE_CONTINUE;
}

static void test_nothing_is_timed_before_the_load_has_settled(void)
{
    g_autoptr(GError) error = NULL;
    ConductorFixture f;

    conductor_set_up_and_prepare(&f);
    conductor_profile(&f)->settle_ms = 600000;
    guint probes = f.fake->agents[0]->probes;
    guint timer = g_timeout_add(10, interrupt_settling, &f);
    HvbCell *cell = conductor_run(&f, HVB_LEVEL_LOW, &error);
    g_source_remove(timer);
    CU_ASSERT_TRUE(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_FAILED);
    CU_ASSERT_EQUAL(cell->samples->len, 0);
    CU_ASSERT_EQUAL(f.fake->agents[0]->probes, probes);
    conductor_tear_down(&f);
}

static void test_lost_samples_disturb_a_cell_and_it_is_run_again(void)
{
    ConductorFixture f;

    conductor_set_up_and_prepare(&f);
    f.fake->agents[0]->lose_samples = 3;
    HvbCell *cell = conductor_run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DISTURBED);
    CU_ASSERT_EQUAL(cell->lost, 3);
    CU_ASSERT_PTR_NOT_NULL(cell->why);
    CU_ASSERT_EQUAL(f.cells->len, 1 + conductor_profile(&f)->reruns);
    CU_ASSERT_EQUAL(cell->attempt, 1 + conductor_profile(&f)->reruns);
    conductor_tear_down(&f);
}

static void test_samples_that_do_not_fit_the_schedule_are_refused(void)
{
    ConductorFixture f;

    conductor_set_up_and_prepare(&f);
    f.fake->agents[0]->repeat_samples = TRUE;
    HvbCell *cell = conductor_run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_EQUAL(cell->received, cell->scheduled);
    CU_ASSERT_EQUAL(cell->samples->len, cell->scheduled);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DISTURBED);
    f.fake->agents[0]->repeat_samples = FALSE;
    f.fake->agents[0]->move_starts = TRUE;
    cell = conductor_run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_EQUAL(cell->received, 1);
    CU_ASSERT_EQUAL(cell->lost, cell->scheduled - 1);
    conductor_tear_down(&f);
}

static void test_a_guest_that_is_not_measured_cannot_add_samples(void)
{
    ConductorFixture f;

    conductor_set_up_and_prepare(&f);
    conductor_profile(&f)->reruns = 0;
    f.intruder = f.fake->agents[1];
    HvbCell *cell = conductor_run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_EQUAL(cell->received, cell->scheduled);
    CU_ASSERT_EQUAL(cell->samples->len, cell->scheduled);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DISTURBED);
    CU_ASSERT_PTR_NOT_NULL(strstr(cell->why, "2 refused"));
    conductor_tear_down(&f);
}

static void test_guests_differ_in_their_schedules_and_scenarios_do_not(void)
{
    ConductorFixture f;

    conductor_set_up_and_prepare(&f);
    conductor_profile(&f)->guests[1].measured = HVB_MEASURED_APART;
    conductor_prepare(&f);
    conductor_run(&f, HVB_LEVEL_LOW, NULL);
    conductor_run(&f, HVB_LEVEL_LOW, NULL);
    FakeAgent *const *agents = f.fake->agents;
    /* Its first two windows were for the reference times. */
    CU_ASSERT_EQUAL_FATAL(agents[0]->probes, 4);
    CU_ASSERT_EQUAL_FATAL(agents[1]->probes, 3);
    CU_ASSERT_EQUAL(agents[0]->seeds[2], agents[0]->seeds[3]);
    CU_ASSERT_NOT_EQUAL(agents[0]->seeds[2], agents[1]->seeds[1]);
    conductor_tear_down(&f);
}

static void test_foreign_cpu_disturbs_a_cell(void)
{
    ConductorFixture f;

    conductor_set_up_and_prepare(&f);
    conductor_profile(&f)->foreign_percent = -1e9;
    HvbCell *cell = conductor_run(&f, HVB_LEVEL_NONE, NULL);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DISTURBED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cell->why);
    CU_ASSERT_PTR_NOT_NULL(strstr(cell->why, "other processes used"));
    conductor_tear_down(&f);
}

static void test_what_emulators_use_is_not_foreign(void)
{
    ConductorFixture f;

    conductor_set_up_and_prepare(&f);
    /* More than the machine has: what is left for others is less than none. */
    f.fake->busy_percent = 1000000;
    HvbCell *cell = conductor_run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_TRUE(cell->foreign_percent < -1e5);
    conductor_tear_down(&f);
}

static void test_a_lost_guest_fails_its_cell_and_the_rest_is_kept(void)
{
    ConductorFixture f;
    g_autoptr(GError) error = NULL;

    conductor_set_up_and_prepare(&f);
    f.fake->agents[0]->die_in_window = TRUE;
    HvbCell *cell = conductor_run(&f, HVB_LEVEL_MAXIMUM, &error);
    CU_ASSERT_TRUE(g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_GUEST));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "guest1"));
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_FAILED);
    CU_ASSERT_EQUAL(cell->lost, cell->scheduled);
    CU_ASSERT_EQUAL(f.cells->len, 1);
    conductor_tear_down(&f);
}

static void test_meters_hold_both_views(void)
{
    ConductorFixture f;

    conductor_set_up_and_prepare(&f);
    f.fake->busy_percent = 40;
    f.fake->vcpu_percent = 30;
    HvbCell *cell = conductor_run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_EQUAL_FATAL(cell->meters->len, 3);
    const HvbMeterRecord *m = &g_array_index(cell->meters, HvbMeterRecord, 1);
    CU_ASSERT_EQUAL(m->guest, 1);
    CU_ASSERT_TRUE_FATAL(m->has_guest_view);
    CU_ASSERT_TRUE(llabs(m->user_ns - m->guest_window_ns / 2) < 10);
    CU_ASSERT_TRUE(llabs(m->host_cpu_ns - m->host_window_ns * 40 / 100) < 10);
    CU_ASSERT_TRUE(llabs(m->host_vcpu_ns - m->host_window_ns * 30 / 100) < 10);
    CU_ASSERT_TRUE(llabs(m->host_emulator_ns - m->host_window_ns * 10 / 100) <
                   10);
    CU_ASSERT_FALSE(
        g_array_index(cell->meters, HvbMeterRecord, 2).has_guest_view);
    conductor_tear_down(&f);
}

static void test_what_each_quota_throttled_is_kept_and_summed_up(void)
{
    static const HvbThrottling throttling[HVB_N_QUOTAS] = {
        [HVB_QUOTA_VCPU] = {40, 3, 5000},
        [HVB_QUOTA_VM] = {50, 20, 70000},
        [HVB_QUOTA_ABOVE] = {60, 100, 900000},
    };
    ConductorFixture f;

    conductor_set_up_and_prepare(&f);
    f.fake->throttling = throttling;
    HvbCell *cell = conductor_run(&f, HVB_LEVEL_LOW, NULL);
    for (guint guest = 1; guest <= 2; guest++) {
        const HvbMeterRecord *m =
            &g_array_index(cell->meters, HvbMeterRecord, guest);
        for (guint q = 0; q < HVB_N_QUOTAS; q++) {
            CU_ASSERT_EQUAL(m->throttling[q].periods, throttling[q].periods);
            CU_ASSERT_EQUAL(m->throttling[q].throttled_periods,
                            throttling[q].throttled_periods);
            CU_ASSERT_EQUAL(m->throttling[q].throttled_ns,
                            throttling[q].throttled_ns);
        }
        CU_ASSERT_EQUAL(m->throttled_periods, 123);
        CU_ASSERT_EQUAL(m->throttled_ns, 975000);
        CU_ASSERT_EQUAL(m->above_throttled_periods, 100);
        CU_ASSERT_EQUAL(m->above_throttled_ns, 900000);
    }
    conductor_tear_down(&f);
}

static void test_of_unmeasured_guests_one_is_checked_after_each_cell(void)
{
    ConductorFixture f;

    conductor_set_up_guests(&f, 4);
    conductor_profile(&f)->guests[1].loaded = TRUE;
    conductor_profile(&f)->guests[3].loaded = TRUE;
    conductor_prepare(&f);
    for (guint i = 0; i < 4; i++)
        conductor_run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_EQUAL(f.fake->agents[0]->calibrations, 1 + 4);
    CU_ASSERT_EQUAL(f.fake->agents[1]->calibrations, 1 + 2);
    CU_ASSERT_EQUAL(f.fake->agents[2]->calibrations, 0);
    CU_ASSERT_EQUAL(f.fake->agents[3]->calibrations, 1 + 2);
    conductor_tear_down(&f);
}

static void test_guests_get_their_host_cpus_for_the_cell_only(void)
{
    ConductorFixture f;

    conductor_set_up_and_prepare(&f);
    conductor_profile(&f)->cpus = 1;
    conductor_profile(&f)->affinity = HVB_AFFINITY_PINNED;
    HvbCell *cell = conductor_run(&f, HVB_LEVEL_LOW, NULL);
    for (guint i = 0; i < 2; i++) {
        CU_ASSERT_STRING_EQUAL(g_array_index(cell->tunings, HvbTuning, i).cpus,
                               "first 1");
        CU_ASSERT_EQUAL(f.fake->placed[i].cpus_before, 1);
        CU_ASSERT_EQUAL(f.fake->placed[i].cpus, 0);
        CU_ASSERT_EQUAL(f.fake->placed[i].affinity, HVB_AFFINITY_FLOAT);
    }
    conductor_tear_down(&f);
}

static void test_a_guest_without_an_agent_is_never_asked(void)
{
    ConductorFixture f;

    conductor_set_up(&f);
    g_clear_pointer(&f.fake->bed.guests[1].link, hvb_link_free);
    conductor_profile(&f)->guests[1].agent = FALSE;
    conductor_prepare(&f);
    HvbCell *cell = conductor_run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DONE);
    CU_ASSERT_EQUAL(cell->tunings->len, 2);
    CU_ASSERT_EQUAL(cell->meters->len, 3);
    conductor_tear_down(&f);
}

CU_TestInfo tests_conductor[] = {
    {"idle guests are not calibrated", test_idle_guests_are_not_calibrated},
    {"a delay is the response less the reference",
     test_a_delay_is_the_response_less_the_reference},
    {"all scheduled operations are accounted for",
     test_all_scheduled_operations_are_accounted_for},
    {"cap and manager hold in the window and are lifted after",
     test_cap_and_manager_hold_in_the_window_and_are_lifted_after},
    {"nothing is timed before the load has settled",
     test_nothing_is_timed_before_the_load_has_settled},
    {"lost samples disturb a cell and it is run again",
     test_lost_samples_disturb_a_cell_and_it_is_run_again},
    {"samples that do not fit the schedule are refused",
     test_samples_that_do_not_fit_the_schedule_are_refused},
    {"a guest that is not measured cannot add samples",
     test_a_guest_that_is_not_measured_cannot_add_samples},
    {"guests differ in their schedules and scenarios do not",
     test_guests_differ_in_their_schedules_and_scenarios_do_not},
    {"foreign CPU disturbs a cell", test_foreign_cpu_disturbs_a_cell},
    {"what emulators use is not foreign",
     test_what_emulators_use_is_not_foreign},
    {"a lost guest fails its cell and the rest is kept",
     test_a_lost_guest_fails_its_cell_and_the_rest_is_kept},
    {"meters hold both views", test_meters_hold_both_views},
    {"what each quota throttled is kept and summed up",
     test_what_each_quota_throttled_is_kept_and_summed_up},
    {"of unmeasured guests one is checked after each cell",
     test_of_unmeasured_guests_one_is_checked_after_each_cell},
    {"guests get their host CPUs for the cell only",
     test_guests_get_their_host_cpus_for_the_cell_only},
    {"a guest without an agent is never asked",
     test_a_guest_without_an_agent_is_never_asked},
    TEST_END,
};
