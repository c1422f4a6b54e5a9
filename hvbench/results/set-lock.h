/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Set lock: who measures into a result set holds a lock on its directory, which
 * goes with the process however that ends. Nothing is left in the directory. */
#ifndef HVB_RESULTS_SET_LOCK_H
#define HVB_RESULTS_SET_LOCK_H

#include <glib.h>

/* Returns a file descriptor that holds the lock until it is closed, or -1:
 * somebody else has it (errno EWOULDBLOCK), or the directory cannot be
 * opened. */
int hvb_set_lock(const char *dir);

/* Whether somebody measures into the directory right now. */
gboolean hvb_set_is_locked(const char *dir);

#endif
