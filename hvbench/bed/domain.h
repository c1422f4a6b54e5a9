/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Domain: what libvirt is told of one guest. */
#ifndef HVB_BED_DOMAIN_H
#define HVB_BED_DOMAIN_H

#include "hvbench/profile/profile.h"

/* Paths as QEMU will open them; `documents` may be NULL: no disk. */
typedef struct {
    const char *name; /* of the domain */
    const char *kernel;
    const char *initrd;
    const char *documents;
    const char *console;
    HvbAccel accel;        /* KVM or TCG, never AUTO */
    gboolean host_has_tsc; /* the host's clocksource is the TSC */
    gboolean verbose;      /* the kernel tells its progress on the console */
} HvbDomainSettings;

/* The domain's XML; the caller frees it. One vCPU, no network, no USB, no
 * balloon: nothing that costs CPU without being asked. A guest that reboots
 * (which is what a panic ends in) is destroyed instead. */
char *hvb_domain_xml(const HvbProfile *profile,
                     const HvbDomainSettings *settings);

#endif
