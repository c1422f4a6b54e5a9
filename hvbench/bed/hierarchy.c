/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/hierarchy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define CGROUP_DIR "sys/fs/cgroup"
/* Where a v1 host has that of v2. */
#define V2_BESIDE_V1 "unified"

gboolean hvb_hierarchy_is_v2(const char *root)
{
    /* Every group of v2 has this file, and no other file system does. */
    g_autofree char *path =
        g_build_filename(root, CGROUP_DIR, "cgroup.controllers", NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

char *hvb_hierarchy_mount(const char *root, const char *controller)
{
    if (!controller)
        controller = hvb_hierarchy_is_v2(root) ? "" : V2_BESIDE_V1;
    return g_build_filename(root, CGROUP_DIR, controller, NULL);
}

/* Its line is like "4:cpu,cpuacct:/machine/qemu-1-x.libvirt-qemu/vcpu0"; v2's
 * is "0::/...". */
char *hvb_hierarchy_group(const char *listing, const char *controller)
{
    g_auto(GStrv) lines = g_strsplit(listing, "\n", 0);

    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, ":", 3);
        if (g_strv_length(fields) != 3)
            continue;
        g_auto(GStrv) controllers = g_strsplit(fields[1], ",", 0);
        if (controller
                ? g_strv_contains((const char *const *)controllers, controller)
                : strcmp(fields[0], "0") == 0)
            return g_strdup(fields[2]);
    }
    return NULL;
}

/* Whether this line of a mountinfo is the hierarchy's. Its fields end with "-
 * TYPE SOURCE OPTIONS". */
static gboolean is_mount_of(char *const *fields, const char *controller)
{
    guint n = g_strv_length((char **)fields);
    const char *type = n > 6 ? fields[n - 3] : "";

    if (!controller)
        return strcmp(type, "cgroup2") == 0;
    if (strcmp(type, "cgroup") != 0)
        return FALSE;
    g_auto(GStrv) options = g_strsplit(fields[n - 1], ",", 0);
    return g_strv_contains((const char *const *)options, controller);
}

/* Which group of the hierarchy is mounted here as its root: "/", but in a
 * container without a namespace of its own that of the container. */
static char *mounted_group(const char *root, const char *controller)
{
    g_autofree char *path = g_build_filename(root, "proc/self/mountinfo", NULL);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return g_strdup("/");
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, " ", 0);
        if (is_mount_of(fields, controller))
            return g_strdup(fields[3]);
    }
    return g_strdup("/");
}

char *hvb_hierarchy_dir(const char *root, const char *group,
                        const char *controller)
{
    g_autofree char *mounted = mounted_group(root, controller);
    g_autofree char *mount = hvb_hierarchy_mount(root, controller);
    gsize length = strlen(mounted);

    if (strcmp(group, mounted) == 0)
        group = "/";
    else if (length > 1 && strncmp(group, mounted, length) == 0 &&
             group[length] == '/')
        group += length;
    /* The root has no name that a path could end with. */
    return strcmp(group, "/") == 0 ? g_steal_pointer(&mount)
                                   : g_build_filename(mount, group, NULL);
}

char *hvb_hierarchy_dir_of(const char *root, const char *listing,
                           const char *controller)
{
    g_autofree char *group = hvb_hierarchy_group(listing, controller);

    return group ? hvb_hierarchy_dir(root, group, controller) : NULL;
}

GPtrArray *hvb_hierarchy_climb(const char *mount, const char *dir)
{
    GPtrArray *dirs = g_ptr_array_new_with_free_func(g_free);
    gsize length = strlen(mount);
    char *at = g_strdup(dir);

    while (strlen(at) > length) {
        g_ptr_array_add(dirs, at);
        at = g_path_get_dirname(at);
    }
    g_free(at);
    g_ptr_array_add(dirs, g_strdup(mount));
    return dirs;
}

const char *hvb_hierarchy_name(const char *mount, const char *dir)
{
    const char *name = dir + strlen(mount);

    return *name != '\0' ? name : "/";
}

GPtrArray *hvb_hierarchy_machines(const char *root, const char *controller)
{
    static const char *const names[] = {HVB_HIERARCHY_MACHINE, "machine.slice"};
    GPtrArray *dirs = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *mount = hvb_hierarchy_mount(root, controller);

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *dir = g_build_filename(mount, names[i], NULL);
        if (g_file_test(dir, G_FILE_TEST_IS_DIR))
            g_ptr_array_add(dirs, g_steal_pointer(&dir));
    }
    return dirs;
}

char *hvb_hierarchy_read(const char *dir, const char *file)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? g_strstrip(text)
                                                        : NULL;
}

/* Not g_file_set_contents(), which would put a new file in its place. */
gboolean hvb_hierarchy_write(const char *dir, const char *file,
                             const char *text)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return FALSE;
    gboolean ok = write(fd, text, strlen(text)) == (gssize)strlen(text);
    int saved = errno;
    close(fd);
    errno = saved;
    return ok;
}

gint64 hvb_hierarchy_field(const char *text, const char *key)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    gsize length = strlen(key);

    for (char **line = lines; *line; line++)
        if (strncmp(*line, key, length) == 0 && (*line)[length] == ' ')
            return g_ascii_strtoll(*line + length, NULL, 10);
    return 0;
}
