/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/libvirt-bed.h"

#include "hvbench/bed/boot.h"
#include "hvbench/bed/channel.h"
#include "hvbench/bed/console.h"
#include "hvbench/bed/domain-news.h"
#include "hvbench/bed/group-watch.h"
#include "hvbench/bed/hypervisor.h"
#include "hvbench/bed/machine.h"
#include "hvbench/bed/partition.h"
#include "hvbench/bed/placement.h"
#include "hvbench/bed/tuning.h"

#include <glib/gstdio.h>
#include <libvirt-gconfig/libvirt-gconfig.h>
#include <unistd.h>

/* For libvirt to tell why a domain stopped. */
#define OBITUARY_MS 3000

typedef struct {
    HvbBed bed;
    HvbConnection *connection;
    HvbNewsroom *newsroom;
    HvbMachine *machines;
    HvbGroupWatch *watch; /* NULL: nobody watches */
    gboolean told_blind;
} LibvirtBed;

static gboolean libvirt_bed_tune(HvbBed *bed, guint guest,
                                 const HvbGuestProfile *wanted,
                                 HvbTuning *ret_enforced, GError **error)
{
    LibvirtBed *self = (LibvirtBed *)bed;
    HvbMachine *machine = &self->machines[guest];

    return hvb_tuning_apply(machine->domain, machine->cgroup, wanted,
                            ret_enforced, error);
}

static gboolean libvirt_bed_place(HvbBed *bed, guint guest, guint cpus,
                                  HvbAffinity affinity, HvbTuning *ret_enforced,
                                  GError **error)
{
    LibvirtBed *self = (LibvirtBed *)bed;
    HvbMachine *machine = &self->machines[guest];

    return hvb_placement_apply(machine->domain, machine->cgroup, guest, cpus,
                               affinity, ret_enforced->cpus, error);
}

static gboolean libvirt_bed_read_tuning(HvbBed *bed, guint guest,
                                        HvbTuning *ret_now, GError **error)
{
    const HvbCgroup *cgroup = ((LibvirtBed *)bed)->machines[guest].cgroup;

    *ret_now = (HvbTuning){0};
    return hvb_cgroup_read_tuning(cgroup, ret_now, error) &&
           hvb_placement_read(cgroup, ret_now, error);
}

static void add_file(const char *path, const char *what, gpointer user_data)
{
    hvb_group_watch_add(user_data, path, what, FALSE);
}

static void add_shared_file(const char *path, const char *what,
                            gpointer user_data)
{
    hvb_group_watch_add(user_data, path, what, TRUE);
}

static void libvirt_bed_watch(HvbBed *bed)
{
    LibvirtBed *self = (LibvirtBed *)bed;

    hvb_group_watch_free(self->watch);
    self->watch = hvb_group_watch_new();
    for (guint i = 0; i < bed->n_guests; i++) {
        g_autofree char *who = g_strdup_printf("guest %u", i + 1);
        const HvbCgroup *cgroup = self->machines[i].cgroup;
        hvb_cgroup_foreach_file(cgroup, who, add_file, self->watch);
        hvb_ancestry_foreach_file(cgroup->above, add_shared_file, self->watch);
    }
    if (bed->host && bed->host->foreach_file)
        bed->host->foreach_file(bed->host, add_file, self->watch);
    const char *why = hvb_group_watch_why_blind(self->watch);
    if (why && !self->told_blind)
        g_warning("what is changed in a cell and put back before its end "
                  "cannot be seen here: %s",
                  why);
    self->told_blind = self->told_blind || why;
}

static GStrv libvirt_bed_unwatch(HvbBed *bed, GStrv *ret_notes)
{
    LibvirtBed *self = (LibvirtBed *)bed;

    if (!self->watch) {
        *ret_notes = g_new0(char *, 1);
        return g_new0(char *, 1);
    }
    GStrv sentences = hvb_group_watch_take(self->watch, ret_notes);
    g_clear_pointer(&self->watch, hvb_group_watch_free);
    return sentences;
}

static gboolean libvirt_bed_read_meter(HvbBed *bed, guint guest,
                                       HvbGuestMeter *ret_meter, GError **error)
{
    LibvirtBed *self = (LibvirtBed *)bed;

    return hvb_cgroup_read_meter(self->machines[guest].cgroup, ret_meter,
                                 error);
}

static GPid libvirt_bed_process(HvbBed *bed, guint guest)
{
    return ((LibvirtBed *)bed)->machines[guest].cgroup->pid;
}

static void libvirt_bed_look(HvbBed *bed, guint guest, HvbPulse *pulse)
{
    LibvirtBed *self = (LibvirtBed *)bed;
    const HvbMachine *machine = &self->machines[guest];

    hvb_pulse_look(machine->pulse,
                   hvb_newsroom_get(self->newsroom, machine->name).hold, pulse);
}

static gboolean libvirt_bed_is_over(HvbBed *bed, guint guest)
{
    return hvb_fate_is_over(((LibvirtBed *)bed)->machines[guest].fate);
}

/* How its QEMU ended; NULL: it has not. A port may be closed before its QEMU is
 * gone; libvirt tells of that when it has cleared everything away. */
static char *tell_fate(LibvirtBed *self, guint guest)
{
    const HvbMachine *machine = &self->machines[guest];
    const HvbLink *link = self->bed.guests[guest].link;
    gboolean lost =
        (link && hvb_link_why_down(link)) || hvb_fate_is_over(machine->fate);

    return hvb_fate_tell(machine->fate,
                         hvb_newsroom_wait(self->newsroom, machine->name,
                                           lost ? OBITUARY_MS : 0));
}

static char *libvirt_bed_explain(HvbBed *bed, guint guest)
{
    const HvbMachine *machine = &((LibvirtBed *)bed)->machines[guest];
    const char *kept = machine->kept_console;
    const char *console = bed->guests[guest].console;
    g_autofree char *fate = tell_fate((LibvirtBed *)bed, guest);
    g_autofree char *explained =
        hvb_console_explain(console, kept ? kept : console);
    g_autofree char *said =
        g_strconcat(fate ? fate : "", fate ? "; " : "", explained, NULL);

    if (fate || machine->images.kernel || !hvb_console_is_empty(console))
        return g_steal_pointer(&said);
    return g_strconcat(said,
                       ": is there a boot loader on its image? If not, name "
                       "its kernel and initrd in the profile",
                       NULL);
}

static void libvirt_bed_free(HvbBed *bed)
{
    LibvirtBed *self = (LibvirtBed *)bed;

    hvb_group_watch_free(self->watch);
    for (guint i = 0; i < bed->n_guests; i++) {
        g_clear_pointer(&bed->guests[i].link, hvb_link_free);
        if (bed->guests[i].client_fd > 0)
            close(bed->guests[i].client_fd);
    }
    hvb_machines_destroy(self->machines, bed->n_guests);
    for (guint i = 0; i < bed->n_guests; i++) {
        HvbMachine *machine = &self->machines[i];
        if (machine->error)
            g_warning("%s", machine->error->message);
        if (machine->kept_console)
            hvb_console_keep(bed->guests[i].console, machine->kept_console,
                             bed->guests[i].name);
        if (bed->guests[i].console)
            g_unlink(bed->guests[i].console);
        hvb_machine_clear(machine);
        g_free(bed->guests[i].no_client);
        g_free(bed->guests[i].name);
        g_free(bed->guests[i].console);
    }
    hvb_newsroom_close(self->newsroom);
    g_free(self->machines);
    g_free(bed->guests);
    hvb_stack_clear(&bed->stack);
    g_free(self);
}

/* Of guests "PREFIX1" and so on. */
static LibvirtBed *new_bed(HvbConnection *connection, guint n_guests,
                           const char *prefix)
{
    LibvirtBed *self = g_new0(LibvirtBed, 1);

    self->bed.n_guests = n_guests;
    self->bed.demand_factor = 1;
    self->bed.patience_ms = HVB_BED_PATIENCE_MS;
    self->bed.guests = g_new0(HvbGuest, n_guests);
    self->bed.tune = libvirt_bed_tune;
    self->bed.place = libvirt_bed_place;
    self->bed.read_tuning = libvirt_bed_read_tuning;
    self->bed.watch = libvirt_bed_watch;
    self->bed.unwatch = libvirt_bed_unwatch;
    self->bed.read_meter = libvirt_bed_read_meter;
    self->bed.explain = libvirt_bed_explain;
    self->bed.is_over = libvirt_bed_is_over;
    self->bed.process = libvirt_bed_process;
    self->bed.look = libvirt_bed_look;
    self->bed.free = libvirt_bed_free;
    self->connection = connection;
    self->newsroom = hvb_newsroom_open(connection);
    self->machines = g_new0(HvbMachine, n_guests);
    for (guint i = 0; i < n_guests; i++)
        self->bed.guests[i].name = g_strdup_printf("%s%u", prefix, i + 1);
    return self;
}

static gboolean describe_machines(LibvirtBed *self,
                                  const HvbMachineDesign *design,
                                  GError **error)
{
    for (guint i = 0; i < self->bed.n_guests; i++)
        if (!hvb_machine_describe(&self->machines[i], self->connection,
                                  &design->profile->guests[i], design,
                                  &self->bed.guests[i], error))
            return FALSE;
    return TRUE;
}

/* Only what is timed from the client side needs it: who wants that will say
 * what is wrong. A libvirt of another host, say, has its sockets there. */
static void connect_client(const HvbMachine *machine, HvbGuest *guest)
{
    g_autoptr(GError) local = NULL;
    int fd = hvb_channel_connect(machine->client_port, &local);

    if (fd >= 0)
        guest->client_fd = fd;
    else
        guest->no_client = g_strdup(local->message);
}

static gboolean open_links(LibvirtBed *self, GError **error)
{
    for (guint i = 0; i < self->bed.n_guests; i++) {
        HvbMachine *machine = &self->machines[i];
        HvbGuest *guest = &self->bed.guests[i];
        if (machine->error) {
            g_propagate_prefixed_error(error, g_steal_pointer(&machine->error),
                                       "%s: ", guest->name);
            return FALSE;
        }
        if (!machine->profile->agent)
            continue;
        HvbPort *port =
            hvb_channel_open(machine->domain, WIRE_PORT_NAME, error);
        if (!port)
            return FALSE;
        guest->link = hvb_link_new(port, guest->name);
        connect_client(machine, guest);
    }
    return TRUE;
}

static gboolean start(LibvirtBed *self, guint timeout_s, guint patience_s,
                      const HvbBootSettings *settings, GError **error)
{
    if (self->connection->embedded)
        hvb_partition_prepare("/");
    hvb_machines_create(self->machines, self->bed.n_guests);
    if (!open_links(self, error) ||
        !hvb_boot_wait(&self->bed, timeout_s, patience_s, settings, error))
        return FALSE;
    for (guint i = 0; i < self->bed.n_guests; i++) {
        HvbGuest *guest = &self->bed.guests[i];
        if (!guest->link)
            continue;
        guest->hello = *hvb_link_hello(guest->link);
        if (!hvb_clocksource_check(guest->name, guest->hello.clocksource,
                                   error))
            return FALSE;
    }
    for (guint i = 0; i < self->bed.n_guests; i++)
        if (!hvb_machine_find_groups(&self->machines[i], error))
            return FALSE;
    return TRUE;
}

/* The CPU model as the first guest that has an agent calls it. */
static const char *cpu_of_guests(const HvbBed *bed)
{
    for (guint i = 0; i < bed->n_guests; i++)
        if (*bed->guests[i].hello.cpu)
            return bed->guests[i].hello.cpu;
    return "";
}

static void describe_stack(LibvirtBed *self, const HvbStackChoice *choice,
                           const char *reason)
{
    HvbStack *stack = &self->bed.stack;
    g_auto(HvbHypervisor) hypervisor = {0};
    g_autofree char *exe =
        g_strdup_printf("/proc/%d/exe", self->machines[0].cgroup->pid);
    char *xml = virDomainGetXMLDesc(self->machines[0].domain, 0);
    GVirConfigDomain *domain =
        xml ? gvir_config_domain_new_from_xml(xml, NULL) : NULL;
    GVirConfigDomainOs *os = domain ? gvir_config_domain_get_os(domain) : NULL;

    hvb_hypervisor_ask(self->connection, &hypervisor);
    stack->hypervisor =
        g_strdup_printf("QEMU %s via libvirt %s",
                        hypervisor.qemu ? hypervisor.qemu : "unknown",
                        hypervisor.libvirt ? hypervisor.libvirt : "unknown");
    stack->accel = g_strdup(hvb_accel_name(choice->accel));
    stack->accel_reason = g_strdup(reason);
    stack->machine =
        g_strdup(os ? gvir_config_domain_os_get_machine(os) : choice->machine);
    stack->emulator = g_file_read_link(exe, NULL);
    stack->cpu = g_strdup(cpu_of_guests(&self->bed));
    stack->connection = g_strdup(self->connection->uri);
    stack->cgroup = g_strdup(self->machines[0].cgroup->v2 ? "v2" : "v1");
    stack->choice = g_strdup(choice->choice);
    g_clear_object(&os);
    g_clear_object(&domain);
    free(xml);
}

HvbBed *hvb_libvirt_bed_boot(HvbConnection *connection,
                             const HvbProfile *profile, HvbAccel accel,
                             const char *accel_reason,
                             const HvbBootSettings *settings, GError **error)
{
    HvbStackChoice choice;

    if (!hvb_images_check_memory("/", profile, error))
        return NULL;
    hvb_hypervisor_choose(profile, accel, &choice);
    g_autofree char *text = choice.choice;
    const HvbMachineDesign design = {.profile = profile,
                                     .accel = choice.accel,
                                     .type = choice.machine,
                                     .console_dir = settings->console_dir};
    LibvirtBed *self = new_bed(connection, profile->n_guests, "guest");
    g_autoptr(HvbBed) bed = &self->bed;
    if (!describe_machines(self, &design, error) ||
        !start(self, profile->hello_timeout_s, 0, settings, error))
        return NULL;
    describe_stack(self, &choice, accel_reason);
    return g_steal_pointer(&bed);
}

gboolean hvb_libvirt_bed_try(HvbConnection *connection,
                             const HvbProfile *profile, HvbAccel accel,
                             guint patience_s, const HvbBootSettings *settings,
                             GError **error)
{
    const HvbGuestProfile *guest = hvb_images_plainest(profile);
    const HvbBootSettings quietly = {settings->console_dir, NULL, NULL,
                                     settings->cancellable};
    const HvbMachineDesign design = {.profile = profile,
                                     .accel = accel,
                                     .type = profile->machine,
                                     .verbose = TRUE,
                                     .console_dir = settings->console_dir};
    LibvirtBed *self = new_bed(connection, 1, "accel-probe");
    g_autoptr(HvbBed) bed = &self->bed;

    /* A disk image need not say anything on its console. */
    return hvb_machine_describe(&self->machines[0], connection, guest, &design,
                                &bed->guests[0], error) &&
           start(self, profile->hello_timeout_s, *guest->image ? 0 : patience_s,
                 &quietly, error);
}
