/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which CPUs of a host there are for guests. */
#include "hvbench/bed/host-cpus.h"
#include "hvbench/bed/host.h"
#include "hvbench/bed/placement.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"
#include "test/unit/root-fixture.h"

#include <string.h>

#define CPU "sys/devices/system/cpu/"

static Root *root_with_cpus(const char *online, const char *allowed)
{
    Root *root = root_new();
    g_autofree char *status =
        g_strdup_printf("Name:\thvbench\nCpus_allowed:\tf\n"
                        "Cpus_allowed_list:\t%s\nMems_allowed:\t1\n",
                        allowed);

    write_below(root, CPU "online", online);
    write_below(root, "proc/self/status", status);
    return root;
}

static HvbHostCpus read_cpus(const Root *root)
{
    HvbHostCpus cpus = {0};

    CU_ASSERT_TRUE_FATAL(hvb_host_cpus_read(root, &cpus, NULL));
    return cpus;
}

static void expect_usable(const Root *root, const char *expected)
{
    const HvbHostCpus cpus = read_cpus(root);
    g_autofree char *text = hvb_cpus_text(&cpus.usable);

    expect_text(text, expected);
}

static void test_offline_cpus_leave_gaps_that_are_kept(void)
{
    g_autoptr(Root) root = root_with_cpus("0,2-3\n", "0-127");
    const HvbHostCpus cpus = read_cpus(root);
    HvbCpus two, second;

    expect_usable(root, "0,2-3");
    hvb_placement_choose(&cpus.usable, 2, HVB_AFFINITY_FLOAT, 0, &two);
    hvb_placement_choose(&cpus.usable, 0, HVB_AFFINITY_PINNED, 4, &second);
    g_autofree char *first_two = hvb_cpus_text(&two);
    g_autofree char *pinned = hvb_cpus_text(&second);
    expect_text(first_two, "0,2");
    expect_text(pinned, "2");
    CU_ASSERT_PTR_NULL(hvb_host_cpus_doubt(&cpus));
    CU_ASSERT_PTR_NULL(hvb_host_cpus_lack(&cpus, 3));
}

static void test_an_affinity_of_hvbenchs_own_is_said(void)
{
    g_autoptr(Root) root = root_with_cpus("0-3\n", "1,3");
    const HvbHostCpus cpus = read_cpus(root);
    g_autofree char *doubt = hvb_host_cpus_doubt(&cpus);
    g_autofree char *lack = hvb_host_cpus_lack(&cpus, 3);

    expect_usable(root, "1,3");
    CU_ASSERT_PTR_NOT_NULL_FATAL(doubt);
    CU_ASSERT_PTR_NOT_NULL(strstr(doubt, "only 1,3 of the host's CPUs 0-3"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(lack);
    CU_ASSERT_PTR_NOT_NULL(strstr(lack, "on 3 of the host's CPUs"));
    CU_ASSERT_PTR_NULL(hvb_host_cpus_lack(&cpus, 2));
    CU_ASSERT_PTR_NULL(hvb_host_cpus_lack(&cpus, 0));
}

static void test_the_cpuset_of_the_guests_group_counts(void)
{
    g_autoptr(Root) v1 = root_with_cpus("0-3\n", "0-3");
    g_autoptr(Root) v2 = root_with_cpus("0-3\n", "0-3");
    g_autoptr(Root) empty = root_with_cpus("0-3\n", "0-3");
    g_autoptr(Root) elsewhere = root_with_cpus("0-3\n", "0-1");
    g_autoptr(GError) error = NULL;
    HvbHostCpus cpus;

    write_below(v1, "sys/fs/cgroup/cpuset/machine/cpuset.effective_cpus",
                "2-3\n");
    write_below(v2, "sys/fs/cgroup/cgroup.controllers", "cpuset cpu\n");
    write_below(v2, "sys/fs/cgroup/machine.slice/cpuset.cpus.effective", "0\n");
    write_below(empty, "sys/fs/cgroup/cpuset/machine/cpuset.effective_cpus",
                "\n");
    write_below(elsewhere, "sys/fs/cgroup/cgroup.controllers", "cpuset cpu\n");
    write_below(elsewhere, "sys/fs/cgroup/machine/cpuset.cpus.effective",
                "2-3\n");
    expect_usable(v1, "2-3");
    expect_usable(v2, "0");
    expect_usable(empty, "0-3");
    CU_ASSERT_FALSE(hvb_host_cpus_read(elsewhere, &cpus, &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "cpuset"));
}

static void test_the_cpuset_of_the_guests_group_binds_nobody_else(void)
{
    g_autoptr(Root) root = root_with_cpus("0-3\n", "0-1,7");
    HvbHostCpus own = {0};

    write_below(root, "sys/fs/cgroup/cpuset/machine/cpuset.effective_cpus",
                "2-3\n");
    CU_ASSERT_FALSE(hvb_host_cpus_read(root, &own, NULL));
    CU_ASSERT_TRUE_FATAL(hvb_host_cpus_read_own(root, &own, NULL));
    g_autofree char *text = hvb_cpus_text(&own.usable);
    expect_text(text, "0-1");
    g_autoptr(GArray) facts = hvb_host_facts_below(root);
    expect_text(hvb_host_fact(facts, "host.usable_cpus"), HVB_HOST_UNKNOWN);
    hvb_host_facts_without_guests(facts, root);
    expect_text(hvb_host_fact(facts, "host.usable_cpus"), "0-1");
    expect_text(hvb_host_fact(facts, "host.isolated_cpus"), "none");
}

static void test_guests_that_float_on_isolated_cpus_are_doubted(void)
{
    g_autoptr(Root) root = root_with_cpus("0-3\n", "2-3");
    g_autoptr(Root) none = root_with_cpus("0-1\n", "0-1");

    write_below(root, CPU "isolated", "2-3\n");
    write_below(none, CPU "isolated", "\n");
    const HvbHostCpus cpus = read_cpus(root);
    const HvbHostCpus usual = read_cpus(none);
    g_autofree char *doubt = hvb_host_cpus_doubt(&cpus);
    CU_ASSERT_PTR_NOT_NULL_FATAL(doubt);
    CU_ASSERT_PTR_NOT_NULL(strstr(doubt, "CPUs 2-3 of those that are used are "
                                         "isolated"));
    CU_ASSERT_PTR_NULL(hvb_host_cpus_doubt(&usual));
}

CU_TestInfo tests_host_cpus[] = {
    {"offline CPUs leave gaps that are kept",
     test_offline_cpus_leave_gaps_that_are_kept},
    {"an affinity of hvbench's own is said",
     test_an_affinity_of_hvbenchs_own_is_said},
    {"the cpuset of the guests' group counts",
     test_the_cpuset_of_the_guests_group_counts},
    {"the cpuset of the guests' group binds nobody else",
     test_the_cpuset_of_the_guests_group_binds_nobody_else},
    {"guests that float on isolated CPUs are doubted",
     test_guests_that_float_on_isolated_cpus_are_doubted},
    TEST_END,
};
