/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/cell.h"

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

void hvb_event_record_clear(HvbEventRecord *event)
{
    g_clear_pointer(&event->kind, g_free);
    g_clear_pointer(&event->text, g_free);
}

HvbCell *hvb_cell_new(void)
{
    HvbCell *cell = g_new0(HvbCell, 1);

    cell->samples = g_array_new(FALSE, FALSE, sizeof(HvbSample));
    cell->meters = g_array_new(FALSE, FALSE, sizeof(HvbMeterRecord));
    cell->tunings = g_array_new(FALSE, FALSE, sizeof(HvbTuning));
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
    g_array_unref(cell->meters);
    g_array_unref(cell->tunings);
    g_array_unref(cell->events);
    g_free(cell->why);
    g_free(cell);
}
