/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/claims-case.h"

#include <math.h>

#define N_VERDICTS (HVB_VERDICT_INCONCLUSIVE + 1)

struct _HvbCase {
    const HvbRunRecord *run;
    HvbClaim *claim;
    GPtrArray *clauses[N_VERDICTS]; /* char *, of decisive comparisons */
    GPtrArray *remarks;             /* char * */
};

const HvbRunRecord *hvb_case_run(const HvbCase *c)
{
    return c->run;
}

char *hvb_levels_text(guint levels)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    guint first = HVB_N_LEVELS, last = 0;

    for (guint l = 0; l < HVB_N_LEVELS; l++) {
        if (!(levels & HVB_LEVEL_BIT(l)))
            continue;
        g_ptr_array_add(names, (gpointer)hvb_level_name((HvbLevel)l));
        first = MIN(first, l);
        last = l;
    }
    if (names->len > 2 && last - first + 1 == names->len)
        return g_strdup_printf("%s to %s", hvb_level_name((HvbLevel)first),
                               hvb_level_name((HvbLevel)last));
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < names->len; i++)
        g_string_append_printf(text, "%s%s",
                               i == 0                ? ""
                               : i == names->len - 1 ? " and "
                                                     : ", ",
                               (const char *)names->pdata[i]);
    return g_string_free(text, FALSE);
}

/* The levels whose places among `levels` are the bits of `strata`. */
static guint levels_at(guint levels, guint strata)
{
    guint found = 0, place = 0;

    for (guint l = 0; l < HVB_N_LEVELS; l++) {
        if (!(levels & HVB_LEVEL_BIT(l)))
            continue;
        if (strata >> place & 1)
            found |= HVB_LEVEL_BIT(l);
        place++;
    }
    return found;
}

/* FALSE: something that is made of all levels. */
static gboolean is_by_level(const HvbComparison *comparison)
{
    return comparison->levels != 0;
}

static guint levels_of_a(const HvbComparison *comparison)
{
    return comparison->levels_a ? comparison->levels_a : comparison->levels;
}

static HvbMeasure measure_of_a(const HvbComparison *comparison)
{
    return comparison->measure_a ? comparison->measure_a : comparison->measure;
}

static const char *unit_of(const HvbComparison *comparison)
{
    return comparison->unit ? comparison->unit
                            : hvb_measure_unit(comparison->measure);
}

/* A difference of two percentages is in points. */
static const char *effect_unit_of(const HvbComparison *comparison)
{
    if (comparison->effect == HVB_EFFECT_RATIO)
        return "times";
    if (comparison->effect == HVB_EFFECT_EXCESS)
        return "%";
    return g_str_equal(unit_of(comparison), "%") ? "points"
                                                 : unit_of(comparison);
}

static double confidence_of(const HvbComparison *comparison)
{
    return 1.0 - (1.0 - HVB_CONFIDENCE) / MAX(comparison->family, 1);
}

/* A CPU share that is small is not for that reason one that nobody minds. */
static double offset_of(const HvbComparison *comparison)
{
    return g_str_equal(unit_of(comparison), "ms") ? HVB_RATIO_OFFSET_MS : 0.0;
}

static HvbLimits scaled_limits(const HvbComparison *comparison)
{
    return (HvbLimits){
        .rule = comparison->limits.rule,
        .low = hvb_effect_to_scale(comparison->effect, comparison->limits.low),
        .high =
            hvb_effect_to_scale(comparison->effect, comparison->limits.high),
    };
}

/* What is compared, at which levels: those of the pairs that there are. */
static char *describe(const HvbComparison *comparison, guint strata)
{
    guint levels = comparison->levels, levels_a = levels_of_a(comparison);
    HvbMeasure measure_a = measure_of_a(comparison);
    GString *what =
        g_string_new(comparison->what ? comparison->what
                                      : hvb_measure_name(comparison->measure));

    if (strata != 0) {
        levels = levels_at(levels, strata);
        levels_a = levels_at(levels_a, strata);
    }
    g_autofree char *text = hvb_levels_text(levels);
    g_autofree char *text_a = hvb_levels_text(levels_a);
    if (!comparison->what && measure_a != comparison->measure)
        g_string_append_printf(what, " against %s",
                               hvb_measure_name(measure_a));
    if (is_by_level(comparison))
        g_string_append_printf(what, ", %s", text);
    if (levels_a != levels)
        g_string_append_printf(what, " against %s", text_a);
    if (comparison->family > 1)
        g_string_append_printf(what, " (%.4g %% interval)",
                               100.0 * confidence_of(comparison));
    return g_string_free(what, FALSE);
}

/* Three figures are as much as a measurement is good for. */
static void append_number(GString *text, double value, const char *unit)
{
    int decimals = fabs(value) < 9.95 ? 1 : 0;

    if (g_str_equal(unit, "times") || g_str_equal(unit, ""))
        decimals = 2;
    else if (unit[0] == '%' || g_str_equal(unit, "points"))
        decimals = 1;
    g_string_append_printf(text, "%.*f", decimals, value);
}

static void append_quantity(GString *text, double value, const char *unit)
{
    append_number(text, value, unit);
    if (unit[0] != '\0')
        g_string_append_printf(text, " %s", unit);
}

static void append_limits(GString *text, const HvbComparison *comparison)
{
    static const char *const words[] = {
        [HVB_RULE_ABOVE] = "above ",
        [HVB_RULE_BELOW] = "below ",
        [HVB_RULE_WITHIN] = "within ",
        [HVB_RULE_OUTSIDE] = "outside ",
    };
    const HvbLimits *limits = &comparison->limits;
    const char *unit = effect_unit_of(comparison);

    g_string_append(text, words[limits->rule]);
    if (limits->rule == HVB_RULE_ABOVE) {
        append_number(text, limits->low, unit);
    } else if (limits->rule == HVB_RULE_BELOW) {
        append_number(text, limits->high, unit);
    } else {
        append_number(text, limits->low, unit);
        g_string_append(text, " to ");
        append_number(text, limits->high, unit);
    }
}

static void append_figures(GString *text, const HvbComparison *comparison,
                           const HvbEvidence *e)
{
    append_quantity(text, e->b, e->unit);
    g_string_append_printf(text, " in %s against ", e->scenario_b);
    append_quantity(text, e->a, e->unit);
    if (e->scenario_a && !g_str_equal(e->scenario_a, e->scenario_b))
        g_string_append_printf(text, " in %s", e->scenario_a);
    g_string_append(text, ", ");
    if (comparison->effect != HVB_EFFECT_RATIO && e->effect > 0)
        g_string_append(text, "+");
    append_quantity(text, e->effect, e->effect_unit);
}

/* The interval, and what its ends are worth if it has no end on one side. */
static void append_interval(GString *text, const HvbEvidence *e)
{
    g_string_append(text, " (");
    if (isnan(e->low) && isnan(e->high)) {
        g_string_append(text, "no interval");
    } else if (isnan(e->low)) {
        g_string_append(text, "at most ");
        append_number(text, e->high, e->effect_unit);
    } else {
        if (isnan(e->high))
            g_string_append(text, "at least ");
        append_number(text, e->low, e->effect_unit);
        if (!isnan(e->high)) {
            g_string_append(text, " to ");
            append_number(text, e->high, e->effect_unit);
        }
    }
    g_string_append(text, ")");
}

static void append_open_end(GString *text, const HvbComparison *comparison,
                            const HvbContrast *contrast)
{
    const HvbLimits limits = scaled_limits(comparison);
    guint more = hvb_interval_more(&contrast->interval, &limits,
                                   confidence_of(comparison));

    g_string_append(text, "open whether ");
    append_limits(text, comparison);
    if (isnan(contrast->interval.error))
        g_string_append(text, ", which takes one more repetition at least");
    else if (more > 0 && isfinite(contrast->interval.low) &&
             isfinite(contrast->interval.high))
        g_string_append_printf(text,
                               ", for which about %u more repetition%s "
                               "may do",
                               more, more == 1 ? "" : "s");
}

/* The clause of a comparison of which there are pairs. */
static char *explain(const HvbComparison *comparison,
                     const HvbContrast *contrast, const HvbEvidence *e)
{
    GString *text = g_string_new(e->what);

    g_string_append(text, ": ");
    append_figures(text, comparison, e);
    append_interval(text, e);
    g_string_append(text, ", ");
    if (e->verdict == HVB_VERDICT_INCONCLUSIVE) {
        append_open_end(text, comparison, contrast);
    } else {
        if (e->verdict == HVB_VERDICT_NOT_REPRODUCED)
            g_string_append(text, "not ");
        append_limits(text, comparison);
    }
    return g_string_free(text, FALSE);
}

/* The clause of one of which there is no pair. */
static char *explain_lack(const HvbCase *c, const HvbComparison *comparison)
{
    const char *names[] = {comparison->a, comparison->b, comparison->others[0],
                           comparison->others[1]};
    guint index;

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i] && !hvb_run_find_scenario(c->run, names[i], &index))
            return g_strdup_printf("%s was not run", names[i]);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        guint levels = i == 0 ? levels_of_a(comparison) : comparison->levels;
        levels = levels ? levels : HVB_LEVELS_ALL;
        if (!names[i])
            continue;
        g_autofree char *text = hvb_levels_text(levels);
        g_autoptr(GArray) found =
            hvb_observe(c->run, names[i], levels, HVB_MEASURE_DELAY, 0);
        if (found->len == 0)
            return g_strdup_printf("no cell of %s at %s counts", names[i],
                                   text);
    }
    return g_strdup_printf("%s: nothing to compare in %s",
                           comparison->what
                               ? comparison->what
                               : hvb_measure_name(comparison->measure),
                           comparison->b);
}

/* An open end is no figure. */
static double shown(HvbEffect effect, double value)
{
    return isfinite(value) ? hvb_effect_from_scale(effect, value) : NAN;
}

static void evidence_free(gpointer data)
{
    HvbEvidence *e = data;

    g_free(e->what);
    g_free(e->scenario_a);
    g_free(e->scenario_b);
    g_free(e);
}

static HvbEvidence *make_evidence(const HvbComparison *comparison,
                                  const HvbContrast *contrast)
{
    const HvbInterval *interval = &contrast->interval;
    const HvbLimits limits = scaled_limits(comparison);
    HvbEvidence *e = g_new0(HvbEvidence, 1);

    e->what = describe(comparison, contrast->strata);
    e->scenario_a = g_strdup(comparison->a);
    e->scenario_b = g_strdup(comparison->b);
    e->a = contrast->a;
    e->b = contrast->b;
    e->unit = unit_of(comparison);
    e->effect = shown(comparison->effect, interval->estimate);
    e->low = shown(comparison->effect, interval->low);
    e->high = shown(comparison->effect, interval->high);
    e->effect_unit = effect_unit_of(comparison);
    e->n = interval->n;
    e->verdict = hvb_interval_verdict(interval, &limits);
    e->aside = comparison->aside;
    return e;
}

static void add_clause(GPtrArray *clauses, char *clause)
{
    if (g_ptr_array_find_with_equal_func(clauses, clause, g_str_equal, NULL))
        g_free(clause);
    else
        g_ptr_array_add(clauses, clause);
}

const HvbEvidence *hvb_case_conclude(HvbCase *c,
                                     const HvbComparison *comparison,
                                     const HvbContrast *contrast)
{
    HvbEvidence *e = make_evidence(comparison, contrast);

    g_ptr_array_add(c->claim->evidence, e);
    if (!comparison->aside)
        add_clause(c->clauses[e->verdict],
                   e->n > 0 ? explain(comparison, contrast, e)
                            : explain_lack(c, comparison));
    return e;
}

HvbContrast hvb_case_contrast(const HvbComparison *comparison, const GArray *a,
                              const GArray *b)
{
    return hvb_contrast_make(a, b, comparison->effect, offset_of(comparison),
                             confidence_of(comparison));
}

const HvbEvidence *hvb_case_hold(HvbCase *c, const HvbComparison *comparison,
                                 const GArray *a, const GArray *b)
{
    HvbContrast contrast = hvb_case_contrast(comparison, a, b);

    return hvb_case_conclude(c, comparison, &contrast);
}

const HvbEvidence *hvb_case_compare(HvbCase *c, const HvbComparison *comparison)
{
    g_autoptr(GArray) b = hvb_observe(c->run, comparison->b, comparison->levels,
                                      comparison->measure, comparison->guests);
    g_autoptr(GArray) a =
        comparison->a
            ? hvb_observe(c->run, comparison->a, levels_of_a(comparison),
                          measure_of_a(comparison), comparison->guests)
            : hvb_observations_constant(b, comparison->constant);

    return hvb_case_hold(c, comparison, a, b);
}

void hvb_case_remark(HvbCase *c, char *clause)
{
    g_ptr_array_add(c->remarks, clause);
}

static HvbVerdict reach_verdict(const HvbCase *c, gboolean any)
{
    const HvbVerdict first =
        any ? HVB_VERDICT_REPRODUCED : HVB_VERDICT_NOT_REPRODUCED;
    const HvbVerdict last =
        any ? HVB_VERDICT_NOT_REPRODUCED : HVB_VERDICT_REPRODUCED;

    if (c->clauses[first]->len > 0)
        return first;
    return c->clauses[HVB_VERDICT_INCONCLUSIVE]->len > 0
               ? HVB_VERDICT_INCONCLUSIVE
               : last;
}

/* One sentence of all clauses that decided. */
static char *compose(const HvbCase *c)
{
    const GPtrArray *clauses = c->clauses[c->claim->verdict];
    GString *why = g_string_new(NULL);

    for (guint i = 0; i < clauses->len + c->remarks->len; i++)
        g_string_append_printf(
            why, "%s%s", i == 0 ? "" : "; ",
            (const char *)(i < clauses->len
                               ? clauses->pdata[i]
                               : c->remarks->pdata[i - clauses->len]));
    g_string_append_c(why, '.');
    return g_string_free(why, FALSE);
}

HvbClaim *hvb_case_try(const HvbRunRecord *run, const HvbClaimTest *test)
{
    HvbCase c = {
        .run = run,
        .claim = g_new0(HvbClaim, 1),
        .remarks = g_ptr_array_new_with_free_func(g_free),
    };

    for (guint v = 0; v < N_VERDICTS; v++)
        c.clauses[v] = g_ptr_array_new_with_free_func(g_free);
    c.claim->id = test->id;
    c.claim->words = test->words;
    c.claim->evidence = g_ptr_array_new_with_free_func(evidence_free);
    for (const HvbComparison *comparison = test->comparisons;
         comparison && comparison->b; comparison++)
        hvb_case_compare(&c, comparison);
    if (test->judge)
        test->judge(&c);
    c.claim->verdict = reach_verdict(&c, test->any);
    c.claim->why = compose(&c);
    for (guint v = 0; v < N_VERDICTS; v++)
        g_ptr_array_unref(c.clauses[v]);
    g_ptr_array_unref(c.remarks);
    return c.claim;
}
