/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/host.h"

#include "hvbench/bed/hierarchy.h"
#include "hvbench/bed/host-cpus.h"
#include "hvbench/bed/host-private.h"
#include "hvbench/bed/hypervisor.h"
#include "hvbench/bed/throttling.h"

#include <gio/gio.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#define CPU_DIR "sys/devices/system/cpu"
#define CGROUP_DIR "sys/fs/cgroup"
/* No processor has more; the loop over them must end. */
#define MAX_IDLE_STATES 32

guint hvb_host_count_cpus(const char *list)
{
    guint count = 0;
    const char *at = list;

    do {
        char *end;
        if (!g_ascii_isdigit(*at))
            return 0;
        guint64 first = g_ascii_strtoull(at, &end, 10);
        guint64 last = first;
        if (*end == '-' && g_ascii_isdigit(end[1]))
            last = g_ascii_strtoull(end + 1, &end, 10);
        if (last < first || last > G_MAXUINT16)
            return 0;
        count += (guint)(last - first + 1);
        at = end + 1;
        if (*end == '\0' || *end == '\n')
            return count;
        if (*end != ',')
            return 0;
    } while (TRUE);
}

char *hvb_host_field(const char *text, const char *name)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);

    for (char **line = lines; *line; line++) {
        char *colon = strchr(*line, ':');
        if (!colon)
            continue;
        *colon = '\0';
        if (strcmp(g_strstrip(*line), name) == 0)
            return g_strdup(g_strstrip(colon + 1));
    }
    return NULL;
}

static guint count_equal(const char *const *values, const char *value)
{
    guint n = 0;

    for (; *values; values++)
        n += strcmp(*values, value) == 0;
    return n;
}

char *hvb_host_tally(const char *const *values)
{
    guint all = g_strv_length((char **)values);
    GString *text;

    if (all == 0)
        return NULL;
    if (count_equal(values, values[0]) == all)
        return g_strdup(values[0]);
    text = g_string_new(NULL);
    for (guint i = 0; i < all; i++) {
        gboolean seen = FALSE;
        for (guint j = 0; j < i; j++)
            seen = seen || strcmp(values[j], values[i]) == 0;
        if (!seen)
            g_string_append_printf(text, "%s%s x%u", i > 0 ? ", " : "",
                                   values[i],
                                   count_equal(values + i, values[i]));
    }
    return g_string_free(text, FALSE);
}

char *hvb_host_read(const char *root, const char *dir, const char *file)
{
    g_autofree char *path = g_build_filename(root, dir, file, NULL);
    char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    return g_strstrip(text);
}

char *hvb_host_read_switch(const char *root, const char *dir, const char *file,
                           char on)
{
    g_autofree char *text = hvb_host_read(root, dir, file);

    return text ? g_strdup(*text == on ? "on" : "off") : NULL;
}

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *hvb_host_list(const char *root, const char *dir, const char *prefix)
{
    g_autofree char *path = g_build_filename(root, dir, NULL);
    g_autoptr(GDir) listing = g_dir_open(path, 0, NULL);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    while (listing && (name = g_dir_read_name(listing)))
        if (g_str_has_prefix(name, prefix))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_texts);
    return names;
}

static char *read_kernel(const char *root)
{
    g_autofree char *release =
        hvb_host_read(root, "proc/sys/kernel", "osrelease");
    g_autofree char *version =
        hvb_host_read(root, "proc/sys/kernel", "version");

    return release ? g_strjoin(" ", release, version, NULL) : NULL;
}

static char *read_throttling(const char *root)
{
    g_autofree char *release =
        hvb_host_read(root, "proc/sys/kernel", "osrelease");

    return g_strdup(
        hvb_throttling_name(hvb_throttling_of_release(release ? release : "")));
}

static char *read_cpuinfo(const char *root, const char *name)
{
    g_autofree char *cpuinfo = hvb_host_read(root, "proc", "cpuinfo");

    return cpuinfo ? hvb_host_field(cpuinfo, name) : NULL;
}

static char *read_cpu_model(const char *root)
{
    return read_cpuinfo(root, "model name");
}

static char *read_microcode(const char *root)
{
    return read_cpuinfo(root, "microcode");
}

static char *read_cpus(const char *root)
{
    g_autofree char *online = hvb_host_read(root, CPU_DIR, "online");
    guint cpus = online ? hvb_host_count_cpus(online) : 0;

    return cpus > 0 ? g_strdup_printf("%u", cpus) : NULL;
}

static char *read_usable_cpus(const char *root)
{
    HvbHostCpus cpus;

    return hvb_host_cpus_read(root, &cpus, NULL) ? hvb_cpus_text(&cpus.usable)
                                                 : NULL;
}

static char *read_isolated_cpus(const char *root)
{
    HvbHostCpus cpus;

    if (!hvb_host_cpus_read_own(root, &cpus, NULL))
        return NULL;
    return hvb_cpus_count(&cpus.isolated) > 0 ? hvb_cpus_text(&cpus.isolated)
                                              : g_strdup("none");
}

/* `control` also knows why SMT is not in use; `active` is what counts. */
static char *read_smt(const char *root)
{
    g_autofree char *active = hvb_host_read(root, CPU_DIR "/smt", "active");

    if (active && *active == '1')
        return g_strdup("on");
    return hvb_host_read(root, CPU_DIR "/smt", "control");
}

static char *read_governor(const char *root)
{
    g_autoptr(GPtrArray) cpus = hvb_host_list(root, CPU_DIR, "cpu");
    g_autoptr(GPtrArray) governors = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < cpus->len; i++) {
        const char *name = cpus->pdata[i];
        g_autofree char *cpu = g_build_filename(CPU_DIR, name, "cpufreq", NULL);
        char *governor = NULL;
        if (g_ascii_isdigit(name[3]))
            governor = hvb_host_read(root, cpu, "scaling_governor");
        if (governor)
            g_ptr_array_add(governors, governor);
    }
    g_ptr_array_sort(governors, compare_texts);
    g_ptr_array_add(governors, NULL);
    return hvb_host_tally((const char *const *)governors->pdata);
}

static char *read_turbo(const char *root)
{
    char *text =
        hvb_host_read_switch(root, CPU_DIR "/intel_pstate", "no_turbo", '0');

    return text ? text
                : hvb_host_read_switch(root, CPU_DIR "/cpufreq", "boost", '1');
}

static char *read_idle_driver(const char *root)
{
    g_autofree char *driver =
        hvb_host_read(root, CPU_DIR "/cpuidle", "current_driver");
    g_autofree char *governor =
        hvb_host_read(root, CPU_DIR "/cpuidle", "current_governor");

    return driver ? g_strjoin(", ", driver, governor, NULL) : NULL;
}

static char *read_idle_states(const char *root)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < MAX_IDLE_STATES; i++) {
        g_autofree char *dir =
            g_strdup_printf(CPU_DIR "/cpu0/cpuidle/state%u", i);
        g_autofree char *name = hvb_host_read(root, dir, "name");
        g_autofree char *latency = hvb_host_read(root, dir, "latency");
        g_autofree char *disable = hvb_host_read(root, dir, "disable");
        if (!name || !latency)
            break;
        g_string_append_printf(text, "%s%s %s us%s", i > 0 ? ", " : "", name,
                               latency,
                               disable && *disable != '0' ? " (off)" : "");
    }
    return g_string_free(text, text->len == 0);
}

char *hvb_host_clocksource(const char *root)
{
    return hvb_host_read(root, "sys/devices/system/clocksource/clocksource0",
                         "current_clocksource");
}

static gboolean exists(const char *root, const char *path)
{
    g_autofree char *whole = g_build_filename(root, path, NULL);

    return g_file_test(whole, G_FILE_TEST_EXISTS);
}

static char *read_cgroup(const char *root)
{
    if (hvb_hierarchy_is_v2(root))
        return g_strdup("v2");
    return g_strdup(exists(root, CGROUP_DIR "/cpu") ? "v1" : "none");
}

/* v2's root group has no limits of its own, only the list of controllers. */
static char *read_cgroup_cpu(const char *root)
{
    static const char *const v1[][2] = {
        {CGROUP_DIR "/cpu/cpu.shares", "shares"},
        {CGROUP_DIR "/cpu/cpu.cfs_quota_us", "quota"},
        {CGROUP_DIR "/cpuacct/cpuacct.usage", "usage"},
    };
    GString *text = g_string_new(NULL);

    if (hvb_hierarchy_is_v2(root)) {
        g_autofree char *all =
            hvb_host_read(root, CGROUP_DIR, "cgroup.controllers");
        g_auto(GStrv) names = g_strsplit(all ? all : "", " ", 0);
        if (g_strv_contains((const char *const *)names, "cpu"))
            g_string_append(text, "cpu");
        return g_string_free(text, FALSE);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(v1); i++) {
        if (exists(root, v1[i][0]))
            g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "",
                                   v1[i][1]);
    }
    return g_string_free(text, FALSE);
}

static char *read_autogroup(const char *root)
{
    return hvb_host_read_switch(root, "proc/sys/kernel",
                                "sched_autogroup_enabled", '1');
}

static char *read_memory(const char *root)
{
    g_autofree char *meminfo = hvb_host_read(root, "proc", "meminfo");
    g_autofree char *total =
        meminfo ? hvb_host_field(meminfo, "MemTotal") : NULL;

    return total ? g_strdup_printf("%" G_GINT64_FORMAT,
                                   g_ascii_strtoll(total, NULL, 10) / 1024)
                 : NULL;
}

static char *read_virtualized(const char *root)
{
    g_autofree char *flags = read_cpuinfo(root, "flags");
    g_autofree char *vendor =
        hvb_host_read(root, "sys/class/dmi/id", "sys_vendor");
    g_autofree char *product =
        hvb_host_read(root, "sys/class/dmi/id", "product_name");

    if (!flags)
        return NULL;
    g_auto(GStrv) words = g_strsplit(flags, " ", 0);
    if (!g_strv_contains((const char *const *)words, "hypervisor"))
        return g_strdup("no");
    return vendor ? g_strdup_printf("yes: %s%s%s", vendor, product ? " " : "",
                                    product ? product : "")
                  : g_strdup("yes");
}

static char *read_kvm(const char *root)
{
    g_autofree char *path = g_build_filename(root, "dev/kvm", NULL);
    struct stat status;

    if (stat(path, &status) != 0)
        return g_strdup("no /dev/kvm");
    const struct passwd *user = getpwuid(status.st_uid);
    const struct group *group = getgrgid(status.st_gid);
    return g_strdup_printf("%04o %s:%s", status.st_mode & 07777,
                           user ? user->pw_name : "?",
                           group ? group->gr_name : "?");
}

static void add_parameters(GPtrArray *all, const char *root, const char *module)
{
    g_autofree char *dir =
        g_build_filename("sys/module", module, "parameters", NULL);
    g_autoptr(GPtrArray) names = hvb_host_list(root, dir, "");

    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *value = hvb_host_read(root, dir, name);
        if (value)
            g_ptr_array_add(all,
                            g_strdup_printf("%s.%s=%s", module, name, value));
    }
}

static char *read_kvm_parameters(const char *root)
{
    g_autoptr(GPtrArray) modules = hvb_host_list(root, "sys/module", "kvm");
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < modules->len; i++) {
        const char *name = modules->pdata[i];
        if (strcmp(name, "kvm") == 0 || g_str_has_prefix(name, "kvm_"))
            add_parameters(all, root, name);
    }
    g_ptr_array_add(all, NULL);
    return all->len > 1 ? g_strjoinv(" ", (char **)all->pdata) : NULL;
}

/* `value` as it may stand in tables and pages. */
static char *one_line(const char *value)
{
    char *line = g_utf8_make_valid(value, -1);

    for (char *c = line; *c != '\0'; c++)
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    return g_strstrip(line);
}

/* Takes `value` over. */
static void add_fact(GArray *facts, const char *key, char *value)
{
    HvbHostFact fact = {
        .key = key,
        .value = one_line(value && *value ? value : HVB_HOST_UNKNOWN),
    };

    g_free(value);
    g_array_append_vals(facts, &fact, 1);
}

static void clear_fact(gpointer fact)
{
    g_free(((HvbHostFact *)fact)->value);
}

GArray *hvb_host_facts_below(const char *root)
{
    static const struct {
        const char *key;
        char *(*read)(const char *root);
    } readers[] = {
        {"host.distribution", hvb_host_distribution},
        {"host.kernel", read_kernel},
        {"host.throttling", read_throttling},
        {"host.boot_options", hvb_host_boot_options},
        {"host.preemption", hvb_host_preemption},
        {"host.scheduler", hvb_host_scheduler},
        {"host.autogroup", read_autogroup},
        {"host.cpu_model", read_cpu_model},
        {"host.microcode", read_microcode},
        {"host.cpus", read_cpus},
        {"host.usable_cpus", read_usable_cpus},
        {"host.isolated_cpus", read_isolated_cpus},
        {"host.smt", read_smt},
        {"host.governor", read_governor},
        {"host.turbo", read_turbo},
        {"host.idle_driver", read_idle_driver},
        {"host.idle_states", read_idle_states},
        {"host.clocksource", hvb_host_clocksource},
        {"host.cgroup", read_cgroup},
        {"host.cgroup_cpu", read_cgroup_cpu},
        {"host.mitigations", hvb_host_mitigations},
        {"host.memory_mib", read_memory},
        {"host.transparent_hugepages", hvb_host_hugepages},
        {"host.same_page_merging", hvb_host_same_page_merging},
        {"host.virtualized", read_virtualized},
        {"host.kvm", read_kvm},
        {"host.kvm_parameters", read_kvm_parameters},
    };
    GArray *facts = g_array_new(FALSE, FALSE, sizeof(HvbHostFact));

    g_array_set_clear_func(facts, clear_fact);
    for (gsize i = 0; i < G_N_ELEMENTS(readers); i++)
        add_fact(facts, readers[i].key, readers[i].read(root));
    return facts;
}

GArray *hvb_host_facts(void)
{
    GArray *facts = hvb_host_facts_below("/");

    add_fact(facts, "host.libvirt", hvb_hypervisor_library());
    add_fact(facts, "host.qemu", hvb_hypervisor_emulator());
    return facts;
}

static HvbHostFact *find_fact(const GArray *facts, const char *key)
{
    for (guint i = 0; i < facts->len; i++) {
        HvbHostFact *fact = &g_array_index(facts, HvbHostFact, i);
        if (strcmp(fact->key, key) == 0)
            return fact;
    }
    return NULL;
}

void hvb_host_facts_without_guests(GArray *facts, const char *root)
{
    HvbHostFact *fact = find_fact(facts, "host.usable_cpus");
    HvbHostCpus cpus;

    if (!fact || !hvb_host_cpus_read_own(root, &cpus, NULL))
        return;
    g_free(fact->value);
    fact->value = hvb_cpus_text(&cpus.usable);
}

const char *hvb_host_fact(const GArray *facts, const char *key)
{
    const HvbHostFact *fact = find_fact(facts, key);

    return fact ? fact->value : HVB_HOST_UNKNOWN;
}
