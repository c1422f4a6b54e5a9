/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What report.html tells of the paper's claims: verdicts and their evidence. */
#include "hvbench/report/page-parts.h"
#include "hvbench/report/text.h"

#include <math.h>
#include <string.h>

/* A class of the style sheet. */
static const char *class_of(HvbVerdict verdict)
{
    static const char *const classes[] = {
        [HVB_VERDICT_REPRODUCED] = "yes",
        [HVB_VERDICT_NOT_REPRODUCED] = "no",
        [HVB_VERDICT_INCONCLUSIVE] = "open",
    };

    return classes[verdict];
}

static gboolean was_run(const HvbFindings *findings, const char *scenario)
{
    for (guint p = 0; scenario && p < findings->p3s->len; p++)
        if (strcmp(((const HvbP3 *)findings->p3s->pdata[p])->scenario,
                   scenario) == 0)
            return TRUE;
    return FALSE;
}

/* One side of a comparison. Every member is set, or a template would see that
 * of the claim around it. */
static void set_side(JsonObject *object, const HvbFindings *findings,
                     const char *side, const char *scenario, double figure,
                     const char *unit)
{
    g_autofree char *name = g_strconcat(side, "_name", NULL);
    g_autofree char *here = g_strconcat(side, "_here", NULL);

    hvb_page_set(object, side, hvb_text_figure(figure, unit));
    hvb_page_set(object, name, g_strdup(scenario ? scenario : ""));
    json_object_set_boolean_member(object, here, was_run(findings, scenario));
}

/* "4.10 to 7.25", "at least 4.10" of one without an upper end, "" if there is
 * none. */
static char *interval_of(const HvbEvidence *evidence)
{
    g_autofree char *low = hvb_text_figure(evidence->low, NULL);
    g_autofree char *high = hvb_text_figure(evidence->high, NULL);

    if (isnan(evidence->low) && isnan(evidence->high))
        return g_strdup("");
    if (isnan(evidence->low))
        return g_strconcat("at most ", high, NULL);
    if (isnan(evidence->high))
        return g_strconcat("at least ", low, NULL);
    return g_strdup_printf("%s to %s", low, high);
}

/* "5.39 times", or a difference with its sign: "+26.5 ms". */
static char *effect_of(const HvbEvidence *evidence)
{
    g_autofree char *text =
        hvb_text_figure(evidence->effect, evidence->effect_unit);
    gboolean is_ratio = g_strcmp0(evidence->effect_unit, "times") == 0;

    return g_strconcat(!is_ratio && evidence->effect > 0 ? "+" : "", text,
                       NULL);
}

static void set_comparison(JsonObject *object, const HvbFindings *findings,
                           const HvbEvidence *evidence)
{
    hvb_page_set(object, "what", g_strdup(evidence->what));
    set_side(object, findings, "a", evidence->scenario_a, evidence->a,
             evidence->unit);
    set_side(object, findings, "b", evidence->scenario_b, evidence->b,
             evidence->unit);
    hvb_page_set(object, "effect", effect_of(evidence));
    hvb_page_set(object, "interval", interval_of(evidence));
    json_object_set_int_member(object, "n", evidence->n);
}

static void set_verdict(JsonObject *object, HvbVerdict verdict)
{
    json_object_set_string_member(object, "verdict", hvb_verdict_name(verdict));
    json_object_set_string_member(object, "class", class_of(verdict));
}

/* What an evidence that decides nothing is worth; NULL: it decides. */
static const char *describe_aside(const HvbEvidence *evidence)
{
    if (!evidence->aside)
        return NULL;
    if (!evidence->objects)
        return "decides nothing";
    return evidence->verdict == HVB_VERDICT_REPRODUCED ? "no objection"
                                                       : "cannot tell";
}

static JsonObject *claim_of(const HvbFindings *findings, const HvbClaim *claim)
{
    const HvbEvidence *leading = hvb_claim_leading(claim);
    JsonObject *object = json_object_new();
    JsonArray *evidence = json_array_new();

    json_object_set_string_member(object, "id", claim->id);
    json_object_set_string_member(object, "words", claim->words);
    hvb_page_set(object, "why", g_strdup(claim->why));
    set_verdict(object, claim->verdict);
    json_object_set_boolean_member(object, "compared", leading != NULL);
    if (leading)
        set_comparison(object, findings, leading);
    for (guint e = 0; e < claim->evidence->len; e++) {
        const HvbEvidence *comparison = claim->evidence->pdata[e];
        JsonObject *row = json_object_new();
        set_comparison(row, findings, comparison);
        set_verdict(row, comparison->verdict);
        hvb_page_set(row, "aside", g_strdup(describe_aside(comparison)));
        json_array_add_object_element(evidence, row);
    }
    hvb_page_set(object, "comparisons",
                 g_strdup_printf("%u comparison%s", claim->evidence->len,
                                 claim->evidence->len == 1 ? "" : "s"));
    json_object_set_array_member(object, "evidence", evidence);
    return object;
}

/* The claims that were tested, or the open questions. */
static JsonArray *rows_of(const HvbFindings *findings, gboolean questions)
{
    JsonArray *rows = json_array_new();

    for (guint c = 0; c < findings->claims->len; c++) {
        const HvbClaim *claim = findings->claims->pdata[c];
        if (!claim->untested && hvb_claim_is_question(claim) == questions)
            json_array_add_object_element(rows, claim_of(findings, claim));
    }
    return rows;
}

/* One table with its heading. As above, every member is set. */
static JsonObject *judged(const char *anchor, const char *title,
                          const char *column, char *verdicts, char *untested,
                          JsonArray *rows)
{
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "anchor", anchor);
    json_object_set_string_member(object, "title", title);
    json_object_set_string_member(object, "column", column);
    hvb_page_set(object, "verdicts", verdicts);
    hvb_page_set(object, "untested", untested);
    json_object_set_array_member(object, "rows", rows);
    return object;
}

void hvb_page_set_claims(JsonObject *page, const HvbFindings *findings)
{
    JsonArray *tables = json_array_new();
    JsonArray *questions;

    json_object_set_boolean_member(page, "has_claims",
                                   findings->claims != NULL);
    json_object_set_array_member(page, "judged", tables);
    if (!findings->claims)
        return;
    json_array_add_object_element(tables,
                                  judged("claims", "Claims of the paper",
                                         "claim",
                                         hvb_claims_count(findings->claims),
                                         hvb_claims_untested(findings->claims),
                                         rows_of(findings, FALSE)));
    questions = rows_of(findings, TRUE);
    if (json_array_get_length(questions) > 0)
        json_array_add_object_element(
            tables,
            judged("questions", "Questions that it left open", "expectation",
                   g_strdup(""), g_strdup(""), g_steal_pointer(&questions)));
    else
        json_array_unref(questions);
}
