/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/stands.h"

#define NS_PER_S 1e9
/* A thread that has not run between two looks so near to each other may be
 * idle, but is never held by mistake: its state tells. */
#define DESCRIBE_GAP_MS 20
/* The first has nothing to compare with, and one that is blocked counts from
 * the second of those after it on. */
#define DESCRIBE_LOOKS 3

/* What was seen of one guest. */
typedef struct {
    HvbPulse pulse;
    gint64 looked_ns; /* when it was last looked at; 0: never */
    gint64 since_ns;  /* since when it is held; 0: it is not */
    HvbHold hold;     /* of the stand that goes on */
    guint n;
    gint64 total_ns;
    gint64 longest_ns;
    HvbHold longest_hold;
    GArray *events; /* HvbEventRecord */
} Watched;

struct _HvbStands {
    HvbBed *bed;
    guint timer;
    Watched *watched;
};

static void add_event(Watched *guest, const char *name, gint64 duration_ns)
{
    const HvbEventRecord event = {
        .time_ns = guest->since_ns,
        .host_ns = guest->since_ns,
        .kind = g_strdup("still"),
        .text = g_strdup_printf("%s stood still for %.1f s though no setting "
                                "stops it: it %s",
                                name, (double)duration_ns / NS_PER_S,
                                hvb_hold_text(guest->hold)),
    };

    g_array_append_val(guest->events, event);
}

static void end_stand(Watched *guest, const char *name, gint64 now_ns)
{
    gint64 duration_ns = now_ns - guest->since_ns;

    if (guest->since_ns == 0)
        return;
    guest->n++;
    guest->total_ns += duration_ns;
    if (duration_ns > guest->longest_ns) {
        guest->longest_ns = duration_ns;
        guest->longest_hold = guest->hold;
    }
    if (guest->events->len < HVB_STANDS_EVENTS_MAX)
        add_event(guest, name, duration_ns);
    guest->since_ns = 0;
}

/* A stand begins somewhere between the last look at which the guest had run and
 * that look's predecessor, and ends between the first at which it has run again
 * and the one before: from look to look its length is right on average. */
static void look_at(HvbStands *self, guint i)
{
    Watched *guest = &self->watched[i];
    gint64 now_ns = hvb_now_ns();

    self->bed->look(self->bed, i, &guest->pulse);
    if (guest->pulse.hold == HVB_HOLD_NONE) {
        end_stand(guest, self->bed->guests[i].name, now_ns);
    } else {
        if (guest->since_ns == 0)
            guest->since_ns = guest->looked_ns ? guest->looked_ns : now_ns;
        guest->hold = guest->pulse.hold;
    }
    guest->looked_ns = now_ns;
}

static gboolean look_at_all(gpointer user_data)
{
    HvbStands *self = user_data;

    for (guint i = 0; self->bed->look && i < self->bed->n_guests; i++)
        look_at(self, i);
    return G_SOURCE_CONTINUE;
}

HvbStands *hvb_stands_new(HvbBed *bed)
{
    HvbStands *self = g_new0(HvbStands, 1);

    self->bed = bed;
    self->watched = g_new0(Watched, bed->n_guests);
    for (guint i = 0; i < bed->n_guests; i++) {
        self->watched[i].pulse.run_ns = -1;
        self->watched[i].events =
            g_array_new(FALSE, FALSE, sizeof(HvbEventRecord));
    }
    look_at_all(self);
    self->timer = g_timeout_add(HVB_STANDS_STEP_MS, look_at_all, self);
    return self;
}

void hvb_stands_free(HvbStands *stands)
{
    if (!stands)
        return;
    g_source_remove(stands->timer);
    for (guint i = 0; i < stands->bed->n_guests; i++) {
        GArray *events = stands->watched[i].events;
        for (guint k = 0; k < events->len; k++)
            hvb_event_record_clear(&g_array_index(events, HvbEventRecord, k));
        g_array_unref(events);
    }
    g_free(stands->watched);
    g_free(stands);
}

static char *describe(const Watched *guest, const char *name)
{
    const char *why = hvb_hold_text(guest->longest_hold);

    if (guest->n == 1)
        return g_strdup_printf("%s stood still for %.1f s though no setting "
                               "stops it: it %s",
                               name, (double)guest->total_ns / NS_PER_S, why);
    return g_strdup_printf("%s stood still %u times, for %.1f s in all and "
                           "%.1f s at the longest, though no setting stops "
                           "it: it %s",
                           name, guest->n, (double)guest->total_ns / NS_PER_S,
                           (double)guest->longest_ns / NS_PER_S, why);
}

void hvb_stands_record(HvbStands *stands, const gboolean *active, HvbCell *cell)
{
    g_autoptr(GPtrArray) reasons = g_ptr_array_new_with_free_func(g_free);

    look_at_all(stands);
    for (guint i = 0; i < stands->bed->n_guests; i++) {
        Watched *guest = &stands->watched[i];
        const char *name = stands->bed->guests[i].name;
        end_stand(guest, name, guest->looked_ns);
        g_array_append_vals(cell->events, guest->events->data,
                            guest->events->len);
        g_array_set_size(guest->events, 0);
        if (guest->n > 0 && active[i])
            g_ptr_array_add(reasons, describe(guest, name));
    }
    g_clear_pointer(&cell->stood, g_free);
    if (reasons->len == 0)
        return;
    g_ptr_array_add(reasons, NULL);
    cell->stood = g_strjoinv("; ", (char **)reasons->pdata);
}

char *hvb_stands_describe(HvbBed *bed)
{
    g_autofree HvbPulse *pulses = g_new0(HvbPulse, bed->n_guests);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < bed->n_guests; i++)
        pulses[i].run_ns = -1;
    for (guint n = 0; bed->look && n < DESCRIBE_LOOKS; n++) {
        if (n > 0)
            g_usleep(DESCRIBE_GAP_MS * 1000);
        for (guint i = 0; i < bed->n_guests; i++)
            bed->look(bed, i, &pulses[i]);
    }
    for (guint i = 0; i < bed->n_guests; i++)
        if (pulses[i].hold != HVB_HOLD_NONE)
            g_string_append_printf(text, "%s%s stands still: it %s",
                                   text->len > 0 ? "; " : "",
                                   bed->guests[i].name,
                                   hvb_hold_text(pulses[i].hold));
    return g_string_free(text, text->len == 0);
}
