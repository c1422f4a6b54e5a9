/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An agent's users that the kernel holds to a limit. */
#define _GNU_SOURCE
#include "loadgen/cgroup.h"
#include "loadgen/clock.h"
#include "loadgen/files.h"
#include "test/suites.h"
#include "test/unit/agent-peer.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME "hvbench-users"

static const WireLoad limited = {3, 1000, 4, 1000000, 1, 300};

/* Starts an agent with three users and a limit of 30 %, and finds out where
 * their cgroup is. False: that cannot be done here, the test is skipped. */
static bool start_limited(AgentPeer *peer, Cgroup *ret)
{
    WireFrame frame;

    peer_start_welcomed(peer, NULL);
    peer_work(peer, LITTLE_WORK);
    peer_ask_load(peer, &limited);
    peer_expect_any(peer, &frame);
    if (frame.type == WIRE_OK && !cgroup_make(ret, NAME, false))
        return true;
    CU_ASSERT_EQUAL(frame.type, WIRE_ERROR);
    CU_ASSERT_EQUAL(peer_children(peer, NULL, 0), 0);
    peer_end(peer);
    test_skip("limits need root and a kernel with quotas");
    return false;
}

static bool exists(const Cgroup *cgroup)
{
    return access(cgroup->path, F_OK) == 0;
}

static void read_in(const Cgroup *cgroup, const char *name, char *ret,
                    size_t size)
{
    char path[1280];

    snprintf(path, sizeof path, "%s/%s", cgroup->path, name);
    CU_ASSERT_TRUE(file_read(path, ret, size));
}

static void expect_limit(const Cgroup *cgroup, const char *quota_us)
{
    char text[64], both[64];

    snprintf(both, sizeof both, "%s 100000", quota_us);
    if (!cgroup->version_1) {
        read_in(cgroup, "cpu.max", text, sizeof text);
        CU_ASSERT_STRING_EQUAL(text, both);
        return;
    }
    read_in(cgroup, "cpu.cfs_quota_us", text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, quota_us);
    read_in(cgroup, "cpu.cfs_period_us", text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "100000");
}

static bool is_in(const Cgroup *cgroup, pid_t pid)
{
    char path[256] = "";

    CU_ASSERT_TRUE(cgroup_locate(cgroup, pid, path, sizeof path));
    return strstr(path, "/" NAME) != NULL;
}

static void test_limited_users_are_in_a_cgroup_with_that_quota(void)
{
    ProcessLook users[MAX_CHILDREN];
    AgentPeer peer;
    Cgroup cgroup;

    if (!start_limited(&peer, &cgroup))
        return;
    expect_limit(&cgroup, "30000");
    CU_ASSERT_EQUAL_FATAL(peer_children(&peer, users, MAX_CHILDREN), 3);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_TRUE(is_in(&cgroup, users[i].pid));
    CU_ASSERT_FALSE(is_in(&cgroup, peer.agent));
    peer_end(&peer);
}

static void test_cgroup_is_gone_with_the_limited_users(void)
{
    WireLoad other = limited;
    AgentPeer peer;
    Cgroup cgroup;

    if (!start_limited(&peer, &cgroup))
        return;
    peer_load(&peer, 2, 1000000);
    CU_ASSERT_FALSE(exists(&cgroup));
    other.limit_permille = 1500;
    peer_expect_ok(&peer, peer_ask_load(&peer, &other));
    expect_limit(&cgroup, "150000");
    peer_reset(&peer);
    CU_ASSERT_FALSE(exists(&cgroup));
    peer_expect_ok(&peer, peer_ask_load(&peer, &other));
    CU_ASSERT_TRUE(exists(&cgroup));
    CU_ASSERT_EQUAL(peer_end(&peer), 0);
    CU_ASSERT_FALSE(exists(&cgroup));
}

static void test_second_agent_cannot_spoil_the_limit_of_the_first(void)
{
    ProcessLook users[MAX_CHILDREN];
    AgentPeer first, second;
    Cgroup cgroup;

    if (!start_limited(&first, &cgroup))
        return;
    peer_start_welcomed(&second, NULL);
    peer_work(&second, LITTLE_WORK);
    peer_expect_error(&second, peer_ask_load(&second, &limited), "in use");
    CU_ASSERT_EQUAL(peer_children(&second, NULL, 0), 0);
    peer_end(&second);
    expect_limit(&cgroup, "30000");
    CU_ASSERT_EQUAL_FATAL(peer_children(&first, users, MAX_CHILDREN), 3);
    CU_ASSERT_TRUE(is_in(&cgroup, users[0].pid));
    peer_end(&first);
}

static void test_cgroup_of_a_killed_agent_is_removed_by_the_next(void)
{
    uint64_t limit_ns = clock_now_ns() + 60 * NS_PER_S;
    AgentPeer peer;
    Cgroup cgroup;

    if (!start_limited(&peer, &cgroup))
        return;
    kill(peer.agent, SIGKILL);
    CU_ASSERT_EQUAL(peer_end(&peer), -1);
    CU_ASSERT_TRUE(exists(&cgroup));
    /* Its users are on their way out. */
    while (exists(&cgroup) && clock_now_ns() < limit_ns) {
        peer_start_welcomed(&peer, NULL);
        peer_end(&peer);
    }
    CU_ASSERT_FALSE(exists(&cgroup));
}

CU_TestInfo tests_users[] = {
    {"limited users are in a cgroup with that quota",
     test_limited_users_are_in_a_cgroup_with_that_quota},
    {"the cgroup is gone with the limited users",
     test_cgroup_is_gone_with_the_limited_users},
    {"a second agent cannot spoil the limit of the first",
     test_second_agent_cannot_spoil_the_limit_of_the_first},
    {"the cgroup of a killed agent is removed by the next",
     test_cgroup_of_a_killed_agent_is_removed_by_the_next},
    TEST_END,
};
