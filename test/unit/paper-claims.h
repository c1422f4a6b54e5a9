/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The claims' tests by their ids. */
#ifndef TEST_UNIT_PAPER_CLAIMS_H
#define TEST_UNIT_PAPER_CLAIMS_H

#include "hvbench/results/claims-case.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbClaim, hvb_claim_free)

static const HvbClaimTest *const paper_claims[] = {
    hvb_claims_of_guests,
    hvb_claims_of_control,
    hvb_claims_of_sharing,
    hvb_claims_open,
};

/* NULL: there is no such claim. */
static inline const HvbClaimTest *find_test(const char *id)
{
    for (guint p = 0; p < G_N_ELEMENTS(paper_claims); p++)
        for (const HvbClaimTest *test = paper_claims[p]; test->id; test++)
            if (g_str_equal(test->id, id))
                return test;
    return NULL;
}

#endif
