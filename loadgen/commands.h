/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands: what the agent does for the host, and what it answers. */
#ifndef LOADGEN_COMMANDS_H
#define LOADGEN_COMMANDS_H

#include "children.h"
#include "operations.h"
#include "port.h"
#include "probe.h"
#include "users.h"
#include "wire.h"

typedef struct {
    Port port;
    int client_fd;       /* the client port; -1: none */
    bool client_is_deaf; /* there is nobody at its other end */
    WireReader client_reader;
    Children children;
    Users users;
    Probe probe;
    WireHello hello;
    bool on_host;
    const char *documents_path;  /* NULL: none */
    const char *documents_fault; /* why they were not found; NULL: they were */
    Documents documents;
    uint64_t iterations_per_ms; /* as WORK said; 0: not yet */
    int calibration_fd;         /* -1: none is going on */
    uint32_t calibration_request;
    int manager_fd;       /* events of the manager; -1: there is none */
    bool moves_to_cgroup; /* the last manager's method */
    bool power_off;
} Agent;

/* All but the port, which must be there already. `client_fd` is the client
 * port, -1: there is none. */
void agent_init(Agent *agent, bool is_init, bool on_host,
                const char *documents_path, int client_fd);

/* Carries out one request and answers it, now or later. */
void agent_obey(Agent *agent, const WireFrame *frame);

void agent_answer_error(Agent *agent, uint32_t request, const char *text);
void agent_note(Agent *agent, const char *text);

/* No users, no manager, no window, no calibration. */
void agent_reset(Agent *agent);

/* Looks for the documents unless they are found: disks may come late. */
void agent_find_documents(Agent *agent);
/* Says if they are not there, or not read as they should be. */
void agent_note_documents(Agent *agent);

/* Forgets what was half read from the client port: for another host. */
void agent_restart_client(Agent *agent);

/* Call these when client_fd (unless it is deaf), ... */
void agent_serve_client(Agent *agent);
/* ... calibration_fd and manager_fd are readable ... */
void agent_calibration_ended(Agent *agent);
void agent_forward_events(Agent *agent);
/* ... when a child was reaped that nobody stopped, ... */
void agent_child_ended(Agent *agent, const Child *child, int status);
/* ... and when probe_deadline() has come. */
void agent_advance_probe(Agent *agent, uint64_t now_ns);

#endif
