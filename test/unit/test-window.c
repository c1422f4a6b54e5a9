/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An agent's measuring windows. */
#include "loadgen/clock.h"
#include "loadgen/schedule.h"
#include "test/suites.h"
#include "test/unit/agent-peer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file of `size` bytes to be unlinked by the caller. */
static void make_documents(char path[64], off_t size)
{
    int fd;

    strcpy(path, "/tmp/hvbench-documents-XXXXXX");
    fd = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(ftruncate(fd, size), 0);
    close(fd);
}

/* Everything that comes during a window. */
typedef struct {
    WireMeters opened, closed;
    WireSample samples[MAX_CHILDREN];
    unsigned seen[MAX_CHILDREN]; /* samples of that index */
    unsigned n_meters;
    WireEnd end;
} Window;

static void take_samples(const WireFrame *frame, const WireProbe *probe,
                         Window *window)
{
    static WireSamples samples;

    CU_ASSERT_TRUE_FATAL(wire_get_samples(frame, &samples));
    CU_ASSERT_EQUAL(samples.cell, probe->cell);
    for (uint32_t i = 0; i < samples.n; i++) {
        CU_ASSERT_TRUE_FATAL(samples.samples[i].index < MAX_CHILDREN);
        window->samples[samples.samples[i].index] = samples.samples[i];
        window->seen[samples.samples[i].index]++;
    }
}

static void take_meters(const WireFrame *frame, Window *window)
{
    WireMeters meters;

    CU_ASSERT_TRUE_FATAL(wire_get_meters(frame, &meters));
    CU_ASSERT_EQUAL(meters.mark, WIRE_MARK_OPEN + window->n_meters);
    if (window->n_meters++ == 0)
        window->opened = meters;
    else
        window->closed = meters;
}

static void run_window(AgentPeer *peer, const WireProbe *probe, Window *window)
{
    WireFrame frame;

    memset(window, 0, sizeof *window);
    peer_expect_ok(peer, peer_ask_probe(peer, probe));
    for (;;) {
        CU_ASSERT_TRUE_FATAL(peer_next(peer, &frame));
        if (frame.type == WIRE_METERS)
            take_meters(&frame, window);
        else if (frame.type == WIRE_SAMPLES)
            take_samples(&frame, probe, window);
        else if (frame.type == WIRE_END)
            break;
    }
    CU_ASSERT_TRUE(wire_get_end(&frame, &window->end));
    CU_ASSERT_EQUAL(window->n_meters, 2);
    CU_ASSERT_EQUAL(window->end.cell, probe->cell);
    CU_ASSERT_EQUAL(window->end.scheduled, window->end.sent);
}

static void test_every_operation_of_a_window_is_accounted_for(void)
{
    static const WireProbe probe = {77, 5, {6, 4, 3}, 20000, 4, 60000, 0};
    ScheduledStart starts[13];
    char documents[64];
    Window window;
    AgentPeer peer;

    make_documents(documents, 1 << 20);
    peer_start_welcomed(&peer, documents);
    peer_work(&peer, LITTLE_WORK);
    run_window(&peer, &probe, &window);
    CU_ASSERT_EQUAL(schedule_make(&probe, starts), 13);
    for (int i = 0; i < 13; i++) {
        const WireSample *sample = &window.samples[i];
        CU_ASSERT_EQUAL(window.seen[i], 1);
        CU_ASSERT_EQUAL(sample->operation, starts[i].operation);
        CU_ASSERT_EQUAL(sample->flags, 0);
        CU_ASSERT_TRUE(sample->user < 4);
        CU_ASSERT_EQUAL(sample->intended_ns,
                        window.opened.monotonic_ns + starts[i].offset_ns);
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

static void test_unfinished_operations_are_censored_not_lost(void)
{
    static const WireProbe probe = {1, 1, {4, 0, 0}, 1000, 1, 0, 0};
    Window window;
    AgentPeer peer;

    peer_start_welcomed(&peer, NULL);
    /* Five seconds and more for what shall take 5 ms. */
    peer_work(&peer, 1000000000);
    run_window(&peer, &probe, &window);
    CU_ASSERT_EQUAL(window.end.censored, 4);
    CU_ASSERT_EQUAL(window.end.measured, 0);
    for (int i = 0; i < 4; i++) {
        const WireSample *sample = &window.samples[i];
        CU_ASSERT_EQUAL(window.seen[i], 1);
        CU_ASSERT_TRUE(sample->flags & WIRE_SAMPLE_CENSORED);
        /* The only probe user is busy with the first one. */
        CU_ASSERT_EQUAL((sample->flags & WIRE_SAMPLE_UNSTARTED) != 0, i > 0);
        CU_ASSERT_TRUE(sample->started_ns >= sample->intended_ns);
        CU_ASSERT_TRUE(sample->ended_ns >= sample->started_ns);
    }
    CU_ASSERT_EQUAL(peer_children(&peer, NULL, 0), 0);
    peer_end(&peer);
}

static void test_failed_reads_are_marked_failed(void)
{
    static const WireProbe probe = {1, 1, {2, 3, 0}, 5000, 2, 60000, 0};
    char documents[64];
    Window window;
    AgentPeer peer;

    make_documents(documents, 1 << 20);
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
    static const WireProbe probe = {1, 1, {60, 0, 0}, 1000000, 8, 0, 0};
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
