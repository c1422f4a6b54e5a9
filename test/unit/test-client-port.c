/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An agent's client port: operations that the host asks for and times. */
#include "loadgen/clock.h"
#include "loadgen/files.h"
#include "test/suites.h"
#include "test/unit/agent-window.h"
#include "test/unit/system-calls.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CELL 77

/* Twelve operations of the client side; the window is left once all are done.
 */
static const WireProbe twelve = {.cell = CELL,
                                 .seed = 5,
                                 .client_count = {12, 0, 0},
                                 .slot_us = 1000,
                                 .pool = 4,
                                 .drain_ms = 60000};

/* Some of each. */
static const WireProbe both = {.cell = CELL,
                               .seed = 9,
                               .count = {5, 0, 2},
                               .client_count = {4, 0, 3},
                               .slot_us = 5000,
                               .pool = 3,
                               .drain_ms = 60000};

static void start(AgentPeer *peer, uint64_t iterations_per_ms)
{
    peer_start_with_client(peer, NULL, 0);
    peer_work(peer, iterations_per_ms);
}

/* Asks for all of the client side, the last first. Returns how many. */
static unsigned ask_for_all(AgentPeer *peer, const AgentWindow *window)
{
    unsigned n = 0;

    for (uint32_t i = window->n; i-- > 0;)
        if (window->starts[i].vantage == WIRE_CLIENT) {
            peer_ask_start(peer, CELL, i);
            n++;
        }
    return n;
}

/* So many answers, each to an operation of the client side, none twice. */
static void expect_all_done(AgentPeer *peer, const AgentWindow *window,
                            unsigned n)
{
    unsigned seen[WINDOW_MAX] = {0};

    for (unsigned i = 0; i < n; i++) {
        WireDone done = peer_expect_done(peer, CELL);
        CU_ASSERT_TRUE_FATAL(done.index < window->n);
        CU_ASSERT_EQUAL(window->starts[done.index].vantage, WIRE_CLIENT);
        CU_ASSERT_EQUAL(done.flags, 0);
        CU_ASSERT_EQUAL(seen[done.index]++, 0);
    }
}

static void test_each_operation_asked_for_is_answered_once(void)
{
    AgentWindow window;
    AgentPeer peer;

    start(&peer, LITTLE_WORK);
    window_open(&window, &peer, &twelve);
    CU_ASSERT_EQUAL(ask_for_all(&peer, &window), 12);
    expect_all_done(&peer, &window, 12);
    window_finish(&window, &peer);
    CU_ASSERT_EQUAL(window.end.started, 12);
    CU_ASSERT_EQUAL(window.end.done, 12);
    CU_ASSERT_EQUAL(window.end.scheduled, 0);
    CU_ASSERT_EQUAL(window.notes, 0);
    CU_ASSERT_TRUE(peer_has_no_done(&peer));
    CU_ASSERT_TRUE(window.closed.probes_cpu_ns > 0);
    CU_ASSERT_EQUAL(peer_end(&peer), 0);
}

static void test_window_has_both_sides_with_a_pool_for_each(void)
{
    AgentWindow window;
    AgentPeer peer;

    start(&peer, LITTLE_WORK);
    window_open(&window, &peer, &both);
    CU_ASSERT_EQUAL(peer_children(&peer, NULL, 0), 2 * both.pool);
    CU_ASSERT_EQUAL(ask_for_all(&peer, &window), 7);
    expect_all_done(&peer, &window, 7);
    window_finish(&window, &peer);
    CU_ASSERT_EQUAL(window.end.measured, 7);
    CU_ASSERT_EQUAL(window.end.started, 7);
    CU_ASSERT_EQUAL(window.end.done, 7);
    CU_ASSERT_EQUAL(peer_children(&peer, NULL, 0), 0);
    CU_ASSERT_EQUAL(peer_end(&peer), 0);
}

static void test_failed_operation_is_answered_as_failed(void)
{
    static const WireProbe probe = {.cell = CELL,
                                    .client_count = {0, 1, 0},
                                    .slot_us = 1000,
                                    .pool = 1,
                                    .drain_ms = 60000};
    g_autofree char *documents = NULL;
    int fd = peer_make_documents(&documents, 1 << 20);
    AgentWindow window;
    AgentPeer peer;

    peer_start_with_client(&peer, documents, 0);
    peer_work(&peer, LITTLE_WORK);
    CU_ASSERT_EQUAL_FATAL(ftruncate(fd, 0), 0);
    window_open(&window, &peer, &probe);
    peer_ask_start(&peer, CELL, 0);
    CU_ASSERT_EQUAL(peer_expect_done(&peer, CELL).flags, WIRE_SAMPLE_FAILED);
    window_finish(&window, &peer);
    CU_ASSERT_EQUAL(window.end.done, 1);
    CU_ASSERT_EQUAL(window.end.failed, 0);
    peer_end(&peer);
    close(fd);
    unlink(documents);
}

static void test_requests_wait_for_a_probe_user(void)
{
    WireProbe probe = twelve;
    AgentWindow window;
    AgentPeer peer;

    probe.pool = 1;
    start(&peer, LITTLE_WORK);
    window_open(&window, &peer, &probe);
    ask_for_all(&peer, &window);
    /* In the order in which they were asked for. */
    for (uint32_t i = window.n; i-- > 0;)
        CU_ASSERT_EQUAL(peer_expect_done(&peer, CELL).index, i);
    window_finish(&window, &peer);
    CU_ASSERT_EQUAL(window.end.done, 12);
    peer_end(&peer);
}

static void test_answers_wait_for_a_host_that_does_not_read(void)
{
    static const WireProbe probe = {.cell = CELL,
                                    .client_count = {60, 0, 0},
                                    .slot_us = 1000,
                                    .pool = 2,
                                    .drain_ms = 60000};
    AgentWindow window;
    AgentPeer peer;
    WireFrame frame;

    peer_start_with_client(&peer, NULL, 1);
    peer_work(&peer, 1);
    window_open(&window, &peer, &probe);
    ask_for_all(&peer, &window);
    while (window.n_meters < 2)
        CU_ASSERT_TRUE_FATAL(window_take(&window, &peer));
    /* The agent does not wait with them. */
    peer_ask(&peer, WIRE_PING, 0);
    peer_expect(&peer, WIRE_PONG, &frame);
    expect_all_done(&peer, &window, 60);
    window_finish(&window, &peer);
    CU_ASSERT_EQUAL(window.end.started, 60);
    CU_ASSERT_EQUAL(window.end.done, 60);
    peer_end(&peer);
}

#define LONGEST_DRAIN_MS 20000

static void test_unfinished_operations_have_started_but_are_not_done(void)
{
    WireProbe probe = {.cell = CELL,
                       .client_count = {0, 3, 0},
                       .slot_us = 1000,
                       .pool = 1};
    g_autofree char *documents = NULL;
    AgentWindow window;
    AgentPeer peer;

    close(peer_make_documents(&documents, 1 << 20));
    peer_start_with_client(&peer, documents, 0);
    peer_work(&peer, MUCH_WORK);
    /* So long that the requests arrive within the window, whatever else runs on
     * this machine. */
    for (probe.drain_ms = 200; probe.drain_ms <= LONGEST_DRAIN_MS;
         probe.drain_ms *= 4) {
        window_open(&window, &peer, &probe);
        peer_ask_start(&peer, CELL, 0);
        peer_ask_start(&peer, CELL, 2);
        window_finish(&window, &peer);
        if (window.end.started == 2)
            break;
    }
    CU_ASSERT_EQUAL(window.end.started, 2);
    CU_ASSERT_EQUAL(window.end.done, 0);
    CU_ASSERT_TRUE(peer_has_no_done(&peer));
    CU_ASSERT_EQUAL(peer_children(&peer, NULL, 0), 0);
    peer_end(&peer);
    unlink(documents);
}

static void test_host_that_asks_for_nothing_gets_its_end(void)
{
    WireProbe probe = both;
    AgentWindow window;
    AgentPeer peer;

    probe.drain_ms = 100;
    start(&peer, LITTLE_WORK);
    window_open(&window, &peer, &probe);
    window_finish(&window, &peer);
    CU_ASSERT_EQUAL(window.end.scheduled, 7);
    CU_ASSERT_EQUAL(window.end.started, 0);
    CU_ASSERT_EQUAL(window.end.done, 0);
    CU_ASSERT_TRUE(peer_has_no_done(&peer));
    peer_end(&peer);
}

/* The first operation of that vantage. */
static uint32_t find(const AgentWindow *window, WireVantage vantage)
{
    uint32_t i = 0;

    while (window->starts[i].vantage != vantage)
        i++;
    return i;
}

static void send_frame(AgentPeer *peer, WireType type, uint32_t length)
{
    uint8_t frame[WIRE_MAX_FRAME] = {0};
    size_t size = wire_seal(frame, type, 0, length);

    CU_ASSERT_EQUAL(write(peer->client_fd, frame, size), (ssize_t)size);
}

static void expect_nonsense_noted(AgentPeer *peer)
{
    peer_expect_note(peer, "client port");
}

static void test_nonsense_is_noted_and_harmless(void)
{
    AgentWindow window;
    AgentPeer peer;
    uint32_t index;

    start(&peer, LITTLE_WORK);
    window_open(&window, &peer, &both);
    index = find(&window, WIRE_CLIENT);
    peer_ask_start(&peer, CELL + 1, index);
    expect_nonsense_noted(&peer);
    peer_ask_start(&peer, CELL, window.n);
    expect_nonsense_noted(&peer);
    peer_ask_start(&peer, CELL, UINT32_MAX);
    expect_nonsense_noted(&peer);
    peer_ask_start(&peer, CELL, find(&window, WIRE_SERVER));
    expect_nonsense_noted(&peer);
    send_frame(&peer, WIRE_START, 11);
    expect_nonsense_noted(&peer);
    send_frame(&peer, WIRE_DONE, 16);
    expect_nonsense_noted(&peer);
    send_frame(&peer, WIRE_POWEROFF, 0);
    expect_nonsense_noted(&peer);
    CU_ASSERT_EQUAL(write(peer.client_fd, "garbage", 7), 7);
    expect_nonsense_noted(&peer);
    CU_ASSERT_EQUAL(ask_for_all(&peer, &window), 7);
    expect_all_done(&peer, &window, 7);
    peer_end(&peer);
}

static void test_second_request_for_an_operation_is_refused(void)
{
    AgentWindow window;
    AgentPeer peer;

    start(&peer, LITTLE_WORK);
    window_open(&window, &peer, &twelve);
    peer_ask_start(&peer, CELL, 3);
    CU_ASSERT_EQUAL(peer_expect_done(&peer, CELL).index, 3);
    peer_ask_start(&peer, CELL, 3);
    /* The window may close meanwhile. */
    while (window.notes == 0)
        CU_ASSERT_TRUE_FATAL(window_take(&window, &peer));
    for (uint32_t i = 0; i < 12; i++)
        if (i != 3)
            peer_ask_start(&peer, CELL, i);
    window_finish(&window, &peer);
    CU_ASSERT_EQUAL(window.end.started, 12);
    CU_ASSERT_EQUAL(window.end.done, 12);
    peer_end(&peer);
}

static void test_requests_outside_of_a_window_are_noted(void)
{
    AgentWindow window;
    AgentPeer peer;

    start(&peer, LITTLE_WORK);
    peer_ask_start(&peer, CELL, 0);
    expect_nonsense_noted(&peer);
    window_open(&window, &peer, &twelve);
    ask_for_all(&peer, &window);
    expect_all_done(&peer, &window, 12);
    window_finish(&window, &peer);
    peer_ask_start(&peer, CELL, 0);
    expect_nonsense_noted(&peer);
    CU_ASSERT_TRUE(peer_has_no_done(&peer));
    CU_ASSERT_EQUAL(peer_end(&peer), 0);
}

static void test_request_in_pieces_is_one_request(void)
{
    const WireStart request = {CELL, 6};
    uint8_t frame[WIRE_MAX_FRAME];
    uint32_t length = wire_put_start(frame + WIRE_HEADER_SIZE, &request);
    size_t size = wire_seal(frame, WIRE_START, 0, length);
    AgentWindow window;
    AgentPeer peer;
    WireFrame pong;

    start(&peer, LITTLE_WORK);
    window_open(&window, &peer, &twelve);
    for (size_t i = 0; i < size; i++) {
        CU_ASSERT_EQUAL_FATAL(write(peer.client_fd, frame + i, 1), 1);
        /* So that the agent has taken this much. */
        peer_ask(&peer, WIRE_PING, 0);
        while (peer_next(&peer, &pong) && pong.type != WIRE_PONG)
            CU_ASSERT_NOT_EQUAL(pong.type, WIRE_EVENT);
    }
    CU_ASSERT_EQUAL(peer_expect_done(&peer, CELL).index, 6);
    peer_end(&peer);
}

static void test_reset_ends_the_window_and_the_next_one_works(void)
{
    WireProbe endless = twelve;
    AgentWindow window;
    AgentPeer peer;

    endless.slot_us = 10000000;
    start(&peer, MUCH_WORK);
    window_open(&window, &peer, &endless);
    ask_for_all(&peer, &window);
    peer_reset(&peer);
    CU_ASSERT_EQUAL(peer_children(&peer, NULL, 0), 0);
    CU_ASSERT_TRUE(peer_has_no_done(&peer));
    peer_work(&peer, LITTLE_WORK);
    window_open(&window, &peer, &twelve);
    ask_for_all(&peer, &window);
    expect_all_done(&peer, &window, 12);
    window_finish(&window, &peer);
    CU_ASSERT_EQUAL(window.end.done, 12);
    peer_end(&peer);
}

#define PATIENCE_NS (60 * NS_PER_S)
#define REST_NS (50 * NS_PER_MS)

/* How long it has run so far, as the kernel counts it; 0: it does not sleep. */
static uint64_t slept_after_ns(pid_t pid)
{
    char path[64], text[256];
    const char *state;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    CU_ASSERT_TRUE_FATAL(file_read(path, text, sizeof text));
    state = strrchr(text, ')');
    if (!state || strncmp(state, ") S ", 4) != 0)
        return 0;
    snprintf(path, sizeof path, "/proc/%d/schedstat", (int)pid);
    CU_ASSERT_TRUE_FATAL(file_read(path, text, sizeof text));
    return strtoull(text, NULL, 10);
}

/* Whether it comes to sleep for a while without being woken. A loop around
 * poll() never does, however little CPU it gets on a busy machine. */
static bool comes_to_rest(pid_t pid)
{
    uint64_t limit_ns = clock_now_ns() + PATIENCE_NS;

    while (clock_now_ns() < limit_ns) {
        uint64_t before_ns = slept_after_ns(pid);
        clock_sleep_until(clock_now_ns() + REST_NS);
        if (before_ns > 0 && slept_after_ns(pid) == before_ns)
            return true;
    }
    return false;
}

/* With answers that nobody has read, or without. */
static void lose_client_port(bool with_answers)
{
    WireProbe probe = both;
    AgentWindow window;
    AgentPeer peer;

    probe.drain_ms = 100;
    start(&peer, LITTLE_WORK);
    window_open(&window, &peer, &probe);
    if (with_answers)
        ask_for_all(&peer, &window);
    close(peer.client_fd);
    peer.client_fd = -1;
    window_finish(&window, &peer);
    CU_ASSERT_TRUE(comes_to_rest(peer.agent));
    CU_ASSERT_EQUAL(peer_end(&peer), 0);
}

static void test_agent_rests_when_the_client_port_is_gone(void)
{
    lose_client_port(true);
    lose_client_port(false);
}

static void test_no_client_side_without_a_client_port(void)
{
    AgentPeer peer;
    WireFrame frame;
    WireHello hello;

    peer_start(&peer, NULL, false);
    CU_ASSERT_TRUE_FATAL(peer_next(&peer, &frame));
    CU_ASSERT_TRUE_FATAL(wire_get_hello(&frame, &hello));
    CU_ASSERT_EQUAL(hello.flags & WIRE_HELLO_CLIENT, 0);
    peer_welcome(&peer);
    peer_work(&peer, LITTLE_WORK);
    peer_expect_error(&peer, peer_ask_probe(&peer, &both), "client port");
    CU_ASSERT_EQUAL(peer_children(&peer, NULL, 0), 0);
    peer_end(&peer);
}

/* Its pool sleeps in futexes from the opening on. */
static void test_answer_is_the_one_system_call_of_an_operation(void)
{
    WireProbe probe = twelve;
    AgentWindow window;
    AgentPeer peer;
    ProcessLook user;
    SystemCalls calls;

    probe.pool = 1;
    start(&peer, LITTLE_WORK);
    window_open(&window, &peer, &probe);
    CU_ASSERT_EQUAL_FATAL(peer_children(&peer, &user, 1), 1);
    if (!system_calls_attach(user.pid)) {
        test_skip("needs to be allowed to trace processes");
        peer_end(&peer);
        return;
    }
    ask_for_all(&peer, &window);
    system_calls_follow(&calls, user.pid);
    window_finish(&window, &peer);
    CU_ASSERT_EQUAL(window.end.done, 12);
    CU_ASSERT_EQUAL(system_calls_count(&calls, 0, SYS_write), 12);
    CU_ASSERT_EQUAL(system_calls_count(&calls, 0, SYS_futex) + 12, calls.n);
    peer_end(&peer);
}

CU_TestInfo tests_client_port[] = {
    {"each operation asked for is answered once",
     test_each_operation_asked_for_is_answered_once},
    {"a window has both sides, with a pool for each",
     test_window_has_both_sides_with_a_pool_for_each},
    {"a failed operation is answered as failed",
     test_failed_operation_is_answered_as_failed},
    {"requests wait for a probe user", test_requests_wait_for_a_probe_user},
    {"answers wait for a host that does not read",
     test_answers_wait_for_a_host_that_does_not_read},
    {"unfinished operations have started but are not done",
     test_unfinished_operations_have_started_but_are_not_done},
    {"a host that asks for nothing gets its end",
     test_host_that_asks_for_nothing_gets_its_end},
    {"nonsense is noted and harmless", test_nonsense_is_noted_and_harmless},
    {"a second request for an operation is refused",
     test_second_request_for_an_operation_is_refused},
    {"requests outside of a window are noted",
     test_requests_outside_of_a_window_are_noted},
    {"a request in pieces is one request",
     test_request_in_pieces_is_one_request},
    {"a reset ends the window and the next one works",
     test_reset_ends_the_window_and_the_next_one_works},
    {"the agent rests when the client port is gone",
     test_agent_rests_when_the_client_port_is_gone},
    {"no client side without a client port",
     test_no_client_side_without_a_client_port},
    {"an answer is the one system call of an operation",
     test_answer_is_the_one_system_call_of_an_operation},
    TEST_END,
};
