/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Children: the agent's processes, what they are for and what CPU they used.
 *
 * All of them stay in the agent's session and process group. With
 * sched_autogroup on, the kernel shares the CPU between sessions first, and
 * nice values count only inside one: in one session the users, the probe
 * users and the manager's decisions meet as they would without it. The same
 * holds for an agent that is a service of systemd: its session, or where the
 * cpu controller is on, its cgroup, is one group with all of them in it. */
#ifndef LOADGEN_CHILDREN_H
#define LOADGEN_CHILDREN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef enum {
    CHILD_USER,
    CHILD_PROBE,
    CHILD_MANAGER,
    CHILD_CALIBRATION,
    CHILD_N_ROLES,
} ChildRole;

/* USERS_MAX users, WIRE_MAX_POOL probe users of each vantage, a manager and a
 * calibration, and then some. */
#define CHILDREN_MAX 4300
/* The one descriptor, besides 0 to 2, that a child may keep. */
#define CHILD_FD 3

typedef struct {
    pid_t pid;
    ChildRole role;
    /* CPU of its own reaped children, while it lives; or NULL */
    const _Atomic uint64_t *launched_ns;
} Child;

typedef struct {
    Child list[CHILDREN_MAX];
    unsigned n;
    uint64_t reaped_ns[CHILD_N_ROLES];
    uint64_t reported_ns[CHILD_N_ROLES];
} Children;

void children_init(Children *children);

/* What a child runs; its return value is the process's exit status. */
typedef int (*ChildMain)(void *data);

typedef struct {
    ChildRole role;
    const char *name; /* for ps; at most 15 characters */
    int death_signal; /* sent to the child when the agent dies */
    int keep_fd;      /* becomes CHILD_FD in the child; -1: none */
    const _Atomic uint64_t *launched_ns; /* valid until the child is reaped */
} ChildKind;

/* Forks a process that runs `run`, at nice 0 with default signal handling and
 * without the agent's descriptors. Returns its PID, or -1 with errno. */
pid_t children_start(Children *children, const ChildKind *kind, ChildMain run,
                     void *data);

/* Sends the signal to every child of that role, waits at most `grace_ms` for
 * them to end, then kills what is left. All of them are gone afterwards. */
void children_stop(Children *children, ChildRole role, int signal,
                   unsigned grace_ms);

/* Reaps one child that has ended (orphans on the way are reaped unseen, their
 * CPU counts as the probe users': only they start processes). False: none. */
bool children_reap(Children *children, Child *ret_child, int *ret_status);

unsigned children_count(const Children *children, ChildRole role);

/* CPU time that the processes of this role used, ended ones included, since
 * the agent began. Never decreases. */
uint64_t children_cpu_ns(Children *children, ChildRole role);

#endif
