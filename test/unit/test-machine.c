/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a guest is made of: its stack, its host CPUs, its disks, its domain. */
#include "hvbench/bed/domain.h"
#include "hvbench/bed/hypervisor.h"
#include "hvbench/bed/placement.h"
#include "test/suites.h"
#include "test/unit/connection-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

static void assert_choice(HvbHypervisorChoice hypervisor, const char *machine,
                          HvbAccel accel, HvbAccel wanted_accel,
                          const char *wanted_machine, const char *wanted_text)
{
    const HvbProfile profile = {.hypervisor = hypervisor,
                                .machine = (char *)machine};
    HvbStackChoice choice;

    hvb_hypervisor_choose(&profile, accel, &choice);
    CU_ASSERT_EQUAL(choice.accel, wanted_accel);
    CU_ASSERT_STRING_EQUAL(choice.machine, wanted_machine);
    CU_ASSERT_TRUE(g_str_has_prefix(choice.choice, wanted_text));
    g_free(choice.choice);
}

static void test_hypervisor_a_is_what_the_profile_says(void)
{
    assert_choice(HVB_HYPERVISOR_A, "q35", HVB_ACCEL_KVM, HVB_ACCEL_KVM, "q35",
                  "A");
    assert_choice(HVB_HYPERVISOR_A, "pc", HVB_ACCEL_TCG, HVB_ACCEL_TCG, "pc",
                  "A");
}

static void test_hypervisor_b_is_always_another(void)
{
    assert_choice(HVB_HYPERVISOR_B, "q35", HVB_ACCEL_KVM, HVB_ACCEL_TCG, "q35",
                  "B: accelerator tcg");
    assert_choice(HVB_HYPERVISOR_B, "q35", HVB_ACCEL_TCG, HVB_ACCEL_TCG, "pc",
                  "B: machine type pc instead of q35");
    assert_choice(HVB_HYPERVISOR_B, "pc-q35-7.2", HVB_ACCEL_TCG, HVB_ACCEL_TCG,
                  "pc", "B: machine type pc instead of pc-q35-7.2");
    assert_choice(HVB_HYPERVISOR_B, "pc-i440fx-7.2", HVB_ACCEL_TCG,
                  HVB_ACCEL_TCG, "q35", "B: machine type q35");
    assert_choice(HVB_HYPERVISOR_B, "pc", HVB_ACCEL_TCG, HVB_ACCEL_TCG, "q35",
                  "B: machine type q35");
}

static void test_lists_of_cpus_are_read_and_written(void)
{
    static const char *const lists[] = {"0", "0-1", "0-1,4", "3,5,7-9",
                                        "0-1023"};
    static const char *const wrong[] = {"x",    "1-",   "-1",    "3-1",
                                        "1,,2", "1024", "0-1024"};
    HvbCpus cpus;

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        CU_ASSERT_TRUE_FATAL(hvb_cpus_parse(lists[i], &cpus));
        g_autofree char *text = hvb_cpus_text(&cpus);
        CU_ASSERT_STRING_EQUAL(text, lists[i]);
    }
    CU_ASSERT_EQUAL(hvb_cpus_count(&cpus), 1024);
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
        CU_ASSERT_FALSE(hvb_cpus_parse(wrong[i], &cpus));
    CU_ASSERT_TRUE(hvb_cpus_parse("2-3\n", &cpus));
    CU_ASSERT_EQUAL(hvb_cpus_count(&cpus), 2);
}

static void assert_placed(guint cpus, HvbAffinity affinity, guint guest,
                          const char *wanted)
{
    HvbCpus host, chosen;

    CU_ASSERT_TRUE_FATAL(hvb_cpus_parse("2-4,7", &host));
    hvb_placement_choose(&host, cpus, affinity, guest, &chosen);
    g_autofree char *text = hvb_cpus_text(&chosen);
    CU_ASSERT_STRING_EQUAL(text, wanted);
}

static void test_floating_guests_have_the_first_cpus_of_the_host(void)
{
    assert_placed(0, HVB_AFFINITY_FLOAT, 0, "2-4,7");
    assert_placed(1, HVB_AFFINITY_FLOAT, 5, "2");
    assert_placed(3, HVB_AFFINITY_FLOAT, 0, "2-4");
    assert_placed(9, HVB_AFFINITY_FLOAT, 1, "2-4,7");
}

static void test_pinned_guests_have_one_cpu_each_in_turn(void)
{
    assert_placed(0, HVB_AFFINITY_PINNED, 0, "2");
    assert_placed(0, HVB_AFFINITY_PINNED, 3, "7");
    assert_placed(0, HVB_AFFINITY_PINNED, 4, "2");
    assert_placed(2, HVB_AFFINITY_PINNED, 3, "3");
}

#define ONLINE "/sys/devices/system/cpu/online"

static void test_a_thread_tells_its_cpus(void)
{
    HvbCpus cpus;
    g_autoptr(GError) error = NULL;

    if (!g_file_test(ONLINE, G_FILE_TEST_EXISTS)) {
        test_skip("needs /sys, for the CPUs that are online");
        return;
    }
    CU_ASSERT_TRUE(hvb_cpus_of_thread("/proc/self", &cpus, NULL));
    CU_ASSERT_EQUAL(hvb_cpus_count(&cpus), g_get_num_processors());
    CU_ASSERT_FALSE(hvb_cpus_of_thread("/proc/self/fd", &cpus, &error));
    CU_ASSERT_TRUE(g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_TUNING));
}

static const HvbGuestProfile plain = {.kernel = (char *)"cloud",
                                      .initrd = (char *)"",
                                      .cmdline = (char *)"",
                                      .image = (char *)"",
                                      .agent = TRUE,
                                      .memory_mib = 128};

static char *describe(const HvbGuestProfile *guest, const HvbImages *images,
                      HvbCache cache)
{
    const HvbProfile profile = {.emulator = (char *)"",
                                .cpu = (char *)"default",
                                .cache = cache};
    const HvbDomainSettings settings = {.name = "hvbench-guest1",
                                        .guest = guest,
                                        .images = images,
                                        .console = "/bed/guest1.log",
                                        .client_port = "/bed/guest1.client",
                                        .machine = "q35",
                                        .accel = HVB_ACCEL_TCG};
    char *xml = hvb_domain_xml(&profile, &settings);

    /* One line, without the layout. */
    g_auto(GStrv) lines = g_strsplit(xml, "\n", -1);
    for (char **line = lines; *line; line++)
        g_strstrip(*line);
    g_free(xml);
    return g_strjoinv("", lines);
}

static void assert_has(const char *text, const char *part)
{
    CU_ASSERT_PTR_NOT_NULL(strstr(text, part));
    if (!strstr(text, part))
        g_printerr("    no %s in\n    %s\n", part, text);
}

static void test_every_guest_has_the_documents_by_their_serial(void)
{
    const HvbImages images = {(char *)"/bed/k", (char *)"/bed/i",
                              (char *)"/bed/d & e", NULL};
    g_autofree char *xml = describe(&plain, &images, HVB_CACHE_DEFAULT);

    assert_has(xml, "<kernel>/bed/k</kernel>");
    assert_has(xml, "<driver name=\"qemu\" type=\"raw\"/>"
                    "<source file=\"/bed/d &amp; e\"/>"
                    "<target dev=\"vda\" bus=\"virtio\"/><readonly/>"
                    "<serial>hvb-documents</serial>");
    assert_has(xml, "<channel type=\"unix\"><source mode=\"bind\" "
                    "path=\"/bed/guest1.client\"/><target type=\"virtio\" "
                    "name=\"" WIRE_CLIENT_PORT_NAME "\"/></channel>"
                    "<channel type=\"unix\"><target type=\"virtio\" "
                    "name=\"" WIRE_PORT_NAME "\"/></channel>");
    CU_ASSERT_PTR_NULL(strstr(xml, "root="));
}

static void test_the_cache_mode_is_that_of_every_disk(void)
{
    HvbDiskLayer layer = {.path = (char *)"/srv/x.img",
                          .format = (char *)"raw"};
    g_autoptr(GPtrArray) layers = g_ptr_array_new();
    HvbDiskImage disk = {(char *)"/bed/g.qcow2", NULL, layers};
    const HvbImages images = {NULL, NULL, (char *)"/bed/d", &disk};

    g_ptr_array_add(layers, &layer);
    g_autofree char *xml = describe(&plain, &images, HVB_CACHE_NONE);
    assert_has(xml, "<driver name=\"qemu\" type=\"raw\" cache=\"none\"/>");
    assert_has(xml, "<driver name=\"qemu\" type=\"qcow2\" cache=\"none\"/>");
}

/* /proc has no O_DIRECT. */
static void test_a_file_system_that_cannot_do_the_cache_mode_is_named(void)
{
    static const HvbCache direct[] = {HVB_CACHE_NONE, HVB_CACHE_DIRECTSYNC};
    static const HvbCache cached[] = {HVB_CACHE_DEFAULT, HVB_CACHE_WRITEBACK,
                                      HVB_CACHE_WRITETHROUGH, HVB_CACHE_UNSAFE};

    for (guint i = 0; i < G_N_ELEMENTS(direct); i++) {
        g_autoptr(GError) error = NULL;
        CU_ASSERT_FALSE(
            hvb_images_check_cache(direct[i], "/proc/version", &error));
        CU_ASSERT_TRUE_FATAL(
            g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST));
        CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "/proc"));
    }
    for (guint i = 0; i < G_N_ELEMENTS(cached); i++)
        CU_ASSERT_TRUE(
            hvb_images_check_cache(cached[i], "/proc/version", NULL));
}

static void test_of_a_disk_image_only_the_overlay_changes_its_owner(void)
{
    HvbDiskLayer upper = {.path = (char *)"/srv/x", .format = (char *)"qcow2"};
    HvbDiskLayer lower = {.path = (char *)"/srv/y", .format = (char *)"raw"};
    g_autoptr(GPtrArray) layers = g_ptr_array_new();
    HvbDiskImage disk = {(char *)"/bed/g.qcow2", NULL, layers};
    const HvbImages images = {NULL, NULL, (char *)"/bed/d", &disk};

    g_ptr_array_add(layers, &upper);
    g_ptr_array_add(layers, &lower);
    g_autofree char *xml = describe(&plain, &images, HVB_CACHE_DEFAULT);
    assert_has(xml, "<source file=\"/bed/g.qcow2\"/>"
                    "<backingStore type=\"file\"><format type=\"qcow2\"/>"
                    "<source file=\"/srv/x\">"
                    "<seclabel model=\"dac\" relabel=\"no\"/></source>"
                    "<backingStore type=\"file\"><format type=\"raw\"/>"
                    "<source file=\"/srv/y\">"
                    "<seclabel model=\"dac\" relabel=\"no\"/></source>"
                    "<backingStore/></backingStore></backingStore>"
                    "<target dev=\"vda\" bus=\"virtio\"/>");
    assert_has(xml, "<target dev=\"vdb\" bus=\"virtio\"/><readonly/>");
    /* It boots by its own boot loader. */
    CU_ASSERT_PTR_NULL(strstr(xml, "<kernel>"));
    CU_ASSERT_PTR_NULL(strstr(xml, "<cmdline>"));
}

static void test_a_kernel_for_a_disk_image_is_told_its_root(void)
{
    HvbGuestProfile guest = plain;
    g_autoptr(GPtrArray) layers = g_ptr_array_new();
    HvbDiskImage disk = {(char *)"/bed/g.qcow2", NULL, layers};
    const HvbImages images = {(char *)"/bed/k", NULL, (char *)"/bed/d", &disk};

    guest.cmdline = (char *)"root=/dev/vda1";
    g_autofree char *xml = describe(&guest, &images, HVB_CACHE_DEFAULT);
    const char *ours = strstr(xml, "root=/dev/vda rw");
    const char *theirs = strstr(xml, "root=/dev/vda1");
    CU_ASSERT_PTR_NOT_NULL(ours);
    CU_ASSERT_TRUE(theirs > ours);
    CU_ASSERT_PTR_NULL(strstr(xml, "<initrd>"));
}

static void test_a_guest_without_agent_has_no_port(void)
{
    HvbGuestProfile guest = plain;
    const HvbImages images = {(char *)"/bed/k", (char *)"/bed/i",
                              (char *)"/bed/d", NULL};

    guest.agent = FALSE;
    g_autofree char *xml = describe(&guest, &images, HVB_CACHE_DEFAULT);
    CU_ASSERT_PTR_NULL(strstr(xml, "<channel"));
}

static void assert_files(const char *image, const char *kernel,
                         const char *wanted_kernel, const char *wanted_disk)
{
    HvbGuestProfile guest = plain;

    guest.image = (char *)image;
    guest.kernel = (char *)kernel;
    g_autofree char *kernel_path = hvb_images_kernel(&guest);
    g_autofree char *disk_path = hvb_images_disk(&guest);
    g_autofree char *initrd_path = hvb_images_initrd(&guest);
    CU_ASSERT_TRUE(wanted_kernel
                       ? kernel_path &&
                             g_str_has_suffix(kernel_path, wanted_kernel)
                       : kernel_path == NULL);
    CU_ASSERT_TRUE(wanted_disk
                       ? disk_path && g_str_has_suffix(disk_path, wanted_disk)
                       : disk_path == NULL);
    /* A kernel of the user's own comes without an initramfs of ours. */
    CU_ASSERT_EQUAL(initrd_path != NULL, wanted_kernel && !strchr(kernel, '/'));
}

static void test_a_guest_boots_the_files_that_its_profile_names(void)
{
    assert_files("", "rt", "/guests/rt/vmlinuz", NULL);
    assert_files("", "/boot/k", "/boot/k", NULL);
    assert_files("debian", "rt", "/guests/debian/vmlinuz",
                 "/guests/debian/disk.img");
    assert_files("debian", "/boot/k", "/boot/k", "/guests/debian/disk.img");
    assert_files("/srv/x.img", "rt", NULL, "/srv/x.img");
    assert_files("/srv/x.img", "/boot/k", "/boot/k", "/srv/x.img");
}

static char *image_of(const char *value)
{
    g_autofree char *text = g_strdup_printf("[scenario]\nname = x\n"
                                            "[guest 1]\nloaded = yes\n"
                                            "measured = yes\nimage = %s\n",
                                            value);
    g_autoptr(HvbProfile) profile = hvb_profile_from_text(text, "/p/x", NULL);

    return profile ? g_strdup(profile->guests[0].image) : NULL;
}

static void test_an_image_is_one_name_or_a_path(void)
{
    g_autofree char *name = image_of("debian");
    g_autofree char *path = image_of("/srv/a;b.img");
    g_autofree char *none = image_of("");

    CU_ASSERT_PTR_NOT_NULL_FATAL(name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(none);
    CU_ASSERT_STRING_EQUAL(name, "debian");
    CU_ASSERT_STRING_EQUAL(path, "/srv/a;b.img");
    CU_ASSERT_STRING_EQUAL(none, "");
    CU_ASSERT_PTR_NULL(image_of("debian;other"));
    CU_ASSERT_PTR_NULL(image_of("disk.img"));
}

static void test_an_accelerator_is_tried_with_the_plainest_guest(void)
{
    static HvbProfile profile = {.n_guests = 3};

    for (guint i = 0; i < 3; i++)
        profile.guests[i] = plain;
    profile.guests[0].image = (char *)"debian";
    profile.guests[0].agent = FALSE;
    profile.guests[1].image = (char *)"debian";
    CU_ASSERT_PTR_EQUAL(hvb_images_plainest(&profile), &profile.guests[2]);
    profile.guests[2].image = (char *)"debian";
    CU_ASSERT_PTR_EQUAL(hvb_images_plainest(&profile), &profile.guests[1]);
}

static void test_kernels_of_one_name_are_kept_apart(void)
{
    HvbConnection *connection = connection_without_libvirt();
    g_autofree char *a = g_build_filename(connection->dir, "a", NULL);
    g_autofree char *b = g_build_filename(connection->dir, "b", NULL);
    g_autofree char *a_kernel = g_build_filename(a, "vmlinuz", NULL);
    g_autofree char *b_kernel = g_build_filename(b, "vmlinuz", NULL);
    g_autofree char *text = NULL;

    g_mkdir(a, 0755);
    g_mkdir(b, 0755);
    CU_ASSERT_TRUE(g_file_set_contents(a_kernel, "a", -1, NULL));
    CU_ASSERT_TRUE(g_file_set_contents(b_kernel, "b", -1, NULL));
    g_autofree char *first = hvb_connection_import(connection, a_kernel, NULL);
    g_autofree char *second = hvb_connection_import(connection, b_kernel, NULL);
    g_autofree char *again = hvb_connection_import(connection, a_kernel, NULL);
    CU_ASSERT_STRING_NOT_EQUAL(first, second);
    CU_ASSERT_STRING_EQUAL(first, again);
    CU_ASSERT_TRUE(g_file_get_contents(first, &text, NULL, NULL));
    CU_ASSERT_STRING_EQUAL(text, "a");
    connection_without_libvirt_free(connection);
}

static void test_what_is_missing_is_named_with_the_target_that_makes_it(void)
{
    HvbConnection *connection = connection_without_libvirt();
    HvbGuestProfile guest = plain;
    HvbImages images = {0};
    g_autoptr(GError) flavour = NULL, image = NULL, own = NULL, dir = NULL;

    guest.kernel = (char *)"no-such";
    CU_ASSERT_FALSE(hvb_images_prepare(connection, &guest, "guest1",
                                       HVB_CACHE_DEFAULT, &images, &flavour));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(flavour->message, "make guests FLAVOURS=no-such"));
    guest.image = (char *)"no-such-image";
    CU_ASSERT_FALSE(hvb_images_prepare(connection, &guest, "guest1",
                                       HVB_CACHE_DEFAULT, &images, &image));
    CU_ASSERT_PTR_NOT_NULL(strstr(image->message, "'make no-such-image'"));
    guest.image = (char *)"";
    guest.kernel = (char *)"/no/such";
    CU_ASSERT_FALSE(hvb_images_prepare(connection, &guest, "guest1",
                                       HVB_CACHE_DEFAULT, &images, &own));
    CU_ASSERT_PTR_NOT_NULL(strstr(own->message, "/no/such"));
    guest.kernel = (char *)"/proc";
    CU_ASSERT_FALSE(hvb_images_prepare(connection, &guest, "guest1",
                                       HVB_CACHE_DEFAULT, &images, &dir));
    CU_ASSERT_PTR_NOT_NULL(strstr(dir->message, "/proc is a directory"));
    connection_without_libvirt_free(connection);
}

CU_TestInfo tests_machine[] = {
    {"hypervisor A is what the profile says",
     test_hypervisor_a_is_what_the_profile_says},
    {"hypervisor B is always another", test_hypervisor_b_is_always_another},
    {"lists of CPUs are read and written",
     test_lists_of_cpus_are_read_and_written},
    {"floating guests have the first CPUs of the host",
     test_floating_guests_have_the_first_cpus_of_the_host},
    {"pinned guests have one CPU each in turn",
     test_pinned_guests_have_one_cpu_each_in_turn},
    {"a thread tells its CPUs", test_a_thread_tells_its_cpus},
    {"every guest has the documents by their serial",
     test_every_guest_has_the_documents_by_their_serial},
    {"the cache mode is that of every disk",
     test_the_cache_mode_is_that_of_every_disk},
    {"a file system that cannot do the cache mode is named",
     test_a_file_system_that_cannot_do_the_cache_mode_is_named},
    {"of a disk image only the overlay changes its owner",
     test_of_a_disk_image_only_the_overlay_changes_its_owner},
    {"a kernel for a disk image is told its root",
     test_a_kernel_for_a_disk_image_is_told_its_root},
    {"a guest without agent has no port",
     test_a_guest_without_agent_has_no_port},
    {"a guest boots the files that its profile names",
     test_a_guest_boots_the_files_that_its_profile_names},
    {"an image is one name or a path", test_an_image_is_one_name_or_a_path},
    {"an accelerator is tried with the plainest guest",
     test_an_accelerator_is_tried_with_the_plainest_guest},
    {"kernels of one name are kept apart",
     test_kernels_of_one_name_are_kept_apart},
    {"what is missing is named with the target that makes it",
     test_what_is_missing_is_named_with_the_target_that_makes_it},
    TEST_END,
};
