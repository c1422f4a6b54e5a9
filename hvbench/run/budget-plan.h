/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Budget plan: the planner that makes the most of a given time.
 *
 * Beds follow one another as plan.h says: the native one first, which is up at
 * once, then the one with most of the figures, then the small ones. Booting a
 * bed costs so much that none is booted twice. Each bed may use up to its part
 * of the time that boots, calibrations and the report leave for cells, in
 * proportion to the cells that what was chosen for it takes to be of use; what
 * a bed does not use falls to those after it. A bed that is done, since cells
 * of a later one are, stays so.
 *
 * On a bed the first round measures every chosen cell once, or twice where the
 * choice says so, in order of rank, those of one rank in random order; a cell
 * that does not count gets a second chance. Should time turn out to be too
 * short for all, what goes is what matters least: cells give way to those of
 * later beds whose rank is before theirs.
 *
 * Each round after it measures those again whose interval is not narrow yet:
 * half its width above the larger of 10 ms and 10 % of the mean, or fewer than
 * three cells. If not all of them fit any more, the neediest are taken: first
 * those with fewer cells than the claims that rest on them take, then those
 * with fewer than three, else the widest by that measure. The order within a
 * round is random.
 *
 * What is measured more often than the choice takes leaves the reserve
 * (hvb_budget_reserve()). A run that was interrupted and goes on keeps to what
 * was chosen, whatever time is left: see hvb_budget_plan_insist().
 *
 * Time is what the ledger says; whoever measures keeps it. */
#ifndef HVB_RUN_BUDGET_PLAN_H
#define HVB_RUN_BUDGET_PLAN_H

#include "hvbench/run/budget.h"
#include "hvbench/run/choice.h"
#include "hvbench/run/plan.h"

/* `chosen` holds an HvbChosen for each of the profiles (HvbProfile *). All are
 * borrowed and must outlive the planner. The same arguments and the same
 * times give the same cells. */
HvbPlanner *hvb_budget_plan_new(GPtrArray *profiles, const GArray *chosen,
                                const HvbLedger *ledger, double budget_s,
                                guint64 seed);

/* From now on each chosen level that no cell of is over yet is measured before
 * all else, even if time is short, and even on a bed that was done. */
void hvb_budget_plan_insist(HvbPlanner *plan);

/* How many cells of the scenario at the level are over. */
guint hvb_budget_plan_count(const HvbPlanner *plan, guint scenario,
                            HvbLevel level);

/* Goes through the whole plan as if all took what is expected and no interval
 * became narrow. `plan` is a fresh one with this ledger, in which all that was
 * spent stands afterwards. */
void hvb_budget_plan_foresee(HvbPlanner *plan, HvbLedger *ledger);

#endif
