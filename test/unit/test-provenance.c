/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run records of what it was made on, and when it warns. */
#include "hvbench/bed/hypervisor.h"
#include "hvbench/cli/profile-changes.h"
#include "hvbench/cli/provenance.h"
#include "hvbench/results/origin.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"
#include "test/unit/report-set.h"
#include "test/unit/result-set.h"
#include "test/unit/root-fixture.h"
#include "version.h"

#include <string.h>

/* Warnings while it is there. */
typedef struct {
    GString *text;
    guint handler;
} Warnings;

static void on_warning(const char *domain, GLogLevelFlags level,
                       const char *message, gpointer user_data)
{
    (void)domain;
    (void)level;
    g_string_append_printf(((Warnings *)user_data)->text, "%s\n", message);
}

static void warnings_begin(Warnings *warnings)
{
    warnings->text = g_string_new(NULL);
    warnings->handler = g_log_set_handler(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING,
                                          on_warning, warnings);
}

static void warnings_clear(Warnings *warnings)
{
    g_log_remove_handler(G_LOG_DOMAIN, warnings->handler);
    g_string_free(warnings->text, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Warnings, warnings_clear)

static HvbGuest make_guest(const char *clocksource, const char *agent)
{
    HvbGuest guest = {0};

    g_strlcpy(guest.hello.clocksource, clocksource,
              sizeof guest.hello.clocksource);
    g_strlcpy(guest.hello.agent, agent, sizeof guest.hello.agent);
    return guest;
}

static gboolean add(Set *set, HvbGuest *guests, guint n)
{
    HvbBed bed = {.n_guests = n, .guests = guests};

    return hvb_provenance_add_bed(set->store, "DIR", 0, &bed,
                                  set->profiles->pdata[0], NULL);
}

static char *value_of(const Set *set, const char *key)
{
    g_autofree char *statement =
        g_strdup_printf("SELECT value FROM provenance WHERE key = '%s'", key);

    return set_sql(set, statement);
}

static void test_clocksources_and_agents_of_the_guests_are_recorded(void)
{
    g_autoptr(Set) set = set_begin();
    g_auto(Warnings) warnings = {0};
    HvbGuest guests[] = {make_guest("tsc", HVB_VERSION),
                         make_guest("hpet", HVB_VERSION), make_guest("", "")};

    warnings_begin(&warnings);
    CU_ASSERT_FATAL(add(set, guests, G_N_ELEMENTS(guests)));
    g_autofree char *clocksource = value_of(set, "stack.guest_clocksource");
    g_autofree char *agent = value_of(set, "stack.guest_agent");
    expect_text(clocksource, "tsc (guests 1); hpet (guests 2)");
    expect_text(agent, HVB_VERSION);
    expect_text(warnings.text->str, "");
}

static void test_an_agent_of_another_revision_is_warned_of(void)
{
    g_autoptr(Set) set = set_begin();
    g_auto(Warnings) warnings = {0};
    HvbGuest guest = make_guest("tsc", "v0-old");

    warnings_begin(&warnings);
    CU_ASSERT_FATAL(add(set, &guest, 1));
    CU_ASSERT_PTR_NOT_NULL(strstr(warnings.text->str, "another revision"));
    CU_ASSERT_PTR_NOT_NULL(strstr(warnings.text->str, "v0-old"));
}

static void test_another_clocksource_after_a_reboot_is_warned_of(void)
{
    g_autoptr(Set) set = set_begin();
    g_auto(Warnings) warnings = {0};
    HvbGuest first = make_guest("tsc", "");
    HvbGuest second = make_guest("hpet", "");

    warnings_begin(&warnings);
    CU_ASSERT_FATAL(add(set, &first, 1));
    CU_ASSERT_FATAL(add(set, &first, 1));
    expect_text(warnings.text->str, "");
    CU_ASSERT_FATAL(add(set, &second, 1));
    CU_ASSERT_PTR_NOT_NULL(strstr(warnings.text->str,
                                  "stack.guest_clocksource \"tsc\", now it is "
                                  "\"hpet\""));
    g_autofree char *now = value_of(set, "stack.guest_clocksource");
    expect_text(now, "hpet");
}

static void test_a_host_that_was_changed_under_way_is_warned_of(void)
{
    g_autoptr(Set) set = set_begin();
    g_auto(Warnings) warnings = {0};

    warnings_begin(&warnings);
    CU_ASSERT_FATAL(hvb_provenance_add_host(set->store, "DIR", TRUE, NULL));
    CU_ASSERT(
        hvb_store_set_provenance(set->store, "host.governor", "odd", NULL));
    /* How much memory there is shows in no figure. */
    CU_ASSERT(
        hvb_store_set_provenance(set->store, "host.memory_mib", "1", NULL));
    CU_ASSERT(hvb_provenance_add_host(set->store, "DIR", TRUE, NULL));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(warnings.text->str, "host.governor \"odd\", now it is"));
    CU_ASSERT_PTR_NULL(strstr(warnings.text->str, "memory"));
    g_autofree char *governor = value_of(set, "host.governor");
    g_autofree char *memory = value_of(set, "host.memory_mib");
    CU_ASSERT_STRING_NOT_EQUAL(governor, "odd");
    CU_ASSERT_STRING_NOT_EQUAL(memory, "1");
}

static void test_qemus_arguments_are_those_that_bear_on_speed(void)
{
    static const char line[] = "qemu\0-name\0guest=x\0-accel\0tcg\0-cpu\0qemu64"
                               "\0-nographic\0-m\0size=1k\0-kernel\0-cpu";
    g_autoptr(Root) root = root_new();

    write_bytes_below(root, "proc/7/cmdline", line, sizeof line);
    g_autofree char *arguments = hvb_hypervisor_arguments(root, 7);
    expect_text(arguments, "-accel tcg -cpu qemu64 -m size=1k");
    CU_ASSERT_PTR_NULL(hvb_hypervisor_arguments(root, 8));
}

static void test_what_makes_figures_incomparable_is_told_from_the_rest(void)
{
    CU_ASSERT(hvb_origin_matters("host.preemption"));
    CU_ASSERT(hvb_origin_matters("host.mitigations"));
    CU_ASSERT(hvb_origin_matters("stack.guest_clocksource"));
    CU_ASSERT(hvb_origin_matters("stack2.accel"));
    CU_ASSERT_FALSE(hvb_origin_matters("stack.accel_reason"));
    CU_ASSERT_FALSE(hvb_origin_matters("host.memory_mib"));
    CU_ASSERT_FALSE(hvb_origin_matters("reproduce.budget_s"));
}

static const char *only_change(const HvbProfileChanges *found)
{
    CU_ASSERT_EQUAL_FATAL(found->changes->len, 1);
    return found->changes->pdata[0];
}

static void test_a_shipped_profile_has_no_changes_but_its_seed(void)
{
    g_autoptr(HvbProfile) profile = load_file("smoke");
    g_auto(HvbProfileChanges) found = {0};

    profile->seed = 7;
    hvb_profile_changes_find(profile, &found);
    CU_ASSERT(found.shipped);
    CU_ASSERT_EQUAL(found.changes->len, 0);
}

static void test_a_changed_setting_is_named_with_both_values(void)
{
    g_autoptr(HvbProfile) profile = load_file("smoke");
    g_auto(HvbProfileChanges) found = {0};

    profile->samples = 9;
    hvb_profile_changes_find(profile, &found);
    expect_text(only_change(&found), "[run] samples = 9, not 8");
}

static void test_a_guest_of_its_own_is_compared_with_all_guests(void)
{
    g_autoptr(HvbProfile) profile = load_file("smoke");
    g_auto(HvbProfileChanges) found = {0};

    profile->guests[1].cap_percent = 50;
    hvb_profile_changes_find(profile, &found);
    expect_text(only_change(&found), "[guest 2] cap-percent = 50, not 0");
}

static void test_a_profile_of_ones_own_is_compared_with_the_defaults(void)
{
    g_autoptr(HvbProfile) profile = load_text(
        "[scenario]\nname = no-such-one\ntitle = T\n"
        "[guest 1]\nloaded = yes\nmeasured = yes\ncap-percent = 20\n");
    g_auto(HvbProfileChanges) found = {0};
    g_autoptr(GString) text = g_string_new(NULL);

    hvb_profile_changes_find(profile, &found);
    CU_ASSERT_FALSE(found.shipped);
    for (guint i = 0; i < found.changes->len; i++)
        g_string_append_printf(text, "%s\n", (char *)found.changes->pdata[i]);
    expect_text(text->str, "[guest 1] loaded = yes, not no\n"
                           "[guest 1] measured = yes, not no\n"
                           "[guest 1] cap-percent = 20, not 0\n");
}

/* The profile that a scenario of summary.json holds; its member "seed" in
 * `ret_seed`. Caller frees both. */
static char *read_summary(const ReportSet *set, guint scenario, char **ret_seed)
{
    g_autofree char *text = report_set_read(set, "summary.json");
    g_autoptr(JsonNode) root = json_from_string(text, NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    JsonObject *object = json_node_get_object(root);
    JsonArray *scenarios = json_object_get_array_member(object, "scenarios");
    JsonObject *one = json_array_get_object_element(scenarios, scenario);
    *ret_seed = g_strdup(json_object_get_string_member(object, "seed"));
    return g_strdup(json_object_get_string_member(one, "profile"));
}

static void test_the_summary_says_how_to_make_the_run_again(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autofree char *seed = NULL;

    set->run->seed = G_MAXUINT64;
    CU_ASSERT_FATAL(hvb_summary_write(set->dir, set->findings, NULL));
    g_autofree char *text = read_summary(set, 1, &seed);
    g_autoptr(HvbProfile) profile = load_text(text);
    expect_same(profile, set->run->profiles->pdata[1]);
    expect_text(seed, "18446744073709551615");
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_provenance[] = {
    TEST(clocksources_and_agents_of_the_guests_are_recorded),
    TEST(an_agent_of_another_revision_is_warned_of),
    TEST(another_clocksource_after_a_reboot_is_warned_of),
    TEST(a_host_that_was_changed_under_way_is_warned_of),
    TEST(qemus_arguments_are_those_that_bear_on_speed),
    TEST(what_makes_figures_incomparable_is_told_from_the_rest),
    TEST(the_summary_says_how_to_make_the_run_again),
    TEST(a_shipped_profile_has_no_changes_but_its_seed),
    TEST(a_changed_setting_is_named_with_both_values),
    TEST(a_guest_of_its_own_is_compared_with_all_guests),
    TEST(a_profile_of_ones_own_is_compared_with_the_defaults),
    TEST_END,
};
