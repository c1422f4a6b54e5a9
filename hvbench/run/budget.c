/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/budget.h"

#include "hvbench/run/plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* As measured under TCG on two CPUs. */
#define SETUP_S 28.0          /* KVM's boot-probe waits 20 s for a sign */
#define BOOT_OF_GUEST_S 3.5   /* of eight at once, and stopping it */
#define START_OF_NATIVE_S 2.0 /* no guest at all */
/* The mean: a guest with its reference times takes 8, the host's agent 2. */
#define CALIBRATION_S 7.5
#define REPORT_S 3.0
#define PICTURE_S 0.6 /* of a scenario: while the run goes on, and last */

#define RESERVE_SHARE 0.02
#define RESERVE_AT_LEAST_S 10.0

/* The constants above weigh as much as this many findings. */
#define PRIOR_WEIGHT 1.0

char *hvb_spent_format(const HvbSpent *spent)
{
    return g_strdup_printf("cells=%u seconds=%.0f", spent->n, spent->seconds);
}

gboolean hvb_spent_parse(const char *text, HvbSpent *ret_spent)
{
    HvbSpent spent;
    int length = -1;

    if (sscanf(text, "cells=%9u seconds=%20lf%n", &spent.n, &spent.seconds,
               &length) != 2 ||
        length < 0 || text[length] != '\0' || strpbrk(text, "+-") ||
        !isfinite(spent.seconds))
        return FALSE;
    *ret_spent = spent;
    return TRUE;
}

const char *hvb_expense_name(HvbExpense expense)
{
    static const char *const names[HVB_N_EXPENSES] = {
        [HVB_EXPENSE_SETUP] = "setup",
        [HVB_EXPENSE_BOOT] = "boot",
        [HVB_EXPENSE_CALIBRATION] = "calibration",
        [HVB_EXPENSE_REPORT] = "report",
        [HVB_EXPENSE_INTERRUPTED] = "interrupted",
    };

    return names[expense];
}

HvbLedger *hvb_ledger_new(guint n_scenarios)
{
    HvbLedger *ledger = g_new0(HvbLedger, 1);

    ledger->n_entries = HVB_LEDGER_SCENARIO(n_scenarios);
    ledger->entries = g_new0(HvbSpent, ledger->n_entries);
    return ledger;
}

void hvb_ledger_free(HvbLedger *ledger)
{
    if (!ledger)
        return;
    g_free(ledger->entries);
    g_free(ledger);
}

void hvb_ledger_add(HvbLedger *ledger, guint entry, guint n, double seconds)
{
    ledger->entries[entry].n += n;
    ledger->entries[entry].seconds += seconds;
}

static double sum_from(const HvbLedger *ledger, guint entry)
{
    double seconds = 0;

    for (guint i = entry; i < ledger->n_entries; i++)
        seconds += ledger->entries[i].seconds;
    return seconds;
}

double hvb_ledger_total(const HvbLedger *ledger)
{
    return sum_from(ledger, 0);
}

double hvb_ledger_cells(const HvbLedger *ledger)
{
    return sum_from(ledger, HVB_LEDGER_SCENARIO(0));
}

char *hvb_ledger_key(const char *prefix, guint entry, GPtrArray *profiles)
{
    if (entry < HVB_N_EXPENSES)
        return g_strconcat(prefix, hvb_expense_name((HvbExpense)entry), NULL);
    const HvbProfile *profile = profiles->pdata[entry - HVB_N_EXPENSES];
    return g_strconcat(prefix, profile->name, NULL);
}

double hvb_budget_reserve(double budget_s)
{
    return MAX(RESERVE_AT_LEAST_S, RESERVE_SHARE * budget_s);
}

/* Mean of what was paid so far, and of `expected` as a start. */
static double learn(const HvbLedger *ledger, guint entry, double expected)
{
    const HvbSpent *spent = &ledger->entries[entry];

    return (PRIOR_WEIGHT * expected + spent->seconds) /
           (PRIOR_WEIGHT + spent->n);
}

double hvb_price_cell(const HvbLedger *ledger, GPtrArray *profiles,
                      guint scenario)
{
    return learn(ledger, HVB_LEDGER_SCENARIO(scenario),
                 hvb_plan_cell_ms(profiles->pdata[scenario]) / 1000.0);
}

double hvb_price_setup(const HvbLedger *ledger)
{
    return ledger->entries[HVB_EXPENSE_SETUP].n > 0 ? 0 : SETUP_S;
}

double hvb_price_boot(const HvbLedger *ledger, const HvbProfile *profile)
{
    if (profile->native)
        return START_OF_NATIVE_S;
    return profile->n_guests * learn(ledger, HVB_EXPENSE_BOOT, BOOT_OF_GUEST_S);
}

double hvb_price_calibration(const HvbLedger *ledger, guint n)
{
    return n * learn(ledger, HVB_EXPENSE_CALIBRATION, CALIBRATION_S);
}

double hvb_price_report(const HvbLedger *ledger)
{
    guint n_scenarios = ledger->n_entries - HVB_N_EXPENSES;
    guint drawn = MIN(ledger->entries[HVB_EXPENSE_REPORT].n, n_scenarios);
    double while_running = PICTURE_S / 2 * (n_scenarios - drawn);

    return REPORT_S + PICTURE_S / 2 * n_scenarios + while_running;
}
