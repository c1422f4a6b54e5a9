/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Wait: sequential code over the default main context.
 *
 * Everything of hvbench runs in one thread, but for what keeps the time of
 * client-side operations (run/client.h); whoever waits iterates the main
 * context, so that frames, signals and the terminal go on meanwhile. */
#ifndef HVB_BED_WAIT_H
#define HVB_BED_WAIT_H

#include <gio/gio.h>

/* Iterates the default main context until `done` returns TRUE. Returns FALSE
 * with HVB_BED_ERROR_TIMEOUT (`what` names what was waited for) or
 * G_IO_ERROR_CANCELLED. */
typedef gboolean (*HvbDoneFunc)(gpointer user_data);
gboolean hvb_wait(HvbDoneFunc done, gpointer user_data, guint timeout_ms,
                  const char *what, GCancellable *cancellable, GError **error);
/* Iterates it for `duration_ms`. FALSE with G_IO_ERROR_CANCELLED. */
gboolean hvb_sleep(guint duration_ms, GCancellable *cancellable,
                   GError **error);

/* CLOCK_MONOTONIC of the host. */
gint64 hvb_now_ns(void);
/* Its CLOCK_REALTIME - CLOCK_MONOTONIC. */
gint64 hvb_wall_ns(void);

#endif
