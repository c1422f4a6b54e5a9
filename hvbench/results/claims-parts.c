/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/claims-parts.h"

void hvb_claim_parts_list(const HvbClaimComparison *comparison,
                          HvbClaimPart *ret_parts)
{
    const char *names[HVB_CLAIM_PARTS] = {comparison->a, comparison->b,
                                          comparison->others[0],
                                          comparison->others[1]};

    for (guint i = 0; i < HVB_CLAIM_PARTS; i++) {
        guint levels = i == 0 ? comparison->levels_a : comparison->levels;
        ret_parts[i] =
            (HvbClaimPart){names[i], levels ? levels : HVB_LEVELS_ALL};
    }
}

void hvb_claim_part_collect(const HvbRunRecord *run, const HvbClaimPart *part,
                            GHashTable *cells)
{
    g_autoptr(GPtrArray) counted = NULL;
    guint index;

    if (!part->name || !hvb_run_find_scenario(run, part->name, &index))
        return;
    counted = hvb_counted_cells(run, index);
    for (guint i = 0; i < counted->len; i++) {
        HvbCell *cell = counted->pdata[i];
        if (part->levels & HVB_LEVEL_BIT(cell->level))
            g_hash_table_add(cells, cell);
    }
}

guint hvb_claim_count_suspect(GHashTable *cells)
{
    GHashTableIter iter;
    gpointer cell;
    guint n = 0;

    g_hash_table_iter_init(&iter, cells);
    while (g_hash_table_iter_next(&iter, &cell, NULL))
        n += ((const HvbCell *)cell)->suspect ? 1 : 0;
    return n;
}

gboolean hvb_claim_boots_differ(const HvbRunRecord *run,
                                const HvbClaimPart *parts)
{
    const HvbProfile *first = NULL;
    guint index;

    for (guint i = 0; i < HVB_CLAIM_PARTS; i++) {
        if (!parts[i].name ||
            !hvb_run_find_scenario(run, parts[i].name, &index))
            continue;
        const HvbProfile *profile = run->profiles->pdata[index];
        if (first && !hvb_profile_same_bed(first, profile))
            return TRUE;
        first = profile;
    }
    return FALSE;
}
