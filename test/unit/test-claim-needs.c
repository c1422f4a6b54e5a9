/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What claims rest on, and how often they may be wrong. */
#include "test/suites.h"
#include "test/unit/paper-claims.h"
#include "test/unit/paper-run.h"

/* How often of 400 a claim about two scenarios comes out so, whose delays
 * differ by `factor` at every level. */
static guint count(const char *id, const char *a, const char *b, double factor,
                   HvbVerdict verdict)
{
    const HvbClaimTest *test = find_test(id);
    guint n = 0;

    for (guint trial = 0; trial < 400; trial++) {
        g_autoptr(PaperWorld) world = paper_world_empty();
        const char *const names[] = {a, b, "c04-again"};
        world->seed = trial + 1;
        world->repetitions = 2 + trial % 2;
        world->samples = 8;
        world->noise = 0.3;
        for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
            PaperScenario *s = paper_scenario(world, names[i]);
            for (guint l = 0; l < HVB_N_LEVELS; l++)
                s->delay_ms[l] = 1000 * (1 + l);
            s->delay_factor = i == 1 ? factor : 1;
        }
        g_autoptr(HvbRunRecord) run = paper_run(world);
        g_autoptr(HvbClaim) claim = hvb_case_try(run, test);
        n += claim->verdict == verdict ? 1 : 0;
    }
    return n;
}

/* Where the truth is on the limit, a claim may be wrongly confirmed in 2.5 % of
 * all cases: 10 of 400, give or take two standard errors of 3.1. */
#define AT_MOST 16

static void test_false_alarms_are_no_more_frequent_than_they_may_be(void)
{
    const HvbVerdict yes = HVB_VERDICT_REPRODUCED;
    const HvbVerdict no = HVB_VERDICT_NOT_REPRODUCED;

    /* The same against the same. */
    CU_ASSERT(count("C2", "fig02", "fig03", 1, yes) <= AT_MOST);
    CU_ASSERT(count("C3", "fig02", "fig03", 1, yes) <= AT_MOST);
    CU_ASSERT(count("C3", "fig02", "fig03", 1, no) <= AT_MOST);
    CU_ASSERT(count("Q1", "fig03", "uni", 1, yes) <= AT_MOST);
    CU_ASSERT(count("C4", "fig03", "fig04", 1, no) <= AT_MOST);
    CU_ASSERT(count("C17", "fig03", "c17-pinned", 1, no) <= AT_MOST);
    /* At the limit. */
    CU_ASSERT(count("C7", "fig03", "fig05", 0.5, yes) <= AT_MOST);
    CU_ASSERT(count("C7", "fig03", "fig05", 0.5, no) <= AT_MOST);
    CU_ASSERT(count("C14", "fig02", "fig12", 1.5, yes) <= AT_MOST);
    CU_ASSERT(count("C17", "fig03", "c17-pinned", 1.25, yes) <= AT_MOST);
    CU_ASSERT(count("C10", "fig03", "fig09", 1.5, yes) <= AT_MOST);
    /* And it is found out most of the time what is far from it. */
    CU_ASSERT(count("C7", "fig03", "fig05", 0.1, yes) >= 300);
    CU_ASSERT(count("C7", "fig03", "fig05", 2, no) >= 300);
}

static void test_needs_hold_what_the_comparisons_take(void)
{
    for (guint p = 0; p < G_N_ELEMENTS(paper_claims); p++) {
        for (const HvbClaimTest *test = paper_claims[p]; test->id; test++) {
            const HvbClaimComparison *c = test->comparisons;
            for (; c && c->b; c++) {
                guint of_a = c->a ? 0 : ~0u, of_b = 0;
                for (const HvbClaimNeed *need = hvb_claim_needs; need->id;
                     need++) {
                    if (!g_str_equal(need->id, test->id))
                        continue;
                    if (c->a && g_str_equal(need->scenario, c->a))
                        of_a |= need->levels;
                    if (g_str_equal(need->scenario, c->b))
                        of_b |= need->levels;
                }
                CU_ASSERT_EQUAL(c->levels & ~of_b, 0);
                CU_ASSERT_EQUAL((c->levels_a ? c->levels_a : c->levels) & ~of_a,
                                0);
            }
        }
    }
}

/* With nothing but what is said to be needed, every claim is judged. */
static void test_needs_are_enough(void)
{
    g_autoptr(PaperWorld) world = paper_world();
    g_autoptr(HvbRunRecord) run = paper_run(world);

    for (const HvbClaimNeed *need = hvb_claim_needs; need->id; need++) {
        for (guint i = 0; i < run->cells->len; i++) {
            HvbCell *cell = run->cells->pdata[i];
            const HvbProfile *profile = run->profiles->pdata[cell->scenario];
            guint wanted = 0;
            for (const HvbClaimNeed *other = hvb_claim_needs; other->id;
                 other++)
                if (g_str_equal(other->id, need->id) &&
                    g_str_equal(other->scenario, profile->name))
                    wanted |= other->levels;
            cell->status = wanted & HVB_LEVEL_BIT(cell->level)
                               ? HVB_CELL_DONE
                               : HVB_CELL_FAILED;
        }
        g_autoptr(HvbClaim) claim = hvb_case_try(run, find_test(need->id));
        CU_ASSERT_EQUAL(claim->verdict, HVB_VERDICT_REPRODUCED);
    }
}

static void test_needed_scenarios_are_shipped_with_these_levels(void)
{
    for (const HvbClaimNeed *need = hvb_claim_needs; need->id; need++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(HvbProfile) profile =
            hvb_profile_load(need->scenario, &error);

        CU_ASSERT_PTR_NOT_NULL(profile);
        for (guint l = 0; profile && l < HVB_N_LEVELS; l++)
            CU_ASSERT(profile->levels[l] || !(need->levels >> l & 1));
    }
}

static void test_claims_apply_to_the_papers_scenarios_only(void)
{
    g_autoptr(PaperWorld) world = paper_world_empty();

    paper_scenario(world, "mine");
    g_autoptr(HvbRunRecord) none = paper_run(world);
    CU_ASSERT_FALSE(hvb_claims_apply(none));
    paper_scenario(world, "fig10");
    g_autoptr(HvbRunRecord) one = paper_run(world);
    CU_ASSERT_TRUE(hvb_claims_apply(one));
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_claim_needs[] = {
    TEST(false_alarms_are_no_more_frequent_than_they_may_be),
    TEST(needs_hold_what_the_comparisons_take),
    TEST(needs_are_enough),
    TEST(needed_scenarios_are_shipped_with_these_levels),
    TEST(claims_apply_to_the_papers_scenarios_only),
    TEST_END,
};
