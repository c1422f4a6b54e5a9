/* SPDX-License-Identifier: GPL-3.0-or-later */
/* AgentPeer: a real agent as a native process, and the host's end of its
 * socket, for tests. A failure to talk fails the running test. The agent and
 * its processes are a process group, whose number is `pid`. */
#ifndef TEST_AGENT_PEER_H
#define TEST_AGENT_PEER_H

#include "loadgen/processes.h"
#include "loadgen/wire.h"

#define MAX_CHILDREN 64  /* more than any test starts */
#define LITTLE_WORK 1000 /* iterations per ms, far below a real rate */
/* Far above it: each operation takes minutes. */
#define MUCH_WORK 1000000000

typedef struct {
    pid_t pid;   /* the agent; isolated: the process that waits for it */
    pid_t agent; /* the agent, as seen from here */
    int fd;
    WireReader reader;
    int client_fd; /* the client port; -1: none */
    WireReader client_reader;
    uint32_t sequence; /* of the next request */
    uint8_t frame[WIRE_MAX_FRAME];
} AgentPeer;

/* Makes a file of `size` bytes for an agent to read from. Returns its
 * descriptor; the path is the caller's, to be unlinked and freed. */
int peer_make_documents(char **ret_path, off_t size);

/* Where the agent's program is: $HVBENCH_AGENT, else beside the tests. */
const char *agent_path(void);

/* Starts an agent that has not said or heard anything yet. `documents` may be
 * NULL. Isolated, it sees only its own processes (root only; false: cannot). */
bool peer_start(AgentPeer *peer, const char *documents, bool isolated);

/* Starts an isolated one as on a host, beside one process of this name, which
 * never pauses. It is the agent's child. */
#define PEER_HYPERVISOR "qemu:a-guest"
bool peer_start_on_host(AgentPeer *peer);

/* Starts one that talks through a character device, as a guest's service.
 * False: there are no pseudo-terminals here, the test is skipped. */
bool peer_start_at_port(AgentPeer *peer, const char *documents);

/* Whether the kernel tells the name of its clock source; if not, the test is
 * skipped. */
bool peer_can_know_clocksource(void);

/* The same, and HELLO and WELCOME are over. */
void peer_start_welcomed(AgentPeer *peer, const char *documents);
void peer_welcome(AgentPeer *peer);

/* The same for one that has a client port, too. `client_room` bytes, or as few
 * as the kernel allows, of answers wait there to be read; 0: plenty. */
void peer_start_with_client(AgentPeer *peer, const char *documents,
                            int client_room);

/* The next NOTE. */
void peer_expect_note(AgentPeer *peer, const char *part);

/* Closes the socket, if it is open, and waits for the agent to end. Returns its
 * exit status, or -1. */
int peer_end(AgentPeer *peer);

/* Sends a request whose payload stands at peer_payload(). Returns its sequence
 * number. */
uint8_t *peer_payload(AgentPeer *peer);
uint32_t peer_ask(AgentPeer *peer, WireType type, uint32_t length);

/* The next frame of any type; false: the agent has closed. */
bool peer_next(AgentPeer *peer, WireFrame *ret);

/* The next frame that is neither HELLO nor EVENT; expected, it must be of this
 * type, else the test fails for good. */
void peer_expect_any(AgentPeer *peer, WireFrame *ret);
void peer_expect(AgentPeer *peer, WireType type, WireFrame *ret);

/* Expects OK, or ERROR with `part` in its text, for this request. */
void peer_expect_ok(AgentPeer *peer, uint32_t request);
void peer_expect_error(AgentPeer *peer, uint32_t request, const char *part);

/* Sends LOAD, MANAGE, PROBE. Returns its sequence number. */
uint32_t peer_ask_load(AgentPeer *peer, const WireLoad *load);
uint32_t peer_ask_manage(AgentPeer *peer, const WireManage *manage);
uint32_t peer_ask_probe(AgentPeer *peer, const WireProbe *probe);

/* On the client port: asks for an operation, takes the next answer, and whether
 * there is none (nor anything else) now. */
void peer_ask_start(AgentPeer *peer, uint64_t cell, uint32_t index);
WireDone peer_expect_done(AgentPeer *peer, uint64_t cell);
bool peer_has_no_done(AgentPeer *peer);

/* The meters now, asked for. */
WireMeters peer_meters(AgentPeer *peer);

/* Requests and their OK. */
void peer_work(AgentPeer *peer, uint64_t iterations_per_ms);
void peer_load(AgentPeer *peer, uint32_t users, uint32_t think_mean_us);
void peer_reset(AgentPeer *peer);

/* The agent's children now; at most `max` are stored. Returns how many. */
size_t peer_children(const AgentPeer *peer, ProcessLook *ret, size_t max);

#endif
