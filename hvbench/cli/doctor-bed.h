/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Doctor, second part: whether a bed of guests could be made here. */
#ifndef HVB_CLI_DOCTOR_BED_H
#define HVB_CLI_DOCTOR_BED_H

#include "hvbench/cli/checkup.h"
#include "hvbench/profile/profile.h"

#include <gio/gio.h>

/* All borrowed. */
typedef struct {
    const char *uri; /* NULL: the embedded driver */
    gboolean quick;  /* boot no test guest */
    const HvbProfile *profile;
    const char *kvm; /* host.kvm, of host.h */
    GCancellable *cancellable;
} HvbBedQuestions;

/* Adds what is found about images, QEMU's user, /dev/kvm, libvirt, QEMU,
 * remains of a killed hvbench, and KVM, for which a guest may be booted and
 * taken down again. Stops early once cancelled. */
void hvb_doctor_check_bed(HvbCheckup *checkup,
                          const HvbBedQuestions *questions);

#endif
