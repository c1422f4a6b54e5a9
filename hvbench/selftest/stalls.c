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

struct _HvbStaller {
    GPid pid;
    gboolean kicks;
    GArray *stalls;
    gint stop; /* atomic */
    GThread *thread;
};

static gboolean thread_blocks(const char *task, const char *thread, int signal)
{
    g_autofree char *path = g_build_filename(task, thread, "status", NULL);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return TRUE; /* it has ended */
    const char *mask = strstr(text, "\nSigBlk:");
    return mask && (g_ascii_strtoull(mask + strlen("\nSigBlk:"), NULL, 16) >>
                    (signal - 1)) &
                       1;
}

/* If not, the signal would end the process. */
static gboolean all_threads_block(GPid pid, int signal)
{
    g_autofree char *task = g_strdup_printf("/proc/%d/task", pid);
    g_autoptr(GDir) dir = g_dir_open(task, 0, NULL);
    const char *thread = dir ? g_dir_read_name(dir) : NULL;

    if (!thread)
        return FALSE;
    for (; thread; thread = g_dir_read_name(dir))
        if (!thread_blocks(task, thread, signal))
            return FALSE;
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
    self->kicks = all_threads_block(pid, KICK);
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
