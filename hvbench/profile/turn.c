/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/profile/turn.h"

/* A guest without the agent does as it likes. */
static gboolean can_be_busy(const HvbGuestProfile *guest)
{
    return guest->loaded || guest->measured || !guest->agent;
}

static gboolean may_share_cpu(const HvbProfile *profile, guint a, guint b)
{
    return profile->affinity == HVB_AFFINITY_FLOAT || profile->cpus == 0 ||
           a % profile->cpus == b % profile->cpus;
}

static guint64 others_weight(const HvbProfile *profile, guint guest)
{
    guint64 sum = 0;

    for (guint i = 0; i < profile->n_guests; i++)
        if (i != guest && can_be_busy(&profile->guests[i]) &&
            may_share_cpu(profile, i, guest))
            sum += profile->guests[i].weight;
    return sum;
}

/* What a ms of CPU of all guests together takes beside the host's services,
 * whose group competes with the guests' as a whole, of weight 100; in %. */
static guint64 stretch_percent(const HvbProfile *profile)
{
    return profile->services > 0 ? 100 + profile->service_weight : 100;
}

static guint64 cap_stand_ms(const HvbGuestProfile *guest)
{
    if (guest->cap_percent == 0)
        return 0;
    return (guint64)guest->cap_period_us * (100 - guest->cap_percent) / 100 /
           1000;
}

guint64 hvb_turn_stand_ms(const HvbProfile *profile, guint guest)
{
    const HvbGuestProfile *own = &profile->guests[guest];

    if (profile->native)
        return 0;
    return HVB_SLICE_MS * others_weight(profile, guest) *
               stretch_percent(profile) / 100 / own->weight +
           cap_stand_ms(own);
}

guint64 hvb_turn_patience_ms(const HvbProfile *profile, guint guest)
{
    return HVB_TURNS_PER_ANSWER * hvb_turn_stand_ms(profile, guest);
}

guint hvb_turn_least_weight(const HvbProfile *profile, guint guest,
                            guint64 limit_ms)
{
    guint64 for_one = HVB_SLICE_MS * others_weight(profile, guest) *
                      stretch_percent(profile) / 100;

    return (guint)MAX(1, (for_one + limit_ms - 1) / limit_ms);
}

static guint count_busy(const HvbProfile *profile)
{
    guint n = 0;

    for (guint i = 0; i < profile->n_guests; i++)
        n += can_be_busy(&profile->guests[i]) ? 1 : 0;
    return n;
}

/* Of those that the profile takes. */
static gboolean has_cpu_for_each(const HvbProfile *profile, guint cpus)
{
    guint taken = profile->cpus > 0 && cpus > 0 ? MIN(profile->cpus, cpus)
                  : profile->cpus > 0           ? profile->cpus
                                                : cpus;

    return taken >= count_busy(profile) + (profile->services > 0 ? 1 : 0);
}

char *hvb_turn_doubt(const HvbProfile *profile, guint cpus)
{
    guint64 window_ms = hvb_profile_window_ms(profile);

    if (has_cpu_for_each(profile, cpus))
        return NULL;
    for (guint i = 0; i < profile->n_guests; i++) {
        guint64 stand_ms = hvb_turn_stand_ms(profile, i);
        if (!profile->guests[i].measured || stand_ms <= window_ms)
            continue;
        return g_strdup_printf(
            "guest %u may not run at all in a window of %.0f s: with weight "
            "%u on a CPU with the others' %" G_GUINT64_FORMAT
            " it stands for up to %.0f s; take more samples, or a weight of "
            "at least %u",
            i + 1, (double)window_ms / 1000, profile->guests[i].weight,
            others_weight(profile, i), (double)stand_ms / 1000,
            hvb_turn_least_weight(profile, i, window_ms));
    }
    return NULL;
}
