/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is printed of profiles, of result sets and of what the host enforces. */
#include "hvbench/cli/commands.h"
#include "hvbench/cli/enforced.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"
#include "test/unit/program.h"
#include "test/unit/result-set.h"

#include <stdio.h>
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

static void test_enforced_line_names_the_limit_above_the_guests(void)
{
    g_autoptr(GArray) tunings = g_array_new(FALSE, FALSE, sizeof(HvbTuning));

    add_tuning(tunings, -1, -1, 100, "");
    HvbTuning *tuning = &g_array_index(tunings, HvbTuning, 0);
    g_strlcpy(tuning->above, "/machine: quota 5000 of 100000 us",
              sizeof tuning->above);
    g_strlcpy(tuning->limit_group, "/machine", sizeof tuning->limit_group);
    tuning->limit_quota_us = 5000;
    tuning->limit_period_us = 100000;
    g_autofree char *line = hvb_enforced_describe(tunings);
    expect_text(line,
                "guest1: no cap, weight 100, limited to 5 % with all else in "
                "/machine (not set by hvbench: /machine: quota 5000 of 100000 "
                "us)");
}

static void test_enforced_line_is_silent_about_cpus_nobody_looked_at(void)
{
    g_autoptr(GArray) tunings = g_array_new(FALSE, FALSE, sizeof(HvbTuning));

    add_tuning(tunings, -1, -1, 100, "");
    g_autofree char *line = hvb_enforced_describe(tunings);
    expect_text(line, "guest1: no cap, weight 100");
}

/* What the program prints for `show` or another command with an operand and an
 * option (or NULL), to stderr if it is to end with another status than 0. NULL:
 * it is not built. Caller frees. */
static char *output_with_status(const char *command, const char *operand,
                                const char *option, int status)
{
    const char *const arguments[] = {command, operand, option, NULL};
    g_autofree char *program = program_find();
    g_auto(ProgramOutcome) outcome = {0};

    if (!program)
        return NULL;
    program_run(program, arguments, &outcome);
    CU_ASSERT_EQUAL(outcome.status, status);
    return status == HVB_EXIT_OK ? g_steal_pointer(&outcome.out)
                                 : g_steal_pointer(&outcome.err);
}

static char *output_of_show(const char *profile)
{
    return output_with_status("show", profile, NULL, HVB_EXIT_OK);
}

/* Of `hvbench show`, when nothing is written to the set any more. */
static char *output_for_set(Set *set, const char *option, int status)
{
    g_clear_pointer(&set->store, hvb_store_free);
    return output_with_status("show", set->dir, option, status);
}

static void test_list_has_a_straight_line_for_each_profile(void)
{
    g_autofree char *output =
        output_with_status("list", NULL, NULL, HVB_EXIT_OK);
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
        g_autofree char *output = output_of_show(names[i]);
        g_autoptr(HvbProfile) profile = load_file(names[i]);
        if (!output)
            return;
        g_autoptr(HvbProfile) shown = load_text(output);
        expect_same(profile, shown);
    }
}

static void test_show_says_what_the_bed_is(void)
{
    g_autofree char *native = output_of_show("fig02");
    g_autofree char *busy = output_of_show("fig11");
    g_autofree char *uni = output_of_show("uni");

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

static gboolean is_narrow(const char *output, glong columns)
{
    g_auto(GStrv) lines = g_strsplit(output, "\n", -1);

    for (char **line = lines; *line; line++)
        if (g_utf8_strlen(*line, -1) > columns) {
            printf("    too long: %s\n", *line);
            return FALSE;
        }
    return TRUE;
}

#define LONG_VALUE                                                      \
    "spectre_v2 (Mitigation: Retpolines; STIBP: disabled; RSB filling)" \
    ", retbleed (Vulnerable), tsa (Vulnerable: no microcode)"

static void test_show_tells_where_a_result_set_comes_from(void)
{
    static const char *const said[] = {
        "hvbench run alpha beta",
        "18446744073709551615",
        "done",
        "\n  idle states           C6",
        "\n  accel                 tcg",
        "\n  scenarios             alpha, beta",
        "\n  one ",
        "\n  alpha                    2        0          1       0\n",
        "[load] levels = None;Overload, not None;Low;",
        "\n    the host was busy\n"};
    g_autoptr(Set) set = set_begin();
    HvbEventRecord event = {.kind = (char *)"warning",
                            .text = (char *)"the host was busy"};

    CU_ASSERT(
        hvb_store_set_provenance(set->store, "host.idle_states", "C6", NULL));
    CU_ASSERT(hvb_store_set_provenance(set->store, "host.mitigations",
                                       LONG_VALUE, NULL));
    CU_ASSERT(hvb_store_set_provenance(set->store, "stack.accel", "tcg", NULL));
    CU_ASSERT(hvb_store_add_event(set->store, &event, NULL));
    g_free(set_sql(set, "UPDATE guests SET reference_launch_ns = 121500000,"
                        " client_reference_launch_ns = 123400000"));
    CU_ASSERT(set_store_cell(set, 0, HVB_LEVEL_NONE, HVB_CELL_DONE));
    CU_ASSERT(set_store_cell(set, 0, HVB_LEVEL_OVERLOAD, HVB_CELL_DISTURBED));
    CU_ASSERT(set_store_cell(set, 0, HVB_LEVEL_OVERLOAD, HVB_CELL_DONE));
    CU_ASSERT(hvb_store_end_run(set->store, "done", NULL, NULL));
    g_autofree char *output = output_for_set(set, NULL, HVB_EXIT_OK);
    if (!output)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(said); i++)
        if (!strstr(output, said[i])) {
            printf("    not said: %s\n", said[i]);
            CU_FAIL("something is left out");
        }
    CU_ASSERT(is_narrow(output, 80));
    CU_ASSERT_PTR_NULL(strstr(output, "***"));
    CU_ASSERT_PTR_NULL(strstr(output, "[scenario]"));
}

static void test_show_prints_whole_profiles_if_asked(void)
{
    g_autoptr(Set) set = set_begin();
    g_autofree char *text = hvb_profile_to_text(set->profiles->pdata[1]);
    g_autofree char *output = output_for_set(set, "--text", HVB_EXIT_OK);

    if (output)
        CU_ASSERT_PTR_NOT_NULL(strstr(output, text));
}

static void test_show_is_loud_about_an_earlier_run_on_another_stack(void)
{
    g_autoptr(Set) set = set_begin();

    CU_ASSERT(hvb_store_set_provenance(set->store, "stack.accel", "kvm", NULL));
    CU_ASSERT(set_store_cell(set, 0, HVB_LEVEL_NONE, HVB_CELL_DONE));
    CU_ASSERT_FATAL(
        hvb_store_begin_run(set->store, "again", 1, set->profiles, NULL));
    CU_ASSERT(hvb_store_set_provenance(set->store, "stack.accel", "tcg", NULL));
    CU_ASSERT_FATAL(set_add_guest(set, 1, 1000) && set_add_guest(set, 2, 1000));
    CU_ASSERT(set_store_cell(set, 0, HVB_LEVEL_NONE, HVB_CELL_DONE));
    g_autofree char *output = output_for_set(set, NULL, HVB_EXIT_OK);
    if (!output)
        return;
    CU_ASSERT_PTR_NOT_NULL(strstr(output, "NOT MADE ON THE SAME THING"));
    CU_ASSERT_PTR_NOT_NULL(strstr(output, "accel: kvm, tcg"));
    CU_ASSERT_PTR_NOT_NULL(strstr(output, "cut off: it ended without"));
}

static void test_show_refuses_what_is_no_result_set(void)
{
    g_autoptr(Set) none = set_new();
    g_autoptr(Set) empty = set_new();
    g_autoptr(Set) other = set_begin();
    g_autofree char *of_none = output_for_set(none, NULL, HVB_EXIT_USAGE);

    if (!of_none)
        return;
    set_reopen(empty, TRUE);
    g_autofree char *of_empty = output_for_set(empty, NULL, HVB_EXIT_USAGE);
    g_free(set_sql(other, "PRAGMA user_version = 99"));
    g_autofree char *of_other = output_for_set(other, NULL, HVB_EXIT_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(of_none, "no result set"));
    CU_ASSERT_PTR_NOT_NULL(strstr(of_empty, "holds no run"));
    CU_ASSERT_PTR_NOT_NULL(strstr(of_other, "version"));
}

CU_TestInfo tests_show[] = {
    {"enforced line puts like neighbours together",
     test_enforced_line_puts_like_neighbours_together},
    {"enforced line names the limit above the guests",
     test_enforced_line_names_the_limit_above_the_guests},
    {"enforced line is silent about cpus nobody looked at",
     test_enforced_line_is_silent_about_cpus_nobody_looked_at},
    {"list has a straight line for each profile",
     test_list_has_a_straight_line_for_each_profile},
    {"show prints what loads as the same profile",
     test_show_prints_what_loads_as_the_same_profile},
    {"show says what the bed is", test_show_says_what_the_bed_is},
    {"show tells where a result set comes from",
     test_show_tells_where_a_result_set_comes_from},
    {"show prints whole profiles if asked",
     test_show_prints_whole_profiles_if_asked},
    {"show is loud about an earlier run on another stack",
     test_show_is_loud_about_an_earlier_run_on_another_stack},
    {"show refuses what is no result set",
     test_show_refuses_what_is_no_result_set},
    TEST_END,
};
