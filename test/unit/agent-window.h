/* SPDX-License-Identifier: GPL-3.0-or-later */
/* AgentWindow: all that a real agent says during one window. What breaks the
 * protocol fails the running test. */
#ifndef TEST_AGENT_WINDOW_H
#define TEST_AGENT_WINDOW_H

#include "loadgen/schedule.h"
#include "test/unit/agent-peer.h"

#define WINDOW_MAX 64 /* operations that a test may schedule */

typedef struct {
    const WireProbe *probe;
    ScheduledStart starts[WINDOW_MAX];
    uint32_t n; /* operations in the schedule, of both sides */
    WireMeters opened, closed;
    unsigned n_meters;
    WireSample samples[WINDOW_MAX]; /* by their index in the schedule */
    unsigned seen[WINDOW_MAX];      /* samples of that index */
    unsigned notes;
    WireEnd end;
} AgentWindow;

/* Asks for the window; `probe` is borrowed. The second returns once it is open.
 */
void window_ask(AgentWindow *window, AgentPeer *peer, const WireProbe *probe);
void window_open(AgentWindow *window, AgentPeer *peer, const WireProbe *probe);

/* Takes what comes next. False: that was the END. */
bool window_take(AgentWindow *window, AgentPeer *peer);

/* Takes all there is until the END. Then every operation of the server side was
 * told of once, none of the client side, and END's sums hold. */
void window_finish(AgentWindow *window, AgentPeer *peer);

/* When operation `index` was meant to start, ns of the agent's clock. */
uint64_t window_intended_ns(const AgentWindow *window, uint32_t index);

#endif
