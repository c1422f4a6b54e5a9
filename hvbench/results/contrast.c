/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/contrast.h"

#include "hvbench/results/delay.h"

#include <math.h>

double hvb_effect_to_scale(HvbEffect effect, double value)
{
    switch (effect) {
    case HVB_EFFECT_RATIO:
        return log(value);
    case HVB_EFFECT_EXCESS:
        return log1p(value / 100.0);
    default:
        return value;
    }
}

double hvb_effect_from_scale(HvbEffect effect, double value)
{
    switch (effect) {
    case HVB_EFFECT_RATIO:
        return exp(value);
    case HVB_EFFECT_EXCESS:
        return 100.0 * expm1(value);
    default:
        return value;
    }
}

/* The observation of the same stratum and repetition; NULL if there is none. */
static const HvbObservation *find_partner(const GArray *observations,
                                          const HvbObservation *of)
{
    for (guint i = 0; i < observations->len; i++) {
        const HvbObservation *o =
            &g_array_index(observations, HvbObservation, i);
        if (o->stratum == of->stratum && o->repetition == of->repetition)
            return o;
    }
    return NULL;
}

static double compare(double a, double b, HvbEffect effect, double offset)
{
    if (effect == HVB_EFFECT_DIFFERENCE)
        return b - a;
    return log((hvb_delay_told(b) + offset) / (hvb_delay_told(a) + offset));
}

/* Adds each pair's effect to `effects` and its two values to `as` and `bs`. */
static void match(const GArray *a, const GArray *b, HvbEffect effect,
                  double offset, GArray *effects, GArray *as, GArray *bs)
{
    for (guint i = 0; i < b->len; i++) {
        const HvbObservation *of_b = &g_array_index(b, HvbObservation, i);
        const HvbObservation *of_a = find_partner(a, of_b);
        HvbObservation pair = *of_b;
        if (!of_a)
            continue;
        pair.value = compare(of_a->value, of_b->value, effect, offset);
        if (!isfinite(pair.value))
            continue;
        g_array_append_val(effects, pair);
        g_array_append_vals(as, of_a, 1);
        g_array_append_vals(bs, of_b, 1);
    }
}

static GArray *new_observations(void)
{
    return g_array_new(FALSE, FALSE, sizeof(HvbObservation));
}

GArray *hvb_contrast_pairs(const GArray *a, const GArray *b, HvbEffect effect,
                           double offset)
{
    GArray *effects = new_observations();
    g_autoptr(GArray) as = new_observations();
    g_autoptr(GArray) bs = new_observations();

    match(a, b, effect, offset, effects, as, bs);
    return effects;
}

HvbContrast hvb_contrast_make(const GArray *a, const GArray *b,
                              HvbEffect effect, double offset,
                              double confidence)
{
    g_autoptr(GArray) effects = new_observations();
    g_autoptr(GArray) as = new_observations();
    g_autoptr(GArray) bs = new_observations();
    HvbContrast contrast = {0};

    match(a, b, effect, offset, effects, as, bs);
    contrast.a = hvb_interval_of(as, confidence).estimate;
    contrast.b = hvb_interval_of(bs, confidence).estimate;
    contrast.interval = hvb_interval_of(effects, confidence);
    for (guint i = 0; i < effects->len; i++)
        contrast.strata |= 1u
                           << g_array_index(effects, HvbObservation, i).stratum;
    return contrast;
}

GArray *hvb_observations_constant(const GArray *like, double value)
{
    GArray *constant = new_observations();

    for (guint i = 0; i < like->len; i++) {
        HvbObservation o = g_array_index(like, HvbObservation, i);
        o.value = value;
        g_array_append_val(constant, o);
    }
    return constant;
}

double hvb_wasserstein(const GArray *a, const GArray *b)
{
    double area = 0.0, at = 0.0;
    guint i = 0, j = 0;

    if (a->len == 0 || b->len == 0)
        return NAN;
    while (i < a->len || j < b->len) {
        gboolean from_a =
            j == b->len || (i < a->len && g_array_index(a, double, i) <=
                                              g_array_index(b, double, j));
        double next =
            from_a ? g_array_index(a, double, i) : g_array_index(b, double, j);
        if (i + j > 0)
            area += (next - at) * fabs((double)i / a->len - (double)j / b->len);
        at = next;
        i += from_a ? 1 : 0;
        j += from_a ? 0 : 1;
    }
    return area;
}

/* Another scenario, and what the first one's delays are on average at a level,
 * in ms. */
typedef struct {
    HvbP3 *p3;
    GPtrArray *cells;
    double mean_ms[HVB_N_LEVELS];
} Other;

static const HvbCell *find_cell(const GPtrArray *cells, const HvbCell *like)
{
    for (guint i = 0; i < cells->len; i++) {
        const HvbCell *cell = cells->pdata[i];
        if (cell->level == like->level && cell->repetition == like->repetition)
            return cell;
    }
    return NULL;
}

static double measure_distance(HvbP3 *p3, HvbCell *cell, gpointer user_data)
{
    const Other *other = user_data;
    const HvbCell *partner = find_cell(other->cells, cell);

    if (!partner)
        return NAN;
    g_autoptr(GArray) a = hvb_cell_delays(p3, cell);
    g_autoptr(GArray) b = hvb_cell_delays(other->p3, partner);
    return 100.0 * hvb_wasserstein(a, b) /
           (hvb_delay_told(other->mean_ms[cell->level]) + HVB_RATIO_OFFSET_MS);
}

GArray *hvb_observe_distance(const HvbRunRecord *run, const char *a,
                             const char *b, guint levels)
{
    Other other = {0};
    GArray *distances;
    guint index;

    if (!hvb_run_find_scenario(run, b, &index))
        return new_observations();
    for (guint l = 0; l < HVB_N_LEVELS; l++) {
        g_autoptr(GArray) delays =
            hvb_observe(run, a, HVB_LEVEL_BIT(l), HVB_MEASURE_DELAY, 0);
        other.mean_ms[l] = hvb_interval_of(delays, HVB_CONFIDENCE).estimate;
    }
    other.p3 = hvb_p3_for_profile(run->profiles->pdata[index]);
    other.cells = hvb_counted_cells(run, index);
    distances = hvb_observe_func(run, a, levels, measure_distance, &other);
    g_ptr_array_unref(other.cells);
    hvb_p3_free(other.p3);
    return distances;
}
