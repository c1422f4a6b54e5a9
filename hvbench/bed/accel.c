/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/accel.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* A slow nested host shows some line of its boot in this time; a kernel that
 * hangs shows none. */
#define PATIENCE_S 20
#define GROUP "kvm"

static char *memory_path(void)
{
    return g_build_filename(HVB_STATE_DIR, "accel", NULL);
}

/* What an answer depends on: this boot, this QEMU, this kernel, and who may
 * open /dev/kvm. */
static char *situation(HvbConnection *connection, const HvbProfile *profile)
{
    g_autofree char *boot = NULL;
    unsigned long qemu = 0;
    GStatBuf kvm = {0};

    if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &boot, NULL,
                             NULL))
        boot = g_strdup("unknown boot");
    virConnectGetVersion(connection->handle, &qemu);
    /* All zero if there is none. */
    (void)g_stat("/dev/kvm", &kvm);
    return g_strdup_printf("%s QEMU %lu %s, %s, %s, kvm %o %u:%u",
                           g_strchomp(boot), qemu, profile->emulator,
                           profile->machine, profile->kernel,
                           (guint)kvm.st_mode, kvm.st_uid, kvm.st_gid);
}

/* Returns AUTO if nothing is remembered for this situation. */
static HvbAccel recall(const char *now, char **ret_reason)
{
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
    *ret_reason =
        g_strdup_printf("%s (found earlier since the host booted)", reason);
    return accel;
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

    return recall(now, ret_reason);
}

HvbAccel hvb_accel_choose(HvbConnection *connection, const HvbProfile *profile,
                          const HvbBootSettings *settings, char **ret_reason,
                          GError **error)
{
    g_autoptr(GError) failure = NULL;

    if (profile->accel != HVB_ACCEL_AUTO) {
        *ret_reason = g_strdup("asked for");
        return profile->accel;
    }
    g_autofree char *now = situation(connection, profile);
    if (g_access("/dev/kvm", F_OK) != 0) {
        *ret_reason = g_strdup("this host has no /dev/kvm");
        return HVB_ACCEL_TCG;
    }
    HvbAccel accel = recall(now, ret_reason);
    if (accel != HVB_ACCEL_AUTO)
        return accel;
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
        "/dev/kvm is there, but a test guest does not boot under KVM: %s",
        line);
    remember(now, HVB_ACCEL_TCG, *ret_reason);
    return HVB_ACCEL_TCG;
}
