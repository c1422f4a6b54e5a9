/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/signals.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>

/* Further signals only repeat the note: to leave at once would leave guests
 * behind. */
static gboolean handle(gpointer user_data)
{
    g_cancellable_cancel(user_data);
    /* A line of its own, wherever the cursor was and after an echoed ^C. */
    fputs("\nhvbench: interrupted, stopping the guests ...\n", stderr);
    return G_SOURCE_CONTINUE;
}

GCancellable *hvb_signals_cancellable(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    /* What a signal does is a matter of the whole process. */
    static GCancellable *cancellable;

    if (cancellable)
        return cancellable;
    cancellable = g_cancellable_new();
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        g_unix_signal_add(signals[i], handle, cancellable);
    return cancellable;
}
