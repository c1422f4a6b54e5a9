/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/unit/agent-window.h"

#include "loadgen/clock.h"

#include <CUnit/CUnit.h>
#include <string.h>

static void take_samples(AgentWindow *window, const WireFrame *frame)
{
    static WireSamples samples;

    CU_ASSERT_TRUE_FATAL(wire_get_samples(frame, &samples));
    CU_ASSERT_EQUAL(samples.cell, window->probe->cell);
    CU_ASSERT_TRUE(samples.sent_ns <= clock_now_ns());
    for (uint32_t i = 0; i < samples.n; i++) {
        const WireSample *sample = &samples.samples[i];
        CU_ASSERT_TRUE_FATAL(sample->index < window->n);
        CU_ASSERT_TRUE(sample->ended_ns <= samples.sent_ns);
        window->samples[sample->index] = *sample;
        window->seen[sample->index]++;
    }
}

static void take_meters(AgentWindow *window, const WireFrame *frame)
{
    WireMeters meters;

    CU_ASSERT_TRUE_FATAL(wire_get_meters(frame, &meters));
    CU_ASSERT_EQUAL(meters.mark, WIRE_MARK_OPEN + window->n_meters);
    CU_ASSERT_EQUAL(meters.cell, window->probe->cell);
    if (window->n_meters++ == 0)
        window->opened = meters;
    else
        window->closed = meters;
}

bool window_take(AgentWindow *window, AgentPeer *peer)
{
    WireFrame frame;

    CU_ASSERT_TRUE_FATAL(peer_next(peer, &frame));
    if (frame.type == WIRE_METERS)
        take_meters(window, &frame);
    else if (frame.type == WIRE_SAMPLES)
        take_samples(window, &frame);
    else if (frame.type == WIRE_EVENT)
        window->notes++;
    else if (frame.type == WIRE_END)
        CU_ASSERT_TRUE_FATAL(wire_get_end(&frame, &window->end));
    return frame.type != WIRE_END;
}

void window_ask(AgentWindow *window, AgentPeer *peer, const WireProbe *probe)
{
    memset(window, 0, sizeof *window);
    window->probe = probe;
    CU_ASSERT_TRUE_FATAL(schedule_length(probe) <= WINDOW_MAX);
    window->n = schedule_make(probe, window->starts);
    peer_expect_ok(peer, peer_ask_probe(peer, probe));
}

void window_open(AgentWindow *window, AgentPeer *peer, const WireProbe *probe)
{
    window_ask(window, peer, probe);
    while (window->n_meters == 0)
        CU_ASSERT_TRUE_FATAL(window_take(window, peer));
}

void window_finish(AgentWindow *window, AgentPeer *peer)
{
    const WireEnd *end = &window->end;
    uint32_t n_server = 0;

    while (window_take(window, peer))
        continue;
    CU_ASSERT_EQUAL(window->n_meters, 2);
    for (uint32_t i = 0; i < window->n; i++) {
        bool server = window->starts[i].vantage == WIRE_SERVER;
        CU_ASSERT_EQUAL(window->seen[i], server ? 1 : 0);
        n_server += server;
    }
    CU_ASSERT_EQUAL(end->cell, window->probe->cell);
    CU_ASSERT_EQUAL(end->scheduled, n_server);
    CU_ASSERT_EQUAL(end->sent, n_server);
    CU_ASSERT_EQUAL(end->measured + end->censored + end->failed, n_server);
}

uint64_t window_intended_ns(const AgentWindow *window, uint32_t index)
{
    return window->opened.monotonic_ns + window->starts[index].offset_ns;
}
