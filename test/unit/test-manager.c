/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "loadgen/clock.h"
#include "test/suites.h"
#include "test/unit/manager-world.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

static void test_hog_is_demoted_within_three_seconds(void)
{
    World world;

    world_init(&world, WIRE_METHOD_NICE, false);
    world_add(&world, 100, 1, 0.0);
    for (int i = 0; i < 20; i++)
        world_pass(&world);
    /* One of eight in a system that is short of CPU. */
    world.use[0] = 0.125;
    unsigned looks = world_pass_until(&world, MANAGER_DEMOTE, 100, 30);
    CU_ASSERT_TRUE(looks > 2 && looks <= 10);
    manager_clear(&world.manager);
    world_init(&world, WIRE_METHOD_NICE, false);
    world_add(&world, 100, 1, 1.0);
    looks = world_pass_until(&world, MANAGER_DEMOTE, 100, 30);
    CU_ASSERT_TRUE(looks > 0 && looks * WORLD_LOOK_MS <= 3000);
    manager_clear(&world.manager);
}

static void test_use_is_the_decaying_mean(void)
{
    World world;

    world_init(&world, WIRE_METHOD_NICE, false);
    world_add(&world, 100, 1, 0.05);
    for (int i = 0; i < 7; i++)
        world_pass(&world);
    /* Six intervals of half a second after the first look, memory 3 s. */
    CU_ASSERT_DOUBLE_EQUAL(manager_find(&world.manager, 100)->use,
                           0.05 * (1 - exp(-1)), 1e-6);
    manager_clear(&world.manager);
}

static void test_past_use_counts_for_nothing_at_the_first_look(void)
{
    World world;

    world_init(&world, WIRE_METHOD_NICE, false);
    world_add(&world, 100, 1, 0.01)->cpu_ns = 3600 * NS_PER_S;
    CU_ASSERT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 0, 20), 0);
    manager_clear(&world.manager);
}

static void test_light_process_is_left_alone(void)
{
    World world;

    world_init(&world, WIRE_METHOD_NICE, false);
    world_add(&world, 100, 1, 0.09);
    CU_ASSERT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 0, 100), 0);
    manager_clear(&world.manager);
}

static void test_short_burst_is_left_alone(void)
{
    World world;

    world_init(&world, WIRE_METHOD_NICE, false);
    world_add(&world, 100, 1, 0);
    world_pass(&world);
    /* 120 ms of work of a process that was just launched. */
    world_add(&world, 101, 1, 0.24);
    world_pass(&world);
    world.n = 1;
    CU_ASSERT_EQUAL(world_count(&world, MANAGER_DEMOTE, 0), 0);
    CU_ASSERT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 0, 10), 0);
    manager_clear(&world.manager);
}

static void test_process_is_restored_once_when_it_calms_down(void)
{
    World world;

    world_init(&world, WIRE_METHOD_NICE, false);
    world_add(&world, 100, 1, 0.9)->nice = 3;
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 100, 10), 0);
    CU_ASSERT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 100, 20), 0);
    world.use[0] = 0.01;
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_RESTORE, 100, 40), 0);
    CU_ASSERT_EQUAL(world_pass_until(&world, MANAGER_RESTORE, 100, 40), 0);
    manager_clear(&world.manager);
}

static void test_starved_process_is_not_taken_for_calm(void)
{
    World world;
    ProcessLook *hog;

    world_init(&world, WIRE_METHOD_NICE, false);
    hog = world_add(&world, 100, 1, 0.9);
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 100, 10), 0);
    /* It wants to run all the time and is hardly let. */
    world.use[0] = 0.005;
    hog->runnable = true;
    CU_ASSERT_EQUAL(world_pass_until(&world, MANAGER_RESTORE, 100, 100), 0);
    hog->runnable = false;
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_RESTORE, 100, 100), 0);
    manager_clear(&world.manager);
}

static void test_kernel_init_agent_and_manager_are_left_alone(void)
{
    World world;

    world_init(&world, WIRE_METHOD_NICE, false);
    world_add(&world, 1, 1, 1);
    world_add(&world, 2, 0, 1)->kernel = true;
    world_add(&world, WORLD_AGENT, 1, 1);
    world_add(&world, WORLD_SELF, 1, 1);
    CU_ASSERT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 0, 20), 0);
    manager_clear(&world.manager);
}

static void test_other_policies_and_lower_priorities_are_left_alone(void)
{
    World world;

    world_init(&world, WIRE_METHOD_NICE, false);
    world_add(&world, 100, 1, 1)->policy = SCHED_FIFO;
    world_add(&world, 101, 1, 1)->policy = SCHED_IDLE;
    world_add(&world, 102, 1, 1)->nice = 19;
    world_add(&world, 103, 1, 1)->policy = SCHED_BATCH;
    CU_ASSERT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 103, 20), 2);
    CU_ASSERT_EQUAL(world.manager.n_decisions, 1);
    manager_clear(&world.manager);
}

static void test_reused_pid_starts_afresh(void)
{
    World world;
    ProcessLook *process;

    world_init(&world, WIRE_METHOD_NICE, false);
    process = world_add(&world, 100, 1, 0.9);
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 100, 10), 0);
    process->started += 1000;
    process->cpu_ns = 0;
    world.use[0] = 0;
    world_pass(&world);
    CU_ASSERT_FALSE(manager_find(&world.manager, 100)->demoted);
    CU_ASSERT_EQUAL(world_count(&world, MANAGER_RESTORE, 0), 0);
    CU_ASSERT_EQUAL(manager_find(&world.manager, 100)->use, 0);
    manager_clear(&world.manager);
}

static void
test_child_of_a_demoted_process_is_restored_to_its_parents_past(void)
{
    World world;
    ProcessLook *child;

    world_init(&world, WIRE_METHOD_NICE, false);
    world_add(&world, 100, 1, 0.9);
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 100, 10), 0);
    manager_find(&world.manager, 100)->before.nice = 4;
    world.looks[0].nice = 15;
    child = world_add(&world, 101, 1, 0);
    child->parent = 100;
    child->nice = 15;
    world_pass(&world);
    CU_ASSERT_TRUE(manager_find(&world.manager, 101)->demoted);
    CU_ASSERT_EQUAL(manager_find(&world.manager, 101)->before.nice, 4);
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_RESTORE, 101, 40), 0);
    manager_clear(&world.manager);
}

static void test_child_born_before_the_demotion_is_not_taken_for_demoted(void)
{
    World world;
    ProcessLook *child;

    world_init(&world, WIRE_METHOD_NICE, false);
    world_add(&world, 100, 1, 0.9);
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 100, 10), 0);
    child = world_add(&world, 101, 1, 0);
    child->parent = 100;
    world_pass(&world);
    CU_ASSERT_FALSE(manager_find(&world.manager, 101)->demoted);
    manager_clear(&world.manager);
}

static void test_orphan_of_a_demoted_session_is_taken_for_demoted(void)
{
    World world;
    ProcessLook *orphan;

    world_init(&world, WIRE_METHOD_NICE, false);
    world_add(&world, 100, 7, 0.9);
    world_add(&world, 101, 8, 0.0);
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 100, 10), 0);
    orphan = world_add(&world, 102, 7, 0);
    orphan->parent = 1;
    orphan->nice = 15;
    orphan = world_add(&world, 103, 8, 0);
    orphan->parent = 1;
    orphan->nice = 15;
    world_pass(&world);
    CU_ASSERT_TRUE(manager_find(&world.manager, 102)->demoted);
    CU_ASSERT_FALSE(manager_find(&world.manager, 103)->demoted);
    manager_clear(&world.manager);
}

static void test_refused_process_is_not_tried_again(void)
{
    World world;

    world_init(&world, WIRE_METHOD_NICE, false);
    world_add(&world, 100, 1, 0.9);
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 100, 10), 0);
    manager_refuse(&world.manager, &world.manager.decisions[0]);
    CU_ASSERT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 100, 40), 0);
    CU_ASSERT_TRUE(manager_give_all_back(&world.manager));
    CU_ASSERT_EQUAL(world.manager.n_decisions, 0);
    manager_clear(&world.manager);
}

static void test_giving_back_restores_everything_once(void)
{
    World world;

    world_init(&world, WIRE_METHOD_NICE, true);
    for (pid_t pid = 100; pid < 105; pid++)
        world_add(&world, pid, 30, 0.2);
    world_add(&world, 105, 31, 0.01);
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 104, 20), 0);
    CU_ASSERT_EQUAL(world_count(&world, MANAGER_DEMOTE, 0), 5);
    CU_ASSERT_EQUAL(world_count(&world, MANAGER_DEMOTE_SESSION, 0), 1);
    CU_ASSERT_TRUE(manager_give_all_back(&world.manager));
    CU_ASSERT_EQUAL(world_count(&world, MANAGER_RESTORE, 0), 5);
    CU_ASSERT_EQUAL(world_count(&world, MANAGER_RESTORE, 105), 0);
    CU_ASSERT_EQUAL(world_count(&world, MANAGER_RESTORE_SESSION, 0), 1);
    CU_ASSERT_TRUE(manager_give_all_back(&world.manager));
    CU_ASSERT_EQUAL(world.manager.n_decisions, 0);
    manager_clear(&world.manager);
}

static void test_session_is_demoted_only_when_its_others_are_quiet(void)
{
    World world;

    world_init(&world, WIRE_METHOD_NICE, true);
    world_add(&world, 100, 30, 0.9);
    world_add(&world, 101, 30, 0.03); /* somebody works there */
    world_add(&world, 200, 40, 0.9);
    world_add(&world, 201, 40, 0.005);
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE_SESSION, 200,
                                         10),
                        0);
    /* Its average has not yet grown at the very first looks. */
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_RESTORE_SESSION, 0,
                                         10),
                        0);
    CU_ASSERT_PTR_NOT_NULL(manager_find_session(&world.manager, 40));
    for (int i = 0; i < 20; i++)
        world_pass(&world);
    CU_ASSERT_PTR_NULL(manager_find_session(&world.manager, 30));
    CU_ASSERT_TRUE(manager_find_session(&world.manager, 40)->demoted);
    /* Somebody comes back to work in it. */
    world.use[3] = 0.08;
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_RESTORE_SESSION, 0,
                                         10),
                        0);
    CU_ASSERT_TRUE(manager_find(&world.manager, 200)->demoted);
    manager_clear(&world.manager);
}

static void test_sessions_are_not_touched_without_autogroup_or_by_cgroup(void)
{
    World world;

    for (int i = 0; i < 2; i++) {
        world_init(&world, i == 0 ? WIRE_METHOD_NICE : WIRE_METHOD_CGROUP,
                   i == 1);
        world_add(&world, 100, 30, 0.9);
        CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 100, 10),
                            0);
        CU_ASSERT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE_SESSION, 0, 20),
                        0);
        manager_clear(&world.manager);
    }
}

static void test_session_of_the_agent_is_not_demoted(void)
{
    World world;

    world_init(&world, WIRE_METHOD_NICE, true);
    world_add(&world, WORLD_AGENT, 30, 0);
    world_add(&world, 100, 30, 0.9);
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 100, 10), 0);
    CU_ASSERT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE_SESSION, 0, 20), 0);
    manager_clear(&world.manager);
}

static void test_ended_processes_are_forgotten(void)
{
    World world;

    world_init(&world, WIRE_METHOD_NICE, true);
    world_add(&world, 100, 30, 0.9);
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE_SESSION, 100,
                                         10),
                        0);
    world.n = 0;
    world_pass(&world);
    CU_ASSERT_EQUAL(world.manager.n_processes, 0);
    CU_ASSERT_EQUAL(world.manager.n_sessions, 0);
    CU_ASSERT_EQUAL(world.manager.n_decisions, 0);
    manager_clear(&world.manager);
}

static void test_stat_with_a_wicked_name_is_parsed(void)
{
    static const char text[] =
        "4711 (a) R (b\n) R 12 4711 33 0 -1 4194304 1 2 3 4 150 50 9 9 25 5 1 "
        "0 98765 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 17 1 0 3 0 0 0\n";
    ProcessLook look;

    CU_ASSERT_TRUE_FATAL(process_parse(text, 100, &look));
    CU_ASSERT_EQUAL(look.pid, 4711);
    CU_ASSERT_EQUAL(look.parent, 12);
    CU_ASSERT_EQUAL(look.session, 33);
    CU_ASSERT_EQUAL(look.cpu_ns, 2 * NS_PER_S);
    CU_ASSERT_EQUAL(look.nice, 5);
    CU_ASSERT_EQUAL(look.started, 98765);
    CU_ASSERT_EQUAL(look.policy, 3);
    CU_ASSERT_TRUE(look.runnable);
    CU_ASSERT_FALSE(look.kernel);
    CU_ASSERT_STRING_EQUAL(look.name, "a) R (b?");
}

static void test_kernel_threads_zombies_and_nonsense_are_told_apart(void)
{
    static const char format[] =
        "9 (x) %c 2 0 0 0 -1 %u 0 0 0 0 0 5 0 0 20 0 1 0 60 0 0 0 0 0 0 0 0 0 "
        "0 0 0 0 0 17 0 0 0 0 0 0";
    ProcessLook look;
    char text[256];

    snprintf(text, sizeof text, format, 'I', 0x00208040u);
    CU_ASSERT_TRUE(process_parse(text, 100, &look));
    CU_ASSERT_TRUE(look.kernel);
    snprintf(text, sizeof text, format, 'Z', 0x00400000u);
    CU_ASSERT_FALSE(process_parse(text, 100, &look));
    CU_ASSERT_FALSE(process_parse("", 100, &look));
    CU_ASSERT_FALSE(process_parse("9 (x) R 2", 100, &look));
    CU_ASSERT_FALSE(process_parse("9 )x( R 2", 100, &look));
}

CU_TestInfo tests_manager[] = {
    {"a hog is demoted within three seconds",
     test_hog_is_demoted_within_three_seconds},
    {"use is the decaying mean", test_use_is_the_decaying_mean},
    {"past use counts for nothing at the first look",
     test_past_use_counts_for_nothing_at_the_first_look},
    {"a light process is left alone", test_light_process_is_left_alone},
    {"a short burst is left alone", test_short_burst_is_left_alone},
    {"a process is restored once when it calms down",
     test_process_is_restored_once_when_it_calms_down},
    {"a starved process is not taken for calm",
     test_starved_process_is_not_taken_for_calm},
    {"kernel, init, agent and manager are left alone",
     test_kernel_init_agent_and_manager_are_left_alone},
    {"other policies and lower priorities are left alone",
     test_other_policies_and_lower_priorities_are_left_alone},
    {"a reused PID starts afresh", test_reused_pid_starts_afresh},
    {"a child of a demoted process is restored to its parent's past",
     test_child_of_a_demoted_process_is_restored_to_its_parents_past},
    {"a child born before the demotion is not taken for demoted",
     test_child_born_before_the_demotion_is_not_taken_for_demoted},
    {"an orphan of a demoted session is taken for demoted",
     test_orphan_of_a_demoted_session_is_taken_for_demoted},
    {"a refused process is not tried again",
     test_refused_process_is_not_tried_again},
    {"giving back restores everything once",
     test_giving_back_restores_everything_once},
    {"a session is demoted only when its others are quiet",
     test_session_is_demoted_only_when_its_others_are_quiet},
    {"sessions are not touched without autogroup or by cgroup",
     test_sessions_are_not_touched_without_autogroup_or_by_cgroup},
    {"the session of the agent is not demoted",
     test_session_of_the_agent_is_not_demoted},
    {"ended processes are forgotten", test_ended_processes_are_forgotten},
    {"a stat with a wicked name is parsed",
     test_stat_with_a_wicked_name_is_parsed},
    {"kernel threads, zombies and nonsense are told apart",
     test_kernel_threads_zombies_and_nonsense_are_told_apart},
    TEST_END,
};
