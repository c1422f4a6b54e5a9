/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Vantages: the same operations timed by the guest and by the host, where a
 * scenario does both. Reference times are taken from each vantage, so what the
 * way costs on the idle bed is no difference; what contention adds to the way
 * (the request waits for the vCPU, the answer for QEMU) is. */
#ifndef HVB_RESULTS_VANTAGES_H
#define HVB_RESULTS_VANTAGES_H

#include "hvbench/results/measure.h"

typedef struct {
    HvbLevel level;
    guint cells;
    guint samples[WIRE_N_VANTAGES];
    double mean_ms[WIRE_N_VANTAGES]; /* headline delay as told (delay.h); over
                                      * cells of their means */
    HvbInterval difference; /* client - server, ms, of the signed means, paired
                             * by cell; no interval with one cell */
    double late_send_ms;    /* the latest that hvbench itself sent a request */
} HvbVantageRow;

/* A row for each level with samples from both; empty where the scenario has but
 * one vantage. */
GArray *hvb_vantages_compare(const HvbRunRecord *run, guint scenario);

#endif
