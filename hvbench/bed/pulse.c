/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/pulse.h"

#include "hvbench/bed/hierarchy.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Longer than the parts of these files that are looked at. */
#define TEXT_SIZE 512
#define NS_PER_S G_GINT64_CONSTANT(1000000000)

struct _HvbPulseSource {
    int schedstat; /* open; -1: the kernel has none */
    gint64 tick_ns;
    char *stat;
    char *freezer; /* v1's freezer.state; NULL: there is none */
    char *events;  /* v2's cgroup.events; NULL: there is none */
};

const char *hvb_hold_text(HvbHold hold)
{
    static const char *const texts[] = {
        [HVB_HOLD_NONE] = "was not held",
        [HVB_HOLD_STOPPED] = "was stopped by a signal (SIGSTOP or its like)",
        [HVB_HOLD_TRACED] = "was held by a debugger",
        [HVB_HOLD_FROZEN] = "was in a control group that is frozen",
        [HVB_HOLD_PAUSED] = "was paused through libvirt",
        [HVB_HOLD_DISK] = "was paused by QEMU, whose disk failed or is full",
        [HVB_HOLD_BLOCKED] = "waited in the host's kernel for disk or memory",
    };

    return texts[hold];
}

/* Both also tell when a group above is frozen. */
static void find_groups(HvbPulseSource *self, const char *root,
                        const char *thread)
{
    g_autofree char *path = g_build_filename(thread, "cgroup", NULL);
    g_autofree char *listing = NULL;

    if (!g_file_get_contents(path, &listing, NULL, NULL))
        return;
    g_autofree char *v1 = hvb_hierarchy_dir_of(root, listing, "freezer");
    g_autofree char *v2 = hvb_hierarchy_dir_of(root, listing, NULL);
    if (v1)
        self->freezer = g_build_filename(v1, "freezer.state", NULL);
    if (v2)
        self->events = g_build_filename(v2, "cgroup.events", NULL);
}

HvbPulseSource *hvb_pulse_source_new(const char *root, const char *thread)
{
    HvbPulseSource *self = g_new0(HvbPulseSource, 1);
    g_autofree char *schedstat = g_build_filename(thread, "schedstat", NULL);

    self->schedstat = open(schedstat, O_RDONLY | O_CLOEXEC);
    self->tick_ns = NS_PER_S / sysconf(_SC_CLK_TCK);
    self->stat = g_build_filename(thread, "stat", NULL);
    find_groups(self, root, thread);
    return self;
}

void hvb_pulse_source_free(HvbPulseSource *source)
{
    if (!source)
        return;
    if (source->schedstat >= 0)
        close(source->schedstat);
    g_free(source->stat);
    g_free(source->freezer);
    g_free(source->events);
    g_free(source);
}

/* The file's beginning, into `text` of TEXT_SIZE bytes; "" if it cannot be
 * read. */
static void read_open(int fd, char *text)
{
    gssize n = fd >= 0 ? pread(fd, text, TEXT_SIZE - 1, 0) : 0;

    text[MAX(n, 0)] = '\0';
}

static void read_text(const char *path, char *text)
{
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    read_open(fd, text);
    if (fd >= 0)
        close(fd);
}

/* Of "TID (name) S ...": the name may hold anything. */
static char state_of(const char *stat)
{
    const char *end = strrchr(stat, ')');

    if (!end || end[1] != ' ')
        return '\0';
    return end[2];
}

static gboolean is_frozen(const HvbPulseSource *self)
{
    char text[TEXT_SIZE];

    read_text(self->freezer, text);
    if (g_str_has_prefix(text, "FROZEN"))
        return TRUE;
    read_text(self->events, text);
    return strstr(text, "frozen 1") != NULL;
}

/* Of "TID (name) S ...": the 14th and the 15th, in ticks. */
static gint64 ticks_of(const char *stat)
{
    const char *end = strrchr(stat, ')');
    long long user, kernel;

    if (!end || sscanf(end + 1,
                       " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lld %lld",
                       &user, &kernel) != 2)
        return 0;
    return user + kernel;
}

/* A kernel without statistics of its scheduler has no schedstat, or one of
 * zeros. */
static gint64 read_run_ns(const HvbPulseSource *self)
{
    char text[TEXT_SIZE];

    read_open(self->schedstat, text);
    gint64 run_ns = g_ascii_strtoll(text, NULL, 10);
    if (run_ns > 0)
        return run_ns;
    read_text(self->stat, text);
    return ticks_of(text) * self->tick_ns;
}

static HvbHold find_hold(const HvbPulseSource *self, HvbHold told)
{
    char stat[TEXT_SIZE];

    read_text(self->stat, stat);
    switch (state_of(stat)) {
    case '\0':
    case 'X':
    case 'Z':
    case 'R':
        return HVB_HOLD_NONE;
    case 'T':
        return HVB_HOLD_STOPPED;
    case 't':
        return HVB_HOLD_TRACED;
    case 'D':
        return is_frozen(self) ? HVB_HOLD_FROZEN : HVB_HOLD_BLOCKED;
    default:
        return is_frozen(self) ? HVB_HOLD_FROZEN : told;
    }
}

void hvb_pulse_look(const HvbPulseSource *source, HvbHold told, HvbPulse *pulse)
{
    gint64 run_ns = read_run_ns(source);
    HvbHold found =
        run_ns != pulse->run_ns ? HVB_HOLD_NONE : find_hold(source, told);
    gboolean is_blocked = found == HVB_HOLD_BLOCKED;

    pulse->hold = is_blocked && !pulse->was_blocked ? HVB_HOLD_NONE : found;
    pulse->was_blocked = is_blocked;
    pulse->run_ns = run_ns;
}
