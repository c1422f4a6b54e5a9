/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Budget: what the time of a run is spent on, and what things cost.
 *
 * A ledger is kept while a run goes on, and in the result set's provenance, so
 * that a resumed run knows how much time is left and what it may expect, and
 * the report can show what was planned and what was used:
 *
 *   reproduce.budget_s            "600"
 *   reproduce.plan.<scenario>     "cells=4 seconds=66"
 *   reproduce.used.<scenario>     the same
 *   reproduce.plan.<expense>, reproduce.used.<expense>
 *                                 the same, of hvb_expense_name()
 *   reproduce.left_out            "fig07: Busy, Maximum (C9); c16-vm: all of it
 *                                 (C16)": what did not fit, and which claims
 *                                 rest on it; "" if all did
 *   reproduce.options             what the command was */
#ifndef HVB_RUN_BUDGET_H
#define HVB_RUN_BUDGET_H

#include "hvbench/profile/profile.h"

#define HVB_BUDGET_SECONDS_KEY "reproduce.budget_s"
#define HVB_BUDGET_PLAN_PREFIX "reproduce.plan."
#define HVB_BUDGET_USED_PREFIX "reproduce.used."
#define HVB_BUDGET_LEFT_OUT_KEY "reproduce.left_out"
#define HVB_BUDGET_OPTIONS_KEY "reproduce.options"

/* Time spent on one thing, and how many of it there were. */
typedef struct {
    /* Cells; of boots and calibrations guests, of the set-up connections, of
     * the report scenarios drawn. */
    guint n;
    double seconds;
} HvbSpent;
/* "cells=4 seconds=66". Caller frees. */
char *hvb_spent_format(const HvbSpent *spent);
/* FALSE, leaving `ret_spent` untouched, if the text is no such thing. */
gboolean hvb_spent_parse(const char *text, HvbSpent *ret_spent);

/* What is no cell. */
typedef enum {
    HVB_EXPENSE_SETUP,       /* connecting to libvirt, the test of KVM; starting
                              * and stopping the native bed */
    HVB_EXPENSE_BOOT,        /* starting and stopping guests */
    HVB_EXPENSE_CALIBRATION, /* of guests and host, with the wait for quiet */
    HVB_EXPENSE_REPORT,      /* pictures and pages */
    HVB_EXPENSE_INTERRUPTED, /* what was begun and did not come to its end: it
                              * took time, but tells no price. Never planned */
    HVB_N_EXPENSES,
} HvbExpense;
const char *hvb_expense_name(HvbExpense expense); /* "setup", "boot", ... */

/* The expenses, then the scenarios: entry HVB_N_EXPENSES + i is the cells of
 * scenario i. */
typedef struct {
    guint n_entries;
    HvbSpent *entries;
} HvbLedger;
#define HVB_LEDGER_SCENARIO(i) (HVB_N_EXPENSES + (i))

HvbLedger *hvb_ledger_new(guint n_scenarios);
void hvb_ledger_free(HvbLedger *ledger);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbLedger, hvb_ledger_free)
void hvb_ledger_add(HvbLedger *ledger, guint entry, guint n, double seconds);
/* Of all entries, in seconds. */
double hvb_ledger_total(const HvbLedger *ledger);
/* Of all cells. */
double hvb_ledger_cells(const HvbLedger *ledger);
/* "reproduce.used.boot", "reproduce.used.fig03": the entry's key below
 * `prefix`. Caller frees. */
char *hvb_ledger_key(const char *prefix, guint entry, GPtrArray *profiles);

/* What of a budget no plan fills, in seconds: 2 %, 10 s at least. It is for
 * cells that are disturbed and run again. */
double hvb_budget_reserve(double budget_s);

/* Prices, in seconds: what is expected before anything is known, as measured
 * under TCG on two CPUs, and with every entry of the ledger more of what this
 * run has found. `profiles` (HvbProfile *) are the ledger's. */
double hvb_price_cell(const HvbLedger *ledger, GPtrArray *profiles,
                      guint scenario);
/* Connecting and testing, until it was paid once. */
double hvb_price_setup(const HvbLedger *ledger);
/* Booting `profile`'s bed, and stopping it again. */
double hvb_price_boot(const HvbLedger *ledger, const HvbProfile *profile);
/* Calibrating `n` guests of a bed. */
double hvb_price_calibration(const HvbLedger *ledger, guint n);
/* The whole report, with the pictures drawn meanwhile; less what of it was
 * paid already. */
double hvb_price_report(const HvbLedger *ledger);

#endif
