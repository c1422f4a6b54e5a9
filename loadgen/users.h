/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Users: the emulated users that load the system, a process each.
 *
 * A user is closed-loop: it works for a burst, thinks, and only then works
 * again; what holds up its work holds up what it will ask for. Bursts are
 * exponential, counted in calibrated work and cut at a multiple of the mean;
 * thinking is exponential, too. Each begins by thinking, so that they do not
 * start in step. Users run at nice 0 with the default policy.
 *
 * With a limit they are in the cgroup "hvbench-users", which the kernel stops
 * for the rest of each period of 100 ms in which they used up what they may.
 * Among the others of the system they then weigh together as one process of
 * nice 0 does, and their nice values count among themselves only. The cgroup is
 * there as long as they are. */
#ifndef LOADGEN_USERS_H
#define LOADGEN_USERS_H

#include "cgroup.h"
#include "children.h"
#include "wire.h"

#define USERS_MAX 4096
/* Of a limit, permille of one CPU: a thousand CPUs. */
#define USERS_MAX_LIMIT_PERMILLE 1000000

typedef struct {
    const char *name; /* of their processes */
    bool limited;     /* they are in the cgroup */
    Cgroup cgroup;
} Users;

/* On a host they are its services, and named so. Removes what an agent that was
 * killed left behind. */
void users_init(Users *users, bool on_host);

/* Replaces the users there are by those asked for. Returns NULL, or the text of
 * an error: then there are no users. */
const char *users_set(Users *users, Children *children, const WireLoad *load,
                      uint64_t iterations_per_ms);

void users_stop(Users *users, Children *children);

#endif
