/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/choice.h"

#include "hvbench/run/budget.h"
#include "hvbench/run/plan.h"

/* What no claim rests on has to leave a part of the budget to cells that are
 * measured again: disturbed ones, and those with a wide interval. */
#define SHARE_OF_REST 0.9

guint hvb_choice_levels(const HvbProfile *profile, guint levels)
{
    for (guint level = 0; level < HVB_N_LEVELS; level++)
        if (!profile->levels[level])
            levels &= ~(1u << level);
    return levels;
}

static gboolean is_chosen(const HvbChosen *chosen)
{
    for (guint level = 0; level < HVB_N_LEVELS; level++)
        if (chosen->rank[level] != HVB_RANK_NONE)
            return TRUE;
    return FALSE;
}

guint hvb_choice_calibrated(GPtrArray *profiles, const GArray *chosen,
                            const guint *beds, guint bed)
{
    gboolean active[HVB_MAX_GUESTS + 1] = {FALSE}; /* [0]: the host */
    guint n = 0;

    for (guint s = 0; s < profiles->len; s++) {
        const HvbProfile *profile = profiles->pdata[s];
        if (beds[s] != bed || !is_chosen(&g_array_index(chosen, HvbChosen, s)))
            continue;
        active[0] = active[0] || profile->services > 0;
        for (guint i = 0; i < profile->n_guests; i++)
            if (profile->guests[i].loaded || profile->guests[i].measured)
                active[i + 1] = TRUE;
    }
    for (guint i = 0; i <= HVB_MAX_GUESTS; i++)
        n += active[i] ? 1 : 0;
    return n;
}

/* As many cells of the scenario as it takes for them to be of use. */
static double price_of_scenario(const HvbLedger *ledger, GPtrArray *profiles,
                                const HvbChosen *chosen, guint scenario)
{
    guint n = 0;

    for (guint level = 0; level < HVB_N_LEVELS; level++)
        n += chosen->cells[level];
    return n * hvb_price_cell(ledger, profiles, scenario);
}

/* All that is chosen, with all that belongs to it. */
static double price_of(GPtrArray *profiles, const GArray *chosen,
                       const guint *beds, guint n_beds)
{
    g_autofree const HvbProfile **made = g_new0(const HvbProfile *, n_beds);
    g_autoptr(HvbLedger) cells = hvb_ledger_new(profiles->len);
    gboolean has_guests = FALSE;
    double price_s = 0;
    guint n = 0;

    for (guint s = 0; s < profiles->len; s++) {
        const HvbChosen *scenario = &g_array_index(chosen, HvbChosen, s);
        if (!is_chosen(scenario))
            continue;
        made[beds[s]] = profiles->pdata[s];
        price_s += price_of_scenario(cells, profiles, scenario, s);
        n++;
    }
    for (guint bed = 0; bed < n_beds; bed++) {
        if (!made[bed])
            continue;
        has_guests = has_guests || !made[bed]->native;
        price_s +=
            hvb_price_boot(cells, made[bed]) +
            hvb_price_calibration(cells, hvb_choice_calibrated(profiles, chosen,
                                                               beds, bed));
    }
    g_autoptr(HvbLedger) drawn = hvb_ledger_new(n);
    return price_s + hvb_price_report(drawn) +
           (has_guests ? hvb_price_setup(drawn) : 0);
}

/* How many wishes from this one on are granted together. */
static guint length_of_group(const GArray *wishes, guint from)
{
    guint group = g_array_index(wishes, HvbWish, from).group;
    guint n = 1;

    while (group != 0 && from + n < wishes->len &&
           g_array_index(wishes, HvbWish, from + n).group == group)
        n++;
    return n;
}

static void grant(GArray *chosen, GPtrArray *profiles, const HvbWish *wish)
{
    HvbChosen *scenario = &g_array_index(chosen, HvbChosen, wish->scenario);
    guint levels =
        hvb_choice_levels(profiles->pdata[wish->scenario], wish->levels);

    for (guint level = 0; level < HVB_N_LEVELS; level++) {
        if (!(levels & 1u << level))
            continue;
        if (scenario->rank[level] == HVB_RANK_NONE)
            scenario->rank[level] = wish->rank;
        if (wish->rank == HVB_RANK_CORE)
            scenario->twice[level] = TRUE;
        scenario->cells[level] =
            MAX(scenario->cells[level], MAX(wish->cells, 1));
    }
}

/* Up to which price wishes of the rank are granted. */
static double room_for(HvbRank rank, double budget_s)
{
    double room_s = budget_s - hvb_budget_reserve(budget_s);

    if (rank <= HVB_RANK_CORE)
        return budget_s;
    return rank == HVB_RANK_REST ? SHARE_OF_REST * room_s : room_s;
}

GArray *hvb_choice_make(GPtrArray *profiles, const GArray *wishes,
                        double budget_s, double *ret_least_s)
{
    guint n_beds = 0;
    g_autofree guint *beds = hvb_plan_beds(profiles, &n_beds);
    g_autoptr(GArray) chosen = g_array_new(FALSE, TRUE, sizeof(HvbChosen));

    g_array_set_size(chosen, profiles->len);
    for (guint i = 0; i < wishes->len; i++) {
        const HvbWish *wish = &g_array_index(wishes, HvbWish, i);
        if (wish->rank == HVB_RANK_FIGURE)
            grant(chosen, profiles, wish);
    }
    *ret_least_s = price_of(profiles, chosen, beds, n_beds);
    if (*ret_least_s > budget_s)
        return NULL;
    for (guint i = 0; i < wishes->len;) {
        const HvbWish *wish = &g_array_index(wishes, HvbWish, i);
        guint n = length_of_group(wishes, i);
        g_autoptr(GArray) tried = g_array_copy(chosen);
        for (guint k = 0; k < n; k++)
            grant(tried, profiles, wish + k);
        if (price_of(profiles, tried, beds, n_beds) <=
            room_for(wish->rank, budget_s)) {
            g_array_unref(chosen);
            chosen = g_steal_pointer(&tried);
        }
        i += n;
    }
    return g_steal_pointer(&chosen);
}
