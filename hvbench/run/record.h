/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Record: what meters and window say of a cell, written into it, and whether
 * that may be published. */
#ifndef HVB_RUN_RECORD_H
#define HVB_RUN_RECORD_H

#include "hvbench/run/cell.h"
#include "hvbench/run/usage.h"
#include "hvbench/run/window.h"

/* The meters between the window's two ends. */
void hvb_record_meters(HvbCell *cell, const HvbWindow *window,
                       const HvbUsage *opened, const HvbUsage *closed);

/* The account of the samples: scheduled = received + lost. */
void hvb_record_counts(HvbCell *cell, const HvbWindow *window);

/* Status, suspicion and their reasons, all of them, those for disturbed first.
 * A cell is disturbed if the bed was not the same throughout (changes.h), if a
 * guest that it loads or measures was held by something that is no setting, or
 * if it is beyond the profile's gate: by what others, or the hypervisor below
 * the host, took of the CPU, by what is missing of what the guests sent or was
 * refused, by how long it was under way, or by how late hvbench itself was. It
 * is suspect if the calibration of a guest that it loads or measures drifted
 * beyond the gate, or was in `doubt` (the reason; NULL: it was not) from the
 * beginning. */
void hvb_record_verdict(HvbCell *cell, const HvbProfile *profile,
                        const char *doubt);

#endif
