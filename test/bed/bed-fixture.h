/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests with real beds have in common. */
#ifndef TEST_BED_BED_FIXTURE_H
#define TEST_BED_BED_FIXTURE_H

#include "hvbench/bed/libvirt-bed.h"
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

/* Whether the bed that an earlier test was to make is there. If not, although
 * it could be (`can_run`), the test fails. */
gboolean bed_fixture_is_up(const HvbBed *bed, gboolean can_run);

/* Times operations of guest `guest` (from 0), idle, from both vantages: as many
 * of each must come, with the guest's word for it, and take about as long. */
void bed_fixture_check_vantages(HvbBed *bed, guint guest);

#endif
