/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/knee.h"

#include <math.h>

/* One repetition's levels, NaN where it has no cell. */
typedef struct {
    double delay_ms[HVB_N_LEVELS];
    double place[HVB_N_LEVELS]; /* on the axis */
} Course;

#define ALL_LEVELS HVB_LEVELS(HVB_LEVEL_NONE, HVB_LEVEL_OVERLOAD)

static guint first_loaded(const HvbProfile *profile)
{
    for (guint i = 0; i < profile->n_guests; i++)
        if (profile->guests[i].loaded)
            return i + 1;
    return 1;
}

/* NaN: the host was not metered. */
static double measure_host(HvbP3 *p3, HvbCell *cell, gpointer user_data)
{
    const HvbProfile *profile = user_data;

    (void)p3;
    for (guint i = 0; i < cell->meters->len; i++) {
        const HvbMeterRecord *m =
            &g_array_index(cell->meters, HvbMeterRecord, i);
        if (m->guest != 0 || m->host_window_ns <= 0)
            continue;
        double window_ns = (double)m->host_window_ns;
        double busy_ns =
            (double)m->user_ns + (double)m->system_ns + (double)m->steal_ns;
        double cpus = round((busy_ns + (double)m->idle_ns) / window_ns);
        if (profile->cpus > 0)
            cpus = fmin(cpus, profile->cpus);
        return 100.0 * busy_ns / (window_ns * fmax(cpus, 1.0));
    }
    return NAN;
}

static double value_at(const GArray *observations, guint level,
                       guint repetition)
{
    for (guint i = 0; i < observations->len; i++) {
        const HvbObservation *o =
            &g_array_index(observations, HvbObservation, i);
        if (o->stratum == level && o->repetition == repetition)
            return o->value;
    }
    return NAN;
}

/* NaN: the course does not tell. */
static double find_knee(const Course *course, gboolean *ret_open)
{
    double limit_ms = course->delay_ms[HVB_LEVEL_NONE] + HVB_KNEE_MS;
    guint before = HVB_LEVEL_NONE;

    if (isnan(limit_ms) || isnan(course->place[HVB_LEVEL_NONE]))
        return NAN;
    for (guint l = HVB_LEVEL_LOW; l < HVB_N_LEVELS; l++) {
        double delay_ms = course->delay_ms[l];
        if (isnan(delay_ms) || isnan(course->place[l]))
            continue;
        double from_ms = course->delay_ms[before];
        double from = course->place[before];
        /* Delays are no straight line over levels that were left out. */
        if (delay_ms > limit_ms && l != before + 1)
            return NAN;
        if (delay_ms > limit_ms)
            return from + (limit_ms - from_ms) / (delay_ms - from_ms) *
                              (course->place[l] - from);
        before = l;
    }
    if (before == HVB_LEVEL_NONE)
        return NAN;
    *ret_open = TRUE;
    return course->place[before];
}

GArray *hvb_observe_knee(const HvbRunRecord *run, const char *scenario,
                         HvbKneeAxis axis, gboolean *ret_open)
{
    GArray *knees = g_array_new(FALSE, FALSE, sizeof(HvbObservation));
    g_autoptr(GArray) delays =
        hvb_observe(run, scenario, ALL_LEVELS, HVB_MEASURE_DELAY, 0);
    g_autoptr(GArray) totals = NULL;
    HvbProfile *profile;
    guint index;

    *ret_open = FALSE;
    if (!hvb_run_find_scenario(run, scenario, &index))
        return knees;
    profile = run->profiles->pdata[index];
    totals = hvb_observe_func(run, scenario, ALL_LEVELS, measure_host, profile);
    for (guint i = 0; i < delays->len; i++) {
        const HvbObservation *o = &g_array_index(delays, HvbObservation, i);
        HvbObservation knee = {.repetition = o->repetition};
        Course course;
        if (o->stratum != HVB_LEVEL_NONE)
            continue;
        for (guint l = 0; l < HVB_N_LEVELS; l++) {
            course.delay_ms[l] = value_at(delays, l, o->repetition);
            course.place[l] =
                axis == HVB_KNEE_HOST_TOTAL
                    ? value_at(totals, l, o->repetition)
                    : hvb_users_percent(profile, first_loaded(profile),
                                        (HvbLevel)l);
        }
        knee.value = find_knee(&course, ret_open);
        if (!isnan(knee.value))
            g_array_append_val(knees, knee);
    }
    return knees;
}

void hvb_knee_open(HvbInterval *interval, gboolean open_a, gboolean open_b)
{
    if (open_a)
        interval->low = -INFINITY;
    if (open_b)
        interval->high = INFINITY;
}
