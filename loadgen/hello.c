/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hello.h"

#include "demotion.h"
#include "files.h"
#include "version.h"
#include "work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static uint64_t memory_kib(void)
{
    char text[64];

    if (!file_find("/proc/meminfo", "MemTotal", text, sizeof text))
        return 0;
    return strtoull(text, NULL, 10);
}

void hello_fill(WireHello *ret, bool is_init)
{
    struct utsname name;
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    memset(ret, 0, sizeof *ret);
    ret->version = WIRE_VERSION;
    if (is_init)
        ret->flags |= WIRE_HELLO_INIT;
    if (demotion_autogroup_is_on())
        ret->flags |= WIRE_HELLO_AUTOGROUP;
    ret->cpus = cpus > 0 ? (uint32_t)cpus : 0;
    ret->memory_kib = memory_kib();
    ret->iterations_per_ms = work_rough_rate();
    snprintf(ret->agent, sizeof ret->agent, "%s", HVB_VERSION);
    if (uname(&name) == 0)
        snprintf(ret->kernel, sizeof ret->kernel, "%s %s", name.release,
                 name.version);
    file_find("/proc/cpuinfo", "model name", ret->cpu, sizeof ret->cpu);
    file_read(FILE_CLOCKSOURCE, ret->clocksource, sizeof ret->clocksource);
}
