/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/group.h"

#include "hvbench/bed/bed-error.h"
#include "hvbench/bed/hierarchy.h"

#include <errno.h>
#include <glib/gstdio.h>

/* For the agent of a killed hvbench to see that, and to stop what it runs. */
#define PATIENCE_US (5 * G_USEC_PER_SEC)
#define STEP_US 20000

struct _HvbGroup {
    gboolean v2;
    char *cpu;     /* directory of the cpu controller's group */
    char *account; /* where time is charged; may be the same directory */
};

/* Where a v1 host charges CPU time; NULL: nowhere. Caller frees. */
static char *v1_account_mount(const char *root)
{
    g_autofree char *cpuacct = hvb_hierarchy_mount(root, "cpuacct");
    g_autofree char *v2 = hvb_hierarchy_mount(root, NULL);
    g_autofree char *controllers =
        g_build_filename(v2, "cgroup.controllers", NULL);

    if (g_file_test(cpuacct, G_FILE_TEST_IS_DIR))
        return g_steal_pointer(&cpuacct);
    return g_file_test(controllers, G_FILE_TEST_EXISTS) ? g_steal_pointer(&v2)
                                                        : NULL;
}

static gboolean fail(GError **error, const char *what, const char *dir)
{
    int code = errno;

    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                "cannot %s the control group %s: %s%s", what, dir,
                g_strerror(code),
                code == EACCES || code == EPERM || code == EROFS
                    ? " (run hvbench as root, and where the cgroup file "
                      "systems are writable)"
                    : "");
    return FALSE;
}

static gboolean find_dirs(HvbGroup *self, const char *root, const char *name,
                          GError **error)
{
    self->v2 = hvb_hierarchy_is_v2(root);
    g_autofree char *cpu = hvb_hierarchy_mount(root, self->v2 ? NULL : "cpu");
    g_autofree char *account =
        self->v2 ? g_strdup(cpu) : v1_account_mount(root);
    if (!account || !g_file_test(cpu, G_FILE_TEST_IS_DIR)) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "there is neither cgroup v2 at /sys/fs/cgroup, nor v1's "
                    "controllers cpu and cpuacct below it: mount them, for "
                    "hvbench to put what it runs on the host in a group of its "
                    "own");
        return FALSE;
    }
    self->cpu = g_build_filename(cpu, name, NULL);
    self->account = g_build_filename(account, name, NULL);
    return TRUE;
}

/* Whether neither directory is there any more. rmdir() spares one in use. */
static gboolean remove_dirs(const HvbGroup *self)
{
    (void)g_rmdir(self->cpu);
    (void)g_rmdir(self->account);
    return !g_file_test(self->cpu, G_FILE_TEST_EXISTS) &&
           !g_file_test(self->account, G_FILE_TEST_EXISTS);
}

static gboolean remove_patiently(const HvbGroup *self)
{
    for (guint waited = 0; !remove_dirs(self); waited += STEP_US) {
        if (waited >= PATIENCE_US)
            return FALSE;
        g_usleep(STEP_US);
    }
    return TRUE;
}

static void clear(HvbGroup *self)
{
    g_free(self->cpu);
    g_free(self->account);
    g_free(self);
}

HvbGroup *hvb_group_make(const char *root, const char *name, GError **error)
{
    HvbGroup *self = g_new0(HvbGroup, 1);
    gboolean ok = find_dirs(self, root, name, error);

    if (ok && !remove_patiently(self)) {
        errno = EBUSY;
        ok = fail(error, "replace", self->cpu);
    }
    if (ok && self->v2) {
        /* Where this is refused, time is charged all the same. */
        g_autofree char *top = hvb_hierarchy_mount(root, NULL);
        (void)hvb_hierarchy_write(top, "cgroup.subtree_control", "+cpu");
    }
    if (ok && g_mkdir(self->cpu, 0755) != 0)
        ok = fail(error, "make", self->cpu);
    /* Where v1's cpu and cpuacct are mounted together, it is there now. */
    if (ok && g_mkdir(self->account, 0755) != 0 && errno != EEXIST) {
        ok = fail(error, "make", self->account);
        (void)g_rmdir(self->cpu);
    }
    if (ok)
        return self;
    clear(self);
    return NULL;
}

void hvb_group_free(HvbGroup *group)
{
    if (!group)
        return;
    if (!remove_patiently(group))
        g_warning("the control group %s is still in use: it stays", group->cpu);
    clear(group);
}

gboolean hvb_group_add(const HvbGroup *group, GPid pid, GError **error)
{
    g_autofree char *text = g_strdup_printf("%d", pid);

    if (!hvb_hierarchy_write(group->cpu, "cgroup.procs", text))
        return fail(error, "put a process into", group->cpu);
    if (!hvb_hierarchy_write(group->account, "cgroup.procs", text))
        return fail(error, "put a process into", group->account);
    return TRUE;
}

GArray *hvb_group_pids(const HvbGroup *group)
{
    GArray *pids = g_array_new(FALSE, FALSE, sizeof(GPid));
    g_autofree char *text = hvb_hierarchy_read(group->cpu, "cgroup.procs");
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", 0);

    for (char **line = lines; *line; line++) {
        GPid pid = (GPid)g_ascii_strtoll(*line, NULL, 10);
        if (pid > 0)
            g_array_append_val(pids, pid);
    }
    return pids;
}

gboolean hvb_group_read_cpu(const HvbGroup *group, gint64 *ret_cpu_ns,
                            GError **error)
{
    g_autofree char *usage =
        hvb_hierarchy_read(group->account, "cpuacct.usage");
    g_autofree char *stat = hvb_hierarchy_read(group->account, "cpu.stat");

    if (!usage && !stat) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "cannot read the CPU time of the control group %s",
                    group->account);
        return FALSE;
    }
    *ret_cpu_ns = usage ? g_ascii_strtoll(usage, NULL, 10)
                        : hvb_hierarchy_field(stat, "usage_usec") * 1000;
    return TRUE;
}

gboolean hvb_group_set_weight(const HvbGroup *group, guint weight,
                              GError **error)
{
    guint64 shares = group->v2 ? weight : MAX(2, weight * 1024 / 100);
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, shares);
    const char *file = group->v2 ? "cpu.weight" : "cpu.shares";

    /* Without a cpu controller all groups are alike. */
    if (hvb_group_read_shares(group) == 0 && weight == 100)
        return TRUE;
    if (hvb_hierarchy_write(group->cpu, file, text) &&
        hvb_group_read_shares(group) == shares)
        return TRUE;
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_TUNING,
                "cannot set %s of the control group %s to %s", file, group->cpu,
                text);
    return FALSE;
}

guint64 hvb_group_read_shares(const HvbGroup *group)
{
    g_autofree char *text =
        hvb_hierarchy_read(group->cpu, group->v2 ? "cpu.weight" : "cpu.shares");

    return text ? g_ascii_strtoull(text, NULL, 10) : 0;
}

gboolean hvb_group_read_tuning(const HvbGroup *group, HvbTuning *ret_now,
                               GError **error)
{
    HvbGroupCpu settings;

    if (!hvb_group_files_read_settings(group->cpu, group->v2, &settings,
                                       HVB_BED_ERROR_TUNING, error))
        return FALSE;
    *ret_now = (HvbTuning){
        .vcpu_quota_us = -1,
        .vcpu_period_us = settings.period_us,
        .vm_quota_us = settings.quota_us,
        .vm_period_us = settings.period_us,
        .vm_burst_us = settings.burst_us,
        .shares = settings.shares,
        .idle = settings.idle,
        .cgroup_v2 = group->v2,
    };
    return TRUE;
}

void hvb_group_foreach_file(const HvbGroup *group, const char *whose,
                            HvbGroupFileFunc func, gpointer user_data)
{
    hvb_group_files_foreach(group->cpu, group->v2, whose, "", func, user_data);
}

gboolean hvb_group_is_v2(const HvbGroup *group)
{
    return group->v2;
}

static void remove_from(const char *dir)
{
    g_autoptr(GDir) listing = g_dir_open(dir, 0, NULL);
    const char *name;

    while (listing && (name = g_dir_read_name(listing))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        if (g_str_has_prefix(name, HVB_GROUP_PREFIX))
            (void)g_rmdir(path);
    }
}

void hvb_group_remove_leftovers(const char *root)
{
    static const char *const controllers[] = {NULL, "cpu", "cpuacct"};

    for (gsize i = 0; i < G_N_ELEMENTS(controllers); i++) {
        g_autofree char *mount = hvb_hierarchy_mount(root, controllers[i]);
        remove_from(mount);
    }
}
