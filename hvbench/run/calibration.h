/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calibration: how much work a guest does in a millisecond, and how long its
 * operations take when nothing disturbs them. */
#ifndef HVB_RUN_CALIBRATION_H
#define HVB_RUN_CALIBRATION_H

#include "hvbench/run/cell.h"

/* Waits until the host's CPUs are nearly idle (guests finish booting), but not
 * for ever: returns FALSE if they did not become so. FALSE with `error` set:
 * cancelled. */
gboolean hvb_calibration_wait_quiet(GCancellable *cancellable, GError **error);

/* Calibrates the guest to convergence and makes it use the result. */
gboolean hvb_calibration_make(HvbLink *link, GCancellable *cancellable,
                              WireCalibration *ret_calibration, GError **error);

/* A short calibration that is only compared: the change against `before` in
 * per cent, signed: + if the guest has become faster. */
gboolean hvb_calibration_drift(HvbLink *link, const WireCalibration *before,
                               GCancellable *cancellable,
                               double *ret_drift_percent, GError **error);

/* The median response time of each operation in guest `guest` (from 0), which
 * must be idle and uncapped, as must be all others: the reference that a
 * delay is measured from. Work as set by hvb_calibration_make(). */
gboolean hvb_calibration_reference(HvbBed *bed, guint guest,
                                   GCancellable *cancellable,
                                   gint64 ret_ns[WIRE_N_OPERATIONS],
                                   GError **error);

#endif
