/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run of the paper's scenarios adds to report and terminal: claims, the
 * account of the CPU, times, guests apart. */
#include "hvbench/cli/claims-lines.h"
#include "hvbench/report/report.h"
#include "test/suites.h"
#include "test/unit/report-set.h"

#include <math.h>
#include <string.h>

/* The paper's set with two claims and a question made up, in the place of what
 * its samples say. */
static ReportSet *set_with_claims(void)
{
    ReportSet *set = report_set_paper();

    g_clear_pointer(&set->findings->claims, g_ptr_array_unref);
    report_set_add_claim(set, "C1", "Fine when light.", HVB_VERDICT_REPRODUCED);
    report_set_add_claim(set, "C10", "A cap " HOSTILE_TEXT,
                         HVB_VERDICT_NOT_REPRODUCED);
    report_set_add_claim(set, "Q1", "One CPU only.", HVB_VERDICT_INCONCLUSIVE);
    return set;
}

static char *page_of(const ReportSet *set)
{
    CU_ASSERT_TRUE_FATAL(hvb_page_write(set->dir, set->findings, NULL));
    return report_set_read(set, "report.html");
}

static gboolean is_before(const char *text, const char *first, const char *then)
{
    const char *at = strstr(text, first);

    return at && strstr(at, then);
}

static void test_page_goes_from_verdicts_to_details(void)
{
    g_autoptr(ReportSet) set = set_with_claims();
    g_autofree char *page = page_of(set);

    CU_ASSERT_TRUE(is_before(page, "id=\"overview\"", "id=\"claims\""));
    CU_ASSERT_TRUE(is_before(page, "id=\"claims\"", "id=\"questions\""));
    CU_ASSERT_TRUE(is_before(page, "id=\"questions\"", "id=\"account\""));
    CU_ASSERT_TRUE(is_before(page, "id=\"account\"", "id=\"times\""));
    CU_ASSERT_TRUE(is_before(page, "id=\"times\"", "id=\"scenarios\""));
    CU_ASSERT_TRUE(is_before(page, "id=\"scenarios\"", "id=\"guests\""));
    CU_ASSERT_TRUE(is_before(page, "id=\"guests\"", "id=\"events\""));
    CU_ASSERT_TRUE(is_before(page, "id=\"events\"", "id=\"provenance\""));
    CU_ASSERT_PTR_NULL(strstr(page, "{{"));
    CU_ASSERT_PTR_NULL(strstr(page, ">nan"));
}

static void test_page_gives_each_claim_its_verdict_and_evidence(void)
{
    g_autoptr(ReportSet) set = set_with_claims();
    g_autofree char *page = page_of(set);
    char *questions = strstr(page, "id=\"questions\"");

    CU_ASSERT_PTR_NOT_NULL_FATAL(questions);
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "2 claims: 1 reproduced, 1 not "
                                        "reproduced, 0 inconclusive"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(page, "<span class=\"verdict yes\">reproduced</span>"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(page, "<span class=\"verdict no\">not reproduced</span>"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(page, "<a href=\"#s-fig09\">fig09</a> 930 ms"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "5.39 times"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "4.10 to 7.25"));
    CU_ASSERT_PTR_NOT_NULL(strstr(questions, "id=\"c-Q1\""));
    CU_ASSERT_PTR_NULL(strstr(questions, "id=\"c-C1\""));
}

static void test_page_shows_the_only_end_of_an_interval(void)
{
    g_autoptr(ReportSet) set = set_with_claims();
    const HvbClaim *claim = set->findings->claims->pdata[0];
    HvbEvidence *evidence = claim->evidence->pdata[0];
    g_autofree char *page = NULL;

    evidence->low = 4321.0;
    evidence->high = NAN;
    page = page_of(set);
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "at least 4321"));
    g_clear_pointer(&page, g_free);
    evidence->low = NAN;
    evidence->high = 4321.0;
    page = page_of(set);
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "at most 4321"));
}

static void test_page_escapes_a_claim(void)
{
    g_autoptr(ReportSet) set = set_with_claims();
    HvbClaim *claim = set->findings->claims->pdata[0];
    HvbEvidence *evidence = claim->evidence->pdata[0];
    g_autofree char *page = NULL;

    g_free(claim->why);
    claim->why = g_strdup("why" HOSTILE_TEXT);
    g_free(evidence->what);
    evidence->what = g_strdup("what" HOSTILE_TEXT);
    g_free(evidence->scenario_a);
    evidence->scenario_a = g_strdup("a" HOSTILE_TEXT);
    page = page_of(set);
    CU_ASSERT_PTR_NULL(strstr(page, "<script"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "why&lt;/td&gt;"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "what&lt;/td&gt;"));
    /* Nor is it a link, since no such scenario was run. */
    CU_ASSERT_PTR_NULL(strstr(page, "#s-a&lt;"));
}

static void test_page_of_other_profiles_has_no_verdicts(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autofree char *page = page_of(set);
    g_autofree char *json = NULL;

    CU_ASSERT_PTR_NULL(set->findings->claims);
    CU_ASSERT_PTR_NULL(strstr(page, "id=\"claims\""));
    CU_ASSERT_PTR_NULL(strstr(page, "href=\"#claims\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "<section id=\"times\" hidden>"));
    CU_ASSERT_TRUE(hvb_summary_write(set->dir, set->findings, NULL));
    json = report_set_read(set, "summary.json");
    CU_ASSERT_PTR_NULL(strstr(json, "\"claims\""));
    CU_ASSERT_PTR_NULL(strstr(json, "\"budget\""));
}

/* The first one, of a scenario without cells, has none. */
static void test_comparison_with_figures_stands_for_the_claim(void)
{
    g_autoptr(ReportSet) set = report_set_paper();
    HvbClaim *claim;
    HvbEvidence *second;

    g_clear_pointer(&set->findings->claims, g_ptr_array_unref);
    report_set_add_claim(set, "C1", "One.", HVB_VERDICT_INCONCLUSIVE);
    report_set_add_claim(set, "C2", "Two.", HVB_VERDICT_INCONCLUSIVE);
    claim = set->findings->claims->pdata[0];
    second = g_ptr_array_steal_index(
        ((HvbClaim *)set->findings->claims->pdata[1])->evidence, 0);
    g_ptr_array_add(claim->evidence, second);
    CU_ASSERT_PTR_EQUAL(hvb_claim_leading(claim), claim->evidence->pdata[0]);
    ((HvbEvidence *)claim->evidence->pdata[0])->n = 0;
    CU_ASSERT_PTR_EQUAL(hvb_claim_leading(claim), second);
    second->n = 0;
    CU_ASSERT_PTR_EQUAL(hvb_claim_leading(claim), claim->evidence->pdata[0]);
}

/* The first claim and the question. */
static ReportSet *set_with_untested_claims(void)
{
    ReportSet *set = set_with_claims();

    ((HvbClaim *)set->findings->claims->pdata[0])->untested = TRUE;
    ((HvbClaim *)set->findings->claims->pdata[2])->untested = TRUE;
    return set;
}

static void test_page_names_untested_claims_without_verdicts(void)
{
    g_autoptr(ReportSet) set = set_with_untested_claims();
    g_autoptr(ReportSet) whole = set_with_claims();
    g_autofree char *page = page_of(set);
    g_autofree char *other = page_of(whole);

    CU_ASSERT_PTR_NOT_NULL(strstr(page, "Not tested, since their scenarios "
                                        "were not run: C1, Q1."));
    CU_ASSERT_PTR_NULL(strstr(page, "id=\"c-C1\""));
    CU_ASSERT_PTR_NULL(strstr(page, "id=\"c-Q1\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "id=\"c-C10\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "1 claim: 0 reproduced, 1 not "));
    CU_ASSERT_PTR_NULL(strstr(other, "Not tested"));
}

static void test_summary_names_untested_claims_without_verdicts(void)
{
    g_autoptr(ReportSet) set = set_with_untested_claims();
    g_autofree char *json = NULL;

    CU_ASSERT_TRUE_FATAL(hvb_summary_write(set->dir, set->findings, NULL));
    json = report_set_read(set, "summary.json");
    CU_ASSERT_PTR_NULL(strstr(json, "\"id\" : \"C1\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(json, "\"id\" : \"C10\""));
    CU_ASSERT_TRUE(is_before(json, "\"untested_claims\" : [", "\"C1\""));
    CU_ASSERT_TRUE(is_before(json, "\"untested_claims\" : [", "\"Q1\""));
}

static void test_page_speaks_of_guests_only_if_there_are_any(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autofree char *page = page_of(set);

    CU_ASSERT_PTR_NOT_NULL(strstr(page, "users of these guests felt"));
    ((HvbProfile *)set->run->profiles->pdata[0])->native = TRUE;
    g_clear_pointer(&page, g_free);
    page = page_of(set);
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "users of these guests felt"));
    ((HvbProfile *)set->run->profiles->pdata[1])->native = TRUE;
    g_clear_pointer(&page, g_free);
    page = page_of(set);
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "users of this machine felt"));
}

static void test_page_opens_the_scenarios_if_they_are_few(void)
{
    g_autoptr(ReportSet) few = report_set_new();
    g_autoptr(ReportSet) many = report_set_paper();
    g_autofree char *open = page_of(few);
    g_autofree char *closed = page_of(many);

    CU_ASSERT_PTR_NOT_NULL(strstr(open, "<details open><summary><h2>"));
    CU_ASSERT_PTR_NULL(strstr(closed, "<details open>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(closed, "id=\"s-fig02\""));
}

static void test_page_accounts_for_the_cpu(void)
{
    g_autoptr(ReportSet) set = report_set_paper();
    g_autofree char *page = page_of(set);
    char *capped = strstr(page, "Figure 9: One loaded guest, 50 % cap</a>"
                                "</th><td>Overload</td>");

    CU_ASSERT_PTR_NOT_NULL_FATAL(capped);
    capped[300] = '\0';
    /* vCPU, emulator, both; the guest's own view; throttled */
    CU_ASSERT_PTR_NOT_NULL(strstr(capped, ">48.5</td><td class=\"n\">1.4</td>"
                                          "<td class=\"n\">49.9</td>"
                                          "<td class=\"n\">100.0</td>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(capped, ">52.0</td>"));
}

static void test_page_tells_time_planned_and_used(void)
{
    g_autoptr(ReportSet) set = report_set_paper();
    g_autofree char *page = NULL;

    report_set_add_provenance(set, "reproduce.left_out", "c15-two Busy");
    page = page_of(set);
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "Budget: 1 h 15 min."));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(page, "fig09</a></th><td class=\"n\">18</td>"
                     "<td class=\"n\">6 min 36 s</td><td class=\"n\">19</td>"
                     "<td class=\"n\">7 min 01 s</td>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "in all</th><td class=\"n\">486</td>"
                                        "<td class=\"n\">3 h 00 min</td>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "</strong> c15-two Busy</p>"));
    CU_ASSERT_PTR_NULL(strstr(page, "reproduce.plan.fig09"));
}

static void test_page_tells_measured_guests_apart(void)
{
    g_autoptr(ReportSet) set = report_set_paper();
    GArray *one = set->findings->guests->pdata[0];
    GArray *four = set->findings->guests->pdata[4];
    const HvbGuestFinding *last;
    g_autofree char *page = page_of(set);

    CU_ASSERT_EQUAL(one->len, 0);
    CU_ASSERT_EQUAL_FATAL(four->len, 4);
    last = &g_array_index(four, HvbGuestFinding, 3);
    CU_ASSERT_EQUAL(last->guest, 4);
    CU_ASSERT_EQUAL(last->p3->levels->len, HVB_N_LEVELS);
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "loaded, measured, limits itself to "
                                        "40 %"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "host services: 3, asking for 20.0 % "
                                        "of a CPU · host manager"));
}

static JsonObject *claim_of(JsonObject *root, guint index)
{
    JsonArray *claims = json_object_get_array_member(root, "claims");

    CU_ASSERT_EQUAL_FATAL(json_array_get_length(claims), 3);
    return json_array_get_object_element(claims, index);
}

static void test_summary_has_claims_account_budget_and_guests(void)
{
    g_autoptr(ReportSet) set = set_with_claims();
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autofree char *json = NULL;
    JsonObject *root, *claim, *evidence, *scenario, *budget, *level;

    CU_ASSERT_TRUE_FATAL(hvb_summary_write(set->dir, set->findings, NULL));
    json = report_set_read(set, "summary.json");
    CU_ASSERT_TRUE_FATAL(json_parser_load_from_data(parser, json, -1, NULL));
    root = json_node_get_object(json_parser_get_root(parser));
    claim = claim_of(root, 1);
    CU_ASSERT_STRING_EQUAL(json_object_get_string_member(claim, "verdict"),
                           "not reproduced");
    evidence = json_array_get_object_element(
        json_object_get_array_member(claim, "evidence"), 0);
    CU_ASSERT_EQUAL(json_object_get_double_member(evidence, "effect"), 5.394);
    CU_ASSERT_STRING_EQUAL(json_object_get_string_member(evidence,
                                                         "scenario_b"),
                           "fig09");
    CU_ASSERT_EQUAL(json_object_get_int_member(evidence, "cells"), 24);
    CU_ASSERT_EQUAL(json_object_get_int_member(evidence, "suspect_cells"), 5);
    CU_ASSERT_TRUE(json_object_get_boolean_member(evidence, "different_boots"));
    scenario = json_array_get_object_element(
        json_object_get_array_member(root, "scenarios"), 4);
    CU_ASSERT_EQUAL(json_array_get_length(
                        json_object_get_array_member(scenario, "guests")),
                    4);
    level = json_array_get_object_element(
        json_object_get_array_member(scenario, "account"), HVB_LEVEL_OVERLOAD);
    CU_ASSERT_EQUAL(json_object_get_int_member(level, "cells"), 3);
    budget = json_object_get_object_member(root, "budget");
    CU_ASSERT_EQUAL(json_object_get_double_member(budget, "seconds"), 4500);
    CU_ASSERT_EQUAL(json_array_get_length(
                        json_object_get_array_member(budget, "spent")),
                    REPORT_SET_SCENARIOS + 1);
}

/* What a function prints to a file. Caller frees. */
static char *printed(void (*print)(FILE *, GPtrArray *), GPtrArray *what)
{
    char *text = NULL;
    size_t n = 0;
    FILE *stream = tmpfile();

    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    print(stream, what);
    n = (size_t)ftell(stream);
    text = g_malloc0(n + 1);
    rewind(stream);
    CU_ASSERT_EQUAL(fread(text, 1, n, stream), n);
    fclose(stream);
    return text;
}

static glong longest_line(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    glong longest = 0;

    for (guint i = 0; lines[i]; i++)
        longest = MAX(longest, g_utf8_strlen(lines[i], -1));
    return longest;
}

static void test_claims_fit_80_columns_without_colour_in_a_file(void)
{
    g_autoptr(ReportSet) set = set_with_claims();
    HvbClaim *claim = set->findings->claims->pdata[0];
    g_autofree char *text = NULL;

    g_free(claim->why);
    claim->why = g_strdup("one two three four five six seven eight nine ten "
                          "eleven twelve\033[31m thirteen fourteen");
    text = printed(hvb_claims_print, set->findings->claims);
    CU_ASSERT_PTR_NULL(strchr(text, '\033'));
    CU_ASSERT_TRUE(longest_line(text) < 80);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "C1   reproduced      Fine"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "C10  not reproduced  A cap"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "all of the interval is beyond"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n2 claims: 1 reproduced, 1 not "));
}

static void test_terminal_names_untested_claims_without_verdicts(void)
{
    g_autoptr(ReportSet) set = set_with_untested_claims();
    g_autofree char *text = printed(hvb_claims_print, set->findings->claims);

    CU_ASSERT_PTR_NULL(strstr(text, "C1   reproduced"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "C10  not reproduced"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "     not tested      since their "
                                        "scenarios were not run: C1, Q1.\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n1 claim: 0 reproduced"));
}

static void test_compact_table_has_a_line_for_each_scenario_in_order(void)
{
    g_autoptr(ReportSet) set = report_set_paper();
    g_autofree char *text = printed(hvb_p3_print_compact, set->findings->p3s);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    CU_ASSERT_EQUAL_FATAL(g_strv_length(lines), REPORT_SET_SCENARIOS + 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(lines[0], "Overload"));
    CU_ASSERT_TRUE(g_str_has_prefix(lines[1], "fig02 "));
    CU_ASSERT_TRUE(g_str_has_prefix(lines[REPORT_SET_FIGURES], "fig12 "));
    CU_ASSERT_TRUE(
        g_str_has_prefix(lines[REPORT_SET_FIGURES + 1], "c04-again "));
    CU_ASSERT_TRUE(longest_line(text) < 80);
}

static void test_compact_table_tells_levels_without_samples(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autofree char *text = printed(hvb_p3_print_compact, set->findings->p3s);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *alpha = g_strchomp(g_strdup(lines[1]));

    CU_ASSERT_PTR_NOT_NULL(strstr(alpha, " 71"));
    CU_ASSERT_TRUE(g_str_has_suffix(alpha, "–") ||
                   g_str_has_suffix(alpha, "-"));
}

#define TEST(name)  \
    {               \
#name, name \
    }

CU_TestInfo tests_findings[] = {
    TEST(test_page_goes_from_verdicts_to_details),
    TEST(test_page_gives_each_claim_its_verdict_and_evidence),
    TEST(test_page_shows_the_only_end_of_an_interval),
    TEST(test_page_escapes_a_claim),
    TEST(test_page_of_other_profiles_has_no_verdicts),
    TEST(test_comparison_with_figures_stands_for_the_claim),
    TEST(test_page_names_untested_claims_without_verdicts),
    TEST(test_summary_names_untested_claims_without_verdicts),
    TEST(test_page_speaks_of_guests_only_if_there_are_any),
    TEST(test_page_opens_the_scenarios_if_they_are_few),
    TEST(test_page_accounts_for_the_cpu),
    TEST(test_page_tells_time_planned_and_used),
    TEST(test_page_tells_measured_guests_apart),
    TEST(test_summary_has_claims_account_budget_and_guests),
    TEST(test_claims_fit_80_columns_without_colour_in_a_file),
    TEST(test_terminal_names_untested_claims_without_verdicts),
    TEST(test_compact_table_has_a_line_for_each_scenario_in_order),
    TEST(test_compact_table_tells_levels_without_samples),
    TEST_END,
};
