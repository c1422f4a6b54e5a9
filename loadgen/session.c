/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "session.h"

#include "clock.h"
#include "commands.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELLO_STEP_NS NS_PER_S
/* A port that is hung up always polls as ready: look at it now and then. */
#define KNOCK_STEP_NS (250 * NS_PER_MS)

typedef enum {
    LINK_ABSENT,   /* nobody at the other end */
    LINK_GREETING, /* saying HELLO */
    LINK_WELCOMED, /* taking commands */
    LINK_REFUSED,  /* the host speaks another version */
} Link;

typedef struct {
    const SessionOptions *options;
    Agent agent;
    Link link;
    uint64_t next_step_ns; /* of knocking or greeting */
    int signal_fd;
    bool over;
} Session;

static void greet(Session *session, uint64_t now_ns)
{
    Port *port = &session->agent.port;

    agent_find_documents(&session->agent);
    port_send(port, WIRE_HELLO,
              wire_put_hello(port_payload(port), &session->agent.hello));
    session->next_step_ns = now_ns + HELLO_STEP_NS;
}

static void lose_host(Session *session)
{
    agent_reset(&session->agent);
    port_restart(&session->agent.port);
    agent_restart_client(&session->agent);
    /* A signal may have said so already. */
    session->over = session->over || !session->options->waits_for_hosts;
    session->link = LINK_ABSENT;
    session->next_step_ns = clock_now_ns() + KNOCK_STEP_NS;
}

static void knock(Session *session, uint64_t now_ns)
{
    session->next_step_ns = now_ns + KNOCK_STEP_NS;
    if (!port_is_connected(&session->agent.port))
        return;
    session->link = LINK_GREETING;
    greet(session, now_ns);
}

static void on_welcome(Session *session, const WireFrame *frame)
{
    WireWelcome welcome;

    if (!wire_get_welcome(frame, &welcome)) {
        agent_answer_error(&session->agent, frame->sequence,
                           "WELCOME: malformed");
        return;
    }
    if (welcome.version != WIRE_VERSION) {
        fprintf(stderr,
                "[hvbench-agent] the host speaks version %u of the protocol, "
                "this agent version %d: use those of one build\n",
                welcome.version, WIRE_VERSION);
        agent_reset(&session->agent);
        session->link = LINK_REFUSED;
        return;
    }
    session->link = LINK_WELCOMED;
    if (session->options->may_not_hurry)
        agent_note(&session->agent,
                   "the agent may not raise its own priority (not root)");
    agent_note_documents(&session->agent);
}

static void on_frame(Session *session, const WireFrame *frame)
{
    if (session->link == LINK_REFUSED)
        return;
    if (frame->type == WIRE_WELCOME)
        on_welcome(session, frame);
    else if (session->link == LINK_WELCOMED)
        agent_obey(&session->agent, frame);
    else
        agent_answer_error(&session->agent, frame->sequence, "no WELCOME yet");
}

static void on_readable(Session *session)
{
    Port *port = &session->agent.port;
    uint64_t skipped = port->reader.skipped_bytes;
    bool connected = port_receive(port);
    WireFrame frame;

    while (wire_reader_next(&port->reader, &frame))
        on_frame(session, &frame);
    if (port->reader.skipped_bytes > skipped && session->link == LINK_WELCOMED)
        agent_note(&session->agent, "bytes from the host were no frame");
    if (!connected)
        lose_host(session);
}

static void on_signal(Session *session)
{
    struct signalfd_siginfo info;
    Child child;
    int status;

    while (read(session->signal_fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo != SIGCHLD && !session->options->is_init)
            session->over = true;
    }
    while (children_reap(&session->agent.children, &child, &status))
        agent_child_ended(&session->agent, &child, status);
}

static int open_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
        return -1;
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static uint64_t next_deadline(const Session *session, uint64_t now_ns)
{
    uint64_t deadline_ns = probe_deadline(&session->agent.probe, now_ns);

    if ((session->link == LINK_ABSENT || session->link == LINK_GREETING) &&
        session->next_step_ns < deadline_ns)
        deadline_ns = session->next_step_ns;
    return deadline_ns;
}

/* A client port that is hung up always polls as ready, too. */
static bool hears_client(const Session *session)
{
    return session->link == LINK_WELCOMED && !session->agent.client_is_deaf;
}

#define N_FDS 5

static void wait_for_something(Session *session, struct pollfd fds[N_FDS])
{
    const Agent *agent = &session->agent;
    uint64_t now_ns = clock_now_ns();
    uint64_t deadline_ns = next_deadline(session, now_ns);
    struct timespec timeout =
        clock_timespec(deadline_ns > now_ns ? deadline_ns - now_ns : 0);

    fds[0] = (struct pollfd){session->signal_fd, POLLIN, 0};
    fds[1] = (struct pollfd){agent->calibration_fd, POLLIN, 0};
    fds[2] = (struct pollfd){agent->manager_fd, POLLIN, 0};
    fds[3] = (struct pollfd){session->link == LINK_ABSENT ? -1 : agent->port.fd,
                             port_poll_events(&agent->port), 0};
    fds[4] = (struct pollfd){hears_client(session) ? agent->client_fd : -1,
                             POLLIN, 0};
    if (ppoll(fds, N_FDS, deadline_ns == UINT64_MAX ? NULL : &timeout, NULL) <
        0)
        for (int i = 0; i < N_FDS; i++)
            fds[i].revents = 0;
}

static void on_time(Session *session)
{
    uint64_t now_ns = clock_now_ns();

    if (session->link == LINK_ABSENT && now_ns >= session->next_step_ns)
        knock(session, now_ns);
    else if (session->link == LINK_GREETING && now_ns >= session->next_step_ns)
        greet(session, now_ns);
    agent_advance_probe(&session->agent, now_ns);
}

static void turn(Session *session)
{
    struct pollfd fds[N_FDS];

    wait_for_something(session, fds);
    /* First: somebody takes the time. */
    if (fds[4].revents)
        agent_serve_client(&session->agent);
    if (fds[1].revents)
        agent_calibration_ended(&session->agent);
    if (fds[2].revents)
        agent_forward_events(&session->agent);
    /* Last of the children's: what they wrote before they ended comes first. */
    if (fds[0].revents)
        on_signal(session);
    if (fds[3].revents & POLLIN)
        on_readable(session);
    else if (fds[3].revents & (POLLHUP | POLLERR | POLLNVAL))
        lose_host(session);
    on_time(session);
    if (session->link != LINK_ABSENT && !port_flush(&session->agent.port))
        lose_host(session);
}

SessionEnd session_run(const SessionOptions *options)
{
    Session session = {.options = options, .signal_fd = open_signals()};
    Agent *agent = &session.agent;

    if (session.signal_fd < 0 || !port_init(&agent->port, options->fd))
        return SESSION_BROKEN;
    agent_init(agent, options->is_init, options->on_host, options->documents,
               options->client_fd);
    session.link = LINK_ABSENT;
    session.next_step_ns = 0;
    while (!session.over && !agent->power_off)
        turn(&session);
    agent_reset(agent);
    port_clear(&agent->port);
    if (agent->client_fd >= 0)
        close(agent->client_fd);
    close(session.signal_fd);
    return agent->power_off ? SESSION_POWEROFF : SESSION_DONE;
}
