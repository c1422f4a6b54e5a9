/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conductor: leads a bed through the cells of a plan.
 *
 *   conductor = hvb_conductor_new (bed, profiles, &hooks, ...);
 *   hvb_conductor_prepare (conductor, scenarios, ...)  calibrate, references
 *   for each cell of the plan on this bed:
 *     hvb_conductor_run_cell (conductor, cell, ...);  with its reruns
 *   hvb_conductor_free (conductor);
 *
 * A cell's life: set host CPUs, caps, weights and managers and read them back;
 * set the load, the host's services too; settle; open the window; collect
 * samples and meters; close it; read again what was set; drain; stop the load;
 * lift caps; check the calibration; judge; hand over. The check after a cell
 * takes half a second and more for each guest, hence only the measured ones are
 * checked, and of the others that are loaded one after each cell, in turn. A
 * guest that is found drifted is calibrated anew before the next cell, so that
 * one cell is suspect and not all that follow.
 *
 * A guest without a link has no agent: it is placed, tuned and metered, and
 * never asked anything. */
#ifndef HVB_RUN_CONDUCTOR_H
#define HVB_RUN_CONDUCTOR_H

#include "hvbench/run/cell.h"
#include "hvbench/run/plan.h"

/* What the conductor tells while it works; any but cell_ends may be NULL. All
 * arguments are borrowed unless said otherwise. */
typedef struct {
    /* In a few words, what goes on now. */
    void (*phase)(const char *what, gpointer user_data);
    /* Something worth keeping that belongs to no cell: `kind` is "note" (an
     * agent's), "host", "limit" or "calibration". */
    void (*note)(const char *kind, const char *text, gpointer user_data);
    /* For each guest once before the first cell, and whenever one has been
     * calibrated anew. References are 0 if it is never measured, and so is its
     * calibration if it is not loaded either. */
    gboolean (*guest_ready)(guint guest, const HvbGuest *said,
                            const WireCalibration *calibration,
                            const HvbReferences *references, gpointer user_data,
                            GError **error);
    void (*cell_begins)(const HvbCell *cell, gpointer user_data);
    /* Samples were added to the cell under way. */
    void (*samples)(const HvbCell *cell, gpointer user_data);
    /* Takes the finished cell over. Returning FALSE ends the run. */
    gboolean (*cell_ends)(HvbCell *cell, gpointer user_data, GError **error);
} HvbConductorHooks;

typedef struct _HvbConductor HvbConductor;

/* All arguments are borrowed and must outlive the conductor. */
HvbConductor *hvb_conductor_new(HvbBed *bed, GPtrArray *profiles,
                                const HvbConductorHooks *hooks,
                                gpointer user_data, GCancellable *cancellable);
void hvb_conductor_free(HvbConductor *conductor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbConductor, hvb_conductor_free)

/* Calibrates, alone and quiet, each guest that one of the profiles that have
 * `scenarios[i]` loads or measures, measures the reference times of those that
 * are measured, and calibrates the host's own agent if the bed has one. Errors:
 * those of a link. */
gboolean hvb_conductor_prepare(HvbConductor *conductor,
                               const gboolean *scenarios, GError **error);

/* Runs the cell, and runs it again while it is disturbed and reruns are left;
 * each attempt is handed over. A cell that did not end (a guest was lost, the
 * run was cancelled) is handed over as HVB_CELL_FAILED, then the error is
 * returned: HVB_BED_ERROR_*, G_IO_ERROR_CANCELLED, or what cell_ends said. */
gboolean hvb_conductor_run_cell(HvbConductor *conductor,
                                const HvbPlanCell *planned, GError **error);

#endif
