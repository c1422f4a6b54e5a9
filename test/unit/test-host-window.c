/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host's windows: whatever guests do, each scheduled operation comes out
 * once, or is known to be lost. */
#include "hvbench/run/window.h"
#include "test/suites.h"
#include "test/unit/fake-bed.h"

#include <string.h>

/* A window of one guest, both vantages, that is over within milliseconds. */
typedef struct {
    FakeBed *bed;
    FakeAgent *agent;
    GArray *samples;
    GArray *events;
    HvbWindow *window;
    guint calls;
} Fixture;

static const WireProbe probe = {
    .cell = 5,
    .count = {3, 4, 2},
    .client_count = {2, 3, 1},
    .slot_us = 1000,
    .pool = 2,
    .drain_ms = 60000,
};
#define N_SERVER 9
#define N_CLIENT 6

static void on_samples(gpointer user_data)
{
    ((Fixture *)user_data)->calls++;
}

static void set_up(Fixture *f)
{
    static const gboolean measured[] = {TRUE};

    *f = (Fixture){.bed = fake_bed_new(1)};
    f->agent = f->bed->agents[0];
    f->agent->users = 1; /* as in a cell, not for a reference */
    f->samples = g_array_new(FALSE, FALSE, sizeof(HvbSample));
    f->events = g_array_new(FALSE, FALSE, sizeof(HvbEventRecord));
    g_array_set_clear_func(f->events, (GDestroyNotify)hvb_event_record_clear);
    f->window = hvb_window_new(&f->bed->bed, measured, f->samples, f->events);
    hvb_window_set_samples_func(f->window, on_samples, f);
}

static void tear_down(Fixture *f)
{
    hvb_window_free(f->window);
    hvb_bed_free(&f->bed->bed);
    g_array_unref(f->samples);
    g_array_unref(f->events);
}

static gboolean run(Fixture *f, const WireProbe *request, GError **error)
{
    static const guint64 seeds[] = {11};

    return hvb_window_open(f->window, request, seeds, NULL, error) &&
           hvb_window_wait_close(f->window, NULL, error) &&
           hvb_window_wait_end(f->window, NULL, error);
}

/* No place of the schedule twice, each from its vantage, none but the lost ones
 * missing. Returns how many came that have all of `flags`. */
static guint check_account(Fixture *f, guint lost, guint8 flags)
{
    gboolean seen[N_SERVER + N_CLIENT] = {FALSE};
    const ScheduledStart *schedule;
    guint n, found = 0;

    schedule = hvb_window_schedule(f->window, 1, &n);
    CU_ASSERT_EQUAL(n, N_SERVER + N_CLIENT);
    CU_ASSERT_EQUAL(hvb_window_scheduled(f->window), n);
    CU_ASSERT_EQUAL(hvb_window_received(f->window) + lost, n);
    CU_ASSERT_EQUAL(f->samples->len + lost, n);
    for (guint i = 0; i < f->samples->len; i++) {
        const HvbSample *s = &g_array_index(f->samples, HvbSample, i);
        CU_ASSERT_TRUE_FATAL(s->raw.index < n);
        CU_ASSERT_FALSE(seen[s->raw.index]);
        seen[s->raw.index] = TRUE;
        CU_ASSERT_EQUAL(s->vantage, schedule[s->raw.index].vantage);
        CU_ASSERT_EQUAL(s->raw.operation, schedule[s->raw.index].operation);
        found += (s->raw.flags & flags) == flags;
    }
    return found;
}

static void test_both_vantages_come_out_complete(void)
{
    Fixture f;

    set_up(&f);
    CU_ASSERT_TRUE_FATAL(run(&f, &probe, NULL));
    CU_ASSERT_EQUAL(check_account(&f, 0, WIRE_SAMPLE_CENSORED), 0);
    CU_ASSERT_EQUAL(hvb_window_refused(f.window), 0);
    CU_ASSERT_EQUAL(f.agent->end.started, N_CLIENT);
    CU_ASSERT_PTR_NOT_NULL(hvb_window_client(f.window));
    CU_ASSERT_TRUE(f.calls > N_CLIENT);
    tear_down(&f);
}

static void test_what_a_guest_leaves_undone_is_censored_on_either_side(void)
{
    Fixture f;

    set_up(&f);
    f.agent->mute = 2;
    f.agent->censor = N_SERVER + N_CLIENT;
    CU_ASSERT_TRUE_FATAL(run(&f, &probe, NULL));
    CU_ASSERT_EQUAL(check_account(&f, 0, WIRE_SAMPLE_CENSORED), N_SERVER + 2);
    CU_ASSERT_EQUAL(hvb_window_refused(f.window), 0);
    tear_down(&f);
}

static void test_answers_that_got_lost_are_noticed(void)
{
    Fixture f;

    set_up(&f);
    f.agent->mute = 2;
    f.agent->lose_answers = TRUE;
    CU_ASSERT_TRUE_FATAL(run(&f, &probe, NULL));
    CU_ASSERT_EQUAL(check_account(&f, 0, WIRE_SAMPLE_CENSORED), 2);
    CU_ASSERT_EQUAL(hvb_window_refused(f.window), 1);
    tear_down(&f);
}

static void test_samples_that_got_lost_are_counted(void)
{
    const WireProbe server = {.cell = 5,
                              .count = {N_SERVER, N_CLIENT, 0},
                              .slot_us = 1000,
                              .pool = 2};
    Fixture f;

    set_up(&f);
    f.agent->lose_samples = 4;
    CU_ASSERT_TRUE_FATAL(run(&f, &server, NULL));
    CU_ASSERT_EQUAL(check_account(&f, 4, 0), N_SERVER + N_CLIENT - 4);
    CU_ASSERT_PTR_NULL(hvb_window_client(f.window));
    tear_down(&f);
}

static void test_a_long_window_comes_out_complete(void)
{
    const WireProbe many = {.cell = 5,
                            .count = {400, 500, 100},
                            .slot_us = 1000,
                            .pool = 2};
    gboolean seen[1000] = {FALSE};
    Fixture f;

    set_up(&f);
    CU_ASSERT_TRUE_FATAL(run(&f, &many, NULL));
    CU_ASSERT_EQUAL(hvb_window_scheduled(f.window), G_N_ELEMENTS(seen));
    CU_ASSERT_EQUAL(hvb_window_received(f.window), G_N_ELEMENTS(seen));
    CU_ASSERT_EQUAL(f.samples->len, G_N_ELEMENTS(seen));
    for (guint i = 0; i < f.samples->len; i++) {
        const HvbSample *s = &g_array_index(f.samples, HvbSample, i);
        CU_ASSERT_TRUE_FATAL(s->raw.index < G_N_ELEMENTS(seen));
        CU_ASSERT_FALSE(seen[s->raw.index]);
        seen[s->raw.index] = TRUE;
    }
    tear_down(&f);
}

static void test_samples_of_another_cell_are_refused(void)
{
    Fixture f;

    set_up(&f);
    f.agent->stale = 1;
    CU_ASSERT_TRUE_FATAL(run(&f, &probe, NULL));
    CU_ASSERT_EQUAL(check_account(&f, N_SERVER, 0), N_CLIENT);
    CU_ASSERT_TRUE(hvb_window_refused(f.window) > 0);
    tear_down(&f);
}

static void test_an_opening_of_another_cell_opens_nothing(void)
{
    Fixture f;

    set_up(&f);
    f.agent->stale_opening = TRUE;
    CU_ASSERT_TRUE_FATAL(run(&f, &probe, NULL));
    CU_ASSERT_EQUAL(check_account(&f, 0, 0), N_SERVER + N_CLIENT);
    CU_ASSERT_EQUAL(hvb_window_refused(f.window), 1);
    tear_down(&f);
}

static void test_an_end_that_counts_more_than_came_is_refused(void)
{
    Fixture f;

    set_up(&f);
    f.agent->overcount = 1;
    CU_ASSERT_TRUE_FATAL(run(&f, &probe, NULL));
    CU_ASSERT_EQUAL(check_account(&f, 0, 0), N_SERVER + N_CLIENT);
    CU_ASSERT_EQUAL(hvb_window_refused(f.window), 1);
    tear_down(&f);
}

static void test_a_client_port_that_closes_spoils_the_window(void)
{
    Fixture f;

    set_up(&f);
    f.agent->close_client = TRUE;
    CU_ASSERT_TRUE_FATAL(run(&f, &probe, NULL));
    CU_ASSERT_TRUE(check_account(&f, 0, WIRE_SAMPLE_CENSORED) >= N_CLIENT - 1);
    CU_ASSERT_TRUE(hvb_window_refused(f.window) > 0);
    tear_down(&f);
}

static void test_without_a_client_port_only_the_client_side_is_refused(void)
{
    WireProbe server = probe;
    g_autoptr(GError) error = NULL;
    Fixture f;

    set_up(&f);
    f.window = (hvb_window_free(f.window), NULL);
    f.bed->bed.guests[0].client_fd = 0;
    f.bed->bed.guests[0].no_client = g_strdup("no such socket");
    f.window = hvb_window_new(&f.bed->bed, (const gboolean[]){TRUE}, f.samples,
                              f.events);
    CU_ASSERT_FALSE(run(&f, &probe, &error));
    CU_ASSERT_TRUE_FATAL(
        g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "guest1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "client port: no such"));
    hvb_window_free(f.window);
    memset(server.client_count, 0, sizeof server.client_count);
    f.window = hvb_window_new(&f.bed->bed, (const gboolean[]){TRUE}, f.samples,
                              f.events);
    CU_ASSERT_TRUE(run(&f, &server, NULL));
    g_clear_pointer(&f.bed->bed.guests[0].no_client, g_free);
    tear_down(&f);
}

static void test_frames_that_were_held_up_are_late_by_the_guests_clock(void)
{
    g_autoptr(GArray) clocks =
        g_array_new(FALSE, FALSE, sizeof(HvbClockRecord));
    HvbClockRecord record = {.guest = 1};
    Fixture f;

    set_up(&f);
    CU_ASSERT_TRUE_FATAL(hvb_link_clock(f.bed->bed.guests[0].link, 3, NULL,
                                        &record.reading, NULL));
    g_array_append_val(clocks, record);
    f.agent->held_ns = 40 * G_GUINT64_CONSTANT(1000000000);
    CU_ASSERT_EQUAL(hvb_window_late_frame_ns(f.window, clocks), 0);
    CU_ASSERT_TRUE_FATAL(run(&f, &probe, NULL));
    gint64 late_ns = hvb_window_late_frame_ns(f.window, clocks);
    CU_ASSERT_TRUE(late_ns >= 39 * G_GINT64_CONSTANT(1000000000));
    CU_ASSERT_TRUE(late_ns < 79 * G_GINT64_CONSTANT(1000000000));
    tear_down(&f);
}

static void test_a_changed_clocksource_is_an_event(void)
{
    Fixture f;

    set_up(&f);
    f.agent->clocksource = "hp\net";
    CU_ASSERT_TRUE_FATAL(run(&f, &probe, NULL));
    CU_ASSERT_EQUAL_FATAL(f.events->len, 1);
    const HvbEventRecord *event = &g_array_index(f.events, HvbEventRecord, 0);
    CU_ASSERT_EQUAL(event->guest, 1);
    CU_ASSERT_STRING_EQUAL(event->kind, "clock");
    CU_ASSERT_STRING_EQUAL(event->text,
                           "its clocksource changed from tsc to hp?et");
    tear_down(&f);
}

static void test_a_guest_that_counts_ticks_now_is_lost(void)
{
    g_autoptr(GError) error = NULL;
    Fixture f;

    set_up(&f);
    f.agent->clocksource = "jiffies";
    CU_ASSERT_FALSE(run(&f, &probe, &error));
    CU_ASSERT_TRUE_FATAL(
        g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_GUEST));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "guest1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "jiffies"));
    tear_down(&f);
}

CU_TestInfo tests_host_window[] = {
    {"both vantages come out complete", test_both_vantages_come_out_complete},
    {"what a guest leaves undone is censored on either side",
     test_what_a_guest_leaves_undone_is_censored_on_either_side},
    {"answers that got lost are noticed",
     test_answers_that_got_lost_are_noticed},
    {"samples that got lost are counted",
     test_samples_that_got_lost_are_counted},
    {"a long window comes out complete", test_a_long_window_comes_out_complete},
    {"samples of another cell are refused",
     test_samples_of_another_cell_are_refused},
    {"an opening of another cell opens nothing",
     test_an_opening_of_another_cell_opens_nothing},
    {"an end that counts more than came is refused",
     test_an_end_that_counts_more_than_came_is_refused},
    {"a client port that closes spoils the window",
     test_a_client_port_that_closes_spoils_the_window},
    {"without a client port only the client side is refused",
     test_without_a_client_port_only_the_client_side_is_refused},
    {"frames that were held up are late by the guest's clock",
     test_frames_that_were_held_up_are_late_by_the_guests_clock},
    {"a changed clocksource is an event",
     test_a_changed_clocksource_is_an_event},
    {"a guest that counts ticks now is lost",
     test_a_guest_that_counts_ticks_now_is_lost},
    TEST_END,
};
