/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals: Ctrl-C, SIGTERM, a hang-up and a lost reader as a cancellable.
 *
 *   cancellable = hvb_signals_cancellable ();
 *   ... whatever waits in the default main context with `cancellable` ...
 *   if (g_cancellable_is_cancelled (cancellable))
 *       return HVB_EXIT_INTERRUPTED;
 *
 * A signal is noticed when the default main context is next iterated, never in
 * the middle of other code: whoever is cancelled stops the guests in good
 * order. Guests do not see a Ctrl-C themselves, since libvirt starts each QEMU
 * in a session of its own. */
#ifndef HVB_CLI_SIGNALS_H
#define HVB_CLI_SIGNALS_H

#include <gio/gio.h>

/* Cancelled by the first SIGINT, SIGTERM or SIGHUP after the first call, which
 * no longer end the program then: each says with g_message() that the guests
 * are being stopped. A SIGHUP that is ignored (nohup) stays so. Cancelled also
 * when stdout is a pipe that nobody reads any more. Borrowed, the same at each
 * call, valid until the program ends. Called from the thread of the default
 * main context. */
GCancellable *hvb_signals_cancellable(void);

/* Whether it was cancelled because nobody reads stdout any more. That is no
 * interruption but a failure: the output cannot be written. */
gboolean hvb_signals_output_lost(void);

#endif
