/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Limits above a guest's own groups, writes to any of them, and which group
 * "machine" is hvbench's to remove. */
#include "hvbench/bed/group-watch.h"
#include "hvbench/bed/partition.h"
#include "test/suites.h"
#include "test/unit/cgroup-fixture.h"
#include "test/unit/profile-fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static HvbTuning read_tuning(const Root *root)
{
    g_autoptr(HvbCgroup) cgroup = find_cgroup(root);
    g_autoptr(GError) error = NULL;
    HvbTuning tuning = {0};

    CU_ASSERT_TRUE(hvb_cgroup_read_tuning(cgroup, &tuning, &error));
    CU_ASSERT_PTR_NULL_FATAL(error);
    return tuning;
}

static void test_defaults_above_a_guest_are_nothing_to_tell_of(void)
{
    g_autoptr(Root) root = root_with_v1_guest();

    write_group(root, "cpu/machine", "cpu.cfs_quota_us", "-1\n");
    write_group(root, "cpu/machine", "cpu.cfs_period_us", "100000\n");
    write_group(root, "cpu/machine", "cpu.cfs_burst_us", "0\n");
    write_group(root, "cpu/machine", "cpu.shares", "1024\n");
    write_group(root, "cpu/machine", "cpu.idle", "0\n");
    write_group(root, "cpu", "cpu.shares", "1024\n");
    write_group(root, "cpuset/machine", "cpuset.cpus", "0-1\n");
    HvbTuning tuning = read_tuning(root);
    expect_text(tuning.above, "");
    expect_text(tuning.limit_group, "");
    expect_text(tuning.group, MACHINE "/vcpu0");
}

static void test_every_setting_above_a_guest_is_told_with_its_group(void)
{
    g_autoptr(Root) root = root_with_v1_guest();

    write_group(root, "cpu/machine", "cpu.cfs_quota_us", "50000\n");
    write_group(root, "cpu/machine", "cpu.cfs_period_us", "100000\n");
    write_group(root, "cpu/machine", "cpu.cfs_burst_us", "7000\n");
    write_group(root, "cpu/machine", "cpu.shares", "512\n");
    write_group(root, "cpu", "cpu.idle", "1\n");
    write_group(root, "cpuset/machine", "cpuset.cpus", "1\n");
    HvbTuning tuning = read_tuning(root);
    expect_text(tuning.above,
                "/machine: quota 50000 of 100000 us, burst 7000 us, weight 512 "
                "and /: idle and /machine: CPUs 1");
    expect_text(tuning.limit_group, "/machine");
    CU_ASSERT_EQUAL(tuning.limit_quota_us, 50000);
    CU_ASSERT_EQUAL(tuning.limit_period_us, 100000);
    CU_ASSERT_EQUAL(tuning.limit_burst_us, 7000);
}

/* In a container the root that it sees has a limit that it cannot lift. */
static void test_the_tightest_quota_counts_up_to_the_root(void)
{
    g_autoptr(Root) root = root_with_qemu("0::" MACHINE "/vcpu0\n");
    HvbTuning tuning;

    write_group(root, "", "cgroup.controllers", "cpuset cpu io\n");
    write_group(root, "", "cpu.max", "30000 100000\n");
    write_group(root, "machine", "cpu.max", "20000 50000\n");
    write_group(root, MACHINE, "cpu.max", "max 100000\n");
    write_group(root, MACHINE "/vcpu0", "cpu.max", "max 100000\n");
    tuning = read_tuning(root);
    expect_text(tuning.above, "/machine: quota 20000 of 50000 us and "
                              "/: quota 30000 of 100000 us");
    expect_text(tuning.limit_group, "/");
    CU_ASSERT_EQUAL(tuning.limit_quota_us, 30000);
}

/* Of the scope that systemd makes, only the weight is hvbench's. */
static void test_a_quota_of_the_guests_scope_is_not_hvbenchs(void)
{
    g_autoptr(Root) root = root_with_qemu("0::" SCOPE "/libvirt/vcpu0\n");
    HvbTuning tuning;

    write_group(root, "", "cgroup.controllers", "cpuset cpu io\n");
    write_group(root, SCOPE, "cpu.weight", "300\n");
    write_group(root, SCOPE, "cpu.max", "40000 100000\n");
    write_group(root, "machine.slice", "cpu.weight", "50\n");
    write_group(root, SCOPE "/libvirt", "cpu.max", "max 100000\n");
    write_group(root, SCOPE "/libvirt/vcpu0", "cpu.max", "max 100000\n");
    tuning = read_tuning(root);
    CU_ASSERT_EQUAL(tuning.shares, 300);
    expect_text(tuning.limit_group, SCOPE);
    CU_ASSERT_PTR_NOT_NULL(strstr(tuning.above, "/machine.slice: weight 50"));
    CU_ASSERT_PTR_NULL(strstr(tuning.above, "weight 300"));
}

/* Without a cgroup namespace /proc names groups as the host does, and the mount
 * shows them from the container's on. */
static void test_a_containers_groups_are_found_below_its_mount(void)
{
    g_autoptr(Root) root = root_with_qemu("0::/docker/5" MACHINE "/vcpu0\n");

    write_below(root, "proc/self/mountinfo",
                "30 20 0:9 / /proc rw - proc proc rw\n"
                "31 30 0:28 /docker/5 /sys/fs/cgroup rw shared:1 - cgroup2 "
                "cgroup rw,nsdelegate\n");
    write_group(root, "", "cgroup.controllers", "cpuset cpu io\n");
    write_group(root, "", "cpu.max", "30000 100000\n");
    write_group(root, MACHINE, "cpu.max", "max 100000\n");
    write_group(root, MACHINE "/vcpu0", "cpu.max", "max 100000\n");
    HvbTuning tuning = read_tuning(root);
    expect_text(tuning.above, "/: quota 30000 of 100000 us");
}

/* Of a container's long names only so much is kept as there is room for. */
static void test_a_change_beyond_what_can_be_kept_is_seen(void)
{
    static const char *const values[] = {"40000 100000\n", "50000 100000\n"};
    g_autofree char *longest = g_strnfill(240, 'x');
    g_autofree char *vm = g_strconcat(longest, "/", longest, "/vm", NULL);
    g_autofree char *vcpu = g_strconcat(vm, "/vcpu0", NULL);
    g_autofree char *middle = g_strconcat(longest, "/", longest, NULL);
    g_autofree char *listing = g_strconcat("0::/", vcpu, "\n", NULL);
    g_autoptr(Root) root = root_with_qemu(listing);
    HvbTuning tunings[2];

    write_group(root, "", "cgroup.controllers", "cpuset cpu io\n");
    write_group(root, vm, "cpu.max", "max 100000\n");
    write_group(root, vcpu, "cpu.max", "max 100000\n");
    write_group(root, middle, "cpu.max", "30000 100000\n");
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        write_group(root, "", "cpu.max", values[i]);
        tunings[i] = read_tuning(root);
        CU_ASSERT_EQUAL(strlen(tunings[i].above), HVB_ABOVE_MAX - 1);
    }
    CU_ASSERT_STRING_NOT_EQUAL(tunings[0].above, tunings[1].above);
}

/* Whoever is moved out of a group is not limited by it any more. */
static void test_a_vcpu_that_was_moved_away_is_seen(void)
{
    g_autoptr(Root) root = root_with_v1_guest();
    g_autoptr(HvbCgroup) cgroup = find_cgroup(root);
    HvbTuning tuning = {0};

    g_free(cgroup->vcpu_thread);
    cgroup->vcpu_thread = g_build_filename(root, "proc/7/task/9", NULL);
    write_below(root, "proc/7/task/9/cgroup", "1:cpu:/elsewhere\n");
    CU_ASSERT_TRUE(hvb_cgroup_read_tuning(cgroup, &tuning, NULL));
    expect_text(tuning.group, "/elsewhere");
}

static void test_throttling_above_a_guest_is_counted_once(void)
{
    g_autoptr(Root) root = root_with_v1_guest();
    HvbGuestMeter meter;

    write_v1_cpu(root, "cpu/machine", "50000\n");
    write_group(root, "cpu", "cpu.stat", "nr_periods 0\nnr_throttled 0\n");
    g_autoptr(HvbCgroup) cgroup = find_cgroup(root);
    CU_ASSERT_TRUE_FATAL(hvb_cgroup_read_meter(cgroup, &meter, NULL));
    CU_ASSERT_EQUAL(meter.throttling[HVB_QUOTA_ABOVE].periods, 10);
    CU_ASSERT_EQUAL(meter.throttling[HVB_QUOTA_ABOVE].throttled_periods, 3);
    CU_ASSERT_EQUAL(meter.throttling[HVB_QUOTA_ABOVE].throttled_ns, 70000);
    CU_ASSERT_EQUAL(meter.throttling[HVB_QUOTA_VM].throttled_periods, 3);
}

static void test_where_guests_will_be_is_read_before_there_is_one(void)
{
    g_autoptr(Root) root = root_new();
    HvbTuning tuning = {0};

    write_group(root, "", "cgroup.controllers", "cpuset cpu io\n");
    write_group(root, "machine.slice", "cpu.max", "20000 100000\n");
    g_autoptr(HvbAncestry) ancestry = hvb_ancestry_of_partition(root);
    CU_ASSERT_TRUE(hvb_ancestry_read(ancestry, &tuning, NULL));
    expect_text(tuning.above, "/machine.slice: quota 20000 of 100000 us");
}

/* Group watch */

static void overwrite(const char *path, const char *text)
{
    FILE *file = fopen(path, "r+");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static void test_what_is_changed_and_put_back_is_seen_with_both_values(void)
{
    g_autoptr(Root) root = root_new();
    g_autofree char *path = g_build_filename(root, "quota", NULL);
    g_autofree char *other = g_build_filename(root, "other", NULL);
    g_autofree char *missing = g_build_filename(root, "missing", NULL);

    write_below(root, "quota", "50000\n");
    write_below(root, "other", "7\n");
    g_autoptr(HvbGroupWatch) watch = hvb_group_watch_new();
    hvb_group_watch_add(watch, path, "guest 1's vCPU quota", FALSE);
    hvb_group_watch_add(watch, path, "the same again", FALSE);
    hvb_group_watch_add(watch, other, "the weight of /machine", TRUE);
    hvb_group_watch_add(watch, missing, "what is not there", FALSE);
    CU_ASSERT_EQUAL(hvb_group_watch_count(watch), 2);
    CU_ASSERT_PTR_NULL(hvb_group_watch_why_blind(watch));
    overwrite(path, "99999\n");
    while (g_main_context_iteration(NULL, FALSE))
        ;
    overwrite(path, "50000\n");
    g_auto(GStrv) notes = NULL;
    g_auto(GStrv) seen = hvb_group_watch_take(watch, &notes);
    CU_ASSERT_EQUAL_FATAL(g_strv_length(seen), 1);
    expect_text(seen[0],
                "guest 1's vCPU quota was changed in mid-cell and put back: "
                "99999, before and after it 50000");
}

/* Too quick for its value to be read. */
static void test_a_write_that_leaves_no_trace_is_seen_too(void)
{
    g_autoptr(Root) root = root_new();
    g_autofree char *path = g_build_filename(root, "quota", NULL);

    write_below(root, "quota", "50000\n");
    g_autoptr(HvbGroupWatch) watch = hvb_group_watch_new();
    hvb_group_watch_add(watch, path, "guest 1's vCPU quota", FALSE);
    overwrite(path, "99999\n");
    overwrite(path, "50000\n");
    g_auto(GStrv) notes = NULL;
    g_auto(GStrv) seen = hvb_group_watch_take(watch, &notes);
    CU_ASSERT_EQUAL_FATAL(g_strv_length(seen), 1);
    expect_text(seen[0], "guest 1's vCPU quota was written to in mid-cell, "
                         "and is 50000 as before");
}

/* As who manages the host does it to make sure. */
static void test_a_shared_value_that_is_written_again_is_a_note(void)
{
    g_autoptr(Root) root = root_new();
    g_autofree char *again = g_build_filename(root, "again", NULL);
    g_autofree char *changed = g_build_filename(root, "changed", NULL);

    write_below(root, "again", "100\n");
    write_below(root, "changed", "100\n");
    g_autoptr(HvbGroupWatch) watch = hvb_group_watch_new();
    hvb_group_watch_add(watch, again, "the weight of /machine", TRUE);
    hvb_group_watch_add(watch, changed, "the weight of /", TRUE);
    overwrite(again, "100\n");
    overwrite(changed, "999\n");
    while (g_main_context_iteration(NULL, FALSE))
        ;
    overwrite(changed, "100\n");
    g_auto(GStrv) notes = NULL;
    g_auto(GStrv) seen = hvb_group_watch_take(watch, &notes);
    CU_ASSERT_EQUAL_FATAL(g_strv_length(notes), 1);
    expect_text(notes[0], "the weight of /machine was written to in mid-cell, "
                          "and is 100 as before");
    CU_ASSERT_EQUAL_FATAL(g_strv_length(seen), 1);
    expect_text(seen[0], "the weight of / was changed in mid-cell and put "
                         "back: 999, before and after it 100");
}

/* It is seen by reading, with the value of before. */
static void test_what_stays_changed_is_left_to_who_reads_it(void)
{
    g_autoptr(Root) root = root_new();
    g_autofree char *path = g_build_filename(root, "quota", NULL);

    write_below(root, "quota", "50000\n");
    g_autoptr(HvbGroupWatch) watch = hvb_group_watch_new();
    hvb_group_watch_add(watch, path, "guest 1's vCPU quota", FALSE);
    overwrite(path, "99999\n");
    g_auto(GStrv) notes = NULL;
    g_auto(GStrv) seen = hvb_group_watch_take(watch, &notes);
    CU_ASSERT_EQUAL(g_strv_length(seen), 0);
}

static void test_limits_are_blamed_only_where_they_are_the_reason(void)
{
    g_autoptr(Root) root = root_new();
    g_autofree char *loop = g_build_filename(root, "loop", NULL);
    g_autofree char *expected =
        g_strdup_printf("%s: %s", loop, g_strerror(ELOOP));
    struct rlimit limit;

    CU_ASSERT_EQUAL_FATAL(symlink("loop", loop), 0);
    g_autoptr(HvbGroupWatch) watch = hvb_group_watch_new();
    hvb_group_watch_add(watch, loop, "a quota", FALSE);
    expect_text(hvb_group_watch_why_blind(watch), expected);
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const struct rlimit none = {.rlim_max = limit.rlim_max};
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &none), 0);
    g_autoptr(HvbGroupWatch) refused = hvb_group_watch_new();
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(hvb_group_watch_why_blind(refused));
    CU_ASSERT_PTR_NOT_NULL(strstr(hvb_group_watch_why_blind(refused),
                                  "raise fs.inotify.max_user_instances"));
}

static void count_files(const char *path, const char *what, gpointer user_data)
{
    GString *text = user_data;

    if (g_file_test(path, G_FILE_TEST_EXISTS))
        g_string_append_printf(text, "%s\n", what);
}

static void test_all_that_limits_a_guest_is_watched(void)
{
    g_autoptr(Root) root = root_with_v1_guest();
    g_autoptr(GString) text = g_string_new(NULL);

    write_group(root, "cpu/machine", "cpu.cfs_quota_us", "-1\n");
    write_group(root, "cpuset/machine", "cpuset.cpus", "0-1\n");
    write_group(root, "cpuset" MACHINE, "cpuset.cpus", "0-1\n");
    write_group(root, "cpuset" MACHINE "/vcpu0", "cpuset.cpus", "0\n");
    write_group(root, "cpuset" MACHINE "/emulator", "cpuset.cpus", "1\n");
    g_autoptr(HvbCgroup) cgroup = find_cgroup(root);
    hvb_cgroup_foreach_file(cgroup, "guest 1", count_files, text);
    hvb_ancestry_foreach_file(cgroup->above, count_files, text);
    expect_text(text->str, "guest 1's vCPU quota\n"
                           "guest 1's vCPU period\n"
                           "guest 1's vCPU weight\n"
                           "guest 1's VM quota\n"
                           "guest 1's VM period\n"
                           "guest 1's VM weight\n"
                           "guest 1's vCPU set of CPUs\n"
                           "guest 1's VM set of CPUs\n"
                           "guest 1's emulator set of CPUs\n"
                           "the quota of /machine\n"
                           "the CPUs of /machine\n");
}

/* Partition */

static char *record_of(const Root *root)
{
    return g_build_filename(root, "record", NULL);
}

static void test_only_a_partition_that_came_with_hvbench_goes_with_it(void)
{
    g_autoptr(Root) root = root_new();
    g_autofree char *record = record_of(root);

    make_dir_below(root, "cpu");
    make_dir_below(root, "cpuset");
    make_dir_below(root, "memory/machine/qemu-1-hvbench-guest1/vcpu0");
    HvbPartition *partition = hvb_partition_new(root, record);
    make_dir_below(root, "cpu/machine/qemu-1-hvbench-guest1/vcpu0");
    make_dir_below(root, "cpuset/machine/somebodys");
    make_dir_below(root, "machine");
    hvb_partition_free(partition);
    CU_ASSERT_FALSE(has_dir_below(root, "cpu/machine"));
    CU_ASSERT_FALSE(has_dir_below(root, "machine"));
    CU_ASSERT_TRUE(has_dir_below(root, "cpuset/machine/somebodys"));
    CU_ASSERT_TRUE(has_dir_below(root, "memory/machine"));
    CU_ASSERT_FALSE(
        has_dir_below(root, "memory/machine/qemu-1-hvbench-guest1"));
}

static void test_what_was_in_use_is_removed_by_the_next(void)
{
    g_autoptr(Root) root = root_new();
    g_autofree char *record = record_of(root);
    g_autofree char *left = NULL;

    make_dir_below(root, "cpu");
    make_dir_below(root, "cpuset");
    HvbPartition *partition = hvb_partition_new(root, record);
    make_dir_below(root, "cpu/machine");
    make_dir_below(root, "cpuset/machine/somebodys");
    hvb_partition_free(partition);
    CU_ASSERT_FALSE(has_dir_below(root, "cpu/machine"));
    CU_ASSERT_TRUE_FATAL(g_file_get_contents(record, &left, NULL, NULL));
    g_autofree char *busy =
        g_build_filename(root, "sys/fs/cgroup/cpuset/machine", NULL);
    expect_text(left, busy);
    g_autofree char *guest = g_build_filename(busy, "somebodys", NULL);
    CU_ASSERT_EQUAL(rmdir(guest), 0);
    make_dir_below(root, "cpu/machine"); /* not hvbench's this time */
    hvb_partition_free(hvb_partition_new(root, record));
    CU_ASSERT_FALSE(has_dir_below(root, "cpuset/machine"));
    CU_ASSERT_TRUE(has_dir_below(root, "cpu/machine"));
    CU_ASSERT_FALSE(g_file_test(record, G_FILE_TEST_EXISTS));
}

/* rmdir() of a real group takes its files along; of these it does not, so what
 * matters is that they are left alone: a directory with a file stays anyhow.
 * Hence the limits are looked at in a group that could be removed. */
static void test_a_partition_with_limits_is_told_from_one_without(void)
{
    static const struct {
        const char *file, *text;
        gboolean as_made;
    } cases[] = {
        {"cpu.cfs_quota_us", "-1\n", TRUE},
        {"cpu.cfs_quota_us", "50000\n", FALSE},
        {"cpu.shares", "1024\n", TRUE},
        {"cpu.shares", "2\n", FALSE},
        {"cpu.max", "max 100000\n", TRUE},
        {"cpu.max", "50000 100000\n", FALSE},
        {"cpuset.cpus", "\n", TRUE},
        {"cpuset.cpus", "0-1\n", TRUE},
        {"cpuset.cpus", "0\n", FALSE},
        {"memory.limit_in_bytes", "9223372036854771712\n", TRUE},
        {"memory.limit_in_bytes", "346030080\n", FALSE},
        {"memory.max", "max\n", TRUE},
        {"memory.max", "346030080\n", FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Root) root = root_new();
        g_autofree char *dir =
            g_build_filename(root, "sys/fs/cgroup/cpu/machine", NULL);
        write_group(root, "cpu", "cpuset.cpus", "0-1\n");
        write_group(root, "cpu/machine", cases[i].file, cases[i].text);
        CU_ASSERT_EQUAL(hvb_partition_is_as_made(dir), cases[i].as_made);
    }
}

static void test_what_a_killed_hvbench_made_is_removed_by_the_next(void)
{
    g_autoptr(Root) root = root_new();
    g_autofree char *record = record_of(root);
    g_autofree char *killed = g_build_filename(root, "killed", NULL);
    g_autofree char *text = NULL;

    make_dir_below(root, "cpu");
    make_dir_below(root, "memory/machine");
    HvbPartition *first = hvb_partition_new(root, record);
    make_dir_below(root, "cpu/machine");
    /* It ends without a word but for the record. */
    CU_ASSERT_TRUE(g_file_get_contents(record, &text, NULL, NULL));
    CU_ASSERT_EQUAL(rename(record, killed), 0);
    hvb_partition_free(first);
    make_dir_below(root, "cpu/machine");
    CU_ASSERT_EQUAL(rename(killed, record), 0);
    hvb_partition_free(hvb_partition_new(root, record));
    CU_ASSERT_FALSE(has_dir_below(root, "cpu/machine"));
    CU_ASSERT_TRUE(has_dir_below(root, "memory/machine"));
}

CU_TestInfo tests_ancestry[] = {
    {"defaults above a guest are nothing to tell of",
     test_defaults_above_a_guest_are_nothing_to_tell_of},
    {"every setting above a guest is told with its group",
     test_every_setting_above_a_guest_is_told_with_its_group},
    {"the tightest quota counts up to the root",
     test_the_tightest_quota_counts_up_to_the_root},
    {"a quota of the guest's scope is not hvbench's",
     test_a_quota_of_the_guests_scope_is_not_hvbenchs},
    {"a container's groups are found below its mount",
     test_a_containers_groups_are_found_below_its_mount},
    {"a change beyond what can be kept is seen",
     test_a_change_beyond_what_can_be_kept_is_seen},
    {"a vCPU that was moved away is seen",
     test_a_vcpu_that_was_moved_away_is_seen},
    {"throttling above a guest is counted once",
     test_throttling_above_a_guest_is_counted_once},
    {"where guests will be is read before there is one",
     test_where_guests_will_be_is_read_before_there_is_one},
    {"what is changed and put back is seen with both values",
     test_what_is_changed_and_put_back_is_seen_with_both_values},
    {"a write that leaves no trace is seen, too",
     test_a_write_that_leaves_no_trace_is_seen_too},
    {"a shared value that is written again is a note",
     test_a_shared_value_that_is_written_again_is_a_note},
    {"limits are blamed only where they are the reason",
     test_limits_are_blamed_only_where_they_are_the_reason},
    {"what stays changed is left to who reads it",
     test_what_stays_changed_is_left_to_who_reads_it},
    {"all that limits a guest is watched",
     test_all_that_limits_a_guest_is_watched},
    {"only a partition that came with hvbench goes with it",
     test_only_a_partition_that_came_with_hvbench_goes_with_it},
    {"what was in use is removed by the next",
     test_what_was_in_use_is_removed_by_the_next},
    {"a partition with limits is told from one without",
     test_a_partition_with_limits_is_told_from_one_without},
    {"what a killed hvbench made is removed by the next",
     test_what_a_killed_hvbench_made_is_removed_by_the_next},
    TEST_END,
};
