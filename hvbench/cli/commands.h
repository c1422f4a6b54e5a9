/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands: what `hvbench COMMAND` runs, one file for each. */
#ifndef HVB_CLI_COMMANDS_H
#define HVB_CLI_COMMANDS_H

#include <glib.h>

/* Exit statuses of the program. */
enum {
    HVB_EXIT_OK = 0,
    HVB_EXIT_FAILED = 1,        /* the run failed */
    HVB_EXIT_USAGE = 2,         /* bad usage or profile */
    HVB_EXIT_HOST = 3,          /* this host cannot */
    HVB_EXIT_INTERRUPTED = 130, /* by SIGINT, SIGTERM or SIGHUP */
};

/* Each takes the command line from the command's name on, prints its errors
 * itself, and returns an exit status. */
int hvb_cmd_show(int argc, char **argv);
int hvb_cmd_list(int argc, char **argv);
int hvb_cmd_run(int argc, char **argv);
int hvb_cmd_reproduce(int argc, char **argv);
int hvb_cmd_selftest(int argc, char **argv);
int hvb_cmd_report(int argc, char **argv);
int hvb_cmd_compare(int argc, char **argv);
int hvb_cmd_doctor(int argc, char **argv);

/* Parses the options of the command argv[0]; what is left are its operands.
 * --help prints the help, with the exit statuses at its end (unless the context
 * has a description of its own), and exits. Prints an error and returns FALSE
 * if an option is wrong (HVB_EXIT_USAGE). */
gboolean hvb_cmd_parse(GOptionContext *context, int *argc, char ***argv);

/* The exit status that an error stands for. */
int hvb_cmd_status(const GError *error);

/* Prints "hvbench: MESSAGE" to stderr. Returns `status`. */
int hvb_cmd_fail(int status, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The word as a shell takes it, quoted only if it must be. Caller frees. */
char *hvb_cmd_quote(const char *word);

/* The end of every command, once it has done all else: the exit status, which
 * is `status` if all that it printed could be written. Else, after an error
 * message, it is `unwritten`; but an interrupted run stays one, and one that
 * failed since nobody reads its output has said so. */
int hvb_cmd_end(int status, int unwritten);

#endif
