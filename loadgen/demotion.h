/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Demotion: how a process's priority is lowered and given back.
 *
 *   NICE    a nice value, of every thread
 *   IDLE    SCHED_IDLE, of every thread
 *   CGROUP  the cgroup "hvbench-demoted" of least weight (cgroup2: 1 of 10000,
 *           v1: 2 shares), made in the root of the hierarchy
 *
 * Processes and threads begun by a demoted process inherit its priority. */
#ifndef LOADGEN_DEMOTION_H
#define LOADGEN_DEMOTION_H

#include "cgroup.h"
#include "wire.h"

/* What a process had before. Threads that differed come back alike. */
typedef struct {
    int nice, policy;
    char cgroup[256]; /* its path in the hierarchy */
} Priority;

typedef struct {
    WireMethod method;
    int nice;
    Cgroup cgroup; /* "hvbench-demoted" */
} Demotion;

/* Finds out whether it can be done, and given back, and makes the cgroup.
 * Returns NULL, or the text of an error. */
const char *demotion_prepare(Demotion *demotion, WireMethod method, int nice);

/* Removes the cgroup; what is still in it goes to the root. */
void demotion_finish(const Demotion *demotion);

/* False: errno; nothing has changed. */
bool demotion_apply(const Demotion *demotion, pid_t pid, Priority *ret_before);

/* Gives back what a process had, unless somebody else has changed it since. */
void demotion_undo(const Demotion *demotion, pid_t pid, const Priority *before);

/* Whether the kernel groups processes by session. */
bool demotion_autogroup_is_on(void);

/* Sets the nice value of the process's whole session. False: errno, or there
 * is no such group. `ret_before` may be NULL. */
bool demotion_set_session(pid_t pid, int nice, int *ret_before);

#endif
