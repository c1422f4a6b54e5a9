/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/selftest/verdict.h"

/* Errors are the same amount if the largest is not more than so many times the
 * smallest. */
#define SAME_FACTOR 1.5

guint hvb_attempts_shown(const HvbAttempt *attempts, guint n)
{
    for (guint i = 0; i < n; i++)
        if (attempts[i].right)
            return i;
    return n - 1;
}

static gboolean are_the_same(const HvbAttempt *attempts, guint n)
{
    double smallest = fabs(attempts[0].off), largest = smallest;

    for (guint i = 0; i < n; i++) {
        if (isnan(attempts[i].off) ||
            signbit(attempts[i].off) != signbit(attempts[0].off))
            return FALSE;
        smallest = fmin(smallest, fabs(attempts[i].off));
        largest = fmax(largest, fabs(attempts[i].off));
    }
    return n > 1 && largest <= smallest * SAME_FACTOR;
}

HvbAnswerVerdict hvb_attempts_judge(const HvbAttempt *attempts, guint n)
{
    gboolean of_host = FALSE;

    if (attempts[hvb_attempts_shown(attempts, n)].right)
        return HVB_ANSWER_RIGHT;
    for (guint i = 0; i < n; i++) {
        if (attempts[i].noise == HVB_NOISE_NONE)
            return HVB_ANSWER_WRONG;
        of_host = of_host || attempts[i].noise == HVB_NOISE_HOST;
    }
    if (are_the_same(attempts, n))
        return HVB_ANSWER_WRONG;
    return of_host ? HVB_ANSWER_HOST_NOISE : HVB_ANSWER_TRANSLATOR_NOISE;
}
