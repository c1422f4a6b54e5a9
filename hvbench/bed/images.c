/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/images.h"

#include "hvbench/bed/bed.h"

#include <string.h>

/* What a QEMU process needs beside its guest's memory: about 60 MiB under KVM,
 * and TCG's translation buffer grows to some 64 MiB for these guests. */
#define QEMU_OVERHEAD_MIB 128

void hvb_images_clear(HvbImages *images)
{
    g_free(images->kernel);
    g_free(images->initrd);
    g_free(images->documents);
    *images = (HvbImages){0};
}

char *hvb_images_kernel(const HvbProfile *profile)
{
    return strchr(profile->kernel, '/')
               ? g_strdup(profile->kernel)
               : hvb_profile_guest_file(profile->kernel, "vmlinuz");
}

char *hvb_images_initrd(const HvbProfile *profile)
{
    return *profile->initrd ? g_strdup(profile->initrd)
                            : hvb_profile_guest_file(profile->kernel, "initrd");
}

/* Takes `path` over. */
static char *import(HvbConnection *connection, char *path, GError **error)
{
    g_autofree char *owned = path;

    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "there is no %s: 'make guests' in hvbench's source builds "
                    "the guests' images, 'make install' installs them",
                    path);
        return NULL;
    }
    return hvb_connection_import(connection, path, error);
}

gboolean hvb_images_import(HvbConnection *connection, const HvbProfile *profile,
                           HvbImages *ret_images, GError **error)
{
    g_auto(HvbImages) images = {0};

    images.kernel = import(connection, hvb_images_kernel(profile), error);
    if (images.kernel)
        images.initrd = import(connection, hvb_images_initrd(profile), error);
    if (images.initrd)
        images.documents =
            import(connection, hvb_profile_guest_file(NULL, "documents.img"),
                   error);
    if (!images.documents)
        return FALSE;
    *ret_images = images;
    memset(&images, 0, sizeof images);
    return TRUE;
}

static gint64 available_mib(void)
{
    g_autofree char *text = NULL;
    const char *line;

    if (!g_file_get_contents("/proc/meminfo", &text, NULL, NULL))
        return 0;
    line = strstr(text, "MemAvailable:");
    return line ? g_ascii_strtoll(line + strlen("MemAvailable:"), NULL, 10) /
                      1024
                : 0;
}

gboolean hvb_images_check_memory(const HvbProfile *profile, GError **error)
{
    gint64 needed =
        (gint64)profile->n_guests * (profile->memory_mib + QEMU_OVERHEAD_MIB);
    gint64 available = available_mib();

    if (available >= needed)
        return TRUE;
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                "%u guests of %u MiB need %" G_GINT64_FORMAT
                " MiB of memory, but only %" G_GINT64_FORMAT
                " MiB are available: free some, or take fewer guests "
                "(--guests)",
                profile->n_guests, profile->memory_mib, needed, available);
    return FALSE;
}
