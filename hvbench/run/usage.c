/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/usage.h"

gboolean hvb_usage_read(HvbBed *bed, GCancellable *cancellable,
                        HvbUsage *ret_usage, GError **error)
{
    hvb_host_meter_read(&ret_usage->host);
    ret_usage->n_guests = bed->n_guests;
    for (guint i = 0; i < bed->n_guests; i++)
        if (!bed->read_meter(bed, i, &ret_usage->guests[i], error))
            return FALSE;
    ret_usage->agent = (WireMeters){0};
    return !bed->host || hvb_link_meter(bed->host->link, cancellable,
                                        &ret_usage->agent, error);
}

static double percent(const HvbUsage *a, const HvbUsage *b, gint64 cpu_ns)
{
    gint64 elapsed_ns = MAX(1, b->host.time_ns - a->host.time_ns);

    return 100.0 * (double)cpu_ns / (double)elapsed_ns;
}

static gint64 agent_ns(const WireMeters *meters)
{
    return (gint64)(meters->users_cpu_ns + meters->probes_cpu_ns +
                    meters->agent_cpu_ns + meters->manager_cpu_ns);
}

double hvb_usage_foreign_percent(const HvbUsage *a, const HvbUsage *b)
{
    gint64 foreign_ns =
        (b->host.busy_ns - a->host.busy_ns) - (b->host.own_ns - a->host.own_ns);

    for (guint i = 0; i < a->n_guests; i++)
        foreign_ns -= b->guests[i].cpu_ns - a->guests[i].cpu_ns;
    foreign_ns -= agent_ns(&b->agent) - agent_ns(&a->agent);
    return percent(a, b, foreign_ns);
}

double hvb_usage_own_percent(const HvbUsage *a, const HvbUsage *b)
{
    return percent(a, b, b->host.own_ns - a->host.own_ns);
}

double hvb_usage_steal_percent(const HvbUsage *a, const HvbUsage *b)
{
    return percent(a, b, b->host.steal_ns - a->host.steal_ns);
}
