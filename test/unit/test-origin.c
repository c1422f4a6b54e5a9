/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/origin.h"
#include "test/suites.h"
#include "test/unit/paper-run.h"

#include <string.h>

static void free_provenance(gpointer data)
{
    HvbProvenance *entry = data;

    g_free(entry->key);
    g_free(entry->value);
    g_free(entry);
}

static void note(HvbRunRecord *run, const char *key, const char *value)
{
    HvbProvenance *entry = g_new0(HvbProvenance, 1);

    entry->key = g_strdup(key);
    entry->value = g_strdup(value);
    g_ptr_array_add(run->provenance, entry);
}

static HvbRunRecord *run_of(const char *first, const char *second,
                            const char *settings_of_second)
{
    g_autoptr(PaperWorld) world = paper_world_empty();

    world->samples = 1;
    paper_scenario(world, first);
    if (second)
        paper_scenario(world, second)->settings = settings_of_second;
    HvbRunRecord *run = paper_run(world);
    g_ptr_array_set_free_func(run->provenance, free_provenance);
    return run;
}

static void expect_only(const HvbRunRecord *a, const HvbRunRecord *b,
                        const char *difference)
{
    g_autoptr(GPtrArray) differences = hvb_origin_differences(a, b);

    if (!difference) {
        CU_ASSERT_EQUAL(differences->len, 0);
        return;
    }
    CU_ASSERT_EQUAL_FATAL(differences->len, 1);
    CU_ASSERT_STRING_EQUAL(differences->pdata[0], difference);
}

static void test_value_is_found_by_its_key(void)
{
    g_autoptr(HvbRunRecord) run = run_of("one", NULL, NULL);

    note(run, "host.kernel", "6.1");
    CU_ASSERT_STRING_EQUAL(hvb_origin_value(run, "host.kernel"), "6.1");
    CU_ASSERT_PTR_NULL(hvb_origin_value(run, "host.kern"));
}

static void test_what_does_not_matter_is_no_difference(void)
{
    g_autoptr(HvbRunRecord) a = run_of("one", NULL, NULL);
    g_autoptr(HvbRunRecord) b = run_of("one", NULL, NULL);

    note(a, "host.kernel", "6.1");
    note(b, "host.kernel", "6.1");
    note(a, "host.memory_mib", "1");
    note(b, "host.memory_mib", "2");
    note(a, "stack.accel_reason", "it works");
    note(b, "stack.accel_reason", "it was said so");
    note(a, "stack.connection", "qemu:///system");
    note(a, "reproduce.budget_s", "60");
    expect_only(a, b, NULL);
}

static void test_other_host_is_a_difference(void)
{
    g_autoptr(HvbRunRecord) a = run_of("one", NULL, NULL);
    g_autoptr(HvbRunRecord) b = run_of("one", NULL, NULL);

    note(a, "host.kernel", "6.1");
    note(b, "host.kernel", "6.2");
    expect_only(a, b, "host.kernel: 6.1, 6.2");
}

static void test_what_only_one_recorded_is_a_difference(void)
{
    g_autoptr(HvbRunRecord) a = run_of("one", NULL, NULL);
    g_autoptr(HvbRunRecord) b = run_of("one", NULL, NULL);

    note(a, "host.governor", "performance");
    expect_only(a, b, "host.governor: performance, not recorded");
    expect_only(b, a, "host.governor: not recorded, performance");
}

static void test_other_revision_is_a_difference(void)
{
    g_autoptr(HvbRunRecord) a = run_of("one", NULL, NULL);
    g_autoptr(HvbRunRecord) b = run_of("one", NULL, NULL);

    a->hvbench = g_strdup("1.0");
    b->hvbench = g_strdup("1.1");
    expect_only(a, b, "hvbench: 1.0, 1.1");
}

/* Said once, though both scenarios ran on it. */
static void test_other_accelerator_is_one_difference(void)
{
    g_autoptr(HvbRunRecord) a = run_of("one", "two", NULL);
    g_autoptr(HvbRunRecord) b = run_of("one", "two", NULL);

    note(a, "stack.accel", "kvm");
    note(b, "stack.accel", "tcg");
    expect_only(a, b, "stack.accel: kvm, tcg");
}

/* Another boot is another stack: the first of one run, the second of the
 * other, which is not the first's. */
static void test_stack_is_found_by_its_scenario(void)
{
    static const char other_boot[] = "[stack]\nboot = 2\n";
    g_autoptr(HvbRunRecord) a = run_of("one", "two", other_boot);
    g_autoptr(PaperWorld) world = paper_world_empty();

    paper_scenario(world, "two")->settings = other_boot;
    g_autoptr(HvbRunRecord) b = paper_run(world);
    g_ptr_array_set_free_func(b->provenance, free_provenance);
    note(a, "stack.accel", "kvm");
    note(a, "stack2.accel", "tcg");
    note(b, "stack.accel", "tcg");
    expect_only(a, b, NULL);
    note(b, "stack.machine", "q35");
    expect_only(a, b, "stack.machine: not recorded, q35");
}

static void test_stack_of_what_was_not_measured_does_not_matter(void)
{
    g_autoptr(HvbRunRecord) a = run_of("one", NULL, NULL);
    g_autoptr(HvbRunRecord) b = run_of("one", NULL, NULL);

    note(a, "stack.accel", "kvm");
    g_ptr_array_set_size(b->cells, 0);
    expect_only(a, b, NULL);
}

static void test_other_profile_of_the_same_name_is_a_difference(void)
{
    g_autoptr(HvbRunRecord) a = run_of("one", "two", NULL);
    g_autoptr(HvbRunRecord) b = run_of("one", "two", "cap-percent = 50\n");

    expect_only(a, b, "profile two: [guest 1] cap-percent: 0, 50");
}

/* What it is called, and how much of it is measured, is no difference. */
static void test_more_of_the_same_is_no_difference(void)
{
    static const char head[] = "[guest 1]\nloaded = yes\nmeasured = yes\n";
    g_autofree char *few =
        g_strconcat("[scenario]\nname = few\n", head,
                    "[run]\nsamples = 10\nrepetitions = 2\nseed = 1\n"
                    "[load]\nlevels = None;Busy\n",
                    NULL);
    g_autofree char *many =
        g_strconcat("[scenario]\nname = many\ntitle = More\n", head,
                    "[run]\nsamples = 20\nrepetitions = 9\nseed = 2\n", NULL);
    g_autoptr(HvbProfile) a = hvb_profile_from_text(few, "few", NULL);
    g_autoptr(HvbProfile) b = hvb_profile_from_text(many, "many", NULL);
    CU_ASSERT_FATAL(a && b);
    g_autoptr(GPtrArray) differences = hvb_origin_settings(a, b);

    CU_ASSERT_EQUAL(differences->len, 0);
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_origin[] = {
    TEST(value_is_found_by_its_key),
    TEST(what_does_not_matter_is_no_difference),
    TEST(other_host_is_a_difference),
    TEST(what_only_one_recorded_is_a_difference),
    TEST(other_revision_is_a_difference),
    TEST(other_accelerator_is_one_difference),
    TEST(stack_is_found_by_its_scenario),
    TEST(stack_of_what_was_not_measured_does_not_matter),
    TEST(other_profile_of_the_same_name_is_a_difference),
    TEST(more_of_the_same_is_no_difference),
    TEST_END,
};
