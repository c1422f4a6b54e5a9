/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a loaded profile is asked: its window, its text, its bed. */
#include "hvbench/profile/keys.h"

#include "loadgen/schedule.h"

#include <string.h>

gboolean hvb_profile_has_vantage(const HvbProfile *profile, WireVantage vantage)
{
    return profile->vantages == HVB_VANTAGES_BOTH ||
           (profile->vantages == HVB_VANTAGES_CLIENT) ==
               (vantage == WIRE_CLIENT);
}

WireVantage hvb_profile_vantage(const HvbProfile *profile)
{
    return hvb_profile_has_vantage(profile, WIRE_SERVER) ? WIRE_SERVER
                                                         : WIRE_CLIENT;
}

void hvb_profile_probe(const HvbProfile *profile, WireProbe *ret_probe)
{
    guint headline = profile->mix[profile->headline];

    *ret_probe = (WireProbe){
        .slot_us = profile->slot_ms * 1000,
        .pool = profile->pool,
        .drain_ms = profile->drain_ms,
        .reading = profile->guest_cache,
    };
    for (int i = 0; i < WIRE_N_OPERATIONS; i++) {
        guint n =
            (profile->mix[i] * profile->samples + headline - 1) / headline;
        if (hvb_profile_has_vantage(profile, WIRE_SERVER))
            ret_probe->count[i] = n;
        if (hvb_profile_has_vantage(profile, WIRE_CLIENT))
            ret_probe->client_count[i] = n;
    }
}

guint64 hvb_profile_window_ms(const HvbProfile *profile)
{
    WireProbe probe;

    hvb_profile_probe(profile, &probe);
    return schedule_length(&probe) * profile->slot_ms;
}

gboolean hvb_profile_same_bed(const HvbProfile *a, const HvbProfile *b)
{
    for (const HvbKey *key = hvb_keys; key->group; key++) {
        if (key->of_bed && !key->per_guest && !hvb_key_equal(key, a, b))
            return FALSE;
    }
    for (guint i = 0; i < a->n_guests; i++) {
        if (!hvb_key_same_machine(&a->guests[i], &b->guests[i]))
            return FALSE;
    }
    return TRUE;
}

static void write_key(GKeyFile *key_file, const char *group, const HvbKey *key,
                      gconstpointer record)
{
    g_autofree char *text = hvb_key_format(key, record);

    if (text)
        g_key_file_set_string(key_file, group, key->key, text);
}

static void write_guest(GKeyFile *key_file, const HvbProfile *profile,
                        guint guest)
{
    g_autofree char *group = g_strdup_printf("guest %u", guest + 1);

    for (const HvbKey *key = hvb_keys; key->group; key++) {
        if (key->per_guest)
            write_key(key_file, group, key, &profile->guests[guest]);
    }
}

char *hvb_profile_to_text(const HvbProfile *profile)
{
    g_autoptr(GKeyFile) key_file = g_key_file_new();

    for (const HvbKey *key = hvb_keys; key->group; key++) {
        /* The guests' own groups follow the one of their defaults. */
        if (key > hvb_keys && strcmp(key[-1].group, "guests") == 0 &&
            strcmp(key->group, "guests") != 0) {
            for (guint i = 0; i < profile->n_guests; i++) {
                if (!hvb_key_is_default_guest(profile, i))
                    write_guest(key_file, profile, i);
            }
        }
        write_key(key_file, key->group, key,
                  key->per_guest ? (gconstpointer)&profile->guest_defaults
                                 : (gconstpointer)profile);
    }
    return g_key_file_to_data(key_file, NULL, NULL);
}
