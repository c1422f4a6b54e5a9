/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hvbench as its user has it: a process, with a profile and a result set in a
 * directory of its own. */
#ifndef TEST_BED_RUN_FIXTURE_H
#define TEST_BED_RUN_FIXTURE_H

#include <gio/gio.h>

typedef struct {
    char *scratch;
    char *profile;
    char *set; /* to be made by the run */
    GSubprocess *process;
    GDataInputStream *out;
} Run;

/* Makes the directory with this profile in it. FALSE: the test is skipped, see
 * bed_fixture_can_run(). */
gboolean run_can_start(Run *run, const char *profile_text);
void run_clear(Run *run);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

/* Starts hvbench; the program is beside this one. `argv` begins with an empty
 * place for it. `data_dir` has other shipped files; NULL: the usual ones. */
void run_spawn(Run *run, const char **argv, const char *data_dir);
/* Starts `hvbench run` with the profile, under TCG, into the result set. */
void run_start(Run *run);

/* Waits for a line with `part`; fails if the run ends before it. */
void run_wait_for(Run *run, const char *part);
/* Waits for the end. Returns the exit status; what was said on stderr is the
 * caller's to free. */
int run_wait_for_any_end(Run *run, char **ret_err);
/* The same, with this exit status. Returns what was said on stderr; caller
 * frees. */
char *run_wait_for_end(Run *run, int status);

#endif
