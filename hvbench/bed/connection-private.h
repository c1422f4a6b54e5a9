/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of this folder know of a connection: the only ones to see
 * libvirt. */
#ifndef HVB_BED_CONNECTION_PRIVATE_H
#define HVB_BED_CONNECTION_PRIVATE_H

#include "hvbench/bed/connection.h"
#include "hvbench/bed/partition.h"

#include <libvirt/libvirt.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)

struct _HvbConnection {
    virConnectPtr handle;
    char *uri;
    gboolean embedded;
    HvbPartition *partition; /* of the embedded driver's guests; else NULL */
    char *dir;            /* of the bed's files, readable by QEMU; ours alone */
    GHashTable *imported; /* paths to those of their copies */
    int lock;             /* held as long as the connection is open */
};

/* Keeps libvirt from writing to the terminal. It looks for where to log when
 * the first of its functions is called, whichever that is: call this before. */
void hvb_libvirt_quieten(void);

/* What libvirt last reported in this thread, as one printable line. Caller
 * frees. */
char *hvb_libvirt_said(void);

/* Fills `error` with what libvirt last reported in this thread: "doing X: ..."
 * Always returns FALSE. */
gboolean hvb_set_libvirt_error(GError **error, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

#endif
