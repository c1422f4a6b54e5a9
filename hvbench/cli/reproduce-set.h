/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reproduce set: what a result set of `hvbench reproduce` knows of its budget,
 * and how the set of an interrupted one is found again. */
#ifndef HVB_CLI_REPRODUCE_SET_H
#define HVB_CLI_REPRODUCE_SET_H

#include "hvbench/results/store.h"
#include "hvbench/run/budget.h"

/* What the names of result sets that nobody named begin with. */
#define HVB_REPRODUCE_PREFIX "reproduce-"

/* The newest of those below HVB_RESULT_DIR_HOME whose run is not done, was
 * made by this hvbench with these options (HVB_BUDGET_OPTIONS_KEY) from these
 * profiles (HvbProfile *), and into which nobody measures right now. NULL if
 * there is none. Caller frees. */
char *hvb_reproduce_set_find(const char *options, GPtrArray *profiles);

/* Records budget, options, the plan of each entry and what is left out. */
gboolean hvb_reproduce_set_record(HvbStore *store, GPtrArray *profiles,
                                  const HvbLedger *planned, guint budget_s,
                                  const char *options, const char *left_out,
                                  GError **error);

/* Adds what earlier parts of the run have used to the ledger. */
gboolean hvb_reproduce_set_recall(HvbStore *store, GPtrArray *profiles,
                                  HvbLedger *ledger, GError **error);

#endif
