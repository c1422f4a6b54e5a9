/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The test program: hvbench-tests [--unit] [SUITE...] */
#include "test/bed/bed-fixture.h"
#include "test/suites.h"

#include <CUnit/Basic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SKIPS 64

static struct {
    const char *test;
    const char *reason;
} skips[MAX_SKIPS];
static unsigned n_skips;

typedef enum {
    UNIT,
    WITH_GUESTS,
    /* A fact of time, for a quiet machine: made only if it is named. */
    TIMED,
} Kind;

static const struct {
    const char *name;
    CU_TestInfo *tests;
    Kind kind;
} suites[] = {
    {"wire", tests_wire, UNIT},
    {"schedule", tests_schedule, UNIT},
    {"manager", tests_manager, UNIT},
    {"spared", tests_spared, UNIT},
    {"agent", tests_agent, UNIT},
    {"work", tests_work, UNIT},
    {"users", tests_users, UNIT},
    {"documents", tests_documents, UNIT},
    {"window", tests_window, UNIT},
    {"probe", tests_probe, UNIT},
    {"client-port", tests_client_port, UNIT},
    {"demotion", tests_demotion, UNIT},
    {"profile", tests_profile, UNIT},
    {"profile-check", tests_profile_check, UNIT},
    {"profile-file", tests_profile_file, UNIT},
    {"profile-use", tests_profile_use, UNIT},
    {"profiles", tests_profiles, UNIT},
    {"show", tests_show, UNIT},
    {"provenance", tests_provenance, UNIT},
    {"store", tests_store, UNIT},
    {"resume", tests_resume, UNIT},
    {"result-dir", tests_result_dir, UNIT},
    {"ends", tests_ends, UNIT},
    {"quantile", tests_quantile, UNIT},
    {"p3", tests_p3, UNIT},
    {"delay", tests_delay, UNIT},
    {"tally", tests_tally, UNIT},
    {"vantages", tests_vantages, UNIT},
    {"measure", tests_measure, UNIT},
    {"interval", tests_interval, UNIT},
    {"bootstrap", tests_bootstrap, UNIT},
    {"compare", tests_compare, UNIT},
    {"aa", tests_aa, UNIT},
    {"origin", tests_origin, UNIT},
    {"contrast", tests_contrast, UNIT},
    {"claims", tests_claims, UNIT},
    {"claim-words", tests_claim_words, UNIT},
    {"claim-needs", tests_claim_needs, UNIT},
    {"account", tests_account, UNIT},
    {"report", tests_report, UNIT},
    {"trust", tests_trust, UNIT},
    {"figures", tests_figures, UNIT},
    {"findings", tests_findings, UNIT},
    {"progress", tests_progress, UNIT},
    {"plan", tests_plan, UNIT},
    {"budget", tests_budget, UNIT},
    {"agenda", tests_agenda, UNIT},
    {"link", tests_link, UNIT},
    {"cgroup", tests_cgroup, UNIT},
    {"ancestry", tests_ancestry, UNIT},
    {"throttling", tests_throttling, UNIT},
    {"connection", tests_connection, UNIT},
    {"machine", tests_machine, UNIT},
    {"kvm-device", tests_kvm_device, UNIT},
    {"disk-image", tests_disk_image, UNIT},
    {"guest-recipes", tests_guest_recipes, UNIT},
    {"kernel-packages", tests_kernel_packages, UNIT},
    {"group", tests_group, UNIT},
    {"client", tests_client, UNIT},
    {"clock", tests_clock, UNIT},
    {"record", tests_record, UNIT},
    {"changes", tests_changes, UNIT},
    {"host-window", tests_host_window, UNIT},
    {"cells", tests_cells, UNIT},
    {"conductor", tests_conductor, UNIT},
    {"meddling", tests_meddling, UNIT},
    {"calibration", tests_calibration, UNIT},
    {"services", tests_services, UNIT},
    {"doctor", tests_doctor, UNIT},
    {"cli", tests_cli, UNIT},
    {"output", tests_output, UNIT},
    {"compare-command", tests_compare_command, UNIT},
    {"cap", tests_cap, UNIT},
    {"stalls", tests_stalls, UNIT},
    {"answers", tests_answers, UNIT},
    {"turn", tests_turn, UNIT},
    {"fate", tests_fate, UNIT},
    {"host-cpus", tests_host_cpus, UNIT},
    {"stands", tests_stands, UNIT},
    {"fuzz", tests_fuzz, UNIT},
    {"native", tests_native, WITH_GUESTS},
    /* Before bed, which opens the embedded driver in this process: it stays,
     * and keeps those out that are started as processes. From bed to bed-end
     * suites share two guests. */
    {"run", tests_run, WITH_GUESTS},
    {"gate", tests_gate, WITH_GUESTS},
    {"cap-change", tests_cap_change, WITH_GUESTS},
    {"selftest", tests_selftest, WITH_GUESTS},
    {"bed", tests_bed, WITH_GUESTS},
    {"stall", tests_stall, WITH_GUESTS},
    {"bench", tests_bench, WITH_GUESTS},
    {"host-manager", tests_host_manager, WITH_GUESTS},
    {"bed-end", tests_bed_end, WITH_GUESTS},
    {"image", tests_image, WITH_GUESTS},
    {"crosscheck", tests_crosscheck, TIMED},
};
#define N_SUITES (sizeof suites / sizeof suites[0])

void test_skip(const char *reason)
{
    if (n_skips == MAX_SKIPS) {
        fprintf(stderr, "more than %d tests skipped\n", MAX_SKIPS);
        abort();
    }
    skips[n_skips].test = CU_get_current_test()->pName;
    skips[n_skips].reason = reason;
    n_skips++;
}

static bool is_wanted(size_t suite, int argc, char **argv, bool unit_only)
{
    bool named = false;

    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-')
            continue;
        named = true;
        if (strcmp(argv[i], suites[suite].name) == 0)
            return true;
    }
    return !named && suites[suite].kind != TIMED &&
           !(unit_only && suites[suite].kind != UNIT);
}

static bool names_are_known(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        bool known = strcmp(argv[i], "--unit") == 0;
        for (size_t s = 0; s < N_SUITES; s++)
            known = known || strcmp(argv[i], suites[s].name) == 0;
        if (!known) {
            fprintf(stderr, "hvbench-tests: no suite '%s'\n", argv[i]);
            return false;
        }
    }
    return true;
}

static int report(void)
{
    unsigned ran = CU_get_number_of_tests_run();
    unsigned failed = CU_get_number_of_tests_failed();

    printf("\n%u tests ran, %u failed, %u skipped\n", ran - n_skips, failed,
           n_skips);
    for (unsigned i = 0; i < n_skips; i++)
        printf("skipped: %s: %s\n", skips[i].test, skips[i].reason);
    printf("%u passed, %u failed, %u skipped\n", ran - failed - n_skips, failed,
           n_skips);
    return failed > 0 || ran == n_skips ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    bool unit_only = argc > 1 && strcmp(argv[1], "--unit") == 0;
    int status = EXIT_FAILURE;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!names_are_known(argc, argv) || CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILURE;
    for (size_t s = 0; s < N_SUITES; s++) {
        if (!is_wanted(s, argc, argv, unit_only))
            continue;
        CU_pSuite suite = CU_add_suite(suites[s].name, NULL, NULL);
        for (CU_TestInfo *t = suites[s].tests; suite && t->pName; t++)
            CU_add_test(suite, t->pName, t->pTestFunc);
    }
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_ErrorCode ran = CU_basic_run_tests();
    bed_fixture_release();
    if (ran == CUE_SUCCESS)
        status = report();
    CU_cleanup_registry();
    return status;
}
