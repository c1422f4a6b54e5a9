/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/selftest/noise.h"

#include "hvbench/run/usage.h"
#include "loadgen/work.h"

#include <gsl/gsl_sort.h>
#include <time.h>

/* On a quiet host these stay below 2 %. */
#define SPEED_LIMIT_PERCENT 5.0
#define DENIED_LIMIT_PERCENT 5.0

/* A burst of the host's work, so short that it delays no operation of a guest
 * by what a check would notice; the fastest of three was not interrupted. */
#define BURST_NS 60000
#define BURSTS 3
#define PAUSE_US 500000
#define READINGS 3

static const WireCalibrate glance = {
    .budget_ms = 400,
    .tolerance_permille = 100,
    .moments = 1,
    .rounds = 100,
};

struct _HvbNoiseWatch {
    HvbBed *bed;
    GCancellable *cancellable;
    HvbUsage before;
    guint64 iterations; /* of a burst */
    GArray *guest;      /* its speed in terms of the host's, double */
    GThread *thread;
    GMutex mutex;
    GCond ended;
    gboolean ends;
    /* The thread's, until it has ended. */
    GArray *host; /* iterations per ns, double */
    double wanted_ns, got_ns;
};

HvbNoiseKind hvb_noise_judge(const HvbNoise *noise,
                             const HvbNoiseLimits *limits, char **ret_text)
{
    *ret_text = NULL;
    if (noise->foreign_percent > limits->foreign_percent)
        *ret_text = g_strdup_printf(
            "other processes used %.1f %% of a CPU (limit %.1f %%)",
            noise->foreign_percent, limits->foreign_percent);
    else if (noise->steal_percent > limits->steal_percent)
        *ret_text = g_strdup_printf(
            "the host was denied %.1f %% of a CPU (limit %.1f %%)",
            noise->steal_percent, limits->steal_percent);
    else if (noise->denied_percent > DENIED_LIMIT_PERCENT)
        *ret_text =
            g_strdup_printf("who wanted to run on the host waited %.1f %% of "
                            "the time (limit %.1f %%)",
                            noise->denied_percent, DENIED_LIMIT_PERCENT);
    else if (noise->host_speed_percent > SPEED_LIMIT_PERCENT)
        *ret_text = g_strdup_printf(
            "the host's own speed varied by %.1f %% (limit %.1f %%)",
            noise->host_speed_percent, SPEED_LIMIT_PERCENT);
    if (*ret_text)
        return HVB_NOISE_HOST;
    if (!limits->translated ||
        noise->guest_speed_percent <= SPEED_LIMIT_PERCENT)
        return HVB_NOISE_NONE;
    *ret_text =
        g_strdup_printf("the translated guest's speed varied by %.1f "
                        "%% in terms of the host's (limit %.1f %%)",
                        noise->guest_speed_percent, SPEED_LIMIT_PERCENT);
    return HVB_NOISE_TRANSLATOR;
}

double hvb_noise_spread_percent(GArray *values)
{
    const double *list = (const double *)values->data;

    if (values->len == 0)
        return 0.0;
    gsl_sort((double *)values->data, 1, values->len);
    return 100.0 * (list[values->len - 1] - list[0]) / list[values->len / 2];
}

/* Without the tenth at either end: single looks are often interrupted. */
static double middle_spread_percent(GArray *values)
{
    guint aside = values->len / 10;
    g_autoptr(GArray) middle = g_array_new(FALSE, FALSE, sizeof(double));

    hvb_noise_spread_percent(values);
    g_array_append_vals(middle, &g_array_index(values, double, aside),
                        values->len - 2 * aside);
    return hvb_noise_spread_percent(middle);
}

static double read_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

typedef struct {
    double wanted_ns, got_ns;
} Burst;

static Burst burst(guint64 iterations)
{
    double wanted_ns = read_ns(CLOCK_MONOTONIC);
    double got_ns = read_ns(CLOCK_THREAD_CPUTIME_ID);

    work_do(iterations);
    got_ns = read_ns(CLOCK_THREAD_CPUTIME_ID) - got_ns;
    return (Burst){read_ns(CLOCK_MONOTONIC) - wanted_ns, MAX(got_ns, 1.0)};
}

static guint64 size_burst(void)
{
    guint64 iterations = 10;

    while (burst(iterations).got_ns < BURST_NS)
        iterations *= 2;
    return iterations;
}

/* Iterations per ns; adds to the sums of `watch`, if that is given. */
static double host_speed(guint64 iterations, HvbNoiseWatch *watch)
{
    double fastest = 0.0;

    for (guint i = 0; i < BURSTS; i++) {
        Burst one = burst(iterations);
        fastest = MAX(fastest, (double)iterations / one.got_ns);
        if (watch) {
            watch->wanted_ns += one.wanted_ns;
            watch->got_ns += one.got_ns;
        }
    }
    return fastest;
}

static gpointer live(gpointer user_data)
{
    HvbNoiseWatch *self = user_data;

    g_mutex_lock(&self->mutex);
    while (!self->ends) {
        double speed = host_speed(self->iterations, self);
        g_array_append_val(self->host, speed);
        g_cond_wait_until(&self->ended, &self->mutex,
                          g_get_monotonic_time() + PAUSE_US);
    }
    g_mutex_unlock(&self->mutex);
    return NULL;
}

static void stop(HvbNoiseWatch *self)
{
    if (!self->thread)
        return;
    g_mutex_lock(&self->mutex);
    self->ends = TRUE;
    g_cond_signal(&self->ended);
    g_mutex_unlock(&self->mutex);
    g_thread_join(g_steal_pointer(&self->thread));
}

static gboolean look_at_guest(HvbNoiseWatch *self, GError **error)
{
    for (guint i = 0; i < READINGS; i++) {
        WireCalibration now;
        if (!hvb_link_calibrate(self->bed->guests[0].link, &glance,
                                self->cancellable, &now, error))
            return FALSE;
        double speed =
            (double)now.iterations_per_ms / host_speed(self->iterations, NULL);
        g_array_append_val(self->guest, speed);
    }
    return TRUE;
}

HvbNoiseWatch *hvb_noise_watch_begin(HvbBed *bed, GCancellable *cancellable,
                                     GError **error)
{
    g_autoptr(HvbNoiseWatch) self = g_new0(HvbNoiseWatch, 1);

    g_mutex_init(&self->mutex);
    g_cond_init(&self->ended);
    self->bed = bed;
    self->cancellable = cancellable;
    self->guest = g_array_new(FALSE, FALSE, sizeof(double));
    self->host = g_array_new(FALSE, FALSE, sizeof(double));
    self->iterations = size_burst();
    if (!look_at_guest(self, error) ||
        !hvb_usage_read(bed, cancellable, &self->before, error))
        return NULL;
    self->thread = g_thread_new("noise", live, self);
    return g_steal_pointer(&self);
}

gboolean hvb_noise_watch_end(HvbNoiseWatch *watch, HvbNoise *ret_noise,
                             GError **error)
{
    g_autofree HvbUsage *after = g_new0(HvbUsage, 1);

    stop(watch);
    if (!hvb_usage_read(watch->bed, watch->cancellable, after, error) ||
        !look_at_guest(watch, error))
        return FALSE;
    *ret_noise = (HvbNoise){
        .foreign_percent = hvb_usage_foreign_percent(&watch->before, after),
        .steal_percent = hvb_usage_steal_percent(&watch->before, after),
        .denied_percent =
            100.0 * (1.0 - MIN(watch->got_ns / watch->wanted_ns, 1.0)),
        .host_speed_percent = middle_spread_percent(watch->host),
        .guest_speed_percent = hvb_noise_spread_percent(watch->guest),
    };
    return TRUE;
}

void hvb_noise_watch_free(HvbNoiseWatch *watch)
{
    if (!watch)
        return;
    stop(watch);
    g_array_unref(watch->guest);
    g_array_unref(watch->host);
    g_mutex_clear(&watch->mutex);
    g_cond_clear(&watch->ended);
    g_free(watch);
}
