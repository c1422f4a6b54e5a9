/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Images: the files guests boot from, and the memory they need. */
#ifndef HVB_BED_IMAGES_H
#define HVB_BED_IMAGES_H

#include "hvbench/bed/disk-image.h"
#include "hvbench/profile/profile.h"

/* What one guest is made of, as paths that QEMU can open; all owned. */
typedef struct {
    char *kernel;       /* NULL: the disk image has a boot loader */
    char *initrd;       /* NULL: none */
    char *documents;    /* the read-only disk that `open` reads from */
    HvbDiskImage *disk; /* NULL: the guest has no other disk */
} HvbImages;
void hvb_images_clear(HvbImages *images);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HvbImages, hvb_images_clear)

/* Where the guest's files are before QEMU gets them, whether or not they
 * exist; NULL: it has none of that kind. An image that guests/ builds comes
 * with its kernel; another one is booted by its own boot loader, unless the
 * guest's kernel is a path. Caller frees. */
char *hvb_images_kernel(const HvbGuestProfile *guest);
char *hvb_images_initrd(const HvbGuestProfile *guest);
char *hvb_images_disk(const HvbGuestProfile *guest);

/* Prepares them: kernel, initrd and documents are copied to the connection's
 * directory, the disk image gets an overlay, named after the guest `name`,
 * which is removed when `ret_images` is cleared.
 *
 * Errors: HVB_BED_ERROR_HOST names the file that is missing and how it is
 * made, the image that cannot be used (disk-image.h), or the directory whose
 * file system cannot do what the cache mode needs. */
gboolean hvb_images_prepare(HvbConnection *connection,
                            const HvbGuestProfile *guest, const char *name,
                            HvbCache cache, HvbImages *ret_images,
                            GError **error);

/* Whether QEMU can open `path` in this cache mode: those that pass the host's
 * page cache by need O_DIRECT, which not every file system has. Errors:
 * HVB_BED_ERROR_HOST names the directory. */
gboolean hvb_images_check_cache(HvbCache cache, const char *path,
                                GError **error);

/* The guest that tells whether an accelerator works: one that boots an
 * initramfs, if the profile has one, since that is quick and tells its
 * progress on its console; else one that has an agent, at least. */
const HvbGuestProfile *hvb_images_plainest(const HvbProfile *profile);

/* Whether all guests of the profile find their memory now, by the /proc and
 * /sys below `root` ("/" for this host): on the host, and within the limits of
 * the control groups that libvirt puts guests in. Errors: HVB_BED_ERROR_HOST
 * names what has too little. */
gboolean hvb_images_check_memory(const char *root, const HvbProfile *profile,
                                 GError **error);
/* The group in which they would be slowed down (cgroup v2's memory.high), as a
 * sentence; NULL: there is none. Caller frees. */
char *hvb_images_memory_doubt(const char *root, const HvbProfile *profile);

#endif
