/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Images: the files guests boot from, and the memory they need. */
#ifndef HVB_BED_IMAGES_H
#define HVB_BED_IMAGES_H

#include "hvbench/bed/connection.h"
#include "hvbench/profile/profile.h"

/* Paths that QEMU can open; all owned. */
typedef struct {
    char *kernel;
    char *initrd;
    char *documents; /* the read-only disk that `open` reads from */
} HvbImages;
void hvb_images_clear(HvbImages *images);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HvbImages, hvb_images_clear)

/* Where the profile's kernel and initrd are before they are copied, whether or
 * not they exist. Caller frees. */
char *hvb_images_kernel(const HvbProfile *profile);
char *hvb_images_initrd(const HvbProfile *profile);

/* Copies them to the connection's directory. Errors: HVB_BED_ERROR_HOST names
 * the file that is missing and how it is made. */
gboolean hvb_images_import(HvbConnection *connection, const HvbProfile *profile,
                           HvbImages *ret_images, GError **error);

/* Whether the host has the memory for all guests of the profile now. Errors:
 * HVB_BED_ERROR_HOST. */
gboolean hvb_images_check_memory(const HvbProfile *profile, GError **error);

#endif
