/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/result-dir.h"

#include <errno.h>
#include <glib/gstdio.h>

static char *default_path(void)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *name = g_date_time_format(now, "%Y%m%d-%H%M%S");

    return g_build_filename("results", name, NULL);
}

/* Replaces `path` by the directory it is in. */
static void go_up(char **path)
{
    char *parent = g_path_get_dirname(*path);

    g_free(*path);
    *path = parent;
}

static guint count_missing(const char *path)
{
    g_autofree char *at = g_canonicalize_filename(path, NULL);
    guint missing = 0;

    for (; !g_file_test(at, G_FILE_TEST_EXISTS); go_up(&at))
        missing++;
    return missing;
}

gboolean hvb_result_dir_make(const char *wanted, HvbResultDir *ret_dir,
                             GError **error)
{
    g_auto(HvbResultDir) dir = {wanted ? g_strdup(wanted) : default_path(), 0};

    dir.made = count_missing(dir.path);
    if (g_mkdir_with_parents(dir.path, 0755) != 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "cannot make the result set %s: %s; name another place "
                    "with --output",
                    dir.path, g_strerror(errno));
        return FALSE;
    }
    *ret_dir = dir;
    dir.path = NULL;
    return TRUE;
}

static void remove_consoles(const char *path)
{
    g_autofree char *console = g_build_filename(path, "console", NULL);
    g_autoptr(GDir) listing = g_dir_open(console, 0, NULL);
    const char *name;

    while (listing && (name = g_dir_read_name(listing))) {
        g_autofree char *file = g_build_filename(console, name, NULL);
        if (g_str_has_suffix(name, ".log"))
            g_unlink(file);
    }
    g_rmdir(console);
}

void hvb_result_dir_discard(const HvbResultDir *dir)
{
    g_autofree char *at = g_canonicalize_filename(dir->path, NULL);
    g_autofree char *database = g_build_filename(at, "hvbench.db", NULL);

    if (dir->made == 0)
        return;
    remove_consoles(at);
    g_unlink(database);
    for (guint i = 0; i < dir->made && g_rmdir(at) == 0; i++)
        go_up(&at);
}

gboolean hvb_result_dir_has_consoles(const HvbResultDir *dir)
{
    g_autofree char *console = g_build_filename(dir->path, "console", NULL);

    return g_file_test(console, G_FILE_TEST_IS_DIR);
}

void hvb_result_dir_clear(HvbResultDir *dir)
{
    g_clear_pointer(&dir->path, g_free);
}
