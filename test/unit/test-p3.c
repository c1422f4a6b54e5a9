/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/p3.h"
#include "test/suites.h"

#include <gsl/gsl_randist.h>
#include <math.h>

#define MS 1000000

static GPtrArray *new_cells(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)hvb_cell_free);
}

/* Appends an empty cell at the level Busy. */
static HvbCell *add_cell(GPtrArray *cells, HvbCellStatus status)
{
    HvbCell *cell = hvb_cell_new();

    cell->level = HVB_LEVEL_BUSY;
    cell->repetition = cells->len + 1;
    cell->attempt = 1;
    cell->status = status;
    g_ptr_array_add(cells, cell);
    return cell;
}

static void add_sample(HvbCell *cell, guint8 flags, gint64 delay_ns)
{
    HvbSample sample = {
        .guest = 1,
        .raw = {.operation = WIRE_OPEN, .flags = flags},
        .delay_ns = delay_ns,
    };

    g_array_append_val(cell->samples, sample);
}

static HvbP3 *new_p3(void)
{
    return hvb_p3_new("fig09", "9", "A cap", WIRE_OPEN);
}

static const HvbP3Level *update(HvbP3 *p3, GPtrArray *cells)
{
    hvb_p3_update_level(p3, HVB_LEVEL_BUSY, cells);
    return &g_array_index(p3->levels, HvbP3Level, 0);
}

/* The row of the headline. */
static const HvbP3Row *row_of(HvbP3 *p3, GPtrArray *cells)
{
    return &update(p3, cells)->operations[WIRE_OPEN];
}

static void test_delay_on_an_edge_is_in_the_bin_above(void)
{
    for (guint bin = 0; bin < HVB_P3_BINS - 1; bin++) {
        g_autoptr(GPtrArray) cells = new_cells();
        g_autoptr(HvbP3) p3 = new_p3();
        HvbCell *cell = add_cell(cells, HVB_CELL_DONE);
        gint64 edge_ns = (gint64)hvb_p3_edges_ms[bin] * MS;
        const HvbP3Row *row;

        add_sample(cell, 0, edge_ns);
        add_sample(cell, 0, edge_ns + 1);
        add_sample(cell, 0, edge_ns - 1);
        row = row_of(p3, cells);
        CU_ASSERT_EQUAL(row->count[bin], 1);
        CU_ASSERT_EQUAL(row->count[bin + 1], 2);
        CU_ASSERT_DOUBLE_EQUAL(row->share[bin + 1], 2.0 / 3, 1e-12);
    }
}

static void test_negative_delay_is_kept_and_in_the_first_bin(void)
{
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();
    HvbCell *cell = add_cell(cells, HVB_CELL_DONE);
    const HvbP3Row *row;

    add_sample(cell, 0, -30 * MS);
    add_sample(cell, 0, 10 * MS);
    row = row_of(p3, cells);
    CU_ASSERT_EQUAL(row->count[0], 2);
    CU_ASSERT_DOUBLE_EQUAL(row->signed_mean_ms, -10.0, 1e-9);
}

/* Worked out by hand: 0, 10, ... 100 in two cells, in no order. */
static void test_known_delays_give_known_statistics(void)
{
    const int delays_ms[] = {50, 0, 100, 20, 80, 10, 90, 40, 60, 30, 70};
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();
    HvbCell *both[] = {add_cell(cells, HVB_CELL_DONE),
                       add_cell(cells, HVB_CELL_DONE)};
    const HvbP3Row *row;

    for (guint i = 0; i < G_N_ELEMENTS(delays_ms); i++)
        add_sample(both[i % 2], 0, (gint64)delays_ms[i] * MS);
    row = row_of(p3, cells);
    CU_ASSERT_EQUAL(row->samples, 11);
    CU_ASSERT_DOUBLE_EQUAL(row->mean_ms, 50, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(row->p50_ms, 50, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(row->p90_ms, 90, 1e-9);
    CU_ASSERT_TRUE(isnan(row->p99_ms));
    CU_ASSERT_DOUBLE_EQUAL(row->max_ms, 100, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(row->spread_ms, 80, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(row->within_50ms, 5.0 / 11, 1e-12);
    CU_ASSERT_EQUAL(row->count[0], 5);
    CU_ASSERT_EQUAL(row->count[1], 5);
    CU_ASSERT_EQUAL(row->count[2], 1);
    CU_ASSERT_EQUAL(row->over_1s, 0.0);
}

static void test_p99_takes_a_hundred_samples(void)
{
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();
    HvbCell *cell = add_cell(cells, HVB_CELL_DONE);

    for (gint64 i = 0; i < HVB_P3_P99_SAMPLES - 1; i++)
        add_sample(cell, 0, i * MS);
    CU_ASSERT_TRUE(isnan(row_of(p3, cells)->p99_ms));
    add_sample(cell, 0, 99 * MS);
    CU_ASSERT_DOUBLE_EQUAL(row_of(p3, cells)->p99_ms, 98.01, 1e-9);
}

static void test_over_1s_begins_with_1_s(void)
{
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();
    HvbCell *cell = add_cell(cells, HVB_CELL_DONE);

    add_sample(cell, 0, 1000LL * MS - 1);
    add_sample(cell, 0, 1000LL * MS);
    add_sample(cell, 0, 1700LL * MS);
    add_sample(cell, 0, G_MAXINT64);
    CU_ASSERT_DOUBLE_EQUAL(row_of(p3, cells)->over_1s, 0.75, 1e-12);
    CU_ASSERT_EQUAL(row_of(p3, cells)->count[HVB_P3_BINS - 1], 1);
}

static void test_censored_counts_with_what_it_had_reached(void)
{
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();
    HvbCell *cell = add_cell(cells, HVB_CELL_DONE);
    const HvbP3Row *row;

    add_sample(cell, 0, 10 * MS);
    add_sample(cell, WIRE_SAMPLE_CENSORED, 1990LL * MS);
    add_sample(cell, WIRE_SAMPLE_CENSORED | WIRE_SAMPLE_UNSTARTED, 4000LL * MS);
    row = row_of(p3, cells);
    CU_ASSERT_EQUAL(row->samples, 3);
    CU_ASSERT_EQUAL(row->censored, 2);
    CU_ASSERT_DOUBLE_EQUAL(row->mean_ms, 2000, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(row->max_ms, 4000, 1e-9);
}

static void test_failed_operation_is_left_out_and_counted(void)
{
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();
    HvbCell *cell = add_cell(cells, HVB_CELL_DONE);
    const HvbP3Row *row;

    add_sample(cell, 0, 10 * MS);
    add_sample(cell, WIRE_SAMPLE_FAILED, 500LL * MS);
    add_sample(cell, WIRE_SAMPLE_FAILED | WIRE_SAMPLE_CENSORED, 500LL * MS);
    row = row_of(p3, cells);
    CU_ASSERT_EQUAL(row->samples, 1);
    CU_ASSERT_EQUAL(row->failed, 2);
    CU_ASSERT_EQUAL(row->censored, 0);
    CU_ASSERT_DOUBLE_EQUAL(row->max_ms, 10, 1e-9);
}

static void test_operations_are_kept_apart(void)
{
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();
    HvbCell *cell = add_cell(cells, HVB_CELL_DONE);
    const HvbP3Level *level;

    add_sample(cell, 0, 10 * MS);
    add_sample(cell, 0, 20 * MS);
    add_sample(cell, 0, 30 * MS);
    g_array_index(cell->samples, HvbSample, 1).raw.operation = WIRE_KEY;
    g_array_index(cell->samples, HvbSample, 2).raw.operation = 200;
    level = update(p3, cells);
    CU_ASSERT_EQUAL(level->operations[WIRE_KEY].mean_ms, 20);
    CU_ASSERT_EQUAL(level->operations[WIRE_OPEN].mean_ms, 10);
    CU_ASSERT_EQUAL(level->operations[WIRE_LAUNCH].samples, 0);
    CU_ASSERT(isnan(level->operations[WIRE_LAUNCH].mean_ms));
}

static void test_good_attempt_counts_in_place_of_the_disturbed_one(void)
{
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();
    HvbCell *cell = add_cell(cells, HVB_CELL_DISTURBED);
    const HvbP3Level *level;

    add_sample(cell, 0, 3000LL * MS);
    cell->lost = 9;
    cell = add_cell(cells, HVB_CELL_DONE);
    cell->repetition = 1;
    cell->attempt = 2;
    cell->lost = 2;
    cell->suspect = TRUE;
    add_sample(cell, 0, 7 * MS);
    level = update(p3, cells);
    CU_ASSERT_EQUAL(level->cells, 1);
    CU_ASSERT_EQUAL(level->disturbed, 1);
    CU_ASSERT_EQUAL(level->suspect, 1);
    CU_ASSERT_EQUAL(level->tally.lost, 2);
    CU_ASSERT_EQUAL(level->operations[WIRE_OPEN].samples, 1);
    CU_ASSERT_DOUBLE_EQUAL(level->operations[WIRE_OPEN].max_ms, 7, 1e-9);
}

static void test_level_without_a_good_cell_shows_no_numbers(void)
{
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();
    const HvbP3Level *level;
    const HvbP3Row *row;

    add_sample(add_cell(cells, HVB_CELL_DISTURBED), 0, 1);
    add_sample(add_cell(cells, HVB_CELL_FAILED), 0, 2);
    level = update(p3, cells);
    row = &level->operations[WIRE_OPEN];
    CU_ASSERT_EQUAL(level->cells, 0);
    CU_ASSERT_EQUAL(level->disturbed, 2);
    CU_ASSERT_EQUAL(row->samples, 0);
    CU_ASSERT(isnan(row->mean_ms) && isnan(row->p50_ms) && isnan(row->max_ms));
    CU_ASSERT(isnan(row->spread_ms) && isnan(row->within_50ms));
    CU_ASSERT(isnan(row->over_1s) && isnan(row->share[0]));
    CU_ASSERT(isnan(row->mean_low_ms) && isnan(row->mean_high_ms));
    CU_ASSERT(isnan(level->guest_busy_percent));
    CU_ASSERT(isnan(level->host_busy_percent));
    CU_ASSERT(isnan(level->host_total_percent));
}

static void test_cell_under_way_counts_with_its_samples_so_far(void)
{
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();
    HvbCell *cell = add_cell(cells, HVB_CELL_PLANNED);
    const HvbP3Level *level;

    add_cell(cells, HVB_CELL_PLANNED); /* not begun */
    add_sample(cell, 0, 10 * MS);
    level = update(p3, cells);
    CU_ASSERT_EQUAL(level->cells, 1);
    CU_ASSERT_DOUBLE_EQUAL(level->operations[WIRE_OPEN].mean_ms, 10, 1e-9);
    add_sample(cell, 0, 20 * MS);
    level = update(p3, cells);
    CU_ASSERT_EQUAL(p3->levels->len, 1);
    CU_ASSERT_EQUAL(level->operations[WIRE_OPEN].samples, 2);
    CU_ASSERT_DOUBLE_EQUAL(level->operations[WIRE_OPEN].mean_ms, 15, 1e-9);
}

static void test_cells_of_other_levels_are_passed_over(void)
{
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();
    HvbCell *cell = add_cell(cells, HVB_CELL_DONE);

    add_sample(cell, 0, 10 * MS);
    cell->level = HVB_LEVEL_NONE;
    add_cell(cells, HVB_CELL_DISTURBED)->level = HVB_LEVEL_NONE;
    CU_ASSERT_EQUAL(update(p3, cells)->cells, 0);
    CU_ASSERT_EQUAL(update(p3, cells)->disturbed, 0);
}

static void test_levels_ascend_whatever_comes_first(void)
{
    const HvbLevel order[] = {HVB_LEVEL_BUSY, HVB_LEVEL_OVERLOAD,
                              HVB_LEVEL_NONE, HVB_LEVEL_MEDIUM, HVB_LEVEL_BUSY};
    const HvbLevel ascending[] = {HVB_LEVEL_NONE, HVB_LEVEL_MEDIUM,
                                  HVB_LEVEL_BUSY, HVB_LEVEL_OVERLOAD};
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();

    for (guint i = 0; i < G_N_ELEMENTS(order); i++)
        hvb_p3_update_level(p3, order[i], cells);
    CU_ASSERT_FATAL(p3->levels->len == G_N_ELEMENTS(ascending));
    for (guint i = 0; i < p3->levels->len; i++)
        CU_ASSERT_EQUAL(g_array_index(p3->levels, HvbP3Level, i).level,
                        ascending[i]);
}

static void test_one_repetition_has_no_interval(void)
{
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();
    HvbCell *cell = add_cell(cells, HVB_CELL_DONE);
    const HvbP3Row *row;

    add_sample(cell, 0, 10 * MS);
    add_sample(cell, 0, 90 * MS);
    row = row_of(p3, cells);
    CU_ASSERT(isnan(row->mean_low_ms) && isnan(row->mean_high_ms));
}

/* Two cells of means 10 and 20: resamples have 10, 15, 15 or 20, so a standard
 * deviation of 3.54, times sqrt(2) is 5; t with 1 degree of freedom 12.7. */
static void test_interval_of_two_cells_is_as_worked_out(void)
{
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();
    const HvbP3Row *row;

    add_sample(add_cell(cells, HVB_CELL_DONE), 0, 10 * MS);
    add_cell(cells, HVB_CELL_DONE); /* nothing measured in it */
    add_sample(add_cell(cells, HVB_CELL_DONE), 0, 20 * MS);
    row = row_of(p3, cells);
    CU_ASSERT_DOUBLE_EQUAL(row->mean_high_ms - row->mean_ms, 63.5, 3.0);
    CU_ASSERT_DOUBLE_EQUAL(row->half_width_ms, 63.5, 3.0);
    CU_ASSERT_EQUAL(row->mean_low_ms, 0.0); /* as it is told */
}

static void test_same_cells_give_the_same_interval(void)
{
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) first = new_p3();
    g_autoptr(HvbP3) second = new_p3();

    for (gint64 i = 0; i < 5; i++)
        add_sample(add_cell(cells, HVB_CELL_DONE), 0, i * i * MS);
    CU_ASSERT_EQUAL(row_of(first, cells)->mean_low_ms,
                    row_of(second, cells)->mean_low_ms);
    CU_ASSERT(row_of(first, cells)->mean_low_ms <
              row_of(first, cells)->mean_high_ms);
}

static void test_cells_that_agree_give_a_narrow_interval(void)
{
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();
    const HvbP3Row *row;

    for (guint i = 0; i < 3; i++) {
        HvbCell *cell = add_cell(cells, HVB_CELL_DONE);
        /* However much the samples of each differ. */
        add_sample(cell, 0, 0);
        add_sample(cell, 0, 1000LL * MS);
    }
    row = row_of(p3, cells);
    CU_ASSERT_DOUBLE_EQUAL(row->mean_low_ms, 500, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(row->mean_high_ms, 500, 1e-6);
}

/* A made-up level of `n` cells whose means scatter around 100 ms more than the
 * samples within them. Returns whether the interval holds the 100 ms. */
static gboolean interval_holds_the_truth(const gsl_rng *rng, guint n)
{
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();
    const HvbP3Row *row;

    for (guint i = 0; i < n; i++) {
        HvbCell *cell = add_cell(cells, HVB_CELL_DONE);
        double mean_ms = 100 + gsl_ran_gaussian(rng, 10);
        for (guint s = 0; s < 10; s++)
            add_sample(cell, 0,
                       (gint64)((mean_ms + gsl_ran_gaussian(rng, 5)) * MS));
    }
    row = row_of(p3, cells);
    return row->mean_low_ms <= 100 && row->mean_high_ms >= 100;
}

static void test_interval_holds_the_truth_as_often_as_it_says(void)
{
    const guint sizes[] = {2, 3, 8}, trials = 300;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        guint held = 0;
        for (guint trial = 0; trial < trials; trial++)
            held += interval_holds_the_truth(rng, sizes[i]) ? 1 : 0;
        /* 95 %, give or take two standard errors of this many trials. */
        CU_ASSERT_DOUBLE_EQUAL((double)held / trials, 0.95, 0.0252);
    }
    gsl_rng_free(rng);
}

/* Guest and host agree on the length of the window. */
static void add_meter(HvbCell *cell, guint guest, gboolean has_guest_view,
                      gint64 window_ns, gint64 idle_ns, gint64 host_cpu_ns)
{
    HvbMeterRecord meter = {
        .guest = guest,
        .guest_window_ns = window_ns,
        .idle_ns = idle_ns,
        .has_guest_view = has_guest_view,
        .host_window_ns = window_ns,
        .host_cpu_ns = host_cpu_ns,
    };

    g_array_append_val(cell->meters, meter);
}

static void test_busy_is_weighted_by_the_window(void)
{
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();
    HvbCell *cell = add_cell(cells, HVB_CELL_DONE);
    const HvbP3Level *level;

    add_sample(cell, 0, 1);
    add_meter(cell, 1, TRUE, 1000, 0, 520);
    cell = add_cell(cells, HVB_CELL_DONE);
    add_sample(cell, 0, 1);
    add_meter(cell, 1, TRUE, 3000, 1000, 1480);
    level = update(p3, cells);
    CU_ASSERT_DOUBLE_EQUAL(level->guest_busy_percent, 75, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(level->host_busy_percent, 50, 1e-9);
}

static void test_host_is_busy_when_it_is_not_idle(void)
{
    HvbMeterRecord meter = {.user_ns = 500,
                            .system_ns = 200,
                            .steal_ns = 100,
                            .idle_ns = 1200};
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();

    g_array_append_val(add_cell(cells, HVB_CELL_DONE)->meters, meter);
    CU_ASSERT_DOUBLE_EQUAL(update(p3, cells)->host_total_percent, 40, 1e-9);
}

static void test_busy_is_of_the_measured_guests_alone(void)
{
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();
    HvbCell *cell = add_cell(cells, HVB_CELL_DONE);
    const HvbP3Level *level;

    add_sample(cell, 0, 1);
    add_meter(cell, 1, FALSE, 1000, 0, 300);
    add_meter(cell, 2, TRUE, 1000, 10, 900);
    level = update(p3, cells);
    CU_ASSERT(isnan(level->guest_busy_percent)); /* not asked */
    CU_ASSERT_DOUBLE_EQUAL(level->host_busy_percent, 30, 1e-9);
    CU_ASSERT(isnan(level->host_total_percent));
}

static void test_meter_that_counts_too_much_idle_time_shows_none_busy(void)
{
    g_autoptr(GPtrArray) cells = new_cells();
    g_autoptr(HvbP3) p3 = new_p3();
    HvbCell *cell = add_cell(cells, HVB_CELL_DONE);

    add_sample(cell, 0, 1);
    add_meter(cell, 1, TRUE, 1000, 1010, 0);
    CU_ASSERT_EQUAL(update(p3, cells)->guest_busy_percent, 0);
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_p3[] = {
    TEST(delay_on_an_edge_is_in_the_bin_above),
    TEST(negative_delay_is_kept_and_in_the_first_bin),
    TEST(known_delays_give_known_statistics),
    TEST(p99_takes_a_hundred_samples),
    TEST(over_1s_begins_with_1_s),
    TEST(censored_counts_with_what_it_had_reached),
    TEST(failed_operation_is_left_out_and_counted),
    TEST(operations_are_kept_apart),
    TEST(good_attempt_counts_in_place_of_the_disturbed_one),
    TEST(level_without_a_good_cell_shows_no_numbers),
    TEST(cell_under_way_counts_with_its_samples_so_far),
    TEST(cells_of_other_levels_are_passed_over),
    TEST(levels_ascend_whatever_comes_first),
    TEST(one_repetition_has_no_interval),
    TEST(interval_of_two_cells_is_as_worked_out),
    TEST(same_cells_give_the_same_interval),
    TEST(cells_that_agree_give_a_narrow_interval),
    TEST(interval_holds_the_truth_as_often_as_it_says),
    TEST(busy_is_weighted_by_the_window),
    TEST(host_is_busy_when_it_is_not_idle),
    TEST(busy_is_of_the_measured_guests_alone),
    TEST(meter_that_counts_too_much_idle_time_shows_none_busy),
    TEST_END,
};
