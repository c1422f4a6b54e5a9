/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A scenario at the end of a run: its P3, its table, and what a sceptic asks
 * next. */
#ifndef HVB_CLI_SCENARIO_LINES_H
#define HVB_CLI_SCENARIO_LINES_H

#include "hvbench/cli/terminal.h"
#include "hvbench/results/p3.h"
#include "hvbench/results/store.h"

/* What became of all operations that were scheduled; from which load on users
 * notice it; and where both vantages timed, a row for each level. Lines (char
 * *) of 79 columns at most, without newline; the caller owns them. */
GPtrArray *hvb_scenario_lines(const HvbRunRecord *run, guint scenario,
                              const HvbP3 *p3, const HvbTerminal *terminal);

/* Prints the P3, its table, and these. */
void hvb_scenario_print(FILE *stream, const HvbRunRecord *run, guint scenario,
                        const HvbP3 *p3);

#endif
