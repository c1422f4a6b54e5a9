/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/link.h"

#include "hvbench/bed/bed-error.h"

#include <string.h>

/* Agents repeat HELLO once a second until they have read WELCOME: a capped or
 * booting one may need a while, but not for ever. */
#define MAX_GREETINGS 600
/* Events kept while nobody watches. */
#define MAX_NOTES 16

/* What waits for an answer; lives on the stack of hvb_link_request(). */
typedef struct {
    guint32 request;
    WireType answer;
    gboolean done;
    GError *error;
    WireFrame frame;
    guint8 payload[WIRE_MAX_PAYLOAD];
} Pending;

struct _HvbLink {
    HvbPort *port;
    char *name;
    WireReader reader;
    guint32 sequence;
    gboolean up;
    gboolean gone; /* never to come up again */
    char *why_down;
    WireHello hello;
    Pending *pending;
    HvbFrameFunc on_frame;
    gpointer on_frame_data;
    guint64 refused;
    guint greetings;
    guint patience_ms;
    GPtrArray *notes; /* char *: events that nobody watched */
};

void hvb_make_printable(char *text)
{
    for (; *text; text++)
        if (!g_ascii_isprint(*text))
            *text = '?';
}

static void fail_pending(HvbLink *link, GError *error)
{
    if (!link->pending || link->pending->done) {
        g_error_free(error);
        return;
    }
    link->pending->error = error;
    link->pending->done = TRUE;
}

void hvb_link_down(HvbLink *link, const char *why)
{
    if (link->gone)
        return;
    link->up = FALSE;
    link->gone = TRUE;
    link->why_down = g_strdup(why);
    fail_pending(link, g_error_new(HVB_BED_ERROR, HVB_BED_ERROR_GUEST,
                                   "%s was lost: %s", link->name, why));
}

static void on_port_closed(HvbPort *port, const char *why)
{
    hvb_link_down(port->user_data, why);
}

static void greet(HvbLink *link, const WireFrame *frame)
{
    WireHello hello;
    guint8 payload[WIRE_MAX_PAYLOAD];
    const WireWelcome welcome = {WIRE_VERSION};

    if (!wire_get_hello(frame, &hello)) {
        link->refused++;
        return;
    }
    if (link->greetings++ == MAX_GREETINGS) {
        hvb_link_down(link, "its agent says HELLO over and over");
        return;
    }
    /* Tell even a stranger who we are, so that it can say what is wrong. */
    hvb_link_send(link, WIRE_WELCOME, payload,
                  wire_put_welcome(payload, &welcome));
    if (hello.version != WIRE_VERSION) {
        g_autofree char *why =
            g_strdup_printf("its agent speaks protocol version %u, this "
                            "hvbench %d: rebuild the guest's image",
                            hello.version, WIRE_VERSION);
        hvb_link_down(link, why);
        return;
    }
    hvb_make_printable(hello.agent);
    hvb_make_printable(hello.kernel);
    hvb_make_printable(hello.cpu);
    hvb_make_printable(hello.clocksource);
    if (link->up || link->gone)
        return; /* it crossed our WELCOME, or that found nobody any more */
    link->hello = hello;
    link->up = TRUE;
}

/* The first member of every answer is the request's sequence number. */
static gboolean answers(const Pending *pending, const WireFrame *frame)
{
    guint32 request;

    if (!pending || pending->done || frame->length < sizeof request)
        return FALSE;
    if (frame->type != pending->answer && frame->type != WIRE_ERROR)
        return FALSE;
    memcpy(&request, frame->payload, sizeof request);
    return GUINT32_FROM_LE(request) == pending->request;
}

static void take_answer(HvbLink *link, const WireFrame *frame)
{
    Pending *pending = link->pending;
    WireError refusal;

    if (frame->type == WIRE_ERROR) {
        if (!wire_get_error(frame, &refusal))
            g_strlcpy(refusal.text, "(malformed error)", sizeof refusal.text);
        hvb_make_printable(refusal.text);
        fail_pending(link,
                     g_error_new(HVB_BED_ERROR, HVB_BED_ERROR_REFUSED,
                                 "%s refused: %s", link->name, refusal.text));
        return;
    }
    pending->frame = *frame;
    memcpy(pending->payload, frame->payload, frame->length);
    pending->frame.payload = pending->payload;
    pending->done = TRUE;
}

/* What an agent says of itself right after WELCOME. */
static void keep_note(HvbLink *link, const WireFrame *frame)
{
    WireEvent event;

    if (link->notes->len == MAX_NOTES || !wire_get_event(frame, &event)) {
        link->refused++;
        return;
    }
    hvb_make_printable(event.text);
    g_ptr_array_add(link->notes, g_strdup(event.text));
}

static void take_frame(HvbLink *link, const WireFrame *frame)
{
    switch (frame->type) {
    case WIRE_HELLO:
        greet(link, frame);
        return;
    case WIRE_OK:
    case WIRE_ERROR:
    case WIRE_PONG:
    case WIRE_CALIBRATION:
    case WIRE_METERS:
        if (answers(link->pending, frame)) {
            take_answer(link, frame);
            return;
        }
        break;
    default:
        break;
    }
    if (frame->type == WIRE_SAMPLES || frame->type == WIRE_METERS ||
        frame->type == WIRE_EVENT || frame->type == WIRE_END) {
        if (link->up && link->on_frame)
            link->on_frame(link, frame, link->on_frame_data);
        else if (frame->type == WIRE_EVENT)
            keep_note(link, frame);
        return;
    }
    link->refused++;
}

static void on_port_bytes(HvbPort *port, const void *bytes, gsize n)
{
    HvbLink *link = port->user_data;
    const guint8 *next = bytes;
    WireFrame frame;

    while (n > 0 && !link->gone) {
        gsize taken = wire_reader_feed(&link->reader, next, n);
        next += taken;
        n -= taken;
        while (!link->gone && wire_reader_next(&link->reader, &frame))
            take_frame(link, &frame);
    }
}

HvbLink *hvb_link_new(HvbPort *port, const char *name)
{
    HvbLink *link = g_new0(HvbLink, 1);

    link->port = port;
    link->name = g_strdup(name);
    link->notes = g_ptr_array_new_with_free_func(g_free);
    wire_reader_init(&link->reader);
    port->on_bytes = on_port_bytes;
    port->on_closed = on_port_closed;
    port->user_data = link;
    return link;
}

void hvb_link_free(HvbLink *link)
{
    if (!link)
        return;
    link->port->free(link->port);
    g_free(link->name);
    g_free(link->why_down);
    g_ptr_array_unref(link->notes);
    g_free(link);
}

void hvb_link_set_frame_func(HvbLink *link, HvbFrameFunc func,
                             gpointer user_data)
{
    link->on_frame = func;
    link->on_frame_data = user_data;
}

GStrv hvb_link_take_notes(HvbLink *link)
{
    GPtrArray *notes = link->notes;

    link->notes = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(notes, NULL);
    return (GStrv)g_ptr_array_free(notes, FALSE);
}

const char *hvb_link_name(const HvbLink *link)
{
    return link->name;
}

gboolean hvb_link_is_up(const HvbLink *link)
{
    return link->up;
}

const char *hvb_link_why_down(const HvbLink *link)
{
    return link->why_down;
}

const WireHello *hvb_link_hello(const HvbLink *link)
{
    return &link->hello;
}

guint64 hvb_link_lost_frames(const HvbLink *link)
{
    return link->reader.lost_frames;
}

guint64 hvb_link_skipped_bytes(const HvbLink *link)
{
    return link->reader.skipped_bytes;
}

guint64 hvb_link_refused_frames(const HvbLink *link)
{
    return link->refused;
}

void hvb_link_set_patience(HvbLink *link, guint patience_ms)
{
    link->patience_ms = patience_ms;
}

guint hvb_link_patience_ms(const HvbLink *link)
{
    return link->patience_ms;
}

guint32 hvb_link_send(HvbLink *link, WireType type, const void *payload,
                      gsize length)
{
    guint8 frame[WIRE_MAX_FRAME];
    guint32 sequence = link->sequence++;

    if (length > 0)
        memcpy(frame + WIRE_HEADER_SIZE, payload, length);
    gsize n = wire_seal(frame, type, sequence, (guint32)length);
    if (!link->gone)
        link->port->send(link->port, frame, n);
    return sequence;
}

static gboolean pending_is_done(gpointer user_data)
{
    return ((Pending *)user_data)->done;
}

gboolean hvb_link_request(HvbLink *link, WireType type, const void *payload,
                          gsize length, WireType answer, guint timeout_ms,
                          GCancellable *cancellable, guint8 *ret_answer,
                          WireFrame *ret_frame, GError **error)
{
    Pending pending = {.answer = answer};
    g_autofree char *what = g_strdup_printf("an answer of %s", link->name);

    g_return_val_if_fail(link->pending == NULL, FALSE);
    if (!link->up) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_GUEST, "%s %s%s",
                    link->name, link->why_down ? "was lost: " : "is not up",
                    link->why_down ? link->why_down : "");
        return FALSE;
    }
    link->pending = &pending;
    pending.request = hvb_link_send(link, type, payload, length);
    gboolean ok = hvb_wait(pending_is_done, &pending, timeout_ms, what,
                           cancellable, error);
    link->pending = NULL;
    if (pending.error) {
        if (!ok)
            g_clear_error(error);
        g_propagate_error(error, pending.error);
        return FALSE;
    }
    if (!ok)
        return FALSE;
    if (ret_answer) {
        memcpy(ret_answer, pending.payload, pending.frame.length);
        pending.frame.payload = ret_answer;
    }
    if (ret_frame)
        *ret_frame = pending.frame;
    return TRUE;
}
