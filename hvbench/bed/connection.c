/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/connection.h"

#include "hvbench/bed/bed-error.h"
#include "hvbench/bed/connection-private.h"
#include "hvbench/bed/group.h"
#include "hvbench/bed/hypervisor.h"
#include "hvbench/bed/parallel.h"
#include "hvbench/bed/state.h"
#include "hvbench/profile/names.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <libvirt-glib/libvirt-glib.h>
#include <libvirt/virterror.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#define EMBED_ROOT HVB_STATE_DIR "/embed"

/* The embedded driver reads its root's own qemu.conf. Files are handed over by
 * copying (hvb_connection_import), so libvirt need not change any owner, and
 * there is no virtlogd to write consoles. A mount namespace for each QEMU would
 * fail in chroots and many containers, where CI runs. */
static const char qemu_conf[] = "user = \"" HVB_QEMU_USER "\"\n"
                                "group = \"kvm\"\n"
                                "dynamic_ownership = 0\n"
                                "remember_owner = 0\n"
                                "security_default_confined = 0\n"
                                "namespaces = []\n"
                                "seccomp_sandbox = 1\n"
                                "stdio_handler = \"file\"\n"
                                "set_process_name = 1\n";

/* QEMU's last words may be in it, with all their lines. */
char *hvb_libvirt_said(void)
{
    virErrorPtr last = virGetLastError();

    return last && last->message ? hvb_name_line(last->message)
                                 : g_strdup("libvirt gave no reason");
}

gboolean hvb_set_libvirt_error(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *doing = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *said = hvb_libvirt_said();

    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_LIBVIRT, "%s: %s", doing,
                said);
    return FALSE;
}

/* Errors reach the user through GError; libvirt would print them as well. */
static void keep_quiet(void *user_data, virErrorPtr error)
{
    (void)user_data;
    (void)error;
}

/* libvirt logs to the terminal, over whatever is shown there, unless it is told
 * of a file that it can open. */
static void set_log(void)
{
    g_autofree char *state = hvb_state_dir();
    g_autofree char *file = g_build_filename(state, "libvirt.log", NULL);
    int fd =
        !hvb_state_make_dir(state, NULL)
            ? -1
            : open(file, O_CREAT | O_APPEND | O_WRONLY | O_NOFOLLOW | O_CLOEXEC,
                   0600);
    g_autofree char *outputs =
        g_strdup_printf("3:file:%s", fd >= 0 ? file : "/dev/null");

    if (fd >= 0)
        close(fd);
    g_setenv("LIBVIRT_LOG_OUTPUTS", outputs, FALSE);
}

void hvb_libvirt_quieten(void)
{
    static gsize quiet;

    if (!g_once_init_enter(&quiet))
        return;
    set_log();
    virSetErrorFunc(NULL, keep_quiet);
    g_once_init_leave(&quiet, 1);
}

static void prepare_libvirt(void)
{
    static gsize prepared;

    hvb_libvirt_quieten();
    if (!g_once_init_enter(&prepared))
        return;
    gvir_event_register();
    g_once_init_leave(&prepared, 1);
}

static gboolean write_qemu_conf(const char *root, GError **error)
{
    g_autofree char *etc = g_build_filename(root, "etc", NULL);
    g_autofree char *path = g_build_filename(etc, "qemu.conf", NULL);
    g_autoptr(GError) local = NULL;

    if (!hvb_state_make_dir(etc, error))
        return FALSE;
    if (g_file_set_contents(path, qemu_conf, -1, &local))
        return TRUE;
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST, "%s", local->message);
    return FALSE;
}

static char *embedded_uri(GError **error)
{
    const char *root = EMBED_ROOT;

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
                    " for QEMU to run as: run scripts/setup of hvbench's "
                    "source, which makes it");
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

gboolean hvb_connection_check_local(const char *uri, GError **error)
{
    g_autoptr(GUri) parsed = g_uri_parse(uri, G_URI_FLAGS_NON_DNS, NULL);
    const char *host = parsed ? g_uri_get_host(parsed) : NULL;

    if (!host || !*host || g_str_has_suffix(g_uri_get_scheme(parsed), "+unix"))
        return TRUE;
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                "%s goes over the network: hvbench reads the caps in force "
                "and the CPU time from the kernel of the machine it runs on; "
                "run it on %s, and connect to qemu:///system there",
                uri, host);
    return FALSE;
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
        opening->error->code = HVB_BED_ERROR_HOST;
        return;
    }
    const char *driver = virConnectGetType(self->handle);
    if (!driver || strcmp(driver, "QEMU") != 0) {
        g_set_error(&opening->error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "%s is libvirt's %s driver: hvbench needs its QEMU driver, "
                    "such as qemu:///system",
                    self->uri, driver ? driver : "unknown");
        return;
    }
    /* Where an alias of libvirt's own configuration leads is known only now. */
    char *uri = virConnectGetURI(self->handle);
    if (!uri || hvb_connection_check_local(uri, &opening->error))
        destroy_stale(self->handle, opening->stopped);
    free(uri);
}

/* Guests that this libvirt knows nothing of: a killed hvbench made them over
 * another connection. They would disturb ours, and their files are in use. */
static gboolean check_strangers(const char *uri, GError **error)
{
    g_autoptr(GArray) pids = hvb_hypervisor_pids("/", HVB_DOMAIN_PREFIX);
    g_autoptr(GString) list = g_string_new(NULL);

    for (guint i = 0; i < pids->len; i++)
        g_string_append_printf(list, " %d", g_array_index(pids, pid_t, i));
    if (pids->len == 0)
        return TRUE;
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                "guests of an hvbench that was killed still run, but not "
                "under %s: run hvbench once as their user and with their "
                "--connect, or end their QEMU: kill%s",
                uri, list->str);
    return FALSE;
}

/* Guests that stood still when their hvbench was killed: libvirt would ask them
 * first, and wait for an answer. */
static void wake_stale(void)
{
    g_autoptr(GArray) pids = hvb_hypervisor_pids("/", HVB_DOMAIN_PREFIX);

    for (guint i = 0; i < pids->len; i++)
        kill(g_array_index(pids, pid_t, i), SIGCONT);
}

static gboolean open_libvirt(HvbConnection *self, GError **error)
{
    g_autoptr(GString) stopped = g_string_new(NULL);
    Opening opening = {self, stopped, NULL};
    gpointer items[] = {&opening};

    wake_stale();
    hvb_parallel(open_in_thread, items, 1, 1, NULL);
    if (stopped->len > 0)
        g_message("stopped guests that a killed hvbench had left:%s",
                  stopped->str);
    if (!opening.error)
        return check_strangers(self->uri, error);
    g_propagate_error(error, opening.error);
    return FALSE;
}

HvbConnection *hvb_connection_open(const char *uri, GError **error)
{
    if (uri && !hvb_connection_check_local(uri, error))
        return NULL;
    int lock = hvb_state_lock(HVB_LOCK_FILE, error);
    return lock < 0 ? NULL : hvb_connection_open_locked(uri, lock, error);
}

HvbConnection *hvb_connection_open_locked(const char *uri, int lock,
                                          GError **error)
{
    g_autoptr(HvbConnection) self = g_new0(HvbConnection, 1);
    g_autofree char *state = hvb_state_dir();

    self->lock = lock;
    self->imported =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (uri && !hvb_connection_check_local(uri, error))
        return NULL;
    if (!hvb_state_make_dir(state, error))
        return NULL;
    prepare_libvirt();
    self->embedded = uri == NULL;
    if (self->embedded) {
        g_autofree char *record = g_build_filename(state, "partition", NULL);
        self->partition = hvb_partition_new("/", record);
    }
    self->uri = uri ? g_strdup(uri) : embedded_uri(error);
    if (!self->uri || !open_libvirt(self, error))
        return NULL;
    hvb_state_remove_beds(state);
    hvb_group_remove_leftovers("/");
    self->dir =
        g_strdup_printf("%s/" HVB_STATE_BED_PREFIX "%d", state, getpid());
    if (!hvb_state_make_dir(self->dir, error))
        return NULL;
    return g_steal_pointer(&self);
}

const char *hvb_connection_uri(const HvbConnection *connection)
{
    return connection->uri;
}

char *hvb_qemu_log_of_daemon(const char *uri, const char *name)
{
    g_autofree char *place = g_strndup(uri, strcspn(uri, "?"));

    if (g_str_has_suffix(place, "/session"))
        return g_strdup_printf("%s/libvirt/qemu/log/%s.log",
                               g_get_user_cache_dir(), name);
    return g_strdup_printf("/var/log/libvirt/qemu/%s.log", name);
}

char *hvb_connection_qemu_log(const HvbConnection *connection, const char *name)
{
    if (connection->embedded)
        return g_strdup_printf(EMBED_ROOT "/log/qemu/%s.log", name);
    return hvb_qemu_log_of_daemon(connection->uri, name);
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
    }
    hvb_partition_free(connection->partition);
    if (connection->dir)
        hvb_state_remove(connection->dir);
    if (connection->lock >= 0)
        close(connection->lock);
    g_hash_table_unref(connection->imported);
    g_free(connection->dir);
    g_free(connection->uri);
    g_free(connection);
}

/* Kernels of different flavours have the same name. */
static char *name_copy(HvbConnection *connection, const char *path)
{
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *name =
        g_strdup_printf("%u-%s", g_hash_table_size(connection->imported), base);

    return g_build_filename(connection->dir, name, NULL);
}

static gboolean copy_file(const char *path, const char *copy, GError **error)
{
    g_autoptr(GFile) from = g_file_new_for_path(path);
    g_autoptr(GFile) to = g_file_new_for_path(copy);
    g_autoptr(GError) local = NULL;

    if (g_file_copy(from, to, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL,
                    &local) &&
        g_chmod(copy, 0644) == 0)
        return TRUE;
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                "cannot copy %s to %s: %s", path, copy,
                local ? local->message : g_strerror(errno));
    return FALSE;
}

char *hvb_connection_import(HvbConnection *connection, const char *path,
                            GError **error)
{
    const char *before = g_hash_table_lookup(connection->imported, path);

    if (before)
        return g_strdup(before);
    g_autofree char *copy = name_copy(connection, path);
    if (!copy_file(path, copy, error))
        return NULL;
    g_hash_table_insert(connection->imported, g_strdup(path), g_strdup(copy));
    return g_steal_pointer(&copy);
}

char *hvb_connection_make_file(HvbConnection *connection, const char *name,
                               GError **error)
{
    g_autofree char *path = g_build_filename(connection->dir, name, NULL);
    struct passwd *qemu = getpwnam(HVB_QEMU_USER);
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);

    if (fd < 0) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "cannot make %s: %s", path, g_strerror(errno));
        return NULL;
    }
    if (geteuid() == 0 && qemu && fchown(fd, qemu->pw_uid, qemu->pw_gid) != 0)
        g_warning("cannot hand %s to %s: %s", path, HVB_QEMU_USER,
                  g_strerror(errno));
    close(fd);
    return g_steal_pointer(&path);
}
