/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hvbench's own control groups, in trees of files. */
#include "hvbench/bed/bed-error.h"
#include "hvbench/bed/group.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"
#include "test/unit/root-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#define CGROUP "sys/fs/cgroup/"
#define NAME "hvbench-test"

static Root *root_with_v1(void)
{
    Root *root = root_new();

    write_below(root, CGROUP "cpu/tasks", "");
    write_below(root, CGROUP "cpuacct/tasks", "");
    return root;
}

static Root *root_with_v2(void)
{
    Root *root = root_new();

    write_below(root, CGROUP "cgroup.controllers", "cpu memory\n");
    write_below(root, CGROUP "cgroup.subtree_control", "");
    return root;
}

static gboolean is_there(const Root *root, const char *path)
{
    g_autofree char *whole = g_build_filename(root, path, NULL);

    return g_file_test(whole, G_FILE_TEST_EXISTS);
}

static void expect_file(const Root *root, const char *path, const char *text)
{
    g_autofree char *whole = g_build_filename(root, path, NULL);
    g_autofree char *found = NULL;

    CU_ASSERT_TRUE_FATAL(g_file_get_contents(whole, &found, NULL, NULL));
    expect_text(found, text);
}

/* The kernel's files go with their directory. */
static void unlink_below(const Root *root, const char *path)
{
    g_autofree char *whole = g_build_filename(root, path, NULL);

    CU_ASSERT_EQUAL(g_unlink(whole), 0);
}

static HvbGroup *make(const Root *root)
{
    g_autoptr(GError) error = NULL;
    HvbGroup *group = hvb_group_make(root, NAME, &error);

    if (error)
        fprintf(stderr, "\n  %s\n", error->message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(group);
    return group;
}

static void test_v1_groups_are_in_both_controllers(void)
{
    g_autoptr(Root) root = root_with_v1();
    HvbGroup *group = make(root);
    gint64 cpu_ns;

    CU_ASSERT_FALSE(hvb_group_is_v2(group));
    write_below(root, CGROUP "cpu/" NAME "/cgroup.procs", "");
    write_below(root, CGROUP "cpu/" NAME "/cpu.shares", "1024\n");
    write_below(root, CGROUP "cpuacct/" NAME "/cgroup.procs", "");
    write_below(root, CGROUP "cpuacct/" NAME "/cpuacct.usage", "12345\n");
    CU_ASSERT_TRUE(hvb_group_add(group, 42, NULL));
    expect_file(root, CGROUP "cpu/" NAME "/cgroup.procs", "42");
    expect_file(root, CGROUP "cpuacct/" NAME "/cgroup.procs", "42");
    CU_ASSERT_TRUE_FATAL(hvb_group_read_cpu(group, &cpu_ns, NULL));
    CU_ASSERT_EQUAL(cpu_ns, 12345);
    CU_ASSERT_EQUAL(hvb_group_read_shares(group), 1024);
    CU_ASSERT_TRUE(hvb_group_set_weight(group, 250, NULL));
    CU_ASSERT_EQUAL(hvb_group_read_shares(group), 2560);
    unlink_below(root, CGROUP "cpu/" NAME "/cgroup.procs");
    unlink_below(root, CGROUP "cpu/" NAME "/cpu.shares");
    unlink_below(root, CGROUP "cpuacct/" NAME "/cgroup.procs");
    unlink_below(root, CGROUP "cpuacct/" NAME "/cpuacct.usage");
    hvb_group_free(group);
    CU_ASSERT_FALSE(is_there(root, CGROUP "cpu/" NAME));
    CU_ASSERT_FALSE(is_there(root, CGROUP "cpuacct/" NAME));
}

static void test_v1_without_cpuacct_charges_to_the_v2_tree(void)
{
    g_autoptr(Root) root = root_new();
    gint64 cpu_ns;

    write_below(root, CGROUP "cpu/tasks", "");
    write_below(root, CGROUP "unified/cgroup.controllers", "");
    HvbGroup *group = make(root);
    CU_ASSERT_TRUE(is_there(root, CGROUP "cpu/" NAME));
    write_below(root, CGROUP "unified/" NAME "/cpu.stat",
                "usage_usec 77\nuser_usec 70\n");
    CU_ASSERT_TRUE_FATAL(hvb_group_read_cpu(group, &cpu_ns, NULL));
    CU_ASSERT_EQUAL(cpu_ns, 77000);
    unlink_below(root, CGROUP "unified/" NAME "/cpu.stat");
    hvb_group_free(group);
    CU_ASSERT_FALSE(is_there(root, CGROUP "unified/" NAME));
}

static void test_v2_groups_get_the_cpu_controller(void)
{
    g_autoptr(Root) root = root_with_v2();
    gint64 cpu_ns;

    HvbGroup *group = make(root);
    CU_ASSERT_TRUE(hvb_group_is_v2(group));
    expect_file(root, CGROUP "cgroup.subtree_control", "+cpu");
    /* No cpu.weight: the root could not give it. */
    CU_ASSERT_EQUAL(hvb_group_read_shares(group), 0);
    CU_ASSERT_TRUE(hvb_group_set_weight(group, 100, NULL));
    g_autoptr(GError) error = NULL;
    CU_ASSERT_FALSE(hvb_group_set_weight(group, 200, &error));
    CU_ASSERT_TRUE(g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_TUNING));
    CU_ASSERT_FALSE(hvb_group_read_cpu(group, &cpu_ns, NULL));
    write_below(root, CGROUP NAME "/cpu.stat", "usage_usec 5\n");
    write_below(root, CGROUP NAME "/cgroup.procs", "41\n42\n");
    CU_ASSERT_TRUE_FATAL(hvb_group_read_cpu(group, &cpu_ns, NULL));
    CU_ASSERT_EQUAL(cpu_ns, 5000);
    g_autoptr(GArray) pids = hvb_group_pids(group);
    CU_ASSERT_EQUAL_FATAL(pids->len, 2);
    CU_ASSERT_EQUAL(g_array_index(pids, GPid, 1), 42);
    unlink_below(root, CGROUP NAME "/cpu.stat");
    unlink_below(root, CGROUP NAME "/cgroup.procs");
    hvb_group_free(group);
    CU_ASSERT_FALSE(is_there(root, CGROUP NAME));
}

static void test_a_host_without_the_controllers_is_told_what_to_do(void)
{
    g_autoptr(Root) root = root_new();
    g_autoptr(GError) error = NULL;

    write_below(root, CGROUP "cpu/tasks", "");
    CU_ASSERT_PTR_NULL(hvb_group_make(root, NAME, &error));
    CU_ASSERT_TRUE_FATAL(
        g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "cpuacct"));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "mount"));
}

static void test_only_empty_groups_of_our_own_are_cleared_away(void)
{
    g_autoptr(Root) root = root_with_v1();

    write_below(root, CGROUP "cpu/hvbench-busy/child/tasks", "");
    write_below(root, CGROUP "cpu/other/tasks", "");
    unlink_below(root, CGROUP "cpu/other/tasks");
    hvb_group_free(make(root));
    HvbGroup *left = make(root); /* as if nobody would free it */
    hvb_group_remove_leftovers(root);
    CU_ASSERT_FALSE(is_there(root, CGROUP "cpu/" NAME));
    CU_ASSERT_FALSE(is_there(root, CGROUP "cpuacct/" NAME));
    CU_ASSERT_TRUE(is_there(root, CGROUP "cpu/hvbench-busy/child"));
    CU_ASSERT_TRUE(is_there(root, CGROUP "cpu/other"));
    hvb_group_free(left);
}

static void test_an_empty_group_of_that_name_is_taken_over(void)
{
    g_autoptr(Root) root = root_with_v1();
    HvbGroup *left = make(root);
    HvbGroup *group = make(root);

    CU_ASSERT_TRUE(is_there(root, CGROUP "cpu/" NAME));
    hvb_group_free(group);
    hvb_group_free(left);
    CU_ASSERT_FALSE(is_there(root, CGROUP "cpu/" NAME));
}

CU_TestInfo tests_group[] = {
    {"v1 groups are in both controllers",
     test_v1_groups_are_in_both_controllers},
    {"v1 without cpuacct charges to the v2 tree",
     test_v1_without_cpuacct_charges_to_the_v2_tree},
    {"v2 groups get the cpu controller", test_v2_groups_get_the_cpu_controller},
    {"a host without the controllers is told what to do",
     test_a_host_without_the_controllers_is_told_what_to_do},
    {"only empty groups of our own are cleared away",
     test_only_empty_groups_of_our_own_are_cleared_away},
    {"an empty group of that name is taken over",
     test_an_empty_group_of_that_name_is_taken_over},
    TEST_END,
};
