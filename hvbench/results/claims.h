/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Claims: what the paper says of its scenarios, and whether a run bears it out.
 *
 * Each claim is judged from contrasts between scenarios (or levels, or meters)
 * that are known by their names, "fig03" and so on. A scenario that was not
 * run makes a claim inconclusive, not wrong. claims-*.c state every claim's
 * test beside its words. */
#ifndef HVB_RESULTS_CLAIMS_H
#define HVB_RESULTS_CLAIMS_H

#include "hvbench/results/store.h"

typedef enum {
    HVB_VERDICT_REPRODUCED,
    HVB_VERDICT_NOT_REPRODUCED,
    HVB_VERDICT_INCONCLUSIVE,
} HvbVerdict;
/* "reproduced", "not reproduced", "inconclusive". */
const char *hvb_verdict_name(HvbVerdict verdict);

/* One comparison. Figures are NaN where there is none. */
typedef struct {
    char *what;       /* "mean delay, Medium to Overload" */
    char *scenario_a; /* names; NULL: no scenario (a constant, a meter) */
    char *scenario_b;
    double a, b;      /* the two figures compared */
    const char *unit; /* of both: "ms", "%", "" */
    double effect;    /* b against a: a ratio or a difference */
    double low, high; /* its confidence interval; one end NaN: it is open on
                       * that side, both: there is none. 95 %, or where it is
                       * one of several of which any decides 1 - 0.05 / their
                       * number, which `what` then says */
    const char *effect_unit; /* "times", "ms", "%", "points", "" */
    guint n;                 /* pairs, or cells, that the interval rests on */
    guint cells;             /* that count, of all scenarios it takes */
    guint suspect;           /* of these, whose calibration drifted */
    gboolean boots_differ;   /* its scenarios cannot have shared their guests */
    HvbVerdict verdict;      /* of this comparison alone */
    gboolean aside;          /* shown for what it explains; decides nothing */
    gboolean objects;        /* may decide: aside unless it breaks limits */
} HvbEvidence;

typedef struct {
    const char *id;    /* "C1" ... "C18"; then the open questions: "Q1" ... */
    const char *words; /* the claim, in a sentence */
    HvbVerdict verdict;
    gboolean untested;   /* nothing was compared, since scenarios that it takes
                          * were not run: not worth a verdict */
    char *why;           /* one sentence: what decided it, or what is missing */
    GPtrArray *evidence; /* HvbEvidence * */
} HvbClaim;
void hvb_claim_free(HvbClaim *claim);

/* All claims in order (HvbClaim *, owned by the array), judged from the cells
 * of `run` that count. */
GPtrArray *hvb_claims_judge(const HvbRunRecord *run);

/* "C3, C8", the ids of those that are untested; NULL if none is. Caller
 * frees. */
char *hvb_claims_untested(GPtrArray *claims);

/* Whether the run has anything to do with the paper: one at least of the
 * scenarios that the claims compare. Else nobody wants to see verdicts. */
gboolean hvb_claims_apply(const HvbRunRecord *run);

/* Which cells a claim rests on, and how often it takes them. Levels are bits
 * 1 << HvbLevel.
 *
 * An effect is large if the paper, or Linux under TCG, puts it beyond the
 * claim's limit by a factor of more than two: with two repetitions at two
 * levels, which leave two degrees of freedom (t = 4.3), that is decided as long
 * as ratios of the same level scatter by no more than a third. Cells of such
 * claims are what a short budget repeats first.
 *
 * A comparison at one level, or of knees (one of each repetition), has one
 * degree of freedom less than repetitions: two (t = 12.7) say next to nothing,
 * three (t = 4.3) are the least. */
typedef struct {
    const char *id;       /* of the claim */
    const char *scenario; /* name of the shipped profile */
    guint levels;         /* all that it is judged from */
    guint large; /* of these: two, at which two repetitions are expected to do
                  * for a large effect; 0: it is not large */
    guint alone; /* of these: compared alone, or part of a knee */
} HvbClaimNeed;
/* How many cells of the level the need takes to be judged from: 2 or 3. */
guint hvb_claim_need_cells(const HvbClaimNeed *need, guint level);
/* Ends with a row of NULLs. */
extern const HvbClaimNeed hvb_claim_needs[];

#endif
