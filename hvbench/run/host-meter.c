/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/host-meter.h"

#include "hvbench/bed/link.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define NS_PER_S G_GINT64_CONSTANT(1000000000)

static gint64 timeval_ns(const struct timeval *tv)
{
    return tv->tv_sec * NS_PER_S + tv->tv_usec * 1000;
}

static void read_proc_stat(HvbHostMeter *meter)
{
    g_autofree char *text = NULL;
    gint64 tick_ns = NS_PER_S / sysconf(_SC_CLK_TCK);
    gint64 user, nice, system, idle, iowait, irq, softirq, steal;

    if (!g_file_get_contents("/proc/stat", &text, NULL, NULL) ||
        sscanf(text,
               "cpu %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
               " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
               " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT,
               &user, &nice, &system, &idle, &iowait, &irq, &softirq,
               &steal) != 8)
        return;
    meter->user_ns = (user + nice) * tick_ns;
    meter->system_ns = (system + irq + softirq) * tick_ns;
    meter->steal_ns = steal * tick_ns;
    meter->idle_ns = (idle + iowait) * tick_ns;
}

static gint64 read_busy(const HvbHostMeter *meter)
{
    g_autofree char *text = NULL;

    if (g_file_get_contents("/sys/fs/cgroup/cpuacct/cpuacct.usage", &text, NULL,
                            NULL))
        return g_ascii_strtoll(text, NULL, 10);
    return meter->user_ns + meter->system_ns;
}

void hvb_host_meter_read(HvbHostMeter *ret_meter)
{
    HvbHostMeter meter = {.time_ns = hvb_now_ns()};
    struct rusage usage;

    meter.cpus = (guint)sysconf(_SC_NPROCESSORS_ONLN);
    read_proc_stat(&meter);
    meter.busy_ns = read_busy(&meter);
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        meter.own_ns =
            timeval_ns(&usage.ru_utime) + timeval_ns(&usage.ru_stime);
    *ret_meter = meter;
}
