/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/result-dir.h"

#include "hvbench/profile/input.h"
#include "hvbench/results/set-lock.h"
#include "hvbench/results/store.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

char *hvb_result_dir_default(const char *prefix)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format(now, "%Y%m%d-%H%M%S");
    g_autofree char *name = g_strconcat(prefix, time, NULL);

    return g_build_filename(HVB_RESULT_DIR_HOME, name, NULL);
}

gboolean hvb_result_dir_check(const char *path, GError **error)
{
    g_autofree char *database = g_build_filename(path, "hvbench.db", NULL);
    g_autoptr(GError) cause = NULL;

    if (hvb_input_check(database, &cause))
        return TRUE;
    if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        g_set_error(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_SCHEMA,
                    "%s: no result set: there is no hvbench.db in it", path);
    else
        g_set_error(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_SCHEMA,
                    "%s: no result set: %s", path, cause->message);
    return FALSE;
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

static void report_lock(const char *path, int failure, GError **error)
{
    if (failure == EWOULDBLOCK)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                    "another hvbench measures into %s: name another place with "
                    "--output",
                    path);
    else
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(failure),
                    "cannot lock the result set %s: %s; name another place "
                    "with --output",
                    path, g_strerror(failure));
}

gboolean hvb_result_dir_make(const char *wanted, HvbResultDir *ret_dir,
                             GError **error)
{
    g_auto(HvbResultDir) dir = {
        .path = wanted ? g_strdup(wanted) : hvb_result_dir_default(""),
    };

    dir.made = count_missing(dir.path);
    g_autofree char *database = g_build_filename(dir.path, "hvbench.db", NULL);
    dir.had_database =
        g_file_test(database, G_FILE_TEST_EXISTS | G_FILE_TEST_IS_SYMLINK);
    if (g_mkdir_with_parents(dir.path, 0755) != 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "cannot make the result set %s: %s; name another place "
                    "with --output",
                    dir.path, g_strerror(errno));
        return FALSE;
    }
    dir.lock = hvb_set_lock(dir.path);
    dir.locked = dir.lock >= 0;
    if (!dir.locked) {
        report_lock(dir.path, errno, error);
        return FALSE;
    }
    *ret_dir = dir;
    memset(&dir, 0, sizeof dir);
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

    if (dir->had_database)
        return;
    if (dir->made > 0) /* else they may be somebody else's */
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
    if (dir->locked)
        close(dir->lock);
    dir->locked = FALSE;
}
