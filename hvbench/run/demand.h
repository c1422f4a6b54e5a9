/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Demand: what a profile asks of agents in a cell, in the words of the wire. */
#ifndef HVB_RUN_DEMAND_H
#define HVB_RUN_DEMAND_H

#include "hvbench/profile/profile.h"

/* What a seed is for. */
typedef enum {
    HVB_SEED_USERS = 1,
    HVB_SEED_SCHEDULE = 2,
    HVB_SEED_SERVICES = 3,
} HvbSeedPurpose;

/* A seed made of a cell's, for guest `guest` (from 0): those of different
 * purposes and guests make unrelated streams, but the same ones in every
 * scenario. */
guint64 hvb_demand_seed(guint64 cell_seed, guint guest, HvbSeedPurpose purpose);

/* The emulated users of guest `guest` (from 0) at `level`; none unless it is
 * loaded. `factor` is the bed's demand_factor. */
WireLoad hvb_demand_of_guest(const HvbProfile *profile, guint guest,
                             HvbLevel level, guint factor, guint64 seed);

/* The host's services (there must be some): emulated users that together ask
 * for service_percent of one CPU.
 *
 * A burst is exponential with mean m, cut at k times m, hence m (1 - e^-k) on
 * average; call that b. After a mean think time t, each of n services asks for
 * b / (b + t) of a CPU, so for p per cent of one together
 * t = b (100 n / p - 1). */
WireLoad hvb_demand_of_services(const HvbProfile *profile, guint64 seed);

/* The priority manager, by this method. */
WireManage hvb_demand_of_manager(const HvbProfile *profile, WireMethod method);

#endif
