/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/overrides.h"

#include <string.h>

static gboolean read_number(const char *option, const char *value, guint64 max,
                            guint64 *ret, GError **error)
{
    if (g_ascii_string_to_unsigned(value, 10, 1, max, ret, NULL))
        return TRUE;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "%s: '%s' is not a whole number from 1 up", option, value);
    return FALSE;
}

static gboolean on_number(const char *option, const char *value, gpointer data,
                          GError **error)
{
    HvbOverrides *overrides = data;
    guint64 number;

    if (!read_number(option, value, G_MAXUINT, &number, error))
        return FALSE;
    if (strcmp(option, "--samples") == 0)
        overrides->samples = (guint)number;
    else if (strcmp(option, "--repetitions") == 0)
        overrides->repetitions = (guint)number;
    else
        overrides->guests = (guint)number;
    return TRUE;
}

static gboolean on_seed(const char *option, const char *value, gpointer data,
                        GError **error)
{
    return read_number(option, value, G_MAXUINT64,
                       &((HvbOverrides *)data)->seed, error);
}

static gboolean on_text(const char *option, const char *value, gpointer data,
                        GError **error G_GNUC_UNUSED)
{
    HvbOverrides *overrides = data;

    if (strcmp(option, "--levels") == 0)
        overrides->levels = g_intern_string(value);
    else
        overrides->accel = g_intern_string(value);
    return TRUE;
}

static gboolean on_quick(const char *option G_GNUC_UNUSED,
                         const char *value G_GNUC_UNUSED, gpointer data,
                         GError **error G_GNUC_UNUSED)
{
    ((HvbOverrides *)data)->quick = TRUE;
    return TRUE;
}

GOptionGroup *hvb_overrides_group(HvbOverrides *overrides)
{
    static const GOptionEntry entries[] = {
        {"quick", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK,
         (gpointer)on_quick, "Few samples, one repetition, short settling",
         NULL},
        {"samples", 0, 0, G_OPTION_ARG_CALLBACK, (gpointer)on_number,
         "Samples of the headline operation per cell", "N"},
        {"repetitions", 0, 0, G_OPTION_ARG_CALLBACK, (gpointer)on_number,
         "Cells for each level", "R"},
        {"levels", 0, 0, G_OPTION_ARG_CALLBACK, (gpointer)on_text,
         "Levels to measure, such as None,Overload", "L,.."},
        {"guests", 0, 0, G_OPTION_ARG_CALLBACK, (gpointer)on_number,
         "Guests to boot", "N"},
        {"seed", 0, 0, G_OPTION_ARG_CALLBACK, (gpointer)on_seed,
         "Seed of the plan, the users and the schedules", "S"},
        {"accel", 0, 0, G_OPTION_ARG_CALLBACK, (gpointer)on_text, "Accelerator",
         "auto|kvm|tcg"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    GOptionGroup *group = g_option_group_new("main", "", "", overrides, NULL);

    g_option_group_add_entries(group, entries);
    return group;
}

static gboolean check_name_is_new(GPtrArray *profiles,
                                  const HvbProfile *profile, GError **error)
{
    for (guint i = 0; i < profiles->len; i++) {
        const HvbProfile *other = profiles->pdata[i];
        if (strcmp(other->name, profile->name) == 0) {
            g_set_error(
                error, HVB_PROFILE_ERROR, HVB_PROFILE_ERROR_VALUE,
                "%s: the scenario '%s' is given twice, also by %s; give "
                "one of them another name in [scenario]",
                profile->path, profile->name, other->path);
            return FALSE;
        }
    }
    return TRUE;
}

GPtrArray *hvb_overrides_load(const HvbOverrides *overrides,
                              const char *const *names, GError **error)
{
    g_autoptr(GPtrArray) profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_profile_free);

    for (guint i = 0; names && names[i]; i++) {
        g_autoptr(HvbProfile) profile = hvb_profile_load(names[i], error);
        if (!profile)
            return NULL;
        if (!hvb_profile_override(profile, overrides, error)) {
            g_prefix_error(error, "%s: ", names[i]);
            return NULL;
        }
        if (!check_name_is_new(profiles, profile, error))
            return NULL;
        g_ptr_array_add(profiles, g_steal_pointer(&profile));
    }
    return g_steal_pointer(&profiles);
}
