/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "schedule.h"

#include "random.h"

uint64_t schedule_length(const WireProbe *probe)
{
    uint64_t n = 0;

    for (int operation = 0; operation < WIRE_N_OPERATIONS; operation++)
        n += (uint64_t)probe->count[operation] + probe->client_count[operation];
    return n;
}

static uint32_t append(ScheduledStart *starts, uint32_t n,
                       const uint32_t *count, WireVantage vantage)
{
    for (int operation = 0; operation < WIRE_N_OPERATIONS; operation++)
        for (uint32_t i = 0; i < count[operation]; i++) {
            starts[n].operation = (WireOperation)operation;
            starts[n++].vantage = vantage;
        }
    return n;
}

static uint32_t fill_in_order(const WireProbe *probe, ScheduledStart *starts)
{
    uint32_t n = append(starts, 0, probe->count, WIRE_SERVER);

    return append(starts, n, probe->client_count, WIRE_CLIENT);
}

static void shuffle(Random *random, ScheduledStart *starts, uint32_t n)
{
    for (uint32_t left = n; left > 1; left--) {
        uint32_t chosen = (uint32_t)random_below(random, left);
        ScheduledStart last = starts[left - 1];
        starts[left - 1] = starts[chosen];
        starts[chosen] = last;
    }
}

/* Integers only: host and guest may be different machines and must agree to
 * the nanosecond. */
uint32_t schedule_make(const WireProbe *probe, ScheduledStart *starts)
{
    uint64_t slot_ns = (uint64_t)probe->slot_us * 1000;
    uint32_t n = fill_in_order(probe, starts);
    Random random;

    random_init(&random, probe->seed);
    shuffle(&random, starts, n);
    for (uint32_t i = 0; i < n; i++)
        starts[i].offset_ns =
            i * slot_ns + slot_ns / 4 + random_below(&random, slot_ns / 2 + 1);
    return n;
}
