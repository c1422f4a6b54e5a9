/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/plan.h"
#include "test/suites.h"

static GPtrArray *load(const char *a, const char *b)
{
    GPtrArray *profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_profile_free);
    const char *names[] = {a, b};

    for (guint i = 0; i < 2; i++) {
        HvbProfile *profile = hvb_profile_load(names[i], NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(profile);
        profile->repetitions = 2;
        g_ptr_array_add(profiles, profile);
    }
    return profiles;
}

static const HvbPlanCell *at(const HvbPlanner *plan, guint i)
{
    return &g_array_index(hvb_plan_cells(plan), HvbPlanCell, i);
}

static guint length(const HvbPlanner *plan)
{
    return hvb_plan_cells(plan)->len;
}

static void test_every_cell_is_planned_exactly_once(void)
{
    g_autoptr(GPtrArray) profiles = load("fig03", "fig09");
    g_autoptr(HvbPlanner) plan = hvb_plan_new(profiles, 1);
    guint seen[2][HVB_N_LEVELS][3] = {0};

    CU_ASSERT_EQUAL_FATAL(length(plan), 2 * HVB_N_LEVELS * 2);
    for (guint i = 0; i < length(plan); i++) {
        const HvbPlanCell *cell = at(plan, i);
        CU_ASSERT_EQUAL(cell->position, i);
        CU_ASSERT_TRUE_FATAL(cell->scenario < 2 && cell->repetition <= 2);
        seen[cell->scenario][cell->level][cell->repetition]++;
    }
    for (guint s = 0; s < 2; s++)
        for (guint l = 0; l < HVB_N_LEVELS; l++)
            CU_ASSERT_TRUE(seen[s][l][1] == 1 && seen[s][l][2] == 1);
}

static void test_the_same_seed_gives_the_same_plan(void)
{
    g_autoptr(GPtrArray) profiles = load("fig03", "fig09");
    g_autoptr(HvbPlanner) a = hvb_plan_new(profiles, 7);
    g_autoptr(HvbPlanner) b = hvb_plan_new(profiles, 7);
    g_autoptr(HvbPlanner) c = hvb_plan_new(profiles, 8);
    guint differences = 0;

    for (guint i = 0; i < length(a); i++) {
        CU_ASSERT_EQUAL(at(a, i)->scenario, at(b, i)->scenario);
        CU_ASSERT_EQUAL(at(a, i)->level, at(b, i)->level);
        CU_ASSERT_EQUAL(at(a, i)->seed, at(b, i)->seed);
        differences += at(a, i)->level != at(c, i)->level;
    }
    CU_ASSERT_TRUE(differences > 0);
}

static void test_a_block_holds_one_repetition_of_all(void)
{
    g_autoptr(GPtrArray) profiles = load("fig03", "fig09");
    g_autoptr(HvbPlanner) plan = hvb_plan_new(profiles, 1);

    for (guint i = 0; i < length(plan); i++)
        CU_ASSERT_EQUAL(at(plan, i)->repetition, i < length(plan) / 2 ? 1 : 2);
}

static void test_the_order_is_not_the_levels_order(void)
{
    g_autoptr(GPtrArray) profiles = load("fig03", "fig09");
    g_autoptr(HvbPlanner) plan = hvb_plan_new(profiles, 3);
    guint descents = 0;

    for (guint i = 1; i < length(plan) / 2; i++)
        descents += at(plan, i)->level < at(plan, i - 1)->level;
    CU_ASSERT_TRUE(descents >= 2);
}

static void test_scenarios_share_the_seed_of_a_level_and_repetition(void)
{
    g_autoptr(GPtrArray) profiles = load("fig03", "fig09");
    g_autoptr(HvbPlanner) plan = hvb_plan_new(profiles, 5);

    for (guint i = 0; i < length(plan); i++) {
        for (guint j = 0; j < i; j++) {
            gboolean alike = at(plan, i)->level == at(plan, j)->level &&
                             at(plan, i)->repetition == at(plan, j)->repetition;
            CU_ASSERT_EQUAL(at(plan, i)->seed == at(plan, j)->seed, alike);
        }
    }
}

static void
test_profiles_that_differ_in_their_guests_get_beds_of_their_own(void)
{
    g_autoptr(GPtrArray) profiles = load("fig03", "smoke");
    g_autoptr(HvbPlanner) plan = hvb_plan_new(profiles, 5);

    for (guint i = 0; i < length(plan); i++)
        CU_ASSERT_EQUAL(at(plan, i)->bed, at(plan, i)->scenario);
    for (guint i = 1; i < length(plan); i++)
        CU_ASSERT_TRUE(at(plan, i)->bed >= at(plan, i - 1)->bed);
}

static void finish(HvbPlanner *plan, const HvbPlanCell *cell)
{
    const HvbKnown known = {0};

    plan->finished(plan, cell->scenario, cell->level, cell->repetition, &known);
}

static void test_cells_come_in_order_and_each_until_it_is_finished(void)
{
    g_autoptr(GPtrArray) profiles = load("fig03", "fig09");
    g_autoptr(HvbPlanner) plan = hvb_plan_new(profiles, 5);
    HvbPlanCell cell;

    for (guint i = 0; i < length(plan); i++) {
        CU_ASSERT_TRUE_FATAL(plan->next(plan, 0, &cell));
        CU_ASSERT_TRUE_FATAL(plan->next(plan, 0, &cell));
        CU_ASSERT_EQUAL(cell.position, i);
        finish(plan, &cell);
    }
    CU_ASSERT_FALSE(plan->next(plan, 0, &cell));
}

static void test_resumed_plan_leaves_out_what_is_known(void)
{
    g_autoptr(GPtrArray) profiles = load("fig03", "fig09");
    g_autoptr(HvbPlanner) plan = hvb_plan_new(profiles, 5);
    HvbForecast forecast;
    HvbPlanCell cell;

    for (guint i = 0; i < length(plan); i++)
        if (i != 3)
            finish(plan, at(plan, i));
    plan->forecast(plan, &forecast);
    CU_ASSERT_EQUAL(forecast.done, length(plan) - 1);
    CU_ASSERT_EQUAL(forecast.all, length(plan));
    CU_ASSERT_EQUAL(forecast.rest_s,
                    hvb_plan_cell_ms(profiles->pdata[0]) / 1000);
    CU_ASSERT_TRUE_FATAL(plan->next(plan, 0, &cell));
    CU_ASSERT_EQUAL(cell.position, 3);
}

static void test_the_native_bed_comes_first_and_small_beds_last(void)
{
    static const char *const names[] = {"smoke", "fig03", "fig02", "fig09"};
    g_autoptr(GPtrArray) profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_profile_free);
    guint n_beds = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        g_ptr_array_add(profiles, hvb_profile_load(names[i], NULL));
    g_autofree guint *beds = hvb_plan_beds(profiles, &n_beds);
    CU_ASSERT_EQUAL(n_beds, 3);
    CU_ASSERT_EQUAL(beds[0], 2);
    CU_ASSERT_EQUAL(beds[1], 1);
    CU_ASSERT_EQUAL(beds[2], 0);
    CU_ASSERT_EQUAL(beds[3], 1);
}

static void test_cells_of_more_guests_are_expected_to_take_longer(void)
{
    g_autoptr(GPtrArray) profiles = load("fig03", "fig11");

    CU_ASSERT_TRUE(hvb_plan_cell_ms(profiles->pdata[1]) >
                   hvb_plan_cell_ms(profiles->pdata[0]));
}

CU_TestInfo tests_plan[] = {
    {"every cell is planned exactly once",
     test_every_cell_is_planned_exactly_once},
    {"the same seed gives the same plan",
     test_the_same_seed_gives_the_same_plan},
    {"a block holds one repetition of all",
     test_a_block_holds_one_repetition_of_all},
    {"the order is not the levels' order",
     test_the_order_is_not_the_levels_order},
    {"scenarios share the seed of a level and repetition",
     test_scenarios_share_the_seed_of_a_level_and_repetition},
    {"profiles that differ in their guests get beds of their own",
     test_profiles_that_differ_in_their_guests_get_beds_of_their_own},
    {"cells come in order, and each until it is finished",
     test_cells_come_in_order_and_each_until_it_is_finished},
    {"a resumed plan leaves out what is known",
     test_resumed_plan_leaves_out_what_is_known},
    {"the native bed comes first and small beds last",
     test_the_native_bed_comes_first_and_small_beds_last},
    {"cells of more guests are expected to take longer",
     test_cells_of_more_guests_are_expected_to_take_longer},
    TEST_END,
};
