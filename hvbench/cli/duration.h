/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Durations as people write them: "10min", "1h30min", "90s". */
#ifndef HVB_CLI_DURATION_H
#define HVB_CLI_DURATION_H

#include <glib.h>

/* Whole numbers of hours, minutes and seconds ("h", "min", "s"), each once at
 * most and in this order, more than nothing and at most HVB_DURATION_MAX_S
 * together. FALSE if the text is none. */
#define HVB_DURATION_MAX_S (30u * 24 * 3600)
gboolean hvb_duration_parse(const char *text, guint *ret_seconds);

/* "1h30min", "9min30s", "45s": what hvb_duration_parse() reads.
 * Caller frees. */
char *hvb_duration_format(guint seconds);

#endif
