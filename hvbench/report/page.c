/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report.html: the whole page, from the template and its parts. */
#include "hvbench/profile/input.h"
#include "hvbench/report/page-parts.h"
#include "hvbench/report/report.h"
#include "hvbench/report/template.h"
#include "hvbench/report/text.h"

#include <math.h>
#include <string.h>

/* More scenarios than this are neither named in the heading nor opened. */
#define MAX_NAMES 10
#define MAX_OPENED 10
/* Bytes of a picture; hvbench draws far smaller ones. */
#define MAX_PICTURE (64 * 1024 * 1024)
#define NS_PER_S G_GINT64_CONSTANT(1000000000)

void hvb_page_set(JsonObject *object, const char *name, char *text)
{
    if (text)
        json_object_set_string_member(object, name, text);
    g_free(text);
}

char *hvb_page_picture(const char *dir, const char *name)
{
    g_autofree char *file = g_strconcat(name, ".svg", NULL);
    g_autofree char *path = g_build_filename(dir, file, NULL);
    g_autofree char *bytes = NULL;
    g_autofree char *text = NULL;
    gsize n;

    if (!hvb_input_read(path, MAX_PICTURE, &bytes, &n, NULL))
        return NULL;
    text = g_base64_encode((const guchar *)bytes, n);
    return g_strconcat("data:image/svg+xml;base64,", text, NULL);
}

char *hvb_page_time(gint64 realtime_us)
{
    g_autoptr(GDateTime) time =
        g_date_time_new_from_unix_utc(realtime_us / G_USEC_PER_SEC);

    return realtime_us > 0 && time ? g_date_time_format(time, "%F %T UTC")
                                   : NULL;
}

char *hvb_page_moment(gint64 realtime_ns)
{
    g_autoptr(GDateTime) time =
        g_date_time_new_from_unix_utc(realtime_ns / NS_PER_S);
    g_autofree char *second = time ? g_date_time_format(time, "%F %T") : NULL;

    return second ? g_strdup_printf("%s.%03d", second,
                                    (int)(realtime_ns / 1000000 % 1000))
                  : NULL;
}

static char *resource_text(const char *path)
{
    g_autoptr(GBytes) bytes =
        g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

    g_assert(bytes);
    return g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

const char *hvb_page_feel(double ms)
{
    if (isnan(ms))
        return "none";
    return ms < 50 ? "unnoticed" : ms < 1000 ? "felt" : "unbearable";
}

static JsonArray *headline_cells(const HvbP3 *p3)
{
    JsonArray *cells = json_array_new();

    for (guint level = 0; level < HVB_N_LEVELS; level++) {
        JsonObject *cell = json_object_new();
        double mean_ms = NAN;
        gboolean planned = FALSE;

        for (guint i = 0; i < p3->levels->len; i++) {
            const HvbP3Level *l = &g_array_index(p3->levels, HvbP3Level, i);
            if (l->level == level) {
                planned = TRUE;
                mean_ms = hvb_p3_headline(p3, l)->mean_ms;
            }
        }
        json_object_set_string_member(cell, "feel", hvb_page_feel(mean_ms));
        hvb_page_set(cell, "ms",
                     !planned         ? g_strdup("")
                     : isnan(mean_ms) ? g_strdup("no sample")
                                      : hvb_text_ms(mean_ms));
        json_array_add_object_element(cells, cell);
    }
    return cells;
}

static void set_overview(JsonObject *page, GPtrArray *p3s)
{
    JsonArray *rows = json_array_new();
    JsonArray *levels = json_array_new();

    for (guint level = 0; level < HVB_N_LEVELS; level++)
        json_array_add_string_element(levels, hvb_level_name(level));
    for (guint p = 0; p < p3s->len; p++) {
        const HvbP3 *p3 = p3s->pdata[p];
        JsonObject *row = json_object_new();

        json_object_set_string_member(row, "name", p3->scenario);
        hvb_page_set(row, "heading", hvb_text_heading(p3));
        hvb_page_set(row, "operation", hvb_text_operation(p3));
        json_object_set_array_member(row, "cells", headline_cells(p3));
        json_array_add_object_element(rows, row);
    }
    json_object_set_array_member(page, "levels", levels);
    json_object_set_array_member(page, "overview", rows);
}

static void set_run(JsonObject *page, const HvbRunRecord *run)
{
    gboolean done = g_strcmp0(run->status, "done") == 0;

    hvb_page_set(page, "hvbench", g_strdup(run->hvbench));
    hvb_page_set(page, "command_line", g_strdup(run->command_line));
    hvb_page_set(page, "status", g_strdup(run->status));
    json_object_set_boolean_member(page, "incomplete", !done);
    hvb_page_set(page, "why", g_strdup(run->why));
    hvb_page_set(page, "seed",
                 g_strdup_printf("%" G_GUINT64_FORMAT, run->seed));
    hvb_page_set(page, "started", hvb_page_time(run->started_us));
    hvb_page_set(page, "ended", hvb_page_time(run->ended_us));
    if (run->ended_us > run->started_us) {
        double us = (double)(run->ended_us - run->started_us);
        hvb_page_set(page, "duration", hvb_text_duration(us / G_USEC_PER_SEC));
    }
}

/* "fig03, fig05, fig09", or how many there are. */
static char *scenario_names(GPtrArray *ordered)
{
    g_autoptr(GString) names = g_string_new(NULL);

    if (ordered->len > MAX_NAMES)
        return g_strdup_printf("%u scenarios", ordered->len);
    for (guint p = 0; p < ordered->len; p++)
        g_string_append_printf(names, "%s%s", p > 0 ? ", " : "",
                               ((const HvbP3 *)ordered->pdata[p])->scenario);
    return g_strdup(names->str);
}

/* Whether there was no guest in any scenario. */
static gboolean is_native(const HvbRunRecord *run)
{
    for (guint i = 0; i < run->profiles->len; i++)
        if (!((const HvbProfile *)run->profiles->pdata[i])->native)
            return FALSE;
    return run->profiles->len > 0;
}

/* Those that have no place in p3.svg: their own pictures, small. */
static JsonArray *small_pictures(const char *dir, GPtrArray *ordered)
{
    JsonArray *pictures = json_array_new();

    for (guint p = hvb_figures_together(ordered); p < ordered->len; p++) {
        const HvbP3 *p3 = ordered->pdata[p];
        g_autofree char *name = g_strconcat("p3-", p3->scenario, NULL);
        JsonObject *picture = json_object_new();

        json_object_set_string_member(picture, "name", p3->scenario);
        hvb_page_set(picture, "heading", hvb_text_heading(p3));
        hvb_page_set(picture, "picture", hvb_page_picture(dir, name));
        json_array_add_object_element(pictures, picture);
    }
    return pictures;
}

static void set_scenarios(JsonObject *page, const char *dir,
                          const HvbFindings *findings, GPtrArray *ordered)
{
    JsonArray *scenarios = json_array_new();

    for (guint p = 0; p < ordered->len; p++) {
        guint index = 0;
        g_ptr_array_find(findings->p3s, ordered->pdata[p], &index);
        json_array_add_object_element(scenarios,
                                      hvb_page_scenario(dir, findings, index));
    }
    json_object_set_boolean_member(page, "opened", ordered->len <= MAX_OPENED);
    json_object_set_array_member(page, "scenarios", scenarios);
}

static JsonArray *provenance_of(const HvbRunRecord *run)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < run->provenance->len; i++) {
        const HvbProvenance *entry = run->provenance->pdata[i];
        JsonObject *row;

        /* They have a table of their own. */
        if (g_str_has_prefix(entry->key, HVB_BUDGET_PLAN_PREFIX) ||
            g_str_has_prefix(entry->key, HVB_BUDGET_USED_PREFIX))
            continue;
        row = json_object_new();
        hvb_page_set(row, "key", g_strdup(entry->key));
        hvb_page_set(row, "value", g_strdup(entry->value));
        json_array_add_object_element(array, row);
    }
    return array;
}

static JsonArray *profiles_of(const HvbRunRecord *run)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < run->profiles->len; i++) {
        const HvbProfile *profile = run->profiles->pdata[i];
        JsonObject *row = json_object_new();

        hvb_page_set(row, "profile_name", g_strdup(profile->name));
        hvb_page_set(row, "text", hvb_profile_to_text(profile));
        json_array_add_object_element(array, row);
    }
    return array;
}

static JsonObject *page_of(const char *dir, const HvbFindings *findings)
{
    const HvbRunRecord *run = findings->run;
    g_autoptr(GPtrArray) ordered = hvb_findings_order(findings->p3s);
    JsonObject *page = json_object_new();

    hvb_page_set(page, "css", resource_text("/hvbench/report/report.css"));
    hvb_page_set(page, "names", scenario_names(ordered));
    hvb_page_set(page, "users_of",
                 g_strdup(is_native(run) ? "this machine" : "these guests"));
    set_run(page, run);
    set_overview(page, ordered);
    hvb_page_set_total(page, ordered);
    hvb_page_set(page, "together", hvb_page_picture(dir, "p3"));
    hvb_page_set(page, "delays", hvb_page_picture(dir, "delays"));
    json_object_set_array_member(page, "small", small_pictures(dir, ordered));
    hvb_page_set_claims(page, findings);
    json_object_set_array_member(page, "account",
                                 hvb_page_account(findings, ordered));
    hvb_page_set(page, "throttling", hvb_page_throttling(run));
    hvb_page_set_times(page, findings);
    set_scenarios(page, dir, findings, ordered);
    json_object_set_array_member(page, "guests", hvb_page_guests(run));
    json_object_set_array_member(page, "manager_events",
                                 hvb_page_manager_events(run));
    json_object_set_array_member(page, "other_events",
                                 hvb_page_other_events(run));
    json_object_set_array_member(page, "provenance", provenance_of(run));
    json_object_set_array_member(page, "profiles", profiles_of(run));
    return page;
}

gboolean hvb_page_write(const char *dir, const HvbFindings *findings,
                        GError **error)
{
    g_autofree char *path = g_build_filename(dir, "report.html", NULL);
    g_autofree char *template = resource_text("/hvbench/report/report.html");
    g_autoptr(JsonObject) page = page_of(dir, findings);
    g_autofree char *html = hvb_template_fill(template, page);
    g_autoptr(GError) failure = NULL;

    if (!g_file_set_contents(path, html, -1, &failure)) {
        g_set_error(error, HVB_REPORT_ERROR, HVB_REPORT_ERROR_FILE, "%s",
                    failure->message);
        return FALSE;
    }
    return TRUE;
}
