/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "test/unit/manager-world.h"

#include "loadgen/clock.h"

#include <CUnit/CUnit.h>
#include <sched.h>
#include <string.h>

void world_init(World *world, WireMethod method, bool autogroup)
{
    const WireManage settings = {.method = method,
                                 .interval_ms = WORLD_LOOK_MS,
                                 .memory_ms = 3000,
                                 .demote_permille = 100,
                                 .restore_permille = 40,
                                 .nice = 15};
    const ManagerPlace place = {.self = WORLD_SELF,
                                .agent = WORLD_AGENT,
                                .autogroup = autogroup};

    memset(world, 0, sizeof *world);
    manager_init(&world->manager, &settings, &place);
    world->now_ns = 1000 * NS_PER_S;
}

ProcessLook *world_add(World *world, pid_t pid, pid_t session, double use)
{
    ProcessLook *look = &world->looks[world->n];

    *look = (ProcessLook){.pid = pid,
                          .parent = WORLD_AGENT,
                          .session = session,
                          .started = 500 + (uint64_t)pid,
                          .policy = SCHED_OTHER};
    world->use[world->n++] = use;
    return look;
}

void world_pass(World *world)
{
    world->now_ns += WORLD_LOOK_MS * NS_PER_MS;
    for (size_t i = 0; i < world->n; i++)
        world->looks[i].cpu_ns +=
            (uint64_t)(world->use[i] * WORLD_LOOK_MS * (double)NS_PER_MS);
    CU_ASSERT_TRUE_FATAL(
        manager_look(&world->manager, world->now_ns, world->looks, world->n));
}

unsigned world_count(const World *world, ManagerVerb verb, pid_t pid)
{
    unsigned n = 0;

    for (size_t i = 0; i < world->manager.n_decisions; i++)
        n += world->manager.decisions[i].verb == verb &&
             (pid == 0 || world->manager.decisions[i].pid == pid);
    return n;
}

unsigned world_pass_until(World *world, ManagerVerb verb, pid_t pid,
                          unsigned limit)
{
    for (unsigned i = 1; i <= limit; i++) {
        world_pass(world);
        if (world_count(world, verb, pid) > 0)
            return i;
    }
    return 0;
}
