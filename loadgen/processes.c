/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "processes.h"

#include "clock.h"
#include "files.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KERNEL_THREAD 0x00200000u /* PF_KTHREAD among the flags */
/* Most processes of a small guest are kernel threads. Reading them all at each
 * look would cost more than everything else the manager does. */
#define KERNEL_PIDS 65536
#define FORGET_KERNEL_PIDS_AFTER 32 /* looks; PIDs are reused some day */

static void copy_name(char *ret, size_t size, const char *name, size_t length)
{
    size_t n = length < size - 1 ? length : size - 1;

    for (size_t i = 0; i < n; i++)
        ret[i] = isprint((unsigned char)name[i]) ? name[i] : '?';
    ret[n] = '\0';
}

bool process_parse(const char *text, long hz, ProcessLook *ret)
{
    /* The name may hold anything, parentheses included: it ends at the last. */
    const char *open = strchr(text, '(');
    const char *close = strrchr(text, ')');
    uint64_t user, system;
    unsigned flags;
    char state;
    int pid, parent, session;

    if (!open || !close || close < open || sscanf(text, "%d", &pid) != 1)
        return false;
    if (sscanf(close + 1,
               " %c %d %*d %d %*d %*d %u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
               " %*d %*d %*d %d %*d %*d %" SCNu64
               " %*u %*d %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u "
               "%*d %*d %*u %d",
               &state, &parent, &session, &flags, &user, &system, &ret->nice,
               &ret->started, &ret->policy) != 9)
        return false;
    ret->pid = pid;
    ret->parent = parent;
    ret->session = session;
    ret->cpu_ns = (user + system) * (NS_PER_S / (uint64_t)hz);
    ret->runnable = state == 'R';
    ret->kernel = (flags & KERNEL_THREAD) != 0;
    copy_name(ret->name, sizeof ret->name, open + 1,
              (size_t)(close - open - 1));
    return state != 'Z' && state != 'X';
}

void processes_init(ProcessList *processes)
{
    memset(processes, 0, sizeof *processes);
}

void processes_clear(ProcessList *processes)
{
    free(processes->list);
    free(processes->kernel_pids);
    processes_init(processes);
}

static bool is_known_kernel(const ProcessList *processes, long pid)
{
    return pid < KERNEL_PIDS &&
           (processes->kernel_pids[pid / 8] >> (pid % 8) & 1) != 0;
}

static void remember_kernel(ProcessList *processes, long pid)
{
    if (pid < KERNEL_PIDS)
        processes->kernel_pids[pid / 8] |= (uint8_t)(1u << (pid % 8));
}

static bool add(ProcessList *processes, const ProcessLook *look)
{
    if (processes->n == processes->room) {
        size_t room = processes->room > 0 ? 2 * processes->room : 64;
        ProcessLook *list =
            realloc(processes->list, room * sizeof processes->list[0]);
        if (!list)
            return false;
        processes->list = list;
        processes->room = room;
    }
    processes->list[processes->n++] = *look;
    return true;
}

/* False only when out of memory: a process may end at any time. */
static bool look_at(ProcessList *processes, long pid)
{
    char path[64], text[1024];
    ProcessLook look;

    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    if (!file_read(path, text, sizeof text) ||
        !process_parse(text, sysconf(_SC_CLK_TCK), &look))
        return true;
    if (look.kernel)
        remember_kernel(processes, pid);
    return add(processes, &look);
}

static int compare_pids(const void *a, const void *b)
{
    const ProcessLook *x = a, *y = b;

    return (x->pid > y->pid) - (x->pid < y->pid);
}

static bool begin_look(ProcessList *processes)
{
    if (!processes->kernel_pids)
        processes->kernel_pids = calloc(KERNEL_PIDS / 8, 1);
    if (!processes->kernel_pids)
        return false;
    if (processes->looks++ % FORGET_KERNEL_PIDS_AFTER == 0)
        memset(processes->kernel_pids, 0, KERNEL_PIDS / 8);
    processes->n = 0;
    return true;
}

bool processes_read(ProcessList *processes)
{
    DIR *directory = opendir("/proc");
    struct dirent *entry;
    bool good = directory && begin_look(processes);

    while (good && (entry = readdir(directory))) {
        char *end;
        long pid = strtol(entry->d_name, &end, 10);
        if (pid > 0 && *end == '\0' && !is_known_kernel(processes, pid))
            good = look_at(processes, pid);
    }
    if (directory)
        closedir(directory);
    if (good && processes->n > 0)
        qsort(processes->list, processes->n, sizeof processes->list[0],
              compare_pids);
    return good;
}
