/* SPDX-License-Identifier: GPL-3.0-or-later */
/* World: a made-up system for a manager to look at: processes and how much of
 * a CPU each uses. */
#ifndef TEST_UNIT_MANAGER_WORLD_H
#define TEST_UNIT_MANAGER_WORLD_H

#include "loadgen/manager.h"

#define WORLD_SELF 20
#define WORLD_AGENT 10
#define WORLD_LOOK_MS 500
#define WORLD_MAX 16

typedef struct {
    Manager manager;
    ProcessLook looks[WORLD_MAX]; /* add them in the order of their PIDs */
    double use[WORLD_MAX];        /* CPUs */
    size_t n;
    uint64_t now_ns;
} World;

/* An empty one, as in a guest. The manager's memory is 3 s; it demotes above
 * 10 % and restores below 4 % of a CPU, by the nice value 15 if by that. Clear
 * world->manager at the end. */
void world_init(World *world, WireMethod method, bool autogroup);

/* Adds a process. Borrowed. */
ProcessLook *world_add(World *world, pid_t pid, pid_t session, double use);

/* Lets an interval pass and the manager look. Carries out as a kernel that
 * allows everything. */
void world_pass(World *world);

/* Such decisions at the last look, on this process (0: on any). */
unsigned world_count(const World *world, ManagerVerb verb, pid_t pid);

/* Looks until the decision falls; returns after how many, 0: never. */
unsigned world_pass_until(World *world, ManagerVerb verb, pid_t pid,
                          unsigned limit);

#endif
