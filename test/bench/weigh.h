/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weigh: what hvbench itself costs, on a bed and in a run that was made. */
#ifndef TEST_BENCH_WEIGH_H
#define TEST_BENCH_WEIGH_H

#include "hvbench/results/contrast.h"
#include "hvbench/run/window.h"

/* While nothing is asked of anybody; in % of one CPU. */
typedef struct {
    double own;     /* hvbench, on the host */
    double agent;   /* the first guest's, in that guest and by its clock */
    double foreign; /* others than guests and hvbench, on the host */
} Rest;
gboolean weigh_rest(HvbBed *bed, guint duration_ms, GCancellable *cancellable,
                    Rest *ret_rest, GError **error);

/* What it takes the first guest to time and record an operation that does
 * nothing: the CPU of its probe users and its agent from one end of a window of
 * such operations to the other, by their number. So it includes waiting for the
 * intended start, waking up, handing over and sending. */
typedef struct {
    guint scheduled;
    guint received;
    double us_each; /* of the guest's CPU; NaN: the guest has no meter */
    double foreign; /* as above */
} Record;
gboolean weigh_record(HvbBed *bed, guint n, guint slot_us,
                      GCancellable *cancellable, Record *ret_record,
                      GError **error);

/* CPU that a thread of this host takes to sleep and wake up, the mean over `n`
 * sleeps of `slot_us`, in us: what a sample cannot do without. */
double weigh_sleep(guint n, guint slot_us);

/* While measuring, over the cells of a level that count; in % of one CPU. */
typedef struct {
    guint cells;
    guint disturbed; /* attempts that are left out */
    double own, worst_own;
    double agent, worst_agent; /* of the measured guest, beside its users and
                                * operations */
} Work;
Work weigh_work(const HvbRunRecord *run, HvbLevel level);

/* How much longer the mean delay is in scenario `b` than in `a`, ms: cells of
 * the same repetition are compared. */
HvbInterval weigh_change(const HvbRunRecord *run, const char *a, const char *b,
                         HvbLevel level);

#endif
