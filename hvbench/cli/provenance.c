/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/provenance.h"

#include "hvbench/bed/host.h"

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

gboolean hvb_provenance_add_bed(HvbStore *store, const char *dir, guint index,
                                const HvbBed *bed, GError **error)
{
    const HvbStack *stack = &bed->stack;
    const struct {
        const char *name;
        const char *value;
    } kept[] = {
        {"hypervisor", stack->hypervisor},
        {"accel", stack->accel},
        {"machine", stack->machine},
        {"emulator", stack->emulator},
        {"guest_cpu", stack->cpu},
        {"cgroup", stack->cgroup},
        {"connection", stack->connection},
        {"guest_kernel", bed->guests[0].hello.kernel},
    };
    g_autoptr(GString) differences = g_string_new(NULL);
    g_autofree char *reason = stack_key(index, "accel_reason");

    for (gsize i = 0; i < G_N_ELEMENTS(kept); i++) {
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
