/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/claims-words.h"

#include <math.h>

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

const char *
hvb_claim_comparison_effect_unit(const HvbClaimComparison *comparison)
{
    if (comparison->effect == HVB_EFFECT_RATIO)
        return "times";
    if (comparison->effect == HVB_EFFECT_EXCESS)
        return "%";
    return g_str_equal(comparison->unit, "%") ? "points" : comparison->unit;
}

double hvb_claim_comparison_confidence(const HvbClaimComparison *comparison)
{
    return 1.0 - (1.0 - HVB_CONFIDENCE) / comparison->family;
}

char *hvb_claim_comparison_describe(const HvbClaimComparison *comparison,
                                    guint strata, gboolean boots_differ)
{
    guint levels = comparison->levels, levels_a = comparison->levels_a;
    GString *what =
        g_string_new(comparison->what ? comparison->what
                                      : hvb_measure_name(comparison->measure));

    if (strata != 0) {
        levels = levels_at(levels, strata);
        levels_a = levels_at(levels_a, strata);
    }
    g_autofree char *text = hvb_levels_text(levels);
    g_autofree char *text_a = hvb_levels_text(levels_a);
    if (!comparison->what && comparison->measure_a != comparison->measure)
        g_string_append_printf(what, " against %s",
                               hvb_measure_name(comparison->measure_a));
    /* Else it is made of all levels. */
    if (comparison->levels != 0)
        g_string_append_printf(what, ", %s", text);
    if (levels_a != levels)
        g_string_append_printf(what, " against %s", text_a);
    if (boots_differ)
        g_string_append(what, ", on different boots");
    if (comparison->family > 1)
        g_string_append_printf(what, " (%.4g %% interval)",
                               100.0 *
                                   hvb_claim_comparison_confidence(comparison));
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
    if (fabs(value) < 0.5 * pow(10, -decimals))
        value = 0.0; /* and not -0.0 */
    g_string_append_printf(text, "%.*f", decimals, value);
}

static void append_quantity(GString *text, double value, const char *unit)
{
    append_number(text, value, unit);
    if (unit[0] != '\0')
        g_string_append_printf(text, " %s", unit);
}

static void append_limits(GString *text, const HvbClaimComparison *comparison)
{
    static const char *const words[] = {
        [HVB_RULE_ABOVE] = "above ",
        [HVB_RULE_BELOW] = "below ",
        [HVB_RULE_WITHIN] = "within ",
        [HVB_RULE_OUTSIDE] = "outside ",
    };
    const HvbLimits *limits = &comparison->limits;
    const char *unit = hvb_claim_comparison_effect_unit(comparison);

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

static void append_figures(GString *text, const HvbClaimComparison *comparison,
                           const HvbEvidence *e)
{
    append_quantity(text, e->b, e->unit);
    g_string_append_printf(text, " in %s against ", e->scenario_b);
    append_quantity(text, e->a, e->unit);
    if (e->scenario_a && !g_str_equal(e->scenario_a, e->scenario_b))
        g_string_append_printf(text, " in %s", e->scenario_a);
    g_string_append(text, ", ");
    /* Else a reader divides the two figures, and finds another number. */
    if (comparison->effect != HVB_EFFECT_DIFFERENCE)
        g_string_append(text, "pair by pair ");
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

char *hvb_claim_comparison_explain(const HvbClaimComparison *comparison,
                                   const HvbEvidence *e)
{
    GString *text = g_string_new(NULL);

    append_figures(text, comparison, e);
    append_interval(text, e);
    g_string_append(text, ", ");
    if (e->verdict == HVB_VERDICT_INCONCLUSIVE)
        g_string_append(text, "open whether ");
    if (e->verdict == HVB_VERDICT_NOT_REPRODUCED)
        g_string_append(text, "not ");
    append_limits(text, comparison);
    return g_string_free(text, FALSE);
}

char *hvb_boots_explain(const HvbEvidence *e)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text,
                           "another boot alone made the mean delay of %s ",
                           e->scenario_a);
    append_quantity(text, e->effect, e->effect_unit);
    append_interval(text, e);
    g_string_append(text, " as long");
    return g_string_free(text, FALSE);
}
