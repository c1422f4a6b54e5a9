/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hvbench: the table of commands. */
#include "hvbench/cli/commands.h"
#include "hvbench/cli/terminal.h"
#include "version.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
    int unwritten; /* exit status if its output could not be written */
} commands[] = {
    {"reproduce", hvb_cmd_reproduce, "measure the paper's figures and claims",
     HVB_EXIT_FAILED},
    {"run", hvb_cmd_run, "measure the scenarios of profiles", HVB_EXIT_FAILED},
    {"selftest", hvb_cmd_selftest, "check the accuracy on this machine",
     HVB_EXIT_FAILED},
    {"report", hvb_cmd_report, "make pictures and page of a result set anew",
     HVB_EXIT_FAILED},
    {"compare", hvb_cmd_compare, "whether users feel a difference",
     HVB_EXIT_USAGE},
    {"show", hvb_cmd_show, "print a profile, or where a result set comes from",
     HVB_EXIT_FAILED},
    {"list", hvb_cmd_list, "list the shipped profiles", HVB_EXIT_FAILED},
    {"doctor", hvb_cmd_doctor, "tell what this host can do", HVB_EXIT_FAILED},
};
#define N_COMMANDS (sizeof commands / sizeof commands[0])

/* Messages and warnings look like errors do, in the place of an echoed ^C or of
 * what is going on. */
static void print_log(const char *domain, GLogLevelFlags level,
                      const char *message, gpointer user_data)
{
    HvbTerminal terminal;

    (void)domain;
    (void)level;
    (void)user_data;
    hvb_terminal_look(stderr, &terminal);
    fprintf(stderr, "%shvbench: %s\n", terminal.redraws ? "\r\033[K" : "",
            message);
}

static void print_help(FILE *stream)
{
    fputs("usage: hvbench COMMAND [OPTION...] [ARGUMENT...]\n\n"
          "What users of virtual machines feel when CPU is short.\n\n",
          stream);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(stream, "  %-9s %s\n", commands[i].name, commands[i].summary);
    fputs("\n'hvbench COMMAND --help' tells more of each.\n"
          "Exit status: 0 done, 1 the run failed, 2 bad usage or profile, "
          "3 this host\ncannot, 130 interrupted (SIGINT, SIGTERM or SIGHUP).\n",
          stream);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    /* Whoever stops reading gets an error and no half-ended program, which
     * would leave its guests running. */
    signal(SIGPIPE, SIG_IGN);
    setlocale(LC_ALL, "");
    g_log_set_handler(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE,
                      print_log, NULL);
    setlocale(LC_NUMERIC, "C"); /* figures and JSON use a point */
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_help(stdout);
        return hvb_cmd_end(HVB_EXIT_OK, HVB_EXIT_FAILED);
    }
    if (strcmp(name, "--version") == 0) {
        puts("hvbench " HVB_VERSION);
        return hvb_cmd_end(HVB_EXIT_OK, HVB_EXIT_FAILED);
    }
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return hvb_cmd_end(commands[i].run(argc - 1, argv + 1),
                               commands[i].unwritten);
    if (*name)
        fprintf(stderr, "hvbench: no command '%s', see 'hvbench --help'\n",
                name);
    else
        print_help(stderr);
    return HVB_EXIT_USAGE;
}
