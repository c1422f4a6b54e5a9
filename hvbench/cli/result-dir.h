/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Result directory: where a run puts its result set. */
#ifndef HVB_CLI_RESULT_DIR_H
#define HVB_CLI_RESULT_DIR_H

#include <glib.h>

typedef struct {
    char *path;
    guint made; /* directories at the path's end that there were not */
    gboolean had_database; /* a result set was there */
    gboolean locked;       /* with `lock`, an open file */
    int lock;
} HvbResultDir;

/* Where result sets go unless a directory is named. */
#define HVB_RESULT_DIR_HOME "results"
/* "results/PREFIX" with date and time. Caller frees. */
char *hvb_result_dir_default(const char *prefix);

/* Makes `wanted`, or if it is NULL results/DATE-TIME, unless it is there, and
 * locks it: two runs would mix their cells. FALSE with a G_FILE_ERROR, EXIST if
 * another hvbench measures into it. */
gboolean hvb_result_dir_make(const char *wanted, HvbResultDir *ret_dir,
                             GError **error);
/* Removes a result set in which there is nothing worth keeping, unless there
 * was one before: what a run has put into it until its first cell, and the
 * directories made, unless somebody else has put something there. */
void hvb_result_dir_discard(const HvbResultDir *dir);
/* Whether there is a result set in `path` to be read. FALSE with
 * HVB_RESULTS_ERROR_SCHEMA if not; whether it is of this version shows when it
 * is opened. */
gboolean hvb_result_dir_check(const char *path, GError **error);
/* Whether there are consoles of guests in it. */
gboolean hvb_result_dir_has_consoles(const HvbResultDir *dir);

void hvb_result_dir_clear(HvbResultDir *dir);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HvbResultDir, hvb_result_dir_clear)

#endif
