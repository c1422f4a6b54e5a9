/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `hvbench show` prints of a result set: where its figures come from. */
#ifndef HVB_CLI_SHOW_SET_H
#define HVB_CLI_SHOW_SET_H

#include <glib.h>

/* Prints the provenance of the last run in the result set `dir` to stdout, no
 * wider than the terminal: the run, its host, each stack with what ran on it,
 * guests, scenarios with their cells by status and how their profiles differ
 * from the shipped ones. With `texts`, the profiles' complete texts as well.
 * Says loudly if earlier runs are in it that were made on something else.
 *
 * Errors: those of the store (store.h). */
gboolean hvb_show_set(const char *dir, gboolean texts, GError **error);

#endif
