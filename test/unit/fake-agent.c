/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/unit/fake-agent.h"

#include "loadgen/schedule.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static guint64 now_ns(const FakeAgent *self)
{
    return (guint64)hvb_now_ns() + FAKE_AHEAD_NS + self->jump_ns;
}

static void send_frame(FakeAgent *self, WireType type, const guint8 *payload,
                       guint32 length)
{
    guint8 frame[WIRE_MAX_FRAME];

    /* cppcheck-suppress uninitvar ; the call that gives `length` wrote it */
    memcpy(frame + WIRE_HEADER_SIZE, payload, length);
    gsize n = wire_seal(frame, type, self->sequence++, length);
    if (self->garbage && write(self->fd, "HVB1 rubbish", 12) != 12)
        g_error("fake agent: %s", g_strerror(errno));
    if (self->fd >= 0 && write(self->fd, frame, n) != (gssize)n)
        g_error("fake agent: %s", g_strerror(errno));
}

static void say_ok(FakeAgent *self, guint32 request)
{
    guint8 payload[WIRE_MAX_PAYLOAD];
    const WireOk ok = {request};

    send_frame(self, WIRE_OK, payload, wire_put_ok(payload, &ok));
}

static void say_hello(FakeAgent *self)
{
    guint8 payload[WIRE_MAX_PAYLOAD];
    const WireHello hello = {
        .version = self->version ? self->version : WIRE_VERSION,
        .cpus = 1,
        .memory_kib = 123456,
        .iterations_per_ms = FAKE_RATE,
        .agent = "fake",
        .kernel = "6.1\x1b[31m",
        .cpu = "none",
        .clocksource = "tsc",
    };

    send_frame(self, WIRE_HELLO, payload, wire_put_hello(payload, &hello));
}

static void send_meters(FakeAgent *self, guint32 request, WireMark mark,
                        guint64 cell, guint64 at_ns)
{
    guint8 payload[WIRE_MAX_PAYLOAD];
    guint64 elapsed_ns = at_ns - self->began_ns;
    WireMeters meters = {
        .request = request,
        .mark = mark,
        .cell = cell,
        .monotonic_ns = at_ns,
        .user_ns = elapsed_ns / 2,
        .system_ns = elapsed_ns / 10,
        .idle_ns = elapsed_ns * 4 / 10,
        .users_cpu_ns =
            elapsed_ns / 3 + (guint64)self->meters++ * (guint64)self->used_ns,
        .probes_cpu_ns = elapsed_ns / 10,
        .managers = self->managed && !self->lose_manager,
    };

    g_strlcpy(meters.clocksource, self->clocksource ? self->clocksource : "tsc",
              sizeof meters.clocksource);
    send_frame(self, WIRE_METERS, payload, wire_put_meters(payload, &meters));
}

static WireSample sample_of(FakeAgent *self, const ScheduledStart *start,
                            guint32 index, guint32 n, guint64 opened_ns)
{
    WireSample sample = {
        .index = index,
        .operation = (guint8)start->operation,
        .intended_ns = opened_ns + start->offset_ns,
    };

    if (self->move_starts && index > 0)
        sample.intended_ns += 1000;
    if (index >= n - MIN(n, self->censor))
        sample.flags = WIRE_SAMPLE_CENSORED;
    sample.started_ns = sample.intended_ns + 10000;
    sample.ended_ns = sample.intended_ns +
                      (guint64)FAKE_REFERENCE_NS(start->operation) +
                      self->users * (guint64)FAKE_DELAY_PER_USER_NS;
    if (self->users == 0)
        sample.ended_ns +=
            (guint64)(self->slow_ns +
                      self->sampled[start->operation]++ * self->rising_ns);
    if (self->disturbed && self->users == 0 && index % 2 == 0)
        sample.ended_ns += (guint64)FAKE_DELAY_PER_USER_NS;
    return sample;
}

/* Of the server side. Returns how many there were to be sent. */
static guint32 send_samples(FakeAgent *self, const WireProbe *probe,
                            const ScheduledStart *starts, guint32 n,
                            guint64 opened_ns)
{
    guint8 payload[WIRE_MAX_PAYLOAD];
    g_autofree WireSamples *batch = g_new0(WireSamples, 1);
    guint32 lost = self->users > 0 ? MIN(n, self->lose_samples) : 0;
    guint32 sent = 0;

    batch->cell = probe->cell - self->stale;
    for (guint32 i = lost; i < n; i++) {
        if (starts[i].vantage == WIRE_SERVER)
            batch->samples[batch->n++] =
                sample_of(self, &starts[i], i, n, opened_ns);
        if (batch->n == 0 || (batch->n < 16 && i + 1 < n))
            continue;
        batch->sent_ns = now_ns(self) - self->held_ns;
        for (guint k = 0; k < (self->repeat_samples ? 2 : 1); k++)
            send_frame(self, WIRE_SAMPLES, payload,
                       wire_put_samples(payload, batch));
        sent += batch->n;
        batch->n = 0;
    }
    return sent;
}

static void send_end(FakeAgent *self)
{
    guint8 payload[WIRE_MAX_PAYLOAD];

    send_frame(self, WIRE_END, payload, wire_put_end(payload, &self->end));
}

static guint32 count(const guint32 *counts)
{
    return counts[WIRE_KEY] + counts[WIRE_OPEN] + counts[WIRE_LAUNCH];
}

static void die(FakeAgent *self)
{
    g_clear_handle_id(&self->watch, g_source_remove);
    close(self->fd);
    self->fd = -1;
}

static void run_window(FakeAgent *self, const WireProbe *probe)
{
    guint32 server = count(probe->count);
    guint32 n = (guint32)schedule_length(probe);
    guint32 censored = MIN(server, self->censor);
    g_autofree ScheduledStart *starts = g_new0(ScheduledStart, n);
    guint64 window_ns = (guint64)n * probe->slot_us * 1000;
    guint64 opened_ns = now_ns(self);

    schedule_make(probe, starts);
    memset(self->sampled, 0, sizeof self->sampled);
    self->seeds[MIN(self->probes, 63)] = probe->seed;
    self->probes++;
    self->managed_windows += self->managed ? 1 : 0;
    if (self->stale_opening)
        send_meters(self, 0, WIRE_MARK_OPEN, probe->cell - 1, opened_ns - 1);
    send_meters(self, 0, WIRE_MARK_OPEN, probe->cell, opened_ns);
    if (self->die_in_window && self->users > 0) {
        die(self);
        return;
    }
    self->end = (WireEnd){.cell = probe->cell,
                          .scheduled = server,
                          .measured = server - censored,
                          .censored = censored};
    self->end.sent =
        send_samples(self, probe, starts, n, opened_ns) + self->overcount;
    self->n_client = n - server;
    send_meters(self, 0, WIRE_MARK_CLOSE, probe->cell, opened_ns + window_ns);
    if (self->n_client == 0)
        send_end(self);
}

static void answer(FakeAgent *self, const WireStart *start)
{
    const WireDone done = {start->cell, start->index, 0};
    guint8 frame[WIRE_MAX_FRAME];
    guint32 length = wire_put_done(frame + WIRE_HEADER_SIZE, &done);
    gsize n = wire_seal(frame, WIRE_DONE, 0, length);

    if (write(self->client_ends[0], frame, n) != (gssize)n)
        g_error("fake agent: %s", g_strerror(errno));
}

static void take_start(FakeAgent *self, const WireStart *start)
{
    gboolean mute = self->end.started + self->mute >= self->n_client;

    self->end.started++;
    if (!mute)
        answer(self, start);
    if (!mute || self->lose_answers)
        self->end.done++;
    if (self->close_client) {
        close(self->client_ends[0]);
        self->client_ends[0] = -1;
    }
    if (self->end.started == self->n_client || self->close_client)
        send_end(self);
}

static gboolean on_client_bytes(int fd, GIOCondition condition,
                                gpointer user_data)
{
    FakeAgent *self = user_data;
    guint8 buffer[4096];
    WireStart start;
    WireFrame frame;
    ssize_t n = read(fd, buffer, sizeof buffer);

    (void)condition;
    if (n > 0)
        wire_reader_feed(&self->client_reader, buffer, (gsize)n);
    while (n > 0 && self->client_ends[0] >= 0 &&
           wire_reader_next(&self->client_reader, &frame))
        if (frame.type == WIRE_START && wire_get_start(&frame, &start))
            take_start(self, &start);
    if (n > 0 && self->client_ends[0] >= 0)
        return G_SOURCE_CONTINUE;
    self->client_watch = 0;
    return G_SOURCE_REMOVE;
}

static void calibrate(FakeAgent *self, guint32 request)
{
    guint8 payload[WIRE_MAX_PAYLOAD];
    guint later = self->calibrations++;
    gboolean drifts =
        later > 0 && (self->drifting == 0 || later <= self->drifting);
    double factor = drifts ? 1.0 + self->drift : 1.0;
    const WireCalibration result = {
        .request = request,
        .rounds = 600,
        .spread_permille = self->unsteady ? 80 : 3,
        .converged = !self->unsteady,
        .iterations_per_ms = (guint64)(FAKE_RATE * factor),
    };

    send_frame(self, WIRE_CALIBRATION, payload,
               wire_put_calibration(payload, &result));
}

static void say_event(FakeAgent *self, WireEventKind kind)
{
    guint8 payload[WIRE_MAX_PAYLOAD];
    const WireEvent event = {now_ns(self), kind, 7, 900, "hog"};

    send_frame(self, WIRE_EVENT, payload, wire_put_event(payload, &event));
}

static void load(FakeAgent *self, const WireFrame *frame)
{
    self->users = wire_get_load(frame, &self->load) ? self->load.users : 0;
    say_ok(self, frame->sequence);
    if (self->managed && self->users > 0)
        say_event(self, WIRE_EVENT_DEMOTED);
}

static void reset(FakeAgent *self, const WireFrame *frame)
{
    if (self->managed && self->users > 0)
        say_event(self, WIRE_EVENT_RESTORED);
    self->users = 0;
    self->managed = FALSE;
    self->resets++;
    say_ok(self, frame->sequence);
}

static void probe(FakeAgent *self, const WireFrame *frame)
{
    guint8 payload[WIRE_MAX_PAYLOAD];
    WireError refusal = {frame->sequence, "no\tthanks"};
    WireProbe request;

    if (self->refuse_probe || !wire_get_probe(frame, &request)) {
        send_frame(self, WIRE_ERROR, payload,
                   wire_put_error(payload, &refusal));
        return;
    }
    say_ok(self, frame->sequence);
    run_window(self, &request);
}

static void take(FakeAgent *self, const WireFrame *frame)
{
    guint8 payload[WIRE_MAX_PAYLOAD];
    WireWork work;
    guint64 clock_ns = now_ns(self);
    const WirePong pong = {frame->sequence, clock_ns, clock_ns + 1};

    switch (frame->type) {
    case WIRE_WELCOME:
        break;
    case WIRE_PING:
        if (!self->never_answer)
            send_frame(self, WIRE_PONG, payload, wire_put_pong(payload, &pong));
        break;
    case WIRE_CALIBRATE:
        calibrate(self, frame->sequence);
        break;
    case WIRE_PROBE:
        probe(self, frame);
        break;
    case WIRE_METER:
        send_meters(self, frame->sequence, WIRE_MARK_ASKED, 0,
                    self->began_ns + 1000);
        break;
    case WIRE_LOAD:
        load(self, frame);
        break;
    case WIRE_WORK:
        self->rate = wire_get_work(frame, &work) ? work.iterations_per_ms : 0;
        say_ok(self, frame->sequence);
        break;
    case WIRE_MANAGE:
        self->managed = wire_get_manage(frame, &self->manage);
        say_ok(self, frame->sequence);
        break;
    case WIRE_RESET:
        reset(self, frame);
        break;
    default:
        g_error("fake agent: unexpected frame type %d", frame->type);
    }
}

static gboolean on_bytes(int fd, GIOCondition condition, gpointer user_data)
{
    FakeAgent *self = user_data;
    guint8 buffer[4096];
    WireFrame frame;
    ssize_t n = read(fd, buffer, sizeof buffer);

    (void)condition;
    if (n <= 0) {
        self->watch = 0;
        return G_SOURCE_REMOVE;
    }
    wire_reader_feed(&self->reader, buffer, (gsize)n);
    while (self->fd >= 0 && wire_reader_next(&self->reader, &frame))
        take(self, &frame);
    return G_SOURCE_CONTINUE;
}

FakeAgent *fake_agent_new(void)
{
    FakeAgent *self = g_new0(FakeAgent, 1);

    self->fd = -1;
    self->began_ns = now_ns(self);
    wire_reader_init(&self->reader);
    wire_reader_init(&self->client_reader);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   self->client_ends) != 0)
        g_error("socketpair: %s", g_strerror(errno));
    self->client_watch =
        g_unix_fd_add(self->client_ends[0], G_IO_IN, on_client_bytes, self);
    return self;
}

HvbLink *fake_agent_connect(FakeAgent *agent, const char *name)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        g_error("socketpair: %s", g_strerror(errno));
    agent->fd = ends[0];
    agent->watch = g_unix_fd_add(ends[0], G_IO_IN | G_IO_HUP, on_bytes, agent);
    HvbLink *link = hvb_link_new(hvb_fd_port_new(ends[1]), name);
    say_hello(agent);
    return link;
}

void fake_agent_intrude(FakeAgent *agent, guint64 cell)
{
    guint8 payload[WIRE_MAX_PAYLOAD];
    g_autofree WireSamples *batch = g_new0(WireSamples, 1);

    batch->cell = cell;
    batch->n = 1;
    batch->samples[0].intended_ns = agent->began_ns;
    batch->samples[0].ended_ns = agent->began_ns + 1;
    send_meters(agent, 0, WIRE_MARK_OPEN, cell, agent->began_ns);
    send_frame(agent, WIRE_SAMPLES, payload, wire_put_samples(payload, batch));
}

void fake_agent_free(FakeAgent *agent)
{
    g_clear_handle_id(&agent->watch, g_source_remove);
    g_clear_handle_id(&agent->client_watch, g_source_remove);
    if (agent->fd >= 0)
        close(agent->fd);
    for (guint i = 0; i < 2; i++)
        if (agent->client_ends[i] >= 0)
            close(agent->client_ends[i]);
    g_free(agent);
}
