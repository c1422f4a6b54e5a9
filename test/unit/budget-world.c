/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/unit/budget-world.h"

#include "test/suites.h"

#include <math.h>

const char *const budget_names[N_NAMES] = {"fig02", "fig03", "fig04", "fig05",
                                           "fig09"};

void budget_clear(World *world)
{
    g_clear_pointer(&world->plan, hvb_planner_free);
    g_clear_pointer(&world->profiles, g_ptr_array_unref);
    g_clear_pointer(&world->wishes, g_array_unref);
    g_clear_pointer(&world->chosen, g_array_unref);
    g_clear_pointer(&world->ledger, hvb_ledger_free);
    g_string_free(world->diary, TRUE);
}

void budget_wish_for(World *world, guint scenario, guint levels, HvbRank rank,
                     guint cells)
{
    const HvbWish wished = {scenario, levels, rank, 0, cells};

    g_array_append_val(world->wishes, wished);
}

void budget_wish(World *world, guint scenario, guint levels, HvbRank rank)
{
    budget_wish_for(world, scenario, levels, rank, 1);
}

static void make_wishes(World *world)
{
    for (guint s = 0; s < N_NAMES; s++)
        budget_wish(world, s, ENDS, HVB_RANK_FIGURE);
    for (guint s = 0; s < N_NAMES; s++)
        budget_wish(world, s, 1u << HVB_LEVEL_MEDIUM, HVB_RANK_MEDIUM);
    for (guint s = 0; s < N_NAMES; s++)
        budget_wish(world, s, 1u << HVB_LEVEL_LOW, HVB_RANK_REST);
}

World budget_world(double budget_s, guint64 seed)
{
    World world = {.budget_s = budget_s, .half_ms = HUGE_VAL, .slowness = 1};
    const HvbOverrides quick = {.quick = TRUE};
    double least_s;

    world.diary = g_string_new(NULL);
    world.profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_profile_free);
    for (guint i = 0; i < N_NAMES; i++) {
        HvbProfile *profile = hvb_profile_load(budget_names[i], NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(profile);
        CU_ASSERT_TRUE_FATAL(hvb_profile_override(profile, &quick, NULL));
        g_ptr_array_add(world.profiles, profile);
    }
    world.wishes = g_array_new(FALSE, FALSE, sizeof(HvbWish));
    make_wishes(&world);
    world.chosen =
        hvb_choice_make(world.profiles, world.wishes, budget_s, &least_s);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world.chosen);
    world.ledger = hvb_ledger_new(N_NAMES);
    world.plan = hvb_budget_plan_new(world.profiles, world.chosen, world.ledger,
                                     budget_s, seed);
    return world;
}

HvbRank budget_rank(const World *world, guint scenario, HvbLevel level)
{
    return g_array_index(world->chosen, HvbChosen, scenario).rank[level];
}

guint budget_cells_of(const World *world, guint scenario, HvbLevel level)
{
    return hvb_budget_plan_count(world->plan, scenario, level);
}

static void boot(World *world, guint bed, const HvbProfile *profile)
{
    double boot_s = hvb_price_boot(world->ledger, profile);
    double calibration_s = hvb_price_calibration(world->ledger, 1);

    if (!profile->native)
        hvb_ledger_add(world->ledger, HVB_EXPENSE_SETUP, 1,
                       hvb_price_setup(world->ledger));
    hvb_ledger_add(world->ledger, HVB_EXPENSE_BOOT, profile->n_guests,
                   boot_s * world->slowness);
    hvb_ledger_add(world->ledger, HVB_EXPENSE_CALIBRATION, 1,
                   calibration_s * world->slowness);
    world->plan->set_up(world->plan, bed, TRUE);
    CU_ASSERT_TRUE(bed >= world->last_bed);
    world->last_bed = bed;
}

void budget_measure(World *world, const HvbPlanCell *cell)
{
    const HvbProfile *profile = world->profiles->pdata[cell->scenario];
    guint n = budget_cells_of(world, cell->scenario, cell->level) + 1;
    const HvbKnown known = {n, 50, n > 1 ? world->half_ms : NAN};

    g_string_append_printf(world->diary, "%s %s %u;", profile->name,
                           hvb_level_name(cell->level), cell->repetition);
    hvb_ledger_add(world->ledger, HVB_LEDGER_SCENARIO(cell->scenario), 1,
                   hvb_plan_cell_ms(profile) / 1000.0 * world->slowness);
    world->plan->finished(world->plan, cell->scenario, cell->level,
                          cell->repetition, &known);
}

guint budget_run(World *world, guint at_most)
{
    HvbPlanCell cell;
    guint n = 0;

    for (guint bed = 0; bed < world->plan->n_beds; bed++) {
        gboolean up = FALSE;
        while (n < at_most && world->plan->next(world->plan, bed, &cell)) {
            if (!up)
                boot(world, bed, world->profiles->pdata[cell.scenario]);
            up = TRUE;
            budget_measure(world, &cell);
            n++;
        }
    }
    return n;
}

double budget_total(const World *world)
{
    return hvb_ledger_total(world->ledger) + hvb_price_report(world->ledger);
}
