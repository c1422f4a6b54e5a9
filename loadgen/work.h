/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Work: what users and operations do with the CPU, counted in iterations.
 *
 * An iteration is one step of a dependent chain of integer instructions
 * without access to memory: its time depends on the CPU alone, not on caches
 * or on what runs beside it. */
#ifndef LOADGEN_WORK_H
#define LOADGEN_WORK_H

#include "wire.h"

/* Does that many iterations. */
void work_do(uint64_t iterations);

/* A first value of iterations per millisecond, found within some 20 ms. */
uint64_t work_rough_rate(void);

/* Calibrates as WireCalibrate says, in rounds of about 30 ms, and blocks for
 * at most one round a moment, and one pause, longer than the budget. Fills all
 * of *ret but `request`.
 *
 * Rounds are timed with CLOCK_MONOTONIC, the clock that delays are measured
 * with: a process's CPU clock may run at another speed in a guest, and counts
 * the guest's pauses anyway. So nothing else should run meanwhile. */
void work_calibrate(const WireCalibrate *request, WireCalibration *ret);

/* The result of rounds (iterations per ms, `n` > 0 of them, reordered): their
 * median, (max - min) / median, and in ret->converged whether there are
 * WIRE_CALIBRATION_ROUNDS of them, each within the tolerance of the median.
 * ret->rounds is left alone. */
void work_judge_rounds(uint64_t *rounds, unsigned n,
                       uint32_t tolerance_permille, WireCalibration *ret);

/* The result of `n` moments, 1 to WIRE_MAX_MOMENTS: the median of their rates,
 * all of their rounds, the largest of their spreads and of that between them,
 * and whether all converged. */
void work_judge_moments(const WireCalibration *moments, unsigned n,
                        WireCalibration *ret);

#endif
