/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/set-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

/* Who only looks holds a lock of its own for a moment. */
#define TRIES 20
#define PAUSE_US 10000

static int try_lock(const char *dir, int kind)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || flock(fd, kind | LOCK_NB) == 0)
        return fd;
    int failure = errno;
    close(fd);
    errno = failure;
    return -1;
}

int hvb_set_lock(const char *dir)
{
    int fd = try_lock(dir, LOCK_EX);

    for (guint i = 1; fd < 0 && errno == EWOULDBLOCK && i < TRIES; i++) {
        g_usleep(PAUSE_US);
        fd = try_lock(dir, LOCK_EX);
    }
    return fd;
}

HvbSetUse hvb_set_use(const char *dir)
{
    int fd = try_lock(dir, LOCK_SH);

    if (fd >= 0) {
        close(fd);
        return HVB_SET_FREE;
    }
    if (errno == EWOULDBLOCK)
        return HVB_SET_LOCKED;
    return errno == ENOENT || errno == ENOTDIR ? HVB_SET_FREE : HVB_SET_BARRED;
}
