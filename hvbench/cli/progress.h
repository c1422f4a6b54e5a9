/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress: what a run shows on the terminal while it goes on.
 *
 * On a terminal the lower part of the screen is redrawn in place: the plan's
 * progress and remaining time, the cell under way, and the P3 of the scenario
 * under way growing with each sample. Elsewhere (a pipe, CI) one line per
 * event is printed, and nothing is redrawn. */
#ifndef HVB_CLI_PROGRESS_H
#define HVB_CLI_PROGRESS_H

#include "hvbench/results/p3.h"

#include <stdio.h>

typedef struct _HvbProgress HvbProgress;

/* `stream` is borrowed. It is redrawn only if it is a terminal that can. */
HvbProgress *hvb_progress_new(FILE *stream);
/* Takes the redrawn part off the screen, for the tables; the notes stay. */
void hvb_progress_free(HvbProgress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbProgress, hvb_progress_free)

/* A line that stays: above the redrawn part. Printable text, no newline. */
void hvb_progress_note(HvbProgress *progress, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
/* What is going on now: "booting guests: 3 of 8 up". */
void hvb_progress_phase(HvbProgress *progress, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
/* How far the plan is: cells done of all, and the expected rest in seconds. */
void hvb_progress_plan(HvbProgress *progress, guint done, guint all,
                       guint rest_s);
/* The P3 to show (borrowed until replaced; NULL: none), `current` the level
 * being measured (or -1). Redraws at most ten times a second. */
void hvb_progress_p3(HvbProgress *progress, const HvbP3 *p3, int current);

/* The finished scenarios as a table: a row per level with samples, mean, p50,
 * p90, p99, max, spread, share within 50 ms and over 1 s, guest and host busy,
 * preceded by the P3 itself as coloured rows (shades where the terminal has no
 * colour). The same for a terminal and a pipe, but for the colour. */
void hvb_progress_print_p3(FILE *stream, const HvbP3 *p3);

#endif
