/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From where operations are timed: the profile's word, and both held against
 * each other. */
#include "hvbench/results/vantages.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"

#include <math.h>

#define MS G_GINT64_CONSTANT(1000000)

static void test_each_vantage_gets_the_operations_that_one_would(void)
{
    static const struct {
        const char *vantage;
        WireVantage own;
        guint server, client;
    } cases[] = {
        {"server", WIRE_SERVER, 10, 0},
        {"client", WIRE_CLIENT, 0, 10},
        {"both", WIRE_SERVER, 10, 10},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strdup_printf(MINIMAL "[probe]\nvantage = %s\n"
                                    "[run]\nsamples = 10\n",
                            cases[i].vantage);
        g_autoptr(HvbProfile) profile = load_text(text);
        guint operations = 2 * (cases[i].server + cases[i].client);
        WireProbe probe;

        hvb_profile_probe(profile, &probe);
        CU_ASSERT_EQUAL(hvb_profile_vantage(profile), cases[i].own);
        CU_ASSERT_EQUAL(hvb_profile_has_vantage(profile, WIRE_SERVER),
                        cases[i].server > 0);
        CU_ASSERT_EQUAL(hvb_profile_has_vantage(profile, WIRE_CLIENT),
                        cases[i].client > 0);
        CU_ASSERT_EQUAL(probe.count[WIRE_OPEN], cases[i].server);
        CU_ASSERT_EQUAL(probe.client_count[WIRE_OPEN], cases[i].client);
        CU_ASSERT_EQUAL(probe.client_count[WIRE_KEY], cases[i].client * 4 / 5);
        /* As many in a second: the window gets longer instead. */
        CU_ASSERT_EQUAL(hvb_profile_window_ms(profile), operations * 440);
    }
}

static void test_both_vantages_ask_for_no_more_cpu_than_one(void)
{
    g_autoptr(HvbProfile) one =
        load_text(MINIMAL "[probe]\nvantage = server\nslot-ms = 440\n");
    g_autoptr(HvbProfile) both =
        load_text(MINIMAL "[probe]\nvantage = both\nslot-ms = 440\n");

    CU_ASSERT_DOUBLE_EQUAL(hvb_probes_percent(both), hvb_probes_percent(one),
                           1e-9);
    CU_ASSERT_TRUE(hvb_probes_percent(both) <= 10);
}

static void test_gate_takes_its_thresholds_from_the_profile(void)
{
    g_autoptr(HvbProfile) defaults = load_text(MINIMAL);

    CU_ASSERT_EQUAL(defaults->steal_percent, 10);
    CU_ASSERT_EQUAL(defaults->lost_samples, 0);
    CU_ASSERT_EQUAL(defaults->late_frame_ms, 1000);
    CU_ASSERT_EQUAL(defaults->late_send_ms, 10);
}

static HvbRunRecord *new_run(const char *settings)
{
    g_autofree char *text = g_strconcat(MINIMAL, settings, NULL);
    HvbRunRecord *run = g_new0(HvbRunRecord, 1);

    run->profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_profile_free);
    run->cells = g_ptr_array_new_with_free_func((GDestroyNotify)hvb_cell_free);
    run->provenance = g_ptr_array_new();
    g_ptr_array_add(run->profiles, load_text(text));
    return run;
}

static void add_sample(HvbCell *cell, WireVantage vantage, guint8 flags,
                       double delay_ms)
{
    const HvbSample sample = {
        .guest = 1,
        .vantage = vantage,
        .raw = {.operation = WIRE_OPEN, .flags = flags},
        .delay_ns = (gint64)(delay_ms * (double)MS),
    };

    g_array_append_val(cell->samples, sample);
}

/* Two operations from each side, around these means. */
static HvbCell *add_cell(HvbRunRecord *run, HvbLevel level, double server_ms,
                         double client_ms)
{
    HvbCell *cell = hvb_cell_new();

    cell->level = level;
    cell->repetition = run->cells->len + 1;
    cell->attempt = 1;
    cell->status = HVB_CELL_DONE;
    for (guint i = 0; i < 2; i++) {
        add_sample(cell, WIRE_SERVER, 0, server_ms + 2.0 * i - 1);
        add_sample(cell, WIRE_CLIENT, 0, client_ms + 4.0 * i - 2);
    }
    g_ptr_array_add(run->cells, cell);
    return cell;
}

/* Differences of 4, 6 and 5: mean 5, standard error 1 / sqrt(3), t 4.303. */
static void test_difference_is_paired_by_cell(void)
{
    g_autoptr(HvbRunRecord) run = new_run("[probe]\nvantage = both\n");
    g_autoptr(GArray) rows = NULL;

    add_cell(run, HVB_LEVEL_BUSY, 100, 104)->late_send_ns = MS;
    add_cell(run, HVB_LEVEL_BUSY, 200, 206)->late_send_ns = 3 * MS;
    add_cell(run, HVB_LEVEL_BUSY, 150, 155);
    add_cell(run, HVB_LEVEL_NONE, 7, 8);
    rows = hvb_vantages_compare(run, 0);
    CU_ASSERT_EQUAL_FATAL(rows->len, 2);

    const HvbVantageRow *none = &g_array_index(rows, HvbVantageRow, 0);
    CU_ASSERT_EQUAL(none->level, HVB_LEVEL_NONE);
    CU_ASSERT_DOUBLE_EQUAL(none->difference.estimate, 1, 1e-9);
    CU_ASSERT_TRUE(isnan(none->difference.low));

    const HvbVantageRow *busy = &g_array_index(rows, HvbVantageRow, 1);
    CU_ASSERT_EQUAL(busy->level, HVB_LEVEL_BUSY);
    CU_ASSERT_EQUAL(busy->cells, 3);
    CU_ASSERT_EQUAL(busy->samples[WIRE_SERVER], 6);
    CU_ASSERT_EQUAL(busy->samples[WIRE_CLIENT], 6);
    CU_ASSERT_DOUBLE_EQUAL(busy->mean_ms[WIRE_SERVER], 150, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(busy->mean_ms[WIRE_CLIENT], 155, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(busy->difference.estimate, 5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(busy->difference.low, 5 - 4.3027 / sqrt(3), 1e-3);
    CU_ASSERT_DOUBLE_EQUAL(busy->difference.high, 5 + 4.3027 / sqrt(3), 1e-3);
    CU_ASSERT_DOUBLE_EQUAL(busy->late_send_ms, 3, 1e-9);
}

static void test_cell_without_one_side_is_no_pair(void)
{
    g_autoptr(HvbRunRecord) run = new_run("[probe]\nvantage = both\n");
    HvbCell *cell = add_cell(run, HVB_LEVEL_BUSY, 100, 900);
    g_autoptr(GArray) rows = NULL;

    g_array_set_size(cell->samples, 0);
    add_sample(cell, WIRE_SERVER, 0, 5000);
    add_sample(cell, WIRE_CLIENT, WIRE_SAMPLE_FAILED, 1);
    add_cell(run, HVB_LEVEL_BUSY, 100, 110);
    add_cell(run, HVB_LEVEL_BUSY, 100, 1000)->status = HVB_CELL_DISTURBED;
    rows = hvb_vantages_compare(run, 0);
    CU_ASSERT_EQUAL_FATAL(rows->len, 1);
    CU_ASSERT_EQUAL(g_array_index(rows, HvbVantageRow, 0).cells, 1);
    CU_ASSERT_DOUBLE_EQUAL(
        g_array_index(rows, HvbVantageRow, 0).difference.estimate, 10, 1e-9);
}

static void test_one_vantage_has_nothing_to_compare(void)
{
    g_autoptr(HvbRunRecord) run = new_run("[probe]\nvantage = client\n");
    g_autoptr(GArray) rows = NULL;

    add_cell(run, HVB_LEVEL_BUSY, 100, 104);
    rows = hvb_vantages_compare(run, 0);
    CU_ASSERT_EQUAL(rows->len, 0);
}

/* Its other samples are there, but not in the figures. */
static void test_p3_is_made_from_its_own_vantage_only(void)
{
    static const struct {
        const char *settings;
        double mean_ms;
    } cases[] = {
        {"[probe]\nvantage = both\n", 100},
        {"[probe]\nvantage = client\n", 104},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(HvbRunRecord) run = new_run(cases[i].settings);
        g_autoptr(HvbP3) p3 = hvb_p3_for_profile(run->profiles->pdata[0]);

        add_cell(run, HVB_LEVEL_BUSY, 100, 104);
        hvb_p3_update_level(p3, HVB_LEVEL_BUSY, run->cells);
        const HvbP3Level *level = &g_array_index(p3->levels, HvbP3Level, 0);
        CU_ASSERT_EQUAL(level->operations[WIRE_OPEN].samples, 2);
        CU_ASSERT_DOUBLE_EQUAL(level->operations[WIRE_OPEN].mean_ms,
                               cases[i].mean_ms, 1e-9);
    }
}

CU_TestInfo tests_vantages[] = {
    {"each vantage gets the operations that one would",
     test_each_vantage_gets_the_operations_that_one_would},
    {"both vantages ask for no more cpu than one",
     test_both_vantages_ask_for_no_more_cpu_than_one},
    {"gate takes its thresholds from the profile",
     test_gate_takes_its_thresholds_from_the_profile},
    {"difference is paired by cell", test_difference_is_paired_by_cell},
    {"cell without one side is no pair", test_cell_without_one_side_is_no_pair},
    {"one vantage has nothing to compare",
     test_one_vantage_has_nothing_to_compare},
    {"p3 is made from its own vantage only",
     test_p3_is_made_from_its_own_vantage_only},
    TEST_END,
};
