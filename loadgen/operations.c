/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "operations.h"

#include "clock.h"
#include "work.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static uint64_t iterations_of(const Operator *user, WireOperation operation)
{
    return operation_work_ms(operation) * user->iterations_per_ms;
}

bool operation_prepare(Operator *user)
{
    bool good;

    snprintf(user->launch_iterations, sizeof user->launch_iterations,
             "%" PRIu64, iterations_of(user, WIRE_LAUNCH));
    snprintf(user->launch_parent, sizeof user->launch_parent, "%d",
             (int)getpid());
    user->fd = -1;
    user->buffer = NULL;
    if (user->documents->n_documents == 0)
        return true;
    user->buffer = aligned_alloc(DOCUMENT_ALIGNMENT, DOCUMENT_SIZE);
    if (!user->buffer)
        return false;
    memset(user->buffer, 0, DOCUMENT_SIZE);
    user->fd = documents_open(user->documents, user->reading);
    good = user->fd >= 0 && documents_read(user->fd, user->buffer, 0);
    if (user->fd >= 0 && user->reading == WIRE_READING_COLD)
        documents_forget(user->fd, 0);
    return good;
}

static bool open_document(const Operator *user, uint64_t document)
{
    bool good =
        user->fd >= 0 && documents_read(user->fd, user->buffer, document);

    work_do(iterations_of(user, WIRE_OPEN));
    return good;
}

static void account_launched(const Operator *user, const struct rusage *usage)
{
    const struct timeval *parts[] = {&usage->ru_utime, &usage->ru_stime};
    uint64_t sum = 0;

    for (int i = 0; i < 2; i++)
        sum += (uint64_t)parts[i]->tv_sec * NS_PER_S +
               (uint64_t)parts[i]->tv_usec * NS_PER_US;
    *user->launched_ns += sum;
}

static bool launch(const Operator *user)
{
    char *arguments[] = {(char *)"hvbench-launched", (char *)"--launched",
                         (char *)user->launch_iterations,
                         (char *)user->launch_parent, NULL};
    struct rusage usage;
    int status;
    pid_t pid, waited;

    if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, arguments, environ) !=
        0)
        return false;
    do
        waited = wait4(pid, &status, 0, &usage);
    while (waited < 0 && errno == EINTR);
    if (waited != pid)
        return false;
    account_launched(user, &usage);
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

bool operation_do(const Operator *user, WireOperation operation,
                  uint64_t document)
{
    switch (operation) {
    case WIRE_KEY:
        work_do(iterations_of(user, WIRE_KEY));
        return true;
    case WIRE_OPEN:
        return open_document(user, document);
    case WIRE_LAUNCH:
        return launch(user);
    case WIRE_N_OPERATIONS:
        break;
    }
    return false;
}

int operation_launched(const char *iterations, const char *parent)
{
    char *end;
    uint64_t n = strtoull(iterations, &end, 10);

    if (*iterations == '\0' || *end != '\0')
        return EXIT_FAILURE;
    /* Whoever launched it may be killed: it must not work on for nobody. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != atoi(parent))
        return EXIT_FAILURE;
    work_do(n);
    return EXIT_SUCCESS;
}
