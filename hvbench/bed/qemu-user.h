/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QEMU's user: whom libvirt runs QEMU as, and what that user can reach.
 *
 * Root's libvirt runs QEMU as HVB_QEMU_USER; anybody else's QEMU is taken to
 * run as its caller, since only libvirt knows better. */
#ifndef HVB_BED_QEMU_USER_H
#define HVB_BED_QEMU_USER_H

#include <glib.h>
#include <pwd.h>
#include <sys/types.h>

typedef enum {
    HVB_AS_QEMU, /* can do what QEMU can */
    HVB_AS_SELF, /* this process's own user */
} HvbRunAs;

/* Its name, borrowed. */
const char *hvb_qemu_user_name(void);

/* The groups that `user` is in, its own among them, however many they are: an
 * array of gid_t. The caller owns it. */
GArray *hvb_user_groups(const struct passwd *user);

/* Runs a program to its end, in the C locale; `argv` ends with NULL. Returns
 * what it printed, which the caller frees, or NULL with HVB_BED_ERROR_HOST and
 * what it complained of, in one line. */
char *hvb_qemu_user_run(HvbRunAs as, const char *const *argv, GError **error);

/* What keeps QEMU's user from reading the file at `path`, which is absolute and
 * has no links: a directory above it, or its own mode, as a clause with
 * `subject` for the file and the remedy: "it is out of reach for ...: ..."
 * Caller frees; NULL if nothing was found. */
char *hvb_qemu_user_barred(const char *path, const char *subject);

#endif
