/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An agent's measuring windows. */
#include "loadgen/clock.h"
#include "test/suites.h"
#include "test/unit/agent-window.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void run_window(AgentPeer *peer, const WireProbe *probe,
                       AgentWindow *window)
{
    window_open(window, peer, probe);
    window_finish(window, peer);
}

static void test_every_operation_of_a_window_is_accounted_for(void)
{
    static const WireProbe probe = {.cell = 77,
                                    .seed = 5,
                                    .count = {6, 4, 3},
                                    .slot_us = 20000,
                                    .pool = 4,
                                    .drain_ms = 60000};
    g_autofree char *documents = NULL;
    AgentWindow window;
    AgentPeer peer;

    close(peer_make_documents(&documents, 1 << 20));
    peer_start_welcomed(&peer, documents);
    peer_work(&peer, LITTLE_WORK);
    run_window(&peer, &probe, &window);
    for (uint32_t i = 0; i < 13; i++) {
        const WireSample *sample = &window.samples[i];
        CU_ASSERT_EQUAL(sample->operation, window.starts[i].operation);
        CU_ASSERT_EQUAL(sample->flags, 0);
        CU_ASSERT_TRUE(sample->user < 4);
        CU_ASSERT_EQUAL(sample->intended_ns, window_intended_ns(&window, i));
        CU_ASSERT_TRUE(sample->started_ns >= sample->intended_ns);
        CU_ASSERT_TRUE(sample->ended_ns > sample->started_ns);
    }
    CU_ASSERT_EQUAL(window.end.scheduled, 13);
    CU_ASSERT_EQUAL(window.end.measured, 13);
    CU_ASSERT_TRUE(window.closed.monotonic_ns >=
                   window.opened.monotonic_ns + 13 * 20 * NS_PER_MS);
    CU_ASSERT_TRUE(window.closed.probes_cpu_ns > window.opened.probes_cpu_ns);
    CU_ASSERT_EQUAL(peer_children(&peer, NULL, 0), 0);
    CU_ASSERT_EQUAL(peer_end(&peer), 0);
    unlink(documents);
}

#define LONGEST_SLOT_US 5000000

static bool is_unstarted(const WireSample *sample)
{
    return (sample->flags & WIRE_SAMPLE_UNSTARTED) != 0;
}

/* A window in which the only probe user has begun the first operation: one of a
 * few milliseconds, unless the machine does not let it run in so short a time.
 */
static void run_window_with_a_start(AgentPeer *peer, WireProbe *probe,
                                    AgentWindow *window)
{
    for (probe->slot_us = 1000; probe->slot_us <= LONGEST_SLOT_US;
         probe->slot_us *= 4) {
        run_window(peer, probe, window);
        if (!is_unstarted(&window->samples[0]))
            break;
    }
}

static void test_unfinished_operations_are_censored_not_lost(void)
{
    WireProbe probe = {.count = {0, 4, 0}, .pool = 1};
    g_autofree char *documents = NULL;
    AgentWindow window;
    AgentPeer peer;

    close(peer_make_documents(&documents, 1 << 20));
    peer_start_welcomed(&peer, documents);
    peer_work(&peer, MUCH_WORK);
    run_window_with_a_start(&peer, &probe, &window);
    CU_ASSERT_EQUAL(window.end.censored, 4);
    CU_ASSERT_EQUAL(window.end.measured, 0);
    for (int i = 0; i < 4; i++) {
        const WireSample *sample = &window.samples[i];
        CU_ASSERT_TRUE(sample->flags & WIRE_SAMPLE_CENSORED);
        /* The only probe user is busy with the first one. */
        CU_ASSERT_EQUAL(is_unstarted(sample), i > 0);
        CU_ASSERT_TRUE(sample->started_ns >= sample->intended_ns);
        CU_ASSERT_TRUE(sample->ended_ns >= sample->started_ns);
    }
    CU_ASSERT_EQUAL(peer_children(&peer, NULL, 0), 0);
    peer_end(&peer);
    unlink(documents);
}

static void test_failed_reads_are_marked_failed(void)
{
    static const WireProbe probe = {.count = {2, 3, 0},
                                    .slot_us = 5000,
                                    .pool = 2,
                                    .drain_ms = 60000};
    g_autofree char *documents = NULL;
    AgentWindow window;
    AgentPeer peer;

    close(peer_make_documents(&documents, 1 << 20));
    peer_start_welcomed(&peer, documents);
    peer_work(&peer, LITTLE_WORK);
    CU_ASSERT_EQUAL(truncate(documents, 0), 0);
    run_window(&peer, &probe, &window);
    CU_ASSERT_EQUAL(window.end.failed, 3);
    CU_ASSERT_EQUAL(window.end.measured, 2);
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(window.samples[i].flags,
                        window.samples[i].operation == WIRE_OPEN
                            ? WIRE_SAMPLE_FAILED
                            : 0);
    peer_end(&peer);
    unlink(documents);
}

static void test_second_window_is_refused_and_reset_ends_the_first(void)
{
    static const WireProbe probe = {.count = {60, 0, 0},
                                    .slot_us = 1000000,
                                    .pool = 8};
    AgentPeer peer;

    peer_start_welcomed(&peer, NULL);
    peer_work(&peer, LITTLE_WORK);
    peer_expect_ok(&peer, peer_ask_probe(&peer, &probe));
    CU_ASSERT_EQUAL(peer_children(&peer, NULL, 0), 8);
    peer_expect_error(&peer, peer_ask_probe(&peer, &probe), "already");
    CU_ASSERT_EQUAL(peer_children(&peer, NULL, 0), 8);
    peer_reset(&peer);
    CU_ASSERT_EQUAL(peer_children(&peer, NULL, 0), 0);
    peer_end(&peer);
}

CU_TestInfo tests_window[] = {
    {"every operation of a window is accounted for",
     test_every_operation_of_a_window_is_accounted_for},
    {"unfinished operations are censored, not lost",
     test_unfinished_operations_are_censored_not_lost},
    {"failed reads are marked failed", test_failed_reads_are_marked_failed},
    {"a second window is refused and reset ends the first",
     test_second_window_is_refused_and_reset_ends_the_first},
    TEST_END,
};
