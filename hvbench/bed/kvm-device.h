/* SPDX-License-Identifier: GPL-3.0-or-later */
/* KVM's device: whether QEMU may open it, which is the least that KVM takes. */
#ifndef HVB_BED_KVM_DEVICE_H
#define HVB_BED_KVM_DEVICE_H

#include <glib.h>
#include <sys/stat.h>

#define HVB_KVM_DEVICE "/dev/kvm"
/* The group that may open it, by scripts/setup and udev. */
#define HVB_KVM_GROUP "kvm"

typedef enum {
    HVB_KVM_OPEN,      /* to QEMU's user, or nobody knows who that is */
    HVB_KVM_ABSENT,    /* there is none */
    HVB_KVM_NO_DEVICE, /* something else has its name */
    HVB_KVM_CLOSED,    /* to QEMU's user */
} HvbKvmState;

/* Looks at the device `path`, HVB_KVM_DEVICE but in tests. Unless it is open,
 * `ret_why` gets why KVM cannot be had, in one line: the caller frees it. */
HvbKvmState hvb_kvm_state(const char *path, char **ret_why);

/* What to do about it; NULL: nothing, or nothing can be done. */
const char *hvb_kvm_remedy(HvbKvmState state);

/* Whether these permissions let somebody read and write, who is the owner, or
 * in the group, or neither: the first that applies decides. */
gboolean hvb_kvm_mode_is_open(mode_t mode, gboolean is_owner,
                              gboolean in_group);

#endif
