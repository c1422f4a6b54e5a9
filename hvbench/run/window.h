/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Window: one schedule of timed operations in the measured guests, and all
 * that they send about it; those of the client side are sent and timed from
 * here (client.h).
 *
 *   window = hvb_window_new (bed, measured, samples, events);
 *   ... load, settle: events are collected already ...
 *   hvb_window_open (window, &probe, ...);      every guest's schedule began
 *   hvb_window_wait_close (window, ...);        the last slot is over
 *   hvb_window_wait_end (window, ...);          unfinished operations drained
 *   hvb_window_free (window);
 *
 * A guest is not believed: a sample that the schedule does not hold, that
 * arrives twice, or that claims another intended start than the schedule's is
 * refused and counted. */
#ifndef HVB_RUN_WINDOW_H
#define HVB_RUN_WINDOW_H

#include "hvbench/run/client.h"
#include "loadgen/schedule.h"

typedef struct _HvbWindow HvbWindow;

/* Called after samples were appended. */
typedef void (*HvbSamplesFunc)(gpointer user_data);

/* Watches the guests for which measured[i] is TRUE (n_guests of them). From the
 * others, and from the host's own agent (guest 0) if the bed has one, only
 * events are taken; what has no agent is never heard.
 * HvbSample and HvbEventRecord are appended to `samples` and `events`, both
 * borrowed; reference_ns and what follows from it are left 0. */
HvbWindow *hvb_window_new(HvbBed *bed, const gboolean *measured,
                          GArray *samples, GArray *events);
void hvb_window_free(HvbWindow *window);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbWindow, hvb_window_free)

void hvb_window_set_samples_func(HvbWindow *window, HvbSamplesFunc func,
                                 gpointer user_data);

/* `seeds` has one for each guest's schedule, in place of probe->seed.
 *
 * Each returns FALSE with HVB_BED_ERROR_GUEST (a guest was lost, or refused
 * the schedule), HVB_BED_ERROR_HOST (nothing can be timed from here),
 * HVB_BED_ERROR_TIMEOUT or G_IO_ERROR_CANCELLED. */
gboolean hvb_window_open(HvbWindow *window, const WireProbe *probe,
                         const guint64 *seeds, GCancellable *cancellable,
                         GError **error);
gboolean hvb_window_wait_close(HvbWindow *window, GCancellable *cancellable,
                               GError **error);
gboolean hvb_window_wait_end(HvbWindow *window, GCancellable *cancellable,
                             GError **error);

/* Of a measured guest (its number, from 1), once the window is open: when that
 * was, by the guest's clock, and its schedule, `n` long and borrowed. */
gint64 hvb_window_opened_ns(const HvbWindow *window, guint guest);
const ScheduledStart *hvb_window_schedule(const HvbWindow *window, guint guest,
                                          guint *ret_n);

/* What times the operations of the client side, borrowed; NULL: there are none,
 * or the window was not opened. */
const HvbClient *hvb_window_client(const HvbWindow *window);

/* Over all measured guests, so far. */
guint hvb_window_scheduled(const HvbWindow *window);
guint hvb_window_received(const HvbWindow *window);
/* Frames and samples that made no sense, bytes that belonged to no frame, and
 * accounts (END) that do not agree with what arrived. */
guint hvb_window_refused(const HvbWindow *window);
/* Frames known to have been lost since the window was made. */
guint hvb_window_lost_frames(const HvbWindow *window);
/* The longest that a frame with samples was under way, by the first reading of
 * its guest's clock in `clocks` (HvbClockRecord); 0: no frame, or no reading.
 */
gint64 hvb_window_late_frame_ns(const HvbWindow *window, const GArray *clocks);
/* Fills the guest view of `record` (whose guest is set). FALSE if the guest is
 * not measured, or has not sent both meters. */
gboolean hvb_window_guest_view(const HvbWindow *window, HvbMeterRecord *record);

#endif
