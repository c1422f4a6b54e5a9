/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/bed/bed-fixture.h"

#include <stdio.h>
#include <unistd.h>

gboolean bed_fixture_can_run(void)
{
    if (geteuid() == 0)
        return TRUE;
    test_skip("needs root, for control groups and libvirt's embedded driver");
    return FALSE;
}

HvbBed *bed_fixture_boot(const HvbProfile *profile,
                         const HvbBootSettings *settings,
                         HvbConnection **ret_connection)
{
    const HvbBootSettings none = {0};
    g_autoptr(GError) error = NULL;
    HvbBed *bed = NULL;

    *ret_connection = hvb_connection_open(NULL, &error);
    if (*ret_connection)
        bed =
            hvb_libvirt_bed_boot(*ret_connection, profile, HVB_ACCEL_TCG,
                                 "a test", settings ? settings : &none, &error);
    if (error)
        printf("    %s\n", error->message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bed);
    return bed;
}

gboolean bed_fixture_is_up(const HvbBed *bed, gboolean can_run)
{
    if (!bed && can_run)
        CU_FAIL("the bed of these tests did not start");
    return bed != NULL;
}
