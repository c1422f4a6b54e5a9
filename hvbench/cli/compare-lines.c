/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/compare-lines.h"

#include "hvbench/cli/terminal.h"

#include <math.h>
#include <string.h>

/* More than this is as good as nothing at all. */
#define MOST_VISIBLE_MS 99999.0
#define WIDTH 79

static const HvbComparedRow *row_at(const HvbComparison *comparison, guint i)
{
    return &g_array_index(comparison->rows, HvbComparedRow, i);
}

static const char *level_name(const HvbComparedRow *row)
{
    return row->all_levels ? "all" : hvb_level_name(row->level);
}

static char *interval_text(const HvbInterval *interval)
{
    if (isnan(interval->low))
        return g_strdup("too few cells");
    return g_strdup_printf("%+.1f to %+.1f", interval->low, interval->high);
}

static char *visible_text(double visible_ms)
{
    if (isnan(visible_ms))
        return g_strdup("-");
    if (!(visible_ms <= MOST_VISIBLE_MS))
        return g_strdup("any");
    return g_strdup_printf("%.0f", visible_ms);
}

static void print_row(FILE *stream, const HvbComparedRow *row)
{
    g_autofree char *interval = interval_text(&row->difference);
    g_autofree char *visible = visible_text(row->visible_ms);
    g_autofree char *cells = g_strdup_printf("%u/%u", row->a.n, row->b.n);

    fprintf(stream, "  %-8s %5s %8.1f %8.1f %+8.1f %19s %6s  %s\n",
            level_name(row), cells, row->a.estimate, row->b.estimate,
            row->difference.estimate, interval, visible,
            hvb_compared_name(row->verdict));
}

void hvb_compare_print_rows(FILE *stream, const HvbComparison *comparison,
                            const char *before, const char *after)
{
    const char *scenario = "";

    if (comparison->rows->len > 0)
        fprintf(stream, "%-10s %5s %8s %8s %8s %19s %6s  %s\n", "ms", "cells",
                before, after, "change", "95 % interval", "unseen", "verdict");
    for (guint i = 0; i < comparison->rows->len; i++) {
        const HvbComparedRow *row = row_at(comparison, i);
        if (!g_str_equal(row->scenario, scenario))
            fprintf(stream, "%s\n", row->scenario);
        scenario = row->scenario;
        print_row(stream, row);
    }
}

/* The text broken between words; each further line begins with `prefix`. */
static void print_wrapped(FILE *stream, const char *first, const char *prefix,
                          const char *text)
{
    g_autoptr(GString) lines = g_string_new(first);

    hvb_terminal_append_wrapped(lines, hvb_terminal_width(first), prefix, text,
                                WIDTH);
    fprintf(stream, "%s\n", lines->str);
}

void hvb_compare_print_differences(FILE *stream, const GPtrArray *differences)
{
    if (differences->len == 0)
        return;
    fprintf(stream, "*** THESE TWO RUNS WERE NOT MADE ON THE SAME THING ***\n");
    for (guint i = 0; i < differences->len; i++)
        print_wrapped(stream, "***   ", "***     ", differences->pdata[i]);
    fprintf(stream, "*** Whatever differs below may come from that.\n\n");
}

void hvb_compare_print_only(FILE *stream, const char *dir,
                            const GPtrArray *only)
{
    g_autofree char *first = g_strdup_printf("Only in %s: ", dir);
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < only->len; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "",
                               (const char *)only->pdata[i]);
    if (only->len > 0)
        print_wrapped(stream, first, "  ", names->str);
}

static guint count(const HvbComparison *comparison, HvbCompared verdict)
{
    guint n = 0;

    for (guint i = 0; i < comparison->rows->len; i++)
        n += row_at(comparison, i)->verdict == verdict;
    return n;
}

/* Of those that are alike, all levels together or single ones, the row that
 * would hide most; NULL: none. */
static const HvbComparedRow *find_blindest(const HvbComparison *comparison,
                                           gboolean all_levels)
{
    const HvbComparedRow *blindest = NULL;

    for (guint i = 0; i < comparison->rows->len; i++) {
        const HvbComparedRow *row = row_at(comparison, i);
        if (row->verdict == HVB_COMPARED_ALIKE &&
            row->all_levels == all_levels &&
            (!blindest || row->visible_ms > blindest->visible_ms))
            blindest = row;
    }
    return blindest;
}

static void print_power(FILE *stream, const HvbComparison *comparison)
{
    const HvbComparedRow *all = find_blindest(comparison, TRUE);
    const HvbComparedRow *one = find_blindest(comparison, FALSE);

    if (!all && !one)
        return;
    fprintf(stream, "What is alike may still have become slower; it takes more "
                    "repetitions to see\n");
    if (all) {
        g_autofree char *visible = visible_text(all->visible_ms);
        fprintf(stream, "  less than %s ms on average over all levels (%s)\n",
                visible, all->scenario);
    }
    if (one) {
        g_autofree char *visible = visible_text(one->visible_ms);
        fprintf(stream, "  less than %s ms at a single level (%s %s)\n",
                visible, one->scenario, level_name(one));
    }
}

static void print_unknown(FILE *stream, const HvbComparison *comparison)
{
    for (guint i = 0; i < comparison->rows->len; i++) {
        const HvbComparedRow *row =
            &g_array_index(comparison->rows, HvbComparedRow, i);
        if (row->unknown > 0)
            fprintf(stream,
                    "%s %s: %u operations failed, or their samples are gone.\n",
                    row->scenario, level_name(row), row->unknown);
    }
}

void hvb_compare_print_verdict(FILE *stream, const HvbComparison *comparison,
                               const HvbCompareSettings *settings)
{
    guint worse = count(comparison, HVB_COMPARED_WORSE);
    guint better = count(comparison, HVB_COMPARED_BETTER);
    guint unknown = count(comparison, HVB_COMPARED_UNKNOWN);

    if (comparison->rows->len == 0)
        fprintf(stream, "Nothing to compare: no level of a scenario has cells "
                        "that count in both.\n");
    else if (comparison->known == 0)
        fprintf(stream, "Too few cells to tell: measure two repetitions or "
                        "more.\n");
    else if (worse + better == 0)
        fprintf(stream,
                "Alike: no change beyond the tolerance (%g ms + %g %%) was "
                "seen in %u row%s.\n",
                settings->tolerance_ms, settings->tolerance_percent,
                comparison->known, comparison->known == 1 ? "" : "s");
    else
        fprintf(stream,
                "%s: of %u row%s, %u became worse and %u better, beyond the "
                "tolerance\n(%g ms + %g %%) and beyond chance.\n",
                worse > 0 ? "Worse" : "Better", comparison->known,
                comparison->known == 1 ? "" : "s", worse, better,
                settings->tolerance_ms, settings->tolerance_percent);
    if (comparison->known > 0 && unknown > 0)
        fprintf(stream,
                "%u more cannot be told: fewer than two cells, or not all "
                "operations known.\n",
                unknown);
    print_unknown(stream, comparison);
    if (comparison->known > 0 && worse == 0 &&
        comparison->verdict == HVB_COMPARED_UNKNOWN)
        fprintf(stream, "So whether users wait longer than before cannot be "
                        "told for all of it.\n");
    print_power(stream, comparison);
}

static void print_rate(FILE *stream, const char *what, guint n, guint rows)
{
    fprintf(stream, "  %-28s %4u  %5.1f %%\n", what, n, 100.0 * n / rows);
}

void hvb_compare_print_alarms(FILE *stream, const HvbAlarms *alarms,
                              const char *what,
                              const HvbCompareSettings *settings)
{
    g_autofree char *tolerance =
        g_strdup_printf("beyond %g ms + %g %%", settings->tolerance_ms,
                        settings->tolerance_percent);

    fprintf(stream,
            "%u pairs of %s, each tested alone.\nFalse alarms, nominally at "
            "most %.0f %%, which is up to %u by chance:\n",
            alarms->rows, what, 100.0 * (1.0 - settings->confidence),
            alarms->bound);
    print_rate(stream, tolerance, alarms->beyond, alarms->rows);
    print_rate(stream, "without any tolerance", alarms->bare, alarms->rows);
}
