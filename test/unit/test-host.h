/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tests of the facts about the host and of their judgement, part of the
 * suite "doctor". */
#ifndef TEST_UNIT_TEST_HOST_H
#define TEST_UNIT_TEST_HOST_H

/* test-host.c */
void test_facts_are_read_from_the_kernels_files(void);
void test_a_v2_host_is_told_by_the_root_group(void);
void test_facts_that_the_host_does_not_tell_are_unknown(void);
void test_what_a_kernel_does_without_is_no_unknown(void);
void test_facts_are_one_printable_line_each(void);
void test_facts_of_this_host_agree_with_libc(void);
void test_cpu_lists_are_counted_and_garbage_is_not(void);
void test_fields_are_found_by_their_whole_name(void);
void test_values_that_differ_are_tallied(void);

/* test-checks.c */
void test_dev_kvm_must_be_open_to_qemus_user(void);
void test_cgroups_need_shares_quota_and_usage(void);
void test_privileges_depend_on_the_connection(void);
void test_one_cpu_is_warned_of(void);
void test_governor_other_than_performance_is_warned_of(void);
void test_slow_clocksource_is_warned_of(void);
void test_swap_is_warned_of_only_when_in_use(void);
void test_foreign_load_is_judged_by_the_gates_limit(void);
void test_steal_is_warned_of(void);
void test_limits_above_the_guests_are_warned_of(void);
void test_space_fails_before_it_is_gone(void);
void test_notes_are_no_warnings(void);

#endif
