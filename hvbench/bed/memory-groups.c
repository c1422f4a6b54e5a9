/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/memory-groups.h"

#include "hvbench/bed/cgroup.h"

#include <string.h>

#define CGROUP_DIR "sys/fs/cgroup"
#define V1_DIR CGROUP_DIR "/memory"
/* v1 says "no limit" as the largest multiple of a page. */
#define V1_UNLIMITED (G_MAXINT64 / 4)
#define MIB (1024 * 1024)

static void clear_group(gpointer group)
{
    g_free(((HvbMemoryGroup *)group)->name);
}

static char *read_file(const char *dir, const char *file)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    char *text = NULL;

    g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

/* -1: no such file, or no limit ("max"). */
static gint64 read_limit(const char *dir, const char *file)
{
    g_autofree char *text = read_file(dir, file);
    gint64 value =
        text && g_ascii_isdigit(*text) ? g_ascii_strtoll(text, NULL, 10) : -1;

    return value > V1_UNLIMITED ? -1 : value;
}

static gint64 read_number(const char *dir, const char *file)
{
    g_autofree char *text = read_file(dir, file);

    return text ? g_ascii_strtoll(text, NULL, 10) : 0;
}

/* Of the line "name value"; 0: there is none. */
static gint64 read_field(const char *dir, const char *file, const char *name)
{
    g_autofree char *text = read_file(dir, file);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", 0);
    gsize length = strlen(name);

    for (char **line = lines; *line; line++)
        if (strncmp(*line, name, length) == 0 && (*line)[length] == ' ')
            return g_ascii_strtoll(*line + length, NULL, 10);
    return 0;
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

static gboolean has_v1(const char *root)
{
    g_autofree char *path =
        g_build_filename(root, V1_DIR, "memory.limit_in_bytes", NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

GArray *hvb_memory_groups_read(const char *root, const char *group)
{
    GArray *groups = g_array_new(FALSE, FALSE, sizeof(HvbMemoryGroup));
    g_autofree char *name = g_strdup(group);
    gboolean v1 = has_v1(root), top;

    g_array_set_clear_func(groups, clear_group);
    do {
        g_autofree char *dir =
            g_build_filename(root, v1 ? V1_DIR : CGROUP_DIR, name, NULL);
        top = strcmp(name, "/") == 0;
        if (g_file_test(dir, G_FILE_TEST_IS_DIR)) {
            const HvbMemoryGroup found =
                v1 ? read_v1(dir, name) : read_v2(dir, name);
            g_array_append_val(groups, found);
        }
        char *parent = g_path_get_dirname(name);
        g_free(name);
        name = parent;
    } while (!top);
    return groups;
}

GArray *hvb_memory_groups_of(const char *root, int pid)
{
    g_autofree char *path = g_strdup_printf("%s/proc/%d/cgroup", root, pid);
    g_autofree char *listing = NULL;
    g_autofree char *group = NULL;

    if (g_file_get_contents(path, &listing, NULL, NULL))
        group = hvb_cgroup_name(listing, has_v1(root) ? "memory" : NULL);
    return hvb_memory_groups_read(root, group ? group : "/");
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
