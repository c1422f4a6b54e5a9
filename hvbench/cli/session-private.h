/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the two halves of a session share: session.c makes the beds,
 * session-cells.c takes what their cells yield. */
#ifndef HVB_CLI_SESSION_PRIVATE_H
#define HVB_CLI_SESSION_PRIVATE_H

#include "hvbench/bed/connection.h"
#include "hvbench/cli/progress.h"
#include "hvbench/cli/session.h"
#include "hvbench/run/conductor.h"

typedef struct {
    const HvbSessionSettings *settings;
    HvbProgress *progress;
    guint log_handler;
    GPtrArray *cells;          /* HvbCell *, all so far */
    GPtrArray *p3s;            /* HvbP3 *, per scenario */
    gboolean *enforced_shown;  /* per scenario */
    gboolean *drawn;           /* per scenario */
    HvbConnection *connection; /* NULL: not needed yet */
    int lock;                  /* the machine's, while there is no connection
                                * to hold it; -1: not held */
    guint calibrated;  /* agents of the bed so far, the host's own counted */
    gint64 lap_us;     /* until when time was entered */
    gint64 updated_us; /* when the cell under way was last shown */
} HvbSession;

HvbProfile *hvb_session_profile(HvbSession *self, guint scenario);

/* Shows what belongs to no cell, and keeps it as an event of this kind. */
void hvb_session_note(HvbSession *self, const char *kind, const char *text);

/* Enters the time since the last call for `n` of the ledger's `entry`. */
void hvb_session_spend(HvbSession *self, guint entry, guint n);

void hvb_session_show_plan(HvbSession *self);

/* Takes over the cells that an interrupted run has measured already. */
void hvb_session_take_done(HvbSession *self);

/* Levels of the profiles that no cell of is over, disturbed or not. */
guint hvb_session_count_unmeasured(HvbSession *self);

/* For the conductor, with the session as user data. */
extern const HvbConductorHooks hvb_session_hooks;

/* Runs the planner's cells on this bed, calibrated before, until none is
 * left. */
gboolean hvb_session_run_cells(HvbSession *self, HvbBed *bed, guint bed_index,
                               GError **error);

#endif
