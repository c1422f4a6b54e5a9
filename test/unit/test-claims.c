/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/claims-case.h"
#include "test/suites.h"
#include "test/unit/paper-claims.h"
#include "test/unit/paper-run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Claims end here, and open questions begin. */
#define N_CLAIMS 18
#define N_QUESTIONS 4

static HvbClaim *judge(const PaperWorld *world, const char *id)
{
    g_autoptr(HvbRunRecord) run = paper_run(world);

    return hvb_case_try(run, find_test(id));
}

static void expect(const PaperWorld *world, const char *id, HvbVerdict verdict)
{
    g_autoptr(HvbClaim) claim = judge(world, id);

    CU_ASSERT_EQUAL(claim->verdict, verdict);
    if (claim->verdict != verdict)
        fprintf(stderr, "\n  %s is %s, not %s: %s\n", id,
                hvb_verdict_name(claim->verdict), hvb_verdict_name(verdict),
                claim->why);
    CU_ASSERT(claim->evidence->len > 0);
    CU_ASSERT(strlen(claim->why) > 20);
}

static const HvbEvidence *evidence(const HvbClaim *claim, guint index)
{
    CU_ASSERT_FATAL(claim->evidence->len > index);
    return claim->evidence->pdata[index];
}

static void test_claims_come_in_the_papers_order(void)
{
    g_autoptr(PaperWorld) world = paper_world_empty();
    g_autoptr(HvbRunRecord) run = paper_run(world);
    g_autoptr(GPtrArray) claims = hvb_claims_judge(run);

    CU_ASSERT_EQUAL_FATAL(claims->len, N_CLAIMS + N_QUESTIONS);
    for (guint i = 0; i < claims->len; i++) {
        const HvbClaim *claim = claims->pdata[i];
        g_autofree char *id = i < N_CLAIMS
                                  ? g_strdup_printf("C%u", i + 1)
                                  : g_strdup_printf("Q%u", i - N_CLAIMS + 1);
        CU_ASSERT_STRING_EQUAL(claim->id, id);
        CU_ASSERT_EQUAL(claim->verdict, HVB_VERDICT_INCONCLUSIVE);
        CU_ASSERT(claim->evidence->len > 0);
    }
}

static void test_claims_hold_in_the_papers_world(void)
{
    g_autoptr(PaperWorld) world = paper_world();
    g_autoptr(HvbRunRecord) run = paper_run(world);
    g_autoptr(GPtrArray) claims = hvb_claims_judge(run);

    for (guint i = 0; i < claims->len; i++) {
        const HvbClaim *claim = claims->pdata[i];
        CU_ASSERT_EQUAL(claim->verdict, HVB_VERDICT_REPRODUCED);
        if (claim->verdict != HVB_VERDICT_REPRODUCED)
            fprintf(stderr, "\n  %s: %s\n", claim->id, claim->why);
    }
}

/* Each claim, and a change of the world after which it does not hold. */
static const struct {
    const char *id, *scenario;
    glong member; /* a double of the PaperScenario */
    double value;
} refutations[] = {
#define MEMBER(name) G_STRUCT_OFFSET(PaperScenario, name)
    {"C1", "fig02", MEMBER(delay_ms[HVB_LEVEL_LOW]), 200},
    {"C1", "fig02", MEMBER(delay_ms[HVB_LEVEL_NONE]), 90},
    {"C1", "fig02", MEMBER(delay_factor), 0},
    {"C2", "fig03", MEMBER(delay_factor), 0.1},
    {"C3", "fig02", MEMBER(spread), 0.2},
    {"C4", "fig04", MEMBER(delay_factor), 3},
    {"C5", "fig03", MEMBER(charged), 1.3},
    {"C5", "fig03", MEMBER(charged), 1.01},
    {"C6", "fig09", MEMBER(meter_off), 5},
    {"C7", "fig05", MEMBER(delay_factor), 20},
    {"C8", "fig06", MEMBER(delay_factor), 2},
    {"C8", "c08-heavy-managed", MEMBER(delay_factor), 2.5},
    {"C9", "fig07", MEMBER(delay_factor), 40},
    {"C9", "fig06", MEMBER(delay_factor), 0.01},
    {"C9", "fig05", MEMBER(delay_factor), 0.1},
    {"C10", "fig09", MEMBER(delay_factor), 0.2},
    {"C10", "fig09", MEMBER(delay_ms[HVB_LEVEL_MEDIUM]), 130},
    {"C11", "fig10", MEMBER(delay_factor), 0.05},
    {"C11", "fig10", MEMBER(delay_factor), 6},
    {"C12", "c12-dynamic", MEMBER(delay_factor), 2},
    {"C12", "fig11", MEMBER(delay_factor), 2.5},
    {"C13", "fig11", MEMBER(total_factor), 0.4},
    {"C14", "fig12", MEMBER(delay_factor), 4},
    {"C15", "c15-eight", MEMBER(delay_factor), 3},
    {"C15", "c15-two", MEMBER(delay_factor), 0.3},
    {"C16", "c16-vm", MEMBER(emulator), -5},
    {"C16", "fig03", MEMBER(charged), 1.05},
    {"C16", "c16-vm", MEMBER(host_busy[HVB_LEVEL_BUSY]), 70},
    {"C16", "fig09", MEMBER(host_busy[HVB_LEVEL_BUSY]), 40},
    {"C17", "c17-pinned", MEMBER(delay_factor), 2},
    {"C17", "c17-pinned", MEMBER(delay_factor), 0.5},
    {"C18", "c18-limited", MEMBER(delay_factor), 3},
    {"C18", "c18-limited", MEMBER(total_factor), 1.1},
    {"Q1", "uni", MEMBER(delay_factor), 0.3},
    {"Q1", "uni", MEMBER(spread), 0.2},
    {"Q2", "cache-none-cold", MEMBER(delay_factor), 0.25},
    {"Q3", "privileged", MEMBER(delay_factor), 3},
    {"Q4", "fig11", MEMBER(unfair), 0.3},
};

static void test_each_claim_can_be_refuted(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refutations); i++) {
        g_autoptr(PaperWorld) world = paper_world();
        PaperScenario *s = paper_scenario(world, refutations[i].scenario);

        G_STRUCT_MEMBER(double, s, refutations[i].member) =
            refutations[i].value;
        expect(world, refutations[i].id, HVB_VERDICT_NOT_REPRODUCED);
    }
}

static void test_every_claim_can_be_refuted_somehow(void)
{
    for (guint p = 0; p < G_N_ELEMENTS(paper_claims); p++) {
        for (const HvbClaimTest *test = paper_claims[p]; test->id; test++) {
            guint n = 0;
            for (guint i = 0; i < G_N_ELEMENTS(refutations); i++)
                n += g_str_equal(refutations[i].id, test->id) ? 1 : 0;
            CU_ASSERT(n > 0);
        }
    }
}

static void test_scenario_that_was_not_run_leaves_a_claim_open(void)
{
    for (const HvbClaimNeed *need = hvb_claim_needs; need->id; need++) {
        g_autoptr(PaperWorld) world = paper_world();
        g_autofree char *missing =
            g_strdup_printf("%s was not run", need->scenario);

        /* Any other of its comparisons would do. */
        if (g_str_equal(need->id, "Q2"))
            continue;
        paper_scenario(world, need->scenario)->absent = TRUE;
        g_autoptr(HvbClaim) claim = judge(world, need->id);
        CU_ASSERT_EQUAL(claim->verdict, HVB_VERDICT_INCONCLUSIVE);
        CU_ASSERT_PTR_NOT_NULL(strstr(claim->why, missing));
    }
}

static void test_any_difference_answers_the_question_of_the_caches(void)
{
    g_autoptr(PaperWorld) world = paper_world();

    paper_scenario(world, "cache-writeback-warm")->absent = TRUE;
    expect(world, "Q2", HVB_VERDICT_REPRODUCED);
    paper_scenario(world, "cache-none-cold")->absent = TRUE;
    expect(world, "Q2", HVB_VERDICT_INCONCLUSIVE);
}

static void test_level_without_a_cell_that_counts_leaves_a_claim_open(void)
{
    g_autoptr(PaperWorld) world = paper_world();
    g_autoptr(HvbRunRecord) run = paper_run(world);

    for (guint r = 1; r <= world->repetitions; r++)
        paper_cell(run, "fig09", HVB_LEVEL_MEDIUM, r)->status =
            HVB_CELL_DISTURBED;
    g_autoptr(HvbClaim) claim = hvb_case_try(run, find_test("C10"));
    CU_ASSERT_EQUAL(claim->verdict, HVB_VERDICT_INCONCLUSIVE);
    CU_ASSERT_STRING_EQUAL(
        claim->why, "all cells of fig09 at Medium were disturbed or failed; 1 "
                    "other comparison holds.");
    /* The other levels are judged all the same. */
    CU_ASSERT_EQUAL(evidence(claim, 0)->n, 9);
    CU_ASSERT_STRING_EQUAL(evidence(claim, 0)->what,
                           "mean delay, Busy to Overload");
}

static void test_disturbed_cells_sway_no_verdict(void)
{
    g_autoptr(PaperWorld) world = paper_world();
    g_autoptr(HvbRunRecord) run = paper_run(world);
    HvbCell *cell = paper_cell(run, "fig05", HVB_LEVEL_BUSY, 2);

    for (guint i = 0; i < cell->samples->len; i++)
        g_array_index(cell->samples, HvbSample, i).delay_ns *= 10000;
    g_autoptr(HvbClaim) swayed = hvb_case_try(run, find_test("C7"));
    CU_ASSERT_EQUAL(swayed->verdict, HVB_VERDICT_INCONCLUSIVE);
    cell->status = HVB_CELL_DISTURBED;
    g_autoptr(HvbClaim) claim = hvb_case_try(run, find_test("C7"));
    CU_ASSERT_EQUAL(claim->verdict, HVB_VERDICT_REPRODUCED);
    CU_ASSERT_EQUAL(evidence(claim, 0)->n, 11);
}

/* A single level, once: no interval. Several levels: they are the spread. */
static void test_one_repetition_says_little(void)
{
    g_autoptr(PaperWorld) world = paper_world();

    world->repetitions = 1;
    g_autoptr(HvbClaim) medium = judge(world, "C10");
    CU_ASSERT_EQUAL(medium->verdict, HVB_VERDICT_INCONCLUSIVE);
    CU_ASSERT_PTR_NOT_NULL(strstr(medium->why, "no interval"));
    CU_ASSERT_PTR_NOT_NULL(strstr(medium->why, "; needs more repetitions"));
    CU_ASSERT(isnan(evidence(medium, 1)->low));
    CU_ASSERT(!isnan(evidence(medium, 1)->effect));
    CU_ASSERT_EQUAL(evidence(medium, 1)->n, 1);
    expect(world, "C7", HVB_VERDICT_REPRODUCED);
}

static void test_noise_leaves_open_and_says_what_would_help(void)
{
    g_autoptr(PaperWorld) world = paper_world();

    world->repetitions = 3;
    world->noise = 1.0;
    paper_scenario(world, "c17-pinned")->delay_factor = 1.2;
    g_autoptr(HvbClaim) claim = judge(world, "C17");
    CU_ASSERT_EQUAL(claim->verdict, HVB_VERDICT_INCONCLUSIVE);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(claim->why, "open whether within 0.80 to 1.25"));
    CU_ASSERT_PTR_NOT_NULL(strstr(claim->why, "more repetition"));
}

/* At each level (b + 10) / (a + 10) is 0.4. */
static void test_evidence_is_worked_out_by_hand(void)
{
    const double of_a[] = {0, 0, 40, 90, 140, 190};
    const double of_b[] = {0, 0, 10, 30, 50, 70};
    g_autoptr(PaperWorld) world = paper_world_empty();

    world->noise = 0;
    memcpy(paper_scenario(world, "fig03")->delay_ms, of_a, sizeof of_a);
    memcpy(paper_scenario(world, "fig05")->delay_ms, of_b, sizeof of_b);
    g_autoptr(HvbClaim) claim = judge(world, "C7");
    const HvbEvidence *e = evidence(claim, 0);
    CU_ASSERT_STRING_EQUAL(e->scenario_a, "fig03");
    CU_ASSERT_STRING_EQUAL(e->scenario_b, "fig05");
    CU_ASSERT_STRING_EQUAL(e->what, "mean delay, Medium to Overload");
    CU_ASSERT_STRING_EQUAL(e->unit, "ms");
    CU_ASSERT_STRING_EQUAL(e->effect_unit, "times");
    CU_ASSERT_DOUBLE_EQUAL(e->a, 115, 1e-5);
    CU_ASSERT_DOUBLE_EQUAL(e->b, 40, 1e-5);
    CU_ASSERT_DOUBLE_EQUAL(e->effect, 0.4, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(e->low, 0.4, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(e->high, 0.4, 1e-6);
    CU_ASSERT_EQUAL(e->n, 12);
    CU_ASSERT_STRING_EQUAL(
        claim->why, "mean delay, Medium to Overload: 40 ms in fig05 against "
                    "115 ms in fig03, pair by pair 0.40 times (0.40 to 0.40), "
                    "below 0.50.");
}

static void test_overhead_is_given_for_each_level(void)
{
    g_autoptr(PaperWorld) world = paper_world();
    g_autoptr(HvbClaim) claim = judge(world, "C5");

    CU_ASSERT_EQUAL_FATAL(claim->evidence->len, 6);
    for (guint i = 0; i < 6; i++) {
        CU_ASSERT_DOUBLE_EQUAL(evidence(claim, i)->effect, 9, 1e-4);
        CU_ASSERT_STRING_EQUAL(evidence(claim, i)->effect_unit, "%");
        CU_ASSERT_EQUAL(evidence(claim, i)->n, i == 0 ? 15 : 3);
    }
    CU_ASSERT_STRING_EQUAL(evidence(claim, 1)->what,
                           "CPU charged by the host against CPU used in the "
                           "guest, Low");
}

/* A third at one level and three times at another: alike on average. */
static void test_each_level_can_object_where_the_average_is_alike(void)
{
    g_autoptr(PaperWorld) world = paper_world();
    PaperScenario *s = paper_scenario(world, "c17-pinned");

    expect(world, "C17", HVB_VERDICT_REPRODUCED);
    s->delay_ms[HVB_LEVEL_BUSY] = s->delay_ms[HVB_LEVEL_BUSY] / 3 - 20.0 / 3;
    s->delay_ms[HVB_LEVEL_MAXIMUM] = s->delay_ms[HVB_LEVEL_MAXIMUM] * 3 + 20;
    g_autoptr(HvbClaim) claim = judge(world, "C17");
    CU_ASSERT_EQUAL(claim->verdict, HVB_VERDICT_NOT_REPRODUCED);
    CU_ASSERT_EQUAL(evidence(claim, 0)->verdict, HVB_VERDICT_REPRODUCED);
    CU_ASSERT_FALSE(evidence(claim, 0)->aside);
    CU_ASSERT_TRUE(evidence(claim, 1)->aside);
    CU_ASSERT_FALSE(evidence(claim, 2)->aside);
    CU_ASSERT_EQUAL(evidence(claim, 2)->verdict, HVB_VERDICT_NOT_REPRODUCED);
    CU_ASSERT_PTR_NOT_NULL(strstr(claim->why, "Busy"));
    CU_ASSERT_PTR_NOT_NULL(strstr(claim->why, "Maximum"));
}

/* The mean over all levels may be right and each of them wrong. */
static void test_asides_decide_nothing(void)
{
    g_autoptr(PaperWorld) world = paper_world();
    PaperScenario *s = paper_scenario(world, "c12-dynamic");

    s->spread = 2;
    for (guint l = HVB_LEVEL_MEDIUM; l < HVB_N_LEVELS; l++)
        s->host_busy[l] = 80;
    g_autoptr(HvbClaim) claim = judge(world, "C12");
    CU_ASSERT_EQUAL(claim->verdict, HVB_VERDICT_REPRODUCED);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(claim->why, "but not at equal CPU: c12-dynamic received 80.0 % "
                           "and fig09 52.0 %"));
    CU_ASSERT_PTR_NULL(strstr(claim->why, "fig11 received"));
}

/* 40 operations that all went well say less than 120. */
static void test_perfect_share_of_few_operations_is_not_certain(void)
{
    g_autoptr(PaperWorld) world = paper_world();

    world->repetitions = 2;
    world->samples = 20;
    g_autoptr(HvbClaim) few = judge(world, "C1");
    CU_ASSERT_EQUAL(few->verdict, HVB_VERDICT_INCONCLUSIVE);
    /* Of 40, one of 0.025^(1/40) could be late. */
    CU_ASSERT_DOUBLE_EQUAL(evidence(few, 2)->low,
                           100 * pow(0.025, 1.0 / 40) - 95, 1e-6);
    world->samples = 40;
    expect(world, "C1", HVB_VERDICT_REPRODUCED);
}

static void test_knee_that_never_came_proves_nothing_about_where_it_is(void)
{
    g_autoptr(PaperWorld) world = paper_world();

    /* The native system never degrades: its knee may be anywhere above. */
    paper_scenario(world, "fig02")->delay_factor = 0.01;
    paper_scenario(world, "fig02")->total_factor = 0.5;
    g_autoptr(HvbClaim) claim = judge(world, "C13");
    CU_ASSERT_EQUAL(claim->verdict, HVB_VERDICT_INCONCLUSIVE);
    CU_ASSERT_PTR_NOT_NULL(strstr(claim->why, "fig02 did not get there"));
    CU_ASSERT(isnan(evidence(claim, 0)->low));
    /* The other way round the top is enough. */
    g_autoptr(PaperWorld) other = paper_world();
    paper_scenario(other, "fig11")->delay_factor = 0.05;
    expect(other, "C13", HVB_VERDICT_REPRODUCED);
}

static void test_neighbours_are_those_without_the_limit(void)
{
    g_autoptr(PaperWorld) world = paper_world();
    g_autoptr(HvbRunRecord) run = paper_run(world);

    for (guint r = 1; r <= world->repetitions; r++) {
        HvbCell *cell = paper_cell(run, "c18-limited", HVB_LEVEL_OVERLOAD, r);
        for (guint i = 0; i < cell->samples->len; i++)
            if (g_array_index(cell->samples, HvbSample, i).guest == 1)
                g_array_index(cell->samples, HvbSample, i).delay_ns *= 100;
    }
    g_autoptr(HvbClaim) claim = hvb_case_try(run, find_test("C18"));
    CU_ASSERT_EQUAL(claim->verdict, HVB_VERDICT_REPRODUCED);
    CU_ASSERT_DOUBLE_EQUAL(evidence(claim, 0)->b, 250, 15);
}

/* Shares of 1, 0.3, 0.3 and 0.3: 1.9^2 / (4 x 1.27). */
static void test_fairness_is_jains_index(void)
{
    g_autoptr(PaperWorld) world = paper_world();

    paper_scenario(world, "fig11")->unfair = 0.3;
    g_autoptr(HvbClaim) claim = judge(world, "Q4");
    CU_ASSERT_DOUBLE_EQUAL(evidence(claim, 0)->b, 3.61 / 5.08, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(evidence(claim, 1)->b, 1, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(evidence(claim, 2)->b, 1, 1e-6);
}

/* Guest 1 asks for more than a CPU, the others for 36.90 % by three users and
 * 10 % by their probes: so much of it is fair. */
static void test_fair_is_who_gives_by_what_is_asked_for(void)
{
    g_autoptr(PaperWorld) world = paper_world();
    PaperScenario *s = paper_scenario(world, "fig11");

    s->settings = "users = 0;2;4;6;12;12\n"
                  "[guest 2]\nloaded = yes\nusers = 3;3;3;3;3;3\n"
                  "measured = apart\n"
                  "[guest 3]\nloaded = yes\nusers = 3;3;3;3;3;3\n"
                  "measured = apart\n";
    s->unfair = 0.46898;
    g_autoptr(HvbClaim) claim = judge(world, "Q4");
    CU_ASSERT_DOUBLE_EQUAL(evidence(claim, 0)->b, 1, 1e-6);
}

static void test_levels_are_named_in_brief(void)
{
    static const struct {
        guint levels;
        const char *text;
    } cases[] = {
        {HVB_LEVEL_BIT(HVB_LEVEL_LOW), "Low"},
        {HVB_LEVELS_TOP, "Maximum and Overload"},
        {HVB_LEVELS_LOADED, "Medium to Overload"},
        {HVB_LEVEL_BIT(HVB_LEVEL_MEDIUM) | HVB_LEVELS_TOP,
         "Medium, Maximum and Overload"},
        {HVB_LEVELS_ALL, "None to Overload"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = hvb_levels_text(cases[i].levels);
        CU_ASSERT_STRING_EQUAL(text, cases[i].text);
    }
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_claims[] = {
    TEST(claims_come_in_the_papers_order),
    TEST(claims_hold_in_the_papers_world),
    TEST(each_claim_can_be_refuted),
    TEST(every_claim_can_be_refuted_somehow),
    TEST(scenario_that_was_not_run_leaves_a_claim_open),
    TEST(any_difference_answers_the_question_of_the_caches),
    TEST(level_without_a_cell_that_counts_leaves_a_claim_open),
    TEST(disturbed_cells_sway_no_verdict),
    TEST(one_repetition_says_little),
    TEST(noise_leaves_open_and_says_what_would_help),
    TEST(evidence_is_worked_out_by_hand),
    TEST(overhead_is_given_for_each_level),
    TEST(each_level_can_object_where_the_average_is_alike),
    TEST(asides_decide_nothing),
    TEST(perfect_share_of_few_operations_is_not_certain),
    TEST(knee_that_never_came_proves_nothing_about_where_it_is),
    TEST(neighbours_are_those_without_the_limit),
    TEST(fairness_is_jains_index),
    TEST(fair_is_who_gives_by_what_is_asked_for),
    TEST(levels_are_named_in_brief),
    TEST_END,
};
