/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stalls make of operations, who sees it, and that a stalled process
 * always goes on. */
#include "hvbench/selftest/stalls.h"

#include "hvbench/bed/wait.h"
#include "test/suites.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
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

#define PATIENCE_MS 60000
#define STEP_MS 1

/* A process of the test's, and our end of the socket that it talks by. */
typedef struct {
    pid_t pid;
    int fd;
} Victim;

static void say(int fd)
{
    if (write(fd, "!", 1) != 1)
        _exit(1);
}

/* In the process: answers each byte with one, without end. */
static void answer(int fd)
{
    char byte;

    while (read(fd, &byte, 1) == 1)
        say(fd);
    _exit(1);
}

static Victim start_victim(void (*be)(int fd))
{
    Victim victim;
    int ends[2];

    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    victim.pid = fork();
    if (victim.pid == 0) {
        close(ends[0]);
        be(ends[1]);
    }
    CU_ASSERT_TRUE_FATAL(victim.pid > 0);
    close(ends[1]);
    victim.fd = ends[0];
    return victim;
}

/* Whether it says something; FALSE: it has died, or never does. */
static gboolean says(const Victim *victim)
{
    struct pollfd poll_fd = {.fd = victim->fd, .events = POLLIN};
    char byte;

    return poll(&poll_fd, 1, PATIENCE_MS) == 1 &&
           read(victim->fd, &byte, 1) == 1;
}

static gboolean answers(const Victim *victim)
{
    return send(victim->fd, "?", 1, MSG_NOSIGNAL) == 1 && says(victim);
}

static void end_victim(const Victim *victim)
{
    kill(victim->pid, SIGKILL);
    waitpid(victim->pid, NULL, 0);
    close(victim->fd);
}

/* Since it was last asked. */
static gboolean was(const Victim *victim, int which)
{
    int status;

    return waitpid(victim->pid, &status, which | WNOHANG) == victim->pid &&
           (which == WUNTRACED ? WIFSTOPPED(status) : WIFCONTINUED(status));
}

static gboolean becomes(const Victim *victim, int which)
{
    for (guint i = 0; i < PATIENCE_MS / STEP_MS; i++) {
        if (was(victim, which))
            return TRUE;
        g_usleep(STEP_MS * 1000);
    }
    return FALSE;
}

static HvbStall stall_from(gint64 begins_ns, gint64 length_ms)
{
    return (HvbStall){begins_ns, begins_ns + length_ms * NS_PER_MS, 0, 0};
}

/* It is told to stop and to go on no earlier than planned, and goes on. For how
 * long it does stand still is up to when it gets a CPU to stop on. */
static void
test_stalls_are_not_shorter_than_planned_and_the_process_goes_on(void)
{
    Victim victim = start_victim(answer);
    gint64 now_ns = hvb_now_ns();
    const HvbStall list[] = {stall_from(now_ns + 10 * NS_PER_MS, 20),
                             stall_from(now_ns + 50 * NS_PER_MS, 20)};
    g_autoptr(GArray) stalls = stalls_of(list, 2);

    CU_ASSERT_TRUE_FATAL(answers(&victim));
    hvb_staller_end(hvb_staller_start(victim.pid, stalls), FALSE);
    CU_ASSERT_TRUE(hvb_now_ns() >= list[1].ends_ns);
    for (guint i = 0; i < 2; i++) {
        const HvbStall *stall = &g_array_index(stalls, HvbStall, i);
        CU_ASSERT_TRUE(stall->began_ns >= stall->begins_ns);
        CU_ASSERT_TRUE(stall->ended_ns >= stall->ends_ns);
        CU_ASSERT_TRUE(stall->ended_ns > stall->began_ns);
    }
    CU_ASSERT_TRUE(answers(&victim));
    end_victim(&victim);
}

#define HOUR_MS (3600 * 1000)

/* What is to last an hour is over at once, and the process runs. */
static void test_process_goes_on_when_stalling_is_ended_in_a_stall(void)
{
    Victim victim = start_victim(answer);
    const HvbStall hour = stall_from(hvb_now_ns(), HOUR_MS);
    g_autoptr(GArray) stalls = stalls_of(&hour, 1);

    CU_ASSERT_TRUE_FATAL(answers(&victim));
    HvbStaller *staller = hvb_staller_start(victim.pid, stalls);
    CU_ASSERT_TRUE(becomes(&victim, WUNTRACED));
    hvb_staller_end(staller, TRUE);
    CU_ASSERT_TRUE(was(&victim, WCONTINUED));
    CU_ASSERT_TRUE(hvb_now_ns() < hour.ends_ns);
    CU_ASSERT_TRUE(answers(&victim));
    end_victim(&victim);
}

static void stall_once(const Victim *victim)
{
    const HvbStall stall = stall_from(hvb_now_ns(), 1);
    g_autoptr(GArray) stalls = stalls_of(&stall, 1);

    hvb_staller_end(hvb_staller_start(victim->pid, stalls), FALSE);
}

static sigset_t only(int signal)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, signal);
    return set;
}

/* As a new process does under newer C libraries. It stops by itself, and so is
 * looked at while it blocks the signal, which it does no more afterwards. */
static void block_at_first(int fd)
{
    const sigset_t set = only(SIGIO);

    sigprocmask(SIG_BLOCK, &set, NULL);
    say(fd);
    raise(SIGSTOP);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    answer(fd);
}

static void test_process_that_blocks_all_at_first_survives_a_stall(void)
{
    Victim victim = start_victim(block_at_first);

    CU_ASSERT_TRUE_FATAL(says(&victim));
    CU_ASSERT_TRUE(becomes(&victim, WUNTRACED));
    stall_once(&victim);
    CU_ASSERT_TRUE(answers(&victim));
    end_victim(&victim);
}

/* The signal hits it before it can be read. */
static void let_signal_through(int fd)
{
    const sigset_t set = only(SIGIO);

    if (signalfd(-1, &set, 0) < 0)
        _exit(1);
    answer(fd);
}

static void test_process_that_lets_the_signal_through_survives_a_stall(void)
{
    Victim victim = start_victim(let_signal_through);

    CU_ASSERT_TRUE_FATAL(answers(&victim));
    stall_once(&victim);
    CU_ASSERT_TRUE(answers(&victim));
    end_victim(&victim);
}

/* As QEMU; it says so for each. */
static void read_signals(int fd)
{
    const sigset_t set = only(SIGIO);
    struct signalfd_siginfo taken;

    sigprocmask(SIG_BLOCK, &set, NULL);
    int signals = signalfd(-1, &set, 0);
    say(fd);
    while (read(signals, &taken, sizeof taken) == sizeof taken)
        say(fd);
    _exit(1);
}

static void test_process_that_reads_the_signal_gets_it_after_a_stall(void)
{
    Victim victim = start_victim(read_signals);

    CU_ASSERT_TRUE_FATAL(says(&victim));
    stall_once(&victim);
    CU_ASSERT_TRUE(says(&victim));
    end_victim(&victim);
}

static void test_stalls_that_are_to_come_are_left_out_when_it_ends_now(void)
{
    Victim victim = start_victim(answer);
    const HvbStall later =
        stall_from(hvb_now_ns() + HOUR_MS * NS_PER_MS, HOUR_MS);
    g_autoptr(GArray) stalls = stalls_of(&later, 1);

    hvb_staller_end(hvb_staller_start(victim.pid, stalls), TRUE);
    CU_ASSERT_TRUE(answers(&victim));
    CU_ASSERT_FALSE(was(&victim, WUNTRACED));
    CU_ASSERT_EQUAL(g_array_index(stalls, HvbStall, 0).began_ns, 0);
    end_victim(&victim);
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_stalls[] = {
    TEST(delay_lasts_until_the_end_of_the_stall_that_was_made),
    TEST(skipper_sees_one_of_14_delayed_looks),
    TEST(skipper_sees_all_where_nothing_stalls),
    TEST(stalls_are_not_shorter_than_planned_and_the_process_goes_on),
    TEST(process_goes_on_when_stalling_is_ended_in_a_stall),
    TEST(process_that_blocks_all_at_first_survives_a_stall),
    TEST(process_that_lets_the_signal_through_survives_a_stall),
    TEST(process_that_reads_the_signal_gets_it_after_a_stall),
    TEST(stalls_that_are_to_come_are_left_out_when_it_ends_now),
    TEST_END,
};
