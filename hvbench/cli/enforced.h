/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Enforced: the caps, weights and CPUs that the host really enforces on the
 * guests, as text (the paper's figure 8 shows its hypervisor's screen for
 * that). */
#ifndef HVB_CLI_ENFORCED_H
#define HVB_CLI_ENFORCED_H

#include "hvbench/bed/bed.h"

/* One line for all guests, neighbours that are alike together: "guest1: vCPU
 * cap 50 % (50000 of 100000 us), weight 1024, CPUs 0-1; guest2-guest8: no cap,
 * weight 1024, CPUs 0-1"; with what others have set of the groups
 * above them. `tunings` are HvbTuning, [0] guest 1. The caller
 * frees it. */
char *hvb_enforced_describe(const GArray *tunings);

/* What the kernel enforces on the guests of the bed that is up on this host, an
 * array of HvbTuning; NULL if there is none. */
GArray *hvb_enforced_read(void);

#endif
