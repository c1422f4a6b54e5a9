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

static JsonObject *scenario_of(const HvbP3 *p3)
{
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
    return object;
}

/* The provenance's stack entries go to "stack", without the prefix. */
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
        else
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

gboolean hvb_summary_write(const char *dir, const HvbRunRecord *run,
                           GPtrArray *p3s, GError **error)
{
    g_autofree char *path = g_build_filename(dir, "summary.json", NULL);
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();
    JsonArray *edges = json_array_new();
    JsonArray *scenarios = json_array_new();
    g_autoptr(GError) failure = NULL;
    g_autofree char *json = NULL;
    g_autoptr(GString) text = NULL;

    json_node_take_object(root, object);
    json_object_set_string_member(object, "hvbench", run->hvbench);
    json_object_set_string_member(object, "status", run->status);
    if (run->why)
        json_object_set_string_member(object, "why", run->why);
    set_provenance(object, run);
    for (guint b = 0; b < HVB_P3_BINS - 1; b++)
        json_array_add_int_element(edges, hvb_p3_edges_ms[b]);
    json_object_set_array_member(object, "histogram_edges_ms", edges);
    for (guint p = 0; p < p3s->len; p++)
        json_array_add_object_element(scenarios, scenario_of(p3s->pdata[p]));
    json_object_set_array_member(object, "scenarios", scenarios);

    json = json_to_string(root, TRUE);
    text = shorten_numbers(json);
    if (!g_file_set_contents(path, text->str, (gssize)text->len, &failure)) {
        g_set_error(error, HVB_REPORT_ERROR, HVB_REPORT_ERROR_FILE, "%s",
                    failure->message);
        return FALSE;
    }
    return TRUE;
}
