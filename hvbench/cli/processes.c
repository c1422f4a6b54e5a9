/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/processes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

gboolean hvb_process_parse(const char *stat, HvbProcess *ret_process)
{
    HvbProcess process = {0};
    guint64 user, system;
    /* A name may itself hold blanks and parentheses. */
    const char *open = strchr(stat, '(');
    const char *close = strrchr(stat, ')');

    if (!open || !close || close < open ||
        sscanf(stat, "%d", &process.pid) != 1 ||
        sscanf(close + 1,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u"
               " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
               " %*d %*d %*d %*d %*d %*d %" G_GUINT64_FORMAT,
               &user, &system, &process.start_ticks) != 3)
        return FALSE;
    gsize length = MIN((gsize)(close - open - 1), sizeof process.name - 1);
    for (gsize i = 0; i < length; i++)
        process.name[i] = g_ascii_isprint(open[1 + i]) ? open[1 + i] : '?';
    process.cpu_ticks = user + system;
    *ret_process = process;
    return TRUE;
}

GArray *hvb_processes_read(void)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(HvbProcess));
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    const char *pid;

    while (proc && (pid = g_dir_read_name(proc))) {
        g_autofree char *path = g_build_filename("/proc", pid, "stat", NULL);
        g_autofree char *text = NULL;
        HvbProcess process;
        if (g_ascii_isdigit(*pid) &&
            g_file_get_contents(path, &text, NULL, NULL) &&
            hvb_process_parse(text, &process))
            g_array_append_val(all, process);
    }
    return all;
}

static guint64 used_before(const GArray *before, const HvbProcess *process)
{
    for (guint i = 0; i < before->len; i++) {
        const HvbProcess *other = &g_array_index(before, HvbProcess, i);
        if (other->pid == process->pid &&
            other->start_ticks == process->start_ticks)
            return other->cpu_ticks;
    }
    return 0;
}

static int compare_use(gconstpointer a, gconstpointer b)
{
    guint64 use_a = ((const HvbProcess *)a)->cpu_ticks;
    guint64 use_b = ((const HvbProcess *)b)->cpu_ticks;

    return use_a < use_b ? 1 : use_a > use_b ? -1 : 0;
}

char *hvb_processes_busiest(const GArray *before, const GArray *after,
                            double seconds, int own_pid, guint n)
{
    g_autoptr(GArray) used = g_array_new(FALSE, FALSE, sizeof(HvbProcess));
    GString *text = g_string_new(NULL);
    double second_ticks = (double)sysconf(_SC_CLK_TCK);

    for (guint i = 0; i < after->len; i++) {
        HvbProcess process = g_array_index(after, HvbProcess, i);
        process.cpu_ticks -=
            MIN(used_before(before, &process), process.cpu_ticks);
        if (process.cpu_ticks > 0 && process.pid != own_pid)
            g_array_append_val(used, process);
    }
    g_array_sort(used, compare_use);
    for (guint i = 0; i < MIN(n, used->len); i++) {
        const HvbProcess *process = &g_array_index(used, HvbProcess, i);
        g_string_append_printf(text, "%s%s (%d) %.0f %%", i > 0 ? ", " : "",
                               process->name, process->pid,
                               100.0 * (double)process->cpu_ticks /
                                   second_ticks / seconds);
    }
    return g_string_free(text, FALSE);
}
