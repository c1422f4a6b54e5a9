/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/profile/blame.h"

#include "hvbench/profile/keys.h"

#include <string.h>

/* Where a setting stands. */
typedef struct {
    const HvbSource *source;
    const HvbSetting *setting; /* NULL: nowhere, it is a default */
    guint depth; /* of the source, from 0 for the file that was asked for */
} Place;

static Place find_place(GPtrArray *sources, const char *group, const char *key)
{
    for (guint i = 0; i < sources->len; i++) {
        const HvbSetting *setting =
            hvb_source_find(sources->pdata[i], group, key);
        if (setting)
            return (Place){sources->pdata[i], setting, i};
        if (strcmp(group, "scenario") == 0)
            break;
    }
    return (Place){NULL, NULL, G_MAXUINT};
}

/* The setting that decides the key of guest `guest`, whichever file it is in;
 * with 0 that of any guest, the one in the outermost file. */
static Place find_guest_place(GPtrArray *sources, guint guest, const char *key)
{
    Place found = {NULL, NULL, G_MAXUINT};

    for (guint n = 1; n <= HVB_MAX_GUESTS; n++) {
        g_autofree char *group = g_strdup_printf("guest %u", n);
        if (guest > 0 && n != guest)
            continue;
        Place place = find_place(sources, group, key);
        if (place.depth < found.depth)
            found = place;
    }
    return found.setting ? found : find_place(sources, "guests", key);
}

static Place find_deciding(GPtrArray *sources, guint guest,
                           const HvbKeyName *name)
{
    gboolean per_guest = strcmp(name->group, "guests") == 0 &&
                         hvb_key_find(name->group, name->key)->per_guest;

    return per_guest ? find_guest_place(sources, guest, name->key)
                     : find_place(sources, name->group, name->key);
}

/* A file is not to blame for what another one has made of its values: of those
 * that have a part in it the outermost, the key itself before others. */
static Place find_culprit(GPtrArray *sources, guint guest, const Place *own,
                          const HvbKeyName *others)
{
    Place culprit = *own;

    for (; others->key; others++) {
        Place other = find_deciding(sources, guest, others);
        if (other.depth < culprit.depth)
            culprit = other;
    }
    return culprit;
}

/* The value of the contradiction's key. */
static char *value_of(const HvbProfile *profile, const HvbContradiction *found)
{
    const HvbKey *key = hvb_key_find(found->group, found->key);

    if (!key->per_guest)
        return hvb_key_format(key, profile);
    return hvb_key_format(key, found->guest > 0
                                   ? &profile->guests[found->guest - 1]
                                   : &profile->guest_defaults);
}

/* Where nothing is said about it in any file: where the file that was asked for
 * could say otherwise. */
static void complain_of_default(const HvbProfile *profile, GPtrArray *sources,
                                const HvbContradiction *found, GError **error)
{
    const HvbSource *source = sources->pdata[0];
    const HvbSetting *header = hvb_source_find(source, found->group, NULL);
    g_autofree char *value = value_of(profile, found);

    g_set_error(error, HVB_PROFILE_ERROR, HVB_PROFILE_ERROR_VALUE,
                "%s:%u: [%s] %s = %s: %s", source->file,
                header ? header->line : 1, found->group, found->key, value,
                found->why);
}

void hvb_blame(const HvbProfile *profile, GPtrArray *sources,
               const HvbContradiction *found, const HvbKeyName *others,
               GError **error)
{
    const HvbKeyName name = {found->group, found->key};
    Place own = find_deciding(sources, found->guest, &name);
    Place culprit = find_culprit(sources, found->guest, &own, others);

    if (!culprit.setting) {
        complain_of_default(profile, sources, found, error);
    } else if (culprit.setting == own.setting) {
        hvb_source_complain(own.source, own.setting, HVB_PROFILE_ERROR_VALUE,
                            error, "%s", found->why);
    } else {
        g_autofree char *value = value_of(profile, found);
        g_autofree char *from =
            own.setting
                ? g_strdup_printf("%s:%u", own.source->file, own.setting->line)
                : g_strdup("the default");
        hvb_source_complain(culprit.source, culprit.setting,
                            HVB_PROFILE_ERROR_VALUE, error,
                            "beside [%s] %s = %s (%s): %s", found->group,
                            found->key, value, from, found->why);
    }
}
