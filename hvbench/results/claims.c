/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/claims.h"

#include "hvbench/results/claims-case.h"

#define NONE HVB_LEVEL_BIT(HVB_LEVEL_NONE)
#define LOW HVB_LEVEL_BIT(HVB_LEVEL_LOW)
#define MEDIUM HVB_LEVEL_BIT(HVB_LEVEL_MEDIUM)
#define BUSY HVB_LEVEL_BIT(HVB_LEVEL_BUSY)
#define MAXIMUM HVB_LEVEL_BIT(HVB_LEVEL_MAXIMUM)
#define OVERLOAD HVB_LEVEL_BIT(HVB_LEVEL_OVERLOAD)
#define TOP HVB_LEVELS_TOP
#define LOADED HVB_LEVELS_LOADED
#define ALL HVB_LEVELS_ALL
/* Of the loaded levels: farthest from each other. */
#define ENDS (MEDIUM | OVERLOAD)

const HvbClaimNeed hvb_claim_needs[] = {
    {"C1", "fig02", NONE | LOW | MEDIUM | TOP, 0, NONE | LOW},
    {"C2", "fig02", ALL, 0, ALL},
    {"C2", "fig03", ALL, 0, ALL},
    {"C3", "fig02", TOP, 0, 0},
    {"C3", "fig03", TOP, 0, 0},
    {"C4", "fig03", LOADED, 0, 0},
    {"C4", "fig04", LOADED, 0, 0},
    {"C4", "c04-again", LOADED, 0, 0},
    {"C5", "fig03", ALL & ~NONE, 0, 0},
    {"C6", "fig09", LOADED, ENDS, 0},
    {"C7", "fig03", LOADED, ENDS, 0},
    {"C7", "fig05", LOADED, ENDS, 0},
    {"C8", "fig06", LOADED, 0, 0},
    {"C8", "c08-light", LOADED, 0, 0},
    {"C8", "c08-heavy", LOADED, 0, 0},
    {"C8", "c08-heavy-managed", LOADED, 0, 0},
    {"C9", "fig03", LOADED, 0, 0},
    {"C9", "fig05", LOADED, 0, 0},
    {"C9", "fig06", LOADED, 0, 0},
    {"C9", "fig07", LOADED, 0, 0},
    {"C10", "fig03", LOADED, ENDS, MEDIUM},
    {"C10", "fig09", LOADED, ENDS, MEDIUM},
    {"C11", "fig05", LOADED, ENDS, 0},
    {"C11", "fig09", LOADED, ENDS, 0},
    {"C11", "fig10", LOADED, ENDS, 0},
    {"C12", "fig09", LOADED, 0, MEDIUM},
    {"C12", "fig11", MAXIMUM, 0, MAXIMUM},
    {"C12", "c12-dynamic", LOADED, 0, 0},
    {"C13", "fig02", ALL, 0, ALL},
    {"C13", "fig11", ALL, 0, ALL},
    {"C14", "fig02", TOP, TOP, 0},
    {"C14", "fig12", TOP, TOP, 0},
    {"C15", "c15-two", MEDIUM | TOP, 0, 0},
    {"C15", "c15-four", MEDIUM | TOP, 0, 0},
    {"C15", "c15-eight", MEDIUM | TOP, 0, 0},
    {"C16", "fig09", BUSY | TOP, 0, 0},
    {"C16", "fig03", LOW, 0, LOW},
    {"C16", "c16-vm", BUSY | TOP, 0, 0},
    {"C17", "fig03", LOADED, 0, 0},
    {"C17", "c17-pinned", LOADED, 0, 0},
    {"C18", "c18-free", OVERLOAD, 0, OVERLOAD},
    {"C18", "c18-limited", OVERLOAD, 0, OVERLOAD},
    {"Q1", "fig03", LOADED, 0, 0},
    {"Q1", "uni", LOADED, 0, 0},
    {"Q2", "cache-none-cold", NONE | OVERLOAD, 0, 0},
    {"Q2", "cache-none-warm", NONE | OVERLOAD, 0, 0},
    {"Q2", "cache-writeback-cold", NONE | OVERLOAD, 0, 0},
    {"Q2", "cache-writeback-warm", NONE | OVERLOAD, 0, 0},
    {"Q3", "c12-dynamic", LOADED, 0, 0},
    {"Q3", "privileged", LOADED, 0, 0},
    {"Q4", "fig11", MAXIMUM, 0, MAXIMUM},
    {"Q4", "fig12", MAXIMUM, 0, MAXIMUM},
    {NULL, NULL, 0, 0, 0},
};

guint hvb_claim_need_cells(const HvbClaimNeed *need, guint level)
{
    return need->alone & HVB_LEVEL_BIT(level) ? 3 : 2;
}

const char *hvb_verdict_name(HvbVerdict verdict)
{
    static const char *const names[] = {
        [HVB_VERDICT_REPRODUCED] = "reproduced",
        [HVB_VERDICT_NOT_REPRODUCED] = "not reproduced",
        [HVB_VERDICT_INCONCLUSIVE] = "inconclusive",
    };

    g_return_val_if_fail((guint)verdict < G_N_ELEMENTS(names), NULL);
    return names[verdict];
}

void hvb_claim_free(HvbClaim *claim)
{
    if (!claim)
        return;
    g_free(claim->why);
    g_ptr_array_unref(claim->evidence);
    g_free(claim);
}

static gboolean is_untested(const HvbRunRecord *run, const HvbClaim *claim)
{
    guint index;

    for (guint i = 0; i < claim->evidence->len; i++)
        if (((const HvbEvidence *)claim->evidence->pdata[i])->n > 0)
            return FALSE;
    for (const HvbClaimNeed *need = hvb_claim_needs; need->id; need++)
        if (g_str_equal(need->id, claim->id) &&
            !hvb_run_find_scenario(run, need->scenario, &index))
            return TRUE;
    return FALSE;
}

GPtrArray *hvb_claims_judge(const HvbRunRecord *run)
{
    static const HvbClaimTest *const parts[] = {
        hvb_claims_of_guests,
        hvb_claims_of_control,
        hvb_claims_of_sharing,
        hvb_claims_open,
    };
    GPtrArray *claims =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_claim_free);

    for (guint p = 0; p < G_N_ELEMENTS(parts); p++)
        for (const HvbClaimTest *test = parts[p]; test->id; test++) {
            HvbClaim *claim = hvb_case_try(run, test);
            claim->untested = is_untested(run, claim);
            g_ptr_array_add(claims, claim);
        }
    return claims;
}

char *hvb_claims_untested(GPtrArray *claims)
{
    g_autoptr(GString) ids = g_string_new(NULL);

    for (guint c = 0; c < claims->len; c++) {
        const HvbClaim *claim = claims->pdata[c];
        if (claim->untested)
            g_string_append_printf(ids, "%s%s", ids->len > 0 ? ", " : "",
                                   claim->id);
    }
    return ids->len > 0 ? g_strdup(ids->str) : NULL;
}

gboolean hvb_claims_apply(const HvbRunRecord *run)
{
    guint index;

    for (const HvbClaimNeed *need = hvb_claim_needs; need->id; need++)
        if (hvb_run_find_scenario(run, need->scenario, &index))
            return TRUE;
    return FALSE;
}
