/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ssize_t read_some(int fd, char *ret, size_t size)
{
    ssize_t n;

    do
        n = read(fd, ret, size);
    while (n < 0 && errno == EINTR);
    return n;
}

bool file_read(const char *path, char *ret, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    ret[0] = '\0';
    if (fd < 0)
        return false;
    n = read_some(fd, ret, size - 1);
    close(fd);
    if (n < 0)
        return false;
    while (n > 0 && ret[n - 1] == '\n')
        n--;
    ret[n] = '\0';
    return true;
}

bool file_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    size_t length = strlen(text);
    ssize_t n;
    int saved_errno;

    if (fd < 0)
        return false;
    do
        n = write(fd, text, length);
    while (n < 0 && errno == EINTR);
    saved_errno = errno;
    close(fd);
    errno = saved_errno;
    return n == (ssize_t)length;
}

static bool line_has_key(const char *line, const char *key, const char **value)
{
    size_t length = strlen(key);

    if (strncmp(line, key, length) != 0)
        return false;
    *value = line + length + strspn(line + length, " \t");
    if (**value != ':')
        return false;
    *value += 1 + strspn(*value + 1, " \t");
    return true;
}

bool file_find(const char *path, const char *key, char *ret, size_t size)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    bool found = false;

    ret[0] = '\0';
    if (!file)
        return false;
    while (!found && getline(&line, &room, file) >= 0) {
        const char *value;
        if (!line_has_key(line, key, &value))
            continue;
        found = true;
        snprintf(ret, size, "%.*s", (int)strcspn(value, "\n"), value);
    }
    free(line);
    fclose(file);
    return found;
}
