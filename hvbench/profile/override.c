/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/profile/check.h"
#include "hvbench/profile/keys.h"

static void apply_quick(HvbProfile *profile)
{
    profile->samples = MIN(profile->samples, HVB_QUICK_SAMPLES);
    profile->repetitions = MIN(profile->repetitions, HVB_QUICK_REPETITIONS);
    profile->settle_ms = MIN(profile->settle_ms, HVB_QUICK_SETTLE_MS);
    profile->drain_ms = MIN(profile->drain_ms, HVB_QUICK_DRAIN_MS);
    profile->reruns = MIN(profile->reruns, HVB_QUICK_RERUNS);
}

/* A contradiction after it is this option's: there was none before. */
static gboolean set_text(HvbProfile *profile, const char *option,
                         const char *group, const char *key, const char *text,
                         GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *why = NULL;

    if (!text)
        return TRUE;
    if (hvb_key_parse(hvb_key_find(group, key), text, NULL, profile, &cause))
        why = hvb_profile_contradiction(profile);
    if (!cause && !why)
        return TRUE;
    g_set_error(error, HVB_PROFILE_ERROR, HVB_PROFILE_ERROR_VALUE, "%s: %s",
                option, cause ? cause->message : why);
    return FALSE;
}

static gboolean set_number(HvbProfile *profile, const char *option,
                           const char *group, const char *key, guint64 number,
                           GError **error)
{
    g_autofree char *text =
        number > 0 ? g_strdup_printf("%" G_GUINT64_FORMAT, number) : NULL;

    return set_text(profile, option, group, key, text, error);
}

/* Guests beyond the count are as [guests] says already. A native scenario has
 * none to count. */
static gboolean set_guests(HvbProfile *profile, guint n_guests, GError **error)
{
    if (profile->native)
        return TRUE;
    for (guint i = profile->n_guests; n_guests > 0 && i > n_guests; i--) {
        if (!hvb_key_is_default_guest(profile, i - 1)) {
            g_set_error(
                error, HVB_PROFILE_ERROR, HVB_PROFILE_ERROR_VALUE,
                "--guests: %u are too few, the profile has a [guest %u]",
                n_guests, i);
            return FALSE;
        }
    }
    return set_number(profile, "--guests", "guests", "count", n_guests, error);
}

gboolean hvb_profile_override(HvbProfile *profile,
                              const HvbOverrides *overrides, GError **error)
{
    /* No override changes a string, so that a plain copy can be restored. */
    HvbProfile before = *profile;

    if (overrides->quick)
        apply_quick(profile);
    if (set_number(profile, "--samples", "run", "samples", overrides->samples,
                   error) &&
        set_number(profile, "--repetitions", "run", "repetitions",
                   overrides->repetitions, error) &&
        set_text(profile, "--levels", "load", "levels", overrides->levels,
                 error) &&
        set_guests(profile, overrides->guests, error) &&
        set_number(profile, "--seed", "run", "seed", overrides->seed, error) &&
        set_text(profile, "--accel", "stack", "accel", overrides->accel, error))
        return TRUE;
    *profile = before;
    return FALSE;
}
