/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is printed of profiles and of what the host enforces. */
#include "hvbench/cli/commands.h"
#include "hvbench/cli/enforced.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"

#include <string.h>

static void add_tuning(GArray *tunings, gint64 vcpu_quota_us,
                       gint64 vm_quota_us, guint64 shares, const char *cpus)
{
    HvbTuning tuning = {.vcpu_quota_us = vcpu_quota_us,
                        .vcpu_period_us = 100000,
                        .vm_quota_us = vm_quota_us,
                        .vm_period_us = 100000,
                        .shares = shares};

    g_strlcpy(tuning.cpus, cpus, sizeof tuning.cpus);
    g_array_append_val(tunings, tuning);
}

static void test_enforced_line_puts_like_neighbours_together(void)
{
    g_autoptr(GArray) tunings = g_array_new(FALSE, FALSE, sizeof(HvbTuning));

    add_tuning(tunings, 50000, -1, 1024, "0-1");
    add_tuning(tunings, -1, -1, 1024, "0-1");
    add_tuning(tunings, -1, -1, 1024, "0-1");
    add_tuning(tunings, -1, -1, 1024, "0");
    add_tuning(tunings, -1, 25000, 4096, "0");
    g_autofree char *line = hvb_enforced_describe(tunings);
    expect_text(line,
                "guest1: vCPU cap 50 % (50000 of 100000 us), weight 1024, CPUs "
                "0-1; guest2-guest3: no cap, weight 1024, CPUs 0-1; guest4: no "
                "cap, weight 1024, CPUs 0; guest5: VM cap 25 % (25000 of "
                "100000 us), weight 4096, CPUs 0");
}

static void test_enforced_line_is_silent_about_cpus_nobody_looked_at(void)
{
    g_autoptr(GArray) tunings = g_array_new(FALSE, FALSE, sizeof(HvbTuning));

    add_tuning(tunings, -1, -1, 100, "");
    g_autofree char *line = hvb_enforced_describe(tunings);
    expect_text(line, "guest1: no cap, weight 100");
}

/* What the program beside this one, or HVBENCH in the environment, prints for
 * `arguments`. NULL: it is not built. Caller frees. */
static char *output_of(const char *arguments)
{
    const char *wanted = g_getenv("HVBENCH");
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = g_path_get_dirname(self);
    g_autofree char *beside = g_build_filename(dir, "hvbench", NULL);
    const char *program = wanted ? wanted : beside;
    g_autofree char *line = g_strconcat(program, " ", arguments, NULL);
    char *output = NULL;
    int status = -1;

    if (!g_file_test(program, G_FILE_TEST_IS_EXECUTABLE)) {
        test_skip("the program is not built; HVBENCH=FILE names another");
        return NULL;
    }
    CU_ASSERT_TRUE_FATAL(
        g_spawn_command_line_sync(line, &output, NULL, &status, NULL));
    CU_ASSERT_EQUAL(status, HVB_EXIT_OK);
    return output;
}

static void test_list_has_a_straight_line_for_each_profile(void)
{
    g_autofree char *output = output_of("list");
    g_auto(GStrv) names = hvb_profile_list(NULL);

    if (!output)
        return;
    g_auto(GStrv) lines = g_strsplit(g_strchomp(output), "\n", -1);
    const char *title = strstr(lines[0], "title");
    CU_ASSERT_EQUAL(g_strv_length(lines), g_strv_length(names) + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(title);
    gsize column = (gsize)(title - lines[0]);
    for (guint i = 0; names[i] && lines[i + 1]; i++) {
        g_autoptr(HvbProfile) profile = load_file(names[i]);
        CU_ASSERT_TRUE_FATAL(strlen(lines[i + 1]) > column);
        CU_ASSERT_TRUE(g_str_has_prefix(lines[i + 1], names[i]));
        expect_text(lines[i + 1] + column, profile->title);
        CU_ASSERT_TRUE(strlen(lines[i + 1]) <= 80);
    }
}

static void test_show_prints_what_loads_as_the_same_profile(void)
{
    static const char *const names[] = {"fig02", "fig12", "c18-limited"};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *arguments = g_strconcat("show ", names[i], NULL);
        g_autofree char *output = output_of(arguments);
        g_autoptr(HvbProfile) profile = load_file(names[i]);
        if (!output)
            return;
        g_autoptr(HvbProfile) shown = load_text(output);
        expect_same(profile, shown);
    }
}

static void test_show_says_what_the_bed_is(void)
{
    g_autofree char *native = output_of("show fig02");
    g_autofree char *busy = output_of("show fig11");
    g_autofree char *uni = output_of("show uni");

    if (!native || !busy || !uni)
        return;
    CU_ASSERT_PTR_NOT_NULL(strstr(native, "\n# bed: the host itself\n# without "
                                          "guests, kernel, memory, "));
    CU_ASSERT_PTR_NULL(strstr(uni, "# without guests"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(busy, "\n# bed: 8 guests, 4 of them loaded, 4 measured, 2 "
                     "services of the host, a manager on the host, on 2 host "
                     "CPUs\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(uni, "1 measured, on 1 host CPU\n"));
}

CU_TestInfo tests_show[] = {
    {"enforced line puts like neighbours together",
     test_enforced_line_puts_like_neighbours_together},
    {"enforced line is silent about cpus nobody looked at",
     test_enforced_line_is_silent_about_cpus_nobody_looked_at},
    {"list has a straight line for each profile",
     test_list_has_a_straight_line_for_each_profile},
    {"show prints what loads as the same profile",
     test_show_prints_what_loads_as_the_same_profile},
    {"show says what the bed is", test_show_says_what_the_bed_is},
    TEST_END,
};
