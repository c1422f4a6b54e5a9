/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Against tools that nobody here wrote: Debian's cyclictest and stress-ng in a
 * Debian guest, beside the probe. The guest runs them in phases
 * (guests/crosscheck), a round of which passes under each cap, with a window of
 * the probe in each phase. The first test measures, the others compare. It
 * takes a quiet machine: what holds on any is a test of the suite image.
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
#define ATTEMPTS 3

/* Where both must agree: their medians differ by no more than a factor and a
 * bit, for each finds the host busy at other moments. */
#define MEDIAN_FACTOR 2.0
#define MEDIAN_SLACK_US 500.0
/* What arithmetic predicts exactly: how near to it is to be reached, and how
 * far from it is too far, as a factor and in points. */
#define SHARE_FACTOR_TO_REACH 1.1
#define SHARE_FACTOR 1.4
#define POINTS_TO_REACH 5.0
#define POINTS 20.0
#define FOREIGN_PERCENT 20.0
#define NOT_QUIET "the host is not quiet: others delay what is compared"

enum { IDLE = CROSSCHECK_IDLE, SPIN = CROSSCHECK_SPIN };
#define N_PHASES CROSSCHECK_N_PHASES

/* The last round shows whether the guest's speed is still what it was. */
enum { NO_CAP, HALF, FIFTH, NO_CAP_AGAIN, N_ROUNDS };
#define N_CAPS NO_CAP_AGAIN
static const guint cap_percent[N_ROUNDS] = {0, 50, 20, 0};

static HvbConnection *connection;
static HvbBed *bed;
static HvbRig rig;
static CrosscheckPair pairs[N_ROUNDS][N_PHASES];
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

/* What arithmetic predicts holds where the cap alone holds the guest up. NULL:
 * it does; to be freed. */
static char *describe_others(const CrosscheckPair *pair)
{
    disturbed = pair->foreign_percent > FOREIGN_PERCENT;
    return disturbed ? g_strdup_printf("other processes used %.0f %% of a CPU",
                                       pair->foreign_percent)
                     : NULL;
}

static gboolean measure_phase(guint phase, gsize *offset, CrosscheckPair *pair)
{
    for (guint i = 0; i < ATTEMPTS; i++) {
        disturbed = FALSE;
        g_autofree char *why = crosscheck_measure(&rig, phase, *offset, pair);
        if (!why)
            why = describe_others(pair);
        if (!why)
            return TRUE;
        printf("    %s: %s\n", crosscheck_phase_name(phase), why);
        crosscheck_pair_clear(pair);
        g_autofree char *text = crosscheck_console(bed);
        *offset = strlen(text);
    }
    return FALSE;
}

static double host_percent(const CrosscheckPair *pair)
{
    return 100.0 * (double)(pair->closed.vcpu_ns - pair->opened.vcpu_ns) /
           (double)(pair->closed.time_ns - pair->opened.time_ns);
}

static void print_pair(guint cap, guint phase)
{
    const CrosscheckPair *pair = &pairs[cap][phase];

    printf("    cap %3u %%, %s: probe %u of %u, median %" G_GINT64_FORMAT
           " us; cyclictest %u of %u, median %" G_GINT64_FORMAT
           " us; host %.1f %%, stress-ng %.1f/s\n",
           cap_percent[cap], crosscheck_phase_name(phase), pair->delays_us->len,
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
    g_autofree char *text = crosscheck_console(bed);
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
        const CrosscheckPair *pair = &pairs[cap][SPIN];
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
    for (guint cap = 0; ok && cap < N_ROUNDS; cap++)
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
    const CrosscheckPair *pair = &pairs[cap][phase];
    double ours = (double)crosscheck_median(pair->delays_us);
    double theirs = (double)crosscheck_median(pair->theirs->delays_us);

    CU_ASSERT_TRUE(ours <= theirs * MEDIAN_FACTOR + MEDIAN_SLACK_US);
    CU_ASSERT_TRUE(theirs <= ours * MEDIAN_FACTOR + MEDIAN_SLACK_US);
}

static double looks_percent(const CrosscheckPair *pair)
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

/* How much more the one is than the other, whichever it is. */
static double factor(double a, double b)
{
    return a > b ? a / b : b / a;
}

static void check_limit(const char *what, double value, double to_reach,
                        double limit)
{
    printf("    %s: %.2f (to reach: %.2f, limit: %.2f)\n", what, value,
           to_reach, limit);
    CU_ASSERT_TRUE(value <= limit);
}

/* stress-ng counts its own operations by the guest's clock, the host what it
 * charged the guest. Without a cap both are taken before and after. */
static void test_a_cap_delivers_what_stress_ng_and_the_host_say(void)
{
    if (!is_measured())
        return;
    const CrosscheckPair *before = &pairs[NO_CAP][SPIN];
    const CrosscheckPair *after = &pairs[NO_CAP_AGAIN][SPIN];
    double bogo = (before->theirs->bogo_per_s + after->theirs->bogo_per_s) / 2;
    double host = (host_percent(before) + host_percent(after)) / 2;
    for (guint cap = HALF; cap < N_CAPS; cap++) {
        const CrosscheckPair *capped = &pairs[cap][SPIN];
        check_limit("share of a CPU, stress-ng against the host",
                    factor(capped->theirs->bogo_per_s / bogo,
                           host_percent(capped) / host),
                    SHARE_FACTOR_TO_REACH, SHARE_FACTOR);
        check_limit("charged against the cap",
                    host_percent(capped) / cap_percent[cap],
                    SHARE_FACTOR_TO_REACH, SHARE_FACTOR);
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
        const CrosscheckPair *pair = &pairs[cap][SPIN];
        double look = 100.0 * CROSSCHECK_LOOK_US / CAP_PERIOD_US;
        double delayed = 100.0 - cap_percent[cap] - look;
        double ours =
            crosscheck_percent_above(pair->delays_us, CROSSCHECK_LOOK_US);
        double theirs = crosscheck_percent_above(pair->theirs->delays_us,
                                                 CROSSCHECK_LOOK_US);
        CU_ASSERT_EQUAL(pair->missing, 0);
        CU_ASSERT_EQUAL(pair->delays_us->len, pair->scheduled);
        check_limit("looks kept, points from what is predicted",
                    fabs(looks_percent(pair) - (cap_percent[cap] + look)),
                    POINTS_TO_REACH, POINTS);
        check_limit("delayed operations, points from what is predicted",
                    fabs(ours - delayed), POINTS_TO_REACH, POINTS);
        CU_ASSERT_TRUE(theirs < ours);
    }
    const CrosscheckPair *fifth = &pairs[FIFTH][SPIN];
    CU_ASSERT_TRUE(crosscheck_median(fifth->delays_us) > CROSSCHECK_LOOK_US);
    CU_ASSERT_TRUE(crosscheck_median(fifth->theirs->delays_us) <
                   CROSSCHECK_LOOK_US);
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
