/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/fate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A record of the kernel log is shorter; a shorter buffer is refused. */
#define RECORD_SIZE 8192
/* What is read of it at most: a host may log without end. */
#define RECORDS_AT_MOST 20000
#define LOG_TAIL_BYTES 16384

/* include/uapi/linux/pidfd.h of Linux 6.15; older headers lack it. */
typedef struct {
    guint64 mask;
    guint64 cgroup;
    guint32 ids[11];
    gint32 exit_code;
} PidfdInfo;
#define PIDFD_INFO_EXIT_CODE (1u << 3)
#define PIDFD_ASK_INFO _IOWR(0xFF, 11, PidfdInfo)

struct _HvbFate {
    char *root;
    char *name;
    char *log;
    int pid; /* 0: not known yet */
    int pidfd;
    int kernel_log; /* -1: not permitted */
    GString *heard; /* from it, so far */
    char *group;    /* of its memory; NULL: unknown */
    GArray *before; /* HvbMemoryGroup, when it was started */
};

HvbFate *hvb_fate_new(const char *root, const char *name, const char *log)
{
    HvbFate *self = g_new0(HvbFate, 1);

    self->root = g_strdup(root);
    self->name = g_strdup(name);
    self->log = g_strdup(log);
    self->pidfd = -1;
    self->heard = g_string_new(NULL);
    self->kernel_log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (self->kernel_log >= 0)
        (void)lseek(self->kernel_log, 0, SEEK_END);
    return self;
}

void hvb_fate_watch(HvbFate *fate, int pid)
{
    fate->pid = pid;
    fate->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    fate->before = hvb_memory_groups_of(fate->root, pid);
    if (fate->before->len > 0)
        fate->group =
            g_strdup(g_array_index(fate->before, HvbMemoryGroup, 0).name);
}

void hvb_fate_free(HvbFate *fate)
{
    if (!fate)
        return;
    if (fate->pidfd >= 0)
        close(fate->pidfd);
    if (fate->kernel_log >= 0)
        close(fate->kernel_log);
    g_clear_pointer(&fate->before, g_array_unref);
    g_string_free(fate->heard, TRUE);
    g_free(fate->root);
    g_free(fate->name);
    g_free(fate->log);
    g_free(fate->group);
    g_free(fate);
}

gboolean hvb_fate_is_over(const HvbFate *fate)
{
    struct pollfd end = {.fd = fate->pidfd, .events = POLLIN};

    return fate->pidfd >= 0 && poll(&end, 1, 0) == 1;
}

/* As the end of "PID (name) Z ...", where it is the last number. */
static gboolean read_zombie(const HvbFate *self, int *ret_status)
{
    g_autofree char *path =
        g_strdup_printf("%s/proc/%d/stat", self->root, self->pid);
    g_autofree char *stat = NULL;

    if (!g_file_get_contents(path, &stat, NULL, NULL))
        return FALSE;
    const char *state = strrchr(stat, ')');
    const char *last = strrchr(g_strchomp(stat), ' ');
    if (!state || !g_str_has_prefix(state, ") Z") || !last)
        return FALSE;
    *ret_status = atoi(last);
    return TRUE;
}

static gboolean read_status(const HvbFate *self, int *ret_status)
{
    PidfdInfo info = {.mask = PIDFD_INFO_EXIT_CODE};

    if (ioctl(self->pidfd, PIDFD_ASK_INFO, &info) != 0 ||
        !(info.mask & PIDFD_INFO_EXIT_CODE))
        return read_zombie(self, ret_status);
    *ret_status = info.exit_code;
    return TRUE;
}

char *hvb_fate_status_text(int status)
{
    if (WIFSIGNALED(status))
        return g_strdup_printf("QEMU ended by signal %d (%s)", WTERMSIG(status),
                               strsignal(WTERMSIG(status)));
    return g_strdup_printf("QEMU ended with status %d", WEXITSTATUS(status));
}

/* The value of "key=" in an account, up to the next comma or blank. */
static char *field_of(const char *line, const char *key)
{
    const char *at = strstr(line, key);

    return at ? g_strndup(at + strlen(key), strcspn(at + strlen(key), ", \n"))
              : NULL;
}

/* Whether a control group is that of domain `name`. Its end is a dot, or what
 * systemd makes of one; systemd-machined writes "\\x2d" for each "-" in the
 * name of a scope. */
static gboolean is_group_of(const char *group, const char *name)
{
    g_autofree char *plain = g_strconcat("-", name, ".", NULL);
    g_auto(GStrv) parts = g_strsplit(plain, "-", 0);
    g_autofree char *escaped = g_strjoinv("\\x2d", parts);

    return strstr(group, plain) || strstr(group, escaped);
}

/* "oom-kill:constraint=CONSTRAINT_MEMCG,...,oom_memcg=/machine,task_memcg=
 * /machine/qemu-1-...,task=qemu-system-x86,pid=7,uid=0". */
static HvbOom judge_account(const char *line, int pid, const char *name,
                            char **ret_group)
{
    g_autofree char *victim = field_of(line, ",pid=");
    g_autofree char *group = field_of(line, "task_memcg=");

    if (!(pid > 0 && victim && atoi(victim) == pid) &&
        !(group && is_group_of(group, name)))
        return HVB_OOM_NONE;
    if (!strstr(line, "constraint=CONSTRAINT_MEMCG"))
        return HVB_OOM_HOST;
    g_free(*ret_group);
    *ret_group = field_of(line, "oom_memcg=");
    return HVB_OOM_GROUP;
}

/* "Memory cgroup out of memory: Killed process 7 (qemu-system-x86) ...": all
 * that there is where the accounts come too fast for the kernel to print. */
static HvbOom judge_notice(const char *line, int pid)
{
    g_autofree char *killed = g_strdup_printf("Killed process %d (", pid);

    if (pid == 0 || !strstr(line, killed))
        return HVB_OOM_NONE;
    return strstr(line, "Memory cgroup out of memory") ? HVB_OOM_GROUP
                                                       : HVB_OOM_HOST;
}

HvbOom hvb_fate_find_oom(const char *text, int pid, const char *name,
                         char **ret_group)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    HvbOom found = HVB_OOM_NONE;

    *ret_group = NULL;
    for (char **line = lines; *line; line++) {
        HvbOom here = strstr(*line, "oom-kill:")
                          ? judge_account(*line, pid, name, ret_group)
                          : judge_notice(*line, pid);
        if (here != HVB_OOM_NONE)
            found = here;
    }
    return found;
}

/* Records that were overwritten before they were read (EPIPE) are passed over.
 */
static void listen(HvbFate *self)
{
    g_autofree char *record = g_malloc(RECORD_SIZE);

    for (guint i = 0; self->kernel_log >= 0 && i < RECORDS_AT_MOST; i++) {
        gssize n = read(self->kernel_log, record, RECORD_SIZE);
        if (n < 0 && errno != EPIPE)
            break;
        if (n > 0)
            g_string_append_len(self->heard, record, n);
    }
}

static char *limit_text(const GArray *groups, const char *name)
{
    const HvbMemoryGroup *group = hvb_memory_groups_find(groups, name);

    if (!group || group->limit_bytes < 0)
        return g_strdup_printf("limit of %s", name);
    g_autofree char *limit = hvb_memory_text(group->limit_bytes);
    return g_strdup_printf("limit %s of %s", limit, name);
}

static char *tell_oom(HvbFate *self, const GArray *groups)
{
    g_autofree char *group = NULL;

    listen(self);
    HvbOom oom =
        hvb_fate_find_oom(self->heard->str, self->pid, self->name, &group);

    if (oom == HVB_OOM_NONE)
        return NULL;
    if (oom == HVB_OOM_HOST)
        return g_strdup("QEMU was killed by the kernel for memory: the host "
                        "had none left");
    g_autofree char *limit =
        group ? limit_text(groups, group)
              : g_strdup("limit of a control group that it was in");
    return g_strdup_printf("QEMU was killed by the kernel for memory: %s",
                           limit);
}

/* Where the kernel's log is not to be read its counters are; but what else it
 * killed in these groups they count, too. */
static char *tell_counters(const HvbFate *self, const GArray *groups,
                           const char *status)
{
    gboolean killed = FALSE;
    const HvbMemoryGroup *reached =
        self->before ? hvb_memory_groups_reached(self->before, groups, &killed)
                     : NULL;

    if (!reached)
        return NULL;
    g_autofree char *limit = limit_text(groups, reached->name);
    return g_strdup_printf("%s, %s by the kernel for memory: %s", status,
                           killed ? "most likely" : "perhaps", limit);
}

char *hvb_fate_last_words(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    const char *last = NULL;

    for (char **line = lines; *line; line++) {
        const char *said = strstr(*line, "Z qemu");
        if (strstr(*line, ": starting up libvirt"))
            last = NULL;
        /* With -msg timestamp=on, which libvirt gives. */
        else if (said && g_ascii_isdigit(**line) && strchr(said, ':'))
            last = strchr(said, ':') + 1;
    }
    return last ? g_strstrip(g_strdup(last)) : NULL;
}

static char *read_last_words(const HvbFate *self)
{
    g_autofree char *text = NULL;
    gsize length;

    if (!self->log || !g_file_get_contents(self->log, &text, &length, NULL))
        return NULL;
    char *words = hvb_fate_last_words(
        text + (length > LOG_TAIL_BYTES ? length - LOG_TAIL_BYTES : 0));
    for (char *c = words; c && *c; c++)
        if (!g_ascii_isprint(*c))
            *c = '?';
    return words;
}

static char *tell_end(const HvbFate *self, const GArray *groups)
{
    int status = 0;
    gboolean known = read_status(self, &status);
    g_autofree char *text =
        known ? hvb_fate_status_text(status)
              : g_strdup("QEMU ended (with which status is not to be had: that "
                         "takes Linux 6.15 or newer)");
    char *killed =
        known && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
            ? NULL
            : tell_counters(self, groups, text);

    return killed ? killed : g_steal_pointer(&text);
}

char *hvb_fate_tell(HvbFate *fate, const char *reason)
{
    g_autoptr(GArray) groups =
        hvb_memory_groups_read(fate->root, fate->group ? fate->group : "/");
    char *oom = tell_oom(fate, groups);

    if (!oom && !hvb_fate_is_over(fate))
        return NULL;
    GString *text = g_string_new(NULL);
    g_autofree char *end = oom ? oom : tell_end(fate, groups);
    g_autofree char *words = oom ? NULL : read_last_words(fate);
    g_string_append(text, end);
    if (reason && !oom)
        g_string_append_printf(text, "; libvirt says that it %s", reason);
    if (words)
        g_string_append_printf(text, "; the last that it said: %s", words);
    return g_string_free(text, FALSE);
}
