/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calibration: how much work a guest does in a millisecond, and how long its
 * operations take when nothing disturbs them. */
#ifndef HVB_RUN_CALIBRATION_H
#define HVB_RUN_CALIBRATION_H

#include "hvbench/run/cell.h"

/* Waits until the host's CPUs are nearly idle (guests finish booting), but only
 * for the bed's patience. `ret_quiet`: whether they became so; NULL if it makes
 * no difference. Errors: G_IO_ERROR_CANCELLED. */
gboolean hvb_calibration_wait_quiet(const HvbBed *bed,
                                    GCancellable *cancellable,
                                    gboolean *ret_quiet, GError **error);

/* What a guest is known to be able to. */
typedef struct {
    WireCalibration calibration;
    HvbReferences references;
} HvbAbility;

/* In place of a guest: the host's own agent, which the bed must have. */
#define HVB_CALIBRATION_HOST (-1)

/* A set of vantages, as bits. */
#define HVB_VANTAGE_BIT(vantage) (1u << (vantage))

/* Calibrates guest `guest` (from 0) and makes it use the result, and takes its
 * reference times from these `vantages` (a set; 0: it is not measured): the
 * median response of each operation. It and all others must be idle and
 * uncapped.
 *
 * Done again, at most twice and each time once the host is quiet, if the speed
 * varied, or the reference times cannot be right: others used more than
 * `foreign_percent` of a CPU meanwhile, samples were lost, they varied too
 * much, or they are less than an operation's work or far more. If it never came
 * out well, `ret_doubt` (owned by the caller; else NULL) says what was wrong
 * the last time; the speed is taken all the same, but times taken under load
 * never are: the references are then what the operations' calibrated work
 * takes. */
gboolean hvb_calibration_make(HvbBed *bed, int guest, guint vantages,
                              double foreign_percent, GCancellable *cancellable,
                              HvbAbility *ret_ability, char **ret_doubt,
                              GError **error);

/* The guest's speed, found at several moments of a few seconds. It must be idle
 * and uncapped; what it works with stays what it was. */
gboolean hvb_calibration_take(HvbLink *link, GCancellable *cancellable,
                              WireCalibration *ret_calibration, GError **error);

/* A calibration that is only compared: the change against `before` in per cent,
 * signed: + if the guest has become faster. A short look suffices if that shows
 * at most `limit_percent`; else it may have been a moment's, and what a careful
 * one shows counts. */
gboolean hvb_calibration_drift(HvbLink *link, const WireCalibration *before,
                               double limit_percent, GCancellable *cancellable,
                               double *ret_drift_percent, GError **error);

#endif
