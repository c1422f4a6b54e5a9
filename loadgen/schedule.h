/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Schedule: when a window's operations are meant to start, made beforehand.
 *
 * Time is cut into slots of equal length, one operation each. Operation i is
 * meant to start at a uniformly random place within the middle half of slot
 * i: gaps lie between 0.5 and 1.5 slots, so that the operations of an idle
 * guest never overlap. Over slots of at least two of a cap's periods, or out of
 * step with them, the starts cover every phase of the period; slots in step
 * with a longer period always miss the same phases. Which slot gets which
 * operation, and from which vantage it is started, is a random permutation. The
 * same seed gives the same schedule everywhere; host and agent call the same
 * function. */
#ifndef LOADGEN_SCHEDULE_H
#define LOADGEN_SCHEDULE_H

#include "wire.h"

typedef struct {
    uint64_t offset_ns; /* intended start, from the opening of the window */
    WireOperation operation;
    WireVantage vantage;
} ScheduledStart;

/* How many operations the window has: the sum of probe->count and
 * probe->client_count, each of which may be any number. */
uint64_t schedule_length(const WireProbe *probe);

/* Fills `starts`, which has room for schedule_length(). Returns that. The
 * window is as long as that many slots. */
uint32_t schedule_make(const WireProbe *probe, ScheduledStart *starts);

#endif
