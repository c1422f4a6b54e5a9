/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Overrides: the options that replace settings of a profile, the same for
 * every command that loads profiles. */
#ifndef HVB_CLI_OVERRIDES_H
#define HVB_CLI_OVERRIDES_H

#include "hvbench/profile/profile.h"

/* Makes the options --quick, --samples, --repetitions, --levels, --guests,
 * --seed and --accel, which parsing stores in `overrides` (borrowed, to be
 * zeroed before; its strings live as long as the program). For
 * g_option_context_set_main_group(), after the command's own options are
 * added to it with g_option_group_add_entries(). */
GOptionGroup *hvb_overrides_group(HvbOverrides *overrides);

/* Loads each profile of `names` (NULL: none) and applies the overrides.
 * Returns them (HvbProfile *, owned by the array), or NULL with an error of
 * HVB_PROFILE_ERROR, also if two scenarios have the same name: a result set
 * could not tell them apart. */
GPtrArray *hvb_overrides_load(const HvbOverrides *overrides,
                              const char *const *names, GError **error);

#endif
