/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Check a: stalls of the whole guest, at seeded times and of known lengths, as
 * a probe of operations that take no time sees them. */
#include "hvbench/results/p3.h"
#include "hvbench/run/clock.h"
#include "hvbench/selftest/rig.h"
#include "hvbench/selftest/stalls.h"
#include "hvbench/selftest/verdict.h"

#include <math.h>

#define NS_PER_MS G_GINT64_CONSTANT(1000000)
/* An operation is over in microseconds. */
#define SIZE 0.001
#define SLOT_US 300000
#define PER_LENGTH 6
/* The first operations show what one takes when nothing stalls. */
#define N_QUIET 20
/* Free slots between a stall's last operation and the next stall's first. */
#define GAP_SLOTS 2
/* The least that two starts are apart: half of a slot (schedule.h). */
#define LEAST_GAP_NS (SLOT_US * G_GINT64_CONSTANT(1000) / 2)
/* A stall begins so far before its operation at least, and ends so far after
 * it, that nobody can doubt whether it hits. */
#define MARGIN_NS (2 * NS_PER_MS)
/* What each delay may be off by: 1 ms and 1 %. */
#define LIMIT_NS NS_PER_MS
#define LIMIT_PERCENT 1

static const guint lengths_ms[] = {5, 20, 50, 100, 200, 500, 1000, 2000};

static gint64 limit_ns(gint64 delay_ns)
{
    return LIMIT_NS + delay_ns * LIMIT_PERCENT / 100;
}

/* How many operations a stall of this length and the pause after it take. */
static guint slots_of(guint length_ms)
{
    return length_ms * 1000 / SLOT_US + 1 + GAP_SLOTS;
}

static guint count_operations(void)
{
    guint n = N_QUIET;

    for (guint i = 0; i < G_N_ELEMENTS(lengths_ms); i++)
        n += PER_LENGTH * slots_of(lengths_ms[i]);
    return n;
}

/* The lengths of all stalls in a random order, ms. */
static GArray *shuffle_lengths(HvbRig *rig)
{
    GArray *lengths = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < G_N_ELEMENTS(lengths_ms); i++)
        for (guint k = 0; k < PER_LENGTH; k++)
            g_array_append_val(lengths, lengths_ms[i]);
    gsl_ran_shuffle(rig->rng, lengths->data, lengths->len, sizeof(guint));
    return lengths;
}

/* A stall for each length; the first operation that it hits is known, and comes
 * at a random time after the stall's begin. Starts are by the guest's clock,
 * stalls by the host's. */
static GArray *plan_stalls(HvbRig *rig, const HvbWindow *window,
                           const GArray *clocks)
{
    g_autoptr(GArray) lengths = shuffle_lengths(rig);
    GArray *stalls = g_array_new(FALSE, FALSE, sizeof(HvbStall));
    gint64 opened_ns = hvb_window_opened_ns(window, 1);
    guint n, at = N_QUIET;
    const ScheduledStart *schedule = hvb_window_schedule(window, 1, &n);

    for (guint i = 0; i < lengths->len; i++) {
        guint length_ms = g_array_index(lengths, guint, i);
        gint64 length_ns = (gint64)length_ms * NS_PER_MS;
        gint64 room_ns = MIN(length_ns, LEAST_GAP_NS) - 2 * MARGIN_NS;
        gint64 before_ns =
            MARGIN_NS + (gint64)(gsl_rng_uniform(rig->rng) * (double)room_ns);
        gint64 start_ns =
            hvb_clock_to_host(clocks, 1,
                              opened_ns + (gint64)schedule[at].offset_ns, NULL);
        const HvbStall stall = {.begins_ns = start_ns - before_ns,
                                .ends_ns = start_ns - before_ns + length_ns};
        g_array_append_val(stalls, stall);
        at += slots_of(length_ms);
    }
    return stalls;
}

typedef struct {
    HvbStaller *staller;
    GArray *stalls;
} Stalling;

static gboolean begin_stalling(HvbRig *rig, const HvbWindow *window,
                               const HvbTake *take, gpointer user_data,
                               GError **error)
{
    Stalling *stalling = user_data;

    (void)error;
    stalling->stalls = plan_stalls(rig, window, take->clocks);
    stalling->staller =
        hvb_staller_start(rig->bed->process(rig->bed, 0), stalling->stalls);
    return TRUE;
}

/* A sample against what the stalls make of it. */
typedef struct {
    gint64 expected_ns, measured_ns;
    guint length_ms;   /* of the stall it fell into; 0: into none */
    gboolean doubtful; /* so near to a stall's begin that it may have escaped */
} Pair;

static void find_stall(const GArray *stalls, gint64 start_ns, Pair *pair)
{
    pair->expected_ns = hvb_stalls_delay_ns(stalls, start_ns);
    for (guint i = 0; i < stalls->len; i++) {
        const HvbStall *stall = &g_array_index(stalls, HvbStall, i);
        pair->doubtful =
            pair->doubtful || ABS(start_ns - stall->began_ns) < LIMIT_NS;
        if (start_ns >= stall->began_ns && start_ns < stall->ended_ns)
            pair->length_ms =
                (guint)((stall->ends_ns - stall->begins_ns) / NS_PER_MS);
    }
}

/* What an operation takes that no stall has hit. */
static gint64 find_reference_ns(const GArray *pairs)
{
    g_autoptr(GArray) quiet = g_array_new(FALSE, FALSE, sizeof(gint64));

    for (guint i = 0; i < pairs->len; i++) {
        const Pair *pair = &g_array_index(pairs, Pair, i);
        if (pair->length_ms == 0 && !pair->doubtful)
            g_array_append_val(quiet, pair->measured_ns);
    }
    return hvb_median_ns(quiet);
}

static GArray *compare(const HvbTake *take, const GArray *stalls)
{
    GArray *pairs = g_array_new(FALSE, FALSE, sizeof(Pair));

    for (guint i = 0; i < take->samples->len; i++) {
        const WireSample *raw = &g_array_index(take->samples, HvbSample, i).raw;
        Pair pair = {.measured_ns = (gint64)(raw->ended_ns - raw->intended_ns)};
        find_stall(stalls,
                   hvb_clock_to_host(take->clocks, 1, (gint64)raw->intended_ns,
                                     NULL),
                   &pair);
        g_array_append_val(pairs, pair);
    }
    gint64 reference_ns = find_reference_ns(pairs);
    for (guint i = 0; i < pairs->len; i++)
        g_array_index(pairs, Pair, i).measured_ns -= reference_ns;
    return pairs;
}

/* `n` of them, with their mean. */
static char *describe_delays(guint n, double mean_ms)
{
    return g_strdup_printf("%u x %.*f ms", n, mean_ms < 100.0 ? 1 : 0, mean_ms);
}

/* Of the samples that fell into stalls of `from_ms` to `to_ms`. */
static void answer_lengths(HvbRig *rig, const GArray *pairs, const char *what,
                           guint from_ms, guint to_ms)
{
    double expected = 0.0, measured = 0.0, worst = 0.0, used = 0.0;
    guint n = 0, wrong = 0;

    for (guint i = 0; i < pairs->len; i++) {
        const Pair *pair = &g_array_index(pairs, Pair, i);
        double error = (double)(pair->measured_ns - pair->expected_ns);
        double limit = (double)limit_ns(pair->expected_ns);
        if (pair->length_ms < from_ms || pair->length_ms > to_ms ||
            pair->doubtful)
            continue;
        n++;
        expected += (double)pair->expected_ns;
        measured += (double)pair->measured_ns;
        wrong += fabs(error) > limit;
        if (fabs(error / limit) >= fabs(used)) {
            used = error / limit;
            worst = error;
        }
    }
    expected /= MAX(n, 1) * (double)NS_PER_MS;
    measured /= MAX(n, 1) * (double)NS_PER_MS;
    hvb_rig_answer(rig, g_strdup(what), describe_delays(n, expected),
                   describe_delays(n, measured),
                   g_strdup_printf("%.2f ms", fabs(worst) / NS_PER_MS),
                   g_strdup("1 ms + 1 %"), used, n > 0 && wrong == 0,
                   wrong > 0
                       ? g_strdup_printf("%u of %u beyond the limit", wrong, n)
                       : NULL);
}

/* Whether the delay is so near to an edge that its bin is a matter of luck. */
static gboolean is_at_edge(gint64 delay_ns)
{
    return hvb_p3_bin(delay_ns - limit_ns(delay_ns)) !=
           hvb_p3_bin(delay_ns + limit_ns(delay_ns));
}

static char *describe_bins(const guint *bins)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < HVB_P3_BINS; i++)
        g_string_append_printf(text, "%s%u", i > 0 ? " " : "", bins[i]);
    return g_string_free(text, FALSE);
}

static void answer_bins(HvbRig *rig, const GArray *pairs)
{
    guint expected[HVB_P3_BINS] = {0}, measured[HVB_P3_BINS] = {0};
    guint off = 0, aside = 0;

    for (guint i = 0; i < pairs->len; i++) {
        const Pair *pair = &g_array_index(pairs, Pair, i);
        if (pair->doubtful || is_at_edge(pair->expected_ns)) {
            aside++;
            continue;
        }
        expected[hvb_p3_bin(pair->expected_ns)]++;
        measured[hvb_p3_bin(pair->measured_ns)]++;
        off += hvb_p3_bin(pair->expected_ns) != hvb_p3_bin(pair->measured_ns);
    }
    g_autofree char *is = describe_bins(measured);
    g_autofree char *should_be = describe_bins(expected);
    hvb_rig_answer(rig, g_strdup("bins of the P3"),
                   g_strdup_printf("%u", pairs->len - aside),
                   g_strdup_printf("%u", pairs->len - aside - off),
                   g_strdup_printf("%u wrong", off), g_strdup("0"),
                   HVB_OFF_NO_SIDE, off == 0,
                   g_strdup_printf("expected %s\nmeasured %s\n"
                                   "%u more are at an edge, where either bin "
                                   "is right",
                                   should_be, is, aside));
}

/* What a tool would hide that does not count as this one does. */
static char *describe_skipper(const HvbTake *take, const GArray *stalls)
{
    g_autoptr(GArray) starts = g_array_new(FALSE, FALSE, sizeof(gint64));
    guint delayed = 0;

    for (guint i = 0; i < take->samples->len; i++) {
        const WireSample *raw = &g_array_index(take->samples, HvbSample, i).raw;
        gint64 start_ns =
            hvb_clock_to_host(take->clocks, 1, (gint64)raw->intended_ns, NULL);
        g_array_append_val(starts, start_ns);
        delayed += hvb_stalls_delay_ns(stalls, start_ns) > 0;
    }
    hvb_times_sort(starts);
    g_autoptr(GArray) seen = hvb_stalls_seen_by_skipper(stalls, starts);
    return g_strdup_printf("%u fell into stalls; a recorder that skips what it "
                           "missed\nwould have lost %u of them",
                           delayed, starts->len - seen->len);
}

static void answer_count(HvbRig *rig, const HvbTake *take, const GArray *stalls)
{
    hvb_rig_answer(rig, g_strdup("scheduled samples"),
                   g_strdup_printf("%u", take->scheduled),
                   g_strdup_printf("%u", take->samples->len),
                   g_strdup_printf("%u missing", take->missing), g_strdup("0"),
                   take->missing > 0 ? HVB_OFF_MISSING : 0.0,
                   take->missing == 0, describe_skipper(take, stalls));
}

static void answer_all(HvbRig *rig, const HvbTake *take, const GArray *stalls)
{
    g_autoptr(GArray) pairs = compare(take, stalls);

    answer_count(rig, take, stalls);
    answer_lengths(rig, pairs, "no stall", 0, 0);
    answer_lengths(rig, pairs, "stalls 5-50 ms", 5, 50);
    answer_lengths(rig, pairs, "stalls 0.1-0.5 s", 100, 500);
    answer_lengths(rig, pairs, "stalls 1-2 s", 1000, 2000);
    answer_bins(rig, pairs);
}

gboolean hvb_check_stalls(HvbRig *rig, GError **error)
{
    Stalling stalling = {0};
    g_autoptr(HvbTake) take = NULL;

    if (!rig->bed->process) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "this bed has no guest that could be stopped as a whole");
        return FALSE;
    }
    if (hvb_rig_work(rig, 0, SIZE, error))
        take = hvb_rig_take(rig, WIRE_KEY, count_operations(), SLOT_US,
                            begin_stalling, &stalling, error);
    if (stalling.staller)
        hvb_staller_end(stalling.staller, take == NULL);
    if (take)
        answer_all(rig, take, stalling.stalls);
    g_clear_pointer(&stalling.stalls, g_array_unref);
    return take != NULL;
}
