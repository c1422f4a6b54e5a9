/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a window of the server side hides: nothing. */
#define _GNU_SOURCE
#include "hvbench/selftest/stalls.h"
#include "loadgen/clock.h"
#include "test/suites.h"
#include "test/unit/agent-window.h"
#include "test/unit/system-calls.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STALL_NS (1400 * NS_PER_MS)
#define SLOT_NS (100 * NS_PER_MS)
#define LEAD_NS (500 * NS_PER_MS)
#define OPERATIONS 40
#define TRIES 20

/* Ten operations per second, which take no time, for four seconds. There are
 * fewer probe users than operations that will be due at once. */
static const WireProbe ten_per_second = {.cell = 7,
                                         .seed = 11,
                                         .count = {OPERATIONS, 0, 0},
                                         .slot_us = SLOT_NS / NS_PER_US,
                                         .pool = 4,
                                         .drain_ms = 60000};

/* Stops the agent and all of its processes for a while in the middle of the
 * window, as a host does that gives a guest no CPU. */
static HvbStall stall_everything(const AgentPeer *peer,
                                 const AgentWindow *window)
{
    HvbStall stall = {0};

    clock_sleep_until(window->opened.monotonic_ns + LEAD_NS);
    CU_ASSERT_EQUAL_FATAL(kill(-peer->pid, SIGSTOP), 0);
    stall.began_ns = (gint64)clock_now_ns();
    clock_sleep_until((uint64_t)stall.began_ns + STALL_NS);
    stall.ended_ns = (gint64)clock_now_ns();
    CU_ASSERT_EQUAL_FATAL(kill(-peer->pid, SIGCONT), 0);
    return stall;
}

/* Samples that were to start during the stall. */
static unsigned count_stalled(const AgentWindow *window, const HvbStall *stall)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < window->n; i++) {
        const WireSample *sample = &window->samples[i];
        CU_ASSERT_EQUAL(sample->intended_ns, window_intended_ns(window, i));
        if ((gint64)sample->intended_ns < stall->began_ns ||
            (gint64)sample->intended_ns >= stall->ended_ns)
            continue;
        /* The delay that the stall makes, all of it: a slot less each time. */
        CU_ASSERT_TRUE((gint64)sample->started_ns >= stall->ended_ns);
        n++;
    }
    return n;
}

/* The same stall and the same starts, but whoever is late skips what it missed:
 * one delay is left of all of them. */
static void expect_skipper_hides_all_but_one(const AgentWindow *window,
                                             const HvbStall *stall,
                                             unsigned stalled)
{
    g_autoptr(GArray) stalls = g_array_new(FALSE, FALSE, sizeof *stall);
    g_autoptr(GArray) starts_ns = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GArray) delays = NULL;
    unsigned n = 0;

    g_array_append_vals(stalls, stall, 1);
    for (uint32_t i = 0; i < window->n; i++) {
        gint64 start_ns = (gint64)window_intended_ns(window, i);
        g_array_append_val(starts_ns, start_ns);
    }
    delays = hvb_stalls_seen_by_skipper(stalls, starts_ns);
    for (guint i = 0; i < delays->len; i++)
        n += g_array_index(delays, gint64, i) > 0;
    CU_ASSERT_EQUAL(n, 1);
    CU_ASSERT_EQUAL(delays->len, window->n - (stalled - 1));
}

/* A window with a stall in its middle: all of that is within the window, unless
 * this machine lets us be late by as much as is left of it. */
static HvbStall run_stalled_window(AgentPeer *peer, AgentWindow *window)
{
    HvbStall stall;
    uint64_t closes_ns;
    int tries = 0;

    do {
        window_open(window, peer, &ten_per_second);
        stall = stall_everything(peer, window);
        window_finish(window, peer);
        closes_ns = window->opened.monotonic_ns + OPERATIONS * SLOT_NS;
    } while ((uint64_t)stall.ended_ns > closes_ns && ++tries < TRIES);
    CU_ASSERT_TRUE_FATAL(tries < TRIES);
    return stall;
}

static void test_stall_delays_every_operation_that_it_covers(void)
{
    AgentWindow window;
    AgentPeer peer;
    HvbStall stall;
    unsigned stalled;

    peer_start_welcomed(&peer, NULL);
    peer_work(&peer, 1);
    stall = run_stalled_window(&peer, &window);
    CU_ASSERT_EQUAL(window.end.measured, OPERATIONS);
    stalled = count_stalled(&window, &stall);
    /* 14, one more or less for where in their slots the starts lie; a stall
     * that this machine has drawn out covers more. */
    CU_ASSERT_TRUE(stalled >= STALL_NS / SLOT_NS - 1);
    CU_ASSERT_TRUE(stalled <=
                   (uint64_t)(stall.ended_ns - stall.began_ns) / SLOT_NS + 1);
    expect_skipper_hides_all_but_one(&window, &stall, stalled);
    CU_ASSERT_EQUAL(peer_end(&peer), 0);
}

/* A documents' file that is there when it is looked for and empty when it is
 * read: `open` fails. */
static void open_window_that_fails(AgentPeer *peer, const WireProbe *probe,
                                   AgentWindow *window)
{
    g_autofree char *documents = NULL;
    int fd = peer_make_documents(&documents, 1 << 20);

    peer_start_welcomed(peer, documents);
    peer_work(peer, LITTLE_WORK);
    CU_ASSERT_EQUAL_FATAL(ftruncate(fd, 0), 0);
    window_open(window, peer, probe);
    close(fd);
    unlink(documents);
}

/* A window of which one of two probe users stops for good, with an operation in
 * its hands; there is no time to drain. Returns whether there came to be all
 * three: not where this machine lets one of us do nothing before the end. */
static bool run_window_of_all_three(const WireProbe *probe, AgentPeer *peer,
                                    AgentWindow *window)
{
    ProcessLook users[MAX_CHILDREN];

    open_window_that_fails(peer, probe, window);
    if (peer_children(peer, users, MAX_CHILDREN) == probe->pool)
        CU_ASSERT_EQUAL(kill(users[0].pid, SIGSTOP), 0);
    window_finish(window, peer);
    CU_ASSERT_EQUAL(window->end.scheduled, OPERATIONS);
    return window->end.measured > 0 && window->end.censored > 0 &&
           window->end.failed > 0;
}

#define LONGEST_SLOT_US 1600000

static void test_measured_censored_and_failed_add_up_to_the_schedule(void)
{
    WireProbe probe = {.cell = 8,
                       .seed = 3,
                       .count = {30, 10, 0},
                       .slot_us = 25000,
                       .pool = 2};
    AgentWindow window;
    AgentPeer peer;
    unsigned unfinished = 0;

    while (!run_window_of_all_three(&probe, &peer, &window) &&
           probe.slot_us < LONGEST_SLOT_US) {
        peer_end(&peer);
        probe.slot_us *= 4;
    }
    CU_ASSERT_TRUE(window.end.measured > 0);
    CU_ASSERT_TRUE(window.end.censored > 0);
    CU_ASSERT_TRUE(window.end.failed > 0);
    for (uint32_t i = 0; i < window.n; i++) {
        const WireSample *sample = &window.samples[i];
        if (!(sample->flags & WIRE_SAMPLE_CENSORED))
            continue;
        unfinished++;
        /* Its age is known: it was left when the window was over. */
        CU_ASSERT_TRUE(sample->ended_ns >=
                       window.opened.monotonic_ns +
                           (uint64_t)OPERATIONS * probe.slot_us * NS_PER_US);
    }
    CU_ASSERT_EQUAL(unfinished, window.end.censored);
    CU_ASSERT_EQUAL(peer_end(&peer), 0);
}

static void test_meters_of_a_window_name_the_clocksource(void)
{
    static const WireProbe probe = {.cell = 1,
                                    .count = {1, 0, 0},
                                    .slot_us = 1000,
                                    .pool = 1};
    AgentWindow window;
    AgentPeer peer;
    WireFrame frame;
    WireHello hello;

    if (!peer_can_know_clocksource())
        return;
    peer_start(&peer, NULL, false);
    CU_ASSERT_TRUE_FATAL(peer_next(&peer, &frame));
    CU_ASSERT_TRUE_FATAL(wire_get_hello(&frame, &hello));
    peer_welcome(&peer);
    peer_work(&peer, LITTLE_WORK);
    window_open(&window, &peer, &probe);
    window_finish(&window, &peer);
    CU_ASSERT_NOT_EQUAL(hello.clocksource[0], '\0');
    CU_ASSERT_STRING_EQUAL(window.opened.clocksource, hello.clocksource);
    CU_ASSERT_STRING_EQUAL(window.closed.clocksource, hello.clocksource);
    CU_ASSERT_STRING_EQUAL(peer_meters(&peer).clocksource, hello.clocksource);
    peer_end(&peer);
}

typedef enum { SEEN, SEEN_TOO_LATE, NOT_ALLOWED } Seen;

/* What the only probe user of such a window calls from the opening on, for
 * which it waits in a futex. */
static Seen see_window(AgentPeer *peer, const WireProbe *probe,
                       SystemCalls *ret, size_t *ret_begin)
{
    ProcessLook user;
    AgentWindow window;
    size_t begin = 0;

    window_ask(&window, peer, probe);
    if (peer_children(peer, &user, 1) != 1) {
        window_finish(&window, peer);
        return SEEN_TOO_LATE;
    }
    if (!system_calls_attach(user.pid)) {
        window_finish(&window, peer);
        return errno == EPERM ? NOT_ALLOWED : SEEN_TOO_LATE;
    }
    system_calls_follow(ret, user.pid);
    window_finish(&window, peer);
    CU_ASSERT_EQUAL(window.end.measured, probe->count[WIRE_KEY]);
    for (size_t i = 0; i < ret->n; i++)
        if (ret->numbers[i] == SYS_futex)
            begin = i + 1;
    *ret_begin = begin;
    return begin > 0 ? SEEN : SEEN_TOO_LATE;
}

/* The same, again while `is_enough` says no of what was seen: this machine may
 * let us be late, or the probe user. False: it cannot be seen here, the test is
 * skipped. */
static bool trace_window(const WireProbe *probe, uint64_t iterations_per_ms,
                         bool (*is_enough)(const SystemCalls *calls,
                                           size_t begin),
                         SystemCalls *ret, size_t *ret_begin)
{
    AgentPeer peer;
    Seen seen;
    int tries = 0;

    peer_start_welcomed(&peer, NULL);
    peer_work(&peer, iterations_per_ms);
    do
        seen = see_window(&peer, probe, ret, ret_begin);
    while (seen != NOT_ALLOWED &&
           (seen == SEEN_TOO_LATE || !is_enough(ret, *ret_begin)) &&
           ++tries < TRIES);
    peer_end(&peer);
    if (seen == NOT_ALLOWED)
        test_skip("needs to be allowed to trace processes");
    else
        CU_ASSERT_TRUE(tries < TRIES);
    return seen == SEEN;
}

static bool has_slept(const SystemCalls *calls, size_t begin)
{
    return system_calls_count(calls, begin, SYS_clock_nanosleep) > 0;
}

/* Where the kernel has no clock that can be read without it, the looks at the
 * clock are system calls, too. */
static void test_timed_path_makes_no_system_call_but_for_sleep(void)
{
    static const WireProbe probe = {.cell = 1,
                                    .seed = 1,
                                    .count = {20, 0, 0},
                                    .slot_us = 20000,
                                    .pool = 1,
                                    .drain_ms = 60000};
    SystemCalls calls;
    size_t begin, sleeps;

    if (!trace_window(&probe, LITTLE_WORK, has_slept, &calls, &begin))
        return;
    sleeps = system_calls_count(&calls, begin, SYS_clock_nanosleep);
    CU_ASSERT_TRUE(sleeps > 0 && sleeps <= 20);
    /* The last call is that for the rest of its life. */
    CU_ASSERT_EQUAL(calls.n - begin,
                    sleeps +
                        system_calls_count(&calls, begin, SYS_clock_gettime) +
                        1);
}

static bool is_any(const SystemCalls *calls, size_t begin)
{
    return calls->n >= begin;
}

/* Each operation takes far longer than its slot. */
static void test_who_is_late_does_not_even_sleep(void)
{
    static const WireProbe probe = {.cell = 1,
                                    .seed = 1,
                                    .count = {5, 0, 0},
                                    .slot_us = 1000,
                                    .pool = 1,
                                    .drain_ms = 60000};
    SystemCalls calls;
    size_t begin;

    if (!trace_window(&probe, 300000, is_any, &calls, &begin))
        return;
    CU_ASSERT_TRUE(system_calls_count(&calls, begin, SYS_clock_nanosleep) <= 1);
}

CU_TestInfo tests_probe[] = {
    {"a stall delays every operation that it covers",
     test_stall_delays_every_operation_that_it_covers},
    {"measured, censored and failed add up to the schedule",
     test_measured_censored_and_failed_add_up_to_the_schedule},
    {"the meters of a window name the clocksource",
     test_meters_of_a_window_name_the_clocksource},
    {"the timed path makes no system call but for sleep",
     test_timed_path_makes_no_system_call_but_for_sleep},
    {"who is late does not even sleep", test_who_is_late_does_not_even_sleep},
    TEST_END,
};
