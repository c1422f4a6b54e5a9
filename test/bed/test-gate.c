/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gate at work: another program uses the host's CPU during one cell of a
 * run, and that cell is marked and repeated. */
#include "hvbench/results/store.h"
#include "test/bed/bed-fixture.h"
#include "test/bed/run-fixture.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define REPETITIONS 4
#define RERUNS 2
#define FOREIGN_PERCENT 60.0
#define BURNERS 2

/* A window of 4.4 s. What the test does is far above the limit; what a quiet
 * machine does by itself, far below. */
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

static void start_burners(GPid *pids)
{
    static const char *const argv[] = {"sh", "-c", "while :; do :; done", NULL};

    for (guint i = 0; i < BURNERS; i++)
        CU_ASSERT_TRUE_FATAL(
            g_spawn_async(NULL, (char **)argv, NULL,
                          G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                          NULL, &pids[i], NULL));
}

static void stop_burners(const GPid *pids)
{
    for (guint i = 0; i < BURNERS; i++) {
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
    }
}

#define CELL_BEGINS "gate-test None, repetition"

/* The CPUs are fully used from soon after a cell's begin to the next one's. */
static Span burn_through_a_cell(Run *run)
{
    GPid pids[BURNERS];
    Span span;

    run_wait_for(run, CELL_BEGINS);
    span.from_us = g_get_real_time();
    start_burners(pids);
    run_wait_for(run, CELL_BEGINS);
    stop_burners(pids);
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

/* It is measured again unless it was so as often as the profile says. */
static void check_repeat(const GPtrArray *cells, guint i)
{
    const HvbCell *cell = cells->pdata[i];

    if (cell->attempt > RERUNS)
        return;
    CU_ASSERT_TRUE_FATAL(i + 1 < cells->len);
    const HvbCell *next = cells->pdata[i + 1];
    CU_ASSERT_EQUAL(next->repetition, cell->repetition);
    CU_ASSERT_EQUAL(next->attempt, cell->attempt + 1);
    CU_ASSERT_EQUAL(next->seed, cell->seed);
}

/* Others may disturb cells, too: each is judged by what it says itself. */
static void check_cell(const GPtrArray *cells, guint i)
{
    const HvbCell *cell = cells->pdata[i];
    const HvbCell *last = i > 0 ? cells->pdata[i - 1] : NULL;
    gboolean disturbed = cell->status == HVB_CELL_DISTURBED;
    gboolean foreign = cell->foreign_percent > FOREIGN_PERCENT;

    printf("    repetition %u, attempt %u: foreign %.1f %% of a CPU, %s\n",
           cell->repetition, cell->attempt, cell->foreign_percent,
           hvb_cell_status_name(cell->status));
    CU_ASSERT_TRUE(disturbed || !foreign);
    CU_ASSERT_EQUAL(cell->attempt > 1, last &&
                                           last->status == HVB_CELL_DISTURBED &&
                                           last->attempt <= RERUNS);
    if (!disturbed)
        return;
    CU_ASSERT_PTR_NOT_NULL_FATAL(cell->why);
    CU_ASSERT_EQUAL(strstr(cell->why, "limit 60.0 %") != NULL, foreign);
    check_repeat(cells, i);
}

/* Returns how many cells count. */
static guint check_set(const Run *run, const Span *burnt)
{
    g_autoptr(HvbStore) store = hvb_store_open(run->set, FALSE, NULL);
    g_autoptr(HvbRunRecord) record =
        store ? hvb_store_load_run(store, NULL) : NULL;
    guint first = 0, done = 0, met = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    g_ptr_array_sort(record->cells, by_start);
    for (guint i = 0; i < record->cells->len; i++) {
        const HvbCell *cell = record->cells->pdata[i];
        check_cell(record->cells, i);
        first += cell->attempt == 1;
        done += cell->status == HVB_CELL_DONE;
        met += cell->foreign_percent > FOREIGN_PERCENT &&
               overlaps(record->cells, i, burnt);
    }
    CU_ASSERT_EQUAL(first, REPETITIONS);
    CU_ASSERT_TRUE(met > 0);
    return done;
}

static void test_a_disturbance_marks_and_repeats_the_cell_it_meets(void)
{
    g_auto(Run) run = {0};
    g_autofree char *err = NULL;

    if (!run_can_start(&run, profile_text))
        return;
    run_start(&run);
    run_wait_for(&run, "[2/4]");
    const Span burnt = burn_through_a_cell(&run);
    int status = run_wait_for_any_end(&run, &err);
    guint done = check_set(&run, &burnt);
    /* It has failed if others left no cell that counts. */
    CU_ASSERT_EQUAL(status, done > 0 ? 0 : 1);
    if (status != 0)
        printf("    %s\n", err);
}

CU_TestInfo tests_gate[] = {
    {"a disturbance marks and repeats the cell it meets",
     test_a_disturbance_marks_and_repeats_the_cell_it_meets},
    TEST_END,
};
