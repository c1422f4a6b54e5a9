/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a scenario's figures may be believed, or how far. */
#include "hvbench/report/page-parts.h"
#include "hvbench/report/text.h"

#include <math.h>

void hvb_page_set_onset(JsonObject *section, const HvbFindings *findings,
                        guint index)
{
    hvb_page_set(section, "onset",
                 hvb_onset_describe(
                     &g_array_index(findings->onsets, HvbOnset, index)));
}

/* HVB_TEXT_NOTHING for 0: nothing of the kind happened. */
static char *lateness(double ms)
{
    return hvb_text_ms(ms > 0 ? ms : NAN);
}

static void set_tally(JsonObject *row, const HvbTally *tally)
{
    json_object_set_int_member(row, "scheduled", tally->scheduled);
    json_object_set_int_member(row, "measured", tally->measured);
    json_object_set_int_member(row, "censored", tally->censored);
    json_object_set_int_member(row, "failed", tally->failed);
    json_object_set_int_member(row, "lost", tally->lost);
    json_object_set_boolean_member(row, "whole", hvb_tally_is_whole(tally));
    hvb_page_set(row, "oldest", lateness(tally->oldest_ms));
    hvb_page_set(row, "late_frame", lateness(tally->late_frame_ms));
    hvb_page_set(row, "late_send", lateness(tally->late_send_ms));
}

static JsonArray *tally_rows(const HvbP3 *p3)
{
    JsonArray *rows = json_array_new();

    for (guint i = 0; i < p3->levels->len; i++) {
        const HvbP3Level *level = &g_array_index(p3->levels, HvbP3Level, i);
        JsonObject *row = json_object_new();

        hvb_page_set(row, "level", g_strdup(hvb_level_name(level->level)));
        set_tally(row, &level->tally);
        json_array_add_object_element(rows, row);
    }
    return rows;
}

/* NULL if nothing was scheduled. */
static JsonObject *tally_of(const HvbTally *tally)
{
    JsonObject *object = tally->scheduled > 0 ? json_object_new() : NULL;

    if (object)
        set_tally(object, tally);
    return object;
}

void hvb_page_set_tally(JsonObject *section, const HvbP3 *p3)
{
    const HvbTally tally = hvb_p3_tally(p3);
    JsonObject *object = tally_of(&tally);

    if (!object)
        return;
    json_object_set_array_member(object, "tally_rows", tally_rows(p3));
    json_object_set_object_member(section, "tally", object);
}

void hvb_page_set_total(JsonObject *page, GPtrArray *p3s)
{
    HvbTally total = {0};
    JsonObject *object;

    for (guint p = 0; p < p3s->len; p++) {
        const HvbTally tally = hvb_p3_tally(p3s->pdata[p]);
        hvb_tally_add_up(&total, &tally);
    }
    object = tally_of(&total);
    if (object)
        json_object_set_object_member(page, "total", object);
}

void hvb_page_set_vantages(JsonObject *section, const GArray *rows)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < rows->len; i++) {
        const HvbVantageRow *vantage = &g_array_index(rows, HvbVantageRow, i);
        JsonObject *row = json_object_new();

        hvb_page_set(row, "level", g_strdup(hvb_level_name(vantage->level)));
        json_object_set_int_member(row, "n", vantage->cells);
        hvb_page_set(row, "by_guest",
                     hvb_text_ms(vantage->mean_ms[WIRE_SERVER]));
        hvb_page_set(row, "by_host",
                     hvb_text_ms(vantage->mean_ms[WIRE_CLIENT]));
        hvb_page_set(row, "difference",
                     hvb_text_interval(&vantage->difference));
        hvb_page_set(row, "late_send", lateness(vantage->late_send_ms));
        json_array_add_object_element(array, row);
    }
    json_object_set_boolean_member(section, "seen_twice", rows->len > 0);
    json_object_set_array_member(section, "vantages", array);
}
