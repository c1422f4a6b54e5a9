/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/host.h"
#include "hvbench/cli/checks.h"
#include "test/unit/test-host.h"

#include <CUnit/CUnit.h>
#include <string.h>

/* Whatever is not ok comes with a remedy, and `says` is in the finding. */
static void expect(HvbCheck found, HvbCheckStatus status, const char *says)
{
    g_auto(HvbCheck) check = found;
    gboolean said = check.finding && strstr(check.finding, says);

    CU_ASSERT_EQUAL(check.status, status);
    CU_ASSERT_TRUE(said);
    CU_ASSERT_EQUAL(check.remedy != NULL, status != HVB_CHECK_OK);
    if (check.status != status || !said)
        fprintf(stderr, "\n  %s: %s\n", check.what, check.finding);
}

void test_dev_kvm_must_be_open_to_qemus_user(void)
{
    expect(hvb_check_kvm_device(HVB_KVM_OPEN, NULL, "0660 root:kvm"),
           HVB_CHECK_OK, "0660 root:kvm");
    expect(hvb_check_kvm_device(HVB_KVM_ABSENT, "none", "no /dev/kvm"),
           HVB_CHECK_OK, "no /dev/kvm");
    expect(hvb_check_kvm_device(HVB_KVM_NO_DEVICE, "no device", "0644 a:b"),
           HVB_CHECK_WARN, "no device");
    g_auto(HvbCheck) check =
        hvb_check_kvm_device(HVB_KVM_CLOSED, "closed", "0600 root:root");
    CU_ASSERT_EQUAL(check.status, HVB_CHECK_WARN);
    CU_ASSERT_PTR_NOT_NULL(strstr(check.finding, "closed; libvirt then"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(check.remedy, "chgrp kvm /dev/kvm && chmod 0660 /dev/kvm"));
    CU_ASSERT_PTR_NOT_NULL(strstr(check.remedy, "scripts/setup"));
}

void test_cgroups_need_shares_quota_and_usage(void)
{
    expect(hvb_check_cgroup("v1", "shares quota usage"), HVB_CHECK_OK, "v1");
    expect(hvb_check_cgroup("v1", "shares usage"), HVB_CHECK_FAIL,
           "CPU quota missing");
    expect(hvb_check_cgroup("v1", HVB_HOST_UNKNOWN), HVB_CHECK_FAIL,
           "CPU shares, quota, usage missing");
    expect(hvb_check_cgroup("v2", "cpu"), HVB_CHECK_OK, "v2");
    expect(hvb_check_cgroup("v2", HVB_HOST_UNKNOWN), HVB_CHECK_FAIL,
           "without the cpu controller");
    expect(hvb_check_cgroup("none", HVB_HOST_UNKNOWN), HVB_CHECK_FAIL,
           "no control groups");
}

void test_privileges_depend_on_the_connection(void)
{
    expect(hvb_check_privileges(TRUE, FALSE, NULL), HVB_CHECK_OK, "root");
    expect(hvb_check_privileges(FALSE, TRUE, NULL), HVB_CHECK_FAIL, "not root");
    expect(hvb_check_privileges(FALSE, TRUE, "qemu:///system"), HVB_CHECK_OK,
           "libvirt");
    expect(hvb_check_privileges(FALSE, FALSE, "qemu:///system"), HVB_CHECK_WARN,
           "may refuse");
    expect(hvb_check_privileges(TRUE, TRUE, "qemu:///session"), HVB_CHECK_FAIL,
           "no caps");
}

void test_one_cpu_is_warned_of(void)
{
    expect(hvb_check_cpus("1"), HVB_CHECK_WARN, "1");
    expect(hvb_check_cpus(HVB_HOST_UNKNOWN), HVB_CHECK_WARN, HVB_HOST_UNKNOWN);
    expect(hvb_check_cpus("2"), HVB_CHECK_OK, "2");
    expect(hvb_check_cpus("128"), HVB_CHECK_OK, "128");
}

void test_governor_other_than_performance_is_warned_of(void)
{
    expect(hvb_check_governor("performance"), HVB_CHECK_OK, "performance");
    expect(hvb_check_governor("powersave"), HVB_CHECK_WARN, "powersave");
    expect(hvb_check_governor("performance x7, powersave x1"), HVB_CHECK_WARN,
           "x7");
    expect(hvb_check_governor(HVB_HOST_UNKNOWN), HVB_CHECK_OK, "none here");
}

void test_slow_clocksource_is_warned_of(void)
{
    expect(hvb_check_clocksource("tsc"), HVB_CHECK_OK, "tsc");
    expect(hvb_check_clocksource("kvm-clock"), HVB_CHECK_OK, "kvm-clock");
    expect(hvb_check_clocksource("hpet"), HVB_CHECK_WARN, "hpet");
    expect(hvb_check_clocksource("tsc-early"), HVB_CHECK_WARN, "tsc-early");
    expect(hvb_check_clocksource("jiffies"), HVB_CHECK_WARN, "jiffies");
    expect(hvb_check_clocksource(HVB_HOST_UNKNOWN), HVB_CHECK_WARN,
           HVB_HOST_UNKNOWN);
}

void test_swap_is_warned_of_only_when_in_use(void)
{
    expect(hvb_check_swap("SwapTotal: 0 kB\nSwapFree: 0 kB\n"), HVB_CHECK_OK,
           "none");
    expect(hvb_check_swap("SwapTotal: 2048000 kB\nSwapFree: 2048000 kB\n"),
           HVB_CHECK_OK, "not in use");
    expect(hvb_check_swap("SwapTotal: 2048000 kB\nSwapFree: 1024000 kB\n"),
           HVB_CHECK_WARN, "1000 of 2000 MiB");
    expect(hvb_check_swap(""), HVB_CHECK_OK, "none");
}

void test_foreign_load_is_judged_by_the_gates_limit(void)
{
    expect(hvb_check_foreign(10.0, 10.0, 0.5, "make (7) 10 %"), HVB_CHECK_OK,
           "load average 0.50");
    expect(hvb_check_foreign(10.1, 10.0, 0.5, "make (7) 10 %"), HVB_CHECK_WARN,
           "busiest: make (7) 10 %");
    g_auto(HvbCheck) check = hvb_check_foreign(50, 10, 1, "");
    CU_ASSERT_PTR_NULL(strstr(check.finding, "busiest"));
}

void test_steal_is_warned_of(void)
{
    expect(hvb_check_steal(0), HVB_CHECK_OK, "0.0 %");
    expect(hvb_check_steal(1.0), HVB_CHECK_OK, "1.0 %");
    expect(hvb_check_steal(2.0), HVB_CHECK_WARN, "2.0 %");
}

void test_limits_above_the_guests_are_warned_of(void)
{
    const HvbTuning none = {0};
    const HvbTuning weighed = {.above = "/machine: weight 2"};
    const HvbTuning limited = {.above = "/machine: quota 50000 of 100000 us",
                               .limit_group = "/machine",
                               .limit_quota_us = 50000,
                               .limit_period_us = 100000};

    expect(hvb_check_limits(&none), HVB_CHECK_OK, "none");
    expect(hvb_check_limits(&weighed), HVB_CHECK_WARN, "/machine: weight 2");
    expect(hvb_check_limits(&limited), HVB_CHECK_WARN,
           "50 % of a CPU at most, by the control group /machine");
}

void test_space_fails_before_it_is_gone(void)
{
    expect(hvb_check_space("x", "/d", 1000, TRUE), HVB_CHECK_OK, "1000 MiB");
    expect(hvb_check_space("x", "/d", 100, TRUE), HVB_CHECK_WARN, "100 MiB");
    expect(hvb_check_space("x", "/d", 3, TRUE), HVB_CHECK_FAIL, "3 MiB");
    expect(hvb_check_space("x", "/d", 1000, FALSE), HVB_CHECK_WARN, "/d");
}

void test_notes_are_no_warnings(void)
{
    expect(hvb_check_smt("on"), HVB_CHECK_OK, "note");
    expect(hvb_check_smt("notsupported"), HVB_CHECK_OK, "not supported");
    expect(hvb_check_turbo("on"), HVB_CHECK_OK, "note");
    expect(hvb_check_turbo("off"), HVB_CHECK_OK, "off");
    expect(hvb_check_autogroup("on"), HVB_CHECK_OK, "note");
    expect(hvb_check_autogroup("off"), HVB_CHECK_OK, "off");
}
