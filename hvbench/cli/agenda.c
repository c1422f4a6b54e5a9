/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/agenda.h"

#include "hvbench/cli/overrides.h"
#include "hvbench/results/claims.h"

#include <string.h>

/* The figures, then what the claims need beside them, then what the paper
 * leaves open. */
static const char *const scenarios[] = {
    "fig02",
    "fig03",
    "fig04",
    "fig05",
    "fig06",
    "fig07",
    "fig09",
    "fig10",
    "fig11",
    "fig12",
    "c04-again",
    "c08-light",
    "c08-heavy",
    "c08-heavy-managed",
    "c12-dynamic",
    "c15-two",
    "c15-four",
    "c15-eight",
    "c16-vm",
    "c17-pinned",
    "c18-free",
    "c18-limited",
    "privileged",
    "uni",
    "cache-none-cold",
    "cache-none-warm",
    "cache-writeback-cold",
    "cache-writeback-warm",
    NULL,
};
#define N_SCENARIOS (G_N_ELEMENTS(scenarios) - 1)

#define LEVEL_BIT(level) (1u << (level))
#define ALL_LEVELS (LEVEL_BIT(HVB_N_LEVELS) - 1)

/* --only */

static guint find_scenario(const char *name)
{
    guint i = 0;

    while (i < N_SCENARIOS && g_ascii_strcasecmp(scenarios[i], name) != 0)
        i++;
    return i;
}

/* "3", "03", "fig3", "fig03". N_SCENARIOS if it is no figure. */
static guint find_figure(const char *word)
{
    const char *digits =
        g_ascii_strncasecmp(word, "fig", 3) == 0 ? word + 3 : word;
    guint64 number;

    if (!g_ascii_string_to_unsigned(digits, 10, 1, 99, &number, NULL))
        return N_SCENARIOS;
    g_autofree char *name = g_strdup_printf("fig%02u", (guint)number);
    return find_scenario(name);
}

/* Returns whether there is such a claim. */
static gboolean mark_claim(const char *word, gboolean *wanted)
{
    gboolean found = FALSE;

    for (const HvbClaimNeed *need = hvb_claim_needs; need->id; need++) {
        guint i = find_scenario(need->scenario);
        if (g_ascii_strcasecmp(need->id, word) != 0)
            continue;
        found = TRUE;
        if (i < N_SCENARIOS)
            wanted[i] = TRUE;
    }
    return found;
}

static gboolean mark(const char *word, gboolean *wanted, GError **error)
{
    guint i = find_scenario(word);

    if (i == N_SCENARIOS)
        i = find_figure(word);
    if (i < N_SCENARIOS) {
        wanted[i] = TRUE;
        return TRUE;
    }
    if (mark_claim(word, wanted))
        return TRUE;
    if (strcmp(word, "8") == 0 || g_ascii_strcasecmp(word, "fig08") == 0)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--only: figure 8 is the cap's configuration, which the "
                    "report of figure 9 shows: take 9");
    else
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--only: '%s' is no figure (2 to 7, 9 to 12), scenario "
                    "('hvbench list'), claim (C1 ...) or open question (Q1 "
                    "...) of the paper",
                    word);
    return FALSE;
}

static gboolean parse_only(const char *only, gboolean *wanted, GError **error)
{
    g_auto(GStrv) words = g_strsplit(only, ",", 0);

    for (char **word = words; *word; word++)
        if (!mark(g_strstrip(*word), wanted, error))
            return FALSE;
    if (*words)
        return TRUE;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "--only: name a figure, scenario, claim or open question");
    return FALSE;
}

/* Wishes */

static const HvbProfile *profile_at(const HvbAgenda *agenda, guint scenario)
{
    return agenda->profiles->pdata[scenario];
}

static gboolean is_figure(const HvbProfile *profile)
{
    return g_str_has_prefix(profile->name, "fig");
}

/* Index into the agenda's profiles; their number if it is not among them. */
static guint scenario_of(const HvbAgenda *agenda, const char *name)
{
    guint i = 0;

    while (i < agenda->profiles->len &&
           strcmp(profile_at(agenda, i)->name, name) != 0)
        i++;
    return i;
}

static void add_wish(HvbAgenda *agenda, HvbWish wish)
{
    wish.levels =
        hvb_choice_levels(profile_at(agenda, wish.scenario), wish.levels);
    if (wish.levels != 0)
        g_array_append_val(agenda->wishes, wish);
}

/* For one cell of each level. */
static void wish(HvbAgenda *agenda, guint scenario, guint levels, HvbRank rank,
                 guint group)
{
    add_wish(agenda, (HvbWish){scenario, levels, rank, group, 1});
}

/* For as many as the need takes at these of its levels. */
static void wish_for_need(HvbAgenda *agenda, const HvbClaimNeed *need,
                          guint levels, HvbRank rank, guint group)
{
    guint s = scenario_of(agenda, need->scenario);

    for (guint level = 0; level < HVB_N_LEVELS; level++)
        if (levels & LEVEL_BIT(level))
            add_wish(agenda, (HvbWish){s, LEVEL_BIT(level), rank, group,
                                       hvb_claim_need_cells(need, level)});
}

static guint lowest_of(guint levels)
{
    return levels & ~(levels - 1);
}

static guint highest_of(guint levels)
{
    while (levels & (levels - 1))
        levels &= levels - 1;
    return levels;
}

/* All levels of the scenario that a claim or question rests on. */
static guint needed_levels(const char *name)
{
    guint levels = 0;

    for (const HvbClaimNeed *need = hvb_claim_needs; need->id; need++)
        if (strcmp(need->scenario, name) == 0)
            levels |= need->levels;
    return levels;
}

/* The least that makes a figure is its highest level. The first one of all is
 * there to be looked at while the guests boot, so it has a row in the middle,
 * too, and the lowest. What is named has its lowest and highest level. */
static void wish_for_figures(HvbAgenda *agenda, gboolean named)
{
    for (guint s = 0; s < agenda->profiles->len; s++) {
        const HvbProfile *profile = profile_at(agenda, s);
        guint needed = needed_levels(profile->name);
        guint levels =
            hvb_choice_levels(profile, is_figure(profile) || needed == 0
                                           ? ALL_LEVELS
                                           : needed);
        guint wanted = highest_of(levels);
        if (!named && !is_figure(profile))
            continue;
        if (named || profile->native)
            wanted |= lowest_of(levels);
        if (!named && profile->native)
            wanted |= LEVEL_BIT(HVB_LEVEL_MEDIUM);
        wish(agenda, s, wanted, HVB_RANK_FIGURE, 0);
    }
}

/* Whether the agenda has all scenarios that the claim rests on. */
static gboolean is_whole(const HvbAgenda *agenda, const char *id)
{
    for (const HvbClaimNeed *need = hvb_claim_needs; need->id; need++)
        if (strcmp(need->id, id) == 0 &&
            scenario_of(agenda, need->scenario) == agenda->profiles->len)
            return FALSE;
    return TRUE;
}

/* What decides a large effect is of use as a whole only. */
static void wish_for_core(HvbAgenda *agenda)
{
    const char *id = "";
    guint group = (guint)HVB_RANK_CORE << 16;

    for (const HvbClaimNeed *need = hvb_claim_needs; need->id; need++) {
        if (need->large == 0 || !is_whole(agenda, need->id))
            continue;
        group += strcmp(need->id, id) != 0 ? 1 : 0;
        id = need->id;
        wish_for_need(agenda, need, need->large, HVB_RANK_CORE, group);
    }
}

static guint count_needs(const char *name)
{
    guint n = 0;

    for (const HvbClaimNeed *need = hvb_claim_needs; need->id; need++)
        n += strcmp(need->scenario, name) == 0 ? 1 : 0;
    return n;
}

/* One more level of each figure, first of those that most claims rest on. */
static void wish_for_level(HvbAgenda *agenda, HvbLevel level, HvbRank rank)
{
    guint most = 0;

    for (const HvbClaimNeed *need = hvb_claim_needs; need->id; need++)
        most = MAX(most, count_needs(need->scenario));
    for (guint n = most + 1; n-- > 0;)
        for (guint s = 0; s < agenda->profiles->len; s++) {
            const HvbProfile *profile = profile_at(agenda, s);
            if (is_figure(profile) && count_needs(profile->name) == n)
                wish(agenda, s, LEVEL_BIT(level), rank, 0);
        }
}

/* Whether the claim, which is whole, takes a scenario that is no figure. */
static gboolean takes_extra(const HvbAgenda *agenda, const char *id)
{
    for (const HvbClaimNeed *need = hvb_claim_needs; need->id; need++)
        if (strcmp(need->id, id) == 0 &&
            !is_figure(profile_at(agenda, scenario_of(agenda, need->scenario))))
            return TRUE;
    return FALSE;
}

/* Those of rank NEED are judged from figures (or what is named) alone. Each is
 * a group: a part of what it rests on is of no use. */
static void wish_for_claims(HvbAgenda *agenda, gboolean named, char initial,
                            HvbRank rank)
{
    const char *id = "";
    guint group = (guint)rank << 16;

    for (const HvbClaimNeed *need = hvb_claim_needs; need->id; need++) {
        if (need->id[0] != initial || !is_whole(agenda, need->id))
            continue;
        group += strcmp(need->id, id) != 0 ? 1 : 0;
        id = need->id;
        if ((!named && takes_extra(agenda, id)) == (rank != HVB_RANK_NEED))
            wish_for_need(agenda, need, need->levels, rank, group);
    }
}

/* What rests on nothing but itself. */
static void wish_for_others(HvbAgenda *agenda, gboolean named)
{
    for (guint s = 0; !named && s < agenda->profiles->len; s++) {
        const HvbProfile *profile = profile_at(agenda, s);
        guint levels = hvb_choice_levels(profile, ALL_LEVELS);
        if (!is_figure(profile) && needed_levels(profile->name) == 0)
            wish(agenda, s, lowest_of(levels) | highest_of(levels),
                 HVB_RANK_QUESTION, 0);
    }
}

static void wish_for_rest(HvbAgenda *agenda, gboolean named)
{
    static const HvbLevel order[] = {HVB_LEVEL_MEDIUM,  HVB_LEVEL_BUSY,
                                     HVB_LEVEL_MAXIMUM, HVB_LEVEL_LOW,
                                     HVB_LEVEL_NONE,    HVB_LEVEL_OVERLOAD};

    for (gsize i = 0; i < G_N_ELEMENTS(order); i++)
        for (guint s = 0; s < agenda->profiles->len; s++)
            if (named || is_figure(profile_at(agenda, s)))
                wish(agenda, s, LEVEL_BIT(order[i]), HVB_RANK_REST, 0);
}

static void make_wishes(HvbAgenda *agenda, gboolean named)
{
    wish_for_figures(agenda, named);
    wish_for_core(agenda);
    wish_for_level(agenda, HVB_LEVEL_NONE, HVB_RANK_IDLE);
    wish_for_level(agenda, HVB_LEVEL_MEDIUM, HVB_RANK_MEDIUM);
    wish_for_claims(agenda, named, 'C', HVB_RANK_NEED);
    wish_for_claims(agenda, named, 'Q', HVB_RANK_NEED);
    wish_for_claims(agenda, named, 'C', HVB_RANK_CLAIM);
    wish_for_claims(agenda, named, 'Q', HVB_RANK_QUESTION);
    wish_for_others(agenda, named);
    wish_for_rest(agenda, named);
}

HvbAgenda *hvb_agenda_new(const char *only, const HvbOverrides *overrides,
                          GError **error)
{
    gboolean wanted[N_SCENARIOS] = {FALSE};
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autoptr(HvbAgenda) agenda = NULL;

    if (only && !parse_only(only, wanted, error))
        return NULL;
    for (guint i = 0; i < N_SCENARIOS; i++)
        if (!only || wanted[i])
            g_ptr_array_add(names, (gpointer)scenarios[i]);
    g_ptr_array_add(names, NULL);
    agenda = g_new0(HvbAgenda, 1);
    agenda->wishes = g_array_new(FALSE, FALSE, sizeof(HvbWish));
    agenda->profiles =
        hvb_overrides_load(overrides, (const char *const *)names->pdata, error);
    if (!agenda->profiles)
        return NULL;
    make_wishes(agenda, only != NULL);
    return g_steal_pointer(&agenda);
}

void hvb_agenda_free(HvbAgenda *agenda)
{
    if (!agenda)
        return;
    g_clear_pointer(&agenda->profiles, g_ptr_array_unref);
    g_array_unref(agenda->wishes);
    g_free(agenda);
}

/* After the choice */

static guint chosen_levels(const GArray *chosen, guint scenario)
{
    const HvbChosen *choice = &g_array_index(chosen, HvbChosen, scenario);
    guint levels = 0;

    for (guint level = 0; level < HVB_N_LEVELS; level++)
        if (choice->rank[level] != HVB_RANK_NONE)
            levels |= LEVEL_BIT(level);
    return levels;
}

static char *left_out_line(const HvbAgenda *agenda, const GArray *chosen,
                           guint scenario, guint missing)
{
    const HvbProfile *profile = profile_at(agenda, scenario);
    GString *line = g_string_new(NULL);
    const char *before = " (";

    g_string_append_printf(line, "%s:", profile->name);
    if (chosen_levels(chosen, scenario) == 0)
        g_string_append(line, " all of it");
    for (guint level = 0; level < HVB_N_LEVELS; level++)
        if (chosen_levels(chosen, scenario) != 0 &&
            (missing & LEVEL_BIT(level)))
            g_string_append_printf(line, "%s%s",
                                   g_str_has_suffix(line->str, ":") ? " "
                                                                    : ", ",
                                   hvb_level_name((HvbLevel)level));
    /* Others are not to be judged anyway. */
    for (const HvbClaimNeed *need = hvb_claim_needs; need->id; need++)
        if (strcmp(need->scenario, profile->name) == 0 &&
            (need->levels & missing) && is_whole(agenda, need->id)) {
            g_string_append_printf(line, "%s%s", before, need->id);
            before = ", ";
        }
    if (strcmp(before, ", ") == 0)
        g_string_append_c(line, ')');
    return g_string_free(line, FALSE);
}

/* What of the scenario was wished for, though nothing needs it, and is not
 * chosen. Where nothing is chosen there is a line for all of it. */
static guint unneeded_levels(const HvbAgenda *agenda, const GArray *chosen,
                             guint scenario)
{
    guint has = chosen_levels(chosen, scenario);
    guint levels = 0;

    for (guint i = 0; i < agenda->wishes->len; i++) {
        const HvbWish *wished = &g_array_index(agenda->wishes, HvbWish, i);
        if (wished->scenario == scenario)
            levels |= wished->levels;
    }
    return has == 0 ? 0
                    : levels & ~has &
                          ~needed_levels(profile_at(agenda, scenario)->name);
}

static void add_unneeded(GPtrArray *lines, const HvbAgenda *agenda,
                         const GArray *chosen)
{
    for (guint level = 0; level < HVB_N_LEVELS; level++) {
        GString *line = g_string_new(NULL);
        for (guint s = 0; s < agenda->profiles->len; s++)
            if (unneeded_levels(agenda, chosen, s) & LEVEL_BIT(level))
                g_string_append_printf(line, "%s %s", line->len > 0 ? "," : "",
                                       profile_at(agenda, s)->name);
        if (line->len > 0)
            g_ptr_array_add(lines,
                            g_strdup_printf("no claim rests on %s of%s",
                                            hvb_level_name((HvbLevel)level),
                                            line->str));
        g_string_free(line, TRUE);
    }
}

GPtrArray *hvb_agenda_left_out(const HvbAgenda *agenda, const GArray *chosen)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

    for (guint s = 0; s < agenda->profiles->len; s++) {
        const HvbProfile *profile = profile_at(agenda, s);
        guint has = chosen_levels(chosen, s);
        guint missing =
            hvb_choice_levels(profile, needed_levels(profile->name)) & ~has;
        if (missing != 0 || has == 0)
            g_ptr_array_add(lines, left_out_line(agenda, chosen, s, missing));
    }
    add_unneeded(lines, agenda, chosen);
    return lines;
}

void hvb_agenda_narrow(HvbAgenda *agenda, GArray *chosen)
{
    for (guint s = agenda->profiles->len; s-- > 0;) {
        HvbProfile *profile = agenda->profiles->pdata[s];
        guint levels = chosen_levels(chosen, s);
        for (guint level = 0; level < HVB_N_LEVELS; level++)
            profile->levels[level] = (levels & LEVEL_BIT(level)) != 0;
        if (levels != 0)
            continue;
        g_ptr_array_remove_index(agenda->profiles, s);
        g_array_remove_index(chosen, s);
    }
    g_array_set_size(agenda->wishes, 0); /* their indexes are void */
}
