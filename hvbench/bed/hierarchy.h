/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hierarchy: where this host's control groups are, and their files.
 *
 * A host has one hierarchy of cgroup v2, or one for each of v1's controllers
 * and perhaps that of v2 as well. `root` is "/" for this host; in a test it is
 * a directory that stands for it. `controller` is one of v1 ("cpu"), NULL means
 * the hierarchy of v2. */
#ifndef HVB_BED_HIERARCHY_H
#define HVB_BED_HIERARCHY_H

#include <glib.h>

/* The group at the top of a hierarchy in which a libvirt without systemd puts
 * its guests. */
#define HVB_HIERARCHY_MACHINE "machine"

/* Whether /sys/fs/cgroup is cgroup v2. A v1 host may have v2 mounted as well,
 * but not there. */
gboolean hvb_hierarchy_is_v2(const char *root);
/* Where the hierarchy is mounted, there or not. Caller frees. */
char *hvb_hierarchy_mount(const char *root, const char *controller);

/* The group's path as the kernel has it, "/machine/...", by a /proc/PID/cgroup
 * (`listing`). NULL: it names none. Caller frees. */
char *hvb_hierarchy_group(const char *listing, const char *controller);
/* The directory of a group with such a path, there or not. What is mounted may
 * be less than the whole, as in a container that has no namespace of its own.
 * Caller frees. */
char *hvb_hierarchy_dir(const char *root, const char *group,
                        const char *controller);
/* The directory of the group that a /proc/PID/cgroup names, or NULL. */
char *hvb_hierarchy_dir_of(const char *root, const char *listing,
                           const char *controller);

/* The directories `dir` and all above it up to `mount`. Unref it. */
GPtrArray *hvb_hierarchy_climb(const char *mount, const char *dir);
/* What messages call a directory below `mount`: "/machine", "/". Borrowed from
 * `dir`. */
const char *hvb_hierarchy_name(const char *mount, const char *dir);

/* The directories of those groups, of those that libvirt may put guests in,
 * that are there: "machine", and systemd's "machine.slice". Unref it. */
GPtrArray *hvb_hierarchy_machines(const char *root, const char *controller);

/* A file of the group with this directory, without blanks around; NULL: it
 * cannot be read. Caller frees. */
char *hvb_hierarchy_read(const char *dir, const char *file);
/* Writes to one that is there, in one piece. FALSE with errno if it fails. */
gboolean hvb_hierarchy_write(const char *dir, const char *file,
                             const char *text);
/* The number of the line "KEY NUMBER" of such a file; 0: it has none. */
gint64 hvb_hierarchy_field(const char *text, const char *key);

#endif
