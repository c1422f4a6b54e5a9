/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Debian's kernel packages: what of them is fetched and unpacked. The archive
 * is the test's own, behind stand-ins for the programs of apt. */
#include "test/suites.h"
#include "test/unit/kernel-fixture.h"

#include <stdio.h>
#include <string.h>

#define META "linux-image-cloud-amd64"
#define IMAGE "linux-image-" KERNEL_RELEASE
#define BINARY "linux-binary-" KERNEL_RELEASE
#define MODULES "linux-modules-" KERNEL_RELEASE
#define BASE "linux-base-" KERNEL_RELEASE
#define FETCHED "download/cloud.deb"

/* apt's archive is the directory archive/. */
static const char stand_ins[] =
    "mkdir bin archive download\n"
    "cat >bin/apt-cache <<'END'\n"
    "#!/bin/bash\n"
    "cat \"${0%/*}/../archive/$2.depends\"\n"
    "END\n"
    "cat >bin/apt-get <<'END'\n"
    "#!/bin/bash\n"
    "archive=$(realpath \"${0%/*}/../archive\")\n"
    "while [ \"$1\" != download ]; do shift; done\n"
    "shift\n"
    "for package in \"$@\"; do cp \"$archive/$package\"_1_amd64.deb . ||"
    " exit 1; done\n"
    "END\n"
    "cat >bin/dpkg <<'END'\n"
    "#!/bin/bash\n"
    "echo amd64\n"
    "END\n"
    "chmod 755 bin/*\n";

/* Puts the package into the archive, with what is in the directory of its name,
 * if there is one. `depends`: as apt-cache prints it. */
static void publish(const Root *root, const char *package, const char *depends)
{
    g_autofree char *list = g_strdup_printf("archive/%s.depends", package);

    write_below(root, list, depends);
    kernel_shell(root,
                 "mkdir -p %s/DEBIAN && printf 'Package: %s\\nVersion: 1\\n"
                 "Architecture: amd64\\nMaintainer: x <x@x>\\n"
                 "Description: x\\n' >%s/DEBIAN/control &&"
                 " dpkg-deb -b %s archive/%s_1_amd64.deb >log",
                 package, package, package, package, package);
}

/* With an archive whose meta package leads to the image package. NULL: the test
 * is skipped. */
static Root *new_root(void)
{
    g_autofree char *recipes = kernel_find_recipes();
    g_autofree char *builder = g_find_program_in_path("dpkg-deb");

    if (!recipes)
        return NULL;
    if (!builder) {
        test_skip("needs dpkg-deb");
        return NULL;
    }
    Root *root = root_new();
    kernel_shell(root, "%s", stand_ins);
    publish(root, META,
            META "\n  Depends: " IMAGE "\n  Depends: linux-image-5.5.5-old\n");
    return root;
}

static void fetch(const Root *root, ProgramOutcome *ret_outcome)
{
    g_autofree char *bin = g_build_filename(root, "bin", NULL);
    g_autofree char *file = g_build_filename(root, FETCHED, NULL);
    const char *argv[] = {"guests/fetch-kernel", "cloud", file, NULL};

    kernel_run(bin, 0, argv, ret_outcome);
}

static void unpack(const Root *root, ProgramOutcome *ret_outcome)
{
    g_autofree char *file = g_build_filename(root, FETCHED, NULL);
    g_autofree char *dir = g_build_filename(root, "guest", NULL);
    const char *argv[] = {"guests/unpack-kernel", file, dir, "virtio_pci",
                          NULL};

    kernel_run(NULL, 0, argv, ret_outcome);
}

static void assert_unpacked(const Root *root)
{
    g_auto(ProgramOutcome) fetched = {0}, unpacked = {0};

    fetch(root, &fetched);
    CU_ASSERT_EQUAL(fetched.status, 0);
    unpack(root, &unpacked);
    CU_ASSERT_EQUAL(unpacked.status, 0);
    if (fetched.status != 0 || unpacked.status != 0)
        printf("    %s%s\n", fetched.err, unpacked.err);
    kernel_shell(root, "cmp guest/kernel-release <(echo " KERNEL_RELEASE ") &&"
                       " cmp guest/vmlinuz vmlinuz &&"
                       " [ $(wc -l <guest/modules.load) = 4 ]");
}

static void test_a_kernel_in_one_package_is_unpacked(void)
{
    g_autoptr(Root) root = new_root();

    if (!root)
        return;
    kernel_write_image(root, "vmlinuz", KERNEL_RELEASE, KERNEL_64_BIT);
    kernel_write_modules(root, IMAGE "/lib/modules/" KERNEL_RELEASE);
    kernel_shell(root, "install -D -m 644 vmlinuz " IMAGE
                       "/boot/vmlinuz-" KERNEL_RELEASE);
    publish(root, IMAGE,
            IMAGE "\n  Depends: kmod\n  Depends: linux-base\n"
                  " |Depends: initramfs-tools\n"
                  "  Depends: <linux-initramfs-tool>\n    dracut\n");
    assert_unpacked(root);
    kernel_shell(root, "[ ! -e " FETCHED ".d ]");
}

/* apt-get does not wait for another that renews the index. */
static void test_kernels_that_are_fetched_at_once_share_an_index(void)
{
    g_autoptr(Root) root = new_root();
    g_autofree char *recipes = kernel_find_recipes();

    if (!root)
        return;
    kernel_shell(root, "mkdir -p " IMAGE "/boot");
    publish(root, IMAGE, IMAGE "\n");
    kernel_shell(root,
                 "mkdir new && mv archive/*.deb new && mv bin/apt-get bin/get\n"
                 "cat >bin/apt-get <<'END'\n"
                 "#!/bin/bash\n"
                 "[[ $* == *update* ]] || exec \"$0\"-get \"$@\"\n"
                 "cd \"${0%%/*}/..\" && mkdir lock || exit 100\n"
                 "sleep 1; cp new/* archive; echo >>renewed; rmdir lock\n"
                 "END\n"
                 "mv bin/get bin/apt-get-get\n"
                 "printf '#!/bin/sh\\necho 0\\n' >bin/id; chmod 755 bin/*");
    kernel_shell(root,
                 "PATH=$PWD/bin:$PATH; for name in a b; do\n"
                 "%s/guests/fetch-kernel cloud download/$name.deb 2>>log &\n"
                 "all=\"$all $!\"; done; for one in $all; do wait $one || "
                 "exit; done; [ $(wc -l <renewed) = 1 ]",
                 recipes);
}

/* Those that the image package depends on depend on others in turn. */
static void test_a_kernel_divided_among_packages_is_unpacked(void)
{
    g_autoptr(Root) root = new_root();

    if (!root)
        return;
    kernel_write_image(root, "vmlinuz", KERNEL_RELEASE, KERNEL_64_BIT);
    kernel_write_modules(root, MODULES "/usr/lib/modules/" KERNEL_RELEASE);
    kernel_shell(root,
                 "install -D -m 644 vmlinuz " BINARY
                 "/boot/vmlinuz-" KERNEL_RELEASE " && mkdir -p " BASE
                 "/usr/lib/modules/" KERNEL_RELEASE " && mv " MODULES
                 "/usr/lib/modules/" KERNEL_RELEASE "/modules.builtin " BASE
                 "/usr/lib/modules/" KERNEL_RELEASE);
    publish(root, IMAGE,
            IMAGE "\n  Depends: kmod\n  Depends: " BINARY
                  "\n  Depends: " MODULES "\n  Recommends: apparmor\n");
    publish(root, BINARY, BINARY "\n  Depends: " MODULES "\n");
    publish(root, MODULES, MODULES "\n  Depends: " BASE "\n");
    publish(root, BASE, BASE "\n");
    assert_unpacked(root);
    kernel_shell(root, "[ $(ls " FETCHED ".d | wc -l) = 3 ]");
}

static void test_a_package_without_a_kernel_is_told_as_that(void)
{
    g_auto(ProgramOutcome) fetched = {0}, no_modules = {0}, no_image = {0};
    g_autoptr(Root) root = new_root();

    if (!root)
        return;
    publish(root, IMAGE, IMAGE "\n");
    fetch(root, &fetched);
    CU_ASSERT_EQUAL(fetched.status, 0);
    unpack(root, &no_modules);
    CU_ASSERT_NOT_EQUAL(no_modules.status, 0);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(no_modules.err, FETCHED " has no modules of a kernel"));
    kernel_write_modules(root, IMAGE "/lib/modules/" KERNEL_RELEASE);
    publish(root, IMAGE, IMAGE "\n");
    g_clear_pointer(&fetched.out, g_free);
    g_clear_pointer(&fetched.err, g_free);
    fetch(root, &fetched);
    unpack(root, &no_image);
    CU_ASSERT_NOT_EQUAL(no_image.status, 0);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(no_image.err, FETCHED " has no kernel image"));
}

CU_TestInfo tests_kernel_packages[] = {
    {"a kernel in one package is unpacked",
     test_a_kernel_in_one_package_is_unpacked},
    {"kernels that are fetched at once share an index",
     test_kernels_that_are_fetched_at_once_share_an_index},
    {"a kernel divided among packages is unpacked",
     test_a_kernel_divided_among_packages_is_unpacked},
    {"a package without a kernel is told as that",
     test_a_package_without_a_kernel_is_told_as_that},
    TEST_END,
};
