/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Origin: what runs were made on, and in what two of them differ. */
#ifndef HVB_RESULTS_ORIGIN_H
#define HVB_RESULTS_ORIGIN_H

#include "hvbench/results/store.h"

/* The value of a provenance key, borrowed; NULL: not recorded. */
const char *hvb_origin_value(const HvbRunRecord *run, const char *key);

/* Whether figures made with another value of this key are not comparable. */
gboolean hvb_origin_matters(const char *key);

/* The settings in which two profiles differ, as "[guest 1] cap-percent: 0, 50"
 * (char *, owned by the array): all but names, seed and how much is measured
 * (levels, samples, repetitions, reruns). Empty: what they measure is the
 * same. */
GPtrArray *hvb_origin_settings(const HvbProfile *a, const HvbProfile *b);

/* What makes figures incomparable: hvbench's revision, the host (its kernel,
 * CPU and all else that hvb_origin_matters()), and of each scenario that both
 * have, its profile (but for the seed) and, if both measured it, the stack that
 * it ran on (accelerator, machine type, emulator, versions, guests' kernels),
 * whatever its number among the stacks of its run. Each that differs once, as
 * "stack.accel: kvm, tcg" (char *, owned by the array); empty: none does. */
GPtrArray *hvb_origin_differences(const HvbRunRecord *a, const HvbRunRecord *b);

#endif
