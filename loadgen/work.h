/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Work: what users and operations do with the CPU, counted in iterations.
 *
 * An iteration is a chain of 32 multiplications, each of which waits for the
 * one before, without access to memory: its time depends on the CPU alone, not
 * on caches or on what runs beside it. The chain's latency hides the loop's own
 * overhead natively and in translation alike, and leaves most of a core to its
 * sibling hyperthread; shorter chains and chains of shifts are slowed by what
 * the sibling does (`make bench-work` shows by how much on this host). */
#ifndef LOADGEN_WORK_H
#define LOADGEN_WORK_H

#include "wire.h"

/* Does that many iterations. */
void work_do(uint64_t iterations);

/* A first value of iterations per millisecond, found within some 20 ms. */
uint64_t work_rough_rate(void);

/* Calibrates as WireCalibrate says and blocks for at most one moment longer
 * than the budget. Fills all of *ret but `request`.
 *
 * What comes between, another process or the host's, only ever makes a round
 * slower, and rounds are short: so the speed is what the fastest tenth of them
 * surpasses, and need not be that of most of them.
 *
 * Rounds are timed with CLOCK_MONOTONIC, the clock that delays are measured
 * with: a process's CPU clock may run at another speed in a guest, and counts
 * the guest's pauses anyway. */
void work_calibrate(const WireCalibrate *request, WireCalibration *ret);

/* The rate of a moment from its `n` > 0 rounds (iterations per ms, reordered):
 * that which a tenth of them surpass. */
uint64_t work_judge_rounds(uint64_t *rounds, unsigned n);

/* The result of the rates of the last moments, 1 to WIRE_MAX_MOMENTS of them:
 * their median, (max - min) / median, and whether that is within the tolerance
 * and as many moments were `wanted`. ret->rounds is left alone. */
void work_judge_moments(const uint64_t *rates, unsigned n, unsigned wanted,
                        uint32_t tolerance_permille, WireCalibration *ret);

#endif
