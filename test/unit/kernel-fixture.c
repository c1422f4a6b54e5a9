/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/unit/kernel-fixture.h"

#include "hvbench/profile/profile.h"
#include "test/suites.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECTOR 512
/* Fields of a bzImage's header. */
#define SETUP_SECTORS 0x1f1
#define SYSTEM_SIZE 0x1f4 /* in units of 16 bytes */
#define MAGIC 0x202
#define HEADER_VERSION 0x206
#define RELEASE_AT 0x20e
#define FLAGS 0x236

char *kernel_find_recipes(void)
{
    static const char *const needed[] = {"make", "as", "modinfo", "bash"};
    g_autofree char *dir = hvb_profile_dir();
    g_autofree char *recipe =
        g_build_filename(dir, "guests", "pick-modules", NULL);

    for (guint i = 0; i < G_N_ELEMENTS(needed); i++) {
        g_autofree char *program = g_find_program_in_path(needed[i]);
        if (!program) {
            test_skip("needs make, as, modinfo and bash");
            return NULL;
        }
    }
    if (g_file_test(recipe, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer(&dir);
    test_skip("needs hvbench's source beside the build directory");
    return NULL;
}

void kernel_write_image(const Root *root, const char *file, const char *release,
                        guint flags)
{
    char image[4 * SECTOR] = {0};
    const guint text_at = 2 * SECTOR;

    image[SETUP_SECTORS] = 2;
    image[SYSTEM_SIZE] = SECTOR / 16;
    memcpy(image + MAGIC, "HdrS", 4);
    image[HEADER_VERSION] = 0x0f;
    image[HEADER_VERSION + 1] = 2;
    image[RELEASE_AT + 1] = (char)((text_at - SECTOR) >> 8);
    image[FLAGS] = (char)flags;
    g_snprintf(image + text_at, SECTOR, "%s (builder) #1 SMP", release);
    write_bytes_below(root, file, image, sizeof image);
}

void kernel_shell(const Root *root, const char *format, ...)
{
    const char *argv[] = {"bash", "-c", NULL, NULL};
    int status = -1;
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *command = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    argv[2] = command;
    CU_ASSERT_TRUE_FATAL(g_spawn_sync(root, (char **)argv, NULL,
                                      G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                                      NULL, &status, NULL));
    CU_ASSERT_EQUAL_FATAL(status, 0);
}

void kernel_write_module(const Root *root, const char *file,
                         const char *depends, const char *magic)
{
    g_autofree char *source = g_strdup_printf(".section .modinfo, \"a\"\n"
                                              ".asciz \"license=GPL\"\n"
                                              ".asciz \"depends=%s\"\n"
                                              ".asciz \"vermagic=%s\"\n",
                                              depends, magic);

    write_below(root, file, "");
    write_below(root, "module.s", source);
    kernel_shell(root, "as -o '%s' module.s && rm module.s", file);
}

void kernel_write_modules(const Root *root, const char *dir)
{
    static const struct {
        const char *name;
        const char *depends;
    } modules[] = {
        {"kernel/virtio/virtio.ko", "virtio_ring"},
        {"kernel/virtio/virtio_ring.ko", ""},
        {"kernel/virtio/virtio_pci.ko", "virtio_ring,virtio-modern,virtio"},
        {"kernel/virtio/virtio-modern.ko", ""},
        {"kernel/char/virtio_console.ko", "virtio,virtio_ring"},
        {"kernel/block/virtio_blk.ko", "virtio_ring,virtio"},
    };
    g_autofree char *builtin = g_build_filename(dir, "modules.builtin", NULL);

    for (guint i = 0; i < G_N_ELEMENTS(modules); i++) {
        g_autofree char *file = g_build_filename(dir, modules[i].name, NULL);
        kernel_write_module(root, file, modules[i].depends, KERNEL_MAGIC);
    }
    write_below(root, builtin, "kernel/fs/ext4/ext4.ko\n");
}

static void become(gpointer user_data)
{
    const uid_t *uid = user_data;

    if (*uid != 0 && setuid(*uid) != 0)
        _exit(126);
}

/* Not of the make that may have called this program. */
static GStrv make_environment(const char *path)
{
    static const char *const of_make[] = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL",
                                          "KERNEL", "MODULES"};
    GStrv environment = g_get_environ();

    for (guint i = 0; i < G_N_ELEMENTS(of_make); i++)
        environment = g_environ_unsetenv(environment, of_make[i]);
    if (!path)
        return environment;
    g_autofree char *all =
        g_strdup_printf("%s:%s", path, g_environ_getenv(environment, "PATH"));
    return g_environ_setenv(environment, "PATH", all, TRUE);
}

void kernel_run(const char *path, uid_t uid, const char *const *argv,
                ProgramOutcome *ret_outcome)
{
    g_autofree char *dir = hvb_profile_dir();
    g_auto(GStrv) environment = make_environment(path);
    int status = -1;

    CU_ASSERT_TRUE_FATAL(g_spawn_sync(dir, (char **)argv, environment,
                                      G_SPAWN_SEARCH_PATH, become, &uid,
                                      &ret_outcome->out, &ret_outcome->err,
                                      &status, NULL));
    CU_ASSERT_TRUE_FATAL(WIFEXITED(status));
    ret_outcome->status = WEXITSTATUS(status);
}
