/* SPDX-License-Identifier: GPL-3.0-or-later */
/* C13 to C18: guests that share a host. */
#include "hvbench/results/claims-case.h"
#include "hvbench/results/knee.h"

/* C13 */
static void judge_knee(HvbCase *c)
{
    const HvbClaimComparison comparison = {
        .a = "fig02",
        .b = "fig11",
        .effect = HVB_EFFECT_DIFFERENCE,
        .limits = {HVB_RULE_ABOVE, 0.0, 0.0},
        .what = "CPU of the host at which the delay is 50 ms over None's",
        .unit = "%",
    };
    gboolean open_a, open_b;
    g_autoptr(GArray) a = hvb_observe_knee(hvb_case_run(c), comparison.a,
                                           HVB_KNEE_HOST_TOTAL, &open_a);
    g_autoptr(GArray) b = hvb_observe_knee(hvb_case_run(c), comparison.b,
                                           HVB_KNEE_HOST_TOTAL, &open_b);
    HvbContrast contrast = hvb_case_contrast(&comparison, a, b);

    hvb_knee_open(&contrast.interval, open_a, open_b);
    hvb_case_conclude(c, &comparison, &contrast);
    if (open_a)
        hvb_case_remark(c, g_strdup("fig02 did not get there, its highest "
                                    "level stands for it"));
    if (open_b)
        hvb_case_remark(c, g_strdup("fig11 did not get there, its highest "
                                    "level stands for it"));
}

/* C14. Nearly a rival: no worse than by half. */
#define NEARLY 1.5

static const HvbClaimComparison rival[] = {
    {.a = "fig02",
     .b = "fig12",
     .levels = HVB_LEVELS_TOP,
     .measure = HVB_MEASURE_DELAY,
     .effect = HVB_EFFECT_RATIO,
     .limits = {HVB_RULE_BELOW, 0.0, NEARLY}},
    {0},
};

/* C15. The same sum: whatever fits with one count of guests fits with another.
 * By half at most, either way; two, four and eight guests cost their host
 * different overheads. What is shorter at one level and longer at another is
 * alike on average, so each level can object. */
#define SUM_MOST 1.5
#define SUM_LEVELS (HVB_LEVEL_BIT(HVB_LEVEL_MEDIUM) | HVB_LEVELS_TOP)
#define SAME_SUM(of_a, of_b, of_levels)                       \
    .a = (of_a), .b = (of_b), .levels = (of_levels),          \
    .measure = HVB_MEASURE_DELAY, .effect = HVB_EFFECT_RATIO, \
    .limits = {HVB_RULE_WITHIN, 1.0 / SUM_MOST, SUM_MOST}
#define SAME_SUM_AT(level)                                      \
    {                                                           \
        SAME_SUM("c15-two", "c15-eight", HVB_LEVEL_BIT(level)), \
            .objects = TRUE, .family = 3                        \
    }

static const HvbClaimComparison same_sum[] = {
    {SAME_SUM("c15-two", "c15-four", SUM_LEVELS)},
    {SAME_SUM("c15-four", "c15-eight", SUM_LEVELS)},
    {SAME_SUM("c15-two", "c15-eight", SUM_LEVELS)},
    SAME_SUM_AT(HVB_LEVEL_MEDIUM),
    SAME_SUM_AT(HVB_LEVEL_MAXIMUM),
    SAME_SUM_AT(HVB_LEVEL_OVERLOAD),
    {0},
};

/* C16. The cap binds where the guest asks for more than it. */
#define LEVELS_BOUND HVB_LEVELS(HVB_LEVEL_BUSY, HVB_LEVEL_OVERLOAD)
/* What a quota may be overrun by: a slice of each CPU per period. */
#define CAP_SLACK_POINTS 1.0
/* 25 % charged for 20 % are 5 points more; half of that is still that effect
 * and no error of meters. */
#define LOOKS_MORE_POINTS 2.5

static const HvbClaimComparison overhead_counts[] = {
    {.a = "fig09",
     .b = "c16-vm",
     .levels = LEVELS_BOUND,
     .measure = HVB_MEASURE_VCPU,
     .effect = HVB_EFFECT_DIFFERENCE,
     .limits = {HVB_RULE_BELOW, 0.0, 0.0}},
    /* What a cap would count, where there is none: under a cap the guest's own
     * clocks run on while it stands still, and tell too much. */
    {.a = "fig03",
     .b = "fig03",
     .levels = HVB_LEVEL_BIT(HVB_LEVEL_LOW),
     .measure = HVB_MEASURE_HOST_BUSY,
     .measure_a = HVB_MEASURE_USED,
     .effect = HVB_EFFECT_DIFFERENCE,
     .limits = {HVB_RULE_ABOVE, LOOKS_MORE_POINTS, 0.0}},
    /* What it counts beside the vCPU. */
    {.constant = 0.0,
     .b = "c16-vm",
     .levels = LEVELS_BOUND,
     .measure = HVB_MEASURE_EMULATOR,
     .effect = HVB_EFFECT_DIFFERENCE,
     .limits = {HVB_RULE_ABOVE, 0.0, 0.0},
     .aside = TRUE},
    {0},
};

/* The scenario's cap, % of one CPU; the paper's where it was not run. */
static double cap_of(const HvbRunRecord *run, const char *scenario)
{
    guint index;

    if (hvb_run_find_scenario(run, scenario, &index)) {
        const HvbProfile *profile = run->profiles->pdata[index];
        for (guint i = 0; i < profile->n_guests; i++)
            if (profile->guests[i].cap_percent > 0)
                return profile->guests[i].cap_percent;
    }
    return 50.0;
}

static void judge_against_cap(HvbCase *c, const char *scenario,
                              HvbLimits limits)
{
    const HvbClaimComparison comparison = {
        .constant = cap_of(hvb_case_run(c), scenario),
        .b = scenario,
        .levels = LEVELS_BOUND,
        .measure = HVB_MEASURE_HOST_BUSY,
        .effect = HVB_EFFECT_DIFFERENCE,
        .limits = limits,
    };

    hvb_case_compare(c, &comparison);
}

/* All of the VM stays under a cap on the VM, and not under one on its vCPU. */
static void judge_caps(HvbCase *c)
{
    judge_against_cap(c, "c16-vm",
                      (HvbLimits){HVB_RULE_BELOW, 0.0, CAP_SLACK_POINTS});
    judge_against_cap(c, "fig09", (HvbLimits){HVB_RULE_ABOVE, 0.0, 0.0});
}

/* C17. Each level can object, as with C15. */
#define PINNED(of_levels)                                     \
    .a = "fig03", .b = "c17-pinned", .levels = (of_levels),   \
    .measure = HVB_MEASURE_DELAY, .effect = HVB_EFFECT_RATIO, \
    .limits = {HVB_RULE_WITHIN, HVB_ALIKE_LEAST, HVB_ALIKE_MOST}
#define PINNED_AT(level)                                           \
    {                                                              \
        PINNED(HVB_LEVEL_BIT(level)), .objects = TRUE, .family = 4 \
    }

static const HvbClaimComparison pinned[] = {
    {PINNED(HVB_LEVELS_LOADED)},   PINNED_AT(HVB_LEVEL_MEDIUM),
    PINNED_AT(HVB_LEVEL_BUSY),     PINNED_AT(HVB_LEVEL_MAXIMUM),
    PINNED_AT(HVB_LEVEL_OVERLOAD), {0},
};

/* C18. The measured guests without a limit; none: all that are measured. */
static guint64 find_neighbours(const HvbRunRecord *run)
{
    guint64 guests = 0;
    guint index;

    if (!hvb_run_find_scenario(run, "c18-limited", &index))
        return 0;
    const HvbProfile *profile = run->profiles->pdata[index];
    for (guint i = 0; i < profile->n_guests; i++)
        if (profile->guests[i].measured != HVB_MEASURED_NO &&
            profile->guests[i].limit_percent == 0)
            guests |= G_GUINT64_CONSTANT(1) << i;
    return guests;
}

static void judge_neighbours(HvbCase *c)
{
    HvbClaimComparison comparison = {
        .a = "c18-free",
        .b = "c18-limited",
        .levels = HVB_LEVEL_BIT(HVB_LEVEL_OVERLOAD),
        .measure = HVB_MEASURE_DELAY,
        .guests = find_neighbours(hvb_case_run(c)),
        .effect = HVB_EFFECT_RATIO,
        .limits = {HVB_RULE_BELOW, 0.0, HVB_ALIKE_LEAST},
    };

    hvb_case_compare(c, &comparison);
    comparison.measure = HVB_MEASURE_HOST_TOTAL;
    comparison.effect = HVB_EFFECT_DIFFERENCE;
    comparison.limits = (HvbLimits){HVB_RULE_BELOW, 0.0, 0.0};
    hvb_case_compare(c, &comparison);
}

const HvbClaimTest hvb_claims_of_sharing[] = {
    {"C13",
     "Under dynamic contention delays set in at a higher total CPU than on a "
     "native system.",
     FALSE, NULL, judge_knee},
    {"C14", "Both managers under full contention nearly rival a native system.",
     FALSE, rival, NULL},
    {"C15",
     "What fits depends only on the sum of the requirements, not on the count "
     "of guests.",
     FALSE, same_sum, NULL},
    {"C16", "The cap counts overhead: a guest that uses 20 % is charged 25 %.",
     FALSE, overhead_counts, judge_caps},
    {"C17", "Pinning buys nothing.", FALSE, pinned, NULL},
    {"C18",
     "A CPU limit inside one guest benefits the other guests and the host.",
     FALSE, NULL, judge_neighbours},
    {0},
};
