/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* F_OFD_GETLK */
#include "hvbench/bed/disk-chain.h"

#include "hvbench/bed/bed-error.h"
#include "hvbench/bed/qemu-user.h"

#include <errno.h>
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What qemu-img tells of a file. */
typedef struct {
    char *format;
    gint64 size; /* of the disk that a guest sees */
    char *base;  /* what it is an overlay of, or NULL */
    char *base_format;
} About;

static void about_clear(About *about)
{
    g_free(about->format);
    g_free(about->base);
    g_free(about->base_format);
    *about = (About){0};
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(About, about_clear)

static void free_layer(gpointer data)
{
    HvbDiskLayer *layer = data;

    g_free(layer->path);
    g_free(layer->format);
    g_free(layer->barred);
    g_free(layer);
}

static gboolean refuse(GError **error, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* Always returns FALSE. */
static gboolean refuse(GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST, text);
    return FALSE;
}

static char *copy_member(JsonObject *object, const char *name)
{
    return g_strdup(
        json_object_get_string_member_with_default(object, name, NULL));
}

/* Does not open what the file is an overlay of. `format` may be NULL: as its
 * content tells. */
static gboolean ask(HvbRunAs as, const char *path, const char *format,
                    About *ret_about, GError **error)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    static const char *const begin[] = {"qemu-img", "info", "--output=json"};

    for (guint i = 0; i < G_N_ELEMENTS(begin); i++)
        g_ptr_array_add(argv, (gpointer)begin[i]);
    if (format) {
        g_ptr_array_add(argv, (gpointer) "-f");
        g_ptr_array_add(argv, (gpointer)format);
    }
    g_ptr_array_add(argv, (gpointer)path);
    g_ptr_array_add(argv, NULL);
    g_autofree char *said =
        hvb_qemu_user_run(as, (const char *const *)argv->pdata, error);
    if (!said)
        return FALSE;
    g_autoptr(JsonNode) node = json_from_string(said, NULL);
    if (!node || !JSON_NODE_HOLDS_OBJECT(node))
        return refuse(error, "qemu-img says nothing that hvbench understands");
    JsonObject *root = json_node_get_object(node);
    *ret_about = (About){
        .format = copy_member(root, "format"),
        .size =
            json_object_get_int_member_with_default(root, "virtual-size", 0),
        .base = copy_member(root, "full-backing-filename"),
        .base_format = copy_member(root, "backing-filename-format"),
    };
    return TRUE;
}

gboolean hvb_disk_chain_can_open(const char *path, const char *format)
{
    g_auto(About) about = {0};

    return ask(HVB_AS_QEMU, path, format, &about, NULL);
}

/* Whether a QEMU may write to the file: then it holds a lock on this byte,
 * which is that of its permission to write (RAW_LOCK_PERM_BASE and
 * BLK_PERM_WRITE in QEMU's source). qemu-img does not tell: it shares raw
 * images with writers. */
static gboolean is_written_by_another(const char *path)
{
    struct flock lock = {.l_type = F_WRLCK,
                         .l_whence = SEEK_SET,
                         .l_start = 101,
                         .l_len = 1};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    gboolean locked;

    if (fd < 0)
        return FALSE;
    locked = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    close(fd);
    return locked;
}

/* QEMU's user alone would be told "Permission denied" whatever else is wrong,
 * so who may see more looks, too. `ret_barred` stays as it is if QEMU's user
 * can open the file. */
static gboolean look(const char *path, const char *format, const char *subject,
                     About *ret_about, char **ret_barred, GError **error)
{
    g_autoptr(GError) of_qemu = NULL;

    if (is_written_by_another(path))
        return refuse(error,
                      "%s is in use: another QEMU may write to it; end that "
                      "guest, or take a copy made while it is shut down",
                      subject);
    if (ask(HVB_AS_QEMU, path, format, ret_about, &of_qemu))
        return TRUE;
    if (!ask(HVB_AS_SELF, path, format, ret_about, error)) {
        g_prefix_error(error, "%s cannot be read: ", subject);
        return FALSE;
    }
    *ret_barred = hvb_qemu_user_barred(path, subject);
    if (!*ret_barred)
        *ret_barred =
            g_strdup_printf("%s cannot be opened by %s, the user "
                            "that QEMU runs as: %s",
                            subject, hvb_qemu_user_name(), of_qemu->message);
    return TRUE;
}

static gboolean check_content(const About *about, const char *path,
                              const char *subject, GError **error)
{
    if (g_strcmp0(about->format, "qcow2") != 0 &&
        g_strcmp0(about->format, "raw") != 0)
        return refuse(error,
                      "%s has the format %s: qcow2 and raw can be used; "
                      "convert it: qemu-img convert -O qcow2 %s NEW-FILE",
                      subject, about->format ? about->format : "unknown", path);
    if (about->size == 0)
        return refuse(error,
                      "%s is empty, a disk of 0 bytes: was it cut short? Copy "
                      "or download it again",
                      subject);
    return TRUE;
}

/* Something to open without harm, and not seen before. `overlay` is based on
 * it; NULL: the first of the chain. */
static gboolean check_kind(const char *path, const char *subject,
                           const char *overlay, GHashTable *seen,
                           GError **error)
{
    struct stat status;
    int failure = stat(path, &status) == 0 ? 0 : errno;

    if (failure == ENOENT && overlay)
        return refuse(error,
                      "%s is not there: put it back, or tell %s where it is "
                      "now: qemu-img rebase -u -b FILE -F FORMAT %s",
                      subject, overlay, overlay);
    if (failure)
        return refuse(error, "%s cannot be found: %s", subject,
                      g_strerror(failure));
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
        return refuse(error, "%s is %s, where a file is needed", subject,
                      S_ISDIR(status.st_mode) ? "a directory"
                                              : "no regular file");
    if (g_hash_table_add(seen, g_strdup_printf("%lu:%lu", (gulong)status.st_dev,
                                               (gulong)status.st_ino)))
        return TRUE;
    return refuse(error,
                  "%s is an overlay of itself, in a circle: no disk begins "
                  "there; take another copy of the image",
                  subject);
}

/* Adds the layer at `named`, of `format` if that is known. QEMU is told where
 * it really is: links and relative names may lead through directories that its
 * user cannot enter. */
static gboolean add_layer(GPtrArray *layers, GHashTable *seen,
                          const char *named, const char *format,
                          About *ret_about, GError **error)
{
    g_autofree char *real = realpath(named, NULL);
    const char *path = real ? real : named;
    const HvbDiskLayer *above =
        layers->len > 0 ? layers->pdata[layers->len - 1] : NULL;
    g_autofree char *subject =
        above ? g_strdup_printf("its base %s", path) : g_strdup("it");
    g_autofree char *barred = NULL;
    HvbDiskLayer *layer;

    if (!check_kind(path, subject, above ? above->path : NULL, seen, error) ||
        !look(path, format, subject, ret_about, &barred, error) ||
        !check_content(ret_about, path, subject, error))
        return FALSE;
    layer = g_new(HvbDiskLayer, 1);
    *layer = (HvbDiskLayer){g_strdup(path), g_strdup(ret_about->format),
                            ret_about->size, g_steal_pointer(&barred)};
    g_ptr_array_add(layers, layer);
    return TRUE;
}

/* The path in what an image calls its base; NULL if it is none. */
static const char *path_of(const char *base)
{
    const char *path =
        g_str_has_prefix(base, "file:") ? base + strlen("file:") : base;

    return g_path_is_absolute(path) ? path : NULL;
}

GPtrArray *hvb_disk_chain_examine(const char *path, GError **error)
{
    g_autoptr(GPtrArray) layers = g_ptr_array_new_with_free_func(free_layer);
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_auto(About) about = {0};

    if (!add_layer(layers, seen, path, NULL, &about, error))
        return NULL;
    while (about.base) {
        g_auto(About) above = about;
        about = (About){0};
        const char *base = path_of(above.base);
        if (!base) {
            refuse(error,
                   "it is based on %s, which is no file of this machine: make "
                   "one file of them: qemu-img convert -O qcow2 %s NEW-FILE",
                   above.base, path);
            return NULL;
        }
        if (!add_layer(layers, seen, base, above.base_format, &about, error))
            return NULL;
    }
    return g_steal_pointer(&layers);
}
