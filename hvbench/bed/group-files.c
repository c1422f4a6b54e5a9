/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/group-files.h"

#include "hvbench/bed/bed-error.h"
#include "hvbench/bed/hierarchy.h"

#include <string.h>

guint64 hvb_group_files_default_shares(gboolean v2)
{
    return v2 ? 100 : 1024;
}

static char *read_file(const char *dir, const char *file, int code,
                       GError **error)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    g_autoptr(GError) local = NULL;
    char *contents = NULL;

    if (g_file_get_contents(path, &contents, NULL, &local))
        return contents;
    g_set_error(error, HVB_BED_ERROR, code, "cannot read back %s",
                local->message);
    return NULL;
}

/* Sets `ret_text` to NULL if the group is there and has no such file. */
static gboolean read_optional(const char *dir, const char *file,
                              char **ret_text, int code, GError **error)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);

    if (g_file_test(dir, G_FILE_TEST_IS_DIR) &&
        !g_file_test(path, G_FILE_TEST_EXISTS)) {
        *ret_text = NULL;
        return TRUE;
    }
    *ret_text = read_file(dir, file, code, error);
    return *ret_text != NULL;
}

/* Leaves `*ret_value` as it is if there is no such file. */
static gboolean read_number(const char *dir, const char *file,
                            gint64 *ret_value, int code, GError **error)
{
    g_autofree char *text = NULL;

    if (!read_optional(dir, file, &text, code, error))
        return FALSE;
    if (text)
        *ret_value = g_ascii_strtoll(text, NULL, 10);
    return TRUE;
}

/* v2's cpu.max: "max 100000" or "50000 100000". */
static gboolean read_cpu_max(const char *dir, HvbGroupCpu *settings, int code,
                             GError **error)
{
    g_autofree char *text = NULL;
    char *end;

    if (!read_optional(dir, "cpu.max", &text, code, error))
        return FALSE;
    if (!text)
        return TRUE;
    if (g_str_has_prefix(text, "max"))
        end = text + strlen("max");
    else
        settings->quota_us = g_ascii_strtoll(text, &end, 10);
    settings->period_us = g_ascii_strtoll(end, NULL, 10);
    return TRUE;
}

static gboolean read_cap(const char *dir, gboolean v2, HvbGroupCpu *settings,
                         int code, GError **error)
{
    if (v2)
        return read_cpu_max(dir, settings, code, error) &&
               read_number(dir, "cpu.max.burst", &settings->burst_us, code,
                           error);
    return read_number(dir, "cpu.cfs_quota_us", &settings->quota_us, code,
                       error) &&
           read_number(dir, "cpu.cfs_period_us", &settings->period_us, code,
                       error) &&
           read_number(dir, "cpu.cfs_burst_us", &settings->burst_us, code,
                       error);
}

gboolean hvb_group_files_read_settings(const char *dir, gboolean v2,
                                       HvbGroupCpu *ret_settings, int code,
                                       GError **error)
{
    HvbGroupCpu settings = {.quota_us = -1};
    gint64 shares = 0, idle = 0;

    if (!read_cap(dir, v2, &settings, code, error) ||
        !read_number(dir, v2 ? "cpu.weight" : "cpu.shares", &shares, code,
                     error) ||
        !read_number(dir, "cpu.idle", &idle, code, error))
        return FALSE;
    settings.shares = (guint64)shares;
    settings.idle = idle != 0;
    *ret_settings = settings;
    return TRUE;
}

void hvb_group_files_foreach(const char *dir, gboolean v2, const char *before,
                             const char *after, HvbGroupFileFunc func,
                             gpointer user_data)
{
    static const struct {
        const char *v1, *v2, *what;
    } files[] = {
        {"cpu.cfs_quota_us", "cpu.max", "quota"},
        {"cpu.cfs_period_us", NULL, "period"},
        {"cpu.cfs_burst_us", "cpu.max.burst", "burst"},
        {"cpu.shares", "cpu.weight", "weight"},
        {NULL, "cpu.weight.nice", "weight"},
        {"cpu.idle", "cpu.idle", "weight (cpu.idle)"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        const char *file = v2 ? files[i].v2 : files[i].v1;
        g_autofree char *path = NULL;
        g_autofree char *what = g_strconcat(before, files[i].what, after, NULL);
        if (!file)
            continue;
        path = g_build_filename(dir, file, NULL);
        func(path, what, user_data);
    }
}

gboolean hvb_group_files_add_throttling(const char *dir, gboolean v2,
                                        HvbThrottling *throttling, int code,
                                        GError **error)
{
    g_autofree char *stat = NULL;

    if (!read_optional(dir, "cpu.stat", &stat, code, error))
        return FALSE;
    if (!stat)
        return TRUE;
    throttling->periods += hvb_hierarchy_field(stat, "nr_periods");
    throttling->throttled_periods += hvb_hierarchy_field(stat, "nr_throttled");
    throttling->throttled_ns +=
        v2 ? hvb_hierarchy_field(stat, "throttled_usec") * 1000
           : hvb_hierarchy_field(stat, "throttled_time");
    return TRUE;
}

gboolean hvb_group_files_read_usage(const char *dir, gboolean v1_account,
                                    gint64 *ret_ns, int code, GError **error)
{
    g_autofree char *text =
        read_file(dir, v1_account ? "cpuacct.usage" : "cpu.stat", code, error);

    if (!text)
        return FALSE;
    *ret_ns = v1_account ? g_ascii_strtoll(text, NULL, 10)
                         : hvb_hierarchy_field(text, "usage_usec") * 1000;
    return TRUE;
}
