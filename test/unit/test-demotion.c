/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An agent's manager at work on real processes. */
#define _GNU_SOURCE
#include "loadgen/clock.h"
#include "test/suites.h"
#include "test/unit/agent-peer.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Permille: so little that who never pauses gets more of a busy machine, too.
 */
#define DEMOTE 20

static uint32_t ask_manage(AgentPeer *peer, WireMethod method,
                           uint32_t interval_ms)
{
    const WireManage manage = {method, interval_ms, 400,
                               DEMOTE, DEMOTE / 2,  15};

    return peer_ask_manage(peer, &manage);
}

static void expect_event(AgentPeer *peer, WireEventKind kind, WireEvent *ret)
{
    WireFrame frame;

    do {
        CU_ASSERT_TRUE_FATAL(peer_next(peer, &frame));
        if (frame.type == WIRE_EVENT)
            CU_ASSERT_TRUE_FATAL(wire_get_event(&frame, ret));
    } while (frame.type != WIRE_EVENT || ret->kind != (uint32_t)kind);
}

static bool is_in_demoted_cgroup(pid_t pid)
{
    char path[64], text[2048];
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return strstr(text, "hvbench-demoted") != NULL;
}

/* The only user, once it has its name: a process that was forked just now may
 * not have run yet. */
static ProcessLook find_user(const AgentPeer *peer, const char *name)
{
    uint64_t limit_ns = clock_now_ns() + 60 * NS_PER_S;
    ProcessLook children[MAX_CHILDREN] = {{0}};

    while (clock_now_ns() < limit_ns) {
        size_t n = peer_children(peer, children, MAX_CHILDREN);
        for (size_t i = 0; i < n; i++)
            if (strcmp(children[i].name, name) == 0)
                return children[i];
        clock_sleep_until(clock_now_ns() + 10 * NS_PER_MS);
    }
    CU_FAIL_FATAL("there is no user");
    return children[0];
}

static bool is_demoted(const AgentPeer *peer, const char *name,
                       WireMethod method)
{
    ProcessLook user = find_user(peer, name);

    switch (method) {
    case WIRE_METHOD_NICE:
        return user.nice == 15;
    case WIRE_METHOD_IDLE:
        return user.policy == SCHED_IDLE;
    default:
        return is_in_demoted_cgroup(user.pid);
    }
}

/* Whether it could be done here. `spared` is a hog of this name, too, which is
 * not to be demoted; NULL: there is none. */
static bool manage_a_hog(AgentPeer *peer, const char *name, const char *spared,
                         WireMethod method)
{
    WireFrame frame;
    WireEvent event;

    peer_load(peer, 1, 0);
    CU_ASSERT_FALSE(is_demoted(peer, name, method));
    ask_manage(peer, method, 100);
    do {
        CU_ASSERT_TRUE_FATAL(peer_next(peer, &frame));
    } while (frame.type == WIRE_EVENT);
    if (frame.type == WIRE_ERROR)
        return false;
    expect_event(peer, WIRE_EVENT_DEMOTED, &event);
    CU_ASSERT_STRING_EQUAL(event.text, name);
    CU_ASSERT_TRUE(event.permille > DEMOTE);
    CU_ASSERT_TRUE(is_demoted(peer, name, method));
    CU_ASSERT_FALSE(spared && is_demoted(peer, spared, method));
    CU_ASSERT_EQUAL(peer_meters(peer).managers, 1);
    ask_manage(peer, WIRE_METHOD_NONE, 0);
    expect_event(peer, WIRE_EVENT_RESTORED, &event);
    peer_expect_ok(peer, peer->sequence - 1);
    CU_ASSERT_EQUAL(peer_meters(peer).managers, 0);
    CU_ASSERT_FALSE(is_demoted(peer, name, method));
    CU_ASSERT_EQUAL(peer_children(peer, NULL, 0), spared ? 2 : 1);
    CU_ASSERT_TRUE(peer_meters(peer).manager_cpu_ns > 0);
    return true;
}

/* An agent that nobody else can be hurt by. False: the test is skipped. */
static bool start_isolated(AgentPeer *peer, bool on_host)
{
    if (geteuid() != 0 ||
        !(on_host ? peer_start_on_host(peer) : peer_start(peer, NULL, true))) {
        test_skip("needs root and PID namespaces");
        return false;
    }
    peer_welcome(peer);
    peer_work(peer, LITTLE_WORK);
    return true;
}

static void check_method(WireMethod method, bool on_host)
{
    AgentPeer peer;

    if (!start_isolated(&peer, on_host))
        return;
    if (!manage_a_hog(&peer, on_host ? "hvbench-service" : "user",
                      on_host ? PEER_HYPERVISOR : NULL, method))
        test_skip("the kernel or its set-up does not allow this method");
    CU_ASSERT_EQUAL(peer_end(&peer), 0);
}

static void test_manager_demotes_by_nice_and_gives_back(void)
{
    check_method(WIRE_METHOD_NICE, false);
}

static void test_manager_demotes_by_policy_and_gives_back(void)
{
    check_method(WIRE_METHOD_IDLE, false);
}

static void test_manager_demotes_by_cgroup_and_gives_back(void)
{
    check_method(WIRE_METHOD_CGROUP, false);
}

static void test_services_of_a_host_are_demoted_and_hypervisors_spared(void)
{
    check_method(WIRE_METHOD_CGROUP, true);
}

static void test_limit_and_manager_by_cgroup_exclude_each_other(void)
{
    static const WireLoad limited = {1, 1000, 4, 1000000, 1, 300};
    AgentPeer peer;
    WireFrame frame;
    uint32_t managed;

    if (!start_isolated(&peer, false))
        return;
    peer_ask_load(&peer, &limited);
    peer_expect_any(&peer, &frame);
    if (frame.type == WIRE_ERROR) {
        test_skip("the kernel or its set-up does not allow limits");
    } else {
        peer_expect_error(&peer, ask_manage(&peer, WIRE_METHOD_CGROUP, 100),
                          "exclude");
        peer_load(&peer, 1, 1000000);
        managed = ask_manage(&peer, WIRE_METHOD_CGROUP, 100);
        peer_expect_ok(&peer, managed);
        peer_expect_error(&peer, peer_ask_load(&peer, &limited), "exclude");
        CU_ASSERT_EQUAL(peer_children(&peer, NULL, 0), 1); /* the manager */
    }
    CU_ASSERT_EQUAL(peer_end(&peer), 0);
}

static void test_manager_settings_out_of_range_are_refused(void)
{
    AgentPeer peer;

    peer_start_welcomed(&peer, NULL);
    peer_expect_error(&peer, ask_manage(&peer, WIRE_METHOD_NICE, 0),
                      "interval");
    peer_expect_error(&peer, ask_manage(&peer, WIRE_METHOD_NICE, 5000),
                      "memory");
    peer_end(&peer);
}

CU_TestInfo tests_demotion[] = {
    {"the manager demotes by nice and gives back",
     test_manager_demotes_by_nice_and_gives_back},
    {"the manager demotes by policy and gives back",
     test_manager_demotes_by_policy_and_gives_back},
    {"the manager demotes by cgroup and gives back",
     test_manager_demotes_by_cgroup_and_gives_back},
    {"services of a host are demoted, and hypervisors spared",
     test_services_of_a_host_are_demoted_and_hypervisors_spared},
    {"a limit and a manager by cgroup exclude each other",
     test_limit_and_manager_by_cgroup_exclude_each_other},
    {"manager settings out of range are refused",
     test_manager_settings_out_of_range_are_refused},
    TEST_END,
};
