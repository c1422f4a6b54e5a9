/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/origin.h"

#include "hvbench/results/measure.h"

#include <string.h>

/* How it was found out, or where it lies, is no difference in itself. */
static gboolean is_of_stack(const char *key)
{
    return g_str_has_prefix(key, "stack") &&
           !g_str_has_suffix(key, ".accel_reason") &&
           !g_str_has_suffix(key, ".connection");
}

static gboolean matters(const char *key)
{
    static const char *const of_host[] = {"host.kernel",
                                          "host.cpu_model",
                                          "host.microcode",
                                          "host.cpus",
                                          "host.smt",
                                          "host.governor",
                                          "host.turbo",
                                          "host.idle_driver",
                                          "host.idle_states",
                                          "host.clocksource",
                                          "host.cgroup",
                                          "host.autogroup",
                                          "host.virtualized",
                                          "host.kvm_parameters",
                                          NULL};

    return is_of_stack(key) || g_strv_contains(of_host, key);
}

const char *hvb_origin_value(const HvbRunRecord *run, const char *key)
{
    for (guint i = 0; i < run->provenance->len; i++) {
        const HvbProvenance *entry = run->provenance->pdata[i];
        if (strcmp(entry->key, key) == 0)
            return entry->value;
    }
    return NULL;
}

static void note(GPtrArray *differences, const char *key, const char *a,
                 const char *b)
{
    if (g_strcmp0(a, b) != 0)
        g_ptr_array_add(differences, g_strdup_printf("%s: %s, %s", key,
                                                     a ? a : "not recorded",
                                                     b ? b : "not recorded"));
}

static void compare_values(GPtrArray *differences, const HvbRunRecord *a,
                           const HvbRunRecord *b)
{
    for (guint i = 0; i < a->provenance->len; i++) {
        const HvbProvenance *entry = a->provenance->pdata[i];
        if (matters(entry->key))
            note(differences, entry->key, entry->value,
                 hvb_origin_value(b, entry->key));
    }
    for (guint i = 0; i < b->provenance->len; i++) {
        const HvbProvenance *entry = b->provenance->pdata[i];
        if (matters(entry->key) && !hvb_origin_value(a, entry->key))
            note(differences, entry->key, NULL, entry->value);
    }
}

static void compare_profiles(GPtrArray *differences, const HvbRunRecord *a,
                             const HvbRunRecord *b)
{
    for (guint i = 0; i < a->profiles->len; i++) {
        const HvbProfile *profile = a->profiles->pdata[i];
        guint other;
        if (hvb_run_find_scenario(b, profile->name, &other) &&
            !hvb_profile_same_scenario(profile, b->profiles->pdata[other]))
            g_ptr_array_add(differences,
                            g_strdup_printf("profile %s: its settings differ",
                                            profile->name));
    }
}

GPtrArray *hvb_origin_differences(const HvbRunRecord *a, const HvbRunRecord *b)
{
    GPtrArray *differences = g_ptr_array_new_with_free_func(g_free);

    note(differences, "hvbench", a->hvbench, b->hvbench);
    compare_values(differences, a, b);
    compare_profiles(differences, a, b);
    return differences;
}
