/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/state.h"

#include "hvbench/bed/bed-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

char *hvb_state_dir(void)
{
    if (geteuid() == 0)
        return g_strdup(HVB_STATE_DIR);
    return g_strdup_printf("/var/tmp/hvbench-%u", (unsigned)geteuid());
}

gboolean hvb_state_make_dir(const char *dir, GError **error)
{
    struct stat status;
    const char *wrong = NULL;

    if (g_mkdir_with_parents(dir, 0755) != 0 || lstat(dir, &status) != 0)
        wrong = g_strerror(errno);
    else if (!S_ISDIR(status.st_mode))
        wrong = "it is no directory";
    else if (status.st_uid != geteuid())
        wrong = "it belongs to another user";
    else if (status.st_mode & (S_IWGRP | S_IWOTH))
        wrong = "others may write to it";
    if (!wrong)
        return TRUE;
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                "cannot keep guests' files in %s: %s (it must be a directory "
                "of your own, writable by you alone)",
                dir, wrong);
    return FALSE;
}

/* Not with O_CREAT where the file is there: in a directory that everybody may
 * write to, the kernel can refuse that even to root (fs.protected_regular). */
static int open_lock(const char *path)
{
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    int fd = open(path, flags);

    if (fd >= 0 || errno != ENOENT)
        return fd;
    fd = open(path, flags | O_CREAT | O_EXCL, 0444);
    if (fd < 0)
        return errno == EEXIST ? open(path, flags) : -1;
    /* Whatever the umask: other users must be able to open it. */
    (void)fchmod(fd, 0444);
    return fd;
}

int hvb_state_lock(const char *path, GError **error)
{
    int lock = open_lock(path);

    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
        return lock;
    if (lock >= 0 && errno == EWOULDBLOCK)
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "another hvbench has guests running on this machine (it "
                    "holds %s): wait for it, two would disturb each other",
                    path);
    else
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "cannot lock %s: %s (make it, as root, with: install -m "
                    "0444 -D /dev/null %s)",
                    path, g_strerror(errno), path);
    if (lock >= 0)
        close(lock);
    return -1;
}

void hvb_state_remove(const char *path)
{
    GDir *dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK)
                    ? NULL
                    : g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        hvb_state_remove(child);
    }
    if (dir)
        g_dir_close(dir);
    (void)g_remove(path);
}

void hvb_state_remove_beds(const char *dir)
{
    g_autoptr(GDir) listing = g_dir_open(dir, 0, NULL);
    const char *name;

    while (listing && (name = g_dir_read_name(listing))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        if (g_str_has_prefix(name, HVB_STATE_BED_PREFIX))
            hvb_state_remove(path);
    }
}
