/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the conductor know of it: conductor.c leads through cells,
 * conductor-prepare.c makes a booted bed ready for them, conductor-settings.c
 * looks at whether it stays as it was set. */
#ifndef HVB_RUN_CONDUCTOR_PRIVATE_H
#define HVB_RUN_CONDUCTOR_PRIVATE_H

#include "hvbench/run/calibration.h"
#include "hvbench/run/conductor.h"

struct _HvbConductor {
    HvbBed *bed;
    GPtrArray *profiles;
    const HvbConductorHooks *hooks;
    gpointer user_data;
    GCancellable *cancellable;
    HvbAbility *guests;
    HvbCell *cell;           /* under way; else NULL */
    HvbClockReading *clocks; /* of each guest the last; host_ns 0: none yet */
    HvbClockReading clock;   /* of all guests the last */
    gboolean told_of_client; /* how its thread runs */
    gboolean *measured;
    guint vantages;    /* that some scenario of the bed times from, a set */
    gboolean *active;  /* loaded or measured in the cell under way */
    guint next_other;  /* active guest whose turn it is to be checked */
    GPtrArray *doubts; /* char *: why a guest's calibration is suspect; NULL */
    gboolean *drifted; /* is to be calibrated anew before the next cell */
    double foreign_percent; /* that calibration may be disturbed by, at most */
};

/* What goes on now, for the hook. */
void hvb_conductor_say(HvbConductor *self, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
/* Something worth keeping, for the hook. */
void hvb_conductor_note(HvbConductor *self, const char *kind, const char *text);

/* Reads what the host enforces on the guests and the host's services into the
 * cell under way: as it is before the window, or `after` it. */
gboolean hvb_conductor_read_settings(HvbConductor *self, gboolean after,
                                     GError **error);
/* From before the first reading to after the second, writes to these settings
 * are seen; what they were becomes the cell's, and an event of it what means
 * nothing. To end it once more does nothing. */
void hvb_conductor_watch(HvbConductor *self);
void hvb_conductor_unwatch(HvbConductor *self);
/* Asks agents whether their manager runs as it should; what is not so becomes
 * the cell's. Once nothing is timed any more it asks those that have something
 * to do in the cell, and when all are `quiet` the others. */
gboolean hvb_conductor_check_managers(HvbConductor *self,
                                      const HvbProfile *profile, gboolean quiet,
                                      GError **error);
/* Tells of limits that others have set on groups above the guests. */
gboolean hvb_conductor_note_limits(HvbConductor *self, GError **error);

/* The bed as it must be while a guest is calibrated: uncapped, and the others
 * being idle its weight does not matter. */
gboolean hvb_conductor_lift_cap(HvbConductor *self, guint guest,
                                GError **error);
/* Calibrates anew, and takes new reference times of, the guests that no longer
 * work at the speed that they were calibrated to. The bed must be quiet. */
gboolean hvb_conductor_renew(HvbConductor *self, GError **error);
/* Everything may run everywhere. */
gboolean hvb_conductor_lift_placement(HvbConductor *self, GError **error);

#endif
