/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/placement.h"

#include "hvbench/bed/connection-private.h"

#include <string.h>

#define ONLINE "/sys/devices/system/cpu/online"
#define ALLOWED "\nCpus_allowed_list:"

static gboolean has_cpu(const HvbCpus *cpus, guint cpu)
{
    return (cpus->map[cpu / 8] >> (cpu % 8)) & 1;
}

static void add_cpu(HvbCpus *cpus, guint cpu)
{
    cpus->map[cpu / 8] |= (guint8)(1u << (cpu % 8));
}

static gboolean same_cpus(const HvbCpus *a, const HvbCpus *b)
{
    return memcmp(a->map, b->map, sizeof a->map) == 0;
}

guint hvb_cpus_count(const HvbCpus *cpus)
{
    guint n = 0;

    for (guint cpu = 0; cpu < HVB_CPU_LIMIT; cpu++)
        n += has_cpu(cpus, cpu) ? 1 : 0;
    return n;
}

static gboolean parse_range(const char *text, HvbCpus *cpus)
{
    g_auto(GStrv) ends = g_strsplit(text, "-", 2);
    guint64 first, last;

    if (!ends[0] ||
        !g_ascii_string_to_unsigned(ends[0], 10, 0, HVB_CPU_LIMIT - 1, &first,
                                    NULL))
        return FALSE;
    last = first;
    if (ends[1] && !g_ascii_string_to_unsigned(ends[1], 10, first,
                                               HVB_CPU_LIMIT - 1, &last, NULL))
        return FALSE;
    for (guint64 cpu = first; cpu <= last; cpu++)
        add_cpu(cpus, (guint)cpu);
    return TRUE;
}

gboolean hvb_cpus_parse(const char *text, HvbCpus *ret_cpus)
{
    g_autofree char *stripped = g_strstrip(g_strdup(text));
    g_auto(GStrv) ranges = g_strsplit(stripped, ",", -1);
    HvbCpus cpus = {0};

    for (guint i = 0; ranges[i]; i++)
        if (!parse_range(ranges[i], &cpus))
            return FALSE;
    *ret_cpus = cpus;
    return TRUE;
}

char *hvb_cpus_text(const HvbCpus *cpus)
{
    GString *text = g_string_new(NULL);

    for (guint cpu = 0; cpu < HVB_CPU_LIMIT; cpu++) {
        guint first = cpu;
        if (!has_cpu(cpus, cpu))
            continue;
        while (cpu + 1 < HVB_CPU_LIMIT && has_cpu(cpus, cpu + 1))
            cpu++;
        g_string_append_printf(text, "%s%u", text->len > 0 ? "," : "", first);
        if (cpu > first)
            g_string_append_printf(text, "-%u", cpu);
    }
    return g_string_free(text, FALSE);
}

/* A mask may name CPUs that the machine could have and has not. */
static gboolean drop_offline(HvbCpus *cpus, GError **error)
{
    g_autofree char *text = NULL;
    HvbCpus online;

    if (!g_file_get_contents(ONLINE, &text, NULL, NULL) ||
        !hvb_cpus_parse(text, &online)) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_TUNING,
                    "cannot tell this host's CPUs from " ONLINE);
        return FALSE;
    }
    for (gsize i = 0; i < sizeof cpus->map; i++)
        cpus->map[i] &= online.map[i];
    return TRUE;
}

gboolean hvb_cpus_of_thread(const char *directory, HvbCpus *ret_cpus,
                            GError **error)
{
    g_autofree char *path = g_build_filename(directory, "status", NULL);
    g_autofree char *status = NULL;
    const char *line = NULL;

    if (g_file_get_contents(path, &status, NULL, NULL))
        line = strstr(status, ALLOWED);
    if (line) {
        g_autofree char *list =
            g_strndup(line + strlen(ALLOWED),
                      strcspn(line + 1, "\n") + 1 - strlen(ALLOWED));
        if (hvb_cpus_parse(list, ret_cpus))
            return drop_offline(ret_cpus, error);
    }
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_TUNING,
                "cannot read from %s on which CPUs it may run", path);
    return FALSE;
}

void hvb_placement_choose(const HvbCpus *host, guint cpus, HvbAffinity affinity,
                          guint guest, HvbCpus *ret_cpus)
{
    guint all = hvb_cpus_count(host);
    guint wanted = cpus == 0 ? all : MIN(cpus, all);
    guint turn = wanted > 0 ? guest % wanted : 0;
    guint at = 0;

    *ret_cpus = (HvbCpus){0};
    for (guint cpu = 0; cpu < HVB_CPU_LIMIT && at < wanted; cpu++) {
        if (!has_cpu(host, cpu))
            continue;
        if (affinity == HVB_AFFINITY_FLOAT || at == turn)
            add_cpu(ret_cpus, cpu);
        at++;
    }
}

static gboolean check(virDomainPtr domain, const char *what, const char *source,
                      const HvbCpus *wanted, const HvbCpus *found,
                      GError **error)
{
    g_autofree char *wanted_text = hvb_cpus_text(wanted);
    g_autofree char *found_text = hvb_cpus_text(found);

    if (same_cpus(wanted, found))
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

gboolean hvb_placement_apply(virDomainPtr domain, const HvbCgroup *cgroup,
                             guint guest, guint cpus, HvbAffinity affinity,
                             char *ret_cpus, GError **error)
{
    HvbCpus host, vcpu, emulator;

    if (!hvb_cpus_of_thread("/proc/self", &host, error))
        return FALSE;
    hvb_placement_choose(&host, cpus, affinity, guest, &vcpu);
    hvb_placement_choose(&host, cpus, HVB_AFFINITY_FLOAT, guest, &emulator);
    if (!set(domain, &vcpu, &emulator, error) ||
        !check_libvirt(domain, &vcpu, &emulator, error) ||
        !check_kernel(domain, cgroup, &vcpu, &emulator, error))
        return FALSE;
    g_autofree char *text = hvb_cpus_text(&vcpu);
    g_strlcpy(ret_cpus, text, HVB_CPUS_MAX);
    return TRUE;
}
