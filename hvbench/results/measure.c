/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/measure.h"

#include "loadgen/operations.h"

#include <gsl/gsl_sort.h>
#include <math.h>

#define NS_PER_MS 1e6

static const struct {
    const char *name;
    const char *unit;
} measures[HVB_N_MEASURES] = {
    [HVB_MEASURE_UNSAID] = {"", ""},
    [HVB_MEASURE_DELAY] = {"mean delay", "ms"},
    [HVB_MEASURE_SPREAD] = {"spread of the delay", "ms"},
    [HVB_MEASURE_WITHIN] = {"share under 50 ms", "%"},
    [HVB_MEASURE_OVER] = {"share of 1 s and more", "%"},
    [HVB_MEASURE_RESPONSE] = {"mean response time", "ms"},
    [HVB_MEASURE_GUEST_BUSY] = {"CPU by the guest's own meter", "%"},
    [HVB_MEASURE_HOST_BUSY] = {"CPU charged by the host", "%"},
    [HVB_MEASURE_VCPU] = {"CPU of the vCPU", "%"},
    [HVB_MEASURE_EMULATOR] = {"CPU of the emulator", "%"},
    [HVB_MEASURE_USED] = {"CPU used in the guest", "%"},
    [HVB_MEASURE_HOST_TOTAL] = {"CPU of the whole host", "%"},
};

const char *hvb_measure_name(HvbMeasure measure)
{
    g_return_val_if_fail((guint)measure < HVB_N_MEASURES, NULL);
    return measures[measure].name;
}

const char *hvb_measure_unit(HvbMeasure measure)
{
    g_return_val_if_fail((guint)measure < HVB_N_MEASURES, NULL);
    return measures[measure].unit;
}

gboolean hvb_run_find_scenario(const HvbRunRecord *run, const char *name,
                               guint *ret_scenario)
{
    for (guint i = 0; i < run->profiles->len; i++) {
        const HvbProfile *profile = run->profiles->pdata[i];
        if (!g_str_equal(profile->name, name))
            continue;
        *ret_scenario = i;
        return TRUE;
    }
    return FALSE;
}

/* Puts the cell in the place of an earlier attempt, or after all others. */
static void take_cell(GPtrArray *counted, HvbCell *cell)
{
    for (guint i = 0; i < counted->len; i++) {
        const HvbCell *other = counted->pdata[i];
        if (other->level != cell->level ||
            other->repetition != cell->repetition)
            continue;
        if (cell->attempt >= other->attempt)
            counted->pdata[i] = cell;
        return;
    }
    g_ptr_array_add(counted, cell);
}

GPtrArray *hvb_counted_cells(const HvbRunRecord *run, guint scenario)
{
    GPtrArray *counted = g_ptr_array_new();

    for (guint i = 0; i < run->cells->len; i++) {
        HvbCell *cell = run->cells->pdata[i];
        if (cell->scenario == scenario && cell->status == HVB_CELL_DONE)
            take_cell(counted, cell);
    }
    return counted;
}

static gboolean is_headline(const HvbP3 *p3, const HvbSample *sample)
{
    return sample->raw.operation == p3->headline &&
           !(sample->raw.flags & WIRE_SAMPLE_FAILED) &&
           hvb_p3_counts_sample(p3, sample);
}

GArray *hvb_cell_delays(const HvbP3 *p3, const HvbCell *cell)
{
    GArray *delays = g_array_new(FALSE, FALSE, sizeof(double));

    for (guint i = 0; i < cell->samples->len; i++) {
        const HvbSample *sample = &g_array_index(cell->samples, HvbSample, i);
        double delay_ms = (double)sample->delay_ns / NS_PER_MS;
        if (is_headline(p3, sample))
            g_array_append_val(delays, delay_ms);
    }
    gsl_sort((double *)delays->data, 1, delays->len);
    return delays;
}

static double response_of(const HvbP3 *p3, const HvbCell *cell)
{
    double sum_ns = 0.0;
    guint n = 0;

    for (guint i = 0; i < cell->samples->len; i++) {
        const HvbSample *sample = &g_array_index(cell->samples, HvbSample, i);
        if (!is_headline(p3, sample))
            continue;
        sum_ns += (double)sample->response_ns;
        n++;
    }
    return n > 0 ? sum_ns / n / NS_PER_MS : NAN;
}

/* CPU time and the time in which it was used. Doubles: a guest may report any
 * number. */
typedef struct {
    double cpu_ns;
    double window_ns;
} Use;

static Use use_of(const HvbMeterRecord *m, HvbMeasure measure)
{
    double window_ns = (double)m->host_window_ns;

    if (measure == HVB_MEASURE_VCPU)
        return (Use){(double)m->host_vcpu_ns, window_ns};
    if (measure == HVB_MEASURE_EMULATOR)
        return (Use){(double)m->host_emulator_ns, window_ns};
    if (!m->has_guest_view)
        return (Use){0.0, 0.0};
    return (Use){(double)m->users_cpu_ns + (double)m->probes_cpu_ns +
                     (double)m->agent_cpu_ns + (double)m->manager_cpu_ns,
                 (double)m->guest_window_ns};
}

static double cpu_of(const HvbP3 *p3, const HvbCell *cell, HvbMeasure measure)
{
    Use all = {0};

    for (guint i = 0; i < cell->meters->len; i++) {
        const HvbMeterRecord *m =
            &g_array_index(cell->meters, HvbMeterRecord, i);
        if (m->guest == 0 || !hvb_p3_counts_guest(p3, cell, m->guest))
            continue;
        Use use = use_of(m, measure);
        all.cpu_ns += use.cpu_ns;
        all.window_ns += use.window_ns;
    }
    return all.window_ns > 0.0 ? 100.0 * all.cpu_ns / all.window_ns : NAN;
}

/* What the P3 of this cell alone says. */
static double p3_value(HvbP3 *p3, HvbCell *cell, HvbMeasure measure)
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new();
    const HvbP3Level *level;
    const HvbP3Row *row;

    g_ptr_array_add(cells, cell);
    g_array_set_size(p3->levels, 0);
    hvb_p3_update_level(p3, cell->level, cells);
    level = &g_array_index(p3->levels, HvbP3Level, 0);
    row = &level->operations[p3->headline];
    switch (measure) {
    case HVB_MEASURE_DELAY:
        return row->signed_mean_ms;
    case HVB_MEASURE_SPREAD:
        return row->spread_ms;
    case HVB_MEASURE_WITHIN:
        return 100.0 * row->within_50ms;
    case HVB_MEASURE_OVER:
        return 100.0 * row->over_1s;
    case HVB_MEASURE_GUEST_BUSY:
        return level->guest_busy_percent;
    case HVB_MEASURE_HOST_BUSY:
        return level->host_busy_percent;
    default:
        return level->host_total_percent;
    }
}

static double value_of(HvbP3 *p3, HvbCell *cell, HvbMeasure measure)
{
    switch (measure) {
    case HVB_MEASURE_RESPONSE:
        return response_of(p3, cell);
    case HVB_MEASURE_VCPU:
    case HVB_MEASURE_EMULATOR:
    case HVB_MEASURE_USED:
        return cpu_of(p3, cell, measure);
    default:
        return p3_value(p3, cell, measure);
    }
}

typedef struct {
    HvbMeasure measure;
    guint64 guests;
} Wanted;

static double measure_cell(HvbP3 *p3, HvbCell *cell, gpointer user_data)
{
    const Wanted *wanted = user_data;

    for (guint i = 0; wanted->guests != 0 && i < HVB_MAX_GUESTS; i++)
        p3->left_out[i] = !(wanted->guests >> i & 1);
    return value_of(p3, cell, wanted->measure);
}

static guint place_among(guint levels, HvbLevel level)
{
    guint place = 0;

    for (guint l = 0; l < level; l++)
        place += levels >> l & 1;
    return place;
}

GArray *hvb_observe_func(const HvbRunRecord *run, const char *scenario,
                         guint levels, HvbMeasureFunc func, gpointer user_data)
{
    GArray *observations = g_array_new(FALSE, FALSE, sizeof(HvbObservation));
    g_autoptr(GPtrArray) cells = NULL;
    g_autoptr(HvbP3) p3 = NULL;
    guint index;

    if (!hvb_run_find_scenario(run, scenario, &index))
        return observations;
    cells = hvb_counted_cells(run, index);
    p3 = hvb_p3_for_profile(run->profiles->pdata[index]);
    for (guint i = 0; i < cells->len; i++) {
        HvbCell *cell = cells->pdata[i];
        if (!(levels & HVB_LEVEL_BIT(cell->level)))
            continue;
        const HvbObservation o = {
            .stratum = place_among(levels, cell->level),
            .repetition = cell->repetition,
            .value = func(p3, cell, user_data),
        };
        if (!isnan(o.value))
            g_array_append_val(observations, o);
    }
    return observations;
}

GArray *hvb_observe(const HvbRunRecord *run, const char *scenario, guint levels,
                    HvbMeasure measure, guint64 guests)
{
    Wanted wanted = {measure, guests};

    return hvb_observe_func(run, scenario, levels, measure_cell, &wanted);
}

double hvb_users_percent(const HvbProfile *profile, guint guest, HvbLevel level)
{
    const HvbGuestProfile *settings = &profile->guests[guest - 1];
    double burst_ms =
        profile->burst_mean_ms * (1.0 - exp(-(double)profile->burst_cut));

    if (!settings->loaded)
        return 0.0;
    return 100.0 * settings->users[level] * burst_ms /
           (burst_ms + profile->think_mean_ms);
}

double hvb_probes_percent(const HvbProfile *profile)
{
    double operations = 0.0, busy_ms = 0.0;

    for (guint i = 0; i < WIRE_N_OPERATIONS; i++) {
        operations += profile->mix[i];
        busy_ms += profile->mix[i] * operation_work_ms((WireOperation)i);
    }
    return 100.0 * busy_ms / (operations * profile->slot_ms);
}
