/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What many scenarios come to, as lines of text: verdicts, and a line for each
 * scenario where their P3 would be too much. */
#ifndef HVB_CLI_CLAIMS_LINES_H
#define HVB_CLI_CLAIMS_LINES_H

#include "hvbench/results/claims.h"

#include <stdio.h>

/* Each claim (HvbClaim *) with its verdict and what decided it, which are
 * untested, and how many of each verdict there are; wrapped to fewer columns
 * than the terminal has (from 60 on, 100 at most; 80 where there is no
 * terminal). Colour on a terminal only. */
void hvb_claims_print(FILE *stream, GPtrArray *claims);

/* A line for each scenario (HvbP3 *), in the order of the report: the mean
 * delay of its headline operation at each level. 75 columns. */
void hvb_p3_print_compact(FILE *stream, GPtrArray *p3s);

#endif
