/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Partition: the control group "machine" at the top of each hierarchy, in which
 * a libvirt without systemd, as the embedded driver, puts its guests.
 *
 *   partition = hvb_partition_new (root, record);   before libvirt is opened
 *   ... guests come and go ...
 *   hvb_partition_free (partition);                 after it was closed
 *
 * It is removed by whoever made it and nobody else: an administrator may have
 * put limits on it before there is any guest. So a group goes only if it was
 * not there when the partition was made, or an earlier hvbench that could not
 * remove it has left word that it had not been there for that one; if it is
 * empty; and if nothing of it has been set since. Groups of hvbench's guests in
 * it that libvirt forgot go in any case. */
#ifndef HVB_BED_PARTITION_H
#define HVB_BED_PARTITION_H

#include <glib.h>

typedef struct _HvbPartition HvbPartition;

/* Whether the group with this directory is as the kernel, or libvirt, makes a
 * new one: no limit on CPU, memory, CPUs, processes or I/O, no weight. */
gboolean hvb_partition_is_as_made(const char *dir);

/* Below `root`'s /sys/fs/cgroup. `record` is a file to leave word in. */
HvbPartition *hvb_partition_new(const char *root, const char *record);
/* Removes what may be removed, and the record unless some of it could not be.
 * NULL is fine. */
void hvb_partition_free(HvbPartition *partition);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbPartition, hvb_partition_free)

/* Makes that of cgroup v1's cpuset below `root` ("/" for this host), with the
 * CPUs and memory nodes of the group above it, where it has none: of several
 * starts at once that find no such group, libvirt has one make it, and the
 * others hand its sets on before they are filled. Where it cannot be made,
 * libvirt will say why. */
void hvb_partition_prepare(const char *root);

#endif
