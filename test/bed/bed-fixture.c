/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/bed/bed-fixture.h"

#include "hvbench/run/calibration.h"
#include "hvbench/run/window.h"

#include <stdio.h>
#include <unistd.h>

gboolean bed_fixture_can_run(void)
{
    if (geteuid() == 0)
        return TRUE;
    test_skip("needs root, for control groups and libvirt's embedded driver");
    return FALSE;
}

gboolean bed_fixture_can_run_debian(void)
{
    g_autofree char *image = hvb_profile_guest_file("debian", "disk.img");

    if (!bed_fixture_can_run())
        return FALSE;
    if (g_file_test(image, G_FILE_TEST_EXISTS))
        return TRUE;
    test_skip("needs the Debian image: make debian");
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

static const WireProbe both_vantages = {
    .cell = 7,
    .count = {4, 4, 2},
    .client_count = {4, 4, 2},
    .slot_us = 250000,
    .pool = 4,
    .drain_ms = 5000,
};
#define N_OF_EACH 10

static HvbReferences take_references(HvbBed *bed, guint guest)
{
    const guint both =
        HVB_VANTAGE_BIT(WIRE_SERVER) | HVB_VANTAGE_BIT(WIRE_CLIENT);
    g_autofree char *doubt = NULL;
    g_autoptr(GError) error = NULL;
    HvbAbility ability = {0};

    if (!hvb_calibration_make(bed, (int)guest, both, 1e9, NULL, &ability,
                              &doubt, &error))
        printf("    %s\n", error->message);
    CU_ASSERT_PTR_NULL_FATAL(error);
    for (guint v = 0; v < WIRE_N_VANTAGES; v++)
        for (guint i = 0; i < WIRE_N_OPERATIONS; i++)
            CU_ASSERT_TRUE(ability.references.ns[v][i] > 0);
    return ability.references;
}

static GArray *run_window(HvbBed *bed, guint guest)
{
    GArray *samples = g_array_new(FALSE, FALSE, sizeof(HvbSample));
    g_autoptr(GArray) events =
        g_array_new(FALSE, FALSE, sizeof(HvbEventRecord));
    g_autofree gboolean *measured = g_new0(gboolean, bed->n_guests);
    g_autofree guint64 *seeds = g_new0(guint64, bed->n_guests);

    g_array_set_clear_func(events, (GDestroyNotify)hvb_event_record_clear);
    measured[guest] = TRUE;
    g_autoptr(HvbWindow) window =
        hvb_window_new(bed, measured, samples, events);
    CU_ASSERT_TRUE_FATAL(
        hvb_window_open(window, &both_vantages, seeds, NULL, NULL) &&
        hvb_window_wait_close(window, NULL, NULL) &&
        hvb_window_wait_end(window, NULL, NULL));
    CU_ASSERT_EQUAL(hvb_window_received(window), 2 * N_OF_EACH);
    CU_ASSERT_EQUAL(hvb_window_refused(window), 0);
    CU_ASSERT_EQUAL(hvb_window_lost_frames(window), 0);
    printf("    requests are sent %s real-time priority\n",
           hvb_client_is_realtime(hvb_window_client(window)) ? "at"
                                                             : "without");
    return samples;
}

/* Seconds apart are clocks that were mixed up, not delays. */
static void check_sample(const HvbSample *sample,
                         const HvbReferences *references)
{
    const WireSample *raw = &sample->raw;
    double response_ms = (double)(raw->ended_ns - raw->intended_ns) / 1e6;
    double reference_ms =
        (double)references->ns[sample->vantage][raw->operation] / 1e6;

    CU_ASSERT_EQUAL(raw->flags, 0);
    CU_ASSERT_TRUE(raw->started_ns >= raw->intended_ns);
    CU_ASSERT_TRUE(raw->ended_ns > raw->started_ns);
    CU_ASSERT_TRUE(response_ms > reference_ms / 4);
    CU_ASSERT_TRUE(response_ms < reference_ms + 10000);
}

void bed_fixture_check_vantages(HvbBed *bed, guint guest)
{
    const HvbReferences references = take_references(bed, guest);
    g_autoptr(GArray) samples = run_window(bed, guest);
    guint n[WIRE_N_VANTAGES] = {0};

    for (guint i = 0; i < samples->len; i++) {
        const HvbSample *sample = &g_array_index(samples, HvbSample, i);
        const WireSample *raw = &sample->raw;
        n[sample->vantage]++;
        check_sample(sample, &references);
        if (raw->operation == WIRE_OPEN)
            printf("    %s: began %.2f ms late, took %.1f ms, reference "
                   "%.1f ms\n",
                   hvb_vantage_name(sample->vantage),
                   (double)(raw->started_ns - raw->intended_ns) / 1e6,
                   (double)(raw->ended_ns - raw->intended_ns) / 1e6,
                   (double)references.ns[sample->vantage][WIRE_OPEN] / 1e6);
    }
    CU_ASSERT_EQUAL(n[WIRE_SERVER], N_OF_EACH);
    CU_ASSERT_EQUAL(n[WIRE_CLIENT], N_OF_EACH);
}
