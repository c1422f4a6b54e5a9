/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The budget planner in a time of its own: nothing here waits. */
#include "hvbench/run/budget-plan.h"
#include "test/suites.h"

#include <math.h>

/* Five figures on three beds: native, the main one, another stack. */
static const char *const names[] = {"fig02", "fig03", "fig04", "fig05",
                                    "fig09"};
#define N_NAMES G_N_ELEMENTS(names)
#define ENDS (1u << HVB_LEVEL_NONE | 1u << HVB_LEVEL_OVERLOAD)

typedef struct {
    GPtrArray *profiles;
    GArray *wishes;
    GArray *chosen;
    HvbLedger *ledger;
    HvbPlanner *plan;
    double budget_s;
    double half_ms;  /* of every interval */
    double slowness; /* times what is expected */
    GString *diary;  /* "fig02 None 1;" for each cell */
    guint last_bed;
} World;

static void world_clear(World *world)
{
    g_clear_pointer(&world->plan, hvb_planner_free);
    g_clear_pointer(&world->profiles, g_ptr_array_unref);
    g_clear_pointer(&world->wishes, g_array_unref);
    g_clear_pointer(&world->chosen, g_array_unref);
    g_clear_pointer(&world->ledger, hvb_ledger_free);
    g_string_free(world->diary, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(World, world_clear)

static void wish(World *world, guint scenario, guint levels, HvbRank rank)
{
    const HvbWish wished = {scenario, levels, rank, 0};

    g_array_append_val(world->wishes, wished);
}

static void make_wishes(World *world)
{
    for (guint s = 0; s < N_NAMES; s++)
        wish(world, s, ENDS, HVB_RANK_FIGURE);
    for (guint s = 0; s < N_NAMES; s++)
        wish(world, s, 1u << HVB_LEVEL_MEDIUM, HVB_RANK_MEDIUM);
    for (guint s = 0; s < N_NAMES; s++)
        wish(world, s, 1u << HVB_LEVEL_LOW, HVB_RANK_REST);
}

static World world_new(double budget_s, guint64 seed)
{
    World world = {.budget_s = budget_s, .half_ms = HUGE_VAL, .slowness = 1};
    const HvbOverrides quick = {.quick = TRUE};
    double least_s;

    world.diary = g_string_new(NULL);
    world.profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_profile_free);
    for (guint i = 0; i < N_NAMES; i++) {
        HvbProfile *profile = hvb_profile_load(names[i], NULL);
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

static HvbRank rank_of(const World *world, guint scenario, HvbLevel level)
{
    return g_array_index(world->chosen, HvbChosen, scenario).rank[level];
}

static guint count_of(const World *world, guint scenario, HvbLevel level)
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

static void measure(World *world, const HvbPlanCell *cell)
{
    const HvbProfile *profile = world->profiles->pdata[cell->scenario];
    guint n = count_of(world, cell->scenario, cell->level) + 1;
    const HvbKnown known = {n, 50, n > 1 ? world->half_ms : NAN};

    g_string_append_printf(world->diary, "%s %s %u;", profile->name,
                           hvb_level_name(cell->level), cell->repetition);
    hvb_ledger_add(world->ledger, HVB_LEDGER_SCENARIO(cell->scenario), 1,
                   hvb_plan_cell_ms(profile) / 1000.0 * world->slowness);
    world->plan->finished(world->plan, cell->scenario, cell->level,
                          cell->repetition, &known);
}

/* Runs the plan, `at_most` cells of it. Returns how many it were. */
static guint run(World *world, guint at_most)
{
    HvbPlanCell cell;
    guint n = 0;

    for (guint bed = 0; bed < world->plan->n_beds; bed++) {
        gboolean up = FALSE;
        while (n < at_most && world->plan->next(world->plan, bed, &cell)) {
            if (!up)
                boot(world, bed, world->profiles->pdata[cell.scenario]);
            up = TRUE;
            measure(world, &cell);
            n++;
        }
    }
    return n;
}

static double total(const World *world)
{
    return hvb_ledger_total(world->ledger) + hvb_price_report(world->ledger);
}

/* Nothing chosen is left out, nothing is run that was not chosen. */
static void check_round(const World *world)
{
    for (guint s = 0; s < N_NAMES; s++)
        for (HvbLevel level = 0; level < HVB_N_LEVELS; level++)
            CU_ASSERT_EQUAL(count_of(world, s, level) > 0,
                            rank_of(world, s, level) != HVB_RANK_NONE);
}

static void test_plans_of_any_length_are_whole_and_end_in_time(void)
{
    static const double budgets_s[] = {420, 600, 1800, 4500, 28800};

    for (gsize i = 0; i < G_N_ELEMENTS(budgets_s); i++) {
        g_auto(World) world = world_new(budgets_s[i], 1);
        run(&world, G_MAXUINT);
        check_round(&world);
        CU_ASSERT_TRUE(total(&world) <= budgets_s[i]);
        CU_ASSERT_TRUE(total(&world) >= 0.9 * budgets_s[i]);
        for (guint s = 0; s < N_NAMES; s++)
            CU_ASSERT_TRUE(rank_of(&world, s, HVB_LEVEL_OVERLOAD) != 0);
    }
}

static void test_longer_budgets_measure_more_levels_and_more_often(void)
{
    g_auto(World) brief = world_new(420, 1);
    g_auto(World) lengthy = world_new(4500, 1);

    run(&brief, G_MAXUINT);
    run(&lengthy, G_MAXUINT);
    CU_ASSERT_EQUAL(rank_of(&brief, 0, HVB_LEVEL_LOW), HVB_RANK_NONE);
    CU_ASSERT_EQUAL(rank_of(&lengthy, 0, HVB_LEVEL_LOW), HVB_RANK_REST);
    for (guint s = 0; s < N_NAMES; s++)
        CU_ASSERT_TRUE(count_of(&lengthy, s, HVB_LEVEL_NONE) >= 3);
}

static void test_too_short_a_budget_is_refused_with_the_least_that_works(void)
{
    g_auto(World) world = world_new(4500, 1);
    g_autoptr(GArray) chosen = NULL;
    double least_s = 0;

    CU_ASSERT_PTR_NULL(
        hvb_choice_make(world.profiles, world.wishes, 60, &least_s));
    chosen = hvb_choice_make(world.profiles, world.wishes, least_s, &least_s);
    CU_ASSERT_PTR_NOT_NULL_FATAL(chosen);
    g_auto(World) least = world_new(least_s, 1);
    run(&least, G_MAXUINT);
    check_round(&least);
    CU_ASSERT_TRUE(total(&least) <= least_s);
}

static void test_wishes_of_one_group_are_granted_together(void)
{
    g_auto(World) world = world_new(4500, 1);
    double least_s = 0, share_s;

    g_array_set_size(world.wishes, 0);
    wish(&world, 1, ENDS, HVB_RANK_FIGURE);
    g_array_unref(
        hvb_choice_make(world.profiles, world.wishes, 4500, &least_s));
    wish(&world, 3, ENDS, HVB_RANK_CLAIM);
    wish(&world, 4, ENDS, HVB_RANK_CLAIM);
    /* Room for one of them. */
    share_s = (least_s + 50) / 0.75;
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
    g_auto(World) world = world_new(28800, 1);

    world.half_ms = 9.9;
    run(&world, G_MAXUINT);
    for (guint s = 0; s < N_NAMES; s++)
        for (HvbLevel level = 0; level < HVB_N_LEVELS; level++)
            CU_ASSERT_EQUAL(count_of(&world, s, level),
                            rank_of(&world, s, level) != 0 ? 3 : 0);
    CU_ASSERT_TRUE(total(&world) < 5000);
}

/* Two cells are known to be narrow; the others get their time. */
static void test_time_of_narrow_cells_goes_to_the_wide_ones(void)
{
    g_auto(World) wide = world_new(1800, 1);
    g_auto(World) mixed = world_new(1800, 1);
    const HvbKnown narrow = {3, 50, 1};

    for (guint r = 1; r <= 3; r++)
        for (HvbLevel level = 0; level < HVB_N_LEVELS; level++)
            if (rank_of(&mixed, 1, level) != HVB_RANK_NONE)
                mixed.plan->finished(mixed.plan, 1, level, r, &narrow);
    run(&wide, G_MAXUINT);
    run(&mixed, G_MAXUINT);
    CU_ASSERT_EQUAL(count_of(&mixed, 1, HVB_LEVEL_OVERLOAD), 3);
    CU_ASSERT_TRUE(count_of(&mixed, 3, HVB_LEVEL_OVERLOAD) +
                       count_of(&mixed, 4, HVB_LEVEL_OVERLOAD) >
                   count_of(&wide, 3, HVB_LEVEL_OVERLOAD) +
                       count_of(&wide, 4, HVB_LEVEL_OVERLOAD));
}

static void test_the_same_seed_gives_the_same_cells(void)
{
    g_auto(World) a = world_new(1800, 7);
    g_auto(World) b = world_new(1800, 7);
    g_auto(World) c = world_new(1800, 8);

    run(&a, G_MAXUINT);
    run(&b, G_MAXUINT);
    run(&c, G_MAXUINT);
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
        while (g_strcmp0(names[s], words[0]) != 0)
            s++;
        CU_ASSERT_TRUE_FATAL(hvb_level_from_name(words[1], &level));
        guint repetition = (guint)g_ascii_strtoull(words[2], NULL, 10);
        const HvbKnown known = {repetition, 50, HUGE_VAL};
        world->plan->finished(world->plan, s, level, repetition, &known);
    }
}

static void test_resumed_plan_measures_the_rest_in_what_time_is_left(void)
{
    g_auto(World) first = world_new(1800, 7);
    g_auto(World) rest = world_new(1800, 7);

    run(&first, 40);
    CU_ASSERT_EQUAL(first.last_bed, 1);
    remember(&rest, first.diary->str);
    for (guint i = 0; i < rest.ledger->n_entries; i++)
        rest.ledger->entries[i] = first.ledger->entries[i];
    run(&rest, G_MAXUINT);
    check_round(&rest);
    CU_ASSERT_TRUE(total(&rest) <= 1800);
    CU_ASSERT_TRUE(total(&rest) >= 0.9 * 1800);
    /* The native bed is not gone back to, and no cell is run again. */
    CU_ASSERT_PTR_NULL(strstr(rest.diary->str, "fig02"));
    g_auto(GStrv) entries = g_strsplit(rest.diary->str, ";", 0);
    for (char **entry = entries; **entry; entry++) {
        g_autofree char *whole = g_strconcat(*entry, ";", NULL);
        CU_ASSERT_PTR_NULL(strstr(first.diary->str, whole));
    }
}

static void test_slow_machines_end_in_time_too(void)
{
    g_auto(World) world = world_new(1800, 3);

    world.slowness = 1.6;
    run(&world, G_MAXUINT);
    CU_ASSERT_TRUE(total(&world) <= 1.03 * 1800);
    for (guint s = 0; s < N_NAMES; s++)
        CU_ASSERT_TRUE(count_of(&world, s, HVB_LEVEL_OVERLOAD) > 0);
}

/* Other figures wait on later beds: what matters less gives way. */
static void test_short_time_is_kept_for_the_important_cells(void)
{
    g_auto(World) world = world_new(600, 3);

    hvb_ledger_add(world.ledger, HVB_EXPENSE_SETUP, 0, 130); /* mishap */
    run(&world, G_MAXUINT);
    CU_ASSERT_EQUAL(rank_of(&world, 0, HVB_LEVEL_LOW), HVB_RANK_NONE);
    CU_ASSERT_TRUE(rank_of(&world, 0, HVB_LEVEL_MEDIUM) != HVB_RANK_NONE);
    for (guint s = 0; s < N_NAMES; s++) {
        CU_ASSERT_TRUE(count_of(&world, s, HVB_LEVEL_NONE) > 0);
        CU_ASSERT_TRUE(count_of(&world, s, HVB_LEVEL_OVERLOAD) > 0);
    }
    CU_ASSERT_TRUE(total(&world) <= 600);
}

/* What else runs spoils the first cell of each level: nothing of it counts. */
static void test_spoilt_cells_get_a_second_chance_at_once(void)
{
    g_auto(World) world = world_new(600, 3);
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
    CU_ASSERT_EQUAL(rank_of(&world, 0, again.level), HVB_RANK_FIGURE);
    CU_ASSERT_EQUAL(again.repetition, 2);
}

static void test_scenarios_share_the_seed_of_a_level_and_repetition(void)
{
    g_auto(World) world = world_new(1800, 3);
    guint64 seeds[HVB_N_LEVELS] = {0};
    HvbPlanCell cell;

    for (guint bed = 0; bed < world.plan->n_beds; bed++) {
        CU_ASSERT_TRUE_FATAL(world.plan->next(world.plan, bed, &cell));
        while (world.plan->next(world.plan, bed, &cell) &&
               cell.repetition == 1) {
            if (seeds[cell.level] == 0)
                seeds[cell.level] = cell.seed;
            CU_ASSERT_EQUAL(cell.seed, seeds[cell.level]);
            measure(&world, &cell);
        }
    }
    CU_ASSERT_NOT_EQUAL(seeds[HVB_LEVEL_NONE], seeds[HVB_LEVEL_OVERLOAD]);
}

static void test_foreseen_is_what_comes_when_nothing_surprises(void)
{
    g_auto(World) world = world_new(1800, 3);
    g_auto(World) foreseen = world_new(1800, 3);

    run(&world, G_MAXUINT);
    hvb_budget_plan_foresee(foreseen.plan, foreseen.ledger);
    CU_ASSERT_TRUE(hvb_ledger_total(foreseen.ledger) <= 1800);
    for (guint s = 0; s < N_NAMES; s++)
        for (HvbLevel level = 0; level < HVB_N_LEVELS; level++) {
            int a = (int)count_of(&world, s, level);
            int b = (int)count_of(&foreseen, s, level);
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
    g_auto(World) world = world_new(1800, 3);
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
    TEST(slow_machines_end_in_time_too),
    TEST(short_time_is_kept_for_the_important_cells),
    TEST(spoilt_cells_get_a_second_chance_at_once),
    TEST(scenarios_share_the_seed_of_a_level_and_repetition),
    TEST(foreseen_is_what_comes_when_nothing_surprises),
    TEST(spent_time_is_read_as_it_is_written),
    TEST(prices_are_learnt),
    TEST_END,
};
