/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/selftest/stalls.h"

#include "hvbench/bed/wait.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define NS_PER_S G_GINT64_CONSTANT(1000000000)
/* How often a thread that sleeps looks whether it is to end. */
#define STEP_NS (NS_PER_S / 20)
#define REALTIME_PRIORITY 1
/* QEMU's main loop takes it in, over a file descriptor, and does nothing. */
#define KICK SIGIO
/* How often a process is looked at before it is sent that, and how far apart.
 */
#define LOOKS 5
#define LOOK_US 2000

struct _HvbStaller {
    GPid pid;
    gboolean kicks;
    GArray *stalls;
    gint stop; /* atomic */
    GThread *thread;
};

/* Whether the file in /proc has a line `key` with a mask of signals that has
 * `signal` in it. */
static gboolean mask_has(const char *path, const char *key, int signal)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return FALSE;
    const char *line = strstr(text, key);
    return line &&
           (g_ascii_strtoull(line + strlen(key), NULL, 16) >> (signal - 1)) & 1;
}

/* Whether `is` is true of an entry of this directory of the process. */
static gboolean is_of_any(GPid pid, const char *directory,
                          gboolean (*is)(const char *path))
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", pid, directory);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *entry = g_build_filename(path, name, NULL);
        if (is(entry))
            return TRUE;
    }
    return FALSE;
}

static gboolean file_takes_kick(const char *file)
{
    return mask_has(file, "sigmask:", KICK);
}

/* One that has ended meanwhile is not hit. */
static gboolean thread_is_hit_by_kick(const char *thread)
{
    g_autofree char *status = g_build_filename(thread, "status", NULL);

    return !mask_has(status, "\nSigBlk:", KICK) &&
           g_file_test(thread, G_FILE_TEST_EXISTS);
}

/* A process that takes the signal by a file descriptor and blocks it in each of
 * its threads; any other it might end. What a thread blocks at one moment is
 * not enough to know: while it starts another thread or process, the C library
 * makes it block all, and from 2.41 on the new process for its first moments,
 * too. */
static gboolean can_be_kicked(GPid pid)
{
    if (!is_of_any(pid, "fdinfo", file_takes_kick))
        return FALSE;
    for (guint i = 0; i < LOOKS; i++) {
        if (i > 0)
            g_usleep(LOOK_US);
        if (is_of_any(pid, "task", thread_is_hit_by_kick))
            return FALSE;
    }
    return TRUE;
}

/* FALSE: it is to end. */
static gboolean sleep_until(HvbStaller *self, gint64 time_ns)
{
    while (!g_atomic_int_get(&self->stop)) {
        gint64 next_ns = MIN(time_ns, hvb_now_ns() + STEP_NS);
        const struct timespec next = {next_ns / NS_PER_S, next_ns % NS_PER_S};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL) ==
               EINTR)
            ;
        if (next_ns == time_ns)
            return TRUE;
    }
    return FALSE;
}

static gboolean make_stall(HvbStaller *self, HvbStall *stall)
{
    if (!sleep_until(self, stall->begins_ns))
        return FALSE;
    kill(self->pid, SIGSTOP);
    stall->began_ns = hvb_now_ns();
    gboolean ok = sleep_until(self, stall->ends_ns);
    if (self->kicks)
        kill(self->pid, KICK);
    stall->ended_ns = hvb_now_ns();
    kill(self->pid, SIGCONT);
    return ok;
}

static gpointer live(gpointer user_data)
{
    HvbStaller *self = user_data;
    const struct sched_param priority = {.sched_priority = REALTIME_PRIORITY};

    (void)sched_setscheduler(0, SCHED_FIFO, &priority);
    for (guint i = 0; i < self->stalls->len; i++)
        if (!make_stall(self, &g_array_index(self->stalls, HvbStall, i)))
            break;
    return NULL;
}

HvbStaller *hvb_staller_start(GPid pid, GArray *stalls)
{
    HvbStaller *self = g_new0(HvbStaller, 1);

    self->pid = pid;
    self->kicks = can_be_kicked(pid);
    self->stalls = stalls;
    self->thread = g_thread_new("staller", live, self);
    return self;
}

void hvb_staller_end(HvbStaller *staller, gboolean now)
{
    if (now)
        g_atomic_int_set(&staller->stop, 1);
    g_thread_join(staller->thread);
    g_free(staller);
}

gint64 hvb_stalls_delay_ns(const GArray *stalls, gint64 start_ns)
{
    for (guint i = 0; i < stalls->len; i++) {
        const HvbStall *stall = &g_array_index(stalls, HvbStall, i);
        if (start_ns >= stall->began_ns && start_ns < stall->ended_ns)
            return stall->ended_ns - start_ns;
    }
    return 0;
}

GArray *hvb_stalls_seen_by_skipper(const GArray *stalls,
                                   const GArray *starts_ns)
{
    GArray *delays = g_array_new(FALSE, FALSE, sizeof(gint64));
    gint64 awake_ns = G_MININT64;

    for (guint i = 0; i < starts_ns->len; i++) {
        gint64 due_ns = g_array_index(starts_ns, gint64, i);
        if (due_ns < awake_ns)
            continue; /* it slept through this one */
        gint64 delay_ns = hvb_stalls_delay_ns(stalls, due_ns);
        g_array_append_val(delays, delay_ns);
        awake_ns = due_ns + delay_ns;
    }
    return delays;
}
