/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/qemu-user.h"

#include "hvbench/bed/bed-error.h"
#include "hvbench/bed/connection.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_NOT_BECOME 126
#define MODE_BITS 07777

typedef struct {
    uid_t uid;
    gid_t gid;
    GArray *groups; /* gid_t */
} User;

static void user_clear(User *user)
{
    g_clear_pointer(&user->groups, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(User, user_clear)

/* getgrouplist() says how many there are when the list is too short. */
GArray *hvb_user_groups(const struct passwd *user)
{
    GArray *groups = g_array_new(FALSE, TRUE, sizeof(gid_t));
    int n = 1;

    do
        g_array_set_size(groups, (guint)n);
    while (getgrouplist(user->pw_name, user->pw_gid, (gid_t *)groups->data,
                        &n) < 0 &&
           n > (int)groups->len);
    g_array_set_size(groups, (guint)CLAMP(n, 0, (int)groups->len));
    return groups;
}

/* FALSE: QEMU runs as this process's own user, or as one that only libvirt
 * knows. */
static gboolean find_qemu_user(User *ret)
{
    const struct passwd *qemu = getpwnam(HVB_QEMU_USER);

    if (geteuid() != 0 || !qemu)
        return FALSE;
    ret->uid = qemu->pw_uid;
    ret->gid = qemu->pw_gid;
    ret->groups = hvb_user_groups(qemu);
    return TRUE;
}

const char *hvb_qemu_user_name(void)
{
    g_auto(User) user = {0};

    return find_qemu_user(&user) ? HVB_QEMU_USER : g_get_user_name();
}

/* In the child, between fork() and exec(). */
static void become(gpointer user_data)
{
    const User *user = user_data;

    if (setgroups(user->groups->len, (const gid_t *)user->groups->data) != 0 ||
        setgid(user->gid) != 0 || setuid(user->uid) != 0)
        _exit(EXIT_NOT_BECOME);
}

char *hvb_qemu_user_run(HvbRunAs as, const char *const *argv, GError **error)
{
    g_auto(GStrv) environment =
        g_environ_setenv(g_get_environ(), "LC_ALL", "C", TRUE);
    g_autofree char *said = NULL;
    g_autofree char *complaint = NULL;
    g_autoptr(GError) local = NULL;
    g_auto(User) user = {0};
    gboolean other = as == HVB_AS_QEMU && find_qemu_user(&user);
    int status = 0;

    if (!g_spawn_sync("/", (char **)argv, environment, G_SPAWN_SEARCH_PATH,
                      other ? become : NULL, &user, &said, &complaint, &status,
                      &local)) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "%s: scripts/setup of hvbench's source installs it",
                    local->message);
        return NULL;
    }
    if (g_spawn_check_wait_status(status, NULL))
        return g_steal_pointer(&said);
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST, "%s%s",
                *complaint ? g_strdelimit(g_strstrip(complaint), "\n", ' ')
                           : argv[0],
                *complaint ? "" : " could not be run as QEMU's user");
    return NULL;
}

/* A program asks: its answer heeds access lists and whatever else the kernel
 * does. */
static gboolean may(const char *test, const char *path)
{
    const char *argv[] = {"test", test, path, NULL};
    g_autofree char *said = hvb_qemu_user_run(HVB_AS_QEMU, argv, NULL);

    return said != NULL;
}

/* The first directory on the way to `path` that bars it. Caller frees. */
static char *find_barring_dir(const char *path)
{
    for (const char *end = strchr(path + 1, '/'); end;
         end = strchr(end + 1, '/')) {
        g_autofree char *dir = g_strndup(path, (gsize)(end - path));
        if (!may("-x", dir))
            return g_steal_pointer(&dir);
    }
    return NULL;
}

/* "mode 0700, owner root" */
static char *describe_access(const char *path)
{
    struct stat status = {0};

    if (stat(path, &status) != 0)
        return g_strdup("of unknown mode");
    const struct passwd *owner = getpwuid(status.st_uid);
    g_autofree char *number = g_strdup_printf("%u", status.st_uid);
    return g_strdup_printf("mode %04o, owner %s", status.st_mode & MODE_BITS,
                           owner ? owner->pw_name : number);
}

char *hvb_qemu_user_barred(const char *path, const char *subject)
{
    const char *user = hvb_qemu_user_name();
    g_autofree char *dir = find_barring_dir(path);

    if (!dir && may("-r", path))
        return NULL;
    g_autofree char *access = describe_access(dir ? dir : path);
    if (!dir)
        return g_strdup_printf(
            "%s may not be read by %s, the user that QEMU runs as (%s), and "
            "hvbench does not change that: setfacl -m u:%s:r %s, or chmod o+r",
            subject, user, access, user, path);
    return g_strdup_printf(
        "%s is out of reach for %s, the user that QEMU runs as: the directory "
        "%s (%s) bars the way, and hvbench does not change that: move the "
        "image elsewhere, such as to /var/lib/libvirt/images, or setfacl -m "
        "u:%s:x %s, or chmod o+x",
        subject, user, dir, access, user, dir);
}
