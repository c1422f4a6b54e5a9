/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the window know of it: window.c opens, waits and ends,
 * window-frames.c takes what the guests send. */
#ifndef HVB_RUN_WINDOW_PRIVATE_H
#define HVB_RUN_WINDOW_PRIVATE_H

#include "hvbench/run/window.h"

/* What a guest may be late by beyond its schedule: it is capped, overloaded
 * and emulated. More than the 30 s for which an agent waits for its own probe
 * users before it opens the window without them. A guest that has to wait for
 * its turn to run is given its link's patience as well. */
#define HVB_WINDOW_GRACE_MS 60000

typedef struct {
    HvbWindow *window;
    HvbLink *link;        /* NULL: it has no agent */
    guint number;         /* of the guest, from 1; 0: the host */
    const HvbGuest *said; /* the bed's; NULL: of the host */
    gboolean measured;
    gboolean asked; /* has been sent its PROBE */
    gboolean opened, closed, ended;
    WireMeters open, close;
    WireEnd end;
    int client; /* its place in the window's client; -1: it has none */
    gboolean client_over;
    gint64 slowest_ns; /* of its frames: arrival here - sending there, each by
                        * its own clock; G_MININT64: there was none */
    ScheduledStart *schedule;
    guint8 *seen; /* per place in the schedule */
    guint received;
    guint64 lost_frames_before;
    guint64 nonsense_before;
} HvbWatched;

struct _HvbWindow {
    HvbWatched *watched; /* the guests in their order; last the host, if it has
                          * an agent */
    guint n_watched;
    GArray *samples;
    GArray *events;
    HvbSamplesFunc on_samples;
    gpointer user_data;
    WireProbe probe;
    guint grace_ms;         /* for the most patient of the measured guests */
    guint scheduled;        /* per guest */
    guint scheduled_client; /* of these, of the client side */
    HvbClient *client;      /* NULL: there are none */
    guint received;
    guint refused;
    guint dropped_events;
};

/* A HvbFrameFunc of a link; `user_data` is its HvbWatched. */
void hvb_window_take_frame(HvbLink *link, const WireFrame *frame,
                           gpointer user_data);

#endif
