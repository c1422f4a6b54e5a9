/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Account: where a scenario's CPU went, level by level, from the meters of the
 * cells that count.
 *
 * Each figure is a mean over the cells, by length of window, so that long
 * windows weigh more; NaN where nobody metered it. Per cents are of one CPU
 * unless said otherwise and may exceed 100. */
#ifndef HVB_RESULTS_ACCOUNT_H
#define HVB_RESULTS_ACCOUNT_H

#include "hvbench/results/store.h"

/* One guest at one level. */
typedef struct {
    guint guest; /* from 1 */
    gboolean loaded;
    HvbMeasured measured;
    /* What the host charged it. */
    double host_percent; /* all threads of the VM */
    double vcpu_percent, emulator_percent;
    double throttled_percent; /* of the time, that quotas stopped it, as the
                               * host's kernel counts it (throttling.h); with
                               * several quotas at once, or one above it that
                               * holds for others too, maybe more than once */
    double throttled_periods_per_s;
    /* What it saw itself: NaN unless it was measured. */
    double guest_busy_percent; /* of its time, what it does not call idle */
    double steal_percent;      /* of its time, that it knows it did not get */
    /* What its own processes used, by its kernel's account. */
    double users_percent, probes_percent, agent_percent, manager_percent;
    double used_percent;     /* all of these */
    double overhead_percent; /* 100 (host_percent / used_percent - 1) */
} HvbAccountGuest;

typedef struct {
    HvbLevel level;
    guint cells;               /* that it is made of */
    double host_total_percent; /* what the host does not call idle, % of all its
                                * CPUs, steal included */
    double host_steal_percent; /* taken by the hypervisor below the host, % of
                                * all its CPUs */
    double services_percent;   /* emulated services of the host; NaN if it has
                                * neither these nor a manager */
    double manager_percent;    /* the host's priority manager; likewise */
    double foreign_percent;    /* neither guests nor hvbench */
    double own_percent;        /* hvbench's own */
    GArray *guests;            /* HvbAccountGuest, ascending, all metered */
} HvbAccountLevel;

/* The account of scenario `scenario` (index into the run's profiles): an array
 * of HvbAccountLevel, ascending, the levels with a cell that counts. */
GArray *hvb_account_make(const HvbRunRecord *run, guint scenario);

#endif
