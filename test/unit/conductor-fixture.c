/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/unit/conductor-fixture.h"

#include <CUnit/CUnit.h>

static gboolean on_guest_ready(guint guest, const HvbGuest *said,
                               const WireCalibration *calibration,
                               const HvbReferences *references,
                               gpointer user_data, GError **error)
{
    ConductorFixture *f = user_data;

    (void)said;
    (void)error;
    f->guests_ready++;
    if (calibration->rounds > 0) {
        f->guests_calibrated++;
        f->rate = calibration->iterations_per_ms;
    }
    if (guest == 1)
        f->reference_ns = references->ns[WIRE_SERVER][WIRE_OPEN];
    else
        f->other_reference_ns = references->ns[WIRE_SERVER][WIRE_OPEN];
    return TRUE;
}

static void on_samples(const HvbCell *cell, gpointer user_data)
{
    ConductorFixture *f = user_data;

    f->sample_calls++;
    if (f->intruder)
        fake_agent_intrude(f->intruder,
                           (guint64)cell->attempt << 32 | cell->position);
    f->intruder = NULL;
}

static gboolean on_cell_ends(HvbCell *cell, gpointer user_data, GError **error)
{
    (void)error;
    g_ptr_array_add(((ConductorFixture *)user_data)->cells, cell);
    return TRUE;
}

static const HvbConductorHooks hooks = {
    .guest_ready = on_guest_ready,
    .samples = on_samples,
    .cell_ends = on_cell_ends,
};

static HvbProfile *guests(guint n)
{
    HvbProfile *profile = fake_bed_profile(n);

    profile->samples = 5;
    profile->repetitions = 1;
    return profile;
}

void conductor_set_up_guests(ConductorFixture *f, guint n)
{
    *f = (ConductorFixture){.fake = fake_bed_new(n)};
    f->profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_profile_free);
    g_ptr_array_add(f->profiles, guests(n));
    f->cells = g_ptr_array_new_with_free_func((GDestroyNotify)hvb_cell_free);
    f->cancellable = g_cancellable_new();
    f->conductor = hvb_conductor_new(&f->fake->bed, f->profiles, &hooks, f,
                                     f->cancellable);
}

void conductor_set_up(ConductorFixture *f)
{
    conductor_set_up_guests(f, 2);
}

void conductor_prepare(ConductorFixture *f)
{
    static const gboolean scenarios[] = {TRUE};

    CU_ASSERT_TRUE_FATAL(hvb_conductor_prepare(f->conductor, scenarios, NULL));
}

void conductor_set_up_and_prepare(ConductorFixture *f)
{
    conductor_set_up(f);
    conductor_prepare(f);
}

void conductor_tear_down(ConductorFixture *f)
{
    hvb_conductor_free(f->conductor);
    hvb_bed_free(&f->fake->bed);
    g_ptr_array_unref(f->profiles);
    g_ptr_array_unref(f->cells);
    g_object_unref(f->cancellable);
}

HvbProfile *conductor_profile(ConductorFixture *f)
{
    return f->profiles->pdata[0];
}

HvbCell *conductor_run(ConductorFixture *f, HvbLevel level, GError **error)
{
    const HvbPlanCell planned = {.level = level,
                                 .repetition = 1,
                                 .position = level,
                                 .seed = 100u + level};

    hvb_conductor_run_cell(f->conductor, &planned, error);
    CU_ASSERT_TRUE_FATAL(f->cells->len > 0);
    return f->cells->pdata[f->cells->len - 1];
}
