/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `make guests`: which kernels and modules are taken, and what is said of the
 * others. Nothing is fetched, nothing boots. */
#include "test/suites.h"
#include "test/unit/kernel-fixture.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534
#define MODULES_DIR "modules/" KERNEL_RELEASE
#define TREE "kernel/virtio/"

/* A kernel and its modules as they ought to be. NULL: the test is skipped. */
static Root *new_root(void)
{
    g_autofree char *recipes = kernel_find_recipes();

    if (!recipes)
        return NULL;
    Root *root = root_new();
    kernel_write_image(root, "vmlinuz", KERNEL_RELEASE, KERNEL_64_BIT);
    kernel_write_modules(root, MODULES_DIR);
    /* What stands for the agent must be something that strip takes. */
    kernel_write_module(root, "agent", "", "");
    return root;
}

/* Makes the initramfs of a custom kernel; `kernel` and `modules` are below the
 * root unless they are absolute. */
static void make(const Root *root, uid_t uid, const char *kernel,
                 const char *modules, ProgramOutcome *ret_outcome)
{
    g_autofree char *build = g_strdup_printf("BUILD=%s/build", root);
    g_autofree char *agent = g_strdup_printf("AGENT=%s/agent", root);
    g_autofree char *target =
        g_strdup_printf("%s/build/guests/custom/initrd", root);
    g_autofree char *kernel_path = g_canonicalize_filename(kernel, root);
    g_autofree char *modules_path = g_canonicalize_filename(modules, root);
    g_autofree char *kernel_is =
        g_strdup_printf("KERNEL=%s", *kernel ? kernel_path : "");
    g_autofree char *modules_is =
        g_strdup_printf("MODULES=%s", *modules ? modules_path : "");
    const char *argv[] = {"make",     "-f",   "guests/Makefile",
                          build,      agent,  kernel_is,
                          modules_is, target, NULL};

    kernel_run(NULL, uid, argv, ret_outcome);
}

static void assert_says(const ProgramOutcome *outcome,
                        const char *const *expected)
{
    CU_ASSERT_NOT_EQUAL(outcome->status, 0);
    for (; *expected; expected++)
        if (!strstr(outcome->err, *expected)) {
            printf("    not '%s': %s%s\n", *expected, outcome->out,
                   outcome->err);
            CU_FAIL("the reason is not said");
        }
}

/* The texts end with NULL. */
static void assert_refused(const Root *root, const char *kernel,
                           const char *modules, const char *const *expected)
{
    g_auto(ProgramOutcome) outcome = {0};
    g_autofree char *initrd =
        g_strdup_printf("%s/build/guests/custom/initrd", root);

    make(root, 0, kernel, modules, &outcome);
    assert_says(&outcome, expected);
    CU_ASSERT_FALSE(g_file_test(initrd, G_FILE_TEST_EXISTS));
}
#define ASSERT_REFUSED(root, kernel, modules, ...) \
    assert_refused((root), (kernel), (modules),    \
                   (const char *const[]){__VA_ARGS__, NULL})

static void assert_made(const Root *root, const char *kernel,
                        const char *modules)
{
    g_auto(ProgramOutcome) outcome = {0};

    make(root, 0, kernel, modules, &outcome);
    if (outcome.status != 0)
        printf("    %s%s\n", outcome.out, outcome.err);
    CU_ASSERT_EQUAL(outcome.status, 0);
}

static void assert_holds(const Root *root, const char *file,
                         const char *expected)
{
    g_autofree char *path = g_build_filename(root, file, NULL);
    g_autofree char *text = NULL;

    CU_ASSERT_TRUE_FATAL(g_file_get_contents(path, &text, NULL, NULL));
    CU_ASSERT_STRING_EQUAL(text, expected);
}

/* Each after what it depends on. */
static const char loading_order[] = "/modules/virtio_ring.ko\n"
                                    "/modules/virtio-modern.ko\n"
                                    "/modules/virtio.ko\n"
                                    "/modules/virtio_pci.ko\n"
                                    "/modules/virtio_console.ko\n"
                                    "/modules/virtio_blk.ko\n";

static void test_modules_are_taken_after_what_they_depend_on(void)
{
    g_autoptr(Root) root = new_root();

    if (!root)
        return;
    assert_made(root, "vmlinuz", MODULES_DIR);
    assert_holds(root, "build/guests/custom/modules.load", loading_order);
    assert_holds(root, "build/guests/custom/kernel-release",
                 KERNEL_RELEASE "\n");
    kernel_shell(root, "cmp vmlinuz build/guests/custom/vmlinuz");
}

static void test_compressed_modules_are_unpacked(void)
{
    static const char *const programs[] = {"gzip", "xz", "zstd -q --rm"};

    for (guint i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autoptr(Root) root = new_root();
        if (!root)
            return;
        kernel_shell(root, "cp -r " MODULES_DIR " plain");
        kernel_shell(root, "find " MODULES_DIR " -name '*.ko' -exec %s {} +",
                     programs[i]);
        assert_made(root, "vmlinuz", MODULES_DIR);
        assert_holds(root, "build/guests/custom/modules.load", loading_order);
        kernel_shell(root, "for file in $(find plain -name '*.ko'); do"
                           " cmp $file build/guests/custom/modules/"
                           "${file##*/} || exit 1; done");
    }
}

static void test_a_compressed_module_cut_short_is_refused(void)
{
    static const char *const programs[] = {"gzip", "xz", "zstd -q --rm"};

    for (guint i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autoptr(Root) root = new_root();
        if (!root)
            return;
        kernel_shell(root,
                     "cd " MODULES_DIR "/" TREE
                     " && %s virtio_ring.ko && truncate -s -9 virtio_ring.ko.*",
                     programs[i]);
        ASSERT_REFUSED(root, "vmlinuz", MODULES_DIR, "virtio_ring.ko.",
                       "cannot be unpacked");
    }
}

static void test_a_module_cut_short_is_refused(void)
{
    static const char *const sizes[] = {"0", "100", "-1"};

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(Root) root = new_root();
        if (!root)
            return;
        kernel_shell(root, "truncate -s %s " MODULES_DIR "/" TREE "virtio.ko",
                     sizes[i]);
        ASSERT_REFUSED(root, "vmlinuz", MODULES_DIR, TREE "virtio.ko",
                       "no whole kernel module");
    }
}

static void test_a_dependency_that_is_missing_is_named(void)
{
    g_autoptr(Root) root = new_root();

    if (!root)
        return;
    kernel_shell(root, "rm " MODULES_DIR "/" TREE "virtio-modern.ko");
    ASSERT_REFUSED(root, "vmlinuz", MODULES_DIR, "no module virtio_modern",
                   "virtio_pci needs it");
    write_below(root, MODULES_DIR "/modules.dep",
                TREE "virtio_pci.ko: " TREE "virtio-modern.ko\n" TREE
                     "virtio-modern.ko:\n");
    ASSERT_REFUSED(root, "vmlinuz", MODULES_DIR, "no module virtio_modern",
                   "virtio_pci needs it");
}

static void test_a_module_of_another_kernel_is_refused(void)
{
    static const char other[] = TREE "virtio.ko";
    g_autoptr(Root) root = new_root();

    if (!root)
        return;
    kernel_write_module(root, MODULES_DIR "/" TREE "virtio.ko", "virtio_ring",
                        "6.6.7-test SMP preempt mod_unload ");
    ASSERT_REFUSED(root, "vmlinuz", MODULES_DIR, other, "vermagic",
                   "6.6.7-test", KERNEL_RELEASE);
    kernel_write_module(root, MODULES_DIR "/" TREE "virtio.ko", "virtio_ring",
                        KERNEL_RELEASE " SMP preempt_rt mod_unload ");
    ASSERT_REFUSED(root, "vmlinuz", MODULES_DIR, other, "vermagic",
                   "preempt_rt", "another build");
}

static void test_what_is_built_in_needs_no_file(void)
{
    g_autoptr(Root) root = new_root();

    if (!root)
        return;
    kernel_shell(root, "rm " MODULES_DIR "/" TREE "*");
    write_below(root, MODULES_DIR "/modules.builtin",
                TREE "virtio.ko\n" TREE "virtio-ring.ko\n" TREE
                     "virtio_pci.ko\n");
    assert_made(root, "vmlinuz", MODULES_DIR);
    assert_holds(root, "build/guests/custom/modules.load",
                 "/modules/virtio_console.ko\n/modules/virtio_blk.ko\n");
}

static void test_of_two_modules_the_one_in_modules_dep_is_taken(void)
{
    g_autoptr(Root) root = new_root();

    if (!root)
        return;
    kernel_write_module(root, MODULES_DIR "/updates/virtio_blk.ko", "",
                        KERNEL_MAGIC);
    write_below(root, MODULES_DIR "/modules.dep", "updates/virtio_blk.ko:\n");
    assert_made(root, "vmlinuz", MODULES_DIR);
    kernel_shell(root, "cmp " MODULES_DIR "/updates/virtio_blk.ko"
                       " build/guests/custom/modules/virtio_blk.ko");
}

static void test_paths_may_have_blanks_and_quotes(void)
{
    g_autoptr(Root) root = new_root();

    if (!root)
        return;
    kernel_shell(root, "mkdir \"it's a dir\" && mv vmlinuz modules \"it's a"
                       " dir\" && mv \"it's a dir/vmlinuz\" \"it's a dir/my"
                       " kernel\"");
    assert_made(root, "it's a dir/my kernel", "it's a dir/" MODULES_DIR);
    assert_holds(root, "build/guests/custom/modules.load", loading_order);
}

static void test_what_is_no_kernel_image_is_refused(void)
{
    char arm[64] = {0};
    g_autoptr(Root) root = new_root();

    if (!root)
        return;
    memcpy(arm + 56, "ARMd", 4);
    write_bytes_below(root, "arm", arm, sizeof arm);
    write_below(root, "empty", "");
    kernel_write_image(root, "narrow", KERNEL_RELEASE, 0);
    kernel_write_image(root, "cut", KERNEL_RELEASE, KERNEL_64_BIT);
    kernel_shell(root, "truncate -s -1 cut");
    kernel_write_image(root, "other", "6.6.7-test", KERNEL_64_BIT);
    ASSERT_REFUSED(root, "/etc/passwd", MODULES_DIR,
                   "/etc/passwd is no kernel image");
    /* A program is an ELF file, too. */
    ASSERT_REFUSED(root, "/proc/self/exe", MODULES_DIR, "is no kernel image");
    ASSERT_REFUSED(root, "empty", MODULES_DIR, "empty is no kernel image");
    ASSERT_REFUSED(root, "arm", MODULES_DIR, "arm is a kernel for arm64");
    ASSERT_REFUSED(root, "narrow", MODULES_DIR, "narrow is a 32-bit kernel");
    ASSERT_REFUSED(root, "cut", MODULES_DIR, "cut is cut short");
    ASSERT_REFUSED(root, "other", MODULES_DIR, "other is Linux 6.6.7-test",
                   KERNEL_RELEASE);
}

static void test_a_kernel_that_is_not_packed_is_taken(void)
{
    g_autoptr(Root) root = new_root();

    if (!root)
        return;
    write_below(root, "vmlinux.s",
                ".asciz \"Linux version " KERNEL_RELEASE " (builder)\"\n");
    kernel_shell(root, "as -o vmlinux vmlinux.s");
    assert_made(root, "vmlinux", MODULES_DIR);
    assert_holds(root, "build/guests/custom/modules.load", loading_order);
}

static void test_what_cannot_be_read_is_named_with_its_variable(void)
{
    g_autoptr(Root) root = new_root();

    if (!root)
        return;
    g_autofree char *no_kernel = g_strdup_printf("KERNEL=%s/none", root);
    g_autofree char *no_modules = g_strdup_printf("MODULES=%s/none", root);
    g_autofree char *a_dir = g_strdup_printf("KERNEL=%s/modules", root);
    g_autofree char *a_file = g_strdup_printf("MODULES=%s/vmlinuz", root);
    ASSERT_REFUSED(root, "none", MODULES_DIR, no_kernel, "No such file");
    ASSERT_REFUSED(root, "modules", MODULES_DIR, a_dir, "is a directory");
    ASSERT_REFUSED(root, "/dev/null", MODULES_DIR, "KERNEL=/dev/null",
                   "no regular file");
    ASSERT_REFUSED(root, "vmlinuz", "none", no_modules, "No such file");
    ASSERT_REFUSED(root, "vmlinuz", "vmlinuz", a_file, "no directory");
    ASSERT_REFUSED(root, "vmlinuz", "/dev/null", "MODULES=/dev/null",
                   "no directory");
    ASSERT_REFUSED(root, "vmlinuz", "modules", "no modules.builtin");
    ASSERT_REFUSED(root, "vmlinuz", "", "go together");
    ASSERT_REFUSED(root, "", MODULES_DIR, "go together");
}

static void test_what_is_another_users_is_named_with_its_variable(void)
{
    const uid_t uid = geteuid() == 0 ? NOBODY : 0;
    g_auto(ProgramOutcome) kernel = {0}, modules = {0};
    g_autoptr(Root) root = new_root();

    if (!root)
        return;
    kernel_shell(root, "mkdir build && chmod 777 . build && chmod 0 vmlinuz");
    make(root, uid, "vmlinuz", MODULES_DIR, &kernel);
    assert_says(&kernel, (const char *const[]){"KERNEL=", "vmlinuz",
                                               "may not be read by", NULL});
    kernel_shell(root, "chmod 644 vmlinuz && chmod 0 " MODULES_DIR);
    make(root, uid, "vmlinuz", MODULES_DIR, &modules);
    assert_says(&modules, (const char *const[]){"MODULES=", KERNEL_RELEASE,
                                                "may not be read by", NULL});
    kernel_shell(root, "chmod 755 " MODULES_DIR);
}

static void test_another_kernel_at_the_same_path_is_noticed(void)
{
    g_auto(ProgramOutcome) again = {0};
    g_autoptr(Root) root = new_root();

    if (!root)
        return;
    assert_made(root, "vmlinuz", MODULES_DIR);
    make(root, 0, "vmlinuz", MODULES_DIR, &again);
    CU_ASSERT_PTR_NULL(strstr(again.out, "pick-modules"));
    kernel_shell(root, "echo more >>vmlinuz");
    assert_made(root, "vmlinuz", MODULES_DIR);
    kernel_shell(root, "cmp vmlinuz build/guests/custom/vmlinuz");
}

CU_TestInfo tests_guest_recipes[] = {
    {"modules are taken after what they depend on",
     test_modules_are_taken_after_what_they_depend_on},
    {"compressed modules are unpacked", test_compressed_modules_are_unpacked},
    {"a compressed module cut short is refused",
     test_a_compressed_module_cut_short_is_refused},
    {"a module cut short is refused", test_a_module_cut_short_is_refused},
    {"a dependency that is missing is named",
     test_a_dependency_that_is_missing_is_named},
    {"a module of another kernel is refused",
     test_a_module_of_another_kernel_is_refused},
    {"what is built in needs no file", test_what_is_built_in_needs_no_file},
    {"of two modules the one in modules.dep is taken",
     test_of_two_modules_the_one_in_modules_dep_is_taken},
    {"paths may have blanks and quotes", test_paths_may_have_blanks_and_quotes},
    {"what is no kernel image is refused",
     test_what_is_no_kernel_image_is_refused},
    {"a kernel that is not packed is taken",
     test_a_kernel_that_is_not_packed_is_taken},
    {"what cannot be read is named with its variable",
     test_what_cannot_be_read_is_named_with_its_variable},
    {"what is another user's is named with its variable",
     test_what_is_another_users_is_named_with_its_variable},
    {"another kernel at the same path is noticed",
     test_another_kernel_at_the_same_path_is_noticed},
    TEST_END,
};
