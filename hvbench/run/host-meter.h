/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Host meter: what the whole host and hvbench itself have used. */
#ifndef HVB_RUN_HOST_METER_H
#define HVB_RUN_HOST_METER_H

#include <glib.h>

/* Since boot, all CPUs together. */
typedef struct {
    gint64 time_ns; /* CLOCK_MONOTONIC */
    guint cpus;     /* online */
    /* From /proc/stat: sampled by the timer tick on most kernels. */
    gint64 user_ns;   /* with nice; guests' vCPUs are in it */
    gint64 system_ns; /* with irq and softirq */
    gint64 steal_ns;
    gint64 idle_ns; /* with iowait */
    /* All processes' CPU time, exact, from the root cgroup where the host has
     * cgroup v1 cpuacct; else user_ns + system_ns. */
    gint64 busy_ns;
    gint64 own_ns; /* hvbench's own: all its threads */
} HvbHostMeter;

/* Never fails: a value that cannot be read is 0. */
void hvb_host_meter_read(HvbHostMeter *ret_meter);

#endif
