/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: the port over which a guest's agent speaks, as a byte stream.
 *
 * Open it once the domain runs and before its agent speaks: QEMU throws away
 * what a guest writes while nobody listens. */
#ifndef HVB_BED_CHANNEL_H
#define HVB_BED_CHANNEL_H

#include "hvbench/bed/link.h"

#include <libvirt/libvirt.h>

/* Opens port `name` of `domain`. Returns the port, owned by the caller, or
 * NULL with HVB_BED_ERROR_NO_PORT or HVB_BED_ERROR_LIBVIRT. */
HvbPort *hvb_channel_open(virDomainPtr domain, const char *name,
                          GError **error);

/* Connects to QEMU's socket of a port at `path`, past libvirt and its event
 * loop, for who must not wait for them. Returns the non-blocking descriptor,
 * owned by the caller, or -1 with HVB_BED_ERROR_NO_PORT. */
int hvb_channel_connect(const char *path, GError **error);

#endif
