/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/host-cpus.h"

#include "hvbench/bed/bed-error.h"
#include "hvbench/bed/hierarchy.h"

#include <string.h>

#define CPU_DIR "sys/devices/system/cpu"
#define ALLOWED "\nCpus_allowed_list:"

gboolean hvb_cpus_have(const HvbCpus *cpus, guint cpu)
{
    return (cpus->map[cpu / 8] >> (cpu % 8)) & 1;
}

void hvb_cpus_add(HvbCpus *cpus, guint cpu)
{
    cpus->map[cpu / 8] |= (guint8)(1u << (cpu % 8));
}

gboolean hvb_cpus_equal(const HvbCpus *a, const HvbCpus *b)
{
    return memcmp(a->map, b->map, sizeof a->map) == 0;
}

void hvb_cpus_intersect(HvbCpus *cpus, const HvbCpus *others)
{
    for (gsize i = 0; i < sizeof cpus->map; i++)
        cpus->map[i] &= others->map[i];
}

guint hvb_cpus_count(const HvbCpus *cpus)
{
    guint n = 0;

    for (guint cpu = 0; cpu < HVB_CPU_LIMIT; cpu++)
        n += hvb_cpus_have(cpus, cpu) ? 1 : 0;
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
        hvb_cpus_add(cpus, (guint)cpu);
    return TRUE;
}

gboolean hvb_cpus_parse(const char *text, HvbCpus *ret_cpus)
{
    g_autofree char *stripped = g_strstrip(g_strdup(text));
    g_auto(GStrv) ranges = g_strsplit(stripped, ",", -1);
    HvbCpus cpus = {0};

    for (guint i = 0; *stripped && ranges[i]; i++)
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
        if (!hvb_cpus_have(cpus, cpu))
            continue;
        while (cpu + 1 < HVB_CPU_LIMIT && hvb_cpus_have(cpus, cpu + 1))
            cpu++;
        g_string_append_printf(text, "%s%u", text->len > 0 ? "," : "", first);
        if (cpu > first)
            g_string_append_printf(text, "-%u", cpu);
    }
    return g_string_free(text, FALSE);
}

/* NULL: there is no such file, or it names no CPU. Such a list may end in
 * nothing, as of a host that isolates none. */
static const HvbCpus *read_list(const char *root, const char *file,
                                HvbCpus *cpus)
{
    g_autofree char *path = g_build_filename(root, file, NULL);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL) ||
        !hvb_cpus_parse(text, cpus) || hvb_cpus_count(cpus) == 0)
        return NULL;
    return cpus;
}

static gboolean read_online(const char *root, HvbCpus *ret_cpus, GError **error)
{
    if (read_list(root, CPU_DIR "/online", ret_cpus))
        return TRUE;
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_TUNING,
                "cannot tell this host's CPUs from /" CPU_DIR "/online");
    return FALSE;
}

static gboolean read_allowed(const char *directory, HvbCpus *ret_cpus,
                             GError **error)
{
    g_autofree char *path = g_build_filename(directory, "status", NULL);
    g_autofree char *status = NULL;
    const char *line = NULL;

    if (g_file_get_contents(path, &status, NULL, NULL))
        line = strstr(status, ALLOWED);
    if (line) {
        const char *list = line + strlen(ALLOWED);
        g_autofree char *text = g_strndup(list, strcspn(list, "\n"));
        if (hvb_cpus_parse(text, ret_cpus) && hvb_cpus_count(ret_cpus) > 0)
            return TRUE;
    }
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_TUNING,
                "cannot read from %s on which CPUs it may run", path);
    return FALSE;
}

/* A mask may name CPUs that the machine could have and has not. */
gboolean hvb_cpus_of_thread(const char *directory, HvbCpus *ret_cpus,
                            GError **error)
{
    HvbCpus online;

    if (!read_allowed(directory, ret_cpus, error) ||
        !read_online("/", &online, error))
        return FALSE;
    hvb_cpus_intersect(ret_cpus, &online);
    return TRUE;
}

static void drop_forbidden(const char *root, HvbCpus *cpus)
{
    gboolean v2 = hvb_hierarchy_is_v2(root);
    g_autoptr(GPtrArray) machines =
        hvb_hierarchy_machines(root, v2 ? NULL : "cpuset");

    for (guint i = 0; i < machines->len; i++) {
        g_autofree char *list =
            hvb_hierarchy_read(machines->pdata[i],
                               v2 ? "cpuset.cpus.effective"
                                  : "cpuset.effective_cpus");
        HvbCpus group;
        if (list && hvb_cpus_parse(list, &group) && hvb_cpus_count(&group) > 0)
            hvb_cpus_intersect(cpus, &group);
    }
}

gboolean hvb_host_cpus_read_own(const char *root, HvbHostCpus *ret_cpus,
                                GError **error)
{
    g_autofree char *self = g_build_filename(root, "proc/self", NULL);
    HvbHostCpus cpus = {0};

    if (!read_online(root, &cpus.online, error) ||
        !read_allowed(self, &cpus.usable, error))
        return FALSE;
    hvb_cpus_intersect(&cpus.usable, &cpus.online);
    (void)read_list(root, CPU_DIR "/isolated", &cpus.isolated);
    *ret_cpus = cpus;
    return TRUE;
}

gboolean hvb_host_cpus_read(const char *root, HvbHostCpus *ret_cpus,
                            GError **error)
{
    HvbHostCpus cpus;

    if (!hvb_host_cpus_read_own(root, &cpus, error))
        return FALSE;
    drop_forbidden(root, &cpus.usable);
    if (hvb_cpus_count(&cpus.usable) == 0) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_TUNING,
                    "no CPU of this host is left for guests: those that "
                    "hvbench may use are not in the cpuset of the control "
                    "group machine, or of machine.slice");
        return FALSE;
    }
    *ret_cpus = cpus;
    return TRUE;
}

char *hvb_host_cpus_doubt(const HvbHostCpus *cpus)
{
    HvbCpus isolated = cpus->usable;
    GString *text = g_string_new(NULL);
    g_autofree char *usable = hvb_cpus_text(&cpus->usable);

    hvb_cpus_intersect(&isolated, &cpus->isolated);
    if (!hvb_cpus_equal(&cpus->usable, &cpus->online)) {
        g_autofree char *online = hvb_cpus_text(&cpus->online);
        g_string_append_printf(text,
                               "only %s of the host's CPUs %s may be used (by "
                               "hvbench's affinity, or a cpuset): what is "
                               "measured runs there",
                               usable, online);
    }
    if (hvb_cpus_count(&isolated) > 0 && hvb_cpus_count(&cpus->usable) > 1) {
        g_autofree char *list = hvb_cpus_text(&isolated);
        g_string_append_printf(text,
                               "%sCPUs %s of those that are used are isolated: "
                               "the kernel moves nothing between them and "
                               "others, so what floats stays where it happens "
                               "to be",
                               text->len > 0 ? "; " : "", list);
    }
    return g_string_free(text, text->len == 0);
}

char *hvb_host_cpus_lack(const HvbHostCpus *cpus, guint wanted)
{
    guint n = hvb_cpus_count(&cpus->usable);
    g_autofree char *usable = hvb_cpus_text(&cpus->usable);

    if (wanted <= n)
        return NULL;
    return g_strdup_printf("it wants its guests on %u of the host's CPUs, and "
                           "there %s for them (%s): they have less CPU than "
                           "the scenario means",
                           wanted, n == 1 ? "is one" : "are fewer", usable);
}
