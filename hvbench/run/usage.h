/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Usage: one reading of all CPU meters of a bed, the host's, its agent's and
 * every guest's, and what two readings say of the time between them. */
#ifndef HVB_RUN_USAGE_H
#define HVB_RUN_USAGE_H

#include "hvbench/bed/bed.h"
#include "hvbench/run/host-meter.h"

typedef struct {
    HvbHostMeter host;
    guint n_guests;
    HvbGuestMeter guests[HVB_MAX_GUESTS];
    /* Of the host's agent, its own view, which holds wherever its manager moves
     * processes: users are the services. All 0 if the bed has none. */
    WireMeters agent;
} HvbUsage;

/* Asks the host's agent, too, if there is one: iterates the main context.
 * Errors: what the bed's read_meter and that agent's link report. */
gboolean hvb_usage_read(HvbBed *bed, GCancellable *cancellable,
                        HvbUsage *ret_usage, GError **error);

/* In % of one CPU, from reading `a` to reading `b`. */

/* CPU used by others than the guests, hvbench and what its agent runs on the
 * host. The meters are read one
 * after the other, so a quiet host may come out slightly below 0. */
double hvb_usage_foreign_percent(const HvbUsage *a, const HvbUsage *b);
/* hvbench's own. */
double hvb_usage_own_percent(const HvbUsage *a, const HvbUsage *b);
/* What the hypervisor below this host took away from it. */
double hvb_usage_steal_percent(const HvbUsage *a, const HvbUsage *b);

#endif
