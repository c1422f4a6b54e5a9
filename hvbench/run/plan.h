/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plan: the cells of a run in the order in which they are measured.
 *
 * Profiles that can share a booted bed do so; beds follow one another in the
 * order of their first profile. On one bed the cells are measured in randomised
 * blocks: block r holds repetition r of every scenario and level in random
 * order, so that a slow drift of the host falls on all alike, and a run that is
 * cut short has whole repetitions. */
#ifndef HVB_RUN_PLAN_H
#define HVB_RUN_PLAN_H

#include "hvbench/profile/profile.h"

typedef struct {
    guint bed;      /* from 0; cells of one bed stand together */
    guint scenario; /* index into the profiles */
    HvbLevel level;
    guint repetition; /* from 1 */
    guint position;   /* place in the plan, from 0 */
    /* Of schedule and users. The same for all scenarios at one level and
     * repetition: they are compared under the same sequence of events. */
    guint64 seed;
} HvbPlanCell;

/* The plan for the profiles (HvbProfile *), an array of HvbPlanCell. The same
 * profiles and seed give the same plan. */
GArray *hvb_plan_make(GPtrArray *profiles, guint64 seed);

/* How long a cell of this profile is expected to take, in ms: settling,
 * window, typical drain and calibration. */
guint hvb_plan_cell_ms(const HvbProfile *profile);

#endif
