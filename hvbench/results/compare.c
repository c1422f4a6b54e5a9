/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/compare.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

/* Below these, halves of a run's cells have no interval. */
#define HALF 2

const char *hvb_compared_name(HvbCompared compared)
{
    static const char *const names[] = {
        [HVB_COMPARED_ALIKE] = "alike",
        [HVB_COMPARED_BETTER] = "better",
        [HVB_COMPARED_WORSE] = "worse",
        [HVB_COMPARED_UNKNOWN] = "too few cells",
    };

    return names[compared];
}

static void clear_row(gpointer data)
{
    g_free(((HvbComparedRow *)data)->scenario);
}

void hvb_comparison_free(HvbComparison *comparison)
{
    if (!comparison)
        return;
    g_array_unref(comparison->rows);
    g_ptr_array_unref(comparison->only_a);
    g_ptr_array_unref(comparison->only_b);
    g_free(comparison);
}

static HvbComparison *new_comparison(void)
{
    HvbComparison *comparison = g_new0(HvbComparison, 1);

    comparison->rows = g_array_new(FALSE, FALSE, sizeof(HvbComparedRow));
    g_array_set_clear_func(comparison->rows, clear_row);
    comparison->only_a = g_ptr_array_new_with_free_func(g_free);
    comparison->only_b = g_ptr_array_new_with_free_func(g_free);
    return comparison;
}

/* Which cells count: those of all repetitions, or only of odd or even ones. */
typedef enum { ALL_CELLS, ODD_CELLS, EVEN_CELLS } Choice;

static gboolean is_chosen(const HvbCell *cell, HvbLevel level, Choice choice)
{
    if (cell->level != level)
        return FALSE;
    return choice == ALL_CELLS ||
           (cell->repetition % 2 == 1) == (choice == ODD_CELLS);
}

/* The mean headline delay of the scenario at a level, over its chosen cells. */
static HvbInterval mean_delay(const HvbRunRecord *run, guint scenario,
                              HvbLevel level, Choice choice, double confidence)
{
    g_autoptr(HvbP3) p3 = hvb_p3_for_profile(run->profiles->pdata[scenario]);
    g_autoptr(GPtrArray) cells = hvb_counted_cells(run, scenario);
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(HvbBlockValue));
    guint blocks = 0;

    for (guint i = 0; i < cells->len; i++) {
        if (!is_chosen(cells->pdata[i], level, choice))
            continue;
        g_autoptr(GArray) delays = hvb_cell_delays(p3, cells->pdata[i]);
        for (guint k = 0; k < delays->len; k++) {
            const HvbBlockValue value = {g_array_index(delays, double, k),
                                         blocks};
            g_array_append_val(values, value);
        }
        blocks += delays->len > 0;
    }
    hvb_block_values_sort(values);
    return hvb_bootstrap(values, blocks, hvb_statistic_mean, 0.0, confidence);
}

static double chance_of(const HvbComparedRow *row)
{
    double beyond = fabs(row->difference.estimate) - row->tolerance_ms;

    if (isnan(row->difference.error))
        return NAN;
    if (beyond <= 0.0)
        return 1.0;
    if (row->difference.error <= 0.0)
        return 0.0;
    return 2.0 * gsl_cdf_tdist_Q(beyond / row->difference.error,
                                 row->difference.freedom);
}

static void add_row(HvbComparison *comparison, const char *scenario,
                    HvbLevel level, const HvbInterval *a, const HvbInterval *b,
                    const HvbCompareSettings *settings)
{
    HvbComparedRow row = {.scenario = g_strdup(scenario),
                          .level = level,
                          .a = *a,
                          .b = *b};

    row.difference = hvb_interval_difference(a, b, settings->confidence);
    row.tolerance_ms =
        settings->tolerance_ms +
        fmax(a->estimate, 0.0) * settings->tolerance_percent / 100.0;
    row.visible_ms = row.tolerance_ms +
                     hvb_interval_visible(&row.difference, settings->confidence,
                                          HVB_COMPARE_POWER);
    row.p = chance_of(&row);
    row.verdict = isnan(row.p) ? HVB_COMPARED_UNKNOWN : HVB_COMPARED_ALIKE;
    g_array_append_val(comparison->rows, row);
}

static int compare_chances(gconstpointer a, gconstpointer b)
{
    double x = (*(HvbComparedRow *const *)a)->p;
    double y = (*(HvbComparedRow *const *)b)->p;

    return (x > y) - (x < y);
}

/* Holm: the smallest p is held against alpha / m, the next one against
 * alpha / (m - 1), until one is not small enough. */
static void judge(HvbComparison *comparison, double confidence)
{
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    gboolean worse = FALSE, better = FALSE;

    for (guint i = 0; i < comparison->rows->len; i++) {
        HvbComparedRow *row =
            &g_array_index(comparison->rows, HvbComparedRow, i);
        if (row->verdict != HVB_COMPARED_UNKNOWN)
            g_ptr_array_add(known, row);
    }
    g_ptr_array_sort(known, compare_chances);
    for (guint i = 0; i < known->len; i++) {
        HvbComparedRow *row = known->pdata[i];
        if (row->p > (1.0 - confidence) / (known->len - i))
            break;
        row->verdict = row->difference.estimate > 0.0 ? HVB_COMPARED_WORSE
                                                      : HVB_COMPARED_BETTER;
        worse = worse || row->verdict == HVB_COMPARED_WORSE;
        better = better || row->verdict == HVB_COMPARED_BETTER;
    }
    if (worse)
        comparison->verdict = HVB_COMPARED_WORSE;
    else if (better)
        comparison->verdict = HVB_COMPARED_BETTER;
    else
        comparison->verdict =
            known->len > 0 ? HVB_COMPARED_ALIKE : HVB_COMPARED_UNKNOWN;
}

static char *describe(const char *scenario, HvbLevel level)
{
    return g_strdup_printf("%s %s", scenario, hvb_level_name(level));
}

static void compare_level(HvbComparison *comparison, const HvbRunRecord *a,
                          guint scenario_a, const HvbRunRecord *b,
                          guint scenario_b, HvbLevel level,
                          const HvbCompareSettings *settings)
{
    const HvbProfile *profile = a->profiles->pdata[scenario_a];
    HvbInterval of_a =
        mean_delay(a, scenario_a, level, ALL_CELLS, settings->confidence);
    HvbInterval of_b =
        mean_delay(b, scenario_b, level, ALL_CELLS, settings->confidence);

    if (of_a.n > 0 && of_b.n > 0)
        add_row(comparison, profile->name, level, &of_a, &of_b, settings);
    else if (of_a.n > 0)
        g_ptr_array_add(comparison->only_a, describe(profile->name, level));
    else if (of_b.n > 0)
        g_ptr_array_add(comparison->only_b, describe(profile->name, level));
}

/* Scenarios of `run` that `other` has not. */
static void note_missing(GPtrArray *only, const HvbRunRecord *run,
                         const HvbRunRecord *other)
{
    for (guint i = 0; i < run->profiles->len; i++) {
        const HvbProfile *profile = run->profiles->pdata[i];
        guint index;
        if (!hvb_run_find_scenario(other, profile->name, &index))
            g_ptr_array_add(only, g_strdup(profile->name));
    }
}

HvbComparison *hvb_compare(const HvbRunRecord *a, const HvbRunRecord *b,
                           const HvbCompareSettings *settings)
{
    HvbComparison *comparison = new_comparison();

    note_missing(comparison->only_a, a, b);
    note_missing(comparison->only_b, b, a);
    for (guint i = 0; i < a->profiles->len; i++) {
        const HvbProfile *profile = a->profiles->pdata[i];
        guint other;
        if (!hvb_run_find_scenario(b, profile->name, &other))
            continue;
        for (guint level = 0; level < HVB_N_LEVELS; level++)
            compare_level(comparison, a, i, b, other, (HvbLevel)level,
                          settings);
    }
    judge(comparison, settings->confidence);
    return comparison;
}

HvbComparison *hvb_compare_halves(const HvbRunRecord *run,
                                  const HvbCompareSettings *settings)
{
    HvbComparison *comparison = new_comparison();

    for (guint i = 0; i < run->profiles->len; i++) {
        const HvbProfile *profile = run->profiles->pdata[i];
        for (guint level = 0; level < HVB_N_LEVELS; level++) {
            HvbInterval odd = mean_delay(run, i, (HvbLevel)level, ODD_CELLS,
                                         settings->confidence);
            HvbInterval even = mean_delay(run, i, (HvbLevel)level, EVEN_CELLS,
                                          settings->confidence);
            if (odd.n >= HALF && even.n >= HALF)
                add_row(comparison, profile->name, (HvbLevel)level, &odd, &even,
                        settings);
        }
    }
    judge(comparison, settings->confidence);
    return comparison;
}

guint hvb_comparison_testable(const HvbComparison *comparison)
{
    guint n = 0;

    for (guint i = 0; i < comparison->rows->len; i++)
        n += !isnan(g_array_index(comparison->rows, HvbComparedRow, i).p);
    return n;
}

guint hvb_comparison_alarms(const HvbComparison *comparison, double confidence)
{
    guint n = 0;

    /* NaN compares as false. */
    for (guint i = 0; i < comparison->rows->len; i++)
        n += g_array_index(comparison->rows, HvbComparedRow, i).p <
             1.0 - confidence;
    return n;
}
