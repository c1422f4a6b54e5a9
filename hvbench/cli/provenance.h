/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Provenance: what a run is made on, recorded as soon as it is known.
 *
 * A run may be made in parts: it is resumed, or guests that were lost are
 * booted anew. What would make figures incomparable is recorded once and must
 * be the same in every part; the rest is recorded as it was last, with a
 * warning if it changed and that may show in the figures. */
#ifndef HVB_CLI_PROVENANCE_H
#define HVB_CLI_PROVENANCE_H

#include "hvbench/results/store.h"

/* Both return FALSE with HVB_RESULTS_ERROR_DIFFERS, naming `dir` and all that
 * differs, if an earlier part of the run was made on something else; or with
 * what the store reports. */

/* The facts of this host, for a run with or without guests. */
gboolean hvb_provenance_add_host(HvbStore *store, const char *dir,
                                 gboolean has_guests, GError **error);
/* The stack of the plan's bed `index` (from 0), as booted from `profile`: also
 * what QEMU was told, the guests' kernels, clocksources and agents, and which
 * disk images they have, by path, size and time of change. Warns of an agent of
 * another revision. */
gboolean hvb_provenance_add_bed(HvbStore *store, const char *dir, guint index,
                                HvbBed *bed, const HvbProfile *profile,
                                GError **error);

#endif
