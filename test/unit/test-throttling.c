/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/throttling.h"
#include "hvbench/report/page-parts.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"

#include <string.h>

typedef struct {
    const char *release;
    HvbThrottlingMeaning meaning;
} Case;

static void check(const Case *cases, gsize n)
{
    for (gsize i = 0; i < n; i++)
        CU_ASSERT_EQUAL(hvb_throttling_of_release(cases[i].release),
                        cases[i].meaning);
}

static void test_the_meaning_follows_from_the_version(void)
{
    static const Case cases[] = {
        {"5.10.0-28-amd64", HVB_THROTTLING_TO_THE_END},
        {"6.1.0-49-cloud-amd64", HVB_THROTTLING_TO_THE_END},
        {"6.5.13", HVB_THROTTLING_TO_THE_END},
        {"6.6.0-rc1", HVB_THROTTLING_WHILE_WAITING},
        {"6.8.0-45-generic", HVB_THROTTLING_WHILE_WAITING},
        {"6.12.43+deb13-amd64", HVB_THROTTLING_WHILE_WAITING},
        {"6.17", HVB_THROTTLING_WHILE_WAITING},
        {"6.18.44-own", HVB_THROTTLING_ON_RETURN},
        {"7.2.13+deb14-amd64", HVB_THROTTLING_ON_RETURN},
        {"7.3.0", HVB_THROTTLING_ON_RETURN},
    };

    check(cases, G_N_ELEMENTS(cases));
}

static void test_nothing_is_said_of_kernels_that_are_not_known(void)
{
    static const Case cases[] = {
        {"", HVB_THROTTLING_UNKNOWN},
        {"unknown", HVB_THROTTLING_UNKNOWN},
        {"6", HVB_THROTTLING_UNKNOWN},
        {"6.x", HVB_THROTTLING_UNKNOWN},
        {"7.4.0", HVB_THROTTLING_UNKNOWN},
        {"99999999999999999999.1", HVB_THROTTLING_UNKNOWN},
        {"5.14.0-503.el9.x86_64", HVB_THROTTLING_UNKNOWN},
        {"5.15.0-300.161.13.el9uek.x86_64", HVB_THROTTLING_UNKNOWN},
        {"6.1.92-99.174.amzn2023.x86_64", HVB_THROTTLING_UNKNOWN},
        {"6.4.0-150600.23-default", HVB_THROTTLING_UNKNOWN},
        {"5.10.0-60.18.0.50.oe2203.x86_64", HVB_THROTTLING_UNKNOWN},
    };

    check(cases, G_N_ELEMENTS(cases));
}

static void test_each_meaning_has_words_of_its_own(void)
{
    for (guint a = 0; a < HVB_N_THROTTLINGS; a++)
        for (guint b = 0; b < a; b++) {
            HvbThrottlingMeaning x = (HvbThrottlingMeaning)a;
            HvbThrottlingMeaning y = (HvbThrottlingMeaning)b;
            CU_ASSERT_STRING_NOT_EQUAL(hvb_throttling_name(x),
                                       hvb_throttling_name(y));
            CU_ASSERT_STRING_NOT_EQUAL(hvb_throttling_sentence(x),
                                       hvb_throttling_sentence(y));
        }
}

static void add(HvbRunRecord *run, const char *key, const char *value)
{
    HvbProvenance *entry = g_new0(HvbProvenance, 1);

    entry->key = g_strdup(key);
    entry->value = g_strdup(value);
    g_ptr_array_add(run->provenance, entry);
}

static void free_entry(gpointer item)
{
    HvbProvenance *entry = item;

    g_free(entry->key);
    g_free(entry->value);
    g_free(entry);
}

/* `stored` may be NULL: an older set has it not. */
static void expect_told(const char *stored, const char *kernel,
                        HvbThrottlingMeaning meaning)
{
    g_autoptr(GPtrArray) provenance =
        g_ptr_array_new_with_free_func(free_entry);
    HvbRunRecord run = {.provenance = provenance};

    if (stored)
        add(&run, "host.throttling", stored);
    add(&run, "host.kernel", kernel);
    g_autofree char *told = hvb_page_throttling(&run);
    expect_text(told, hvb_throttling_sentence(meaning));
}

static void test_a_report_tells_what_its_run_had_stored(void)
{
    const char *kernel = "6.8.0-45-generic #45 SMP (gcc.el9 uek)";

    for (guint i = 0; i < HVB_N_THROTTLINGS; i++)
        expect_told(hvb_throttling_name((HvbThrottlingMeaning)i), kernel,
                    (HvbThrottlingMeaning)i);
    expect_told("of another version's words", kernel, HVB_THROTTLING_UNKNOWN);
    /* A vendor's mark counts in the release, not in the text behind it. */
    expect_told(NULL, kernel, HVB_THROTTLING_WHILE_WAITING);
    expect_told(NULL, "5.14.0-503.el9.x86_64 #1 SMP", HVB_THROTTLING_UNKNOWN);
}

CU_TestInfo tests_throttling[] = {
    {"the meaning follows from the version",
     test_the_meaning_follows_from_the_version},
    {"nothing is said of kernels that are not known",
     test_nothing_is_said_of_kernels_that_are_not_known},
    {"each meaning has words of its own",
     test_each_meaning_has_words_of_its_own},
    {"a report tells what its run had stored",
     test_a_report_tells_what_its_run_had_stored},
    TEST_END,
};
