/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/reproduce-set.h"

#include "hvbench/cli/result-dir.h"
#include "hvbench/results/set-lock.h"
#include "version.h"

#include <string.h>

static const char *provenance_of(const HvbRunRecord *run, const char *key)
{
    for (guint i = 0; i < run->provenance->len; i++) {
        const HvbProvenance *entry = run->provenance->pdata[i];
        if (strcmp(entry->key, key) == 0)
            return entry->value;
    }
    return NULL;
}

static gboolean is_unfinished(const char *dir, const char *options,
                              GPtrArray *profiles)
{
    if (hvb_set_use(dir) != HVB_SET_FREE)
        return FALSE;
    g_autoptr(HvbStore) store = hvb_store_open(dir, FALSE, NULL);
    g_autoptr(HvbRunRecord) run =
        store ? hvb_store_load_run(store, NULL) : NULL;
    return run && g_strcmp0(run->status, "done") != 0 &&
           g_strcmp0(run->hvbench, HVB_VERSION) == 0 &&
           g_strcmp0(provenance_of(run, HVB_BUDGET_OPTIONS_KEY), options) ==
               0 &&
           hvb_store_is_made_from(store, run->id, profiles, NULL);
}

static int newest_first(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)b, *(char *const *)a);
}

char *hvb_reproduce_set_find(const char *options, GPtrArray *profiles)
{
    g_autoptr(GDir) listing = g_dir_open(HVB_RESULT_DIR_HOME, 0, NULL);
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    /* Names begin with the same word and go on with the time. */
    while (listing && (name = g_dir_read_name(listing)))
        if (g_str_has_prefix(name, HVB_REPRODUCE_PREFIX))
            g_ptr_array_add(paths,
                            g_build_filename(HVB_RESULT_DIR_HOME, name, NULL));
    g_ptr_array_sort(paths, newest_first);
    for (guint i = 0; i < paths->len; i++)
        if (is_unfinished(paths->pdata[i], options, profiles))
            return g_strdup(paths->pdata[i]);
    return NULL;
}

gboolean hvb_reproduce_set_record(HvbStore *store, GPtrArray *profiles,
                                  const HvbLedger *planned, guint budget_s,
                                  const char *options, const char *left_out,
                                  GError **error)
{
    g_autofree char *budget = g_strdup_printf("%u", budget_s);

    if (!hvb_store_set_provenance(store, HVB_BUDGET_SECONDS_KEY, budget,
                                  error) ||
        !hvb_store_set_provenance(store, HVB_BUDGET_OPTIONS_KEY, options,
                                  error) ||
        !hvb_store_set_provenance(store, HVB_BUDGET_LEFT_OUT_KEY, left_out,
                                  error))
        return FALSE;
    for (guint i = 0; i < planned->n_entries; i++) {
        if (i == HVB_EXPENSE_INTERRUPTED)
            continue;
        g_autofree char *key =
            hvb_ledger_key(HVB_BUDGET_PLAN_PREFIX, i, profiles);
        g_autofree char *text = hvb_spent_format(&planned->entries[i]);
        if (!hvb_store_set_provenance(store, key, text, error))
            return FALSE;
    }
    return TRUE;
}

gboolean hvb_reproduce_set_recall(HvbStore *store, GPtrArray *profiles,
                                  HvbLedger *ledger, GError **error)
{
    g_autoptr(HvbRunRecord) run = hvb_store_load_run(store, error);

    for (guint i = 0; run && i < ledger->n_entries; i++) {
        g_autofree char *key =
            hvb_ledger_key(HVB_BUDGET_USED_PREFIX, i, profiles);
        const char *text = provenance_of(run, key);
        HvbSpent spent;
        if (text && hvb_spent_parse(text, &spent))
            hvb_ledger_add(ledger, i, spent.n, spent.seconds);
    }
    return run != NULL;
}
