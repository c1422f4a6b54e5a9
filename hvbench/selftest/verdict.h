/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verdict: what the attempts at one answer come to. */
#ifndef HVB_SELFTEST_VERDICT_H
#define HVB_SELFTEST_VERDICT_H

#include "hvbench/selftest/noise.h"
#include "hvbench/selftest/selftest.h"

#include <math.h>

/* Errors in place of an amount with a side: of what is never less than nothing,
 * as a spread, which noise makes larger each time; and of samples that are
 * missing, which no noise explains. */
#define HVB_OFF_NO_SIDE NAN
#define HVB_OFF_MISSING INFINITY

/* One attempt at an answer. */
typedef struct {
    gboolean right;
    double off; /* its error in terms of the limit, signed; or HVB_OFF_... */
    HvbNoiseKind noise;
} HvbAttempt;

/* Of `n` attempts, one at least. What came right once is right. Else it is
 * wrong if there was an attempt without noise; or if, whatever the noise, all
 * of several are off by the same amount to the same side, since noise varies,
 * or all miss samples. */
HvbAnswerVerdict hvb_attempts_judge(const HvbAttempt *attempts, guint n);

/* The attempt that counts, from 0: the first that is right, else the last. */
guint hvb_attempts_shown(const HvbAttempt *attempts, guint n);

#endif
