/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a report tells of how far its figures may be believed. */
#include "hvbench/report/report.h"
#include "test/suites.h"
#include "test/unit/paper-run.h"
#include "test/unit/report-set.h"

#include <math.h>
#include <string.h>

#define MS G_GINT64_CONSTANT(1000000)
#define SECOND (1000 * MS)
/* 2026-01-01 00:00:00 UTC */
#define NEW_YEAR_NS (1767225600 * SECOND)

static char *page_of(const ReportSet *set)
{
    CU_ASSERT_TRUE_FATAL(hvb_page_write(set->dir, set->findings, NULL));
    return report_set_read(set, "report.html");
}

/* Element `index` of the array `name` of `object`. */
static JsonObject *element(JsonObject *object, const char *name, guint index)
{
    return json_array_get_object_element(json_object_get_array_member(object,
                                                                      name),
                                         index);
}

static HvbP3Level *level_of(ReportSet *set, guint scenario, guint level)
{
    return &g_array_index(report_set_p3(set, scenario)->levels, HvbP3Level,
                          level);
}

static gboolean shows(const char *text, const char *what)
{
    return strstr(text, what) != NULL;
}

/* Operations */

static const HvbTally tally = {
    .scheduled = 480,
    .measured = 470,
    .censored = 7,
    .failed = 1,
    .lost = 2,
    .oldest_ms = 3210,
    .late_frame_ms = 45,
    .late_send_ms = 1.5,
};

static void test_page_accounts_for_every_operation(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autofree char *page = NULL;

    level_of(set, 0, 0)->tally = tally;
    page = page_of(set);
    CU_ASSERT_TRUE(shows(page, "480 operations scheduled = 470 measured + 7 "
                               "censored + 1 failed + 2 lost</summary>"));
    CU_ASSERT_TRUE(shows(page, "Every operation is accounted for:\n480 "
                               "scheduled"));
    CU_ASSERT_TRUE(shows(page, "<td class=\"n\">3210</td><td class=\"n\">1</td>"
                               "<td class=\"n\">2</td>\n<td>matches</td>"
                               "<td class=\"n\">45</td>"
                               "<td class=\"n\">1.5</td>"));
}

static void test_page_says_loudly_that_operations_are_missing(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autofree char *page = NULL;

    level_of(set, 0, 0)->tally = tally;
    level_of(set, 0, 0)->tally.measured = 469;
    page = page_of(set);
    CU_ASSERT_TRUE(shows(page, "<details open><summary>480 operations"));
    CU_ASSERT_TRUE(shows(page, ">does not add up<"));
    CU_ASSERT_TRUE(shows(page, ">differs<"));
    CU_ASSERT_TRUE(shows(page, ">Not every operation is accounted for<"));
}

static void test_summary_has_the_tally_of_each_level(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autoptr(JsonParser) parser = NULL;
    JsonObject *found;

    level_of(set, 0, 0)->tally = tally;
    parser = report_set_summary(set);
    found = json_object_get_object_member(
        element(element(report_set_root(parser), "scenarios", 0), "levels", 0),
        "tally");
    CU_ASSERT_EQUAL(json_object_get_int_member(found, "scheduled"), 480);
    CU_ASSERT_EQUAL(json_object_get_int_member(found, "measured"), 470);
    CU_ASSERT_EQUAL(json_object_get_int_member(found, "censored"), 7);
    CU_ASSERT_EQUAL(json_object_get_int_member(found, "failed"), 1);
    CU_ASSERT_EQUAL(json_object_get_int_member(found, "lost"), 2);
    CU_ASSERT_TRUE(json_object_get_boolean_member(found, "adds_up"));
    CU_ASSERT_EQUAL(json_object_get_double_member(found, "oldest_censored_ms"),
                    3210);
}

/* Vantages */

static void add_vantage_row(ReportSet *set)
{
    const HvbVantageRow row = {
        .level = HVB_LEVEL_BUSY,
        .cells = 3,
        .mean_ms = {[WIRE_SERVER] = 120, [WIRE_CLIENT] = 126},
        .difference = {6, 4.5, 7.5, 0.35, 2, 3, 1},
        .late_send_ms = 0.3,
    };

    g_array_append_val((GArray *)set->findings->vantages->pdata[0], row);
}

static void test_page_holds_both_vantages_against_each_other(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autofree char *before = page_of(set);
    g_autofree char *page = NULL;

    add_vantage_row(set);
    page = page_of(set);
    CU_ASSERT_FALSE(shows(before, "from both sides"));
    CU_ASSERT_TRUE(shows(page, "The same operation “open” from both sides"));
    CU_ASSERT_TRUE(shows(page,
                         "<th scope=\"row\">Busy</th><td class=\"n\">120</td>"
                         "<td class=\"n\">126</td>"
                         "<td class=\"n\">6.0 (4.5 to 7.5)</td>"
                         "<td class=\"n\">3</td><td class=\"n\">0.3</td>"));
}

static void test_summary_has_both_vantages(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autoptr(JsonParser) parser = NULL;
    JsonObject *scenario, *row;

    add_vantage_row(set);
    parser = report_set_summary(set);
    scenario = element(report_set_root(parser), "scenarios", 0);
    row = element(scenario, "vantages", 0);
    CU_ASSERT_STRING_EQUAL(json_object_get_string_member(scenario, "vantage"),
                           "server");
    CU_ASSERT_EQUAL(json_object_get_double_member(row, "client_ms"), 126);
    CU_ASSERT_EQUAL(json_object_get_double_member(row, "difference_ms"), 6);
    CU_ASSERT_EQUAL(json_object_get_double_member(row, "difference_high_ms"),
                    7.5);
}

static void test_p3_of_the_client_side_says_so_everywhere(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    HvbP3 *p3 = report_set_p3(set, 0);
    g_autofree char *before = page_of(set);
    g_autofree char *page = NULL, *picture = NULL;

    p3->vantage = WIRE_CLIENT;
    page = page_of(set);
    CU_ASSERT_TRUE(hvb_figure_write(set->dir, p3, NULL));
    picture = report_set_read(set, "p3-alpha.svg");
    CU_ASSERT_FALSE(shows(before, "open, client side"));
    CU_ASSERT_TRUE(shows(page, "<td class=\"operation\">open, client side"));
    CU_ASSERT_TRUE(shows(page, "Delay of “open, client side” in ms"));
    CU_ASSERT_TRUE(shows(picture, "open, client side"));
}

/* Intervals, resolution, onset */

static void test_page_and_summary_tell_how_sure_the_figures_are(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    HvbP3Row *row = &level_of(set, 0, 0)->operations[WIRE_OPEN];
    g_autofree char *page = NULL;
    g_autoptr(JsonParser) parser = NULL;
    JsonObject *level;

    row->p90_low_ms = 201;
    row->p90_high_ms = 299;
    row->resolution_ms = 33.5;
    page = page_of(set);
    parser = report_set_summary(set);
    level =
        element(element(report_set_root(parser), "scenarios", 0), "levels", 0);
    CU_ASSERT_TRUE(shows(page, "250<br><small>201 to 299</small>"));
    CU_ASSERT_TRUE(shows(page, "<td class=\"n\">34</td>"));
    CU_ASSERT_EQUAL(json_object_get_double_member(level, "p90_low_ms"), 201);
    CU_ASSERT_EQUAL(json_object_get_double_member(level, "p90_high_ms"), 299);
    CU_ASSERT_EQUAL(json_object_get_double_member(level, "resolution_ms"),
                    33.5);
}

static HvbRunRecord *run_of_busy_cells(guint repetitions)
{
    g_autoptr(PaperWorld) world = paper_world_empty();

    paper_scenario(world, "fig03")->delay_ms[HVB_LEVEL_BUSY] = 200;
    world->noise = 0.1;
    world->repetitions = repetitions;
    return paper_run(world);
}

static HvbP3Row busy_row(const HvbRunRecord *run)
{
    g_autoptr(GPtrArray) p3s = hvb_run_record_p3(run);
    const HvbP3 *p3 = p3s->pdata[0];

    return g_array_index(p3->levels, HvbP3Level, HVB_LEVEL_BUSY)
        .operations[WIRE_OPEN];
}

static void test_resolution_gets_finer_with_repetitions(void)
{
    g_autoptr(HvbRunRecord) few = run_of_busy_cells(3);
    g_autoptr(HvbRunRecord) many = run_of_busy_cells(10);
    const HvbP3Row coarse = busy_row(few), fine = busy_row(many);

    CU_ASSERT_TRUE(fine.resolution_ms > 0);
    CU_ASSERT_TRUE(fine.resolution_ms < coarse.resolution_ms);
}

static void test_one_cell_says_nothing_of_its_spread(void)
{
    g_autoptr(HvbRunRecord) run = run_of_busy_cells(1);
    const HvbP3Row row = busy_row(run);

    CU_ASSERT_TRUE(row.mean_ms > 0);
    CU_ASSERT_TRUE(isnan(row.mean_low_ms) && isnan(row.p90_high_ms));
    CU_ASSERT_TRUE(isnan(row.resolution_ms));
}

/* Nor does it take CPU for one while it is measured. */
static void test_cell_under_way_gives_no_interval(void)
{
    g_autoptr(HvbRunRecord) run = run_of_busy_cells(3);
    HvbCell *cell = paper_cell(run, "fig03", HVB_LEVEL_BUSY, 3);

    CU_ASSERT_FALSE(isnan(busy_row(run).p90_low_ms));
    cell->status = HVB_CELL_PLANNED;
    const HvbP3Row row = busy_row(run);
    CU_ASSERT_EQUAL(row.samples, 120);
    CU_ASSERT_TRUE(row.mean_ms > 0);
    CU_ASSERT_TRUE(isnan(row.mean_low_ms) && isnan(row.p90_low_ms));
    CU_ASSERT_TRUE(isnan(row.resolution_ms));
}

static void check_onset(const HvbInterval *demand, gboolean is_open,
                        const char *expected)
{
    const HvbOnset onset = {.demand = *demand, .is_open = is_open};
    g_autofree char *text = hvb_onset_describe(&onset);

    CU_ASSERT_EQUAL(g_strcmp0(text, expected), 0);
}

static void test_onset_is_told_with_its_interval_or_as_a_bound(void)
{
    const HvbInterval known = {43, 38.2, 49, 1, 2, 3, 1};
    const HvbInterval single = {43, NAN, NAN, NAN, NAN, 1, 1};
    const HvbInterval nothing = {NAN, NAN, NAN, NAN, NAN, 0, 0};

    check_onset(&known, FALSE,
                "Noticed, 50 ms above None, once users ask for 43 % of a CPU "
                "(38 to 49).");
    check_onset(&known, TRUE,
                "Noticed, 50 ms above None, once users ask for 43 % of a CPU "
                "or more.");
    check_onset(&single, FALSE,
                "Noticed, 50 ms above None, once users ask for 43 % of a "
                "CPU.");
    check_onset(&nothing, FALSE, NULL);
}

/* 52 ms are passed on the way from 40 ms at Low to 120 ms at Medium. */
static void test_onset_of_each_scenario_is_found(void)
{
    static const double delay_ms[HVB_N_LEVELS] = {2, 40, 120, 250, 450, 600};
    g_autoptr(PaperWorld) world = paper_world_empty();
    g_autoptr(HvbRunRecord) run = NULL;

    memcpy(paper_scenario(world, "fig03")->delay_ms, delay_ms, sizeof delay_ms);
    paper_scenario(world, "fig05");
    world->noise = 0;
    run = paper_run(world);
    const HvbProfile *profile = run->profiles->pdata[0];
    double low = hvb_users_percent(profile, 1, HVB_LEVEL_LOW);
    double medium = hvb_users_percent(profile, 1, HVB_LEVEL_MEDIUM);
    const HvbOnset late = hvb_onset_find(run, 0);
    const HvbOnset never = hvb_onset_find(run, 1);
    CU_ASSERT_FALSE(late.is_open);
    CU_ASSERT_DOUBLE_EQUAL(late.demand.estimate,
                           low + 12.0 / 80 * (medium - low), 0.01);
    CU_ASSERT_TRUE(never.is_open);
    CU_ASSERT_DOUBLE_EQUAL(never.demand.estimate,
                           hvb_users_percent(profile, 1, HVB_LEVEL_OVERLOAD),
                           1e-6);
}

/* Clocks and events */

static void add_reading(GArray *clocks, guint guest, gint64 host_ns,
                        gint64 offset_ns)
{
    const HvbClockRecord record = {
        .guest = guest,
        .reading = {.host_ns = host_ns,
                    .offset_ns = offset_ns,
                    .error_ns = 41000,
                    .host_wall_ns = NEW_YEAR_NS},
    };

    g_array_append_val(clocks, record);
}

/* 100 s apart, 2.5 ms gained: 25 ppm; 41 us / sqrt(3) * sqrt(2) / 100 s. */
static void test_report_tells_how_the_guests_clocks_ran(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    HvbGuestRecord *guest = &g_array_index(set->run->guests, HvbGuestRecord, 0);
    g_autofree char *page = NULL;
    g_autoptr(JsonParser) parser = NULL;
    JsonObject *found;

    g_strlcpy(guest->hello.clocksource, "hpet",
              sizeof guest->hello.clocksource);
    add_reading(set->run->clocks, 1, 10 * SECOND, -7 * SECOND);
    add_reading(set->run->clocks, 2, 50 * SECOND, 99 * SECOND);
    add_reading(set->run->clocks, 1, 110 * SECOND, -7 * SECOND + 5 * MS / 2);
    page = page_of(set);
    parser = report_set_summary(set);
    found = element(report_set_root(parser), "guests", 0);
    CU_ASSERT_TRUE(shows(page, "<td>hpet</td><td class=\"n\">25.0 ± 0.3</td>"
                               "<td class=\"n\">41 µs</td>"));
    CU_ASSERT_STRING_EQUAL(json_object_get_string_member(found, "clocksource"),
                           "hpet");
    CU_ASSERT_EQUAL(json_object_get_double_member(found, "clock_drift_ppm"),
                    25);
    CU_ASSERT_EQUAL(json_object_get_double_member(found, "clock_error_us"), 41);
    CU_ASSERT_EQUAL(json_object_get_int_member(found, "clock_readings"), 2);
}

static void test_report_without_readings_claims_no_drift(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autofree char *page = page_of(set);
    g_autoptr(JsonParser) parser = report_set_summary(set);
    JsonObject *found = element(report_set_root(parser), "guests", 0);

    CU_ASSERT_TRUE(shows(page, "<td></td><td class=\"n\">–</td>"
                               "<td class=\"n\">–</td>"));
    CU_ASSERT_TRUE(json_object_get_null_member(found, "clock_drift_ppm"));
}

static void test_agent_of_another_revision_is_marked(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    HvbGuestRecord *guest = &g_array_index(set->run->guests, HvbGuestRecord, 0);
    g_autofree char *same = NULL, *other = NULL;

    g_strlcpy(guest->hello.agent, set->run->hvbench, sizeof guest->hello.agent);
    same = page_of(set);
    g_strlcpy(guest->hello.agent, "0.9-old", sizeof guest->hello.agent);
    other = page_of(set);
    CU_ASSERT_FALSE(shows(same, "<span class=\"mark\">agent"));
    CU_ASSERT_TRUE(shows(other, "<span class=\"mark\">agent 0.9-old</span>"));
}

static void test_references_of_both_sides_are_shown(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    HvbGuestRecord *guest = &g_array_index(set->run->guests, HvbGuestRecord, 0);
    g_autofree char *page = NULL;

    guest->references.ns[WIRE_SERVER][WIRE_OPEN] = 66 * MS;
    guest->references.ns[WIRE_CLIENT][WIRE_OPEN] = 68 * MS;
    page = page_of(set);
    CU_ASSERT_TRUE(shows(page, "<td class=\"n\">66 ms<br><small>client 68 ms"));
    CU_ASSERT_TRUE(shows(page, "<td class=\"n\">–</td>"));
}

static void add_event(GArray *events, gint64 host_ns, const char *kind,
                      const char *text)
{
    const HvbEventRecord event = {1, 77, host_ns, g_strdup(kind),
                                  g_strdup(text)};

    g_array_append_val(events, event);
}

static void test_events_stand_on_the_hosts_time_line(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    HvbCell *cell = report_set_cell(set, 0);
    g_autofree char *page = NULL;

    add_reading(cell->clocks, 1, 10 * SECOND, 0);
    add_event(cell->events, 12 * SECOND + 345 * MS, "clock", "it jumped");
    add_event(cell->events, 0, "note", "nobody knows when");
    page = page_of(set);
    CU_ASSERT_TRUE(shows(page, "<td>2026-01-01 00:00:12.345</td>"));
    CU_ASSERT_TRUE(shows(page, "it jumped"));
    CU_ASSERT_TRUE(shows(page, "<tr><td></td><td>alpha</td>"));
}

/* The monotonic clock starts anew: there is no telling which boot it was. */
static void test_event_between_two_boots_of_the_host_has_no_time(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autofree char *page = NULL;

    add_reading(set->run->clocks, 1, 10 * SECOND, 0);
    add_reading(set->run->clocks, 1, 12 * SECOND, 0);
    g_array_index(set->run->clocks, HvbClockRecord, 1).reading.host_wall_ns +=
        3600 * SECOND;
    add_event(set->run->events, 11 * SECOND, "boot", "up again");
    page = page_of(set);
    CU_ASSERT_TRUE(shows(page, "up again"));
    CU_ASSERT_FALSE(shows(page, "00:00:11.000"));
}

static void test_no_guest_can_bury_a_step_of_its_clock(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autofree char *page = NULL;

    for (guint i = 0; i < 500; i++)
        add_event(report_set_cell(set, 0)->events, 0, "note", "chatter");
    add_event(report_set_cell(set, 1)->events, 0, "clock", "it jumped by 1 s");
    page = page_of(set);
    CU_ASSERT_TRUE(shows(page, "it jumped by 1 s"));
    CU_ASSERT_TRUE(shows(page, "chatter"));
}

#define TEST(name)  \
    {               \
#name, name \
    }

CU_TestInfo tests_trust[] = {
    TEST(test_page_accounts_for_every_operation),
    TEST(test_page_says_loudly_that_operations_are_missing),
    TEST(test_summary_has_the_tally_of_each_level),
    TEST(test_page_holds_both_vantages_against_each_other),
    TEST(test_summary_has_both_vantages),
    TEST(test_p3_of_the_client_side_says_so_everywhere),
    TEST(test_page_and_summary_tell_how_sure_the_figures_are),
    TEST(test_resolution_gets_finer_with_repetitions),
    TEST(test_one_cell_says_nothing_of_its_spread),
    TEST(test_cell_under_way_gives_no_interval),
    TEST(test_onset_is_told_with_its_interval_or_as_a_bound),
    TEST(test_onset_of_each_scenario_is_found),
    TEST(test_report_tells_how_the_guests_clocks_ran),
    TEST(test_report_without_readings_claims_no_drift),
    TEST(test_agent_of_another_revision_is_marked),
    TEST(test_references_of_both_sides_are_shown),
    TEST(test_events_stand_on_the_hosts_time_line),
    TEST(test_event_between_two_boots_of_the_host_has_no_time),
    TEST(test_no_guest_can_bury_a_step_of_its_clock),
    TEST_END,
};
