/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connection: the way to libvirt, and the place where a bed keeps its files.
 *
 * By default the QEMU driver runs inside this process (qemu:///embed): no
 * daemon is needed. Its root, with libvirt's capability cache and QEMU's
 * sockets, is HVB_STATE_DIR/embed. */
#ifndef HVB_BED_CONNECTION_H
#define HVB_BED_CONNECTION_H

#include <gio/gio.h>

/* Every domain of ours is named so, and no other is ever touched. */
#define HVB_DOMAIN_PREFIX "hvbench-"
/* Who QEMU runs as under the embedded driver; scripts/setup makes it. */
#define HVB_QEMU_USER "libvirt-qemu"

typedef struct _HvbConnection HvbConnection;

/* Connects to `uri`, or to the embedded driver if it is NULL (root only), and
 * clears away what a killed hvbench left behind: domains with our prefix, and
 * files. Holds the machine's lock (state.h) until it is closed.
 *
 * Errors: HVB_BED_ERROR_HOST when another hvbench holds the lock, when libvirt
 * cannot be reached, is another machine's, or when guests of ours run that
 * this libvirt has not started. */
HvbConnection *hvb_connection_open(const char *uri, GError **error);
/* The same for who has the machine's lock already: takes it over, also when it
 * fails, so that there is no moment at which nobody holds it. */
HvbConnection *hvb_connection_open_locked(const char *uri, int lock,
                                          GError **error);
/* Removes the bed's files. */
void hvb_connection_close(HvbConnection *connection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbConnection, hvb_connection_close)

/* Borrowed. */
const char *hvb_connection_uri(const HvbConnection *connection);

/* Where the QEMU of domain `name` says what goes wrong. Caller frees. */
char *hvb_connection_qemu_log(const HvbConnection *connection,
                              const char *name);
/* The same for the libvirt daemon at `uri`: root's, or this user's own. */
char *hvb_qemu_log_of_daemon(const char *uri, const char *name);

/* Whether libvirt's `uri` leads to this machine: names no host, or goes over a
 * local socket all the same. Errors: HVB_BED_ERROR_HOST. */
gboolean hvb_connection_check_local(const char *uri, GError **error);

/* Copies `path` to the connection's directory, where QEMU can read it and
 * libvirt may change its owner; what was copied before is taken as it is.
 * Returns the copy's path. Errors: HVB_BED_ERROR_HOST. */
char *hvb_connection_import(HvbConnection *connection, const char *path,
                            GError **error);

/* Makes an empty file `name` there, which QEMU may write. Returns its path.
 * Errors: HVB_BED_ERROR_HOST. */
char *hvb_connection_make_file(HvbConnection *connection, const char *name,
                               GError **error);

#endif
