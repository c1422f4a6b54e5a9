/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/wait.h"

#include "hvbench/bed/bed-error.h"

#include <time.h>

/* Between two readings of the clocks. */
#define GAP_AT_MOST_NS 10000
#define TRIES 10

static gboolean wake_up(gpointer user_data)
{
    *(gboolean *)user_data = TRUE;
    return G_SOURCE_REMOVE;
}

/* Only there to end an iteration of the main context. */
static void on_cancelled(GCancellable *cancellable, gpointer user_data)
{
    (void)cancellable;
    (void)user_data;
    g_main_context_wakeup(NULL);
}

gboolean hvb_wait(HvbDoneFunc done, gpointer user_data, guint timeout_ms,
                  const char *what, GCancellable *cancellable, GError **error)
{
    gboolean late = FALSE;
    gulong handler = 0;
    guint timer = g_timeout_add(timeout_ms, wake_up, &late);

    if (cancellable)
        handler = g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled),
                                        NULL, NULL);
    while (!done(user_data) && !late &&
           !g_cancellable_is_cancelled(cancellable))
        g_main_context_iteration(NULL, TRUE);
    if (cancellable)
        g_cancellable_disconnect(cancellable, handler);
    if (!late)
        g_source_remove(timer);
    if (done(user_data))
        return TRUE;
    if (g_cancellable_set_error_if_cancelled(cancellable, error))
        return FALSE;
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_TIMEOUT,
                "waited %u s in vain for %s", timeout_ms / 1000, what);
    return FALSE;
}

static gboolean never(gpointer user_data)
{
    (void)user_data;
    return FALSE;
}

gboolean hvb_sleep(guint duration_ms, GCancellable *cancellable, GError **error)
{
    g_autoptr(GError) passed = NULL;

    hvb_wait(never, NULL, duration_ms, "", cancellable, &passed);
    if (g_error_matches(passed, HVB_BED_ERROR, HVB_BED_ERROR_TIMEOUT))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&passed));
    return FALSE;
}

static gint64 read_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (gint64)now.tv_sec * G_GINT64_CONSTANT(1000000000) + now.tv_nsec;
}

gint64 hvb_now_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

gint64 hvb_wall_ns(void)
{
    gint64 before_ns, wall_ns, gap_ns;
    guint tries = 0;

    /* Whoever is held up in between would see a step of the clock. */
    do {
        before_ns = read_ns(CLOCK_MONOTONIC);
        wall_ns = read_ns(CLOCK_REALTIME);
        gap_ns = read_ns(CLOCK_MONOTONIC) - before_ns;
    } while (gap_ns > GAP_AT_MOST_NS && ++tries < TRIES);
    return wall_ns - before_ns - gap_ns / 2;
}
