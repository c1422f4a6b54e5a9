/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/bed/bed-fixture.h"

#include <unistd.h>

gboolean bed_fixture_can_run(void)
{
    if (geteuid() == 0)
        return TRUE;
    test_skip("needs root, for control groups and libvirt's embedded driver");
    return FALSE;
}

gboolean bed_fixture_is_up(const HvbBed *bed, gboolean can_run)
{
    if (!bed && can_run)
        CU_FAIL("the bed of these tests did not start");
    return bed != NULL;
}
