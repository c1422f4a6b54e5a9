/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chains [ROUNDS]: how steadily chains of dependent instructions run here.
 *
 * What work is made of (loadgen/work.c) should take the same time whatever runs
 * beside it. This runs the candidates in turn, a millisecond each, and prints
 * for each how far its rate was off its median, and how much calibrations would
 * differ that take the median of rounds of 30 ms, or what the fastest tenth of
 * rounds of a millisecond surpasses, over 200 ms each. Static, so that it also
 * runs as the init of a guest: test/bench/run-chains. */
#define _GNU_SOURCE
#include "loadgen/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

#define MAX_ROUNDS 60000u
#define USUAL_ROUNDS 6000u
#define LONG_ROUND 30u   /* rounds of a millisecond */
#define CALIBRATION 200u /* likewise */

#define SHIFTS    \
    x ^= x << 13; \
    x ^= x >> 7;  \
    x ^= x << 17;
#define MULTIPLICATION x *= factor;
/* The compiler must not find out that nobody wants the number. */
#define KEEP __asm__ volatile("" : "+r"(x));
#define TWICE(step) step KEEP step KEEP
#define FOUR_TIMES(step) TWICE(step) TWICE(step)
#define SIXTEEN_TIMES(step) \
    FOUR_TIMES(step) FOUR_TIMES(step) FOUR_TIMES(step) FOUR_TIMES(step)

#define CHAIN(name, steps)                            \
    static void name(uint64_t iterations)             \
    {                                                 \
        const uint64_t factor = 6364136223846793005u; \
        uint64_t x = 88172645463325253u;              \
                                                      \
        (void)factor;                                 \
        for (uint64_t i = 0; i < iterations; i++) {   \
            steps                                     \
        }                                             \
    }

CHAIN(one_shift, SHIFTS KEEP)
CHAIN(sixteen_shifts, SIXTEEN_TIMES(SHIFTS))
CHAIN(eight_multiplications,
      FOUR_TIMES(MULTIPLICATION) FOUR_TIMES(MULTIPLICATION))
CHAIN(thirty_two_multiplications,
      SIXTEEN_TIMES(MULTIPLICATION) SIXTEEN_TIMES(MULTIPLICATION))

static const struct {
    const char *name;
    void (*run)(uint64_t iterations);
} chains[] = {
    {"xorshift", one_shift},
    {"16 xorshifts", sixteen_shifts},
    {"8 multiplications", eight_multiplications},
    {"32 multiplications", thirty_two_multiplications},
};
#define N_CHAINS (sizeof chains / sizeof chains[0])

static float took_us[N_CHAINS][MAX_ROUNDS];

static uint64_t time_chain(unsigned chain, uint64_t iterations)
{
    uint64_t began_ns = clock_now_ns();

    chains[chain].run(iterations);
    return clock_now_ns() - began_ns + 1;
}

static uint64_t size_round(unsigned chain)
{
    uint64_t iterations = 1000;

    while (time_chain(chain, iterations) < 8 * NS_PER_MS)
        iterations *= 2;
    return iterations * NS_PER_MS / time_chain(chain, iterations);
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a;
    float y = *(const float *)b;

    return (x > y) - (x < y);
}

/* Reorders. */
static float quantile(float *values, unsigned n, double q)
{
    qsort(values, n, sizeof values[0], compare);
    return values[(unsigned)((n - 1) * q + 0.5)];
}

/* The middle 90 % of the values, in % of their median; reorders. */
static double spread_percent(float *values, unsigned n)
{
    float low = quantile(values, n, 0.05);
    float high = quantile(values, n, 0.95);

    return 100.0 * (high - low) / quantile(values, n, 0.5);
}

static double spread_of_medians(const float *took, unsigned n)
{
    static float results[MAX_ROUNDS];
    unsigned n_results = 0;

    for (unsigned at = 0; at + CALIBRATION <= n; at += CALIBRATION) {
        float rounds[CALIBRATION / LONG_ROUND] = {0};
        for (unsigned i = 0; i < CALIBRATION / LONG_ROUND; i++)
            for (unsigned k = 0; k < LONG_ROUND; k++)
                rounds[i] += took[at + i * LONG_ROUND + k];
        results[n_results++] =
            1 / quantile(rounds, CALIBRATION / LONG_ROUND, 0.5);
    }
    return spread_percent(results, n_results);
}

static double spread_of_fastest(const float *took, unsigned n)
{
    static float results[MAX_ROUNDS];
    unsigned n_results = 0;

    for (unsigned at = 0; at + CALIBRATION <= n; at += CALIBRATION) {
        float rounds[CALIBRATION];
        memcpy(rounds, took + at, sizeof rounds);
        results[n_results++] = 1 / quantile(rounds, CALIBRATION, 0.1);
    }
    return spread_percent(results, n_results);
}

static void print_chain(unsigned chain, unsigned n)
{
    static float rates[MAX_ROUNDS];

    for (unsigned i = 0; i < n; i++)
        rates[i] = 1 / took_us[chain][i];
    float median = quantile(rates, n, 0.5);
    printf("%-18s  %+6.1f %%  %+6.1f %%  %12.1f %%  %12.1f %%\n",
           chains[chain].name, 100.0 * (quantile(rates, n, 0.05) / median - 1),
           100.0 * (quantile(rates, n, 0.95) / median - 1),
           spread_of_medians(took_us[chain], n),
           spread_of_fastest(took_us[chain], n));
}

int main(int argc, char **argv)
{
    long asked = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    unsigned n = asked >= (long)CALIBRATION && asked <= (long)MAX_ROUNDS
                     ? (unsigned)asked
                     : USUAL_ROUNDS;
    uint64_t iterations[N_CHAINS];

    for (unsigned c = 0; c < N_CHAINS; c++)
        iterations[c] = size_round(c);
    for (unsigned i = 0; i < n; i++)
        for (unsigned c = 0; c < N_CHAINS; c++)
            took_us[c][i] = (float)time_chain(c, iterations[c]) / 1000;
    printf("%-18s  %8s  %8s  %14s  %14s\n", "chain", "p5", "p95",
           "median, 30 ms", "fastest, 1 ms");
    for (unsigned c = 0; c < N_CHAINS; c++)
        print_chain(c, n);
    fflush(stdout);
    if (getpid() == 1) {
        sync();
        reboot(RB_POWER_OFF);
    }
    return EXIT_SUCCESS;
}
