/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/cgroup.h"

#include "hvbench/bed/hierarchy.h"
#include "hvbench/bed/hypervisor.h"

#include <string.h>

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

/* The directory of the thread's group, or NULL if libvirt gave its vCPU no
 * group of its own there: it is called "vcpu0", below the VM's. */
static char *vcpu_dir(const char *root, const char *listing,
                      const char *controller)
{
    g_autofree char *dir = hvb_hierarchy_dir_of(root, listing, controller);

    return dir && g_str_has_suffix(dir, "/vcpu0") ? g_steal_pointer(&dir)
                                                  : NULL;
}

/* The lowest group of the controller that is not the guest's own. */
static char *outer_dir(const char *root, const char *listing,
                       const char *controller)
{
    g_autofree char *dir = hvb_hierarchy_dir_of(root, listing, controller);
    g_autofree char *vm = dir ? g_path_get_dirname(dir) : NULL;

    if (!dir)
        return hvb_hierarchy_mount(root, controller);
    return g_str_has_suffix(dir, "/vcpu0") ? g_path_get_dirname(vm)
                                           : g_steal_pointer(&dir);
}

static HvbAncestry *find_ancestry(const HvbCgroup *self, const char *root,
                                  const char *listing)
{
    const char *cpu = self->v2 ? NULL : "cpu";
    const char *cpuset = self->v2 ? NULL : "cpuset";
    g_autofree char *cpu_mount = hvb_hierarchy_mount(root, cpu);
    g_autofree char *cpuset_mount = hvb_hierarchy_mount(root, cpuset);
    g_autofree char *outer_cpu = outer_dir(root, listing, cpu);
    g_autofree char *outer_cpuset = outer_dir(root, listing, cpuset);
    const HvbAncestryPlace place = {
        .root = root,
        .v2 = self->v2,
        .cpu_mount = cpu_mount,
        .cpu = outer_cpu,
        .cpuset_mount = cpuset_mount,
        .cpuset = outer_cpuset,
        .weighed = self->shares,
    };

    return hvb_ancestry_new(&place);
}

/* Where the vCPU's thread is now: somebody may have moved it away, and what is
 * set of the group that it was in says nothing of it any more. */
static gboolean read_group(const HvbCgroup *self, char *ret_group,
                           GError **error)
{
    g_autofree char *path = g_build_filename(self->vcpu_thread, "cgroup", NULL);
    g_autofree char *listing = NULL;
    g_autoptr(GError) local = NULL;

    if (!g_file_get_contents(path, &listing, NULL, &local)) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_TUNING,
                    "cannot read back %s", local->message);
        return FALSE;
    }
    g_autofree char *group =
        hvb_hierarchy_group(listing, self->v2 ? NULL : "cpu");
    g_strlcpy(ret_group, group ? group : "", HVB_GROUP_MAX);
    return TRUE;
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
    self->cpuset = vcpu_dir(root, listing, self->v2 ? NULL : "cpuset");
    self->vm = g_path_get_dirname(self->vcpu);
    self->vm_account = g_path_get_dirname(self->vcpu_account);
    self->shares = g_str_has_suffix(self->vm, "/libvirt")
                       ? g_path_get_dirname(self->vm)
                       : g_strdup(self->vm);
    self->above = find_ancestry(self, root, listing);
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

    self->v2 = hvb_hierarchy_is_v2(root);
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
    g_free(cgroup->cpuset);
    g_free(cgroup->vm_account);
    g_free(cgroup->vcpu_account);
    hvb_ancestry_free(cgroup->above);
    g_free(cgroup);
}

gboolean hvb_cgroup_read_tuning(const HvbCgroup *cgroup, HvbTuning *ret_tuning,
                                GError **error)
{
    const int code = HVB_BED_ERROR_TUNING;
    HvbGroupCpu vcpu, vm, weight;

    if (!hvb_group_files_read_settings(cgroup->vcpu, cgroup->v2, &vcpu, code,
                                       error) ||
        !hvb_group_files_read_settings(cgroup->vm, cgroup->v2, &vm, code,
                                       error) ||
        !hvb_group_files_read_settings(cgroup->shares, cgroup->v2, &weight,
                                       code, error) ||
        !read_group(cgroup, ret_tuning->group, error) ||
        !hvb_ancestry_read(cgroup->above, ret_tuning, error))
        return FALSE;
    ret_tuning->vcpu_quota_us = vcpu.quota_us;
    ret_tuning->vcpu_period_us = vcpu.period_us;
    ret_tuning->vcpu_burst_us = vcpu.burst_us;
    ret_tuning->vm_quota_us = vm.quota_us;
    ret_tuning->vm_period_us = vm.period_us;
    ret_tuning->vm_burst_us = vm.burst_us;
    ret_tuning->shares = weight.shares;
    ret_tuning->idle = weight.idle;
    ret_tuning->cgroup_v2 = cgroup->v2;
    return TRUE;
}

gboolean hvb_cgroup_read_meter(const HvbCgroup *cgroup,
                               HvbGuestMeter *ret_meter, GError **error)
{
    const int code = HVB_BED_ERROR_GUEST;
    HvbGuestMeter meter = {.time_ns = hvb_now_ns()};
    HvbThrottling *throttling = meter.throttling;

    if (!hvb_group_files_read_usage(cgroup->vm_account, cgroup->account_v1,
                                    &meter.cpu_ns, code, error) ||
        !hvb_group_files_read_usage(cgroup->vcpu_account, cgroup->account_v1,
                                    &meter.vcpu_ns, code, error) ||
        !hvb_group_files_add_throttling(cgroup->vcpu, cgroup->v2,
                                        &throttling[HVB_QUOTA_VCPU], code,
                                        error) ||
        !hvb_group_files_add_throttling(cgroup->vm, cgroup->v2,
                                        &throttling[HVB_QUOTA_VM], code,
                                        error) ||
        !hvb_ancestry_read_throttling(cgroup->above,
                                      &throttling[HVB_QUOTA_ABOVE], error))
        return FALSE;
    meter.emulator_ns = meter.cpu_ns - meter.vcpu_ns;
    *ret_meter = meter;
    return TRUE;
}

static void foreach_cpuset(const HvbCgroup *self, const char *who,
                           HvbGroupFileFunc func, gpointer user_data)
{
    g_autofree char *vm = g_path_get_dirname(self->cpuset);
    g_autofree char *emulator = g_build_filename(vm, "emulator", NULL);
    const struct {
        const char *dir, *of;
    } groups[] = {{self->cpuset, "vCPU"}, {vm, "VM"}, {emulator, "emulator"}};

    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++) {
        g_autofree char *path =
            g_build_filename(groups[i].dir, "cpuset.cpus", NULL);
        g_autofree char *what =
            g_strdup_printf("%s's %s set of CPUs", who, groups[i].of);
        func(path, what, user_data);
    }
}

void hvb_cgroup_foreach_file(const HvbCgroup *cgroup, const char *who,
                             HvbGroupFileFunc func, gpointer user_data)
{
    g_autofree char *vcpu = g_strconcat(who, "'s vCPU ", NULL);
    g_autofree char *vm = g_strconcat(who, "'s VM ", NULL);

    hvb_group_files_foreach(cgroup->vcpu, cgroup->v2, vcpu, "", func,
                            user_data);
    hvb_group_files_foreach(cgroup->vm, cgroup->v2, vm, "", func, user_data);
    if (cgroup->cpuset)
        foreach_cpuset(cgroup, who, func, user_data);
}
