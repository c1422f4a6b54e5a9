/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control groups of guests as libvirt lays them out, in trees of files,
 * and what a profile's caps and weights come to. */
#include "hvbench/bed/boot.h"
#include "hvbench/bed/cgroup.h"
#include "hvbench/bed/hypervisor.h"
#include "hvbench/bed/partition.h"
#include "hvbench/bed/tuning.h"
#include "test/suites.h"
#include "test/unit/cgroup-fixture.h"
#include "test/unit/profile-fixture.h"

#include <string.h>

static void expect_dir(const char *dir, const Root *root, const char *group)
{
    g_autofree char *expected =
        g_build_filename(root, "sys/fs/cgroup", group, NULL);

    expect_text(dir, expected);
}

static void test_v1_is_read_from_its_controllers(void)
{
    g_autoptr(Root) root = root_with_v1_guest();
    HvbTuning tuning;
    HvbGuestMeter meter;

    g_autoptr(HvbCgroup) cgroup = find_cgroup(root);
    CU_ASSERT_FALSE(cgroup->v2);
    CU_ASSERT_TRUE(cgroup->account_v1);
    CU_ASSERT_EQUAL(cgroup->pid, 7);
    expect_dir(cgroup->vcpu, root, "cpu" MACHINE "/vcpu0");
    expect_dir(cgroup->vm, root, "cpu" MACHINE);
    expect_dir(cgroup->shares, root, "cpu" MACHINE);
    CU_ASSERT_TRUE_FATAL(hvb_cgroup_read_tuning(cgroup, &tuning, NULL));
    CU_ASSERT_EQUAL(tuning.vcpu_quota_us, 50000);
    CU_ASSERT_EQUAL(tuning.vcpu_period_us, 100000);
    CU_ASSERT_EQUAL(tuning.vm_quota_us, -1);
    CU_ASSERT_EQUAL(tuning.shares, 512);
    CU_ASSERT_FALSE(tuning.cgroup_v2);
    CU_ASSERT_TRUE_FATAL(hvb_cgroup_read_meter(cgroup, &meter, NULL));
    CU_ASSERT_EQUAL(meter.cpu_ns, 9000);
    CU_ASSERT_EQUAL(meter.vcpu_ns, 7000);
    CU_ASSERT_EQUAL(meter.emulator_ns, 2000);
    for (guint q = HVB_QUOTA_VCPU; q <= HVB_QUOTA_VM; q++) {
        CU_ASSERT_EQUAL(meter.throttling[q].periods, 10);
        CU_ASSERT_EQUAL(meter.throttling[q].throttled_periods, 3);
        CU_ASSERT_EQUAL(meter.throttling[q].throttled_ns, 70000);
    }
}

static void test_what_throttles_a_vm_is_not_taken_for_its_vcpus(void)
{
    g_autoptr(Root) root = root_with_v1_guest();
    HvbGuestMeter meter;

    write_group(root, "cpu" MACHINE, "cpu.stat",
                "nr_periods 20\nnr_throttled 5\nthrottled_time 90000\n");
    g_autoptr(HvbCgroup) cgroup = find_cgroup(root);
    CU_ASSERT_TRUE_FATAL(hvb_cgroup_read_meter(cgroup, &meter, NULL));
    CU_ASSERT_EQUAL(meter.throttling[HVB_QUOTA_VCPU].periods, 10);
    CU_ASSERT_EQUAL(meter.throttling[HVB_QUOTA_VCPU].throttled_periods, 3);
    CU_ASSERT_EQUAL(meter.throttling[HVB_QUOTA_VCPU].throttled_ns, 70000);
    CU_ASSERT_EQUAL(meter.throttling[HVB_QUOTA_VM].periods, 20);
    CU_ASSERT_EQUAL(meter.throttling[HVB_QUOTA_VM].throttled_periods, 5);
    CU_ASSERT_EQUAL(meter.throttling[HVB_QUOTA_VM].throttled_ns, 90000);
}

/* libvirt charges to v2 as soon as it is mounted with any controller. */
static void test_a_hybrid_host_caps_by_v1_and_charges_to_v2(void)
{
    g_autoptr(Root) root =
        root_with_qemu("2:cpuacct:/\n1:cpu:" MACHINE "/vcpu0\n"
                       "0::" MACHINE "/vcpu0\n");
    HvbGuestMeter meter;

    write_group(root, "unified", "cgroup.controllers", "hugetlb\n");
    write_v1_cpu(root, "cpu" MACHINE, "-1\n");
    write_v1_cpu(root, "cpu" MACHINE "/vcpu0", "-1\n");
    write_group(root, "unified" MACHINE, "cpu.stat", "usage_usec 9\n");
    write_group(root, "unified" MACHINE "/vcpu0", "cpu.stat", "usage_usec 7\n");
    g_autoptr(HvbCgroup) cgroup = find_cgroup(root);
    CU_ASSERT_FALSE(cgroup->v2);
    CU_ASSERT_FALSE(cgroup->account_v1);
    expect_dir(cgroup->vcpu, root, "cpu" MACHINE "/vcpu0");
    expect_dir(cgroup->vcpu_account, root, "unified" MACHINE "/vcpu0");
    expect_dir(cgroup->vm_account, root, "unified" MACHINE);
    CU_ASSERT_TRUE_FATAL(hvb_cgroup_read_meter(cgroup, &meter, NULL));
    CU_ASSERT_EQUAL(meter.cpu_ns, 9000);
    CU_ASSERT_EQUAL(meter.vcpu_ns, 7000);
    CU_ASSERT_EQUAL(meter.throttling[HVB_QUOTA_VCPU].throttled_ns, 70000);
    CU_ASSERT_EQUAL(meter.throttling[HVB_QUOTA_VM].throttled_ns, 70000);
}

static void test_v2_is_read_in_its_own_units(void)
{
    g_autoptr(Root) root = root_with_qemu("0::" MACHINE "/vcpu0\n");
    HvbTuning tuning;
    HvbGuestMeter meter;

    write_group(root, "", "cgroup.controllers", "cpuset cpu io\n");
    write_group(root, MACHINE, "cpu.max", "max 100000\n");
    write_group(root, MACHINE, "cpu.weight", "300\n");
    write_group(root, MACHINE, "cpu.idle", "1\n");
    write_group(root, MACHINE, "cpu.max.burst", "2000\n");
    write_group(root, MACHINE, "cpu.stat",
                "usage_usec 9000\nnr_throttled 6\nthrottled_usec 77\n");
    write_group(root, MACHINE "/vcpu0", "cpu.max", "25000 50000\n");
    write_group(root, MACHINE "/vcpu0", "cpu.stat",
                "usage_usec 7000\nuser_usec 1\nnr_throttled 4\n"
                "throttled_usec 55\n");
    g_autoptr(HvbCgroup) cgroup = find_cgroup(root);
    CU_ASSERT_TRUE(cgroup->v2);
    CU_ASSERT_TRUE_FATAL(hvb_cgroup_read_tuning(cgroup, &tuning, NULL));
    CU_ASSERT_EQUAL(tuning.vcpu_quota_us, 25000);
    CU_ASSERT_EQUAL(tuning.vcpu_period_us, 50000);
    CU_ASSERT_EQUAL(tuning.vm_quota_us, -1);
    CU_ASSERT_EQUAL(tuning.vm_period_us, 100000);
    CU_ASSERT_EQUAL(tuning.vm_burst_us, 2000);
    CU_ASSERT_EQUAL(tuning.vcpu_burst_us, 0);
    CU_ASSERT_TRUE(tuning.idle);
    CU_ASSERT_EQUAL(tuning.shares, 300);
    CU_ASSERT_TRUE(tuning.cgroup_v2);
    CU_ASSERT_TRUE_FATAL(hvb_cgroup_read_meter(cgroup, &meter, NULL));
    CU_ASSERT_EQUAL(meter.cpu_ns, 9000000);
    CU_ASSERT_EQUAL(meter.emulator_ns, 2000000);
    CU_ASSERT_EQUAL(meter.throttling[HVB_QUOTA_VCPU].throttled_periods, 4);
    CU_ASSERT_EQUAL(meter.throttling[HVB_QUOTA_VCPU].throttled_ns, 55000);
    CU_ASSERT_EQUAL(meter.throttling[HVB_QUOTA_VM].throttled_periods, 6);
    CU_ASSERT_EQUAL(meter.throttling[HVB_QUOTA_VM].throttled_ns, 77000);
}

/* The nested group's own weight is of no consequence: it has no rival. */
static void test_under_systemd_the_weight_is_the_scopes(void)
{
    g_autoptr(Root) root = root_with_qemu("0::" SCOPE "/libvirt/vcpu0\n");
    HvbTuning tuning;

    write_group(root, "", "cgroup.controllers", "cpuset cpu io\n");
    write_group(root, SCOPE, "cpu.weight", "300\n");
    write_group(root, SCOPE, "cpu.max", "max 100000\n");
    write_group(root, SCOPE "/libvirt", "cpu.weight", "100\n");
    write_group(root, SCOPE "/libvirt", "cpu.max", "60000 100000\n");
    write_group(root, SCOPE "/libvirt/vcpu0", "cpu.max", "max 100000\n");
    g_autoptr(HvbCgroup) cgroup = find_cgroup(root);
    expect_dir(cgroup->vm, root, SCOPE "/libvirt");
    expect_dir(cgroup->shares, root, SCOPE);
    CU_ASSERT_TRUE_FATAL(hvb_cgroup_read_tuning(cgroup, &tuning, NULL));
    CU_ASSERT_EQUAL(tuning.shares, 300);
    CU_ASSERT_EQUAL(tuning.vm_quota_us, 60000);
    CU_ASSERT_EQUAL(tuning.vcpu_quota_us, -1);
}

static void expect_no_cgroup(const Root *root, const char *says)
{
    g_autoptr(GError) error = NULL;

    CU_ASSERT_PTR_NULL(hvb_cgroup_find_below(root, DOMAIN, &error));
    CU_ASSERT_TRUE_FATAL(
        g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, DOMAIN));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, says));
}

static void test_a_guest_without_the_cpu_controller_is_refused(void)
{
    g_autoptr(Root) session = root_with_qemu("0::/user.slice/x.scope\n");
    g_autoptr(Root) cpuset_only = root_with_qemu("0::" MACHINE "/vcpu0\n");
    g_autoptr(Root) v1 = root_with_qemu("3:cpuset:" MACHINE "/vcpu0\n");

    write_group(session, "", "cgroup.controllers", "cpu\n");
    expect_no_cgroup(session, "privileged libvirt");
    write_group(cpuset_only, "", "cgroup.controllers", "cpuset\n");
    write_group(cpuset_only, MACHINE "/vcpu0", "cpuset.cpus", "0\n");
    expect_no_cgroup(cpuset_only, "the cpu controller");
    expect_no_cgroup(v1, "the cpu controller");
}

static void test_a_guest_is_found_by_its_whole_name(void)
{
    static const char other[] = "qemu\0-name\0guest=" DOMAIN "0,debug=on";
    static const char grep[] = "grep\0guest=" DOMAIN ",";
    g_autoptr(Root) root = root_new();

    write_bytes_below(root, "proc/5/cmdline", other, sizeof other);
    write_bytes_below(root, "proc/6/cmdline", grep, sizeof grep);
    write_below(root, "proc/self/cmdline", "");
    expect_no_cgroup(root, "no QEMU process");
    g_autoptr(GArray) all = hvb_hypervisor_pids(root, "hvbench-");
    CU_ASSERT_EQUAL_FATAL(all->len, 1);
    CU_ASSERT_EQUAL(g_array_index(all, pid_t, 0), 5);
}

static void expect_file(const Root *root, const char *file,
                        const char *expected)
{
    g_autofree char *path = g_build_filename(root, file, NULL);
    g_autofree char *text = NULL;

    CU_ASSERT_TRUE(g_file_get_contents(path, &text, NULL, NULL));
    expect_text(text, expected);
}

#define CPUSET "sys/fs/cgroup/cpuset/"

static void test_a_cpuset_is_filled_before_guests_start_in_it(void)
{
    g_autoptr(Root) root = root_new();

    hvb_partition_prepare(root);
    CU_ASSERT_FALSE(has_dir_below(root, "cpuset"));
    write_below(root, CPUSET "cpuset.cpus", "0-3\n");
    write_below(root, CPUSET "cpuset.mems", "0-1\n");
    hvb_partition_prepare(root);
    CU_ASSERT_TRUE(has_dir_below(root, "cpuset/machine"));
    write_below(root, CPUSET "machine/cpuset.cpus", "\n");
    write_below(root, CPUSET "machine/cpuset.mems", "1\n");
    hvb_partition_prepare(root);
    /* The kernel's file would take the text in place of its own. */
    expect_file(root, CPUSET "machine/cpuset.cpus", "0-3");
    expect_file(root, CPUSET "machine/cpuset.mems", "1\n");
}

static void test_only_a_start_that_failed_by_chance_is_worth_another(void)
{
    CU_ASSERT_TRUE(hvb_boot_is_worth_another(
        "cannot start a guest: Unable to write to "
        "'/sys/fs/cgroup/cpuset/machine/qemu-1-x/cpuset.mems': Permission "
        "denied"));
    CU_ASSERT_TRUE(hvb_boot_is_worth_another(
        "cannot start a guest: internal error: monitor socket did not show "
        "up: No such file or directory"));
    CU_ASSERT_FALSE(hvb_boot_is_worth_another(
        "cannot start a guest: internal error: process exited while "
        "connecting to monitor: qemu-system-x86_64: -blockdev ...: Image is "
        "not in qcow2 format"));
    CU_ASSERT_FALSE(hvb_boot_is_worth_another(
        "cannot start a guest: unsupported configuration: Emulator "
        "'/usr/bin/qemu-system-x86_64' does not support machine type 'x'"));
}

static void test_a_vcpu_cap_is_a_quota_of_its_period(void)
{
    const HvbGuestProfile wanted = {.cap_percent = 30,
                                    .cap_scope = HVB_CAP_SCOPE_VCPU,
                                    .cap_period_us = 20000,
                                    .weight = 100};
    HvbTuning tuning;

    hvb_tuning_from_profile(&wanted, TRUE, &tuning);
    CU_ASSERT_EQUAL(tuning.vcpu_quota_us, 6000);
    CU_ASSERT_EQUAL(tuning.vcpu_period_us, 20000);
    CU_ASSERT_EQUAL(tuning.vm_quota_us, -1);
    CU_ASSERT_EQUAL(tuning.vm_period_us, 20000);
    CU_ASSERT_TRUE(tuning.cgroup_v2);
}

static void test_a_vm_cap_leaves_the_vcpu_uncapped(void)
{
    const HvbGuestProfile wanted = {.cap_percent = 50,
                                    .cap_scope = HVB_CAP_SCOPE_VM,
                                    .cap_period_us = 100000,
                                    .weight = 100};
    HvbTuning tuning;

    hvb_tuning_from_profile(&wanted, FALSE, &tuning);
    CU_ASSERT_EQUAL(tuning.vcpu_quota_us, -1);
    CU_ASSERT_EQUAL(tuning.vm_quota_us, 50000);
}

static void test_a_weight_is_relative_to_each_versions_default(void)
{
    static const struct {
        guint weight;
        guint64 v1, v2;
    } cases[] = {{100, 1024, 100},
                 {50, 512, 50},
                 {10000, 102400, 10000},
                 {1, 10, 1}};

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const HvbGuestProfile wanted = {.cap_period_us = 100000,
                                        .weight = cases[i].weight};
        HvbTuning v1, v2;
        hvb_tuning_from_profile(&wanted, FALSE, &v1);
        hvb_tuning_from_profile(&wanted, TRUE, &v2);
        CU_ASSERT_EQUAL(v1.shares, cases[i].v1);
        CU_ASSERT_EQUAL(v2.shares, cases[i].v2);
        CU_ASSERT_EQUAL(v1.vcpu_quota_us, -1);
        CU_ASSERT_EQUAL(v1.vm_quota_us, -1);
    }
}

static void test_no_cap_is_known_by_every_number_that_libvirt_has_for_it(void)
{
    static const gint64 no_caps[] = {-1, (G_GINT64_CONSTANT(1) << 44) - 1,
                                     (gint64)(G_MAXUINT64 / 1000)};

    for (gsize i = 0; i < G_N_ELEMENTS(no_caps); i++)
        CU_ASSERT_EQUAL(hvb_tuning_quota_from_libvirt(no_caps[i]), -1);
    CU_ASSERT_EQUAL(hvb_tuning_quota_from_libvirt(1000), 1000);
    CU_ASSERT_EQUAL(hvb_tuning_quota_from_libvirt(12800000), 12800000);
}

CU_TestInfo tests_cgroup[] = {
    {"v1 is read from its controllers", test_v1_is_read_from_its_controllers},
    {"what throttles a VM is not taken for its vCPU's",
     test_what_throttles_a_vm_is_not_taken_for_its_vcpus},
    {"a hybrid host caps by v1 and charges to v2",
     test_a_hybrid_host_caps_by_v1_and_charges_to_v2},
    {"v2 is read in its own units", test_v2_is_read_in_its_own_units},
    {"under systemd the weight is the scope's",
     test_under_systemd_the_weight_is_the_scopes},
    {"a guest without the cpu controller is refused",
     test_a_guest_without_the_cpu_controller_is_refused},
    {"a guest is found by its whole name",
     test_a_guest_is_found_by_its_whole_name},
    {"a cpuset is filled before guests start in it",
     test_a_cpuset_is_filled_before_guests_start_in_it},
    {"only a start that failed by chance is worth another",
     test_only_a_start_that_failed_by_chance_is_worth_another},
    {"a vCPU cap is a quota of its period",
     test_a_vcpu_cap_is_a_quota_of_its_period},
    {"a VM cap leaves the vCPU uncapped",
     test_a_vm_cap_leaves_the_vcpu_uncapped},
    {"a weight is relative to each version's default",
     test_a_weight_is_relative_to_each_versions_default},
    {"no cap is known by every number that libvirt has for it",
     test_no_cap_is_known_by_every_number_that_libvirt_has_for_it},
    TEST_END,
};
