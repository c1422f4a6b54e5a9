/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The suites of the test program; one file defines each. */
#ifndef TEST_SUITES_H
#define TEST_SUITES_H

#include <CUnit/CUnit.h>

/* Marks the running test as skipped and says why in the closing lines. Return
 * from the test after it. */
void test_skip(const char *reason);

/* Ends a suite's list of tests, as CU_TEST_INFO_NULL does for CUnit. */
#define TEST_END   \
    {              \
        NULL, NULL \
    }

/* Without guests or privileges. */
extern CU_TestInfo tests_wire[];
extern CU_TestInfo tests_schedule[];
extern CU_TestInfo tests_manager[];
extern CU_TestInfo tests_spared[];
extern CU_TestInfo tests_agent[];
extern CU_TestInfo tests_users[];
extern CU_TestInfo tests_documents[];
extern CU_TestInfo tests_window[];
extern CU_TestInfo tests_probe[];
extern CU_TestInfo tests_client_port[];
extern CU_TestInfo tests_demotion[];
extern CU_TestInfo tests_profile[];
extern CU_TestInfo tests_profile_check[];
extern CU_TestInfo tests_profile_file[];
extern CU_TestInfo tests_profile_use[];
extern CU_TestInfo tests_profiles[];
extern CU_TestInfo tests_show[];
extern CU_TestInfo tests_provenance[];
extern CU_TestInfo tests_store[];
extern CU_TestInfo tests_resume[];
extern CU_TestInfo tests_result_dir[];
extern CU_TestInfo tests_ends[];
extern CU_TestInfo tests_p3[];
extern CU_TestInfo tests_delay[];
extern CU_TestInfo tests_quantile[];
extern CU_TestInfo tests_work[];
extern CU_TestInfo tests_tally[];
extern CU_TestInfo tests_vantages[];
extern CU_TestInfo tests_measure[];
extern CU_TestInfo tests_interval[];
extern CU_TestInfo tests_bootstrap[];
extern CU_TestInfo tests_compare[];
extern CU_TestInfo tests_aa[];
extern CU_TestInfo tests_origin[];
extern CU_TestInfo tests_contrast[];
extern CU_TestInfo tests_claims[];
extern CU_TestInfo tests_claim_words[];
extern CU_TestInfo tests_claim_needs[];
extern CU_TestInfo tests_account[];
extern CU_TestInfo tests_report[];
extern CU_TestInfo tests_trust[];
extern CU_TestInfo tests_figures[];
extern CU_TestInfo tests_findings[];
extern CU_TestInfo tests_progress[];
extern CU_TestInfo tests_plan[];
extern CU_TestInfo tests_budget[];
extern CU_TestInfo tests_agenda[];
extern CU_TestInfo tests_link[];
extern CU_TestInfo tests_cgroup[];
extern CU_TestInfo tests_ancestry[];
extern CU_TestInfo tests_throttling[];
extern CU_TestInfo tests_changes[];
extern CU_TestInfo tests_meddling[];
extern CU_TestInfo tests_connection[];
extern CU_TestInfo tests_machine[];
extern CU_TestInfo tests_kvm_device[];
extern CU_TestInfo tests_disk_image[];
extern CU_TestInfo tests_guest_recipes[];
extern CU_TestInfo tests_kernel_packages[];
extern CU_TestInfo tests_group[];
extern CU_TestInfo tests_client[];
extern CU_TestInfo tests_clock[];
extern CU_TestInfo tests_record[];
extern CU_TestInfo tests_host_window[];
extern CU_TestInfo tests_cells[];
extern CU_TestInfo tests_conductor[];
extern CU_TestInfo tests_calibration[];
extern CU_TestInfo tests_services[];
extern CU_TestInfo tests_doctor[];
extern CU_TestInfo tests_cli[];
extern CU_TestInfo tests_output[];
extern CU_TestInfo tests_compare_command[];
extern CU_TestInfo tests_cap[];
extern CU_TestInfo tests_stalls[];
extern CU_TestInfo tests_answers[];
extern CU_TestInfo tests_turn[];
extern CU_TestInfo tests_fate[];
extern CU_TestInfo tests_host_cpus[];
extern CU_TestInfo tests_stands[];
extern CU_TestInfo tests_fuzz[];
/* With real guests. */
extern CU_TestInfo tests_native[];
extern CU_TestInfo tests_selftest[];
extern CU_TestInfo tests_stall[];
extern CU_TestInfo tests_bed[];
extern CU_TestInfo tests_bed_end[];
extern CU_TestInfo tests_bench[];
extern CU_TestInfo tests_image[];
extern CU_TestInfo tests_run[];
extern CU_TestInfo tests_gate[];
extern CU_TestInfo tests_cap_change[];
extern CU_TestInfo tests_host_manager[];
extern CU_TestInfo tests_crosscheck[];

#endif
