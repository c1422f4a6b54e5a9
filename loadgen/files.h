/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files: the small text files of /proc, /sys and cgroups. */
#ifndef LOADGEN_FILES_H
#define LOADGEN_FILES_H

#include <stdbool.h>
#include <stddef.h>

/* The kernel's clocksource in use. */
#define FILE_CLOCKSOURCE \
    "/sys/devices/system/clocksource/clocksource0/current_clocksource"

/* Reads the beginning of the file into `ret` (at most size - 1 bytes and a
 * zero). Trailing newlines are cut off. False: errno says why, *ret is "". */
bool file_read(const char *path, char *ret, size_t size);

/* Writes the text in one call, as the kernel's files want it. False: errno. */
bool file_write(const char *path, const char *text);

/* Finds the line that begins with `key`, blanks and ':' and copies what
 * follows. False: there is none, or the file cannot be read; *ret is "". */
bool file_find(const char *path, const char *key, char *ret, size_t size);

#endif
