/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/conductor-private.h"

/* Marks in `measured` and `active` the guests that some scenario measures, or
 * loads or measures. Returns the strictest gate for foreign CPU among them. */
static double find_active(HvbConductor *self, const gboolean *scenarios)
{
    double limit_percent = G_MAXDOUBLE;

    for (guint s = 0; s < self->profiles->len; s++) {
        const HvbProfile *profile = self->profiles->pdata[s];
        if (!scenarios[s])
            continue;
        limit_percent = MIN(limit_percent, profile->foreign_percent);
        for (guint v = 0; v < WIRE_N_VANTAGES; v++)
            if (hvb_profile_has_vantage(profile, (WireVantage)v))
                self->vantages |= HVB_VANTAGE_BIT(v);
        for (guint i = 0; i < profile->n_guests; i++) {
            const HvbGuestProfile *guest = &profile->guests[i];
            if (guest->measured)
                self->measured[i] = TRUE;
            if (guest->measured || guest->loaded)
                self->active[i] = TRUE;
        }
    }
    return limit_percent;
}

gboolean hvb_conductor_lift_cap(HvbConductor *self, guint guest, GError **error)
{
    const HvbGuestProfile uncapped = {.cap_period_us = 100000, .weight = 100};
    HvbTuning enforced;

    return self->bed->tune(self->bed, guest, &uncapped, &enforced, error);
}

gboolean hvb_conductor_lift_placement(HvbConductor *self, GError **error)
{
    HvbTuning placed;

    for (guint i = 0; i < self->bed->n_guests; i++)
        if (!self->bed->place(self->bed, i, 0, HVB_AFFINITY_FLOAT, &placed,
                              error))
            return FALSE;
    return !self->bed->host ||
           self->bed->host->place(self->bed->host, 0, error);
}

/* Its speed only sets how much the services ask for: no reason to doubt what
 * guests are measured to do. */
static gboolean prepare_host(HvbConductor *self, GError **error)
{
    HvbAbility ability;
    g_autofree char *doubt = NULL;

    hvb_conductor_say(self,
                      "calibrating the agent on the host, the guests idle");
    if (!hvb_link_reset(self->bed->host->link, self->cancellable, error) ||
        !hvb_calibration_make(self->bed, HVB_CALIBRATION_HOST, 0,
                              self->foreign_percent, self->cancellable,
                              &ability, &doubt, error))
        return FALSE;
    if (doubt)
        hvb_conductor_note(self, "calibration", doubt);
    return TRUE;
}

/* Of a guest that nobody asks anything of all abilities are 0. */
static gboolean tell_of_guest(HvbConductor *self, guint i, GError **error)
{
    const HvbAbility *ability = &self->guests[i];

    return !self->hooks->guest_ready ||
           self->hooks->guest_ready(i + 1, &self->bed->guests[i],
                                    &ability->calibration, &ability->references,
                                    self->user_data, error);
}

/* `vantages` are those that it is measured from; 0: it is not. */
static gboolean prepare_guest(HvbConductor *self, guint i, guint vantages,
                              GError **error)
{
    HvbGuest *guest = &self->bed->guests[i];
    HvbAbility *ability = &self->guests[i];
    g_autofree char *doubt = NULL;

    if (!hvb_conductor_lift_cap(self, i, error) ||
        !hvb_link_reset(guest->link, self->cancellable, error))
        return FALSE;
    hvb_conductor_say(self, "calibrating %s (%u of %u), the others idle",
                      guest->name, i + 1, self->bed->n_guests);
    if (!hvb_calibration_make(self->bed, (int)i, vantages,
                              self->foreign_percent, self->cancellable, ability,
                              &doubt, error))
        return FALSE;
    if (doubt)
        hvb_conductor_note(self, "calibration", doubt);
    g_free(self->doubts->pdata[i]);
    self->doubts->pdata[i] = g_steal_pointer(&doubt);
    self->drifted[i] = FALSE;
    return TRUE;
}

static gboolean has_references(const HvbAbility *ability)
{
    for (guint v = 0; v < WIRE_N_VANTAGES; v++)
        if (ability->references.ns[v][WIRE_OPEN] > 0)
            return TRUE;
    return FALSE;
}

gboolean hvb_conductor_renew(HvbConductor *self, GError **error)
{
    for (guint i = 0; i < self->bed->n_guests; i++) {
        guint vantages = has_references(&self->guests[i]) ? self->vantages : 0;
        if (self->drifted[i] && (!prepare_guest(self, i, vantages, error) ||
                                 !tell_of_guest(self, i, error)))
            return FALSE;
    }
    return TRUE;
}

/* What agents had to say before anyone asked: no O_DIRECT, say. */
static void pass_notes_of(HvbConductor *self, HvbLink *link)
{
    g_auto(GStrv) notes = hvb_link_take_notes(link);

    for (char **text = notes; *text; text++) {
        g_autofree char *line =
            g_strdup_printf("%s: %s", hvb_link_name(link), *text);
        hvb_conductor_note(self, "note", line);
    }
}

static void pass_notes_on(HvbConductor *self)
{
    for (guint i = 0; i < self->bed->n_guests; i++)
        if (self->bed->guests[i].link)
            pass_notes_of(self, self->bed->guests[i].link);
    if (self->bed->host)
        pass_notes_of(self, self->bed->host->link);
}

gboolean hvb_conductor_prepare(HvbConductor *conductor,
                               const gboolean *scenarios, GError **error)
{
    gboolean quiet;

    conductor->foreign_percent = find_active(conductor, scenarios);
    pass_notes_on(conductor);
    if (!hvb_conductor_note_limits(conductor, error))
        return FALSE;
    hvb_conductor_say(conductor, "waiting for the host to become quiet");
    if (!hvb_calibration_wait_quiet(conductor->bed, conductor->cancellable,
                                    &quiet, error))
        return FALSE;
    if (!quiet && conductor->bed->patience_ms > 0)
        hvb_conductor_note(conductor, "host",
                           "the host did not become quiet after the boot");
    if (!hvb_conductor_lift_placement(conductor, error))
        return FALSE;
    for (guint i = 0; i < conductor->bed->n_guests; i++)
        if ((conductor->active[i] &&
             !prepare_guest(conductor, i,
                            conductor->measured[i] ? conductor->vantages : 0,
                            error)) ||
            !tell_of_guest(conductor, i, error))
            return FALSE;
    return !conductor->bed->host || prepare_host(conductor, error);
}
