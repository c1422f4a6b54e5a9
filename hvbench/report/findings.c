/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/report/findings.h"

#include "hvbench/results/knee.h"

#include <math.h>
#include <string.h>

static void guest_clear(gpointer data)
{
    hvb_p3_free(((HvbGuestFinding *)data)->p3);
}

static GPtrArray *cells_of(const HvbRunRecord *run, guint scenario)
{
    GPtrArray *cells = g_ptr_array_new();

    for (guint i = 0; i < run->cells->len; i++) {
        HvbCell *cell = run->cells->pdata[i];
        if (cell->scenario == scenario)
            g_ptr_array_add(cells, cell);
    }
    return cells;
}

static HvbP3 *guest_p3(const HvbProfile *profile, guint guest, GPtrArray *cells)
{
    HvbP3 *p3 = hvb_p3_for_guest(profile, guest);

    for (guint level = 0; level < HVB_N_LEVELS; level++)
        if (profile->levels[level])
            hvb_p3_update_level(p3, (HvbLevel)level, cells);
    return p3;
}

static GArray *guests_of(const HvbRunRecord *run, guint scenario)
{
    const HvbProfile *profile = run->profiles->pdata[scenario];
    GArray *guests = g_array_new(FALSE, FALSE, sizeof(HvbGuestFinding));
    g_autoptr(GPtrArray) cells = cells_of(run, scenario);
    guint measured = 0;

    g_array_set_clear_func(guests, guest_clear);
    for (guint g = 0; g < profile->n_guests; g++)
        measured += profile->guests[g].measured != HVB_MEASURED_NO;
    for (guint g = 0; measured > 1 && g < profile->n_guests; g++) {
        HvbGuestFinding guest = {.guest = g + 1};
        if (profile->guests[g].measured == HVB_MEASURED_NO)
            continue;
        guest.p3 = guest_p3(profile, g + 1, cells);
        g_array_append_val(guests, guest);
    }
    return guests;
}

HvbOnset hvb_onset_find(const HvbRunRecord *run, guint scenario)
{
    const HvbProfile *profile = run->profiles->pdata[scenario];
    HvbOnset onset = {0};
    g_autoptr(GArray) knees =
        hvb_observe_knee(run, profile->name, HVB_KNEE_DEMAND, &onset.is_open);

    onset.native = profile->native;
    onset.demand = hvb_interval_of(knees, HVB_CONFIDENCE);
    return onset;
}

char *hvb_onset_describe(const HvbOnset *onset)
{
    const HvbInterval *demand = &onset->demand;
    g_autofree char *load = NULL;

    if (isnan(demand->estimate))
        return NULL;
    load = g_strdup_printf("Noticed, %.0f ms above None, once users ask for "
                           "%.0f %% of %s",
                           HVB_KNEE_MS, demand->estimate,
                           onset->native ? "the host's CPUs" : "a CPU");
    if (onset->is_open)
        return g_strconcat(load, " or more.", NULL);
    if (isnan(demand->low))
        return g_strconcat(load, ".", NULL);
    return g_strdup_printf("%s (%.0f to %.0f).", load, fmax(demand->low, 0.0),
                           demand->high);
}

const char *hvb_findings_provenance(const HvbFindings *findings,
                                    const char *key)
{
    for (guint i = 0; i < findings->run->provenance->len; i++) {
        const HvbProvenance *entry = findings->run->provenance->pdata[i];
        if (strcmp(entry->key, key) == 0)
            return entry->value;
    }
    return NULL;
}

static gboolean look_up_spent(const HvbFindings *findings, const char *prefix,
                              const char *name, HvbSpent *ret_spent)
{
    g_autofree char *key = g_strconcat(prefix, name, NULL);
    const char *value = hvb_findings_provenance(findings, key);

    return value && hvb_spent_parse(value, ret_spent);
}

static void add_time(HvbFindings *findings, const char *name,
                     gboolean is_scenario)
{
    HvbTimeFinding row = {.name = name, .is_scenario = is_scenario};

    row.has_plan =
        look_up_spent(findings, HVB_BUDGET_PLAN_PREFIX, name, &row.plan);
    row.has_use =
        look_up_spent(findings, HVB_BUDGET_USED_PREFIX, name, &row.use);
    if (row.has_plan || row.has_use)
        g_array_append_val(findings->times, row);
}

static void add_times(HvbFindings *findings)
{
    g_autoptr(GPtrArray) ordered = hvb_findings_order(findings->p3s);

    for (guint p = 0; p < ordered->len; p++)
        add_time(findings, ((const HvbP3 *)ordered->pdata[p])->scenario, TRUE);
    for (guint e = 0; e < HVB_N_EXPENSES; e++)
        add_time(findings, hvb_expense_name((HvbExpense)e), FALSE);
}

HvbFindings *hvb_findings_new(const HvbRunRecord *run)
{
    HvbFindings *findings = g_new0(HvbFindings, 1);

    findings->run = run;
    findings->p3s = hvb_run_record_p3(run);
    findings->guests =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    findings->accounts =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    findings->vantages =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    findings->onsets = g_array_new(FALSE, FALSE, sizeof(HvbOnset));
    for (guint p = 0; p < run->profiles->len; p++) {
        HvbOnset onset = hvb_onset_find(run, p);

        g_ptr_array_add(findings->guests, guests_of(run, p));
        g_ptr_array_add(findings->accounts, hvb_account_make(run, p));
        g_ptr_array_add(findings->vantages, hvb_vantages_compare(run, p));
        g_array_append_val(findings->onsets, onset);
    }
    if (hvb_claims_apply(run))
        findings->claims = hvb_claims_judge(run);
    findings->times = g_array_new(FALSE, FALSE, sizeof(HvbTimeFinding));
    add_times(findings);
    return findings;
}

void hvb_findings_free(HvbFindings *findings)
{
    if (!findings)
        return;
    g_ptr_array_unref(findings->p3s);
    g_ptr_array_unref(findings->guests);
    g_ptr_array_unref(findings->accounts);
    g_ptr_array_unref(findings->vantages);
    g_array_unref(findings->onsets);
    g_clear_pointer(&findings->claims, g_ptr_array_unref);
    g_array_unref(findings->times);
    g_free(findings);
}

/* The paper's number of a figure; beyond all of them without one. */
static guint64 figure_number(const HvbP3 *p3)
{
    guint64 number = p3->figure ? g_ascii_strtoull(p3->figure, NULL, 10) : 0;

    return number > 0 ? number : G_MAXUINT64;
}

static int compare_figures(gconstpointer a, gconstpointer b)
{
    guint64 x = figure_number(*(const HvbP3 *const *)a);
    guint64 y = figure_number(*(const HvbP3 *const *)b);

    return (x > y) - (x < y);
}

GPtrArray *hvb_findings_order(GPtrArray *p3s)
{
    GPtrArray *ordered = g_ptr_array_new();

    for (guint p = 0; p < p3s->len; p++)
        g_ptr_array_add(ordered, p3s->pdata[p]);
    g_ptr_array_sort(ordered, compare_figures); /* it is stable */
    return ordered;
}

const HvbEvidence *hvb_claim_leading(const HvbClaim *claim)
{
    for (guint e = 0; e < claim->evidence->len; e++) {
        const HvbEvidence *evidence = claim->evidence->pdata[e];
        if (!evidence->aside && evidence->n > 0 &&
            evidence->verdict == claim->verdict)
            return evidence;
    }
    return claim->evidence->len > 0 ? claim->evidence->pdata[0] : NULL;
}

gboolean hvb_claim_is_question(const HvbClaim *claim)
{
    return claim->id[0] == 'Q';
}

char *hvb_claims_count(GPtrArray *claims)
{
    guint counts[HVB_VERDICT_INCONCLUSIVE + 1] = {0};
    guint n = 0;

    for (guint c = 0; c < claims->len; c++) {
        const HvbClaim *claim = claims->pdata[c];
        if (claim->untested || hvb_claim_is_question(claim))
            continue;
        counts[claim->verdict]++;
        n++;
    }
    return g_strdup_printf("%u claim%s: %u %s, %u %s, %u %s", n,
                           n == 1 ? "" : "s", counts[HVB_VERDICT_REPRODUCED],
                           hvb_verdict_name(HVB_VERDICT_REPRODUCED),
                           counts[HVB_VERDICT_NOT_REPRODUCED],
                           hvb_verdict_name(HVB_VERDICT_NOT_REPRODUCED),
                           counts[HVB_VERDICT_INCONCLUSIVE],
                           hvb_verdict_name(HVB_VERDICT_INCONCLUSIVE));
}
