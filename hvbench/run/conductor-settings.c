/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The conductor's look at what it has set: before a window, while it is open
 * and after it. */
#include "hvbench/run/conductor-private.h"

static gboolean read_services(HvbConductor *self, HvbTuning *ret,
                              GError **error)
{
    HvbHostAgent *host = self->bed->host;

    return !host || host->read_tuning(host, ret, error);
}

gboolean hvb_conductor_read_settings(HvbConductor *self, gboolean after,
                                     GError **error)
{
    HvbBed *bed = self->bed;
    HvbCell *cell = self->cell;

    for (guint i = 0; i < bed->n_guests; i++) {
        HvbTuning now;
        if (!bed->read_tuning(bed, i, &now, error))
            return FALSE;
        g_array_append_val(after ? cell->tunings_after : cell->tunings, now);
    }
    return read_services(self, after ? &cell->services_after : &cell->services,
                         error);
}

void hvb_conductor_watch(HvbConductor *self)
{
    if (self->bed->watch)
        self->bed->watch(self->bed);
}

void hvb_conductor_unwatch(HvbConductor *self)
{
    if (!self->bed->unwatch)
        return;
    g_auto(GStrv) notes = NULL;
    g_auto(GStrv) seen = self->bed->unwatch(self->bed, &notes);
    for (char **text = seen; *text; text++)
        g_ptr_array_add(self->cell->changes, g_strdup(*text));
    for (char **text = notes; *text; text++) {
        const HvbEventRecord event = {.time_ns = hvb_now_ns(),
                                      .kind = g_strdup("note"),
                                      .text = g_strdup(*text)};
        g_array_append_val(self->cell->events, event);
    }
}

/* `whose` system has so many managers, and `wanted` says whether it should. */
static void compare_manager(HvbConductor *self, const char *whose,
                            guint managers, gboolean wanted)
{
    if ((managers > 0) == wanted)
        return;
    g_ptr_array_add(self->cell->changes,
                    g_strdup_printf(wanted
                                        ? "%s priority manager did not run any "
                                          "more at the end of the cell"
                                        : "%s priority manager ran at the end "
                                          "of the cell, and should not",
                                    whose));
}

/* Whether quieten() ends what the guest was asked for. */
static gboolean is_asked_of(const HvbGuestProfile *guest)
{
    return guest->measured || guest->loaded || guest->manager;
}

/* What nobody asks anything of may be slow to answer while others are loaded:
 * it is asked when it is `quiet`. */
gboolean hvb_conductor_check_managers(HvbConductor *self,
                                      const HvbProfile *profile, gboolean quiet,
                                      GError **error)
{
    HvbBed *bed = self->bed;
    WireMeters meters;

    for (guint i = 0; i < bed->n_guests; i++) {
        g_autofree char *whose = g_strdup_printf("guest %u's", i + 1);
        if (!bed->guests[i].link || is_asked_of(&profile->guests[i]) == quiet)
            continue;
        if (!hvb_link_meter(bed->guests[i].link, self->cancellable, &meters,
                            error))
            return FALSE;
        compare_manager(self, whose, meters.managers,
                        profile->guests[i].manager);
    }
    if (!bed->host || quiet)
        return TRUE;
    if (!hvb_link_meter(bed->host->link, self->cancellable, &meters, error))
        return FALSE;
    compare_manager(self, "the host's", meters.managers, profile->host_manager);
    return TRUE;
}

/* Guests of one bed are below the same groups, or nearly so. */
gboolean hvb_conductor_note_limits(HvbConductor *self, GError **error)
{
    g_autofree char *said = NULL;

    for (guint i = 0; i < self->bed->n_guests; i++) {
        HvbTuning now;
        if (!self->bed->read_tuning(self->bed, i, &now, error))
            return FALSE;
        if (!*now.above || g_strcmp0(now.above, said) == 0)
            continue;
        g_autofree char *text = g_strdup_printf(
            "%s is below control groups with settings that are not hvbench's, "
            "and hold for all that is in them: %s",
            self->bed->guests[i].name, now.above);
        hvb_conductor_note(self, "limit", text);
        g_free(said);
        said = g_strdup(now.above);
    }
    return TRUE;
}
