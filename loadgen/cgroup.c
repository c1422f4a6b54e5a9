/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "cgroup.h"

#include "clock.h"
#include "files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REMOVE_STEP_NS (5 * NS_PER_MS)
#define REMOVE_TRIES 200

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

static bool find_hierarchy(Cgroup *cgroup)
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
        cgroup->version_1 = strcmp(type, "cgroup") == 0;
        if (cgroup->version_1)
            found = has_word(options, "cpu");
        else if (strcmp(type, "cgroup2") == 0)
            found = file_read(file, controllers, sizeof controllers) &&
                    has_word(controllers, "cpu");
    }
    fclose(mounts);
    if (found)
        strcpy(cgroup->root, where);
    return found;
}

static bool find(Cgroup *cgroup, const char *name)
{
    if (!find_hierarchy(cgroup))
        return false;
    snprintf(cgroup->path, sizeof cgroup->path, "%.1023s/%.100s", cgroup->root,
             name);
    return true;
}

static bool write_in(const char *directory, const char *name, const char *text)
{
    char path[2048];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return file_write(path, text);
}

const char *cgroup_make(Cgroup *ret, const char *name, bool exclusive)
{
    if (!find(ret, name))
        return "cgroup: no hierarchy with the cpu controller is mounted";
    if (!ret->version_1 &&
        !write_in(ret->root, "cgroup.subtree_control", "+cpu"))
        return "cgroup: the cpu controller cannot be enabled in the root "
               "(run the agent as root)";
    if (exclusive && rmdir(ret->path) != 0 && errno == EBUSY)
        return "cgroup: the one to be made is in use already: does another "
               "agent run here?";
    if (mkdir(ret->path, 0755) != 0 && errno != EEXIST)
        return "cgroup: none can be made in the root of the hierarchy (run "
               "the agent as root)";
    return NULL;
}

static void empty(const Cgroup *cgroup)
{
    char path[2048], pid[32];
    FILE *members;

    snprintf(path, sizeof path, "%s/cgroup.procs", cgroup->path);
    members = fopen(path, "re");
    while (members && fgets(pid, sizeof pid, members))
        write_in(cgroup->root, "cgroup.procs", pid);
    if (members)
        fclose(members);
}

/* A process may have been waited for and still be on its last steps out of the
 * cgroup, which is busy as long. */
void cgroup_remove(const Cgroup *cgroup)
{
    for (int i = 0; i < REMOVE_TRIES; i++) {
        empty(cgroup);
        if (rmdir(cgroup->path) == 0 || errno != EBUSY)
            return;
        clock_sleep_until(clock_now_ns() + REMOVE_STEP_NS);
    }
}

void cgroup_sweep(const char *name)
{
    Cgroup cgroup;

    if (find(&cgroup, name))
        rmdir(cgroup.path);
}

bool cgroup_set_least_weight(const Cgroup *cgroup)
{
    return cgroup->version_1 ? write_in(cgroup->path, "cpu.shares", "2")
                             : write_in(cgroup->path, "cpu.weight", "1");
}

bool cgroup_set_limit(const Cgroup *cgroup, uint32_t permille)
{
    unsigned long long quota_us =
        (unsigned long long)permille * CGROUP_PERIOD_US / 1000;
    char quota[32], period[16], both[64];

    snprintf(quota, sizeof quota, "%llu", quota_us);
    snprintf(period, sizeof period, "%d", CGROUP_PERIOD_US);
    snprintf(both, sizeof both, "%s %s", quota, period);
    if (!cgroup->version_1)
        return write_in(cgroup->path, "cpu.max", both);
    return write_in(cgroup->path, "cpu.cfs_period_us", period) &&
           write_in(cgroup->path, "cpu.cfs_quota_us", quota);
}

static bool move_to(const char *path, pid_t pid)
{
    char text[32];

    snprintf(text, sizeof text, "%d", (int)pid);
    return write_in(path, "cgroup.procs", text);
}

bool cgroup_take(const Cgroup *cgroup, pid_t pid)
{
    return move_to(cgroup->path, pid);
}

/* Finds the path in a /proc/PID/cgroup line "number:controllers:path". */
bool cgroup_locate(const Cgroup *cgroup, pid_t pid, char *ret, size_t size)
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
        if (cgroup->version_1) {
            found =
                sscanf(line, "%*d:%255[^:]:%n", controllers, &path_at) == 1 &&
                has_word(controllers, "cpu") && line[path_at] == '/';
        } else {
            path_at = 3;
            found = strncmp(line, "0::/", 4) == 0;
        }
        found =
            found && (size_t)snprintf(ret, size, "%s", line + path_at) < size;
    }
    if (file)
        fclose(file);
    return found;
}

void cgroup_release(const Cgroup *cgroup, pid_t pid, const char *path)
{
    char now[256], back[1536];
    const char *name = strrchr(cgroup->path, '/');

    /* Only the end: in a container the beginnings may differ. */
    if (!cgroup_locate(cgroup, pid, now, sizeof now) ||
        strcmp(strrchr(now, '/'), name) != 0)
        return;
    snprintf(back, sizeof back, "%s%s", cgroup->root, path);
    if (!move_to(back, pid))
        move_to(cgroup->root, pid);
}
