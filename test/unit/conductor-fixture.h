/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A conductor on a fake bed of two guests, of which the first is loaded,
 * measured and capped. */
#ifndef TEST_UNIT_CONDUCTOR_FIXTURE_H
#define TEST_UNIT_CONDUCTOR_FIXTURE_H

#include "hvbench/run/conductor.h"
#include "test/unit/fake-bed.h"

typedef struct {
    FakeBed *fake;
    GPtrArray *profiles;
    GPtrArray *cells; /* HvbCell * handed over */
    guint sample_calls;
    FakeAgent *intruder; /* talks of the cell under way, unasked */
    guint guests_ready, guests_calibrated;
    guint64 rate;                            /* of the last one calibrated */
    gint64 reference_ns, other_reference_ns; /* of guest 1, guest 2 */
    GCancellable *cancellable;
    HvbConductor *conductor;
} ConductorFixture;

void conductor_set_up(ConductorFixture *f);
/* With another number of guests. */
void conductor_set_up_guests(ConductorFixture *f, guint n);
void conductor_prepare(ConductorFixture *f);
void conductor_set_up_and_prepare(ConductorFixture *f);
void conductor_tear_down(ConductorFixture *f);
/* Of its only scenario, borrowed. */
HvbProfile *conductor_profile(ConductorFixture *f);
/* Runs the cell of this level; returns what was handed over last, borrowed. */
HvbCell *conductor_run(ConductorFixture *f, HvbLevel level, GError **error);

#endif
