/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/compare.h"

#include "hvbench/results/contrast.h"
#include "hvbench/results/delay.h"
#include "hvbench/results/origin.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

/* With fewer cells than these, half of a run has no interval. */
#define HALF 2
#define BOUND_CHANCE 0.99

const char *hvb_compared_name(HvbCompared compared)
{
    static const char *const names[] = {
        [HVB_COMPARED_ALIKE] = "alike",
        [HVB_COMPARED_BETTER] = "better",
        [HVB_COMPARED_WORSE] = "worse",
        [HVB_COMPARED_UNKNOWN] = "unknown",
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

/* The mean headline delay of the scenario at a level, over its chosen cells, as
 * it is told. */
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
    return hvb_delay_told_interval(
        hvb_bootstrap(values, blocks, hvb_statistic_mean, 0.0, confidence));
}

/* The interval's estimate and error on the scale on which the runs are held
 * against each other. */
static HvbInterval to_scale(HvbInterval interval)
{
    double at_ms = hvb_delay_told(interval.estimate) + HVB_RATIO_OFFSET_MS;

    interval.estimate = log(at_ms);
    interval.error /= at_ms;
    return interval;
}

/* By how much, on that scale, the second run is beyond the upper limit of what
 * is alike (side 1) or below the lower one (side -1). */
static HvbInterval find_excess(const HvbComparedRow *row,
                               const HvbCompareSettings *settings, double side)
{
    double share =
        row->a.estimate > 0.0 ? settings->tolerance_percent / 100.0 : 0.0;
    double factor = 1.0 + side * share;
    HvbInterval limit = row->a;

    limit.estimate = factor * limit.estimate + side * settings->tolerance_ms;
    limit.error *= fabs(factor);
    limit = to_scale(limit);
    HvbInterval b = to_scale(row->b);
    HvbInterval excess =
        hvb_interval_difference(&limit, &b, settings->confidence);
    excess.estimate *= side;
    return excess;
}

/* p of one side. */
static double chance_of(const HvbInterval *excess)
{
    if (isnan(excess->error))
        return NAN;
    if (excess->estimate <= 0.0)
        return 1.0;
    if (excess->error <= 0.0)
        return 0.0;
    return gsl_cdf_tdist_Q(excess->estimate / excess->error, excess->freedom);
}

static double sided_chance(const HvbComparedRow *row,
                           const HvbCompareSettings *settings, double side)
{
    HvbInterval excess = find_excess(row, settings, side);

    return chance_of(&excess);
}

/* With its scenario, level and means; completes it. */
static void add_row(HvbComparison *comparison, HvbComparedRow row,
                    const HvbCompareSettings *settings)
{
    row.difference =
        hvb_interval_difference(&row.a, &row.b, settings->confidence);
    row.tolerance_ms =
        settings->tolerance_ms +
        fmax(row.a.estimate, 0.0) * settings->tolerance_percent / 100.0;
    row.visible_ms = NAN;
    double worse = sided_chance(&row, settings, 1.0);
    double better = sided_chance(&row, settings, -1.0);
    row.p = isnan(worse) || row.unknown > 0
                ? NAN
                : fmin(1.0, 2.0 * fmin(worse, better));
    row.verdict = isnan(row.p) ? HVB_COMPARED_UNKNOWN : HVB_COMPARED_ALIKE;
    comparison->known += !isnan(row.p);
    g_array_append_val(comparison->rows, row);
}

/* After the rows of one scenario, which begin at `first`: that of their mean,
 * if there are several that can be told. */
static void add_row_of_all(HvbComparison *comparison, const char *scenario,
                           guint first, const HvbCompareSettings *settings)
{
    g_autoptr(GArray) of_a = g_array_new(FALSE, FALSE, sizeof(HvbInterval));
    g_autoptr(GArray) of_b = g_array_new(FALSE, FALSE, sizeof(HvbInterval));

    for (guint i = first; i < comparison->rows->len; i++) {
        const HvbComparedRow *row =
            &g_array_index(comparison->rows, HvbComparedRow, i);
        if (row->verdict == HVB_COMPARED_UNKNOWN)
            continue;
        g_array_append_val(of_a, row->a);
        g_array_append_val(of_b, row->b);
    }
    if (of_a->len < 2)
        return;
    add_row(comparison,
            (HvbComparedRow){.scenario = g_strdup(scenario),
                             .all_levels = TRUE,
                             .a = hvb_interval_mean(of_a, settings->confidence),
                             .b =
                                 hvb_interval_mean(of_b, settings->confidence)},
            settings);
}

static int compare_chances(gconstpointer a, gconstpointer b)
{
    double x = (*(HvbComparedRow *const *)a)->p;
    double y = (*(HvbComparedRow *const *)b)->p;

    return (x > y) - (x < y);
}

/* Rows that can be told, the least likely first; borrowed. */
static GPtrArray *sort_rows(const HvbComparison *comparison)
{
    GPtrArray *known = g_ptr_array_new();

    for (guint i = 0; i < comparison->rows->len; i++) {
        HvbComparedRow *row =
            &g_array_index(comparison->rows, HvbComparedRow, i);
        if (row->verdict != HVB_COMPARED_UNKNOWN)
            g_ptr_array_add(known, row);
    }
    g_ptr_array_sort(known, compare_chances);
    return known;
}

static HvbCompared sum_up(const HvbComparison *comparison)
{
    gboolean is[HVB_COMPARED_UNKNOWN + 1] = {FALSE};

    for (guint i = 0; i < comparison->rows->len; i++)
        is[g_array_index(comparison->rows, HvbComparedRow, i).verdict] = TRUE;
    if (is[HVB_COMPARED_WORSE])
        return HVB_COMPARED_WORSE;
    if (is[HVB_COMPARED_UNKNOWN] || comparison->only_a->len > 0 ||
        comparison->rows->len == 0)
        return HVB_COMPARED_UNKNOWN;
    return is[HVB_COMPARED_BETTER] ? HVB_COMPARED_BETTER : HVB_COMPARED_ALIKE;
}

static double visible_ms(const HvbComparedRow *row,
                         const HvbCompareSettings *settings, double confidence)
{
    HvbInterval excess = find_excess(row, settings, 1.0);
    double limit_ms = fmax(row->a.estimate + row->tolerance_ms, 0.0);
    double visible =
        hvb_interval_visible(&excess, confidence, HVB_COMPARE_POWER);

    return row->tolerance_ms +
           (limit_ms + HVB_RATIO_OFFSET_MS) * expm1(visible);
}

/* Holm: the smallest p is held against alpha / m, the next one against
 * alpha / (m - 1), until one is not small enough. */
static void judge(HvbComparison *comparison, const HvbCompareSettings *settings)
{
    g_autoptr(GPtrArray) known = sort_rows(comparison);
    double alpha = 1.0 - settings->confidence;

    for (guint i = 0; i < known->len; i++) {
        HvbComparedRow *row = known->pdata[i];
        if (row->p > alpha / (known->len - i))
            break;
        row->verdict = row->difference.estimate > 0.0 ? HVB_COMPARED_WORSE
                                                      : HVB_COMPARED_BETTER;
    }
    for (guint i = 0; i < known->len; i++) {
        HvbComparedRow *row = known->pdata[i];
        row->visible_ms = visible_ms(row, settings, 1.0 - alpha / known->len);
    }
    comparison->verdict = sum_up(comparison);
}

static char *describe(const char *scenario, HvbLevel level)
{
    return g_strdup_printf("%s %s", scenario, hvb_level_name(level));
}

/* Operations that failed, or were scheduled and are not accounted for. */
static guint count_unknown_of(const HvbCell *cell)
{
    HvbTally tally = {0};

    hvb_tally_add(&tally, cell);
    guint there = tally.measured + tally.censored + tally.failed + tally.lost;
    return tally.failed +
           (tally.scheduled > there ? tally.scheduled - there : 0);
}

static guint count_unknown(const HvbRunRecord *run, guint scenario,
                           HvbLevel level)
{
    g_autoptr(GPtrArray) cells = hvb_counted_cells(run, scenario);
    guint n = 0;

    for (guint i = 0; i < cells->len; i++)
        if (is_chosen(cells->pdata[i], level, ALL_CELLS))
            n += count_unknown_of(cells->pdata[i]);
    return n;
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
        add_row(comparison,
                (HvbComparedRow){.scenario = g_strdup(profile->name),
                                 .level = level,
                                 .a = of_a,
                                 .b = of_b,
                                 .unknown =
                                     count_unknown(a, scenario_a, level) +
                                     count_unknown(b, scenario_b, level)},
                settings);
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
        guint first = comparison->rows->len;
        for (guint level = 0; level < HVB_N_LEVELS; level++)
            compare_level(comparison, a, i, b, other, (HvbLevel)level,
                          settings);
        add_row_of_all(comparison, profile->name, first, settings);
    }
    judge(comparison, settings);
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
                add_row(comparison,
                        (HvbComparedRow){.scenario = g_strdup(profile->name),
                                         .level = (HvbLevel)level,
                                         .a = odd,
                                         .b = even},
                        settings);
        }
    }
    judge(comparison, settings);
    return comparison;
}

static gboolean same_but_for_boot(const HvbProfile *a, const HvbProfile *b)
{
    g_autoptr(GPtrArray) differences = hvb_origin_settings(a, b);

    for (guint i = 0; i < differences->len; i++)
        if (!g_str_has_prefix(differences->pdata[i], "[stack] boot:"))
            return FALSE;
    return TRUE;
}

static void compare_pair(HvbComparison *comparison, const HvbRunRecord *run,
                         guint i, guint j, const HvbCompareSettings *settings)
{
    const HvbProfile *a = run->profiles->pdata[i], *b = run->profiles->pdata[j];

    for (guint level = 0; level < HVB_N_LEVELS; level++) {
        HvbInterval of_a = mean_delay(run, i, (HvbLevel)level, ALL_CELLS,
                                      settings->confidence);
        HvbInterval of_b = mean_delay(run, j, (HvbLevel)level, ALL_CELLS,
                                      settings->confidence);
        if (of_a.n > 0 && of_b.n > 0)
            add_row(comparison,
                    (HvbComparedRow){.scenario =
                                         g_strdup_printf("%s, %s", a->name,
                                                         b->name),
                                     .level = (HvbLevel)level,
                                     .a = of_a,
                                     .b = of_b},
                    settings);
    }
}

HvbComparison *hvb_compare_boots(const HvbRunRecord *run,
                                 const HvbCompareSettings *settings)
{
    HvbComparison *comparison = new_comparison();

    for (guint i = 0; i < run->profiles->len; i++)
        for (guint j = i + 1; j < run->profiles->len; j++)
            if (same_but_for_boot(run->profiles->pdata[i],
                                  run->profiles->pdata[j]))
                compare_pair(comparison, run, i, j, settings);
    judge(comparison, settings);
    return comparison;
}

guint hvb_alarms_bound(guint n, double chance)
{
    guint k = 0;

    while (k < n && gsl_cdf_binomial_P(k, chance, n) < BOUND_CHANCE)
        k++;
    return k;
}

HvbAlarms hvb_comparison_alarms(const HvbComparison *comparison,
                                double confidence)
{
    HvbAlarms alarms = {.rows = comparison->known};

    /* NaN compares as false. */
    for (guint i = 0; i < comparison->rows->len; i++) {
        const HvbComparedRow *row =
            &g_array_index(comparison->rows, HvbComparedRow, i);
        alarms.beyond += row->p < 1.0 - confidence;
        alarms.bare += row->difference.low > 0.0 || row->difference.high < 0.0;
    }
    alarms.bound = hvb_alarms_bound(alarms.rows, 1.0 - confidence);
    return alarms;
}
