/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "spared.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What the kernel appends when a program was replaced while it runs. */
#define DELETED " (deleted)"

static bool begins(const char *name, const char *part)
{
    return strncmp(name, part, strlen(part)) == 0;
}

bool spared_name(const char *name)
{
    static const char *const whole[] = {"hvbench", "libvirtd", "qemu-kvm",
                                        "kvm"};
    size_t length = strlen(name);

    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        if (strcmp(name, whole[i]) == 0)
            return true;
    return begins(name, "qemu-system-") || begins(name, "qemu:") ||
           (begins(name, "virt") && name[length - 1] == 'd');
}

/* The name of the file that it runs, within `path`; NULL: it may not be known,
 * or the process has ended. */
static const char *find_program(pid_t pid, char path[PATH_MAX])
{
    char link[64];
    ssize_t n;
    char *end, *slash;

    snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
    n = readlink(link, path, PATH_MAX - 1);
    if (n <= 0)
        return NULL;
    path[n] = '\0';
    end = path + n - (sizeof DELETED - 1);
    if (end > path && strcmp(end, DELETED) == 0)
        *end = '\0';
    slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool spared_process(const ProcessLook *look)
{
    char path[PATH_MAX];
    const char *program;

    if (spared_name(look->name))
        return true;
    program = find_program(look->pid, path);
    return program && spared_name(program);
}
