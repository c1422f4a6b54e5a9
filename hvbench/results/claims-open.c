/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Q1 to Q4: what the paper expects but could not test, or did not ask. */
#include "hvbench/results/claims-case.h"

#include <math.h>

static const HvbClaimComparison uni[] = {
    {.a = "fig03",
     .b = "uni",
     .levels = HVB_LEVELS_LOADED,
     .measure = HVB_MEASURE_DELAY,
     .effect = HVB_EFFECT_RATIO,
     .limits = {HVB_RULE_ABOVE, 1.0, 0.0}},
    {.a = "fig03",
     .b = "uni",
     .levels = HVB_LEVELS_LOADED,
     .measure = HVB_MEASURE_SPREAD,
     .effect = HVB_EFFECT_RATIO,
     .limits = {HVB_RULE_ABOVE, 1.0, 0.0}},
    {0},
};

/* Q2. The host's cache with the guest's own cold and warm, and the guest's with
 * and without the host's. Any difference beyond being alike is the answer. */
#define Q2_FAMILY 4
#define CACHES(of_a, of_b)                                                     \
    {                                                                          \
        .a = (of_a), .b = (of_b),                                              \
        .levels =                                                              \
            HVB_LEVEL_BIT(HVB_LEVEL_NONE) | HVB_LEVEL_BIT(HVB_LEVEL_OVERLOAD), \
        .measure = HVB_MEASURE_RESPONSE, .effect = HVB_EFFECT_RATIO,           \
        .limits = {HVB_RULE_OUTSIDE, HVB_ALIKE_LEAST, HVB_ALIKE_MOST},         \
        .family = Q2_FAMILY                                                    \
    }

static const HvbClaimComparison caches[] = {
    CACHES("cache-none-cold", "cache-writeback-cold"),
    CACHES("cache-none-warm", "cache-writeback-warm"),
    CACHES("cache-none-warm", "cache-none-cold"),
    CACHES("cache-writeback-warm", "cache-writeback-cold"),
    {0},
};

/* Q3. Of the guest that has the privilege, the first. */
static const HvbClaimComparison privileged[] = {
    {.a = "c12-dynamic",
     .b = "privileged",
     .levels = HVB_LEVELS_LOADED,
     .measure = HVB_MEASURE_DELAY,
     .guests = 1,
     .effect = HVB_EFFECT_RATIO,
     .limits = {HVB_RULE_BELOW, 0.0, HVB_ALIKE_LEAST}},
    {0},
};

/* Q4. Jain's index of n shares, (sum x)^2 / (n sum x^2), is 1 if all are alike
 * and 1 / n if one gets all (Jain, Chiu and Hawe, "A Quantitative Measure of
 * Fairness and Discrimination for Resource Allocation in Shared Computer
 * Systems", 1984). Fair: 0.95 or more, a coefficient of variation of 0.23, such
 * as when one of four gets half more than the others. */
#define FAIR_OFF 0.05

typedef struct {
    double sum, squares;
    guint n;
} Shares;

static void add_share(Shares *shares, double share)
{
    if (isnan(share) || share < 0.0)
        return;
    shares->sum += share;
    shares->squares += share * share;
    shares->n++;
}

/* NaN with fewer than two, or if nobody gets anything. */
static double jain(const Shares *shares)
{
    if (shares->n < 2 || shares->squares <= 0.0)
        return NAN;
    return shares->sum * shares->sum / (shares->n * shares->squares);
}

/* What the loaded guests get of what they ask for: a vCPU can be given no more
 * than one CPU. */
static double fairness_of_cpu(HvbP3 *p3, HvbCell *cell, gpointer user_data)
{
    const HvbProfile *profile = user_data;
    Shares shares = {0};

    (void)p3;
    for (guint i = 0; i < cell->meters->len; i++) {
        const HvbMeterRecord *m =
            &g_array_index(cell->meters, HvbMeterRecord, i);
        if (m->guest == 0 || m->guest > profile->n_guests ||
            m->host_window_ns <= 0 || !profile->guests[m->guest - 1].loaded)
            continue;
        double asked = hvb_users_percent(profile, m->guest, cell->level);
        if (profile->guests[m->guest - 1].measured != HVB_MEASURED_NO)
            asked += hvb_probes_percent(profile);
        if (asked > 0.0)
            add_share(&shares, 100.0 * (double)m->host_cpu_ns /
                                   (double)m->host_window_ns /
                                   MIN(asked, 100.0));
    }
    return jain(&shares);
}

/* How quickly the loaded guests' users are served. */
static double fairness_of_service(HvbP3 *p3, HvbCell *cell, gpointer user_data)
{
    const HvbProfile *profile = user_data;
    double sum_ms[HVB_MAX_GUESTS] = {0};
    guint n[HVB_MAX_GUESTS] = {0};
    Shares shares = {0};

    for (guint i = 0; i < cell->samples->len; i++) {
        const HvbSample *sample = &g_array_index(cell->samples, HvbSample, i);
        if (sample->raw.operation != p3->headline ||
            (sample->raw.flags & WIRE_SAMPLE_FAILED) || sample->guest < 1 ||
            sample->guest > profile->n_guests)
            continue;
        sum_ms[sample->guest - 1] += (double)sample->response_ns / 1e6;
        n[sample->guest - 1]++;
    }
    for (guint i = 0; i < profile->n_guests; i++)
        if (profile->guests[i].loaded && sum_ms[i] > 0.0)
            add_share(&shares, n[i] / sum_ms[i]);
    return jain(&shares);
}

static void judge_fairness(HvbCase *c, const char *scenario, const char *what,
                           HvbMeasureFunc func)
{
    const HvbRunRecord *run = hvb_case_run(c);
    const HvbClaimComparison comparison = {
        .b = scenario,
        .levels = HVB_LEVEL_BIT(HVB_LEVEL_MAXIMUM),
        .effect = HVB_EFFECT_DIFFERENCE,
        .limits = {HVB_RULE_ABOVE, -FAIR_OFF, 0.0},
        .what = what,
        .unit = "",
    };
    guint index = 0;
    gpointer profile = hvb_run_find_scenario(run, scenario, &index)
                           ? run->profiles->pdata[index]
                           : NULL;
    g_autoptr(GArray) indices =
        hvb_observe_func(run, scenario, comparison.levels, func, profile);
    g_autoptr(GArray) fair = hvb_observations_constant(indices, 1.0);

    hvb_case_hold(c, &comparison, fair, indices);
}

static void judge_fairness_of_all(HvbCase *c)
{
    static const char *const scenarios[] = {"fig11", "fig12"};

    for (guint i = 0; i < G_N_ELEMENTS(scenarios); i++) {
        judge_fairness(c, scenarios[i],
                       "Jain's index of CPU received by CPU asked for",
                       fairness_of_cpu);
        judge_fairness(c, scenarios[i],
                       "Jain's index of 1 / mean response time",
                       fairness_of_service);
    }
}

const HvbClaimTest hvb_claims_open[] = {
    {"Q1", "On a host of one CPU, delays and their variability rise.", FALSE,
     uni, NULL},
    {"Q2",
     "Whether host and guest cache a file, or both, makes a difference to "
     "opening it.",
     TRUE, caches, NULL},
    {"Q3", "A privileged guest is better off among busy ones.", FALSE,
     privileged, NULL},
    {"Q4", "The host's scheduler is fair to the loaded guests.", FALSE, NULL,
     judge_fairness_of_all},
    {0},
};
