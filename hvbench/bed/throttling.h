/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Throttling: what a kernel means by the time and the periods in which a quota
 * stopped a group. It has changed twice, and the name in cpu.stat has not. */
#ifndef HVB_BED_THROTTLING_H
#define HVB_BED_THROTTLING_H

#include <glib.h>

typedef enum {
    /* Of vendors who take changes from newer kernels and keep the version, and
     * of kernels that nobody has looked at. */
    HVB_THROTTLING_UNKNOWN,
    /* Before 6.6: from the moment that the quota is used up to the end of the
     * period, whether or not anything in the group wants to run. */
    HVB_THROTTLING_TO_THE_END,
    /* From 6.6 on ("sched: don't account throttle time for empty groups"): only
     * while something wants to; the period counts all the same. */
    HVB_THROTTLING_WHILE_WAITING,
    /* From 6.18 on (a task is stopped on its way back to user space): likewise,
     * but what is in a system call runs on while the periods count already, and
     * the time is added when the stop is over. */
    HVB_THROTTLING_ON_RETURN,
    HVB_N_THROTTLINGS,
} HvbThrottlingMeaning;

/* Of a kernel's release, as uname -r has it: "6.1.0-18-amd64". */
HvbThrottlingMeaning hvb_throttling_of_release(const char *release);

/* "to the end of the period", as provenance has it. */
const char *hvb_throttling_name(HvbThrottlingMeaning meaning);
/* The meaning of such a name; HVB_THROTTLING_UNKNOWN if it is none. */
HvbThrottlingMeaning hvb_throttling_of_name(const char *name);
/* What to make of the figures, a sentence. */
const char *hvb_throttling_sentence(HvbThrottlingMeaning meaning);

#endif
