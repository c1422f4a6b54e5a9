/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tally: what became of every operation that was scheduled.
 *
 * What was scheduled and lost is what the cell says; what was measured, left
 * unfinished or failed is counted anew from its samples, so that the two check
 * each other:
 *
 *   scheduled = measured + censored + failed + lost */
#ifndef HVB_RESULTS_TALLY_H
#define HVB_RESULTS_TALLY_H

#include "hvbench/run/cell.h"

/* Of all operations, measured guests and vantages. */
typedef struct {
    guint scheduled;
    guint measured;       /* came to their end, and are known */
    guint censored;       /* had not ended when the window was drained */
    guint failed;         /* the operation itself did */
    guint lost;           /* never reported */
    double oldest_ms;     /* of the censored ones the longest time since the
                           * intended start; 0: none was censored */
    double late_frame_ms; /* the longest that a frame was under way */
    double late_send_ms;  /* client side: the latest send after its intended
                           * start */
} HvbTally;

/* Adds a cell that has ended. */
void hvb_tally_add(HvbTally *tally, const HvbCell *cell);
/* Adds up tallies. */
void hvb_tally_add_up(HvbTally *tally, const HvbTally *other);
/* Whether the sum above is right. */
gboolean hvb_tally_is_whole(const HvbTally *tally);

#endif
