/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `hvbench reproduce` is to measure, and how its time is said. */
#include "hvbench/cli/agenda.h"
#include "hvbench/cli/duration.h"
#include "hvbench/cli/reproduce-set.h"
#include "hvbench/results/claims.h"
#include "test/suites.h"
#include "test/unit/result-set.h"

#include <string.h>

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
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(HvbAgenda) agenda = make(cases[i][0]);
        g_autofree char *names = names_of(agenda);
        CU_ASSERT_STRING_EQUAL(names, cases[i][1]);
    }
}

static void test_only_refuses_what_it_does_not_know(void)
{
    static const char *const wrong[] = {"",    "8",     "1",  "fig13",
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
        CU_ASSERT_TRUE(profile->levels[HVB_LEVEL_NONE]);
        CU_ASSERT_TRUE(profile->levels[HVB_LEVEL_OVERLOAD]);
        CU_ASSERT_FALSE(profile->levels[HVB_LEVEL_LOW]);
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
    TEST(what_is_left_out_is_told_with_its_claims),
    TEST(what_is_named_is_measured_at_all_levels_in_the_end),
    TEST(durations_are_read),
    TEST(used_time_is_recalled_from_the_result_set),
    TEST_END,
};
