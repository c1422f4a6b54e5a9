/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/hypervisor.h"

#include "hvbench/bed/connection-private.h"
#include "hvbench/bed/parallel.h"

#include <gio/gio.h>
#include <libvirt-gconfig/libvirt-gconfig.h>
#include <stdlib.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GVirConfigCapabilities, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GVirConfigCapabilitiesGuestArch, g_object_unref)

void hvb_hypervisor_clear(HvbHypervisor *hypervisor)
{
    g_free(hypervisor->libvirt);
    g_free(hypervisor->qemu);
    g_free(hypervisor->emulator);
    *hypervisor = (HvbHypervisor){0};
}

/* "pc", "pc-i440fx-7.2", but not "pc-q35-7.2". */
static gboolean is_pc(const char *machine)
{
    return strcmp(machine, "pc") == 0 || g_str_has_prefix(machine, "pc-i440fx");
}

void hvb_hypervisor_choose(const HvbProfile *profile, HvbAccel accel,
                           HvbStackChoice *ret_choice)
{
    const char *other = is_pc(profile->machine) ? "q35" : "pc";

    if (profile->hypervisor == HVB_HYPERVISOR_A)
        *ret_choice = (HvbStackChoice){accel, profile->machine, g_strdup("A")};
    else if (accel == HVB_ACCEL_KVM)
        *ret_choice =
            (HvbStackChoice){HVB_ACCEL_TCG, profile->machine,
                             g_strdup("B: accelerator tcg instead of kvm")};
    else
        *ret_choice = (HvbStackChoice){
            HVB_ACCEL_TCG, other,
            g_strdup_printf("B: machine type %s instead of %s, since A is "
                            "TCG already",
                            other, profile->machine)};
}

/* libvirt's numbers: 1000000 * major + 1000 * minor + release. */
static char *version_text(unsigned long version)
{
    if (version == 0)
        return NULL;
    return g_strdup_printf("%lu.%lu.%lu", version / 1000000,
                           version / 1000 % 1000, version % 1000);
}

char *hvb_hypervisor_library(void)
{
    unsigned long version = 0;

    hvb_libvirt_quieten();
    (void)virGetVersion(&version, NULL, NULL);
    return version_text(version);
}

static char *find_emulator(const char *capabilities)
{
    g_autoptr(GVirConfigCapabilities) parsed =
        capabilities ? gvir_config_capabilities_new_from_xml(capabilities, NULL)
                     : NULL;
    GList *guests = parsed ? gvir_config_capabilities_get_guests(parsed) : NULL;
    char *emulator = NULL;

    for (GList *at = guests; at && !emulator; at = at->next) {
        g_autoptr(GVirConfigCapabilitiesGuestArch) arch =
            gvir_config_capabilities_guest_get_arch(at->data);
        if (arch &&
            g_strcmp0(gvir_config_capabilities_guest_arch_get_name(arch),
                      HVB_GUEST_ARCH) == 0)
            emulator = g_strdup(
                gvir_config_capabilities_guest_arch_get_emulator(arch));
    }
    g_list_free_full(guests, g_object_unref);
    return emulator;
}

static void ask_in_thread(gpointer item, gpointer user_data)
{
    HvbHypervisor *hypervisor = item;
    HvbConnection *connection = user_data;
    unsigned long libvirt = 0, qemu = 0;

    (void)virConnectGetLibVersion(connection->handle, &libvirt);
    (void)virConnectGetVersion(connection->handle, &qemu);
    char *capabilities = virConnectGetCapabilities(connection->handle);
    hypervisor->libvirt = version_text(libvirt);
    hypervisor->qemu = version_text(qemu);
    hypervisor->emulator = find_emulator(capabilities);
    free(capabilities);
}

void hvb_hypervisor_ask(HvbConnection *connection,
                        HvbHypervisor *ret_hypervisor)
{
    gpointer items[] = {ret_hypervisor};

    *ret_hypervisor = (HvbHypervisor){0};
    hvb_parallel(ask_in_thread, items, 1, 1, connection);
}

/* Whether a command line (arguments that end in NUL) says -name guest=... */
static gboolean names_guest(const char *line, gsize length, const char *wanted)
{
    const char *before = "";

    for (gsize at = 0; at < length; at += strlen(line + at) + 1) {
        if (strcmp(before, "-name") == 0 && g_str_has_prefix(line + at, wanted))
            return TRUE;
        before = line + at;
    }
    return FALSE;
}

char *hvb_hypervisor_arguments(const char *root, GPid pid)
{
    static const char *const told[] = {"-accel", "-cpu",     "-global",
                                       "-m",     "-machine", "-overcommit",
                                       "-rtc",   "-smp",     NULL};
    g_autofree char *path = g_strdup_printf("%s/proc/%d/cmdline", root, pid);
    g_autofree char *line = NULL;
    gsize length = 0;
    const char *option = "";

    if (!g_file_get_contents(path, &line, &length, NULL))
        return NULL;
    GString *text = g_string_new(NULL);
    for (gsize at = 0; at < length; at += strlen(line + at) + 1) {
        if (g_strv_contains(told, option))
            g_string_append_printf(text, "%s%s %s", text->len > 0 ? " " : "",
                                   option, line + at);
        option = line + at;
    }
    return g_string_free(text, FALSE);
}

GArray *hvb_hypervisor_pids(const char *root, const char *prefix)
{
    g_autofree char *wanted = g_strconcat("guest=", prefix, NULL);
    g_autofree char *proc = g_build_filename(root, "proc", NULL);
    g_autoptr(GDir) dir = g_dir_open(proc, 0, NULL);
    GArray *pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
    const char *entry;

    while (dir && (entry = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(proc, entry, "cmdline", NULL);
        g_autofree char *line = NULL;
        gsize length = 0;
        pid_t pid = (pid_t)atoi(entry);

        if (g_ascii_isdigit(*entry) &&
            g_file_get_contents(path, &line, &length, NULL) &&
            names_guest(line, length, wanted))
            g_array_append_val(pids, pid);
    }
    return pids;
}

/* "QEMU emulator version 7.2.22 (Debian ...)" and a line of copyright. */
char *hvb_hypervisor_emulator(void)
{
    static const char intro[] = "QEMU emulator version ";
    g_autofree char *text = NULL;
    g_autoptr(GSubprocess) qemu =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                             G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                         NULL, "qemu-system-x86_64", "--version", NULL);

    if (!qemu ||
        !g_subprocess_communicate_utf8(qemu, NULL, NULL, &text, NULL, NULL) ||
        !g_subprocess_get_successful(qemu) || !text ||
        !g_str_has_prefix(text, intro))
        return NULL;
    const char *version = text + strlen(intro);
    return g_strndup(version, strcspn(version, "\n"));
}
