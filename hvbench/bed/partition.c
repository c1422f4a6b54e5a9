/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/partition.h"

#include "hvbench/bed/hierarchy.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

struct _HvbPartition {
    char *record;
    GPtrArray *places; /* char *: all directories that it may be */
    GPtrArray *ours;   /* of these, borrowed: are there for hvbench alone */
};

/* All directories where such a group may be. */
static GPtrArray *list_places(const char *root)
{
    GPtrArray *places = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *dir = g_build_filename(root, "sys/fs/cgroup", NULL);
    g_autoptr(GDir) listing = g_dir_open(dir, 0, NULL);
    const char *mount;

    while (listing && (mount = g_dir_read_name(listing)))
        g_ptr_array_add(places, g_build_filename(dir, mount,
                                                 HVB_HIERARCHY_MACHINE, NULL));
    g_ptr_array_add(places, g_build_filename(dir, HVB_HIERARCHY_MACHINE, NULL));
    return places;
}

/* Ends `dirs` with NULL. Where it cannot be kept, an empty group stays after a
 * kill. */
static void keep_record(const char *record, GPtrArray *dirs)
{
    g_ptr_array_add(dirs, NULL);
    g_autofree char *text = g_strjoinv("\n", (char **)dirs->pdata);
    (void)g_file_set_contents(record, text, -1, NULL);
}

HvbPartition *hvb_partition_new(const char *root, const char *record)
{
    HvbPartition *self = g_new0(HvbPartition, 1);
    g_autofree char *left = NULL;
    g_auto(GStrv) before = NULL;

    self->record = g_strdup(record);
    self->places = list_places(root);
    self->ours = g_ptr_array_new();
    if (g_file_get_contents(record, &left, NULL, NULL))
        before = g_strsplit(left, "\n", 0);
    for (guint i = 0; i < self->places->len; i++) {
        char *place = self->places->pdata[i];
        if (!g_file_test(place, G_FILE_TEST_EXISTS) ||
            (before && g_strv_contains((const char *const *)before, place)))
            g_ptr_array_add(self->ours, place);
    }
    keep_record(record, self->ours);
    return self;
}

/* Groups of our domains that libvirt left there: it forgets some of a domain
 * whose hvbench was killed. rmdir() spares those in use. */
static void remove_domains(const char *partition)
{
    g_autoptr(GDir) listing = g_dir_open(partition, 0, NULL);
    const char *name;

    while (listing && (name = g_dir_read_name(listing))) {
        g_autofree char *vm = g_build_filename(partition, name, NULL);
        g_autofree char *vcpu = g_build_filename(vm, "vcpu0", NULL);
        g_autofree char *emulator = g_build_filename(vm, "emulator", NULL);
        if (!strstr(name, "-hvbench-"))
            continue;
        (void)g_rmdir(vcpu);
        (void)g_rmdir(emulator);
        (void)g_rmdir(vm);
    }
}

void hvb_partition_prepare(const char *root)
{
    static const char *const sets[] = {"cpuset.cpus", "cpuset.mems"};
    g_autofree char *top = hvb_hierarchy_mount(root, "cpuset");
    g_autofree char *dir = g_build_filename(top, HVB_HIERARCHY_MACHINE, NULL);

    if (!g_file_test(top, G_FILE_TEST_IS_DIR))
        return;
    (void)g_mkdir(dir, 0755);
    for (gsize i = 0; i < G_N_ELEMENTS(sets); i++) {
        g_autofree char *of_top = hvb_hierarchy_read(top, sets[i]);
        g_autofree char *own = hvb_hierarchy_read(dir, sets[i]);
        if (of_top && own && !*own &&
            !hvb_hierarchy_write(dir, sets[i], of_top))
            g_warning("cannot write '%s' to %s of %s: %s", of_top, sets[i], dir,
                      g_strerror(errno));
    }
}

/* libvirt gives a new group of v1 its parent's CPUs and memory nodes: it could
 * hold no process without them. */
static gboolean has_its_parents_cpus(const char *dir)
{
    static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
    g_autofree char *parent = g_path_get_dirname(dir);

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *value = hvb_hierarchy_read(dir, files[i]);
        g_autofree char *above = hvb_hierarchy_read(parent, files[i]);
        if (value && *value && g_strcmp0(value, above) != 0)
            return FALSE;
    }
    return TRUE;
}

gboolean hvb_partition_is_as_made(const char *dir)
{
    static const struct {
        const char *file, *value;
    } defaults[] = {
        {"cpu.cfs_quota_us", "-1"},
        {"cpu.cfs_period_us", "100000"},
        {"cpu.cfs_burst_us", "0"},
        {"cpu.shares", "1024"},
        {"cpu.rt_runtime_us", "0"},
        {"cpu.idle", "0"},
        {"cpu.max", "max 100000"},
        {"cpu.max.burst", "0"},
        {"cpu.weight", "100"},
        {"cpuset.cpu_exclusive", "0"},
        {"cpuset.cpus.partition", "member"},
        {"memory.limit_in_bytes", "9223372036854771712"},
        {"memory.memsw.limit_in_bytes", "9223372036854771712"},
        {"memory.soft_limit_in_bytes", "9223372036854771712"},
        {"memory.max", "max"},
        {"memory.high", "max"},
        {"memory.swap.max", "max"},
        {"memory.low", "0"},
        {"memory.min", "0"},
        {"pids.max", "max"},
        {"io.max", ""},
        {"io.weight", "default 100"},
        {"cgroup.freeze", "0"},
        {"freezer.self_freezing", "0"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(defaults); i++) {
        g_autofree char *value = hvb_hierarchy_read(dir, defaults[i].file);
        if (value && strcmp(value, defaults[i].value) != 0)
            return FALSE;
    }
    return has_its_parents_cpus(dir);
}

/* What stays, since it is in use or was set, is still on record then: another
 * hvbench removes it once it can. */
static void remove_ours(HvbPartition *self)
{
    g_autoptr(GPtrArray) left = g_ptr_array_new();

    for (char **dir = (char **)self->ours->pdata; *dir; dir++) {
        if (hvb_partition_is_as_made(*dir))
            (void)g_rmdir(*dir);
        if (g_file_test(*dir, G_FILE_TEST_EXISTS))
            g_ptr_array_add(left, *dir);
    }
    if (left->len > 0)
        keep_record(self->record, left);
    else
        (void)g_unlink(self->record);
}

void hvb_partition_free(HvbPartition *partition)
{
    if (!partition)
        return;
    for (guint i = 0; i < partition->places->len; i++)
        remove_domains(partition->places->pdata[i]);
    remove_ours(partition);
    g_ptr_array_unref(partition->ours);
    g_ptr_array_unref(partition->places);
    g_free(partition->record);
    g_free(partition);
}
