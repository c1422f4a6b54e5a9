/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/commands.h"

#include "hvbench/cli/signals.h"
#include "hvbench/report/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int hvb_cmd_status(const GError *error)
{
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return HVB_EXIT_INTERRUPTED;
    if (g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST) ||
        g_error_matches(error, HVB_REPORT_ERROR, HVB_REPORT_ERROR_GNUPLOT))
        return HVB_EXIT_HOST;
    /* A result set that is none, or not one to go on with, was named so. */
    if (error->domain == HVB_PROFILE_ERROR ||
        g_error_matches(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_SCHEMA) ||
        g_error_matches(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_EMPTY) ||
        g_error_matches(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_DIFFERS))
        return HVB_EXIT_USAGE;
    return HVB_EXIT_FAILED;
}

int hvb_cmd_fail(int status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    fflush(stdout); /* in a log both go to, in this order */
    fprintf(stderr, "hvbench: %s\n", message);
    return status;
}

/* GLib leaves once it has printed the help, whatever became of it. */
static void print_help(const char *help)
{
    const char *charset;
    g_autofree char *converted =
        g_get_charset(&charset)
            ? NULL
            : g_convert_with_fallback(help, -1, charset, "UTF-8", "...", NULL,
                                      NULL, NULL);

    fputs(converted ? converted : help, stdout);
    exit(hvb_cmd_end(HVB_EXIT_OK, HVB_EXIT_FAILED));
}

gboolean hvb_cmd_parse(GOptionContext *context, int *argc, char ***argv)
{
    g_autofree char *command = g_strdup((*argv)[0]);
    g_autofree char *program = g_strdup_printf("hvbench %s", command);
    g_autoptr(GError) error = NULL;

    /* The help names the program after argv[0], unless it has a name. */
    g_set_prgname(program);
    if (!g_option_context_get_description(context))
        g_option_context_set_description(
            context, "Exit status:\n"
                     "  0    done\n"
                     "  1    it failed\n"
                     "  2    bad usage or profile\n"
                     "  3    this host cannot\n"
                     "  130  interrupted (SIGINT, SIGTERM or SIGHUP)\n");
    g_set_print_handler(print_help);
    gboolean parsed = g_option_context_parse(context, argc, argv, &error);
    g_set_print_handler(NULL);
    if (parsed)
        return TRUE;
    hvb_cmd_fail(HVB_EXIT_USAGE, "%s (see 'hvbench %s --help')", error->message,
                 command);
    return FALSE;
}

char *hvb_cmd_quote(const char *word)
{
    static const char plain[] =
        G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_./+-,:=@%";

    return *word && strspn(word, plain) == strlen(word) ? g_strdup(word)
                                                        : g_shell_quote(word);
}

int hvb_cmd_end(int status, int unwritten)
{
    gboolean lost = hvb_signals_output_lost();

    errno = 0; /* stays so if it was an earlier write that failed */
    gboolean written = fflush(stdout) == 0 && !ferror(stdout);
    const char *failure =
        errno ? g_strerror(errno) : "an earlier write to it failed";
    if (lost && status == HVB_EXIT_FAILED) /* and has said why */
        return status;
    if (!lost && (written || status == HVB_EXIT_INTERRUPTED))
        return status;
    return hvb_cmd_fail(unwritten, "cannot write the output: %s",
                        lost ? "nobody reads it any more" : failure);
}
