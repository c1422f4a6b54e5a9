/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compare JSON: a comparison for programs. */
#ifndef HVB_CLI_COMPARE_JSON_H
#define HVB_CLI_COMPARE_JSON_H

#include "hvbench/results/compare.h"

/* Writes `file`: an object with "before", "after" (the result sets), "verdict",
 * the settings, what differs in the origins ("differences"), "only_before",
 * "only_after", and "rows". What is not known is null. Error: G_FILE_ERROR. */
gboolean hvb_compare_write_json(const char *file, const char *before,
                                const char *after,
                                const HvbComparison *comparison,
                                const GPtrArray *differences,
                                const HvbCompareSettings *settings,
                                GError **error);

#endif
