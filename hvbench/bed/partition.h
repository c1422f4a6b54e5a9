/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Partition: the control group "machine" at the top of each hierarchy, in which
 * a libvirt without systemd puts its guests. */
#ifndef HVB_BED_PARTITION_H
#define HVB_BED_PARTITION_H

#include <glib.h>

/* Makes that of cgroup v1's cpuset below `root` ("/" for this host), with the
 * CPUs and memory nodes of the group above it, where it has none: of several
 * starts at once that find no such group, libvirt has one make it, and the
 * others hand its sets on before they are filled. Where it cannot be made,
 * libvirt will say why. */
void hvb_partition_prepare(const char *root);

/* Whether the group in this directory has a limit on CPU or memory, so that it
 * is somebody's: libvirt gives it none. */
gboolean hvb_partition_is_limited(const char *dir);

#endif
