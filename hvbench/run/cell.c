/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/cell.h"

#include <gsl/gsl_statistics.h>
#include <math.h>

const char *hvb_cell_status_name(HvbCellStatus status)
{
    static const char *const names[] = {
        [HVB_CELL_PLANNED] = "planned",
        [HVB_CELL_DONE] = "done",
        [HVB_CELL_DISTURBED] = "disturbed",
        [HVB_CELL_FAILED] = "failed",
    };

    g_return_val_if_fail((guint)status < G_N_ELEMENTS(names), NULL);
    return names[status];
}

double hvb_meter_record_busy_ns(const HvbMeterRecord *meter)
{
    /* In doubles: a guest may report any number. */
    double window_ns = (double)meter->guest_window_ns;
    double idle_ns = fmax((double)meter->idle_ns, 0.0);
    double total_ns = (double)meter->user_ns + (double)meter->system_ns +
                      (double)meter->steal_ns + idle_ns;
    double cpus =
        window_ns > 0.0 ? fmax(round(total_ns / window_ns), 1.0) : 0.0;

    return fmax(cpus * window_ns - idle_ns, 0.0);
}

void hvb_event_record_clear(HvbEventRecord *event)
{
    g_clear_pointer(&event->kind, g_free);
    g_clear_pointer(&event->text, g_free);
}

static int compare_ns(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a;
    gint64 y = *(const gint64 *)b;

    return (x > y) - (x < y);
}

void hvb_times_sort(GArray *times_ns)
{
    g_array_sort(times_ns, compare_ns);
}

double hvb_values_mean(const GArray *values)
{
    return values->len > 0
               ? gsl_stats_mean((double *)values->data, 1, values->len)
               : NAN;
}

HvbCell *hvb_cell_new(void)
{
    HvbCell *cell = g_new0(HvbCell, 1);

    cell->samples = g_array_new(FALSE, FALSE, sizeof(HvbSample));
    cell->clocks = g_array_new(FALSE, FALSE, sizeof(HvbClockRecord));
    cell->meters = g_array_new(FALSE, FALSE, sizeof(HvbMeterRecord));
    cell->tunings = g_array_new(FALSE, FALSE, sizeof(HvbTuning));
    cell->tunings_after = g_array_new(FALSE, FALSE, sizeof(HvbTuning));
    cell->changes = g_ptr_array_new_with_free_func(g_free);
    cell->events = g_array_new(FALSE, FALSE, sizeof(HvbEventRecord));
    g_array_set_clear_func(cell->events,
                           (GDestroyNotify)hvb_event_record_clear);
    return cell;
}

void hvb_cell_free(HvbCell *cell)
{
    if (!cell)
        return;
    g_array_unref(cell->samples);
    g_array_unref(cell->clocks);
    g_array_unref(cell->meters);
    g_array_unref(cell->tunings);
    g_array_unref(cell->tunings_after);
    g_ptr_array_unref(cell->changes);
    g_array_unref(cell->events);
    g_free(cell->why);
    g_free(cell->stood);
    g_free(cell);
}
