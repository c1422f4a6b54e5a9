/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/profile/keys.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

/* Values */

static void test_error_names_file_line_key_value_and_range(void)
{
    expect_refused(MINIMAL "\n# half a sample\n[run]\nsamples = 0\n",
                   HVB_PROFILE_ERROR_VALUE,
                   "t.profile:9: [run] samples = 0: expected a whole number "
                   "from 1 to 10000 (samples of the headline operation per "
                   "cell, guest and vantage)");
    expect_refused(MINIMAL "[manager]\ndemote-percent = 100.1\n",
                   HVB_PROFILE_ERROR_VALUE,
                   "t.profile:7: [manager] demote-percent = 100.1: expected a "
                   "number from 0.1 to 100 (% of one CPU)");
    expect_refused(MINIMAL "[stack]\naccel = xen\n", HVB_PROFILE_ERROR_VALUE,
                   "t.profile:7: [stack] accel = xen: expected one of auto, "
                   "kvm, tcg (accelerator)");
    expect_refused(MINIMAL "[probe]\nvantage = inside\n",
                   HVB_PROFILE_ERROR_VALUE,
                   "t.profile:7: [probe] vantage = inside: expected one of "
                   "server, client, both (from where operations are timed)");
    expect_refused(MINIMAL "[gate]\nlate-send-ms = 0\n",
                   HVB_PROFILE_ERROR_VALUE,
                   "t.profile:7: [gate] late-send-ms = 0: expected a whole "
                   "number from 1 to 600000 (ms that a client-side operation "
                   "may be sent late)");
    expect_refused(MINIMAL "[load]\nlevels = None;Lwo\n",
                   HVB_PROFILE_ERROR_VALUE,
                   "t.profile:7: [load] levels = None;Lwo: no level 'Lwo'; "
                   "expected one or more of None, Low, Medium, Busy, Maximum, "
                   "Overload (levels to measure)");
    expect_refused(MINIMAL "manager = perhaps\n", HVB_PROFILE_ERROR_VALUE,
                   "t.profile:6: [guest 1] manager = perhaps: expected yes or "
                   "no (a priority manager in the guest)");
}

static void test_values_with_rubbish_are_refused(void)
{
    static const char *const settings[] = {
        "[run]\nsamples = 3x",
        "[run]\nsamples = 3 # three",
        "[run]\nsamples = -3",
        "[run]\nsamples = 3.0",
        "[run]\nsamples = 0x10",
        "[run]\nsamples =",
        "[run]\nseed = 1e3",
        "[gate]\ndrift-percent = 5%",
        "[gate]\ndrift-percent = nan",
        "[gate]\ndrift-percent = inf",
        "[gate]\ndrift-percent = 0x1p1",
        "[gate]\ndrift-percent = 1,5",
        "[guests]\nusers = 0;2;4;6;8",
        "[guests]\nusers = 0;2;4;6;8;12;14",
        "[guests]\nusers = 0;2;4;6;8;x",
        "[load]\nlevels =",
        "[probe]\nmix = open",
        "[probe]\nmix = open:1;open:2",
        "[probe]\nmix = shut:1",
        "[probe]\nmix = open:101",
        "[scenario]\nfigure = 3/4",
        "[guests]\nkernel = my kernel",
        "[guests]\nkernel = cloud;;rt",
        "[guests]\nkernel = ;cloud",
        "[guests]\nkernel = ;",
        "[guests]\nkernel = cloud;a.b",
        "[guests]\nkernel =",
        "[guests]\nmeasured = maybe",
        "[guests]\nimage = debian.qcow2",
        "[stack]\nhypervisor = C",
        "[stack]\nboot = 0",
        "[host]\naffinity = loose",
        "[host]\nmanager-method = off",
        "[disk]\ncache = unknown",
        "[disk]\nguest-cache = none",
        "[guests]\ninitrd = plain-name",
        "[guests]\ncmdline = a\\nb",
        "[scenario]\ntitle = \x1b[2J",
        "[stack]\nmachine =",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(settings); i++) {
        g_autofree char *text = g_strconcat(MINIMAL, settings[i], "\n", NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(HvbProfile) profile =
            hvb_profile_from_text(text, "t.profile", &error);
        CU_ASSERT_PTR_NULL(profile);
        CU_ASSERT_TRUE(
            g_error_matches(error, HVB_PROFILE_ERROR, HVB_PROFILE_ERROR_VALUE));
        CU_ASSERT_TRUE(error &&
                       g_str_has_prefix(error->message, "t.profile:7: ["));
        if (!error)
            fprintf(stderr, "\n  not refused: %s\n", settings[i]);
    }
}

static gboolean accepts(const HvbKey *key, HvbProfile *scratch, double number)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    g_ascii_formatd(text, sizeof text, "%.17g", number);
    return hvb_key_parse(key, text, NULL, scratch, NULL);
}

static void test_every_number_is_held_to_its_range(void)
{
    g_autofree HvbProfile *scratch = g_new0(HvbProfile, 1);
    guint n = 0;

    for (const HvbKey *key = hvb_keys; key->group; key++) {
        if (key->type != HVB_KEY_UINT && key->type != HVB_KEY_UINT64 &&
            key->type != HVB_KEY_DOUBLE)
            continue;
        CU_ASSERT_TRUE(accepts(key, scratch, key->min));
        CU_ASSERT_TRUE(accepts(key, scratch, key->max));
        CU_ASSERT_FALSE(accepts(key, scratch, key->max + 1));
        CU_ASSERT_FALSE(accepts(key, scratch, key->min - 1));
        n++;
    }
    CU_ASSERT_TRUE(n > 20);
}

/* Names */

static void test_unknown_names_are_refused_with_the_nearest_one(void)
{
    expect_refused(MINIMAL "[run]\nsample = 3\n", HVB_PROFILE_ERROR_SYNTAX,
                   "t.profile:7: [run] sample = 3: unknown key; did you mean "
                   "'samples'?");
    expect_refused(MINIMAL "[run]\nbananas = 3\n", HVB_PROFILE_ERROR_SYNTAX,
                   "t.profile:7: [run] bananas = 3: unknown key; "
                   "profiles/common.profile explains those there are");
    expect_refused(MINIMAL "[runs]\nsamples = 3\n", HVB_PROFILE_ERROR_SYNTAX,
                   "t.profile:6: [runs]: unknown group; did you mean 'run'?");
    expect_refused(MINIMAL "[run]\nsamples[de] = 3\n", HVB_PROFILE_ERROR_SYNTAX,
                   "t.profile:7: [run] samples[de] = 3: unknown key; "
                   "profiles/common.profile explains those there are");
    expect_refused(MINIMAL "count = 3\n", HVB_PROFILE_ERROR_SYNTAX,
                   "t.profile:6: [guest 1] count = 3: unknown key; "
                   "profiles/common.profile explains those there are");
}

static void test_guest_groups_beyond_the_bed_are_refused(void)
{
    static const char *const groups[] = {"guest 0",  "guest 65", "guest 01",
                                         "guest -1", "guest x",  "guest 1 "};

    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++) {
        g_autofree char *text =
            g_strdup_printf(MINIMAL "[%s]\nweight = 1\n", groups[i]);
        g_autofree char *message = g_strdup_printf(
            "t.profile:6: [%s]: expected a guest from [guest 1] "
            "to [guest 64]",
            groups[i]);
        expect_refused(text, HVB_PROFILE_ERROR_SYNTAX, message);
    }
    expect_refused(
        MINIMAL "[guests]\ncount = 3\n\n[guest 4]\n", HVB_PROFILE_ERROR_VALUE,
        "t.profile:9: [guest 4]: there is no guest 4: [guests] count "
        "is 3");
}

static void test_duplicate_key_is_refused_even_in_a_repeated_group(void)
{
    expect_refused(MINIMAL "[run]\nsamples = 3\n[gate]\n[run]\nsamples = 3\n",
                   HVB_PROFILE_ERROR_SYNTAX,
                   "t.profile:10: [run] samples = 3: given a second time, "
                   "first in line 7");
}

static void test_syntax_errors_have_their_line(void)
{
    expect_refused("# comment\n\nsamples = 3\n" MINIMAL,
                   HVB_PROFILE_ERROR_SYNTAX,
                   "t.profile:3: 'samples = 3': stands before the first "
                   "[group]");
    expect_refused(MINIMAL "\n[run\nsamples = 3\n", HVB_PROFILE_ERROR_SYNTAX,
                   "t.profile:7: '[run': neither a [group], nor key = value, "
                   "nor a # comment");
    expect_refused(MINIMAL "[run]\n\n\nsamples", HVB_PROFILE_ERROR_SYNTAX,
                   "t.profile:9: 'samples': neither a [group], nor key = "
                   "value, nor a # comment");
    expect_refused(SCENARIO "title = a\\qb\n" GUEST, HVB_PROFILE_ERROR_SYNTAX,
                   "t.profile:3: [scenario] title = a\\qb: expected no escapes "
                   "but \\\\, \\s, \\t, \\n, \\r");
}

static void test_spaces_and_line_ends_do_not_matter(void)
{
    g_autoptr(HvbProfile) profile =
        load_text("\r\n  [scenario] \r\n\tname=x  \r\ntitle =  two words \r\n"
                  "[load]\nlevels = none ; OVERLOAD;\n" GUEST);

    expect_text(profile->name, "x");
    expect_text(profile->title, "two words");
    CU_ASSERT_TRUE(profile->levels[HVB_LEVEL_NONE]);
    CU_ASSERT_FALSE(profile->levels[HVB_LEVEL_BUSY]);
    CU_ASSERT_TRUE(profile->levels[HVB_LEVEL_OVERLOAD]);
}

/* Inheritance */

static void test_nearer_file_wins_and_guest_group_beats_guests(void)
{
    g_autoptr(TestDir) dir = test_dir_new();
    g_autofree char *far = put(dir, "far.profile",
                               "[scenario]\nname = far\nfigure = 9\n"
                               "[guests]\nweight = 200\n" GUEST
                               "weight = 300\n[run]\nsamples = 5\nreruns = 7\n",
                               -1);
    g_autofree char *near =
        put(dir, "near.profile",
            "[scenario]\nbase = far\n[guests]\n"
            "weight = 400\n[run]\nsamples = 6\nreruns = 8\n",
            -1);
    g_autofree char *file = put(dir, "file.profile",
                                "[scenario]\nbase = near.profile\nname = file\n"
                                "[run]\nsamples = 7\n",
                                -1);
    g_autoptr(HvbProfile) profile = load_file(file);

    CU_ASSERT_EQUAL(profile->samples, 7);
    CU_ASSERT_EQUAL(profile->reruns, 8);
    CU_ASSERT_EQUAL(profile->guests[0].weight, 300);
    CU_ASSERT_EQUAL(profile->guests[1].weight, 400);
    CU_ASSERT_TRUE(profile->guests[0].measured);
    expect_text(profile->name, "file");
    expect_text(profile->figure, "");
    expect_text(profile->path, file);
}

static void test_base_beside_the_file_beats_the_shipped_one(void)
{
    g_autoptr(TestDir) dir = test_dir_new();
    g_autofree char *file =
        put(dir, "a.profile", "[scenario]\nbase = common\nname = a\n" GUEST,
            -1);
    g_autoptr(HvbProfile) shipped = load_file(file);
    g_autofree char *base =
        put(dir, "common.profile", "[run]\nsamples = 77\n", -1);
    g_autoptr(HvbProfile) beside = load_file(file);

    CU_ASSERT_EQUAL(shipped->samples, 30);
    CU_ASSERT_EQUAL(beside->samples, 77);
}

static void test_relative_path_belongs_to_the_file_that_has_it(void)
{
    g_autoptr(TestDir) dir = test_dir_new();
    g_autofree char *wanted = g_build_filename(dir, "linux", "vmlinuz", NULL);
    g_autofree char *file = put(dir, "a.profile",
                                MINIMAL "[guests]\nkernel = linux/vmlinuz\n"
                                        "initrd = ./initrd\n[guest 2]\n"
                                        "image = linux/vmlinuz\n[guest 3]\n"
                                        "image = debian\n",
                                -1);
    g_autofree char *before = g_get_current_dir();
    g_autoptr(HvbProfile) profile = load_file(file);

    expect_text(profile->guests[0].kernel, wanted);
    expect_text(profile->guests[1].image, wanted);
    expect_text(profile->guests[2].image, "debian");
    CU_ASSERT_EQUAL_FATAL(g_chdir(dir), 0);
    g_autoptr(HvbProfile) same = load_file("./a.profile");
    CU_ASSERT_EQUAL(g_chdir(before), 0);
    expect_text(same->guests[7].kernel, wanted);
}

static void test_guests_take_the_kernels_in_turn(void)
{
    g_autoptr(HvbProfile) profile =
        load_text(MINIMAL "[guests]\nkernel = cloud; amd64;rt;\n[guest 5]\n"
                          "kernel = custom\n");
    static const char *const expected[] = {"cloud",  "amd64", "rt",    "cloud",
                                           "custom", "rt",    "cloud", "amd64"};

    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
        expect_text(profile->guests[i].kernel, expected[i]);
    expect_text(profile->guest_defaults.kernel, "cloud;amd64;rt");
    expect_text(profile->guests[HVB_MAX_GUESTS - 1].kernel, "cloud");
}

static void test_path_with_a_semicolon_is_one_kernel(void)
{
    g_autoptr(HvbProfile) profile =
        load_text(MINIMAL "[guests]\nkernel = /a;b/vmlinuz\ninitrd = /i\n");

    expect_text(profile->guests[0].kernel, "/a;b/vmlinuz");
    expect_text(profile->guests[1].kernel, "/a;b/vmlinuz");
}

static void test_errors_in_a_base_name_the_base(void)
{
    g_autoptr(TestDir) dir = test_dir_new();
    g_autofree char *base =
        put(dir, "b.profile", "[manager]\ninterval-ms = 9\n", -1);
    g_autofree char *file =
        put(dir, "a.profile",
            "[scenario]\nbase = b\nname = a\n[manager]\ninterval-ms = 100\n",
            -1);

    expect_load_error(
        file, HVB_PROFILE_ERROR_VALUE,
        "%s:2: [manager] interval-ms = 9: expected a whole number "
        "from 50 to 60000 (ms between two looks)",
        base);
}

static void test_cycle_and_missing_base_are_refused(void)
{
    g_autoptr(TestDir) dir = test_dir_new();
    g_autofree char *a =
        put(dir, "a.profile", "[scenario]\nname = a\nbase = b\n", -1);
    g_autofree char *b = put(dir, "b.profile", "[scenario]\nbase = a\n", -1);
    g_autofree char *self = put(dir, "c.profile", "[scenario]\nbase = c\n", -1);
    g_autofree char *lost =
        put(dir, "d.profile", "[scenario]\nbase = fig3\n", -1);
    g_autofree char *missing = g_build_filename(dir, "fig3", NULL);

    expect_load_error(a, HVB_PROFILE_ERROR_VALUE,
                      "%s:2: [scenario] base = a: %s would be its own base", b,
                      a);
    expect_load_error(self, HVB_PROFILE_ERROR_VALUE,
                      "%s:2: [scenario] base = c: %s would be its own base",
                      self, self);
    g_autofree char *before = set_data_dir(dir);
    g_autofree char *profiles = g_build_filename(dir, "profiles", NULL);
    expect_load_error(
        lost, HVB_PROFILE_ERROR_NOT_FOUND,
        "%s:2: [scenario] base = fig3: no such profile: no file "
        "%s[.profile]; the shipped profiles: Error opening directory "
        "\u201c%s\u201d: No such file or directory; set "
        "HVBENCH_DATA_DIR to the directory that has profiles/",
        lost, missing, profiles);
    g_free(set_data_dir(before));
}

/* Files that are no profiles */

static void test_garbage_gives_one_error_with_a_line(void)
{
    g_autoptr(TestDir) dir = test_dir_new();
    g_autofree char *nul = put(dir, "nul", "[run]\nsamples\0 = 3\n", 19);
    g_autofree char *binary = put(dir, "binary",
                                  "# fine\n\n\x7f"
                                  "ELF\x02\xff\xfe\n",
                                  -1);
    g_autofree char *one_line = g_strnfill(60000, '[');
    g_autofree char *line = put(dir, "line", one_line, -1);
    g_autofree char *huge_text = g_strnfill(3 << 20, '\n');
    g_autofree char *huge = put(dir, "huge", huge_text, -1);
    g_autofree char *empty = put(dir, "empty", "", 0);

    expect_load_error(nul, HVB_PROFILE_ERROR_SYNTAX,
                      "%s:2: not a profile: byte 0x00 is no UTF-8 text", nul);
    expect_load_error(binary, HVB_PROFILE_ERROR_SYNTAX,
                      "%s:3: not a profile: byte 0xff is no UTF-8 text",
                      binary);
    expect_load_error(line, HVB_PROFILE_ERROR_SYNTAX,
                      "%s:1: '%.60s...': neither a [group], nor key = value, "
                      "nor a # comment",
                      line, one_line);
    expect_load_error(huge, HVB_PROFILE_ERROR_SYNTAX,
                      "%s:1: not a profile: larger than 64 KiB", huge);
    expect_load_error(empty, HVB_PROFILE_ERROR_VALUE,
                      "%s:1: [scenario] name = : a scenario needs a name; a "
                      "profile without one is only a base for others",
                      empty);
    expect_load_error("/nonexistent/x", HVB_PROFILE_ERROR_NOT_FOUND,
                      "/nonexistent/x: cannot be read: No such file or "
                      "directory");
}

static void test_name_not_found_lists_the_shipped_ones(void)
{
    g_auto(GStrv) names = hvb_profile_list(NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(names);
    g_autofree char *all = g_strjoinv(", ", names);
    expect_load_error("fig3", HVB_PROFILE_ERROR_NOT_FOUND,
                      "fig3: no such profile, neither a file nor shipped; "
                      "shipped are %s; did you mean fig03?",
                      all);
}

static void test_names_round_trip_in_any_case(void)
{
    HvbLevel level = HVB_LEVEL_NONE;
    HvbAccel accel = HVB_ACCEL_AUTO;
    WireOperation operation = WIRE_KEY;

    for (int i = 0; i < HVB_N_LEVELS; i++) {
        g_autofree char *name = g_ascii_strup(hvb_level_name((HvbLevel)i), -1);
        CU_ASSERT_TRUE(hvb_level_from_name(name, &level) &&
                       level == (HvbLevel)i);
    }
    CU_ASSERT_FALSE(hvb_level_from_name("", &level));
    CU_ASSERT_FALSE(hvb_level_from_name("Overloaded", &level));
    CU_ASSERT_TRUE(hvb_accel_from_name("TCG", &accel));
    expect_text(hvb_accel_name(accel), "tcg");
    CU_ASSERT_TRUE(hvb_operation_from_name("launch", &operation));
    expect_text(hvb_operation_name(operation), "launch");
    expect_text(hvb_cap_scope_name(HVB_CAP_SCOPE_VM), "vm");
    expect_text(hvb_measured_name(HVB_MEASURED_APART), "apart");
    expect_text(hvb_affinity_name(HVB_AFFINITY_PINNED), "pinned");
    expect_text(hvb_hypervisor_choice_name(HVB_HYPERVISOR_B), "B");
    expect_text(hvb_cache_name(HVB_CACHE_WRITEBACK), "writeback");
    expect_text(hvb_reading_name(WIRE_READING_WARM), "warm");
}

CU_TestInfo tests_profile[] = {
    {"error names file line key value and range",
     test_error_names_file_line_key_value_and_range},
    {"values with rubbish are refused", test_values_with_rubbish_are_refused},
    {"every number is held to its range",
     test_every_number_is_held_to_its_range},
    {"unknown names are refused with the nearest one",
     test_unknown_names_are_refused_with_the_nearest_one},
    {"guest groups beyond the bed are refused",
     test_guest_groups_beyond_the_bed_are_refused},
    {"duplicate key is refused even in a repeated group",
     test_duplicate_key_is_refused_even_in_a_repeated_group},
    {"syntax errors have their line", test_syntax_errors_have_their_line},
    {"spaces and line ends do not matter",
     test_spaces_and_line_ends_do_not_matter},
    {"nearer file wins and guest group beats guests",
     test_nearer_file_wins_and_guest_group_beats_guests},
    {"base beside the file beats the shipped one",
     test_base_beside_the_file_beats_the_shipped_one},
    {"relative path belongs to the file that has it",
     test_relative_path_belongs_to_the_file_that_has_it},
    {"guests take the kernels in turn", test_guests_take_the_kernels_in_turn},
    {"path with a semicolon is one kernel",
     test_path_with_a_semicolon_is_one_kernel},
    {"errors in a base name the base", test_errors_in_a_base_name_the_base},
    {"cycle and missing base are refused",
     test_cycle_and_missing_base_are_refused},
    {"garbage gives one error with a line",
     test_garbage_gives_one_error_with_a_line},
    {"name not found lists the shipped ones",
     test_name_not_found_lists_the_shipped_ones},
    {"names round trip in any case", test_names_round_trip_in_any_case},
    TEST_END,
};
