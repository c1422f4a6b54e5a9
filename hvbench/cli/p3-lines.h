/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A P3 as lines of text: coloured rows, or shades where there is no colour. */
#ifndef HVB_CLI_P3_LINES_H
#define HVB_CLI_P3_LINES_H

#include "hvbench/cli/terminal.h"
#include "hvbench/results/p3.h"

/* The P3's rows, the first level on top, with heading and axis: fewer columns
 * than the terminal has (from 60 on), `height` lines per level (1 or 2).
 * Marks the level `current` unless it is -1. Returns lines (char *) without
 * newline; the caller owns them. */
GPtrArray *hvb_p3_lines(const HvbP3 *p3, const HvbTerminal *terminal,
                        guint height, int current);

/* Its figures as a table of 79 columns, or with fewer of them of 60. */
GPtrArray *hvb_p3_table(const HvbP3 *p3, const HvbTerminal *terminal);

#endif
