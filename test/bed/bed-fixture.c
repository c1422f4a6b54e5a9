/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/bed/bed-fixture.h"

#include "hvbench/bed/connection-private.h"
#include "hvbench/bed/state.h"
#include "hvbench/run/stands.h"
#include "hvbench/run/window.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
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

static struct {
    HvbConnection *connection;
    HvbBed *bed;
    char *consoles;
    gboolean failed; /* to boot: one wait for that is enough */
} shared;

HvbBed *bed_fixture_share(void)
{
    if (!bed_fixture_can_run())
        return NULL;
    if (shared.bed)
        return shared.bed;
    CU_ASSERT_FALSE_FATAL(shared.failed);
    g_autoptr(HvbProfile) profile = hvb_profile_load("smoke", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(profile);
    if (!shared.consoles)
        shared.consoles = g_dir_make_tmp("hvbench-test-XXXXXX", NULL);
    const HvbBootSettings settings = {.console_dir = shared.consoles};
    shared.failed = TRUE;
    /* TCG even where KVM is there: what is tested does not depend on it, and
     * the choice has a test of its own. */
    shared.bed = bed_fixture_boot(profile, &settings, &shared.connection);
    shared.failed = FALSE;
    return shared.bed;
}

const char *bed_fixture_consoles(void)
{
    return shared.consoles;
}

void bed_fixture_stop_shared(void)
{
    g_clear_pointer(&shared.bed, hvb_bed_free);
    g_clear_pointer(&shared.connection, hvb_connection_close);
}

void bed_fixture_release(void)
{
    bed_fixture_stop_shared();
    if (shared.consoles)
        hvb_state_remove(shared.consoles);
    g_clear_pointer(&shared.consoles, g_free);
}

gboolean bed_fixture_spin(HvbLink *link)
{
    const WireLoad load = {.users = 1,
                           .burst_mean_us = 100000,
                           .burst_cut = 4,
                           .seed = 1};

    return hvb_link_work(link, hvb_link_hello(link)->iterations_per_ms, NULL,
                         NULL) &&
           hvb_link_load(link, &load, NULL, NULL);
}

static const WireProbe both_vantages = {
    .cell = 7,
    .count = {4, 4, 2},
    .client_count = {4, 4, 2},
    .slot_us = 150000,
    .pool = 4,
    .drain_ms = 60000,
};
#define N_OF_EACH 10

/* The least that each operation took, however busy the machine was when others
 * of its kind were timed. */
typedef struct {
    gint64 ns[WIRE_N_VANTAGES][WIRE_N_OPERATIONS];
} Least;

static void take_sample(const HvbSample *sample, Least *least)
{
    const WireSample *raw = &sample->raw;
    gint64 *least_ns = &least->ns[sample->vantage][raw->operation];
    gint64 took_ns = (gint64)(raw->ended_ns - raw->intended_ns);

    CU_ASSERT_EQUAL(raw->flags, 0);
    CU_ASSERT_TRUE(raw->started_ns >= raw->intended_ns);
    CU_ASSERT_TRUE(raw->ended_ns > raw->started_ns);
    *least_ns = *least_ns > 0 ? MIN(*least_ns, took_ns) : took_ns;
}

/* A clock's time before and after all that was timed with it. */
typedef struct {
    gint64 from_ns, to_ns;
} Span;

static gint64 guest_clock_ns(HvbLink *link)
{
    HvbClockReading reading = {0};

    CU_ASSERT_TRUE_FATAL(hvb_link_clock(link, 3, NULL, &reading, NULL));
    return reading.host_ns + reading.offset_ns;
}

static void read_clocks(HvbLink *link, gint64 ret_ns[WIRE_N_VANTAGES])
{
    ret_ns[WIRE_SERVER] = guest_clock_ns(link);
    ret_ns[WIRE_CLIENT] = hvb_now_ns();
}

static void check_samples(const GArray *samples, const Span *spans,
                          Least *least)
{
    guint n[WIRE_N_VANTAGES] = {0};

    for (guint i = 0; i < samples->len; i++) {
        const HvbSample *sample = &g_array_index(samples, HvbSample, i);
        const Span *span = &spans[sample->vantage];
        n[sample->vantage]++;
        CU_ASSERT_TRUE((gint64)sample->raw.intended_ns >= span->from_ns);
        CU_ASSERT_TRUE((gint64)sample->raw.ended_ns <= span->to_ns);
        take_sample(sample, least);
    }
    CU_ASSERT_EQUAL(n[WIRE_SERVER], N_OF_EACH);
    CU_ASSERT_EQUAL(n[WIRE_CLIENT], N_OF_EACH);
}

static void run_window(HvbBed *bed, guint guest, Least *least)
{
    g_autoptr(GArray) samples = g_array_new(FALSE, FALSE, sizeof(HvbSample));
    g_autoptr(GArray) events =
        g_array_new(FALSE, FALSE, sizeof(HvbEventRecord));
    g_autofree gboolean *measured = g_new0(gboolean, bed->n_guests);
    g_autofree guint64 *seeds = g_new0(guint64, bed->n_guests);
    HvbLink *link = bed->guests[guest].link;
    gint64 before_ns[WIRE_N_VANTAGES], after_ns[WIRE_N_VANTAGES];
    Span spans[WIRE_N_VANTAGES];

    g_array_set_clear_func(events, (GDestroyNotify)hvb_event_record_clear);
    measured[guest] = TRUE;
    read_clocks(link, before_ns);
    g_autoptr(HvbWindow) window =
        hvb_window_new(bed, measured, samples, events);
    CU_ASSERT_TRUE_FATAL(
        hvb_window_open(window, &both_vantages, seeds, NULL, NULL) &&
        hvb_window_wait_close(window, NULL, NULL) &&
        hvb_window_wait_end(window, NULL, NULL));
    read_clocks(link, after_ns);
    CU_ASSERT_EQUAL(hvb_window_received(window), 2 * N_OF_EACH);
    CU_ASSERT_EQUAL(hvb_window_refused(window), 0);
    CU_ASSERT_EQUAL(hvb_window_lost_frames(window), 0);
    for (guint v = 0; v < WIRE_N_VANTAGES; v++)
        spans[v] = (Span){before_ns[v], after_ns[v]};
    check_samples(samples, spans, least);
}

/* Twelve times the work is twice the time at least, and no reference is a
 * fraction of it. Noise only makes times longer: the least of many come near
 * to what they are without. */
static gboolean is_plausible(const Least *least,
                             const HvbReferences *references)
{
    for (guint v = 0; v < WIRE_N_VANTAGES; v++) {
        const gint64 *ns = least->ns[v];
        if (ns[WIRE_OPEN] < 2 * ns[WIRE_KEY] ||
            (references && references->ns[v][WIRE_OPEN] < ns[WIRE_OPEN] / 4))
            return FALSE;
    }
    return TRUE;
}

#define WINDOWS_AT_MOST 10

void bed_fixture_check_vantages(HvbBed *bed, guint guest,
                                const HvbReferences *references)
{
    Least least = {0};
    guint windows = 0;

    do
        run_window(bed, guest, &least);
    while (!is_plausible(&least, references) && ++windows < WINDOWS_AT_MOST);
    for (guint v = 0; v < WIRE_N_VANTAGES; v++)
        printf("    %s: key %.1f ms, open %.1f ms at least\n",
               hvb_vantage_name((WireVantage)v),
               (double)least.ns[v][WIRE_KEY] / 1e6,
               (double)least.ns[v][WIRE_OPEN] / 1e6);
    CU_ASSERT_TRUE(is_plausible(&least, references));
}

/* Something that holds the second guest, or lets it go on. */
typedef gboolean (*HoldFunc)(HvbBed *bed, HvbConnection *connection);

static gboolean stop(HvbBed *bed, HvbConnection *connection)
{
    (void)connection;
    return kill(bed->process(bed, 1), SIGSTOP) == 0;
}

static gboolean go_on(HvbBed *bed, HvbConnection *connection)
{
    (void)connection;
    return kill(bed->process(bed, 1), SIGCONT) == 0;
}

static virDomainPtr second_domain(HvbConnection *connection)
{
    return virDomainLookupByName(connection->handle,
                                 HVB_DOMAIN_PREFIX "guest2");
}

static gboolean suspend(HvbBed *bed, HvbConnection *connection)
{
    g_autoptr(virDomain) domain = second_domain(connection);

    (void)bed;
    return domain && virDomainSuspend(domain) == 0;
}

static gboolean resume(HvbBed *bed, HvbConnection *connection)
{
    g_autoptr(virDomain) domain = second_domain(connection);

    (void)bed;
    return domain && virDomainResume(domain) == 0;
}

/* However long it is held, if only for some looks. */
static void check_stand(HvbBed *bed, HvbConnection *connection, HoldFunc hold,
                        HoldFunc release, const char *expected)
{
    const gboolean active[] = {TRUE, TRUE};
    g_autoptr(HvbCell) cell = hvb_cell_new();
    HvbStands *stands = hvb_stands_new(bed);

    CU_ASSERT_TRUE(hold(bed, connection));
    hvb_sleep(10 * HVB_STANDS_STEP_MS, NULL, NULL);
    g_autofree char *now = hvb_stands_describe(bed);
    CU_ASSERT_TRUE(release(bed, connection));
    hvb_sleep(5 * HVB_STANDS_STEP_MS, NULL, NULL);
    hvb_stands_record(stands, active, cell);
    hvb_stands_free(stands);
    CU_ASSERT_PTR_NOT_NULL_FATAL(now);
    CU_ASSERT_PTR_NOT_NULL(strstr(now, "guest2 stands still"));
    CU_ASSERT_EQUAL_FATAL(cell->events->len, 1);
    const char *text = g_array_index(cell->events, HvbEventRecord, 0).text;
    printf("    %s\n", text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "guest2 stood still for "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, expected));
}

void bed_fixture_check_stands(HvbBed *bed)
{
    check_stand(bed, shared.connection, stop, go_on, "SIGSTOP");
    check_stand(bed, shared.connection, suspend, resume,
                "paused through libvirt");
}

static gboolean is_lost(gpointer link)
{
    return hvb_link_why_down(link) != NULL;
}

void bed_fixture_check_killed(HvbBed *bed, guint guest)
{
    CU_ASSERT_EQUAL_FATAL(kill(bed->process(bed, guest), SIGKILL), 0);
    CU_ASSERT_TRUE_FATAL(hvb_wait(is_lost, bed->guests[guest].link, 60000,
                                  "the port to close", NULL, NULL));
    g_autofree char *why = bed->explain(bed, guest);
    printf("    %s\n", why);
    CU_ASSERT_TRUE(strstr(why, "QEMU ended by signal 9") ||
                   strstr(why, "Linux 6.15 or newer"));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "libvirt says that it "));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "its console "));
}
