/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/memory-groups.h"

#include "hvbench/bed/hierarchy.h"

#include <string.h>

/* v1 says "no limit" as the largest multiple of a page. */
#define V1_UNLIMITED (G_MAXINT64 / 4)
#define MIB (1024 * 1024)

static void clear_group(gpointer group)
{
    g_free(((HvbMemoryGroup *)group)->name);
}

/* -1: no such file, or no limit ("max"). */
static gint64 read_limit(const char *dir, const char *file)
{
    g_autofree char *text = hvb_hierarchy_read(dir, file);
    gint64 value =
        text && g_ascii_isdigit(*text) ? g_ascii_strtoll(text, NULL, 10) : -1;

    return value > V1_UNLIMITED ? -1 : value;
}

static gint64 read_number(const char *dir, const char *file)
{
    g_autofree char *text = hvb_hierarchy_read(dir, file);

    return text ? g_ascii_strtoll(text, NULL, 10) : 0;
}

/* Of its line "KEY NUMBER"; 0: there is none. */
static gint64 read_field(const char *dir, const char *file, const char *key)
{
    g_autofree char *text = hvb_hierarchy_read(dir, file);

    return text ? hvb_hierarchy_field(text, key) : 0;
}

static HvbMemoryGroup read_v1(const char *dir, const char *name)
{
    return (HvbMemoryGroup){
        .name = g_strdup(name),
        .file = "memory.limit_in_bytes",
        .limit_bytes = read_limit(dir, "memory.limit_in_bytes"),
        .high_bytes = -1,
        .used_bytes = read_number(dir, "memory.usage_in_bytes") -
                      read_field(dir, "memory.stat", "total_inactive_file"),
        .hits = read_number(dir, "memory.failcnt"),
        .kills = read_field(dir, "memory.oom_control", "oom_kill"),
    };
}

static HvbMemoryGroup read_v2(const char *dir, const char *name)
{
    return (HvbMemoryGroup){
        .name = g_strdup(name),
        .file = "memory.max",
        .limit_bytes = read_limit(dir, "memory.max"),
        .high_bytes = read_limit(dir, "memory.high"),
        .used_bytes = read_number(dir, "memory.current") -
                      read_field(dir, "memory.stat", "inactive_file"),
        .hits = read_field(dir, "memory.events.local", "oom"),
        .kills = read_field(dir, "memory.events", "oom_kill"),
    };
}

/* The controller that limits memory here. */
static const char *controller_of(const char *root)
{
    g_autofree char *v1 = hvb_hierarchy_mount(root, "memory");
    g_autofree char *path = g_build_filename(v1, "memory.limit_in_bytes", NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS) ? "memory" : NULL;
}

static GArray *new_groups(void)
{
    GArray *groups = g_array_new(FALSE, FALSE, sizeof(HvbMemoryGroup));

    g_array_set_clear_func(groups, clear_group);
    return groups;
}

static void append_upwards(GArray *groups, const char *root, const char *dir)
{
    const char *controller = controller_of(root);
    g_autofree char *mount = hvb_hierarchy_mount(root, controller);
    g_autoptr(GPtrArray) dirs = hvb_hierarchy_climb(mount, dir);

    for (guint i = 0; i < dirs->len; i++) {
        const char *at = dirs->pdata[i];
        const char *name = hvb_hierarchy_name(mount, at);
        if (!g_file_test(at, G_FILE_TEST_IS_DIR))
            continue;
        const HvbMemoryGroup found =
            controller ? read_v1(at, name) : read_v2(at, name);
        g_array_append_val(groups, found);
    }
}

GArray *hvb_memory_groups_read(const char *root, const char *group)
{
    g_autofree char *dir = hvb_hierarchy_dir(root, group, controller_of(root));
    GArray *groups = new_groups();

    append_upwards(groups, root, dir);
    return groups;
}

GArray *hvb_memory_groups_of(const char *root, int pid)
{
    g_autofree char *path = g_strdup_printf("%s/proc/%d/cgroup", root, pid);
    g_autofree char *listing = NULL;
    g_autofree char *group = NULL;

    if (g_file_get_contents(path, &listing, NULL, NULL))
        group = hvb_hierarchy_group(listing, controller_of(root));
    return hvb_memory_groups_read(root, group ? group : "/");
}

GArray *hvb_memory_groups_of_machines(const char *root)
{
    g_autoptr(GPtrArray) machines =
        hvb_hierarchy_machines(root, controller_of(root));
    GArray *groups = hvb_memory_groups_read(root, "/");

    for (guint i = 0; i < machines->len; i++)
        append_upwards(groups, root, machines->pdata[i]);
    return groups;
}

const HvbMemoryGroup *hvb_memory_groups_tightest(const GArray *groups,
                                                 gint64 *ret_left_bytes)
{
    const HvbMemoryGroup *tightest = NULL;

    for (guint i = 0; i < groups->len; i++) {
        const HvbMemoryGroup *group = &g_array_index(groups, HvbMemoryGroup, i);
        gint64 left = group->limit_bytes - group->used_bytes;
        if (group->limit_bytes < 0 || (tightest && left >= *ret_left_bytes))
            continue;
        tightest = group;
        *ret_left_bytes = MAX(left, 0);
    }
    return tightest;
}

const HvbMemoryGroup *hvb_memory_groups_find(const GArray *groups,
                                             const char *name)
{
    for (guint i = 0; i < groups->len; i++) {
        const HvbMemoryGroup *group = &g_array_index(groups, HvbMemoryGroup, i);
        if (strcmp(group->name, name) == 0)
            return group;
    }
    return NULL;
}

const HvbMemoryGroup *hvb_memory_groups_reached(const GArray *before,
                                                const GArray *after,
                                                gboolean *ret_killed)
{
    const HvbMemoryGroup *reached = NULL;

    *ret_killed = FALSE;
    for (guint i = 0; i < after->len; i++) {
        const HvbMemoryGroup *now = &g_array_index(after, HvbMemoryGroup, i);
        const HvbMemoryGroup *then = hvb_memory_groups_find(before, now->name);
        if (now->kills > (then ? then->kills : 0))
            *ret_killed = TRUE;
        if (!reached && now->limit_bytes >= 0 &&
            now->hits > (then ? then->hits : 0))
            reached = now;
    }
    return reached;
}

char *hvb_memory_text(gint64 bytes)
{
    return g_strdup_printf("%" G_GINT64_FORMAT " MiB", bytes / MIB);
}
