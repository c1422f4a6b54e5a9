/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Agenda: the scenarios that reproduce the paper, in its order, and what of
 * them is wanted most. */
#ifndef HVB_CLI_AGENDA_H
#define HVB_CLI_AGENDA_H

#include "hvbench/run/choice.h"

typedef struct {
    GPtrArray *profiles; /* HvbProfile * */
    GArray *wishes;      /* HvbWish, of these profiles */
} HvbAgenda;

/* All scenarios, or with `only` those that it names, apart by commas: figures
 * ("3", "fig03"), scenarios, claims ("C7") and open questions ("Q1") with the
 * scenarios that they rest on. What is named is wanted most. The overrides are
 * applied to each profile.
 *
 * Errors: G_OPTION_ERROR_BAD_VALUE for `only`; HVB_PROFILE_ERROR. */
HvbAgenda *hvb_agenda_new(const char *only, const HvbOverrides *overrides,
                          GError **error);
void hvb_agenda_free(HvbAgenda *agenda);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbAgenda, hvb_agenda_free)

/* What is not chosen of what claims and open questions rest on: lines such as
 * "c15-two: None, Overload (C15)", with "all of it" in place of the levels
 * where there is no level left. Then the levels that the agenda wished for
 * without any claim: "no claim rests on Low of fig05, fig06". Names only
 * scenarios of the agenda. Call it before hvb_agenda_narrow(). */
GPtrArray *hvb_agenda_left_out(const HvbAgenda *agenda, const GArray *chosen);

/* Reduces both to what is chosen: drops scenarios without a level, and the
 * levels that were left out from the profiles. */
void hvb_agenda_narrow(HvbAgenda *agenda, GArray *chosen);

#endif
