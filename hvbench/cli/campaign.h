/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Campaign: from profiles to a result set, for every command that does it.
 *
 * Makes or resumes the run in the directory, leads a session through it, ends
 * it, writes the report and prints what came of it. */
#ifndef HVB_CLI_CAMPAIGN_H
#define HVB_CLI_CAMPAIGN_H

#include "hvbench/results/store.h"
#include "hvbench/run/budget.h"
#include "hvbench/run/plan.h"

typedef struct {
    GPtrArray *profiles;  /* HvbProfile * */
    const char *command;  /* as typed */
    const char *connect;  /* URI; NULL: the embedded driver */
    const char *dir;      /* the result set; NULL: results/DATE-TIME */
    HvbLedger *ledger;    /* where time is entered; NULL: nowhere */
    gboolean finds_again; /* the same command finds the directory by itself */

    /* Makes the planner of the run in `store`, just begun or resumed. NULL
     * with an error ends it. */
    HvbPlanner *(*plan)(HvbStore *store, guint64 seed, gpointer user_data,
                        GError **error);
    /* Prints what was measured: before the paths, after the report was made. */
    void (*print)(const HvbRunRecord *run, GPtrArray *p3s, gpointer user_data);
    gpointer user_data;
} HvbCampaign;

/* Returns an exit status; errors are printed. */
int hvb_campaign_run(const HvbCampaign *campaign);

/* Prints an error. Returns the exit status that it stands for. */
int hvb_campaign_fail(const GError *error);

#endif
