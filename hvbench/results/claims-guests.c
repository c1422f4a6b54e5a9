/* SPDX-License-Identifier: GPL-3.0-or-later */
/* C1 to C6: what it is like in a guest, against a machine of one's own. */
#include "hvbench/results/claims-case.h"
#include "hvbench/results/knee.h"
#include "hvbench/results/origin.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

/* C1. "Near 100 %": one operation in twenty may be late for a reason of its
 * own, on the best of systems. */
#define FINE_PERCENT 95.0

static double count_operations(HvbP3 *p3, HvbCell *cell, gpointer user_data)
{
    g_autoptr(GArray) delays = hvb_cell_delays(p3, cell);

    (void)user_data;
    return delays->len;
}

/* Cells in which all went well have no spread, and yet 20 operations that went
 * well do not show that 95 % do. So the interval is made no narrower than that
 * of as many independent operations (Clopper and Pearson, "The Use of
 * Confidence or Fiducial Limits Illustrated in the Case of the Binomial",
 * 1934).
 */
static void widen_share(HvbInterval *interval, double percent, double n)
{
    const double tail = (1.0 - HVB_CONFIDENCE) / 2;
    double good = round(percent / 100.0 * n);
    double off = interval->estimate - percent;
    double low = good > 0 ? gsl_cdf_beta_Pinv(tail, good, n - good + 1) : 0.0;
    double high = good < n ? gsl_cdf_beta_Qinv(tail, good + 1, n - good) : 1.0;

    if (interval->low > 100.0 * low + off)
        interval->error = NAN; /* from here on it is no mean's */
    interval->low = fmin(interval->low, 100.0 * low + off);
    interval->high = fmax(interval->high, 100.0 * high + off);
}

static void judge_share_at_none(HvbCase *c)
{
    const HvbClaimComparison comparison = {
        .constant = FINE_PERCENT,
        .b = "fig02",
        .levels = HVB_LEVEL_BIT(HVB_LEVEL_NONE),
        .measure = HVB_MEASURE_WITHIN,
        .limits = {HVB_RULE_ABOVE, 0.0, 0.0},
    };
    const HvbRunRecord *run = hvb_case_run(c);
    g_autoptr(GArray) shares = hvb_observe(run, comparison.b, comparison.levels,
                                           comparison.measure, 0);
    g_autoptr(GArray) limit =
        hvb_observations_constant(shares, comparison.constant);
    g_autoptr(GArray) counts =
        hvb_observe_func(run, comparison.b, comparison.levels, count_operations,
                         NULL);
    HvbContrast contrast = hvb_case_contrast(&comparison, limit, shares);
    double n = 0.0;

    for (guint i = 0; i < counts->len; i++)
        n += g_array_index(counts, HvbObservation, i).value;
    if (!isnan(contrast.interval.low))
        widen_share(&contrast.interval, contrast.b, n);
    hvb_case_conclude(c, &comparison, &contrast);
}

static const HvbClaimComparison native[] = {
    /* Not yet noticed at Low: the onset is at Medium or above. */
    {.a = "fig02",
     .b = "fig02",
     .levels = HVB_LEVEL_BIT(HVB_LEVEL_LOW),
     .levels_a = HVB_LEVEL_BIT(HVB_LEVEL_NONE),
     .measure = HVB_MEASURE_DELAY,
     .effect = HVB_EFFECT_DIFFERENCE,
     .limits = {HVB_RULE_BELOW, 0.0, HVB_KNEE_MS}},
    /* The top levels against those of at most half load. */
    {.a = "fig02",
     .b = "fig02",
     .levels = HVB_LEVELS_TOP,
     .levels_a = HVB_LEVELS(HVB_LEVEL_LOW, HVB_LEVEL_MEDIUM),
     .measure = HVB_MEASURE_DELAY,
     .effect = HVB_EFFECT_RATIO,
     .limits = {HVB_RULE_ABOVE, 1.0, 0.0}},
    {0},
};

/* C2. Either will do, so each has half of the error. */
#define C2_FAMILY 2

static const HvbClaimComparison earlier[] = {
    {.a = "fig02",
     .b = "fig03",
     .levels = HVB_LEVELS(HVB_LEVEL_LOW, HVB_LEVEL_MAXIMUM),
     .measure = HVB_MEASURE_DELAY,
     .effect = HVB_EFFECT_RATIO,
     .limits = {HVB_RULE_ABOVE, 1.0, 0.0},
     .family = C2_FAMILY},
    {0},
};

static void judge_onset(HvbCase *c)
{
    const HvbClaimComparison comparison = {
        .a = "fig02",
        .b = "fig03",
        .effect = HVB_EFFECT_DIFFERENCE,
        .limits = {HVB_RULE_BELOW, 0.0, 0.0},
        .family = C2_FAMILY,
        .what = "load at which the delay is 50 ms over None's",
        .unit = "%",
    };
    gboolean open_a, open_b;
    g_autoptr(GArray) a = hvb_observe_knee(hvb_case_run(c), comparison.a,
                                           HVB_KNEE_DEMAND, &open_a);
    g_autoptr(GArray) b = hvb_observe_knee(hvb_case_run(c), comparison.b,
                                           HVB_KNEE_DEMAND, &open_b);
    HvbContrast contrast = hvb_case_contrast(&comparison, a, b);

    hvb_knee_open(&contrast.interval, open_a, open_b);
    hvb_case_conclude(c, &comparison, &contrast);
}

static const HvbClaimComparison less_variable[] = {
    {.a = "fig02",
     .b = "fig03",
     .levels = HVB_LEVELS_TOP,
     .measure = HVB_MEASURE_SPREAD,
     .effect = HVB_EFFECT_RATIO,
     .limits = {HVB_RULE_BELOW, 0.0, 1.0}},
    {0},
};

/* What the provenance says of the first bed of a hypervisor, 'A' or 'B'; NULL:
 * nothing, or there is none. Its choice is what names it. */
static const char *stack_value(const HvbRunRecord *run, char hypervisor,
                               const char *name)
{
    for (guint i = 0; i < run->provenance->len; i++) {
        const HvbProvenance *entry = run->provenance->pdata[i];
        gsize before = strcspn(entry->key, ".");
        if (!g_str_has_prefix(entry->key, "stack") ||
            !g_str_has_suffix(entry->key, ".choice") || !entry->value ||
            entry->value[0] != hypervisor)
            continue;
        g_autofree char *key =
            g_strdup_printf("%.*s.%s", (int)before, entry->key, name);
        return hvb_origin_value(run, key);
    }
    return NULL;
}

/* C4. How much farther B may be from A than A from itself, in % of A's mean
 * delay: what HVB_ALIKE_MOST lets two means differ by. */
#define FARTHER_PERCENT 25.0

static const HvbClaimComparison alike[] = {
    /* What another boot alone does to the mean delay. */
    {.a = "fig03",
     .b = "c04-again",
     .levels = HVB_LEVELS_LOADED,
     .measure = HVB_MEASURE_DELAY,
     .effect = HVB_EFFECT_RATIO,
     .limits = {HVB_RULE_WITHIN, HVB_ALIKE_LEAST, HVB_ALIKE_MOST},
     .aside = TRUE},
    {.a = "fig03",
     .b = "fig04",
     .levels = HVB_LEVELS_LOADED,
     .measure = HVB_MEASURE_DELAY,
     .effect = HVB_EFFECT_RATIO,
     .limits = {HVB_RULE_WITHIN, HVB_ALIKE_LEAST, HVB_ALIKE_MOST},
     .aside = TRUE},
    {.a = "fig03",
     .b = "fig04",
     .levels = HVB_LEVELS_LOADED,
     .measure = HVB_MEASURE_SPREAD,
     .effect = HVB_EFFECT_RATIO,
     .limits = {HVB_RULE_WITHIN, HVB_ALIKE_LEAST, HVB_ALIKE_MOST},
     .aside = TRUE},
    {0},
};

static void judge_distance(HvbCase *c)
{
    const HvbClaimComparison comparison = {
        .a = "c04-again",
        .b = "fig04",
        .others = {"fig03"},
        .levels = HVB_LEVELS_LOADED,
        .effect = HVB_EFFECT_DIFFERENCE,
        .limits = {HVB_RULE_BELOW, 0.0, FARTHER_PERCENT},
        .what = "distance from the P3 of fig03, in % of its mean delay",
        .unit = "%",
    };
    const char *choice = stack_value(hvb_case_run(c), 'B', "choice");
    g_autoptr(GArray) again =
        hvb_observe_distance(hvb_case_run(c), "fig03", comparison.a,
                             comparison.levels);
    g_autoptr(GArray) other =
        hvb_observe_distance(hvb_case_run(c), "fig03", comparison.b,
                             comparison.levels);

    const HvbEvidence *e = hvb_case_hold(c, &comparison, again, other);
    if (choice && e->n > 0)
        hvb_case_remark(c, g_strdup_printf("hypervisor %s", choice));
    for (const HvbClaimComparison *aside = alike; aside->b; aside++)
        hvb_case_compare(c, aside);
}

/* C5. "About 5 %" leaves room for half and for double of it. */
#define OVERHEAD_LEAST_PERCENT 2.5
#define OVERHEAD_MOST_PERCENT 10.0

static void judge_overhead(HvbCase *c)
{
    HvbClaimComparison comparison = {
        .a = "fig03",
        .b = "fig03",
        .levels = HVB_LEVELS(HVB_LEVEL_LOW, HVB_LEVEL_OVERLOAD),
        .measure = HVB_MEASURE_HOST_BUSY,
        .measure_a = HVB_MEASURE_USED,
        .effect = HVB_EFFECT_EXCESS,
        .limits = {HVB_RULE_WITHIN, OVERHEAD_LEAST_PERCENT,
                   OVERHEAD_MOST_PERCENT},
    };

    const HvbEvidence *e = hvb_case_compare(c, &comparison);
    if (e->n > 0 &&
        g_strcmp0(stack_value(hvb_case_run(c), 'A', "accel"), "tcg") == 0)
        hvb_case_remark(c, g_strdup("under TCG what translating instructions "
                                    "takes counts as the guest's own use"));
    comparison.aside = TRUE;
    for (guint l = HVB_LEVEL_LOW; l < HVB_N_LEVELS; l++) {
        comparison.levels = HVB_LEVEL_BIT(l);
        hvb_case_compare(c, &comparison);
    }
}

/* C6. Less than this is within what meters that tick are off by, and would
 * mislead nobody. */
#define MISLEADING_POINTS 10.0

static const HvbClaimComparison misleading[] = {
    {.a = "fig09",
     .b = "fig09",
     .levels = HVB_LEVELS_LOADED,
     .measure = HVB_MEASURE_GUEST_BUSY,
     .measure_a = HVB_MEASURE_HOST_BUSY,
     .effect = HVB_EFFECT_DIFFERENCE,
     .limits = {HVB_RULE_ABOVE, MISLEADING_POINTS, 0.0}},
    {0},
};

const HvbClaimTest hvb_claims_of_guests[] = {
    {"C1",
     "A native system is fine under light load and degrades from about half "
     "load on.",
     FALSE, native, judge_share_at_none},
    {"C2", "A guest degrades at a lower load than a native system.", TRUE,
     earlier, judge_onset},
    {"C3",
     "A single loaded guest on an idle host shows less variability than a "
     "native system.",
     FALSE, less_variable, NULL},
    {"C4", "Two hypervisors look alike.", FALSE, NULL, judge_distance},
    {"C5", "Virtualization costs about 5 % of the CPU that a guest uses.",
     FALSE, NULL, judge_overhead},
    {"C6", "The guest's own CPU meter misleads under contention.", FALSE,
     misleading, NULL},
    {0},
};
