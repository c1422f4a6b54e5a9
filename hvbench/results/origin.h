/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Origin: what runs were made on, and in what two of them differ. */
#ifndef HVB_RESULTS_ORIGIN_H
#define HVB_RESULTS_ORIGIN_H

#include "hvbench/results/store.h"

/* The value of a provenance key, borrowed; NULL: not recorded. */
const char *hvb_origin_value(const HvbRunRecord *run, const char *key);

/* What makes figures incomparable: hvbench's revision, the stack of any of
 * their beds (accelerator, machine type, emulator, versions, guests' kernels),
 * the host's kernel, CPU, number of CPUs, SMT, governor, idle states,
 * clocksource, cgroup version and KVM parameters, and the profile of a scenario
 * that both have (but for the seed). Each that differs as "stack.accel: kvm,
 * tcg" (char *, owned by the array); empty: none does. */
GPtrArray *hvb_origin_differences(const HvbRunRecord *a, const HvbRunRecord *b);

#endif
