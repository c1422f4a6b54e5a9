/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compare lines: what a comparison says, in at most 80 columns. */
#ifndef HVB_CLI_COMPARE_LINES_H
#define HVB_CLI_COMPARE_LINES_H

#include "hvbench/results/compare.h"

#include <stdio.h>

/* A table of the rows, with a line for each scenario; `before` and `after` are
 * what the columns of the two means are called, at most 8 characters. Nothing
 * without rows. */
void hvb_compare_print_rows(FILE *stream, const HvbComparison *comparison,
                            const char *before, const char *after);

/* Loudly, in what the origins of the two runs differ; nothing if in nothing. */
void hvb_compare_print_differences(FILE *stream, const GPtrArray *differences);

/* "Only in DIR: ..."; nothing if there is nothing. */
void hvb_compare_print_only(FILE *stream, const char *dir,
                            const GPtrArray *only);

/* What it comes to, in one sentence or two. */
void hvb_compare_print_verdict(FILE *stream, const HvbComparison *comparison,
                               const HvbCompareSettings *settings);

/* How many of an A/A comparison's rows are called different, and how many may
 * be; `what` are its rows: "halves". */
void hvb_compare_print_alarms(FILE *stream, const HvbAlarms *alarms,
                              const char *what,
                              const HvbCompareSettings *settings);

#endif
