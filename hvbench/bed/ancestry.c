/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/ancestry.h"

#include "hvbench/bed/bed-error.h"
#include "hvbench/bed/hierarchy.h"

#include <string.h>

struct _HvbAncestry {
    gboolean v2;
    char *mount;    /* of the hierarchy with the CPU controller */
    GPtrArray *cpu; /* char *: the groups' directories, nearest first */
    char *cpuset_mount;
    GPtrArray *cpuset;
    char *weighed;
    char *online; /* the host's CPUs, as the kernel lists them; NULL: unknown */
};

HvbAncestry *hvb_ancestry_new(const HvbAncestryPlace *place)
{
    HvbAncestry *self = g_new0(HvbAncestry, 1);
    g_autofree char *online =
        g_build_filename(place->root, "sys/devices/system/cpu/online", NULL);

    self->v2 = place->v2;
    self->mount = g_strdup(place->cpu_mount);
    self->cpu = hvb_hierarchy_climb(place->cpu_mount, place->cpu);
    self->cpuset_mount = g_strdup(place->cpuset_mount);
    self->cpuset = hvb_hierarchy_climb(place->cpuset_mount, place->cpuset);
    self->weighed = g_strdup(place->weighed);
    if (g_file_get_contents(online, &self->online, NULL, NULL))
        g_strstrip(self->online);
    return self;
}

void hvb_ancestry_free(HvbAncestry *ancestry)
{
    if (!ancestry)
        return;
    g_free(ancestry->mount);
    g_free(ancestry->cpuset_mount);
    g_free(ancestry->online);
    g_free(ancestry->weighed);
    g_ptr_array_unref(ancestry->cpu);
    g_ptr_array_unref(ancestry->cpuset);
    g_free(ancestry);
}

/* The group that guests will be in, or, as long as there is none, the root. */
static char *partition_of(const char *root, const char *controller)
{
    g_autoptr(GPtrArray) machines = hvb_hierarchy_machines(root, controller);

    return machines->len > 0 ? g_strdup(machines->pdata[0])
                             : hvb_hierarchy_mount(root, controller);
}

HvbAncestry *hvb_ancestry_of_partition(const char *root)
{
    gboolean v2 = hvb_hierarchy_is_v2(root);
    const char *cpu_controller = v2 ? NULL : "cpu";
    const char *cpuset_controller = v2 ? NULL : "cpuset";
    g_autofree char *cpu_mount = hvb_hierarchy_mount(root, cpu_controller);
    g_autofree char *cpuset_mount =
        hvb_hierarchy_mount(root, cpuset_controller);
    g_autofree char *cpu = partition_of(root, cpu_controller);
    g_autofree char *cpuset = partition_of(root, cpuset_controller);

    const HvbAncestryPlace place = {
        .root = root,
        .v2 = v2,
        .cpu_mount = cpu_mount,
        .cpu = cpu,
        .cpuset_mount = cpuset_mount,
        .cpuset = cpuset,
    };
    return hvb_ancestry_new(&place);
}

/* The setting `text` of `group`; those of one group stand together. */
static void append(GString *above, const char *group, const char **last,
                   const char *text)
{
    if (g_strcmp0(group, *last) == 0)
        g_string_append_printf(above, ", %s", text);
    else
        g_string_append_printf(above, "%s%s: %s", above->len > 0 ? " and " : "",
                               group, text);
    *last = group;
}

static void append_quota(GString *above, const char *group, const char **last,
                         const HvbGroupCpu *settings)
{
    g_autofree char *text =
        g_strdup_printf("quota %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " us",
                        settings->quota_us, settings->period_us);

    append(above, group, last, text);
    if (settings->burst_us == 0)
        return;
    g_autofree char *burst =
        g_strdup_printf("burst %" G_GINT64_FORMAT " us", settings->burst_us);
    append(above, group, last, burst);
}

static void append_weight(GString *above, const char *group, const char **last,
                          const HvbGroupCpu *settings)
{
    g_autofree char *text =
        settings->idle
            ? g_strdup("idle")
            : g_strdup_printf("weight %" G_GUINT64_FORMAT, settings->shares);

    append(above, group, last, text);
}

static void note_limit(HvbTuning *tuning, const char *group,
                       const HvbGroupCpu *settings)
{
    if (*tuning->limit_group &&
        (double)tuning->limit_quota_us / (double)tuning->limit_period_us <=
            (double)settings->quota_us / (double)settings->period_us)
        return;
    g_strlcpy(tuning->limit_group, group, sizeof tuning->limit_group);
    tuning->limit_quota_us = settings->quota_us;
    tuning->limit_period_us = settings->period_us;
    tuning->limit_burst_us = settings->burst_us;
}

static gboolean read_cpu(const HvbAncestry *self, const char *dir,
                         GString *above, const char **last, HvbTuning *tuning,
                         GError **error)
{
    const char *group = hvb_hierarchy_name(self->mount, dir);
    HvbGroupCpu settings;

    if (!hvb_group_files_read_settings(dir, self->v2, &settings,
                                       HVB_BED_ERROR_TUNING, error))
        return FALSE;
    if (settings.quota_us >= 0 && settings.period_us > 0) {
        append_quota(above, group, last, &settings);
        note_limit(tuning, group, &settings);
    }
    if (g_strcmp0(dir, self->weighed) != 0 &&
        (settings.idle ||
         (settings.shares > 0 &&
          settings.shares != hvb_group_files_default_shares(self->v2))))
        append_weight(above, group, last, &settings);
    return TRUE;
}

/* The CPUs that a group may use: what it was given, or has from above. NULL: it
 * was not told. Caller frees. */
static char *read_cpus(const char *dir)
{
    static const char *const files[] = {"cpuset.cpus.effective",
                                        "cpuset.effective_cpus", "cpuset.cpus"};

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(dir, files[i], NULL);
        char *text = NULL;
        if (g_file_get_contents(path, &text, NULL, NULL))
            return *g_strstrip(text) != '\0' ? text : (g_free(text), NULL);
    }
    return NULL;
}

static void read_cpuset(const HvbAncestry *self, const char *dir,
                        GString *above, const char **last)
{
    g_autofree char *cpus = read_cpus(dir);

    if (!cpus || !self->online || g_str_equal(cpus, self->online))
        return;
    g_autofree char *text = g_strdup_printf("CPUs %s", cpus);
    append(above, hvb_hierarchy_name(self->cpuset_mount, dir), last, text);
}

/* One that is too long still differs from another of which only the end is
 * another. */
static void store(const GString *above, char *ret, gsize size)
{
    g_autofree char *sum =
        g_strdup_printf(" ... (sum %08x)", g_str_hash(above->str));

    g_strlcpy(ret, above->str, size);
    if (above->len >= size)
        strcpy(ret + size - 1 - strlen(sum), sum);
}

gboolean hvb_ancestry_read(const HvbAncestry *ancestry, HvbTuning *tuning,
                           GError **error)
{
    g_autoptr(GString) above = g_string_new(NULL);
    const char *last = NULL;

    *tuning->limit_group = '\0';
    tuning->limit_quota_us = tuning->limit_period_us = 0;
    tuning->limit_burst_us = 0;
    for (guint i = 0; i < ancestry->cpu->len; i++)
        if (!read_cpu(ancestry, ancestry->cpu->pdata[i], above, &last, tuning,
                      error))
            return FALSE;
    for (guint i = 0; i < ancestry->cpuset->len; i++)
        read_cpuset(ancestry, ancestry->cpuset->pdata[i], above, &last);
    store(above, tuning->above, sizeof tuning->above);
    return TRUE;
}

gboolean hvb_ancestry_read_throttling(const HvbAncestry *ancestry,
                                      HvbThrottling *ret, GError **error)
{
    HvbThrottling sum = {0};

    for (guint i = 0; i < ancestry->cpu->len; i++)
        if (!hvb_group_files_add_throttling(ancestry->cpu->pdata[i],
                                            ancestry->v2, &sum,
                                            HVB_BED_ERROR_GUEST, error))
            return FALSE;
    *ret = sum;
    return TRUE;
}

void hvb_ancestry_foreach_file(const HvbAncestry *ancestry,
                               HvbGroupFileFunc func, gpointer user_data)
{
    for (guint i = 0; i < ancestry->cpu->len; i++) {
        const char *dir = ancestry->cpu->pdata[i];
        g_autofree char *of =
            g_strconcat(" of ", hvb_hierarchy_name(ancestry->mount, dir), NULL);
        hvb_group_files_foreach(dir, ancestry->v2, "the ", of, func, user_data);
    }
    for (guint i = 0; i < ancestry->cpuset->len; i++) {
        const char *dir = ancestry->cpuset->pdata[i];
        g_autofree char *what =
            g_strconcat("the CPUs of ",
                        hvb_hierarchy_name(ancestry->cpuset_mount, dir), NULL);
        g_autofree char *path = g_build_filename(dir, "cpuset.cpus", NULL);
        func(path, what, user_data);
    }
}
