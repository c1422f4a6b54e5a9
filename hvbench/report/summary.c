/* SPDX-License-Identifier: GPL-3.0-or-later */
/* summary.json: what a result set says, for programs. */
#include "hvbench/report/report.h"
#include "hvbench/report/text.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#define STACK_PREFIX "stack."

/* NaN and infinity have no place in JSON. */
static void set_number(JsonObject *object, const char *name, double number)
{
    if (isfinite(number))
        json_object_set_double_member(object, name,
                                      round(number * 1000) / 1000);
    else
        json_object_set_null_member(object, name);
}

static void set_figures(JsonObject *object, const HvbP3Row *row)
{
    JsonArray *histogram = json_array_new();

    json_object_set_int_member(object, "samples", row->samples);
    json_object_set_int_member(object, "censored", row->censored);
    json_object_set_int_member(object, "failed", row->failed);
    set_number(object, "mean_ms", row->mean_ms);
    set_number(object, "mean_low_ms", row->mean_low_ms);
    set_number(object, "mean_high_ms", row->mean_high_ms);
    set_number(object, "p50_ms", row->p50_ms);
    set_number(object, "p90_ms", row->p90_ms);
    set_number(object, "p99_ms", row->p99_ms);
    set_number(object, "max_ms", row->max_ms);
    set_number(object, "spread_ms", row->spread_ms);
    set_number(object, "within_50ms", row->within_50ms);
    set_number(object, "over_1s", row->over_1s);
    for (guint b = 0; b < HVB_P3_BINS; b++)
        json_array_add_int_element(histogram, row->count[b]);
    json_object_set_array_member(object, "histogram", histogram);
}

static JsonObject *level_of(const HvbP3 *p3, const HvbP3Level *level)
{
    JsonObject *object = json_object_new();
    JsonObject *operations = json_object_new();

    json_object_set_string_member(object, "level",
                                  hvb_level_name(level->level));
    set_figures(object, hvb_p3_headline(p3, level));
    json_object_set_int_member(object, "lost", level->lost);
    json_object_set_int_member(object, "cells", level->cells);
    json_object_set_int_member(object, "disturbed", level->disturbed);
    json_object_set_int_member(object, "suspect", level->suspect);
    set_number(object, "guest_busy_percent", level->guest_busy_percent);
    set_number(object, "host_busy_percent", level->host_busy_percent);
    set_number(object, "host_total_percent", level->host_total_percent);
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
    set_number(object, "host_percent", guest->host_percent);
    set_number(object, "vcpu_percent", guest->vcpu_percent);
    set_number(object, "emulator_percent", guest->emulator_percent);
    set_number(object, "throttled_percent", guest->throttled_percent);
    set_number(object, "throttled_periods_per_s",
               guest->throttled_periods_per_s);
    set_number(object, "guest_busy_percent", guest->guest_busy_percent);
    set_number(object, "steal_percent", guest->steal_percent);
    set_number(object, "users_percent", guest->users_percent);
    set_number(object, "probes_percent", guest->probes_percent);
    set_number(object, "agent_percent", guest->agent_percent);
    set_number(object, "manager_percent", guest->manager_percent);
    set_number(object, "used_percent", guest->used_percent);
    set_number(object, "overhead_percent", guest->overhead_percent);
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
        set_number(object, "host_total_percent", level->host_total_percent);
        set_number(object, "host_steal_percent", level->host_steal_percent);
        set_number(object, "services_percent", level->services_percent);
        set_number(object, "manager_percent", level->manager_percent);
        set_number(object, "foreign_percent", level->foreign_percent);
        set_number(object, "own_percent", level->own_percent);
        for (guint g = 0; g < level->guests->len; g++)
            json_array_add_object_element(
                guests, account_guest_of(
                            &g_array_index(level->guests, HvbAccountGuest, g)));
        json_object_set_array_member(object, "guests", guests);
        json_array_add_object_element(array, object);
    }
    return array;
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

static void set_name(JsonObject *object, const char *member, const char *name)
{
    if (name)
        json_object_set_string_member(object, member, name);
    else
        json_object_set_null_member(object, member);
}

static JsonObject *evidence_of(const HvbEvidence *evidence)
{
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "what", evidence->what);
    set_name(object, "scenario_a", evidence->scenario_a);
    set_name(object, "scenario_b", evidence->scenario_b);
    set_number(object, "a", evidence->a);
    set_number(object, "b", evidence->b);
    set_name(object, "unit", evidence->unit);
    set_number(object, "effect", evidence->effect);
    set_number(object, "effect_low", evidence->low);
    set_number(object, "effect_high", evidence->high);
    set_name(object, "effect_unit", evidence->effect_unit);
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
    set_name(object, "why", claim->why);
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

static void set_spent(JsonObject *object, const char *name, gboolean is_known,
                      const HvbSpent *spent)
{
    JsonObject *member;

    if (!is_known) {
        json_object_set_null_member(object, name);
        return;
    }
    member = json_object_new();
    json_object_set_int_member(member, "n", spent->n);
    set_number(member, "seconds", spent->seconds);
    json_object_set_object_member(object, name, member);
}

static JsonObject *budget_of(const HvbFindings *findings)
{
    const char *seconds =
        hvb_findings_provenance(findings, HVB_BUDGET_SECONDS_KEY);
    JsonObject *object = json_object_new();
    JsonArray *array = json_array_new();

    set_number(object, "seconds",
               seconds ? g_ascii_strtod(seconds, NULL) : NAN);
    set_name(object, "left_out",
             hvb_findings_provenance(findings, HVB_BUDGET_LEFT_OUT_KEY));
    for (guint i = 0; i < findings->times->len; i++) {
        const HvbTimeFinding *time =
            &g_array_index(findings->times, HvbTimeFinding, i);
        JsonObject *row = json_object_new();

        json_object_set_string_member(row, "name", time->name);
        set_spent(row, "planned", time->has_plan, &time->plan);
        set_spent(row, "used", time->has_use, &time->use);
        json_array_add_object_element(array, row);
    }
    json_object_set_array_member(object, "spent", array);
    return object;
}

/* The provenance's stack entries go to "stack", without the prefix; what time
 * was planned and used has been said by budget_of(). */
static void set_provenance(JsonObject *object, const HvbRunRecord *run)
{
    JsonObject *stack = json_object_new();
    JsonObject *rest = json_object_new();

    for (guint i = 0; i < run->provenance->len; i++) {
        const HvbProvenance *entry = run->provenance->pdata[i];
        if (g_str_has_prefix(entry->key, STACK_PREFIX))
            json_object_set_string_member(stack,
                                          entry->key + strlen(STACK_PREFIX),
                                          entry->value);
        else if (!g_str_has_prefix(entry->key, HVB_BUDGET_PLAN_PREFIX) &&
                 !g_str_has_prefix(entry->key, HVB_BUDGET_USED_PREFIX))
            json_object_set_string_member(rest, entry->key, entry->value);
    }
    json_object_set_object_member(object, "stack", stack);
    json_object_set_object_member(object, "provenance", rest);
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
    set_provenance(object, run);
    if (findings->claims)
        set_claims(object, findings->claims);
    if (findings->times->len > 0)
        json_object_set_object_member(object, "budget", budget_of(findings));
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
