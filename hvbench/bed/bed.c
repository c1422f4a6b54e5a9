/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/bed.h"

G_DEFINE_QUARK(hvb_bed_error, hvb_bed_error)

void hvb_stack_clear(HvbStack *stack)
{
    g_free(stack->hypervisor);
    g_free(stack->accel);
    g_free(stack->accel_reason);
    g_free(stack->machine);
    g_free(stack->emulator);
    g_free(stack->cpu);
    g_free(stack->connection);
    g_free(stack->cgroup);
    g_free(stack->choice);
    *stack = (HvbStack){0};
}

gboolean hvb_clocksource_is_coarse(const char *clocksource)
{
    return g_str_has_suffix(clocksource, "jiffies");
}

gboolean hvb_clocksource_check(const char *guest, const char *clocksource,
                               GError **error)
{
    if (!hvb_clocksource_is_coarse(clocksource))
        return TRUE;
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_BOOT,
                "%s tells the time by its clocksource \"%s\", in whole timer "
                "ticks: too coarse to time anything. Its kernel gave up the "
                "better clocks while it booted, most likely since the host "
                "was busy: try again on a quiet host, or with fewer guests "
                "(--guests)",
                guest, clocksource);
    return FALSE;
}

void hvb_bed_free(HvbBed *bed)
{
    if (!bed)
        return;
    g_clear_pointer(&bed->host, hvb_host_agent_free);
    bed->free(bed);
}
