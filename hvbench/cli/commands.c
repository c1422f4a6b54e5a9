/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/commands.h"

#include <errno.h>
#include <stdio.h>

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
    g_option_context_set_description(context, "Exit status:\n"
                                              "  0    done\n"
                                              "  1    it failed\n"
                                              "  2    bad usage or profile\n"
                                              "  3    this host cannot\n"
                                              "  130  interrupted\n");
    if (g_option_context_parse(context, argc, argv, &error))
        return TRUE;
    hvb_cmd_fail(HVB_EXIT_USAGE, "%s (see 'hvbench %s --help')", error->message,
                 command);
    return FALSE;
}

int hvb_cmd_flush(void)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return hvb_cmd_fail(HVB_EXIT_FAILED, "cannot write the output: %s",
                            g_strerror(errno));
    return HVB_EXIT_OK;
}
