/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Boot: the wait for guests that are starting. */
#ifndef HVB_BED_BOOT_H
#define HVB_BED_BOOT_H

#include "hvbench/bed/libvirt-bed.h"

/* Waits until the agents of all guests that have a link have said HELLO, for
 * `timeout_s` at most; `patience_s`, unless 0, is how long their consoles may
 * say nothing meanwhile. Of the settings the callback and the cancellable
 * count. Errors: HVB_BED_ERROR_BOOT names the guest and what its remains tell;
 * G_IO_ERROR_CANCELLED. */
gboolean hvb_boot_wait(HvbBed *bed, guint timeout_s, guint patience_s,
                       const HvbBootSettings *settings, GError **error);

/* Whether a start that libvirt refused with `message` may go well the next
 * time: where the control groups were not ready, which several starts make at
 * once, or where QEMU was too slow for libvirt. What is wrong with the guest,
 * its files or the machine is wrong again. */
gboolean hvb_boot_is_worth_another(const char *message);

#endif
