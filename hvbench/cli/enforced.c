/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/enforced.h"

#include "hvbench/bed/cgroup.h"
#include "hvbench/bed/connection.h"
#include "hvbench/bed/placement.h"

static void append_cap(GString *text, const char *what, gint64 quota_us,
                       gint64 period_us)
{
    if (quota_us >= 0)
        g_string_append_printf(text,
                               "%s cap %.4g %% (%" G_GINT64_FORMAT
                               " of %" G_GINT64_FORMAT " us), ",
                               what,
                               100.0 * (double)quota_us / (double)period_us,
                               quota_us, period_us);
}

/* What holds for a guest without being the guest's: the tightest limit first,
 * since that is what counts. */
static void append_above(GString *text, const HvbTuning *tuning)
{
    if (*tuning->limit_group)
        g_string_append_printf(text, ", limited to %.4g %% with all else in %s",
                               100.0 * (double)tuning->limit_quota_us /
                                   (double)tuning->limit_period_us,
                               tuning->limit_group);
    if (*tuning->above)
        g_string_append_printf(text, " (not set by hvbench: %s)",
                               tuning->above);
}

static char *describe(const HvbTuning *tuning)
{
    GString *text = g_string_new(NULL);

    append_cap(text, "vCPU", tuning->vcpu_quota_us, tuning->vcpu_period_us);
    append_cap(text, "VM", tuning->vm_quota_us, tuning->vm_period_us);
    if (text->len == 0)
        g_string_append(text, "no cap, ");
    g_string_append_printf(text, "weight %" G_GUINT64_FORMAT, tuning->shares);
    if (tuning->idle)
        g_string_append(text, " (cpu.idle)");
    if (*tuning->cpus)
        g_string_append_printf(text, ", CPUs %s", tuning->cpus);
    append_above(text, tuning);
    return g_string_free(text, FALSE);
}

char *hvb_enforced_describe(const GArray *tunings)
{
    GString *line = g_string_new(NULL);
    guint first = 0;

    while (first < tunings->len) {
        guint next = first + 1;
        g_autofree char *text =
            describe(&g_array_index(tunings, HvbTuning, first));
        for (; next < tunings->len; next++) {
            g_autofree char *other =
                describe(&g_array_index(tunings, HvbTuning, next));
            if (!g_str_equal(text, other))
                break;
        }
        if (first > 0)
            g_string_append(line, "; ");
        g_string_append_printf(line, "guest%u", first + 1);
        if (next > first + 1)
            g_string_append_printf(line, "-guest%u", next);
        g_string_append_printf(line, ": %s", text);
        first = next;
    }
    return g_string_free(line, FALSE);
}

GArray *hvb_enforced_read(void)
{
    g_autoptr(GArray) tunings = g_array_new(FALSE, TRUE, sizeof(HvbTuning));

    for (guint i = 1; i <= HVB_MAX_GUESTS; i++) {
        g_autofree char *name = g_strdup_printf(HVB_DOMAIN_PREFIX "guest%u", i);
        g_autoptr(HvbCgroup) cgroup = hvb_cgroup_find(name, NULL);
        HvbTuning tuning = {0};
        if (!cgroup || !hvb_cgroup_read_tuning(cgroup, &tuning, NULL))
            break;
        (void)hvb_placement_read(cgroup, &tuning, NULL);
        g_array_append_val(tunings, tuning);
    }
    return tunings->len > 0 ? g_steal_pointer(&tunings) : NULL;
}
