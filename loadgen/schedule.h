/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Schedule: when a window's operations are meant to start, made beforehand.
 *
 * Time is cut into slots of equal length, one operation each. Operation i is
 * meant to start at a uniformly random place within the middle half of slot
 * i: gaps lie between 0.5 and 1.5 slots, so that the operations of an idle
 * guest never overlap while the starts cover every phase of a cap's period.
 * Which slot gets which operation is a random permutation. The same seed gives
 * the same schedule everywhere; host and agent call the same function. */
#ifndef LOADGEN_SCHEDULE_H
#define LOADGEN_SCHEDULE_H

#include "wire.h"

typedef struct {
    uint64_t offset_ns; /* intended start, from the opening of the window */
    WireOperation operation;
} ScheduledStart;

/* Fills `starts`, which has room for the sum of probe->count. Returns that
 * sum. The window is as long as that many slots. */
uint32_t schedule_make(const WireProbe *probe, ScheduledStart *starts);

#endif
