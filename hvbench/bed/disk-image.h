/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Disk image: a system of its user's own, which a guest boots and never writes.
 *
 * What the guest writes goes to an overlay in the connection's directory, and
 * ends with it. QEMU itself reads the image where it is, as the user that it
 * runs as: nothing is copied, and no owner or mode is changed. */
#ifndef HVB_BED_DISK_IMAGE_H
#define HVB_BED_DISK_IMAGE_H

#include "hvbench/bed/connection.h"
#include "hvbench/bed/disk-chain.h"

typedef struct {
    char *overlay;     /* qcow2, writable by QEMU */
    char *alias;       /* the image's second name, or NULL */
    GPtrArray *layers; /* HvbDiskLayer *, one at least */
} HvbDiskImage;

/* Makes the overlay `name` of the image `path`, whose format its content
 * tells. An image that is out of QEMU's reach only by the directories above it
 * is given a second name (a hard link) in the connection's directory.
 *
 * Errors: HVB_BED_ERROR_HOST: what hvb_disk_chain_examine reports, or which of
 * its files QEMU's user cannot read; with the remedy. */
HvbDiskImage *hvb_disk_image_open(HvbConnection *connection, const char *path,
                                  const char *name, GError **error);
/* Removes the overlay, and the second name: once no guest has it any more.
 * NULL is fine. */
void hvb_disk_image_free(HvbDiskImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbDiskImage, hvb_disk_image_free)

#endif
