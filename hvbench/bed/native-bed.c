/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/native-bed.h"

#include "hvbench/bed/console.h"
#include "hvbench/bed/local-agent.h"

#include <sys/utsname.h>

#define GROUP HVB_GROUP_PREFIX "native"

typedef struct {
    HvbBed bed;
    HvbGuest host;
    HvbLocalAgent *agent;
    char *console_dir;
} NativeBed;

static gboolean native_bed_tune(HvbBed *bed, guint guest,
                                const HvbGuestProfile *wanted,
                                HvbTuning *ret_enforced, GError **error)
{
    const HvbGroup *group = ((NativeBed *)bed)->agent->group;

    (void)guest;
    (void)error;
    *ret_enforced = (HvbTuning){
        .vcpu_quota_us = -1,
        .vcpu_period_us = wanted->cap_period_us,
        .vm_quota_us = -1,
        .vm_period_us = wanted->cap_period_us,
        .shares = hvb_group_read_shares(group),
        .cgroup_v2 = hvb_group_is_v2(group),
    };
    return TRUE;
}

/* Users float over the CPUs whatever the affinity: they are many processes,
 * not one vCPU. */
static gboolean native_bed_place(HvbBed *bed, guint guest, guint cpus,
                                 HvbAffinity affinity, HvbTuning *ret_enforced,
                                 GError **error)
{
    HvbHostCpus host;

    (void)guest;
    (void)affinity;
    if (!hvb_host_cpus_read_own("/", &host, error))
        return FALSE;
    g_autofree char *list =
        hvb_local_agent_place(((NativeBed *)bed)->agent, &host.usable, cpus,
                              &bed->demand_factor, error);
    if (!list)
        return FALSE;
    g_strlcpy(ret_enforced->cpus, list, sizeof ret_enforced->cpus);
    return TRUE;
}

static gboolean native_bed_read_tuning(HvbBed *bed, guint guest,
                                       HvbTuning *ret_now, GError **error)
{
    (void)guest;
    return hvb_local_agent_read(((NativeBed *)bed)->agent, ret_now, error);
}

static gboolean native_bed_read_meter(HvbBed *bed, guint guest,
                                      HvbGuestMeter *ret_meter, GError **error)
{
    HvbGuestMeter meter = {.time_ns = hvb_now_ns()};

    (void)guest;
    if (!hvb_group_read_cpu(((NativeBed *)bed)->agent->group, &meter.cpu_ns,
                            error))
        return FALSE;
    meter.vcpu_ns = meter.cpu_ns;
    *ret_meter = meter;
    return TRUE;
}

static char *native_bed_explain(HvbBed *bed, guint guest)
{
    (void)guest;
    return hvb_local_agent_explain(((NativeBed *)bed)->agent);
}

static void keep_output(const NativeBed *self)
{
    g_autofree char *path = hvb_local_agent_output(self->agent);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL) || !*text)
        return;
    g_autofree char *kept =
        hvb_console_new_path(self->console_dir, self->host.name);
    if (g_mkdir_with_parents(self->console_dir, 0755) != 0 ||
        !g_file_set_contents(kept, text, -1, &error))
        g_warning("cannot keep what the agent on this host said: %s",
                  error ? error->message : self->console_dir);
}

static void native_bed_free(HvbBed *bed)
{
    NativeBed *self = (NativeBed *)bed;

    if (self->agent && self->console_dir)
        keep_output(self);
    hvb_local_agent_free(self->agent);
    hvb_stack_clear(&bed->stack);
    g_free(self->host.name);
    g_free(self->console_dir);
    g_free(self);
}

static NativeBed *new_bed(const char *console_dir)
{
    NativeBed *self = g_new0(NativeBed, 1);

    self->bed.n_guests = 1;
    self->bed.guests = &self->host;
    self->bed.patience_ms = HVB_BED_PATIENCE_MS;
    self->bed.tune = native_bed_tune;
    self->bed.place = native_bed_place;
    self->bed.read_tuning = native_bed_read_tuning;
    self->bed.read_meter = native_bed_read_meter;
    self->bed.explain = native_bed_explain;
    self->bed.free = native_bed_free;
    self->host.name = g_strdup("host");
    self->console_dir = g_strdup(console_dir);
    return self;
}

static void describe_stack(NativeBed *self)
{
    HvbStack *stack = &self->bed.stack;
    struct utsname system;

    stack->hypervisor = g_strdup("native");
    stack->accel = g_strdup("none");
    stack->accel_reason = g_strdup("no guests: the agent runs on the host");
    stack->machine = g_strdup(uname(&system) == 0 ? system.release : "");
    stack->emulator = g_strdup("");
    stack->cpu = g_strdup(self->host.hello.cpu);
    stack->connection = g_strdup("");
    stack->cgroup = g_strdup(hvb_group_is_v2(self->agent->group) ? "v2" : "v1");
    stack->choice = g_strdup("");
}

static gboolean start(NativeBed *self, const HvbProfile *profile,
                      GCancellable *cancellable, GError **error)
{
    g_autofree char *documents = hvb_profile_guest_file(NULL, "documents.img");
    const char *const options[] = {"--documents", documents, NULL};
    HvbTuning placed;

    if (!g_file_test(documents, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "there is no %s: 'make guests' in hvbench's source builds "
                    "it, 'make install' installs it",
                    documents);
        return FALSE;
    }
    self->agent =
        hvb_local_agent_start(GROUP, options, profile->hello_timeout_s,
                              cancellable, error);
    if (!self->agent)
        return FALSE;
    self->host.link = self->agent->link;
    self->host.client_fd = self->agent->client_fd;
    self->host.hello = *hvb_link_hello(self->host.link);
    return hvb_clocksource_check(self->host.name, self->host.hello.clocksource,
                                 error) &&
           native_bed_place(&self->bed, 0, profile->cpus, profile->affinity,
                            &placed, error);
}

HvbBed *hvb_native_bed_start(const HvbProfile *profile, const char *console_dir,
                             GCancellable *cancellable, GError **error)
{
    NativeBed *self = new_bed(console_dir);
    g_autoptr(HvbBed) bed = &self->bed;

    if (!start(self, profile, cancellable, error))
        return NULL;
    describe_stack(self);
    return g_steal_pointer(&bed);
}
