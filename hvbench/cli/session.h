/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session: one run from plan to result set, shown while it goes on.
 *
 * Beds follow one another as the planner has them; what their cells yield goes
 * to the store and to the terminal. Between cells, never beside a measurement,
 * each scenario's picture is drawn as soon as each of its levels has a cell. A
 * guest that is lost costs its cell: the bed is booted anew and the plan goes
 * on. libvirt is connected to when the first guest is to be booted. */
#ifndef HVB_CLI_SESSION_H
#define HVB_CLI_SESSION_H

#include "hvbench/results/store.h"
#include "hvbench/run/budget.h"
#include "hvbench/run/plan.h"

#include <gio/gio.h>

typedef struct {
    GPtrArray *profiles; /* HvbProfile * */
    HvbPlanner *planner; /* of these profiles */
    HvbLedger *ledger;   /* where time is entered, here and in the store; NULL:
                          * nowhere */
    GPtrArray *done;     /* HvbCell *, of an interrupted run; or NULL */
    const char *connect; /* URI; NULL: the embedded driver */
    const char *dir;     /* the result set's */
    HvbStore *store;     /* with the run begun */
    GCancellable *cancellable;
} HvbSessionSettings;

/* Runs the cells of the plan that are not done yet. Returns FALSE with the
 * error that ended the run: any HVB_BED_ERROR, HVB_RESULTS_ERROR,
 * G_IO_ERROR_CANCELLED; G_IO_ERROR_TIMED_OUT if the planner had no time for a
 * level of the profiles. Guests are stopped and everything received is stored
 * either way. */
gboolean hvb_session_run(const HvbSessionSettings *settings, GError **error);

#endif
