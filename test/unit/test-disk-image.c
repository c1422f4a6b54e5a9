/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Disk images of the user's own: what of them is taken, and what is said of the
 * others. Where an image lies must not change what is said. */
#include "hvbench/bed/bed-error.h"
#include "hvbench/bed/disk-image.h"
#include "test/suites.h"
#include "test/unit/connection-fixture.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE "1M"

/* Directories that QEMU's user can and cannot enter. */
typedef struct {
    HvbConnection *connection;
    char *open;
    char *closed;
    const char *both[3]; /* ends with NULL; as nobody but root: only `open` */
} Place;

static void place_clear(Place *place)
{
    connection_without_libvirt_free(place->connection);
    g_free(place->open);
    g_free(place->closed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

static gboolean is_other_user(void)
{
    return geteuid() == 0 && getpwnam(HVB_QEMU_USER);
}

static Place new_place(void)
{
    HvbConnection *connection = connection_without_libvirt();
    Place place = {
        .connection = connection,
        .open = g_build_filename(connection->dir, "open", NULL),
        .closed = g_build_filename(connection->dir, "closed", NULL),
    };

    CU_ASSERT_EQUAL(g_mkdir(place.open, 0755), 0);
    CU_ASSERT_EQUAL(g_mkdir(place.closed, 0700), 0);
    place.both[0] = place.open;
    place.both[1] = is_other_user() ? place.closed : NULL;
    return place;
}

static gboolean has_qemu_img(void)
{
    g_autofree char *path = g_find_program_in_path("qemu-img");

    if (!path)
        test_skip("needs qemu-img");
    return path != NULL;
}

static gboolean has_other_user(void)
{
    if (!has_qemu_img())
        return FALSE;
    if (!is_other_user())
        test_skip("needs root, and the user " HVB_QEMU_USER);
    return is_other_user();
}

static void run(const char *const *argv)
{
    int status = -1;

    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                 NULL, NULL, &status, NULL);
    CU_ASSERT_EQUAL_FATAL(status, 0);
}

/* Returns its path. */
static char *make_image(const char *dir, const char *name, const char *format)
{
    char *path = g_build_filename(dir, name, NULL);
    const char *argv[] = {"qemu-img", "create", "-q", "-f",
                          format,     path,     SIZE, NULL};

    run(argv);
    return path;
}

/* An overlay of `base`, which need not be there. */
static char *make_overlay(const char *dir, const char *name, const char *base,
                          const char *base_format)
{
    char *path = g_build_filename(dir, name, NULL);
    const char *argv[] = {"qemu-img", "create", "-q", "-u", "-f",
                          "qcow2",    "-b",     base, "-F", base_format,
                          path,       SIZE,     NULL};

    run(argv);
    return path;
}

static char *make_empty(const char *dir, const char *name)
{
    char *path = g_build_filename(dir, name, NULL);

    CU_ASSERT_TRUE(g_file_set_contents(path, "", 0, NULL));
    return path;
}

/* What is said of an image that is not taken. */
static char *refusal(const Place *place, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HvbDiskImage) image =
        hvb_disk_image_open(place->connection, path, "guest1.qcow2", &error);

    CU_ASSERT_PTR_NULL(image);
    CU_ASSERT_TRUE_FATAL(
        g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, path));
    CU_ASSERT_PTR_NULL(strstr(error->message, "Permission denied"));
    return g_strdup(error->message);
}

/* `expected` ends with NULL. */
static void assert_refused(const Place *place, const char *path,
                           const char *const *expected)
{
    g_autofree char *said = refusal(place, path);

    for (; *expected; expected++)
        if (!strstr(said, *expected)) {
            printf("    not '%s': %s\n", *expected, said);
            CU_FAIL("the reason is not said");
        }
}
#define ASSERT_REFUSED(place, path, ...) \
    assert_refused((place), (path), (const char *const[]){__VA_ARGS__, NULL})

static void test_the_format_of_an_image_is_told_by_its_content(void)
{
    if (!has_qemu_img())
        return;
    g_auto(Place) place = new_place();
    g_autofree char *base = make_image(place.open, "base.qcow2", "raw");
    g_autofree char *top = make_overlay(place.open, "top.raw", base, "raw");
    g_autoptr(GError) error = NULL;
    HvbDiskImage *image =
        hvb_disk_image_open(place.connection, top, "guest1.qcow2", &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    CU_ASSERT_EQUAL_FATAL(image->layers->len, 2);
    const HvbDiskLayer *upper = image->layers->pdata[0];
    const HvbDiskLayer *lower = image->layers->pdata[1];
    CU_ASSERT_STRING_EQUAL(upper->path, top);
    CU_ASSERT_STRING_EQUAL(upper->format, "qcow2");
    CU_ASSERT_STRING_EQUAL(lower->path, base);
    CU_ASSERT_STRING_EQUAL(lower->format, "raw");
    CU_ASSERT_PTR_NULL(image->alias);
    g_autofree char *overlay = g_strdup(image->overlay);
    CU_ASSERT_TRUE(g_file_test(overlay, G_FILE_TEST_IS_REGULAR));
    hvb_disk_image_free(image);
    CU_ASSERT_FALSE(g_file_test(overlay, G_FILE_TEST_EXISTS));
}

static void test_an_image_of_another_format_is_refused(void)
{
    if (!has_qemu_img())
        return;
    g_auto(Place) place = new_place();
    for (const char **dir = place.both; *dir; dir++) {
        g_autofree char *vmdk = make_image(*dir, "a.qcow2", "vmdk");
        g_autofree char *vdi = make_image(*dir, "b.qcow2", "vdi");
        g_autofree char *top = make_overlay(*dir, "top", vmdk, "vmdk");
        ASSERT_REFUSED(&place, vmdk, "format vmdk", "qemu-img convert");
        ASSERT_REFUSED(&place, vdi, "format vdi", "qemu-img convert");
        ASSERT_REFUSED(&place, top, vmdk, "format vmdk", "qemu-img convert");
    }
}

static void test_a_base_that_is_missing_is_named(void)
{
    if (!has_qemu_img())
        return;
    g_auto(Place) place = new_place();
    for (const char **dir = place.both; *dir; dir++) {
        g_autofree char *base = g_build_filename(*dir, "base", NULL);
        g_autofree char *middle = make_overlay(*dir, "middle", base, "raw");
        g_autofree char *top = make_overlay(*dir, "top", middle, "qcow2");
        ASSERT_REFUSED(&place, middle, base, "is not there", "rebase");
        ASSERT_REFUSED(&place, top, base, "is not there", middle);
    }
}

/* QEMU's own lock: another of its programs has the image open to write, until
 * its input ends. */
static GSubprocess *occupy(const char *path, const char *format)
{
    GSubprocess *process =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE |
                             G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                         NULL, "qemu-io", "-f", format, path, NULL);
    char prompt;

    CU_ASSERT_PTR_NOT_NULL_FATAL(process);
    CU_ASSERT_EQUAL_FATAL(g_input_stream_read(g_subprocess_get_stdout_pipe(
                                                  process),
                                              &prompt, 1, NULL, NULL),
                          1);
    return process;
}

static void vacate(GSubprocess *process)
{
    CU_ASSERT_TRUE(g_output_stream_close(g_subprocess_get_stdin_pipe(process),
                                         NULL, NULL));
    CU_ASSERT_TRUE(g_subprocess_wait(process, NULL, NULL));
    g_object_unref(process);
}

static void test_an_image_in_use_is_told_as_that(void)
{
    if (!has_qemu_img())
        return;
    g_auto(Place) place = new_place();
    for (const char **dir = place.both; *dir; dir++) {
        g_autofree char *base = make_image(*dir, "base", "raw");
        g_autofree char *top = make_overlay(*dir, "top", base, "raw");
        GSubprocess *user = occupy(base, "raw");
        ASSERT_REFUSED(&place, base, "is in use", "end that guest");
        ASSERT_REFUSED(&place, top, base, "is in use", "end that guest");
        vacate(user);
        user = occupy(top, "qcow2");
        ASSERT_REFUSED(&place, top, "it is in use", "end that guest");
        vacate(user);
    }
}

static void test_an_image_without_content_is_refused(void)
{
    if (!has_qemu_img())
        return;
    g_auto(Place) place = new_place();
    for (const char **dir = place.both; *dir; dir++) {
        g_autofree char *empty = make_empty(*dir, "empty");
        g_autofree char *top = make_overlay(*dir, "top", empty, "raw");
        g_autofree char *sizeless = g_build_filename(*dir, "sizeless", NULL);
        const char *argv[] = {"qemu-img", "create", "-q", "-f",
                              "qcow2",    sizeless, "0",  NULL};
        run(argv);
        ASSERT_REFUSED(&place, empty, "it is empty");
        ASSERT_REFUSED(&place, top, empty, "is empty");
        ASSERT_REFUSED(&place, sizeless, "it is empty");
    }
}

static void test_of_a_damaged_image_the_damage_is_told(void)
{
    static const char header[512] = "QFI\xfb\0\0\0\x09";

    if (!has_qemu_img())
        return;
    g_auto(Place) place = new_place();
    for (const char **dir = place.both; *dir; dir++) {
        g_autofree char *path = g_build_filename(*dir, "damaged", NULL);
        CU_ASSERT_TRUE(g_file_set_contents(path, header, sizeof header, NULL));
        ASSERT_REFUSED(&place, path, "cannot be read", "version 9");
    }
}

static void test_without_qemu_img_the_remedy_is_told(void)
{
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    g_auto(Place) place = new_place();
    g_autofree char *image = g_build_filename(place.open, "image", NULL);

    CU_ASSERT_TRUE(g_file_set_contents(image, "text", -1, NULL));
    g_setenv("PATH", place.open, TRUE);
    ASSERT_REFUSED(&place, image, "qemu-img", "scripts/setup");
    g_setenv("PATH", path, TRUE);
}

static void test_a_base_that_is_no_file_is_refused(void)
{
    if (!has_qemu_img())
        return;
    g_auto(Place) place = new_place();
    g_autofree char *pipe = g_build_filename(place.open, "pipe", NULL);
    CU_ASSERT_EQUAL(mkfifo(pipe, 0644), 0);
    for (const char **dir = place.both; *dir; dir++) {
        g_autofree char *net =
            make_overlay(*dir, "net", "nbd://localhost/x", "raw");
        g_autofree char *on_pipe = make_overlay(*dir, "on-pipe", pipe, "raw");
        g_autofree char *on_dir =
            make_overlay(*dir, "on-dir", place.open, "raw");
        ASSERT_REFUSED(&place, net, "nbd://localhost/x", "no file",
                       "qemu-img convert");
        ASSERT_REFUSED(&place, on_pipe, pipe, "no regular file");
        ASSERT_REFUSED(&place, on_dir, place.open, "is a directory");
    }
}

static void test_overlays_in_a_circle_are_refused(void)
{
    if (!has_qemu_img())
        return;
    g_auto(Place) place = new_place();
    for (const char **dir = place.both; *dir; dir++) {
        g_autofree char *a = g_build_filename(*dir, "a", NULL);
        g_autofree char *b = make_overlay(*dir, "b", a, "qcow2");
        g_autofree char *again = make_overlay(*dir, "a", b, "qcow2");
        ASSERT_REFUSED(&place, b, "circle");
    }
}

static void test_of_a_chain_the_file_out_of_reach_is_named(void)
{
    static const char reason[] = "out of reach for " HVB_QEMU_USER;

    if (!has_other_user())
        return;
    g_auto(Place) place = new_place();
    g_autofree char *base = make_image(place.open, "base", "raw");
    g_autofree char *middle = make_overlay(place.closed, "middle", base, "raw");
    g_autofree char *top = make_overlay(place.open, "top", middle, "qcow2");
    g_autofree char *bars =
        g_strdup_printf("the directory %s (mode 0700, owner root)",
                        place.closed);
    g_autofree char *remedy =
        g_strdup_printf("setfacl -m u:" HVB_QEMU_USER ":x %s", place.closed);
    ASSERT_REFUSED(&place, top, middle, reason, bars, remedy);
    CU_ASSERT_EQUAL(g_chmod(place.closed, 0711), 0);
    g_autoptr(HvbDiskImage) image =
        hvb_disk_image_open(place.connection, top, "guest1.qcow2", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    CU_ASSERT_EQUAL(image->layers->len, 3);
}

static void test_a_link_from_out_of_reach_is_followed(void)
{
    if (!has_other_user())
        return;
    g_auto(Place) place = new_place();
    g_autofree char *base = make_image(place.open, "base", "raw");
    g_autofree char *link = g_build_filename(place.closed, "link", NULL);
    CU_ASSERT_EQUAL(symlink(base, link), 0);
    g_autofree char *top = make_overlay(place.open, "top", link, "raw");
    g_autoptr(HvbDiskImage) image =
        hvb_disk_image_open(place.connection, top, "guest1.qcow2", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    const HvbDiskLayer *lower = image->layers->pdata[1];
    CU_ASSERT_STRING_EQUAL(lower->path, base);
}

static void test_a_file_that_qemu_may_not_read_is_told_with_its_mode(void)
{
    if (!has_other_user())
        return;
    g_auto(Place) place = new_place();
    g_autofree char *base = make_image(place.open, "base", "raw");
    g_autofree char *top = make_overlay(place.open, "top", base, "raw");
    CU_ASSERT_EQUAL(g_chmod(base, 0600), 0);
    ASSERT_REFUSED(&place, base, "it may not be read by " HVB_QEMU_USER,
                   "mode 0600, owner root");
    ASSERT_REFUSED(&place, top, base, "may not be read by " HVB_QEMU_USER,
                   "mode 0600, owner root");
}

static void test_an_image_out_of_reach_gets_a_second_name(void)
{
    if (!has_other_user())
        return;
    g_auto(Place) place = new_place();
    g_autofree char *base = make_image(place.open, "base", "raw");
    /* By its second name it is not where this leads to its base. */
    g_autofree char *top =
        make_overlay(place.closed, "top", "../open/base", "raw");
    g_autoptr(GError) error = NULL;
    g_autoptr(HvbDiskImage) image =
        hvb_disk_image_open(place.connection, top, "guest1.qcow2", &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    CU_ASSERT_PTR_NOT_NULL_FATAL(image->alias);
    const HvbDiskLayer *upper = image->layers->pdata[0];
    const HvbDiskLayer *lower = image->layers->pdata[1];
    CU_ASSERT_STRING_EQUAL(upper->path, image->alias);
    CU_ASSERT_STRING_EQUAL(lower->path, base);
    CU_ASSERT_PTR_NULL(upper->barred);
    CU_ASSERT_EQUAL(upper->size, 1 << 20);
}

CU_TestInfo tests_disk_image[] = {
    {"the format of an image is told by its content",
     test_the_format_of_an_image_is_told_by_its_content},
    {"an image of another format is refused",
     test_an_image_of_another_format_is_refused},
    {"a base that is missing is named", test_a_base_that_is_missing_is_named},
    {"an image in use is told as that", test_an_image_in_use_is_told_as_that},
    {"an image without content is refused",
     test_an_image_without_content_is_refused},
    {"of a damaged image the damage is told",
     test_of_a_damaged_image_the_damage_is_told},
    {"without qemu-img the remedy is told",
     test_without_qemu_img_the_remedy_is_told},
    {"a base that is no file is refused",
     test_a_base_that_is_no_file_is_refused},
    {"overlays in a circle are refused", test_overlays_in_a_circle_are_refused},
    {"of a chain the file out of reach is named",
     test_of_a_chain_the_file_out_of_reach_is_named},
    {"a link from out of reach is followed",
     test_a_link_from_out_of_reach_is_followed},
    {"a file that QEMU may not read is told with its mode",
     test_a_file_that_qemu_may_not_read_is_told_with_its_mode},
    {"an image out of reach gets a second name",
     test_an_image_out_of_reach_gets_a_second_name},
    TEST_END,
};
