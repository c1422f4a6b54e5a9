/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/unit/fake-agent.h"

#include "loadgen/schedule.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The guest's clock: far from the host's. */
#define FAKE_EPOCH_NS G_GUINT64_CONSTANT(5000000000)

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
    guint64 elapsed_ns = at_ns - FAKE_EPOCH_NS;
    const WireMeters meters = {
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
    };

    send_frame(self, WIRE_METERS, payload, wire_put_meters(payload, &meters));
}

static WireSample sample_of(FakeAgent *self, const ScheduledStart *start,
                            guint32 index, guint32 n)
{
    WireSample sample = {
        .index = index,
        .operation = (guint8)start->operation,
        .intended_ns = FAKE_EPOCH_NS + start->offset_ns,
    };

    if (self->move_starts && index > 0)
        sample.intended_ns += 1000;
    if (index >= n - MIN(n, self->censor))
        sample.flags = WIRE_SAMPLE_CENSORED;
    sample.started_ns = sample.intended_ns + 10000;
    sample.ended_ns = sample.intended_ns + (guint64)FAKE_REFERENCE_NS +
                      self->users * (guint64)FAKE_DELAY_PER_USER_NS;
    if (self->disturbed && self->users == 0 && index % 2 == 0)
        sample.ended_ns += (guint64)FAKE_DELAY_PER_USER_NS;
    return sample;
}

static guint32 send_samples(FakeAgent *self, const WireProbe *probe,
                            const ScheduledStart *starts, guint32 n)
{
    guint8 payload[WIRE_MAX_PAYLOAD];
    g_autofree WireSamples *batch = g_new0(WireSamples, 1);
    guint32 lost = self->users > 0 ? MIN(n, self->lose_samples) : 0;

    batch->cell = probe->cell;
    for (guint32 i = lost; i < n; i++) {
        batch->samples[batch->n++] = sample_of(self, &starts[i], i, n);
        if (batch->n < 16 && i + 1 < n)
            continue;
        for (guint k = 0; k < (self->repeat_samples ? 2 : 1); k++)
            send_frame(self, WIRE_SAMPLES, payload,
                       wire_put_samples(payload, batch));
        batch->n = 0;
    }
    return n - lost;
}

static void run_window(FakeAgent *self, const WireProbe *probe)
{
    guint8 payload[WIRE_MAX_PAYLOAD];
    guint32 total = probe->count[0] + probe->count[1] + probe->count[2];
    g_autofree ScheduledStart *starts = g_new0(ScheduledStart, total);
    guint32 n = schedule_make(probe, starts);
    guint64 window_ns = (guint64)n * probe->slot_us * 1000;

    self->seeds[MIN(self->probes, 63)] = probe->seed;
    self->probes++;
    self->managed_windows += self->managed ? 1 : 0;
    send_meters(self, 0, WIRE_MARK_OPEN, probe->cell, FAKE_EPOCH_NS);
    if (self->die_in_window && self->users > 0) {
        g_clear_handle_id(&self->watch, g_source_remove);
        close(self->fd);
        self->fd = -1;
        return;
    }
    guint32 sent = send_samples(self, probe, starts, n);
    send_meters(self, 0, WIRE_MARK_CLOSE, probe->cell,
                FAKE_EPOCH_NS + window_ns);
    const WireEnd end = {probe->cell,          n, n - MIN(n, self->censor),
                         MIN(n, self->censor), 0, sent};
    send_frame(self, WIRE_END, payload, wire_put_end(payload, &end));
}

static void calibrate(FakeAgent *self, guint32 request)
{
    guint8 payload[WIRE_MAX_PAYLOAD];
    double factor = self->calibrations++ > 0 ? 1.0 + self->drift : 1.0;
    const WireCalibration result = {
        .request = request,
        .rounds = WIRE_CALIBRATION_ROUNDS,
        .spread_permille = 3,
        .converged = !self->unsteady,
        .iterations_per_ms = (guint64)(FAKE_RATE * factor),
    };

    send_frame(self, WIRE_CALIBRATION, payload,
               wire_put_calibration(payload, &result));
}

static void say_event(FakeAgent *self, WireEventKind kind)
{
    guint8 payload[WIRE_MAX_PAYLOAD];
    const WireEvent event = {FAKE_EPOCH_NS, kind, 7, 900, "hog"};

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
    const WirePong pong = {frame->sequence, FAKE_EPOCH_NS, 0};

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
                    FAKE_EPOCH_NS + 1000);
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
    wire_reader_init(&self->reader);
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
    batch->samples[0].intended_ns = FAKE_EPOCH_NS;
    batch->samples[0].ended_ns = FAKE_EPOCH_NS + 1;
    send_meters(agent, 0, WIRE_MARK_OPEN, cell, FAKE_EPOCH_NS);
    send_frame(agent, WIRE_SAMPLES, payload, wire_put_samples(payload, batch));
}

void fake_agent_free(FakeAgent *agent)
{
    g_clear_handle_id(&agent->watch, g_source_remove);
    if (agent->fd >= 0)
        close(agent->fd);
    g_free(agent);
}

static gboolean fake_tune(HvbBed *bed, guint guest,
                          const HvbGuestProfile *wanted,
                          HvbTuning *ret_enforced, GError **error)
{
    FakeBed *self = (FakeBed *)bed;

    (void)error;
    self->tuned[guest] = *wanted;
    self->tunings++;
    *ret_enforced = (HvbTuning){
        .vcpu_quota_us = wanted->cap_percent ? (gint64)wanted->cap_period_us *
                                                   wanted->cap_percent / 100
                                             : -1,
        .vcpu_period_us = wanted->cap_period_us,
        .vm_quota_us = -1,
        .vm_period_us = wanted->cap_period_us,
        .shares = wanted->weight,
    };
    return TRUE;
}

static void put(FakePlace *place, guint cpus, HvbAffinity affinity)
{
    *place = (FakePlace){cpus, affinity, place->cpus};
}

static gboolean fake_place(HvbBed *bed, guint guest, guint cpus,
                           HvbAffinity affinity, HvbTuning *ret_enforced,
                           GError **error)
{
    (void)error;
    put(&((FakeBed *)bed)->placed[guest], cpus, affinity);
    g_snprintf(ret_enforced->cpus, sizeof ret_enforced->cpus, "first %u", cpus);
    return TRUE;
}

static gboolean fake_host_weigh(HvbHostAgent *agent, guint weight,
                                GError **error)
{
    (void)error;
    ((FakeHost *)agent)->weight = weight;
    return TRUE;
}

static gboolean fake_host_place(HvbHostAgent *agent, guint cpus, GError **error)
{
    (void)error;
    put(&((FakeHost *)agent)->placed, cpus, HVB_AFFINITY_FLOAT);
    return TRUE;
}

static void fake_host_free(HvbHostAgent *agent)
{
    hvb_link_free(agent->link);
    fake_agent_free(((FakeHost *)agent)->fake);
    g_free(agent);
}

static gboolean fake_read_meter(HvbBed *bed, guint guest,
                                HvbGuestMeter *ret_meter, GError **error)
{
    FakeBed *self = (FakeBed *)bed;
    gint64 now_ns = hvb_now_ns();

    (void)guest;
    (void)error;
    *ret_meter = (HvbGuestMeter){
        .time_ns = now_ns,
        .cpu_ns = now_ns * self->busy_percent / 100,
        .vcpu_ns = now_ns * self->busy_percent / 100,
    };
    return TRUE;
}

static char *fake_explain(HvbBed *bed, guint guest)
{
    (void)bed;
    return g_strdup_printf("fake guest %u has no console", guest + 1);
}

static void fake_bed_free(HvbBed *bed)
{
    FakeBed *self = (FakeBed *)bed;

    for (guint i = 0; i < bed->n_guests; i++) {
        hvb_link_free(bed->guests[i].link);
        fake_agent_free(self->agents[i]);
        g_free(bed->guests[i].name);
    }
    g_free(bed->guests);
    g_free(self->agents);
    g_free(self->tuned);
    g_free(self->placed);
    hvb_stack_clear(&bed->stack);
    g_free(self);
}

FakeBed *fake_bed_new(guint n)
{
    FakeBed *self = g_new0(FakeBed, 1);

    self->bed.n_guests = n;
    self->bed.demand_factor = 1;
    self->bed.guests = g_new0(HvbGuest, n);
    self->bed.tune = fake_tune;
    self->bed.place = fake_place;
    self->bed.read_meter = fake_read_meter;
    self->bed.explain = fake_explain;
    self->bed.free = fake_bed_free;
    self->agents = g_new0(FakeAgent *, n);
    self->tuned = g_new0(HvbGuestProfile, n);
    self->placed = g_new0(FakePlace, n);
    for (guint i = 0; i < n; i++) {
        HvbGuest *guest = &self->bed.guests[i];
        guest->name = g_strdup_printf("guest%u", i + 1);
        self->agents[i] = fake_agent_new();
        guest->link = fake_agent_connect(self->agents[i], guest->name);
    }
    for (guint i = 0; i < n; i++) {
        while (!hvb_link_is_up(self->bed.guests[i].link))
            g_main_context_iteration(NULL, TRUE);
        self->bed.guests[i].hello = *hvb_link_hello(self->bed.guests[i].link);
    }
    return self;
}

FakeHost *fake_bed_add_host(FakeBed *bed)
{
    FakeHost *host = g_new0(FakeHost, 1);

    host->fake = fake_agent_new();
    host->agent.link = fake_agent_connect(host->fake, "host");
    host->agent.place = fake_host_place;
    host->agent.weigh = fake_host_weigh;
    host->agent.free = fake_host_free;
    while (!hvb_link_is_up(host->agent.link))
        g_main_context_iteration(NULL, TRUE);
    bed->bed.host = &host->agent;
    return host;
}
