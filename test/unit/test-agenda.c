/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `hvbench reproduce` is to measure, and how its time is said. */
#include "hvbench/cli/agenda.h"
#include "hvbench/cli/duration.h"
#include "hvbench/cli/reproduce-set.h"
#include "hvbench/cli/result-dir.h"
#include "hvbench/results/claims.h"
#include "hvbench/run/budget-plan.h"
#include "test/suites.h"
#include "test/unit/result-set.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

static HvbAgenda *make(const char *only)
{
    const HvbOverrides overrides = {.quick = TRUE};
    g_autoptr(GError) error = NULL;
    HvbAgenda *agenda = hvb_agenda_new(only, &overrides, &error);

    if (error)
        printf("    %s\n", error->message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(agenda);
    return agenda;
}

/* Names of the agenda's scenarios, with spaces between. Caller frees. */
static char *names_of(const HvbAgenda *agenda)
{
    GString *names = g_string_new(NULL);

    for (guint i = 0; i < agenda->profiles->len; i++) {
        const HvbProfile *profile = agenda->profiles->pdata[i];
        g_string_append_printf(names, "%s%s", i > 0 ? " " : "", profile->name);
    }
    return g_string_free(names, FALSE);
}

static GArray *choose(const HvbAgenda *agenda, double budget_s)
{
    double least_s;
    GArray *chosen =
        hvb_choice_make(agenda->profiles, agenda->wishes, budget_s, &least_s);

    CU_ASSERT_PTR_NOT_NULL_FATAL(chosen);
    return chosen;
}

static void test_only_takes_figures_scenarios_claims_and_questions(void)
{
    static const char *const cases[][2] = {
        {"3", "fig03"},
        {"fig3, 02", "fig02 fig03"},
        {"c16-vm,fig12", "fig12 c16-vm"},
        {"C7", "fig03 fig05"},
        {"c18", "c18-free c18-limited"},
        {"Q1", "fig03 uni"},
        {"5,C7,fig05", "fig03 fig05"},
        {"FIG03, C16-VM, Fig2", "fig02 fig03 c16-vm"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(HvbAgenda) agenda = make(cases[i][0]);
        g_autofree char *names = names_of(agenda);
        CU_ASSERT_STRING_EQUAL(names, cases[i][1]);
    }
}

static void test_only_refuses_what_it_does_not_know(void)
{
    static const char *const wrong[] = {"",    "8",     "1",  "fig13", "FIG08",
                                        "C99", "smoke", "3,", "fig"};

    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        const HvbOverrides overrides = {0};
        g_autoptr(GError) error = NULL;
        CU_ASSERT_PTR_NULL(hvb_agenda_new(wrong[i], &overrides, &error));
        CU_ASSERT_TRUE(
            g_error_matches(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE));
        CU_ASSERT_TRUE(g_str_has_prefix(error->message, "--only: "));
    }
}

/* A scenario that no agenda has would never be measured. */
static void test_every_claim_is_within_reach(void)
{
    g_autoptr(HvbAgenda) agenda = make(NULL);
    g_autoptr(GArray) chosen = choose(agenda, 8 * 3600);
    g_autoptr(GPtrArray) left_out = hvb_agenda_left_out(agenda, chosen);
    g_autofree char *names = names_of(agenda);
    g_auto(GStrv) words = g_strsplit(names, " ", 0);

    CU_ASSERT_EQUAL(left_out->len, 0);
    for (const HvbClaimNeed *need = hvb_claim_needs; need->id; need++) {
        CU_ASSERT_TRUE(
            g_strv_contains((const char *const *)words, need->scenario));
    }
}

static void test_ten_minutes_have_room_for_every_figure_of_the_paper(void)
{
    g_autoptr(HvbAgenda) agenda = make(NULL);
    g_autoptr(GArray) chosen = choose(agenda, 600);

    hvb_agenda_narrow(agenda, chosen);
    g_autofree char *names = names_of(agenda);
    CU_ASSERT_STRING_EQUAL(names, "fig02 fig03 fig04 fig05 fig06 fig07 fig09 "
                                  "fig10 fig11 fig12");
    CU_ASSERT_EQUAL(chosen->len, agenda->profiles->len);
    for (guint i = 0; i < agenda->profiles->len; i++) {
        const HvbProfile *profile = agenda->profiles->pdata[i];
        CU_ASSERT_TRUE(profile->levels[HVB_LEVEL_OVERLOAD]);
        CU_ASSERT_FALSE(profile->levels[HVB_LEVEL_LOW]);
    }
    const HvbProfile *native = agenda->profiles->pdata[0];
    CU_ASSERT_TRUE(native->levels[HVB_LEVEL_NONE]);
    CU_ASSERT_TRUE(native->levels[HVB_LEVEL_MEDIUM]);
}

/* How often the plan measures each level of the agenda's scenarios if nothing
 * surprises; checks that it ends in time. */
typedef guint Counts[64][HVB_N_LEVELS];

static void foresee(HvbAgenda *agenda, double budget_s, Counts counts)
{
    g_autoptr(GArray) chosen = choose(agenda, budget_s);

    hvb_agenda_narrow(agenda, chosen);
    g_autoptr(HvbLedger) ledger = hvb_ledger_new(agenda->profiles->len);
    g_autoptr(HvbPlanner) plan =
        hvb_budget_plan_new(agenda->profiles, chosen, ledger, budget_s, 1);

    hvb_budget_plan_foresee(plan, ledger);
    CU_ASSERT_TRUE(hvb_ledger_total(ledger) <= budget_s);
    CU_ASSERT_TRUE(hvb_ledger_total(ledger) >= 0.95 * budget_s);
    for (guint s = 0; s < agenda->profiles->len; s++)
        for (guint level = 0; level < HVB_N_LEVELS; level++)
            counts[s][level] = hvb_budget_plan_count(plan, s, (HvbLevel)level);
}

/* How many of these levels of the need are measured less often than it takes,
 * or than `cells`. */
static guint count_short(const HvbAgenda *agenda, Counts counts,
                         const HvbClaimNeed *need, guint levels, guint cells)
{
    guint n = 0, s = 0;

    while (s < agenda->profiles->len &&
           strcmp(((const HvbProfile *)agenda->profiles->pdata[s])->name,
                  need->scenario) != 0)
        s++;
    for (guint level = 0; level < HVB_N_LEVELS; level++)
        if ((levels & 1u << level) &&
            counts[s][level] < MAX(cells, hvb_claim_need_cells(need, level)))
            n++;
    return n;
}

/* All but C14, which takes yet another level of two figures. */
static void test_ten_minutes_repeat_what_decides_large_effects(void)
{
    g_autoptr(HvbAgenda) agenda = make(NULL);
    Counts counts = {0};
    guint n = 0;

    foresee(agenda, 600, counts);
    for (const HvbClaimNeed *need = hvb_claim_needs; need->id; need++) {
        if (need->large == 0 || strcmp(need->id, "C14") == 0)
            continue;
        CU_ASSERT_EQUAL(count_short(agenda, counts, need, need->large, 2), 0);
        n++;
    }
    CU_ASSERT_TRUE(n > 0);
}

static void test_default_time_gives_each_claim_the_cells_it_takes(void)
{
    g_autoptr(HvbAgenda) agenda = make(NULL);
    Counts counts = {0};

    foresee(agenda, 75 * 60, counts);
    for (const HvbClaimNeed *need = hvb_claim_needs; need->id; need++) {
        CU_ASSERT_EQUAL(count_short(agenda, counts, need, need->levels, 2), 0);
    }
}

static void test_a_night_gives_each_cell_three_repetitions(void)
{
    g_autoptr(HvbAgenda) agenda = make(NULL);
    Counts counts = {0};

    foresee(agenda, 8 * 3600, counts);
    for (const HvbClaimNeed *need = hvb_claim_needs; need->id; need++) {
        CU_ASSERT_EQUAL(count_short(agenda, counts, need, need->levels, 3), 0);
    }
}

/* The native figure's first, then one row of each that the main bed has. */
static void test_every_figure_has_a_picture_early(void)
{
    static const guint at_first[] = {3, 8};
    g_autoptr(HvbAgenda) agenda = make(NULL);
    g_autoptr(GArray) chosen = choose(agenda, 600);

    hvb_agenda_narrow(agenda, chosen);
    g_autoptr(HvbLedger) ledger = hvb_ledger_new(agenda->profiles->len);
    g_autoptr(HvbPlanner) plan =
        hvb_budget_plan_new(agenda->profiles, chosen, ledger, 600, 1);
    const HvbKnown one = {1, 50, NAN};
    gboolean seen[64] = {FALSE};
    HvbPlanCell cell;

    for (guint bed = 0; bed < G_N_ELEMENTS(at_first); bed++) {
        for (guint i = 0; i < at_first[bed]; i++) {
            CU_ASSERT_TRUE_FATAL(plan->next(plan, bed, &cell));
            const HvbProfile *profile = agenda->profiles->pdata[cell.scenario];
            CU_ASSERT_EQUAL(profile->native, bed == 0);
            CU_ASSERT_EQUAL(cell.repetition, 1);
            if (bed > 0) {
                CU_ASSERT_EQUAL(cell.level, HVB_LEVEL_OVERLOAD);
                CU_ASSERT_FALSE(seen[cell.scenario]);
            }
            seen[cell.scenario] = TRUE;
            plan->finished(plan, cell.scenario, cell.level, cell.repetition,
                           &one);
        }
    }
}

static void test_what_is_left_out_is_told_with_its_claims(void)
{
    g_autoptr(HvbAgenda) agenda = make(NULL);
    g_autoptr(GArray) chosen = choose(agenda, 600);
    g_autoptr(GPtrArray) lines = hvb_agenda_left_out(agenda, chosen);
    g_ptr_array_add(lines, NULL);

    CU_ASSERT_TRUE(g_strv_contains((const char *const *)lines->pdata,
                                   "c16-vm: all of it (C16)"));
    CU_ASSERT_TRUE(g_strv_contains((const char *const *)lines->pdata,
                                   "fig07: Medium, Busy, Maximum (C9)"));
    CU_ASSERT_TRUE(g_strv_contains((const char *const *)lines->pdata,
                                   "no claim rests on Low of fig04, fig05, "
                                   "fig06, fig07, fig09, fig10, fig12"));
}

/* C9 and C11 rest on figure 5, too, and on what was not asked for. */
static void test_what_is_left_out_names_no_claim_that_lacks_a_scenario(void)
{
    g_autoptr(HvbAgenda) agenda = make("9,C7");
    g_autoptr(GArray) chosen = choose(agenda, 240);
    g_autoptr(GPtrArray) lines = hvb_agenda_left_out(agenda, chosen);
    g_ptr_array_add(lines, NULL);

    CU_ASSERT_TRUE(g_strv_contains((const char *const *)lines->pdata,
                                   "fig05: Medium, Busy, Maximum (C7)"));
}

static void test_what_is_named_is_measured_at_all_levels_in_the_end(void)
{
    g_autoptr(HvbAgenda) agenda = make("fig05");
    g_autoptr(GArray) chosen = choose(agenda, 3600);

    hvb_agenda_narrow(agenda, chosen);
    const HvbProfile *profile = agenda->profiles->pdata[0];
    for (guint level = 0; level < HVB_N_LEVELS; level++)
        CU_ASSERT_TRUE(profile->levels[level]);
}

static void test_durations_are_read(void)
{
    static const struct {
        const char *text;
        guint seconds;
    } right[] = {{"10min", 600},    {"75min", 4500}, {"8h", 28800},
                 {"1h30min", 5400}, {"90s", 90},     {"1h1min1s", 3661}};
    static const char *const wrong[] = {"",
                                        "10",
                                        "min",
                                        "10 min",
                                        "10m",
                                        "1.5h",
                                        "-5min",
                                        "0min",
                                        "30min1h",
                                        "1h1h",
                                        "10minutes",
                                        "721h",
                                        "99999999999999999999h"};
    guint seconds = 7;

    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++)
        CU_ASSERT_FALSE(hvb_duration_parse(wrong[i], &seconds));
    CU_ASSERT_EQUAL(seconds, 7);
    for (gsize i = 0; i < G_N_ELEMENTS(right); i++) {
        CU_ASSERT_TRUE(hvb_duration_parse(right[i].text, &seconds));
        CU_ASSERT_EQUAL(seconds, right[i].seconds);
        g_autofree char *text = hvb_duration_format(seconds);
        guint again = 0;
        CU_ASSERT_TRUE(hvb_duration_parse(text, &again) && again == seconds);
    }
}

static void test_unfinished_set_is_found_by_options_and_profiles(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(HvbLedger) planned = hvb_ledger_new(set->profiles->len);
    g_autoptr(GPtrArray) others = set_make_profiles("gamma", "1");
    g_autoptr(GPtrArray) reseeded = set_make_profiles("beta", "2");
    g_autofree char *before = g_get_current_dir();
    g_autofree char *home = g_dir_make_tmp("hvbench-test-XXXXXX", NULL);
    g_autofree char *results =
        g_build_filename(home, HVB_RESULT_DIR_HOME, NULL);
    g_autofree char *link =
        g_build_filename(results, HVB_REPRODUCE_PREFIX "1", NULL);

    CU_ASSERT(hvb_reproduce_set_record(set->store, set->profiles, planned, 600,
                                       "budget=600", "", NULL));
    CU_ASSERT_EQUAL_FATAL(g_mkdir(results, 0755), 0);
    CU_ASSERT_EQUAL_FATAL(symlink(set->dir, link), 0);
    CU_ASSERT_EQUAL_FATAL(g_chdir(home), 0);
    g_autofree char *found = hvb_reproduce_set_find("budget=600", reseeded);
    CU_ASSERT_STRING_EQUAL(found, "results/" HVB_REPRODUCE_PREFIX "1");
    CU_ASSERT_PTR_NULL(hvb_reproduce_set_find("budget=600", others));
    CU_ASSERT_PTR_NULL(hvb_reproduce_set_find("budget=60", set->profiles));
    CU_ASSERT(hvb_store_end_run(set->store, "done", NULL, NULL));
    CU_ASSERT_PTR_NULL(hvb_reproduce_set_find("budget=600", set->profiles));
    CU_ASSERT_EQUAL(g_chdir(before), 0);
    CU_ASSERT_EQUAL(g_unlink(link), 0);
    CU_ASSERT_EQUAL(g_rmdir(results), 0);
    CU_ASSERT_EQUAL(g_rmdir(home), 0);
}

static void test_interrupted_time_is_used_but_was_never_planned(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(HvbLedger) ledger = hvb_ledger_new(set->profiles->len);

    CU_ASSERT(hvb_reproduce_set_record(set->store, set->profiles, ledger, 600,
                                       "", "", NULL));
    CU_ASSERT_EQUAL(set_sql_number(set, "SELECT count(*) FROM provenance WHERE"
                                        " key GLOB 'reproduce.plan.int*'"),
                    0);
    CU_ASSERT(hvb_store_set_provenance(set->store, "reproduce.used.interrupted",
                                       "cells=0 seconds=21", NULL));
    CU_ASSERT(
        hvb_reproduce_set_recall(set->store, set->profiles, ledger, NULL));
    CU_ASSERT_EQUAL(hvb_ledger_total(ledger), 21);
}

static void test_used_time_is_recalled_from_the_result_set(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(HvbLedger) planned = hvb_ledger_new(set->profiles->len);
    g_autoptr(HvbLedger) used = hvb_ledger_new(set->profiles->len);

    hvb_ledger_add(planned, HVB_LEDGER_SCENARIO(1), 4, 66);
    CU_ASSERT(hvb_reproduce_set_record(set->store, set->profiles, planned, 600,
                                       "budget=600", "", NULL));
    CU_ASSERT(hvb_store_set_provenance(set->store, "reproduce.used.boot",
                                       "cells=8 seconds=41", NULL));
    CU_ASSERT(hvb_store_set_provenance(set->store, "reproduce.used.beta",
                                       "cells=2 seconds=33", NULL));
    CU_ASSERT_FATAL(
        hvb_reproduce_set_recall(set->store, set->profiles, used, NULL));
    CU_ASSERT_EQUAL(used->entries[HVB_EXPENSE_BOOT].n, 8);
    CU_ASSERT_EQUAL(hvb_ledger_cells(used), 33);
    CU_ASSERT_EQUAL(hvb_ledger_total(used), 74);
    g_autofree char *plan = set_sql(set, "SELECT value FROM provenance WHERE "
                                         "key = 'reproduce.plan.beta'");
    CU_ASSERT_STRING_EQUAL(plan, "cells=4 seconds=66");
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_agenda[] = {
    TEST(only_takes_figures_scenarios_claims_and_questions),
    TEST(only_refuses_what_it_does_not_know),
    TEST(every_claim_is_within_reach),
    TEST(ten_minutes_have_room_for_every_figure_of_the_paper),
    TEST(ten_minutes_repeat_what_decides_large_effects),
    TEST(default_time_gives_each_claim_the_cells_it_takes),
    TEST(a_night_gives_each_cell_three_repetitions),
    TEST(every_figure_has_a_picture_early),
    TEST(what_is_left_out_is_told_with_its_claims),
    TEST(what_is_left_out_names_no_claim_that_lacks_a_scenario),
    TEST(what_is_named_is_measured_at_all_levels_in_the_end),
    TEST(durations_are_read),
    TEST(unfinished_set_is_found_by_options_and_profiles),
    TEST(interrupted_time_is_used_but_was_never_planned),
    TEST(used_time_is_recalled_from_the_result_set),
    TEST_END,
};
