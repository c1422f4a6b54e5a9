/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/tuning.h"

#include "hvbench/bed/connection-private.h"

/* systemd answers libvirt before it has written the weight to the kernel. */
#define SETTLE_US (1 * G_USEC_PER_SEC)
#define SETTLE_STEP_US 10000

/* The kernel computes with 44 bits of microseconds: it accepts no quota beyond
 * this one, which is half a year of CPU in each period. */
#define KERNEL_QUOTA_MAX_US ((G_GINT64_CONSTANT(1) << 44) - 1)

void hvb_tuning_from_profile(const HvbGuestProfile *wanted, gboolean v2,
                             HvbTuning *ret_tuning)
{
    gint64 period_us = wanted->cap_period_us;
    gint64 quota_us =
        wanted->cap_percent ? period_us * wanted->cap_percent / 100 : -1;
    gboolean whole_vm = wanted->cap_scope == HVB_CAP_SCOPE_VM;

    *ret_tuning = (HvbTuning){
        .vcpu_quota_us = whole_vm ? -1 : quota_us,
        .vcpu_period_us = period_us,
        .vm_quota_us = whole_vm ? quota_us : -1,
        .vm_period_us = period_us,
        .shares = v2 ? wanted->weight : MAX(2, wanted->weight * 1024 / 100),
        .cgroup_v2 = v2,
    };
}

typedef struct {
    virTypedParameterPtr list;
    int n;
    int room;
} Parameters;

static void parameters_clear(Parameters *parameters)
{
    virTypedParamsFree(parameters->list, parameters->n);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Parameters, parameters_clear)

static void add_quota(Parameters *parameters, const char *field, gint64 value)
{
    virTypedParamsAddLLong(&parameters->list, &parameters->n, &parameters->room,
                           field, value);
}

static void add_unsigned(Parameters *parameters, const char *field,
                         guint64 value)
{
    virTypedParamsAddULLong(&parameters->list, &parameters->n,
                            &parameters->room, field, value);
}

static gboolean set_parameters(virDomainPtr domain, Parameters *parameters,
                               GError **error)
{
    if (virDomainSetSchedulerParametersFlags(domain, parameters->list,
                                             parameters->n,
                                             VIR_DOMAIN_AFFECT_LIVE) == 0)
        return TRUE;
    return hvb_set_libvirt_error(error, "cannot set the CPU parameters of %s",
                                 virDomainGetName(domain));
}

/* The kernel refuses a parent's ratio below its child's (v1), so the vCPU's
 * cap is lifted first, then the VM's set, then the vCPU's. */
static gboolean set_tuning(virDomainPtr domain, const HvbTuning *tuning,
                           GError **error)
{
    g_auto(Parameters) lift = {0};
    g_auto(Parameters) vm = {0};
    g_auto(Parameters) vcpu = {0};

    add_quota(&lift, VIR_DOMAIN_SCHEDULER_VCPU_QUOTA, -1);
    add_unsigned(&vm, VIR_DOMAIN_SCHEDULER_GLOBAL_PERIOD,
                 (guint64)tuning->vm_period_us);
    add_quota(&vm, VIR_DOMAIN_SCHEDULER_GLOBAL_QUOTA, tuning->vm_quota_us);
    add_unsigned(&vm, VIR_DOMAIN_SCHEDULER_CPU_SHARES, tuning->shares);
    add_unsigned(&vcpu, VIR_DOMAIN_SCHEDULER_VCPU_PERIOD,
                 (guint64)tuning->vcpu_period_us);
    add_quota(&vcpu, VIR_DOMAIN_SCHEDULER_VCPU_QUOTA, tuning->vcpu_quota_us);
    return set_parameters(domain, &lift, error) &&
           set_parameters(domain, &vm, error) &&
           set_parameters(domain, &vcpu, error);
}

gint64 hvb_tuning_quota_from_libvirt(gint64 value_us)
{
    return value_us < 0 || value_us >= KERNEL_QUOTA_MAX_US ? -1 : value_us;
}

static gint64 get_quota(virTypedParameterPtr list, int n, const char *field)
{
    long long value = 0;

    return virTypedParamsGetLLong(list, n, field, &value) == 1
               ? hvb_tuning_quota_from_libvirt(value)
               : 0;
}

static gint64 get_unsigned(virTypedParameterPtr list, int n, const char *field)
{
    unsigned long long value = 0;

    return virTypedParamsGetULLong(list, n, field, &value) == 1 ? (gint64)value
                                                                : 0;
}

static gboolean read_libvirt(virDomainPtr domain, HvbTuning *ret_tuning,
                             GError **error)
{
    int n = 0;
    g_autofree virTypedParameterPtr list = NULL;

    free(virDomainGetSchedulerType(domain, &n));
    list = g_new0(virTypedParameter, (gsize)n + 1);
    if (virDomainGetSchedulerParametersFlags(domain, list, &n,
                                             VIR_DOMAIN_AFFECT_LIVE) < 0)
        return hvb_set_libvirt_error(
            error, "cannot read back the CPU parameters of %s",
            virDomainGetName(domain));
    ret_tuning->vcpu_quota_us =
        get_quota(list, n, VIR_DOMAIN_SCHEDULER_VCPU_QUOTA);
    ret_tuning->vcpu_period_us =
        get_unsigned(list, n, VIR_DOMAIN_SCHEDULER_VCPU_PERIOD);
    ret_tuning->vm_quota_us =
        get_quota(list, n, VIR_DOMAIN_SCHEDULER_GLOBAL_QUOTA);
    ret_tuning->vm_period_us =
        get_unsigned(list, n, VIR_DOMAIN_SCHEDULER_GLOBAL_PERIOD);
    ret_tuning->shares =
        (guint64)get_unsigned(list, n, VIR_DOMAIN_SCHEDULER_CPU_SHARES);
    return TRUE;
}

static gboolean agree(const char *domain, const char *source,
                      const HvbTuning *wanted, const HvbTuning *found,
                      GError **error)
{
    const struct {
        const char *what;
        gint64 wanted, found;
    } values[] = {
        {"vCPU quota", wanted->vcpu_quota_us, found->vcpu_quota_us},
        {"vCPU period", wanted->vcpu_period_us, found->vcpu_period_us},
        {"VM quota", wanted->vm_quota_us, found->vm_quota_us},
        {"VM period", wanted->vm_period_us, found->vm_period_us},
        {"weight", (gint64)wanted->shares, (gint64)found->shares},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        if (values[i].wanted == values[i].found)
            continue;
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_TUNING,
                    "%s: asked for a %s of %" G_GINT64_FORMAT
                    ", but %s says %" G_GINT64_FORMAT,
                    domain, values[i].what, values[i].wanted, source,
                    values[i].found);
        return FALSE;
    }
    return TRUE;
}

static gboolean read_back(virDomainPtr domain, const HvbCgroup *cgroup,
                          const HvbTuning *target, HvbTuning *ret_kernel,
                          GError **error)
{
    const char *name = virDomainGetName(domain);
    HvbTuning libvirt = {0};

    return read_libvirt(domain, &libvirt, error) &&
           agree(name, "libvirt", target, &libvirt, error) &&
           hvb_cgroup_read_tuning(cgroup, ret_kernel, error) &&
           agree(name, "the kernel's cgroup", target, ret_kernel, error);
}

gboolean hvb_tuning_apply(virDomainPtr domain, const HvbCgroup *cgroup,
                          const HvbGuestProfile *wanted,
                          HvbTuning *ret_enforced, GError **error)
{
    gint64 deadline_us = g_get_monotonic_time() + SETTLE_US;
    HvbTuning target, kernel = {0};
    g_autoptr(GError) differs = NULL;

    hvb_tuning_from_profile(wanted, cgroup->v2, &target);
    if (!set_tuning(domain, &target, error))
        return FALSE;
    while (!read_back(domain, cgroup, &target, &kernel, &differs)) {
        if (!g_error_matches(differs, HVB_BED_ERROR, HVB_BED_ERROR_TUNING) ||
            g_get_monotonic_time() > deadline_us) {
            g_propagate_error(error, g_steal_pointer(&differs));
            return FALSE;
        }
        g_clear_error(&differs);
        g_usleep(SETTLE_STEP_US);
    }
    *ret_enforced = kernel;
    return TRUE;
}
