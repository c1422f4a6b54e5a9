/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/suites.h"
#include "test/unit/fake-agent.h"

#include <string.h>

typedef struct {
    FakeAgent *agent;
    HvbLink *link;
} Fixture;

static gboolean is_settled(gpointer link)
{
    return hvb_link_is_up(link) || hvb_link_why_down(link) != NULL;
}

static Fixture connect_to(FakeAgent *agent)
{
    Fixture fixture = {agent, fake_agent_connect(agent, "guest1")};

    CU_ASSERT_TRUE(
        hvb_wait(is_settled, fixture.link, 5000, "HELLO", NULL, NULL));
    return fixture;
}

static void fixture_clear(Fixture *fixture)
{
    hvb_link_free(fixture->link);
    fake_agent_free(fixture->agent);
}

static void test_hello_brings_the_link_up(void)
{
    Fixture f = connect_to(fake_agent_new());

    CU_ASSERT_TRUE(hvb_link_is_up(f.link));
    CU_ASSERT_PTR_NULL(hvb_link_why_down(f.link));
    CU_ASSERT_EQUAL(hvb_link_hello(f.link)->memory_kib, 123456);
    fixture_clear(&f);
}

static void test_strings_of_a_guest_are_made_printable(void)
{
    Fixture f = connect_to(fake_agent_new());

    CU_ASSERT_STRING_EQUAL(hvb_link_hello(f.link)->kernel, "6.1?[31m");
    fixture_clear(&f);
}

static void expect_refused(guint16 version)
{
    FakeAgent *agent = fake_agent_new();
    g_autofree char *both =
        g_strdup_printf("protocol version %d, this hvbench %d", version,
                        WIRE_VERSION);

    agent->version = version;
    Fixture f = connect_to(agent);
    CU_ASSERT_FALSE(hvb_link_is_up(f.link));
    CU_ASSERT_PTR_NOT_NULL_FATAL(hvb_link_why_down(f.link));
    CU_ASSERT_PTR_NOT_NULL(strstr(hvb_link_why_down(f.link), both));
    fixture_clear(&f);
}

static void test_another_protocol_version_is_refused_with_both_versions(void)
{
    expect_refused(WIRE_VERSION + 1);
    expect_refused(WIRE_VERSION - 1);
}

static void test_garbage_between_frames_is_skipped_and_counted(void)
{
    FakeAgent *agent = fake_agent_new();
    WireCalibration calibration;
    const WireCalibrate request = {1000, 20, 1, 0, 200};

    agent->garbage = TRUE;
    Fixture f = connect_to(agent);
    CU_ASSERT_TRUE(
        hvb_link_calibrate(f.link, &request, NULL, &calibration, NULL));
    CU_ASSERT_EQUAL(calibration.iterations_per_ms, FAKE_RATE);
    CU_ASSERT_EQUAL(hvb_link_skipped_bytes(f.link), 24);
    CU_ASSERT_EQUAL(hvb_link_lost_frames(f.link), 0);
    fixture_clear(&f);
}

static void test_a_lost_frame_is_counted(void)
{
    FakeAgent *agent = fake_agent_new();
    Fixture f = connect_to(agent);

    agent->sequence += 3;
    CU_ASSERT_TRUE(hvb_link_reset(f.link, NULL, NULL));
    CU_ASSERT_EQUAL(hvb_link_lost_frames(f.link), 3);
    fixture_clear(&f);
}

static void test_a_silent_agent_is_a_timeout(void)
{
    FakeAgent *agent = fake_agent_new();
    g_autoptr(GError) error = NULL;

    agent->never_answer = TRUE;
    Fixture f = connect_to(agent);
    CU_ASSERT_FALSE(hvb_link_request(f.link, WIRE_PING, NULL, 0, WIRE_PONG, 50,
                                     NULL, NULL, NULL, &error));
    CU_ASSERT_TRUE(
        g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_TIMEOUT));
    fixture_clear(&f);
}

static void test_a_cancelled_wait_says_so(void)
{
    FakeAgent *agent = fake_agent_new();
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;

    agent->never_answer = TRUE;
    Fixture f = connect_to(agent);
    g_cancellable_cancel(cancellable);
    CU_ASSERT_FALSE(hvb_link_request(f.link, WIRE_PING, NULL, 0, WIRE_PONG,
                                     60000, cancellable, NULL, NULL, &error));
    CU_ASSERT_TRUE(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    fixture_clear(&f);
}

static void test_an_agents_refusal_is_the_error(void)
{
    FakeAgent *agent = fake_agent_new();
    g_autoptr(GError) error = NULL;
    const WireProbe probe = {.count = {1, 1, 1}, .slot_us = 1000, .pool = 1};

    agent->refuse_probe = TRUE;
    Fixture f = connect_to(agent);
    CU_ASSERT_FALSE(hvb_link_probe(f.link, &probe, NULL, &error));
    CU_ASSERT_TRUE(
        g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_REFUSED));
    CU_ASSERT_STRING_EQUAL(error->message, "guest1 refused: no?thanks");
    fixture_clear(&f);
}

static void test_a_closed_port_ends_a_request_at_once(void)
{
    FakeAgent *agent = fake_agent_new();
    g_autoptr(GError) error = NULL;
    Fixture f = connect_to(agent);

    hvb_link_down(f.link, "its domain stopped");
    CU_ASSERT_FALSE(hvb_link_reset(f.link, NULL, &error));
    CU_ASSERT_TRUE(g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_GUEST));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "its domain stopped"));
    fixture_clear(&f);
}

static void test_the_clock_offset_is_guest_minus_host_within_its_error(void)
{
    HvbClockReading reading;
    Fixture f = connect_to(fake_agent_new());
    gint64 before_ns = hvb_now_ns();

    CU_ASSERT_TRUE(hvb_link_clock(f.link, 3, NULL, &reading, NULL));
    gint64 after_ns = hvb_now_ns();
    CU_ASSERT_TRUE(reading.error_ns > 0);
    CU_ASSERT_TRUE(llabs(reading.offset_ns - (gint64)FAKE_AHEAD_NS) <=
                   reading.error_ns);
    CU_ASSERT_TRUE(reading.host_ns - reading.error_ns >= before_ns);
    CU_ASSERT_TRUE(reading.host_ns + reading.error_ns <= after_ns);
    CU_ASSERT_EQUAL(reading.wall_ns, 1);
    CU_ASSERT_TRUE(reading.host_wall_ns > 0);
    fixture_clear(&f);
}

CU_TestInfo tests_link[] = {
    {"HELLO brings the link up", test_hello_brings_the_link_up},
    {"strings of a guest are made printable",
     test_strings_of_a_guest_are_made_printable},
    {"another protocol version is refused with both versions",
     test_another_protocol_version_is_refused_with_both_versions},
    {"garbage between frames is skipped and counted",
     test_garbage_between_frames_is_skipped_and_counted},
    {"a lost frame is counted", test_a_lost_frame_is_counted},
    {"a silent agent is a timeout", test_a_silent_agent_is_a_timeout},
    {"a cancelled wait says so", test_a_cancelled_wait_says_so},
    {"an agent's refusal is the error", test_an_agents_refusal_is_the_error},
    {"a closed port ends a request at once",
     test_a_closed_port_ends_a_request_at_once},
    {"the clock offset is guest minus host within its error",
     test_the_clock_offset_is_guest_minus_host_within_its_error},
    TEST_END,
};
