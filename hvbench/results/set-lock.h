/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Set lock: who measures into a result set holds a lock on its directory, which
 * goes with the process however that ends. Nothing is left in the directory. */
#ifndef HVB_RESULTS_SET_LOCK_H
#define HVB_RESULTS_SET_LOCK_H

#include <glib.h>

/* Returns a file descriptor that holds the lock until it is closed, or -1:
 * somebody else has it (errno EWOULDBLOCK), or the directory cannot be opened
 * or locked (any other). */
int hvb_set_lock(const char *dir);

/* Whether somebody measures into the directory right now. */
typedef enum {
    HVB_SET_FREE,   /* nobody, or there is no such directory */
    HVB_SET_LOCKED, /* somebody does */
    HVB_SET_BARRED, /* cannot be told: who asks may not open it, say */
} HvbSetUse;
HvbSetUse hvb_set_use(const char *dir);

#endif
