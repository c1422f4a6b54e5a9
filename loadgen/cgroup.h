/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cgroup: a cgroup of the agent's, in the root of the hierarchy that has the
 * cpu controller, be it cgroup2 or version 1.
 *
 * In the root, so that its weight is one among the system's; what is put there
 * leaves the agent's own cgroup, if that has one.
 *
 * Faults are texts that may be answered to the host. */
#ifndef LOADGEN_CGROUP_H
#define LOADGEN_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A limit is enforced in periods of this length. */
#define CGROUP_PERIOD_US 100000
/* The kernel takes no shorter quota than 1 ms. */
#define CGROUP_MIN_LIMIT_PERMILLE 10

typedef struct {
    bool version_1;
    char root[1024]; /* where the hierarchy is mounted */
    char path[1152]; /* of the cgroup's directory */
} Cgroup;

/* Finds the hierarchy and makes the cgroup `name`. One that is there already is
 * taken over, but if `exclusive` only when it is empty: another agent, for
 * which it would be in the wrong state afterwards, may be using it. Returns
 * NULL, or the fault: then *ret is undefined. */
const char *cgroup_make(Cgroup *ret, const char *name, bool exclusive);

/* Removes it; what is still in it goes to the root. */
void cgroup_remove(const Cgroup *cgroup);

/* Removes an empty cgroup `name` that an agent which was killed left behind. */
void cgroup_sweep(const char *name);

/* Gives it the least weight that there is (cgroup2: 1 of 10000, version 1: 2
 * shares). False: errno. */
bool cgroup_set_least_weight(const Cgroup *cgroup);

/* Limits the CPU time of all that is in it together, in permille of one CPU, at
 * least CGROUP_MIN_LIMIT_PERMILLE. False: errno; ENOENT: the kernel was built
 * without CONFIG_CFS_BANDWIDTH. */
bool cgroup_set_limit(const Cgroup *cgroup, uint32_t permille);

/* Moves a process into it. False: errno. */
bool cgroup_take(const Cgroup *cgroup, pid_t pid);

/* Where in this hierarchy a process is, as a path that begins with '/'. False:
 * it has ended, or the path does not fit. */
bool cgroup_locate(const Cgroup *cgroup, pid_t pid, char *ret, size_t size);

/* Moves a process out of it to such a path, or to the root if that is gone;
 * nothing, if it is not in it. */
void cgroup_release(const Cgroup *cgroup, pid_t pid, const char *path);

#endif
