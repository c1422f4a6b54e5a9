/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/checks.h"

#include "hvbench/bed/connection.h"
#include "hvbench/bed/host.h"

#include <string.h>

#define ANY_STEAL_PERCENT 1.0 /* the finest that a second's ticks can tell */
/* A result set takes a few MiB, the guests' files some tens. */
#define SPACE_NEEDED_MIB 16
#define SPACE_WANTED_MIB 200

static gboolean is_unknown(const char *value)
{
    return strcmp(value, HVB_HOST_UNKNOWN) == 0;
}

static gboolean has_word(const char *text, const char *word)
{
    g_auto(GStrv) words = g_strsplit(text, " ", 0);

    return g_strv_contains((const char *const *)words, word);
}

HvbCheck hvb_check_privileges(gboolean root, gboolean in_libvirt_group,
                              const char *uri)
{
    static const char what[] = "privileges";

    if (uri && g_str_has_suffix(uri, "/session"))
        return hvb_check_new(
            HVB_CHECK_FAIL, what, "give --connect qemu:///system",
            "%s runs guests without privileges: they get no control groups, "
            "hence no caps and no weights",
            uri);
    if (root)
        return hvb_check_new(HVB_CHECK_OK, what, NULL, "root");
    if (!uri)
        return hvb_check_new(
            HVB_CHECK_FAIL, what,
            "run it as root, or give --connect qemu:///system as a member of "
            "the group libvirt",
            "not root: libvirt's embedded driver can set CPU caps only for "
            "root");
    if (in_libvirt_group)
        return hvb_check_new(HVB_CHECK_OK, what, NULL,
                             "member of the group libvirt");
    return hvb_check_new(
        HVB_CHECK_WARN, what,
        "as root: usermod -a -G libvirt USER, and log in again",
        "neither root nor in the group libvirt: the daemon may refuse");
}

HvbCheck hvb_check_kvm_device(HvbKvmState state, const char *why,
                              const char *shown)
{
    /* A host without KVM is none that anything is wrong with. */
    if (state == HVB_KVM_OPEN || state == HVB_KVM_ABSENT)
        return hvb_check_new(HVB_CHECK_OK, HVB_KVM_DEVICE, NULL, "%s", shown);
    return hvb_check_new(
        HVB_CHECK_WARN, HVB_KVM_DEVICE, hvb_kvm_remedy(state), "%s%s", why,
        state == HVB_KVM_CLOSED
            ? "; libvirt then probes QEMU again for each guest, which takes "
              "about a minute each"
            : "");
}

HvbCheck hvb_check_cgroup(const char *version, const char *controllers)
{
    static const char what[] = "cgroups";
    static const char *const v1[] = {"shares", "quota", "usage"};
    GString *missing = NULL;

    if (strcmp(version, "v2") == 0) {
        if (has_word(controllers, "cpu"))
            return hvb_check_new(HVB_CHECK_OK, what, NULL,
                                 "v2 with the cpu controller");
        return hvb_check_new(
            HVB_CHECK_FAIL, what,
            "enable it (echo +cpu >cgroup.subtree_control in the parent "
            "group), or leave the container that withholds it",
            "v2 without the cpu controller: no caps and no weights");
    }
    if (strcmp(version, "v1") != 0)
        return hvb_check_new(
            HVB_CHECK_FAIL, what,
            "mount cgroup2 on /sys/fs/cgroup, or v1's cpu and cpuacct on "
            "/sys/fs/cgroup/cpu and /sys/fs/cgroup/cpuacct",
            "no control groups below /sys/fs/cgroup");
    for (gsize i = 0; i < G_N_ELEMENTS(v1); i++) {
        if (has_word(controllers, v1[i]))
            continue;
        if (!missing)
            missing = g_string_new(v1[i]);
        else
            g_string_append_printf(missing, ", %s", v1[i]);
    }
    if (!missing)
        return hvb_check_new(HVB_CHECK_OK, what, NULL, "v1: cpu and cpuacct");
    g_autofree char *list = g_string_free(missing, FALSE);
    return hvb_check_new(
        HVB_CHECK_FAIL, what,
        "mount the controllers cpu and cpuacct on /sys/fs/cgroup/cpu and "
        "/sys/fs/cgroup/cpuacct; the quota needs a kernel with "
        "CONFIG_CFS_BANDWIDTH",
        "v1, but CPU %s missing", list);
}

HvbCheck hvb_check_limits(const HvbTuning *tuning)
{
    static const char what[] = "limits";
    static const char remedy[] =
        "set the kernel's defaults there, or measure what is limited so: each "
        "result tells it";

    if (!*tuning->above)
        return hvb_check_new(HVB_CHECK_OK, what, NULL,
                             "none on the control groups above the guests");
    if (!*tuning->limit_group)
        return hvb_check_new(HVB_CHECK_WARN, what, remedy,
                             "control groups above the guests are not as the "
                             "kernel made them: %s",
                             tuning->above);
    return hvb_check_new(HVB_CHECK_WARN, what, remedy,
                         "all guests together get %.4g %% of a CPU at most, by "
                         "the control group %s: %s",
                         100.0 * (double)tuning->limit_quota_us /
                             (double)tuning->limit_period_us,
                         tuning->limit_group, tuning->above);
}

HvbCheck hvb_check_cpus(const char *cpus)
{
    if (g_ascii_strtoull(cpus, NULL, 10) >= 2)
        return hvb_check_new(HVB_CHECK_OK, "CPUs", NULL, "%s", cpus);
    return hvb_check_new(HVB_CHECK_WARN, "CPUs",
                         "measure on a host with at least 2 CPUs",
                         "%s: hvbench itself competes with the guests", cpus);
}

HvbCheck hvb_check_usable_cpus(const char *usable, const char *doubt)
{
    static const char what[] = "guests' CPUs";

    if (!doubt)
        return hvb_check_new(HVB_CHECK_OK, what, NULL, "%s", usable);
    return hvb_check_new(HVB_CHECK_WARN, what,
                         "run hvbench without taskset and outside of cpusets, "
                         "on CPUs that are not isolated",
                         "%s", doubt);
}

HvbCheck hvb_check_smt(const char *smt)
{
    if (strcmp(smt, "on") == 0)
        return hvb_check_new(HVB_CHECK_OK, "SMT", NULL,
                             "on (note: two CPUs of a core slow each other "
                             "down, so a CPU second is not always worth the "
                             "same)");
    return hvb_check_new(HVB_CHECK_OK, "SMT", NULL, "%s",
                         strncmp(smt, "not", 3) == 0 ? "not supported" : smt);
}

HvbCheck hvb_check_governor(const char *governor)
{
    if (is_unknown(governor))
        return hvb_check_new(HVB_CHECK_OK, "governor", NULL,
                             "none here (note: if a host below this one "
                             "changes the frequency, it cannot be seen)");
    if (strcmp(governor, "performance") == 0)
        return hvb_check_new(HVB_CHECK_OK, "governor", NULL, "%s", governor);
    return hvb_check_new(
        HVB_CHECK_WARN, "governor", "cpupower frequency-set -g performance",
        "%s: the CPU's speed follows the load that is measured", governor);
}

HvbCheck hvb_check_turbo(const char *turbo)
{
    if (strcmp(turbo, "on") == 0)
        return hvb_check_new(HVB_CHECK_OK, "turbo", NULL,
                             "on (note: one busy CPU is faster than many)");
    return hvb_check_new(HVB_CHECK_OK, "turbo", NULL, "%s",
                         is_unknown(turbo) ? "none here" : turbo);
}

HvbCheck hvb_check_clocksource(const char *clocksource)
{
    static const char *const good[] = {
        "tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter",
        NULL,
    };

    if (g_strv_contains(good, clocksource))
        return hvb_check_new(HVB_CHECK_OK, "clocksource", NULL, "%s",
                             clocksource);
    return hvb_check_new(
        HVB_CHECK_WARN, "clocksource",
        "see why the kernel distrusts the TSC (dmesg | grep -i tsc); boot "
        "with tsc=reliable only if you know better",
        "%s: reading the time is slow or coarse", clocksource);
}

HvbCheck hvb_check_autogroup(const char *autogroup)
{
    if (strcmp(autogroup, "on") == 0)
        return hvb_check_new(HVB_CHECK_OK, "autogroup", NULL,
                             "on (note: nice values of this host's processes "
                             "count within a session only; guests have "
                             "control groups of their own)");
    return hvb_check_new(HVB_CHECK_OK, "autogroup", NULL, "%s",
                         is_unknown(autogroup) ? "none here" : autogroup);
}

static gint64 field_mib(const char *meminfo, const char *name)
{
    g_autofree char *value = hvb_host_field(meminfo, name);

    return value ? g_ascii_strtoll(value, NULL, 10) / 1024 : 0;
}

HvbCheck hvb_check_swap(const char *meminfo)
{
    gint64 total_mib = field_mib(meminfo, "SwapTotal");
    gint64 used_mib = total_mib - field_mib(meminfo, "SwapFree");

    if (used_mib <= 0)
        return hvb_check_new(HVB_CHECK_OK, "swap", NULL, "%s",
                             total_mib > 0 ? "not in use" : "none");
    return hvb_check_new(
        HVB_CHECK_WARN, "swap",
        "end what needs the memory, then: swapoff -a && swapon -a",
        "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
        " MiB in use: a guest that is paged out seems slow",
        used_mib, total_mib);
}

HvbCheck hvb_check_foreign(double percent, double limit, double loadavg,
                           const char *busiest)
{
    if (percent <= limit)
        return hvb_check_new(HVB_CHECK_OK, "other load", NULL,
                             "%.1f %% of a CPU, load average %.2f", percent,
                             loadavg);
    return hvb_check_new(
        HVB_CHECK_WARN, "other load", "end or stop what is not needed",
        "%.1f %% of a CPU, load average %.2f: cells are disturbed beyond "
        "%.1f %%%s%s",
        percent, loadavg, limit, *busiest ? "; busiest: " : "", busiest);
}

HvbCheck hvb_check_steal(double percent)
{
    if (percent <= ANY_STEAL_PERCENT)
        return hvb_check_new(HVB_CHECK_OK, "steal", NULL, "%.1f %% of a CPU",
                             percent);
    return hvb_check_new(
        HVB_CHECK_WARN, "steal",
        "measure when the host below is quiet, or on a host of your own",
        "%.1f %% of a CPU: this host is a guest itself, and waits for its "
        "own host",
        percent);
}

HvbCheck hvb_check_space(const char *what, const char *dir, guint64 free_mib,
                         gboolean writable)
{
    if (!writable)
        return hvb_check_new(HVB_CHECK_WARN, what,
                             "run hvbench elsewhere, or with -o DIR",
                             "%s is not writable", dir);
    if (free_mib >= SPACE_WANTED_MIB)
        return hvb_check_new(HVB_CHECK_OK, what, NULL,
                             "%" G_GUINT64_FORMAT " MiB free in %s", free_mib,
                             dir);
    return hvb_check_new(free_mib < SPACE_NEEDED_MIB ? HVB_CHECK_FAIL
                                                     : HVB_CHECK_WARN,
                         what, "make room",
                         "only %" G_GUINT64_FORMAT " MiB free in %s", free_mib,
                         dir);
}
