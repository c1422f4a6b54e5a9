/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* O_DIRECT */
#include "hvbench/bed/images.h"

#include "hvbench/bed/bed.h"
#include "hvbench/bed/memory-groups.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What a QEMU process needs beside its guest's memory: about 60 MiB under KVM,
 * and TCG's translation buffer grows to some 64 MiB for these guests. */
#define QEMU_OVERHEAD_MIB 128
#define MIB (1024 * 1024)

void hvb_images_clear(HvbImages *images)
{
    g_free(images->kernel);
    g_free(images->initrd);
    g_free(images->documents);
    hvb_disk_image_free(images->disk);
    *images = (HvbImages){0};
}

static gboolean is_path(const char *text)
{
    return strchr(text, '/') != NULL;
}

/* The guest's file of this name among those that guests/ builds; NULL if it
 * boots by its disk image's boot loader. */
static char *built_file(const HvbGuestProfile *guest, const char *file)
{
    if (!*guest->image)
        return hvb_profile_guest_file(guest->kernel, file);
    return is_path(guest->image) ? NULL
                                 : hvb_profile_guest_file(guest->image, file);
}

char *hvb_images_kernel(const HvbGuestProfile *guest)
{
    return is_path(guest->kernel) ? g_strdup(guest->kernel)
                                  : built_file(guest, "vmlinuz");
}

char *hvb_images_initrd(const HvbGuestProfile *guest)
{
    if (*guest->initrd)
        return g_strdup(guest->initrd);
    return is_path(guest->kernel) ? NULL : built_file(guest, "initrd");
}

char *hvb_images_disk(const HvbGuestProfile *guest)
{
    if (!*guest->image)
        return NULL;
    return is_path(guest->image)
               ? g_strdup(guest->image)
               : hvb_profile_guest_file(guest->image, "disk.img");
}

/* `target`: what makes it; NULL if it is the user's own. */
static gboolean check_exists(const char *path, const char *target,
                             GError **error)
{
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return TRUE;
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "%s is %s, and the profile needs a file there", path,
                    g_file_test(path, G_FILE_TEST_IS_DIR) ? "a directory"
                                                          : "no regular file");
    else if (target)
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "there is no %s: 'make %s' in hvbench's source builds it, "
                    "'make install' installs it",
                    path, target);
    else
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "there is no file %s, which the profile names", path);
    return FALSE;
}

/* Takes `path` over. */
static gboolean import(HvbConnection *connection, char *path,
                       const char *target, char **ret_copy, GError **error)
{
    g_autofree char *owned = path;

    if (check_exists(path, target, error))
        *ret_copy = hvb_connection_import(connection, path, error);
    return *ret_copy != NULL;
}

/* The same; a file that the guest has not (NULL) stays so. */
static gboolean import_if_any(HvbConnection *connection, char *path,
                              const char *target, char **ret_copy,
                              GError **error)
{
    return !path || import(connection, path, target, ret_copy, error);
}

static gboolean import_all(HvbConnection *connection,
                           const HvbGuestProfile *guest, HvbImages *images,
                           GError **error)
{
    g_autofree char *target =
        *guest->image ? g_strdup(guest->image)
                      : g_strconcat("guests FLAVOURS=", guest->kernel, NULL);

    return import_if_any(connection, hvb_images_kernel(guest),
                         is_path(guest->kernel) ? NULL : target,
                         &images->kernel, error) &&
           import_if_any(connection, hvb_images_initrd(guest),
                         *guest->initrd ? NULL : target, &images->initrd,
                         error) &&
           import(connection, hvb_profile_guest_file(NULL, "documents.img"),
                  "guests", &images->documents, error);
}

static gboolean open_disk(HvbConnection *connection,
                          const HvbGuestProfile *guest, const char *name,
                          HvbImages *images, GError **error)
{
    g_autofree char *path = hvb_images_disk(guest);
    g_autofree char *overlay = g_strconcat(name, ".qcow2", NULL);

    if (!path)
        return TRUE;
    if (check_exists(path, is_path(guest->image) ? NULL : guest->image, error))
        images->disk = hvb_disk_image_open(connection, path, overlay, error);
    return images->disk != NULL;
}

gboolean hvb_images_check_cache(HvbCache cache, const char *path,
                                GError **error)
{
    g_autofree char *dir = g_path_get_dirname(path);
    int fd;

    if (cache != HVB_CACHE_NONE && cache != HVB_CACHE_DIRECTSYNC)
        return TRUE;
    fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
    if (fd >= 0) {
        close(fd);
        return TRUE;
    }
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                "the profile's cache = %s passes the host's page cache by, "
                "which the file system of %s cannot do (O_DIRECT): have it on "
                "a disk's own file system, such as ext4 or xfs, or take "
                "another cache mode",
                hvb_cache_name(cache), dir);
    return FALSE;
}

static gboolean check_caches(HvbCache cache, const HvbImages *images,
                             GError **error)
{
    if (!hvb_images_check_cache(cache, images->documents, error))
        return FALSE;
    if (!images->disk)
        return TRUE;
    for (guint i = 0; i < images->disk->layers->len; i++) {
        const HvbDiskLayer *layer = images->disk->layers->pdata[i];
        if (!hvb_images_check_cache(cache, layer->path, error))
            return FALSE;
    }
    return hvb_images_check_cache(cache, images->disk->overlay, error);
}

gboolean hvb_images_prepare(HvbConnection *connection,
                            const HvbGuestProfile *guest, const char *name,
                            HvbCache cache, HvbImages *ret_images,
                            GError **error)
{
    g_auto(HvbImages) images = {0};

    if (!import_all(connection, guest, &images, error) ||
        !open_disk(connection, guest, name, &images, error) ||
        !check_caches(cache, &images, error))
        return FALSE;
    *ret_images = images;
    memset(&images, 0, sizeof images);
    return TRUE;
}

const HvbGuestProfile *hvb_images_plainest(const HvbProfile *profile)
{
    for (guint i = 0; i < profile->n_guests; i++)
        if (!*profile->guests[i].image)
            return &profile->guests[i];
    for (guint i = 0; i < profile->n_guests; i++)
        if (profile->guests[i].agent)
            return &profile->guests[i];
    return &profile->guests[0];
}

static gint64 available_mib(const char *root)
{
    g_autofree char *path = g_build_filename(root, "proc/meminfo", NULL);
    g_autofree char *text = NULL;
    const char *line;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    line = strstr(text, "MemAvailable:");
    return line ? g_ascii_strtoll(line + strlen("MemAvailable:"), NULL, 10) /
                      1024
                : 0;
}

static gint64 needed_mib(const HvbProfile *profile)
{
    gint64 needed = 0;

    for (guint i = 0; i < profile->n_guests; i++)
        needed += profile->guests[i].memory_mib + QEMU_OVERHEAD_MIB;
    return needed;
}

/* hvbench's own group has no say: guests leave it. */
static gboolean check_groups(const char *root, const HvbProfile *profile,
                             GError **error)
{
    g_autoptr(GArray) groups = hvb_memory_groups_of_machines(root);
    gint64 needed = needed_mib(profile), left;
    const HvbMemoryGroup *tightest = hvb_memory_groups_tightest(groups, &left);

    if (!tightest || left / MIB >= needed)
        return TRUE;
    g_autofree char *limit = hvb_memory_text(tightest->limit_bytes);
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                "%u guests need %" G_GINT64_FORMAT
                " MiB of memory, but the control group %s that they live in "
                "is limited to %s (%s), of which %" G_GINT64_FORMAT
                " MiB are left: raise the limit, or take fewer guests "
                "(--guests)",
                profile->n_guests, needed, tightest->name, limit,
                tightest->file, left / MIB);
    return FALSE;
}

gboolean hvb_images_check_memory(const char *root, const HvbProfile *profile,
                                 GError **error)
{
    gint64 needed = needed_mib(profile);
    gint64 available = available_mib(root);

    if (!check_groups(root, profile, error))
        return FALSE;
    if (available >= needed)
        return TRUE;
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                "%u guests need %" G_GINT64_FORMAT
                " MiB of memory, but only %" G_GINT64_FORMAT
                " MiB are available: free some, or take fewer guests "
                "(--guests)",
                profile->n_guests, needed, available);
    return FALSE;
}

char *hvb_images_memory_doubt(const char *root, const HvbProfile *profile)
{
    g_autoptr(GArray) groups = hvb_memory_groups_of_machines(root);
    gint64 needed = needed_mib(profile);

    for (guint i = 0; i < groups->len; i++) {
        const HvbMemoryGroup *group = &g_array_index(groups, HvbMemoryGroup, i);
        if (group->high_bytes < 0 ||
            (group->high_bytes - group->used_bytes) / MIB >= needed)
            continue;
        g_autofree char *high = hvb_memory_text(group->high_bytes);
        return g_strdup_printf("%u guests may need %" G_GINT64_FORMAT
                               " MiB of memory: beyond %s of the control group "
                               "%s (memory.high) the kernel slows them down",
                               profile->n_guests, needed, high, group->name);
    }
    return NULL;
}
