/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A directory that stands for "/", with control groups and a QEMU in them. */
#ifndef TEST_UNIT_CGROUP_FIXTURE_H
#define TEST_UNIT_CGROUP_FIXTURE_H

#include "hvbench/bed/cgroup.h"
#include "test/unit/root-fixture.h"

#define DOMAIN "hvbench-guest1"
/* As libvirt names them without systemd, and systemd-machined. */
#define MACHINE "/machine/qemu-1-" DOMAIN ".libvirt-qemu"
#define SCOPE "/machine.slice/machine-qemu\\x2d1\\x2dhvbench.scope"

/* A QEMU whose vCPU thread is in these groups (a /proc/PID/cgroup). */
Root *root_with_qemu(const char *groups);

void write_group(const Root *root, const char *group, const char *file,
                 const char *text);
/* A group of v1's cpu controller, throttled in 3 of 10 periods. */
void write_v1_cpu(const Root *root, const char *group, const char *quota);
/* The groups of a guest under v1, "machine" above it left to the test. */
Root *root_with_v1_guest(void);

void make_dir_below(const Root *root, const char *dir);
gboolean has_dir_below(const Root *root, const char *dir);

/* Finds the guest's groups, or fails the test for good. */
HvbCgroup *find_cgroup(const Root *root);

#endif
