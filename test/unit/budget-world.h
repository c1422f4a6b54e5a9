/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A planner with a time of its own: a cell takes what its ledger expects. */
#ifndef TEST_UNIT_BUDGET_WORLD_H
#define TEST_UNIT_BUDGET_WORLD_H

#include "hvbench/run/budget-plan.h"

/* Five figures on three beds: native, the main one, another stack. */
#define N_NAMES 5
extern const char *const budget_names[N_NAMES];
#define ENDS (1u << HVB_LEVEL_NONE | 1u << HVB_LEVEL_OVERLOAD)

typedef struct {
    GPtrArray *profiles;
    GArray *wishes;
    GArray *chosen;
    HvbLedger *ledger;
    HvbPlanner *plan;
    double budget_s;
    double half_ms;  /* of every interval */
    double slowness; /* times what is expected */
    GString *diary;  /* "fig02 None 1;" for each cell */
    guint last_bed;
} World;

/* With a choice and plan for wishes of rank FIGURE, MEDIUM and REST. */
World budget_world(double budget_s, guint64 seed);
void budget_clear(World *world);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(World, budget_clear)

/* Adds one wish, for one cell of each level or for `cells`. */
void budget_wish(World *world, guint scenario, guint levels, HvbRank rank);
void budget_wish_for(World *world, guint scenario, guint levels, HvbRank rank,
                     guint cells);
/* What was chosen, and how many cells of it are over. */
HvbRank budget_rank(const World *world, guint scenario, HvbLevel level);
guint budget_cells_of(const World *world, guint scenario, HvbLevel level);
/* The cell is over, after the time that it takes. */
void budget_measure(World *world, const HvbPlanCell *cell);
/* Runs the plan, `at_most` cells of it. Returns how many it were. */
guint budget_run(World *world, guint at_most);
/* Time spent and to be spent on the report, s. */
double budget_total(const World *world);

#endif
