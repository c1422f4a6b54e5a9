/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Against tools that nobody here wrote: Debian's cyclictest and stress-ng in a
 * Debian guest, beside the probe. The guest runs them in phases
 * (guests/crosscheck), a round of which passes under each cap, with a window of
 * the probe in each phase. The first test measures, the others compare.
 *
 * With HVBENCH_CROSSCHECK=FILE in the environment, what was measured goes to
 * FILE, for scripts/crosscheck.gp. */
#include "hvbench/report/gnuplot.h"
#include "hvbench/selftest/rig.h"
#include "test/bed/bed-fixture.h"
#include "test/bed/crosscheck-guest.h"
#include "version.h"

#include <math.h>
#include <stdio.h>

#define CAP_PERIOD_US 100000
#define NO_WEIGHT 100
#define POLL_MS 200
#define PHASE_TIMEOUT_S 60
#define ATTEMPTS 3

/* Not in step with the cap's period, so that the starts, which lie in the
 * middle half of their slots, come at every moment of it. */
#define SLOT_US 23000

/* cyclictest's interval. */
#define LOOK_US 10000

/* Where both must agree: their medians differ by no more than a factor and a
 * bit, for each finds the host busy at other moments. */
#define MEDIAN_FACTOR 2.0
#define MEDIAN_SLACK_US 500.0
/* Bounds of what arithmetic predicts exactly, on a host that others use. */
#define SHARE_FACTOR 1.4
#define POINTS 20.0
#define FOREIGN_PERCENT 20.0
#define NOT_QUIET "the host is not quiet: others delay what is compared"

enum { IDLE, SPIN, N_PHASES };
static const struct {
    const char *name;
    guint samples;
} phases[N_PHASES] = {{"idle", 170}, {"spin", 520}};

enum { NO_CAP, HALF, FIFTH, N_CAPS };
static const guint cap_percent[N_CAPS] = {0, 50, 20};

/* One phase, from both sides. */
typedef struct {
    CrosscheckPhase *theirs;
    GArray *delays_us; /* ours, gint64, ascending */
    guint scheduled, missing;
    HvbGuestMeter opened, closed;
} Pair;

static HvbConnection *connection;
static HvbBed *bed;
static HvbRig rig;
static Pair pairs[N_CAPS][N_PHASES];
static gboolean all_measured;
static gboolean disturbed; /* at the last attempt */

static gboolean is_measured(void)
{
    if (!all_measured && disturbed)
        test_skip(NOT_QUIET);
    else if (!all_measured && bed_fixture_can_run_debian())
        CU_FAIL("not all of it was measured");
    return all_measured;
}

static void boot(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HvbProfile) profile =
        hvb_profile_from_text("[scenario]\n"
                              "name = crosscheck\n"
                              "[guests]\n"
                              "count = 1\n"
                              "[guest 1]\n"
                              "image = debian\n"
                              "memory-mib = 256\n"
                              "cmdline = hvbench.crosscheck\n"
                              "loaded = yes\n"
                              "measured = yes\n",
                              "test", &error);

    if (error)
        printf("    %s\n", error->message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(profile);
    bed = bed_fixture_boot(profile, NULL, &connection);
    rig = (HvbRig){.bed = bed, .rng = gsl_rng_alloc(gsl_rng_mt19937)};
}

static void shut_down(void)
{
    g_clear_pointer(&rig.rng, gsl_rng_free);
    g_clear_pointer(&bed, hvb_bed_free);
    g_clear_pointer(&connection, hvb_connection_close);
}

static char *console(void)
{
    char *text = NULL;

    return g_file_get_contents(bed->guests[0].console, &text, NULL, NULL)
               ? text
               : g_strdup("");
}

static gboolean wait_for(gboolean (*is_there)(const char *, gsize,
                                              const char *),
                         gsize offset, const char *name)
{
    gint64 until_us = g_get_monotonic_time() + PHASE_TIMEOUT_S * G_USEC_PER_SEC;

    while (g_get_monotonic_time() < until_us) {
        g_autofree char *text = console();
        if (is_there(text, offset, name))
            return TRUE;
        hvb_sleep(POLL_MS, NULL, NULL);
    }
    return FALSE;
}

static int compare_values(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a;
    gint64 y = *(const gint64 *)b;

    return (x > y) - (x < y);
}

static GArray *delays_of(const HvbTake *take)
{
    GArray *delays_us = g_array_new(FALSE, FALSE, sizeof(gint64));

    for (guint i = 0; i < take->samples->len; i++) {
        const WireSample *raw = &g_array_index(take->samples, HvbSample, i).raw;
        gint64 delay_us = (gint64)(raw->ended_ns - raw->intended_ns) / 1000;
        g_array_append_val(delays_us, delay_us);
    }
    g_array_sort(delays_us, compare_values);
    return delays_us;
}

static gboolean read_meter_on_open(HvbRig *of, const HvbWindow *window,
                                   const HvbTake *take, gpointer user_data,
                                   GError **error)
{
    Pair *pair = user_data;

    (void)window;
    (void)take;
    return of->bed->read_meter(of->bed, 0, &pair->opened, error);
}

/* Whether our window was over before their phase was, by the guest's clock: it
 * opened when the phase had begun, for that is what it waited for. */
static gboolean is_covered(const HvbTake *take, const CrosscheckPhase *theirs)
{
    const HvbClockReading *after =
        &g_array_index(take->clocks, HvbClockRecord, 1).reading;

    return (double)(after->host_ns + after->offset_ns) / 1e9 <= theirs->end_s;
}

static void clear_pair(Pair *pair)
{
    g_clear_pointer(&pair->theirs, crosscheck_phase_free);
    g_clear_pointer(&pair->delays_us, g_array_unref);
}

/* What arithmetic predicts holds where the cap alone holds the guest up. NULL:
 * it does; to be freed. */
static char *describe_others(const HvbUsage *before)
{
    g_autofree HvbUsage *after = g_new0(HvbUsage, 1);

    if (!hvb_usage_read(bed, NULL, after, NULL))
        return g_strdup("the host's meters cannot be read");
    double foreign = hvb_usage_foreign_percent(before, after);
    if (foreign <= FOREIGN_PERCENT)
        return NULL;
    disturbed = TRUE;
    return g_strdup_printf("other processes used %.0f %% of a CPU", foreign);
}

/* NULL if it went well, else why not; to be freed. */
static char *try_phase(guint phase, gsize offset, Pair *pair)
{
    const char *name = phases[phase].name;
    g_autoptr(GError) error = NULL;
    g_autoptr(HvbTake) take = NULL;
    g_autofree HvbUsage *before = g_new0(HvbUsage, 1);

    disturbed = FALSE;
    if (!wait_for(crosscheck_has_begun, offset, name))
        return g_strdup("did not begin");
    if (!hvb_usage_read(bed, NULL, before, &error))
        return g_strdup(error->message);
    take = hvb_rig_take(&rig, WIRE_KEY, phases[phase].samples, SLOT_US,
                        read_meter_on_open, pair, &error);
    if (!take || !bed->read_meter(bed, 0, &pair->closed, &error))
        return g_strdup(error->message);
    if (!wait_for(crosscheck_is_over, offset, name))
        return g_strdup("did not end");
    g_autofree char *text = console();
    pair->theirs = crosscheck_phase_read(text, offset, name);
    pair->delays_us = delays_of(take);
    pair->scheduled = take->scheduled;
    pair->missing = take->missing;
    if (!pair->theirs || (phase == SPIN && pair->theirs->bogo_per_s <= 0.0))
        return g_strdup("the tools' results cannot be read");
    return is_covered(take, pair->theirs)
               ? describe_others(before)
               : g_strdup("was over before the probe's window");
}

static gboolean measure_phase(guint phase, gsize *offset, Pair *pair)
{
    for (guint i = 0; i < ATTEMPTS; i++) {
        g_autofree char *why = try_phase(phase, *offset, pair);
        if (!why)
            return TRUE;
        printf("    %s: %s\n", phases[phase].name, why);
        clear_pair(pair);
        g_autofree char *text = console();
        *offset = strlen(text);
    }
    return FALSE;
}

static double host_percent(const Pair *pair)
{
    return 100.0 * (double)(pair->closed.vcpu_ns - pair->opened.vcpu_ns) /
           (double)(pair->closed.time_ns - pair->opened.time_ns);
}

static void print_pair(guint cap, guint phase)
{
    const Pair *pair = &pairs[cap][phase];

    printf("    cap %3u %%, %s: probe %u of %u, median %" G_GINT64_FORMAT
           " us; cyclictest %u of %u, median %" G_GINT64_FORMAT
           " us; host %.1f %%, stress-ng %.1f/s\n",
           cap_percent[cap], phases[phase].name, pair->delays_us->len,
           pair->scheduled, crosscheck_median(pair->delays_us),
           pair->theirs->delays_us->len, pair->theirs->looks,
           crosscheck_median(pair->theirs->delays_us), host_percent(pair),
           pair->theirs->bogo_per_s);
}

static gboolean measure_round(guint cap)
{
    if (!hvb_rig_tune(&rig, 0, cap_percent[cap], CAP_PERIOD_US, NO_WEIGHT,
                      NULL))
        return FALSE;
    g_autofree char *text = console();
    gsize offset = strlen(text);
    for (guint phase = 0; phase < N_PHASES; phase++) {
        if (!measure_phase(phase, &offset, &pairs[cap][phase]))
            return FALSE;
        print_pair(cap, phase);
    }
    return TRUE;
}

static void append_samples(GString *data, const char *tool, guint cap,
                           const GArray *delays_us, guint scheduled)
{
    g_autofree char *name = g_strdup_printf("%s_%u", tool, cap_percent[cap]);

    g_string_append_printf(data, "%s = %u\n", name, scheduled);
    hvb_gnuplot_begin_block(data, name, 0);
    for (guint i = 0; i < delays_us->len; i++) {
        double delay_us = (double)g_array_index(delays_us, gint64, i);
        hvb_gnuplot_append_number(data, delay_us / 1000.0);
        g_string_append_c(data, '\n');
    }
    hvb_gnuplot_end_block(data);
}

/* While the bed is up, which is named. */
static gboolean write_samples(const char *path)
{
    g_autoptr(GString) data = g_string_new("conditions = ");
    g_autofree char *conditions =
        g_strdup_printf("Debian, Linux %s, in %s (%s); hvbench %s",
                        bed->guests[0].hello.kernel, bed->stack.hypervisor,
                        bed->stack.accel, HVB_VERSION);

    hvb_gnuplot_append_string(data, conditions);
    g_string_append_c(data, '\n');
    for (guint cap = 0; cap < N_CAPS; cap++) {
        const Pair *pair = &pairs[cap][SPIN];
        append_samples(data, "probe", cap, pair->delays_us, pair->scheduled);
        append_samples(data, "cyclictest", cap, pair->theirs->delays_us,
                       pair->theirs->looks);
    }
    return g_file_set_contents(path, data->str, (gssize)data->len, NULL);
}

static void test_cyclictest_and_stress_ng_run_beside_the_probe(void)
{
    const char *path = g_getenv("HVBENCH_CROSSCHECK");

    if (!bed_fixture_can_run_debian())
        return;
    boot();
    gboolean ok = hvb_link_work(bed->guests[0].link, 1, NULL, NULL);
    for (guint cap = 0; ok && cap < N_CAPS; cap++)
        ok = measure_round(cap);
    all_measured = ok;
    if (!ok && disturbed)
        test_skip(NOT_QUIET);
    else
        CU_ASSERT_TRUE(ok);
    if (ok && path)
        CU_ASSERT_TRUE(write_samples(path));
    shut_down();
}

static void assert_medians_agree(guint cap, guint phase)
{
    const Pair *pair = &pairs[cap][phase];
    double ours = (double)crosscheck_median(pair->delays_us);
    double theirs = (double)crosscheck_median(pair->theirs->delays_us);

    CU_ASSERT_TRUE(ours <= theirs * MEDIAN_FACTOR + MEDIAN_SLACK_US);
    CU_ASSERT_TRUE(theirs <= ours * MEDIAN_FACTOR + MEDIAN_SLACK_US);
}

static double looks_percent(const Pair *pair)
{
    return 100.0 * pair->theirs->delays_us->len / pair->theirs->looks;
}

static void test_without_a_cap_both_report_the_same_median(void)
{
    if (!is_measured())
        return;
    for (guint phase = 0; phase < N_PHASES; phase++) {
        assert_medians_agree(NO_CAP, phase);
        CU_ASSERT_TRUE(looks_percent(&pairs[NO_CAP][phase]) >= 100.0 - POINTS);
    }
}

static void test_a_cap_that_is_not_reached_delays_neither(void)
{
    if (!is_measured())
        return;
    for (guint cap = HALF; cap < N_CAPS; cap++) {
        assert_medians_agree(cap, IDLE);
        CU_ASSERT_TRUE(looks_percent(&pairs[cap][IDLE]) >= 100.0 - POINTS);
    }
}

/* stress-ng counts its own operations by the guest's clock, the host what it
 * charged the guest. */
static void test_a_cap_delivers_what_stress_ng_and_the_host_say(void)
{
    if (!is_measured())
        return;
    const Pair *free = &pairs[NO_CAP][SPIN];
    for (guint cap = HALF; cap < N_CAPS; cap++) {
        const Pair *capped = &pairs[cap][SPIN];
        double by_stress_ng =
            capped->theirs->bogo_per_s / free->theirs->bogo_per_s;
        double by_host = host_percent(capped) / host_percent(free);
        CU_ASSERT_TRUE(by_stress_ng <= by_host * SHARE_FACTOR);
        CU_ASSERT_TRUE(by_host <= by_stress_ng * SHARE_FACTOR);
        CU_ASSERT_TRUE(host_percent(capped) <= cap_percent[cap] * SHARE_FACTOR);
    }
}

/* Of each period p a guest that never pauses gets the quota q at once. A tool
 * that looks each i then sees what falls into q and, once the stall is over,
 * the one look that was due at its begin; it skips the others: it keeps the
 * share (q + i) / p of its looks, and of these, 1 / (1 + q / i) are late. What
 * users do comes at any time: (p - q - i) / p of it is delayed by more than i
 * (cap.h). */
static void test_cyclictest_skips_the_stalls_that_the_probe_counts(void)
{
    if (!is_measured())
        return;
    for (guint cap = HALF; cap < N_CAPS; cap++) {
        const Pair *pair = &pairs[cap][SPIN];
        double look = 100.0 * LOOK_US / CAP_PERIOD_US;
        double delayed = 100.0 - cap_percent[cap] - look;
        double ours = crosscheck_percent_above(pair->delays_us, LOOK_US);
        double theirs =
            crosscheck_percent_above(pair->theirs->delays_us, LOOK_US);
        CU_ASSERT_EQUAL(pair->missing, 0);
        CU_ASSERT_EQUAL(pair->delays_us->len, pair->scheduled);
        CU_ASSERT_TRUE(fabs(looks_percent(pair) - (cap_percent[cap] + look)) <=
                       POINTS);
        CU_ASSERT_TRUE(fabs(ours - delayed) <= POINTS);
        CU_ASSERT_TRUE(theirs < ours);
    }
    const Pair *fifth = &pairs[FIFTH][SPIN];
    CU_ASSERT_TRUE(crosscheck_median(fifth->delays_us) > LOOK_US);
    CU_ASSERT_TRUE(crosscheck_median(fifth->theirs->delays_us) < LOOK_US);
}

CU_TestInfo tests_crosscheck[] = {
    {"cyclictest and stress-ng run beside the probe",
     test_cyclictest_and_stress_ng_run_beside_the_probe},
    {"without a cap both report the same median",
     test_without_a_cap_both_report_the_same_median},
    {"a cap that is not reached delays neither",
     test_a_cap_that_is_not_reached_delays_neither},
    {"a cap delivers what stress-ng and the host say",
     test_a_cap_delivers_what_stress_ng_and_the_host_say},
    {"cyclictest skips the stalls that the probe counts",
     test_cyclictest_skips_the_stalls_that_the_probe_counts},
    TEST_END,
};
