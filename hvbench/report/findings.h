/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Findings: all that a report tells of a run, worked out once. */
#ifndef HVB_REPORT_FINDINGS_H
#define HVB_REPORT_FINDINGS_H

#include "hvbench/results/account.h"
#include "hvbench/results/claims.h"
#include "hvbench/results/p3.h"
#include "hvbench/results/store.h"
#include "hvbench/results/vantages.h"
#include "hvbench/run/budget.h"

/* One of several measured guests of a scenario. */
typedef struct {
    guint guest; /* from 1 */
    HvbP3 *p3;   /* of its operations alone */
} HvbGuestFinding;

/* From which load on the users notice it (knee.h). */
typedef struct {
    HvbInterval demand; /* what they ask for, % of one CPU; over repetitions.
                         * estimate NaN: it cannot be told */
    gboolean native;    /* they ask the host itself */
    gboolean is_open;   /* some repetition's lies beyond what was measured, so
                         * that the estimate is a lower bound */
} HvbOnset;

/* What was planned for and used by a scenario, or by something that is no
 * scenario (HvbExpense). */
typedef struct {
    const char *name;     /* borrowed from the run */
    gboolean is_scenario; /* else `n` of both counts guests or the like */
    gboolean has_plan, has_use;
    HvbSpent plan, use;
} HvbTimeFinding;

typedef struct {
    const HvbRunRecord *run; /* borrowed */
    /* One element for each profile of the run, in order. */
    GPtrArray *p3s;      /* HvbP3 * */
    GPtrArray *guests;   /* GArray * of HvbGuestFinding; empty if no more than
                          * one guest was measured */
    GPtrArray *accounts; /* GArray * of HvbAccountLevel */
    GPtrArray *vantages; /* GArray * of HvbVantageRow; empty with one vantage */
    GArray *onsets;      /* HvbOnset */

    GPtrArray *claims; /* HvbClaim *; NULL: the run is no matter of the paper */
    GArray *times;     /* HvbTimeFinding; empty if no time was planned */
} HvbFindings;

HvbFindings *hvb_findings_new(const HvbRunRecord *run);
void hvb_findings_free(HvbFindings *findings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbFindings, hvb_findings_free)

/* Of the run's scenario `scenario` (its index). */
HvbOnset hvb_onset_find(const HvbRunRecord *run, guint scenario);
/* "Noticed, 50 ms above None, once users ask for 43 % of a CPU (38 to 49).",
 * with the 95 % interval; NULL if it cannot be told. Caller frees. */
char *hvb_onset_describe(const HvbOnset *onset);

/* A provenance entry's value, borrowed; NULL if there is none. */
const char *hvb_findings_provenance(const HvbFindings *findings,
                                    const char *key);

/* The P3s in the order of the report: those of the paper's figures by their
 * numbers, then the others as they are. Borrowed; the caller owns the array. */
GPtrArray *hvb_findings_order(GPtrArray *p3s);

/* The comparison that stands for a claim: the first decisive one with figures
 * that came out as the claim did, else the first of all; NULL if there is
 * none. */
const HvbEvidence *hvb_claim_leading(const HvbClaim *claim);

/* Whether it is one of the questions that the paper left open. */
gboolean hvb_claim_is_question(const HvbClaim *claim);
/* "18 claims: 12 reproduced, 2 not reproduced, 4 inconclusive", questions and
 * what is untested not counted. Caller frees. */
char *hvb_claims_count(GPtrArray *claims);

#endif
