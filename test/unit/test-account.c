/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/account.h"
#include "test/suites.h"
#include "test/unit/paper-run.h"

#include <math.h>

#define S G_GINT64_CONSTANT(1000000000)

/* A run of one scenario and level with `n` cells that have no meters. */
static HvbRunRecord *make_run(const char *settings, guint n)
{
    g_autoptr(PaperWorld) world = paper_world_empty();

    world->repetitions = n;
    world->levels = 1u << HVB_LEVEL_BUSY;
    paper_scenario(world, "x")->settings = settings;
    HvbRunRecord *run = paper_run(world);
    for (guint i = 0; i < n; i++) {
        HvbCell *cell = run->cells->pdata[i];
        g_array_set_size(cell->meters, 0);
    }
    return run;
}

static void add_meter(HvbRunRecord *run, guint cell, const HvbMeterRecord *m)
{
    g_array_append_vals(((HvbCell *)run->cells->pdata[cell])->meters, m, 1);
}

static const HvbAccountLevel *level_of(const GArray *account)
{
    CU_ASSERT_EQUAL_FATAL(account->len, 1);
    return &g_array_index(account, HvbAccountLevel, 0);
}

static const HvbAccountGuest *guest_of(const GArray *account, guint index)
{
    CU_ASSERT_FATAL(level_of(account)->guests->len > index);
    return &g_array_index(level_of(account)->guests, HvbAccountGuest, index);
}

static void test_guest_is_accounted_for_from_both_sides(void)
{
    g_autoptr(HvbRunRecord) run = make_run(NULL, 1);
    const HvbMeterRecord m = {
        .guest = 1,
        .guest_window_ns = 20 * S,
        .idle_ns = 2 * S,
        .steal_ns = 4 * S,
        .users_cpu_ns = 8 * S,
        .probes_cpu_ns = S,
        .agent_cpu_ns = S / 2,
        .manager_cpu_ns = S / 2,
        .has_guest_view = TRUE,
        .host_window_ns = 20 * S,
        .host_cpu_ns = 11 * S,
        .host_vcpu_ns = 10 * S,
        .host_emulator_ns = S,
        .throttled_periods = 100,
        .throttled_ns = 5 * S,
    };

    add_meter(run, 0, &m);
    g_autoptr(GArray) account = hvb_account_make(run, 0);
    const HvbAccountGuest *g = guest_of(account, 0);
    CU_ASSERT_EQUAL(g->guest, 1);
    CU_ASSERT_TRUE(g->loaded);
    CU_ASSERT_EQUAL(g->measured, HVB_MEASURED_YES);
    CU_ASSERT_DOUBLE_EQUAL(g->host_percent, 55, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(g->vcpu_percent, 50, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(g->emulator_percent, 5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(g->throttled_percent, 25, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(g->throttled_periods_per_s, 5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(g->guest_busy_percent, 90, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(g->steal_percent, 20, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(g->users_percent, 40, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(g->probes_percent, 5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(g->agent_percent, 2.5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(g->manager_percent, 2.5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(g->used_percent, 50, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(g->overhead_percent, 10, 1e-9);
}

static void test_native_meter_counts_all_cpus(void)
{
    g_autoptr(HvbRunRecord) run = make_run(NULL, 1);
    /* Two CPUs, 60 % of each in use; the ticks fall short by a little. */
    const HvbMeterRecord m = {.guest = 1,
                              .guest_window_ns = 10 * S,
                              .user_ns = 11 * S,
                              .idle_ns = 8 * S,
                              .has_guest_view = TRUE,
                              .host_window_ns = 10 * S,
                              .host_cpu_ns = 12 * S};

    add_meter(run, 0, &m);
    g_autoptr(GArray) account = hvb_account_make(run, 0);
    CU_ASSERT_DOUBLE_EQUAL(guest_of(account, 0)->guest_busy_percent, 120, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(guest_of(account, 0)->host_percent, 120, 1e-9);
}

static void test_guest_that_was_not_asked_has_the_hosts_view_alone(void)
{
    g_autoptr(HvbRunRecord) run = make_run(NULL, 1);
    const HvbMeterRecord m = {.guest = 2,
                              .host_window_ns = 10 * S,
                              .host_cpu_ns = S};

    add_meter(run, 0, &m);
    g_autoptr(GArray) account = hvb_account_make(run, 0);
    const HvbAccountGuest *g = guest_of(account, 0);
    CU_ASSERT_EQUAL(g->guest, 2);
    CU_ASSERT_FALSE(g->loaded);
    CU_ASSERT_DOUBLE_EQUAL(g->host_percent, 10, 1e-9);
    CU_ASSERT(isnan(g->guest_busy_percent) && isnan(g->steal_percent));
    CU_ASSERT(isnan(g->used_percent) && isnan(g->overhead_percent));
}

static void test_long_windows_weigh_more(void)
{
    g_autoptr(HvbRunRecord) run = make_run(NULL, 2);
    HvbMeterRecord m = {.guest = 1,
                        .host_window_ns = 10 * S,
                        .host_cpu_ns = 10 * S};

    add_meter(run, 0, &m);
    m.host_window_ns = 30 * S;
    add_meter(run, 1, &m);
    g_autoptr(GArray) account = hvb_account_make(run, 0);
    CU_ASSERT_EQUAL(level_of(account)->cells, 2);
    CU_ASSERT_DOUBLE_EQUAL(guest_of(account, 0)->host_percent, 50, 1e-9);
}

static void test_host_row_tells_of_services_and_totals(void)
{
    g_autoptr(HvbRunRecord) run =
        make_run("[host]\nservices = 2\nservice-percent = 20\nmanager = yes\n",
                 1);
    HvbCell *cell = run->cells->pdata[0];
    const HvbMeterRecord m = {
        .user_ns = 9 * S,
        .system_ns = 5 * S,
        .steal_ns = 2 * S,
        .idle_ns = 24 * S,
        .users_cpu_ns = 4 * S,
        .manager_cpu_ns = S / 5,
        .host_window_ns = 20 * S,
    };

    add_meter(run, 0, &m);
    cell->foreign_percent = 1.5;
    cell->own_percent = 2.5;
    g_autoptr(GArray) account = hvb_account_make(run, 0);
    const HvbAccountLevel *level = level_of(account);
    CU_ASSERT_EQUAL(level->level, HVB_LEVEL_BUSY);
    CU_ASSERT_DOUBLE_EQUAL(level->host_total_percent, 40, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(level->host_steal_percent, 5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(level->services_percent, 20, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(level->manager_percent, 1, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(level->foreign_percent, 1.5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(level->own_percent, 2.5, 1e-9);
    CU_ASSERT_EQUAL(level->guests->len, 0);
}

static void test_host_without_services_has_none_to_account_for(void)
{
    g_autoptr(HvbRunRecord) run = make_run(NULL, 1);
    const HvbMeterRecord m = {.idle_ns = 40 * S, .host_window_ns = 20 * S};

    add_meter(run, 0, &m);
    g_autoptr(GArray) account = hvb_account_make(run, 0);
    CU_ASSERT(isnan(level_of(account)->services_percent));
    CU_ASSERT(isnan(level_of(account)->manager_percent));
    CU_ASSERT_EQUAL(level_of(account)->host_total_percent, 0);
}

static void test_disturbed_cells_are_not_accounted_for(void)
{
    g_autoptr(HvbRunRecord) run = make_run(NULL, 2);
    g_autoptr(GArray) all = hvb_account_make(run, 0);

    CU_ASSERT_EQUAL(level_of(all)->cells, 2);
    ((HvbCell *)run->cells->pdata[0])->status = HVB_CELL_DISTURBED;
    g_autoptr(GArray) one = hvb_account_make(run, 0);
    CU_ASSERT_EQUAL(level_of(one)->cells, 1);
    ((HvbCell *)run->cells->pdata[1])->status = HVB_CELL_FAILED;
    g_autoptr(GArray) none = hvb_account_make(run, 0);
    CU_ASSERT_EQUAL(none->len, 0);
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_account[] = {
    TEST(guest_is_accounted_for_from_both_sides),
    TEST(native_meter_counts_all_cpus),
    TEST(guest_that_was_not_asked_has_the_hosts_view_alone),
    TEST(long_windows_weigh_more),
    TEST(host_row_tells_of_services_and_totals),
    TEST(host_without_services_has_none_to_account_for),
    TEST(disturbed_cells_are_not_accounted_for),
    TEST_END,
};
