/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tests of the terminal's progress, part of the suite "report". */
#ifndef TEST_UNIT_TEST_PROGRESS_H
#define TEST_UNIT_TEST_PROGRESS_H

void test_progress_to_a_pipe_has_no_escape_codes(void);
void test_progress_to_a_pipe_keeps_the_order_and_repeats_nothing(void);
void test_progress_makes_notes_printable(void);
void test_progress_on_a_terminal_leaves_the_cursor_visible(void);
void test_progress_on_a_terminal_respects_no_color(void);
void test_progress_on_a_dumb_terminal_has_no_escape_codes(void);
void test_progress_fits_any_width_from_60_columns(void);
void test_progress_table_fits_its_width(void);
void test_progress_prints_every_level(void);
void test_progress_in_ascii_where_the_locale_asks_for_it(void);
void test_clipped_line_ends_in_normal_colour(void);

#endif
