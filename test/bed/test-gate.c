/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gate at work: another program uses the host's CPU during one cell of a
 * run, and that cell alone is marked and repeated. */
#include "hvbench/results/store.h"
#include "hvbench/run/calibration.h"
#include "test/bed/bed-fixture.h"
#include "test/bed/run-fixture.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define REPETITIONS 4
#define BURNERS 2
/* Less than a cell's window, so that it lies within one cell. */
#define BURN_US (3 * G_USEC_PER_SEC)

/* A window of 4.4 s. What this machine does by itself stays far below the
 * limit, what the test does far above. */
static const char profile_text[] = "[scenario]\n"
                                   "base = smoke\n"
                                   "name = gate-test\n"
                                   "title = Two guests and a disturbance\n"
                                   "[load]\n"
                                   "levels = None\n"
                                   "[run]\n"
                                   "samples = 5\n"
                                   "repetitions = 4\n"
                                   "settle-ms = 200\n"
                                   "reruns = 2\n"
                                   "[gate]\n"
                                   "foreign-percent = 60\n"
                                   "steal-percent = 1000\n"
                                   "late-frame-ms = 60000\n";

/* Wall clock, us. */
typedef struct {
    gint64 from_us, to_us;
} Span;

/* The CPUs are fully used while this lasts. */
static Span burn(void)
{
    static const char *const argv[] = {"sh", "-c", "while :; do :; done", NULL};
    GPid pids[BURNERS];
    Span span = {g_get_real_time(), 0};

    for (guint i = 0; i < BURNERS; i++)
        CU_ASSERT_TRUE_FATAL(
            g_spawn_async(NULL, (char **)argv, NULL,
                          G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                          NULL, &pids[i], NULL));
    g_usleep(BURN_US);
    for (guint i = 0; i < BURNERS; i++) {
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
    }
    span.to_us = g_get_real_time();
    return span;
}

static int by_start(gconstpointer a, gconstpointer b)
{
    const HvbCell *x = *(HvbCell *const *)a;
    const HvbCell *y = *(HvbCell *const *)b;

    return (x->started_realtime_us > y->started_realtime_us) -
           (x->started_realtime_us < y->started_realtime_us);
}

/* Whether the burn was while cell `i` was the one under way. */
static gboolean overlaps(const GPtrArray *cells, guint i, const Span *span)
{
    const HvbCell *cell = cells->pdata[i];
    const HvbCell *next = i + 1 < cells->len ? cells->pdata[i + 1] : NULL;

    return cell->started_realtime_us < span->to_us &&
           (!next || next->started_realtime_us > span->from_us);
}

static void check_cell(const GPtrArray *cells, guint i, const Span *burnt)
{
    const HvbCell *cell = cells->pdata[i];
    const HvbCell *next = i + 1 < cells->len ? cells->pdata[i + 1] : NULL;
    gboolean disturbed = cell->status == HVB_CELL_DISTURBED;

    printf("    repetition %u, attempt %u: foreign %.1f %% of a CPU, %s\n",
           cell->repetition, cell->attempt, cell->foreign_percent,
           hvb_cell_status_name(cell->status));
    CU_ASSERT_EQUAL(disturbed, overlaps(cells, i, burnt));
    CU_ASSERT_EQUAL(cell->attempt > 1, i > 0 && overlaps(cells, i - 1, burnt));
    if (!disturbed)
        return;
    CU_ASSERT_PTR_NOT_NULL_FATAL(cell->why);
    CU_ASSERT_PTR_NOT_NULL(strstr(cell->why, "limit 60.0 %"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(next);
    CU_ASSERT_EQUAL(next->repetition, cell->repetition);
    CU_ASSERT_EQUAL(next->attempt, cell->attempt + 1);
    CU_ASSERT_EQUAL(next->seed, cell->seed);
}

static void check_set(const Run *run, const Span *burnt)
{
    g_autoptr(HvbStore) store = hvb_store_open(run->set, FALSE, NULL);
    g_autoptr(HvbRunRecord) record =
        store ? hvb_store_load_run(store, NULL) : NULL;

    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    g_ptr_array_sort(record->cells, by_start);
    /* All as planned, and one of them twice. */
    CU_ASSERT_EQUAL(record->cells->len, REPETITIONS + 1);
    for (guint i = 0; i < record->cells->len; i++)
        check_cell(record->cells, i, burnt);
}

static void test_a_disturbance_marks_and_repeats_the_cells_it_meets_only(void)
{
    g_auto(Run) run = {0};

    if (!run_can_start(&run, profile_text))
        return;
    run_start(&run);
    run_wait_for(&run, "[2/4]");
    run_wait_for(&run, "gate-test None, repetition");
    const Span burnt = burn();
    g_free(run_wait_for_end(&run, 0));
    check_set(&run, &burnt);
}

CU_TestInfo tests_gate[] = {
    {"a disturbance marks and repeats the cells it meets only",
     test_a_disturbance_marks_and_repeats_the_cells_it_meets_only},
    TEST_END,
};
