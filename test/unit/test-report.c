/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/report/report.h"
#include "hvbench/report/template.h"
#include "hvbench/report/text.h"
#include "test/suites.h"
#include "test/unit/report-set.h"

#include <math.h>
#include <string.h>

static JsonObject *level_of(JsonParser *parser, guint scenario, guint level)
{
    JsonArray *scenarios =
        json_object_get_array_member(report_set_root(parser), "scenarios");
    JsonObject *s = json_array_get_object_element(scenarios, scenario);

    return json_array_get_object_element(json_object_get_array_member(s,
                                                                      "levels"),
                                         level);
}

static void test_summary_has_the_headline_and_the_other_operations(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autoptr(JsonParser) parser = report_set_summary(set);
    JsonArray *scenarios =
        json_object_get_array_member(report_set_root(parser), "scenarios");
    JsonObject *alpha = json_array_get_object_element(scenarios, 0);
    JsonObject *none = level_of(parser, 0, 0);
    JsonObject *operations = json_object_get_object_member(none, "operations");
    JsonObject *key = json_object_get_object_member(operations, "key");

    CU_ASSERT_EQUAL(json_array_get_length(scenarios), 2);
    CU_ASSERT_STRING_EQUAL(json_object_get_string_member(alpha, "name"),
                           "alpha");
    CU_ASSERT_STRING_EQUAL(json_object_get_string_member(alpha, "figure"), "9");
    CU_ASSERT_STRING_EQUAL(json_object_get_string_member(alpha, "headline"),
                           "open");
    CU_ASSERT_STRING_EQUAL(json_object_get_string_member(none, "level"),
                           "None");
    CU_ASSERT_EQUAL(json_object_get_int_member(none, "samples"), 10);
    CU_ASSERT_EQUAL(json_object_get_double_member(none, "p50_ms"), 12.5);
    CU_ASSERT_EQUAL(json_object_get_double_member(none, "within_50ms"), 0.6);
    CU_ASSERT_EQUAL(json_object_get_double_member(none, "guest_busy_percent"),
                    97.25);
    CU_ASSERT_EQUAL(json_object_get_double_member(key, "mean_ms"), 7);
    CU_ASSERT_TRUE(json_object_has_member(operations, "launch"));
    CU_ASSERT_FALSE(json_object_has_member(operations, "open"));
}

static void test_summary_tells_run_stack_and_provenance_apart(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autoptr(JsonParser) parser = report_set_summary(set);
    JsonObject *root = report_set_root(parser);
    JsonObject *stack = json_object_get_object_member(root, "stack");
    JsonObject *provenance = json_object_get_object_member(root, "provenance");

    CU_ASSERT_STRING_EQUAL(json_object_get_string_member(root, "hvbench"),
                           "1.2.3");
    CU_ASSERT_STRING_EQUAL(json_object_get_string_member(root, "status"),
                           "done");
    CU_ASSERT_STRING_EQUAL(json_object_get_string_member(stack, "accel"),
                           "tcg");
    CU_ASSERT_FALSE(json_object_has_member(provenance, "stack.accel"));
    CU_ASSERT_STRING_EQUAL(json_object_get_string_member(provenance,
                                                         "host.cpu"),
                           "Some CPU");
}

static void test_summary_has_null_where_there_is_no_sample(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autoptr(JsonParser) parser = report_set_summary(set);
    JsonObject *overload = level_of(parser, 0, 1);

    CU_ASSERT_EQUAL(json_object_get_int_member(overload, "samples"), 0);
    CU_ASSERT_TRUE(json_object_get_null_member(overload, "mean_ms"));
    CU_ASSERT_TRUE(json_object_get_null_member(overload, "within_50ms"));
    CU_ASSERT_TRUE(json_object_get_null_member(overload, "host_busy_percent"));
    CU_ASSERT_EQUAL(json_object_get_int_member(overload, "disturbed"), 1);
}

static void test_summary_histogram_sums_to_the_samples(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autoptr(JsonParser) parser = report_set_summary(set);
    JsonObject *none = level_of(parser, 1, 0);
    JsonArray *histogram = json_object_get_array_member(none, "histogram");
    JsonArray *edges = json_object_get_array_member(report_set_root(parser),
                                                    "histogram_edges_ms");
    gint64 sum = 0;

    CU_ASSERT_EQUAL_FATAL(json_array_get_length(histogram), HVB_P3_BINS);
    for (guint b = 0; b < HVB_P3_BINS; b++)
        sum += json_array_get_int_element(histogram, b);
    CU_ASSERT_EQUAL(sum, json_object_get_int_member(none, "samples"));
    CU_ASSERT_EQUAL(json_array_get_int_element(histogram, 4), 3);
    CU_ASSERT_EQUAL_FATAL(json_array_get_length(edges), HVB_P3_BINS - 1);
    CU_ASSERT_EQUAL(json_array_get_int_element(edges, 0), 50);
    CU_ASSERT_EQUAL(json_array_get_int_element(edges, HVB_P3_BINS - 2), 2000);
}

static void test_summary_numbers_have_three_decimals_at_most(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    HvbP3 *p3 = report_set_p3(set, 0);
    g_autofree char *json = NULL;

    /* What looks like a number in a text stays as it is. */
    g_free(p3->title);
    p3->title = g_strdup("0.123456 \"-1e9\\");
    g_object_unref(report_set_summary(set));
    json = report_set_read(set, "summary.json");
    CU_ASSERT_PTR_NOT_NULL(strstr(json, "\"mean_ms\" : 71.235,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(json, "\"p99_ms\" : 2400.0,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(json, "0.123456 \\\"-1e9\\\\"));
}

static char *page_of(const ReportSet *set)
{
    CU_ASSERT_TRUE_FATAL(hvb_page_write(set->dir, set->findings, NULL));
    return report_set_read(set, "report.html");
}

static void test_page_has_every_scenario_and_level(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autofree char *page = page_of(set);

    CU_ASSERT_PTR_NOT_NULL(strstr(page, "<h2>Figure 9: A title</h2>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "id=\"s-alpha\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "id=\"s-beta\""));
    for (guint level = 0; level < HVB_N_LEVELS; level++) {
        g_autofree char *cell =
            g_strdup_printf("class=\"n\">%s</th>",
                            hvb_level_name((HvbLevel)level));
        CU_ASSERT_PTR_NOT_NULL(strstr(page, cell));
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "no sample"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "97.2 %"));
    CU_ASSERT_PTR_NULL(strstr(page, ">nan"));
    CU_ASSERT_PTR_NULL(strstr(page, "{{"));
}

static void test_page_escapes_hostile_text(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    HvbGuestRecord *guest = &g_array_index(set->run->guests, HvbGuestRecord, 0);
    HvbCell *cell = report_set_cell(set, 0);
    HvbEventRecord event = {
        .guest = 1,
        .kind = g_strdup("note" HOSTILE_TEXT),
        .text = g_strdup("event" HOSTILE_TEXT),
    };
    g_autofree char *page = NULL;

    g_strlcpy(guest->hello.kernel, "kernel" HOSTILE_TEXT,
              sizeof guest->hello.kernel);
    g_strlcpy(guest->hello.cpu, "cpu" HOSTILE_TEXT, sizeof guest->hello.cpu);
    g_array_append_val(cell->events, event);
    cell->status = HVB_CELL_DISTURBED;
    cell->why = g_strdup("why" HOSTILE_TEXT);
    set->run->why = g_strdup("run" HOSTILE_TEXT);
    page = page_of(set);
    CU_ASSERT_PTR_NULL(strstr(page, "<script"));
    CU_ASSERT_PTR_NULL(strstr(page, "alert('x')"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "kernel&lt;/td&gt;&lt;script&gt;"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "event&lt;/td&gt;"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "why&lt;/td&gt;"));
}

static void test_page_shows_what_happened_outside_of_cells(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    HvbEventRecord event = {0, 1, 1, g_strdup("boot"),
                            g_strdup("guests are up")};
    g_autofree char *page = NULL;

    g_array_append_val(set->run->events, event);
    page = page_of(set);
    CU_ASSERT_PTR_NOT_NULL(strstr(page,
                                  "<td>hvbench</td><td>boot</td>"
                                  "<td class=\"long\">guests are up</td>"));
}

static void test_page_says_loudly_that_a_run_was_interrupted(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autofree char *complete = page_of(set);
    g_autofree char *page = NULL;

    g_free(set->run->status);
    set->run->status = g_strdup("interrupted");
    set->run->why = g_strdup("by SIGINT");
    page = page_of(set);
    CU_ASSERT_PTR_NULL(strstr(complete, "not complete"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "role=\"alert\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "“interrupted”"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "Reason: by SIGINT"));
}

static void test_page_gives_the_reason_of_a_disturbed_cell(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    HvbCell *cell = report_set_cell(set, 1);
    g_autofree char *page = NULL;

    cell->status = HVB_CELL_DISTURBED;
    cell->why = g_strdup("foreign CPU 38 %");
    page = page_of(set);
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "foreign CPU 38 %"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, ": disturbed."));
}

static void test_page_shows_what_the_host_enforced(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autofree char *page = NULL;
    HvbCell *later = hvb_cell_new();
    HvbTuning tuning = {.vcpu_quota_us = 90000,
                        .vcpu_period_us = 100000,
                        .vm_quota_us = -1,
                        .vm_period_us = 100000,
                        .shares = 2048};

    g_array_append_val(later->tunings, tuning);
    g_ptr_array_add(set->run->cells, later);
    page = page_of(set);
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "37000 of 100000 µs = 37.0 %"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "cpu.shares 1024"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "changed under way"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "90000 of 100000 µs = 90.0 %"));
}

static void test_page_names_the_limit_above_a_guest_and_what_it_became(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    HvbCell *cell = report_set_cell(set, 0);
    HvbTuning *tuning = &g_array_index(cell->tunings, HvbTuning, 0);
    HvbTuning after = *tuning;
    g_autofree char *page = NULL;

    g_strlcpy(tuning->above, "/machine: quota 5000 of 100000 us",
              sizeof tuning->above);
    g_strlcpy(tuning->limit_group, "/machine", sizeof tuning->limit_group);
    tuning->limit_quota_us = 5000;
    tuning->limit_period_us = 100000;
    g_strlcpy(after.above, "/machine: weight 2", sizeof after.above);
    g_array_append_val(cell->tunings_after, after);
    page = page_of(set);
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "5.0 % in all by /machine (/machine: "
                                        "quota 5000 of 100000 us)"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "<td>/machine: weight 2</td>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "changed under way"));
}

static void test_page_says_what_throttled_time_means_there(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autofree char *unknown = page_of(set);
    g_autofree char *page = NULL;

    CU_ASSERT_PTR_NOT_NULL(strstr(unknown, "counts as such is not known"));
    report_set_add_provenance(set, "host.kernel", "6.1.0-18-amd64 #1 SMP");
    page = page_of(set);
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "up to the end of its period"));
}

static void test_page_tells_where_vcpus_may_run(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    HvbTuning *tuning =
        &g_array_index(report_set_cell(set, 0)->tunings, HvbTuning, 0);
    g_autofree char *page = NULL;

    g_strlcpy(tuning->cpus, "0-1,4", sizeof tuning->cpus);
    page = page_of(set);
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "cpu.shares 1024</td><td>0-1,4</td>"));
}

static void test_unwritable_directory_is_reported(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autofree char *nowhere = g_build_filename(set->dir, "nowhere", NULL);
    g_autoptr(GError) summary = NULL;
    g_autoptr(GError) page = NULL;

    CU_ASSERT_FALSE(hvb_summary_write(nowhere, set->findings, &summary));
    CU_ASSERT_TRUE_FATAL(
        g_error_matches(summary, HVB_REPORT_ERROR, HVB_REPORT_ERROR_FILE));
    CU_ASSERT_PTR_NOT_NULL(strstr(summary->message, "nowhere/summary.json"));
    CU_ASSERT_FALSE(hvb_page_write(nowhere, set->findings, &page));
    CU_ASSERT_TRUE(
        g_error_matches(page, HVB_REPORT_ERROR, HVB_REPORT_ERROR_FILE));
}

static char *fill(const char *text, const char *json)
{
    g_autoptr(JsonNode) node = json_from_string(json, NULL);

    return hvb_template_fill(text, json_node_get_object(node));
}

static void test_template_fills_sections_and_escapes(void)
{
    g_autofree char *lists =
        fill("{{#a}}<{{n}}{{x}}{{#b}}{{.}},{{/b}}>{{/a}}{{^a}}none{{/a}}",
             "{\"x\":\"&\",\"a\":[{\"n\":1,\"b\":[\"'\",2]},{\"n\":2}]}");
    g_autofree char *empty =
        fill("{{#a}}some{{/a}}{{^a}}none{{/a}}{{z}}", "{\"a\":[]}");
    g_autofree char *lines = fill("x\n  {{#a}}\ny\n  {{/a}}\nz {{&raw}}\n",
                                  "{\"a\":true,\"raw\":\"<b>\"}");
    g_autofree char *nested = fill("{{#a}}{{#a}}i{{/a}}{{/a}}{{#f}}f{{/f}}",
                                   "{\"a\":\"s\",\"f\":false}");

    CU_ASSERT_STRING_EQUAL(lists, "<1&amp;&apos;,2,><2&amp;>");
    CU_ASSERT_STRING_EQUAL(empty, "none");
    CU_ASSERT_STRING_EQUAL(lines, "x\ny\nz <b>\n");
    CU_ASSERT_STRING_EQUAL(nested, "i");
}

static void check_text(char *text, const char *expected)
{
    CU_ASSERT_STRING_EQUAL(text, expected);
    g_free(text);
}

static void test_figures_are_rounded_without_lying(void)
{
    check_text(hvb_text_ms(4.25001), "4.3");
    check_text(hvb_text_ms(1322.4), "1322");
    check_text(hvb_text_ms(9.96), "10");
    check_text(hvb_text_ms(NAN), HVB_TEXT_NOTHING);
    check_text(hvb_text_share(0), "0 %");
    check_text(hvb_text_share(0.001), "< 1 %");
    check_text(hvb_text_share(0.999), "> 99 %");
    check_text(hvb_text_share(1), "100 %");
    check_text(hvb_text_percent(49.84), "49.8 %");
    check_text(hvb_text_tenths(49.84), "49.8");
    check_text(hvb_text_figure(172.4, "ms"), "172 ms");
    check_text(hvb_text_figure(99.96, "%"), "100 %");
    check_text(hvb_text_figure(-12.34, "points"), "-12.3 points");
    check_text(hvb_text_figure(0.987, ""), "0.99");
    check_text(hvb_text_figure(NAN, "ms"), HVB_TEXT_NOTHING);
    check_text(hvb_text_duration(59.6), "1 min 00 s");
    check_text(hvb_text_duration(4500), "1 h 15 min");
    check_text(hvb_text_bin(0), "< 50");
    check_text(hvb_text_bin(4), "200–300");
    check_text(hvb_text_bin(HVB_P3_BINS - 1), "≥ 2000");
}

#define TEST(name)  \
    {               \
#name, name \
    }

CU_TestInfo tests_report[] = {
    TEST(test_summary_has_the_headline_and_the_other_operations),
    TEST(test_summary_tells_run_stack_and_provenance_apart),
    TEST(test_summary_has_null_where_there_is_no_sample),
    TEST(test_summary_histogram_sums_to_the_samples),
    TEST(test_summary_numbers_have_three_decimals_at_most),
    TEST(test_page_has_every_scenario_and_level),
    TEST(test_page_escapes_hostile_text),
    TEST(test_page_shows_what_happened_outside_of_cells),
    TEST(test_page_says_loudly_that_a_run_was_interrupted),
    TEST(test_page_gives_the_reason_of_a_disturbed_cell),
    TEST(test_page_shows_what_the_host_enforced),
    TEST(test_page_names_the_limit_above_a_guest_and_what_it_became),
    TEST(test_page_says_what_throttled_time_means_there),
    TEST(test_page_tells_where_vcpus_may_run),
    TEST(test_unwritable_directory_is_reported),
    TEST(test_template_fills_sections_and_escapes),
    TEST(test_figures_are_rounded_without_lying),
    TEST_END,
};
