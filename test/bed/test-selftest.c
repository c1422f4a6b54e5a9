/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The selftest on real guests: a stall that nothing hides, the command as its
 * user has it, and that no guest stays stopped. What is right is a matter of a
 * quiet machine, and not tested here. */
#include "hvbench/bed/state.h"
#include "hvbench/run/clock.h"
#include "hvbench/selftest/rig.h"
#include "hvbench/selftest/stalls.h"
#include "test/bed/bed-fixture.h"

#include <gio/gio.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#define NS_PER_MS G_GINT64_CONSTANT(1000000)
#define SLOT_MS 100
#define OPERATIONS 60
#define STALL_MS 1400
#define LEAD_MS 500
#define TRIES 10

typedef struct {
    HvbStaller *staller;
    GArray *stalls;
} Stalling;

/* One stall, soon after the window has opened; later where this machine lets us
 * be late. */
static gboolean stall_once(HvbRig *rig, const HvbWindow *window,
                           const HvbTake *take, gpointer user_data,
                           GError **error)
{
    Stalling *stalling = user_data;
    gint64 begins_ns = hvb_now_ns() + LEAD_MS * NS_PER_MS;
    const HvbStall stall = {.begins_ns = begins_ns,
                            .ends_ns = begins_ns + STALL_MS * NS_PER_MS};

    (void)window;
    (void)take;
    (void)error;
    g_array_set_size(stalling->stalls, 0);
    g_array_append_val(stalling->stalls, stall);
    stalling->staller =
        hvb_staller_start(rig->bed->process(rig->bed, 0), stalling->stalls);
    return TRUE;
}

static int compare_starts(gconstpointer a, gconstpointer b)
{
    const WireSample *x = &((const HvbSample *)a)->raw;
    const WireSample *y = &((const HvbSample *)b)->raw;

    return (x->intended_ns > y->intended_ns) -
           (x->intended_ns < y->intended_ns);
}

/* How many the stall delayed, none of which may have been done before its end;
 * `ret_starts` gets the starts of all on the host's clock. */
static guint count_delayed(HvbTake *take, const GArray *stalls,
                           GArray *ret_starts)
{
    const HvbStall *stall = &g_array_index(stalls, HvbStall, 0);
    gint64 length_ns = stall->ended_ns - stall->began_ns;
    guint delayed = 0;

    g_array_sort(take->samples, compare_starts);
    for (guint i = 0; i < take->samples->len; i++) {
        const WireSample *raw = &g_array_index(take->samples, HvbSample, i).raw;
        gint64 error_ns = 0;
        gint64 start_ns =
            hvb_clock_to_host(take->clocks, 1, (gint64)raw->intended_ns,
                              &error_ns);
        gint64 least_ns = hvb_stalls_delay_ns(stalls, start_ns);
        g_array_append_val(ret_starts, start_ns);
        /* At its very begin an operation may escape. */
        if (least_ns > 0 && least_ns < length_ns - NS_PER_MS)
            CU_ASSERT_TRUE((gint64)(raw->ended_ns - raw->intended_ns) >=
                           least_ns - error_ns);
        delayed += least_ns > 0;
    }
    return delayed;
}

/* 10 operations per second: 14 fall into 1.4 s, give or take the one that a
 * random place in its slot moves over each of the stall's ends. A stall that a
 * busy machine has drawn out covers more. */
static void check_take(HvbTake *take, const GArray *stalls)
{
    g_autoptr(GArray) starts = g_array_new(FALSE, FALSE, sizeof(gint64));
    guint delayed = count_delayed(take, stalls, starts);
    g_autoptr(GArray) seen = hvb_stalls_seen_by_skipper(stalls, starts);
    const HvbStall *stall = &g_array_index(stalls, HvbStall, 0);
    double slots = (double)(stall->ended_ns - stall->began_ns) /
                   (double)(SLOT_MS * NS_PER_MS);

    printf("    of %u samples a stall of %.1f s delayed %u; who skips what it "
           "missed has %u samples\n",
           take->samples->len, slots * SLOT_MS / 1000.0, delayed, seen->len);
    CU_ASSERT_EQUAL(take->scheduled, OPERATIONS);
    CU_ASSERT_EQUAL(take->samples->len, OPERATIONS);
    CU_ASSERT_EQUAL(take->missing, 0);
    CU_ASSERT_TRUE(fabs(delayed - slots) <= 2.0);
    CU_ASSERT_EQUAL(seen->len, OPERATIONS - delayed + 1);
}

/* Whether the stall lies within the window: between the second operation and
 * the last but one. */
static gboolean is_inside(const HvbTake *take, const HvbStall *stall)
{
    gint64 first_ns = G_MAXINT64, last_ns = G_MININT64;

    for (guint i = 0; i < take->samples->len; i++) {
        const WireSample *raw = &g_array_index(take->samples, HvbSample, i).raw;
        gint64 start_ns =
            hvb_clock_to_host(take->clocks, 1, (gint64)raw->intended_ns, NULL);
        first_ns = MIN(first_ns, start_ns);
        last_ns = MAX(last_ns, start_ns);
    }
    return stall->began_ns > first_ns && stall->ended_ns < last_ns;
}

/* A window with a stall in it; again where this machine let us be so late that
 * it was over by then. NULL: it never was otherwise. */
static HvbTake *take_with_stall(HvbRig *rig, Stalling *stalling)
{
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < TRIES && !error; i++) {
        g_autoptr(HvbTake) take =
            hvb_rig_take(rig, WIRE_KEY, OPERATIONS, SLOT_MS * 1000, stall_once,
                         stalling, &error);
        if (stalling->staller)
            hvb_staller_end(stalling->staller, take == NULL);
        stalling->staller = NULL;
        if (take &&
            is_inside(take, &g_array_index(stalling->stalls, HvbStall, 0)))
            return g_steal_pointer(&take);
    }
    if (error)
        printf("    %s\n", error->message);
    return NULL;
}

static void test_stall_delays_all_that_it_covers_and_a_skipper_sees_one(void)
{
    HvbBed *bed = bed_fixture_share();
    Stalling stalling = {0};

    if (!bed)
        return;
    HvbRig rig = {.bed = bed, .rng = gsl_rng_alloc(gsl_rng_mt19937)};
    stalling.stalls = g_array_new(FALSE, FALSE, sizeof(HvbStall));
    /* Operations that take no time. */
    CU_ASSERT_TRUE(hvb_link_work(bed->guests[0].link, 1, NULL, NULL));
    g_autoptr(HvbTake) take = take_with_stall(&rig, &stalling);
    CU_ASSERT_PTR_NOT_NULL(take);
    if (take)
        check_take(take, stalling.stalls);
    g_array_unref(stalling.stalls);
    gsl_rng_free(rig.rng);
}

/* The program is beside this one. */
static GSubprocess *spawn_selftest(const char *letters)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *build = g_path_get_dirname(self);
    g_autofree char *program = g_build_filename(build, "hvbench", NULL);
    GSubprocess *process =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                             G_SUBPROCESS_FLAGS_STDERR_PIPE,
                         NULL, program, "selftest", "--accel", "tcg", "--seed",
                         "1", "--only", letters, NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(process);
    return process;
}

/* What it says to stdout; caller frees. */
static char *finish(GSubprocess *process, int *ret_status)
{
    char *out = NULL;
    g_autofree char *err = NULL;

    CU_ASSERT_TRUE_FATAL(
        g_subprocess_communicate_utf8(process, NULL, NULL, &out, &err, NULL));
    CU_ASSERT_TRUE_FATAL(g_subprocess_get_if_exited(process));
    *ret_status = g_subprocess_get_exit_status(process);
    if (*err != '\0')
        printf("    %s\n", err);
    return out;
}

/* Waits for a line with `part`; fails if the process ends before it. */
static void wait_for(GSubprocess *process, const char *part)
{
    g_autoptr(GDataInputStream) out =
        g_data_input_stream_new(g_subprocess_get_stdout_pipe(process));
    g_autofree char *line = NULL;

    g_filter_input_stream_set_close_base_stream(G_FILTER_INPUT_STREAM(out),
                                                FALSE);
    do {
        g_free(line);
        line = g_data_input_stream_read_line(out, NULL, NULL, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    } while (!strstr(line, part));
}

/* Of guests' QEMUs. */
static guint count_processes(const char *states)
{
    const char *const argv[] = {"pgrep", "-c", "-r",
                                states,  "-f", "guest=hvbench-guest",
                                NULL};
    g_autofree char *out = NULL;

    CU_ASSERT_TRUE(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH,
                                NULL, NULL, &out, NULL, NULL, NULL));
    return out ? (guint)g_ascii_strtoull(out, NULL, 10) : 0;
}

#define ANY_STATE "R,S,D,T,t"
#define STOPPED "T"
#define PATIENCE_S 120

/* Of files that beds keep. */
static guint count_beds(void)
{
    g_autoptr(GDir) dir = g_dir_open(HVB_STATE_DIR, 0, NULL);
    const char *name;
    guint n = 0;

    while (dir && (name = g_dir_read_name(dir)))
        n += g_str_has_prefix(name, HVB_STATE_BED_PREFIX) ? 1 : 0;
    return n;
}

static void assert_nothing_left(void)
{
    CU_ASSERT_EQUAL(count_processes(ANY_STATE), 0);
    CU_ASSERT_EQUAL(count_beds(), 0);
}

static void test_selftest_has_a_row_for_each_answer(void)
{
    int status;

    if (!bed_fixture_can_run())
        return;
    g_autoptr(GSubprocess) process = spawn_selftest("f");
    g_autofree char *out = finish(process, &status);
    CU_ASSERT_TRUE(status == 0 || status == 1 || status == 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "\nf calibration"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "\n  repeated 5 times"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "\n  planted drift"));
    CU_ASSERT_PTR_NULL(strstr(out, "\na "));
    CU_ASSERT_EQUAL(strstr(out, "answers are not right") == NULL, status == 0);
    assert_nothing_left();
}

static void wait_until_one_is_stopped(GSubprocess *process)
{
    gint64 until_us = g_get_monotonic_time() + PATIENCE_S * G_USEC_PER_SEC;

    wait_for(process, "a: stalls");
    while (count_processes(STOPPED) == 0 && g_get_monotonic_time() < until_us)
        g_usleep(1000);
    CU_ASSERT_TRUE(g_get_monotonic_time() < until_us);
}

/* The first is killed, the second interrupted, both while a guest is stopped.
 */
static void test_guest_that_was_left_stopped_is_cleared_away(void)
{
    int status;

    if (!bed_fixture_can_run())
        return;
    g_autoptr(GSubprocess) killed = spawn_selftest("a");
    wait_until_one_is_stopped(killed);
    g_subprocess_send_signal(killed, SIGKILL);
    CU_ASSERT_TRUE_FATAL(g_subprocess_wait(killed, NULL, NULL));
    CU_ASSERT_EQUAL(count_processes(ANY_STATE), 2);
    CU_ASSERT_EQUAL(count_beds(), 1);
    g_autoptr(GSubprocess) next = spawn_selftest("a");
    wait_until_one_is_stopped(next);
    CU_ASSERT_EQUAL(count_processes(ANY_STATE), 2);
    CU_ASSERT_EQUAL(count_beds(), 1);
    g_subprocess_send_signal(next, SIGINT);
    g_free(finish(next, &status));
    CU_ASSERT_EQUAL(status, 130);
    assert_nothing_left();
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_selftest[] = {
    TEST(selftest_has_a_row_for_each_answer),
    TEST(guest_that_was_left_stopped_is_cleared_away),
    TEST_END,
};

CU_TestInfo tests_stall[] = {
    TEST(stall_delays_all_that_it_covers_and_a_skipper_sees_one),
    TEST_END,
};
