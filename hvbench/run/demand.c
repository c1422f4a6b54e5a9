/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/demand.h"

#include "loadgen/random.h"

#include <math.h>

guint64 hvb_demand_seed(guint64 cell_seed, guint guest, HvbSeedPurpose purpose)
{
    Random random;

    random_init(&random,
                cell_seed ^ ((guint64)guest << 32) ^ ((guint64)purpose << 48));
    return random_u64(&random);
}

WireLoad hvb_demand_of_guest(const HvbProfile *profile, guint guest,
                             HvbLevel level, guint factor, guint64 seed)
{
    const HvbGuestProfile *wanted = &profile->guests[guest];

    return (WireLoad){
        .users = wanted->loaded ? wanted->users[level] * factor : 0,
        .burst_mean_us = profile->burst_mean_ms * 1000,
        .burst_cut = profile->burst_cut,
        .think_mean_us = profile->think_mean_ms * 1000,
        .seed = seed,
        .limit_permille = wanted->limit_percent * 10,
    };
}

WireLoad hvb_demand_of_services(const HvbProfile *profile, guint64 seed)
{
    double mean_us = profile->service_burst_ms * 1000.0;
    double burst_us = mean_us * (1.0 - exp(-(double)profile->burst_cut));
    double think_us =
        burst_us * (100.0 * profile->services / profile->service_percent - 1.0);

    return (WireLoad){
        .users = profile->services,
        .burst_mean_us = (guint32)mean_us,
        .burst_cut = profile->burst_cut,
        .think_mean_us = (guint32)lrint(fmax(0, think_us)),
        .seed = seed,
    };
}

WireManage hvb_demand_of_manager(const HvbProfile *profile, WireMethod method)
{
    return (WireManage){
        .method = method,
        .interval_ms = profile->manager_interval_ms,
        .memory_ms = profile->manager_memory_ms,
        .demote_permille = (guint32)lrint(profile->demote_percent * 10),
        .restore_permille = (guint32)lrint(profile->restore_percent * 10),
        .nice = profile->nice,
    };
}
