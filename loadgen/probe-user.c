/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "probe-user.h"

#include "children.h"
#include "clock.h"
#include "work.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WARM_UP_ITERATIONS 10000
#define EVERYBODY UINT32_MAX

/* `which` is a set: a wake reaches those waiters that share a bit with it. */
static long futex(_Atomic uint32_t *word, int operation, uint32_t value,
                  uint32_t which)
{
    return syscall(SYS_futex, word, operation, value, NULL, NULL, which);
}

/* One bit for the probe user that awaits the request of this number, so that
 * the others sleep on. */
static uint32_t bit_of(uint32_t request)
{
    return UINT32_C(1) << (request % 32);
}

void board_open(ProbeBoard *board, uint64_t opens_ns)
{
    board->opens_ns = opens_ns;
    board->go = 1;
    futex(&board->go, FUTEX_WAKE_BITSET, INT_MAX, EVERYBODY);
}

void board_request(ProbeBoard *board, uint32_t index)
{
    uint32_t place = board->requested;

    board->records[place].in_queue = index;
    board->requested = place + 1;
    futex(&board->requested, FUTEX_WAKE_BITSET, INT_MAX, bit_of(place));
}

/* Every page of the board gets into this process's page table now, not in the
 * middle of a timed operation. */
static void touch_board(const ProbeBoard *board)
{
    const volatile uint8_t *bytes = (const volatile uint8_t *)board;
    size_t size = sizeof *board + board->n * sizeof board->records[0];

    for (size_t at = 0; at < size; at += 4096)
        (void)bytes[at];
}

static void wait_for_opening(ProbeBoard *board)
{
    board->ready++;
    while (board->go == 0)
        futex(&board->go, FUTEX_WAIT_BITSET, 0, EVERYBODY);
}

/* Returns the time now, `ns` or later. Who is late already does not sleep. */
static uint64_t wait_until(uint64_t ns)
{
    uint64_t now_ns = clock_now_ns();

    if (now_ns >= ns)
        return now_ns;
    clock_sleep_until(ns);
    return clock_now_ns();
}

static bool operate(const ProbeUser *user, const Record *record)
{
    return operation_do(&user->means, (WireOperation)record->operation,
                        record->document);
}

/* Server side: operations come when the clock says so. */
static void keep_schedule(const ProbeUser *user)
{
    ProbeBoard *board = user->board;
    uint32_t index;

    while ((index = board->next++) < board->n) {
        Record *record = &board->records[index];
        if (record->vantage != WIRE_SERVER)
            continue;
        atomic_store_explicit(&record->taker, user->index + 1,
                              memory_order_relaxed);
        uint64_t started_ns = wait_until(board->opens_ns + record->intended_ns);
        atomic_store_explicit(&record->started_ns, started_ns,
                              memory_order_relaxed);
        record->failed = !operate(user, record);
        record->ended_ns = clock_now_ns();
        atomic_store_explicit(&record->done, true, memory_order_release);
    }
}

/* A port takes a frame as a whole or not at all. One that has nobody at its
 * other end takes none, and is never ready either. */
static void tell_host(const ProbeUser *user, uint32_t index, bool failed)
{
    const WireDone done = {user->cell, index, failed ? WIRE_SAMPLE_FAILED : 0};
    uint8_t frame[WIRE_MAX_FRAME];
    uint32_t length = wire_put_done(frame + WIRE_HEADER_SIZE, &done);
    size_t size = wire_seal(frame, WIRE_DONE, 0, length);
    struct pollfd port = {CHILD_FD, POLLOUT, 0};

    while (write(CHILD_FD, frame, size) < 0) {
        if (errno != EAGAIN && errno != EINTR)
            return;
        if (poll(&port, 1, -1) > 0 && !(port.revents & POLLOUT))
            return;
    }
    user->board->served++;
}

/* Client side: operations come when the host asks for them. */
static void serve(const ProbeUser *user)
{
    ProbeBoard *board = user->board;

    for (;;) {
        uint32_t mine = board->awaited++;
        uint32_t requested;
        while ((requested = board->requested) <= mine)
            futex(&board->requested, FUTEX_WAIT_BITSET, requested,
                  bit_of(mine));
        uint32_t index = board->records[mine].in_queue;
        tell_host(user, index, !operate(user, &board->records[index]));
    }
}

int probe_user_live(void *data)
{
    ProbeUser *user = data;
    ProbeBoard *board = user->board;

    /* The kernel rounds sleeps up by 50 us unless asked not to. */
    prctl(PR_SET_TIMERSLACK, 1ul);
    touch_board(board);
    /* What cannot be prepared will fail when it is used, and be counted. */
    operation_prepare(&user->means);
    work_do(WARM_UP_ITERATIONS);
    wait_for_opening(board);
    if (user->vantage == WIRE_CLIENT)
        serve(user);
    keep_schedule(user);
    /* Staying costs nothing and disturbs nobody; ending would. */
    for (;;)
        pause();
    return EXIT_SUCCESS;
}
