/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Guests that boot from disk images: a Debian with systemd, once as it was
 * built and measured, once as a neighbour's own qcow2, which QEMU's user can
 * reach only by another name, once a boot sector. The tests run in the order of
 * the list at the end and share the guests that the first one boots. */
#include "hvbench/bed/disk-image.h"
#include "hvbench/bed/libvirt-bed.h"
#include "hvbench/bed/state.h"
#include "hvbench/run/window.h"
#include "test/bed/bed-fixture.h"
#include "test/bed/crosscheck-guest.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Somebody's, who is neither root nor QEMU's user. */
#define OWNER 12345
#define MODE 0644

typedef struct {
    char *path;
    char *checksum;
    struct stat status;
} Kept;

static HvbConnection *connection;
static HvbBed *bed;
static HvbProfile *profile;
static char *private_dir;
static char *loader;
static Kept built, own;

static gboolean is_up(void)
{
    return bed_fixture_is_up(bed, bed_fixture_can_run_debian());
}

static void run(const char *const *argv)
{
    int status = -1;

    CU_ASSERT_TRUE(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH,
                                NULL, NULL, NULL, NULL, &status, NULL));
    CU_ASSERT_EQUAL(status, 0);
}

static char *checksum(const char *path)
{
    const char *argv[] = {"sha1sum", "--", path, NULL};
    char *text = NULL;

    CU_ASSERT_TRUE(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH,
                                NULL, NULL, &text, NULL, NULL, NULL));
    return text;
}

static Kept look_at(char *path)
{
    Kept kept = {.path = path, .checksum = checksum(path)};

    CU_ASSERT_EQUAL(stat(path, &kept.status), 0);
    return kept;
}

/* Takes `kept` over. */
static void assert_unchanged(Kept *kept)
{
    Kept now = look_at(kept->path);

    CU_ASSERT_STRING_EQUAL(now.checksum, kept->checksum);
    CU_ASSERT_EQUAL(now.status.st_mode, kept->status.st_mode);
    CU_ASSERT_EQUAL(now.status.st_uid, kept->status.st_uid);
    CU_ASSERT_EQUAL(now.status.st_gid, kept->status.st_gid);
    CU_ASSERT_EQUAL(now.status.st_nlink, kept->status.st_nlink);
    CU_ASSERT_EQUAL(now.status.st_mtime, kept->status.st_mtime);
    g_free(now.checksum);
    g_free(kept->path);
    g_free(kept->checksum);
}

/* In a directory that is its owner's alone. */
static void make_own_image(void)
{
    g_autofree char *image = hvb_profile_guest_file("debian", "disk.img");

    CU_ASSERT_EQUAL(g_mkdir_with_parents(HVB_STATE_DIR, 0755), 0);
    private_dir = g_strdup(HVB_STATE_DIR "/test-image-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(g_mkdtemp(private_dir));
    char *path = g_build_filename(private_dir, "own disk.img", NULL);
    const char *argv[] = {"qemu-img", "convert", "-O", "qcow2",
                          image,      path,      NULL};
    run(argv);
    CU_ASSERT_EQUAL(chown(path, OWNER, OWNER), 0);
    CU_ASSERT_EQUAL(chmod(path, MODE), 0);
    own = look_at(path);
    built = look_at(g_steal_pointer(&image));
}

/* A disk of which the boot sector is all that there is: it tells COM1 that it
 * runs, and halts. */
static void make_loader(void)
{
    static const char code[] = "\xfa\xfc\x31\xc0\x8e\xd8" /* ds = 0 */
                               "\xbe\x17\x7c"             /* si = text */
                               "\xba\xf8\x03"             /* dx = COM1 */
                               "\xac\x84\xc0\x74\x03"     /* next, or end */
                               "\xee\xeb\xf8"             /* out, again */
                               "\xf4\xeb\xfd"             /* halt */
                               "its own boot loader\n";
    g_autofree char *disk = g_malloc0(1 << 20);

    memcpy(disk, code, sizeof code);
    disk[510] = 0x55;
    disk[511] = (char)0xaa;
    loader = g_build_filename(private_dir, "loader.img", NULL);
    CU_ASSERT_TRUE(g_file_set_contents(loader, disk, 1 << 20, NULL));
    CU_ASSERT_EQUAL(chmod(loader, MODE), 0);
}

static HvbProfile *make_profile(void)
{
    g_autofree char *kernel = hvb_profile_guest_file("debian", "vmlinuz");
    g_autofree char *initrd = hvb_profile_guest_file("debian", "initrd");
    g_autofree char *text = g_strdup_printf("[scenario]\n"
                                            "name = image\n"
                                            "[guests]\n"
                                            "count = 3\n"
                                            "memory-mib = 256\n"
                                            "[guest 1]\n"
                                            "image = debian\n"
                                            "cmdline = hvbench.crosscheck\n"
                                            "loaded = yes\n"
                                            "measured = yes\n"
                                            "[guest 2]\n"
                                            "agent = no\n"
                                            "image = %s\n"
                                            "kernel = %s\n"
                                            "initrd = %s\n"
                                            "[guest 3]\n"
                                            "agent = no\n"
                                            "image = %s\n",
                                            own.path, kernel, initrd, loader);
    g_autoptr(GError) error = NULL;
    HvbProfile *made = hvb_profile_from_text(text, "test", &error);

    if (error)
        printf("    %s\n", error->message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(made);
    return made;
}

static void test_debian_boots_with_systemd_and_says_hello(void)
{
    if (!bed_fixture_can_run_debian())
        return;
    make_own_image();
    make_loader();
    profile = make_profile();
    bed = bed_fixture_boot(profile, NULL, &connection);
    const WireHello *hello = &bed->guests[0].hello;
    CU_ASSERT_EQUAL(hello->version, WIRE_VERSION);
    /* systemd is its init. */
    CU_ASSERT_FALSE(hello->flags & WIRE_HELLO_INIT);
    CU_ASSERT_TRUE(hello->flags & WIRE_HELLO_DISK);
}

static void test_operations_in_debian_are_timed(void)
{
    const WireCalibrate request = {3000, 30, 1, 0, 200};
    const WireProbe probe = {
        .count = {[WIRE_KEY] = 2, [WIRE_OPEN] = 2, [WIRE_LAUNCH] = 1},
        .slot_us = 500000,
        .pool = 4,
        .drain_ms = 60000,
    };
    const gboolean measured[] = {TRUE, FALSE, FALSE};
    const guint64 seeds[] = {1, 2, 3};
    g_autoptr(GArray) samples = g_array_new(FALSE, FALSE, sizeof(HvbSample));
    g_autoptr(GArray) events =
        g_array_new(FALSE, FALSE, sizeof(HvbEventRecord));
    g_autoptr(GError) error = NULL;
    WireCalibration calibration;

    if (!is_up())
        return;
    g_array_set_clear_func(events, (GDestroyNotify)hvb_event_record_clear);
    HvbLink *link = bed->guests[0].link;
    CU_ASSERT_TRUE_FATAL(
        hvb_link_calibrate(link, &request, NULL, &calibration, &error));
    CU_ASSERT_TRUE_FATAL(
        hvb_link_work(link, calibration.iterations_per_ms, NULL, &error));
    g_autoptr(HvbWindow) window =
        hvb_window_new(bed, measured, samples, events);
    CU_ASSERT_TRUE_FATAL(hvb_window_open(window, &probe, seeds, NULL, &error));
    CU_ASSERT_TRUE_FATAL(hvb_window_wait_close(window, NULL, &error));
    CU_ASSERT_TRUE_FATAL(hvb_window_wait_end(window, NULL, &error));
    CU_ASSERT_EQUAL(samples->len, 5);
    for (guint i = 0; i < samples->len; i++)
        CU_ASSERT_EQUAL(g_array_index(samples, HvbSample, i).raw.flags, 0);
}

#define CAP_PERCENT 20
#define PERIOD_US 100000
#define POINTS 20.0
/* The share of a window's periods, %, in which the cap must have stopped the
 * guest for its arithmetic to hold. */
#define HELD_PERCENT 90.0
#define TRIES 3
#define NOT_HELD "others of this host leave the guest less than its cap"

static double held_percent(const CrosscheckPair *pair)
{
    double periods = (double)(pair->closed.time_ns - pair->opened.time_ns) /
                     (PERIOD_US * 1e3);

    return 100.0 *
           (double)(pair->closed.throttling[HVB_QUOTA_VCPU].throttled_periods -
                    pair->opened.throttling[HVB_QUOTA_VCPU].throttled_periods) /
           periods;
}

static double charged_percent(const CrosscheckPair *pair)
{
    return 100.0 * (double)(pair->closed.vcpu_ns - pair->opened.vcpu_ns) /
           (double)(pair->closed.time_ns - pair->opened.time_ns);
}

/* A phase beside stress-ng in which the cap, not others, held the guest up.
 * NULL: there was one, else why not; to be freed. */
static char *measure_under_cap(HvbRig *rig, CrosscheckPair *pair)
{
    char *why = NULL;

    for (guint i = 0; i < TRIES; i++) {
        g_autofree char *said = crosscheck_console(rig->bed);
        g_free(why);
        crosscheck_pair_clear(pair);
        why = crosscheck_measure(rig, CROSSCHECK_SPIN, strlen(said), pair);
        if (!why && held_percent(pair) >= HELD_PERCENT)
            return NULL;
        if (!why && charged_percent(pair) < CAP_PERCENT)
            why = g_strdup(NOT_HELD);
        printf("    %s\n", why ? why : "the cap does not hold it");
    }
    return why ? why : g_strdup("the cap does not hold it");
}

/* Of each period p a guest that never pauses gets the quota q, and a tool that
 * looks each i sees what falls into q, and one look more: it keeps the share
 * (q + i) / p of its looks at most. What users do comes at any time: (p - q -
 * i) / p of it at least is delayed by more than i. On a busy host the one keeps
 * fewer, and of the other more is delayed (test-crosscheck.c has all of it). */
static void check_skips(const CrosscheckPair *pair)
{
    double look = 100.0 * CROSSCHECK_LOOK_US / PERIOD_US;
    double kept = 100.0 * pair->theirs->delays_us->len / pair->theirs->looks;
    double delayed =
        crosscheck_percent_above(pair->delays_us, CROSSCHECK_LOOK_US);

    printf("    under a cap of %d %% cyclictest kept %.0f %% of its looks; of "
           "hvbench's %u operations %u came, %.0f %% of them delayed\n",
           CAP_PERCENT, kept, pair->scheduled, pair->delays_us->len, delayed);
    CU_ASSERT_EQUAL(pair->missing, 0);
    CU_ASSERT_EQUAL(pair->delays_us->len, pair->scheduled);
    CU_ASSERT_TRUE(kept <= CAP_PERCENT + look + POINTS);
    CU_ASSERT_TRUE(delayed >= 100.0 - CAP_PERCENT - look - POINTS);
}

static void test_cyclictest_skips_the_stalls_that_the_probe_counts(void)
{
    CrosscheckPair pair = {0};

    if (!is_up())
        return;
    HvbRig rig = {.bed = bed, .rng = gsl_rng_alloc(gsl_rng_mt19937)};
    CU_ASSERT_TRUE(hvb_link_work(bed->guests[0].link, 1, NULL, NULL));
    CU_ASSERT_TRUE(hvb_rig_tune(&rig, 0, CAP_PERCENT, PERIOD_US, 100, NULL));
    g_autofree char *why = measure_under_cap(&rig, &pair);
    if (!why)
        check_skips(&pair);
    else if (strcmp(why, NOT_HELD) == 0)
        test_skip(NOT_HELD);
    else
        CU_FAIL("it cannot be measured");
    CU_ASSERT_TRUE(hvb_rig_tune(&rig, 0, 0, PERIOD_US, 100, NULL));
    crosscheck_pair_clear(&pair);
    gsl_rng_free(rig.rng);
}

static void test_a_neighbour_without_agent_is_capped_and_metered(void)
{
    const HvbGuestProfile capped = {.cap_percent = 50,
                                    .cap_scope = HVB_CAP_SCOPE_VCPU,
                                    .cap_period_us = 100000,
                                    .weight = 200};
    HvbTuning enforced = {0};
    HvbGuestMeter meter;

    if (!is_up())
        return;
    CU_ASSERT_PTR_NULL(bed->guests[1].link);
    CU_ASSERT_TRUE(bed->tune(bed, 1, &capped, &enforced, NULL));
    CU_ASSERT_EQUAL(enforced.vcpu_quota_us, 50000);
    CU_ASSERT_TRUE(bed->read_meter(bed, 1, &meter, NULL));
    CU_ASSERT_TRUE(meter.vcpu_ns > 0);
}

/* Consoles need no agent. */
static void wait_for_console(guint guest, const char *text)
{
    g_autofree char *said = NULL;

    for (guint s = 0; s < profile->hello_timeout_s; s++) {
        g_clear_pointer(&said, g_free);
        if (g_file_get_contents(bed->guests[guest].console, &said, NULL,
                                NULL) &&
            strstr(said, text))
            return;
        hvb_sleep(1000, NULL, NULL);
    }
    printf("    %s\n", said ? said : "no console");
    CU_FAIL("the console does not say it");
}

static void test_a_neighbour_boots_its_own_image(void)
{
    if (is_up())
        wait_for_console(1, "hvbench-debian login:");
}

static void test_an_image_without_a_kernel_boots_by_its_boot_loader(void)
{
    if (is_up())
        wait_for_console(2, "its own boot loader");
}

static void test_images_are_as_they_were_and_overlays_gone(void)
{
    g_autoptr(GDir) dir = NULL;
    const char *name;

    if (!is_up())
        return;
    g_clear_pointer(&bed, hvb_bed_free);
    g_clear_pointer(&connection, hvb_connection_close);
    g_clear_pointer(&profile, hvb_profile_free);
    dir = g_dir_open(HVB_STATE_DIR, 0, NULL);
    while (dir && (name = g_dir_read_name(dir)))
        CU_ASSERT_FALSE(g_str_has_prefix(name, HVB_STATE_BED_PREFIX));
    assert_unchanged(&own);
    assert_unchanged(&built);
    hvb_state_remove(private_dir);
    g_clear_pointer(&private_dir, g_free);
    g_clear_pointer(&loader, g_free);
}

static void test_an_image_that_qemu_cannot_read_is_refused(void)
{
    g_autofree char *path = g_strdup("/var/tmp/hvbench-image-XXXXXX");
    g_autoptr(GError) error = NULL;
    int fd;

    if (!bed_fixture_can_run_debian())
        return;
    fd = g_mkstemp(path); /* 0600, root's */
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(ftruncate(fd, 1 << 20), 0);
    close(fd);
    connection = hvb_connection_open(NULL, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(connection);
    HvbDiskImage *none =
        hvb_disk_image_open(connection, path, "guest1.qcow2", &error);
    CU_ASSERT_PTR_NULL(none);
    CU_ASSERT_TRUE_FATAL(
        g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, path));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, HVB_QEMU_USER));
    g_clear_pointer(&connection, hvb_connection_close);
    g_unlink(path);
}

static void test_an_image_without_a_boot_loader_is_asked_for_one(void)
{
    g_autofree char *path = g_strdup("/var/tmp/hvbench-image-XXXXXX");
    const HvbBootSettings settings = {0};
    g_autoptr(GError) error = NULL;
    int fd;

    if (!bed_fixture_can_run())
        return;
    fd = g_mkstemp(path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(ftruncate(fd, 1 << 20), 0);
    CU_ASSERT_EQUAL(fchmod(fd, MODE), 0);
    close(fd);
    g_autofree char *text = g_strdup_printf("[scenario]\n"
                                            "name = empty\n"
                                            "[guests]\n"
                                            "count = 1\n"
                                            "memory-mib = 96\n"
                                            "[guest 1]\n"
                                            "image = %s\n"
                                            "loaded = yes\n"
                                            "measured = yes\n",
                                            path);
    g_autoptr(HvbProfile) empty = hvb_profile_from_text(text, "test", &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(empty);
    empty->hello_timeout_s = 5;
    connection = hvb_connection_open(NULL, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(connection);
    HvbBed *none = hvb_libvirt_bed_boot(connection, empty, HVB_ACCEL_TCG,
                                        "a test", &settings, &error);
    CU_ASSERT_PTR_NULL(none);
    CU_ASSERT_TRUE_FATAL(
        g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_BOOT));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(error->message, "a boot loader on its image"));
    g_clear_pointer(&connection, hvb_connection_close);
    g_unlink(path);
}

CU_TestInfo tests_image[] = {
    {"Debian boots with systemd and says HELLO",
     test_debian_boots_with_systemd_and_says_hello},
    {"operations in Debian are timed", test_operations_in_debian_are_timed},
    {"a neighbour without agent is capped and metered",
     test_a_neighbour_without_agent_is_capped_and_metered},
    {"a neighbour boots its own image", test_a_neighbour_boots_its_own_image},
    {"an image without a kernel boots by its boot loader",
     test_an_image_without_a_kernel_boots_by_its_boot_loader},
    {"cyclictest skips the stalls that the probe counts",
     test_cyclictest_skips_the_stalls_that_the_probe_counts},
    {"images are as they were and overlays gone",
     test_images_are_as_they_were_and_overlays_gone},
    {"an image that QEMU cannot read is refused",
     test_an_image_that_qemu_cannot_read_is_refused},
    {"an image without a boot loader is asked for one",
     test_an_image_without_a_boot_loader_is_asked_for_one},
    TEST_END,
};
