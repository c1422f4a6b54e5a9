/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Case: a claim being judged, comparison by comparison; of use to the claims
 * alone.
 *
 * A claim's decisive comparisons must all keep their limits (or, if it says so,
 * any of them); others are shown for what they explain. Each comparison leaves
 * a row of evidence and a clause for the sentence that says why.
 *
 * Where the truth is on the limits, a claim is wrongly called reproduced in
 * 2.5 % of all cases at most (5 % if its limits have two sides and it asks to
 * be outside), and wrongly called not reproduced in 2.5 % for each decisive
 * comparison, and for each family of those that can object. */
#ifndef HVB_RESULTS_CLAIMS_CASE_H
#define HVB_RESULTS_CLAIMS_CASE_H

#include "hvbench/results/contrast.h"

/* How the figures of scenario `b` have to stand against those of `a`. Members
 * that are 0 take what the comment says. */
typedef struct {
    const char *a; /* NULL: the constant */
    double constant;
    const char *b;
    guint levels;         /* of b, as HVB_LEVELS(); 0: the figures are each
                           * made of all levels of a repetition */
    guint levels_a;       /* as many, of a; 0: the same */
    HvbMeasure measure;   /* of b */
    HvbMeasure measure_a; /* UNSAID: the same */
    guint64 guests;       /* bit 0: guest 1; 0: those in the P3 */
    HvbEffect effect;
    HvbLimits limits; /* of the effect */
    gboolean aside;   /* shown, but decides nothing */
    gboolean objects; /* decides only if it breaks its limits; else as aside */
    /* One of so many of which any decides (0: 1): its interval and verdict have
     * a confidence of 1 - 0.05 / family, so that all of them together err in
     * 5 % of the cases at most (Bonferroni). */
    guint family;

    /* For observations that are not of a measure. */
    const char *what, *unit;
    const char *others[2]; /* more scenarios that it takes */
} HvbClaimComparison;

typedef struct _HvbCase HvbCase;

/* A claim with its test. */
typedef struct {
    const char *id;
    const char *words;
    gboolean any; /* of the decisive comparisons */
    const HvbClaimComparison
        *comparisons;          /* up to one without `b`; may be NULL */
    void (*judge)(HvbCase *c); /* what the table cannot say; or NULL */
} HvbClaimTest;

/* Those of one file each, up to one without id. */
extern const HvbClaimTest hvb_claims_of_guests[];
extern const HvbClaimTest hvb_claims_of_control[];
extern const HvbClaimTest hvb_claims_of_sharing[];
extern const HvbClaimTest hvb_claims_open[];

/* Judges a claim. */
HvbClaim *hvb_case_try(const HvbRunRecord *run, const HvbClaimTest *test);

/* For judge(). */
const HvbRunRecord *hvb_case_run(const HvbCase *c);
/* Compares by the measure. Returns the evidence, owned by the case. */
const HvbEvidence *hvb_case_compare(HvbCase *c,
                                    const HvbClaimComparison *comparison);
/* Compares these observations. */
const HvbEvidence *hvb_case_hold(HvbCase *c,
                                 const HvbClaimComparison *comparison,
                                 const GArray *a, const GArray *b);
/* Concludes from a contrast already made of the comparison, perhaps with a
 * wider interval. */
HvbContrast hvb_case_contrast(const HvbClaimComparison *comparison,
                              const GArray *a, const GArray *b);
const HvbEvidence *hvb_case_conclude(HvbCase *c,
                                     const HvbClaimComparison *comparison,
                                     const HvbContrast *contrast);
/* Adds a clause to the sentence, whatever the verdict; takes it over. */
void hvb_case_remark(HvbCase *c, char *clause);

/* Most claims are about a loaded guest: from where the load begins to be felt,
 * at half of what the guest can have. */
#define HVB_LEVELS_LOADED HVB_LEVELS(HVB_LEVEL_MEDIUM, HVB_LEVEL_OVERLOAD)
#define HVB_LEVELS_TOP HVB_LEVELS(HVB_LEVEL_MAXIMUM, HVB_LEVEL_OVERLOAD)
#define HVB_LEVELS_ALL HVB_LEVELS(HVB_LEVEL_NONE, HVB_LEVEL_OVERLOAD)

/* Two delays are alike if neither is a quarter longer than the other: two P3 of
 * this little difference look the same, and no user would tell them apart. */
#define HVB_ALIKE_LEAST 0.8
#define HVB_ALIKE_MOST 1.25

/* "None and Overload", "Medium to Overload". The caller frees. */
char *hvb_levels_text(guint levels);

#endif
