/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "meters.h"

#include "clock.h"
#include "files.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool meters_parse_stat(const char *text, long hz, WireMeters *ret)
{
    uint64_t user, nice, system, idle, iowait, irq, softirq, steal;
    uint64_t tick_ns = NS_PER_S / (uint64_t)hz;

    if (sscanf(text,
               "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
               " %" SCNu64 " %" SCNu64 " %" SCNu64,
               &user, &nice, &system, &idle, &iowait, &irq, &softirq,
               &steal) != 8)
        return false;
    ret->user_ns = (user + nice) * tick_ns;
    ret->system_ns = (system + irq + softirq) * tick_ns;
    ret->steal_ns = steal * tick_ns;
    ret->idle_ns = (idle + iowait) * tick_ns;
    return true;
}

void meters_read(Children *children, WireMeters *ret)
{
    char text[512];

    memset(ret, 0, sizeof *ret);
    ret->monotonic_ns = clock_now_ns();
    if (file_read("/proc/stat", text, sizeof text))
        meters_parse_stat(text, sysconf(_SC_CLK_TCK), ret);
    file_read(FILE_CLOCKSOURCE, ret->clocksource, sizeof ret->clocksource);
    ret->users_cpu_ns = children_cpu_ns(children, CHILD_USER);
    ret->probes_cpu_ns = children_cpu_ns(children, CHILD_PROBE);
    ret->manager_cpu_ns = children_cpu_ns(children, CHILD_MANAGER);
    ret->managers = children_count(children, CHILD_MANAGER);
    ret->agent_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) +
                        children_cpu_ns(children, CHILD_CALIBRATION);
}
