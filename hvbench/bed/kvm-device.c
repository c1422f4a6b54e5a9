/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/kvm-device.h"

#include "hvbench/bed/connection.h"
#include "hvbench/bed/qemu-user.h"

#include <grp.h>
#include <pwd.h>

gboolean hvb_kvm_mode_is_open(mode_t mode, gboolean is_owner, gboolean in_group)
{
    mode_t needed = is_owner   ? S_IRUSR | S_IWUSR
                    : in_group ? S_IRGRP | S_IWGRP
                               : S_IROTH | S_IWOTH;

    return (mode & needed) == needed;
}

static gboolean is_member(const struct passwd *user, gid_t gid)
{
    const struct group *kvm = getgrnam(HVB_KVM_GROUP);

    /* libvirt's embedded driver gives QEMU this group. */
    if (kvm && kvm->gr_gid == gid)
        return TRUE;
    g_autoptr(GArray) gids = hvb_user_groups(user);
    for (guint i = 0; i < gids->len; i++)
        if (g_array_index(gids, gid_t, i) == gid)
            return TRUE;
    return FALSE;
}

static char *owners_text(const struct stat *status)
{
    const struct passwd *user = getpwuid(status->st_uid);
    g_autofree char *owner = g_strdup(user ? user->pw_name : "?");
    const struct group *group = getgrgid(status->st_gid);

    return g_strdup_printf("%04o %s:%s", status->st_mode & 07777, owner,
                           group ? group->gr_name : "?");
}

HvbKvmState hvb_kvm_state(const char *path, char **ret_why)
{
    const struct passwd *qemu = getpwnam(HVB_QEMU_USER);
    struct stat status;

    if (stat(path, &status) != 0) {
        *ret_why = g_strdup_printf("this host has no %s", path);
        return HVB_KVM_ABSENT;
    }
    if (!S_ISCHR(status.st_mode)) {
        *ret_why = g_strdup_printf("%s is not KVM's device, but something else "
                                   "of that name",
                                   path);
        return HVB_KVM_NO_DEVICE;
    }
    /* A daemon of another distribution runs QEMU as somebody else. */
    if (!qemu ||
        hvb_kvm_mode_is_open(status.st_mode, status.st_uid == qemu->pw_uid,
                             is_member(qemu, status.st_gid)))
        return HVB_KVM_OPEN;
    g_autofree char *owners = owners_text(&status);
    *ret_why = g_strdup_printf("QEMU's user %s cannot open %s (%s)",
                               HVB_QEMU_USER, path, owners);
    return HVB_KVM_CLOSED;
}

const char *hvb_kvm_remedy(HvbKvmState state)
{
    switch (state) {
    case HVB_KVM_ABSENT:
        return "load the kernel's module kvm_intel or kvm_amd";
    case HVB_KVM_NO_DEVICE:
        return "remove it, and load the kernel's module kvm_intel or kvm_amd "
               "anew";
    case HVB_KVM_CLOSED:
        return "chgrp " HVB_KVM_GROUP " " HVB_KVM_DEVICE
               " && chmod 0660 " HVB_KVM_DEVICE
               "; or in hvbench's source: scripts/setup";
    default:
        return NULL;
    }
}
