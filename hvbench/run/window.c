/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/window.h"

#include "loadgen/schedule.h"

/* A guest could flood us with events; more than these are counted only. */
#define MAX_EVENTS 500
/* What a guest may be late by beyond its schedule: it is capped, overloaded
 * and emulated. More than the 30 s for which an agent waits for its own probe
 * users before it opens the window without them. */
#define GRACE_MS 60000

typedef struct {
    HvbWindow *window;
    HvbLink *link; /* NULL: it has no agent */
    guint number;  /* of the guest, from 1; 0: the host */
    gboolean measured;
    gboolean asked; /* has been sent its PROBE */
    gboolean opened, closed, ended;
    WireMeters open, close;
    ScheduledStart *schedule;
    guint8 *seen; /* per place in the schedule */
    guint received;
    guint64 lost_frames_before;
    guint64 nonsense_before;
} Watched;

struct _HvbWindow {
    Watched *watched; /* the guests in their order; last the host, if it has an
                       * agent */
    guint n_watched;
    GArray *samples;
    GArray *events;
    HvbSamplesFunc on_samples;
    gpointer user_data;
    WireProbe probe;
    guint scheduled; /* per guest */
    guint received;
    guint refused;
    guint dropped_events;
};

/* The latest time at which an operation can have ended: the agent leaves what
 * is unfinished when its drain time is over, late if it has to wait for CPU. */
static guint64 latest_end_ns(const HvbWindow *window, const Watched *guest)
{
    guint64 window_ms =
        (guint64)window->scheduled * window->probe.slot_us / 1000;

    return guest->open.monotonic_ns +
           (window_ms + window->probe.drain_ms + GRACE_MS) * 1000000;
}

static gboolean fits_schedule(const HvbWindow *window, const Watched *guest,
                              const WireSample *sample)
{
    if (sample->index >= window->scheduled || guest->seen[sample->index])
        return FALSE;
    const ScheduledStart *start = &guest->schedule[sample->index];
    return start->operation == sample->operation &&
           sample->intended_ns == guest->open.monotonic_ns + start->offset_ns &&
           sample->ended_ns >= sample->intended_ns &&
           sample->ended_ns <= latest_end_ns(window, guest);
}

static void take_samples(Watched *guest, const WireFrame *frame)
{
    HvbWindow *window = guest->window;
    g_autofree WireSamples *message = g_new(WireSamples, 1);

    if (!guest->opened || guest->ended || !wire_get_samples(frame, message) ||
        message->cell != window->probe.cell) {
        window->refused++;
        return;
    }
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

static void take_meters(Watched *guest, const WireFrame *frame)
{
    WireMeters meters;
    gboolean ours = wire_get_meters(frame, &meters) &&
                    meters.cell == guest->window->probe.cell;

    if (ours && meters.mark == WIRE_MARK_OPEN && guest->asked &&
        !guest->opened) {
        guest->open = meters;
        guest->opened = TRUE;
    } else if (ours && meters.mark == WIRE_MARK_CLOSE && guest->opened &&
               !guest->closed &&
               meters.monotonic_ns > guest->open.monotonic_ns) {
        guest->close = meters;
        guest->closed = TRUE;
    } else {
        guest->window->refused++;
    }
}

static void take_event(Watched *guest, const WireFrame *frame)
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
    for (char *c = event.text; *c; c++)
        if (!g_ascii_isprint(*c))
            *c = '?';
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

static void on_frame(HvbLink *link, const WireFrame *frame, gpointer user_data)
{
    Watched *guest = user_data;
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
        if (guest->opened && !guest->ended && wire_get_end(frame, &end) &&
            end.cell == guest->window->probe.cell) {
            guest->ended = TRUE;
            if (end.scheduled != guest->window->scheduled ||
                end.sent != guest->received)
                guest->window->refused++;
            break;
        }
        G_GNUC_FALLTHROUGH;
    default:
        guest->window->refused++;
    }
}

static guint64 nonsense(const HvbLink *link)
{
    return hvb_link_skipped_bytes(link) + hvb_link_refused_frames(link);
}

static void watch(HvbWindow *window, HvbLink *link, guint number,
                  gboolean measured)
{
    Watched *guest = &window->watched[window->n_watched++];

    guest->window = window;
    guest->link = link;
    guest->number = number;
    guest->measured = measured;
    if (!link)
        return;
    guest->lost_frames_before = hvb_link_lost_frames(link);
    guest->nonsense_before = nonsense(link);
    hvb_link_set_frame_func(link, on_frame, guest);
}

HvbWindow *hvb_window_new(HvbBed *bed, const gboolean *measured,
                          GArray *samples, GArray *events)
{
    HvbWindow *window = g_new0(HvbWindow, 1);

    window->samples = samples;
    window->events = events;
    window->watched = g_new0(Watched, bed->n_guests + 1);
    for (guint i = 0; i < bed->n_guests; i++)
        watch(window, bed->guests[i].link, i + 1, measured[i]);
    if (bed->host)
        watch(window, bed->host->link, 0, FALSE);
    return window;
}

static void note_dropped_events(HvbWindow *window)
{
    if (window->dropped_events == 0)
        return;
    const HvbEventRecord record = {
        .time_ns = hvb_now_ns(),
        .kind = g_strdup("port"),
        .text = g_strdup_printf("%u more events were not kept",
                                window->dropped_events),
    };
    g_array_append_val(window->events, record);
}

void hvb_window_free(HvbWindow *window)
{
    if (!window)
        return;
    note_dropped_events(window);
    for (guint i = 0; i < window->n_watched; i++) {
        Watched *guest = &window->watched[i];
        if (guest->link)
            hvb_link_set_frame_func(guest->link, NULL, NULL);
        g_free(guest->seen);
        g_free(guest->schedule);
    }
    g_free(window->watched);
    g_free(window);
}

void hvb_window_set_samples_func(HvbWindow *window, HvbSamplesFunc func,
                                 gpointer user_data)
{
    window->on_samples = func;
    window->user_data = user_data;
}

static gboolean all_measured(const HvbWindow *window, gsize flag_offset)
{
    for (guint i = 0; i < window->n_watched; i++) {
        const Watched *guest = &window->watched[i];
        /* A lost guest ends every wait; check_lost() tells. */
        if (guest->link && hvb_link_why_down(guest->link))
            return TRUE;
        if (guest->measured && !G_STRUCT_MEMBER(gboolean, guest, flag_offset))
            return FALSE;
    }
    return TRUE;
}

static gboolean all_opened(gpointer window)
{
    return all_measured(window, G_STRUCT_OFFSET(Watched, opened));
}

static gboolean all_closed(gpointer window)
{
    return all_measured(window, G_STRUCT_OFFSET(Watched, closed));
}

static gboolean all_ended(gpointer window)
{
    return all_measured(window, G_STRUCT_OFFSET(Watched, ended));
}

static gboolean check_lost(const HvbWindow *window, GError **error)
{
    for (guint i = 0; i < window->n_watched; i++) {
        const HvbLink *link = window->watched[i].link;
        if (!link || !hvb_link_why_down(link))
            continue;
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_GUEST,
                    "%s was lost while it was measured: %s",
                    hvb_link_name(link), hvb_link_why_down(link));
        return FALSE;
    }
    return TRUE;
}

static guint window_ms(const HvbWindow *window)
{
    return (guint)((guint64)window->scheduled * window->probe.slot_us / 1000);
}

/* Before any guest is asked, so that whatever arrives finds its place. */
static void make_schedules(HvbWindow *window, const WireProbe *probe,
                           const guint64 *seeds)
{
    guint n = 0;

    window->probe = *probe;
    for (guint i = 0; i < WIRE_N_OPERATIONS; i++)
        n += probe->count[i];
    window->scheduled = n;
    for (guint i = 0; i < window->n_watched; i++) {
        Watched *guest = &window->watched[i];
        if (!guest->measured)
            continue;
        WireProbe own = *probe;
        own.seed = seeds[i];
        guest->seen = g_new0(guint8, n);
        guest->schedule = g_new0(ScheduledStart, n);
        schedule_make(&own, guest->schedule);
    }
}

gboolean hvb_window_open(HvbWindow *window, const WireProbe *probe,
                         const guint64 *seeds, GCancellable *cancellable,
                         GError **error)
{
    make_schedules(window, probe, seeds);
    for (guint i = 0; i < window->n_watched; i++) {
        Watched *guest = &window->watched[i];
        WireProbe own = *probe;
        if (!guest->measured)
            continue;
        own.seed = seeds[i];
        guest->asked = TRUE;
        if (!hvb_link_probe(guest->link, &own, cancellable, error))
            return FALSE;
    }
    return hvb_wait(all_opened, window, GRACE_MS, "the window to open",
                    cancellable, error) &&
           check_lost(window, error);
}

gboolean hvb_window_wait_close(HvbWindow *window, GCancellable *cancellable,
                               GError **error)
{
    return hvb_wait(all_closed, window, window_ms(window) + GRACE_MS,
                    "the window to close", cancellable, error) &&
           check_lost(window, error);
}

gboolean hvb_window_wait_end(HvbWindow *window, GCancellable *cancellable,
                             GError **error)
{
    return hvb_wait(all_ended, window, window->probe.drain_ms + GRACE_MS,
                    "the last operations to end", cancellable, error) &&
           check_lost(window, error);
}

static guint n_measured(const HvbWindow *window)
{
    guint n = 0;

    for (guint i = 0; i < window->n_watched; i++)
        n += window->watched[i].measured ? 1 : 0;
    return n;
}

guint hvb_window_scheduled(const HvbWindow *window)
{
    return window->scheduled * n_measured(window);
}

guint hvb_window_received(const HvbWindow *window)
{
    return window->received;
}

guint hvb_window_refused(const HvbWindow *window)
{
    guint64 n = window->refused;

    for (guint i = 0; i < window->n_watched; i++)
        if (window->watched[i].link)
            n += nonsense(window->watched[i].link) -
                 window->watched[i].nonsense_before;
    return (guint)MIN(n, G_MAXUINT);
}

guint hvb_window_lost_frames(const HvbWindow *window)
{
    guint64 n = 0;

    for (guint i = 0; i < window->n_watched; i++)
        if (window->watched[i].link)
            n += hvb_link_lost_frames(window->watched[i].link) -
                 window->watched[i].lost_frames_before;
    return (guint)MIN(n, G_MAXUINT);
}

gboolean hvb_window_guest_view(const HvbWindow *window, HvbMeterRecord *record)
{
    const Watched *guest = &window->watched[record->guest - 1];
    const WireMeters *a = &guest->open;
    const WireMeters *b = &guest->close;

    if (!guest->opened || !guest->closed)
        return FALSE;
    record->has_guest_view = TRUE;
    record->guest_window_ns = (gint64)(b->monotonic_ns - a->monotonic_ns);
    record->user_ns = (gint64)(b->user_ns - a->user_ns);
    record->system_ns = (gint64)(b->system_ns - a->system_ns);
    record->steal_ns = (gint64)(b->steal_ns - a->steal_ns);
    record->idle_ns = (gint64)(b->idle_ns - a->idle_ns);
    record->users_cpu_ns = (gint64)(b->users_cpu_ns - a->users_cpu_ns);
    record->probes_cpu_ns = (gint64)(b->probes_cpu_ns - a->probes_cpu_ns);
    record->agent_cpu_ns = (gint64)(b->agent_cpu_ns - a->agent_cpu_ns);
    record->manager_cpu_ns = (gint64)(b->manager_cpu_ns - a->manager_cpu_ns);
    return TRUE;
}
