/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The error domain of this folder. */
#ifndef HVB_BED_BED_ERROR_H
#define HVB_BED_BED_ERROR_H

#include <glib.h>

#define HVB_BED_ERROR (hvb_bed_error_quark())
GQuark hvb_bed_error_quark(void);
typedef enum {
    HVB_BED_ERROR_HOST,     /* this host cannot: privileges, KVM, memory */
    HVB_BED_ERROR_LIBVIRT,  /* what libvirt reported */
    HVB_BED_ERROR_NO_PORT,  /* the domain has no such port */
    HVB_BED_ERROR_BOOT,     /* a guest stopped, or never said HELLO */
    HVB_BED_ERROR_GUEST,    /* a guest was lost, or talks nonsense */
    HVB_BED_ERROR_REFUSED,  /* an agent answered a request with an error */
    HVB_BED_ERROR_TIMEOUT,  /* no answer within the deadline */
    HVB_BED_ERROR_TUNING,   /* what is enforced is not what was asked for */
    HVB_BED_ERROR_PROTOCOL, /* a peer that speaks another version */
} HvbBedError;

#endif
