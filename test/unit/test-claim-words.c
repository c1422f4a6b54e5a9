/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a verdict's sentence says beside its figures. */
#include "test/suites.h"
#include "test/unit/paper-claims.h"
#include "test/unit/paper-run.h"

#include <string.h>

static const HvbEvidence *evidence(const HvbClaim *claim, guint index)
{
    CU_ASSERT_FATAL(claim->evidence->len > index);
    return claim->evidence->pdata[index];
}

static void test_suspect_cells_are_counted(void)
{
    g_autoptr(PaperWorld) world = paper_world();
    g_autoptr(HvbRunRecord) run = paper_run(world);

    paper_cell(run, "fig05", HVB_LEVEL_BUSY, 2)->suspect = TRUE;
    g_autoptr(HvbClaim) one = hvb_case_try(run, find_test("C7"));
    CU_ASSERT(g_str_has_suffix(one->why, "; 1 of 24 cells was suspect."));
    paper_cell(run, "fig03", HVB_LEVEL_OVERLOAD, 3)->suspect = TRUE;
    /* Neither of these counts for it. */
    paper_cell(run, "fig03", HVB_LEVEL_LOW, 1)->suspect = TRUE;
    paper_cell(run, "fig05", HVB_LEVEL_BUSY, 3)->suspect = TRUE;
    paper_cell(run, "fig05", HVB_LEVEL_BUSY, 3)->status = HVB_CELL_DISTURBED;
    g_autoptr(HvbClaim) two = hvb_case_try(run, find_test("C7"));
    CU_ASSERT_EQUAL(two->verdict, HVB_VERDICT_REPRODUCED);
    CU_ASSERT(g_str_has_suffix(two->why, "; 2 of 23 cells were suspect."));
    CU_ASSERT_EQUAL(evidence(two, 0)->cells, 23);
    CU_ASSERT_EQUAL(evidence(two, 0)->suspect, 2);
}

/* C10 takes Medium twice, C9 fig07 three times. */
static void test_no_cell_is_counted_twice(void)
{
    g_autoptr(PaperWorld) world = paper_world();
    g_autoptr(HvbRunRecord) run = paper_run(world);

    paper_cell(run, "fig09", HVB_LEVEL_MEDIUM, 1)->suspect = TRUE;
    paper_cell(run, "fig07", HVB_LEVEL_MEDIUM, 1)->suspect = TRUE;
    g_autoptr(HvbClaim) capped = hvb_case_try(run, find_test("C10"));
    CU_ASSERT(g_str_has_suffix(capped->why, "; 1 of 24 cells was suspect."));
    CU_ASSERT_EQUAL(evidence(capped, 1)->cells, 6);
    g_autoptr(HvbClaim) both = hvb_case_try(run, find_test("C9"));
    CU_ASSERT(g_str_has_suffix(both->why, "; 1 of 48 cells was suspect."));
}

static void test_sentence_says_if_boots_differ(void)
{
    g_autoptr(PaperWorld) world = paper_world();

    paper_scenario(world, "c04-again")->settings = "[stack]\nboot = 2\n";
    g_autoptr(HvbRunRecord) run = paper_run(world);
    g_autoptr(HvbClaim) apart = hvb_case_try(run, find_test("C4"));
    CU_ASSERT_PTR_NOT_NULL(strstr(apart->why, ", on different boots: "));
    CU_ASSERT(evidence(apart, 0)->boots_differ);
    g_autoptr(HvbClaim) together = hvb_case_try(run, find_test("C7"));
    CU_ASSERT_PTR_NULL(strstr(together->why, "boots"));
    CU_ASSERT(!evidence(together, 0)->boots_differ);
}

/* What another boot alone does stands beside what another hypervisor does. */
static void test_difference_between_boots_is_shown(void)
{
    g_autoptr(PaperWorld) world = paper_world();
    PaperScenario *again = paper_scenario(world, "c04-again");

    world->noise = 0;
    again->settings = "[stack]\nboot = 2\n";
    for (guint l = 0; l < HVB_N_LEVELS; l++)
        again->delay_ms[l] =
            1.5 * (paper_scenario(world, "fig03")->delay_ms[l] + 10) - 10;
    g_autoptr(HvbRunRecord) run = paper_run(world);
    g_autoptr(HvbClaim) claim = hvb_case_try(run, find_test("C4"));
    const HvbEvidence *e = evidence(claim, 1);
    CU_ASSERT_STRING_EQUAL(e->scenario_a, "fig03");
    CU_ASSERT_STRING_EQUAL(e->scenario_b, "c04-again");
    CU_ASSERT_STRING_EQUAL(e->what,
                           "mean delay, Medium to Overload, on different "
                           "boots");
    CU_ASSERT_DOUBLE_EQUAL(e->effect, 1.5, 1e-6);
    CU_ASSERT(e->aside);
}

/* Once of a verdict that hangs on it, and not of one that compares with it. */
static void test_sentence_says_what_another_boot_alone_does(void)
{
    static const char remark[] =
        "; another boot alone made the mean delay of fig03 1.50 times (1.50 to "
        "1.50) as long";
    g_autoptr(PaperWorld) world = paper_world();
    PaperScenario *again = paper_scenario(world, "c04-again");

    world->noise = 0;
    again->settings = "[stack]\nboot = 2\n";
    paper_scenario(world, "fig02")->settings = "[stack]\nboot = 3\n";
    for (guint l = 0; l < HVB_N_LEVELS; l++)
        again->delay_ms[l] =
            1.5 * (paper_scenario(world, "fig03")->delay_ms[l] + 10) - 10;
    g_autoptr(HvbRunRecord) run = paper_run(world);
    g_autoptr(HvbClaim) apart = hvb_case_try(run, find_test("C14"));
    g_autoptr(HvbClaim) again_itself = hvb_case_try(run, find_test("C4"));
    g_autoptr(HvbClaim) together = hvb_case_try(run, find_test("C7"));
    CU_ASSERT_PTR_NOT_NULL(strstr(apart->why, remark));
    CU_ASSERT_PTR_NULL(strstr(again_itself->why, "another boot alone"));
    CU_ASSERT_PTR_NULL(strstr(together->why, "another boot alone"));
    again->absent = TRUE;
    g_autoptr(HvbRunRecord) without = paper_run(world);
    g_autoptr(HvbClaim) unknown = hvb_case_try(without, find_test("C14"));
    CU_ASSERT_PTR_NULL(strstr(unknown->why, "another boot alone"));
}

static void add_provenance(HvbRunRecord *run, HvbProvenance *entries, gsize n)
{
    for (gsize i = 0; i < n; i++)
        g_ptr_array_add(run->provenance, &entries[i]);
}

static void test_sentence_tells_of_the_stack(void)
{
    HvbProvenance entries[] = {
        {"stack.choice", ""},        {"stack.accel", "none"},
        {"stack2.choice", "A"},      {"stack2.accel", "tcg"},
        {"stack3.choice", "B: x y"}, {"stack3.accel", "tcg"},
    };
    g_autoptr(PaperWorld) world = paper_world();
    g_autoptr(HvbRunRecord) run = paper_run(world);

    g_autoptr(HvbClaim) unknown = hvb_case_try(run, find_test("C5"));
    CU_ASSERT_PTR_NULL(strstr(unknown->why, "TCG"));
    add_provenance(run, entries, G_N_ELEMENTS(entries));
    g_autoptr(HvbClaim) alike = hvb_case_try(run, find_test("C4"));
    CU_ASSERT_PTR_NOT_NULL(strstr(alike->why, "; hypervisor B: x y"));
    g_autoptr(HvbClaim) cost = hvb_case_try(run, find_test("C5"));
    CU_ASSERT_PTR_NOT_NULL(strstr(cost->why, "; under TCG "));
    entries[3].value = "kvm";
    g_autoptr(HvbClaim) on_kvm = hvb_case_try(run, find_test("C5"));
    CU_ASSERT_PTR_NULL(strstr(on_kvm->why, "TCG"));
}

/* Or whoever reads it takes what failed for all that there is. */
static void test_sentence_says_what_holds_beside_what_decided(void)
{
    g_autoptr(PaperWorld) world = paper_world();

    paper_scenario(world, "fig03")->charged = 1.05;
    g_autoptr(HvbRunRecord) run = paper_run(world);
    g_autoptr(HvbClaim) refuted = hvb_case_try(run, find_test("C16"));
    CU_ASSERT_EQUAL(refuted->verdict, HVB_VERDICT_NOT_REPRODUCED);
    CU_ASSERT(g_str_has_suffix(refuted->why, "; 3 other comparisons hold."));
    g_autoptr(HvbClaim) borne_out = hvb_case_try(run, find_test("C9"));
    CU_ASSERT_PTR_NULL(strstr(borne_out->why, "other comparison"));
}

static void test_missing_levels_of_a_scenario_are_named_once(void)
{
    g_autoptr(PaperWorld) world = paper_world();

    world->levels = HVB_LEVEL_BIT(HVB_LEVEL_NONE);
    g_autoptr(HvbRunRecord) run = paper_run(world);
    g_autoptr(HvbClaim) claim = hvb_case_try(run, find_test("C1"));
    CU_ASSERT_EQUAL(claim->verdict, HVB_VERDICT_INCONCLUSIVE);
    CU_ASSERT_STRING_EQUAL(claim->why,
                           "fig02 was not measured at Low and Medium; 1 other "
                           "comparison holds.");
}

static void test_subject_of_several_clauses_is_named_once(void)
{
    g_autoptr(PaperWorld) world = paper_world();
    g_autoptr(HvbRunRecord) run = paper_run(world);
    g_autoptr(HvbClaim) claim = hvb_case_try(run, find_test("C9"));
    const char *first = strstr(claim->why, "mean delay, Medium to Overload: ");

    CU_ASSERT_PTR_EQUAL(first, claim->why);
    CU_ASSERT_PTR_NULL(strstr(first + 1, "mean delay"));
    CU_ASSERT_PTR_NOT_NULL(strstr(first, " in fig03, "));
    CU_ASSERT_PTR_NOT_NULL(strstr(first, " in fig06, "));
    CU_ASSERT_PTR_NOT_NULL(strstr(first, " in fig05, "));
}

static void test_next_to_nothing_has_no_sign(void)
{
    g_autoptr(PaperWorld) world = paper_world();
    PaperScenario *capped = paper_scenario(world, "c16-vm");

    for (guint l = HVB_LEVEL_BUSY; l < HVB_N_LEVELS; l++)
        capped->host_busy[l] = 49.99;
    g_autoptr(HvbRunRecord) run = paper_run(world);
    g_autoptr(HvbClaim) claim = hvb_case_try(run, find_test("C16"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(claim->why, "50.0 % in c16-vm against 50.0 %, 0.0 points"));
}

static HvbClaim *find_claim(GPtrArray *claims, const char *id)
{
    for (guint i = 0; i < claims->len; i++) {
        HvbClaim *claim = claims->pdata[i];
        if (g_str_equal(claim->id, id))
            return claim;
    }
    return NULL;
}

static void test_claim_is_untested_if_nothing_could_be_compared(void)
{
    g_autoptr(PaperWorld) world = paper_world();
    g_autoptr(HvbRunRecord) whole = paper_run(world);
    g_autoptr(GPtrArray) all = hvb_claims_judge(whole);

    CU_ASSERT_PTR_NULL(hvb_claims_untested(all));
    paper_scenario(world, "fig05")->absent = TRUE;
    paper_scenario(world, "fig11")->absent = TRUE;
    g_autoptr(HvbRunRecord) run = paper_run(world);
    g_autoptr(GPtrArray) claims = hvb_claims_judge(run);
    /* C9, C11, C12 and Q4 have something else to compare. */
    g_autofree char *untested = hvb_claims_untested(claims);
    CU_ASSERT_STRING_EQUAL(untested, "C7, C13");
    CU_ASSERT(find_claim(claims, "C7")->untested);
    CU_ASSERT(!find_claim(claims, "C9")->untested);
}

/* That is a result of the run, and not a matter of what was asked for. */
static void test_claim_without_a_cell_that_counts_is_not_untested(void)
{
    g_autoptr(PaperWorld) world = paper_world();

    world->levels = HVB_LEVEL_BIT(HVB_LEVEL_NONE);
    g_autoptr(HvbRunRecord) run = paper_run(world);
    g_autoptr(GPtrArray) claims = hvb_claims_judge(run);
    CU_ASSERT_PTR_NULL(hvb_claims_untested(claims));
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_claim_words[] = {
    TEST(suspect_cells_are_counted),
    TEST(no_cell_is_counted_twice),
    TEST(sentence_says_if_boots_differ),
    TEST(difference_between_boots_is_shown),
    TEST(sentence_says_what_another_boot_alone_does),
    TEST(sentence_tells_of_the_stack),
    TEST(sentence_says_what_holds_beside_what_decided),
    TEST(missing_levels_of_a_scenario_are_named_once),
    TEST(subject_of_several_clauses_is_named_once),
    TEST(next_to_nothing_has_no_sign),
    TEST(claim_is_untested_if_nothing_could_be_compared),
    TEST(claim_without_a_cell_that_counts_is_not_untested),
    TEST_END,
};
