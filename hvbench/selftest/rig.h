/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rig: the bed of a selftest, and what its checks do with it. */
#ifndef HVB_SELFTEST_RIG_H
#define HVB_SELFTEST_RIG_H

#include "hvbench/run/usage.h"
#include "hvbench/run/window.h"
#include "hvbench/selftest/selftest.h"

#include <gsl/gsl_randist.h>

typedef struct {
    const HvbSelftestSettings *settings;
    HvbBed *bed;
    GCancellable *cancellable;
    HvbAbility abilities[HVB_SELFTEST_GUESTS];
    gsl_rng *rng;
    GPtrArray *answers; /* HvbAnswer *, of the check under way */
} HvbRig;

/* Adds a row to the check's answers. `off` is the error in terms of the limit,
 * signed, or what verdict.h has in its place. Texts are taken over; `remark`
 * may be NULL. */
void hvb_rig_answer(HvbRig *rig, char *what, char *expected, char *measured,
                    char *error, char *limit, double off, gboolean right,
                    char *remark);

/* Calibrates guest `guest` (from 0), which must be idle and uncapped, anew: a
 * guest's speed may move while it runs. */
gboolean hvb_rig_calibrate(HvbRig *rig, guint guest, GError **error);

/* What the guest is asked for from now on is `size` times its usual work: at
 * 0.001 an operation is over in no time. */
gboolean hvb_rig_work(HvbRig *rig, guint guest, double size, GError **error);

/* A user that never pauses. */
gboolean hvb_rig_spin(HvbRig *rig, guint guest, GError **error);
/* Nothing runs in it any more. */
gboolean hvb_rig_rest(HvbRig *rig, guint guest, GError **error);

/* A cap (0: none) with this period, and a weight. */
gboolean hvb_rig_tune(HvbRig *rig, guint guest, guint cap_percent,
                      guint cap_period_us, guint weight, GError **error);

/* What a window of the first guest brought. */
typedef struct {
    GArray *samples; /* HvbSample, without reference and what follows from it */
    GArray *events;
    GArray *clocks; /* HvbClockRecord, before and after */
    guint scheduled;
    guint missing; /* samples and frames lost or refused, operations failed */
} HvbTake;
void hvb_take_free(HvbTake *take);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbTake, hvb_take_free)

/* Called when the window is open; `take` has its first clock reading. */
typedef gboolean (*HvbOpenFunc)(HvbRig *rig, const HvbWindow *window,
                                const HvbTake *take, gpointer user_data,
                                GError **error);

/* A window of `n` operations of one kind, one in each slot, on the first guest.
 * `on_open` may be NULL. */
HvbTake *hvb_rig_take(HvbRig *rig, WireOperation operation, guint n,
                      guint slot_us, HvbOpenFunc on_open, gpointer user_data,
                      GError **error);

/* Appends the response times, ns (gint64), of the samples that ended well. */
void hvb_take_responses(const HvbTake *take, GArray *responses_ns);
/* Sorts them; 0: there is none. */
gint64 hvb_median_ns(GArray *values_ns);
/* The median of the take's own. */
gint64 hvb_take_median_ns(const HvbTake *take);

/* How much of one CPU the vCPUs of the guests were charged, in %, while nothing
 * was done for `duration_ms`. */
gboolean hvb_rig_watch(HvbRig *rig, guint duration_ms,
                       double ret_percent[HVB_SELFTEST_GUESTS], GError **error);

/* The checks; each adds its rows, and leaves the guests as they were. */
gboolean hvb_check_stalls(HvbRig *rig, GError **error);
gboolean hvb_check_caps(HvbRig *rig, GError **error);
gboolean hvb_check_shares(HvbRig *rig, GError **error);
gboolean hvb_check_stretch(HvbRig *rig, GError **error);
gboolean hvb_check_load(HvbRig *rig, GError **error);
gboolean hvb_check_calibration(HvbRig *rig, GError **error);

#endif
