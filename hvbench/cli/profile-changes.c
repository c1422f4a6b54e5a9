/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/profile-changes.h"

#include <string.h>

#define ONE_GUEST "guest "

void hvb_profile_changes_clear(HvbProfileChanges *changes)
{
    g_clear_pointer(&changes->changes, g_ptr_array_unref);
}

/* NULL: none is shipped, or it is not what it was. */
static HvbProfile *load_shipped(const char *name)
{
    g_autofree char *dir = hvb_profile_dir();
    g_autofree char *file = g_strconcat(name, ".profile", NULL);
    g_autofree char *path = g_build_filename(dir, "profiles", file, NULL);

    return hvb_profile_load(path, NULL);
}

static GKeyFile *keys_of(const HvbProfile *profile)
{
    g_autofree char *text = hvb_profile_to_text(profile);
    GKeyFile *keys = g_key_file_new();

    (void)g_key_file_load_from_data(keys, text, (gsize)-1, G_KEY_FILE_NONE,
                                    NULL);
    return keys;
}

/* What a profile has that says nothing. */
static GKeyFile *default_keys(void)
{
    g_autoptr(HvbProfile) profile =
        hvb_profile_from_text("[scenario]\nname = defaults\n"
                              "[guest 1]\nloaded = yes\nmeasured = yes\n",
                              "defaults", NULL);
    GKeyFile *keys = keys_of(profile);

    g_key_file_remove_group(keys, ONE_GUEST "1", NULL);
    return keys;
}

static char *value_of(GKeyFile *keys, const char *group, const char *key)
{
    char *value = g_key_file_get_value(keys, group, key, NULL);

    if (!value && g_str_has_prefix(group, ONE_GUEST))
        value = g_key_file_get_value(keys, "guests", key, NULL);
    return value;
}

static gboolean counts(const char *group, const char *key, gboolean shipped)
{
    if (strcmp(group, "scenario") == 0)
        return shipped && strcmp(key, "name") != 0;
    return strcmp(group, "run") != 0 || strcmp(key, "seed") != 0;
}

/* Of the keys of `group` in `keys`: those in which `now` is not `before`. */
static void compare_group(HvbProfileChanges *found, const char *group,
                          GKeyFile *keys, GKeyFile *now, GKeyFile *before)
{
    g_auto(GStrv) names = g_key_file_get_keys(keys, group, NULL, NULL);

    for (char **name = names; name && *name; name++) {
        g_autofree char *a = value_of(now, group, *name);
        g_autofree char *b = value_of(before, group, *name);
        if (counts(group, *name, found->shipped) && g_strcmp0(a, b) != 0)
            g_ptr_array_add(found->changes,
                            g_strdup_printf("[%s] %s = %s, not %s", group,
                                            *name, a && *a ? a : "nothing",
                                            b && *b ? b : "nothing"));
    }
}

void hvb_profile_changes_find(const HvbProfile *profile,
                              HvbProfileChanges *ret_changes)
{
    g_autoptr(HvbProfile) shipped = load_shipped(profile->name);
    HvbProfileChanges found = {shipped != NULL,
                               g_ptr_array_new_with_free_func(g_free)};
    g_autoptr(GKeyFile) now = keys_of(profile);
    g_autoptr(GKeyFile) before = shipped ? keys_of(shipped) : default_keys();
    g_auto(GStrv) groups = g_key_file_get_groups(now, NULL);
    g_auto(GStrv) others = g_key_file_get_groups(before, NULL);

    for (char **group = groups; *group; group++)
        compare_group(&found, *group, now, now, before);
    for (char **group = others; *group; group++)
        if (!g_key_file_has_group(now, *group))
            compare_group(&found, *group, before, now, before);
    *ret_changes = found;
}
