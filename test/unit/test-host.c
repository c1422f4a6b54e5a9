/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/unit/test-host.h"

#include "hvbench/bed/host.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"
#include "test/unit/root-fixture.h"

#include <CUnit/CUnit.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define CPU "sys/devices/system/cpu/"

static const char *const machine[][2] = {
    {"etc/os-release", "ID=debian\nPRETTY_NAME=\"Debian 12\"\n"},
    {"proc/cmdline", "root=/dev/sda isolcpus=2 secret=x mitigations=off -- "
                     "sched=of-init\n"},
    {"proc/sys/kernel/sched_rt_runtime_us", "950000\n"},
    {"proc/sys/kernel/sched_cfs_bandwidth_slice_us", "5000\n"},
    {"proc/sys/kernel/other", "7\n"},
    {"sys/kernel/debug/sched/preempt", "none voluntary (full)\n"},
    {"sys/kernel/debug/sched/base_slice_ns", "3000000\n"},
    {"sys/kernel/debug/sched/features", "PLACE_LAG NO_HRTICK\n"},
    {CPU "vulnerabilities/meltdown", "Not affected\n"},
    {CPU "vulnerabilities/spectre_v2", "Mitigation: Retpolines\n"},
    {CPU "vulnerabilities/retbleed", "Vulnerable\n"},
    {"sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"},
    {"sys/kernel/mm/ksm/run", "1\n"},
    {"proc/sys/kernel/osrelease", "6.1.0-18-amd64\n"},
    {"proc/sys/kernel/version", "#1 SMP Debian\n"},
    {"proc/sys/kernel/sched_autogroup_enabled", "1\n"},
    {"proc/cpuinfo", "processor\t: 0\nmodel name\t: Fast CPU @ 3 GHz\n"
                     "microcode\t: 0x2b\nflags\t\t: fpu tsc hypervisor avx\n\n"
                     "processor\t: 1\nmodel name\t: Other CPU\n"},
    {"proc/meminfo", "MemTotal:       16384000 kB\nMemFree: 1 kB\n"},
    {CPU "online", "0-2,4\n"},
    {CPU "isolated", "2\n"},
    {"proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-1,3-4\nx: y\n"},
    {CPU "smt/control", "off\n"},
    {CPU "smt/active", "0\n"},
    {CPU "intel_pstate/no_turbo", "0\n"},
    {CPU "cpu0/cpufreq/scaling_governor", "powersave\n"},
    {CPU "cpu1/cpufreq/scaling_governor", "performance\n"},
    {CPU "cpu2/cpufreq/scaling_governor", "powersave\n"},
    {CPU "cpufreq/scaling_governor", "not of a CPU\n"},
    {CPU "cpuidle/current_driver", "intel_idle\n"},
    {CPU "cpuidle/current_governor", "menu\n"},
    {CPU "cpu0/cpuidle/state0/name", "POLL\n"},
    {CPU "cpu0/cpuidle/state0/latency", "0\n"},
    {CPU "cpu0/cpuidle/state0/disable", "0\n"},
    {CPU "cpu0/cpuidle/state1/name", "C6\n"},
    {CPU "cpu0/cpuidle/state1/latency", "133\n"},
    {CPU "cpu0/cpuidle/state1/disable", "1\n"},
    {"sys/devices/system/clocksource/clocksource0/current_clocksource",
     "tsc\n"},
    {"sys/fs/cgroup/cpu/cpu.shares", "1024\n"},
    {"sys/fs/cgroup/cpuacct/cpuacct.usage", "1\n"},
    {"sys/class/dmi/id/sys_vendor", "QEMU\n"},
    {"sys/class/dmi/id/product_name", "Standard PC\n"},
    {"sys/module/kvm/parameters/halt_poll_ns", "200000\n"},
    {"sys/module/kvm_intel/parameters/nested", "Y\n"},
    {"sys/module/kvmgt/parameters/other", "Y\n"},
};

static const char *const machine_facts[][2] = {
    {"host.distribution", "Debian 12"},
    {"host.kernel", "6.1.0-18-amd64 #1 SMP Debian"},
    {"host.throttling", "to the end of the period"},
    {"host.boot_options", "isolcpus=2 mitigations=off"},
    {"host.preemption", "full"},
    {"host.scheduler", "sched_cfs_bandwidth_slice_us=5000 "
                       "sched_rt_runtime_us=950000 base_slice_ns=3000000"},
    {"host.autogroup", "on"},
    {"host.cpu_model", "Fast CPU @ 3 GHz"},
    {"host.microcode", "0x2b"},
    {"host.cpus", "4"},
    {"host.usable_cpus", "0-1,4"},
    {"host.isolated_cpus", "2"},
    {"host.smt", "off"},
    {"host.governor", "performance x1, powersave x2"},
    {"host.turbo", "on"},
    {"host.idle_driver", "intel_idle, menu"},
    {"host.idle_states", "POLL 0 us, C6 133 us (off)"},
    {"host.clocksource", "tsc"},
    {"host.cgroup", "v1"},
    {"host.cgroup_cpu", "shares usage"},
    {"host.mitigations", "retbleed (Vulnerable), "
                         "spectre_v2 (Mitigation: Retpolines)"},
    {"host.memory_mib", "16000"},
    {"host.transparent_hugepages", "madvise"},
    {"host.same_page_merging", "on"},
    {"host.virtualized", "yes: QEMU Standard PC"},
    {"host.kvm", "no /dev/kvm"},
    {"host.kvm_parameters", "kvm.halt_poll_ns=200000 kvm_intel.nested=Y"},
};

void test_facts_are_read_from_the_kernels_files(void)
{
    g_autoptr(Root) root = root_new();

    for (gsize i = 0; i < G_N_ELEMENTS(machine); i++)
        write_below(root, machine[i][0], machine[i][1]);
    g_autoptr(GArray) facts = hvb_host_facts_below(root);
    CU_ASSERT_EQUAL_FATAL(facts->len, G_N_ELEMENTS(machine_facts));
    for (guint i = 0; i < facts->len; i++) {
        const HvbHostFact *fact = &g_array_index(facts, HvbHostFact, i);
        expect_text(fact->key, machine_facts[i][0]);
        expect_text(fact->value, machine_facts[i][1]);
    }
}

void test_a_v2_host_is_told_by_the_root_group(void)
{
    g_autoptr(Root) root = root_new();

    /* A v1 host that has v2 mounted as well is no v2 host. */
    write_below(root, "sys/fs/cgroup/cpu/cpu.shares", "1024\n");
    write_below(root, "sys/fs/cgroup/unified/cgroup.controllers", "hugetlb\n");
    g_autoptr(GArray) hybrid = hvb_host_facts_below(root);
    expect_text(hvb_host_fact(hybrid, "host.cgroup"), "v1");
    write_below(root, "sys/fs/cgroup/cgroup.controllers", "cpuset cpu io\n");
    g_autoptr(GArray) v2 = hvb_host_facts_below(root);
    expect_text(hvb_host_fact(v2, "host.cgroup"), "v2");
    expect_text(hvb_host_fact(v2, "host.cgroup_cpu"), "cpu");
    write_below(root, "sys/fs/cgroup/cgroup.controllers", "cpuset io\n");
    g_autoptr(GArray) without = hvb_host_facts_below(root);
    expect_text(hvb_host_fact(without, "host.cgroup_cpu"), HVB_HOST_UNKNOWN);
}

void test_facts_that_the_host_does_not_tell_are_unknown(void)
{
    g_autoptr(Root) root = root_new();
    g_autoptr(GArray) facts = hvb_host_facts_below(root);

    CU_ASSERT_EQUAL_FATAL(facts->len, G_N_ELEMENTS(machine_facts));
    for (guint i = 0; i < facts->len; i++) {
        const HvbHostFact *fact = &g_array_index(facts, HvbHostFact, i);
        const char *expected = HVB_HOST_UNKNOWN;
        if (strcmp(fact->key, "host.cgroup") == 0)
            expected = "none";
        if (strcmp(fact->key, "host.kvm") == 0)
            expected = "no /dev/kvm";
        expect_text(fact->value, expected);
    }
    expect_text(hvb_host_fact(facts, "host.no_such_key"), HVB_HOST_UNKNOWN);
}

void test_what_a_kernel_does_without_is_no_unknown(void)
{
    g_autoptr(Root) root = root_new();

    write_below(root, "proc/cmdline", "root=/dev/sda quiet\n");
    write_below(root, "proc/sys/kernel/version", "#1 SMP PREEMPT_RT Debian\n");
    write_below(root, CPU "vulnerabilities/meltdown", "Not affected\n");
    g_autoptr(GArray) without_debugfs = hvb_host_facts_below(root);
    expect_text(hvb_host_fact(without_debugfs, "host.boot_options"), "none");
    expect_text(hvb_host_fact(without_debugfs, "host.preemption"),
                "PREEMPT_RT");
    expect_text(hvb_host_fact(without_debugfs, "host.mitigations"),
                "none needed");
    write_below(root, "proc/sys/kernel/version", "#1 SMP Debian\n");
    g_autoptr(GArray) server = hvb_host_facts_below(root);
    expect_text(hvb_host_fact(server, "host.preemption"), "none built in");
}

void test_facts_are_one_printable_line_each(void)
{
    g_autoptr(Root) root = root_new();
    g_autofree char *kvm = g_build_filename(root, "dev/kvm", NULL);

    write_below(root, "proc/cpuinfo", "flags : hypervisor\n");
    write_below(root, "sys/class/dmi/id/sys_vendor", "A\033[2J\nB\xff\n");
    write_below(root, "dev/kvm", "");
    CU_ASSERT_EQUAL_FATAL(g_chmod(kvm, 0640), 0);
    g_autoptr(GArray) facts = hvb_host_facts_below(root);
    expect_text(hvb_host_fact(facts, "host.virtualized"),
                "yes: A [2J B\xef\xbf\xbd");
    CU_ASSERT_TRUE(g_str_has_prefix(hvb_host_fact(facts, "host.kvm"), "0640 "));
}

void test_facts_of_this_host_agree_with_libc(void)
{
    g_autoptr(GArray) facts = hvb_host_facts();
    g_autofree char *cpus =
        g_strdup_printf("%ld", sysconf(_SC_NPROCESSORS_ONLN));
    struct utsname name;

    if (!g_file_test("/sys/devices/system/cpu/online", G_FILE_TEST_EXISTS)) {
        test_skip("needs /sys, for the CPUs that are online");
        return;
    }
    CU_ASSERT_EQUAL_FATAL(uname(&name), 0);
    CU_ASSERT_TRUE(
        g_str_has_prefix(hvb_host_fact(facts, "host.kernel"), name.release));
    expect_text(hvb_host_fact(facts, "host.cpus"), cpus);
    CU_ASSERT_TRUE(g_ascii_isdigit(*hvb_host_fact(facts, "host.libvirt")));
}

void test_cpu_lists_are_counted_and_garbage_is_not(void)
{
    CU_ASSERT_EQUAL(hvb_host_count_cpus("0"), 1);
    CU_ASSERT_EQUAL(hvb_host_count_cpus("0-1\n"), 2);
    CU_ASSERT_EQUAL(hvb_host_count_cpus("0-3,8,10-11\n"), 7);
    CU_ASSERT_EQUAL(hvb_host_count_cpus(""), 0);
    CU_ASSERT_EQUAL(hvb_host_count_cpus("\n"), 0);
    CU_ASSERT_EQUAL(hvb_host_count_cpus("0-"), 0);
    CU_ASSERT_EQUAL(hvb_host_count_cpus("3-1"), 0);
    CU_ASSERT_EQUAL(hvb_host_count_cpus("0,"), 0);
    CU_ASSERT_EQUAL(hvb_host_count_cpus("0 1"), 0);
    CU_ASSERT_EQUAL(hvb_host_count_cpus("0-99999999999999999999"), 0);
}

void test_fields_are_found_by_their_whole_name(void)
{
    static const char text[] = "model\t\t: 6\nmodel name\t:  A: B \nlast";
    g_autofree char *name = hvb_host_field(text, "model name");
    g_autofree char *model = hvb_host_field(text, "model");
    g_autofree char *last = hvb_host_field(text, "last");

    expect_text(name, "A: B");
    expect_text(model, "6");
    CU_ASSERT_PTR_NULL(last);
}

void test_values_that_differ_are_tallied(void)
{
    static const char *const none[] = {NULL};
    static const char *const same[] = {"a", "a", NULL};
    static const char *const mixed[] = {"b", "a", "b", "c", NULL};
    g_autofree char *of_same = hvb_host_tally(same);
    g_autofree char *of_mixed = hvb_host_tally(mixed);

    CU_ASSERT_PTR_NULL(hvb_host_tally(none));
    expect_text(of_same, "a");
    expect_text(of_mixed, "b x2, a x1, c x1");
}
