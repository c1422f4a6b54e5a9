/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Choice: which levels of which scenarios a budget has room for.
 *
 * Wishes are granted in order, each as a whole, as long as all the cells that
 * they take to be of use fit, with the boots, calibrations and the report that
 * they make necessary. First comes a row of each figure, then what decides the
 * claims of large effects: few levels twice tell more than many levels once,
 * since without repetitions there is no telling a difference from chance. */
#ifndef HVB_RUN_CHOICE_H
#define HVB_RUN_CHOICE_H

#include "hvbench/profile/profile.h"

/* How important a cell is, and in which order the first round measures. */
typedef enum {
    HVB_RANK_NONE,     /* not wanted */
    HVB_RANK_FIGURE,   /* the least that makes a figure of the paper; or what
                        * was asked for by name */
    HVB_RANK_CORE,     /* what decides a large effect, twice each */
    HVB_RANK_IDLE,     /* the lowest level of a figure */
    HVB_RANK_MEDIUM,   /* one in its middle */
    HVB_RANK_NEED,     /* what claims rest on that are about figures alone */
    HVB_RANK_CLAIM,    /* what the other claims rest on */
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
    guint cells; /* of each level, that it takes to be of use; 0: 1. Two of rank
                  * CORE are both of the first round, else further ones come
                  * after it */
} HvbWish;

/* What became of a scenario. */
typedef struct {
    HvbRank rank[HVB_N_LEVELS];   /* of the first cell; NONE: left out */
    gboolean twice[HVB_N_LEVELS]; /* a second cell, of rank CORE, belongs to the
                                   * first round */
    guint cells[HVB_N_LEVELS]; /* of the wishes that were granted: the most */
} HvbChosen;

/* Grants what fits `budget_s` less its reserve (hvb_budget_reserve()), which
 * only wishes up to rank CORE may draw on. Returns an HvbChosen for each of the
 * profiles (HvbProfile *); NULL if not even all wishes of rank FIGURE do.
 * `ret_least_s` is what those take. */
GArray *hvb_choice_make(GPtrArray *profiles, const GArray *wishes,
                        double budget_s, double *ret_least_s);

/* Levels that a wish or choice has in common with the profile's own: bits. */
guint hvb_choice_levels(const HvbProfile *profile, guint levels);

/* How many guests of bed `bed` the chosen scenarios load or measure; the host
 * counts if one of them has services. */
guint hvb_choice_calibrated(GPtrArray *profiles, const GArray *chosen,
                            const guint *beds, guint bed);

#endif
