/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Somebody lifts a guest's cap while it is measured: for good in one scenario,
 * and for a moment in the other. */
#include "hvbench/bed/cgroup.h"
#include "hvbench/results/store.h"
#include "test/bed/bed-fixture.h"
#include "test/bed/run-fixture.h"

#include <stdio.h>
#include <string.h>

/* Only what the test does is to disturb the cells. */
#define PROFILE(name)                     \
    "[scenario]\n"                        \
    "base = smoke\n"                      \
    "name = " name "\n"                   \
    "title = A cap that somebody lifts\n" \
    "[guest 1]\n"                         \
    "cap-percent = 50\n"                  \
    "[load]\n"                            \
    "levels = Low\n"                      \
    "[run]\n"                             \
    "samples = 5\n"                       \
    "repetitions = 1\n"                   \
    "settle-ms = 200\n"                   \
    "reruns = 0\n"                        \
    "[gate]\n"                            \
    "foreign-percent = 100000\n"          \
    "steal-percent = 100000\n"            \
    "late-frame-ms = 600000\n"            \
    "late-send-ms = 600000\n"
#define FOR_GOOD "for-good"
#define FOR_A_MOMENT "for-a-moment"

static void write_setting(const HvbCgroup *cgroup, const char *text)
{
    g_autofree char *path =
        g_build_filename(cgroup->vcpu,
                         cgroup->v2 ? "cpu.max" : "cpu.cfs_quota_us", NULL);
    FILE *file = fopen(path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

/* Waits until a window is open, and lifts the cap of guest 1 in it. */
static void meddle(Run *run)
{
    g_autofree char *line = NULL;

    do {
        g_free(line);
        line = g_data_input_stream_read_line(run->out, NULL, NULL, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    } while (!strstr(line, "the host enforces: guest1: vCPU cap 50 %"));
    g_autoptr(HvbCgroup) cgroup = hvb_cgroup_find("hvbench-guest1", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cgroup);
    write_setting(cgroup, cgroup->v2 ? "max" : "-1");
    if (g_str_has_prefix(line, FOR_A_MOMENT))
        write_setting(cgroup, "50000");
}

static void check_cell(const HvbRunRecord *record, const HvbCell *cell)
{
    const HvbProfile *profile = record->profiles->pdata[cell->scenario];
    gboolean for_good = strcmp(profile->name, FOR_GOOD) == 0;

    printf("    %s: %s\n", profile->name, cell->why ? cell->why : "nothing");
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DISTURBED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cell->why);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(cell->why, for_good ? "guest 1's vCPU quota was -1 after the "
                                     "cell, 50000 before"
                                   : "guest 1's vCPU quota was"));
    CU_ASSERT_EQUAL(strstr(cell->why, "in mid-cell") != NULL, !for_good);
    CU_ASSERT_EQUAL_FATAL(cell->tunings_after->len, 2);
    CU_ASSERT_EQUAL(g_array_index(cell->tunings, HvbTuning, 0).vcpu_quota_us,
                    50000);
    CU_ASSERT_EQUAL(
        g_array_index(cell->tunings_after, HvbTuning, 0).vcpu_quota_us,
        for_good ? -1 : 50000);
}

static void test_a_cap_that_is_lifted_in_mid_window_disturbs_the_cell(void)
{
    g_auto(Run) run = {0};

    if (!run_can_start(&run, PROFILE(FOR_GOOD)))
        return;
    g_autofree char *other =
        g_build_filename(run.scratch, "other.profile", NULL);
    CU_ASSERT_TRUE_FATAL(
        g_file_set_contents(other, PROFILE(FOR_A_MOMENT), -1, NULL));
    const char *argv[] = {"",      "run",       "--accel", "tcg", "-o",
                          run.set, run.profile, other,     NULL};
    run_spawn(&run, argv, NULL);
    meddle(&run);
    meddle(&run);
    /* No level has a cell that counts. */
    g_free(run_wait_for_end(&run, 1));
    g_autoptr(HvbStore) store = hvb_store_open(run.set, FALSE, NULL);
    g_autoptr(HvbRunRecord) record =
        store ? hvb_store_load_run(store, NULL) : NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    CU_ASSERT_EQUAL_FATAL(record->cells->len, 2);
    for (guint i = 0; i < record->cells->len; i++)
        check_cell(record, record->cells->pdata[i]);
}

CU_TestInfo tests_cap_change[] = {
    {"a cap that is lifted in mid-window disturbs the cell",
     test_a_cap_that_is_lifted_in_mid_window_disturbs_the_cell},
    TEST_END,
};
