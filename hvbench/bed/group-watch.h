/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Group watch: sees writes to the files of control groups as they happen, for
 * what is changed and put back before anybody reads it again.
 *
 * The kernel tells of each write() to such a file (inotify's IN_MODIFY; seen to
 * work on v1 and v2), whether or not it changes the value, and not of what
 * changes without one: the affinity of a thread (sched_setaffinity()), CPUs
 * that go offline. It does not tell who wrote. */
#ifndef HVB_BED_GROUP_WATCH_H
#define HVB_BED_GROUP_WATCH_H

#include <glib.h>

typedef struct _HvbGroupWatch HvbGroupWatch;

/* Watches from the default main context: a value that somebody sets for a while
 * is read, and so can be told, if the context is iterated meanwhile. */
HvbGroupWatch *hvb_group_watch_new(void);
/* NULL is fine. */
void hvb_group_watch_free(HvbGroupWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbGroupWatch, hvb_group_watch_free)

/* Watches the file `path` as well, which sets `what` ("guest 1's vCPU quota").
 * What is `shared` with others may be written to by who manages the host, which
 * means nothing as long as the value stays. One that is not there, or is
 * watched already, is left out. A file that is there and cannot be watched
 * makes the watch incomplete. */
void hvb_group_watch_add(HvbGroupWatch *watch, const char *path,
                         const char *what, gboolean shared);

/* How many files are watched. */
guint hvb_group_watch_count(const HvbGroupWatch *watch);
/* Why not all files can be watched, with the remedy where there is one; NULL:
 * they are. Borrowed. */
const char *hvb_group_watch_why_blind(const HvbGroupWatch *watch);

/* A sentence for each file that was written to and now is as it was when it was
 * added; what is not is seen by reading it. Of a shared file of which no other
 * value was seen it goes to `ret_notes`. The caller frees both. */
GStrv hvb_group_watch_take(HvbGroupWatch *watch, GStrv *ret_notes);

#endif
