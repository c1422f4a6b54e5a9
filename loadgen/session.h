/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session: the agent's conversation with the host, and its event loop.
 *
 * Nothing wakes the agent while nothing runs: it polls without a timeout. */
#ifndef LOADGEN_SESSION_H
#define LOADGEN_SESSION_H

#include <stdbool.h>

typedef struct {
    int fd;                /* of the port; the session closes it */
    int client_fd;         /* of the client port, likewise; -1: none */
    bool waits_for_hosts;  /* a device: the next host may come after this one */
    bool is_init;          /* PID 1 of a guest */
    bool on_host;          /* beside the guests, not in one */
    bool may_not_hurry;    /* the agent could not raise its own priority */
    const char *documents; /* path, or NULL */
} SessionOptions;

typedef enum {
    SESSION_DONE,     /* the host is gone, or a signal asked for the end */
    SESSION_POWEROFF, /* the host asks to power off */
    SESSION_BROKEN,   /* errno: the port or the event loop cannot be set up */
} SessionEnd;

/* Talks until the end. No child is left then. */
SessionEnd session_run(const SessionOptions *options);

#endif
