/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/cgroup.h"

#include "hvbench/bed/hypervisor.h"
#include "hvbench/bed/partition.h"

#include <glib/gstdio.h>
#include <string.h>

#define CGROUP_DIR "sys/fs/cgroup"

/* The thread that is the vCPU: QEMU calls it "CPU 0/KVM" or "CPU 0/TCG". */
static char *find_vcpu_thread(const char *root, pid_t pid)
{
    g_autofree char *tasks = g_strdup_printf("%s/proc/%d/task", root, pid);
    GDir *dir = g_dir_open(tasks, 0, NULL);
    const char *entry;
    char *found = NULL;

    while (dir && !found && (entry = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(tasks, entry, "comm", NULL);
        g_autofree char *comm = NULL;
        if (g_file_get_contents(path, &comm, NULL, NULL) &&
            g_str_has_prefix(comm, "CPU 0/"))
            found = g_build_filename(tasks, entry, NULL);
    }
    if (dir)
        g_dir_close(dir);
    return found;
}

/* Its line is like "4:cpu,cpuacct:/machine/qemu-1-x.libvirt-qemu/vcpu0"; v2's
 * is "0::/...". */
char *hvb_cgroup_name(const char *listing, const char *controller)
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

gboolean hvb_cgroup_is_v2(const char *root)
{
    /* Every group of v2 has this file, and no other file system does. */
    g_autofree char *path =
        g_build_filename(root, CGROUP_DIR, "cgroup.controllers", NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

char *hvb_cgroup_dir(const char *root, const char *listing,
                     const char *controller)
{
    g_autofree char *group = hvb_cgroup_name(listing, controller);
    const char *mount = controller               ? controller
                        : hvb_cgroup_is_v2(root) ? ""
                                                 : "unified";

    return group ? g_build_filename(root, CGROUP_DIR, mount, group, NULL)
                 : NULL;
}

/* The directory of the thread's group, or NULL if libvirt gave its vCPU no
 * group of its own there: it is called "vcpu0", below the VM's. */
static char *vcpu_dir(const char *root, const char *listing,
                      const char *controller)
{
    g_autofree char *dir = hvb_cgroup_dir(root, listing, controller);

    return dir && g_str_has_suffix(dir, "/vcpu0") ? g_steal_pointer(&dir)
                                                  : NULL;
}

static gboolean set_dirs(HvbCgroup *self, const char *root, const char *listing)
{
    self->vcpu = vcpu_dir(root, listing, self->v2 ? NULL : "cpu");
    self->vcpu_account = vcpu_dir(root, listing, "cpuacct");
    self->account_v1 = self->vcpu_account != NULL;
    if (!self->vcpu_account)
        self->vcpu_account = vcpu_dir(root, listing, NULL);
    if (!self->vcpu || !self->vcpu_account)
        return FALSE;
    self->vm = g_path_get_dirname(self->vcpu);
    self->vm_account = g_path_get_dirname(self->vcpu_account);
    self->shares = g_str_has_suffix(self->vm, "/libvirt")
                       ? g_path_get_dirname(self->vm)
                       : g_strdup(self->vm);
    /* A group of v2 exists without the controller, too. */
    g_autofree char *cap =
        g_build_filename(self->vcpu, self->v2 ? "cpu.max" : "cpu.cfs_quota_us",
                         NULL);
    return g_file_test(cap, G_FILE_TEST_EXISTS);
}

HvbCgroup *hvb_cgroup_find_below(const char *root, const char *name,
                                 GError **error)
{
    g_autoptr(HvbCgroup) self = g_new0(HvbCgroup, 1);
    g_autofree char *exactly = g_strconcat(name, ",", NULL);
    g_autoptr(GArray) pids = hvb_hypervisor_pids(root, exactly);
    g_autofree char *listing = NULL;
    g_autofree char *path = NULL;

    self->v2 = hvb_cgroup_is_v2(root);
    if (pids->len > 0) {
        self->pid = g_array_index(pids, pid_t, 0);
        self->vcpu_thread = find_vcpu_thread(root, self->pid);
    }
    if (self->vcpu_thread)
        path = g_build_filename(self->vcpu_thread, "cgroup", NULL);
    if (!path || !g_file_get_contents(path, &listing, NULL, NULL)) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "%s: no QEMU process with a vCPU thread on this host",
                    name);
        return NULL;
    }
    if (!set_dirs(self, root, listing)) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "%s: libvirt gave its vCPU no CPU control group (%s): "
                    "caps and weights need a privileged libvirt and a host "
                    "with the cpu controller",
                    name, path);
        return NULL;
    }
    return g_steal_pointer(&self);
}

HvbCgroup *hvb_cgroup_find(const char *name, GError **error)
{
    return hvb_cgroup_find_below("/", name, error);
}

void hvb_cgroup_free(HvbCgroup *cgroup)
{
    if (!cgroup)
        return;
    g_free(cgroup->vcpu_thread);
    g_free(cgroup->vm);
    g_free(cgroup->vcpu);
    g_free(cgroup->shares);
    g_free(cgroup->vm_account);
    g_free(cgroup->vcpu_account);
    g_free(cgroup);
}

static char *read_file(const char *dir, const char *file, HvbBedError code,
                       GError **error)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    g_autoptr(GError) local = NULL;
    char *contents = NULL;

    if (g_file_get_contents(path, &contents, NULL, &local))
        return contents;
    g_set_error(error, HVB_BED_ERROR, (int)code, "cannot read back %s",
                local->message);
    return NULL;
}

static gboolean read_number(const char *dir, const char *file,
                            gint64 *ret_value, HvbBedError code, GError **error)
{
    g_autofree char *text = read_file(dir, file, code, error);

    if (!text)
        return FALSE;
    *ret_value = g_ascii_strtoll(text, NULL, 10);
    return TRUE;
}

/* v2's cpu.max: "max 100000" or "50000 100000". */
static gboolean read_cap(const HvbCgroup *self, const char *dir,
                         gint64 *ret_quota_us, gint64 *ret_period_us,
                         GError **error)
{
    char *end;

    if (!self->v2)
        return read_number(dir, "cpu.cfs_quota_us", ret_quota_us,
                           HVB_BED_ERROR_TUNING, error) &&
               read_number(dir, "cpu.cfs_period_us", ret_period_us,
                           HVB_BED_ERROR_TUNING, error);
    g_autofree char *text =
        read_file(dir, "cpu.max", HVB_BED_ERROR_TUNING, error);
    if (!text)
        return FALSE;
    *ret_quota_us = g_ascii_strtoll(text, &end, 10);
    if (g_str_has_prefix(text, "max")) {
        *ret_quota_us = -1;
        end = text + strlen("max");
    }
    *ret_period_us = g_ascii_strtoll(end, NULL, 10);
    return TRUE;
}

gboolean hvb_cgroup_read_tuning(const HvbCgroup *cgroup, HvbTuning *ret_tuning,
                                GError **error)
{
    gint64 shares;

    if (!read_cap(cgroup, cgroup->vcpu, &ret_tuning->vcpu_quota_us,
                  &ret_tuning->vcpu_period_us, error) ||
        !read_cap(cgroup, cgroup->vm, &ret_tuning->vm_quota_us,
                  &ret_tuning->vm_period_us, error) ||
        !read_number(cgroup->shares, cgroup->v2 ? "cpu.weight" : "cpu.shares",
                     &shares, HVB_BED_ERROR_TUNING, error))
        return FALSE;
    ret_tuning->shares = (guint64)shares;
    ret_tuning->cgroup_v2 = cgroup->v2;
    return TRUE;
}

/* The value of "key value" in a cpu.stat; 0 if it has no such line (a group
 * that never had a cap). */
static gint64 stat_value(const char *stat, const char *key)
{
    g_auto(GStrv) lines = g_strsplit(stat, "\n", 0);
    gsize length = strlen(key);

    for (char **line = lines; *line; line++)
        if (strncmp(*line, key, length) == 0 && (*line)[length] == ' ')
            return g_ascii_strtoll(*line + length, NULL, 10);
    return 0;
}

static gboolean add_throttling(const HvbCgroup *self, const char *dir,
                               HvbGuestMeter *meter, GError **error)
{
    g_autofree char *stat =
        read_file(dir, "cpu.stat", HVB_BED_ERROR_GUEST, error);

    if (!stat)
        return FALSE;
    meter->throttled_periods += stat_value(stat, "nr_throttled");
    meter->throttled_ns += self->v2 ? stat_value(stat, "throttled_usec") * 1000
                                    : stat_value(stat, "throttled_time");
    return TRUE;
}

static gboolean read_usage(const HvbCgroup *self, const char *dir,
                           gint64 *ret_ns, GError **error)
{
    if (self->account_v1)
        return read_number(dir, "cpuacct.usage", ret_ns, HVB_BED_ERROR_GUEST,
                           error);
    g_autofree char *stat =
        read_file(dir, "cpu.stat", HVB_BED_ERROR_GUEST, error);
    if (!stat)
        return FALSE;
    *ret_ns = stat_value(stat, "usage_usec") * 1000;
    return TRUE;
}

gboolean hvb_cgroup_read_meter(const HvbCgroup *cgroup,
                               HvbGuestMeter *ret_meter, GError **error)
{
    HvbGuestMeter meter = {.time_ns = hvb_now_ns()};

    if (!read_usage(cgroup, cgroup->vm_account, &meter.cpu_ns, error) ||
        !read_usage(cgroup, cgroup->vcpu_account, &meter.vcpu_ns, error) ||
        !add_throttling(cgroup, cgroup->vcpu, &meter, error) ||
        !add_throttling(cgroup, cgroup->vm, &meter, error))
        return FALSE;
    meter.emulator_ns = meter.cpu_ns - meter.vcpu_ns;
    *ret_meter = meter;
    return TRUE;
}

/* Groups of our domains that libvirt left there: it forgets some of a domain
 * whose hvbench was killed. rmdir() spares those in use. */
static void remove_ours(const char *partition)
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

static void remove_partition(const char *path)
{
    remove_ours(path);
    if (!hvb_partition_is_limited(path))
        (void)g_rmdir(path);
}

void hvb_cgroup_remove_partition(const char *root)
{
    g_autofree char *dir = g_build_filename(root, CGROUP_DIR, NULL);
    g_autofree char *unified = g_build_filename(dir, "machine", NULL);
    g_autoptr(GDir) listing = g_dir_open(dir, 0, NULL);
    const char *mount;

    while (listing && (mount = g_dir_read_name(listing))) {
        g_autofree char *path = g_build_filename(dir, mount, "machine", NULL);
        remove_partition(path);
    }
    remove_partition(unified);
}
