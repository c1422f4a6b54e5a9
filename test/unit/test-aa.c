/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A/A: many pairs of made-up runs of the same profile, whose truth is known.
 * The rates are printed; the seeds are fixed, so they are always the same. */
#include "hvbench/results/compare.h"
#include "test/suites.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(gsl_rng, gsl_rng_free)

#define PAIRS 400u
#define CONFIDENCE 0.95
#define SAMPLES 40
#define SCENARIOS 2
#define REFERENCE_MS 66

/* How delays scatter, as measured on guests: samples of a cell depend on each
 * other and have a long tail; cells differ by more than their samples explain;
 * and so, a little, do boots. */
#define CORRELATION 0.5
#define TAIL 0.6
#define CELL_SD 0.15
#define JITTER_MS 3

typedef struct {
    guint repetitions;
    double boot_sd;
    double factor;   /* of all delays ... */
    double added_ms; /* ... and on top of them */
} Truth;

static const HvbCompareSettings usual = {HVB_COMPARE_TOLERANCE_MS,
                                         HVB_COMPARE_TOLERANCE_PERCENT,
                                         CONFIDENCE};
static const HvbCompareSettings bare = {0, 0, CONFIDENCE};

static const double delays_ms[HVB_N_LEVELS] = {2, 40, 120, 250, 450, 600};

static HvbProfile *make_profile(guint scenario)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf(
        "[scenario]\nname = aa%u\n[guests]\ncount = 1\n"
        "[guest 1]\nloaded = yes\nmeasured = yes\n[run]\nseed = %u\n",
        scenario, scenario + 1);
    HvbProfile *profile = hvb_profile_from_text(text, "made-up", &error);

    if (!profile)
        g_error("%s", error->message);
    return profile;
}

static HvbRunRecord *run_new(void)
{
    HvbRunRecord *run = g_new0(HvbRunRecord, 1);

    run->profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_profile_free);
    run->cells = g_ptr_array_new_with_free_func((GDestroyNotify)hvb_cell_free);
    return run;
}

static double lognormal(double sd, double z)
{
    return exp(sd * z - sd * sd / 2); /* of mean 1 */
}

static void add_cell(HvbRunRecord *run, const gsl_rng *rng, HvbLevel level,
                     guint repetition, double mean_ms)
{
    HvbCell *cell = hvb_cell_new();
    double z = gsl_ran_gaussian(rng, 1.0);
    double of_cell_ms =
        mean_ms * lognormal(CELL_SD, gsl_ran_gaussian(rng, 1.0));

    cell->scenario = run->profiles->len - 1;
    cell->level = level;
    cell->repetition = repetition;
    cell->attempt = 1;
    cell->status = HVB_CELL_DONE;
    for (guint i = 0; i < SAMPLES; i++) {
        double delay_ms =
            of_cell_ms * lognormal(TAIL, z) + gsl_ran_gaussian(rng, JITTER_MS);
        HvbSample sample = {
            .guest = 1,
            .raw = {.index = i, .operation = WIRE_OPEN},
            .reference_ns = REFERENCE_MS * G_GINT64_CONSTANT(1000000),
            .delay_ns = (gint64)(1e6 * delay_ms),
        };
        sample.response_ns = sample.delay_ns + sample.reference_ns;
        g_array_append_val(cell->samples, sample);
        z = CORRELATION * z +
            sqrt(1 - CORRELATION * CORRELATION) * gsl_ran_gaussian(rng, 1.0);
    }
    g_ptr_array_add(run->cells, cell);
}

static HvbRunRecord *make_run(const gsl_rng *rng, const Truth *truth,
                              guint scenarios, guint levels)
{
    HvbRunRecord *run = run_new();

    for (guint s = 0; s < scenarios; s++) {
        double boot = lognormal(truth->boot_sd, gsl_ran_gaussian(rng, 1.0));
        g_ptr_array_add(run->profiles, make_profile(s));
        for (guint l = 0; l < HVB_N_LEVELS; l++)
            for (guint r = 1; r <= truth->repetitions; r++)
                if (levels >> l & 1)
                    add_cell(run, rng, (HvbLevel)l, r,
                             boot * (truth->factor * delays_ms[l] +
                                     truth->added_ms));
    }
    return run;
}

static gsl_rng *rng_new(gulong seed)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

    gsl_rng_set(rng, seed);
    return rng;
}

/* In how many of the pairs something is called worse or better; in `ret_row`,
 * of all rows, how many are when tested alone. */
static guint count_alarms(gulong seed, const Truth *a, const Truth *b,
                          guint scenarios, guint levels,
                          const HvbCompareSettings *settings, HvbAlarms *ret)
{
    g_autoptr(gsl_rng) rng = rng_new(seed);
    guint alarms = 0;

    *ret = (HvbAlarms){0};
    for (guint i = 0; i < PAIRS; i++) {
        g_autoptr(HvbRunRecord) of_a = make_run(rng, a, scenarios, levels);
        g_autoptr(HvbRunRecord) of_b = make_run(rng, b, scenarios, levels);
        g_autoptr(HvbComparison) comparison = hvb_compare(of_a, of_b, settings);
        HvbAlarms alone =
            hvb_comparison_alarms(comparison, settings->confidence);
        CU_ASSERT_NOT_EQUAL(comparison->verdict, HVB_COMPARED_UNKNOWN);
        alarms += comparison->verdict != HVB_COMPARED_ALIKE;
        ret->rows += alone.rows;
        ret->beyond += alone.beyond;
        ret->bare += alone.bare;
    }
    return alarms;
}

static void expect_few(const char *what, guint repetitions, guint alarms,
                       guint most)
{
    printf("\n    %-28s %2u cells: %3u of %u pairs, %.1f %% (at most %u) ",
           what, repetitions, alarms, PAIRS, 100.0 * alarms / PAIRS, most);
    CU_ASSERT_TRUE(alarms <= most);
}

#define ALL_LEVELS ((1u << HVB_N_LEVELS) - 1)

static const guint repetitions[] = {2, 3, 5};

/* Two boots a few per cent apart, which is what the tolerance is for. */
static void test_two_runs_of_a_profile_are_called_alike(void)
{
    guint most = hvb_alarms_bound(PAIRS, 1.0 - CONFIDENCE);

    for (guint i = 0; i < G_N_ELEMENTS(repetitions); i++) {
        const Truth same = {repetitions[i], 0.03, 1, 0};
        HvbAlarms alone;
        guint alarms = count_alarms(100 + i, &same, &same, SCENARIOS,
                                    ALL_LEVELS, &usual, &alone);
        expect_few("false alarms", same.repetitions, alarms, most);
    }
}

/* Nothing helps but the intervals and Holm. */
static void test_false_alarms_without_tolerance_are_within_the_bound(void)
{
    guint most = hvb_alarms_bound(PAIRS, 1.0 - CONFIDENCE);

    for (guint i = 0; i < G_N_ELEMENTS(repetitions); i++) {
        const Truth same = {repetitions[i], 0, 1, 0};
        HvbAlarms alone;
        guint alarms = count_alarms(200 + i, &same, &same, SCENARIOS,
                                    ALL_LEVELS, &bare, &alone);
        expect_few("without tolerance", same.repetitions, alarms, most);
        printf("rows alone: %.1f %%", 100.0 * alone.bare / alone.rows);
        CU_ASSERT_TRUE(alone.bare <=
                       hvb_alarms_bound(alone.rows, 1.0 - CONFIDENCE));
    }
}

/* The largest difference that is none: 10 ms and a tenth. */
static void test_difference_at_the_tolerance_is_rarely_called(void)
{
    guint most = hvb_alarms_bound(PAIRS, 1.0 - CONFIDENCE);

    for (guint i = 0; i < G_N_ELEMENTS(repetitions); i++) {
        const Truth a = {repetitions[i], 0, 1, 0};
        const Truth b = {repetitions[i], 0, 1.1, 10};
        HvbAlarms alone;
        guint alarms =
            count_alarms(300 + i, &a, &b, 1, HVB_LEVEL_BIT(HVB_LEVEL_OVERLOAD),
                         &usual, &alone);
        expect_few("at the tolerance", a.repetitions, alarms, most);
    }
}

static double typical_visible_ms(gulong seed, const Truth *truth, guint levels)
{
    g_autoptr(gsl_rng) rng = rng_new(seed);
    double sum = 0;

    for (guint i = 0; i < PAIRS; i++) {
        g_autoptr(HvbRunRecord) a = make_run(rng, truth, 1, levels);
        g_autoptr(HvbRunRecord) b = make_run(rng, truth, 1, levels);
        g_autoptr(HvbComparison) comparison = hvb_compare(a, b, &usual);
        sum +=
            log(g_array_index(comparison->rows, HvbComparedRow, 0).visible_ms);
    }
    return exp(sum / PAIRS);
}

/* As much longer as the comparison says that it must be: seen in about four of
 * five cases. With two cells the spread itself is known so badly that it is
 * less. */
static void test_planted_difference_is_seen_as_often_as_stated(void)
{
    const guint levels = HVB_LEVEL_BIT(HVB_LEVEL_OVERLOAD);
    const double before_ms = delays_ms[HVB_LEVEL_OVERLOAD];

    for (guint i = 0; i < G_N_ELEMENTS(repetitions); i++) {
        const Truth a = {repetitions[i], 0, 1, 0};
        double visible_ms = typical_visible_ms(400 + i, &a, levels);
        const Truth b = {repetitions[i], 0, 1, visible_ms};
        HvbAlarms alone;
        guint seen = count_alarms(500 + i, &a, &b, 1, levels, &usual, &alone);
        printf("\n    %2u cells: %.0f ms more than %.0f ms is seen in %.1f %% ",
               a.repetitions, visible_ms, before_ms, 100.0 * seen / PAIRS);
        CU_ASSERT_TRUE(seen > PAIRS * (HVB_COMPARE_POWER - 0.2));
        CU_ASSERT_TRUE(seen < PAIRS * (HVB_COMPARE_POWER + 0.2));
    }
}

/* At all levels, in the row of their mean above all. */
static void test_delays_twice_as_long_are_seen(void)
{
    const Truth a = {3, 0.03, 1, 0}, b = {3, 0.03, 2, 0};
    HvbAlarms alone;
    guint seen =
        count_alarms(600, &a, &b, SCENARIOS, ALL_LEVELS, &usual, &alone);

    printf("\n    %2u cells: twice as long is seen in %.1f %% ", a.repetitions,
           100.0 * seen / PAIRS);
    CU_ASSERT_TRUE(seen > PAIRS * HVB_COMPARE_POWER);
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_aa[] = {
    TEST(two_runs_of_a_profile_are_called_alike),
    TEST(false_alarms_without_tolerance_are_within_the_bound),
    TEST(difference_at_the_tolerance_is_rarely_called),
    TEST(planted_difference_is_seen_as_often_as_stated),
    TEST(delays_twice_as_long_are_seen),
    TEST_END,
};
