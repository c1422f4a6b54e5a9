/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Link: the conversation with one agent over a port.
 *
 * Frames arrive from the default main context. Requests wait in it: while
 * one is under way the frames of all links are delivered. */
#ifndef HVB_BED_LINK_H
#define HVB_BED_LINK_H

#include "hvbench/bed/wait.h"
#include "loadgen/wire.h"

#include <gio/gio.h>

/* Port: a byte stream that does not block, whatever carries it. The maker
 * fills the functions, the link the callbacks. */
typedef struct _HvbPort HvbPort;
/* A port whose far end lets more than this wait is closed, and why. */
#define HVB_PORT_QUEUE_MAX (64 * 1024)
#define HVB_PORT_QUEUE_FULL "it does not read what is sent to it"
struct _HvbPort {
    /* Queues `n` bytes and returns at once; may call on_closed. */
    void (*send)(HvbPort *port, const void *bytes, gsize n);
    void (*free)(HvbPort *port);

    void (*on_bytes)(HvbPort *port, const void *bytes, gsize n);
    /* The far end is gone; `why` is borrowed. Called once at most. */
    void (*on_closed)(HvbPort *port, const char *why);
    gpointer user_data;
};

/* A port over a connected socket, which it owns. */
HvbPort *hvb_fd_port_new(int fd);

/* A guest's strings reach terminals, HTML and SQL: makes '?' of all that is no
 * printable ASCII. */
void hvb_make_printable(char *text);

typedef struct _HvbLink HvbLink;

/* Called for each frame that is not the answer to a request. The frame is
 * borrowed: copy what must outlive the call. */
typedef void (*HvbFrameFunc)(HvbLink *link, const WireFrame *frame,
                             gpointer user_data);

/* Takes the port over. `name` is the guest's, for messages. */
HvbLink *hvb_link_new(HvbPort *port, const char *name);
void hvb_link_free(HvbLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbLink, hvb_link_free)

void hvb_link_set_frame_func(HvbLink *link, HvbFrameFunc func,
                             gpointer user_data);

/* The texts of the events that came while no frame function was set; the
 * caller frees them with g_strfreev(). */
GStrv hvb_link_take_notes(HvbLink *link);

const char *hvb_link_name(const HvbLink *link);
/* FALSE before HELLO was answered, and again after the far end is gone. */
gboolean hvb_link_is_up(const HvbLink *link);
/* Why it is down; NULL while it is up or has not been up yet. */
const char *hvb_link_why_down(const HvbLink *link);
/* The agent's HELLO; valid once the link has been up. */
const WireHello *hvb_link_hello(const HvbLink *link);
/* Marks the link as down (the guest's domain stopped). */
void hvb_link_down(HvbLink *link, const char *why);

/* Frames and bytes that did not arrive intact, since the link was made. */
guint64 hvb_link_lost_frames(const HvbLink *link);
guint64 hvb_link_skipped_bytes(const HvbLink *link);
/* Intact frames of another type than the state allows, or malformed. */
guint64 hvb_link_refused_frames(const HvbLink *link);

/* Sends a request without waiting. Returns its sequence number. */
guint32 hvb_link_send(HvbLink *link, WireType type, const void *payload,
                      gsize length);

/* Sends a request and waits for its answer, copied to `ret_answer`
 * (WIRE_MAX_PAYLOAD bytes) and described by `ret_frame`, both of which may be
 * NULL. Errors: HVB_BED_ERROR_TIMEOUT after `timeout_ms`, _GUEST when the link
 * is down, the agent answered ERROR, or with another type than `answer`;
 * G_IO_ERROR_CANCELLED. */
gboolean hvb_link_request(HvbLink *link, WireType type, const void *payload,
                          gsize length, WireType answer, guint timeout_ms,
                          GCancellable *cancellable, guint8 *ret_answer,
                          WireFrame *ret_frame, GError **error);

/* For how long, in ms, an answer may be late beyond what an agent takes that
 * nothing hinders: its guest waits for its turn to run (profile/turn.h). 0
 * until it is set. */
void hvb_link_set_patience(HvbLink *link, guint patience_ms);
guint hvb_link_patience_ms(const HvbLink *link);

/* Typed requests; errors as above. They wait HVB_ANSWER_TIMEOUT_MS and the
 * link's patience. */
#define HVB_ANSWER_TIMEOUT_MS 30000
gboolean hvb_link_calibrate(HvbLink *link, const WireCalibrate *request,
                            GCancellable *cancellable,
                            WireCalibration *ret_calibration, GError **error);
gboolean hvb_link_work(HvbLink *link, guint64 iterations_per_ms,
                       GCancellable *cancellable, GError **error);
gboolean hvb_link_load(HvbLink *link, const WireLoad *load,
                       GCancellable *cancellable, GError **error);
gboolean hvb_link_manage(HvbLink *link, const WireManage *manage,
                         GCancellable *cancellable, GError **error);
gboolean hvb_link_probe(HvbLink *link, const WireProbe *probe,
                        GCancellable *cancellable, GError **error);
gboolean hvb_link_reset(HvbLink *link, GCancellable *cancellable,
                        GError **error);
/* The agent's own view of its CPU, now. */
gboolean hvb_link_meter(HvbLink *link, GCancellable *cancellable,
                        WireMeters *ret_meters, GError **error);
/* How the agent's clocks stand against the host's, from the quickest of several
 * pings. */
typedef struct {
    gint64 host_ns;   /* host CLOCK_MONOTONIC, in the middle of the ping */
    gint64 offset_ns; /* CLOCK_MONOTONIC, agent's - host's */
    gint64 error_ns;  /* half of the round trip: bound of the offset's error */
    /* CLOCK_REALTIME - CLOCK_MONOTONIC on either side: it changes when the wall
     * clock is stepped or slewed. */
    gint64 wall_ns;
    gint64 host_wall_ns;
} HvbClockReading;
gboolean hvb_link_clock(HvbLink *link, guint n, GCancellable *cancellable,
                        HvbClockReading *ret_reading, GError **error);

#endif
