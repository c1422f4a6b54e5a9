/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* RTLD_NEXT */
/* KVM's device, and what a run and the doctor make of it. */
#include "hvbench/bed/kvm-device.h"

#include "hvbench/bed/accel.h"
#include "hvbench/bed/connection.h"
#include "hvbench/bed/qemu-user.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"

#include <dlfcn.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void test_mode_is_that_of_the_first_class_that_applies(void)
{
    static const struct {
        mode_t mode;
        gboolean is_owner, in_group, open;
    } cases[] = {
        {0660, FALSE, TRUE, TRUE},   {0666, FALSE, FALSE, TRUE},
        {0600, TRUE, FALSE, TRUE},   {0600, FALSE, TRUE, FALSE},
        {0660, FALSE, FALSE, FALSE}, {0640, FALSE, TRUE, FALSE},
        {0620, FALSE, TRUE, FALSE},  {0066, TRUE, TRUE, FALSE},
        {0606, FALSE, TRUE, FALSE},  {0000, TRUE, TRUE, FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        CU_ASSERT_EQUAL(hvb_kvm_mode_is_open(S_IFCHR | cases[i].mode,
                                             cases[i].is_owner,
                                             cases[i].in_group),
                        cases[i].open);
}

/* What is asked for and found, and what comes of it: an error says `why`, and
 * so does the reason to fall back. */
static void expect_kvm_refused(const char *device, HvbKvmState state,
                               const char *why)
{
    g_autofree char *found = NULL;
    g_autofree char *reason = NULL;
    g_autoptr(GError) error = NULL;

    CU_ASSERT_EQUAL(hvb_kvm_state(device, &found), state);
    expect_text(found, why);
    CU_ASSERT_EQUAL(hvb_accel_settle(HVB_ACCEL_KVM, device, &reason, &error),
                    HVB_ACCEL_AUTO);
    CU_ASSERT_PTR_NULL(reason);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_TRUE(g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, why));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, hvb_kvm_remedy(state)));
    CU_ASSERT_EQUAL(hvb_accel_settle(HVB_ACCEL_AUTO, device, &reason, NULL),
                    HVB_ACCEL_TCG);
    expect_text(reason, why);
}

static void
test_file_in_the_devices_place_is_named_before_libvirt_is_asked(void)
{
    g_autoptr(TestDir) dir = test_dir_new();
    g_autofree char *device = put(dir, "kvm", "", 0);
    g_autofree char *why = g_strdup_printf(
        "%s is not KVM's device, but something else of that name", device);

    expect_kvm_refused(device, HVB_KVM_NO_DEVICE, why);
}

static void test_device_that_is_not_there_is_named(void)
{
    g_autoptr(TestDir) dir = test_dir_new();
    g_autofree char *device = g_build_filename(dir, "kvm", NULL);
    g_autofree char *why = g_strdup_printf("this host has no %s", device);

    expect_kvm_refused(device, HVB_KVM_ABSENT, why);
}

static void test_device_closed_to_qemus_user_is_named(void)
{
    g_autoptr(TestDir) dir = test_dir_new();
    g_autofree char *device = g_build_filename(dir, "kvm", NULL);

    if (!getpwnam(HVB_QEMU_USER) ||
        mknod(device, S_IFCHR | 0600, makedev(10, 232)) != 0 ||
        chmod(device, 0) != 0) {
        test_skip("no device can be made here, or QEMU has no user");
        return;
    }
    g_autofree char *why = g_strdup_printf("QEMU's user " HVB_QEMU_USER
                                           " cannot open %s (0000 root:root)",
                                           device);
    expect_kvm_refused(device, HVB_KVM_CLOSED, why);
}

static void test_device_that_is_open_has_to_be_tried(void)
{
    g_autofree char *reason = NULL;
    g_autoptr(GError) error = NULL;

    /* Open to all, as /dev/kvm is to QEMU's user. */
    CU_ASSERT_EQUAL(hvb_accel_settle(HVB_ACCEL_AUTO, "/dev/null", &reason,
                                     &error),
                    HVB_ACCEL_AUTO);
    CU_ASSERT_PTR_NULL(error);
    CU_ASSERT_PTR_NULL(reason);
    CU_ASSERT_EQUAL(hvb_accel_settle(HVB_ACCEL_KVM, "/dev/null", &reason,
                                     &error),
                    HVB_ACCEL_KVM);
    expect_text(reason, "asked for");
}

static void test_tcg_needs_no_device(void)
{
    g_autofree char *reason = NULL;

    CU_ASSERT_EQUAL(hvb_accel_settle(HVB_ACCEL_TCG, "/nonexistent", &reason,
                                     NULL),
                    HVB_ACCEL_TCG);
    expect_text(reason, "asked for");
}

/* How many groups everybody is in, numbered from 0; 0: as the host has it. */
static int many_groups;

/* In place of the C library's. */
int getgrouplist(const char *user, gid_t group, gid_t *groups, int *n)
{
    int (*real)(const char *, gid_t, gid_t *, int *);
    int room = *n;

    if (many_groups == 0) {
        *(void **)&real = dlsym(RTLD_NEXT, "getgrouplist");
        return real(user, group, groups, n);
    }
    *n = many_groups;
    for (int i = 0; i < MIN(room, many_groups); i++)
        groups[i] = (gid_t)i;
    return room < many_groups ? -1 : many_groups;
}

static void test_somebody_is_in_all_groups_however_many(void)
{
    const struct passwd *user = getpwuid(0);

    CU_ASSERT_PTR_NOT_NULL_FATAL(user);
    for (many_groups = 1; many_groups < 1000; many_groups *= 3) {
        g_autoptr(GArray) groups = hvb_user_groups(user);
        CU_ASSERT_EQUAL_FATAL(groups->len, many_groups);
        CU_ASSERT_EQUAL(g_array_index(groups, gid_t, many_groups - 1),
                        many_groups - 1);
    }
    many_groups = 0;
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_kvm_device[] = {
    TEST(mode_is_that_of_the_first_class_that_applies),
    TEST(file_in_the_devices_place_is_named_before_libvirt_is_asked),
    TEST(device_that_is_not_there_is_named),
    TEST(device_closed_to_qemus_user_is_named),
    TEST(device_that_is_open_has_to_be_tried),
    TEST(tcg_needs_no_device),
    TEST(somebody_is_in_all_groups_however_many),
    TEST_END,
};
