/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Profile changes: in which settings a profile differs from another. */
#ifndef HVB_CLI_PROFILE_CHANGES_H
#define HVB_CLI_PROFILE_CHANGES_H

#include "hvbench/profile/profile.h"

/* Where a recorded profile comes from. */
typedef struct {
    gboolean shipped;   /* there is a shipped one of this name */
    GPtrArray *changes; /* char *, "[run] samples = 8, not 30": against the
                         * shipped one, else against the defaults; without the
                         * seed and, where it is not shipped, the title */
} HvbProfileChanges;
void hvb_profile_changes_clear(HvbProfileChanges *changes);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HvbProfileChanges, hvb_profile_changes_clear)

/* A setting of one guest is compared with the other's for the same guest, or if
 * it has none, with its setting for all guests. */
void hvb_profile_changes_find(const HvbProfile *profile,
                              HvbProfileChanges *ret_changes);

#endif
