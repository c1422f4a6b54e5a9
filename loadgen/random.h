/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random: small seeded generator, the same numbers on every machine.
 *
 * Not for secrets. The state is plain data: copy it to repeat a sequence. */
#ifndef LOADGEN_RANDOM_H
#define LOADGEN_RANDOM_H

#include <stdint.h>

typedef struct {
    uint64_t state[4];
} Random;

/* Any seed will do, 0 included; near seeds give unrelated sequences. */
void random_init(Random *random, uint64_t seed);

/* Uniform in 0 ... 2^64 - 1. */
uint64_t random_u64(Random *random);

/* Uniform in 0 ... n - 1, n > 0; the bias is below n / 2^64. */
uint64_t random_below(Random *random, uint64_t n);

/* Uniform, strictly between 0 and 1. */
double random_uniform(Random *random);

/* Exponentially distributed with this mean (> 0), by inversion: -mean ln u. */
double random_exponential(Random *random, double mean);

#endif
