/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "operations.h"

#include "clock.h"
#include "random.h"
#include "work.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALIGNMENT 4096 /* enough for O_DIRECT everywhere */

extern char **environ;

static int open_documents(const char *path, bool direct)
{
    return open(path, O_RDONLY | O_CLOEXEC | (direct ? O_DIRECT : 0));
}

static bool read_document(int fd, void *buffer, uint64_t document)
{
    size_t done = 0;

    while (done < DOCUMENT_SIZE) {
        ssize_t n = pread(fd, (char *)buffer + done, DOCUMENT_SIZE - done,
                          (off_t)(document * DOCUMENT_SIZE + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static uint64_t size_of(int fd, bool *ret_on_disk)
{
    struct stat status;
    uint64_t size = 0;

    if (fstat(fd, &status) != 0)
        return 0;
    *ret_on_disk = S_ISBLK(status.st_mode);
    if (S_ISREG(status.st_mode))
        return (uint64_t)status.st_size;
    if (!*ret_on_disk || ioctl(fd, BLKGETSIZE64, &size) != 0)
        return 0;
    return size;
}

static bool try_reading(const char *path, bool direct)
{
    void *buffer = aligned_alloc(ALIGNMENT, DOCUMENT_SIZE);
    int fd = open_documents(path, direct);
    bool good = buffer && fd >= 0 && read_document(fd, buffer, 0);

    if (fd >= 0)
        close(fd);
    free(buffer);
    return good;
}

const char *documents_find(const char *path, Documents *ret)
{
    Documents found = {.n_documents = 0};
    int fd = open_documents(path, false);

    if (fd < 0)
        return "cannot be opened";
    found.n_documents = size_of(fd, &found.on_disk) / DOCUMENT_SIZE;
    close(fd);
    if (found.n_documents == 0)
        return "is no file or block device of 64 KiB or more";
    if (strlen(path) >= sizeof found.path)
        return "has too long a name";
    strcpy(found.path, path);
    found.direct = try_reading(path, true);
    if (!found.direct && !try_reading(path, false))
        return "cannot be read";
    *ret = found;
    return NULL;
}

bool operation_prepare(Operator *user)
{
    user->fd = -1;
    user->buffer = NULL;
    if (user->documents->n_documents == 0)
        return true;
    user->buffer = aligned_alloc(ALIGNMENT, DOCUMENT_SIZE);
    if (!user->buffer)
        return false;
    memset(user->buffer, 0, DOCUMENT_SIZE);
    user->fd = open_documents(user->documents->path, user->documents->direct);
    return user->fd >= 0 && read_document(user->fd, user->buffer, 0);
}

/* A function of seed and index alone: whoever does the operation, it reads the
 * same document. */
static uint64_t pick_document(const Operator *user, uint32_t index)
{
    Random random;

    random_init(&random, user->seed ^ ((uint64_t)index << 32));
    return random_below(&random, user->documents->n_documents);
}

static bool open_document(const Operator *user, uint32_t index)
{
    bool good = user->fd >= 0 && read_document(user->fd, user->buffer,
                                               pick_document(user, index));

    work_do(OPERATION_OPEN_MS * user->iterations_per_ms);
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
    char iterations[32], parent[32];
    char *arguments[] = {(char *)"hvbench-launched", (char *)"--launched",
                         iterations, parent, NULL};
    struct rusage usage;
    int status;
    pid_t pid, waited;

    snprintf(iterations, sizeof iterations, "%" PRIu64,
             OPERATION_LAUNCH_MS * user->iterations_per_ms);
    snprintf(parent, sizeof parent, "%d", (int)getpid());
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

bool operation_do(const Operator *user, WireOperation operation, uint32_t index)
{
    switch (operation) {
    case WIRE_KEY:
        work_do(OPERATION_KEY_MS * user->iterations_per_ms);
        return true;
    case WIRE_OPEN:
        return open_document(user, index);
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
