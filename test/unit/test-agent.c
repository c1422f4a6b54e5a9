/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "loadgen/clock.h"
#include "loadgen/meters.h"
#include "loadgen/work.h"
#include "test/suites.h"
#include "test/unit/agent-peer.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAY_NS (24 * 3600 * (long long)NS_PER_S)
#define PATIENCE_NS (60 * NS_PER_S)

static void test_hello_is_repeated_until_welcome(void)
{
    AgentPeer peer;
    WireFrame frame;
    WireHello hello;

    peer_start(&peer, NULL, false);
    for (uint32_t i = 0; i < 2; i++) {
        CU_ASSERT_TRUE_FATAL(peer_next(&peer, &frame));
        CU_ASSERT_EQUAL_FATAL(frame.type, WIRE_HELLO);
        CU_ASSERT_EQUAL(frame.sequence, i);
    }
    CU_ASSERT_TRUE_FATAL(wire_get_hello(&frame, &hello));
    CU_ASSERT_EQUAL(hello.version, WIRE_VERSION);
    CU_ASSERT_EQUAL(hello.flags & (WIRE_HELLO_INIT | WIRE_HELLO_DISK), 0);
    CU_ASSERT_EQUAL(hello.cpus, sysconf(_SC_NPROCESSORS_ONLN));
    CU_ASSERT_TRUE(hello.memory_kib > 0);
    CU_ASSERT_TRUE(hello.iterations_per_ms > 0);
    CU_ASSERT_NOT_EQUAL(hello.agent[0], '\0');
    CU_ASSERT_NOT_EQUAL(hello.kernel[0], '\0');
    CU_ASSERT_EQUAL(peer_end(&peer), 0);
}

static void test_ping_is_answered_with_the_clocks(void)
{
    AgentPeer peer;
    WireFrame frame;
    WirePong pong;
    uint64_t before_ns, request;

    peer_start_welcomed(&peer, NULL);
    before_ns = clock_now_ns();
    request = peer_ask(&peer, WIRE_PING, 0);
    peer_expect(&peer, WIRE_PONG, &frame);
    CU_ASSERT_TRUE_FATAL(wire_get_pong(&frame, &pong));
    CU_ASSERT_EQUAL(pong.request, request);
    CU_ASSERT_TRUE(pong.monotonic_ns >= before_ns);
    CU_ASSERT_TRUE(pong.monotonic_ns <= clock_now_ns());
    /* Somebody may set it meanwhile. */
    CU_ASSERT_TRUE(llabs((long long)(pong.realtime_ns -
                                     clock_ns(CLOCK_REALTIME))) < DAY_NS);
    peer_end(&peer);
}

static void test_nothing_is_done_before_welcome(void)
{
    AgentPeer peer;

    peer_start(&peer, NULL, false);
    peer_expect_error(&peer, peer_ask(&peer, WIRE_PING, 0), "WELCOME");
    peer_end(&peer);
}

static void expect_not_served(uint16_t version)
{
    AgentPeer peer;
    WireFrame frame;
    WireWelcome welcome = {version};

    peer_start(&peer, NULL, false);
    peer_ask(&peer, WIRE_WELCOME,
             wire_put_welcome(peer_payload(&peer), &welcome));
    peer_ask(&peer, WIRE_PING, 0);
    shutdown(peer.fd, SHUT_WR);
    while (peer_next(&peer, &frame))
        CU_ASSERT_EQUAL(frame.type, WIRE_HELLO);
    CU_ASSERT_EQUAL(peer_end(&peer), 0);
}

static void test_host_of_another_version_is_not_served(void)
{
    expect_not_served(WIRE_VERSION + 1);
    expect_not_served(WIRE_VERSION - 1);
}

static uint32_t ask_calibrate(AgentPeer *peer, uint32_t budget_ms,
                              uint32_t tolerance_permille, uint32_t moments,
                              uint32_t rounds)
{
    WireCalibrate calibrate = {budget_ms, tolerance_permille, moments, 10,
                               rounds};

    return peer_ask(peer, WIRE_CALIBRATE,
                    wire_put_calibrate(peer_payload(peer), &calibrate));
}

static WireCalibration expect_calibration(AgentPeer *peer, uint32_t request)
{
    WireCalibration result;
    WireFrame frame;

    peer_expect(peer, WIRE_CALIBRATION, &frame);
    CU_ASSERT_TRUE_FATAL(wire_get_calibration(&frame, &result));
    CU_ASSERT_EQUAL(result.request, request);
    CU_ASSERT_TRUE(result.iterations_per_ms > 0);
    return result;
}

static void test_calibration_goes_on_until_moments_agree_or_time_is_up(void)
{
    AgentPeer peer;
    WireCalibration result;

    peer_start_welcomed(&peer, NULL);
    /* Whatever they are, they agree. */
    result =
        expect_calibration(&peer, ask_calibrate(&peer, 60000, 1000000, 3, 5));
    CU_ASSERT_EQUAL(result.converged, 1);
    CU_ASSERT_EQUAL(result.rounds, 15);
    /* No time for a second one. */
    result = expect_calibration(&peer, ask_calibrate(&peer, 0, 1000000, 3, 5));
    CU_ASSERT_EQUAL(result.converged, 0);
    CU_ASSERT_EQUAL(result.rounds, 5);
    peer_end(&peer);
}

static void test_calibration_out_of_range_is_refused(void)
{
    AgentPeer peer;

    peer_start_welcomed(&peer, NULL);
    peer_expect_error(&peer, ask_calibrate(&peer, 1000, 20, 0, 1),
                      "16 moments");
    peer_expect_error(&peer,
                      ask_calibrate(&peer, 1000, 20, WIRE_MAX_MOMENTS + 1, 1),
                      "16 moments");
    peer_expect_error(&peer, ask_calibrate(&peer, 1000, 20, 1, 0), "rounds");
    peer_expect_error(&peer,
                      ask_calibrate(&peer, 1000, 20, 1,
                                    WIRE_MAX_MOMENT_ROUNDS + 1),
                      "rounds");
    peer_end(&peer);
}

static void test_agent_answers_while_it_calibrates_and_reset_ends_that(void)
{
    AgentPeer peer;
    WireFrame frame;
    uint32_t first;

    peer_start_welcomed(&peer, NULL);
    first = ask_calibrate(&peer, 600000, 0, 16, 500);
    peer_ask(&peer, WIRE_PING, 0);
    peer_expect(&peer, WIRE_PONG, &frame);
    peer_expect_error(&peer, ask_calibrate(&peer, 1, 1, 1, 1), "already");
    peer_ask(&peer, WIRE_RESET, 0);
    peer_expect_error(&peer, first, "RESET");
    peer_expect_ok(&peer, peer.sequence - 1);
    CU_ASSERT_EQUAL(peer_children(&peer, NULL, 0), 0);
    peer_end(&peer);
}

static void test_work_load_and_probe_out_of_range_are_refused(void)
{
    static const WireProbe good = {.cell = 1,
                                   .count = {1, 0, 0},
                                   .slot_us = 1000,
                                   .pool = 1};
    AgentPeer peer;
    WireWork none = {0};
    WireLoad load = {1, 1000, 4, 1000, 1, 0};
    WireProbe probe = good;

    peer_start_welcomed(&peer, NULL);
    peer_expect_error(&peer, peer_ask_probe(&peer, &good), "no WORK");
    peer_expect_error(&peer, peer_ask_load(&peer, &load), "no WORK");
    peer_expect_error(&peer,
                      peer_ask(&peer, WIRE_WORK,
                               wire_put_work(peer_payload(&peer), &none)),
                      "WORK");
    peer_work(&peer, LITTLE_WORK);
    load.users = 4097;
    peer_expect_error(&peer, peer_ask_load(&peer, &load), "4096");
    load.users = 1;
    load.limit_permille = 9;
    peer_expect_error(&peer, peer_ask_load(&peer, &load), "limit");
    probe.pool = WIRE_MAX_POOL + 1;
    peer_expect_error(&peer, peer_ask_probe(&peer, &probe), "64");
    probe = good;
    probe.count[WIRE_KEY] = WIRE_MAX_SCHEDULE;
    probe.count[WIRE_LAUNCH] = UINT32_MAX;
    peer_expect_error(&peer, peer_ask_probe(&peer, &probe), "20000");
    probe = good;
    probe.slot_us = 0;
    peer_expect_error(&peer, peer_ask_probe(&peer, &probe), "slot");
    probe = good;
    probe.count[WIRE_OPEN] = 1;
    peer_expect_error(&peer, peer_ask_probe(&peer, &probe), "no documents");
    CU_ASSERT_EQUAL(peer_children(&peer, NULL, 0), 0);
    peer_end(&peer);
}

static void test_users_appear_are_replaced_and_vanish(void)
{
    ProcessLook users[MAX_CHILDREN], first;
    AgentPeer peer;

    peer_start_welcomed(&peer, NULL);
    peer_work(&peer, LITTLE_WORK);
    peer_load(&peer, 5, 3000000);
    CU_ASSERT_EQUAL_FATAL(peer_children(&peer, users, MAX_CHILDREN), 5);
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(users[i].session, getsid(0));
    first = users[0];
    peer_load(&peer, 2, 3000000);
    CU_ASSERT_EQUAL_FATAL(peer_children(&peer, users, MAX_CHILDREN), 2);
    CU_ASSERT_NOT_EQUAL(users[0].pid, first.pid);
    peer_load(&peer, 0, 0);
    CU_ASSERT_EQUAL(peer_children(&peer, users, MAX_CHILDREN), 0);
    peer_end(&peer);
}

static void test_users_run_at_nice_0_and_their_cpu_is_metered(void)
{
    ProcessLook user = {.nice = -1};
    uint64_t limit_ns = clock_now_ns() + PATIENCE_NS;
    AgentPeer peer;
    WireMeters before, now;

    peer_start_welcomed(&peer, NULL);
    peer_work(&peer, LITTLE_WORK);
    before = peer_meters(&peer);
    CU_ASSERT_EQUAL(before.users_cpu_ns, 0);
    CU_ASSERT_TRUE(before.user_ns > 0 && before.idle_ns > 0);
    peer_load(&peer, 1, 0);
    do
        now = peer_meters(&peer);
    while (now.users_cpu_ns < 50 * NS_PER_MS && clock_now_ns() < limit_ns);
    CU_ASSERT_TRUE(now.users_cpu_ns >= 50 * NS_PER_MS);
    CU_ASSERT_EQUAL(peer_children(&peer, &user, 1), 1);
    CU_ASSERT_EQUAL(user.nice, 0);
    CU_ASSERT_EQUAL(user.policy, SCHED_OTHER);
    peer_reset(&peer);
    before = now;
    now = peer_meters(&peer);
    CU_ASSERT_TRUE(now.users_cpu_ns >= before.users_cpu_ns);
    CU_ASSERT_TRUE(now.agent_cpu_ns >= before.agent_cpu_ns);
    CU_ASSERT_EQUAL(now.manager_cpu_ns, 0);
    peer_end(&peer);
}

static void test_stat_of_the_kernel_is_summed_up(void)
{
    WireMeters meters;

    CU_ASSERT_TRUE(
        meters_parse_stat("cpu  10 20 30 400 50 6 7 8 9 0\ncpu0 1 2 3\n", 100,
                          &meters));
    CU_ASSERT_EQUAL(meters.user_ns, 300 * NS_PER_MS);
    CU_ASSERT_EQUAL(meters.system_ns, 430 * NS_PER_MS);
    CU_ASSERT_EQUAL(meters.idle_ns, 4500 * NS_PER_MS);
    CU_ASSERT_EQUAL(meters.steal_ns, 80 * NS_PER_MS);
    CU_ASSERT_FALSE(meters_parse_stat("cpu0 1 2 3", 100, &meters));
}

static void test_malformed_and_unknown_requests_are_answered_with_error(void)
{
    static const WireType types[] = {WIRE_WELCOME, WIRE_CALIBRATE, WIRE_WORK,
                                     WIRE_LOAD,    WIRE_MANAGE,    WIRE_PROBE,
                                     WIRE_PING,    WIRE_RESET,     WIRE_METER,
                                     WIRE_POWEROFF};
    AgentPeer peer;

    peer_start_welcomed(&peer, NULL);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        memset(peer_payload(&peer), 1, 100);
        peer_expect_error(&peer, peer_ask(&peer, types[i], 100), "malformed");
    }
    peer_expect_error(&peer, peer_ask(&peer, (WireType)999, 3), "999");
    peer_expect_error(&peer, peer_ask(&peer, WIRE_HELLO, 0), "unknown");
    peer_end(&peer);
}

static void test_garbage_is_noted_and_survived(void)
{
    AgentPeer peer;
    WireFrame frame;
    WireEvent event;

    peer_start_welcomed(&peer, NULL);
    CU_ASSERT_EQUAL(send(peer.fd, "garbage", 7, 0), 7);
    do {
        CU_ASSERT_TRUE_FATAL(peer_next(&peer, &frame));
    } while (frame.type != WIRE_EVENT);
    CU_ASSERT_TRUE_FATAL(wire_get_event(&frame, &event));
    CU_ASSERT_EQUAL(event.kind, WIRE_EVENT_NOTE);
    peer_ask(&peer, WIRE_PING, 0);
    peer_expect(&peer, WIRE_PONG, &frame);
    peer_end(&peer);
}

static bool all_gone(const ProcessLook *processes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (kill(processes[i].pid, 0) == 0 || errno != ESRCH)
            return false;
    return true;
}

/* Users, probe users and a calibration. */
static size_t start_everything(AgentPeer *peer, ProcessLook *ret)
{
    static const WireProbe probe = {.count = {60, 0, 0},
                                    .slot_us = 1000000,
                                    .pool = 4};

    peer_start_welcomed(peer, NULL);
    peer_work(peer, LITTLE_WORK);
    peer_load(peer, 3, 1000000);
    peer_expect_ok(peer, peer_ask_probe(peer, &probe));
    ask_calibrate(peer, 600000, 0, 16, 500);
    peer_load(peer, 3, 1000000); /* so that the calibration has begun */
    CU_ASSERT_EQUAL(peer_children(peer, ret, MAX_CHILDREN), 8);
    return 8;
}

static void test_end_of_the_connection_leaves_no_process(void)
{
    ProcessLook children[MAX_CHILDREN];
    AgentPeer peer;
    size_t n = start_everything(&peer, children);

    CU_ASSERT_EQUAL(peer_end(&peer), 0);
    CU_ASSERT_TRUE(all_gone(children, n));
}

static void test_signals_leave_no_process(void)
{
    static const int signals[] = {SIGTERM, SIGINT};
    ProcessLook children[MAX_CHILDREN];
    AgentPeer peer;
    WireFrame frame;

    for (int i = 0; i < 2; i++) {
        size_t n = start_everything(&peer, children);
        kill(peer.agent, signals[i]);
        while (peer_next(&peer, &frame))
            continue;
        CU_ASSERT_EQUAL(peer_end(&peer), 0);
        CU_ASSERT_TRUE(all_gone(children, n));
    }
}

static void test_killed_agent_takes_its_processes_along(void)
{
    ProcessLook children[MAX_CHILDREN];
    AgentPeer peer;
    size_t n = start_everything(&peer, children);
    uint64_t limit_ns = clock_now_ns() + PATIENCE_NS;

    kill(peer.agent, SIGKILL);
    CU_ASSERT_EQUAL(peer_end(&peer), -1);
    while (!all_gone(children, n) && clock_now_ns() < limit_ns)
        clock_sleep_until(clock_now_ns() + 10 * NS_PER_MS);
    CU_ASSERT_TRUE(all_gone(children, n));
}

static void test_poweroff_ends_a_native_agent(void)
{
    AgentPeer peer;
    WireFrame frame;

    peer_start_welcomed(&peer, NULL);
    peer_ask(&peer, WIRE_POWEROFF, 0);
    CU_ASSERT_FALSE(peer_next(&peer, &frame));
    CU_ASSERT_EQUAL(peer_end(&peer), 0);
}

/* Runs the agent with these arguments, quietly. Returns its exit status. */
static int run_agent(const char *first, const char *second, const char *third,
                     const char *fourth)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        dup2(null, 2);
        execl(agent_path(), "hvbench-agent", first, second, third, fourth,
              NULL);
        _exit(127);
    }
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

static void test_service_without_its_disk_works_and_tells_the_host(void)
{
    WireProbe probe = {.count = {0, 1, 0}, .slot_us = 1000, .pool = 1};
    AgentPeer peer;

    if (!peer_start_at_port(&peer, "/nonexistent/disk"))
        return;
    peer_welcome(&peer);
    peer_expect_note(&peer, "/nonexistent/disk cannot be opened");
    peer_work(&peer, LITTLE_WORK);
    peer_expect_error(&peer, peer_ask_probe(&peer, &probe), "no documents");
    kill(peer.agent, SIGTERM);
    CU_ASSERT_EQUAL(peer_end(&peer), 0);
}

static void test_command_line_is_checked(void)
{
    CU_ASSERT_EQUAL(run_agent("--help", NULL, NULL, NULL), 0);
    CU_ASSERT_EQUAL(run_agent("--version", NULL, NULL, NULL), 0);
    CU_ASSERT_EQUAL(run_agent(NULL, NULL, NULL, NULL), 2);
    CU_ASSERT_EQUAL(run_agent("--nonsense", NULL, NULL, NULL), 2);
    CU_ASSERT_EQUAL(run_agent("--fd", "three", NULL, NULL), 2);
    CU_ASSERT_EQUAL(run_agent("--fd", "3", "--port", "/dev/null"), 2);
    CU_ASSERT_EQUAL(run_agent("--fd", "3", "word", NULL), 2);
    CU_ASSERT_EQUAL(run_agent("--host", NULL, NULL, NULL), 2);
    CU_ASSERT_EQUAL(run_agent("--host", "--fd", "987", NULL), 1);
    CU_ASSERT_EQUAL(run_agent("--port", "/nonexistent", NULL, NULL), 1);
    CU_ASSERT_EQUAL(run_agent("--port", "/etc/passwd", NULL, NULL), 1);
    CU_ASSERT_EQUAL(run_agent("--fd", "0", "--documents", "/nonexistent"), 1);
    CU_ASSERT_EQUAL(run_agent("--fd", "0", "--documents", "/dev/null"), 1);
    CU_ASSERT_EQUAL(run_agent("--fd", "987", NULL, NULL), 1);
    CU_ASSERT_EQUAL(run_agent("--fd", "0", "--client-fd", "987"), 1);
    CU_ASSERT_EQUAL(run_agent("--fd", "0", "--client-fd", "x"), 2);
    CU_ASSERT_EQUAL(run_agent("--client-fd", "0", NULL, NULL), 2);
}

CU_TestInfo tests_agent[] = {
    {"hello is repeated until welcome", test_hello_is_repeated_until_welcome},
    {"ping is answered with the clocks", test_ping_is_answered_with_the_clocks},
    {"nothing is done before welcome", test_nothing_is_done_before_welcome},
    {"a host of another version is not served",
     test_host_of_another_version_is_not_served},
    {"calibration goes on until moments agree or time is up",
     test_calibration_goes_on_until_moments_agree_or_time_is_up},
    {"calibration out of range is refused",
     test_calibration_out_of_range_is_refused},
    {"the agent answers while it calibrates and reset ends that",
     test_agent_answers_while_it_calibrates_and_reset_ends_that},
    {"work, load and probe out of range are refused",
     test_work_load_and_probe_out_of_range_are_refused},
    {"users appear, are replaced and vanish",
     test_users_appear_are_replaced_and_vanish},
    {"users run at nice 0 and their CPU is metered",
     test_users_run_at_nice_0_and_their_cpu_is_metered},
    {"the kernel's stat is summed up", test_stat_of_the_kernel_is_summed_up},
    {"malformed and unknown requests are answered with error",
     test_malformed_and_unknown_requests_are_answered_with_error},
    {"garbage is noted and survived", test_garbage_is_noted_and_survived},
    {"the end of the connection leaves no process",
     test_end_of_the_connection_leaves_no_process},
    {"signals leave no process", test_signals_leave_no_process},
    {"a killed agent takes its processes along",
     test_killed_agent_takes_its_processes_along},
    {"poweroff ends a native agent", test_poweroff_ends_a_native_agent},
    {"a service without its disk works and tells the host",
     test_service_without_its_disk_works_and_tells_the_host},
    {"the command line is checked", test_command_line_is_checked},
    TEST_END,
};
