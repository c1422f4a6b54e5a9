/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hvbench compare: whether users feel a difference between two result sets. */
#include "hvbench/results/compare.h"

#include "hvbench/cli/commands.h"
#include "hvbench/results/origin.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    double tolerance_ms;
    double tolerance_percent;
    gboolean aa;
    GStrv dirs;
} Options;

static HvbRunRecord *load(const char *dir, GError **error)
{
    g_autoptr(HvbStore) store = hvb_store_open(dir, FALSE, error);

    return store ? hvb_store_load_run(store, error) : NULL;
}

static void print_rows(const HvbComparison *comparison)
{
    printf("%-20s %-9s %5s %9s %5s %9s %9s  %-19s %9s  %s\n", "scenario",
           "level", "cells", "mean ms", "cells", "mean ms", "change",
           "95 % interval", "unseen <", "verdict");
    for (guint i = 0; i < comparison->rows->len; i++) {
        const HvbComparedRow *row =
            &g_array_index(comparison->rows, HvbComparedRow, i);
        g_autofree char *interval =
            isnan(row->difference.low)
                ? g_strdup("-")
                : g_strdup_printf("%.1f to %.1f", row->difference.low,
                                  row->difference.high);
        printf("%-20s %-9s %5u %9.1f %5u %9.1f %+9.1f  %-19s ", row->scenario,
               hvb_level_name(row->level), row->a.n, row->a.estimate, row->b.n,
               row->b.estimate, row->difference.estimate, interval);
        if (isnan(row->visible_ms))
            printf("%9s", "-");
        else
            printf("%9.1f", row->visible_ms);
        printf("  %s\n", hvb_compared_name(row->verdict));
    }
}

static void print_missing(const char *dir, const GPtrArray *only)
{
    if (only->len == 0)
        return;
    printf("Only in %s:", dir);
    for (guint i = 0; i < only->len; i++)
        printf("%s %s", i > 0 ? "," : "", (const char *)only->pdata[i]);
    printf("\n");
}

/* Loudly: a difference between the figures may be one between the stacks. */
static void print_differences(const HvbRunRecord *a, const HvbRunRecord *b)
{
    g_autoptr(GPtrArray) differences = hvb_origin_differences(a, b);

    if (differences->len == 0)
        return;
    printf("*** THESE TWO RUNS WERE NOT MADE ON THE SAME THING ***\n");
    for (guint i = 0; i < differences->len; i++)
        printf("***   %s\n", (const char *)differences->pdata[i]);
    printf("*** Whatever differs below may come from that.\n\n");
}

static int conclude(const HvbComparison *comparison)
{
    static const char *const sentences[] = {
        [HVB_COMPARED_ALIKE] =
            "Alike: no difference beyond the tolerance was seen.",
        [HVB_COMPARED_BETTER] = "Better: users wait less in the second run.",
        [HVB_COMPARED_WORSE] = "Worse: users wait longer in the second run.",
        [HVB_COMPARED_UNKNOWN] =
            "Too few cells to tell: measure two repetitions at least.",
    };

    printf("\n%s\n", sentences[comparison->verdict]);
    int status = hvb_cmd_flush();
    return status == HVB_EXIT_OK && comparison->verdict != HVB_COMPARED_ALIKE
               ? HVB_EXIT_FAILED
               : status;
}

static int compare_two(const Options *options,
                       const HvbCompareSettings *settings, GError **error)
{
    g_autoptr(HvbRunRecord) a = load(options->dirs[0], error);
    g_autoptr(HvbRunRecord) b = a ? load(options->dirs[1], error) : NULL;

    if (!b)
        return -1;
    g_autoptr(HvbComparison) comparison = hvb_compare(a, b, settings);
    print_differences(a, b);
    print_rows(comparison);
    print_missing(options->dirs[0], comparison->only_a);
    print_missing(options->dirs[1], comparison->only_b);
    return conclude(comparison);
}

static int compare_halves(const Options *options,
                          const HvbCompareSettings *settings, GError **error)
{
    g_autoptr(HvbRunRecord) run = load(options->dirs[0], error);

    if (!run)
        return -1;
    g_autoptr(HvbComparison) comparison = hvb_compare_halves(run, settings);
    guint n = hvb_comparison_testable(comparison);
    guint alarms = hvb_comparison_alarms(comparison, settings->confidence);
    print_rows(comparison);
    if (n == 0)
        printf("\nNo scenario has a level with four cells or more.\n");
    else
        printf("\n%u of %u pairs of halves (odd against even repetitions) are "
               "called different\nif each is tested alone: %.1f %%, nominally "
               "at most %.1f %%.\n",
               alarms, n, 100.0 * alarms / n,
               100.0 * (1.0 - settings->confidence));
    return hvb_cmd_flush();
}

static gboolean check(const Options *options)
{
    guint wanted = options->aa ? 1 : 2;
    guint n = options->dirs ? g_strv_length(options->dirs) : 0;

    if (n != wanted) {
        hvb_cmd_fail(HVB_EXIT_USAGE,
                     options->aa ? "compare: --aa takes one result set"
                                 : "compare: give two result sets: hvbench "
                                   "compare BEFORE AFTER");
        return FALSE;
    }
    if (!(options->tolerance_ms >= 0.0) ||
        !(options->tolerance_percent >= 0.0)) {
        hvb_cmd_fail(HVB_EXIT_USAGE, "compare: a tolerance is 0 or more");
        return FALSE;
    }
    return TRUE;
}

int hvb_cmd_compare(int argc, char **argv)
{
    Options options = {HVB_COMPARE_TOLERANCE_MS, HVB_COMPARE_TOLERANCE_PERCENT,
                       FALSE, NULL};
    const GOptionEntry entries[] = {
        {"tolerance-ms", 0, 0, G_OPTION_ARG_DOUBLE, &options.tolerance_ms,
         "a change within this does not count (10) ...", "MS"},
        {"tolerance", 0, 0, G_OPTION_ARG_DOUBLE, &options.tolerance_percent,
         "... and this much of the first run's delay (10)", "PERCENT"},
        {"aa", 0, 0, G_OPTION_ARG_NONE, &options.aa,
         "hold one run against itself: odd against even repetitions", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.dirs,
         NULL, "BEFORE AFTER"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(
        context,
        "Compares the mean delays of two result sets, scenario by scenario and "
        "level by level.\nA change is called only if it is beyond the "
        "tolerance, and beyond chance for all\nrows together. \"unseen <\" is "
        "what a change must exceed to be seen in four of five\ncases, with as "
        "many cells. Ends with status 1 unless the two are alike.");
    if (!hvb_cmd_parse(context, &argc, &argv))
        return HVB_EXIT_USAGE;
    g_auto(GStrv) dirs = options.dirs;
    if (!check(&options))
        return HVB_EXIT_USAGE;
    const HvbCompareSettings settings = {options.tolerance_ms,
                                         options.tolerance_percent,
                                         HVB_CONFIDENCE};
    int status = options.aa ? compare_halves(&options, &settings, &error)
                            : compare_two(&options, &settings, &error);
    if (error)
        return hvb_cmd_fail(hvb_cmd_status(error), "%s", error->message);
    return status;
}
