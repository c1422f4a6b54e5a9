/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a profile's file may be, where its base is found, and which file of the
 * two is named when they do not go together. */
#include "hvbench/profile/input.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define REMEDY "name a file, or save what it yields in one"

/* What is no regular file */

static char *put_pipe(const TestDir *dir, const char *name)
{
    char *path = g_build_filename(dir, name, NULL);

    CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0644), 0);
    return path;
}

static char *put_socket(const TestDir *dir, const char *name)
{
    char *path = g_build_filename(dir, name, NULL);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CU_ASSERT_FATAL(fd >= 0);
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&address,
                               sizeof address),
                          0);
    close(fd);
    return path;
}

static void test_what_is_no_regular_file_is_named_and_not_waited_for(void)
{
    g_autoptr(TestDir) dir = test_dir_new();
    g_autofree char *pipe = put_pipe(dir, "p.profile");
    g_autofree char *socket = put_socket(dir, "s.profile");
    g_autofree char *link = g_build_filename(dir, "l.profile", NULL);

    CU_ASSERT_EQUAL(symlink(pipe, link), 0);
    expect_load_error(pipe, HVB_PROFILE_ERROR_NOT_FOUND,
                      "%s: is no regular file, but a pipe: " REMEDY, pipe);
    expect_load_error(link, HVB_PROFILE_ERROR_NOT_FOUND,
                      "%s: is no regular file, but a pipe: " REMEDY, link);
    expect_load_error(socket, HVB_PROFILE_ERROR_NOT_FOUND,
                      "%s: is no regular file, but a socket: " REMEDY, socket);
    expect_load_error("/dev/zero", HVB_PROFILE_ERROR_NOT_FOUND,
                      "/dev/zero: is no regular file, but a device: " REMEDY);
    expect_load_error(dir, HVB_PROFILE_ERROR_NOT_FOUND,
                      "%s: is no regular file, but a directory: " REMEDY, dir);
}

static void test_base_that_is_a_pipe_is_named_and_not_waited_for(void)
{
    g_autoptr(TestDir) dir = test_dir_new();
    g_autofree char *pipe = put_pipe(dir, "p.profile");
    g_autofree char *file =
        put(dir, "a.profile", "[scenario]\nbase = p\nname = a\n" GUEST, -1);

    expect_load_error(file, HVB_PROFILE_ERROR_NOT_FOUND,
                      "%s: is no regular file, but a pipe: " REMEDY, pipe);
}

static void test_input_is_read_whole_up_to_its_limit(void)
{
    g_autoptr(TestDir) dir = test_dir_new();
    g_autofree char *large = g_strnfill(200000, 'x');
    g_autofree char *path = put(dir, "large", large, -1);
    g_autofree char *whole = NULL;
    g_autofree char *part = NULL;
    gsize length = 0;

    CU_ASSERT_FATAL(hvb_input_read(path, 300000, &whole, &length, NULL));
    CU_ASSERT_EQUAL(length, 200000);
    CU_ASSERT_STRING_EQUAL(whole, large);
    CU_ASSERT_FATAL(hvb_input_read(path, 70000, &part, &length, NULL));
    CU_ASSERT_EQUAL(length, 70000);
    CU_ASSERT_EQUAL(strlen(part), 70000);
}

/* Marks of other systems' editors */

static void test_byte_order_mark_is_passed_over(void)
{
    g_autoptr(HvbProfile) profile = load_text("\xef\xbb\xbf" MINIMAL);

    CU_ASSERT_STRING_EQUAL(profile->name, "x");
    expect_refused("\xef\xbb\xbf[scenario]\nname = x y\n",
                   HVB_PROFILE_ERROR_VALUE,
                   "t.profile:2: [scenario] name = x y: expected 1 to 64 "
                   "letters, digits, '-' or '_' (the scenario's name, also in "
                   "file names)");
}

static void test_utf16_is_named(void)
{
    g_autoptr(TestDir) dir = test_dir_new();
    static const char *const texts[] = {"\xff\xfe[\0s\0", "\xfe\xff\0[\0s",
                                        "[\0s\0c\0", "\0[\0s\0c"};
    static const char bytes[] = {'\xff', '\xfe', '\0', '\0'};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *file = put(dir, "wide", texts[i], 6);
        expect_load_error(file, HVB_PROFILE_ERROR_SYNTAX,
                          "%s:1: not a profile: byte 0x%02x is no UTF-8 text, "
                          "and it looks like UTF-16: save it as UTF-8",
                          file, (guchar)bytes[i]);
    }
}

/* Where a base is found */

static void expect_samples_of_base(const TestDir *dir, const char *base,
                                   guint samples)
{
    g_autofree char *text =
        g_strdup_printf("[scenario]\nbase = %s\nname = a\n" GUEST, base);
    g_autofree char *file = put(dir, "a.profile", text, -1);
    g_autoptr(HvbProfile) profile = load_file(file);

    CU_ASSERT_EQUAL(profile->samples, samples);
}

static void test_path_of_a_base_is_a_path_with_or_without_the_ending(void)
{
    g_autoptr(TestDir) dir = test_dir_new();
    g_autofree char *bare = put(dir, "n64", "[run]\nsamples = 31\n", -1);

    g_free(put(dir, "ended.profile", "[run]\nsamples = 32\n", -1));
    g_free(put(dir, "two", "[run]\nsamples = 33\n", -1));
    g_free(put(dir, "two.profile", "[run]\nsamples = 34\n", -1));
    g_free(put(dir, "common", "[run]\nsamples = 35\n", -1));
    expect_samples_of_base(dir, "./n64", 31);
    expect_samples_of_base(dir, bare, 31);
    expect_samples_of_base(dir, "n64", 31);
    expect_samples_of_base(dir, "./ended", 32);
    expect_samples_of_base(dir, "./ended.profile", 32);
    expect_samples_of_base(dir, "./two", 33);
    /* A name is a profile's, unless nothing else has it. */
    expect_samples_of_base(dir, "two", 34);
    g_autoptr(HvbProfile) common = load_text(MINIMAL);
    expect_samples_of_base(dir, "common", common->samples);
    expect_samples_of_base(dir, "./common", 35);
}

/* Who is to blame */

typedef struct {
    const char *base;
    const char *text;    /* without the lines of [scenario] */
    const char *message; /* "BASE" stands for the base's path */
} Blame;

static void expect_blame(const Blame *blame)
{
    g_autoptr(TestDir) dir = test_dir_new();
    g_autofree char *base = put(dir, "b.profile", blame->base, -1);
    g_autofree char *text =
        g_strconcat("[scenario]\nbase = b\nname = a\n", blame->text, NULL);
    g_autofree char *file = put(dir, "a.profile", text, -1);
    g_auto(GStrv) parts = g_strsplit(blame->message, "BASE", -1);
    g_autofree char *message = g_strjoinv(base, parts);

    if (g_str_has_prefix(message, base))
        expect_load_error(file, HVB_PROFILE_ERROR_VALUE, "%s", message);
    else
        expect_load_error(file, HVB_PROFILE_ERROR_VALUE, "%s:%s", file,
                          message);
}

static void test_base_is_not_blamed_for_what_is_made_of_it(void)
{
    static const Blame cases[] = {
        {"[probe]\nslot-ms = 500\n",
         GUEST "[probe]\nmix = launch:1\n"
               "headline = launch\n",
         "8: [probe] mix = launch:1: beside [probe] slot-ms = 500 (BASE:2): "
         "with this mix the probe takes more than 10 % of a CPU; expected at "
         "least 1200"},
        {"[probe]\nheadline = key\n", GUEST "[probe]\nmix = open:1\n",
         "8: [probe] mix = open:1: beside [probe] headline = key (BASE:2): the "
         "mix has no 'key'"},
        {"[guests]\ncount = 4\n", GUEST "[stack]\nnative = yes\n",
         "8: [stack] native = yes: beside [guests] count = 4 (BASE:2): does "
         "not go with 'native = yes' in [stack]; expected 1"},
        {"[guest 1]\nlimit-percent = 30\nloaded = yes\n",
         "[guest 1]\nmeasured = yes\nloaded = no\n[guest 2]\nloaded = yes\n",
         "6: [guest 1] loaded = no: beside [guests] limit-percent = 30 "
         "(BASE:2): it limits the users, and guest 1 is not loaded"},
        {GUEST, "[guest 1]\nmeasured = no\n",
         "5: [guest 1] measured = no: no guest is measured; say 'measured = "
         "yes' in [guest 1]"},
        /* What it got wrong by itself stays its own. */
        {"[probe]\nslot-ms = 500\nmix = launch:1\nheadline = launch\n", GUEST,
         "BASE:2: [probe] slot-ms = 500: with this mix the probe takes more "
         "than 10 % of a CPU; expected at least 1200"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        expect_blame(&cases[i]);
}

CU_TestInfo tests_profile_file[] = {
    {"what is no regular file is named and not waited for",
     test_what_is_no_regular_file_is_named_and_not_waited_for},
    {"base that is a pipe is named and not waited for",
     test_base_that_is_a_pipe_is_named_and_not_waited_for},
    {"input is read whole up to its limit",
     test_input_is_read_whole_up_to_its_limit},
    {"byte order mark is passed over", test_byte_order_mark_is_passed_over},
    {"utf16 is named", test_utf16_is_named},
    {"path of a base is a path with or without the ending",
     test_path_of_a_base_is_a_path_with_or_without_the_ending},
    {"base is not blamed for what is made of it",
     test_base_is_not_blamed_for_what_is_made_of_it},
    TEST_END,
};
