/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Client: the host's side of the operations that are timed from here, as the
 * user of a remote desktop would time them.
 *
 *   client = hvb_client_new (cell, guests, n_guests, &hooks, user_data);
 *   hvb_client_open (client, i);       the guest's window is open: its schedule
 *                                      begins now
 *   ... on_sample for each that is done, from the default main context ...
 *   hvb_client_close (client, i);      the guest waits for no more operations
 *   ... on_over ...
 *   hvb_client_free (client);
 *
 * A thread of its own keeps the schedules, so that whatever else hvbench does
 * is not measured: at real-time priority (SCHED_FIFO) where that is allowed. It
 * stamps, sends the request, and stamps again when the answer has come; how
 * late it was itself is started_ns - intended_ns of each sample. It shares no
 * memory with the main thread: both talk over a socket.
 *
 * A guest is not believed: an answer that names an operation that was not asked
 * for, or is answered already, is refused and counted. */
#ifndef HVB_RUN_CLIENT_H
#define HVB_RUN_CLIENT_H

#include "hvbench/run/cell.h"
#include "loadgen/schedule.h"

typedef struct {
    guint number; /* of the guest, from 1 */
    int fd;       /* of its client port, non-blocking; borrowed */
    const ScheduledStart *schedule; /* those of the vantage CLIENT are sent */
    guint n;                        /* in the schedule */
} HvbClientGuest;

/* What came of a guest's client side. */
typedef struct {
    guint scheduled;
    guint sent;
    guint done;    /* answered; the rest became censored samples */
    guint refused; /* answers that made no sense, bytes that were no frame; and
                    * one for a port that closed, or was given up for these */
} HvbClientAccount;

typedef struct {
    /* One operation is done, or was left unfinished (flag CENSORED; UNSTARTED,
     * too, if it was never sent); of reference_ns, response_ns and delay_ns
     * nothing is filled in. */
    void (*on_sample)(const HvbSample *sample, gpointer user_data);
    /* All samples of guest `i` have been handed over. */
    void (*on_over)(guint i, const HvbClientAccount *account,
                    gpointer user_data);
} HvbClientHooks;

typedef struct _HvbClient HvbClient;

/* Starts the thread. `guests` is copied, the schedules with it; `cell` goes
 * into every request. Only what is named here is needed of the window. Errors:
 * HVB_BED_ERROR_HOST (no socket, no thread). */
HvbClient *hvb_client_new(guint64 cell, const HvbClientGuest *guests,
                          guint n_guests, const HvbClientHooks *hooks,
                          gpointer user_data, GError **error);
/* Ends the thread, whatever is unfinished. NULL is fine. */
void hvb_client_free(HvbClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbClient, hvb_client_free)

/* `i` is the place among `guests`. Closing a guest that was never opened leaves
 * all of its operations unstarted. Answers under way are given
 * HVB_CLIENT_GRACE_MS. */
#define HVB_CLIENT_GRACE_MS 500
void hvb_client_open(HvbClient *client, guint i);
void hvb_client_close(HvbClient *client, guint i);

/* Whether the thread runs at real-time priority. */
gboolean hvb_client_is_realtime(const HvbClient *client);

#endif
