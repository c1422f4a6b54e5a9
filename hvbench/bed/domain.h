/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Domain: what libvirt is told of one guest. */
#ifndef HVB_BED_DOMAIN_H
#define HVB_BED_DOMAIN_H

#include "hvbench/bed/images.h"

/* By the serial number of their disk a guest finds the documents. */
#define HVB_DOCUMENTS_SERIAL "hvb-documents"

typedef struct {
    const char *name; /* of the domain */
    const HvbGuestProfile *guest;
    const HvbImages *images;
    const char *console;     /* a file that QEMU may write */
    const char *client_port; /* where the socket to the client port will be */
    const char *machine;     /* QEMU machine type */
    HvbAccel accel;          /* KVM or TCG, never AUTO */
    gboolean host_has_tsc;   /* the host's clocksource is the TSC */
    gboolean verbose;        /* the kernel tells its progress on the console */
} HvbDomainSettings;

/* The domain's XML; the caller frees it. One vCPU, no network, no USB, no
 * balloon: nothing that costs CPU without being asked. A guest that reboots
 * (which is what a panic ends in) is destroyed instead. Of a disk image only
 * the overlay is the domain's: libvirt leaves the owner of what is below it
 * alone. */
char *hvb_domain_xml(const HvbProfile *profile,
                     const HvbDomainSettings *settings);

#endif
