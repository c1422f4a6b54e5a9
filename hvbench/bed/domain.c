/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/domain.h"

#include <libvirt-gconfig/libvirt-gconfig.h>
#include <string.h>

/* libvirt-gconfig predates these. */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GVirConfigDomain, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GVirConfigDomainOs, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GVirConfigDomainCpu, g_object_unref)

static void add_device(GVirConfigDomain *domain, gpointer device)
{
    gvir_config_domain_add_device(domain, device);
    g_object_unref(device);
}

static char *kernel_command_line(const HvbDomainSettings *settings)
{
    GString *line = g_string_new("console=ttyS0 panic=1");

    /* The profile's own root=, if any, comes after this and wins. */
    if (settings->images->disk)
        g_string_append(line, " root=/dev/vda rw");

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
    if (*settings->guest->cmdline)
        g_string_append_printf(line, " %s", settings->guest->cmdline);
    return g_string_free(line, FALSE);
}

static void set_os(GVirConfigDomain *domain, const HvbDomainSettings *settings)
{
    g_autoptr(GVirConfigDomainOs) os = gvir_config_domain_os_new();
    const HvbImages *images = settings->images;
    g_autofree char *line = kernel_command_line(settings);
    char *features[] = {"acpi", "apic", NULL};

    gvir_config_domain_os_set_os_type(os, GVIR_CONFIG_DOMAIN_OS_TYPE_HVM);
    gvir_config_domain_os_set_machine(os, settings->machine);
    if (images->kernel) {
        gvir_config_domain_os_set_kernel(os, images->kernel);
        gvir_config_domain_os_set_cmdline(os, line);
    }
    if (images->initrd)
        gvir_config_domain_os_set_ramdisk(os, images->initrd);
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

/* `source` says where its socket is to be; "": libvirt's choice.
 * libvirt-gconfig has no call for that. */
static void add_port(GVirConfigDomain *domain, const char *name,
                     const char *source)
{
    g_autofree char *target =
        g_markup_printf_escaped("<target type='virtio' name='%s'/>", name);
    g_autofree char *xml =
        g_strdup_printf("<channel type='unix'>%s%s</channel>", source, target);

    add_device(domain, gvir_config_domain_channel_new_from_xml(xml, NULL));
}

static void add_ports(GVirConfigDomain *domain,
                      const HvbDomainSettings *settings)
{
    g_autofree char *source =
        g_markup_printf_escaped("<source mode='bind' path='%s'/>",
                                settings->client_port);

    /* The client port first: who sees the agent's port sees both. */
    add_port(domain, WIRE_CLIENT_PORT_NAME, source);
    add_port(domain, WIRE_PORT_NAME, "");
}

/* libvirt-gconfig knows neither backing files nor serial numbers. */
static void add_disk(GVirConfigDomain *domain, const char *xml)
{
    add_device(domain, gvir_config_domain_disk_new_from_xml(xml, NULL));
}

static char *driver_xml(const char *format, HvbCache cache)
{
    if (cache == HVB_CACHE_DEFAULT)
        return g_strdup_printf("<driver name='qemu' type='%s'/>", format);
    return g_strdup_printf("<driver name='qemu' type='%s' cache='%s'/>", format,
                           hvb_cache_name(cache));
}

static void add_documents(GVirConfigDomain *domain, HvbCache cache,
                          const HvbDomainSettings *settings)
{
    g_autofree char *driver = driver_xml("raw", cache);
    g_autofree char *source =
        g_markup_printf_escaped("<source file='%s'/>",
                                settings->images->documents);
    g_autofree char *xml =
        g_strdup_printf("<disk type='file' device='disk'>%s%s"
                        "<target dev='%s' bus='virtio'/><readonly/>"
                        "<serial>" HVB_DOCUMENTS_SERIAL "</serial></disk>",
                        driver, source, settings->images->disk ? "vdb" : "vda");

    add_disk(domain, xml);
}

/* All that there is below the overlay, so that libvirt need not look for it;
 * an empty element ends it. */
static char *backing_xml(const HvbDiskImage *disk)
{
    GString *xml = g_string_new(NULL);

    for (guint i = 0; i < disk->layers->len; i++) {
        const HvbDiskLayer *layer = disk->layers->pdata[i];
        g_autofree char *level = g_markup_printf_escaped(
            "<backingStore type='file'><format type='%s'/>"
            "<source file='%s'><seclabel model='dac' relabel='no'/></source>",
            layer->format, layer->path);
        g_string_append(xml, level);
    }
    g_string_append(xml, "<backingStore/>");
    for (guint i = 0; i < disk->layers->len; i++)
        g_string_append(xml, "</backingStore>");
    return g_string_free(xml, FALSE);
}

static void add_image(GVirConfigDomain *domain, HvbCache cache,
                      const HvbDiskImage *disk)
{
    g_autofree char *driver = driver_xml("qcow2", cache);
    g_autofree char *source =
        g_markup_printf_escaped("<source file='%s'/>", disk->overlay);
    g_autofree char *backing = backing_xml(disk);
    g_autofree char *xml =
        g_strdup_printf("<disk type='file' device='disk'>%s%s%s"
                        "<target dev='vda' bus='virtio'/></disk>",
                        driver, source, backing);

    add_disk(domain, xml);
}

static void add_devices(GVirConfigDomain *domain, HvbCache cache,
                        const HvbDomainSettings *settings)
{
    GVirConfigDomainMemballoon *balloon = gvir_config_domain_memballoon_new();

    gvir_config_domain_memballoon_set_model(
        balloon, GVIR_CONFIG_DOMAIN_MEMBALLOON_MODEL_NONE);
    add_device(domain, balloon);
    add_device(domain, gvir_config_domain_controller_usb_new_from_xml(
                           "<controller type='usb' model='none'/>", NULL));
    add_console(domain, settings->console);
    if (settings->guest->agent)
        add_ports(domain, settings);
    if (settings->images->disk)
        add_image(domain, cache, settings->images->disk);
    add_documents(domain, cache, settings);
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
    gvir_config_domain_set_memory(domain,
                                  (guint64)settings->guest->memory_mib * 1024);
    gvir_config_domain_set_vcpus(domain, 1);
    gvir_config_domain_set_lifecycle(domain,
                                     GVIR_CONFIG_DOMAIN_LIFECYCLE_ON_REBOOT,
                                     GVIR_CONFIG_DOMAIN_LIFECYCLE_DESTROY);
    gvir_config_domain_set_lifecycle(domain,
                                     GVIR_CONFIG_DOMAIN_LIFECYCLE_ON_CRASH,
                                     GVIR_CONFIG_DOMAIN_LIFECYCLE_DESTROY);
    set_os(domain, settings);
    set_cpu(domain, profile, settings);
    add_devices(domain, profile->cache, settings);
    return gvir_config_object_to_xml(GVIR_CONFIG_OBJECT(domain));
}
