/* SPDX-License-Identifier: GPL-3.0-or-later */
/* State: where beds keep their files, and the lock that keeps beds apart.
 *
 * One bed exists at a time on a machine, whoever made it: measurements would
 * disturb each other. Whoever holds the lock may clear away what beds before
 * it have left in the directory, which is its user's own. */
#ifndef HVB_BED_STATE_H
#define HVB_BED_STATE_H

#include <glib.h>

/* Root's. Short: the sockets below it must fit the 108 bytes of a socket's
 * name. */
#define HVB_STATE_DIR "/var/lib/hvbench"
/* Locked with flock() by the hvbench that has a bed. It stays when it is not
 * locked, and everybody may read it, which is all that locking needs. */
#define HVB_LOCK_FILE "/run/lock/hvbench.lock"
/* Each bed's files are in a directory "bed-PID" below the state directory. */
#define HVB_STATE_BED_PREFIX "bed-"

/* Where the beds of this user keep their files: HVB_STATE_DIR, or for others
 * than root /var/tmp/hvbench-UID, since QEMU's user must get there. Caller
 * frees. */
char *hvb_state_dir(void);

/* Makes `dir` if it is missing, and makes sure that nobody else can put or
 * replace anything there: that it is a directory and no link to one, owned by
 * this user, and not writable by others. Errors: HVB_BED_ERROR_HOST. */
gboolean hvb_state_make_dir(const char *dir, GError **error);

/* Locks `path`, which is made if it is missing. Returns a file descriptor that
 * holds the lock until it is closed, or -1 with HVB_BED_ERROR_HOST. */
int hvb_state_lock(const char *path, GError **error);

/* Removes `path` with all that is in it; follows no link. What cannot be
 * removed stays. */
void hvb_state_remove(const char *path);

/* Removes the files that beds have left in `dir`. Hold the lock. */
void hvb_state_remove_beds(const char *dir);

#endif
