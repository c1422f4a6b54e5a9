/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "work.h"

#include "clock.h"

#include <stdlib.h>
#include <string.h>

#define ROUND_NS (30 * NS_PER_MS)
#define ROUGH_ROUND_NS (5 * NS_PER_MS)
#define FIRST_ITERATIONS 10000

void work_do(uint64_t iterations)
{
    uint64_t x = 88172645463325252u;

    for (uint64_t i = 0; i < iterations; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        /* Nobody wants the number; the compiler must not find out. */
        __asm__ volatile("" : "+r"(x));
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

/* How many iterations take about `round_ns`. Doubling also warms up whatever
 * translates or predicts the loop. */
static uint64_t size_round(uint64_t round_ns)
{
    uint64_t iterations = FIRST_ITERATIONS;
    uint64_t took_ns = time_work(iterations);

    while (took_ns < round_ns / 8) {
        iterations *= 2;
        took_ns = time_work(iterations);
    }
    iterations =
        (uint64_t)((double)iterations * (double)round_ns / (double)took_ns);
    return iterations > 0 ? iterations : 1;
}

static uint64_t time_round(uint64_t iterations)
{
    uint64_t took_ns = time_work(iterations);
    double rate = (double)iterations * (double)NS_PER_MS / (double)took_ns;

    return rate < 1 ? 1 : (uint64_t)rate;
}

uint64_t work_rough_rate(void)
{
    return time_round(size_round(ROUGH_ROUND_NS));
}

static int compare_rates(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* (max - min) / median; reorders. */
static uint32_t spread_of(uint64_t *rates, unsigned n)
{
    qsort(rates, n, sizeof rates[0], compare_rates);
    uint64_t median = rates[n / 2];
    return (uint32_t)((double)(rates[n - 1] - rates[0]) * 1000 /
                      (double)median);
}

void work_judge_rounds(uint64_t *rounds, unsigned n,
                       uint32_t tolerance_permille, WireCalibration *ret)
{
    ret->spread_permille = spread_of(rounds, n);
    uint64_t median = rounds[n / 2];
    uint64_t below = median - rounds[0];
    uint64_t above = rounds[n - 1] - median;
    uint64_t farthest = below > above ? below : above;

    ret->iterations_per_ms = median;
    ret->converged =
        n >= WIRE_CALIBRATION_ROUNDS &&
        (double)farthest * 1000 <= (double)median * (double)tolerance_permille;
}

static void calibrate_now(uint64_t iterations, uint64_t deadline_ns,
                          uint32_t tolerance_permille, WireCalibration *ret)
{
    uint64_t last[WIRE_CALIBRATION_ROUNDS];
    uint64_t sorted[WIRE_CALIBRATION_ROUNDS];

    memset(ret, 0, sizeof *ret);
    do {
        last[ret->rounds % WIRE_CALIBRATION_ROUNDS] = time_round(iterations);
        ret->rounds++;
        unsigned n = ret->rounds < WIRE_CALIBRATION_ROUNDS
                         ? ret->rounds
                         : WIRE_CALIBRATION_ROUNDS;
        memcpy(sorted, last, sizeof sorted);
        work_judge_rounds(sorted, n, tolerance_permille, ret);
    } while (!ret->converged && clock_now_ns() < deadline_ns);
}

void work_judge_moments(const WireCalibration *moments, unsigned n,
                        WireCalibration *ret)
{
    uint64_t rates[WIRE_MAX_MOMENTS] = {0};

    memset(ret, 0, sizeof *ret);
    ret->converged = 1;
    for (unsigned i = 0; i < n; i++) {
        rates[i] = moments[i].iterations_per_ms;
        ret->rounds += moments[i].rounds;
        ret->converged &= moments[i].converged;
        if (moments[i].spread_permille > ret->spread_permille)
            ret->spread_permille = moments[i].spread_permille;
    }
    uint32_t spread = spread_of(rates, n);
    if (spread > ret->spread_permille)
        ret->spread_permille = spread;
    ret->iterations_per_ms = rates[n / 2];
}

void work_calibrate(const WireCalibrate *request, WireCalibration *ret)
{
    uint64_t deadline_ns = clock_now_ns() + request->budget_ms * NS_PER_MS;
    uint64_t iterations = size_round(ROUND_NS);
    WireCalibration moments[WIRE_MAX_MOMENTS];

    for (unsigned i = 0; i < request->moments; i++) {
        uint64_t now_ns = clock_now_ns();
        if (i > 0 && now_ns < deadline_ns)
            clock_sleep_until(now_ns += request->pause_ms * NS_PER_MS);
        uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
        calibrate_now(iterations, now_ns + left_ns / (request->moments - i),
                      request->tolerance_permille, &moments[i]);
    }
    work_judge_moments(moments, request->moments, ret);
}
