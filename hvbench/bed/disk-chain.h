/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Disk chain: the files that a disk image consists of. */
#ifndef HVB_BED_DISK_CHAIN_H
#define HVB_BED_DISK_CHAIN_H

#include <glib.h>

/* A file of the image: itself, then what it is itself an overlay of. */
typedef struct {
    char *path;   /* without links */
    char *format; /* "qcow2" or "raw" */
    gint64 size;  /* bytes of the disk that it is to a guest */
    char *barred; /* why QEMU's user cannot read it, with the remedy; or NULL */
} HvbDiskLayer;

/* Looks at each file of the image at `path`, which is absolute: as QEMU's user
 * and, where that fails, as this process's own, which may see why.
 *
 * Returns the layers, HvbDiskLayer *, one at least, or NULL with
 * HVB_BED_ERROR_HOST and what is wrong with which file: it is missing, no file,
 * in use, of another format, empty or damaged. */
GPtrArray *hvb_disk_chain_examine(const char *path, GError **error);

/* Whether QEMU's user can open the file. */
gboolean hvb_disk_chain_can_open(const char *path, const char *format);

#endif
