/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "children.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_STEP_NS (5 * NS_PER_MS)

void children_init(Children *children)
{
    memset(children, 0, sizeof *children);
}

static void close_agent_fds(int keep_fd)
{
    unsigned first = CHILD_FD;

    if (keep_fd >= 0) {
        if (keep_fd != CHILD_FD && dup3(keep_fd, CHILD_FD, O_CLOEXEC) < 0)
            _exit(EXIT_FAILURE);
        first = CHILD_FD + 1;
    }
    if (close_range(first, ~0u, 0) != 0)
        for (int fd = (int)first; fd < 1024; fd++)
            close(fd);
}

static void become_child(const ChildKind *kind, pid_t agent)
{
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, (unsigned long)kind->death_signal);
    /* The agent may have died before the line above. */
    if (getppid() != agent)
        _exit(EXIT_FAILURE);
    prctl(PR_SET_NAME, kind->name);
    /* The agent itself runs at a higher priority. */
    setpriority(PRIO_PROCESS, 0, 0);
    close_agent_fds(kind->keep_fd);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

pid_t children_start(Children *children, const ChildKind *kind, ChildMain run,
                     void *data)
{
    pid_t agent = getpid();
    pid_t pid;

    if (children->n == CHILDREN_MAX) {
        errno = EAGAIN;
        return -1;
    }
    pid = fork();
    if (pid == 0) {
        become_child(kind, agent);
        _exit(run(data));
    }
    if (pid > 0)
        children->list[children->n++] =
            (Child){pid, kind->role, kind->launched_ns};
    return pid;
}

static uint64_t timeval_ns(struct timeval time)
{
    return (uint64_t)time.tv_sec * NS_PER_S +
           (uint64_t)time.tv_usec * NS_PER_US;
}

/* `usage` covers the child and the children that it has waited for. */
static void account(Children *children, ChildRole role,
                    const struct rusage *usage)
{
    children->reaped_ns[role] +=
        timeval_ns(usage->ru_utime) + timeval_ns(usage->ru_stime);
}

static void forget(Children *children, unsigned index,
                   const struct rusage *usage)
{
    account(children, children->list[index].role, usage);
    children->list[index] = children->list[--children->n];
}

static pid_t wait_for(pid_t pid, int *ret_status, int options,
                      struct rusage *ret_usage)
{
    pid_t waited;

    do
        waited = wait4(pid, ret_status, options, ret_usage);
    while (waited < 0 && errno == EINTR);
    return waited;
}

/* Reaps the children of this role that have ended, or waits for all. Returns
 * how many are left. */
static unsigned reap_role(Children *children, ChildRole role, int options)
{
    unsigned left = 0;

    for (unsigned i = children->n; i-- > 0;) {
        struct rusage usage;
        int status;
        if (children->list[i].role != role)
            continue;
        if (wait_for(children->list[i].pid, &status, options, &usage) > 0)
            forget(children, i, &usage);
        else
            left++;
    }
    return left;
}

static void signal_role(const Children *children, ChildRole role, int signal)
{
    for (unsigned i = 0; i < children->n; i++)
        if (children->list[i].role == role)
            kill(children->list[i].pid, signal);
}

void children_stop(Children *children, ChildRole role, int signal,
                   unsigned grace_ms)
{
    uint64_t deadline_ns = clock_now_ns() + grace_ms * NS_PER_MS;

    signal_role(children, role, signal);
    if (signal != SIGKILL) {
        while (reap_role(children, role, WNOHANG) > 0 &&
               clock_now_ns() < deadline_ns)
            clock_sleep_until(clock_now_ns() + GRACE_STEP_NS);
        signal_role(children, role, SIGKILL);
    }
    reap_role(children, role, 0);
}

bool children_reap(Children *children, Child *ret_child, int *ret_status)
{
    struct rusage usage;
    pid_t pid;

    while ((pid = wait_for(-1, ret_status, WNOHANG, &usage)) > 0) {
        for (unsigned i = 0; i < children->n; i++) {
            if (children->list[i].pid != pid)
                continue;
            *ret_child = children->list[i];
            forget(children, i, &usage);
            return true;
        }
        account(children, CHILD_PROBE, &usage);
    }
    return false;
}

unsigned children_count(const Children *children, ChildRole role)
{
    unsigned count = 0;

    for (unsigned i = 0; i < children->n; i++)
        count += children->list[i].role == role;
    return count;
}

uint64_t children_cpu_ns(Children *children, ChildRole role)
{
    uint64_t sum = children->reaped_ns[role];

    for (unsigned i = 0; i < children->n; i++) {
        const Child *child = &children->list[i];
        clockid_t clock;
        if (child->role != role)
            continue;
        if (clock_getcpuclockid(child->pid, &clock) == 0)
            sum += clock_ns(clock);
        if (child->launched_ns)
            sum += *child->launched_ns;
    }
    /* A reaped process's time is known to the microsecond only, and may be a
     * little less than what its clock said before. */
    if (sum < children->reported_ns[role])
        sum = children->reported_ns[role];
    children->reported_ns[role] = sum;
    return sum;
}
