/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Processes: who uses the CPU of this host. */
#ifndef HVB_CLI_PROCESSES_H
#define HVB_CLI_PROCESSES_H

#include <glib.h>

typedef struct {
    int pid;
    char name[64];       /* as the kernel has it, made printable */
    guint64 start_ticks; /* since boot; tells a process from another that got
                          * its pid later */
    guint64 cpu_ticks;   /* user and system, all threads; of _SC_CLK_TCK */
} HvbProcess;

/* Reads the text of a /proc/PID/stat. FALSE: it is not one. */
gboolean hvb_process_parse(const char *stat, HvbProcess *ret_process);

/* All processes now, an array of HvbProcess. */
GArray *hvb_processes_read(void);

/* "make (4711) 93 %, ..." of one CPU: the `n` processes that used most of it
 * in the `seconds` between two readings, without `own_pid` and those that used
 * none. A process of which only the second reading knows has used all of its
 * time in between. Caller frees. */
char *hvb_processes_busiest(const GArray *before, const GArray *after,
                            double seconds, int own_pid, guint n);

#endif
