/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/interval.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

/* Welford's running mean and sum of squared deviations. */
typedef struct {
    guint n;
    double mean;
    double squares;
} Moments;

static void moments_add(Moments *moments, double value)
{
    double off = value - moments->mean;

    moments->n++;
    moments->mean += off / moments->n;
    moments->squares += off * (value - moments->mean);
}

static double variance_of_mean(const Moments *moments)
{
    return moments->squares / (moments->n - 1.0) / moments->n;
}

static double student_t(double confidence, double freedom)
{
    return gsl_cdf_tdist_Pinv(0.5 + confidence / 2, freedom);
}

/* Of strata with two values at least. */
static void estimate_within(HvbInterval *interval, const Moments *strata)
{
    double sum = 0.0, squares = 0.0;

    for (guint s = 0; s < HVB_N_LEVELS; s++) {
        if (strata[s].n == 0)
            continue;
        double v = variance_of_mean(&strata[s]);
        sum += v;
        squares += v * v / (strata[s].n - 1.0);
    }
    interval->error = sqrt(sum) / interval->strata;
    /* Without any spread it does not matter. */
    interval->freedom = squares > 0.0 ? sum * sum / squares : 1.0;
}

static void estimate_error(HvbInterval *interval, const Moments *strata,
                           const Moments *means)
{
    guint fewest = G_MAXUINT;

    for (guint s = 0; s < HVB_N_LEVELS; s++)
        if (strata[s].n > 0)
            fewest = MIN(fewest, strata[s].n);
    if (fewest >= 2) {
        estimate_within(interval, strata);
    } else if (interval->strata >= 2 && means->squares > 0.0) {
        interval->error = sqrt(variance_of_mean(means));
        interval->freedom = interval->strata - 1.0;
    }
}

HvbInterval hvb_interval_of(const GArray *observations, double confidence)
{
    HvbInterval interval = {NAN, NAN, NAN, NAN, NAN, 0, 0};
    Moments strata[HVB_N_LEVELS] = {0}, means = {0};

    for (guint i = 0; i < observations->len; i++) {
        const HvbObservation *o =
            &g_array_index(observations, HvbObservation, i);
        moments_add(&strata[o->stratum], o->value);
    }
    for (guint s = 0; s < HVB_N_LEVELS; s++)
        if (strata[s].n > 0)
            moments_add(&means, strata[s].mean);
    interval.n = observations->len;
    interval.strata = means.n;
    if (interval.n == 0)
        return interval;
    interval.estimate = means.mean;
    estimate_error(&interval, strata, &means);
    if (!isnan(interval.error)) {
        double half = interval.error * student_t(confidence, interval.freedom);
        interval.low = interval.estimate - half;
        interval.high = interval.estimate + half;
    }
    return interval;
}

static HvbVerdict opposite(HvbVerdict verdict)
{
    switch (verdict) {
    case HVB_VERDICT_REPRODUCED:
        return HVB_VERDICT_NOT_REPRODUCED;
    case HVB_VERDICT_NOT_REPRODUCED:
        return HVB_VERDICT_REPRODUCED;
    default:
        return verdict;
    }
}

static HvbVerdict decide(gboolean yes, gboolean no)
{
    if (yes)
        return HVB_VERDICT_REPRODUCED;
    return no ? HVB_VERDICT_NOT_REPRODUCED : HVB_VERDICT_INCONCLUSIVE;
}

HvbVerdict hvb_interval_verdict(const HvbInterval *interval,
                                const HvbLimits *limits)
{
    double low = interval->low, high = interval->high;

    /* Comparisons with NaN are false: inconclusive. */
    switch (limits->rule) {
    case HVB_RULE_ABOVE:
        return decide(low > limits->low, high <= limits->low);
    case HVB_RULE_BELOW:
        return decide(high < limits->high, low >= limits->high);
    case HVB_RULE_WITHIN:
        return decide(low >= limits->low && high <= limits->high,
                      high < limits->low || low > limits->high);
    default: {
        const HvbLimits within = {HVB_RULE_WITHIN, limits->low, limits->high};
        return opposite(hvb_interval_verdict(interval, &within));
    }
    }
}

guint hvb_interval_more(const HvbInterval *interval, const HvbLimits *limits,
                        double confidence)
{
    double repetitions = (double)interval->n / MAX(interval->strata, 1);

    if (isnan(interval->error))
        return 0;
    for (guint more = 1; more <= HVB_INTERVAL_MAX_MORE; more++) {
        HvbInterval wanted = *interval;
        /* One value in each stratum has no spread of its own: then the strata
         * are the values, and more of them come with a second repetition. */
        double freedom = repetitions > 1.0
                             ? interval->freedom * (repetitions + more - 1) /
                                   (repetitions - 1)
                             : interval->strata * (repetitions + more - 1);
        double half = interval->error *
                      sqrt(repetitions / (repetitions + more)) *
                      student_t(confidence, freedom);
        wanted.low = wanted.estimate - half;
        wanted.high = wanted.estimate + half;
        if (hvb_interval_verdict(&wanted, limits) != HVB_VERDICT_INCONCLUSIVE)
            return more;
    }
    return 0;
}
