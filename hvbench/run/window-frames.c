/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/window-private.h"

#include <string.h>

/* A guest could flood us with events; more than these are counted only. */
#define MAX_EVENTS 500

/* The latest time at which an operation can have ended: the agent leaves what
 * is unfinished when its drain time is over, late if it has to wait for CPU. */
static guint64 latest_end_ns(const HvbWindow *window, const HvbWatched *guest)
{
    guint64 window_ms =
        (guint64)window->scheduled * window->probe.slot_us / 1000;

    return guest->open.monotonic_ns +
           (window_ms + window->probe.drain_ms + window->grace_ms) * 1000000;
}

static gboolean fits_schedule(const HvbWindow *window, const HvbWatched *guest,
                              const WireSample *sample)
{
    if (sample->index >= window->scheduled || guest->seen[sample->index])
        return FALSE;
    const ScheduledStart *start = &guest->schedule[sample->index];
    return start->vantage == WIRE_SERVER &&
           start->operation == sample->operation &&
           sample->intended_ns == guest->open.monotonic_ns + start->offset_ns &&
           sample->ended_ns >= sample->intended_ns &&
           sample->ended_ns <= latest_end_ns(window, guest);
}

static void take_samples(HvbWatched *guest, const WireFrame *frame)
{
    HvbWindow *window = guest->window;
    g_autofree WireSamples *message = g_new(WireSamples, 1);

    if (!guest->opened || guest->ended || !wire_get_samples(frame, message) ||
        message->cell != window->probe.cell) {
        window->refused++;
        return;
    }
    guest->slowest_ns = MAX(guest->slowest_ns,
                            (gint64)((guint64)hvb_now_ns() - message->sent_ns));
    for (guint32 i = 0; i < message->n; i++) {
        const WireSample *raw = &message->samples[i];
        if (!fits_schedule(window, guest, raw)) {
            window->refused++;
            continue;
        }
        guest->seen[raw->index] = 1;
        window->received++;
        guest->received++;
        const HvbSample sample = {.guest = guest->number, .raw = *raw};
        g_array_append_val(window->samples, sample);
    }
    if (window->on_samples)
        window->on_samples(window->user_data);
}

static void add_event(HvbWindow *window, guint guest, gint64 time_ns,
                      const char *kind, char *text)
{
    const HvbEventRecord record = {.guest = guest,
                                   .time_ns = time_ns,
                                   .kind = g_strdup(kind),
                                   .text = text};

    g_array_append_val(window->events, record);
}

/* A kernel that finds its clock unreliable takes another one, in the middle of
 * whatever is timed. */
static void check_clocksource(HvbWatched *guest, WireMeters *meters)
{
    const char *before = guest->opened
                             ? guest->open.clocksource
                             : hvb_link_hello(guest->link)->clocksource;
    const char *now = meters->clocksource;

    hvb_make_printable(meters->clocksource);
    if (*now && strcmp(now, before) != 0)
        add_event(guest->window, guest->number, (gint64)meters->monotonic_ns,
                  "clock",
                  g_strdup_printf("its clocksource changed from %s to %s",
                                  before, now));
    if (hvb_clocksource_is_coarse(now))
        hvb_link_down(guest->link, "it tells the time in whole timer ticks "
                                   "(clocksource jiffies) now, too coarse to "
                                   "time anything");
}

static void take_meters(HvbWatched *guest, const WireFrame *frame)
{
    WireMeters meters;
    gboolean ours = wire_get_meters(frame, &meters) &&
                    meters.cell == guest->window->probe.cell;

    if (ours && meters.mark == WIRE_MARK_OPEN && guest->asked &&
        !guest->opened) {
        check_clocksource(guest, &meters);
        guest->open = meters;
        guest->opened = TRUE;
        if (guest->client >= 0)
            hvb_client_open(guest->window->client, (guint)guest->client);
    } else if (ours && meters.mark == WIRE_MARK_CLOSE && guest->opened &&
               !guest->closed &&
               meters.monotonic_ns > guest->open.monotonic_ns) {
        check_clocksource(guest, &meters);
        guest->close = meters;
        guest->closed = TRUE;
    } else {
        guest->window->refused++;
    }
}

static void take_event(HvbWatched *guest, const WireFrame *frame)
{
    static const char *const kinds[] = {"note", "demoted", "restored"};
    HvbWindow *window = guest->window;
    WireEvent event;

    if (!wire_get_event(frame, &event) || event.kind >= G_N_ELEMENTS(kinds)) {
        window->refused++;
        return;
    }
    if (window->events->len >= MAX_EVENTS) {
        window->dropped_events++;
        return;
    }
    hvb_make_printable(event.text);
    HvbEventRecord record = {
        .guest = guest->number,
        .time_ns = (gint64)event.monotonic_ns,
        .kind = g_strdup(kinds[event.kind]),
    };
    record.text =
        event.kind == WIRE_EVENT_NOTE
            ? g_strdup(event.text)
            : g_strdup_printf("%s (pid %u) at %.1f %% of a CPU", event.text,
                              event.pid, event.permille / 10.0);
    g_array_append_val(window->events, record);
}

static void take_end(HvbWatched *guest, const WireEnd *end)
{
    HvbWindow *window = guest->window;

    guest->ended = TRUE;
    guest->end = *end;
    if (end->scheduled != window->scheduled - window->scheduled_client ||
        end->sent != guest->received)
        window->refused++;
    if (guest->client >= 0)
        hvb_client_close(window->client, (guint)guest->client);
}

void hvb_window_take_frame(HvbLink *link, const WireFrame *frame,
                           gpointer user_data)
{
    HvbWatched *guest = user_data;
    WireEnd end;

    (void)link;
    switch (frame->type) {
    case WIRE_SAMPLES:
        take_samples(guest, frame);
        break;
    case WIRE_METERS:
        take_meters(guest, frame);
        break;
    case WIRE_EVENT:
        take_event(guest, frame);
        break;
    case WIRE_END:
        if (guest->closed && !guest->ended && wire_get_end(frame, &end) &&
            end.cell == guest->window->probe.cell) {
            take_end(guest, &end);
            break;
        }
        G_GNUC_FALLTHROUGH;
    default:
        guest->window->refused++;
    }
}
