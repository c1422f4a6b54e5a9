/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "demotion.h"

#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CGROUP_NAME "hvbench-demoted"

/* Lowering is open to everyone, giving back is not: without the capability
 * the manager would leave a system slower than it found it. */
static bool may_give_back(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    memset(data, 0, sizeof data);
    return syscall(SYS_capget, &header, data) == 0 &&
           (data[0].effective & CAP_TO_MASK(CAP_SYS_NICE)) != 0;
}

static const char *prepare_cgroup(Demotion *demotion)
{
    const char *fault = cgroup_make(&demotion->cgroup, CGROUP_NAME, false);

    if (fault || cgroup_set_least_weight(&demotion->cgroup))
        return fault;
    cgroup_remove(&demotion->cgroup);
    return "MANAGE: the weight of the cgroup " CGROUP_NAME " cannot be set";
}

const char *demotion_prepare(Demotion *demotion, WireMethod method, int nice)
{
    memset(demotion, 0, sizeof *demotion);
    demotion->method = method;
    demotion->nice = nice;
    if (!may_give_back())
        return "MANAGE: may not raise priorities again: run the agent as root "
               "(CAP_SYS_NICE)";
    return method == WIRE_METHOD_CGROUP ? prepare_cgroup(demotion) : NULL;
}

void demotion_finish(const Demotion *demotion)
{
    if (demotion->method == WIRE_METHOD_CGROUP)
        cgroup_remove(&demotion->cgroup);
}

/* Does `change` to every thread. False if it failed for the first thread. */
static bool for_each_thread(pid_t pid,
                            bool (*change)(pid_t thread, const void *data),
                            const void *data)
{
    char path[64];
    DIR *threads;
    struct dirent *entry;

    if (!change(pid, data))
        return false;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    threads = opendir(path);
    while (threads && (entry = readdir(threads))) {
        pid_t thread = atoi(entry->d_name);
        if (thread > 0 && thread != pid)
            change(thread, data);
    }
    if (threads)
        closedir(threads);
    return true;
}

static bool change_nice(pid_t thread, const void *data)
{
    return setpriority(PRIO_PROCESS, (id_t)thread, *(const int *)data) == 0;
}

static bool change_policy(pid_t thread, const void *data)
{
    const struct sched_param none = {.sched_priority = 0};

    return sched_setscheduler(thread, *(const int *)data, &none) == 0;
}

static bool lower_by_cgroup(const Demotion *demotion, pid_t pid,
                            Priority *ret_before)
{
    if (!cgroup_locate(&demotion->cgroup, pid, ret_before->cgroup,
                       sizeof ret_before->cgroup)) {
        errno = ENOENT;
        return false;
    }
    return cgroup_take(&demotion->cgroup, pid);
}

bool demotion_apply(const Demotion *demotion, pid_t pid, Priority *ret_before)
{
    const int idle = SCHED_IDLE;

    memset(ret_before, 0, sizeof *ret_before);
    errno = 0;
    ret_before->nice = getpriority(PRIO_PROCESS, (id_t)pid);
    if (errno != 0)
        return false;
    ret_before->policy = sched_getscheduler(pid);
    if (ret_before->policy < 0)
        return false;
    switch (demotion->method) {
    case WIRE_METHOD_NICE:
        return for_each_thread(pid, change_nice, &demotion->nice);
    case WIRE_METHOD_IDLE:
        return for_each_thread(pid, change_policy, &idle);
    case WIRE_METHOD_CGROUP:
        return lower_by_cgroup(demotion, pid, ret_before);
    case WIRE_METHOD_NONE:
        break;
    }
    errno = EINVAL;
    return false;
}

void demotion_undo(const Demotion *demotion, pid_t pid, const Priority *before)
{
    switch (demotion->method) {
    case WIRE_METHOD_NICE:
        if (getpriority(PRIO_PROCESS, (id_t)pid) == demotion->nice)
            for_each_thread(pid, change_nice, &before->nice);
        break;
    case WIRE_METHOD_IDLE:
        if (sched_getscheduler(pid) == SCHED_IDLE)
            for_each_thread(pid, change_policy, &before->policy);
        break;
    case WIRE_METHOD_CGROUP:
        cgroup_release(&demotion->cgroup, pid, before->cgroup);
        break;
    case WIRE_METHOD_NONE:
        break;
    }
}

bool demotion_autogroup_is_on(void)
{
    char text[16];

    return file_read("/proc/sys/kernel/sched_autogroup_enabled", text,
                     sizeof text) &&
           strcmp(text, "1") == 0;
}

bool demotion_set_session(pid_t pid, int nice, int *ret_before)
{
    char path[64], text[64];
    int before;

    snprintf(path, sizeof path, "/proc/%d/autogroup", (int)pid);
    if (!file_read(path, text, sizeof text) ||
        sscanf(text, "/autogroup-%*d nice %d", &before) != 1)
        return false;
    if (ret_before)
        *ret_before = before;
    snprintf(text, sizeof text, "%d", nice);
    return file_write(path, text);
}
