/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "probe.h"

#include "clock.h"
#include "schedule.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WARMING_STEP_NS (20 * NS_PER_MS)
/* How long the pool may take to get ready before the window opens anyway: its
 * processes compete with the load like everybody else. */
#define WARMING_LIMIT_NS (30 * NS_PER_S)
#define LEAD_NS (200 * NS_PER_MS)
#define COLLECT_STEP_NS (250 * NS_PER_MS)
#define DRAIN_STEP_NS (50 * NS_PER_MS)
#define MIN_SLOT_US 1000u
#define MAX_SLOT_US 60000000u
#define MAX_DRAIN_MS 600000u

void probe_init(Probe *self)
{
    memset(self, 0, sizeof *self);
    self->state = PROBE_IDLE;
    self->documents_fd = -1;
}

static uint64_t count_client(const WireProbe *request)
{
    uint64_t n = 0;

    for (int i = 0; i < WIRE_N_OPERATIONS; i++)
        n += request->client_count[i];
    return n;
}

static uint64_t count_opens(const WireProbe *request)
{
    return (uint64_t)request->count[WIRE_OPEN] +
           request->client_count[WIRE_OPEN];
}

static const char *find_fault(const Probe *self, const WireProbe *request,
                              uint64_t iterations_per_ms,
                              const Documents *documents, int client_fd)
{
    uint64_t n = schedule_length(request);

    if (self->state != PROBE_IDLE)
        return "PROBE: a window is open already";
    if (iterations_per_ms == 0)
        return "PROBE: no WORK yet, the size of an operation is unknown";
    if (n == 0 || n > WIRE_MAX_SCHEDULE)
        return "PROBE: not 1 ... 20000 operations";
    if (request->pool == 0 || request->pool > WIRE_MAX_POOL)
        return "PROBE: not 1 ... 64 probe users";
    if (request->slot_us < MIN_SLOT_US || request->slot_us > MAX_SLOT_US)
        return "PROBE: slot not within 1 ms ... 1 min";
    if (request->drain_ms > MAX_DRAIN_MS)
        return "PROBE: drain time above 10 min";
    if (count_client(request) > 0 && client_fd < 0)
        return "PROBE: operations of the client side, but the client port is "
               "not open";
    if (count_opens(request) > 0 && documents->n_documents == 0)
        return "PROBE: no documents: the guest needs a disk (/dev/vda), the "
               "native agent --documents FILE";
    if (request->reading == WIRE_READING_COLD &&
        count_opens(request) > documents->n_documents)
        return "PROBE: fewer documents than operations 'open', none of which "
               "may read what another has";
    return NULL;
}

static bool allocate(Probe *self)
{
    self->board_size =
        sizeof *self->board + self->n * sizeof self->board->records[0];
    self->collected = calloc(self->n, sizeof self->collected[0]);
    self->board = mmap(NULL, self->board_size, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (self->board == MAP_FAILED)
        self->board = NULL;
    return self->collected && self->board;
}

/* Decides what each `open` reads. */
static bool pick_documents(Probe *self, const Documents *documents)
{
    uint32_t n = (uint32_t)count_opens(&self->request);
    uint64_t *picked = calloc((size_t)n + 1, sizeof *picked);
    bool good =
        picked && documents_pick(documents, (WireReading)self->request.reading,
                                 self->request.seed, picked, n);

    for (uint32_t i = 0, next = 0; good && i < self->n; i++)
        if (self->board->records[i].operation == WIRE_OPEN)
            self->board->records[i].document = picked[next++];
    free(picked);
    return good;
}

static bool lay_out(Probe *self, const WireProbe *request,
                    const Documents *documents)
{
    ScheduledStart *starts = calloc(WIRE_MAX_SCHEDULE, sizeof(ScheduledStart));

    if (!starts)
        return false;
    self->request = *request;
    self->n = schedule_make(request, starts);
    self->n_client = (uint32_t)count_client(request);
    if (!allocate(self)) {
        free(starts);
        return false;
    }
    self->board->n = self->n;
    for (uint32_t i = 0; i < self->n; i++) {
        self->board->records[i].intended_ns = starts[i].offset_ns;
        self->board->records[i].operation = (uint8_t)starts[i].operation;
        self->board->records[i].vantage = (uint8_t)starts[i].vantage;
        /* The host has those of the client side already. */
        self->collected[i] = starts[i].vantage == WIRE_CLIENT;
    }
    free(starts);
    return pick_documents(self, documents);
}

static bool fork_pool(Probe *self, Children *children, WireVantage vantage,
                      uint64_t iterations_per_ms, const Documents *documents,
                      int client_fd)
{
    ChildKind kind = {CHILD_PROBE, "probe user", SIGKILL, -1, NULL};
    ProbeUser user = {.board = self->board,
                      .cell = self->request.cell,
                      .vantage = vantage};
    _Atomic uint64_t *launched_ns = self->board->launched_ns[vantage];

    if (vantage == WIRE_CLIENT)
        kind.keep_fd = client_fd;
    user.means.documents = documents;
    user.means.reading = (WireReading)self->request.reading;
    user.means.iterations_per_ms = iterations_per_ms;
    for (; user.index < self->request.pool; user.index++) {
        kind.launched_ns = &launched_ns[user.index];
        user.means.launched_ns = &launched_ns[user.index];
        if (children_start(children, &kind, probe_user_live, &user) < 0)
            return false;
    }
    return true;
}

/* Those that the window needs: one for each vantage that has operations. */
static bool fork_pools(Probe *self, Children *children,
                       uint64_t iterations_per_ms, const Documents *documents,
                       int client_fd)
{
    const bool wanted[WIRE_N_VANTAGES] = {
        [WIRE_SERVER] = self->n > self->n_client,
        [WIRE_CLIENT] = self->n_client > 0,
    };

    for (int vantage = 0; vantage < WIRE_N_VANTAGES; vantage++) {
        if (!wanted[vantage])
            continue;
        if (!fork_pool(self, children, (WireVantage)vantage, iterations_per_ms,
                       documents, client_fd))
            return false;
        self->n_users += self->request.pool;
    }
    return true;
}

const char *probe_start(Probe *self, Children *children,
                        const WireProbe *request, uint64_t iterations_per_ms,
                        const Documents *documents, int client_fd)
{
    const char *fault =
        find_fault(self, request, iterations_per_ms, documents, client_fd);

    if (!fault && count_opens(request) > 0)
        fault = documents_make_ready(documents, (WireReading)request->reading,
                                     &self->documents_fd);
    if (fault)
        return fault;
    if (!lay_out(self, request, documents)) {
        probe_stop(self, children);
        return "PROBE: no memory for the schedule";
    }
    if (!fork_pools(self, children, iterations_per_ms, documents, client_fd)) {
        probe_stop(self, children);
        return "PROBE: cannot fork so many probe users";
    }
    self->state = PROBE_WARMING;
    self->deadline_ns = clock_now_ns() + WARMING_LIMIT_NS;
    self->end =
        (WireEnd){.cell = request->cell, .scheduled = self->n - self->n_client};
    return NULL;
}

bool probe_request(Probe *self, const WireStart *start)
{
    ProbeBoard *board = self->board;
    bool open = self->state == PROBE_RUNNING || self->state == PROBE_DRAINING;

    if (!open || start->cell != self->request.cell || start->index >= self->n ||
        board->records[start->index].vantage != WIRE_CLIENT ||
        board->records[start->index].requested)
        return false;
    board->records[start->index].requested = true;
    board_request(board, start->index);
    return true;
}

static void set_opening(Probe *self, uint64_t now_ns)
{
    uint64_t window_ns = (uint64_t)self->n * self->request.slot_us * NS_PER_US;

    self->opens_ns = now_ns + LEAD_NS;
    self->closes_ns = self->opens_ns + window_ns;
    self->left_ns = self->closes_ns + self->request.drain_ms * NS_PER_MS;
    board_open(self->board, self->opens_ns);
    self->state = PROBE_PENDING;
    self->deadline_ns = self->opens_ns;
}

static bool all_done(const Probe *self)
{
    for (uint32_t i = self->first_open; i < self->n; i++)
        if (!self->collected[i] && !self->board->records[i].done)
            return false;
    return self->board->served >= self->n_client;
}

static void leave(Probe *self, Children *children)
{
    /* Gone before the unfinished ones are looked at, so that no operation
     * finishes while it is being reported as unfinished, or begins after the
     * time at which it is said to have been left. */
    children_stop(children, CHILD_PROBE, SIGKILL, 0);
    self->end.started = self->board->requested;
    self->end.done = self->board->served;
    self->left_ns = clock_now_ns();
    self->state = PROBE_LEFT;
}

ProbeNews probe_advance(Probe *self, Children *children, uint64_t now_ns)
{
    switch (self->state) {
    case PROBE_IDLE:
        break;
    case PROBE_WARMING:
        if (self->board->ready >= self->n_users || now_ns >= self->deadline_ns)
            set_opening(self, now_ns);
        break;
    case PROBE_PENDING:
        if (now_ns < self->opens_ns)
            break;
        self->state = PROBE_RUNNING;
        self->deadline_ns = self->closes_ns;
        return PROBE_OPENED;
    case PROBE_RUNNING:
        if (now_ns < self->closes_ns)
            break;
        self->state = PROBE_DRAINING;
        self->deadline_ns = self->left_ns;
        return PROBE_CLOSED;
    case PROBE_DRAINING:
        if (now_ns >= self->left_ns || all_done(self))
            leave(self, children);
        break;
    case PROBE_LEFT:
        if (self->end.sent < self->end.scheduled)
            break;
        probe_stop(self, children);
        return PROBE_ENDED;
    }
    return PROBE_NO_NEWS;
}

static void fill_unfinished(const Probe *self, const Record *record,
                            WireSample *ret)
{
    ret->flags = WIRE_SAMPLE_CENSORED;
    ret->ended_ns = self->left_ns;
    if (record->taker == 0)
        ret->flags |= WIRE_SAMPLE_UNSTARTED;
    if (ret->started_ns == 0)
        ret->started_ns = self->left_ns;
}

static void fill_sample(const Probe *self, uint32_t index, WireSample *ret)
{
    const Record *record = &self->board->records[index];
    uint16_t taker = record->taker;

    ret->index = index;
    ret->operation = record->operation;
    ret->flags = record->done && record->failed ? WIRE_SAMPLE_FAILED : 0;
    ret->user = taker > 0 ? (uint16_t)(taker - 1) : 0;
    ret->intended_ns = self->opens_ns + record->intended_ns;
    ret->started_ns = record->started_ns;
    ret->ended_ns = record->ended_ns;
    if (!record->done)
        fill_unfinished(self, record, ret);
}

static void count_sample(WireEnd *end, const WireSample *sample)
{
    if (sample->flags & WIRE_SAMPLE_CENSORED)
        end->censored++;
    else if (sample->flags & WIRE_SAMPLE_FAILED)
        end->failed++;
    else
        end->measured++;
    end->sent++;
}

uint32_t probe_collect(Probe *self, WireSamples *ret)
{
    ret->cell = self->request.cell;
    ret->n = 0;
    if (self->state < PROBE_RUNNING)
        return 0;
    for (uint32_t i = self->first_open;
         i < self->n && ret->n < WIRE_MAX_SAMPLES; i++) {
        if (self->collected[i] ||
            (!self->board->records[i].done && self->state != PROBE_LEFT))
            continue;
        fill_sample(self, i, &ret->samples[ret->n]);
        count_sample(&self->end, &ret->samples[ret->n++]);
        self->collected[i] = true;
    }
    while (self->first_open < self->n && self->collected[self->first_open])
        self->first_open++;
    /* After the last of them has ended, which may be while they are collected.
     */
    ret->sent_ns = clock_now_ns();
    return ret->n;
}

uint64_t probe_deadline(const Probe *self, uint64_t now_ns)
{
    uint64_t step_ns = COLLECT_STEP_NS;

    switch (self->state) {
    case PROBE_IDLE:
        return UINT64_MAX;
    case PROBE_PENDING:
        return self->opens_ns;
    case PROBE_WARMING:
        step_ns = WARMING_STEP_NS;
        break;
    case PROBE_DRAINING:
        step_ns = DRAIN_STEP_NS;
        break;
    case PROBE_RUNNING:
    case PROBE_LEFT:
        break;
    }
    return now_ns + step_ns < self->deadline_ns || self->state == PROBE_LEFT
               ? now_ns + step_ns
               : self->deadline_ns;
}

void probe_stop(Probe *self, Children *children)
{
    WireEnd end = self->end;

    children_stop(children, CHILD_PROBE, SIGKILL, 0);
    if (self->documents_fd >= 0)
        close(self->documents_fd);
    if (self->board)
        munmap(self->board, self->board_size);
    free(self->collected);
    probe_init(self);
    self->end = end; /* the window's last word may still be asked for */
}
