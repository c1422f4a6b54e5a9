/* SPDX-License-Identifier: GPL-3.0-or-later */
/* summary.json: what a result set says, for programs. */
#include "hvbench/report/page-parts.h"
#include "hvbench/report/report.h"
#include "hvbench/report/summary-parts.h"
#include "hvbench/report/text.h"

#include <math.h>
#include <string.h>

static void set_figures(JsonObject *object, const HvbP3Row *row)
{
    JsonArray *histogram = json_array_new();

    json_object_set_int_member(object, "samples", row->samples);
    json_object_set_int_member(object, "censored", row->censored);
    json_object_set_int_member(object, "failed", row->failed);
    hvb_summary_number(object, "mean_ms", row->mean_ms);
    hvb_summary_number(object, "mean_low_ms", row->mean_low_ms);
    hvb_summary_number(object, "mean_high_ms", row->mean_high_ms);
    hvb_summary_number(object, "resolution_ms", row->resolution_ms);
    hvb_summary_number(object, "p50_ms", row->p50_ms);
    hvb_summary_number(object, "p90_ms", row->p90_ms);
    hvb_summary_number(object, "p90_low_ms", row->p90_low_ms);
    hvb_summary_number(object, "p90_high_ms", row->p90_high_ms);
    hvb_summary_number(object, "p99_ms", row->p99_ms);
    hvb_summary_number(object, "max_ms", row->max_ms);
    hvb_summary_number(object, "spread_ms", row->spread_ms);
    hvb_summary_number(object, "within_50ms", row->within_50ms);
    hvb_summary_number(object, "over_1s", row->over_1s);
    for (guint b = 0; b < HVB_P3_BINS; b++)
        json_array_add_int_element(histogram, row->count[b]);
    json_object_set_array_member(object, "histogram", histogram);
}

/* Of all operations of the level: scheduled is the sum of the four after it. */
static JsonObject *tally_of(const HvbTally *tally)
{
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "scheduled", tally->scheduled);
    json_object_set_int_member(object, "measured", tally->measured);
    json_object_set_int_member(object, "censored", tally->censored);
    json_object_set_int_member(object, "failed", tally->failed);
    json_object_set_int_member(object, "lost", tally->lost);
    json_object_set_boolean_member(object, "adds_up",
                                   hvb_tally_is_whole(tally));
    hvb_summary_number(object, "oldest_censored_ms", tally->oldest_ms);
    hvb_summary_number(object, "late_frame_ms", tally->late_frame_ms);
    hvb_summary_number(object, "late_send_ms", tally->late_send_ms);
    return object;
}

static JsonObject *level_of(const HvbP3 *p3, const HvbP3Level *level)
{
    JsonObject *object = json_object_new();
    JsonObject *operations = json_object_new();

    json_object_set_string_member(object, "level",
                                  hvb_level_name(level->level));
    set_figures(object, hvb_p3_headline(p3, level));
    json_object_set_object_member(object, "tally", tally_of(&level->tally));
    json_object_set_int_member(object, "cells", level->cells);
    json_object_set_int_member(object, "disturbed", level->disturbed);
    json_object_set_int_member(object, "suspect", level->suspect);
    hvb_summary_number(object, "guest_busy_percent", level->guest_busy_percent);
    hvb_summary_number(object, "host_busy_percent", level->host_busy_percent);
    hvb_summary_number(object, "host_total_percent", level->host_total_percent);
    for (guint o = 0; o < WIRE_N_OPERATIONS; o++) {
        JsonObject *operation;

        if (o == p3->headline)
            continue;
        operation = json_object_new();
        set_figures(operation, &level->operations[o]);
        json_object_set_object_member(operations, hvb_operation_name(o),
                                      operation);
    }
    json_object_set_object_member(object, "operations", operations);
    return object;
}

/* Headlines only: what each of several measured guests had. */
static JsonArray *guests_of(const GArray *guests)
{
    JsonArray *array = json_array_new();

    for (guint g = 0; g < guests->len; g++) {
        const HvbGuestFinding *guest =
            &g_array_index(guests, HvbGuestFinding, g);
        JsonObject *object = json_object_new();
        JsonArray *levels = json_array_new();

        for (guint i = 0; i < guest->p3->levels->len; i++) {
            const HvbP3Level *level =
                &g_array_index(guest->p3->levels, HvbP3Level, i);
            JsonObject *row = json_object_new();
            json_object_set_string_member(row, "level",
                                          hvb_level_name(level->level));
            set_figures(row, hvb_p3_headline(guest->p3, level));
            json_array_add_object_element(levels, row);
        }
        json_object_set_int_member(object, "guest", guest->guest);
        json_object_set_array_member(object, "levels", levels);
        json_array_add_object_element(array, object);
    }
    return array;
}

static JsonObject *account_guest_of(const HvbAccountGuest *guest)
{
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "guest", guest->guest);
    json_object_set_boolean_member(object, "loaded", guest->loaded);
    json_object_set_string_member(object, "measured",
                                  hvb_measured_name(guest->measured));
    hvb_summary_number(object, "host_percent", guest->host_percent);
    hvb_summary_number(object, "vcpu_percent", guest->vcpu_percent);
    hvb_summary_number(object, "emulator_percent", guest->emulator_percent);
    hvb_summary_number(object, "throttled_percent", guest->throttled_percent);
    hvb_summary_number(object, "throttled_periods_per_s",
                       guest->throttled_periods_per_s);
    hvb_summary_number(object, "guest_busy_percent", guest->guest_busy_percent);
    hvb_summary_number(object, "steal_percent", guest->steal_percent);
    hvb_summary_number(object, "users_percent", guest->users_percent);
    hvb_summary_number(object, "probes_percent", guest->probes_percent);
    hvb_summary_number(object, "agent_percent", guest->agent_percent);
    hvb_summary_number(object, "manager_percent", guest->manager_percent);
    hvb_summary_number(object, "used_percent", guest->used_percent);
    hvb_summary_number(object, "overhead_percent", guest->overhead_percent);
    return object;
}

static JsonArray *account_of(const GArray *account)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < account->len; i++) {
        const HvbAccountLevel *level =
            &g_array_index(account, HvbAccountLevel, i);
        JsonObject *object = json_object_new();
        JsonArray *guests = json_array_new();

        json_object_set_string_member(object, "level",
                                      hvb_level_name(level->level));
        json_object_set_int_member(object, "cells", level->cells);
        hvb_summary_number(object, "host_total_percent",
                           level->host_total_percent);
        hvb_summary_number(object, "host_steal_percent",
                           level->host_steal_percent);
        hvb_summary_number(object, "services_percent", level->services_percent);
        hvb_summary_number(object, "manager_percent", level->manager_percent);
        hvb_summary_number(object, "foreign_percent", level->foreign_percent);
        hvb_summary_number(object, "own_percent", level->own_percent);
        for (guint g = 0; g < level->guests->len; g++)
            json_array_add_object_element(
                guests, account_guest_of(
                            &g_array_index(level->guests, HvbAccountGuest, g)));
        json_object_set_array_member(object, "guests", guests);
        json_array_add_object_element(array, object);
    }
    return array;
}

static JsonArray *vantages_of(const GArray *rows)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < rows->len; i++) {
        const HvbVantageRow *row = &g_array_index(rows, HvbVantageRow, i);
        JsonObject *object = json_object_new();

        json_object_set_string_member(object, "level",
                                      hvb_level_name(row->level));
        json_object_set_int_member(object, "cells", row->cells);
        hvb_summary_number(object, "server_ms", row->mean_ms[WIRE_SERVER]);
        hvb_summary_number(object, "client_ms", row->mean_ms[WIRE_CLIENT]);
        hvb_summary_number(object, "difference_ms", row->difference.estimate);
        hvb_summary_number(object, "difference_low_ms", row->difference.low);
        hvb_summary_number(object, "difference_high_ms", row->difference.high);
        hvb_summary_number(object, "late_send_ms", row->late_send_ms);
        json_array_add_object_element(array, object);
    }
    return array;
}

static JsonObject *onset_of(const HvbOnset *onset)
{
    JsonObject *object = json_object_new();

    hvb_summary_number(object, "demand_percent", onset->demand.estimate);
    hvb_summary_number(object, "demand_low_percent", onset->demand.low);
    hvb_summary_number(object, "demand_high_percent", onset->demand.high);
    json_object_set_boolean_member(object, "at_least", onset->is_open);
    return object;
}

static JsonObject *scenario_of(const HvbFindings *findings, guint index)
{
    const HvbP3 *p3 = findings->p3s->pdata[index];

    JsonObject *object = json_object_new();
    JsonArray *levels = json_array_new();

    json_object_set_string_member(object, "name", p3->scenario);
    json_object_set_string_member(object, "figure", p3->figure);
    json_object_set_string_member(object, "title", p3->title);
    json_object_set_string_member(object, "headline",
                                  hvb_operation_name(p3->headline));
    if (index < findings->run->profiles->len)
        hvb_page_set(object, "profile",
                     hvb_profile_to_text(
                         findings->run->profiles->pdata[index]));
    json_object_set_string_member(object, "vantage",
                                  hvb_vantage_name(p3->vantage));
    json_object_set_object_member(object, "onset",
                                  onset_of(&g_array_index(findings->onsets,
                                                          HvbOnset, index)));
    json_object_set_array_member(object, "vantages",
                                 vantages_of(findings->vantages->pdata[index]));
    for (guint i = 0; i < p3->levels->len; i++)
        json_array_add_object_element(
            levels, level_of(p3, &g_array_index(p3->levels, HvbP3Level, i)));
    json_object_set_array_member(object, "levels", levels);
    json_object_set_array_member(object, "guests",
                                 guests_of(findings->guests->pdata[index]));
    json_object_set_array_member(object, "account",
                                 account_of(findings->accounts->pdata[index]));
    return object;
}

static JsonObject *evidence_of(const HvbEvidence *evidence)
{
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "what", evidence->what);
    hvb_summary_name(object, "scenario_a", evidence->scenario_a);
    hvb_summary_name(object, "scenario_b", evidence->scenario_b);
    hvb_summary_number(object, "a", evidence->a);
    hvb_summary_number(object, "b", evidence->b);
    hvb_summary_name(object, "unit", evidence->unit);
    hvb_summary_number(object, "effect", evidence->effect);
    hvb_summary_number(object, "effect_low", evidence->low);
    hvb_summary_number(object, "effect_high", evidence->high);
    hvb_summary_name(object, "effect_unit", evidence->effect_unit);
    json_object_set_int_member(object, "n", evidence->n);
    json_object_set_int_member(object, "cells", evidence->cells);
    json_object_set_int_member(object, "suspect_cells", evidence->suspect);
    json_object_set_boolean_member(object, "different_boots",
                                   evidence->boots_differ);
    json_object_set_string_member(object, "verdict",
                                  hvb_verdict_name(evidence->verdict));
    json_object_set_boolean_member(object, "decides", !evidence->aside);
    return object;
}

static JsonObject *claim_of(const HvbClaim *claim)
{
    JsonObject *object = json_object_new();
    JsonArray *evidence = json_array_new();

    json_object_set_string_member(object, "id", claim->id);
    json_object_set_string_member(object, "claim", claim->words);
    json_object_set_string_member(object, "verdict",
                                  hvb_verdict_name(claim->verdict));
    hvb_summary_name(object, "why", claim->why);
    for (guint e = 0; e < claim->evidence->len; e++)
        json_array_add_object_element(evidence,
                                      evidence_of(claim->evidence->pdata[e]));
    json_object_set_array_member(object, "evidence", evidence);
    return object;
}

static void set_claims(JsonObject *object, GPtrArray *claims)
{
    JsonArray *tested = json_array_new();
    JsonArray *untested = json_array_new();

    for (guint c = 0; c < claims->len; c++) {
        const HvbClaim *claim = claims->pdata[c];
        if (claim->untested)
            json_array_add_string_element(untested, claim->id);
        else
            json_array_add_object_element(tested, claim_of(claim));
    }
    json_object_set_array_member(object, "claims", tested);
    json_object_set_array_member(object, "untested_claims", untested);
}

/* Ends the JSON number at `text`, as json-glib writes it (17 digits), after
 * three decimals and appends it; returns what follows. */
static const char *append_short_number(GString *out, const char *text)
{
    char short_text[G_ASCII_DTOSTR_BUF_SIZE];
    gsize length = strspn(text, "+-.0123456789eE");
    g_autofree char *number = g_strndup(text, length);

    if (strpbrk(number, ".eE")) {
        g_ascii_formatd(short_text, sizeof short_text, "%.3f",
                        g_ascii_strtod(number, NULL));
        /* "12.500" as 12.5, "12.000" as 12.0: still a fraction to readers */
        for (char *end = short_text + strlen(short_text) - 1;
             *end == '0' && end[-1] != '.'; end--)
            *end = '\0';
        g_string_append(out, short_text);
    } else {
        g_string_append(out, number);
    }
    return text + length;
}

static GString *shorten_numbers(const char *json)
{
    GString *out = g_string_new(NULL);
    gboolean in_string = FALSE;

    while (*json != '\0') {
        if (!in_string && (*json == '-' || g_ascii_isdigit(*json))) {
            json = append_short_number(out, json);
            continue;
        }
        if (in_string && *json == '\\')
            g_string_append_c(out, *json++);
        else if (*json == '"')
            in_string = !in_string;
        g_string_append_c(out, *json++);
    }
    g_string_append_c(out, '\n');
    return out;
}

static JsonNode *summary_of(const HvbFindings *findings)
{
    const HvbRunRecord *run = findings->run;
    JsonNode *root = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();
    JsonArray *edges = json_array_new();
    JsonArray *scenarios = json_array_new();

    json_node_take_object(root, object);
    json_object_set_string_member(object, "hvbench", run->hvbench);
    json_object_set_string_member(object, "status", run->status);
    if (run->why)
        json_object_set_string_member(object, "why", run->why);
    hvb_summary_set_provenance(object, run);
    json_object_set_array_member(object, "guests", hvb_summary_guests(run));
    if (findings->claims)
        set_claims(object, findings->claims);
    if (findings->times->len > 0)
        json_object_set_object_member(object, "budget",
                                      hvb_summary_budget(findings));
    for (guint b = 0; b < HVB_P3_BINS - 1; b++)
        json_array_add_int_element(edges, hvb_p3_edges_ms[b]);
    json_object_set_array_member(object, "histogram_edges_ms", edges);
    for (guint p = 0; p < findings->p3s->len; p++)
        json_array_add_object_element(scenarios, scenario_of(findings, p));
    json_object_set_array_member(object, "scenarios", scenarios);
    return root;
}

gboolean hvb_summary_write(const char *dir, const HvbFindings *findings,
                           GError **error)
{
    g_autofree char *path = g_build_filename(dir, "summary.json", NULL);
    g_autoptr(JsonNode) root = summary_of(findings);
    g_autofree char *json = json_to_string(root, TRUE);
    g_autoptr(GString) text = shorten_numbers(json);
    g_autoptr(GError) failure = NULL;

    if (!g_file_set_contents(path, text->str, (gssize)text->len, &failure)) {
        g_set_error(error, HVB_REPORT_ERROR, HVB_REPORT_ERROR_FILE, "%s",
                    failure->message);
        return FALSE;
    }
    return TRUE;
}
