/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/domain.h"

#include <libvirt-gconfig/libvirt-gconfig.h>
#include <string.h>

/* libvirt-gconfig predates these. */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GVirConfigDomain, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GVirConfigDomainOs, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GVirConfigDomainCpu, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GVirConfigDomainChardevSourceUnix, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GVirConfigDomainDiskDriver, g_object_unref)

static void add_device(GVirConfigDomain *domain, gpointer device)
{
    gvir_config_domain_add_device(domain, device);
    g_object_unref(device);
}

static char *kernel_command_line(const HvbProfile *profile,
                                 const HvbDomainSettings *settings)
{
    GString *line = g_string_new("console=ttyS0 panic=1");

    /* Quicker to boot: one serial port, no self-tests, no waiting for
     * randomness or for proof that the timer interrupts. Alike at every boot:
     * no random memory layout. */
    g_string_append(line, " 8250.nr_uarts=1 cryptomgr.notests"
                          " random.trust_cpu=on no_timer_check"
                          " nokaslr norandmaps");
    /* TCG's TSC is the host's. A capped guest stalls for longer than the
     * kernel's watchdog of clocks expects, and must not lose it for that. */
    if (settings->accel == HVB_ACCEL_TCG && settings->host_has_tsc)
        g_string_append(line, " tsc=reliable");
    g_string_append(line, settings->verbose ? " ignore_loglevel" : " quiet");
    if (*profile->cmdline)
        g_string_append_printf(line, " %s", profile->cmdline);
    return g_string_free(line, FALSE);
}

static void set_os(GVirConfigDomain *domain, const HvbProfile *profile,
                   const HvbDomainSettings *settings)
{
    g_autoptr(GVirConfigDomainOs) os = gvir_config_domain_os_new();
    g_autofree char *line = kernel_command_line(profile, settings);
    char *features[] = {"acpi", "apic", NULL};

    gvir_config_domain_os_set_os_type(os, GVIR_CONFIG_DOMAIN_OS_TYPE_HVM);
    gvir_config_domain_os_set_machine(os, profile->machine);
    gvir_config_domain_os_set_kernel(os, settings->kernel);
    gvir_config_domain_os_set_ramdisk(os, settings->initrd);
    gvir_config_domain_os_set_cmdline(os, line);
    gvir_config_domain_set_os(domain, os);
    gvir_config_domain_set_features(domain, features);
}

static void set_cpu(GVirConfigDomain *domain, const HvbProfile *profile,
                    const HvbDomainSettings *settings)
{
    g_autofree char *xml = NULL;

    if (strcmp(profile->cpu, "host-passthrough") == 0 ||
        (strcmp(profile->cpu, "default") == 0 &&
         settings->accel == HVB_ACCEL_KVM))
        xml = g_strdup("<cpu mode='host-passthrough'/>");
    else if (strcmp(profile->cpu, "maximum") == 0)
        xml = g_strdup("<cpu mode='maximum'/>");
    else if (strcmp(profile->cpu, "default") != 0)
        xml = g_markup_printf_escaped(
            "<cpu mode='custom' match='exact' check='none'>"
            "<model fallback='forbid'>%s</model></cpu>",
            profile->cpu);
    else
        return; /* QEMU's own default for the emulator */
    g_autoptr(GVirConfigDomainCpu) cpu =
        gvir_config_domain_cpu_new_from_xml(xml, NULL);
    gvir_config_domain_set_cpu(domain, cpu);
}

static void add_console(GVirConfigDomain *domain, const char *path)
{
    g_autofree char *xml = g_markup_printf_escaped(
        "<serial type='file'><source path='%s'/><target port='0'/></serial>",
        path);

    add_device(domain, gvir_config_domain_serial_new_from_xml(xml, NULL));
}

static void add_port(GVirConfigDomain *domain)
{
    GVirConfigDomainChannel *channel = gvir_config_domain_channel_new();
    g_autoptr(GVirConfigDomainChardevSourceUnix) source =
        gvir_config_domain_chardev_source_unix_new();

    gvir_config_domain_chardev_set_source(GVIR_CONFIG_DOMAIN_CHARDEV(channel),
                                          GVIR_CONFIG_DOMAIN_CHARDEV_SOURCE(
                                              source));
    gvir_config_domain_channel_set_target_type(
        channel, GVIR_CONFIG_DOMAIN_CHANNEL_TARGET_VIRTIO);
    gvir_config_domain_channel_set_target_name(channel, WIRE_PORT_NAME);
    add_device(domain, channel);
}

static void add_documents(GVirConfigDomain *domain, const char *path)
{
    GVirConfigDomainDisk *disk = gvir_config_domain_disk_new();
    g_autoptr(GVirConfigDomainDiskDriver) driver =
        gvir_config_domain_disk_driver_new();

    gvir_config_domain_disk_set_type(disk, GVIR_CONFIG_DOMAIN_DISK_FILE);
    gvir_config_domain_disk_driver_set_name(driver, "qemu");
    gvir_config_domain_disk_driver_set_format(
        driver, GVIR_CONFIG_DOMAIN_DISK_FORMAT_RAW);
    gvir_config_domain_disk_set_driver(disk, driver);
    gvir_config_domain_disk_set_source(disk, path);
    gvir_config_domain_disk_set_target_bus(disk,
                                           GVIR_CONFIG_DOMAIN_DISK_BUS_VIRTIO);
    gvir_config_domain_disk_set_target_dev(disk, "vda");
    gvir_config_domain_disk_set_readonly(disk, TRUE);
    add_device(domain, disk);
}

static void add_devices(GVirConfigDomain *domain,
                        const HvbDomainSettings *settings)
{
    GVirConfigDomainMemballoon *balloon = gvir_config_domain_memballoon_new();

    gvir_config_domain_memballoon_set_model(
        balloon, GVIR_CONFIG_DOMAIN_MEMBALLOON_MODEL_NONE);
    add_device(domain, balloon);
    add_device(domain, gvir_config_domain_controller_usb_new_from_xml(
                           "<controller type='usb' model='none'/>", NULL));
    add_console(domain, settings->console);
    add_port(domain);
    if (settings->documents)
        add_documents(domain, settings->documents);
}

/* libvirt-gconfig has no call for the emulator: it comes with the skeleton. */
static GVirConfigDomain *new_domain(const char *emulator)
{
    if (!*emulator)
        return gvir_config_domain_new();
    g_autofree char *xml = g_markup_printf_escaped(
        "<domain><devices><emulator>%s</emulator></devices></domain>",
        emulator);
    return gvir_config_domain_new_from_xml(xml, NULL);
}

char *hvb_domain_xml(const HvbProfile *profile,
                     const HvbDomainSettings *settings)
{
    g_autoptr(GVirConfigDomain) domain = new_domain(profile->emulator);

    gvir_config_domain_set_virt_type(domain,
                                     settings->accel == HVB_ACCEL_KVM
                                         ? GVIR_CONFIG_DOMAIN_VIRT_KVM
                                         : GVIR_CONFIG_DOMAIN_VIRT_QEMU);
    gvir_config_domain_set_name(domain, settings->name);
    gvir_config_domain_set_memory(domain, (guint64)profile->memory_mib * 1024);
    gvir_config_domain_set_vcpus(domain, 1);
    gvir_config_domain_set_lifecycle(domain,
                                     GVIR_CONFIG_DOMAIN_LIFECYCLE_ON_REBOOT,
                                     GVIR_CONFIG_DOMAIN_LIFECYCLE_DESTROY);
    gvir_config_domain_set_lifecycle(domain,
                                     GVIR_CONFIG_DOMAIN_LIFECYCLE_ON_CRASH,
                                     GVIR_CONFIG_DOMAIN_LIFECYCLE_DESTROY);
    set_os(domain, profile, settings);
    set_cpu(domain, profile, settings);
    add_devices(domain, settings);
    return gvir_config_object_to_xml(GVIR_CONFIG_OBJECT(domain));
}
