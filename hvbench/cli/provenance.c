/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/provenance.h"

#include "hvbench/bed/host.h"
#include "hvbench/bed/hypervisor.h"
#include "hvbench/bed/images.h"
#include "hvbench/results/origin.h"
#include "version.h"

#include <glib/gstdio.h>
#include <string.h>

/* Appends "accel kvm, now it is tcg" if the key has another value already. */
static gboolean keep(HvbStore *store, const char *key, const char *value,
                     GString *differences, GError **error)
{
    g_autofree char *other = NULL;

    if (!hvb_store_keep_provenance(store, key, value, &other, error))
        return FALSE;
    if (other)
        g_string_append_printf(differences, "%s%s %s, now it is %s",
                               differences->len > 0 ? "; " : "",
                               strchr(key, '.') + 1, other, value);
    return TRUE;
}

/* Records the value as it is now, and warns if an earlier part of the run had
 * another one that makes a difference. */
static gboolean record(HvbStore *store, const char *key, const char *value,
                       GError **error)
{
    g_autofree char *other = NULL;

    if (!hvb_store_keep_provenance(store, key, value, &other, error))
        return FALSE;
    if (!other)
        return TRUE;
    if (hvb_origin_matters(key))
        g_warning("a part of this run was measured with %s \"%s\", now it is "
                  "\"%s\": figures before and after may differ for that",
                  key, other, value);
    return hvb_store_set_provenance(store, key, value, error);
}

static gboolean refuse(const GString *differences, const char *dir,
                       GError **error)
{
    if (differences->len == 0)
        return TRUE;
    g_set_error(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_DIFFERS,
                "the run in %s was made with %s: name another directory", dir,
                differences->str);
    return FALSE;
}

gboolean hvb_provenance_add_host(HvbStore *store, const char *dir,
                                 gboolean has_guests, GError **error)
{
    static const char *const kept[] = {"host.kernel", "host.cpu_model",
                                       "host.cpus", "host.usable_cpus", NULL};
    g_autoptr(GArray) facts = hvb_host_facts();
    g_autoptr(GString) differences = g_string_new(NULL);

    if (!has_guests)
        hvb_host_facts_without_guests(facts, "/");
    for (const char *const *key = kept; *key; key++)
        if (!keep(store, *key, hvb_host_fact(facts, *key), differences, error))
            return FALSE;
    if (!refuse(differences, dir, error))
        return FALSE;
    for (guint i = 0; i < facts->len; i++) {
        const HvbHostFact *fact = &g_array_index(facts, HvbHostFact, i);
        if (!record(store, fact->key, fact->value, error))
            return FALSE;
    }
    return TRUE;
}

/* "stack.accel"; "stack2.accel" of the second bed. */
static char *stack_key(guint index, const char *name)
{
    if (index == 0)
        return g_strconcat("stack.", name, NULL);
    return g_strdup_printf("stack%u.%s", index + 1, name);
}

static const char *kernel_of(const WireHello *hello)
{
    return hello->kernel;
}

static const char *clocksource_of(const WireHello *hello)
{
    return hello->clocksource;
}

static const char *agent_of(const WireHello *hello)
{
    return hello->agent;
}

typedef const char *(*HelloFunc)(const WireHello *hello);

/* Appends " (guests 1, 4)": those that said `value`. */
static void append_guests(GString *text, const HvbBed *bed, HelloFunc get,
                          const char *value)
{
    const char *before = " (guests ";

    for (guint i = 0; i < bed->n_guests; i++) {
        if (strcmp(get(&bed->guests[i].hello), value) != 0)
            continue;
        g_string_append_printf(text, "%s%u", before, i + 1);
        before = ", ";
    }
    g_string_append_c(text, ')');
}

/* What the guests said, or, if they do not agree, "A (guests 1, 4); B (guests
 * 2, 3)". A guest that has no agent says nothing. */
static char *describe_guests(const HvbBed *bed, HelloFunc get)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < bed->n_guests; i++)
        if (*get(&bed->guests[i].hello))
            g_hash_table_add(seen, (gpointer)get(&bed->guests[i].hello));
    gboolean mixed = g_hash_table_size(seen) > 1;
    g_hash_table_remove_all(seen);
    for (guint i = 0; i < bed->n_guests; i++) {
        const char *value = get(&bed->guests[i].hello);
        if (!*value || !g_hash_table_add(seen, (gpointer)value))
            continue;
        g_string_append_printf(text, "%s%s", text->len > 0 ? "; " : "", value);
        if (mixed)
            append_guests(text, bed, get, value);
    }
    return g_string_free(text, FALSE);
}

/* "PATH SIZE MTIME": another content shows, without reading it all. */
static char *describe_images(const HvbProfile *profile)
{
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < profile->n_guests; i++) {
        const HvbGuestProfile *guest = &profile->guests[i];
        GStatBuf status = {0};
        if (!*guest->image)
            continue;
        char *path = hvb_images_disk(guest);
        if (!g_hash_table_add(seen, path))
            continue;
        (void)g_stat(path, &status); /* it was booted from just now */
        g_string_append_printf(text,
                               "%s%s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT,
                               text->len > 0 ? "; " : "", path,
                               (gint64)status.st_size, (gint64)status.st_mtime);
    }
    return g_string_free(text, FALSE);
}

/* Loudly, for a guest runs what was built, or installed, some time before. */
static void warn_of_agent(const char *agents)
{
    if (*agents && strcmp(agents, HVB_VERSION) != 0)
        g_warning("the guests' agent is of another revision than hvbench: %s, "
                  "not %s; 'make guests' packs this one's",
                  agents, HVB_VERSION);
}

/* Limits that others have set on groups above the guests. */
static char *describe_limits(HvbBed *bed)
{
    HvbTuning now;

    if (!bed->read_tuning || !bed->read_tuning(bed, 0, &now, NULL))
        return g_strdup("unknown");
    return g_strdup(*now.above ? now.above : "none");
}

/* What may differ from one boot to the next without being refused. */
static gboolean record_boot(HvbStore *store, guint index, HvbBed *bed,
                            GError **error)
{
    g_autofree char *clocksources = describe_guests(bed, clocksource_of);
    g_autofree char *arguments =
        bed->process ? hvb_hypervisor_arguments("/", bed->process(bed, 0))
                     : NULL;
    g_autofree char *limits = describe_limits(bed);
    const char *const recorded[][2] = {
        {"limits", limits},
        {"guest_clocksource", clocksources},
        {"qemu_arguments", arguments ? arguments : ""},
        {"accel_reason",
         bed->stack.accel_reason ? bed->stack.accel_reason : ""},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(recorded); i++) {
        g_autofree char *key = stack_key(index, recorded[i][0]);
        if (!record(store, key, recorded[i][1], error))
            return FALSE;
    }
    return TRUE;
}

gboolean hvb_provenance_add_bed(HvbStore *store, const char *dir, guint index,
                                HvbBed *bed, const HvbProfile *profile,
                                GError **error)
{
    const HvbStack *stack = &bed->stack;
    g_autofree char *kernels = describe_guests(bed, kernel_of);
    g_autofree char *agents = describe_guests(bed, agent_of);
    g_autofree char *images = describe_images(profile);
    const struct {
        const char *name;
        const char *value;
    } kept[] = {
        {"choice", stack->choice},     {"hypervisor", stack->hypervisor},
        {"accel", stack->accel},       {"machine", stack->machine},
        {"emulator", stack->emulator}, {"guest_cpu", stack->cpu},
        {"cgroup", stack->cgroup},     {"connection", stack->connection},
        {"guest_kernel", kernels},     {"guest_agent", agents},
        {"guest_images", images}, /* last: most beds have none */
    };
    const gsize n_kept = G_N_ELEMENTS(kept) - (*images ? 0 : 1);
    g_autoptr(GString) differences = g_string_new(NULL);

    warn_of_agent(agents);
    for (gsize i = 0; i < n_kept; i++) {
        g_autofree char *key = stack_key(index, kept[i].name);
        if (!keep(store, key, kept[i].value ? kept[i].value : "", differences,
                  error))
            return FALSE;
    }
    return refuse(differences, dir, error) &&
           record_boot(store, index, bed, error);
}
