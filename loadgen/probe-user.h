/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probe user: a process that does timed operations, and the board, the memory
 * through which it works together with the agent.
 *
 * The rule of the timed path: between the intended start of an operation and
 * its end a probe user reads the clock, once before the operation and once
 * after it, stores what it read into the board, and does the operation. It
 * allocates nothing, formats nothing, and makes no system call of its own: all
 * that could be done beforehand was. Of the client side, whose time the host
 * takes, it reads no clock; the answer is the one system call after the
 * operation. */
#ifndef LOADGEN_PROBE_USER_H
#define LOADGEN_PROBE_USER_H

#include "operations.h"
#include "wire.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* One operation of the schedule. What is not atomic is written before the pool
 * is forked, or by one process and read by others after `done`. */
typedef struct {
    uint64_t intended_ns; /* offset from the opening */
    uint64_t document;    /* for OPEN */
    uint8_t operation;
    uint8_t vantage;
    bool requested;    /* client side: asked for by the host */
    uint32_t in_queue; /* the operation that was asked for as this many-th */
    /* Of the server side: */
    bool failed;
    _Atomic uint16_t taker;      /* probe user + 1; 0: not taken */
    _Atomic uint64_t started_ns; /* 0: not started */
    uint64_t ended_ns;
    _Atomic bool done; /* published: the rest will not change */
} Record;

typedef struct {
    _Atomic uint32_t ready; /* probe users that are */
    _Atomic uint32_t go;    /* futex: opens_ns is set */
    _Atomic uint32_t next;  /* operation to be looked at by the server side */
    /* Of the client side: how many were asked for (futex), how many have a
     * probe user that does or awaits them, and how many are answered. */
    _Atomic uint32_t requested, awaited, served;
    uint32_t n;
    uint64_t opens_ns;
    _Atomic uint64_t launched_ns[WIRE_N_VANTAGES][WIRE_MAX_POOL];
    Record records[];
} ProbeBoard;

/* Tells the pool when the window opens: the time that the offsets count from.
 */
void board_open(ProbeBoard *board, uint64_t opens_ns);

/* Has the pool of the client side do this operation, the first time that it is
 * asked for, after those that were asked for before. */
void board_request(ProbeBoard *board, uint32_t index);

typedef struct {
    ProbeBoard *board; /* shared, all of it in memory */
    uint64_t cell;
    uint16_t index; /* in its pool */
    WireVantage vantage;
    Operator means;
} ProbeUser;

/* What the process does, which never ends by itself; `user` is a ProbeUser. Of
 * the client side CHILD_FD must be the client port. */
int probe_user_live(void *user);

#endif
