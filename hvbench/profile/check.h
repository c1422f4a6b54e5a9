/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Check: whether values that are fine one by one contradict each other. */
#ifndef HVB_PROFILE_CHECK_H
#define HVB_PROFILE_CHECK_H

#include "hvbench/profile/profile.h"

/* `sources` (HvbSource *) from the file that was asked for to its innermost
 * base. Error: VALUE, with the place that decided the key in question, or one
 * that has a part in it and is in a file further out. */
gboolean hvb_profile_check(const HvbProfile *profile, GPtrArray *sources,
                           GError **error);

/* The same without knowing where the values come from: the reason, NULL if
 * there is no contradiction. Caller frees. */
char *hvb_profile_contradiction(const HvbProfile *profile);

#endif
