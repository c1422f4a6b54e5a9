/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host's side of client-side operations, against a guest that is the other
 * end of a socket. */
#include "hvbench/run/client.h"
#include "test/suites.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define CELL 42
#define MS G_GINT64_CONSTANT(1000000)
#define HOUR_NS (3600 * 1000 * MS)
#define PATIENCE_MS 60000
#define MAX_STARTS 64

typedef struct {
    int ends[2]; /* [0] is the guest's, [1] the client's; -1: closed */
    guint watch;
    WireReader reader;
    gsize frame_size; /* of what it said last */
    guint answers;    /* how many of the first requests it answers */
    guint32 flags;    /* of these answers */
    guint32 asked[MAX_STARTS];
    guint n_asked;
    /* What the client said. */
    GArray *samples; /* HvbSample */
    HvbClientAccount account;
    gboolean over;
    HvbClient *client;
} Guest;

static void say(Guest *guest, WireType type, guint64 cell, guint32 index,
                guint32 flags)
{
    const WireDone done = {cell, index, flags};
    guint8 frame[WIRE_MAX_FRAME];
    guint32 length = wire_put_done(frame + WIRE_HEADER_SIZE, &done);
    gsize n = wire_seal(frame, type, 0, length);

    guest->frame_size = n;

    while (write(guest->ends[0], frame, n) != (gssize)n) {
        /* There is room as soon as the client has read. */
        struct pollfd room = {guest->ends[0], POLLOUT, 0};
        CU_ASSERT_EQUAL_FATAL(errno, EAGAIN);
        CU_ASSERT_EQUAL_FATAL(poll(&room, 1, PATIENCE_MS), 1);
    }
}

static gboolean on_request(int fd, GIOCondition condition, gpointer user_data)
{
    Guest *guest = user_data;
    guint8 bytes[4096];
    WireFrame frame;
    WireStart start;
    gssize n = read(fd, bytes, sizeof bytes);

    (void)condition;
    if (n > 0)
        wire_reader_feed(&guest->reader, bytes, (gsize)n);
    while (n > 0 && wire_reader_next(&guest->reader, &frame)) {
        CU_ASSERT_EQUAL_FATAL(frame.type, WIRE_START);
        CU_ASSERT_TRUE_FATAL(wire_get_start(&frame, &start));
        CU_ASSERT_EQUAL(start.cell, CELL);
        CU_ASSERT_TRUE_FATAL(guest->n_asked < MAX_STARTS);
        guest->asked[guest->n_asked++] = start.index;
        if (guest->n_asked <= guest->answers)
            say(guest, WIRE_DONE, CELL, start.index, guest->flags);
    }
    return G_SOURCE_CONTINUE;
}

static void on_sample(const HvbSample *sample, gpointer user_data)
{
    g_array_append_vals(((Guest *)user_data)->samples, sample, 1);
}

static void on_over(guint i, const HvbClientAccount *account,
                    gpointer user_data)
{
    Guest *guest = user_data;

    CU_ASSERT_EQUAL(i, 0);
    CU_ASSERT_FALSE(guest->over);
    guest->account = *account;
    guest->over = TRUE;
}

static const HvbClientHooks hooks = {on_sample, on_over};

static void connect_ends(Guest *guest)
{
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX,
                                     SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                                     0, guest->ends),
                          0);
    wire_reader_init(&guest->reader);
    guest->watch = g_unix_fd_add(guest->ends[0], G_IO_IN, on_request, guest);
    guest->samples = g_array_new(FALSE, FALSE, sizeof(HvbSample));
}

static void start(Guest *guest, const ScheduledStart *schedule, guint n)
{
    if (!guest->samples)
        connect_ends(guest);
    const HvbClientGuest known = {1, guest->ends[1], schedule, n};
    guest->client = hvb_client_new(CELL, &known, 1, &hooks, guest, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(guest->client);
}

static void hang_up(Guest *guest)
{
    g_clear_handle_id(&guest->watch, g_source_remove);
    close(guest->ends[0]);
    guest->ends[0] = -1;
}

static void guest_clear(Guest *guest)
{
    hvb_client_free(guest->client);
    g_clear_handle_id(&guest->watch, g_source_remove);
    for (guint i = 0; i < 2; i++)
        if (guest->ends[i] >= 0)
            close(guest->ends[i]);
    g_array_unref(guest->samples);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Guest, guest_clear)

typedef struct {
    const Guest *guest;
    guint asked, samples;
} Wanted;

static gboolean has_come(gpointer user_data)
{
    const Wanted *wanted = user_data;

    return wanted->guest->n_asked >= wanted->asked &&
           wanted->guest->samples->len >= wanted->samples;
}

/* Until the client has sent and reported so many. */
static void wait_for(Guest *guest, guint asked, guint samples)
{
    Wanted wanted = {guest, asked, samples};

    CU_ASSERT_TRUE_FATAL(
        hvb_wait(has_come, &wanted, PATIENCE_MS, "requests", NULL, NULL));
}

static gboolean is_over(gpointer guest)
{
    return ((Guest *)guest)->over;
}

/* Everything must have been accounted for. */
static void close_and_wait(Guest *guest)
{
    guint censored = 0;

    hvb_client_close(guest->client, 0);
    CU_ASSERT_TRUE_FATAL(
        hvb_wait(is_over, guest, PATIENCE_MS, "the end", NULL, NULL));
    for (guint i = 0; i < guest->samples->len; i++)
        censored += g_array_index(guest->samples, HvbSample, i).raw.flags &
                            WIRE_SAMPLE_CENSORED
                        ? 1
                        : 0;
    CU_ASSERT_EQUAL(guest->samples->len, guest->account.scheduled);
    CU_ASSERT_EQUAL(guest->account.scheduled, guest->account.done + censored);
}

static const WireSample *sample_at(const Guest *guest, guint i)
{
    return &g_array_index(guest->samples, HvbSample, i).raw;
}

/* The sample of this place in the schedule; there must be just one. */
static const WireSample *sample_of(const Guest *guest, guint32 index)
{
    const WireSample *found = NULL;

    for (guint i = 0; i < guest->samples->len; i++)
        if (sample_at(guest, i)->index == index) {
            CU_ASSERT_PTR_NULL(found);
            found = sample_at(guest, i);
        }
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    return found;
}

static void test_requests_go_in_their_order_and_not_before_their_time(void)
{
    static const WireProbe probe = {.seed = 3,
                                    .count = {4, 3, 0},
                                    .client_count = {5, 4, 2},
                                    .slot_us = 4000};
    g_auto(Guest) guest = {.answers = MAX_STARTS};
    ScheduledStart schedule[18];
    guint k = 0;

    CU_ASSERT_EQUAL_FATAL(schedule_make(&probe, schedule), 18);
    start(&guest, schedule, 18);
    gint64 before_ns = hvb_now_ns();
    hvb_client_open(guest.client, 0);
    gint64 after_ns = hvb_now_ns();
    wait_for(&guest, 11, 11);
    close_and_wait(&guest);
    for (guint i = 0; i < 18; i++) {
        if (schedule[i].vantage != WIRE_CLIENT)
            continue;
        const WireSample *sample = sample_of(&guest, i);
        gint64 opened_ns =
            (gint64)(sample->intended_ns - schedule[i].offset_ns);
        CU_ASSERT_EQUAL(guest.asked[k++], i);
        CU_ASSERT_TRUE(opened_ns >= before_ns && opened_ns <= after_ns);
        CU_ASSERT_EQUAL(sample->operation, schedule[i].operation);
        CU_ASSERT_EQUAL(sample->flags, 0);
        CU_ASSERT_TRUE(sample->started_ns >= sample->intended_ns);
        CU_ASSERT_TRUE(sample->ended_ns > sample->started_ns);
    }
    CU_ASSERT_EQUAL(k, 11);
    CU_ASSERT_EQUAL(guest.account.sent, 11);
    CU_ASSERT_EQUAL(guest.account.done, 11);
    CU_ASSERT_EQUAL(guest.account.refused, 0);
}

static const ScheduledStart three_keys[] = {
    {0, WIRE_KEY, WIRE_CLIENT},
    {MS, WIRE_KEY, WIRE_CLIENT},
    {2 * MS, WIRE_KEY, WIRE_CLIENT},
};

static void test_what_was_not_answered_is_censored_with_its_age(void)
{
    static const ScheduledStart schedule[] = {
        {0, WIRE_KEY, WIRE_CLIENT},
        {MS, WIRE_OPEN, WIRE_CLIENT},
        {HOUR_NS, WIRE_OPEN, WIRE_CLIENT},
    };
    g_auto(Guest) guest = {.answers = 1};

    start(&guest, schedule, 3);
    hvb_client_open(guest.client, 0);
    wait_for(&guest, 2, 1);
    close_and_wait(&guest);
    CU_ASSERT_EQUAL(guest.account.sent, 2);
    CU_ASSERT_EQUAL(guest.account.done, 1);
    CU_ASSERT_EQUAL(sample_of(&guest, 0)->flags, 0);
    const WireSample *unanswered = sample_of(&guest, 1);
    CU_ASSERT_EQUAL(unanswered->flags, WIRE_SAMPLE_CENSORED);
    CU_ASSERT_TRUE(unanswered->ended_ns >=
                   unanswered->started_ns + HVB_CLIENT_GRACE_MS * MS);
    const WireSample *unsent = sample_of(&guest, 2);
    CU_ASSERT_EQUAL(unsent->flags,
                    WIRE_SAMPLE_CENSORED | WIRE_SAMPLE_UNSTARTED);
    CU_ASSERT_TRUE(unsent->ended_ns >= unsent->intended_ns);
}

static void test_a_guest_that_never_opens_leaves_all_unstarted(void)
{
    g_auto(Guest) guest = {0};

    start(&guest, three_keys, 3);
    close_and_wait(&guest);
    CU_ASSERT_EQUAL(guest.n_asked, 0);
    for (guint i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(sample_of(&guest, i)->flags,
                        WIRE_SAMPLE_CENSORED | WIRE_SAMPLE_UNSTARTED);
}

static void test_a_failed_operation_is_a_failed_sample(void)
{
    g_auto(Guest) guest = {.answers = 3, .flags = WIRE_SAMPLE_FAILED};

    start(&guest, three_keys, 3);
    hvb_client_open(guest.client, 0);
    wait_for(&guest, 3, 3);
    close_and_wait(&guest);
    for (guint i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(sample_of(&guest, i)->flags, WIRE_SAMPLE_FAILED);
    CU_ASSERT_EQUAL(guest.account.refused, 0);
}

static void test_answers_that_make_no_sense_are_refused_and_counted(void)
{
    static const ScheduledStart schedule[] = {
        {0, WIRE_KEY, WIRE_CLIENT},
        {MS, WIRE_KEY, WIRE_SERVER},
        {2 * MS, WIRE_KEY, WIRE_CLIENT},
        {HOUR_NS, WIRE_KEY, WIRE_CLIENT},
    };
    g_auto(Guest) guest = {0};

    start(&guest, schedule, 4);
    hvb_client_open(guest.client, 0);
    wait_for(&guest, 2, 0);
    say(&guest, WIRE_DONE, CELL, 0, 0);
    say(&guest, WIRE_DONE, CELL, 0, 0);     /* answered already */
    say(&guest, WIRE_DONE, CELL, 1, 0);     /* the guest's own */
    say(&guest, WIRE_DONE, CELL, 3, 0);     /* not asked for yet */
    say(&guest, WIRE_DONE, CELL, 4, 0);     /* not in the schedule */
    say(&guest, WIRE_DONE, CELL + 1, 2, 0); /* of another cell */
    say(&guest, WIRE_DONE, CELL, 2, WIRE_SAMPLE_CENSORED);
    say(&guest, WIRE_SAMPLES, CELL, 2, 0);
    CU_ASSERT_EQUAL(write(guest.ends[0], "HVB1 rubbish", 12), 12);
    say(&guest, WIRE_DONE, CELL, 2, 0);
    wait_for(&guest, 2, 2);
    close_and_wait(&guest);
    CU_ASSERT_EQUAL(guest.account.done, 2);
    CU_ASSERT_EQUAL(guest.account.refused, 8);
}

static void test_answers_to_an_earlier_window_do_not_spoil_this_one(void)
{
    g_auto(Guest) guest = {.answers = 3};

    connect_ends(&guest);
    say(&guest, WIRE_DONE, CELL - 1, 7, 0);
    start(&guest, three_keys, 3);
    hvb_client_open(guest.client, 0);
    wait_for(&guest, 3, 3);
    close_and_wait(&guest);
    CU_ASSERT_EQUAL(guest.account.done, 3);
    CU_ASSERT_EQUAL(guest.account.refused, 0);
}

static void test_a_port_that_closes_ends_its_guest_only_when_told(void)
{
    static const ScheduledStart schedule[] = {
        {0, WIRE_KEY, WIRE_CLIENT},
        {HOUR_NS, WIRE_KEY, WIRE_CLIENT},
    };
    g_auto(Guest) guest = {0};

    start(&guest, schedule, 2);
    hvb_client_open(guest.client, 0);
    wait_for(&guest, 1, 0);
    hang_up(&guest);
    CU_ASSERT_TRUE(hvb_sleep(20, NULL, NULL));
    CU_ASSERT_FALSE(guest.over);
    close_and_wait(&guest);
    CU_ASSERT_EQUAL(guest.account.refused, 1);
    CU_ASSERT_EQUAL(sample_of(&guest, 0)->flags, WIRE_SAMPLE_CENSORED);
    CU_ASSERT_EQUAL(sample_of(&guest, 1)->flags,
                    WIRE_SAMPLE_CENSORED | WIRE_SAMPLE_UNSTARTED);
}

static void test_a_port_that_is_full_makes_requests_late_not_lost(void)
{
    static const guint8 filler[4096];
    g_auto(Guest) guest = {.answers = 3};

    connect_ends(&guest);
    while (write(guest.ends[1], filler, sizeof filler) > 0)
        ;
    while (write(guest.ends[1], filler, 1) > 0)
        ;
    CU_ASSERT_EQUAL(errno, EAGAIN);
    g_clear_handle_id(&guest.watch, g_source_remove); /* reads nothing */
    start(&guest, three_keys, 3);
    hvb_client_open(guest.client, 0);
    CU_ASSERT_TRUE(hvb_sleep(20, NULL, NULL));
    guest.watch = g_unix_fd_add(guest.ends[0], G_IO_IN, on_request, &guest);
    wait_for(&guest, 3, 3);
    close_and_wait(&guest);
    CU_ASSERT_EQUAL(guest.account.done, 3);
    /* Twenty milliseconds were slept, whatever else went on. */
    const WireSample *first = sample_of(&guest, 0);
    CU_ASSERT_TRUE(first->started_ns >= first->intended_ns + 10 * MS);
}

#define FLOOD 1050
#define ENOUGH 1001

/* What the client has not read yet lies in its end of the socket. */
static gboolean has_read_enough(gpointer user_data)
{
    const Guest *guest = user_data;
    int unread = 0;

    CU_ASSERT_EQUAL_FATAL(ioctl(guest->ends[1], FIONREAD, &unread), 0);
    if ((gsize)unread <= (FLOOD - ENOUGH) * guest->frame_size)
        return TRUE;
    g_usleep(1000);
    g_main_context_wakeup(NULL);
    return FALSE;
}

static void test_a_flood_of_nonsense_is_listened_to_for_a_while_only(void)
{
    g_auto(Guest) guest = {0};

    start(&guest, three_keys, 3);
    for (guint i = 0; i < FLOOD; i++)
        say(&guest, WIRE_DONE, CELL, 9, 0);
    CU_ASSERT_TRUE_FATAL(hvb_wait(has_read_enough, &guest, PATIENCE_MS,
                                  "the client to read", NULL, NULL));
    hvb_client_open(guest.client, 0);
    close_and_wait(&guest);
    CU_ASSERT_EQUAL(guest.n_asked, 0);
    CU_ASSERT_TRUE(guest.account.refused > 1000);
}

static void test_a_client_can_be_freed_in_the_middle(void)
{
    g_auto(Guest) guest = {0};

    start(&guest, three_keys, 3);
    hvb_client_open(guest.client, 0);
    wait_for(&guest, 1, 0);
    g_clear_pointer(&guest.client, hvb_client_free);
    CU_ASSERT_FALSE(guest.over);
}

CU_TestInfo tests_client[] = {
    {"requests go in their order and not before their time",
     test_requests_go_in_their_order_and_not_before_their_time},
    {"what was not answered is censored with its age",
     test_what_was_not_answered_is_censored_with_its_age},
    {"a guest that never opens leaves all unstarted",
     test_a_guest_that_never_opens_leaves_all_unstarted},
    {"a failed operation is a failed sample",
     test_a_failed_operation_is_a_failed_sample},
    {"answers that make no sense are refused and counted",
     test_answers_that_make_no_sense_are_refused_and_counted},
    {"answers to an earlier window do not spoil this one",
     test_answers_to_an_earlier_window_do_not_spoil_this_one},
    {"a port that closes ends its guest only when told",
     test_a_port_that_closes_ends_its_guest_only_when_told},
    {"a port that is full makes requests late, not lost",
     test_a_port_that_is_full_makes_requests_late_not_lost},
    {"a flood of nonsense is listened to for a while only",
     test_a_flood_of_nonsense_is_listened_to_for_a_while_only},
    {"a client can be freed in the middle",
     test_a_client_can_be_freed_in_the_middle},
    TEST_END,
};
