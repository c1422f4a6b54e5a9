/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stalls make of operations, who sees it, and that a stalled process
 * always goes on. */
#include "hvbench/selftest/stalls.h"

#include "hvbench/bed/wait.h"
#include "test/suites.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define NS_PER_MS G_GINT64_CONSTANT(1000000)

static GArray *stalls_of(const HvbStall *list, guint n)
{
    GArray *stalls = g_array_new(FALSE, FALSE, sizeof(HvbStall));

    g_array_append_vals(stalls, list, n);
    return stalls;
}

/* One that was made exactly as it was planned. */
static HvbStall stall_ms(gint64 from_ms, gint64 to_ms)
{
    gint64 from_ns = from_ms * NS_PER_MS, to_ns = to_ms * NS_PER_MS;

    return (HvbStall){from_ns, to_ns, from_ns, to_ns};
}

static void test_delay_lasts_until_the_end_of_the_stall_that_was_made(void)
{
    HvbStall list[] = {stall_ms(100, 200), stall_ms(500, 501)};

    list[0].ended_ns += 7; /* late: what counts is what was done */
    g_autoptr(GArray) stalls = stalls_of(list, 2);
    CU_ASSERT_EQUAL(hvb_stalls_delay_ns(stalls, 100 * NS_PER_MS - 1), 0);
    CU_ASSERT_EQUAL(hvb_stalls_delay_ns(stalls, 100 * NS_PER_MS),
                    100 * NS_PER_MS + 7);
    CU_ASSERT_EQUAL(hvb_stalls_delay_ns(stalls, 200 * NS_PER_MS + 6), 1);
    CU_ASSERT_EQUAL(hvb_stalls_delay_ns(stalls, 200 * NS_PER_MS + 7), 0);
    CU_ASSERT_EQUAL(hvb_stalls_delay_ns(stalls, 500 * NS_PER_MS), NS_PER_MS);
    CU_ASSERT_EQUAL(hvb_stalls_delay_ns(stalls, 501 * NS_PER_MS), 0);
}

static guint count_delayed(const GArray *delays_ns)
{
    guint n = 0;

    for (guint i = 0; i < delays_ns->len; i++)
        n += g_array_index(delays_ns, gint64, i) > 0;
    return n;
}

/* One in each `period_ms`. */
static GArray *regular_starts(guint n, gint64 period_ms)
{
    GArray *starts = g_array_new(FALSE, FALSE, sizeof(gint64));

    for (guint i = 0; i < n; i++) {
        gint64 start_ns = i * period_ms * NS_PER_MS;
        g_array_append_val(starts, start_ns);
    }
    return starts;
}

/* 10 per second, and a stall of 1.4 s: it delays 14 and is worst for the first,
 * but whoever skips what it missed sees a single one. */
static void test_skipper_sees_one_of_14_delayed_looks(void)
{
    const HvbStall stall = stall_ms(1050, 2450);
    g_autoptr(GArray) stalls = stalls_of(&stall, 1);
    g_autoptr(GArray) starts = regular_starts(50, 100);
    guint delayed = 0;

    for (guint i = 0; i < starts->len; i++)
        delayed +=
            hvb_stalls_delay_ns(stalls, g_array_index(starts, gint64, i)) > 0;
    CU_ASSERT_EQUAL(delayed, 14);
    g_autoptr(GArray) seen = hvb_stalls_seen_by_skipper(stalls, starts);
    CU_ASSERT_EQUAL(seen->len, 50 - 13);
    CU_ASSERT_EQUAL(count_delayed(seen), 1);
    CU_ASSERT_EQUAL(g_array_index(seen, gint64, 11), 1350 * NS_PER_MS);
}

static void test_skipper_sees_all_where_nothing_stalls(void)
{
    g_autoptr(GArray) none = stalls_of(NULL, 0);
    g_autoptr(GArray) starts = regular_starts(1000, 1);
    g_autoptr(GArray) seen = hvb_stalls_seen_by_skipper(none, starts);

    CU_ASSERT_EQUAL(seen->len, 1000);
    CU_ASSERT_EQUAL(count_delayed(seen), 0);
}

/* A process that only waits to be killed. */
static pid_t start_victim(void)
{
    pid_t pid = fork();

    if (pid == 0)
        for (;;)
            pause();
    CU_ASSERT_TRUE_FATAL(pid > 0);
    return pid;
}

static void end_victim(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* Since it was last asked. */
static gboolean was(pid_t pid, int which)
{
    int status;

    return waitpid(pid, &status, which | WNOHANG) == pid &&
           (which == WUNTRACED ? WIFSTOPPED(status) : WIFCONTINUED(status));
}

static void
test_stalls_stop_the_process_for_as_long_as_planned_and_no_more(void)
{
    pid_t pid = start_victim();
    gint64 now_ns = hvb_now_ns();
    HvbStall list[2];

    for (gint64 i = 0; i < 2; i++) {
        list[i].begins_ns = now_ns + (10 + 40 * i) * NS_PER_MS;
        list[i].ends_ns = list[i].begins_ns + 20 * NS_PER_MS;
    }
    g_autoptr(GArray) stalls = stalls_of(list, 2);
    hvb_staller_end(hvb_staller_start(pid, stalls), FALSE);
    CU_ASSERT_TRUE(hvb_now_ns() >= list[1].ends_ns);
    CU_ASSERT_TRUE(was(pid, WCONTINUED));
    for (guint i = 0; i < 2; i++) {
        const HvbStall *stall = &g_array_index(stalls, HvbStall, i);
        CU_ASSERT_TRUE(stall->began_ns >= stall->begins_ns);
        CU_ASSERT_TRUE(stall->ended_ns >= stall->ends_ns);
        CU_ASSERT_TRUE(stall->ended_ns > stall->began_ns);
    }
    end_victim(pid);
}

/* What is to last an hour is over at once, and the process runs. */
static void test_process_goes_on_when_stalling_is_ended_in_a_stall(void)
{
    pid_t pid = start_victim();
    gint64 now_ns = hvb_now_ns();
    const HvbStall hour = {now_ns, now_ns + 3600 * 1000 * NS_PER_MS, 0, 0};
    g_autoptr(GArray) stalls = stalls_of(&hour, 1);
    HvbStaller *staller = hvb_staller_start(pid, stalls);

    while (!was(pid, WUNTRACED))
        g_usleep(1000);
    hvb_staller_end(staller, TRUE);
    CU_ASSERT_TRUE(was(pid, WCONTINUED));
    CU_ASSERT_TRUE(hvb_now_ns() < hour.ends_ns);
    end_victim(pid);
}

static void test_stalls_that_are_to_come_are_left_out_when_it_ends_now(void)
{
    pid_t pid = start_victim();
    gint64 now_ns = hvb_now_ns();
    const HvbStall later = {now_ns + 3600 * 1000 * NS_PER_MS,
                            now_ns + 3601 * 1000 * NS_PER_MS, 0, 0};
    g_autoptr(GArray) stalls = stalls_of(&later, 1);

    hvb_staller_end(hvb_staller_start(pid, stalls), TRUE);
    CU_ASSERT_FALSE(was(pid, WUNTRACED));
    CU_ASSERT_EQUAL(g_array_index(stalls, HvbStall, 0).began_ns, 0);
    end_victim(pid);
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_stalls[] = {
    TEST(delay_lasts_until_the_end_of_the_stall_that_was_made),
    TEST(skipper_sees_one_of_14_delayed_looks),
    TEST(skipper_sees_all_where_nothing_stalls),
    TEST(stalls_stop_the_process_for_as_long_as_planned_and_no_more),
    TEST(process_goes_on_when_stalling_is_ended_in_a_stall),
    TEST(stalls_that_are_to_come_are_left_out_when_it_ends_now),
    TEST_END,
};
