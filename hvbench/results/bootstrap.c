/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/bootstrap.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <string.h>

/* 6 cells have 462 different resamples, 7 have 1716. */
#define MAX_EXACT 6
#define N_RESAMPLES 2000
#define RESAMPLE_SEED 20051

G_DEFINE_AUTOPTR_CLEANUP_FUNC(gsl_rng, gsl_rng_free)

static const HvbBlockValue *value_at(const GArray *values, guint i)
{
    return &g_array_index(values, HvbBlockValue, i);
}

static int compare_values(gconstpointer a, gconstpointer b)
{
    double x = ((const HvbBlockValue *)a)->value;
    double y = ((const HvbBlockValue *)b)->value;

    return (x > y) - (x < y);
}

void hvb_block_values_sort(GArray *values)
{
    g_array_sort(values, compare_values);
}

static guint count(const GArray *values, const guint *drawn)
{
    guint n = 0;

    for (guint i = 0; i < values->len; i++)
        n += drawn[value_at(values, i)->block];
    return n;
}

double hvb_statistic_mean(const GArray *values, const guint *drawn,
                          double parameter)
{
    double sum = 0.0;

    (void)parameter;
    for (guint i = 0; i < values->len; i++)
        sum += value_at(values, i)->value * drawn[value_at(values, i)->block];
    return sum / count(values, drawn); /* 0 / 0: NaN */
}

double hvb_statistic_quantile(const GArray *values, const guint *drawn,
                              double parameter)
{
    guint n = count(values, drawn), before = 0;
    double place = CLAMP(parameter, 0.0, 1.0) * (n > 0 ? n - 1 : 0);
    guint low_rank = (guint)floor(place);
    guint high_rank = MIN(low_rank + 1, n > 0 ? n - 1 : 0);
    double low = NAN, high = NAN;

    for (guint i = 0; i < values->len && isnan(high); i++) {
        const HvbBlockValue *value = value_at(values, i);
        before += drawn[value->block];
        if (isnan(low) && before > low_rank)
            low = value->value;
        if (before > high_rank)
            high = value->value;
    }
    return low + (place - low_rank) * (high - low);
}

/* The statistic over resamples, each with a weight: West's running variance. */
typedef struct {
    const GArray *values;
    HvbStatistic statistic;
    double parameter;
    guint n_blocks;
    guint *drawn;
    double weight, mean, squares;
} Resamples;

static void take(Resamples *all, double weight)
{
    double value = all->statistic(all->values, all->drawn, all->parameter);
    double off = value - all->mean;

    all->weight += weight;
    all->mean += off * weight / all->weight;
    all->squares += weight * off * (value - all->mean);
}

/* Every way to draw `left` more cells from `block` on. Each is drawn as often
 * as there are orders of it: n! by the product of the counts' factorials. */
static void take_all(Resamples *all, guint block, guint left, double weight)
{
    if (block + 1 == all->n_blocks) {
        all->drawn[block] = left;
        take(all, weight / gsl_sf_fact(left));
        return;
    }
    for (guint n = 0; n <= left; n++) {
        all->drawn[block] = n;
        take_all(all, block + 1, left - n, weight / gsl_sf_fact(n));
    }
}

static void take_random(Resamples *all)
{
    g_autoptr(gsl_rng) rng = gsl_rng_alloc(gsl_rng_mt19937);

    gsl_rng_set(rng, RESAMPLE_SEED);
    for (guint i = 0; i < N_RESAMPLES; i++) {
        memset(all->drawn, 0, all->n_blocks * sizeof all->drawn[0]);
        for (guint k = 0; k < all->n_blocks; k++)
            all->drawn[gsl_rng_uniform_int(rng, all->n_blocks)]++;
        take(all, 1.0);
    }
}

static double standard_error(const GArray *values, guint n_blocks,
                             HvbStatistic statistic, double parameter)
{
    g_autofree guint *drawn = g_new(guint, n_blocks);
    Resamples all = {.values = values,
                     .statistic = statistic,
                     .parameter = parameter,
                     .n_blocks = n_blocks,
                     .drawn = drawn};

    if (n_blocks <= MAX_EXACT)
        take_all(&all, 0, n_blocks, 1.0);
    else
        take_random(&all);
    return sqrt(all.squares / all.weight * n_blocks / (n_blocks - 1.0));
}

static void set_bounds(HvbInterval *interval, double confidence)
{
    double half = interval->error *
                  gsl_cdf_tdist_Pinv(0.5 + confidence / 2, interval->freedom);

    interval->low = interval->estimate - half;
    interval->high = interval->estimate + half;
}

HvbInterval hvb_bootstrap(const GArray *values, guint n_blocks,
                          HvbStatistic statistic, double parameter,
                          double confidence)
{
    HvbInterval interval = {NAN, NAN, NAN, NAN, NAN, n_blocks, 1};
    g_autofree guint *once = g_new(guint, n_blocks + 1);

    for (guint i = 0; i < n_blocks; i++)
        once[i] = 1;
    interval.estimate = statistic(values, once, parameter);
    if (n_blocks < 2)
        return interval;
    interval.error = standard_error(values, n_blocks, statistic, parameter);
    interval.freedom = n_blocks - 1.0;
    set_bounds(&interval, confidence);
    return interval;
}

HvbInterval hvb_interval_difference(const HvbInterval *a, const HvbInterval *b,
                                    double confidence)
{
    HvbInterval interval = {NAN, NAN, NAN, NAN, NAN, a->n + b->n, 1};
    double va = a->error * a->error, vb = b->error * b->error;

    interval.estimate = b->estimate - a->estimate;
    if (isnan(va) || isnan(vb))
        return interval;
    interval.error = sqrt(va + vb);
    /* Without any spread it does not matter. */
    interval.freedom = va + vb > 0.0
                           ? (va + vb) * (va + vb) /
                                 (va * va / a->freedom + vb * vb / b->freedom)
                           : 1.0;
    set_bounds(&interval, confidence);
    return interval;
}

HvbInterval hvb_interval_mean(const GArray *intervals, double confidence)
{
    HvbInterval mean = {NAN, NAN, NAN, NAN, NAN, 0, intervals->len};
    double sum = 0.0, variance = 0.0, squares = 0.0;

    for (guint i = 0; i < intervals->len; i++) {
        const HvbInterval *of = &g_array_index(intervals, HvbInterval, i);
        double v = of->error * of->error;
        mean.n += of->n;
        sum += of->estimate;
        variance += v;
        squares += v * v / of->freedom;
    }
    if (intervals->len == 0)
        return mean;
    mean.estimate = sum / intervals->len;
    mean.error = sqrt(variance) / intervals->len;
    if (isnan(mean.error))
        return mean;
    mean.freedom = squares > 0.0 ? variance * variance / squares : 1.0;
    set_bounds(&mean, confidence);
    return mean;
}

double hvb_interval_visible(const HvbInterval *interval, double confidence,
                            double power)
{
    if (isnan(interval->error))
        return NAN;
    return interval->error *
           (gsl_cdf_tdist_Pinv(0.5 + confidence / 2, interval->freedom) +
            gsl_cdf_tdist_Pinv(power, interval->freedom));
}
