/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/commands.h"

#include "hvbench/cli/signals.h"
#include "hvbench/report/report.h"

#include <errno.h>
#include <stdio.h>

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
    if (g_option_context_parse(context, argc, argv, &error))
        return TRUE;
    hvb_cmd_fail(HVB_EXIT_USAGE, "%s (see 'hvbench %s --help')", error->message,
                 command);
    return FALSE;
}

int hvb_cmd_flush(void)
{
    errno = 0; /* stays so if it was an earlier write that failed */
    if (hvb_signals_output_lost())
        return hvb_cmd_fail(HVB_EXIT_FAILED,
                            "cannot write the output: nobody reads it any "
                            "more");
    if (fflush(stdout) != 0 || ferror(stdout))
        return hvb_cmd_fail(HVB_EXIT_FAILED, "cannot write the output: %s",
                            g_strerror(errno ? errno : EIO));
    return HVB_EXIT_OK;
}
