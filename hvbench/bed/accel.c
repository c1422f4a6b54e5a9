/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/accel.h"

#include "hvbench/bed/connection-private.h"
#include "hvbench/bed/images.h"
#include "hvbench/bed/kvm-device.h"
#include "hvbench/bed/state.h"

#include <glib/gstdio.h>
#include <string.h>

/* A slow nested host shows some line of its boot in this time; a kernel that
 * hangs shows none. */
#define PATIENCE_S 20
#define GROUP "kvm"

static char *memory_path(void)
{
    g_autofree char *state = hvb_state_dir();

    return g_build_filename(state, "accel", NULL);
}

/* "PATH SIZE MTIME": another content shows, without reading it all. Takes
 * `path` over. */
static char *identify(char *path)
{
    g_autofree char *owned = path;
    GStatBuf status = {0};

    if (!path)
        return g_strdup("none");
    (void)g_stat(path, &status); /* all zero if there is none */
    return g_strdup_printf("%s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT, path,
                           (gint64)status.st_size, (gint64)status.st_mtime);
}

/* What an answer depends on: this boot, this libvirt and QEMU, this kernel,
 * and who may open /dev/kvm. */
static char *situation(HvbConnection *connection, const HvbProfile *profile)
{
    const HvbGuestProfile *guest = hvb_images_plainest(profile);
    g_autofree char *boot = NULL;
    g_autofree char *kernel = identify(hvb_images_kernel(guest));
    g_autofree char *initrd = identify(hvb_images_initrd(guest));
    g_autofree char *disk = identify(hvb_images_disk(guest));
    unsigned long qemu = 0;
    GStatBuf kvm = {0};

    if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &boot, NULL,
                             NULL))
        boot = g_strdup("unknown boot");
    virConnectGetVersion(connection->handle, &qemu);
    (void)g_stat(HVB_KVM_DEVICE, &kvm);
    return g_strdup_printf("%s, %s, QEMU %lu %s, %s, %s, %s, %s, kvm %o %u:%u",
                           g_strchomp(boot), connection->uri, qemu,
                           profile->emulator, profile->machine, kernel, initrd,
                           disk, (guint)kvm.st_mode, kvm.st_uid, kvm.st_gid);
}

static void remember(const char *now, HvbAccel accel, const char *reason)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *path = memory_path();
    g_autoptr(GError) error = NULL;

    g_key_file_set_string(file, GROUP, "situation", now);
    g_key_file_set_string(file, GROUP, "accel", hvb_accel_name(accel));
    g_key_file_set_string(file, GROUP, "reason", reason);
    if (!g_key_file_save_to_file(file, path, &error))
        g_warning("the test of KVM will be made again next time: %s",
                  error->message);
}

/* An error of a boot without what it says of the console, whose file belongs
 * to this run only. */
static char *without_console(const char *text)
{
    const char *console = strstr(text, "; its console");

    return g_strndup(text,
                     console ? (gsize)(console - text) : strcspn(text, "\n"));
}

HvbAccel hvb_accel_recall(HvbConnection *connection, const HvbProfile *profile,
                          char **ret_reason)
{
    g_autofree char *now = situation(connection, profile);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *path = memory_path();
    HvbAccel accel;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
        return HVB_ACCEL_AUTO;
    g_autofree char *then =
        g_key_file_get_string(file, GROUP, "situation", NULL);
    g_autofree char *answer = g_key_file_get_string(file, GROUP, "accel", NULL);
    g_autofree char *reason =
        g_key_file_get_string(file, GROUP, "reason", NULL);
    if (!then || strcmp(then, now) != 0 || !reason || !answer ||
        !hvb_accel_from_name(answer, &accel))
        return HVB_ACCEL_AUTO;
    *ret_reason = g_strdup_printf("%s (found earlier since the host booted; "
                                  "hvbench doctor tries again)",
                                  reason);
    return accel;
}

HvbAccel hvb_accel_probe(HvbConnection *connection, const HvbProfile *profile,
                         const HvbBootSettings *settings, char **ret_reason,
                         GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autofree char *now = situation(connection, profile);

    if (hvb_libvirt_bed_try(connection, profile, HVB_ACCEL_KVM, PATIENCE_S,
                            settings, &failure)) {
        *ret_reason = g_strdup("a test guest booted under KVM");
        remember(now, HVB_ACCEL_KVM, *ret_reason);
        return HVB_ACCEL_KVM;
    }
    if (g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
        g_error_matches(failure, HVB_BED_ERROR, HVB_BED_ERROR_HOST)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return HVB_ACCEL_AUTO;
    }
    g_autofree char *line = without_console(failure->message);
    *ret_reason = g_strdup_printf(
        HVB_KVM_DEVICE
        " is there, but a test guest does not boot under KVM: %s",
        line);
    remember(now, HVB_ACCEL_TCG, *ret_reason);
    return HVB_ACCEL_TCG;
}

/* What is remembered of KVM, else what a test shows. */
static HvbAccel find_out(HvbConnection *connection, const HvbProfile *profile,
                         const HvbBootSettings *settings, char **ret_reason,
                         GError **error)
{
    HvbAccel accel = hvb_accel_recall(connection, profile, ret_reason);

    if (accel != HVB_ACCEL_AUTO)
        return accel;
    g_message("testing whether a guest boots under KVM (%d s at most)",
              PATIENCE_S);
    return hvb_accel_probe(connection, profile, settings, ret_reason, error);
}

HvbAccel hvb_accel_settle(HvbAccel wanted, const char *device,
                          char **ret_reason, GError **error)
{
    g_autofree char *why = NULL;
    HvbKvmState state = hvb_kvm_state(device, &why);

    if (wanted == HVB_ACCEL_KVM && state != HVB_KVM_OPEN) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "accel = kvm is asked for, but %s: %s, or take --accel "
                    "auto",
                    why, hvb_kvm_remedy(state));
        return HVB_ACCEL_AUTO;
    }
    if (wanted != HVB_ACCEL_AUTO)
        *ret_reason = g_strdup("asked for");
    else if (state != HVB_KVM_OPEN)
        *ret_reason = g_steal_pointer(&why);
    return wanted == HVB_ACCEL_AUTO && state != HVB_KVM_OPEN ? HVB_ACCEL_TCG
                                                             : wanted;
}

HvbAccel hvb_accel_choose(HvbConnection *connection, const HvbProfile *profile,
                          const HvbBootSettings *settings, char **ret_reason,
                          GError **error)
{
    g_autoptr(GError) obstacle = NULL;
    HvbAccel accel =
        hvb_accel_settle(profile->accel, HVB_KVM_DEVICE, ret_reason, &obstacle);

    if (obstacle)
        g_propagate_error(error, g_steal_pointer(&obstacle));
    else if (accel == HVB_ACCEL_AUTO)
        accel = find_out(connection, profile, settings, ret_reason, error);
    return accel;
}
