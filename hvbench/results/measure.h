/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measure: one number that is taken of a cell. */
#ifndef HVB_RESULTS_MEASURE_H
#define HVB_RESULTS_MEASURE_H

#include "hvbench/results/interval.h"
#include "hvbench/results/p3.h"

/* Delays are those of the headline operation, all as in p3.h, of one cell. CPU
 * is that of the measured guests, the mean over them, % of one CPU. */
typedef enum {
    HVB_MEASURE_UNSAID,
    HVB_MEASURE_DELAY,      /* D: mean, ms, signed (delay.h) */
    HVB_MEASURE_SPREAD,     /* V: p90 - p10, ms */
    HVB_MEASURE_WITHIN,     /* W: share under 50 ms, % */
    HVB_MEASURE_OVER,       /* O: share of 1 s and more, % */
    HVB_MEASURE_RESPONSE,   /* mean of the whole response time, ms */
    HVB_MEASURE_GUEST_BUSY, /* by the guest's own meter */
    HVB_MEASURE_HOST_BUSY,  /* charged by the host */
    HVB_MEASURE_VCPU,       /* of this, the vCPU's */
    HVB_MEASURE_EMULATOR,   /* and the rest */
    HVB_MEASURE_USED,       /* by the guest's own processes, as its kernel
                             * counts: users, probes, agent, manager */
    HVB_MEASURE_HOST_TOTAL, /* of the whole host, % of all its CPUs */
    HVB_N_MEASURES,
} HvbMeasure;
const char *hvb_measure_name(HvbMeasure measure); /* "mean delay" ... */
const char *hvb_measure_unit(HvbMeasure measure); /* "ms" or "%" */

/* Sets of levels, as in hvb_claim_needs. */
#define HVB_LEVEL_BIT(level) (1u << (level))
/* From one level to another, both included. */
#define HVB_LEVELS(from, to) \
    ((HVB_LEVEL_BIT((to) + 1) - 1) & ~(HVB_LEVEL_BIT(from) - 1))

/* Its index among the run's profiles; FALSE: it was not run. */
gboolean hvb_run_find_scenario(const HvbRunRecord *run, const char *name,
                               guint *ret_scenario);

/* The cells of the scenario that count (HvbCell *, borrowed): done, and of the
 * attempts at one repetition the last. */
GPtrArray *hvb_counted_cells(const HvbRunRecord *run, guint scenario);

/* Delays of the cell's headline operations, ms, ascending; without those that
 * failed, and of the guests that `p3` counts (double). */
GArray *hvb_cell_delays(const HvbP3 *p3, const HvbCell *cell);

/* What `measure` is of each cell of the scenario at these levels, as an array
 * of HvbObservation; a stratum is a level's place among `levels`. `guests` says
 * of which guests (bit 0: guest 1), 0: of those in the scenario's P3. Cells
 * that have no such number are not in it. Nothing if it was not run. */
GArray *hvb_observe(const HvbRunRecord *run, const char *scenario, guint levels,
                    HvbMeasure measure, guint64 guests);

/* The same with a function of the cell; NaN: it has no such number. `p3` is the
 * scenario's. */
typedef double (*HvbMeasureFunc)(HvbP3 *p3, HvbCell *cell, gpointer user_data);
GArray *hvb_observe_func(const HvbRunRecord *run, const char *scenario,
                         guint levels, HvbMeasureFunc func, gpointer user_data);

/* CPU that the guest's users ask for at `level` if they never wait, % of one
 * CPU (natively, of each host CPU): number of users by mean burst / (mean burst
 * + mean pause). A burst is exponential and cut at c times its mean m, hence
 * (1 - exp(-c)) m long on average. */
double hvb_users_percent(const HvbProfile *profile, guint guest,
                         HvbLevel level);
/* What the probe users ask for, % of one CPU. */
double hvb_probes_percent(const HvbProfile *profile);

#endif
