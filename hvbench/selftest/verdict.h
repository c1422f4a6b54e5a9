/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verdict: what the attempts at one answer come to. */
#ifndef HVB_SELFTEST_VERDICT_H
#define HVB_SELFTEST_VERDICT_H

#include "hvbench/selftest/noise.h"
#include "hvbench/selftest/selftest.h"

/* One attempt at an answer. */
typedef struct {
    gboolean right;
    double off; /* its error in terms of the limit, signed */
    HvbNoiseKind noise;
} HvbAttempt;

/* Of `n` attempts, one at least. What came right once is right. Else it is
 * wrong if there was an attempt without noise, or if all of several are off by
 * the same amount to the same side, whatever the noise: that varies. */
HvbAnswerVerdict hvb_attempts_judge(const HvbAttempt *attempts, guint n);

/* The attempt that counts, from 0: the first that is right, else the last. */
guint hvb_attempts_shown(const HvbAttempt *attempts, guint n);

#endif
