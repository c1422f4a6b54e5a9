/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/provenance.h"

#include "hvbench/bed/host.h"
#include "hvbench/bed/images.h"

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
                                 GError **error)
{
    static const char *const kept[] = {"host.kernel", "host.cpu_model",
                                       "host.cpus", NULL};
    g_autoptr(GArray) facts = hvb_host_facts();
    g_autoptr(GString) differences = g_string_new(NULL);

    for (const char *const *key = kept; *key; key++)
        if (!keep(store, *key, hvb_host_fact(facts, *key), differences, error))
            return FALSE;
    if (!refuse(differences, dir, error))
        return FALSE;
    for (guint i = 0; i < facts->len; i++) {
        const HvbHostFact *fact = &g_array_index(facts, HvbHostFact, i);
        if (!hvb_store_set_provenance(store, fact->key, fact->value, error))
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

/* Appends " (guests 1, 4)": those that have this kernel. */
static void append_guests(GString *text, const HvbBed *bed, const char *kernel)
{
    const char *before = " (guests ";

    for (guint i = 0; i < bed->n_guests; i++) {
        if (strcmp(bed->guests[i].hello.kernel, kernel) != 0)
            continue;
        g_string_append_printf(text, "%s%u", before, i + 1);
        before = ", ";
    }
    g_string_append_c(text, ')');
}

/* The kernel, or, if there are several, "A (guests 1, 4); B (guests 2, 3)". A
 * guest that has no agent says none. */
static char *describe_kernels(const HvbBed *bed)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < bed->n_guests; i++)
        if (*bed->guests[i].hello.kernel)
            g_hash_table_add(seen, bed->guests[i].hello.kernel);
    gboolean mixed = g_hash_table_size(seen) > 1;
    g_hash_table_remove_all(seen);
    for (guint i = 0; i < bed->n_guests; i++) {
        char *kernel = bed->guests[i].hello.kernel;
        if (!*kernel || !g_hash_table_add(seen, kernel))
            continue;
        g_string_append_printf(text, "%s%s", text->len > 0 ? "; " : "", kernel);
        if (mixed)
            append_guests(text, bed, kernel);
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

gboolean hvb_provenance_add_bed(HvbStore *store, const char *dir, guint index,
                                const HvbBed *bed, const HvbProfile *profile,
                                GError **error)
{
    const HvbStack *stack = &bed->stack;
    g_autofree char *kernels = describe_kernels(bed);
    g_autofree char *images = describe_images(profile);
    const struct {
        const char *name;
        const char *value;
    } kept[] = {
        {"choice", stack->choice},
        {"hypervisor", stack->hypervisor},
        {"accel", stack->accel},
        {"machine", stack->machine},
        {"emulator", stack->emulator},
        {"guest_cpu", stack->cpu},
        {"cgroup", stack->cgroup},
        {"connection", stack->connection},
        {"guest_kernel", kernels},
        {"guest_images", images}, /* last: most beds have none */
    };
    const gsize n_kept = G_N_ELEMENTS(kept) - (*images ? 0 : 1);
    g_autoptr(GString) differences = g_string_new(NULL);
    g_autofree char *reason = stack_key(index, "accel_reason");

    for (gsize i = 0; i < n_kept; i++) {
        g_autofree char *key = stack_key(index, kept[i].name);
        if (!keep(store, key, kept[i].value ? kept[i].value : "", differences,
                  error))
            return FALSE;
    }
    return refuse(differences, dir, error) &&
           hvb_store_set_provenance(store, reason,
                                    stack->accel_reason ? stack->accel_reason
                                                        : "",
                                    error);
}
