/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "test/unit/agent-peer.h"

#include "loadgen/files.h"
#include "test/suites.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <glib.h>
#include <limits.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define PATIENCE_MS 60000

int peer_make_documents(char **ret_path, off_t size)
{
    int fd = g_file_open_tmp("hvbench-documents-XXXXXX", ret_path, NULL);

    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(ftruncate(fd, size), 0);
    return fd;
}

const char *agent_path(void)
{
    static char path[PATH_MAX + 32];
    const char *named = getenv("HVBENCH_AGENT");
    ssize_t n;
    char *slash;

    if (named)
        return named;
    n = readlink("/proc/self/exe", path, PATH_MAX);
    path[n > 0 ? n : 0] = '\0';
    slash = strrchr(path, '/');
    strcpy(slash ? slash + 1 : path, "hvbench-agent");
    return path;
}

/* How an agent is started. */
typedef struct {
    const char *port;      /* NULL: the socket */
    const char *documents; /* NULL: none */
    bool isolated, on_host;
    int client_fd; /* the agent's end of a client port; 0: none */
} Start;

static void exec_agent(int fd, const Start *start)
{
    char number[16], client_number[16];
    const char *path = agent_path();
    const char *arguments[10] = {path, start->port ? "--port" : "--fd",
                                 start->port ? start->port : number};
    int n = 3;

    snprintf(number, sizeof number, "%d", fd);
    snprintf(client_number, sizeof client_number, "%d", start->client_fd);
    if (start->client_fd > 0) {
        arguments[n++] = "--client-fd";
        arguments[n++] = client_number;
    }
    if (start->documents) {
        arguments[n++] = "--documents";
        arguments[n++] = start->documents;
    }
    if (start->on_host)
        arguments[n++] = "--host";
    execv(path, (char *const *)arguments);
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    _exit(127);
}

/* Never pauses, and is called as a guest's QEMU is. */
static void start_hypervisor(int fd)
{
    if (fork() != 0)
        return;
    close(fd);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, PEER_HYPERVISOR);
    for (;;)
        continue;
}

/* In a PID namespace of its own, so that a manager finds only what the agent
 * started. One process stays outside and passes the exit status on. */
static void exec_isolated(int fd, const Start *start)
{
    int status;
    pid_t inner;

    if (unshare(CLONE_NEWPID | CLONE_NEWNS) != 0)
        _exit(126);
    inner = fork();
    if (inner == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("proc", "/proc", "proc", 0, NULL) != 0)
            _exit(126);
        if (start->on_host)
            start_hypervisor(fd);
        exec_agent(fd, start);
    }
    close(fd);
    if (inner < 0 || waitpid(inner, &status, 0) != inner)
        _exit(126);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 125);
}

/* Whether anything comes at all: an agent that cannot be isolated ends. */
static bool speaks(const AgentPeer *peer)
{
    struct pollfd poll_fd = {.fd = peer->fd, .events = POLLIN};
    char byte;

    return poll(&poll_fd, 1, PATIENCE_MS) == 1 &&
           recv(peer->fd, &byte, 1, MSG_PEEK) == 1;
}

/* `ours` becomes the host's end, `theirs` the agent's. */
static void start_agent(AgentPeer *peer, const Start *start, int ours,
                        int theirs)
{
    /* An agent may be gone when it is written to. */
    signal(SIGPIPE, SIG_IGN);
    wire_reader_init(&peer->reader);
    peer->sequence = 0;
    peer->fd = ours;
    peer->agent = peer->pid = fork();
    CU_ASSERT_TRUE_FATAL(peer->pid >= 0);
    /* By both, so that neither has to wait for the other. */
    setpgid(peer->pid, peer->pid);
    if (peer->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ours);
        if (peer->client_fd >= 0)
            close(peer->client_fd);
        if (start->isolated)
            exec_isolated(theirs, start);
        exec_agent(theirs, start);
    }
    close(theirs);
}

static bool start_with_socket(AgentPeer *peer, const Start *start)
{
    ProcessLook inner = {0};
    int ends[2];

    peer->client_fd = -1;
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    start_agent(peer, start, ends[0], ends[1]);
    if (!start->isolated)
        return true;
    if (!speaks(peer)) {
        peer_end(peer);
        return false;
    }
    CU_ASSERT_EQUAL_FATAL(peer_children(peer, &inner, 1), 1);
    peer->agent = inner.pid;
    return true;
}

bool peer_start(AgentPeer *peer, const char *documents, bool isolated)
{
    const Start start = {.documents = documents, .isolated = isolated};

    return start_with_socket(peer, &start);
}

bool peer_start_on_host(AgentPeer *peer)
{
    const Start start = {.isolated = true, .on_host = true};

    return start_with_socket(peer, &start);
}

bool peer_can_know_clocksource(void)
{
    if (access(FILE_CLOCKSOURCE, R_OK) == 0)
        return true;
    test_skip("needs /sys, for the name of the clock source");
    return false;
}

bool peer_start_at_port(AgentPeer *peer, const char *documents)
{
    struct termios raw;
    char port[64];
    Start start = {.port = port, .documents = documents};
    int ours, theirs;

    peer->client_fd = -1;
    if (openpty(&ours, &theirs, port, NULL, NULL) != 0) {
        test_skip("needs pseudo-terminals: /dev/ptmx and /dev/pts");
        return false;
    }
    CU_ASSERT_EQUAL_FATAL(tcgetattr(theirs, &raw), 0);
    cfmakeraw(&raw);
    CU_ASSERT_EQUAL_FATAL(tcsetattr(theirs, TCSANOW, &raw), 0);
    start_agent(peer, &start, ours, theirs);
    return true;
}

void peer_welcome(AgentPeer *peer)
{
    WireWelcome welcome = {WIRE_VERSION};
    WireFrame frame;

    CU_ASSERT_TRUE_FATAL(peer_next(peer, &frame));
    CU_ASSERT_EQUAL_FATAL(frame.type, WIRE_HELLO);
    peer_ask(peer, WIRE_WELCOME,
             wire_put_welcome(peer_payload(peer), &welcome));
}

void peer_start_welcomed(AgentPeer *peer, const char *documents)
{
    peer_start(peer, documents, false);
    peer_welcome(peer);
}

void peer_start_with_client(AgentPeer *peer, const char *documents,
                            int client_room)
{
    Start start = {.documents = documents};
    int ends[2], client_ends[2];

    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, client_ends), 0);
    if (client_room > 0)
        setsockopt(client_ends[1], SOL_SOCKET, SO_SNDBUF, &client_room,
                   sizeof client_room);
    peer->client_fd = client_ends[0];
    start.client_fd = client_ends[1];
    wire_reader_init(&peer->client_reader);
    start_agent(peer, &start, ends[0], ends[1]);
    close(client_ends[1]);
    peer_welcome(peer);
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

int peer_end(AgentPeer *peer)
{
    int status;

    close_end(&peer->client_fd);
    close_end(&peer->fd);
    if (waitpid(peer->pid, &status, 0) != peer->pid || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

uint8_t *peer_payload(AgentPeer *peer)
{
    return peer->frame + WIRE_HEADER_SIZE;
}

uint32_t peer_ask(AgentPeer *peer, WireType type, uint32_t length)
{
    size_t size = wire_seal(peer->frame, type, peer->sequence, length);

    CU_ASSERT_EQUAL_FATAL(write(peer->fd, peer->frame, size), (ssize_t)size);
    return peer->sequence++;
}

static bool next_frame(int fd, WireReader *reader, WireFrame *ret)
{
    struct pollfd poll_fd = {fd, POLLIN, 0};
    uint8_t bytes[4096];

    while (!wire_reader_next(reader, ret)) {
        CU_ASSERT_EQUAL_FATAL(poll(&poll_fd, 1, PATIENCE_MS), 1);
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n <= 0)
            return false;
        CU_ASSERT_EQUAL_FATAL(wire_reader_feed(reader, bytes, (size_t)n),
                              (size_t)n);
    }
    return true;
}

bool peer_next(AgentPeer *peer, WireFrame *ret)
{
    return next_frame(peer->fd, &peer->reader, ret);
}

void peer_ask_start(AgentPeer *peer, uint64_t cell, uint32_t index)
{
    const WireStart start = {cell, index};
    uint8_t frame[WIRE_MAX_FRAME];
    uint32_t length = wire_put_start(frame + WIRE_HEADER_SIZE, &start);
    size_t size = wire_seal(frame, WIRE_START, 0, length);

    CU_ASSERT_EQUAL_FATAL(write(peer->client_fd, frame, size), (ssize_t)size);
}

WireDone peer_expect_done(AgentPeer *peer, uint64_t cell)
{
    WireDone done = {0};
    WireFrame frame;

    CU_ASSERT_TRUE_FATAL(
        next_frame(peer->client_fd, &peer->client_reader, &frame));
    CU_ASSERT_EQUAL_FATAL(frame.type, WIRE_DONE);
    CU_ASSERT_TRUE_FATAL(wire_get_done(&frame, &done));
    CU_ASSERT_EQUAL(done.cell, cell);
    return done;
}

bool peer_has_no_done(AgentPeer *peer)
{
    struct pollfd poll_fd = {peer->client_fd, POLLIN, 0};
    WireFrame frame;

    return !wire_reader_next(&peer->client_reader, &frame) &&
           peer->client_reader.begin == peer->client_reader.end &&
           peer->client_reader.skipped_bytes == 0 && poll(&poll_fd, 1, 0) == 0;
}

void peer_expect_any(AgentPeer *peer, WireFrame *ret)
{
    do {
        CU_ASSERT_TRUE_FATAL(peer_next(peer, ret));
    } while (ret->type == WIRE_HELLO || ret->type == WIRE_EVENT);
}

void peer_expect(AgentPeer *peer, WireType type, WireFrame *ret)
{
    peer_expect_any(peer, ret);
    CU_ASSERT_EQUAL_FATAL(ret->type, type);
}

void peer_expect_ok(AgentPeer *peer, uint32_t request)
{
    WireFrame frame;
    WireOk ok;

    peer_expect(peer, WIRE_OK, &frame);
    CU_ASSERT_TRUE_FATAL(wire_get_ok(&frame, &ok));
    CU_ASSERT_EQUAL(ok.request, request);
}

void peer_expect_error(AgentPeer *peer, uint32_t request, const char *part)
{
    WireFrame frame;
    WireError error;

    peer_expect(peer, WIRE_ERROR, &frame);
    CU_ASSERT_TRUE_FATAL(wire_get_error(&frame, &error));
    CU_ASSERT_EQUAL(error.request, request);
    if (!strstr(error.text, part))
        fprintf(stderr, "'%s' instead of '...%s...'\n", error.text, part);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, part));
}

void peer_expect_note(AgentPeer *peer, const char *part)
{
    WireEvent event = {.kind = WIRE_EVENT_DEMOTED};
    WireFrame frame;

    do {
        CU_ASSERT_TRUE_FATAL(peer_next(peer, &frame));
        if (frame.type == WIRE_EVENT)
            CU_ASSERT_TRUE_FATAL(wire_get_event(&frame, &event));
    } while (event.kind != WIRE_EVENT_NOTE);
    CU_ASSERT_PTR_NOT_NULL(strstr(event.text, part));
}

uint32_t peer_ask_load(AgentPeer *peer, const WireLoad *load)
{
    return peer_ask(peer, WIRE_LOAD, wire_put_load(peer_payload(peer), load));
}

uint32_t peer_ask_manage(AgentPeer *peer, const WireManage *manage)
{
    return peer_ask(peer, WIRE_MANAGE,
                    wire_put_manage(peer_payload(peer), manage));
}

uint32_t peer_ask_probe(AgentPeer *peer, const WireProbe *probe)
{
    return peer_ask(peer, WIRE_PROBE,
                    wire_put_probe(peer_payload(peer), probe));
}

WireMeters peer_meters(AgentPeer *peer)
{
    uint32_t request = peer_ask(peer, WIRE_METER, 0);
    WireMeters meters = {0};
    WireFrame frame;

    peer_expect(peer, WIRE_METERS, &frame);
    CU_ASSERT_TRUE(wire_get_meters(&frame, &meters));
    CU_ASSERT_EQUAL(meters.request, request);
    CU_ASSERT_EQUAL(meters.mark, WIRE_MARK_ASKED);
    return meters;
}

void peer_work(AgentPeer *peer, uint64_t iterations_per_ms)
{
    WireWork work = {iterations_per_ms};

    peer_expect_ok(peer, peer_ask(peer, WIRE_WORK,
                                  wire_put_work(peer_payload(peer), &work)));
}

void peer_load(AgentPeer *peer, uint32_t users, uint32_t think_mean_us)
{
    const WireLoad load = {users, 1000, 4, think_mean_us, 1, 0};

    peer_expect_ok(peer, peer_ask_load(peer, &load));
}

void peer_reset(AgentPeer *peer)
{
    peer_expect_ok(peer, peer_ask(peer, WIRE_RESET, 0));
}

size_t peer_children(const AgentPeer *peer, ProcessLook *ret, size_t max)
{
    ProcessList processes;
    size_t n = 0;

    processes_init(&processes);
    CU_ASSERT_TRUE_FATAL(processes_read(&processes));
    for (size_t i = 0; i < processes.n; i++) {
        if (processes.list[i].parent != peer->agent)
            continue;
        if (n < max)
            ret[n] = processes.list[i];
        n++;
    }
    processes_clear(&processes);
    return n;
}
