/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connection: the way to libvirt, and the place where a bed keeps its files.
 *
 * By default the QEMU driver runs inside this process (qemu:///embed): no
 * daemon is needed. Its root, with libvirt's capability cache and QEMU's
 * sockets, is HVB_STATE_DIR/embed. One bed exists at a time on a machine:
 * measurements would disturb each other. */
#ifndef HVB_BED_CONNECTION_H
#define HVB_BED_CONNECTION_H

#include <gio/gio.h>
#include <libvirt/libvirt.h>

/* Short: the sockets below it must fit the 108 bytes of a socket's name. */
#define HVB_STATE_DIR "/var/lib/hvbench"
/* Every domain of ours is named so, and no other is ever touched. */
#define HVB_DOMAIN_PREFIX "hvbench-"
/* Who QEMU runs as under the embedded driver; scripts/setup makes it. */
#define HVB_QEMU_USER "libvirt-qemu"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virConnect, virConnectClose)

typedef struct {
    virConnectPtr handle;
    char *uri;
    gboolean embedded;
    char *dir; /* of the bed's files, readable by QEMU; ours alone */
    int lock;  /* held as long as the connection is open */
} HvbConnection;

/* Where the connections of this user keep their files ("bed-PID") and lock.
 * Caller frees. */
char *hvb_connection_state_dir(void);

/* Connects to `uri`, or to the embedded driver if it is NULL (root only), and
 * clears away what a killed hvbench left behind: domains with our prefix, and
 * files. Errors: HVB_BED_ERROR_HOST, _LIBVIRT. */
HvbConnection *hvb_connection_open(const char *uri, GError **error);
/* Removes the bed's files. */
void hvb_connection_close(HvbConnection *connection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbConnection, hvb_connection_close)

/* Copies `path` to the connection's directory under its base name, where QEMU
 * can read it and libvirt may change its owner. Returns the copy's path. */
char *hvb_connection_import(HvbConnection *connection, const char *path,
                            GError **error);

/* Makes the console file of a guest there, writable by QEMU. */
char *hvb_connection_console(HvbConnection *connection, const char *guest,
                             GError **error);

/* Fills `error` with what libvirt last reported in this thread: "doing X: ..."
 * Always returns FALSE. */
gboolean hvb_set_libvirt_error(GError **error, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

#endif
