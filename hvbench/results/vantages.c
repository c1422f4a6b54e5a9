/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/vantages.h"

#include "hvbench/results/delay.h"

#include <math.h>

#define NS_PER_MS 1e6

/* Adds the cell to the row. Returns client - server, NaN if it lacks one. */
static double add_cell(HvbVantageRow *row, HvbP3 *p3, const HvbCell *cell)
{
    double mean[WIRE_N_VANTAGES];

    for (guint v = 0; v < WIRE_N_VANTAGES; v++) {
        p3->vantage = (WireVantage)v;
        g_autoptr(GArray) delays = hvb_cell_delays(p3, cell);
        mean[v] = hvb_values_mean(delays);
        row->samples[v] += delays->len;
    }
    if (isnan(mean[WIRE_SERVER]) || isnan(mean[WIRE_CLIENT]))
        return NAN;
    for (guint v = 0; v < WIRE_N_VANTAGES; v++)
        row->mean_ms[v] += (mean[v] - row->mean_ms[v]) / (row->cells + 1);
    row->cells++;
    row->late_send_ms =
        fmax(row->late_send_ms, (double)cell->late_send_ns / NS_PER_MS);
    return mean[WIRE_CLIENT] - mean[WIRE_SERVER];
}

static void add_level(GArray *rows, HvbP3 *p3, const GPtrArray *cells,
                      HvbLevel level)
{
    g_autoptr(GArray) differences =
        g_array_new(FALSE, FALSE, sizeof(HvbObservation));
    HvbVantageRow row = {.level = level};

    for (guint i = 0; i < cells->len; i++) {
        const HvbCell *cell = cells->pdata[i];
        if (cell->level != level)
            continue;
        const HvbObservation difference = {0, cell->repetition,
                                           add_cell(&row, p3, cell)};
        if (!isnan(difference.value))
            g_array_append_val(differences, difference);
    }
    if (row.cells == 0)
        return;
    row.difference = hvb_interval_of(differences, HVB_CONFIDENCE);
    for (guint v = 0; v < WIRE_N_VANTAGES; v++)
        row.mean_ms[v] = hvb_delay_told(row.mean_ms[v]);
    g_array_append_val(rows, row);
}

GArray *hvb_vantages_compare(const HvbRunRecord *run, guint scenario)
{
    const HvbProfile *profile = run->profiles->pdata[scenario];
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(HvbVantageRow));
    g_autoptr(HvbP3) p3 = hvb_p3_for_profile(profile);
    g_autoptr(GPtrArray) cells = hvb_counted_cells(run, scenario);

    if (profile->vantages != HVB_VANTAGES_BOTH)
        return rows;
    for (guint level = 0; level < HVB_N_LEVELS; level++)
        add_level(rows, p3, cells, (HvbLevel)level);
    return rows;
}
