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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CGROUP_NAME "hvbench-demoted"
#define CPU_WEIGHT "1"
#define CPU_SHARES "2"

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

/* Whether `list` (of words between separators) has this word. */
static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = list; *at; at += strcspn(at, ", ")) {
        at += strspn(at, ", ");
        if (strcspn(at, ", ") == length && strncmp(at, word, length) == 0)
            return true;
    }
    return false;
}

static bool find_hierarchy(Demotion *demotion)
{
    FILE *mounts = fopen("/proc/self/mounts", "re");
    char line[2048], where[1024], type[32], options[512], file[1100];
    char controllers[256];
    bool found = false;

    if (!mounts)
        return false;
    while (!found && fgets(line, sizeof line, mounts)) {
        if (sscanf(line, "%*s %1023s %31s %511s", where, type, options) != 3)
            continue;
        snprintf(file, sizeof file, "%s/cgroup.controllers", where);
        demotion->version_1 = strcmp(type, "cgroup") == 0;
        if (demotion->version_1)
            found = has_word(options, "cpu");
        else if (strcmp(type, "cgroup2") == 0)
            found = file_read(file, controllers, sizeof controllers) &&
                    has_word(controllers, "cpu");
    }
    fclose(mounts);
    if (found)
        strcpy(demotion->root, where);
    return found;
}

static bool write_in(const char *directory, const char *name, const char *text)
{
    char path[2048];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return file_write(path, text);
}

static const char *prepare_cgroup(Demotion *demotion)
{
    bool weighted;

    if (!find_hierarchy(demotion))
        return "MANAGE: no cgroup hierarchy with the cpu controller is "
               "mounted";
    snprintf(demotion->cgroup, sizeof demotion->cgroup, "%.1024s/%s",
             demotion->root, CGROUP_NAME);
    if (!demotion->version_1 &&
        !write_in(demotion->root, "cgroup.subtree_control", "+cpu"))
        return "MANAGE: the cpu controller cannot be enabled in the root "
               "cgroup";
    if (mkdir(demotion->cgroup, 0755) != 0 && errno != EEXIST)
        return "MANAGE: the cgroup " CGROUP_NAME " cannot be made";
    weighted = demotion->version_1
                   ? write_in(demotion->cgroup, "cpu.shares", CPU_SHARES)
                   : write_in(demotion->cgroup, "cpu.weight", CPU_WEIGHT);
    if (weighted)
        return NULL;
    rmdir(demotion->cgroup);
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
    char path[2048], pid[32];
    FILE *members;

    if (demotion->method != WIRE_METHOD_CGROUP)
        return;
    snprintf(path, sizeof path, "%s/cgroup.procs", demotion->cgroup);
    members = fopen(path, "re");
    while (members && fgets(pid, sizeof pid, members))
        write_in(demotion->root, "cgroup.procs", pid);
    if (members)
        fclose(members);
    rmdir(demotion->cgroup);
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

/* Finds the path in a /proc/PID/cgroup line "number:controllers:path". */
static bool read_cgroup(const Demotion *demotion, pid_t pid, char *ret,
                        size_t size)
{
    char path[64], line[512], controllers[256];
    int path_at;
    FILE *file;
    bool found = false;

    snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
    file = fopen(path, "re");
    while (file && !found && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        controllers[0] = '\0';
        if (demotion->version_1) {
            found =
                sscanf(line, "%*d:%255[^:]:%n", controllers, &path_at) == 1 &&
                has_word(controllers, "cpu");
        } else {
            path_at = 3;
            found = strncmp(line, "0::", 3) == 0;
        }
        found =
            found && (size_t)snprintf(ret, size, "%s", line + path_at) < size;
    }
    if (file)
        fclose(file);
    return found;
}

static bool move_to(const char *cgroup, pid_t pid)
{
    char text[32];

    snprintf(text, sizeof text, "%d", (int)pid);
    return write_in(cgroup, "cgroup.procs", text);
}

static bool lower_by_cgroup(const Demotion *demotion, pid_t pid,
                            Priority *ret_before)
{
    if (!read_cgroup(demotion, pid, ret_before->cgroup,
                     sizeof ret_before->cgroup)) {
        errno = ENOENT;
        return false;
    }
    return move_to(demotion->cgroup, pid);
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

static void undo_cgroup(const Demotion *demotion, pid_t pid,
                        const Priority *before)
{
    char now[256], path[1536];

    if (!read_cgroup(demotion, pid, now, sizeof now) ||
        !strstr(now, "/" CGROUP_NAME))
        return;
    snprintf(path, sizeof path, "%s%s", demotion->root, before->cgroup);
    if (!move_to(path, pid))
        move_to(demotion->root, pid);
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
        undo_cgroup(demotion, pid, before);
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
