/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/doctor-bed.h"

#include "hvbench/bed/accel.h"
#include "hvbench/bed/hypervisor.h"
#include "hvbench/bed/kvm-device.h"
#include "hvbench/bed/state.h"
#include "hvbench/cli/checks.h"

#include <grp.h>
#include <pwd.h>

static gboolean is_there(const char *flavour, const char *file)
{
    g_autofree char *path = hvb_profile_guest_file(flavour, file);

    return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

static gboolean is_complete(const char *flavour)
{
    return is_there(flavour, "vmlinuz") && is_there(flavour, "initrd");
}

/* "cloud (6.1.0-49-cloud-amd64), debian (..., disk image)": what is there. */
static char *list_images(void)
{
    g_autofree char *documents = hvb_profile_guest_file(NULL, "documents.img");
    g_autofree char *guests = g_path_get_dirname(documents);
    g_autoptr(GDir) dir = g_dir_open(guests, 0, NULL);
    GString *text = g_string_new(NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *release = NULL;
        g_autofree char *path = NULL;
        if (!is_complete(name))
            continue;
        path = hvb_profile_guest_file(name, "kernel-release");
        if (!g_file_get_contents(path, &release, NULL, NULL))
            release = g_strdup("unknown");
        g_string_append_printf(text, "%s%s (%s%s)", text->len > 0 ? ", " : "",
                               name, g_strstrip(release),
                               is_there(name, "disk.img") ? ", disk image"
                                                          : "");
    }
    return g_string_free(text, FALSE);
}

static void find_missing(const HvbProfile *profile, GHashTable *missing)
{
    for (guint i = 0; !profile->native && i < profile->n_guests; i++) {
        const HvbGuestProfile *guest = &profile->guests[i];
        /* A disk image is made by who wants it. */
        if (!*guest->image && !strchr(guest->kernel, '/') &&
            !is_complete(guest->kernel))
            g_hash_table_add(missing, g_strdup(guest->kernel));
    }
}

/* The flavours that shipped profiles boot and that are not there, each with a
 * space before it; "" if there are all. */
static char *list_missing(void)
{
    g_auto(GStrv) names = hvb_profile_list(NULL);
    g_autoptr(GHashTable) missing =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GString *text = g_string_new(NULL);
    GHashTableIter iter;
    gpointer flavour;

    for (guint i = 0; names && names[i]; i++) {
        g_autoptr(HvbProfile) profile = hvb_profile_load(names[i], NULL);
        if (profile)
            find_missing(profile, missing);
    }
    g_hash_table_iter_init(&iter, missing);
    while (g_hash_table_iter_next(&iter, &flavour, NULL))
        g_string_append_printf(text, " %s", (const char *)flavour);
    return g_string_free(text, FALSE);
}

/* Whether there is what `flavour` needs to boot. */
static gboolean check_images(HvbCheckup *checkup, const char *flavour)
{
    g_autofree char *dir = hvb_profile_guest_file(NULL, "");
    g_autofree char *images = list_images();
    g_autofree char *missing = list_missing();
    gboolean documents = is_there(NULL, "documents.img");

    if (documents && !*missing)
        hvb_checkup_add(checkup, hvb_check_new(HVB_CHECK_OK, "guest images",
                                               NULL, "%s", images));
    else
        hvb_checkup_add(
            checkup,
            hvb_check_new(HVB_CHECK_FAIL, "guest images",
                          "in hvbench's source: make guests; for an installed "
                          "hvbench then: make install",
                          "missing in %s:%s%s, which shipped profiles need; "
                          "there are: %s",
                          dir, missing, documents ? "" : " documents.img",
                          *images ? images : "none"));
    return documents && is_complete(flavour);
}

static void check_qemu_user(HvbCheckup *checkup)
{
    gboolean has_user = getpwnam(HVB_QEMU_USER) != NULL;
    gboolean has_group = getgrnam(HVB_KVM_GROUP) != NULL;

    if (has_user && has_group)
        hvb_checkup_add(checkup, hvb_check_new(HVB_CHECK_OK, "QEMU's user",
                                               NULL, "%s", HVB_QEMU_USER));
    else
        hvb_checkup_add(checkup,
                        hvb_check_new(HVB_CHECK_FAIL, "QEMU's user",
                                      "in hvbench's source: scripts/setup",
                                      "there is no %s %s for QEMU to run as",
                                      has_user ? "group" : "user",
                                      has_user ? HVB_KVM_GROUP
                                               : HVB_QEMU_USER));
}

static void check_hypervisor(HvbCheckup *checkup, HvbConnection *connection)
{
    g_auto(HvbHypervisor) hypervisor = {0};
    gint64 begin_us = g_get_monotonic_time();

    hvb_checkup_busy(checkup, "libvirt probes QEMU");
    hvb_hypervisor_ask(connection, &hypervisor);
    double seconds = (double)(g_get_monotonic_time() - begin_us) / 1e6;
    hvb_checkup_add(checkup,
                    hvb_check_new(HVB_CHECK_OK, "libvirt", NULL, "%s",
                                  hypervisor.libvirt ? hypervisor.libvirt
                                                     : "of unknown version"));
    if (hypervisor.emulator)
        hvb_checkup_add(checkup,
                        hvb_check_new(HVB_CHECK_OK, "QEMU", NULL,
                                      "%s, %s, probed in %.1f s",
                                      hypervisor.emulator,
                                      hypervisor.qemu ? hypervisor.qemu
                                                      : "of unknown version",
                                      seconds));
    else
        hvb_checkup_add(
            checkup,
            hvb_check_new(HVB_CHECK_FAIL, "QEMU",
                          "apt-get install qemu-system-x86, or in hvbench's "
                          "source: scripts/setup",
                          "libvirt knows no emulator of " HVB_GUEST_ARCH
                          " machines"));
}

/* Guests and directories with our names. */
typedef struct {
    guint guests;
    guint dirs;
} Remains;

static Remains find_remains(void)
{
    g_autofree char *state = hvb_state_dir();
    g_autoptr(GDir) dir = g_dir_open(state, 0, NULL);
    g_autoptr(GArray) pids = hvb_hypervisor_pids("/", HVB_DOMAIN_PREFIX);
    Remains remains = {.guests = pids->len};
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        remains.dirs += g_str_has_prefix(name, HVB_STATE_BED_PREFIX);
    return remains;
}

/* Once the connection is open no other hvbench has guests: all that was there
 * `before` had been left behind, and opening it has cleared it away. */
static void check_remains(HvbCheckup *checkup, const Remains *before)
{
    if (before->guests > 0 || before->dirs > 0)
        hvb_checkup_add(
            checkup,
            hvb_check_new(
                HVB_CHECK_OK, "leftovers", NULL,
                "cleared what a killed hvbench left: guests %u, directories %u",
                before->guests, before->dirs));
    else
        hvb_checkup_add(checkup,
                        hvb_check_new(HVB_CHECK_OK, "leftovers", NULL, "none"));
}

static void say_tcg(HvbCheckup *checkup, const char *reason)
{
    hvb_checkup_add(
        checkup, hvb_check_new(HVB_CHECK_WARN, "KVM",
                               "none needed to run; but compare the results "
                               "only with others made under TCG",
                               "falls back to TCG, QEMU's translator, because "
                               "%s",
                               reason));
}

static void check_kvm_runs(HvbCheckup *checkup,
                           const HvbBedQuestions *questions,
                           HvbConnection *connection)
{
    const HvbBootSettings settings = {.cancellable = questions->cancellable};
    g_autofree char *reason = NULL;
    g_autoptr(GError) error = NULL;
    HvbAccel accel;

    if (questions->quick) {
        accel = hvb_accel_recall(connection, questions->profile, &reason);
    } else {
        hvb_checkup_busy(checkup, "booting a test guest under KVM");
        accel = hvb_accel_probe(connection, questions->profile, &settings,
                                &reason, &error);
    }
    if (accel == HVB_ACCEL_KVM)
        hvb_checkup_add(checkup, hvb_check_new(HVB_CHECK_OK, "KVM", NULL,
                                               "runs guests: %s", reason));
    else if (accel == HVB_ACCEL_TCG)
        say_tcg(checkup, reason);
    else if (questions->quick)
        hvb_checkup_add(checkup, hvb_check_new(HVB_CHECK_WARN, "KVM",
                                               "hvbench doctor, without "
                                               "--quick",
                                               "untested: /dev/kvm alone "
                                               "proves nothing"));
    else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        hvb_checkup_add(checkup, hvb_check_new(HVB_CHECK_FAIL, "KVM", NULL,
                                               "%s", error->message));
}

/* Returns the connection, or NULL. */
static HvbConnection *check_connection(HvbCheckup *checkup, const char *uri)
{
    gint64 begin_us = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;

    hvb_checkup_busy(checkup, "connecting to libvirt");
    HvbConnection *connection = hvb_connection_open(uri, &error);
    if (connection)
        hvb_checkup_add(
            checkup,
            hvb_check_new(HVB_CHECK_OK, "connection", NULL,
                          "%s opened in %.1f s", hvb_connection_uri(connection),
                          (double)(g_get_monotonic_time() - begin_us) / 1e6));
    else
        hvb_checkup_add(checkup, hvb_check_new(HVB_CHECK_FAIL, "connection",
                                               NULL, "%s", error->message));
    return connection;
}

void hvb_doctor_check_bed(HvbCheckup *checkup, const HvbBedQuestions *questions)
{
    gboolean images =
        check_images(checkup, questions->profile->guests[0].kernel);
    Remains before = find_remains();

    if (!questions->uri)
        check_qemu_user(checkup);
    g_autofree char *why = NULL;
    HvbKvmState device = hvb_kvm_state(HVB_KVM_DEVICE, &why);
    hvb_checkup_add(checkup, hvb_check_kvm_device(device, why, questions->kvm));
    g_autoptr(HvbConnection) connection =
        check_connection(checkup, questions->uri);
    if (!connection || g_cancellable_is_cancelled(questions->cancellable))
        return;
    check_hypervisor(checkup, connection);
    check_remains(checkup, &before);
    if (device != HVB_KVM_OPEN)
        say_tcg(checkup, why);
    else if (images && !g_cancellable_is_cancelled(questions->cancellable))
        check_kvm_runs(checkup, questions, connection);
}
