/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "test/unit/system-calls.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

static void record(SystemCalls *calls, pid_t pid)
{
    struct __ptrace_syscall_info info;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0 ||
        info.op != PTRACE_SYSCALL_INFO_ENTRY || calls->n == SYSTEM_CALLS_MAX)
        return;
    calls->numbers[calls->n++] = (long)info.entry.nr;
}

bool system_calls_attach(pid_t pid)
{
    return ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACESYSGOOD) == 0 &&
           ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0;
}

void system_calls_follow(SystemCalls *calls, pid_t pid)
{
    int status;

    calls->n = 0;
    while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
        if (WSTOPSIG(status) == (SIGTRAP | 0x80))
            record(calls, pid);
        ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
    }
}

size_t system_calls_count(const SystemCalls *calls, size_t begin, long number)
{
    size_t count = 0;

    for (size_t i = begin; i < calls->n; i++)
        count += calls->numbers[i] == number;
    return count;
}
