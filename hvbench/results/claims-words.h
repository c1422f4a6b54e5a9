/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a claim's sentence says of its comparisons; of use to the case alone.
 * All comparisons are complete: no member is 0 that stands for another. */
#ifndef HVB_RESULTS_CLAIMS_WORDS_H
#define HVB_RESULTS_CLAIMS_WORDS_H

#include "hvbench/results/claims-case.h"

/* A difference of two percentages is in points. */
const char *
hvb_claim_comparison_effect_unit(const HvbClaimComparison *comparison);

/* Of its interval, 0 to 1. */
double hvb_claim_comparison_confidence(const HvbClaimComparison *comparison);

/* "mean delay, Medium to Overload, on different boots": of the levels of which
 * there are pairs (`strata`, as in HvbContrast; 0: all). Caller frees. */
char *hvb_claim_comparison_describe(const HvbClaimComparison *comparison,
                                    guint strata, gboolean boots_differ);

/* "40 ms in fig05 against 115 ms in fig03, pair by pair 0.40 times (0.35 to
 * 0.46), below 0.50". Caller frees. */
char *hvb_claim_comparison_explain(const HvbClaimComparison *comparison,
                                   const HvbEvidence *e);

/* "another boot alone made the mean delay of fig03 1.20 times (0.95 to 1.54) as
 * long". Caller frees. */
char *hvb_boots_explain(const HvbEvidence *e);

#endif
