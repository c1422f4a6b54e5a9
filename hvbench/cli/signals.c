/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/signals.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>

static const int caught[] = {SIGINT, SIGTERM, SIGHUP};

struct _HvbSignals {
    GCancellable *cancellable;
    HvbSignalFunc on_signal;
    gpointer user_data;
    guint sources[G_N_ELEMENTS(caught)];
};

static void print_note(const char *note, gpointer user_data)
{
    (void)user_data;
    fprintf(stderr, "hvbench: %s\n", note);
}

static gboolean handle(gpointer user_data)
{
    HvbSignals *self = user_data;
    gboolean first = !g_cancellable_is_cancelled(self->cancellable);

    g_cancellable_cancel(self->cancellable);
    self->on_signal(first ? "interrupted: stopping the guests ..."
                          : "still stopping the guests ...",
                    self->user_data);
    return G_SOURCE_CONTINUE;
}

HvbSignals *hvb_signals_catch(HvbSignalFunc on_signal, gpointer user_data)
{
    HvbSignals *self = g_new0(HvbSignals, 1);

    self->cancellable = g_cancellable_new();
    self->on_signal = on_signal ? on_signal : print_note;
    self->user_data = user_data;
    for (gsize i = 0; i < G_N_ELEMENTS(caught); i++)
        self->sources[i] = g_unix_signal_add(caught[i], handle, self);
    return self;
}

void hvb_signals_release(HvbSignals *signals)
{
    if (!signals)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(caught); i++)
        g_source_remove(signals->sources[i]);
    g_object_unref(signals->cancellable);
    g_free(signals);
}

GCancellable *hvb_signals_cancellable(HvbSignals *signals)
{
    return signals->cancellable;
}
