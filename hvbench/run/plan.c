/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/plan.h"

#include "loadgen/random.h"

/* Draining, resetting and checking the calibration, as measured under TCG. */
#define OVERHEAD_MS 1500

static guint bed_of(GPtrArray *profiles, guint scenario, const guint *beds,
                    guint n_beds)
{
    for (guint i = 0; i < scenario; i++)
        if (hvb_profile_same_bed(profiles->pdata[i], profiles->pdata[scenario]))
            return beds[i];
    return n_beds;
}

static guint64 cell_seed(guint64 seed, HvbLevel level, guint repetition)
{
    Random random;

    random_init(&random, seed ^ ((guint64)repetition << 8) ^ (guint64)level);
    return random_u64(&random);
}

static void add_block(GArray *plan, GPtrArray *profiles, const guint *beds,
                      guint bed, guint repetition, guint64 seed)
{
    for (guint s = 0; s < profiles->len; s++) {
        const HvbProfile *profile = profiles->pdata[s];
        if (beds[s] != bed || repetition > profile->repetitions)
            continue;
        for (HvbLevel level = 0; level < HVB_N_LEVELS; level++) {
            if (!profile->levels[level])
                continue;
            const HvbPlanCell cell = {
                .bed = bed,
                .scenario = s,
                .level = level,
                .repetition = repetition,
                .seed = cell_seed(seed, level, repetition),
            };
            g_array_append_val(plan, cell);
        }
    }
}

/* Fisher and Yates' shuffle of plan[from ...]. */
static void shuffle(GArray *plan, guint from, Random *random)
{
    for (guint i = plan->len; i > from + 1; i--) {
        guint j = from + (guint)random_below(random, i - from);
        HvbPlanCell *a = &g_array_index(plan, HvbPlanCell, i - 1);
        HvbPlanCell *b = &g_array_index(plan, HvbPlanCell, j);
        HvbPlanCell swap = *a;
        *a = *b;
        *b = swap;
    }
}

GArray *hvb_plan_make(GPtrArray *profiles, guint64 seed)
{
    GArray *plan = g_array_new(FALSE, TRUE, sizeof(HvbPlanCell));
    g_autofree guint *beds = g_new0(guint, profiles->len);
    guint n_beds = 0;
    guint repetitions = 0;
    Random random;

    for (guint s = 0; s < profiles->len; s++) {
        const HvbProfile *profile = profiles->pdata[s];
        beds[s] = bed_of(profiles, s, beds, n_beds);
        n_beds = MAX(n_beds, beds[s] + 1);
        repetitions = MAX(repetitions, profile->repetitions);
    }
    random_init(&random, seed);
    for (guint bed = 0; bed < n_beds; bed++) {
        for (guint r = 1; r <= repetitions; r++) {
            guint from = plan->len;
            add_block(plan, profiles, beds, bed, r, seed);
            shuffle(plan, from, &random);
        }
    }
    for (guint i = 0; i < plan->len; i++)
        g_array_index(plan, HvbPlanCell, i).position = i;
    return plan;
}

guint hvb_plan_cell_ms(const HvbProfile *profile)
{
    return (guint)(profile->settle_ms + hvb_profile_window_ms(profile)) +
           OVERHEAD_MS;
}
