/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/profile/input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (64 * 1024)

static const char *kind_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return "a directory";
    case S_IFIFO:
        return "a pipe";
    case S_IFSOCK:
        return "a socket";
    case S_IFCHR:
    case S_IFBLK:
        return "a device";
    default:
        return "something else";
    }
}

static void fail(GError **error, const char *path, int code)
{
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code),
                "%s: cannot be read: %s", path, g_strerror(code));
}

static void refuse(GError **error, const char *path, mode_t mode)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                "%s: is no regular file, but %s: name a file, or save what it "
                "yields in one",
                path, kind_of(mode));
}

/* Some that are no files cannot even be opened. */
static void fail_to_open(GError **error, const char *path, int code)
{
    struct stat status;

    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        refuse(error, path, status.st_mode);
    else
        fail(error, path, code);
}

int hvb_input_open(const char *path, GError **error)
{
    /* What has been opened is looked at, so that nothing can take its place
     * in between. */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat status;

    if (fd < 0) {
        fail_to_open(error, path, errno);
        return -1;
    }
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
        return fd;
    refuse(error, path, status.st_mode);
    close(fd);
    return -1;
}

gboolean hvb_input_check(const char *path, GError **error)
{
    int fd = hvb_input_open(path, error);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* Appends what is left of the file, up to `most` bytes in all. FALSE with
 * errno set. */
static gboolean append_rest(int fd, gsize most, GByteArray *bytes)
{
    while (bytes->len < most) {
        guint before = bytes->len;
        guint wanted = (guint)MIN(most - before, CHUNK);
        g_byte_array_set_size(bytes, before + wanted);
        ssize_t n = read(fd, bytes->data + before, wanted);
        g_byte_array_set_size(bytes, before + (n > 0 ? (guint)n : 0));
        if (n == 0)
            return TRUE;
        if (n < 0 && errno != EINTR)
            return FALSE;
    }
    return TRUE;
}

gboolean hvb_input_read(const char *path, gsize most, char **ret_bytes,
                        gsize *ret_length, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    int fd = hvb_input_open(path, error);

    if (fd < 0)
        return FALSE;
    gboolean ok = append_rest(fd, most, bytes);
    if (!ok)
        fail(error, path, errno);
    close(fd);
    if (!ok)
        return FALSE;
    *ret_length = bytes->len;
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    *ret_bytes = (char *)g_byte_array_free(g_steal_pointer(&bytes), FALSE);
    return TRUE;
}
