/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plan: which cell is measured next.
 *
 *   for each bed of the planner:
 *     while (planner->next (planner, bed, &cell)):
 *       ... boot the bed if it is not up, and planner->set_up () ...
 *       ... run the cell ...
 *       planner->finished (planner, ...);
 *
 * There are two makers: the static plan here, which is known beforehand, and
 * the one of budget-plan.h, which decides while it goes on. Either is resumed
 * by telling it of the cells that are stored already.
 *
 * Profiles that can share a booted bed do so. The native bed comes first, while
 * nothing else has run; then the one that most profiles share, then the others
 * in the order of their first profile. */
#ifndef HVB_RUN_PLAN_H
#define HVB_RUN_PLAN_H

#include "hvbench/profile/profile.h"

typedef struct {
    guint bed;      /* from 0 */
    guint scenario; /* index into the profiles */
    HvbLevel level;
    guint repetition; /* from 1 */
    guint position;   /* place in the plan, from 0 */
    /* Of schedule and users. The same for all scenarios at one level and
     * repetition: they are compared under the same sequence of events. */
    guint64 seed;
} HvbPlanCell;

/* What is known of a scenario at a level once a cell of it is over. */
typedef struct {
    guint cells;    /* that count */
    double mean_ms; /* delay of the headline operation; NaN without a cell */
    double half_ms; /* half its 95 % interval; NaN with fewer than two cells */
} HvbKnown;

/* How far a plan is. */
typedef struct {
    guint done;
    guint all; /* expected */
    guint rest_s;
} HvbForecast;

typedef struct _HvbPlanner HvbPlanner;
struct _HvbPlanner {
    guint n_beds;
    guint *beds; /* the bed of each profile; owned */

    /* The next cell on this bed. FALSE: none is left. Says the same until
     * finished() or set_up() is called, or time passes. */
    gboolean (*next)(HvbPlanner *planner, guint bed, HvbPlanCell *ret_cell);
    /* The cell was run, or is known from before: it will not be asked for
     * again, whether it counts or not. `known` is borrowed. */
    void (*finished)(HvbPlanner *planner, guint scenario, HvbLevel level,
                     guint repetition, const HvbKnown *known);
    /* The bed is booted and calibrated, or not any more. */
    void (*set_up)(HvbPlanner *planner, guint bed, gboolean up);
    void (*forecast)(const HvbPlanner *planner, HvbForecast *ret_forecast);
    void (*free)(HvbPlanner *planner);
};
void hvb_planner_free(HvbPlanner *planner);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbPlanner, hvb_planner_free)

/* The static plan: every repetition of every level of the profiles
 * (HvbProfile *, borrowed). On one bed the cells are measured in randomised
 * blocks: block r holds repetition r of every scenario and level in random
 * order, so that a slow drift of the host falls on all alike, and a run that is
 * cut short has whole repetitions. The same profiles and seed give the same
 * plan. */
HvbPlanner *hvb_plan_new(GPtrArray *profiles, guint64 seed);
/* Its cells in order (HvbPlanCell, borrowed). */
const GArray *hvb_plan_cells(const HvbPlanner *plan);

/* How long a cell of this profile is expected to take, in ms: settling,
 * window, typical drain and calibration. */
guint hvb_plan_cell_ms(const HvbProfile *profile);

/* For makers of plans. */

/* The bed of each profile, in the order above; how many there are in
 * `ret_n_beds`. Caller frees. */
guint *hvb_plan_beds(GPtrArray *profiles, guint *ret_n_beds);
guint64 hvb_plan_cell_seed(guint64 seed, HvbLevel level, guint repetition);

/* A set of (scenario, level, repetition). */
GHashTable *hvb_plan_set_new(void);
/* Returns FALSE if it was in it already. */
gboolean hvb_plan_set_add(GHashTable *set, guint scenario, HvbLevel level,
                          guint repetition);
gboolean hvb_plan_set_has(GHashTable *set, guint scenario, HvbLevel level,
                          guint repetition);

#endif
