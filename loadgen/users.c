/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "users.h"

#include "clock.h"
#include "random.h"
#include "work.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#define MAX_MEAN_US 3600000000u /* an hour */
#define MAX_CUT 1000
#define CGROUP_NAME "hvbench-users"

typedef struct {
    WireLoad load;
    uint32_t index;
    uint64_t iterations_per_ms;
} User;

static uint64_t pick_burst(Random *random, const User *user)
{
    double mean_us = user->load.burst_mean_us;
    double burst_us = random_exponential(random, mean_us);

    if (burst_us > mean_us * user->load.burst_cut)
        burst_us = mean_us * user->load.burst_cut;
    return (uint64_t)(burst_us / 1000 * (double)user->iterations_per_ms);
}

static void think(Random *random, const User *user)
{
    double pause_us = random_exponential(random, user->load.think_mean_us);

    clock_sleep_until(clock_now_ns() + (uint64_t)(pause_us * 1000));
}

static int live(void *data)
{
    const User *user = data;
    Random random;

    random_init(&random, user->load.seed + user->index);
    for (;;) {
        if (user->load.think_mean_us > 0)
            think(&random, user);
        work_do(pick_burst(&random, user));
    }
    return EXIT_SUCCESS;
}

static const char *find_fault(const WireLoad *load, uint64_t iterations_per_ms)
{
    if (load->users == 0)
        return NULL;
    if (iterations_per_ms == 0)
        return "LOAD: no WORK yet, the size of a burst is unknown";
    if (load->users > USERS_MAX)
        return "LOAD: more than 4096 users";
    if (load->burst_mean_us == 0 || load->burst_mean_us > MAX_MEAN_US)
        return "LOAD: mean burst not within 1 us ... 1 h";
    if (load->burst_cut == 0 || load->burst_cut > MAX_CUT)
        return "LOAD: bursts not cut at 1 ... 1000 times their mean";
    if (load->think_mean_us > MAX_MEAN_US)
        return "LOAD: mean think time above 1 h";
    if (load->limit_permille > 0 &&
        (load->limit_permille < CGROUP_MIN_LIMIT_PERMILLE ||
         load->limit_permille > USERS_MAX_LIMIT_PERMILLE))
        return "LOAD: limit not within 1 % of a CPU ... 1000 CPUs";
    return NULL;
}

void users_init(Users *users, bool on_host)
{
    users->name = on_host ? "hvbench-service" : "user";
    users->limited = false;
    cgroup_sweep(CGROUP_NAME);
}

static const char *make_limit(Users *users, uint32_t limit_permille)
{
    const char *fault = cgroup_make(&users->cgroup, CGROUP_NAME, true);

    if (fault)
        return fault;
    users->limited = true;
    if (cgroup_set_limit(&users->cgroup, limit_permille))
        return NULL;
    return errno == ENOENT
               ? "LOAD: no limit, this kernel was built without quotas for "
                 "cgroups (CONFIG_CFS_BANDWIDTH)"
               : "LOAD: the kernel refuses the limit of cgroup " CGROUP_NAME;
}

static const char *start_one(Users *users, Children *children, User *user)
{
    const ChildKind kind = {CHILD_USER, users->name, SIGKILL, -1, NULL};
    pid_t pid = children_start(children, &kind, live, user);

    if (pid < 0)
        return "LOAD: cannot fork so many users";
    if (users->limited && !cgroup_take(&users->cgroup, pid))
        return "LOAD: cannot move a user to cgroup " CGROUP_NAME;
    return NULL;
}

const char *users_set(Users *users, Children *children, const WireLoad *load,
                      uint64_t iterations_per_ms)
{
    const char *fault = find_fault(load, iterations_per_ms);
    User user = {*load, 0, iterations_per_ms};

    users_stop(users, children);
    if (!fault && load->users > 0 && load->limit_permille > 0)
        fault = make_limit(users, load->limit_permille);
    for (; !fault && user.index < load->users; user.index++)
        fault = start_one(users, children, &user);
    if (fault)
        users_stop(users, children);
    return fault;
}

void users_stop(Users *users, Children *children)
{
    children_stop(children, CHILD_USER, SIGKILL, 0);
    if (users->limited)
        cgroup_remove(&users->cgroup);
    users->limited = false;
}
