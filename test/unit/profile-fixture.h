/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of profiles share. */
#ifndef TEST_UNIT_PROFILE_FIXTURE_H
#define TEST_UNIT_PROFILE_FIXTURE_H

#include "hvbench/profile/profile.h"

/* The least that a profile must say. */
#define SCENARIO "[scenario]\nname = x\n"
#define GUEST "[guest 1]\nloaded = yes\nmeasured = yes\n"
#define MINIMAL SCENARIO GUEST

/* The path of a directory of profiles; the files go with it. */
typedef char TestDir;
TestDir *test_dir_new(void);
void test_dir_free(TestDir *dir);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestDir, test_dir_free)

/* Writes a file of `length` bytes, -1: of a string. Returns its path. */
char *put(const TestDir *dir, const char *name, const char *text,
          gssize length);

/* Sets HVBENCH_DATA_DIR; NULL unsets it. Returns what it was. */
char *set_data_dir(const char *dir);

/* Asserts equality, and shows both if they differ. */
void expect_text(const char *actual, const char *expected);

/* Asserts that the text "t.profile" is refused with this code and message. */
void expect_refused(const char *text, int code, const char *message);

/* Asserts that the file is refused with this code and message. */
void expect_load_error(const char *path, int code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Asserts that both say the same, guests beyond the count included. */
void expect_same(const HvbProfile *a, const HvbProfile *b);

/* End the test if the profile does not load. */
HvbProfile *load_text(const char *text);
HvbProfile *load_file(const char *path);

#endif
