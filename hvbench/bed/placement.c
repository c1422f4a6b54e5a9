/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/placement.h"

#include "hvbench/bed/connection-private.h"

void hvb_placement_choose(const HvbCpus *host, guint cpus, HvbAffinity affinity,
                          guint guest, HvbCpus *ret_cpus)
{
    guint all = hvb_cpus_count(host);
    guint wanted = cpus == 0 ? all : MIN(cpus, all);
    guint turn = wanted > 0 ? guest % wanted : 0;
    guint at = 0;

    *ret_cpus = (HvbCpus){0};
    for (guint cpu = 0; cpu < HVB_CPU_LIMIT && at < wanted; cpu++) {
        if (!hvb_cpus_have(host, cpu))
            continue;
        if (affinity == HVB_AFFINITY_FLOAT || at == turn)
            hvb_cpus_add(ret_cpus, cpu);
        at++;
    }
}

static gboolean check(virDomainPtr domain, const char *what, const char *source,
                      const HvbCpus *wanted, const HvbCpus *found,
                      GError **error)
{
    g_autofree char *wanted_text = hvb_cpus_text(wanted);
    g_autofree char *found_text = hvb_cpus_text(found);

    if (hvb_cpus_equal(wanted, found))
        return TRUE;
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_TUNING,
                "%s: its %s was put on the host's CPUs %s, but %s says %s",
                virDomainGetName(domain), what, wanted_text, source,
                found_text);
    return FALSE;
}

static gboolean set(virDomainPtr domain, HvbCpus *vcpu, HvbCpus *emulator,
                    GError **error)
{
    if (virDomainPinVcpuFlags(domain, 0, vcpu->map, sizeof vcpu->map,
                              VIR_DOMAIN_AFFECT_LIVE) == 0 &&
        virDomainPinEmulator(domain, emulator->map, sizeof emulator->map,
                             VIR_DOMAIN_AFFECT_LIVE) == 0)
        return TRUE;
    return hvb_set_libvirt_error(error, "cannot put %s on the host's CPUs",
                                 virDomainGetName(domain));
}

static gboolean check_libvirt(virDomainPtr domain, const HvbCpus *vcpu,
                              const HvbCpus *emulator, GError **error)
{
    HvbCpus vcpu_now = {0}, emulator_now = {0};

    if (virDomainGetVcpuPinInfo(domain, 1, vcpu_now.map, sizeof vcpu_now.map,
                                VIR_DOMAIN_AFFECT_LIVE) < 0 ||
        virDomainGetEmulatorPinInfo(domain, emulator_now.map,
                                    sizeof emulator_now.map,
                                    VIR_DOMAIN_AFFECT_LIVE) < 0)
        return hvb_set_libvirt_error(error, "cannot read back the CPUs of %s",
                                     virDomainGetName(domain));
    return check(domain, "vCPU", "libvirt", vcpu, &vcpu_now, error) &&
           check(domain, "emulator", "libvirt", emulator, &emulator_now, error);
}

static gboolean check_kernel(virDomainPtr domain, const HvbCgroup *cgroup,
                             const HvbCpus *vcpu, const HvbCpus *emulator,
                             GError **error)
{
    g_autofree char *qemu = g_strdup_printf("/proc/%d", cgroup->pid);
    HvbCpus vcpu_now, emulator_now;

    return hvb_cpus_of_thread(cgroup->vcpu_thread, &vcpu_now, error) &&
           hvb_cpus_of_thread(qemu, &emulator_now, error) &&
           check(domain, "vCPU", "the kernel", vcpu, &vcpu_now, error) &&
           check(domain, "emulator", "the kernel", emulator, &emulator_now,
                 error);
}

static gboolean read_cpus(const char *thread, char *ret_cpus, GError **error)
{
    HvbCpus cpus;

    if (!hvb_cpus_of_thread(thread, &cpus, error))
        return FALSE;
    g_autofree char *text = hvb_cpus_text(&cpus);
    g_strlcpy(ret_cpus, text, HVB_CPUS_MAX);
    return TRUE;
}

gboolean hvb_placement_read(const HvbCgroup *cgroup, HvbTuning *tuning,
                            GError **error)
{
    g_autofree char *qemu = g_strdup_printf("/proc/%d", cgroup->pid);

    return read_cpus(cgroup->vcpu_thread, tuning->cpus, error) &&
           read_cpus(qemu, tuning->emulator_cpus, error);
}

gboolean hvb_placement_apply(virDomainPtr domain, const HvbCgroup *cgroup,
                             guint guest, guint cpus, HvbAffinity affinity,
                             char *ret_cpus, GError **error)
{
    HvbHostCpus host;
    HvbCpus vcpu, emulator;

    if (!hvb_host_cpus_read("/", &host, error))
        return FALSE;
    hvb_placement_choose(&host.usable, cpus, affinity, guest, &vcpu);
    hvb_placement_choose(&host.usable, cpus, HVB_AFFINITY_FLOAT, guest,
                         &emulator);
    if (!set(domain, &vcpu, &emulator, error) ||
        !check_libvirt(domain, &vcpu, &emulator, error) ||
        !check_kernel(domain, cgroup, &vcpu, &emulator, error))
        return FALSE;
    g_autofree char *text = hvb_cpus_text(&vcpu);
    g_strlcpy(ret_cpus, text, HVB_CPUS_MAX);
    return TRUE;
}
