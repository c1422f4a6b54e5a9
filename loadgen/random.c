/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "random.h"

#include <math.h>

/* The seed is spread over the state by SplitMix64 (Steele, Lea, Flood 2014),
 * so that neighbouring seeds have nothing in common. */
static uint64_t next_seed(uint64_t *seed)
{
    uint64_t mixed = *seed += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

void random_init(Random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        random->state[i] = next_seed(&seed);
}

static uint64_t rotate_left(uint64_t value, int bits)
{
    return (value << bits) | (value >> (64 - bits));
}

/* xoshiro256** (Blackman, Vigna 2018). */
uint64_t random_u64(Random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t random_below(Random *random, uint64_t n)
{
    return (uint64_t)(((unsigned __int128)random_u64(random) * n) >> 64);
}

double random_uniform(Random *random)
{
    /* 52 bits and a half: the middle of each of 2^52 equal steps, so that
     * neither end is ever returned. */
    return ((double)(random_u64(random) >> 12) + 0.5) * 0x1p-52;
}

double random_exponential(Random *random, double mean)
{
    return -mean * log(random_uniform(random));
}
