/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blame: in which file, and in which line of it, values that are fine one by
 * one were brought to contradict each other. */
#ifndef HVB_PROFILE_BLAME_H
#define HVB_PROFILE_BLAME_H

#include "hvbench/profile/source.h"

typedef struct {
    const char *group;
    const char *key;
} HvbKeyName;

/* A contradiction: the reason (NULL: none), and the key to change. */
typedef struct {
    const char *group;
    const char *key;
    guint guest; /* from 1; 0: the key is not a guest's */
    char *why;
} HvbContradiction;

/* Sets `error` (VALUE) to the reason and the place to blame: of the settings in
 * `sources` (as for hvb_profile_check()) that have a part in it the one in the
 * outermost file, the contradiction's own key before `others`, whose last has
 * key NULL. A base is not to blame for what is made of it. */
void hvb_blame(const HvbProfile *profile, GPtrArray *sources,
               const HvbContradiction *found, const HvbKeyName *others,
               GError **error);

#endif
