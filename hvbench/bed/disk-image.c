/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/disk-image.h"

#include "hvbench/bed/bed-error.h"
#include "hvbench/bed/connection-private.h"
#include "hvbench/bed/qemu-user.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

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

/* Makes the first layer the same file by a name that QEMU's user can reach, if
 * that helps. */
static void reach_by_alias(HvbDiskImage *image, HvbConnection *connection,
                           const char *name)
{
    HvbDiskLayer *top = image->layers->pdata[0];
    g_autofree char *alias =
        g_strdup_printf("%s/%s.image", connection->dir, name);

    if (linkat(AT_FDCWD, top->path, AT_FDCWD, alias, AT_SYMLINK_FOLLOW) != 0)
        return;
    image->alias = g_steal_pointer(&alias);
    if (!hvb_disk_chain_can_open(image->alias, top->format))
        return;
    g_free(top->path);
    top->path = g_strdup(image->alias);
    g_clear_pointer(&top->barred, g_free);
}

static gboolean check_reach(const GPtrArray *layers, GError **error)
{
    for (guint i = 0; i < layers->len; i++) {
        const HvbDiskLayer *layer = layers->pdata[i];
        if (layer->barred) {
            g_set_error_literal(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                                layer->barred);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean find_layers(HvbDiskImage *image, HvbConnection *connection,
                            const char *path, const char *name, GError **error)
{
    image->layers = hvb_disk_chain_examine(path, error);
    if (!image->layers)
        return FALSE;
    const HvbDiskLayer *top = image->layers->pdata[0];
    if (top->barred)
        reach_by_alias(image, connection, name);
    return check_reach(image->layers, error);
}

/* All layers are known and told to QEMU, so qemu-img need not look for them
 * (-u): by an alias it would not find a base that the image names relatively.
 */
static gboolean make_overlay(const HvbDiskImage *image, GError **error)
{
    const HvbDiskLayer *base = image->layers->pdata[0];
    g_autofree char *size = g_strdup_printf("%" G_GINT64_FORMAT, base->size);
    const char *argv[] = {"qemu-img",     "create",     "-q", "-f", "qcow2",
                          "-F",           base->format, "-u", "-b", base->path,
                          image->overlay, size,         NULL};
    g_autofree char *said = hvb_qemu_user_run(HVB_AS_QEMU, argv, error);

    return said != NULL;
}

HvbDiskImage *hvb_disk_image_open(HvbConnection *connection, const char *path,
                                  const char *name, GError **error)
{
    g_autoptr(HvbDiskImage) image = g_new0(HvbDiskImage, 1);

    if (!find_layers(image, connection, path, name, error)) {
        g_prefix_error(error, "cannot use the disk image %s: ", path);
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
