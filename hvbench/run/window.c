/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/window-private.h"

static guint64 nonsense(const HvbLink *link)
{
    return hvb_link_skipped_bytes(link) + hvb_link_refused_frames(link);
}

static void watch(HvbWindow *window, HvbLink *link, guint number,
                  gboolean measured, const HvbGuest *said)
{
    HvbWatched *guest = &window->watched[window->n_watched++];

    guest->window = window;
    guest->link = link;
    guest->number = number;
    guest->measured = measured;
    guest->said = said;
    guest->client = -1;
    guest->slowest_ns = G_MININT64;
    if (!link)
        return;
    guest->lost_frames_before = hvb_link_lost_frames(link);
    guest->nonsense_before = nonsense(link);
    hvb_link_set_frame_func(link, hvb_window_take_frame, guest);
}

HvbWindow *hvb_window_new(HvbBed *bed, const gboolean *measured,
                          GArray *samples, GArray *events)
{
    HvbWindow *window = g_new0(HvbWindow, 1);

    window->samples = samples;
    window->events = events;
    window->watched = g_new0(HvbWatched, bed->n_guests + 1);
    for (guint i = 0; i < bed->n_guests; i++)
        watch(window, bed->guests[i].link, i + 1, measured[i], &bed->guests[i]);
    if (bed->host)
        watch(window, bed->host->link, 0, FALSE, NULL);
    return window;
}

static void note_dropped_events(HvbWindow *window)
{
    if (window->dropped_events == 0)
        return;
    gint64 now_ns = hvb_now_ns();
    const HvbEventRecord record = {
        .time_ns = now_ns,
        .host_ns = now_ns,
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
    hvb_client_free(window->client);
    for (guint i = 0; i < window->n_watched; i++) {
        HvbWatched *guest = &window->watched[i];
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
        const HvbWatched *guest = &window->watched[i];
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
    return all_measured(window, G_STRUCT_OFFSET(HvbWatched, opened));
}

static gboolean all_closed(gpointer window)
{
    return all_measured(window, G_STRUCT_OFFSET(HvbWatched, closed));
}

static gboolean all_ended(gpointer user_data)
{
    const HvbWindow *window = user_data;

    return all_measured(window, G_STRUCT_OFFSET(HvbWatched, ended)) &&
           (!window->client ||
            all_measured(window, G_STRUCT_OFFSET(HvbWatched, client_over)));
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

static guint choose_grace(const HvbWindow *window)
{
    guint patience_ms = 0;

    for (guint i = 0; i < window->n_watched; i++)
        if (window->watched[i].measured)
            patience_ms =
                MAX(patience_ms, hvb_link_patience_ms(window->watched[i].link));
    return HVB_WINDOW_GRACE_MS + patience_ms;
}

/* Before any guest is asked, so that whatever arrives finds its place. */
static void make_schedules(HvbWindow *window, const WireProbe *probe,
                           const guint64 *seeds)
{
    guint n = (guint)schedule_length(probe);

    window->probe = *probe;
    window->grace_ms = choose_grace(window);
    window->scheduled = n;
    for (guint i = 0; i < WIRE_N_OPERATIONS; i++)
        window->scheduled_client += probe->client_count[i];
    for (guint i = 0; i < window->n_watched; i++) {
        HvbWatched *guest = &window->watched[i];
        if (!guest->measured)
            continue;
        WireProbe own = *probe;
        own.seed = seeds[i];
        guest->seen = g_new0(guint8, n);
        guest->schedule = g_new0(ScheduledStart, n);
        schedule_make(&own, guest->schedule);
    }
}

static void on_client_sample(const HvbSample *sample, gpointer user_data)
{
    HvbWindow *window = user_data;

    window->received++;
    g_array_append_vals(window->samples, sample, 1);
    if (window->on_samples)
        window->on_samples(window->user_data);
}

/* What the guest says that it was asked and has answered must be what was asked
 * and answered; but an agent that ends the window may stop a probe user between
 * an answer and its counting. */
static void on_client_over(guint i, const HvbClientAccount *account,
                           gpointer user_data)
{
    HvbWindow *window = user_data;

    window->refused += account->refused;
    for (guint k = 0; k < window->n_watched; k++) {
        HvbWatched *guest = &window->watched[k];
        if (guest->client != (int)i)
            continue;
        guest->client_over = TRUE;
        if (guest->end.started != account->sent ||
            guest->end.done > account->done)
            window->refused++;
    }
}

/* In the order of the guests, those that are measured. */
static GArray *choose_clients(HvbWindow *window, GError **error)
{
    g_autoptr(GArray) clients =
        g_array_new(FALSE, FALSE, sizeof(HvbClientGuest));

    for (guint i = 0; i < window->n_watched; i++) {
        HvbWatched *guest = &window->watched[i];
        if (!guest->measured)
            continue;
        const HvbClientGuest client = {guest->number, guest->said->client_fd,
                                       guest->schedule, window->scheduled};
        if (client.fd == 0) {
            g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                        "%s cannot be timed from the client side ([probe] "
                        "vantage in the profile): hvbench has no connection "
                        "to its client port%s%s",
                        hvb_link_name(guest->link),
                        guest->said->no_client ? ": " : "",
                        guest->said->no_client ? guest->said->no_client : "");
            return NULL;
        }
        guest->client = (int)clients->len;
        g_array_append_val(clients, client);
    }
    return g_steal_pointer(&clients);
}

static gboolean start_client(HvbWindow *window, GError **error)
{
    const HvbClientHooks hooks = {on_client_sample, on_client_over};

    if (window->scheduled_client == 0)
        return TRUE;
    g_autoptr(GArray) clients = choose_clients(window, error);
    if (!clients)
        return FALSE;
    window->client = hvb_client_new(window->probe.cell,
                                    (const HvbClientGuest *)clients->data,
                                    clients->len, &hooks, window, error);
    return window->client != NULL;
}

gboolean hvb_window_open(HvbWindow *window, const WireProbe *probe,
                         const guint64 *seeds, GCancellable *cancellable,
                         GError **error)
{
    make_schedules(window, probe, seeds);
    if (!start_client(window, error))
        return FALSE;
    for (guint i = 0; i < window->n_watched; i++) {
        HvbWatched *guest = &window->watched[i];
        WireProbe own = *probe;
        if (!guest->measured)
            continue;
        own.seed = seeds[i];
        guest->asked = TRUE;
        if (!hvb_link_probe(guest->link, &own, cancellable, error))
            return FALSE;
    }
    return hvb_wait(all_opened, window, window->grace_ms, "the window to open",
                    cancellable, error) &&
           check_lost(window, error);
}

gboolean hvb_window_wait_close(HvbWindow *window, GCancellable *cancellable,
                               GError **error)
{
    return hvb_wait(all_closed, window, window_ms(window) + window->grace_ms,
                    "the window to close", cancellable, error) &&
           check_lost(window, error);
}

gboolean hvb_window_wait_end(HvbWindow *window, GCancellable *cancellable,
                             GError **error)
{
    return hvb_wait(all_ended, window,
                    window->probe.drain_ms + window->grace_ms,
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

const HvbClient *hvb_window_client(const HvbWindow *window)
{
    return window->client;
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

static const HvbClockReading *find_reading(const GArray *clocks, guint guest)
{
    for (guint i = 0; i < clocks->len; i++) {
        const HvbClockRecord *clock = &g_array_index(clocks, HvbClockRecord, i);
        if (clock->guest == guest)
            return &clock->reading;
    }
    return NULL;
}

gint64 hvb_window_late_frame_ns(const HvbWindow *window, const GArray *clocks)
{
    gint64 late_ns = 0;

    for (guint i = 0; i < window->n_watched; i++) {
        const HvbWatched *guest = &window->watched[i];
        const HvbClockReading *reading = find_reading(clocks, guest->number);
        if (reading && guest->slowest_ns != G_MININT64)
            late_ns = MAX(late_ns, (gint64)((guint64)guest->slowest_ns +
                                            (guint64)reading->offset_ns));
    }
    return late_ns;
}

gboolean hvb_window_guest_view(const HvbWindow *window, HvbMeterRecord *record)
{
    const HvbWatched *guest = &window->watched[record->guest - 1];
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

gint64 hvb_window_opened_ns(const HvbWindow *window, guint guest)
{
    return (gint64)window->watched[guest - 1].open.monotonic_ns;
}

const ScheduledStart *hvb_window_schedule(const HvbWindow *window, guint guest,
                                          guint *ret_n)
{
    *ret_n = window->scheduled;
    return window->watched[guest - 1].schedule;
}
