/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/unit/cgroup-fixture.h"

#include <CUnit/CUnit.h>
#include <glib/gstdio.h>
#include <stdio.h>

#define CMDLINE "/usr/bin/qemu-system-x86_64\0-name\0guest=" DOMAIN ",debug=on"

Root *root_with_qemu(const char *groups)
{
    Root *root = root_new();

    write_bytes_below(root, "proc/7/cmdline", CMDLINE, sizeof CMDLINE);
    write_below(root, "proc/7/task/7/comm", "qemu-system-x86\n");
    write_below(root, "proc/7/task/7/cgroup", "0::/elsewhere\n");
    write_below(root, "proc/7/task/9/comm", "CPU 0/TCG\n");
    write_below(root, "proc/7/task/9/cgroup", groups);
    return root;
}

void write_group(const Root *root, const char *group, const char *file,
                 const char *text)
{
    g_autofree char *path =
        g_build_filename("sys/fs/cgroup", group, file, NULL);

    write_below(root, path, text);
}

void write_v1_cpu(const Root *root, const char *group, const char *quota)
{
    write_group(root, group, "cpu.cfs_quota_us", quota);
    write_group(root, group, "cpu.cfs_period_us", "100000\n");
    write_group(root, group, "cpu.stat",
                "nr_periods 10\nnr_throttled 3\nthrottled_time 70000\n");
    write_group(root, group, "cpu.shares", "512\n");
}

Root *root_with_v1_guest(void)
{
    Root *root = root_with_qemu("3:cpuset:" MACHINE "/vcpu0\n"
                                "2:cpuacct:" MACHINE "/vcpu0\n"
                                "1:cpu:" MACHINE "/vcpu0\n0::/\n");

    write_v1_cpu(root, "cpu" MACHINE, "-1\n");
    write_v1_cpu(root, "cpu" MACHINE "/vcpu0", "50000\n");
    write_group(root, "cpuacct" MACHINE, "cpuacct.usage", "9000\n");
    write_group(root, "cpuacct" MACHINE "/vcpu0", "cpuacct.usage", "7000\n");
    write_below(root, "sys/devices/system/cpu/online", "0-1\n");
    return root;
}

void make_dir_below(const Root *root, const char *dir)
{
    g_autofree char *path = g_build_filename(root, "sys/fs/cgroup", dir, NULL);

    CU_ASSERT_EQUAL_FATAL(g_mkdir_with_parents(path, 0755), 0);
}

gboolean has_dir_below(const Root *root, const char *dir)
{
    g_autofree char *path = g_build_filename(root, "sys/fs/cgroup", dir, NULL);

    return g_file_test(path, G_FILE_TEST_IS_DIR);
}

HvbCgroup *find_cgroup(const Root *root)
{
    g_autoptr(GError) error = NULL;
    HvbCgroup *cgroup = hvb_cgroup_find_below(root, DOMAIN, &error);

    if (error)
        fprintf(stderr, "\n  %s\n", error->message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cgroup);
    return cgroup;
}
