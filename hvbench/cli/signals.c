/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/signals.h"

#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

/* What a signal does is a matter of the whole process. */
static GCancellable *cancellable;
static gboolean output_lost;

/* Further signals only repeat the note: to leave at once would leave guests
 * behind. */
static gboolean on_signal(gpointer user_data G_GNUC_UNUSED)
{
    g_cancellable_cancel(cancellable);
    g_message("interrupted, ending the run ...");
    return G_SOURCE_CONTINUE;
}

static gboolean on_output_lost(gint fd G_GNUC_UNUSED,
                               GIOCondition condition G_GNUC_UNUSED,
                               gpointer user_data G_GNUC_UNUSED)
{
    output_lost = !g_cancellable_is_cancelled(cancellable);
    g_cancellable_cancel(cancellable);
    return G_SOURCE_REMOVE;
}

/* As nohup leaves it. */
static gboolean is_ignored(int signal)
{
    struct sigaction action;

    return sigaction(signal, NULL, &action) == 0 &&
           action.sa_handler == SIG_IGN;
}

GCancellable *hvb_signals_cancellable(void)
{
    if (cancellable)
        return cancellable;
    cancellable = g_cancellable_new();
    g_unix_signal_add(SIGINT, on_signal, NULL);
    g_unix_signal_add(SIGTERM, on_signal, NULL);
    if (!is_ignored(SIGHUP))
        g_unix_signal_add(SIGHUP, on_signal, NULL);
    /* A terminal that goes away says so with SIGHUP. */
    if (!isatty(STDOUT_FILENO))
        g_unix_fd_add(STDOUT_FILENO, G_IO_ERR, on_output_lost, NULL);
    return cancellable;
}

gboolean hvb_signals_output_lost(void)
{
    return output_lost;
}
