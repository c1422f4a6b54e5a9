/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Input: a file that a user named, or that lies where results are kept.
 *
 * Something else may have its name: a pipe that nobody writes to would be
 * waited for without end, and a device has no end. */
#ifndef HVB_PROFILE_INPUT_H
#define HVB_PROFILE_INPUT_H

#include <glib.h>

/* Opens a regular file for reading; never waits. Returns a file descriptor that
 * the caller closes, or -1 with a G_FILE_ERROR, whose message names the file
 * and says why, what is there in a regular file's place included. */
int hvb_input_open(const char *path, GError **error);

/* Whether there is a regular file that may be read; the error is as above. */
gboolean hvb_input_check(const char *path, GError **error);

/* Reads a regular file, of which `most` bytes at most, into `ret_bytes`, which
 * the caller frees and which a byte 0 ends. Errors as above. */
gboolean hvb_input_read(const char *path, gsize most, char **ret_bytes,
                        gsize *ret_length, GError **error);

#endif
