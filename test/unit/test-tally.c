/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/p3.h"
#include "test/suites.h"

#include <math.h>

#define MS G_GINT64_CONSTANT(1000000)

static void add_sample(HvbCell *cell, guint8 flags, gint64 response_ns)
{
    const HvbSample sample = {
        .guest = 1,
        .raw = {.index = cell->samples->len,
                .operation = WIRE_OPEN,
                .flags = flags},
        .response_ns = response_ns,
        .delay_ns = response_ns - 60 * MS,
    };

    g_array_append_val(cell->samples, sample);
}

/* Ten operations: six measured, two censored, one failed, one lost. */
static HvbCell *make_cell(HvbCellStatus status)
{
    HvbCell *cell = hvb_cell_new();

    cell->status = status;
    cell->repetition = 1;
    for (guint i = 0; i < 6; i++)
        add_sample(cell, 0, 9000 * MS);
    add_sample(cell, WIRE_SAMPLE_CENSORED, 3200 * MS);
    add_sample(cell, WIRE_SAMPLE_CENSORED | WIRE_SAMPLE_UNSTARTED, 1500 * MS);
    add_sample(cell, WIRE_SAMPLE_FAILED | WIRE_SAMPLE_CENSORED, 5000 * MS);
    cell->scheduled = 10;
    cell->received = 9;
    cell->lost = 1;
    cell->late_frame_ns = 12 * MS;
    cell->late_send_ns = 3 * MS;
    return cell;
}

static void test_every_operation_is_counted_once(void)
{
    g_autoptr(HvbCell) cell = make_cell(HVB_CELL_DONE);
    HvbTally tally = {0};

    hvb_tally_add(&tally, cell);
    CU_ASSERT_EQUAL(tally.scheduled, 10);
    CU_ASSERT_EQUAL(tally.measured, 6);
    CU_ASSERT_EQUAL(tally.censored, 2);
    CU_ASSERT_EQUAL(tally.failed, 1);
    CU_ASSERT_EQUAL(tally.lost, 1);
    CU_ASSERT_TRUE(hvb_tally_is_whole(&tally));
    /* Not that of the failed one, nor of those that came to their end. */
    CU_ASSERT_EQUAL(tally.oldest_ms, 3200);
    CU_ASSERT_EQUAL(tally.late_frame_ms, 12);
    CU_ASSERT_EQUAL(tally.late_send_ms, 3);
}

static void test_a_sample_that_vanished_breaks_the_sum(void)
{
    g_autoptr(HvbCell) cell = make_cell(HVB_CELL_DONE);
    HvbTally tally = {0};

    g_array_remove_index(cell->samples, 0);
    hvb_tally_add(&tally, cell);
    CU_ASSERT_FALSE(hvb_tally_is_whole(&tally));
}

static void test_tallies_add_up_to_the_worst_and_the_sum(void)
{
    g_autoptr(HvbCell) cell = make_cell(HVB_CELL_DONE);
    HvbTally all = {0}, one = {0}, worse = {0};

    hvb_tally_add(&one, cell);
    cell->late_frame_ns = 40 * MS;
    cell->late_send_ns = 0;
    hvb_tally_add(&worse, cell);
    hvb_tally_add_up(&all, &one);
    hvb_tally_add_up(&all, &worse);
    CU_ASSERT_EQUAL(all.scheduled, 20);
    CU_ASSERT_EQUAL(all.measured, 12);
    CU_ASSERT_EQUAL(all.lost, 2);
    CU_ASSERT_TRUE(hvb_tally_is_whole(&all));
    CU_ASSERT_EQUAL(all.oldest_ms, 3200);
    CU_ASSERT_EQUAL(all.late_frame_ms, 40);
    CU_ASSERT_EQUAL(all.late_send_ms, 3);
}

/* What is left out, and what has not ended yet, is not in the P3's tally. */
static void test_level_counts_the_operations_of_its_done_cells(void)
{
    g_autoptr(GPtrArray) cells =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_cell_free);
    g_autoptr(HvbP3) p3 = hvb_p3_new("x", "", "", WIRE_OPEN);

    g_ptr_array_add(cells, make_cell(HVB_CELL_DISTURBED));
    g_ptr_array_add(cells, make_cell(HVB_CELL_DONE));
    g_ptr_array_add(cells, make_cell(HVB_CELL_DONE));
    g_ptr_array_add(cells, make_cell(HVB_CELL_PLANNED));
    hvb_p3_update_level(p3, HVB_LEVEL_NONE, cells);
    const HvbTally tally = hvb_p3_tally(p3);
    CU_ASSERT_EQUAL(tally.scheduled, 20);
    CU_ASSERT_EQUAL(tally.measured, 12);
}

#define TEST(name)  \
    {               \
#name, name \
    }

CU_TestInfo tests_tally[] = {
    TEST(test_every_operation_is_counted_once),
    TEST(test_a_sample_that_vanished_breaks_the_sum),
    TEST(test_tallies_add_up_to_the_worst_and_the_sum),
    TEST(test_level_counts_the_operations_of_its_done_cells),
    TEST_END,
};
