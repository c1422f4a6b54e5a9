/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Noise: what else than hvbench may have made an answer of the selftest wrong.
 *
 * Of the host: others use its CPUs, it is denied them, or its own speed varies.
 * Of the translator: a guest without KVM does more or less in a millisecond
 * than the host's speed explains, which is a matter of how its translated code
 * lies in the core, and what runs on the sibling of that; no meter of the host
 * shows it. */
#ifndef HVB_SELFTEST_NOISE_H
#define HVB_SELFTEST_NOISE_H

#include "hvbench/bed/bed.h"

/* What was seen between two moments. */
typedef struct {
    double foreign_percent; /* of one CPU, used by others */
    double steal_percent;   /* of one CPU, denied to the host */
    /* Of the time for which a thread of the host wanted to run, the share in
     * which it did not. */
    double denied_percent;
    /* How much the speed varied, in % of the median: the host's by that
     * thread's CPU time, and the idle guest's in terms of it. */
    double host_speed_percent;
    double guest_speed_percent;
} HvbNoise;

typedef enum {
    HVB_NOISE_NONE,
    HVB_NOISE_HOST,
    HVB_NOISE_TRANSLATOR,
} HvbNoiseKind;

/* What a check bears. */
typedef struct {
    double foreign_percent, steal_percent;
    gboolean translated; /* the guests have no KVM */
} HvbNoiseLimits;

/* Whose noise it was, with what was seen of it in `ret_text`, owned by the
 * caller; NULL there if there was none. The host's comes first: it makes the
 * guest's speed vary, too. */
HvbNoiseKind hvb_noise_judge(const HvbNoise *noise,
                             const HvbNoiseLimits *limits, char **ret_text);

/* (largest - smallest) / median of positive values (double), in %; sorts them.
 * 0: there are none. */
double hvb_noise_spread_percent(GArray *values);

typedef struct _HvbNoiseWatch HvbNoiseWatch;

/* Looks from now on, with a thread that takes less than 0.1 % of a CPU. The
 * bed's first guest must be idle and uncapped now and at the end. Errors: those
 * of the bed and its links. */
HvbNoiseWatch *hvb_noise_watch_begin(HvbBed *bed, GCancellable *cancellable,
                                     GError **error);
gboolean hvb_noise_watch_end(HvbNoiseWatch *watch, HvbNoise *ret_noise,
                             GError **error);
void hvb_noise_watch_free(HvbNoiseWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbNoiseWatch, hvb_noise_watch_free)

#endif
