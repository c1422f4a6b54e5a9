/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/connection.h"

#include "hvbench/bed/bed.h"
#include "hvbench/bed/cgroup.h"
#include "hvbench/bed/parallel.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <libvirt-glib/libvirt-glib.h>
#include <libvirt/virterror.h>
#include <pwd.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* The embedded driver reads its root's own qemu.conf. Files are handed over by
 * copying (hvb_connection_import), so libvirt need not change any owner, and
 * there is no virtlogd to write consoles. */
static const char qemu_conf[] = "user = \"" HVB_QEMU_USER "\"\n"
                                "group = \"kvm\"\n"
                                "dynamic_ownership = 0\n"
                                "remember_owner = 0\n"
                                "security_default_confined = 0\n"
                                "seccomp_sandbox = 1\n"
                                "stdio_handler = \"file\"\n"
                                "set_process_name = 1\n";

gboolean hvb_set_libvirt_error(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *doing = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    virErrorPtr last = virGetLastError();

    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_LIBVIRT, "%s: %s", doing,
                last && last->message ? last->message
                                      : "libvirt gave no reason");
    return FALSE;
}

/* Errors reach the user through GError; libvirt would print them as well. */
static void keep_quiet(void *user_data, virErrorPtr error)
{
    (void)user_data;
    (void)error;
}

static void prepare_libvirt(void)
{
    static gsize prepared;

    if (!g_once_init_enter(&prepared))
        return;
    /* The embedded driver logs like a daemon: to a file, not to the terminal.
     */
    if (geteuid() == 0 && g_mkdir_with_parents(HVB_STATE_DIR, 0755) == 0)
        g_setenv("LIBVIRT_LOG_OUTPUTS", "3:file:" HVB_STATE_DIR "/libvirt.log",
                 FALSE);
    virSetErrorFunc(NULL, keep_quiet);
    gvir_event_register();
    g_once_init_leave(&prepared, 1);
}

static gboolean make_dir(const char *path, GError **error)
{
    if (g_mkdir_with_parents(path, 0755) == 0)
        return TRUE;
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                "cannot make the directory %s: %s", path, g_strerror(errno));
    return FALSE;
}

/* Where the files of beds are kept: QEMU's user must get there. */
char *hvb_connection_state_dir(void)
{
    if (geteuid() == 0)
        return g_strdup(HVB_STATE_DIR);
    return g_strdup_printf("/var/tmp/hvbench-%u", (unsigned)geteuid());
}

static int take_lock(const char *dir, GError **error)
{
    g_autofree char *path = g_build_filename(dir, "lock", NULL);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
        return lock;
    if (lock >= 0 && errno == EWOULDBLOCK)
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "another hvbench has guests running on this machine (it "
                    "holds %s): wait for it, two would disturb each other",
                    path);
    else
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "cannot lock %s: %s", path, g_strerror(errno));
    if (lock >= 0)
        close(lock);
    return -1;
}

static void remove_tree(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;

    if (dir) {
        while ((name = g_dir_read_name(dir))) {
            g_autofree char *child = g_build_filename(path, name, NULL);
            if (!g_file_test(child, G_FILE_TEST_IS_SYMLINK) &&
                g_file_test(child, G_FILE_TEST_IS_DIR))
                remove_tree(child);
            else
                g_unlink(child);
        }
        g_dir_close(dir);
    }
    g_rmdir(path);
}

static gboolean write_qemu_conf(const char *root, GError **error)
{
    g_autofree char *etc = g_build_filename(root, "etc", NULL);
    g_autofree char *path = g_build_filename(etc, "qemu.conf", NULL);
    g_autoptr(GError) local = NULL;

    if (!make_dir(etc, error))
        return FALSE;
    if (g_file_set_contents(path, qemu_conf, -1, &local))
        return TRUE;
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST, "%s", local->message);
    return FALSE;
}

static char *embedded_uri(GError **error)
{
    const char *root = HVB_STATE_DIR "/embed";

    if (geteuid() != 0) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "libvirt's embedded driver can set CPU caps only for "
                    "root: run hvbench as root, or give --connect "
                    "qemu:///system");
        return NULL;
    }
    if (!getpwnam(HVB_QEMU_USER)) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "there is no user " HVB_QEMU_USER
                    " for QEMU to run as: run scripts/setup");
        return NULL;
    }
    if (!write_qemu_conf(root, error))
        return NULL;
    return g_strdup_printf("qemu:///embed?root=%s", root);
}

typedef struct {
    HvbConnection *connection;
    GString *stopped; /* names of stale domains */
    GError *error;
} Opening;

static gboolean is_local(virConnectPtr handle)
{
    g_autofree char *theirs = virConnectGetHostname(handle);

    return theirs && strcmp(theirs, g_get_host_name()) == 0;
}

/* Ends what a killed hvbench left running. */
static void destroy_stale(virConnectPtr handle, GString *ret_names)
{
    virDomainPtr *domains = NULL;
    int n = virConnectListAllDomains(handle, &domains,
                                     VIR_CONNECT_LIST_DOMAINS_ACTIVE);

    for (int i = 0; i < n; i++) {
        const char *name = virDomainGetName(domains[i]);
        if (g_str_has_prefix(name, HVB_DOMAIN_PREFIX)) {
            virDomainDestroy(domains[i]);
            g_string_append_printf(ret_names, " %s", name);
        }
        virDomainFree(domains[i]);
    }
    free(domains);
}

static void open_in_thread(gpointer item, gpointer user_data)
{
    Opening *opening = item;
    HvbConnection *self = opening->connection;

    (void)user_data;
    self->handle = virConnectOpen(self->uri);
    if (!self->handle) {
        hvb_set_libvirt_error(&opening->error, "cannot connect to %s",
                              self->uri);
        return;
    }
    if (!is_local(self->handle)) {
        g_set_error(&opening->error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "%s is another machine: hvbench reads the caps in force "
                    "and the CPU time from the kernel of the machine it runs "
                    "on; run it there",
                    self->uri);
        return;
    }
    destroy_stale(self->handle, opening->stopped);
}

/* Files of beds whose hvbench was killed; nobody else holds the lock. */
static void remove_stale_files(const char *dir)
{
    GDir *listing = g_dir_open(dir, 0, NULL);
    const char *name;

    if (!listing)
        return;
    while ((name = g_dir_read_name(listing))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        if (g_str_has_prefix(name, "bed-"))
            remove_tree(path);
    }
    g_dir_close(listing);
}

HvbConnection *hvb_connection_open(const char *uri, GError **error)
{
    g_autoptr(HvbConnection) self = g_new0(HvbConnection, 1);
    g_autofree char *state = hvb_connection_state_dir();
    g_autoptr(GString) stopped = g_string_new(NULL);
    Opening opening = {self, stopped, NULL};
    gpointer items[] = {&opening};

    prepare_libvirt();
    self->lock = -1;
    self->embedded = uri == NULL;
    self->uri = uri ? g_strdup(uri) : embedded_uri(error);
    if (!self->uri || !make_dir(state, error))
        return NULL;
    self->lock = take_lock(state, error);
    if (self->lock < 0)
        return NULL;
    hvb_parallel(open_in_thread, items, 1, 1, NULL);
    if (stopped->len > 0)
        g_message("stopped guests that a killed hvbench had left:%s",
                  stopped->str);
    if (opening.error) {
        g_propagate_error(error, opening.error);
        return NULL;
    }
    remove_stale_files(state);
    self->dir = g_strdup_printf("%s/bed-%d", state, getpid());
    if (!make_dir(self->dir, error))
        return NULL;
    return g_steal_pointer(&self);
}

static void close_in_thread(gpointer item, gpointer user_data)
{
    (void)user_data;
    virConnectClose(item);
}

void hvb_connection_close(HvbConnection *connection)
{
    if (!connection)
        return;
    if (connection->handle) {
        gpointer items[] = {connection->handle};
        hvb_parallel(close_in_thread, items, 1, 1, NULL);
        if (connection->embedded)
            hvb_cgroup_remove_partition();
    }
    if (connection->dir)
        remove_tree(connection->dir);
    if (connection->lock >= 0)
        close(connection->lock);
    g_free(connection->dir);
    g_free(connection->uri);
    g_free(connection);
}

char *hvb_connection_import(HvbConnection *connection, const char *path,
                            GError **error)
{
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *copy = g_build_filename(connection->dir, base, NULL);
    g_autoptr(GFile) from = g_file_new_for_path(path);
    g_autoptr(GFile) to = g_file_new_for_path(copy);
    g_autoptr(GError) local = NULL;

    if (!g_file_copy(from, to, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL,
                     &local) ||
        g_chmod(copy, 0644) != 0) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "cannot copy %s to %s: %s", path, connection->dir,
                    local ? local->message : g_strerror(errno));
        return NULL;
    }
    return g_steal_pointer(&copy);
}

char *hvb_connection_console(HvbConnection *connection, const char *guest,
                             GError **error)
{
    g_autofree char *name = g_strdup_printf("%s.log", guest);
    g_autofree char *path = g_build_filename(connection->dir, name, NULL);
    struct passwd *qemu = getpwnam(HVB_QEMU_USER);
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);

    if (fd < 0) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "cannot make the console file %s: %s", path,
                    g_strerror(errno));
        return NULL;
    }
    if (geteuid() == 0 && qemu && fchown(fd, qemu->pw_uid, qemu->pw_gid) != 0)
        g_warning("cannot hand %s to %s: %s", path, HVB_QEMU_USER,
                  g_strerror(errno));
    close(fd);
    return g_steal_pointer(&path);
}
