/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/fuzz/fuzz.h"

#include "test/suites.h"

#include <string.h>

#define MAX_CHANGES 4
#define MAX_RUN 16

static size_t below(Random *random, size_t n)
{
    return (size_t)random_below(random, n);
}

/* The length of a run that begins at `at`. */
static size_t run_at(Random *random, size_t at, size_t n)
{
    size_t left = n - at;

    return 1 + below(random, left < MAX_RUN ? left : MAX_RUN);
}

static size_t take_out(Random *random, uint8_t *bytes, size_t at, size_t n)
{
    size_t run = run_at(random, at, n);

    memmove(bytes + at, bytes + at + run, n - at - run);
    return n - run;
}

/* A copy of some of them. */
static size_t put_in(Random *random, uint8_t *bytes, size_t at, size_t n,
                     size_t room)
{
    uint8_t copy[MAX_RUN];
    size_t from = below(random, n);
    size_t run = run_at(random, from, n);

    if (n + run > room)
        return n;
    memcpy(copy, bytes + from, run);
    memmove(bytes + at + run, bytes + at, n - at);
    memcpy(bytes + at, copy, run);
    return n + run;
}

static size_t change(Random *random, uint8_t *bytes, size_t n, size_t room)
{
    static const uint8_t limits[] = {0, 1, 0x7f, 0x80, 0xff};
    size_t at = below(random, n);

    switch (below(random, 16)) {
    case 0:
        return at;
    case 1:
    case 2:
        return take_out(random, bytes, at, n);
    case 3:
    case 4:
        return put_in(random, bytes, at, n, room);
    case 5:
    case 6:
    case 7:
        bytes[at] = limits[below(random, sizeof limits)];
        return n;
    case 8:
    case 9:
    case 10:
        bytes[at] = (uint8_t)random_u64(random);
        return n;
    default:
        bytes[at] ^= (uint8_t)(1U << below(random, 8));
        return n;
    }
}

size_t fuzz_bytes(Random *random, uint8_t *bytes, size_t n, size_t room)
{
    size_t changes = 1 + below(random, MAX_CHANGES);

    for (; changes > 0 && n > 0; changes--)
        n = change(random, bytes, n, room);
    return n;
}

CU_TestInfo tests_fuzz[] = {
    {"mutated frames are found or skipped and all bytes counted",
     test_mutated_frames_are_found_or_skipped_and_all_bytes_counted},
    {"mutated profiles are refused with a line or survive a round trip",
     test_mutated_profiles_are_refused_with_a_line_or_survive_a_round_trip},
    TEST_END,
};
