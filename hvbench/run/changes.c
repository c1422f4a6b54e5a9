/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/changes.h"

#include <string.h>

#define NS_PER_US 1e3
/* Of the window: the meters are read one after the other. */
#define TOLERANCE 0.02
/* From this part of a cap on a guest wants all of it, and so is stopped. */
#define WHOLE 0.99

static void add(GPtrArray *reasons, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* Once: what is above all guests is the same for each. */
static void add(GPtrArray *reasons, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (!g_ptr_array_find_with_equal_func(reasons, text, g_str_equal, NULL))
        g_ptr_array_add(reasons, g_steal_pointer(&text));
}

/* `whose` is "guest 1's", or "the host services'", which are no VM. */
static void compare_numbers(GPtrArray *reasons, const char *whose, gboolean vm,
                            const HvbTuning *a, const HvbTuning *b)
{
    const char *of_vm = vm ? "VM " : "";
    const struct {
        const char *of, *what;
        gint64 before, after;
    } values[] = {
        {"vCPU ", "quota", a->vcpu_quota_us, b->vcpu_quota_us},
        {"vCPU ", "period", a->vcpu_period_us, b->vcpu_period_us},
        {"vCPU ", "burst", a->vcpu_burst_us, b->vcpu_burst_us},
        {of_vm, "quota", a->vm_quota_us, b->vm_quota_us},
        {of_vm, "period", a->vm_period_us, b->vm_period_us},
        {of_vm, "burst", a->vm_burst_us, b->vm_burst_us},
        {"", "weight", (gint64)a->shares, (gint64)b->shares},
        {"", "cpu.idle", a->idle, b->idle},
    };

    for (gsize i = vm ? 0 : 3; i < G_N_ELEMENTS(values); i++)
        if (values[i].before != values[i].after)
            add(reasons,
                "%s %s%s was %" G_GINT64_FORMAT
                " after the cell, %" G_GINT64_FORMAT " before",
                whose, values[i].of, values[i].what, values[i].after,
                values[i].before);
}

static void compare_texts(GPtrArray *reasons, const char *whose,
                          const HvbTuning *a, const HvbTuning *b)
{
    const struct {
        const char *what, *before, *after;
    } values[] = {
        {"set of CPUs", a->cpus, b->cpus},
        {"emulator's set of CPUs", a->emulator_cpus, b->emulator_cpus},
        {"control group", a->group, b->group},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(values); i++)
        if (strcmp(values[i].before, values[i].after) != 0)
            add(reasons, "%s %s was %s after the cell, %s before", whose,
                values[i].what, values[i].after, values[i].before);
    if (strcmp(a->above, b->above) != 0)
        add(reasons,
            "the control groups above the guests were set to \"%s\" after the "
            "cell, \"%s\" before",
            *b->above ? b->above : "nothing", *a->above ? a->above : "nothing");
}

static void compare_settings(GPtrArray *reasons, const HvbCell *cell)
{
    guint n = MIN(cell->tunings->len, cell->tunings_after->len);

    for (guint i = 0; i < n; i++) {
        const HvbTuning *a = &g_array_index(cell->tunings, HvbTuning, i);
        const HvbTuning *b = &g_array_index(cell->tunings_after, HvbTuning, i);
        g_autofree char *whose = g_strdup_printf("guest %u's", i + 1);
        compare_numbers(reasons, whose, TRUE, a, b);
        compare_texts(reasons, whose, a, b);
    }
    compare_numbers(reasons, "the host services'", FALSE, &cell->services,
                    &cell->services_after);
    compare_texts(reasons, "the host services'", &cell->services,
                  &cell->services_after);
}

/* A quota as set, and what the kernel counted of it and charged below it. */
typedef struct {
    const char *who; /* "guest 1 was" */
    const char *of;  /* "a cap", "the limit of /machine" */
    gint64 quota_us; /* -1: none */
    gint64 period_us;
    gint64 burst_us;
    double window_ns;
    double charged_ns;
    HvbThrottling throttling;
} Quota;

static double percent_of(const Quota *quota, double ns)
{
    return 100.0 * ns / quota->window_ns;
}

static double cap_percent(const Quota *quota)
{
    return 100.0 * (double)quota->quota_us / (double)quota->period_us;
}

static void check_charge(GPtrArray *reasons, const Quota *quota)
{
    double share = (double)quota->quota_us / (double)quota->period_us;
    /* A window that begins late in one period and ends early in another holds
     * more than its share of either: less than a period in all, or on several
     * CPUs less than a quota. */
    double edge_us = (double)MAX(quota->period_us, quota->quota_us) +
                     (double)quota->burst_us;
    double allowed_ns =
        (share + TOLERANCE) * quota->window_ns + edge_us * NS_PER_US;

    if (quota->charged_ns > allowed_ns)
        add(reasons, "%s charged %.0f %% under %s of %.4g %%", quota->who,
            percent_of(quota, quota->charged_ns), quota->of,
            cap_percent(quota));
}

/* Only what wants more than its cap is throttled, and that it always is: but a
 * quota of a whole CPU and more may be all that one thread can use. */
static void check_whole(GPtrArray *reasons, const Quota *quota)
{
    double share = (double)quota->quota_us / (double)quota->period_us;

    if (share < 1.0 && quota->burst_us == 0 &&
        quota->charged_ns >= WHOLE * share * quota->window_ns &&
        quota->throttling.throttled_periods == 0)
        add(reasons, "%s charged all of %s of %.4g %%, and never throttled",
            quota->who, quota->of, cap_percent(quota));
}

static void check_periods(GPtrArray *reasons, const Quota *quota)
{
    const HvbThrottling *counted = &quota->throttling;
    double most = (1.0 + TOLERANCE) * quota->window_ns /
                      ((double)quota->period_us * NS_PER_US) +
                  2.0;

    if (counted->throttled_periods > counted->periods + 1)
        add(reasons,
            "%s throttled in %" G_GINT64_FORMAT " periods of %" G_GINT64_FORMAT,
            quota->who, counted->throttled_periods, counted->periods);
    if ((double)counted->periods > most)
        add(reasons,
            "%s given %" G_GINT64_FORMAT
            " periods of its quota in a window for "
            "%.0f of %" G_GINT64_FORMAT " us",
            quota->who, counted->periods, most, quota->period_us);
}

static void check_quota(GPtrArray *reasons, const Quota *quota)
{
    const HvbThrottling *counted = &quota->throttling;

    if (quota->quota_us < 0) {
        /* The last period of a quota that was just lifted may count yet. */
        if (counted->throttled_periods > 0 || counted->periods > 1)
            add(reasons,
                "%s under a quota for %" G_GINT64_FORMAT
                " periods, throttled in %" G_GINT64_FORMAT
                ", and should have none",
                quota->who, counted->periods, counted->throttled_periods);
        return;
    }
    if (quota->period_us <= 0)
        return;
    check_charge(reasons, quota);
    check_whole(reasons, quota);
    check_periods(reasons, quota);
}

static void check_guest(GPtrArray *reasons, const HvbTuning *tuning,
                        const HvbMeterRecord *meter)
{
    g_autofree char *guest = g_strdup_printf("guest %u was", meter->guest);
    g_autofree char *vcpu =
        g_strdup_printf("guest %u's vCPU was", meter->guest);
    const Quota quotas[] = {
        {vcpu, "a cap", tuning->vcpu_quota_us, tuning->vcpu_period_us,
         tuning->vcpu_burst_us, (double)meter->host_window_ns,
         (double)meter->host_vcpu_ns, meter->throttling[HVB_QUOTA_VCPU]},
        {guest, "a cap", tuning->vm_quota_us, tuning->vm_period_us,
         tuning->vm_burst_us, (double)meter->host_window_ns,
         (double)meter->host_cpu_ns, meter->throttling[HVB_QUOTA_VM]},
    };

    for (gsize i = 0; meter->host_window_ns > 0 && i < G_N_ELEMENTS(quotas);
         i++)
        check_quota(reasons, &quotas[i]);
}

/* What is above the guests holds for all of them together. That they are not
 * throttled proves nothing: others may be in those groups as well, and there
 * may be several quotas. */
static void check_above(GPtrArray *reasons, const HvbCell *cell)
{
    const HvbTuning *tuning = &g_array_index(cell->tunings, HvbTuning, 0);
    g_autofree char *of =
        g_strdup_printf("the limit of %s", tuning->limit_group);
    Quota all = {.who = "the guests together were",
                 .of = of,
                 .quota_us = *tuning->limit_group ? tuning->limit_quota_us : -1,
                 .period_us = tuning->limit_period_us,
                 .burst_us = tuning->limit_burst_us};

    for (guint i = 0; i < cell->meters->len; i++) {
        const HvbMeterRecord *meter =
            &g_array_index(cell->meters, HvbMeterRecord, i);
        if (meter->guest == 0)
            continue;
        all.charged_ns += (double)meter->host_cpu_ns;
        all.window_ns = (double)meter->host_window_ns;
        all.throttling = meter->throttling[HVB_QUOTA_ABOVE];
    }
    if (all.window_ns <= 0.0)
        return;
    if (all.quota_us < 0)
        check_quota(reasons, &all);
    else if (all.period_us > 0)
        check_charge(reasons, &all);
}

static void check_meters(GPtrArray *reasons, const HvbCell *cell)
{
    for (guint i = 0; i < cell->meters->len; i++) {
        const HvbMeterRecord *meter =
            &g_array_index(cell->meters, HvbMeterRecord, i);
        if (meter->guest > 0 && meter->guest <= cell->tunings->len)
            check_guest(reasons,
                        &g_array_index(cell->tunings, HvbTuning,
                                       meter->guest - 1),
                        meter);
    }
    if (cell->tunings->len > 0)
        check_above(reasons, cell);
}

void hvb_changes_find(const HvbCell *cell, GPtrArray *reasons)
{
    compare_settings(reasons, cell);
    for (guint i = 0; i < cell->changes->len; i++)
        add(reasons, "%s", (const char *)cell->changes->pdata[i]);
    check_meters(reasons, cell);
}
