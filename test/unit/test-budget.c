/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The budget planner in a time of its own: nothing here waits. */
#include "test/suites.h"
#include "test/unit/budget-world.h"

#include <math.h>
#include <string.h>

/* Nothing chosen is left out, nothing is run that was not chosen. */
static void check_round(const World *world)
{
    for (guint s = 0; s < N_NAMES; s++)
        for (HvbLevel level = 0; level < HVB_N_LEVELS; level++)
            CU_ASSERT_EQUAL(budget_cells_of(world, s, level) > 0,
                            budget_rank(world, s, level) != HVB_RANK_NONE);
}

static void test_plans_of_any_length_are_whole_and_end_in_time(void)
{
    static const double budgets_s[] = {420, 600, 1800, 4500, 28800};

    for (gsize i = 0; i < G_N_ELEMENTS(budgets_s); i++) {
        g_auto(World) world = budget_world(budgets_s[i], 1);
        budget_run(&world, G_MAXUINT);
        check_round(&world);
        CU_ASSERT_TRUE(budget_total(&world) <= budgets_s[i]);
        CU_ASSERT_TRUE(budget_total(&world) >= 0.9 * budgets_s[i]);
        for (guint s = 0; s < N_NAMES; s++)
            CU_ASSERT_TRUE(budget_rank(&world, s, HVB_LEVEL_OVERLOAD) != 0);
    }
}

static void test_longer_budgets_measure_more_levels_and_more_often(void)
{
    g_auto(World) brief = budget_world(420, 1);
    g_auto(World) lengthy = budget_world(4500, 1);

    budget_run(&brief, G_MAXUINT);
    budget_run(&lengthy, G_MAXUINT);
    CU_ASSERT_EQUAL(budget_rank(&brief, 0, HVB_LEVEL_LOW), HVB_RANK_NONE);
    CU_ASSERT_EQUAL(budget_rank(&lengthy, 0, HVB_LEVEL_LOW), HVB_RANK_REST);
    for (guint s = 0; s < N_NAMES; s++)
        CU_ASSERT_TRUE(budget_cells_of(&lengthy, s, HVB_LEVEL_NONE) >= 3);
}

static void test_too_short_a_budget_is_refused_with_the_least_that_works(void)
{
    g_auto(World) world = budget_world(4500, 1);
    g_autoptr(GArray) chosen = NULL;
    double least_s = 0;

    CU_ASSERT_PTR_NULL(
        hvb_choice_make(world.profiles, world.wishes, 60, &least_s));
    chosen = hvb_choice_make(world.profiles, world.wishes, least_s, &least_s);
    CU_ASSERT_PTR_NOT_NULL_FATAL(chosen);
    g_auto(World) least = budget_world(least_s, 1);
    budget_run(&least, G_MAXUINT);
    check_round(&least);
    CU_ASSERT_TRUE(budget_total(&least) <= least_s);
}

static void test_wishes_of_one_group_are_granted_together(void)
{
    g_auto(World) world = budget_world(4500, 1);
    double least_s = 0, share_s;

    g_array_set_size(world.wishes, 0);
    budget_wish(&world, 1, ENDS, HVB_RANK_FIGURE);
    g_array_unref(
        hvb_choice_make(world.profiles, world.wishes, 4500, &least_s));
    budget_wish(&world, 3, ENDS, HVB_RANK_CLAIM);
    budget_wish(&world, 4, ENDS, HVB_RANK_CLAIM);
    /* Room for one of them. */
    share_s = least_s + 50;
    for (guint group = 0; group < 2; group++) {
        for (guint i = 1; i < 3; i++)
            g_array_index(world.wishes, HvbWish, i).group = group;
        g_autoptr(GArray) chosen =
            hvb_choice_make(world.profiles, world.wishes, share_s, &least_s);
        CU_ASSERT_PTR_NOT_NULL_FATAL(chosen);
        CU_ASSERT_EQUAL(
            g_array_index(chosen, HvbChosen, 3).rank[HVB_LEVEL_NONE] != 0,
            group == 0);
        CU_ASSERT_EQUAL(
            g_array_index(chosen, HvbChosen, 4).rank[HVB_LEVEL_NONE], 0);
    }
}

static void test_narrow_intervals_stop_a_cell_after_three(void)
{
    g_auto(World) world = budget_world(28800, 1);

    world.half_ms = 9.9;
    budget_run(&world, G_MAXUINT);
    for (guint s = 0; s < N_NAMES; s++)
        for (HvbLevel level = 0; level < HVB_N_LEVELS; level++)
            CU_ASSERT_EQUAL(budget_cells_of(&world, s, level),
                            budget_rank(&world, s, level) != 0 ? 3 : 0);
    CU_ASSERT_TRUE(budget_total(&world) < 5000);
}

/* Two cells are known to be narrow; the others get their time. */
static void test_time_of_narrow_cells_goes_to_the_wide_ones(void)
{
    g_auto(World) wide = budget_world(1800, 1);
    g_auto(World) mixed = budget_world(1800, 1);
    const HvbKnown narrow = {3, 50, 1};

    for (guint r = 1; r <= 3; r++)
        for (HvbLevel level = 0; level < HVB_N_LEVELS; level++)
            if (budget_rank(&mixed, 1, level) != HVB_RANK_NONE)
                mixed.plan->finished(mixed.plan, 1, level, r, &narrow);
    budget_run(&wide, G_MAXUINT);
    budget_run(&mixed, G_MAXUINT);
    CU_ASSERT_EQUAL(budget_cells_of(&mixed, 1, HVB_LEVEL_OVERLOAD), 3);
    CU_ASSERT_TRUE(budget_cells_of(&mixed, 3, HVB_LEVEL_OVERLOAD) +
                       budget_cells_of(&mixed, 4, HVB_LEVEL_OVERLOAD) >
                   budget_cells_of(&wide, 3, HVB_LEVEL_OVERLOAD) +
                       budget_cells_of(&wide, 4, HVB_LEVEL_OVERLOAD));
}

static void test_the_same_seed_gives_the_same_cells(void)
{
    g_auto(World) a = budget_world(1800, 7);
    g_auto(World) b = budget_world(1800, 7);
    g_auto(World) c = budget_world(1800, 8);

    budget_run(&a, G_MAXUINT);
    budget_run(&b, G_MAXUINT);
    budget_run(&c, G_MAXUINT);
    CU_ASSERT_STRING_EQUAL(a.diary->str, b.diary->str);
    CU_ASSERT_STRING_NOT_EQUAL(a.diary->str, c.diary->str);
}

/* "fig02 None 1": of the first run, told to a planner that knows the ledger. */
static void remember(World *world, const char *diary)
{
    g_auto(GStrv) entries = g_strsplit(diary, ";", 0);

    for (char **entry = entries; **entry; entry++) {
        g_auto(GStrv) words = g_strsplit(*entry, " ", 3);
        HvbLevel level;
        guint s = 0;
        while (g_strcmp0(budget_names[s], words[0]) != 0)
            s++;
        CU_ASSERT_TRUE_FATAL(hvb_level_from_name(words[1], &level));
        guint repetition = (guint)g_ascii_strtoull(words[2], NULL, 10);
        const HvbKnown known = {repetition, 50, HUGE_VAL};
        world->plan->finished(world->plan, s, level, repetition, &known);
    }
}

static void test_resumed_plan_measures_the_rest_in_what_time_is_left(void)
{
    g_auto(World) first = budget_world(1800, 7);
    g_auto(World) rest = budget_world(1800, 7);

    budget_run(&first, 40);
    CU_ASSERT_EQUAL(first.last_bed, 1);
    remember(&rest, first.diary->str);
    for (guint i = 0; i < rest.ledger->n_entries; i++)
        rest.ledger->entries[i] = first.ledger->entries[i];
    budget_run(&rest, G_MAXUINT);
    check_round(&rest);
    CU_ASSERT_TRUE(budget_total(&rest) <= 1800);
    CU_ASSERT_TRUE(budget_total(&rest) >= 0.9 * 1800);
    /* The native bed is not gone back to, and no cell is run again. */
    CU_ASSERT_PTR_NULL(strstr(rest.diary->str, "fig02"));
    g_auto(GStrv) entries = g_strsplit(rest.diary->str, ";", 0);
    for (char **entry = entries; **entry; entry++) {
        g_autofree char *whole = g_strconcat(*entry, ";", NULL);
        CU_ASSERT_PTR_NULL(strstr(first.diary->str, whole));
    }
}

/* Killed after few cells, and when it went on most of the time was lost. */
static void test_resumed_plan_keeps_to_its_levels_when_time_is_short(void)
{
    g_auto(World) world = budget_world(600, 3);
    const HvbKnown one = {1, 50, NAN};
    HvbForecast forecast;

    /* All of the main bed is over, and nothing of the native one. */
    for (guint s = 1; s < N_NAMES; s++)
        for (HvbLevel level = 0; level < HVB_N_LEVELS; level++)
            if (budget_rank(&world, s, level) != HVB_RANK_NONE &&
                world.plan->beds[s] == 1)
                world.plan->finished(world.plan, s, level, 1, &one);
    hvb_ledger_add(world.ledger, HVB_EXPENSE_INTERRUPTED, 0, 590);
    g_auto(World) relaxed = budget_world(600, 3);
    hvb_ledger_add(relaxed.ledger, HVB_EXPENSE_INTERRUPTED, 0, 590);
    CU_ASSERT_EQUAL(budget_run(&relaxed, G_MAXUINT), 0);

    hvb_budget_plan_insist(world.plan);
    world.plan->forecast(world.plan, &forecast);
    guint n = budget_run(&world, G_MAXUINT);
    CU_ASSERT_TRUE(n > 0);
    CU_ASSERT_EQUAL(forecast.all, forecast.done + n);
    CU_ASSERT_TRUE(forecast.rest_s > 10 * n);
    for (guint s = 0; s < N_NAMES; s++)
        for (HvbLevel level = 0; level < HVB_N_LEVELS; level++)
            CU_ASSERT_EQUAL(budget_cells_of(&world, s, level),
                            budget_rank(&world, s, level) != HVB_RANK_NONE);
}

/* Whatever else there is time for comes after what is owed. */
static void test_resumed_plan_begins_with_what_is_owed(void)
{
    g_auto(World) world = budget_world(1800, 3);
    const HvbKnown one = {1, 50, NAN};
    HvbPlanCell cell;

    for (HvbLevel level = 0; level < HVB_LEVEL_OVERLOAD; level++)
        if (budget_rank(&world, 0, level) != HVB_RANK_NONE)
            world.plan->finished(world.plan, 0, level, 1, &one);
    hvb_budget_plan_insist(world.plan);
    CU_ASSERT_TRUE_FATAL(world.plan->next(world.plan, 0, &cell));
    CU_ASSERT_EQUAL(cell.level, HVB_LEVEL_OVERLOAD);
    CU_ASSERT_EQUAL(cell.repetition, 1);
    budget_run(&world, G_MAXUINT);
    CU_ASSERT_TRUE(budget_total(&world) <= 1800);
}

static void test_what_was_interrupted_tells_no_price(void)
{
    g_auto(World) world = budget_world(1800, 3);
    const HvbProfile *profile = world.profiles->pdata[1];
    double boot_s = hvb_price_boot(world.ledger, profile);
    double calibration_s = hvb_price_calibration(world.ledger, 8);
    double cell_s = hvb_price_cell(world.ledger, world.profiles, 1);

    hvb_ledger_add(world.ledger, HVB_EXPENSE_INTERRUPTED, 0, 500);
    CU_ASSERT_EQUAL(hvb_ledger_total(world.ledger), 500);
    CU_ASSERT_EQUAL(hvb_ledger_cells(world.ledger), 0);
    CU_ASSERT_EQUAL(hvb_price_boot(world.ledger, profile), boot_s);
    CU_ASSERT_EQUAL(hvb_price_calibration(world.ledger, 8), calibration_s);
    CU_ASSERT_EQUAL(hvb_price_cell(world.ledger, world.profiles, 1), cell_s);
}

static void test_repetitions_leave_a_reserve_for_reruns(void)
{
    static const double budgets_s[] = {420, 600, 1800, 28800};

    CU_ASSERT_EQUAL(hvb_budget_reserve(60), 10);
    CU_ASSERT_EQUAL(hvb_budget_reserve(1800), 36);
    for (gsize i = 0; i < G_N_ELEMENTS(budgets_s); i++) {
        g_auto(World) world = budget_world(budgets_s[i], 1);
        budget_run(&world, G_MAXUINT);
        CU_ASSERT_TRUE(budget_total(&world) <=
                       budgets_s[i] - hvb_budget_reserve(budgets_s[i]));
    }
}

static void test_slow_machines_end_in_time_too(void)
{
    g_auto(World) world = budget_world(1800, 3);

    world.slowness = 1.6;
    budget_run(&world, G_MAXUINT);
    CU_ASSERT_TRUE(budget_total(&world) <= 1.03 * 1800);
    for (guint s = 0; s < N_NAMES; s++)
        CU_ASSERT_TRUE(budget_cells_of(&world, s, HVB_LEVEL_OVERLOAD) > 0);
}

/* Other figures wait on later beds: what matters less gives way. */
static void test_short_time_is_kept_for_the_important_cells(void)
{
    g_auto(World) world = budget_world(600, 3);
    guint gave_way = 0;

    hvb_ledger_add(world.ledger, HVB_EXPENSE_SETUP, 0, 230); /* mishap */
    budget_run(&world, G_MAXUINT);
    for (guint s = 0; s < N_NAMES; s++) {
        if (budget_rank(&world, s, HVB_LEVEL_LOW) == HVB_RANK_REST &&
            budget_cells_of(&world, s, HVB_LEVEL_LOW) == 0)
            gave_way++;
        CU_ASSERT_TRUE(budget_cells_of(&world, s, HVB_LEVEL_NONE) > 0);
        CU_ASSERT_TRUE(budget_cells_of(&world, s, HVB_LEVEL_OVERLOAD) > 0);
    }
    CU_ASSERT_TRUE(gave_way > 0);
    CU_ASSERT_TRUE(budget_total(&world) <= 600);
}

/* What else runs spoils the first cell of each level: nothing of it counts. */
static void test_spoilt_cells_get_a_second_chance_at_once(void)
{
    g_auto(World) world = budget_world(600, 3);
    const HvbKnown nothing = {0, NAN, NAN};
    HvbPlanCell cell, again;

    CU_ASSERT_TRUE_FATAL(world.plan->next(world.plan, 0, &cell));
    world.plan->set_up(world.plan, 0, TRUE);
    for (guint i = 0; i < 2; i++) {
        CU_ASSERT_TRUE_FATAL(world.plan->next(world.plan, 0, &cell));
        CU_ASSERT_EQUAL(cell.repetition, 1);
        world.plan->finished(world.plan, 0, cell.level, 1, &nothing);
    }
    CU_ASSERT_TRUE_FATAL(world.plan->next(world.plan, 0, &again));
    CU_ASSERT_EQUAL(budget_rank(&world, 0, again.level), HVB_RANK_FIGURE);
    CU_ASSERT_EQUAL(again.repetition, 2);
}

/* Makes the choice and the plan anew, with these wishes. */
static void replan(World *world)
{
    double least_s;

    hvb_planner_free(world->plan);
    g_array_unref(world->chosen);
    world->chosen = hvb_choice_make(world->profiles, world->wishes,
                                    world->budget_s, &least_s);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world->chosen);
    world->plan = hvb_budget_plan_new(world->profiles, world->chosen,
                                      world->ledger, world->budget_s, 1);
}

/* Wishes for the highest level of all, and for two of fig03 twice. */
static World core_world(double budget_s)
{
    World world = budget_world(budget_s, 1);

    g_array_set_size(world.wishes, 0);
    for (guint s = 0; s < N_NAMES; s++)
        budget_wish(&world, s, 1u << HVB_LEVEL_OVERLOAD, HVB_RANK_FIGURE);
    budget_wish_for(&world, 1,
                    1u << HVB_LEVEL_MEDIUM | 1u << HVB_LEVEL_OVERLOAD,
                    HVB_RANK_CORE, 2);
    for (guint s = 0; s < N_NAMES; s++)
        budget_wish(&world, s, 1u << HVB_LEVEL_NONE, HVB_RANK_IDLE);
    replan(&world);
    return world;
}

static void test_core_cells_come_twice_before_others_come_at_all(void)
{
    g_auto(World) world = core_world(420);

    budget_run(&world, G_MAXUINT);
    const char *idle = strstr(world.diary->str, "fig03 None 1;");
    const char *figure = strstr(world.diary->str, "fig09 Overload 1;");
    const char *medium = strstr(world.diary->str, "fig03 Medium 2;");
    const char *overload = strstr(world.diary->str, "fig03 Overload 2;");
    CU_ASSERT_FATAL(idle && figure && medium && overload);
    CU_ASSERT_TRUE(figure < medium && figure < overload);
    CU_ASSERT_TRUE(medium < idle && overload < idle);
    CU_ASSERT_TRUE(budget_total(&world) <= 420);
}

/* Room for one core cell, and not for the three of them. */
static void test_core_is_left_out_rather_than_measured_once(void)
{
    g_auto(World) world = core_world(420);
    double least_s = 0;

    g_array_unref(hvb_choice_make(world.profiles, world.wishes, 420, &least_s));
    world.budget_s = least_s + 30;
    replan(&world);
    CU_ASSERT_EQUAL(budget_rank(&world, 1, HVB_LEVEL_MEDIUM), HVB_RANK_NONE);
    CU_ASSERT_EQUAL(budget_rank(&world, 0, HVB_LEVEL_NONE), HVB_RANK_IDLE);
}

/* Its second cell is spoilt: another takes its place in the first round. */
static void test_spoilt_core_cells_are_measured_again_at_once(void)
{
    g_auto(World) world = core_world(420);
    const HvbKnown one = {1, 50, NAN};
    HvbPlanCell cell;

    for (guint r = 1; r <= 2; r++)
        world.plan->finished(world.plan, 1, HVB_LEVEL_MEDIUM, r, &one);
    budget_run(&world, G_MAXUINT);
    const char *again = strstr(world.diary->str, "fig03 Medium 3;");
    const char *idle = strstr(world.diary->str, "fig03 None 1;");
    CU_ASSERT_FALSE(world.plan->next(world.plan, 0, &cell));
    CU_ASSERT_TRUE(again && idle && again < idle);
}

/* At first each level is measured once; what takes three gets them before any
 * other gets more than it takes. */
static void test_cells_come_as_often_as_claims_take_them_first(void)
{
    const double budget_s = 1000;
    g_auto(World) world = budget_world(budget_s, 1);

    budget_wish_for(&world, 3, 1u << HVB_LEVEL_MEDIUM, HVB_RANK_CLAIM, 3);
    budget_wish_for(&world, 4, 1u << HVB_LEVEL_MEDIUM, HVB_RANK_CLAIM, 2);
    replan(&world);
    budget_run(&world, G_MAXUINT);
    const char *third = strstr(world.diary->str, "fig05 Medium 3;");
    const char *second = strstr(world.diary->str, "fig09 Medium 2;");
    const char *other = strstr(world.diary->str, "fig03 Medium 2;");
    CU_ASSERT_FATAL(third && second);
    CU_ASSERT_TRUE(second < third);
    CU_ASSERT_TRUE(!other || third < other);
    CU_ASSERT_TRUE(budget_total(&world) <= budget_s);
}

static void test_scenarios_share_the_seed_of_a_level_and_repetition(void)
{
    g_auto(World) world = budget_world(1800, 3);
    guint64 seeds[HVB_N_LEVELS] = {0};
    HvbPlanCell cell;

    for (guint bed = 0; bed < world.plan->n_beds; bed++) {
        CU_ASSERT_TRUE_FATAL(world.plan->next(world.plan, bed, &cell));
        while (world.plan->next(world.plan, bed, &cell) &&
               cell.repetition == 1) {
            if (seeds[cell.level] == 0)
                seeds[cell.level] = cell.seed;
            CU_ASSERT_EQUAL(cell.seed, seeds[cell.level]);
            budget_measure(&world, &cell);
        }
    }
    CU_ASSERT_NOT_EQUAL(seeds[HVB_LEVEL_NONE], seeds[HVB_LEVEL_OVERLOAD]);
}

static void test_foreseen_is_what_comes_when_nothing_surprises(void)
{
    g_auto(World) world = budget_world(1800, 3);
    g_auto(World) foreseen = budget_world(1800, 3);

    budget_run(&world, G_MAXUINT);
    hvb_budget_plan_foresee(foreseen.plan, foreseen.ledger);
    CU_ASSERT_TRUE(hvb_ledger_total(foreseen.ledger) <= 1800);
    for (guint s = 0; s < N_NAMES; s++)
        for (HvbLevel level = 0; level < HVB_N_LEVELS; level++) {
            int a = (int)budget_cells_of(&world, s, level);
            int b = (int)budget_cells_of(&foreseen, s, level);
            CU_ASSERT_TRUE(abs(a - b) <= 1);
        }
}

static void test_spent_time_is_read_as_it_is_written(void)
{
    static const char *const wrong[] = {"",
                                        "cells=4",
                                        "cells=-1 seconds=2",
                                        "cells=1 seconds=2 ",
                                        "cells=1 seconds=-2",
                                        "cells=1 seconds=nan"};
    const HvbSpent spent = {4, 66};
    g_autofree char *text = hvb_spent_format(&spent);
    HvbSpent again = {0};

    CU_ASSERT_STRING_EQUAL(text, "cells=4 seconds=66");
    CU_ASSERT_TRUE(hvb_spent_parse(text, &again));
    CU_ASSERT_EQUAL(again.n, 4);
    CU_ASSERT_EQUAL(again.seconds, 66);
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++)
        CU_ASSERT_FALSE(hvb_spent_parse(wrong[i], &again));
    CU_ASSERT_EQUAL(again.n, 4);
}

static void test_prices_are_learnt(void)
{
    g_auto(World) world = budget_world(1800, 3);
    double before_s = hvb_price_cell(world.ledger, world.profiles, 1);

    hvb_ledger_add(world.ledger, HVB_LEDGER_SCENARIO(1), 9, 9 * 3 * before_s);
    double after_s = hvb_price_cell(world.ledger, world.profiles, 1);
    CU_ASSERT_TRUE(after_s > 2.5 * before_s && after_s < 3 * before_s);
    CU_ASSERT_DOUBLE_EQUAL(hvb_price_cell(world.ledger, world.profiles, 3),
                           before_s, 0.01);
    CU_ASSERT_TRUE(hvb_price_setup(world.ledger) > 0);
    hvb_ledger_add(world.ledger, HVB_EXPENSE_SETUP, 1, 3);
    CU_ASSERT_EQUAL(hvb_price_setup(world.ledger), 0);
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_budget[] = {
    TEST(plans_of_any_length_are_whole_and_end_in_time),
    TEST(longer_budgets_measure_more_levels_and_more_often),
    TEST(too_short_a_budget_is_refused_with_the_least_that_works),
    TEST(wishes_of_one_group_are_granted_together),
    TEST(narrow_intervals_stop_a_cell_after_three),
    TEST(time_of_narrow_cells_goes_to_the_wide_ones),
    TEST(the_same_seed_gives_the_same_cells),
    TEST(resumed_plan_measures_the_rest_in_what_time_is_left),
    TEST(resumed_plan_keeps_to_its_levels_when_time_is_short),
    TEST(resumed_plan_begins_with_what_is_owed),
    TEST(what_was_interrupted_tells_no_price),
    TEST(repetitions_leave_a_reserve_for_reruns),
    TEST(slow_machines_end_in_time_too),
    TEST(short_time_is_kept_for_the_important_cells),
    TEST(spoilt_cells_get_a_second_chance_at_once),
    TEST(core_cells_come_twice_before_others_come_at_all),
    TEST(core_is_left_out_rather_than_measured_once),
    TEST(spoilt_core_cells_are_measured_again_at_once),
    TEST(cells_come_as_often_as_claims_take_them_first),
    TEST(scenarios_share_the_seed_of_a_level_and_repetition),
    TEST(foreseen_is_what_comes_when_nothing_surprises),
    TEST(spent_time_is_read_as_it_is_written),
    TEST(prices_are_learnt),
    TEST_END,
};
