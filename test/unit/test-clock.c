/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A guest's clock on the host's time line. */
#include "hvbench/run/clock.h"
#include "test/suites.h"

#include <math.h>
#include <string.h>

#define S G_GINT64_CONSTANT(1000000000)
#define MS G_GINT64_CONSTANT(1000000)

static void add(GArray *clocks, guint guest, gint64 host_ns, gint64 offset_ns,
                gint64 error_ns)
{
    const HvbClockRecord record = {.guest = guest,
                                   .reading = {.host_ns = host_ns,
                                               .offset_ns = offset_ns,
                                               .error_ns = error_ns}};

    g_array_append_val(clocks, record);
}

static GArray *no_clocks(void)
{
    return g_array_new(FALSE, FALSE, sizeof(HvbClockRecord));
}

/* Guest 1 is 1000 s behind and gains 2 ms in the 100 s between its readings. */
static GArray *two_readings(void)
{
    GArray *clocks = no_clocks();

    add(clocks, 1, 2000 * S, -1000 * S, 30000);
    add(clocks, 2, 2050 * S, 77 * S, 90000);
    add(clocks, 1, 2100 * S, -1000 * S + 2 * MS, 50000);
    return clocks;
}

static void test_between_two_readings_the_offset_moves_evenly(void)
{
    g_autoptr(GArray) clocks = two_readings();
    gint64 error_ns = 0;

    gint64 host_ns = hvb_clock_to_host(clocks, 1, 1050 * S + 1 * MS, &error_ns);
    CU_ASSERT_TRUE(llabs(host_ns - 2050 * S) < 1000);
    CU_ASSERT_EQUAL(error_ns, 50000);
    host_ns = hvb_clock_to_host(clocks, 1, 1025 * S + MS / 2, NULL);
    CU_ASSERT_TRUE(llabs(host_ns - 2025 * S) < 1000);
}

static void test_outside_of_them_the_nearest_reading_holds(void)
{
    g_autoptr(GArray) clocks = two_readings();
    gint64 error_ns = 0;

    CU_ASSERT_EQUAL(hvb_clock_to_host(clocks, 1, 900 * S, &error_ns), 1900 * S);
    CU_ASSERT_EQUAL(error_ns, 30000);
    CU_ASSERT_EQUAL(hvb_clock_to_host(clocks, 1, 1200 * S + 2 * MS, &error_ns),
                    2200 * S);
    CU_ASSERT_EQUAL(error_ns, 50000);
}

static void test_other_guests_readings_do_not_matter(void)
{
    g_autoptr(GArray) clocks = two_readings();

    CU_ASSERT_EQUAL(hvb_clock_to_host(clocks, 2, 80 * S, NULL), 3 * S);
    CU_ASSERT_EQUAL(hvb_clock_to_host(clocks, 3, 80 * S, NULL), 0);
    CU_ASSERT_EQUAL(hvb_clock_fit(clocks, 3).readings, 0);
    CU_ASSERT_EQUAL(hvb_clock_fit(clocks, 2).readings, 1);
    CU_ASSERT_TRUE(isnan(hvb_clock_fit(clocks, 2).drift_ppm));
}

/* Sanitizers watch this one. */
static void test_a_guest_may_claim_any_time(void)
{
    static const gint64 far[] = {G_MININT64, G_MININT64 / 2, -1,        0,
                                 1,          G_MAXINT64 / 2, G_MAXINT64};

    for (guint i = 0; i < G_N_ELEMENTS(far); i++)
        for (guint k = 0; k < G_N_ELEMENTS(far); k++) {
            g_autoptr(GArray) clocks = no_clocks();
            add(clocks, 1, 2000 * S, far[i], 1);
            add(clocks, 1, 2001 * S, far[k], 1);
            const HvbClockRecord *records = (const void *)clocks->data;
            for (guint m = 0; m < G_N_ELEMENTS(far); m++)
                hvb_clock_to_host(clocks, 1, far[m], NULL);
            g_free(hvb_clock_describe_step("guest1", &records[0].reading,
                                           &records[1].reading));
            CU_ASSERT_EQUAL(hvb_clock_fit(clocks, 1).readings, 2);
        }
}

static void test_a_known_drift_is_found_within_its_error(void)
{
    g_autoptr(GArray) clocks = no_clocks();

    /* 40 ppm fast, each reading off by as much as its error allows. */
    for (guint i = 0; i <= 100; i++) {
        gint64 error_ns = 20000 + 1000 * (gint64)(i * 7 % 13);
        add(clocks, 1, 5000 * S + i * 10 * S,
            -4000 * S + i * 10 * S / 1000000 * 40 +
                (i % 2 == 0 ? error_ns : -error_ns),
            error_ns);
    }
    HvbClockFit fit = hvb_clock_fit(clocks, 1);
    CU_ASSERT_EQUAL(fit.readings, 101);
    CU_ASSERT_EQUAL(fit.largest_error_ns, 32000);
    CU_ASSERT_TRUE(fit.error_ppm > 0 && fit.error_ppm < 0.1);
    CU_ASSERT_TRUE(fabs(fit.drift_ppm - 40.0) < 3 * fit.error_ppm);
}

static void test_the_drifts_error_follows_from_the_readings(void)
{
    g_autoptr(GArray) clocks = no_clocks();

    add(clocks, 1, 0, 0, 30000);
    add(clocks, 1, 100 * S, 5 * MS, 30000);
    HvbClockFit fit = hvb_clock_fit(clocks, 1);
    CU_ASSERT_DOUBLE_EQUAL(fit.drift_ppm, 50.0, 1e-6);
    /* Two equal ones: sqrt (2) deviations over the time between them. */
    CU_ASSERT_DOUBLE_EQUAL(fit.error_ppm, 0.3 / sqrt(3.0) * sqrt(2.0), 1e-6);
}

static void test_an_uncertain_reading_weighs_little(void)
{
    g_autoptr(GArray) clocks = no_clocks();

    for (guint i = 0; i < 10; i++)
        add(clocks, 1, i * 10 * S, 0, 20000);
    add(clocks, 1, 100 * S, 50 * MS, 80 * MS);
    CU_ASSERT_TRUE(fabs(hvb_clock_fit(clocks, 1).drift_ppm) < 0.01);
}

/* A minute apart. */
static HvbClockReading later(const HvbClockReading *before)
{
    HvbClockReading after = *before;

    after.host_ns += 60 * S;
    return after;
}

static const HvbClockReading calm = {.host_ns = 1000 * S,
                                     .offset_ns = -900 * S,
                                     .error_ns = 100000,
                                     .wall_ns = 1700000000 * S,
                                     .host_wall_ns = 1700000900 * S};

static void assert_step(const HvbClockReading *after, const char *text)
{
    g_autofree char *said = hvb_clock_describe_step("guest3", &calm, after);
    g_autofree char *host = hvb_clock_describe_host_step(&calm, after);

    CU_ASSERT_PTR_NULL(host);
    if (!text)
        CU_ASSERT_PTR_NULL(said);
    if (!text)
        return;
    CU_ASSERT_PTR_NOT_NULL_FATAL(said);
    CU_ASSERT_STRING_EQUAL(said, text);
}

static void test_a_guests_clock_that_jumps_is_told(void)
{
    HvbClockReading after = later(&calm);

    /* 60 s at 500 ppm, and both errors, are allowed. */
    after.offset_ns += 31 * MS;
    assert_step(&after,
                "the clock of guest3 jumped by 31.0 ms against the host's");
    after = later(&calm);
    after.offset_ns -= 400 * MS;
    assert_step(&after,
                "the clock of guest3 jumped by -400.0 ms against the host's");
}

static void test_a_guests_wall_clock_that_is_stepped_is_told(void)
{
    HvbClockReading after = later(&calm);

    after.wall_ns -= 3600 * S;
    assert_step(&after,
                "the wall clock of guest3 was stepped by -3600000.0 ms");
}

static void test_what_ntp_slews_is_no_step(void)
{
    HvbClockReading after = later(&calm);

    assert_step(&after, NULL);
    after.offset_ns -= 30 * MS;
    after.wall_ns += 34 * MS;
    after.host_wall_ns -= 34 * MS;
    assert_step(&after, NULL);
}

static void test_a_step_of_the_hosts_wall_clock_is_the_hosts(void)
{
    HvbClockReading after = later(&calm);

    after.host_wall_ns += 2 * S;
    g_autofree char *host = hvb_clock_describe_host_step(&calm, &after);
    g_autofree char *guest = hvb_clock_describe_step("guest3", &calm, &after);
    CU_ASSERT_PTR_NULL(guest);
    CU_ASSERT_PTR_NOT_NULL_FATAL(host);
    CU_ASSERT_STRING_EQUAL(host,
                           "the host's wall clock was stepped by 2000.0 ms");
}

CU_TestInfo tests_clock[] = {
    {"between two readings the offset moves evenly",
     test_between_two_readings_the_offset_moves_evenly},
    {"outside of them the nearest reading holds",
     test_outside_of_them_the_nearest_reading_holds},
    {"other guests' readings do not matter",
     test_other_guests_readings_do_not_matter},
    {"a guest may claim any time", test_a_guest_may_claim_any_time},
    {"a known drift is found within its error",
     test_a_known_drift_is_found_within_its_error},
    {"the drift's error follows from the readings",
     test_the_drifts_error_follows_from_the_readings},
    {"an uncertain reading weighs little",
     test_an_uncertain_reading_weighs_little},
    {"a guest's clock that jumps is told",
     test_a_guests_clock_that_jumps_is_told},
    {"a guest's wall clock that is stepped is told",
     test_a_guests_wall_clock_that_is_stepped_is_told},
    {"what NTP slews is no step", test_what_ntp_slews_is_no_step},
    {"a step of the host's wall clock is the host's",
     test_a_step_of_the_hosts_wall_clock_is_the_hosts},
    TEST_END,
};
