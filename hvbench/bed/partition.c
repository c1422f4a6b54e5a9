/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/partition.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define CPUSET_DIR "sys/fs/cgroup/cpuset"
/* v1's memory controller says "no limit" as the largest multiple of a page. */
#define UNLIMITED (G_MAXINT64 / 4)

static char *read_file(const char *dir, const char *file)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? g_strstrip(text)
                                                        : NULL;
}

/* Not g_file_set_contents(), which would put a new file in its place. */
static void write_file(const char *dir, const char *file, const char *text)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    if (write(fd, text, strlen(text)) != (gssize)strlen(text))
        g_warning("cannot write '%s' to %s", text, path);
    close(fd);
}

void hvb_partition_prepare(const char *root)
{
    static const char *const sets[] = {"cpuset.cpus", "cpuset.mems"};
    g_autofree char *top = g_build_filename(root, CPUSET_DIR, NULL);
    g_autofree char *dir = g_build_filename(top, "machine", NULL);

    if (!g_file_test(top, G_FILE_TEST_IS_DIR))
        return;
    (void)g_mkdir(dir, 0755);
    for (gsize i = 0; i < G_N_ELEMENTS(sets); i++) {
        g_autofree char *of_top = read_file(top, sets[i]);
        g_autofree char *own = read_file(dir, sets[i]);
        if (of_top && own && !*own)
            write_file(dir, sets[i], of_top);
    }
}

/* "max" is none, as is any number beyond what there can be. */
static gboolean is_limit(const char *text)
{
    return text && g_ascii_isdigit(*text) &&
           g_ascii_strtoll(text, NULL, 10) < UNLIMITED;
}

gboolean hvb_partition_is_limited(const char *dir)
{
    static const char *const files[] = {"cpu.cfs_quota_us", "cpu.max",
                                        "memory.limit_in_bytes", "memory.max",
                                        "memory.high"};

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *text = read_file(dir, files[i]);
        if (is_limit(text))
            return TRUE;
    }
    return FALSE;
}
