/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Selftest table: known answers beside measured ones, and what they come to. */
#ifndef HVB_CLI_SELFTEST_TABLE_H
#define HVB_CLI_SELFTEST_TABLE_H

#include "hvbench/selftest/selftest.h"

#include <stdio.h>

/* Prints a row for each answer (HvbAnswer *) below the name of its check, and
 * its remark, if any, below the row. */
void hvb_selftest_table_print(FILE *stream, const GPtrArray *answers);

/* Prints in a sentence what the answers of finished checks come to. Returns the
 * exit status: HVB_EXIT_OK if there are answers and all are right,
 * HVB_EXIT_FAILED if one is wrong or there are none, else, where noise alone
 * keeps answers from being right, HVB_EXIT_HOST. */
int hvb_selftest_table_conclude(FILE *stream, const GPtrArray *answers);

#endif
