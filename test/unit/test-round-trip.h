/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of the suite "store" that writes and reads back. */
#ifndef TEST_UNIT_TEST_ROUND_TRIP_H
#define TEST_UNIT_TEST_ROUND_TRIP_H

void test_cell_is_read_back_as_written(void);
void test_every_status_is_read_back(void);
void test_run_is_read_back_as_written(void);
void test_running_run_has_no_end(void);
void test_guest_is_read_back_as_written(void);
void test_provenance_is_replaced_in_place(void);
void test_text_of_a_guest_is_made_harmless(void);

#endif
