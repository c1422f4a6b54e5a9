/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host's services and manager in a cell, and what a profile asks for. */
#include "hvbench/run/conductor.h"
#include "hvbench/run/demand.h"
#include "test/suites.h"
#include "test/unit/fake-bed.h"

#include <math.h>
#include <string.h>

/* One guest, loaded and measured, beside services and a manager on the host. */
typedef struct {
    FakeBed *bed;
    FakeHost *host;
    GPtrArray *profiles;
    GPtrArray *cells; /* HvbCell * handed over */
    guint services;   /* that ran when the first samples came */
    gboolean managed; /* so was the host then */
    HvbConductor *conductor;
} Fixture;

static void on_samples(const HvbCell *cell, gpointer user_data)
{
    Fixture *f = user_data;

    (void)cell;
    f->services = f->host->fake->users;
    f->managed = f->host->fake->managed;
}

static gboolean on_cell_ends(HvbCell *cell, gpointer user_data, GError **error)
{
    (void)error;
    g_ptr_array_add(((Fixture *)user_data)->cells, cell);
    return TRUE;
}

static const HvbConductorHooks hooks = {
    .samples = on_samples,
    .cell_ends = on_cell_ends,
};

static HvbProfile *with_services(void)
{
    HvbProfile *profile = hvb_profile_load("fig03", NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(profile);
    profile->n_guests = 1;
    profile->samples = 5;
    profile->settle_ms = 1;
    /* This machine may be busy. */
    profile->foreign_percent = 1e9;
    profile->steal_percent = 1e9;
    profile->late_frame_ms = 1000000000;
    profile->cpus = 2;
    profile->services = 3;
    profile->service_percent = 60;
    profile->service_weight = 300;
    profile->service_burst_ms = 50;
    profile->host_manager = TRUE;
    profile->host_method = WIRE_METHOD_IDLE;
    return profile;
}

static HvbProfile *profile_of(Fixture *f)
{
    return f->profiles->pdata[0];
}

static void set_up(Fixture *f)
{
    static const gboolean scenarios[] = {TRUE};

    *f = (Fixture){.bed = fake_bed_new(1)};
    f->host = fake_bed_add_host(f->bed);
    f->profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_profile_free);
    g_ptr_array_add(f->profiles, with_services());
    f->cells = g_ptr_array_new_with_free_func((GDestroyNotify)hvb_cell_free);
    f->conductor =
        hvb_conductor_new(&f->bed->bed, f->profiles, &hooks, f, NULL);
    CU_ASSERT_TRUE_FATAL(hvb_conductor_prepare(f->conductor, scenarios, NULL));
}

static void tear_down(Fixture *f)
{
    hvb_conductor_free(f->conductor);
    hvb_bed_free(&f->bed->bed);
    g_ptr_array_unref(f->profiles);
    g_ptr_array_unref(f->cells);
}

static HvbCell *run(Fixture *f, GError **error)
{
    const HvbPlanCell planned = {.level = HVB_LEVEL_LOW, .repetition = 1};

    hvb_conductor_run_cell(f->conductor, &planned, error);
    CU_ASSERT_TRUE_FATAL(f->cells->len > 0);
    return f->cells->pdata[f->cells->len - 1];
}

static void test_services_and_host_manager_run_in_the_window_only(void)
{
    Fixture f;

    set_up(&f);
    CU_ASSERT_EQUAL(f.host->fake->rate, FAKE_RATE);
    CU_ASSERT_EQUAL(f.host->fake->probes, 0);
    HvbCell *cell = run(&f, NULL);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DONE);
    CU_ASSERT_EQUAL(f.services, 3);
    CU_ASSERT_TRUE(f.managed);
    CU_ASSERT_EQUAL(f.host->fake->manage.method, WIRE_METHOD_IDLE);
    CU_ASSERT_EQUAL(f.host->fake->load.burst_mean_us, 50000);
    CU_ASSERT_EQUAL(f.host->weight, 300);
    CU_ASSERT_EQUAL(f.host->placed.cpus_before, 2);
    CU_ASSERT_EQUAL(f.host->placed.cpus, 0);
    CU_ASSERT_EQUAL(f.host->fake->users, 0);
    CU_ASSERT_FALSE(f.host->fake->managed);
    tear_down(&f);
}

static void test_a_profile_without_services_leaves_the_host_idle(void)
{
    Fixture f;

    set_up(&f);
    profile_of(&f)->services = 0;
    profile_of(&f)->host_manager = FALSE;
    run(&f, NULL);
    CU_ASSERT_EQUAL(f.services, 0);
    CU_ASSERT_FALSE(f.managed);
    tear_down(&f);
}

static void test_services_stop_when_the_cell_fails(void)
{
    Fixture f;
    g_autoptr(GError) error = NULL;

    set_up(&f);
    f.bed->agents[0]->die_in_window = TRUE;
    HvbCell *cell = run(&f, &error);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_FAILED);
    CU_ASSERT_TRUE(g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_GUEST));
    CU_ASSERT_EQUAL(f.host->fake->load.users, 3);
    CU_ASSERT_EQUAL(f.host->fake->users, 0);
    CU_ASSERT_FALSE(f.host->fake->managed);
    tear_down(&f);
}

static void test_a_lost_host_agent_fails_the_cell_and_is_named(void)
{
    Fixture f;
    g_autoptr(GError) error = NULL;

    set_up(&f);
    hvb_link_down(f.host->agent.link, "it was killed");
    HvbCell *cell = run(&f, &error);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_FAILED);
    CU_ASSERT_TRUE_FATAL(
        g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_GUEST));
    CU_ASSERT_TRUE(g_str_has_prefix(error->message, "host was lost"));
    tear_down(&f);
}

static void test_what_the_host_manager_did_is_an_event_of_the_host(void)
{
    Fixture f;
    static const char *const kinds[] = {"demoted", "restored"};

    set_up(&f);
    HvbCell *cell = run(&f, NULL);
    CU_ASSERT_EQUAL_FATAL(cell->events->len, 2);
    for (guint i = 0; i < 2; i++) {
        const HvbEventRecord *event =
            &g_array_index(cell->events, HvbEventRecord, i);
        CU_ASSERT_EQUAL(event->guest, 0);
        CU_ASSERT_STRING_EQUAL(event->kind, kinds[i]);
        CU_ASSERT_PTR_NOT_NULL(strstr(event->text, "hog (pid 7)"));
    }
    tear_down(&f);
}

static void test_the_services_cpu_is_not_foreign(void)
{
    Fixture f;
    const gint64 hour_ns = G_GINT64_CONSTANT(3600000000000);

    set_up(&f);
    double before = run(&f, NULL)->foreign_percent;
    f.host->fake->used_ns = hour_ns;
    HvbCell *cell = run(&f, NULL);
    CU_ASSERT_EQUAL(g_array_index(cell->meters, HvbMeterRecord, 0).users_cpu_ns,
                    hour_ns);
    /* More than the machine has: what is left for others is less than none. */
    CU_ASSERT_TRUE(before > -1000);
    CU_ASSERT_TRUE(cell->foreign_percent < -1e5);
    tear_down(&f);
}

static void test_services_ask_for_their_percentage_together(void)
{
    g_autoptr(HvbProfile) profile = with_services();

    for (guint cut = 1; cut <= 8; cut++) {
        profile->burst_cut = cut;
        const WireLoad load = hvb_demand_of_services(profile, 1);
        /* The mean of min (X, k m), summed up in small steps. */
        double burst_us = 0;
        for (guint i = 0; i < 100000; i++)
            burst_us += MIN(-log((i + 0.5) / 1e5), (double)cut) *
                        load.burst_mean_us / 1e5;
        double percent =
            100.0 * load.users * burst_us / (burst_us + load.think_mean_us);
        CU_ASSERT_DOUBLE_EQUAL(percent, 60.0, 0.1);
    }
}

static void test_services_that_ask_for_all_never_pause(void)
{
    g_autoptr(HvbProfile) profile = with_services();

    profile->service_percent = 300;
    CU_ASSERT_EQUAL(hvb_demand_of_services(profile, 1).think_mean_us, 0);
}

static void test_users_scale_with_the_beds_demand(void)
{
    g_autoptr(HvbProfile) profile = with_services();
    guint users = profile->guests[0].users[HVB_LEVEL_BUSY];

    CU_ASSERT_TRUE(users > 0);
    CU_ASSERT_EQUAL(hvb_demand_of_guest(profile, 0, HVB_LEVEL_BUSY, 4, 1).users,
                    4 * users);
    profile->guests[0].loaded = FALSE;
    CU_ASSERT_EQUAL(hvb_demand_of_guest(profile, 0, HVB_LEVEL_BUSY, 4, 1).users,
                    0);
    profile->guests[0].loaded = TRUE;
    profile->guests[0].limit_percent = 25;
    CU_ASSERT_EQUAL(
        hvb_demand_of_guest(profile, 0, HVB_LEVEL_BUSY, 1, 1).limit_permille,
        250);
}

static void test_agents_are_asked_in_the_units_of_the_wire(void)
{
    g_autoptr(HvbProfile) profile = with_services();

    profile->burst_mean_ms = 90;
    profile->burst_cut = 3;
    profile->think_mean_ms = 700;
    const WireLoad load =
        hvb_demand_of_guest(profile, 0, HVB_LEVEL_BUSY, 1, 17);
    CU_ASSERT_EQUAL(load.burst_mean_us, 90000);
    CU_ASSERT_EQUAL(load.burst_cut, 3);
    CU_ASSERT_EQUAL(load.think_mean_us, 700000);
    CU_ASSERT_EQUAL(load.seed, 17);

    profile->manager_interval_ms = 300;
    profile->manager_memory_ms = 2500;
    profile->demote_percent = 4.5;
    profile->restore_percent = 0.6;
    profile->nice = 12;
    const WireManage manage = hvb_demand_of_manager(profile, WIRE_METHOD_NICE);
    CU_ASSERT_EQUAL(manage.method, WIRE_METHOD_NICE);
    CU_ASSERT_EQUAL(manage.interval_ms, 300);
    CU_ASSERT_EQUAL(manage.memory_ms, 2500);
    CU_ASSERT_EQUAL(manage.demote_permille, 45);
    CU_ASSERT_EQUAL(manage.restore_permille, 6);
    CU_ASSERT_EQUAL(manage.nice, 12);
}

CU_TestInfo tests_services[] = {
    {"services and host manager run in the window only",
     test_services_and_host_manager_run_in_the_window_only},
    {"a profile without services leaves the host idle",
     test_a_profile_without_services_leaves_the_host_idle},
    {"services stop when the cell fails",
     test_services_stop_when_the_cell_fails},
    {"a lost host agent fails the cell and is named",
     test_a_lost_host_agent_fails_the_cell_and_is_named},
    {"what the host manager did is an event of the host",
     test_what_the_host_manager_did_is_an_event_of_the_host},
    {"the services' CPU is not foreign", test_the_services_cpu_is_not_foreign},
    {"services ask for their percentage together",
     test_services_ask_for_their_percentage_together},
    {"services that ask for all never pause",
     test_services_that_ask_for_all_never_pause},
    {"users scale with the bed's demand",
     test_users_scale_with_the_beds_demand},
    {"agents are asked in the units of the wire",
     test_agents_are_asked_in_the_units_of_the_wire},
    TEST_END,
};
