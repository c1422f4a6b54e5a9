/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/origin.h"

#include "hvbench/profile/keys.h"
#include "hvbench/results/measure.h"
#include "hvbench/run/plan.h"

#include <string.h>

/* How it was chosen or found out, or where it lies, is no difference in
 * itself. */
static gboolean is_of_stack(const char *key)
{
    return g_str_has_prefix(key, "stack") &&
           !g_str_has_suffix(key, ".choice") &&
           !g_str_has_suffix(key, ".accel_reason") &&
           !g_str_has_suffix(key, ".connection");
}

gboolean hvb_origin_matters(const char *key)
{
    static const char *const of_host[] = {"host.kernel",
                                          "host.throttling",
                                          "host.boot_options",
                                          "host.preemption",
                                          "host.scheduler",
                                          "host.cpu_model",
                                          "host.microcode",
                                          "host.cpus",
                                          "host.usable_cpus",
                                          "host.isolated_cpus",
                                          "host.smt",
                                          "host.governor",
                                          "host.turbo",
                                          "host.idle_driver",
                                          "host.idle_states",
                                          "host.clocksource",
                                          "host.cgroup",
                                          "host.autogroup",
                                          "host.mitigations",
                                          "host.transparent_hugepages",
                                          "host.same_page_merging",
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

/* Once, however many scenarios it is true of. */
static void note(GPtrArray *differences, const char *what, const char *a,
                 const char *b)
{
    g_autofree char *text =
        g_strdup_printf("%s: %s, %s", what, a ? a : "not recorded",
                        b ? b : "not recorded");

    if (g_strcmp0(a, b) != 0 &&
        !g_ptr_array_find_with_equal_func(differences, text, g_str_equal, NULL))
        g_ptr_array_add(differences, g_steal_pointer(&text));
}

/* Where a run has the facts of its host, or of one of its stacks. */
typedef struct {
    const HvbRunRecord *run;
    const char *prefix; /* of their keys */
} Place;

/* With `only_missing`, those that b has not. */
static void compare_facts(GPtrArray *differences, const char *what,
                          const Place *a, const Place *b, gboolean only_missing)
{
    for (guint i = 0; i < a->run->provenance->len; i++) {
        const HvbProvenance *entry = a->run->provenance->pdata[i];
        if (!g_str_has_prefix(entry->key, a->prefix) ||
            !hvb_origin_matters(entry->key))
            continue;
        const char *name = entry->key + strlen(a->prefix);
        g_autofree char *key = g_strconcat(b->prefix, name, NULL);
        g_autofree char *label = g_strconcat(what, name, NULL);
        const char *other = hvb_origin_value(b->run, key);
        if (!only_missing)
            note(differences, label, entry->value, other);
        else if (!other)
            note(differences, label, NULL, entry->value);
    }
}

static void compare_places(GPtrArray *differences, const char *what,
                           const Place *a, const Place *b)
{
    compare_facts(differences, what, a, b, FALSE);
    compare_facts(differences, what, b, a, TRUE);
}

static void compare_hosts(GPtrArray *differences, const HvbRunRecord *a,
                          const HvbRunRecord *b)
{
    const Place of_a = {a, "host."}, of_b = {b, "host."};

    compare_places(differences, "host.", &of_a, &of_b);
}

static char *stack_prefix(const HvbRunRecord *run, guint scenario)
{
    guint n_beds;
    g_autofree guint *beds = hvb_plan_beds(run->profiles, &n_beds);

    return beds[scenario] == 0
               ? g_strdup("stack.")
               : g_strdup_printf("stack%u.", beds[scenario] + 1);
}

static gboolean was_measured(const HvbRunRecord *run, guint scenario)
{
    g_autoptr(GPtrArray) cells = hvb_counted_cells(run, scenario);

    return cells->len > 0;
}

/* Names, and how much is measured. */
static gboolean is_setting(const HvbKey *key)
{
    static const char *const others[] = {
        "base",   "name",    "figure",      "title",  "hello-timeout-s",
        "levels", "samples", "repetitions", "reruns", "seed",
        NULL};

    return !g_strv_contains(others, key->key);
}

/* Of the records of `a` and `b`: profiles, or guests if `guest` is not 0. */
static void compare_keys(GPtrArray *differences, guint guest, gconstpointer a,
                         gconstpointer b)
{
    for (const HvbKey *key = hvb_keys; key->group; key++) {
        if (key->per_guest != (guest > 0) || !is_setting(key))
            continue;
        g_autofree char *what =
            guest > 0 ? g_strdup_printf("[guest %u] %s", guest, key->key)
                      : g_strdup_printf("[%s] %s", key->group, key->key);
        g_autofree char *of_a = hvb_key_format(key, a);
        g_autofree char *of_b = hvb_key_format(key, b);
        note(differences, what, of_a, of_b);
    }
}

GPtrArray *hvb_origin_settings(const HvbProfile *a, const HvbProfile *b)
{
    GPtrArray *differences = g_ptr_array_new_with_free_func(g_free);

    compare_keys(differences, 0, a, b);
    for (guint i = 0; i < MIN(a->n_guests, b->n_guests); i++)
        compare_keys(differences, i + 1, &a->guests[i], &b->guests[i]);
    return differences;
}

static void compare_scenarios(GPtrArray *differences, const HvbRunRecord *a,
                              guint of_a, const HvbRunRecord *b, guint of_b)
{
    const HvbProfile *profile = a->profiles->pdata[of_a];
    g_autofree char *prefix_a = stack_prefix(a, of_a);
    g_autofree char *prefix_b = stack_prefix(b, of_b);
    const Place place_a = {a, prefix_a}, place_b = {b, prefix_b};

    if (was_measured(a, of_a) && was_measured(b, of_b))
        compare_places(differences, "stack.", &place_a, &place_b);
    g_autoptr(GPtrArray) settings =
        hvb_origin_settings(profile, b->profiles->pdata[of_b]);
    for (guint i = 0; i < settings->len; i++)
        g_ptr_array_add(differences,
                        g_strdup_printf("profile %s: %s", profile->name,
                                        (char *)settings->pdata[i]));
}

GPtrArray *hvb_origin_differences(const HvbRunRecord *a, const HvbRunRecord *b)
{
    GPtrArray *differences = g_ptr_array_new_with_free_func(g_free);

    note(differences, "hvbench", a->hvbench, b->hvbench);
    compare_hosts(differences, a, b);
    for (guint i = 0; i < a->profiles->len; i++) {
        const HvbProfile *profile = a->profiles->pdata[i];
        guint other;
        if (hvb_run_find_scenario(b, profile->name, &other))
            compare_scenarios(differences, a, i, b, other);
    }
    return differences;
}
