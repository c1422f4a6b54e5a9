/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/machine.h"

#include "hvbench/bed/boot.h"
#include "hvbench/bed/console.h"
#include "hvbench/bed/domain.h"
#include "hvbench/bed/host.h"
#include "hvbench/bed/hypervisor.h"
#include "hvbench/bed/parallel.h"

#include <libvirt/virterror.h>

/* Creating a domain is mostly QEMU's own start: more at once than a few only
 * makes each of them slower. */
#define CREATE_THREADS 4

static char *describe_domain(const HvbMachine *self,
                             const HvbMachineDesign *design,
                             const HvbGuest *guest)
{
    g_autofree char *clocksource = hvb_host_clocksource("/");
    const HvbDomainSettings settings = {
        .name = self->name,
        .guest = self->profile,
        .images = &self->images,
        .console = guest->console,
        .client_port = self->client_port,
        .machine = design->type,
        .accel = design->accel,
        .host_has_tsc = clocksource && g_str_has_prefix(clocksource, "tsc"),
        .verbose = design->verbose,
    };

    return hvb_domain_xml(design->profile, &settings);
}

gboolean hvb_machine_describe(HvbMachine *machine, HvbConnection *connection,
                              const HvbGuestProfile *profile,
                              const HvbMachineDesign *design, HvbGuest *guest,
                              GError **error)
{
    g_autofree char *console = g_strconcat(guest->name, ".log", NULL);
    g_autofree char *socket = g_strconcat(guest->name, ".client", NULL);

    machine->handle = connection->handle;
    machine->profile = profile;
    machine->name = g_strconcat(HVB_DOMAIN_PREFIX, guest->name, NULL);
    g_autofree char *log = hvb_connection_qemu_log(connection, machine->name);
    machine->fate = hvb_fate_new("/", machine->name, log);
    if (!hvb_images_prepare(connection, machine->profile, guest->name,
                            design->profile->cache, &machine->images, error))
        return FALSE;
    guest->console = hvb_connection_make_file(connection, console, error);
    if (!guest->console)
        return FALSE;
    machine->client_port = g_build_filename(connection->dir, socket, NULL);
    if (design->console_dir)
        machine->kept_console =
            hvb_console_new_path(design->console_dir, guest->name);
    machine->xml = describe_domain(machine, design, guest);
    return TRUE;
}

static void watch(HvbMachine *self)
{
    g_autofree char *exactly = g_strconcat(self->name, ",", NULL);
    g_autoptr(GArray) pids = hvb_hypervisor_pids("/", exactly);

    if (pids->len > 0)
        hvb_fate_watch(self->fate, g_array_index(pids, pid_t, 0));
}

static void create(gpointer item, gpointer user_data)
{
    HvbMachine *self = item;

    (void)user_data;
    self->domain = virDomainCreateXML(self->handle, self->xml, 0);
    if (self->domain) {
        watch(self);
        return;
    }
    hvb_set_libvirt_error(&self->error, "cannot start a guest");
    g_autofree char *fate = hvb_fate_tell(self->fate, NULL);
    if (fate)
        g_prefix_error(&self->error, "%s; ", fate);
}

static gboolean failed_by_chance(const HvbMachine *self)
{
    return self->error && hvb_boot_is_worth_another(self->error->message);
}

static void create_again(gpointer item, gpointer user_data)
{
    HvbMachine *self = item;

    if (!failed_by_chance(self))
        return;
    g_clear_error(&self->error);
    create(self, user_data);
}

static void destroy(gpointer item, gpointer user_data)
{
    HvbMachine *self = item;

    (void)user_data;
    g_clear_error(&self->error);
    if (self->domain && virDomainDestroy(self->domain) < 0 &&
        virGetLastErrorCode() != VIR_ERR_OPERATION_INVALID &&
        virGetLastErrorCode() != VIR_ERR_NO_DOMAIN)
        hvb_set_libvirt_error(&self->error, "cannot stop %s", self->name);
}

static void for_all(HvbMachine *machines, guint n, GFunc func)
{
    g_autofree gpointer *items = g_new(gpointer, n);

    for (guint i = 0; i < n; i++)
        items[i] = &machines[i];
    hvb_parallel(func, items, n, CREATE_THREADS, NULL);
}

void hvb_machines_create(HvbMachine *machines, guint n)
{
    gboolean again = FALSE;

    for_all(machines, n, create);
    for (guint i = 0; i < n; i++) {
        if (!failed_by_chance(&machines[i]))
            continue;
        again = TRUE;
        g_message("%s: %s; once more", machines[i].name,
                  machines[i].error->message);
    }
    if (again)
        for_all(machines, n, create_again);
}

void hvb_machines_destroy(HvbMachine *machines, guint n)
{
    for_all(machines, n, destroy);
}

gboolean hvb_machine_find_groups(HvbMachine *machine, GError **error)
{
    machine->cgroup = hvb_cgroup_find(machine->name, error);
    if (machine->cgroup)
        machine->pulse =
            hvb_pulse_source_new("/", machine->cgroup->vcpu_thread);
    return machine->cgroup != NULL;
}

void hvb_machine_clear(HvbMachine *machine)
{
    g_clear_pointer(&machine->domain, virDomainFree);
    g_clear_pointer(&machine->cgroup, hvb_cgroup_free);
    g_clear_pointer(&machine->pulse, hvb_pulse_source_free);
    g_clear_pointer(&machine->fate, hvb_fate_free);
    hvb_images_clear(&machine->images);
    g_clear_error(&machine->error);
    g_free(machine->name);
    g_free(machine->client_port);
    g_free(machine->kept_console);
    g_free(machine->xml);
}
