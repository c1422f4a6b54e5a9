/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program as its user has it, for the tests of its commands. */
#ifndef TEST_UNIT_PROGRAM_H
#define TEST_UNIT_PROGRAM_H

#include <gio/gio.h>

/* Beside the test program, or HVBENCH in the environment. Caller frees. NULL if
 * there is none: then the test is marked as skipped. */
char *program_find(void);

/* `arguments` end with NULL. Caller owns the process, whose output and errors
 * are pipes. */
GSubprocess *program_spawn(const char *program, const char *const *arguments);

typedef struct {
    int status;
    char *out;
    char *err;
} ProgramOutcome;
void program_outcome_clear(ProgramOutcome *outcome);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ProgramOutcome, program_outcome_clear)

/* Runs it to its end. */
void program_run(const char *program, const char *const *arguments,
                 ProgramOutcome *ret_outcome);

/* The same with its output going into a file; `ret_outcome` has none. */
void program_run_into(const char *program, const char *const *arguments,
                      const char *file, ProgramOutcome *ret_outcome);

gboolean program_said_one_line(const char *text);

#endif
