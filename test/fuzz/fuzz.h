/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random changes to valid input: the same ones at every run, so that a failure
 * can be repeated. */
#ifndef TEST_FUZZ_FUZZ_H
#define TEST_FUZZ_FUZZ_H

#include "loadgen/random.h"

#include <stddef.h>

/* Changes a few of the `n` bytes, takes some out, puts some in or cuts off the
 * rest. Returns how many there are then, at most `room`. */
size_t fuzz_bytes(Random *random, uint8_t *bytes, size_t n, size_t room);

void test_mutated_frames_are_found_or_skipped_and_all_bytes_counted(void);
void test_mutated_profiles_are_refused_with_a_line_or_survive_a_round_trip(
    void);

#endif
