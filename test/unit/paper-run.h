/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A made-up run of the paper's scenarios, for the tests of claims: in the world
 * that paper_world() returns every claim holds; change it, then run it. */
#ifndef TEST_UNIT_PAPER_RUN_H
#define TEST_UNIT_PAPER_RUN_H

#include "hvbench/results/store.h"

/* One scenario's truth. */
typedef struct {
    const char *name;
    const char *settings; /* more of its profile, or NULL */
    double delay_ms[HVB_N_LEVELS];
    double host_busy[HVB_N_LEVELS];  /* of each loaded guest, % of a CPU */
    double host_total[HVB_N_LEVELS]; /* % of all CPUs */
    double delay_factor;             /* of all its delays */
    double spread;  /* from the least to the largest delay of a cell, in means;
                     * at most 2 */
    double charged; /* charged CPU / CPU that processes used */
    double meter_off; /* by how much the guest thinks itself busier, points */
    double emulator;  /* what of the charged CPU is not the vCPU's, points */
    double total_factor;
    double unfair; /* what guests but the first receive, of what they should */
    gboolean absent;
} PaperScenario;

typedef struct {
    GArray *scenarios; /* PaperScenario */
    guint repetitions;
    guint samples; /* per cell and measured guest */
    double noise;  /* standard deviation of a cell's mean delay, as the
                    * logarithm's */
    guint levels;  /* bits: the levels that are run */
    guint32 seed;
} PaperWorld;

/* Three repetitions of 40 samples, 2 % of noise, all scenarios and levels. */
PaperWorld *paper_world(void);
/* None yet. */
PaperWorld *paper_world_empty(void);
void paper_world_free(PaperWorld *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PaperWorld, paper_world_free)

/* The scenario, which is added if there is none yet: no delay at all, one
 * loaded and measured guest of four, meters that agree. */
PaperScenario *paper_scenario(PaperWorld *world, const char *name);

/* Runs it once. The caller frees. The same world gives the same run. */
HvbRunRecord *paper_run(const PaperWorld *world);

/* The cell of this repetition; NULL if there is none. */
HvbCell *paper_cell(HvbRunRecord *run, const char *scenario, HvbLevel level,
                    guint repetition);

#endif
