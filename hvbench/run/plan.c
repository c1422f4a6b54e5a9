/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/plan.h"

#include "loadgen/random.h"

/* Draining, resetting and checking the calibration, as measured under TCG. */
#define OVERHEAD_MS 1500
/* Each further guest that is reset and whose calibration is checked. */
#define GUEST_OVERHEAD_MS 1000

typedef struct {
    HvbPlanner base;
    GPtrArray *profiles; /* borrowed */
    GArray *cells;       /* HvbPlanCell */
    GHashTable *done;
} StaticPlan;

/* Beds */

/* The first profile that shares its bed with profile `scenario`. */
static guint first_on_bed(GPtrArray *profiles, guint scenario)
{
    guint i = 0;

    while (!hvb_profile_same_bed(profiles->pdata[i], profiles->pdata[scenario]))
        i++;
    return i;
}

/* Whether the bed whose first profile is `a` comes before that of `b`. */
static gboolean comes_before(GPtrArray *profiles, const guint *sizes, guint a,
                             guint b)
{
    const HvbProfile *first = profiles->pdata[a];
    const HvbProfile *second = profiles->pdata[b];

    if (first->native != second->native)
        return first->native;
    if (sizes[a] != sizes[b])
        return sizes[a] > sizes[b];
    return a < b;
}

guint *hvb_plan_beds(GPtrArray *profiles, guint *ret_n_beds)
{
    g_autofree guint *firsts = g_new0(guint, profiles->len);
    g_autofree guint *sizes = g_new0(guint, profiles->len);
    guint *beds = g_new0(guint, profiles->len);

    *ret_n_beds = 0;
    for (guint i = 0; i < profiles->len; i++) {
        firsts[i] = first_on_bed(profiles, i);
        *ret_n_beds += firsts[i] == i ? 1 : 0;
        sizes[firsts[i]]++;
    }
    for (guint i = 0; i < profiles->len; i++)
        for (guint j = 0; j < profiles->len; j++)
            if (firsts[j] == j && comes_before(profiles, sizes, j, firsts[i]))
                beds[i]++;
    return beds;
}

/* Cells */

guint64 hvb_plan_cell_seed(guint64 seed, HvbLevel level, guint repetition)
{
    Random random;

    random_init(&random, seed ^ ((guint64)repetition << 8) ^ (guint64)level);
    return random_u64(&random);
}

GHashTable *hvb_plan_set_new(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
}

static gint64 set_key(guint scenario, HvbLevel level, guint repetition)
{
    return ((gint64)scenario * HVB_N_LEVELS + (gint64)level) << 32 | repetition;
}

gboolean hvb_plan_set_add(GHashTable *set, guint scenario, HvbLevel level,
                          guint repetition)
{
    gint64 *key = g_new(gint64, 1);

    *key = set_key(scenario, level, repetition);
    return g_hash_table_add(set, key);
}

gboolean hvb_plan_set_has(GHashTable *set, guint scenario, HvbLevel level,
                          guint repetition)
{
    const gint64 key = set_key(scenario, level, repetition);

    return g_hash_table_contains(set, &key);
}

guint hvb_plan_cell_ms(const HvbProfile *profile)
{
    guint active = 0;

    for (guint i = 0; i < profile->n_guests; i++)
        active += profile->guests[i].loaded || profile->guests[i].measured;
    return (guint)(profile->settle_ms + hvb_profile_window_ms(profile)) +
           OVERHEAD_MS + (active > 1 ? active - 1 : 0) * GUEST_OVERHEAD_MS;
}

/* The static plan */

static void add_block(StaticPlan *self, guint bed, guint repetition,
                      guint64 seed)
{
    for (guint s = 0; s < self->profiles->len; s++) {
        const HvbProfile *profile = self->profiles->pdata[s];
        if (self->base.beds[s] != bed || repetition > profile->repetitions)
            continue;
        for (HvbLevel level = 0; level < HVB_N_LEVELS; level++) {
            if (!profile->levels[level])
                continue;
            const HvbPlanCell cell = {
                .bed = bed,
                .scenario = s,
                .level = level,
                .repetition = repetition,
                .seed = hvb_plan_cell_seed(seed, level, repetition),
            };
            g_array_append_val(self->cells, cell);
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

static void make_cells(StaticPlan *self, guint64 seed)
{
    guint repetitions = 0;
    Random random;

    for (guint s = 0; s < self->profiles->len; s++) {
        const HvbProfile *profile = self->profiles->pdata[s];
        repetitions = MAX(repetitions, profile->repetitions);
    }
    random_init(&random, seed);
    for (guint bed = 0; bed < self->base.n_beds; bed++) {
        for (guint r = 1; r <= repetitions; r++) {
            guint from = self->cells->len;
            add_block(self, bed, r, seed);
            shuffle(self->cells, from, &random);
        }
    }
    for (guint i = 0; i < self->cells->len; i++)
        g_array_index(self->cells, HvbPlanCell, i).position = i;
}

static gboolean is_done(const StaticPlan *self, const HvbPlanCell *cell)
{
    return hvb_plan_set_has(self->done, cell->scenario, cell->level,
                            cell->repetition);
}

static gboolean next(HvbPlanner *planner, guint bed, HvbPlanCell *ret_cell)
{
    StaticPlan *self = (StaticPlan *)planner;

    for (guint i = 0; i < self->cells->len; i++) {
        const HvbPlanCell *cell = &g_array_index(self->cells, HvbPlanCell, i);
        if (cell->bed != bed || is_done(self, cell))
            continue;
        *ret_cell = *cell;
        return TRUE;
    }
    return FALSE;
}

static void finished(HvbPlanner *planner, guint scenario, HvbLevel level,
                     guint repetition, const HvbKnown *known)
{
    (void)known;
    hvb_plan_set_add(((StaticPlan *)planner)->done, scenario, level,
                     repetition);
}

static void set_up(HvbPlanner *planner, guint bed, gboolean up)
{
    (void)planner;
    (void)bed;
    (void)up;
}

static void forecast(const HvbPlanner *planner, HvbForecast *ret_forecast)
{
    const StaticPlan *self = (const StaticPlan *)planner;
    guint64 rest_ms = 0;
    guint done = 0;

    for (guint i = 0; i < self->cells->len; i++) {
        const HvbPlanCell *cell = &g_array_index(self->cells, HvbPlanCell, i);
        if (is_done(self, cell))
            done++;
        else
            rest_ms += hvb_plan_cell_ms(self->profiles->pdata[cell->scenario]);
    }
    *ret_forecast =
        (HvbForecast){done, self->cells->len, (guint)(rest_ms / 1000)};
}

static void free_plan(HvbPlanner *planner)
{
    StaticPlan *self = (StaticPlan *)planner;

    g_array_unref(self->cells);
    g_hash_table_unref(self->done);
    g_free(self);
}

HvbPlanner *hvb_plan_new(GPtrArray *profiles, guint64 seed)
{
    StaticPlan *self = g_new0(StaticPlan, 1);

    self->base.beds = hvb_plan_beds(profiles, &self->base.n_beds);
    self->base.next = next;
    self->base.finished = finished;
    self->base.set_up = set_up;
    self->base.forecast = forecast;
    self->base.free = free_plan;
    self->profiles = profiles;
    self->cells = g_array_new(FALSE, TRUE, sizeof(HvbPlanCell));
    self->done = hvb_plan_set_new();
    make_cells(self, seed);
    return &self->base;
}

const GArray *hvb_plan_cells(const HvbPlanner *plan)
{
    return ((const StaticPlan *)plan)->cells;
}

void hvb_planner_free(HvbPlanner *planner)
{
    if (!planner)
        return;
    g_free(planner->beds);
    planner->free(planner);
}
