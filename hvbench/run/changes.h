/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes: whether the bed was in a cell what it was set to, from beginning to
 * end.
 *
 * Caps, weights and CPUs are read before the window opens and after it closed,
 * before they are lifted. What is changed and put back in between leaves other
 * traces: a write that was seen (HvbBed's watch), more CPU charged than a cap
 * allows, throttling that does not fit the quota. */
#ifndef HVB_RUN_CHANGES_H
#define HVB_RUN_CHANGES_H

#include "hvbench/run/cell.h"

/* Appends to `reasons` a sentence (char *) for each thing of the cell that was
 * not as it should be: settings that differ, what the cell's `changes` say, and
 * meters that contradict the settings.
 *
 * A guest may be charged what its cap, or one above it, gives for the window;
 * more by a period or, if that is longer, a quota, and by a burst, since
 * periods do not begin with the window; and by 2 % of the window. How long it
 * was throttled does not count: what that time means depends on the kernel. */
void hvb_changes_find(const HvbCell *cell, GPtrArray *reasons);

#endif
