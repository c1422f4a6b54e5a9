/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/unit/report-set.h"

#include <CUnit/CUnit.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

HvbP3Level report_set_empty_level(HvbLevel which)
{
    const HvbP3Row empty = {
        .mean_ms = NAN,
        .p50_ms = NAN,
        .p90_ms = NAN,
        .p99_ms = NAN,
        .max_ms = NAN,
        .spread_ms = NAN,
        .within_50ms = NAN,
        .over_1s = NAN,
        .mean_low_ms = NAN,
        .mean_high_ms = NAN,
        .p90_low_ms = NAN,
        .p90_high_ms = NAN,
        .resolution_ms = NAN,
    };
    HvbP3Level level = {
        .level = which,
        .guest_busy_percent = NAN,
        .host_busy_percent = NAN,
        .host_total_percent = NAN,
    };

    for (guint o = 0; o < WIRE_N_OPERATIONS; o++)
        level.operations[o] = empty;
    return level;
}

/* Six samples in the first bin, three in the fifth, one in the last. */
static void fill_row(HvbP3Row *row, double mean_ms)
{
    row->samples = 10;
    row->mean_ms = mean_ms;
    row->p50_ms = 12.5;
    row->p90_ms = 250;
    row->p99_ms = 2400.0004;
    row->max_ms = 2500;
    row->spread_ms = 249;
    row->within_50ms = 0.6;
    row->over_1s = 0.1;
    row->count[0] = 6;
    row->count[4] = 3;
    row->count[HVB_P3_BINS - 1] = 1;
    for (guint b = 0; b < HVB_P3_BINS; b++)
        row->share[b] = row->count[b] / 10.0;
}

static HvbP3 *make_p3(const char *name, const char *figure)
{
    HvbP3 *p3 = hvb_p3_new(name, figure, "A title", WIRE_OPEN);
    HvbP3Level level = report_set_empty_level(HVB_LEVEL_NONE);

    g_array_set_size(p3->levels, 0);
    level.cells = 1;
    level.guest_busy_percent = 97.25;
    level.host_busy_percent = 50.5;
    fill_row(&level.operations[WIRE_OPEN], 71.23456);
    fill_row(&level.operations[WIRE_KEY], 7);
    g_array_append_val(p3->levels, level);
    level = report_set_empty_level(HVB_LEVEL_OVERLOAD);
    level.disturbed = 1;
    g_array_append_val(p3->levels, level);
    return p3;
}

static HvbProfile *make_profile(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text =
        g_strdup_printf("[scenario]\nname = %s\n"
                        "[guests]\ncount = 1\n"
                        "[guest 1]\nloaded = yes\nmeasured = yes\n"
                        "[load]\nlevels = None;Overload\n",
                        name);
    HvbProfile *profile = hvb_profile_from_text(text, "made-up", &error);

    if (!profile)
        g_error("%s", error->message);
    return profile;
}

static HvbCell *make_cell(guint scenario)
{
    HvbCell *cell = hvb_cell_new();
    HvbTuning tuning = {
        .vcpu_quota_us = 37000,
        .vcpu_period_us = 100000,
        .vm_quota_us = -1,
        .vm_period_us = 100000,
        .shares = 1024,
    };

    cell->scenario = scenario;
    cell->repetition = 1;
    cell->attempt = 1;
    cell->status = HVB_CELL_DONE;
    g_array_append_val(cell->tunings, tuning);
    return cell;
}

void report_set_add_provenance(ReportSet *set, const char *key,
                               const char *value)
{
    HvbProvenance *entry = g_new0(HvbProvenance, 1);

    entry->key = g_strdup(key);
    entry->value = g_strdup(value);
    g_ptr_array_add(set->run->provenance, entry);
}

static void provenance_free(gpointer data)
{
    HvbProvenance *entry = data;

    g_free(entry->key);
    g_free(entry->value);
    g_free(entry);
}

static void evidence_free(gpointer data)
{
    HvbEvidence *evidence = data;

    g_free(evidence->what);
    g_free(evidence->scenario_a);
    g_free(evidence->scenario_b);
    g_free(evidence);
}

static void guest_clear(gpointer data)
{
    g_free(((HvbGuestRecord *)data)->name);
}

static void event_clear(gpointer data)
{
    hvb_event_record_clear(data);
}

static HvbRunRecord *make_empty_run(void)
{
    HvbRunRecord *run = g_new0(HvbRunRecord, 1);

    run->hvbench = g_strdup("1.2.3");
    run->command_line = g_strdup("hvbench run alpha beta");
    run->status = g_strdup("done");
    run->profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_profile_free);
    run->cells = g_ptr_array_new_with_free_func((GDestroyNotify)hvb_cell_free);
    run->provenance = g_ptr_array_new_with_free_func(provenance_free);
    run->guests = g_array_new(FALSE, FALSE, sizeof(HvbGuestRecord));
    g_array_set_clear_func(run->guests, guest_clear);
    run->events = g_array_new(FALSE, FALSE, sizeof(HvbEventRecord));
    g_array_set_clear_func(run->events, event_clear);
    run->clocks = g_array_new(FALSE, FALSE, sizeof(HvbClockRecord));
    return run;
}

ReportSet *report_set_empty(void)
{
    ReportSet *set = g_new0(ReportSet, 1);

    set->dir = g_dir_make_tmp("hvbench-test-XXXXXX", NULL);
    set->run = make_empty_run();
    report_set_add_provenance(set, "stack.accel", "tcg");
    report_set_add_provenance(set, "host.cpu", "Some CPU");
    return set;
}

ReportSet *report_set_new(void)
{
    HvbGuestRecord guest = {.guest = 1, .name = g_strdup("hvbench-test-1")};
    ReportSet *set = report_set_empty();

    g_ptr_array_add(set->run->profiles, make_profile("alpha"));
    g_ptr_array_add(set->run->profiles, make_profile("beta"));
    g_ptr_array_add(set->run->cells, make_cell(0));
    g_ptr_array_add(set->run->cells, make_cell(1));
    g_array_append_val(set->run->guests, guest);
    set->findings = hvb_findings_new(set->run);
    g_ptr_array_set_size(set->findings->p3s, 0);
    g_ptr_array_add(set->findings->p3s, make_p3("alpha", "9"));
    g_ptr_array_add(set->findings->p3s, make_p3("beta", ""));
    return set;
}

void report_set_add_claim(ReportSet *set, const char *id, const char *words,
                          HvbVerdict verdict)
{
    HvbClaim *claim = g_new0(HvbClaim, 1);
    HvbEvidence *evidence = g_new0(HvbEvidence, 1);

    *evidence = (HvbEvidence){
        .what = g_strdup("mean delay, Medium to Overload"),
        .scenario_a = g_strdup("fig03"),
        .scenario_b = g_strdup("fig09"),
        .a = 172.4,
        .b = 930.1,
        .unit = "ms",
        .effect = 5.394,
        .low = 4.1,
        .high = 7.25,
        .effect_unit = "times",
        .n = 12,
        .cells = 24,
        .suspect = 5,
        .boots_differ = TRUE,
        .verdict = verdict,
    };
    claim->id = id;
    claim->words = words;
    claim->verdict = verdict;
    claim->why = g_strdup("all of the interval is beyond 1.5 times");
    claim->evidence = g_ptr_array_new_with_free_func(evidence_free);
    g_ptr_array_add(claim->evidence, evidence);
    if (!set->findings->claims)
        set->findings->claims =
            g_ptr_array_new_with_free_func((GDestroyNotify)hvb_claim_free);
    g_ptr_array_add(set->findings->claims, claim);
}

void report_set_free(ReportSet *set)
{
    g_autoptr(GDir) listing = g_dir_open(set->dir, 0, NULL);
    const char *name;

    while (listing && (name = g_dir_read_name(listing))) {
        g_autofree char *path = g_build_filename(set->dir, name, NULL);
        g_remove(path);
    }
    g_rmdir(set->dir);
    g_free(set->dir);
    hvb_findings_free(set->findings);
    hvb_run_record_free(set->run);
    g_free(set);
}

HvbP3 *report_set_p3(ReportSet *set, guint index)
{
    return set->findings->p3s->pdata[index];
}

HvbCell *report_set_cell(ReportSet *set, guint index)
{
    return set->run->cells->pdata[index];
}

char *report_set_read(const ReportSet *set, const char *file)
{
    g_autofree char *path = g_build_filename(set->dir, file, NULL);
    char *contents = NULL;

    return g_file_get_contents(path, &contents, NULL, NULL) ? contents
                                                            : g_strdup("");
}

JsonParser *report_set_summary(const ReportSet *set)
{
    JsonParser *parser = json_parser_new();
    g_autofree char *json = NULL;

    CU_ASSERT_TRUE_FATAL(hvb_summary_write(set->dir, set->findings, NULL));
    json = report_set_read(set, "summary.json");
    CU_ASSERT_TRUE_FATAL(json_parser_load_from_data(parser, json, -1, NULL));
    return parser;
}

JsonObject *report_set_root(JsonParser *parser)
{
    return json_node_get_object(json_parser_get_root(parser));
}
