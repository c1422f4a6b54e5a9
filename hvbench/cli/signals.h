/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals: Ctrl-C, a hang-up and SIGTERM as a cancellable.
 *
 *   g_autoptr(HvbSignals) signals = hvb_signals_catch (NULL, NULL);
 *   cancellable = hvb_signals_cancellable (signals);
 *   ... whatever waits in the default main context with `cancellable` ...
 *   if (g_cancellable_is_cancelled (cancellable))
 *       return HVB_EXIT_INTERRUPTED;
 *
 * A signal is noticed when the default main context is next iterated, never in
 * the middle of other code: whoever is cancelled can stop guests in good
 * order. Nothing is killed by impatience either: further signals only repeat
 * the note. Guests do not see a Ctrl-C, since libvirt starts each QEMU in a
 * session of its own. */
#ifndef HVB_CLI_SIGNALS_H
#define HVB_CLI_SIGNALS_H

#include <gio/gio.h>

typedef struct _HvbSignals HvbSignals;

/* Called from the default main context for each signal, after the cancellable
 * has been cancelled. `note` says what is going on and what happens next:
 * "interrupted: stopping the guests ...". */
typedef void (*HvbSignalFunc)(const char *note, gpointer user_data);

/* From now on the signals do not end the program. `on_signal` shows the note;
 * if it is NULL, "hvbench: NOTE" goes to stderr. One at a time. */
HvbSignals *hvb_signals_catch(HvbSignalFunc on_signal, gpointer user_data);
/* The signals end the program again. */
void hvb_signals_release(HvbSignals *signals);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbSignals, hvb_signals_release)

/* Cancelled by the first signal; borrowed. */
GCancellable *hvb_signals_cancellable(HvbSignals *signals);

#endif
