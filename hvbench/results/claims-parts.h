/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts: the scenarios that a claim's comparison takes, and their cells. */
#ifndef HVB_RESULTS_CLAIMS_PARTS_H
#define HVB_RESULTS_CLAIMS_PARTS_H

#include "hvbench/results/claims-case.h"

/* A scenario that a comparison takes, at which levels. */
typedef struct {
    const char *name; /* borrowed from the comparison; NULL: none */
    guint levels;
} HvbClaimPart;
#define HVB_CLAIM_PARTS 4

void hvb_claim_parts_list(const HvbClaimComparison *comparison,
                          HvbClaimPart *ret_parts);
/* Adds the cells that count to `cells`, which are the run's. */
void hvb_claim_part_collect(const HvbRunRecord *run, const HvbClaimPart *part,
                            GHashTable *cells);
guint hvb_claim_count_suspect(GHashTable *cells);
/* Whether they are scenarios that cannot have shared their guests. */
gboolean hvb_claim_boots_differ(const HvbRunRecord *run,
                                const HvbClaimPart *parts);

#endif
