/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Libvirt bed: guests that libvirt runs.
 *
 *   connection = hvb_connection_open (uri, ...);
 *   accel = hvb_accel_choose (connection, profile, &settings, &reason, ...);
 *   bed = hvb_libvirt_bed_boot (connection, profile, accel, reason, ...);
 *   ... bed->tune, bed->read_meter, hvb_link_... (bed->guests[i].link) ...
 *   hvb_bed_free (bed);
 *   hvb_connection_close (connection); */
#ifndef HVB_BED_LIBVIRT_BED_H
#define HVB_BED_LIBVIRT_BED_H

#include "hvbench/bed/bed.h"
#include "hvbench/bed/connection.h"

/* Told whenever the number of guests that said HELLO changes. */
typedef void (*HvbBootFunc)(guint up, guint all, gpointer user_data);

typedef struct {
    /* Where consoles are kept when the bed ends, as <guest>.log, or if that is
     * there already from an earlier bed, <guest>.2.log and so on. NULL:
     * consoles are lost. */
    const char *console_dir;
    HvbBootFunc on_boot; /* may be NULL */
    gpointer user_data;
    GCancellable *cancellable; /* may be NULL */
} HvbBootSettings;

/* Boots the profile's guests in parallel and waits until each has said HELLO
 * or the profile's deadline has passed. A guest whose image has no agent is
 * not waited for, and has no link. `accel` (KVM or TCG) and why it is taken are
 * what hvb_accel_choose() (accel.h) says of the stack A; the reason is only
 * recorded. Which stack it comes to hvb_hypervisor_choose() says
 * (hypervisor.h).
 *
 * Errors: HVB_BED_ERROR_HOST (images missing, too little memory), _LIBVIRT,
 * _BOOT (names the guest, its console and the last lines), _PROTOCOL;
 * G_IO_ERROR_CANCELLED. Nothing is left running then. */
HvbBed *hvb_libvirt_bed_boot(HvbConnection *connection,
                             const HvbProfile *profile, HvbAccel accel,
                             const char *accel_reason,
                             const HvbBootSettings *settings, GError **error);

/* Boots one guest under `accel` (not AUTO) and takes it down again: whether it
 * says HELLO. Instead of a fixed deadline it is given `patience_s` anew
 * whenever its console grows. Errors as above. */
gboolean hvb_libvirt_bed_try(HvbConnection *connection,
                             const HvbProfile *profile, HvbAccel accel,
                             guint patience_s, const HvbBootSettings *settings,
                             GError **error);

#endif
