/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests with real beds have in common. */
#ifndef TEST_BED_BED_FIXTURE_H
#define TEST_BED_BED_FIXTURE_H

#include "hvbench/bed/libvirt-bed.h"
#include "hvbench/run/cell.h"
#include "test/suites.h"

/* TRUE for root, whose control groups, priorities and lock a bed needs; for
 * others the test is skipped. */
gboolean bed_fixture_can_run(void);
/* The same for tests that need the Debian image, too. */
gboolean bed_fixture_can_run_debian(void);

/* Opens the embedded driver and boots the profile's guests under TCG, or fails
 * the test for good. `settings` may be NULL. */
HvbBed *bed_fixture_boot(const HvbProfile *profile,
                         const HvbBootSettings *settings,
                         HvbConnection **ret_connection);

/* The two guests of smoke.profile, idle and uncapped, which suites share. They
 * are booted for the first test that asks for them and kept; a test leaves them
 * as it found them. NULL: it was skipped, see bed_fixture_can_run(). */
HvbBed *bed_fixture_share(void);
/* Where their consoles are kept, in a directory of the tests. NULL: they were
 * never booted. */
const char *bed_fixture_consoles(void);
/* Stops them, if they are there, and keeps their consoles. */
void bed_fixture_stop_shared(void);
/* Stops them and removes their consoles: for the end of all tests. */
void bed_fixture_release(void);

/* Whether the bed that an earlier test was to make is there. If not, although
 * it could be (`can_run`), the test fails. */
gboolean bed_fixture_is_up(const HvbBed *bed, gboolean can_run);

/* A user that never pauses, of a guest or of the host's agent. */
gboolean bed_fixture_spin(HvbLink *link);

/* Times operations of guest `guest` (from 0), which is idle, from both
 * vantages: all must come, each by its own clock, and `open` must take longer
 * than `key`. `references` are what the idle guest takes for them; NULL:
 * unknown. */
void bed_fixture_check_vantages(HvbBed *bed, guint guest,
                                const HvbReferences *references);

/* The second of the shared guests is stopped by a signal, and paused through
 * libvirt: each is seen while it lasts, and told of afterwards. */
void bed_fixture_check_stands(HvbBed *bed);

/* Kills the QEMU of guest `guest` (from 0): that is how it is told to have
 * ended. */
void bed_fixture_check_killed(HvbBed *bed, guint guest);

#endif
