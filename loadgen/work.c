/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "work.h"

#include "clock.h"

#include <stdlib.h>
#include <string.h>

#define ROUND_NS NS_PER_MS
#define ROUGH_ROUNDS 15
#define FIRST_ITERATIONS 1000

/* The compiler must neither find out that nobody wants the number nor multiply
 * the factors first. */
#define STEP     \
    x *= factor; \
    __asm__ volatile("" : "+r"(x));
#define FOUR_STEPS STEP STEP STEP STEP
#define SIXTEEN_STEPS FOUR_STEPS FOUR_STEPS FOUR_STEPS FOUR_STEPS

void work_do(uint64_t iterations)
{
    /* Odd, so that the product never becomes 0. */
    const uint64_t factor = 6364136223846793005u;
    uint64_t x = 88172645463325253u;

    for (uint64_t i = 0; i < iterations; i++) {
        SIXTEEN_STEPS
        SIXTEEN_STEPS
    }
}

/* Never 0, so that it can be divided by. */
static uint64_t time_work(uint64_t iterations)
{
    uint64_t began_ns = clock_now_ns();

    work_do(iterations);
    uint64_t took_ns = clock_now_ns() - began_ns;
    return took_ns > 0 ? took_ns : 1;
}

static uint64_t time_round(uint64_t iterations)
{
    uint64_t took_ns = time_work(iterations);
    double rate = (double)iterations * (double)NS_PER_MS / (double)took_ns;

    return rate < 1 ? 1 : (uint64_t)rate;
}

static int compare_rates(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void sort_rates(uint64_t *rates, unsigned n)
{
    qsort(rates, n, sizeof rates[0], compare_rates);
}

uint64_t work_judge_rounds(uint64_t *rounds, unsigned n)
{
    sort_rates(rounds, n);
    return rounds[(uint64_t)n * 9 / 10];
}

static uint64_t take_moment(uint64_t iterations, unsigned n)
{
    uint64_t rounds[WIRE_MAX_MOMENT_ROUNDS];

    for (unsigned i = 0; i < n; i++)
        rounds[i] = time_round(iterations);
    return work_judge_rounds(rounds, n);
}

/* How many iterations take about ROUND_NS. Doubling also warms up whatever
 * translates or predicts the loop. */
static uint64_t size_round(void)
{
    uint64_t iterations = FIRST_ITERATIONS;

    while (time_work(iterations) < ROUND_NS)
        iterations *= 2;
    return take_moment(iterations, ROUGH_ROUNDS) * ROUND_NS / NS_PER_MS;
}

uint64_t work_rough_rate(void)
{
    return size_round() * NS_PER_MS / ROUND_NS;
}

void work_judge_moments(const uint64_t *rates, unsigned n, unsigned wanted,
                        uint32_t tolerance_permille, WireCalibration *ret)
{
    uint64_t sorted[WIRE_MAX_MOMENTS];

    memcpy(sorted, rates, n * sizeof sorted[0]);
    sort_rates(sorted, n);
    ret->iterations_per_ms = sorted[n / 2];
    ret->spread_permille = (uint32_t)((double)(sorted[n - 1] - sorted[0]) *
                                      1000 / (double)ret->iterations_per_ms);
    ret->converged = n >= wanted && ret->spread_permille <= tolerance_permille;
}

void work_calibrate(const WireCalibrate *request, WireCalibration *ret)
{
    uint64_t deadline_ns = clock_now_ns() + request->budget_ms * NS_PER_MS;
    uint64_t iterations = size_round();
    uint64_t rates[WIRE_MAX_MOMENTS];
    unsigned taken = 0;

    memset(ret, 0, sizeof *ret);
    for (;;) {
        rates[taken++ % request->moments] =
            take_moment(iterations, request->rounds);
        ret->rounds += request->rounds;
        unsigned n = taken < request->moments ? taken : request->moments;
        work_judge_moments(rates, n, request->moments,
                           request->tolerance_permille, ret);
        uint64_t next_ns = clock_now_ns() + request->pause_ms * NS_PER_MS;
        if (ret->converged || next_ns >= deadline_ns)
            return;
        clock_sleep_until(next_ns);
    }
}
