/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "commands.h"

#include "clock.h"
#include "hello.h"
#include "meters.h"
#include "watch.h"
#include "work.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_BUDGET_MS 600000u
#define MAX_PAUSE_MS 10000u
#define LIMIT_OR_CGROUP                                                   \
    "a limit and a manager with the method cgroup exclude each other: a " \
    "process is in one cgroup only; take nice or idle"
/* An hour of such work still counts in 64 bits, and no CPU is that fast. */
#define MAX_ITERATIONS_PER_MS UINT64_C(1000000000)

void agent_init(Agent *agent, bool is_init, bool on_host,
                const char *documents_path, int client_fd)
{
    hello_fill(&agent->hello, is_init);
    if (client_fd >= 0)
        agent->hello.flags |= WIRE_HELLO_CLIENT;
    agent->client_fd = client_fd;
    agent_restart_client(agent);
    children_init(&agent->children);
    users_init(&agent->users, on_host);
    probe_init(&agent->probe);
    agent->on_host = on_host;
    agent->documents_path = documents_path;
    agent->documents_fault = NULL;
    agent->documents.n_documents = 0;
    agent->iterations_per_ms = 0;
    agent->calibration_fd = agent->manager_fd = -1;
    agent->power_off = false;
    agent_find_documents(agent);
}

static void answer_ok(Agent *agent, uint32_t request)
{
    WireOk ok = {request};

    port_send(&agent->port, WIRE_OK,
              wire_put_ok(port_payload(&agent->port), &ok));
}

void agent_answer_error(Agent *agent, uint32_t request, const char *text)
{
    WireError error = {.request = request};

    snprintf(error.text, sizeof error.text, "%s", text);
    port_send(&agent->port, WIRE_ERROR,
              wire_put_error(port_payload(&agent->port), &error));
}

/* fault: NULL or the text of an error. */
static void answer(Agent *agent, uint32_t request, const char *fault)
{
    if (fault)
        agent_answer_error(agent, request, fault);
    else
        answer_ok(agent, request);
}

static void send_event(Agent *agent, const WireEvent *event)
{
    port_send(&agent->port, WIRE_EVENT,
              wire_put_event(port_payload(&agent->port), event));
}

void agent_note(Agent *agent, const char *text)
{
    WireEvent event = {.kind = WIRE_EVENT_NOTE};

    event.monotonic_ns = clock_now_ns();
    snprintf(event.text, sizeof event.text, "%s", text);
    send_event(agent, &event);
}

static void send_meters(Agent *agent, WireMeters *meters)
{
    port_send(&agent->port, WIRE_METERS,
              wire_put_meters(port_payload(&agent->port), meters));
}

void agent_find_documents(Agent *agent)
{
    if (!agent->documents_path || agent->documents.n_documents > 0)
        return;
    agent->documents_fault =
        documents_find(agent->documents_path, &agent->documents);
    if (!agent->documents_fault && agent->documents.on_disk)
        agent->hello.flags |= WIRE_HELLO_DISK;
}

void agent_note_documents(Agent *agent)
{
    char text[WIRE_MAX_STRING + 1];

    if (agent->documents_fault) {
        snprintf(text, sizeof text,
                 "documents: %.150s %s: no operation 'open' for now",
                 agent->documents_path, agent->documents_fault);
        agent_note(agent, text);
    } else if (agent->documents.n_documents > 0 && !agent->documents.direct) {
        agent_note(agent, "documents are read through the page cache: their "
                          "file system refuses O_DIRECT");
    }
}

void agent_restart_client(Agent *agent)
{
    wire_reader_init(&agent->client_reader);
    agent->client_is_deaf = false;
}

/* One note for all that came at once: who sends nonsense may send a lot. */
void agent_serve_client(Agent *agent)
{
    uint8_t bytes[1024];
    ssize_t n = read(agent->client_fd, bytes, sizeof bytes);
    WireReader *reader = &agent->client_reader;
    uint64_t skipped = reader->skipped_bytes;
    bool sense = true;
    WireFrame frame;
    WireStart start;

    if (n <= 0) {
        agent->client_is_deaf = n == 0 || (errno != EAGAIN && errno != EINTR);
        return;
    }
    wire_reader_feed(reader, bytes, (size_t)n);
    while (wire_reader_next(reader, &frame))
        sense = frame.type == WIRE_START && wire_get_start(&frame, &start) &&
                probe_request(&agent->probe, &start) && sense;
    if (!sense || reader->skipped_bytes > skipped)
        agent_note(agent, "a request on the client port made no sense");
}

static void stop_calibration(Agent *agent)
{
    if (agent->calibration_fd < 0)
        return;
    children_stop(&agent->children, CHILD_CALIBRATION, SIGKILL, 0);
    close(agent->calibration_fd);
    agent->calibration_fd = -1;
}

static void stop_manager(Agent *agent)
{
    if (agent->manager_fd < 0)
        return;
    watch_stop(&agent->children);
    agent_forward_events(agent);
    if (agent->manager_fd >= 0)
        close(agent->manager_fd);
    agent->manager_fd = -1;
}

void agent_reset(Agent *agent)
{
    bool calibrating = agent->calibration_fd >= 0;

    probe_stop(&agent->probe, &agent->children);
    users_stop(&agent->users, &agent->children);
    stop_manager(agent);
    stop_calibration(agent);
    if (calibrating)
        agent_answer_error(agent, agent->calibration_request,
                           "CALIBRATE: stopped by RESET");
}

static int calibrate(void *data)
{
    WireCalibration result;

    work_calibrate(data, &result);
    return write(CHILD_FD, &result, sizeof result) == sizeof result
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}

static const char *start_calibration(Agent *agent, uint32_t request,
                                     WireCalibrate *calibration)
{
    ChildKind kind = {CHILD_CALIBRATION, "calibration", SIGKILL, -1, NULL};
    int ends[2];
    pid_t pid;

    if (agent->calibration_fd >= 0)
        return "CALIBRATE: one is going on already";
    if (calibration->budget_ms > MAX_BUDGET_MS)
        return "CALIBRATE: budget above 10 min";
    if (calibration->moments == 0 || calibration->moments > WIRE_MAX_MOMENTS ||
        calibration->pause_ms > MAX_PAUSE_MS)
        return "CALIBRATE: not at 1 to 16 moments with pauses up to 10 s";
    if (calibration->rounds == 0 ||
        calibration->rounds > WIRE_MAX_MOMENT_ROUNDS)
        return "CALIBRATE: not 1 to 1000 rounds";
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return "CALIBRATE: no pipe";
    kind.keep_fd = ends[1];
    pid = children_start(&agent->children, &kind, calibrate, calibration);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return "CALIBRATE: cannot fork";
    }
    agent->calibration_fd = ends[0];
    agent->calibration_request = request;
    return NULL;
}

void agent_calibration_ended(Agent *agent)
{
    WireCalibration result;
    ssize_t n = read(agent->calibration_fd, &result, sizeof result);

    stop_calibration(agent);
    if (n != sizeof result) {
        agent_answer_error(agent, agent->calibration_request,
                           "CALIBRATE: its process ended early");
        return;
    }
    result.request = agent->calibration_request;
    port_send(&agent->port, WIRE_CALIBRATION,
              wire_put_calibration(port_payload(&agent->port), &result));
}

void agent_forward_events(Agent *agent)
{
    WireEvent event;
    ssize_t n;

    while ((n = read(agent->manager_fd, &event, sizeof event)) == sizeof event)
        send_event(agent, &event);
    if (n == 0) {
        close(agent->manager_fd);
        agent->manager_fd = -1;
    }
}

void agent_child_ended(Agent *agent, const Child *child, int status)
{
    static const char *const names[CHILD_N_ROLES] = {"user", "probe user",
                                                     "manager", "calibration"};
    char text[128];

    /* A calibration ends by itself, when it is done. */
    if (child->role == CHILD_CALIBRATION)
        return;
    snprintf(text, sizeof text, "a %s (PID %d) ended with %s %d",
             names[child->role], (int)child->pid,
             WIFSIGNALED(status) ? "signal" : "status",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    agent_note(agent, text);
}

static void send_window_meters(Agent *agent, WireMark mark)
{
    WireMeters meters;

    meters_read(&agent->children, &meters);
    meters.mark = mark;
    meters.cell = agent->probe.request.cell;
    if (mark == WIRE_MARK_OPEN)
        meters.monotonic_ns = agent->probe.opens_ns;
    send_meters(agent, &meters);
}

static void send_samples(Agent *agent)
{
    WireSamples samples;

    while (port_has_room(&agent->port) &&
           probe_collect(&agent->probe, &samples) > 0) {
        port_send(&agent->port, WIRE_SAMPLES,
                  wire_put_samples(port_payload(&agent->port), &samples));
        port_flush(&agent->port);
    }
}

void agent_advance_probe(Agent *agent, uint64_t now_ns)
{
    ProbeState before;
    ProbeNews news;

    do {
        before = agent->probe.state;
        news = probe_advance(&agent->probe, &agent->children, now_ns);
        if (news == PROBE_OPENED)
            send_window_meters(agent, WIRE_MARK_OPEN);
        else if (news == PROBE_CLOSED)
            send_window_meters(agent, WIRE_MARK_CLOSE);
        else if (news == PROBE_ENDED)
            port_send(&agent->port, WIRE_END,
                      wire_put_end(port_payload(&agent->port),
                                   &agent->probe.end));
        send_samples(agent);
    } while (agent->probe.state != before);
}

static void obey_ping(Agent *agent, uint32_t request)
{
    WirePong pong = {request, clock_now_ns(), clock_ns(CLOCK_REALTIME)};

    port_send(&agent->port, WIRE_PONG,
              wire_put_pong(port_payload(&agent->port), &pong));
}

static void obey_meter(Agent *agent, uint32_t request)
{
    WireMeters meters;

    meters_read(&agent->children, &meters);
    meters.request = request;
    meters.mark = WIRE_MARK_ASKED;
    send_meters(agent, &meters);
}

static void obey_calibrate(Agent *agent, const WireFrame *frame)
{
    WireCalibrate calibration;
    const char *fault = "CALIBRATE: malformed";

    if (wire_get_calibrate(frame, &calibration))
        fault = start_calibration(agent, frame->sequence, &calibration);
    if (fault)
        agent_answer_error(agent, frame->sequence, fault);
}

static void obey_work(Agent *agent, const WireFrame *frame)
{
    WireWork work;
    const char *fault = NULL;

    if (!wire_get_work(frame, &work))
        fault = "WORK: malformed";
    else if (work.iterations_per_ms == 0 ||
             work.iterations_per_ms > MAX_ITERATIONS_PER_MS)
        fault = "WORK: not 1 ... 1000000000 iterations per ms";
    else
        agent->iterations_per_ms = work.iterations_per_ms;
    answer(agent, frame->sequence, fault);
}

static const char *set_users(Agent *agent, const WireLoad *load)
{
    bool managed_by_cgroup = agent->manager_fd >= 0 && agent->moves_to_cgroup;

    if (load->limit_permille == 0 || !managed_by_cgroup)
        return users_set(&agent->users, &agent->children, load,
                         agent->iterations_per_ms);
    users_stop(&agent->users, &agent->children);
    return "LOAD: " LIMIT_OR_CGROUP;
}

static void obey_load(Agent *agent, const WireFrame *frame)
{
    WireLoad load;
    const char *fault = "LOAD: malformed";

    if (wire_get_load(frame, &load))
        fault = set_users(agent, &load);
    answer(agent, frame->sequence, fault);
}

static const char *set_manager(Agent *agent, const WireManage *settings)
{
    stop_manager(agent);
    agent->moves_to_cgroup = settings->method == WIRE_METHOD_CGROUP;
    if (settings->method == WIRE_METHOD_NONE)
        return NULL;
    if (agent->moves_to_cgroup && agent->users.limited)
        return "MANAGE: " LIMIT_OR_CGROUP;
    return watch_start(&agent->children, settings, agent->on_host,
                       &agent->manager_fd);
}

static void obey_manage(Agent *agent, const WireFrame *frame)
{
    WireManage settings;
    const char *fault = "MANAGE: malformed";

    if (wire_get_manage(frame, &settings))
        fault = set_manager(agent, &settings);
    answer(agent, frame->sequence, fault);
}

static void obey_probe(Agent *agent, const WireFrame *frame)
{
    WireProbe request;
    const char *fault = "PROBE: malformed";

    if (wire_get_probe(frame, &request)) {
        agent_find_documents(agent);
        /* Somebody may have come to the client port meanwhile. */
        agent->client_is_deaf = false;
        fault = probe_start(&agent->probe, &agent->children, &request,
                            agent->iterations_per_ms, &agent->documents,
                            agent->client_fd);
    }
    answer(agent, frame->sequence, fault);
}

static void obey_unknown(Agent *agent, const WireFrame *frame)
{
    char text[64];

    snprintf(text, sizeof text, "unknown request %u", (unsigned)frame->type);
    agent_answer_error(agent, frame->sequence, text);
}

static bool wants_payload(WireType type)
{
    return type != WIRE_PING && type != WIRE_METER && type != WIRE_RESET &&
           type != WIRE_POWEROFF;
}

void agent_obey(Agent *agent, const WireFrame *frame)
{
    if (!wants_payload(frame->type) && frame->length > 0) {
        agent_answer_error(agent, frame->sequence,
                           "malformed: this request has no payload");
        return;
    }
    switch (frame->type) {
    case WIRE_PING:
        obey_ping(agent, frame->sequence);
        break;
    case WIRE_CALIBRATE:
        obey_calibrate(agent, frame);
        break;
    case WIRE_WORK:
        obey_work(agent, frame);
        break;
    case WIRE_LOAD:
        obey_load(agent, frame);
        break;
    case WIRE_MANAGE:
        obey_manage(agent, frame);
        break;
    case WIRE_PROBE:
        obey_probe(agent, frame);
        break;
    case WIRE_METER:
        obey_meter(agent, frame->sequence);
        break;
    case WIRE_RESET:
        agent_reset(agent);
        answer_ok(agent, frame->sequence);
        break;
    case WIRE_POWEROFF:
        agent->power_off = true;
        break;
    default:
        obey_unknown(agent, frame);
    }
}
