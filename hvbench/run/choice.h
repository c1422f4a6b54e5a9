/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Choice: which levels of which scenarios a budget has room for.
 *
 * Wishes are granted in order, each as a whole, as long as they fit with the
 * boots, calibrations and the report that they make necessary. The less
 * important ones are granted only a part of the budget, so that the more
 * important cells get repetitions: without those there is no telling a
 * difference from chance. */
#ifndef HVB_RUN_CHOICE_H
#define HVB_RUN_CHOICE_H

#include "hvbench/profile/profile.h"

/* How important a cell is, and in which order the first round measures. */
typedef enum {
    HVB_RANK_NONE,     /* not wanted */
    HVB_RANK_FIGURE,   /* the least that makes a figure of the paper; or what
                        * was asked for by name */
    HVB_RANK_MEDIUM,   /* a third level of it */
    HVB_RANK_NEED,     /* further levels of it that a claim rests on */
    HVB_RANK_CLAIM,    /* other scenarios that a claim rests on */
    HVB_RANK_QUESTION, /* the open questions */
    HVB_RANK_REST,     /* the figures' other levels */
    HVB_N_RANKS,
} HvbRank;

typedef struct {
    guint scenario; /* index into the profiles */
    guint levels;   /* 1 << HvbLevel for each */
    HvbRank rank;
    guint group; /* wishes that follow one another in the same group are granted
                  * together or not at all; 0: alone */
} HvbWish;

/* What became of a scenario. */
typedef struct {
    HvbRank rank[HVB_N_LEVELS]; /* NONE: left out */
} HvbChosen;

/* Grants what fits `budget_s`. Returns an HvbChosen for each of the profiles
 * (HvbProfile *); NULL if not even all wishes of rank FIGURE do. `ret_least_s`
 * is what those take. */
GArray *hvb_choice_make(GPtrArray *profiles, const GArray *wishes,
                        double budget_s, double *ret_least_s);

/* Levels that a wish or choice has in common with the profile's own: bits. */
guint hvb_choice_levels(const HvbProfile *profile, guint levels);

/* How many guests of bed `bed` the chosen scenarios load or measure; the host
 * counts if one of them has services. */
guint hvb_choice_calibrated(GPtrArray *profiles, const GArray *chosen,
                            const guint *beds, guint bed);

#endif
