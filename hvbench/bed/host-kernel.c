/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the host's kernel is set to, as far as guests feel it. */
#include "hvbench/bed/host-private.h"

#include <string.h>

#define SYSCTL_DIR "proc/sys/kernel"
#define DEBUG_DIR "sys/kernel/debug/sched"

/* How the options of a kernel's command line begin that are recorded. */
#define BOOT_OPTIONS                                                         \
    "acpi_ amd_ clocksource= cpufreq cpuidle default_hugepagesz= haltpoll "  \
    "highres= hugepages idle= intel_ irqaffinity= isolcpus= kvm maxcpus= "   \
    "mitigations= nested no_hz nohz nosmt nr_cpus= numa preempt= processor." \
    " rcu_nocb sched skew_tick= spec threadirqs transparent_hugepage= tsc="

/* "a, b, c" of what is in `parts` (char *), which is freed; NULL if nothing. */
static char *join(GPtrArray *parts, const char *separator)
{
    guint n = parts->len;

    g_ptr_array_add(parts, NULL);
    char *text = n > 0 ? g_strjoinv(separator, (char **)parts->pdata) : NULL;
    g_ptr_array_unref(parts);
    return text;
}

static gboolean begins_with_any(const char *text, const char *const *prefixes)
{
    for (; *prefixes; prefixes++)
        if (g_str_has_prefix(text, *prefixes))
            return TRUE;
    return FALSE;
}

char *hvb_host_distribution(const char *root)
{
    g_autofree char *text = hvb_host_read(root, "etc", "os-release");
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", 0);

    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, "PRETTY_NAME=")) {
            g_autofree char *name =
                g_shell_unquote(*line + strlen("PRETTY_NAME="), NULL);
            if (name)
                return g_steal_pointer(&name);
        }
    return NULL;
}

/* Not the whole command line: it is nobody's business what else a host is
 * started with. */
char *hvb_host_boot_options(const char *root)
{
    g_auto(GStrv) kept = g_strsplit(BOOT_OPTIONS, " ", 0);
    g_autofree char *line = hvb_host_read(root, "proc", "cmdline");
    g_auto(GStrv) words = g_strsplit(line ? line : "", " ", 0);
    GPtrArray *parts = g_ptr_array_new();

    for (char **word = words; *word; word++) {
        if (strcmp(*word, "--") == 0)
            break; /* what follows is init's */
        if (begins_with_any(*word, (const char *const *)kept))
            g_ptr_array_add(parts, *word);
    }
    char *text = join(parts, " ");
    return !text && line ? g_strdup("none") : text;
}

/* "full" of "none voluntary (full)" or "always [madvise] never". */
static char *chosen_word(const char *text, char open, char close)
{
    const char *from = text ? strchr(text, open) : NULL;
    const char *to = from ? strchr(from, close) : NULL;

    return to ? g_strndup(from + 1, (gsize)(to - from - 1)) : NULL;
}

/* Without debugfs only the kernel's version tells what it was built for. */
char *hvb_host_preemption(const char *root)
{
    g_autofree char *modes = hvb_host_read(root, DEBUG_DIR, "preempt");
    g_autofree char *version = hvb_host_read(root, SYSCTL_DIR, "version");
    g_auto(GStrv) words = g_strsplit(version ? version : "", " ", 0);
    char *mode = chosen_word(modes, '(', ')');

    for (char **word = words; !mode && *word; word++)
        if (g_str_has_prefix(*word, "PREEMPT"))
            mode = g_strdup(*word);
    return !mode && version ? g_strdup("none built in") : mode;
}

/* Adds "NAME=VALUE" of each file of the directory that is a plain number. */
static void add_numbers(GPtrArray *parts, const char *root, const char *dir,
                        const char *prefix)
{
    g_autoptr(GPtrArray) names = hvb_host_list(root, dir, prefix);

    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *value = hvb_host_read(root, dir, name);
        /* autogroup is a fact of its own */
        if (value &&
            g_ascii_string_to_signed(value, 10, G_MININT64, G_MAXINT64, NULL,
                                     NULL) &&
            strcmp(name, "sched_autogroup_enabled") != 0)
            g_ptr_array_add(parts, g_strdup_printf("%s=%s", name, value));
    }
}

char *hvb_host_scheduler(const char *root)
{
    GPtrArray *parts = g_ptr_array_new_with_free_func(g_free);

    add_numbers(parts, root, SYSCTL_DIR, "sched_");
    add_numbers(parts, root, DEBUG_DIR, "");
    return join(parts, " ");
}

char *hvb_host_hugepages(const char *root)
{
    g_autofree char *modes =
        hvb_host_read(root, "sys/kernel/mm/transparent_hugepage", "enabled");

    return chosen_word(modes, '[', ']');
}

char *hvb_host_same_page_merging(const char *root)
{
    return hvb_host_read_switch(root, "sys/kernel/mm/ksm", "run", '1');
}

char *hvb_host_mitigations(const char *root)
{
    static const char dir[] = "sys/devices/system/cpu/vulnerabilities";
    g_autoptr(GPtrArray) names = hvb_host_list(root, dir, "");
    GPtrArray *parts = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *state = hvb_host_read(root, dir, name);
        if (state && strcmp(state, "Not affected") != 0)
            g_ptr_array_add(parts, g_strdup_printf("%s (%s)", name, state));
    }
    char *text = join(parts, ", ");
    return !text && names->len > 0 ? g_strdup("none needed") : text;
}
