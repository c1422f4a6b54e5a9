/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/disk-image.h"

#include "hvbench/bed/bed-error.h"
#include "hvbench/bed/connection-private.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <json-glib/json-glib.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#define GROUPS_AT_MOST 64
#define EXIT_NOT_BECOME 126

static void free_layer(gpointer data)
{
    HvbDiskLayer *layer = data;

    g_free(layer->path);
    g_free(layer->format);
    g_free(layer);
}

void hvb_disk_image_free(HvbDiskImage *image)
{
    if (!image)
        return;
    if (image->overlay)
        g_unlink(image->overlay);
    if (image->alias)
        g_unlink(image->alias);
    g_free(image->overlay);
    g_free(image->alias);
    g_clear_pointer(&image->layers, g_ptr_array_unref);
    g_free(image);
}

typedef struct {
    uid_t uid;
    gid_t gid;
    gid_t groups[GROUPS_AT_MOST];
    int n_groups;
} User;

/* FALSE: QEMU runs as this process's own user, or as one that only libvirt
 * knows. */
static gboolean find_qemu_user(User *ret)
{
    const struct passwd *qemu = getpwnam(HVB_QEMU_USER);

    if (geteuid() != 0 || !qemu)
        return FALSE;
    *ret = (User){qemu->pw_uid, qemu->pw_gid, {0}, GROUPS_AT_MOST};
    return getgrouplist(HVB_QEMU_USER, qemu->pw_gid, ret->groups,
                        &ret->n_groups) >= 0;
}

/* In the child, between fork() and exec(). */
static void become(gpointer user_data)
{
    const User *user = user_data;

    if (setgroups((size_t)user->n_groups, user->groups) != 0 ||
        setgid(user->gid) != 0 || setuid(user->uid) != 0)
        _exit(EXIT_NOT_BECOME);
}

/* As the user that QEMU runs as: it can do what this can. Returns what it
 * printed, or NULL with what it complained of. */
static char *run_qemu_img(const char *const *arguments, GError **error)
{
    g_auto(GStrv) environment =
        g_environ_setenv(g_get_environ(), "LC_ALL", "C", TRUE);
    g_autofree char *said = NULL;
    g_autofree char *complaint = NULL;
    User user;
    gboolean other = find_qemu_user(&user);
    int status = 0;

    if (!g_spawn_sync("/", (char **)arguments, environment, G_SPAWN_SEARCH_PATH,
                      other ? become : NULL, &user, &said, &complaint, &status,
                      error))
        return NULL;
    if (g_spawn_check_wait_status(status, NULL))
        return g_steal_pointer(&said);
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST, "%s",
                *complaint ? g_strstrip(complaint)
                           : "qemu-img could not be run as QEMU's user");
    return NULL;
}

static const char *member(JsonObject *object, const char *name)
{
    return json_object_get_string_member_with_default(object, name, "");
}

static gboolean add_layer(GPtrArray *layers, JsonObject *about, GError **error)
{
    const char *path = member(about, "filename");
    const char *format = member(about, "format");
    HvbDiskLayer *layer;

    if (strcmp(format, "qcow2") != 0 && strcmp(format, "raw") != 0) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "%s has the format %s: qcow2 and raw can be used; convert "
                    "it with qemu-img convert -O qcow2",
                    path, format);
        return FALSE;
    }
    if (!g_path_is_absolute(path)) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "it is based on %s, which is no file of this machine",
                    path);
        return FALSE;
    }
    layer = g_new(HvbDiskLayer, 1);
    *layer = (HvbDiskLayer){g_strdup(path), g_strdup(format)};
    g_ptr_array_add(layers, layer);
    return TRUE;
}

/* The image and what it is based on. */
static GPtrArray *inspect(const char *path, GError **error)
{
    const char *arguments[] = {"qemu-img",        "info", "--output=json",
                               "--backing-chain", path,   NULL};
    g_autofree char *said = run_qemu_img(arguments, error);
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GPtrArray) layers = g_ptr_array_new_with_free_func(free_layer);

    if (!said || !json_parser_load_from_data(parser, said, -1, error))
        return NULL;
    JsonArray *chain = json_node_get_array(json_parser_get_root(parser));
    for (guint i = 0; i < json_array_get_length(chain); i++)
        if (!add_layer(layers, json_array_get_object_element(chain, i), error))
            return NULL;
    return g_steal_pointer(&layers);
}

/* The same file by a name that QEMU's user can reach. */
static GPtrArray *inspect_alias(HvbDiskImage *image, HvbConnection *connection,
                                const char *path, const char *name)
{
    g_autofree char *alias =
        g_strdup_printf("%s/%s.image", connection->dir, name);

    if (linkat(AT_FDCWD, path, AT_FDCWD, alias, AT_SYMLINK_FOLLOW) != 0)
        return NULL;
    image->alias = g_steal_pointer(&alias);
    return inspect(image->alias, NULL);
}

static gboolean make_overlay(const HvbDiskImage *image, GError **error)
{
    const HvbDiskLayer *base = image->layers->pdata[0];
    const char *arguments[] = {"qemu-img", "create",       "-q",         "-f",
                               "qcow2",    "-F",           base->format, "-b",
                               base->path, image->overlay, NULL};
    g_autofree char *said = run_qemu_img(arguments, error);

    return said != NULL;
}

HvbDiskImage *hvb_disk_image_open(HvbConnection *connection, const char *path,
                                  const char *name, GError **error)
{
    g_autoptr(HvbDiskImage) image = g_new0(HvbDiskImage, 1);
    g_autoptr(GError) local = NULL;

    image->layers = inspect(path, &local);
    if (!image->layers)
        image->layers = inspect_alias(image, connection, path, name);
    if (!image->layers) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "cannot use the disk image %s: %s (it must be there, be "
                    "used by nobody else, and the user that QEMU runs as, "
                    "%s, must be able to read it, which hvbench does not "
                    "change)",
                    path, local->message, HVB_QEMU_USER);
        return NULL;
    }
    image->overlay = hvb_connection_make_file(connection, name, error);
    if (!image->overlay)
        return NULL;
    if (!make_overlay(image, error)) {
        g_prefix_error(error, "cannot make an overlay of %s: ", path);
        return NULL;
    }
    return g_steal_pointer(&image);
}
