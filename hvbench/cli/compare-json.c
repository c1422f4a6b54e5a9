/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/compare-json.h"

#include <errno.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <stdio.h>

/* NaN and infinity have no place in JSON. */
static void set_number(JsonObject *object, const char *name, double number)
{
    if (isfinite(number))
        json_object_set_double_member(object, name, number);
    else
        json_object_set_null_member(object, name);
}

static void set_strings(JsonObject *object, const char *name,
                        const GPtrArray *strings)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < strings->len; i++)
        json_array_add_string_element(array, strings->pdata[i]);
    json_object_set_array_member(object, name, array);
}

static JsonObject *mean_of(const HvbInterval *mean)
{
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "cells", mean->n);
    set_number(object, "mean_ms", mean->estimate);
    set_number(object, "low_ms", mean->low);
    set_number(object, "high_ms", mean->high);
    return object;
}

static JsonObject *row_of(const HvbComparedRow *row)
{
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "scenario", row->scenario);
    json_object_set_string_member(object, "level",
                                  row->all_levels ? "all"
                                                  : hvb_level_name(row->level));
    json_object_set_object_member(object, "before", mean_of(&row->a));
    json_object_set_object_member(object, "after", mean_of(&row->b));
    set_number(object, "change_ms", row->difference.estimate);
    set_number(object, "change_low_ms", row->difference.low);
    set_number(object, "change_high_ms", row->difference.high);
    set_number(object, "tolerance_ms", row->tolerance_ms);
    set_number(object, "unseen_ms", row->visible_ms);
    set_number(object, "p", row->p);
    json_object_set_string_member(object, "verdict",
                                  hvb_compared_name(row->verdict));
    return object;
}

static JsonNode *root_of(const char *before, const char *after,
                         const HvbComparison *comparison,
                         const GPtrArray *differences,
                         const HvbCompareSettings *settings)
{
    JsonObject *object = json_object_new();
    JsonArray *rows = json_array_new();
    JsonNode *root = json_node_new(JSON_NODE_OBJECT);

    json_object_set_string_member(object, "before", before);
    json_object_set_string_member(object, "after", after);
    json_object_set_string_member(object, "verdict",
                                  hvb_compared_name(comparison->verdict));
    set_number(object, "tolerance_ms", settings->tolerance_ms);
    set_number(object, "tolerance_percent", settings->tolerance_percent);
    set_number(object, "confidence", settings->confidence);
    set_strings(object, "differences", differences);
    set_strings(object, "only_before", comparison->only_a);
    set_strings(object, "only_after", comparison->only_b);
    for (guint i = 0; i < comparison->rows->len; i++)
        json_array_add_object_element(
            rows, row_of(&g_array_index(comparison->rows, HvbComparedRow, i)));
    json_object_set_array_member(object, "rows", rows);
    json_node_take_object(root, object);
    return root;
}

/* In place, since the name may stand for a device, a pipe or a link; "-" is the
 * output, which is looked at once all is in it. */
static gboolean write_text(const char *file, const char *text, GError **error)
{
    if (g_str_equal(file, "-")) {
        fputs(text, stdout);
        return TRUE;
    }
    FILE *stream = fopen(file, "we");
    gboolean ok = stream && fputs(text, stream) >= 0 && fflush(stream) == 0;
    int failure = errno;

    if (stream && fclose(stream) != 0 && ok) {
        ok = FALSE;
        failure = errno;
    }
    if (!ok)
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(failure),
                    "--json %s: %s", file, g_strerror(failure));
    return ok;
}

gboolean hvb_compare_write_json(const char *file, const char *before,
                                const char *after,
                                const HvbComparison *comparison,
                                const GPtrArray *differences,
                                const HvbCompareSettings *settings,
                                GError **error)
{
    g_autoptr(JsonNode) root =
        root_of(before, after, comparison, differences, settings);
    g_autofree char *text = json_to_string(root, TRUE);
    g_autofree char *line = g_strconcat(text, "\n", NULL);

    return write_text(file, line, error);
}
