/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/p3.h"
#include "hvbench/results/compare.h"
#include "hvbench/results/delay.h"

#include <math.h>

#define NS_PER_MS 1000000

const guint hvb_p3_edges_ms[HVB_P3_BINS - 1] = {
    50, 100, 150, 200, 300, 400, 500, 750, 1000, 1500, 2000,
};

HvbP3 *hvb_p3_new(const char *scenario, const char *figure, const char *title,
                  WireOperation headline)
{
    HvbP3 *p3 = g_new0(HvbP3, 1);

    p3->scenario = g_strdup(scenario);
    p3->figure = g_strdup(figure);
    p3->title = g_strdup(title);
    p3->headline = headline;
    p3->levels = g_array_new(FALSE, TRUE, sizeof(HvbP3Level));
    return p3;
}

HvbP3 *hvb_p3_for_profile(const HvbProfile *profile)
{
    HvbP3 *p3 = hvb_p3_new(profile->name, profile->figure, profile->title,
                           profile->headline);
    gboolean has_own = FALSE;

    p3->vantage = hvb_profile_vantage(profile);
    for (guint i = 0; i < profile->n_guests; i++)
        has_own = has_own || profile->guests[i].measured == HVB_MEASURED_YES;
    for (guint i = 0; has_own && i < profile->n_guests; i++)
        p3->left_out[i] = profile->guests[i].measured == HVB_MEASURED_APART;
    return p3;
}

HvbP3 *hvb_p3_for_guest(const HvbProfile *profile, guint guest)
{
    HvbP3 *p3 = hvb_p3_new(profile->name, profile->figure, profile->title,
                           profile->headline);

    p3->vantage = hvb_profile_vantage(profile);
    for (guint i = 0; i < HVB_MAX_GUESTS; i++)
        p3->left_out[i] = i + 1 != guest;
    return p3;
}

static gboolean is_left_out(const HvbP3 *p3, guint guest)
{
    return guest >= 1 && guest <= HVB_MAX_GUESTS && p3->left_out[guest - 1];
}

gboolean hvb_p3_counts_sample(const HvbP3 *p3, const HvbSample *sample)
{
    return sample->vantage == p3->vantage && !is_left_out(p3, sample->guest);
}

void hvb_p3_free(HvbP3 *p3)
{
    if (!p3)
        return;
    g_free(p3->scenario);
    g_free(p3->figure);
    g_free(p3->title);
    g_array_unref(p3->levels);
    g_free(p3);
}

double hvb_p3_quantile(const double *sorted, gsize n, double q)
{
    double place, below;
    gsize i;

    if (n == 0)
        return NAN;
    place = CLAMP(q, 0.0, 1.0) * (double)(n - 1);
    below = floor(place);
    i = (gsize)below;
    if (i + 1 >= n)
        return sorted[n - 1];
    return sorted[i] + (place - below) * (sorted[i + 1] - sorted[i]);
}

guint hvb_p3_bin(gint64 delay_ns)
{
    guint bin = 0;

    while (bin < HVB_P3_BINS - 1 &&
           delay_ns >= (gint64)hvb_p3_edges_ms[bin] * NS_PER_MS)
        bin++;
    return bin;
}

/* Counts the cell's samples of `operation` into `row` and appends their delays
 * in ms to `delays` (HvbBlockValue, as block `block`). Returns how many. */
static guint add_cell(const HvbP3 *p3, HvbP3Row *row, const HvbCell *cell,
                      WireOperation operation, guint block, GArray *delays)
{
    guint before = delays->len;

    for (guint i = 0; i < cell->samples->len; i++) {
        const HvbSample *sample = &g_array_index(cell->samples, HvbSample, i);
        const HvbBlockValue delay = {(double)sample->delay_ns / NS_PER_MS,
                                     block};

        if (sample->raw.operation != operation ||
            !hvb_p3_counts_sample(p3, sample))
            continue;
        if (sample->raw.flags & WIRE_SAMPLE_FAILED) {
            row->failed++;
            continue;
        }
        if (sample->raw.flags & WIRE_SAMPLE_CENSORED)
            row->censored++;
        row->count[hvb_p3_bin(sample->delay_ns)]++;
        g_array_append_val(delays, delay);
    }
    return delays->len - before;
}

static double told_quantile(const double *sorted, gsize n, double q)
{
    return hvb_delay_told(hvb_p3_quantile(sorted, n, q));
}

/* `delays` are HvbBlockValue, ascending. */
static void summarize(HvbP3Row *row, const GArray *delays)
{
    gsize n = delays->len;
    g_autofree double *sorted = g_new0(double, n + 1);
    double total = n > 0 ? (double)n : NAN;
    double sum = 0.0;
    guint over_1s = 0;

    for (gsize i = 0; i < n; i++) {
        sorted[i] = g_array_index(delays, HvbBlockValue, i).value;
        sum += sorted[i];
    }
    row->samples = delays->len;
    row->signed_mean_ms = sum / total;
    row->mean_ms = hvb_delay_told(row->signed_mean_ms);
    row->mean_low_ms = row->mean_high_ms = row->half_width_ms = NAN;
    row->p90_low_ms = row->p90_high_ms = row->resolution_ms = NAN;
    row->p10_ms = told_quantile(sorted, n, 0.1);
    row->p50_ms = told_quantile(sorted, n, 0.5);
    row->p90_ms = told_quantile(sorted, n, 0.9);
    row->p99_ms =
        n >= HVB_P3_P99_SAMPLES ? told_quantile(sorted, n, 0.99) : NAN;
    row->max_ms = told_quantile(sorted, n, 1.0);
    row->spread_ms = row->p90_ms - row->p10_ms;
    for (guint bin = 0; bin < HVB_P3_BINS; bin++) {
        row->share[bin] = row->count[bin] / total;
        if (bin > 0 && hvb_p3_edges_ms[bin - 1] >= 1000)
            over_1s += row->count[bin];
    }
    row->within_50ms = row->share[0];
    row->over_1s = over_1s / total;
}

static gboolean has_cell_under_way(GPtrArray *cells)
{
    for (guint i = 0; i < cells->len; i++)
        if (((const HvbCell *)cells->pdata[i])->status == HVB_CELL_PLANNED)
            return TRUE;
    return FALSE;
}

static void set_intervals(HvbP3Row *row, const GArray *delays, guint n_cells)
{
    HvbInterval mean =
        hvb_bootstrap(delays, n_cells, hvb_statistic_mean, 0.0, HVB_CONFIDENCE);
    HvbInterval p90 = hvb_bootstrap(delays, n_cells, hvb_statistic_quantile,
                                    0.9, HVB_CONFIDENCE);
    HvbInterval equal = hvb_interval_difference(&mean, &mean, HVB_CONFIDENCE);

    row->half_width_ms = (mean.high - mean.low) / 2;
    row->mean_low_ms = hvb_delay_told(mean.low);
    row->mean_high_ms = hvb_delay_told(mean.high);
    row->p90_low_ms = hvb_delay_told(p90.low);
    row->p90_high_ms = hvb_delay_told(p90.high);
    row->resolution_ms =
        hvb_interval_visible(&equal, HVB_CONFIDENCE, HVB_COMPARE_POWER);
}

static void fill_row(const HvbP3 *p3, HvbP3Row *row, WireOperation operation,
                     GPtrArray *cells)
{
    g_autoptr(GArray) delays = g_array_new(FALSE, FALSE, sizeof(HvbBlockValue));
    guint blocks = 0;

    for (guint i = 0; i < cells->len; i++)
        blocks +=
            add_cell(p3, row, cells->pdata[i], operation, blocks, delays) > 0;
    hvb_block_values_sort(delays);
    summarize(row, delays);
    /* Resampling costs CPU, which shall not be taken while a cell is measured;
     * and an interval must not be made of half a cell. */
    if (!has_cell_under_way(cells))
        set_intervals(row, delays, blocks);
}

gboolean hvb_p3_counts_guest(const HvbP3 *p3, const HvbCell *cell, guint guest)
{
    if (is_left_out(p3, guest))
        return FALSE;
    for (guint i = 0; i < cell->samples->len; i++)
        if (g_array_index(cell->samples, HvbSample, i).guest == guest)
            return TRUE;
    return FALSE;
}

/* Busy time and the time it is a part of. */
typedef struct {
    double busy_ns;
    double window_ns;
} Share;

static void add_share(Share *share, double busy_ns, double window_ns)
{
    if (window_ns <= 0)
        return;
    share->busy_ns += MAX(busy_ns, 0.0);
    share->window_ns += window_ns;
}

static double share_percent(const Share *share)
{
    if (share->window_ns <= 0.0)
        return NAN;
    return 100.0 * share->busy_ns / share->window_ns;
}

/* In doubles: a guest may report any number. */
static double busy_of(const HvbMeterRecord *m)
{
    return (double)m->user_ns + (double)m->system_ns + (double)m->steal_ns;
}

static void fill_busy(const HvbP3 *p3, HvbP3Level *row, GPtrArray *cells)
{
    Share guest = {0}, host = {0}, total = {0};

    for (guint c = 0; c < cells->len; c++) {
        const HvbCell *cell = cells->pdata[c];
        for (guint i = 0; i < cell->meters->len; i++) {
            const HvbMeterRecord *m =
                &g_array_index(cell->meters, HvbMeterRecord, i);

            if (m->guest == 0) {
                add_share(&total, busy_of(m), busy_of(m) + (double)m->idle_ns);
                continue;
            }
            if (!hvb_p3_counts_guest(p3, cell, m->guest))
                continue;
            if (m->has_guest_view)
                add_share(&guest, hvb_meter_record_busy_ns(m),
                          (double)m->guest_window_ns);
            add_share(&host, (double)m->host_cpu_ns, (double)m->host_window_ns);
        }
    }
    row->guest_busy_percent = share_percent(&guest);
    row->host_busy_percent = share_percent(&host);
    row->host_total_percent = share_percent(&total);
}

static gboolean counts(const HvbCell *cell)
{
    return cell->status == HVB_CELL_DONE ||
           (cell->status == HVB_CELL_PLANNED && cell->samples->len > 0);
}

/* Counts the level's cells into `row` and returns those that it is made of,
 * borrowed. */
static GPtrArray *choose_cells(HvbP3Level *row, GPtrArray *cells)
{
    GPtrArray *chosen = g_ptr_array_new();

    for (guint i = 0; i < cells->len; i++) {
        HvbCell *cell = cells->pdata[i];
        if (cell->level != row->level)
            continue;
        if (cell->status == HVB_CELL_DISTURBED ||
            cell->status == HVB_CELL_FAILED)
            row->disturbed++;
        if (!counts(cell))
            continue;
        row->cells++;
        row->suspect += cell->suspect ? 1 : 0;
        if (cell->status == HVB_CELL_DONE)
            hvb_tally_add(&row->tally, cell);
        g_ptr_array_add(chosen, cell);
    }
    return chosen;
}

/* The row of `level`, put into its place if there is none yet. */
static HvbP3Level *find_level(HvbP3 *p3, HvbLevel level)
{
    HvbP3Level row = {.level = level};
    guint i = 0;

    while (i < p3->levels->len &&
           g_array_index(p3->levels, HvbP3Level, i).level < level)
        i++;
    if (i == p3->levels->len ||
        g_array_index(p3->levels, HvbP3Level, i).level != level)
        g_array_insert_val(p3->levels, i, row);
    return &g_array_index(p3->levels, HvbP3Level, i);
}

void hvb_p3_update_level(HvbP3 *p3, HvbLevel level, GPtrArray *cells)
{
    HvbP3Level *row = find_level(p3, level);
    g_autoptr(GPtrArray) chosen = NULL;

    *row = (HvbP3Level){.level = level};
    chosen = choose_cells(row, cells);
    for (guint op = 0; op < WIRE_N_OPERATIONS; op++)
        fill_row(p3, &row->operations[op], (WireOperation)op, chosen);
    fill_busy(p3, row, chosen);
}

HvbTally hvb_p3_tally(const HvbP3 *p3)
{
    HvbTally all = {0};

    for (guint i = 0; i < p3->levels->len; i++)
        hvb_tally_add_up(&all, &g_array_index(p3->levels, HvbP3Level, i).tally);
    return all;
}
