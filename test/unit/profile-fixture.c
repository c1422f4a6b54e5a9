/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/unit/profile-fixture.h"

#include "hvbench/profile/keys.h"

#include <CUnit/CUnit.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

TestDir *test_dir_new(void)
{
    char *dir = g_dir_make_tmp("hvbench-test-XXXXXX", NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    return dir;
}

void test_dir_free(TestDir *dir)
{
    g_autoptr(GDir) files = g_dir_open(dir, 0, NULL);
    const char *name;

    while (files && (name = g_dir_read_name(files))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        g_remove(path);
    }
    g_rmdir(dir);
    g_free(dir);
}

char *put(const TestDir *dir, const char *name, const char *text, gssize length)
{
    char *path = g_build_filename(dir, name, NULL);

    CU_ASSERT_TRUE_FATAL(g_file_set_contents(path, text, length, NULL));
    return path;
}

char *set_data_dir(const char *dir)
{
    char *before = g_strdup(g_getenv("HVBENCH_DATA_DIR"));

    if (dir)
        g_setenv("HVBENCH_DATA_DIR", dir, TRUE);
    else
        g_unsetenv("HVBENCH_DATA_DIR");
    return before;
}

void expect_text(const char *actual, const char *expected)
{
    CU_ASSERT_STRING_EQUAL(actual, expected);
    if (strcmp(actual, expected) != 0)
        fprintf(stderr, "\n  expected: %s\n  actual:   %s\n", expected, actual);
}

HvbProfile *load_text(const char *text)
{
    g_autoptr(GError) error = NULL;
    HvbProfile *profile = hvb_profile_from_text(text, "t.profile", &error);

    if (error)
        fprintf(stderr, "\n  %s\n", error->message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(profile);
    return profile;
}

HvbProfile *load_file(const char *path)
{
    g_autoptr(GError) error = NULL;
    HvbProfile *profile = hvb_profile_load(path, &error);

    if (error)
        fprintf(stderr, "\n  %s\n", error->message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(profile);
    return profile;
}

void expect_refused(const char *text, int code, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HvbProfile) profile =
        hvb_profile_from_text(text, "t.profile", &error);

    CU_ASSERT_PTR_NULL(profile);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_TRUE(g_error_matches(error, HVB_PROFILE_ERROR, code));
    expect_text(error->message, message);
}

void expect_load_error(const char *path, int code, const char *format, ...)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HvbProfile) profile = hvb_profile_load(path, &error);
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    CU_ASSERT_PTR_NULL(profile);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_TRUE(g_error_matches(error, HVB_PROFILE_ERROR, code));
    expect_text(error->message, message);
}

void expect_same(const HvbProfile *a, const HvbProfile *b)
{
    for (const HvbKey *key = hvb_keys; key->group; key++) {
        CU_ASSERT_TRUE(key->per_guest ? hvb_key_equal(key, &a->guest_defaults,
                                                      &b->guest_defaults)
                                      : hvb_key_equal(key, a, b));
    }
    for (guint i = 0; i < HVB_MAX_GUESTS; i++)
        CU_ASSERT_TRUE(hvb_key_same_guest(&a->guests[i], &b->guests[i]));
}
