/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/libvirt-bed.h"

#include "hvbench/bed/channel.h"
#include "hvbench/bed/connection-private.h"
#include "hvbench/bed/console.h"
#include "hvbench/bed/domain.h"
#include "hvbench/bed/host.h"
#include "hvbench/bed/hypervisor.h"
#include "hvbench/bed/images.h"
#include "hvbench/bed/parallel.h"
#include "hvbench/bed/tuning.h"

#include <glib/gstdio.h>
#include <libvirt-gconfig/libvirt-gconfig.h>
#include <libvirt/virterror.h>
#include <string.h>
#include <unistd.h>

/* Creating a domain is mostly QEMU's own start: more at once than a few only
 * makes each of them slower. */
#define CREATE_THREADS 4
/* How often the wait for HELLO looks at the consoles. */
#define BOOT_STEP_MS 500
#define NS_PER_S G_GINT64_CONSTANT(1000000000)

/* What the threads that create and destroy domains work on. */
typedef struct {
    virConnectPtr handle;
    char *xml;
    virDomainPtr domain;
    HvbCgroup *cgroup;
    char *kept_console; /* where its console goes in the end; NULL: nowhere */
    GError *error;
} Machine;

typedef struct {
    HvbBed bed;
    HvbConnection *connection;
    Machine *machines;
} LibvirtBed;

static void create_machine(gpointer item, gpointer user_data)
{
    Machine *machine = item;

    (void)user_data;
    machine->domain = virDomainCreateXML(machine->handle, machine->xml, 0);
    if (!machine->domain)
        hvb_set_libvirt_error(&machine->error, "cannot start a guest");
}

static void destroy_machine(gpointer item, gpointer user_data)
{
    Machine *machine = item;

    (void)user_data;
    g_clear_error(&machine->error);
    if (machine->domain && virDomainDestroy(machine->domain) < 0 &&
        virGetLastErrorCode() != VIR_ERR_OPERATION_INVALID &&
        virGetLastErrorCode() != VIR_ERR_NO_DOMAIN)
        hvb_set_libvirt_error(&machine->error, "cannot stop %s",
                              virDomainGetName(machine->domain));
}

static void for_all_machines(LibvirtBed *self, GFunc func)
{
    g_autofree gpointer *items = g_new(gpointer, self->bed.n_guests);

    for (guint i = 0; i < self->bed.n_guests; i++)
        items[i] = &self->machines[i];
    hvb_parallel(func, items, self->bed.n_guests, CREATE_THREADS, NULL);
}

static gboolean libvirt_bed_tune(HvbBed *bed, guint guest,
                                 const HvbGuestProfile *wanted,
                                 HvbTuning *ret_enforced, GError **error)
{
    LibvirtBed *self = (LibvirtBed *)bed;
    Machine *machine = &self->machines[guest];

    return hvb_tuning_apply(machine->domain, machine->cgroup, wanted,
                            ret_enforced, error);
}

static gboolean libvirt_bed_read_meter(HvbBed *bed, guint guest,
                                       HvbGuestMeter *ret_meter, GError **error)
{
    LibvirtBed *self = (LibvirtBed *)bed;

    return hvb_cgroup_read_meter(self->machines[guest].cgroup, ret_meter,
                                 error);
}

static char *libvirt_bed_explain(HvbBed *bed, guint guest)
{
    const char *kept = ((LibvirtBed *)bed)->machines[guest].kept_console;
    const char *console = bed->guests[guest].console;

    return hvb_console_explain(console, kept ? kept : console);
}

static void keep_console(const Machine *machine, const HvbGuest *guest)
{
    g_autoptr(GFile) from = g_file_new_for_path(guest->console);
    g_autoptr(GFile) to = g_file_new_for_path(machine->kept_console);
    g_autofree char *dir = g_path_get_dirname(machine->kept_console);
    g_autoptr(GError) error = NULL;

    if (g_mkdir_with_parents(dir, 0755) != 0 ||
        !g_file_copy(from, to, G_FILE_COPY_NONE, NULL, NULL, NULL, &error))
        g_warning("cannot keep the console of %s: %s", guest->name,
                  error ? error->message : dir);
    /* A QEMU file, owned by QEMU's user: the result set is its maker's. */
    else if (chown(machine->kept_console, geteuid(), getegid()) != 0 ||
             g_chmod(machine->kept_console, 0644) != 0)
        g_warning("cannot take over %s", machine->kept_console);
}

static void libvirt_bed_free(HvbBed *bed)
{
    LibvirtBed *self = (LibvirtBed *)bed;

    for (guint i = 0; i < bed->n_guests; i++)
        g_clear_pointer(&bed->guests[i].link, hvb_link_free);
    for_all_machines(self, destroy_machine);
    for (guint i = 0; i < bed->n_guests; i++) {
        Machine *machine = &self->machines[i];
        if (machine->error)
            g_warning("%s", machine->error->message);
        if (machine->kept_console)
            keep_console(machine, &bed->guests[i]);
        if (bed->guests[i].console)
            g_unlink(bed->guests[i].console);
        g_clear_pointer(&machine->domain, virDomainFree);
        g_clear_pointer(&machine->cgroup, hvb_cgroup_free);
        g_clear_error(&machine->error);
        g_free(machine->kept_console);
        g_free(machine->xml);
        g_free(bed->guests[i].name);
        g_free(bed->guests[i].console);
    }
    g_free(self->machines);
    g_free(bed->guests);
    hvb_stack_clear(&bed->stack);
    g_free(self);
}

static LibvirtBed *new_bed(HvbConnection *connection, guint n_guests)
{
    LibvirtBed *self = g_new0(LibvirtBed, 1);

    self->bed.n_guests = n_guests;
    self->bed.guests = g_new0(HvbGuest, n_guests);
    self->bed.tune = libvirt_bed_tune;
    self->bed.read_meter = libvirt_bed_read_meter;
    self->bed.explain = libvirt_bed_explain;
    self->bed.free = libvirt_bed_free;
    self->connection = connection;
    self->machines = g_new0(Machine, n_guests);
    return self;
}

static gboolean describe_machines(LibvirtBed *self, const HvbProfile *profile,
                                  HvbAccel accel, const char *prefix,
                                  gboolean verbose, const char *console_dir,
                                  GError **error)
{
    g_auto(HvbImages) images = {0};
    g_autofree char *clocksource = hvb_host_clocksource("/");

    if (!hvb_images_import(self->connection, profile, &images, error))
        return FALSE;
    for (guint i = 0; i < self->bed.n_guests; i++) {
        HvbGuest *guest = &self->bed.guests[i];
        guest->name = g_strdup_printf("%s%u", prefix, i + 1);
        guest->console =
            hvb_connection_console(self->connection, guest->name, error);
        if (!guest->console)
            return FALSE;
        if (console_dir)
            self->machines[i].kept_console =
                hvb_console_new_path(console_dir, guest->name);
        g_autofree char *name =
            g_strconcat(HVB_DOMAIN_PREFIX, guest->name, NULL);
        const HvbDomainSettings settings = {
            .name = name,
            .kernel = images.kernel,
            .initrd = images.initrd,
            .documents = images.documents,
            .console = guest->console,
            .accel = accel,
            .host_has_tsc = clocksource && g_str_has_prefix(clocksource, "tsc"),
            .verbose = verbose,
        };
        self->machines[i].handle = self->connection->handle;
        self->machines[i].xml = hvb_domain_xml(profile, &settings);
    }
    return TRUE;
}

static gboolean open_links(LibvirtBed *self, GError **error)
{
    for (guint i = 0; i < self->bed.n_guests; i++) {
        Machine *machine = &self->machines[i];
        HvbGuest *guest = &self->bed.guests[i];
        if (machine->error) {
            g_propagate_prefixed_error(error, g_steal_pointer(&machine->error),
                                       "%s: ", guest->name);
            return FALSE;
        }
        HvbPort *port =
            hvb_channel_open(machine->domain, WIRE_PORT_NAME, error);
        if (!port)
            return FALSE;
        guest->link = hvb_link_new(port, guest->name);
    }
    return TRUE;
}

typedef struct {
    LibvirtBed *self;
    const HvbBootSettings *settings;
    guint up;
    guint lost; /* index of a guest that will not come up; n_guests: none */
} Boot;

static gboolean boot_has_ended(gpointer user_data)
{
    Boot *boot = user_data;
    HvbBed *bed = &boot->self->bed;
    guint up = 0;

    for (guint i = 0; i < bed->n_guests; i++) {
        if (hvb_link_is_up(bed->guests[i].link))
            up++;
        else if (hvb_link_why_down(bed->guests[i].link))
            boot->lost = i;
    }
    if (up != boot->up && boot->settings->on_boot)
        boot->settings->on_boot(up, bed->n_guests, boot->settings->user_data);
    boot->up = up;
    return up == bed->n_guests || boot->lost < bed->n_guests;
}

/* The size of all consoles: what a booting guest has to show for itself. */
static gint64 console_bytes(const LibvirtBed *self)
{
    gint64 bytes = 0;

    for (guint i = 0; i < self->bed.n_guests; i++) {
        GStatBuf status;
        if (g_stat(self->bed.guests[i].console, &status) == 0)
            bytes += status.st_size;
    }
    return bytes;
}

/* `waited` says for how long and for what. */
static gboolean fail_boot(Boot *boot, const char *waited, GError **error)
{
    HvbBed *bed = &boot->self->bed;
    guint guest = boot->lost;

    for (guint i = 0; i < bed->n_guests && guest == bed->n_guests; i++)
        if (!hvb_link_is_up(bed->guests[i].link))
            guest = i;
    g_autofree char *explanation = bed->explain(bed, guest);
    const char *why = hvb_link_why_down(bed->guests[guest].link);
    if (why)
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_BOOT,
                    "%s stopped before its agent was ready (%s): %s",
                    bed->guests[guest].name, why, explanation);
    else
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_BOOT,
                    "%s: its agent did not say HELLO %s; %s",
                    bed->guests[guest].name, waited, explanation);
    return FALSE;
}

/* Waits until all guests are up. `patience_s`, unless 0, is started anew
 * whenever a console grows. */
static gboolean wait_for_hello(LibvirtBed *self, guint timeout_s,
                               guint patience_s,
                               const HvbBootSettings *settings, GError **error)
{
    Boot boot = {self, settings, 0, self->bed.n_guests};
    gint64 begin_ns = hvb_now_ns();
    gint64 progress_ns = begin_ns;
    gint64 bytes = -1;

    for (;;) {
        g_autoptr(GError) step = NULL;
        g_autofree char *waited = NULL;
        if (hvb_wait(boot_has_ended, &boot, BOOT_STEP_MS, "HELLO",
                     settings->cancellable, &step))
            break;
        if (!g_error_matches(step, HVB_BED_ERROR, HVB_BED_ERROR_TIMEOUT)) {
            g_propagate_error(error, g_steal_pointer(&step));
            return FALSE;
        }
        gint64 now_ns = hvb_now_ns();
        gint64 bytes_now = console_bytes(self);
        if (bytes_now != bytes)
            progress_ns = now_ns;
        bytes = bytes_now;
        if (now_ns - begin_ns >= (gint64)timeout_s * NS_PER_S)
            waited =
                g_strdup_printf("within %u s (hello-timeout-s)", timeout_s);
        else if (patience_s &&
                 now_ns - progress_ns >= (gint64)patience_s * NS_PER_S)
            waited = g_strdup_printf("and its console said nothing for %u s",
                                     patience_s);
        if (waited)
            return fail_boot(&boot, waited, error);
    }
    return boot.lost == self->bed.n_guests || fail_boot(&boot, "", error);
}

gboolean hvb_libvirt_bed_check_clocksource(const char *guest,
                                           const char *clocksource,
                                           GError **error)
{
    if (!g_str_has_suffix(clocksource, "jiffies"))
        return TRUE;
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_BOOT,
                "%s tells the time by its clocksource \"%s\", in whole timer "
                "ticks: too coarse to time anything. Its kernel gave up the "
                "better clocks while it booted, most likely since the host "
                "was busy: try again on a quiet host, or with fewer guests "
                "(--guests)",
                guest, clocksource);
    return FALSE;
}

static gboolean start(LibvirtBed *self, guint timeout_s, guint patience_s,
                      const HvbBootSettings *settings, GError **error)
{
    for_all_machines(self, create_machine);
    if (!open_links(self, error) ||
        !wait_for_hello(self, timeout_s, patience_s, settings, error))
        return FALSE;
    for (guint i = 0; i < self->bed.n_guests; i++) {
        HvbGuest *guest = &self->bed.guests[i];
        guest->hello = *hvb_link_hello(guest->link);
        if (!hvb_libvirt_bed_check_clocksource(guest->name,
                                               guest->hello.clocksource, error))
            return FALSE;
        self->machines[i].cgroup =
            hvb_cgroup_find(virDomainGetName(self->machines[i].domain), error);
        if (!self->machines[i].cgroup)
            return FALSE;
    }
    return TRUE;
}

static void describe_stack(LibvirtBed *self, const HvbProfile *profile,
                           HvbAccel accel, const char *reason)
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
    stack->accel = g_strdup(hvb_accel_name(accel));
    stack->accel_reason = g_strdup(reason);
    stack->machine =
        g_strdup(os ? gvir_config_domain_os_get_machine(os) : profile->machine);
    stack->emulator = g_file_read_link(exe, NULL);
    stack->cpu = g_strdup(self->bed.guests[0].hello.cpu);
    stack->connection = g_strdup(self->connection->uri);
    stack->cgroup = g_strdup(self->machines[0].cgroup->v2 ? "v2" : "v1");
    g_clear_object(&os);
    g_clear_object(&domain);
    free(xml);
}

HvbBed *hvb_libvirt_bed_boot(HvbConnection *connection,
                             const HvbProfile *profile, HvbAccel accel,
                             const char *accel_reason,
                             const HvbBootSettings *settings, GError **error)
{
    if (!hvb_images_check_memory(profile, error))
        return NULL;
    LibvirtBed *self = new_bed(connection, profile->n_guests);
    g_autoptr(HvbBed) bed = &self->bed;
    if (!describe_machines(self, profile, accel, "guest", FALSE,
                           settings->console_dir, error) ||
        !start(self, profile->hello_timeout_s, 0, settings, error))
        return NULL;
    describe_stack(self, profile, accel, accel_reason);
    return g_steal_pointer(&bed);
}

gboolean hvb_libvirt_bed_try(HvbConnection *connection,
                             const HvbProfile *profile, HvbAccel accel,
                             guint patience_s, const HvbBootSettings *settings,
                             GError **error)
{
    const HvbBootSettings quietly = {settings->console_dir, NULL, NULL,
                                     settings->cancellable};
    LibvirtBed *self = new_bed(connection, 1);
    g_autoptr(HvbBed) bed = &self->bed;

    return describe_machines(self, profile, accel, "accel-probe", TRUE,
                             settings->console_dir, error) &&
           start(self, profile->hello_timeout_s, patience_s, &quietly, error);
}
