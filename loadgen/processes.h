/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Processes: what /proc tells about every process of the system. */
#ifndef LOADGEN_PROCESSES_H
#define LOADGEN_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct {
    pid_t pid, parent, session;
    uint64_t started; /* clock ticks since boot: with the PID, an identity */
    uint64_t cpu_ns;  /* user and system, all threads, in steps of a tick */
    int nice, policy; /* of the first thread */
    bool runnable;    /* the first thread runs or wants to */
    bool kernel;      /* a kernel thread */
    char name[16];    /* printable ASCII */
} ProcessLook;

typedef struct {
    ProcessLook *list; /* in the order of their PIDs */
    size_t n, room;
    unsigned looks;
    uint8_t *kernel_pids; /* known kernel threads, one bit each */
} ProcessList;

/* Parses /proc/PID/stat, `hz` clock ticks per second. False: it is malformed
 * or the process is a zombie; *ret is undefined. */
bool process_parse(const char *text, long hz, ProcessLook *ret);

void processes_init(ProcessList *processes);
void processes_clear(ProcessList *processes);

/* Replaces the list by the processes there are now, but for kernel threads
 * that are known as such. False: out of memory or no /proc. */
bool processes_read(ProcessList *processes);

#endif
