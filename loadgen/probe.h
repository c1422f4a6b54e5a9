/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probe: one window of timed operations.
 *
 * A pool of probe users, a process each, takes the schedule's operations one
 * after the other: a free one takes the next, sleeps until its intended start,
 * stamps, operates, stamps. No operation is skipped or moved; when all are
 * busy the next one starts late, and its delay counts from the intended start.
 * Schedule and stamps are in memory shared by all, laid out beforehand; the
 * agent collects finished operations from there, outside of the timed path,
 * whose rule is in probe-user.h.
 *
 * Operations of the client side have a pool of their own, which waits for
 * requests instead of the clock; whoever has done one tells the host at once,
 * over the client port, and the host takes the time.
 *
 * Call probe_start(), then probe_advance() whenever probe_deadline() has come,
 * and probe_collect() as often as there is room for samples, until
 * probe_advance() says PROBE_ENDED or probe_stop() is called. */
#ifndef LOADGEN_PROBE_H
#define LOADGEN_PROBE_H

#include "children.h"
#include "documents.h"
#include "probe-user.h"
#include "wire.h"

typedef enum {
    PROBE_IDLE,     /* no window */
    PROBE_WARMING,  /* the pool gets ready */
    PROBE_PENDING,  /* it is, the time of the opening is set */
    PROBE_RUNNING,  /* the window is open */
    PROBE_DRAINING, /* closed, unfinished operations are waited for */
    PROBE_LEFT,     /* all is decided, some samples may be uncollected */
} ProbeState;

typedef struct {
    ProbeState state;
    WireProbe request;
    uint32_t n;           /* operations in the schedule */
    uint32_t n_client;    /* of these, of the client side */
    uint32_t n_users;     /* probe users of all pools */
    uint64_t deadline_ns; /* of the present state */
    uint64_t opens_ns, closes_ns, left_ns;
    uint32_t first_open; /* all before this one are collected */
    bool *collected;
    WireEnd end;
    int documents_fd;  /* held open; -1: none */
    ProbeBoard *board; /* shared with the pool */
    size_t board_size;
} Probe;

void probe_init(Probe *probe);

/* Makes the schedule and the pools. `client_fd` is the client port, -1: there
 * is none. Returns NULL, or the text of an error: then there is no window. The
 * documents must outlive the window. */
const char *probe_start(Probe *probe, Children *children,
                        const WireProbe *request, uint64_t iterations_per_ms,
                        const Documents *documents, int client_fd);

/* The host asks for an operation of the client side. False: there is no such
 * one in the window, or it was asked for before. */
bool probe_request(Probe *probe, const WireStart *start);

typedef enum {
    PROBE_NO_NEWS,
    PROBE_OPENED, /* the window opened at probe->opens_ns */
    PROBE_CLOSED, /* its last slot is over */
    PROBE_ENDED,  /* all samples are collected: probe->end is complete and
                   * there is no pool any more */
} ProbeNews;

/* Moves on as the time demands. Call again until there is no news. */
ProbeNews probe_advance(Probe *probe, Children *children, uint64_t now_ns);

/* Takes finished operations that were not collected before, and once the drain
 * time is over the unfinished ones, too. Returns how many. */
uint32_t probe_collect(Probe *probe, WireSamples *ret);

/* When probe_advance() wants to be called next; UINT64_MAX: no window. */
uint64_t probe_deadline(const Probe *probe, uint64_t now_ns);

/* Ends the window without a word; nothing to do if there is none. */
void probe_stop(Probe *probe, Children *children);

#endif
