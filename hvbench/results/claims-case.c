/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/claims-parts.h"
#include "hvbench/results/claims-words.h"
#include "hvbench/results/delay.h"

#include <math.h>

#define N_VERDICTS (HVB_VERDICT_INCONCLUSIVE + 1)

/* A scenario that has no cell that counts at any of these levels. */
typedef struct {
    const char *scenario;
    guint levels;
} Lack;

struct _HvbCase {
    const HvbRunRecord *run;
    HvbClaim *claim;
    GPtrArray *clauses[N_VERDICTS]; /* char *, of decisive comparisons */
    /* What the last clause is about, unless it is about something missing;
     * borrowed from its evidence. */
    const char *subject[N_VERDICTS];
    GPtrArray *missing; /* char *: scenarios that were not run and the like */
    GArray *lacks;      /* Lack */
    GPtrArray *remarks; /* char * */
    GHashTable *cells;  /* HvbCell *: what all decisive comparisons rest on */
    guint more;         /* repetitions that may do for what is open */
    gboolean untold;    /* for some of it nobody can tell how many */
    gboolean too_few;   /* repetitions for an interval */
};

const HvbRunRecord *hvb_case_run(const HvbCase *c)
{
    return c->run;
}

/* With what its members that are 0 stand for. */
static HvbClaimComparison complete(const HvbClaimComparison *comparison)
{
    HvbClaimComparison full = *comparison;

    if (full.levels_a == 0)
        full.levels_a = full.levels;
    if (full.measure_a == HVB_MEASURE_UNSAID)
        full.measure_a = full.measure;
    if (!full.unit)
        full.unit = hvb_measure_unit(full.measure);
    full.family = MAX(full.family, 1);
    return full;
}

/* A CPU share that is small is not for that reason one that nobody minds. */
static double offset_of(const HvbClaimComparison *comparison)
{
    return g_str_equal(comparison->unit, "ms") ? HVB_RATIO_OFFSET_MS : 0.0;
}

static HvbLimits scaled_limits(const HvbClaimComparison *comparison)
{
    return (HvbLimits){
        .rule = comparison->limits.rule,
        .low = hvb_effect_to_scale(comparison->effect, comparison->limits.low),
        .high =
            hvb_effect_to_scale(comparison->effect, comparison->limits.high),
    };
}

static void add_clause(GPtrArray *clauses, char *clause)
{
    if (g_ptr_array_find_with_equal_func(clauses, clause, g_str_equal, NULL))
        g_free(clause);
    else
        g_ptr_array_add(clauses, clause);
}

static void add_lack(HvbCase *c, const char *scenario, guint levels)
{
    const Lack lack = {scenario, levels};

    for (guint i = 0; i < c->lacks->len; i++) {
        Lack *known = &g_array_index(c->lacks, Lack, i);
        if (g_str_equal(known->scenario, scenario)) {
            known->levels |= levels;
            return;
        }
    }
    g_array_append_val(c->lacks, lack);
}

/* Says why there is no pair. */
static void explain_lack(HvbCase *c, const HvbClaimComparison *comparison,
                         const HvbClaimPart *parts)
{
    guint index;

    for (guint i = 0; i < HVB_CLAIM_PARTS; i++)
        if (parts[i].name &&
            !hvb_run_find_scenario(c->run, parts[i].name, &index)) {
            add_clause(c->missing,
                       g_strdup_printf("%s was not run", parts[i].name));
            return;
        }
    for (guint i = 0; i < HVB_CLAIM_PARTS; i++) {
        g_autoptr(GHashTable) cells = g_hash_table_new(NULL, NULL);
        hvb_claim_part_collect(c->run, &parts[i], cells);
        if (parts[i].name && g_hash_table_size(cells) == 0) {
            add_lack(c, parts[i].name, parts[i].levels);
            return;
        }
    }
    add_clause(c->missing,
               g_strdup_printf("%s: nothing to compare in %s",
                               comparison->what
                                   ? comparison->what
                                   : hvb_measure_name(comparison->measure),
                               comparison->b));
}

/* An open end is no figure. */
static double shown(HvbEffect effect, double value)
{
    return isfinite(value) ? hvb_effect_from_scale(effect, value) : NAN;
}

static double told(HvbMeasure measure, double value)
{
    return measure == HVB_MEASURE_DELAY ? hvb_delay_told(value) : value;
}

static void evidence_free(gpointer data)
{
    HvbEvidence *e = data;

    g_free(e->what);
    g_free(e->scenario_a);
    g_free(e->scenario_b);
    g_free(e);
}

static HvbEvidence *make_evidence(const HvbClaimComparison *comparison,
                                  const HvbContrast *contrast, gboolean differ)
{
    const HvbInterval *interval = &contrast->interval;
    const HvbLimits limits = scaled_limits(comparison);
    HvbEvidence *e = g_new0(HvbEvidence, 1);

    e->what =
        hvb_claim_comparison_describe(comparison, contrast->strata, differ);
    e->scenario_a = g_strdup(comparison->a);
    e->scenario_b = g_strdup(comparison->b);
    e->a = told(comparison->measure, contrast->a);
    e->b = told(comparison->measure, contrast->b);
    e->unit = comparison->unit;
    e->effect = shown(comparison->effect, interval->estimate);
    e->low = shown(comparison->effect, interval->low);
    e->high = shown(comparison->effect, interval->high);
    e->effect_unit = hvb_claim_comparison_effect_unit(comparison);
    e->n = interval->n;
    e->boots_differ = differ;
    e->verdict = hvb_interval_verdict(interval, &limits);
    e->objects = comparison->objects;
    e->aside = comparison->aside ||
               (e->objects && e->verdict != HVB_VERDICT_NOT_REPRODUCED);
    return e;
}

/* Counts the cells that it rests on. */
static void count_cells(HvbCase *c, const HvbClaimPart *parts, HvbEvidence *e)
{
    g_autoptr(GHashTable) cells = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < HVB_CLAIM_PARTS; i++) {
        hvb_claim_part_collect(c->run, &parts[i], cells);
        if (!e->aside)
            hvb_claim_part_collect(c->run, &parts[i], c->cells);
    }
    e->cells = g_hash_table_size(cells);
    e->suspect = hvb_claim_count_suspect(cells);
}

/* What it takes to decide what is open. */
static void foresee(HvbCase *c, const HvbClaimComparison *comparison,
                    const HvbInterval *interval)
{
    const HvbLimits limits = scaled_limits(comparison);
    guint more = hvb_interval_more(interval, &limits,
                                   hvb_claim_comparison_confidence(comparison));

    if (isnan(interval->error))
        c->too_few = TRUE;
    else if (more == 0 || !isfinite(interval->low) || !isfinite(interval->high))
        c->untold = TRUE;
    c->more = MAX(c->more, more);
}

/* The clause of a comparison of which there are pairs: its subject once. */
static void explain(HvbCase *c, const HvbClaimComparison *comparison,
                    const HvbEvidence *e)
{
    g_autofree char *text = hvb_claim_comparison_explain(comparison, e);
    const char **subject = &c->subject[e->verdict];
    gboolean same = g_strcmp0(*subject, e->what) == 0;

    *subject = e->what;
    add_clause(c->clauses[e->verdict],
               g_strconcat(same ? "" : e->what, same ? "" : ": ", text, NULL));
}

const HvbEvidence *hvb_case_conclude(HvbCase *c,
                                     const HvbClaimComparison *comparison,
                                     const HvbContrast *contrast)
{
    const HvbClaimComparison full = complete(comparison);
    HvbClaimPart parts[HVB_CLAIM_PARTS];
    HvbEvidence *e;

    hvb_claim_parts_list(&full, parts);
    e = make_evidence(&full, contrast, hvb_claim_boots_differ(c->run, parts));
    g_ptr_array_add(c->claim->evidence, e);
    if (e->n > 0)
        count_cells(c, parts, e);
    if (e->aside)
        return e;
    if (e->n == 0) {
        explain_lack(c, &full, parts);
        return e;
    }
    explain(c, &full, e);
    if (e->verdict == HVB_VERDICT_INCONCLUSIVE)
        foresee(c, &full, &contrast->interval);
    return e;
}

HvbContrast hvb_case_contrast(const HvbClaimComparison *comparison,
                              const GArray *a, const GArray *b)
{
    const HvbClaimComparison full = complete(comparison);

    return hvb_contrast_make(a, b, full.effect, offset_of(&full),
                             hvb_claim_comparison_confidence(&full));
}

const HvbEvidence *hvb_case_hold(HvbCase *c,
                                 const HvbClaimComparison *comparison,
                                 const GArray *a, const GArray *b)
{
    HvbContrast contrast = hvb_case_contrast(comparison, a, b);

    return hvb_case_conclude(c, comparison, &contrast);
}

const HvbEvidence *hvb_case_compare(HvbCase *c,
                                    const HvbClaimComparison *comparison)
{
    const HvbClaimComparison full = complete(comparison);
    g_autoptr(GArray) b =
        hvb_observe(c->run, full.b, full.levels, full.measure, full.guests);
    g_autoptr(GArray) a = full.a ? hvb_observe(c->run, full.a, full.levels_a,
                                               full.measure_a, full.guests)
                                 : hvb_observations_constant(b, full.constant);

    return hvb_case_hold(c, comparison, a, b);
}

/* Whether a decisive comparison takes scenarios of different boots, and none
 * holds them against `again`, which shows what a boot alone does. */
static gboolean rests_on_boots(const HvbClaim *claim, const char *again)
{
    gboolean rests = FALSE;

    for (guint i = 0; i < claim->evidence->len; i++) {
        const HvbEvidence *e = claim->evidence->pdata[i];
        if (g_strcmp0(e->scenario_a, again) == 0)
            return FALSE;
        rests = rests || (e->boots_differ && !e->aside && e->n > 0);
    }
    return rests;
}

/* An interval does not know what one boot does to all of its cells: the reader
 * of a verdict that may hang on it shall. */
static void remark_boots(HvbCase *c)
{
    const HvbClaimComparison comparison = complete(&(
        HvbClaimComparison){.a = "fig03",
                            .b = "c04-again", /* the same guests, booted anew */
                            .levels = HVB_LEVELS_LOADED,
                            .measure = HVB_MEASURE_DELAY,
                            .effect = HVB_EFFECT_RATIO});

    if (!rests_on_boots(c->claim, comparison.b))
        return;
    g_autoptr(GArray) a = hvb_observe(c->run, comparison.a, comparison.levels,
                                      comparison.measure, 0);
    g_autoptr(GArray) b = hvb_observe(c->run, comparison.b, comparison.levels,
                                      comparison.measure, 0);
    HvbContrast contrast = hvb_case_contrast(&comparison, a, b);
    HvbEvidence *e = make_evidence(&comparison, &contrast, TRUE);
    if (e->n > 0)
        hvb_case_remark(c, hvb_boots_explain(e));
    evidence_free(e);
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
    return c->clauses[HVB_VERDICT_INCONCLUSIVE]->len + c->missing->len +
                       c->lacks->len >
                   0
               ? HVB_VERDICT_INCONCLUSIVE
               : last;
}

static void append_clauses(GString *why, const GPtrArray *clauses)
{
    for (guint i = 0; i < clauses->len; i++)
        g_string_append_printf(why, "%s%s", why->len > 0 ? "; " : "",
                               (const char *)clauses->pdata[i]);
}

/* Cells of a scenario at these levels, whatever became of them. */
static guint count_tried(const HvbRunRecord *run, const Lack *lack)
{
    guint index, n = 0;

    if (!hvb_run_find_scenario(run, lack->scenario, &index))
        return 0;
    for (guint i = 0; i < run->cells->len; i++) {
        const HvbCell *cell = run->cells->pdata[i];
        n += cell->scenario == index &&
                     (lack->levels & HVB_LEVEL_BIT(cell->level))
                 ? 1
                 : 0;
    }
    return n;
}

static void append_lack(GString *why, const HvbCase *c, const Lack *lack)
{
    g_autofree char *levels = hvb_levels_text(lack->levels);

    g_string_append(why, why->len > 0 ? "; " : "");
    if (count_tried(c->run, lack) == 0)
        g_string_append_printf(why, "%s was not measured at %s", lack->scenario,
                               levels);
    else
        g_string_append_printf(why,
                               "all cells of %s at %s were disturbed or failed",
                               lack->scenario, levels);
}

/* What an inconclusive claim takes. */
static void append_wants(GString *why, const HvbCase *c)
{
    if (c->too_few)
        g_string_append(why, "; needs more repetitions");
    else if (c->more > 0 && !c->untold)
        g_string_append_printf(why, "; about %u more repetition%s may do",
                               c->more, c->more == 1 ? "" : "s");
    append_clauses(why, c->missing);
    for (guint i = 0; i < c->lacks->len; i++)
        append_lack(why, c, &g_array_index(c->lacks, Lack, i));
}

/* Or a reader takes the one that decided for all that there is. */
static void append_others(GString *why, const HvbCase *c)
{
    guint n = 0;

    for (guint i = 0; i < c->claim->evidence->len; i++) {
        const HvbEvidence *e = c->claim->evidence->pdata[i];
        n += !e->aside && e->verdict == HVB_VERDICT_REPRODUCED ? 1 : 0;
    }
    if (n > 0 && c->claim->verdict != HVB_VERDICT_REPRODUCED)
        g_string_append_printf(why, "; %u other comparison%s", n,
                               n == 1 ? " holds" : "s hold");
}

/* One sentence of all clauses that decided. */
static char *compose(const HvbCase *c)
{
    GString *why = g_string_new(NULL);
    guint suspect = hvb_claim_count_suspect(c->cells);

    append_clauses(why, c->clauses[c->claim->verdict]);
    if (c->claim->verdict == HVB_VERDICT_INCONCLUSIVE)
        append_wants(why, c);
    append_others(why, c);
    append_clauses(why, c->remarks);
    if (suspect > 0)
        g_string_append_printf(why, "; %u of %u cells %s suspect", suspect,
                               g_hash_table_size(c->cells),
                               suspect == 1 ? "was" : "were");
    g_string_append_c(why, '.');
    return g_string_free(why, FALSE);
}

static void case_clear(HvbCase *c)
{
    for (guint v = 0; v < N_VERDICTS; v++)
        g_ptr_array_unref(c->clauses[v]);
    g_ptr_array_unref(c->missing);
    g_array_unref(c->lacks);
    g_ptr_array_unref(c->remarks);
    g_hash_table_unref(c->cells);
}

HvbClaim *hvb_case_try(const HvbRunRecord *run, const HvbClaimTest *test)
{
    HvbCase c = {
        .run = run,
        .claim = g_new0(HvbClaim, 1),
        .missing = g_ptr_array_new_with_free_func(g_free),
        .lacks = g_array_new(FALSE, FALSE, sizeof(Lack)),
        .remarks = g_ptr_array_new_with_free_func(g_free),
        .cells = g_hash_table_new(NULL, NULL),
    };

    for (guint v = 0; v < N_VERDICTS; v++)
        c.clauses[v] = g_ptr_array_new_with_free_func(g_free);
    c.claim->id = test->id;
    c.claim->words = test->words;
    c.claim->evidence = g_ptr_array_new_with_free_func(evidence_free);
    for (const HvbClaimComparison *comparison = test->comparisons;
         comparison && comparison->b; comparison++)
        hvb_case_compare(&c, comparison);
    if (test->judge)
        test->judge(&c);
    remark_boots(&c);
    c.claim->verdict = reach_verdict(&c, test->any);
    c.claim->why = compose(&c);
    case_clear(&c);
    return c.claim;
}
