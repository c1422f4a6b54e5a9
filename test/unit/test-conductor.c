/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/conductor.h"
#include "test/suites.h"
#include "test/unit/fake-bed.h"

#include <math.h>
#include <string.h>

/* Two guests, of which the first is loaded, measured and capped. */
typedef struct {
    FakeBed *fake;
    GPtrArray *profiles;
    GPtrArray *cells; /* HvbCell * handed over */
    guint sample_calls;
    FakeAgent *intruder; /* talks of the cell under way, unasked */
    guint guests_ready, guests_calibrated;
    gint64 reference_ns, other_reference_ns; /* of guest 1, guest 2 */
    HvbConductor *conductor;
} Fixture;

static gboolean on_guest_ready(guint guest, const HvbGuest *said,
                               const WireCalibration *calibration,
                               const HvbReferences *references,
                               gpointer user_data, GError **error)
{
    Fixture *f = user_data;

    (void)said;
    (void)error;
    f->guests_ready++;
    if (calibration->rounds > 0) {
        f->guests_calibrated++;
        CU_ASSERT_EQUAL(calibration->iterations_per_ms, FAKE_RATE);
    }
    if (guest == 1)
        f->reference_ns = references->ns[WIRE_SERVER][WIRE_OPEN];
    else
        f->other_reference_ns = references->ns[WIRE_SERVER][WIRE_OPEN];
    return TRUE;
}

static void on_samples(const HvbCell *cell, gpointer user_data)
{
    Fixture *f = user_data;

    f->sample_calls++;
    if (f->intruder)
        fake_agent_intrude(f->intruder,
                           (guint64)cell->attempt << 32 | cell->position);
    f->intruder = NULL;
}

static gboolean on_cell_ends(HvbCell *cell, gpointer user_data, GError **error)
{
    (void)error;
    g_ptr_array_add(((Fixture *)user_data)->cells, cell);
    return TRUE;
}

static const HvbConductorHooks hooks = {
    .guest_ready = on_guest_ready,
    .samples = on_samples,
    .cell_ends = on_cell_ends,
};

static HvbProfile *two_guests(void)
{
    HvbProfile *profile = fake_bed_profile(2);

    profile->samples = 5;
    profile->repetitions = 1;
    return profile;
}

static void set_up(Fixture *f)
{
    *f = (Fixture){.fake = fake_bed_new(2)};
    f->profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_profile_free);
    g_ptr_array_add(f->profiles, two_guests());
    f->cells = g_ptr_array_new_with_free_func((GDestroyNotify)hvb_cell_free);
    f->conductor =
        hvb_conductor_new(&f->fake->bed, f->profiles, &hooks, f, NULL);
}

static void prepare(Fixture *f)
{
    static const gboolean scenarios[] = {TRUE};

    CU_ASSERT_TRUE_FATAL(hvb_conductor_prepare(f->conductor, scenarios, NULL));
}

static void set_up_and_prepare(Fixture *f)
{
    set_up(f);
    prepare(f);
}

static void tear_down(Fixture *f)
{
    hvb_conductor_free(f->conductor);
    hvb_bed_free(&f->fake->bed);
    g_ptr_array_unref(f->profiles);
    g_ptr_array_unref(f->cells);
}

static HvbProfile *profile_of(Fixture *f)
{
    return f->profiles->pdata[0];
}

/* Runs the cell of this level; returns what was handed over last. */
static HvbCell *run(Fixture *f, HvbLevel level, GError **error)
{
    const HvbPlanCell planned = {.level = level,
                                 .repetition = 1,
                                 .position = level,
                                 .seed = 100u + level};

    hvb_conductor_run_cell(f->conductor, &planned, error);
    CU_ASSERT_TRUE_FATAL(f->cells->len > 0);
    return f->cells->pdata[f->cells->len - 1];
}

static void
test_loaded_guests_are_calibrated_and_only_measured_ones_referenced(void)
{
    Fixture f;

    set_up(&f);
    profile_of(&f)->guests[1].loaded = TRUE;
    prepare(&f);
    CU_ASSERT_EQUAL(f.guests_calibrated, 2);
    CU_ASSERT_EQUAL(f.reference_ns, FAKE_REFERENCE_NS);
    CU_ASSERT_EQUAL(f.other_reference_ns, 0);
    CU_ASSERT_EQUAL(f.fake->agents[0]->rate, FAKE_RATE);
    CU_ASSERT_EQUAL(f.fake->agents[0]->probes, 1);
    CU_ASSERT_EQUAL(f.fake->agents[1]->probes, 0);
    tear_down(&f);
}

static void test_idle_guests_are_not_calibrated(void)
{
    Fixture f;

    set_up_and_prepare(&f);
    /* Their meters and settings are kept all the same, hence they are, too. */
    CU_ASSERT_EQUAL(f.guests_ready, 2);
    CU_ASSERT_EQUAL(f.guests_calibrated, 1);
    CU_ASSERT_EQUAL(f.fake->agents[1]->calibrations, 0);
    run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_EQUAL(f.fake->agents[1]->calibrations, 0);
    tear_down(&f);
}

static void test_a_delay_is_the_response_less_the_reference(void)
{
    Fixture f;

    set_up_and_prepare(&f);
    HvbCell *cell = run(&f, HVB_LEVEL_MEDIUM, NULL);
    gint64 users = profile_of(&f)->guests[0].users[HVB_LEVEL_MEDIUM];
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DONE);
    CU_ASSERT_TRUE_FATAL(cell->samples->len > 0);
    for (guint i = 0; i < cell->samples->len; i++) {
        const HvbSample *s = &g_array_index(cell->samples, HvbSample, i);
        CU_ASSERT_EQUAL(s->guest, 1);
        CU_ASSERT_EQUAL(s->response_ns,
                        (gint64)(s->raw.ended_ns - s->raw.intended_ns));
        CU_ASSERT_EQUAL(s->reference_ns, FAKE_REFERENCE_NS);
        CU_ASSERT_EQUAL(s->delay_ns, users * FAKE_DELAY_PER_USER_NS);
    }
    CU_ASSERT_TRUE(f.sample_calls > 0);
    tear_down(&f);
}

static void test_all_scheduled_operations_are_accounted_for(void)
{
    Fixture f;

    set_up_and_prepare(&f);
    f.fake->agents[0]->censor = 2;
    HvbCell *cell = run(&f, HVB_LEVEL_LOW, NULL);
    guint opens = 0;
    for (guint i = 0; i < cell->samples->len; i++)
        opens += g_array_index(cell->samples, HvbSample, i).raw.operation ==
                 WIRE_OPEN;
    CU_ASSERT_EQUAL(opens, profile_of(&f)->samples);
    CU_ASSERT_EQUAL(cell->received, cell->scheduled);
    CU_ASSERT_EQUAL(cell->censored, 2);
    CU_ASSERT_EQUAL(cell->lost, 0);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DONE);
    tear_down(&f);
}

static void test_cap_and_manager_hold_in_the_window_and_are_lifted_after(void)
{
    Fixture f;

    set_up_and_prepare(&f);
    HvbCell *cell = run(&f, HVB_LEVEL_BUSY, NULL);
    CU_ASSERT_EQUAL_FATAL(cell->tunings->len, 2);
    CU_ASSERT_EQUAL(g_array_index(cell->tunings, HvbTuning, 0).vcpu_quota_us,
                    50000);
    CU_ASSERT_EQUAL(g_array_index(cell->tunings, HvbTuning, 1).vcpu_quota_us,
                    -1);
    CU_ASSERT_EQUAL(f.fake->agents[0]->managed_windows, 1);
    CU_ASSERT_EQUAL(f.fake->tuned[0].cap_percent, 0);
    CU_ASSERT_FALSE(f.fake->agents[0]->managed);
    CU_ASSERT_EQUAL(f.fake->agents[0]->users, 0);
    tear_down(&f);
}

static void test_lost_samples_disturb_a_cell_and_it_is_run_again(void)
{
    Fixture f;

    set_up_and_prepare(&f);
    f.fake->agents[0]->lose_samples = 3;
    HvbCell *cell = run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DISTURBED);
    CU_ASSERT_EQUAL(cell->lost, 3);
    CU_ASSERT_PTR_NOT_NULL(cell->why);
    CU_ASSERT_EQUAL(f.cells->len, 1 + profile_of(&f)->reruns);
    CU_ASSERT_EQUAL(cell->attempt, 1 + profile_of(&f)->reruns);
    tear_down(&f);
}

static void test_samples_that_do_not_fit_the_schedule_are_refused(void)
{
    Fixture f;

    set_up_and_prepare(&f);
    f.fake->agents[0]->repeat_samples = TRUE;
    HvbCell *cell = run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_EQUAL(cell->received, cell->scheduled);
    CU_ASSERT_EQUAL(cell->samples->len, cell->scheduled);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DISTURBED);
    f.fake->agents[0]->repeat_samples = FALSE;
    f.fake->agents[0]->move_starts = TRUE;
    cell = run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_EQUAL(cell->received, 1);
    CU_ASSERT_EQUAL(cell->lost, cell->scheduled - 1);
    tear_down(&f);
}

static void test_a_guest_that_is_not_measured_cannot_add_samples(void)
{
    Fixture f;

    set_up_and_prepare(&f);
    profile_of(&f)->reruns = 0;
    f.intruder = f.fake->agents[1];
    HvbCell *cell = run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_EQUAL(cell->received, cell->scheduled);
    CU_ASSERT_EQUAL(cell->samples->len, cell->scheduled);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DISTURBED);
    CU_ASSERT_PTR_NOT_NULL(strstr(cell->why, "2 refused"));
    tear_down(&f);
}

static void test_guests_differ_in_their_schedules_and_scenarios_do_not(void)
{
    Fixture f;

    set_up_and_prepare(&f);
    profile_of(&f)->guests[1].measured = HVB_MEASURED_APART;
    prepare(&f);
    run(&f, HVB_LEVEL_LOW, NULL);
    run(&f, HVB_LEVEL_LOW, NULL);
    FakeAgent *const *agents = f.fake->agents;
    /* Its first two windows were for the reference times. */
    CU_ASSERT_EQUAL_FATAL(agents[0]->probes, 4);
    CU_ASSERT_EQUAL_FATAL(agents[1]->probes, 3);
    CU_ASSERT_EQUAL(agents[0]->seeds[2], agents[0]->seeds[3]);
    CU_ASSERT_NOT_EQUAL(agents[0]->seeds[2], agents[1]->seeds[1]);
    tear_down(&f);
}

static void test_foreign_cpu_disturbs_a_cell(void)
{
    Fixture f;

    set_up_and_prepare(&f);
    profile_of(&f)->foreign_percent = -1e9;
    HvbCell *cell = run(&f, HVB_LEVEL_NONE, NULL);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DISTURBED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cell->why);
    CU_ASSERT_PTR_NOT_NULL(strstr(cell->why, "other processes used"));
    tear_down(&f);
}

static void test_drift_beyond_the_limit_makes_a_cell_suspect(void)
{
    Fixture f;

    set_up_and_prepare(&f);
    f.fake->agents[0]->drift = -0.08;
    HvbCell *cell = run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_TRUE(cell->suspect);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DONE);
    CU_ASSERT_TRUE(fabs(cell->drift_percent + 8.0) < 0.01);
    CU_ASSERT_PTR_NOT_NULL(strstr(cell->why, "8.0 % slower"));
    f.fake->agents[0]->drift = 0.04;
    cell = run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_FALSE(cell->suspect);
    tear_down(&f);
}

static void test_a_doubtful_calibration_marks_cells_that_use_the_guest(void)
{
    Fixture f;

    set_up(&f);
    f.fake->agents[1]->unsteady = TRUE;
    profile_of(&f)->guests[1].loaded = TRUE;
    prepare(&f);
    HvbCell *cell = run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_TRUE(cell->suspect);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cell->why);
    CU_ASSERT_PTR_NOT_NULL(strstr(cell->why, "guest2"));
    profile_of(&f)->guests[1].loaded = FALSE;
    CU_ASSERT_FALSE(run(&f, HVB_LEVEL_LOW, NULL)->suspect);
    tear_down(&f);
}

static void test_reference_times_that_vary_are_taken_again_and_doubted(void)
{
    Fixture f;

    set_up(&f);
    f.fake->agents[0]->disturbed = TRUE;
    prepare(&f);
    CU_ASSERT_EQUAL(f.fake->agents[0]->probes, 3);
    HvbCell *cell = run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_TRUE(cell->suspect);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cell->why);
    CU_ASSERT_PTR_NOT_NULL(strstr(cell->why, "reference times"));
    tear_down(&f);
}

static void test_a_lost_guest_fails_its_cell_and_the_rest_is_kept(void)
{
    Fixture f;
    g_autoptr(GError) error = NULL;

    set_up_and_prepare(&f);
    f.fake->agents[0]->die_in_window = TRUE;
    HvbCell *cell = run(&f, HVB_LEVEL_MAXIMUM, &error);
    CU_ASSERT_TRUE(g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_GUEST));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "guest1"));
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_FAILED);
    CU_ASSERT_EQUAL(cell->lost, cell->scheduled);
    CU_ASSERT_EQUAL(f.cells->len, 1);
    tear_down(&f);
}

static void test_meters_hold_both_views(void)
{
    Fixture f;

    set_up_and_prepare(&f);
    f.fake->busy_percent = 40;
    HvbCell *cell = run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_EQUAL_FATAL(cell->meters->len, 3);
    const HvbMeterRecord *m = &g_array_index(cell->meters, HvbMeterRecord, 1);
    CU_ASSERT_EQUAL(m->guest, 1);
    CU_ASSERT_TRUE_FATAL(m->has_guest_view);
    CU_ASSERT_TRUE(llabs(m->user_ns - m->guest_window_ns / 2) < 10);
    CU_ASSERT_TRUE(llabs(m->host_cpu_ns - m->host_window_ns * 40 / 100) < 10);
    CU_ASSERT_FALSE(
        g_array_index(cell->meters, HvbMeterRecord, 2).has_guest_view);
    tear_down(&f);
}

static void test_of_unmeasured_guests_one_is_checked_after_each_cell(void)
{
    Fixture f;
    FakeBed *fake = fake_bed_new(4);

    set_up(&f);
    hvb_conductor_free(f.conductor);
    hvb_bed_free(&f.fake->bed);
    f.fake = fake;
    f.conductor = hvb_conductor_new(&fake->bed, f.profiles, &hooks, &f, NULL);
    profile_of(&f)->n_guests = 4;
    profile_of(&f)->guests[1].loaded = TRUE;
    profile_of(&f)->guests[3].loaded = TRUE;
    prepare(&f);
    for (guint i = 0; i < 4; i++)
        run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_EQUAL(fake->agents[0]->calibrations, 1 + 4);
    CU_ASSERT_EQUAL(fake->agents[1]->calibrations, 1 + 2);
    CU_ASSERT_EQUAL(fake->agents[2]->calibrations, 0);
    CU_ASSERT_EQUAL(fake->agents[3]->calibrations, 1 + 2);
    tear_down(&f);
}

static void test_guests_get_their_host_cpus_for_the_cell_only(void)
{
    Fixture f;

    set_up_and_prepare(&f);
    profile_of(&f)->cpus = 1;
    profile_of(&f)->affinity = HVB_AFFINITY_PINNED;
    HvbCell *cell = run(&f, HVB_LEVEL_LOW, NULL);
    for (guint i = 0; i < 2; i++) {
        CU_ASSERT_STRING_EQUAL(g_array_index(cell->tunings, HvbTuning, i).cpus,
                               "first 1");
        CU_ASSERT_EQUAL(f.fake->placed[i].cpus_before, 1);
        CU_ASSERT_EQUAL(f.fake->placed[i].cpus, 0);
        CU_ASSERT_EQUAL(f.fake->placed[i].affinity, HVB_AFFINITY_FLOAT);
    }
    tear_down(&f);
}

static void test_a_guest_without_an_agent_is_never_asked(void)
{
    Fixture f;

    set_up(&f);
    g_clear_pointer(&f.fake->bed.guests[1].link, hvb_link_free);
    profile_of(&f)->guests[1].agent = FALSE;
    prepare(&f);
    HvbCell *cell = run(&f, HVB_LEVEL_LOW, NULL);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DONE);
    CU_ASSERT_EQUAL(cell->tunings->len, 2);
    CU_ASSERT_EQUAL(cell->meters->len, 3);
    tear_down(&f);
}

CU_TestInfo tests_conductor[] = {
    {"loaded guests are calibrated and only measured ones referenced",
     test_loaded_guests_are_calibrated_and_only_measured_ones_referenced},
    {"idle guests are not calibrated", test_idle_guests_are_not_calibrated},
    {"a delay is the response less the reference",
     test_a_delay_is_the_response_less_the_reference},
    {"all scheduled operations are accounted for",
     test_all_scheduled_operations_are_accounted_for},
    {"cap and manager hold in the window and are lifted after",
     test_cap_and_manager_hold_in_the_window_and_are_lifted_after},
    {"lost samples disturb a cell and it is run again",
     test_lost_samples_disturb_a_cell_and_it_is_run_again},
    {"samples that do not fit the schedule are refused",
     test_samples_that_do_not_fit_the_schedule_are_refused},
    {"a guest that is not measured cannot add samples",
     test_a_guest_that_is_not_measured_cannot_add_samples},
    {"guests differ in their schedules and scenarios do not",
     test_guests_differ_in_their_schedules_and_scenarios_do_not},
    {"foreign CPU disturbs a cell", test_foreign_cpu_disturbs_a_cell},
    {"drift beyond the limit makes a cell suspect",
     test_drift_beyond_the_limit_makes_a_cell_suspect},
    {"a doubtful calibration marks cells that use the guest",
     test_a_doubtful_calibration_marks_cells_that_use_the_guest},
    {"reference times that vary are taken again and doubted",
     test_reference_times_that_vary_are_taken_again_and_doubted},
    {"a lost guest fails its cell and the rest is kept",
     test_a_lost_guest_fails_its_cell_and_the_rest_is_kept},
    {"meters hold both views", test_meters_hold_both_views},
    {"of unmeasured guests one is checked after each cell",
     test_of_unmeasured_guests_one_is_checked_after_each_cell},
    {"guests get their host CPUs for the cell only",
     test_guests_get_their_host_cpus_for_the_cell_only},
    {"a guest without an agent is never asked",
     test_a_guest_without_an_agent_is_never_asked},
    TEST_END,
};
