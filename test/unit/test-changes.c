/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a cell's settings and meters say of a bed that did not stay as it was
 * set. */
#include "hvbench/run/changes.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"

#define S G_GINT64_CONSTANT(1000000000)
#define WINDOW_S 20

static const HvbTuning uncapped = {
    .vcpu_quota_us = -1,
    .vcpu_period_us = 100000,
    .vm_quota_us = -1,
    .vm_period_us = 100000,
    .shares = 1024,
    .cpus = "0-1",
    .emulator_cpus = "0-1",
};

/* A cell of two guests whose settings stayed as they were and that used nothing
 * of the CPU. */
static HvbCell *quiet_cell(void)
{
    HvbCell *cell = hvb_cell_new();

    for (guint guest = 1; guest <= 2; guest++) {
        const HvbMeterRecord meter = {.guest = guest,
                                      .host_window_ns = WINDOW_S * S};
        g_array_append_val(cell->tunings, uncapped);
        g_array_append_val(cell->tunings_after, uncapped);
        g_array_append_val(cell->meters, meter);
    }
    return cell;
}

static HvbTuning *before(HvbCell *cell, guint guest)
{
    return &g_array_index(cell->tunings, HvbTuning, guest - 1);
}

static HvbTuning *after(HvbCell *cell, guint guest)
{
    return &g_array_index(cell->tunings_after, HvbTuning, guest - 1);
}

static HvbMeterRecord *meter_of(HvbCell *cell, guint guest)
{
    return &g_array_index(cell->meters, HvbMeterRecord, guest - 1);
}

/* Caps guest 1's vCPU at 50 % throughout. */
static void cap(HvbCell *cell)
{
    before(cell, 1)->vcpu_quota_us = after(cell, 1)->vcpu_quota_us = 50000;
}

/* Takes the cell over. */
static void expect_reasons(HvbCell *given, const char *expected)
{
    g_autoptr(HvbCell) cell = given;
    g_autoptr(GPtrArray) reasons = g_ptr_array_new_with_free_func(g_free);

    hvb_changes_find(cell, reasons);
    g_ptr_array_add(reasons, NULL);
    g_autofree char *text = g_strjoinv("; ", (char **)reasons->pdata);
    expect_text(text, expected);
}

static void test_a_bed_that_stayed_as_it_was_has_no_changes(void)
{
    HvbCell *capped = quiet_cell();

    expect_reasons(quiet_cell(), "");
    cap(capped);
    meter_of(capped, 1)->host_vcpu_ns = WINDOW_S * S / 2;
    meter_of(capped, 1)->throttling[HVB_QUOTA_VCPU] =
        (HvbThrottling){200, 199, 3 * S};
    expect_reasons(capped, "");
}

static void test_all_settings_that_differ_are_named_with_both_values(void)
{
    HvbCell *cell = quiet_cell();
    HvbTuning *second = after(cell, 2);

    cap(cell);
    after(cell, 1)->vcpu_quota_us = -1;
    second->vm_period_us = 20000;
    second->vm_burst_us = 5;
    second->shares = 512;
    second->idle = TRUE;
    g_strlcpy(second->cpus, "0", sizeof second->cpus);
    g_strlcpy(second->emulator_cpus, "1", sizeof second->emulator_cpus);
    g_strlcpy(second->group, "/elsewhere", sizeof second->group);
    expect_reasons(cell,
                   "guest 1's vCPU quota was -1 after the cell, 50000 before; "
                   "guest 2's VM period was 20000 after the cell, 100000 "
                   "before; "
                   "guest 2's VM burst was 5 after the cell, 0 before; "
                   "guest 2's weight was 512 after the cell, 1024 before; "
                   "guest 2's cpu.idle was 1 after the cell, 0 before; "
                   "guest 2's set of CPUs was 0 after the cell, 0-1 before; "
                   "guest 2's emulator's set of CPUs was 1 after the cell, 0-1 "
                   "before; "
                   "guest 2's control group was /elsewhere after the cell,  "
                   "before");
}

static void test_the_hosts_services_are_compared_as_well(void)
{
    HvbCell *cell = quiet_cell();

    cell->services = cell->services_after = uncapped;
    cell->services_after.shares = 2;
    cell->services_after.vm_quota_us = 10000;
    expect_reasons(cell,
                   "the host services' quota was 10000 after the cell, -1 "
                   "before; the host services' weight was 2 after the "
                   "cell, 1024 before");
}

static void test_what_changes_above_all_guests_is_named_once(void)
{
    HvbCell *cell = quiet_cell();

    for (guint guest = 1; guest <= 2; guest++)
        g_strlcpy(after(cell, guest)->above, "/machine: quota 5 of 10 us",
                  HVB_ABOVE_MAX);
    expect_reasons(cell, "the control groups above the guests were set to "
                         "\"/machine: quota 5 of 10 us\" after the cell, "
                         "\"nothing\" before");
}

/* Of the guest's whole VM. */
static HvbCell *charged_cell(gint64 quota_us, gint64 burst_us,
                             gint64 charged_ns)
{
    HvbCell *cell = quiet_cell();
    HvbTuning *tunings[] = {before(cell, 2), after(cell, 2)};

    for (guint i = 0; i < 2; i++) {
        tunings[i]->vm_quota_us = quota_us;
        tunings[i]->vm_burst_us = burst_us;
    }
    meter_of(cell, 2)->host_cpu_ns = charged_ns;
    meter_of(cell, 2)->throttling[HVB_QUOTA_VM] = (HvbThrottling){200, 199, 0};
    return cell;
}

static void test_a_charge_is_allowed_the_edges_of_its_window(void)
{
    /* Half of the window, a period, and 2 % of the window. */
    const gint64 half_ns = 10 * S + S / 10 + 4 * S / 10;
    /* Twice the window, a quota of two CPUs, and 2 % of the window. */
    const gint64 two_ns = 40 * S + 2 * S / 10 + 4 * S / 10;

    expect_reasons(charged_cell(50000, 0, half_ns - 1000), "");
    expect_reasons(charged_cell(50000, 0, half_ns + 1000),
                   "guest 2 was charged 53 % under a cap of 50 %");
    expect_reasons(charged_cell(50000, 20000, half_ns + S / 50 - 1000), "");
    expect_reasons(charged_cell(50000, 20000, half_ns + S / 50 + 1000),
                   "guest 2 was charged 53 % under a cap of 50 %");
    expect_reasons(charged_cell(200000, 0, two_ns - 1000), "");
    expect_reasons(charged_cell(200000, 0, two_ns + 1000),
                   "guest 2 was charged 203 % under a cap of 200 %");
}

static void test_more_cpu_than_a_cap_allows_is_named(void)
{
    HvbCell *vcpu = quiet_cell(), *vm = quiet_cell();

    cap(vcpu);
    meter_of(vcpu, 1)->host_vcpu_ns = 146 * S / 10;
    meter_of(vcpu, 1)->throttling[HVB_QUOTA_VCPU] =
        (HvbThrottling){200, 100, 0};
    expect_reasons(vcpu, "guest 1's vCPU was charged 73 % under a cap of 50 %");
    before(vm, 2)->vm_quota_us = after(vm, 2)->vm_quota_us = 25000;
    meter_of(vm, 2)->host_vcpu_ns = 4 * S;
    meter_of(vm, 2)->host_cpu_ns = 8 * S;
    meter_of(vm, 2)->throttling[HVB_QUOTA_VM] = (HvbThrottling){200, 100, 0};
    expect_reasons(vm, "guest 2 was charged 40 % under a cap of 25 %");
}

/* Half a CPU for both guests, of which each is charged `each_ns`. */
static HvbCell *limited_cell(gint64 burst_us, gint64 each_ns)
{
    HvbCell *cell = quiet_cell();

    for (guint guest = 1; guest <= 2; guest++) {
        HvbTuning *tunings[] = {before(cell, guest), after(cell, guest)};
        for (guint i = 0; i < 2; i++) {
            g_strlcpy(tunings[i]->limit_group, "/machine", HVB_GROUP_MAX);
            tunings[i]->limit_quota_us = 50000;
            tunings[i]->limit_period_us = 100000;
            tunings[i]->limit_burst_us = burst_us;
        }
        meter_of(cell, guest)->host_cpu_ns = each_ns;
        meter_of(cell, guest)->throttling[HVB_QUOTA_ABOVE] =
            (HvbThrottling){200, 100, 9 * S};
    }
    return cell;
}

static void test_a_limit_above_holds_for_all_guests_together(void)
{
    expect_reasons(limited_cell(0, 8 * S),
                   "the guests together were charged 80 % under the limit "
                   "of /machine of 50 %");
}

static void test_a_limit_above_is_allowed_its_burst(void)
{
    /* Of half the window, a period, a burst, and 2 % of the window. */
    const gint64 half_ns = (10 * S + S / 10 + S / 20 + 4 * S / 10) / 2;

    expect_reasons(limited_cell(50000, half_ns - 1000), "");
    expect_reasons(limited_cell(50000, half_ns + 1000),
                   "the guests together were charged 53 % under the limit "
                   "of /machine of 50 %");
}

static void test_a_whole_cap_that_was_never_enforced_is_named(void)
{
    HvbCell *cell = quiet_cell(), *whole_cpu = quiet_cell();

    cap(cell);
    meter_of(cell, 1)->host_vcpu_ns = 10 * S;
    meter_of(cell, 1)->throttling[HVB_QUOTA_VCPU] = (HvbThrottling){200, 0, 0};
    expect_reasons(cell, "guest 1's vCPU was charged all of a cap of 50 %, and "
                         "never throttled");
    /* One thread cannot want more. */
    before(whole_cpu, 1)->vcpu_quota_us = 100000;
    after(whole_cpu, 1)->vcpu_quota_us = 100000;
    meter_of(whole_cpu, 1)->host_vcpu_ns = WINDOW_S * S;
    meter_of(whole_cpu, 1)->throttling[HVB_QUOTA_VCPU] =
        (HvbThrottling){200, 0, 0};
    expect_reasons(whole_cpu, "");
}

static void test_throttling_that_does_not_fit_the_quota_is_named(void)
{
    HvbCell *none = quiet_cell(), *above = quiet_cell();
    HvbCell *more = quiet_cell(), *shorter = quiet_cell();

    meter_of(none, 2)->throttling[HVB_QUOTA_VM] = (HvbThrottling){30, 28, S};
    expect_reasons(none, "guest 2 was under a quota for 30 periods, throttled "
                         "in 28, and should have none");
    for (guint guest = 1; guest <= 2; guest++)
        meter_of(above, guest)->throttling[HVB_QUOTA_ABOVE] =
            (HvbThrottling){5, 0, 0};
    expect_reasons(above,
                   "the guests together were under a quota for 5 periods, "
                   "throttled in 0, and should have none");
    cap(more);
    meter_of(more, 1)->throttling[HVB_QUOTA_VCPU] = (HvbThrottling){10, 12, 0};
    expect_reasons(more, "guest 1's vCPU was throttled in 12 periods of 10");
    /* Somebody made the period shorter for a while. */
    cap(shorter);
    meter_of(shorter, 1)->throttling[HVB_QUOTA_VCPU] =
        (HvbThrottling){900, 12, 0};
    expect_reasons(shorter,
                   "guest 1's vCPU was given 900 periods of its quota in a "
                   "window for 206 of 100000 us");
}

/* Kernels differ in what they count as such. */
static void test_throttled_time_decides_nothing(void)
{
    HvbCell *cell = quiet_cell();

    cap(cell);
    meter_of(cell, 1)->host_vcpu_ns = 9 * S;
    meter_of(cell, 1)->throttling[HVB_QUOTA_VCPU] =
        (HvbThrottling){200, 190, 500 * S};
    expect_reasons(cell, "");
}

CU_TestInfo tests_changes[] = {
    {"a bed that stayed as it was has no changes",
     test_a_bed_that_stayed_as_it_was_has_no_changes},
    {"all settings that differ are named with both values",
     test_all_settings_that_differ_are_named_with_both_values},
    {"the host's services are compared as well",
     test_the_hosts_services_are_compared_as_well},
    {"what changes above all guests is named once",
     test_what_changes_above_all_guests_is_named_once},
    {"a charge is allowed the edges of its window",
     test_a_charge_is_allowed_the_edges_of_its_window},
    {"more CPU than a cap allows is named",
     test_more_cpu_than_a_cap_allows_is_named},
    {"a limit above holds for all guests together",
     test_a_limit_above_holds_for_all_guests_together},
    {"a limit above is allowed its burst",
     test_a_limit_above_is_allowed_its_burst},
    {"a whole cap that was never enforced is named",
     test_a_whole_cap_that_was_never_enforced_is_named},
    {"throttling that does not fit the quota is named",
     test_throttling_that_does_not_fit_the_quota_is_named},
    {"throttled time decides nothing", test_throttled_time_decides_nothing},
    TEST_END,
};
