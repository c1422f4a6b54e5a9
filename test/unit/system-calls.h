/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SystemCalls: what a process asks of the kernel, as ptrace(2) sees it. */
#ifndef TEST_SYSTEM_CALLS_H
#define TEST_SYSTEM_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SYSTEM_CALLS_MAX 1000

typedef struct {
    long numbers[SYSTEM_CALLS_MAX]; /* SYS_..., in their order */
    size_t n;
} SystemCalls;

/* Stops the process, which goes on when it is followed. False: that is not
 * allowed here. */
bool system_calls_attach(pid_t pid);

/* Follows it, from the call that it was stopped in, until somebody ends it;
 * more calls than fit are not recorded. */
void system_calls_follow(SystemCalls *calls, pid_t pid);

/* Calls of that number, from the one at `begin` on. */
size_t system_calls_count(const SystemCalls *calls, size_t begin, long number);

#endif
