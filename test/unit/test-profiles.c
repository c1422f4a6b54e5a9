/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The profiles that are shipped: each is what the figure or claim takes. */
#include "hvbench/profile/keys.h"
#include "hvbench/profile/source.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"

#include <stdio.h>
#include <string.h>

#define PERCENT_PER_USER 12.5

static void test_exactly_the_scenarios_are_shipped_and_load(void)
{
    static const char *const expected[] = {"c04-again",
                                           "c08-heavy",
                                           "c08-heavy-managed",
                                           "c08-light",
                                           "c12-dynamic",
                                           "c15-eight",
                                           "c15-four",
                                           "c15-two",
                                           "c16-vm",
                                           "c17-pinned",
                                           "c18-free",
                                           "c18-limited",
                                           "cache-none-cold",
                                           "cache-none-warm",
                                           "cache-writeback-cold",
                                           "cache-writeback-warm",
                                           "debian",
                                           "fig02",
                                           "fig03",
                                           "fig04",
                                           "fig05",
                                           "fig06",
                                           "fig07",
                                           "fig09",
                                           "fig10",
                                           "fig11",
                                           "fig12",
                                           "privileged",
                                           "selftest",
                                           "smoke",
                                           "uni",
                                           NULL};
    g_auto(GStrv) names = hvb_profile_list(NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(names);
    g_autofree char *listed = g_strjoinv(" ", names);
    g_autofree char *wanted = g_strjoinv(" ", (GStrv)expected);
    expect_text(listed, wanted);
    for (guint i = 0; names[i]; i++) {
        g_autoptr(HvbProfile) profile = load_file(names[i]);
        expect_text(profile->name, names[i]);
        CU_ASSERT_TRUE(*profile->title != '\0');
    }
}

static void test_titles_tell_the_shipped_profiles_apart(void)
{
    g_auto(GStrv) names = hvb_profile_list(NULL);
    g_autoptr(GHashTable) titles =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; names[i]; i++) {
        g_autoptr(HvbProfile) profile = load_file(names[i]);
        CU_ASSERT_TRUE(g_hash_table_add(titles, g_strdup(profile->title)));
        /* As wide as a terminal, beside name and figure. */
        CU_ASSERT_TRUE(strlen(profile->title) <= 50);
    }
}

static void test_every_shipped_profile_survives_its_text(void)
{
    g_auto(GStrv) names = hvb_profile_list(NULL);

    for (guint i = 0; names[i]; i++) {
        g_autoptr(HvbProfile) profile = load_file(names[i]);
        g_autofree char *text = hvb_profile_to_text(profile);
        g_autoptr(HvbProfile) again = load_text(text);
        expect_same(profile, again);
        CU_ASSERT_TRUE(hvb_profile_same_bed(profile, again));
    }
}

static void test_figures_have_their_number_and_the_others_none(void)
{
    g_auto(GStrv) names = hvb_profile_list(NULL);

    for (guint i = 0; names[i]; i++) {
        g_autoptr(HvbProfile) profile = load_file(names[i]);
        const char *digits = names[i] + strlen("fig");
        if (g_str_has_prefix(names[i], "fig"))
            expect_text(profile->figure, digits + (*digits == '0' ? 1 : 0));
        else
            expect_text(profile->figure, "");
    }
}

/* Loads `name` and, from the key table, the settings in which it differs from
 * `other`: "[stack] hypervisor=B [guest 1] manager=yes ". */
static char *differences(const char *name, const char *other)
{
    g_autoptr(HvbProfile) a = load_file(name);
    g_autoptr(HvbProfile) b = load_file(other);
    GString *text = g_string_new(NULL);

    for (const HvbKey *key = hvb_keys; key->group; key++) {
        if (key->per_guest || strcmp(key->group, "scenario") == 0 ||
            hvb_key_equal(key, a, b))
            continue;
        g_autofree char *value = hvb_key_format(key, a);
        g_string_append_printf(text, "[%s] %s=%s ", key->group, key->key,
                               value);
    }
    for (guint i = 0; i < MIN(a->n_guests, b->n_guests); i++) {
        for (const HvbKey *key = hvb_keys; key->group; key++) {
            if (!key->per_guest ||
                hvb_key_equal(key, &a->guests[i], &b->guests[i]))
                continue;
            g_autofree char *value = hvb_key_format(key, &a->guests[i]);
            g_string_append_printf(text, "[guest %u] %s=%s ", i + 1, key->key,
                                   value);
        }
    }
    return g_string_free(text, FALSE);
}

/* What a claim compares differs in nothing but what the claim is about. */
static void test_scenarios_that_are_compared_differ_in_one_thing(void)
{
    static const struct {
        const char *name;
        const char *other;
        const char *differences;
    } cases[] = {
        {"fig04", "fig03", "[stack] hypervisor=B "},
        {"fig05", "fig03", "[guest 1] manager=yes "},
        {"fig06", "c08-light", "[host] manager=yes "},
        {"c08-light", "fig03", "[host] services=2 [host] service-weight=200 "},
        {"fig07", "fig06", "[guest 1] manager=yes "},
        {"fig09", "fig03", "[guest 1] cap-percent=50 "},
        {"fig10", "fig09", "[guest 1] manager=yes "},
        {"fig10", "fig05", "[guest 1] cap-percent=50 "},
        {"fig12", "fig11",
         "[guest 1] manager=yes [guest 2] manager=yes [guest 3] manager=yes "
         "[guest 4] manager=yes "},
        {"c04-again", "fig03", "[stack] boot=2 "},
        {"c08-heavy", "fig03",
         "[host] cpus=2 [host] services=12 [host] service-percent=150 "
         "[host] service-weight=1200 "},
        {"c08-heavy-managed", "c08-heavy", "[host] manager=yes "},
        {"privileged", "c12-dynamic", "[guest 1] weight=400 "},
        {"c16-vm", "fig09", "[guest 1] cap-scope=vm "},
        {"c17-pinned", "fig03", "[host] affinity=pinned "},
        {"c18-limited", "c18-free", "[guest 1] limit-percent=25 "},
        {"uni", "fig03", "[host] cpus=1 "},
        {"cache-none-warm", "cache-none-cold", "[disk] guest-cache=warm "},
        {"cache-writeback-cold", "cache-none-cold", "[disk] cache=writeback "},
        {"cache-writeback-warm", "cache-none-cold",
         "[disk] cache=writeback [disk] guest-cache=warm "},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = differences(cases[i].name, cases[i].other);
        expect_text(found, cases[i].differences);
    }
}

static void test_figure_3_loads_and_measures_the_first_of_eight_guests(void)
{
    g_autoptr(HvbProfile) fig03 = load_file("fig03");

    CU_ASSERT_EQUAL(fig03->n_guests, 8);
    for (guint i = 0; i < fig03->n_guests; i++) {
        const HvbGuestProfile *guest = &fig03->guests[i];
        CU_ASSERT_EQUAL(guest->loaded, i == 0);
        CU_ASSERT_EQUAL(guest->measured,
                        i == 0 ? HVB_MEASURED_YES : HVB_MEASURED_NO);
        CU_ASSERT_TRUE(!guest->manager && guest->cap_percent == 0);
    }
}

static void test_paper_scenarios_have_three_kernels_and_share_their_bed(void)
{
    static const char *const names[] = {
        "fig05",      "fig06",    "fig07",       "fig09",     "fig10",
        "fig11",      "fig12",    "c08-light",   "c08-heavy", "c12-dynamic",
        "privileged", "c15-two",  "c15-four",    "c15-eight", "c16-vm",
        "c17-pinned", "c18-free", "c18-limited", "uni"};
    g_autoptr(HvbProfile) fig03 = load_file("fig03");
    g_autoptr(HvbProfile) fig04 = load_file("fig04");
    g_autoptr(HvbProfile) again = load_file("c04-again");
    g_autoptr(HvbProfile) smoke = load_file("smoke");

    expect_text(fig03->guests[0].kernel, "cloud");
    expect_text(fig03->guests[1].kernel, "amd64");
    expect_text(fig03->guests[2].kernel, "rt");
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(HvbProfile) other = load_file(names[i]);
        CU_ASSERT_TRUE(hvb_profile_same_bed(fig03, other));
    }
    CU_ASSERT_FALSE(hvb_profile_same_bed(fig03, fig04));
    CU_ASSERT_FALSE(hvb_profile_same_bed(fig03, again));
    expect_text(smoke->guests[1].kernel, "cloud");
}

static void test_figure_2_has_the_load_of_figure_3_for_each_cpu(void)
{
    g_autoptr(HvbProfile) fig02 = load_file("fig02");
    g_autoptr(HvbProfile) fig03 = load_file("fig03");

    CU_ASSERT_TRUE(fig02->native && fig02->n_guests == 1);
    CU_ASSERT_TRUE(fig02->guests[0].loaded && fig02->guests[0].measured);
    CU_ASSERT_EQUAL(memcmp(fig02->guests[0].users, fig03->guests[0].users,
                           sizeof fig02->guests[0].users),
                    0);
}

static guint count_users(const HvbProfile *profile, HvbLevel level)
{
    guint users = 0;

    for (guint i = 0; i < profile->n_guests; i++)
        users +=
            profile->guests[i].loaded ? profile->guests[i].users[level] : 0;
    return users;
}

/* Probes take a tenth of a CPU each. */
static double demand_percent(const HvbProfile *profile, HvbLevel level)
{
    double percent = count_users(profile, level) * PERCENT_PER_USER;

    for (guint i = 0; i < profile->n_guests; i++)
        percent += profile->guests[i].measured ? 10 : 0;
    return percent + (profile->services > 0 ? profile->service_percent : 0);
}

static void test_figure_11_takes_two_cpus_from_four_fifths_to_all(void)
{
    g_autoptr(HvbProfile) fig11 = load_file("fig11");
    double full_percent = 100.0 * fig11->cpus;

    CU_ASSERT_EQUAL(fig11->cpus, 2);
    CU_ASSERT_TRUE(fig11->host_manager && fig11->services > 0);
    CU_ASSERT_EQUAL(fig11->guests[0].measured, HVB_MEASURED_YES);
    for (guint i = 1; i < fig11->n_guests; i++) {
        const HvbGuestProfile *guest = &fig11->guests[i];
        CU_ASSERT_EQUAL(guest->loaded, i < 4);
        CU_ASSERT_EQUAL(guest->measured,
                        i < 4 ? HVB_MEASURED_APART : HVB_MEASURED_NO);
        CU_ASSERT_EQUAL(guest->users[HVB_LEVEL_NONE],
                        guest->users[HVB_LEVEL_OVERLOAD]);
    }
    CU_ASSERT_TRUE(demand_percent(fig11, HVB_LEVEL_NONE) < 0.9 * full_percent);
    CU_ASSERT_TRUE(demand_percent(fig11, HVB_LEVEL_LOW) < full_percent);
    CU_ASSERT_TRUE(demand_percent(fig11, HVB_LEVEL_MAXIMUM) > full_percent);
}

static void test_dynamic_neighbours_want_all_they_can_get(void)
{
    g_autoptr(HvbProfile) dynamic = load_file("c12-dynamic");
    g_autoptr(HvbProfile) fig09 = load_file("fig09");

    CU_ASSERT_EQUAL(dynamic->cpus, 2);
    CU_ASSERT_EQUAL(memcmp(dynamic->guests[0].users, fig09->guests[0].users,
                           sizeof fig09->guests[0].users),
                    0);
    CU_ASSERT_EQUAL(dynamic->guests[0].cap_percent, 0);
    for (guint i = 1; i < dynamic->n_guests; i++) {
        const HvbGuestProfile *guest = &dynamic->guests[i];
        CU_ASSERT_EQUAL(guest->loaded, i < 4);
        CU_ASSERT_EQUAL(guest->measured, HVB_MEASURED_NO);
        CU_ASSERT_TRUE(guest->users[HVB_LEVEL_NONE] * PERCENT_PER_USER > 100);
    }
}

static void test_same_demand_is_spread_over_two_four_and_eight_guests(void)
{
    static const char *const names[] = {"c15-two", "c15-four", "c15-eight"};

    for (guint n = 0; n < G_N_ELEMENTS(names); n++) {
        g_autoptr(HvbProfile) profile = load_file(names[n]);
        CU_ASSERT_EQUAL(profile->cpus, 2);
        CU_ASSERT_TRUE(!profile->levels[HVB_LEVEL_LOW] &&
                       !profile->levels[HVB_LEVEL_BUSY]);
        CU_ASSERT_EQUAL(count_users(profile, HVB_LEVEL_NONE), 0);
        CU_ASSERT_EQUAL(count_users(profile, HVB_LEVEL_MEDIUM), 8);
        CU_ASSERT_EQUAL(count_users(profile, HVB_LEVEL_MAXIMUM), 16);
        CU_ASSERT_EQUAL(count_users(profile, HVB_LEVEL_OVERLOAD), 24);
        for (guint i = 0; i < profile->n_guests; i++) {
            CU_ASSERT_EQUAL(profile->guests[i].loaded, i < 2U << n);
            CU_ASSERT_EQUAL(profile->guests[i].measured,
                            i < 2 ? HVB_MEASURED_YES : HVB_MEASURED_NO);
        }
    }
}

static void test_neighbours_of_the_limited_guest_are_the_measured_ones(void)
{
    g_autoptr(HvbProfile) profile = load_file("c18-free");

    CU_ASSERT_TRUE(profile->guests[0].loaded && !profile->guests[0].measured);
    CU_ASSERT_EQUAL(profile->guests[0].users[HVB_LEVEL_NONE], 0);
    for (guint i = 1; i < profile->n_guests; i++) {
        CU_ASSERT_EQUAL(profile->guests[i].loaded, i < 4);
        CU_ASSERT_EQUAL(profile->guests[i].measured,
                        i < 4 ? HVB_MEASURED_APART : HVB_MEASURED_NO);
    }
}

static void test_cache_scenarios_have_memory_for_the_document(void)
{
    g_autoptr(HvbProfile) profile = load_file("cache-none-cold");
    g_autoptr(HvbProfile) fig03 = load_file("fig03");

    CU_ASSERT_EQUAL(profile->n_guests, 2);
    CU_ASSERT_TRUE(profile->guests[0].memory_mib > fig03->guests[0].memory_mib);
    CU_ASSERT_EQUAL(profile->cache, HVB_CACHE_NONE);
    CU_ASSERT_EQUAL(profile->guest_cache, WIRE_READING_COLD);
    CU_ASSERT_TRUE(profile->levels[HVB_LEVEL_NONE] &&
                   profile->levels[HVB_LEVEL_OVERLOAD] &&
                   !profile->levels[HVB_LEVEL_MEDIUM]);
}

static void test_common_profile_equals_the_built_in_defaults(void)
{
    g_autoptr(TestDir) dir = test_dir_new();
    g_autofree char *file =
        put(dir, "a.profile", "[scenario]\nbase = common\nname = x\n" GUEST,
            -1);
    g_autoptr(HvbProfile) common = load_file(file);
    g_autoptr(HvbProfile) built_in = load_text(MINIMAL);

    expect_same(common, built_in);
}

static void test_common_profile_has_and_comments_every_key(void)
{
    g_autofree char *root = hvb_profile_dir();
    g_autofree char *path =
        g_build_filename(root, "profiles", "common.profile", NULL);
    g_autofree char *text = NULL;
    g_autoptr(HvbSource) source = hvb_source_read(path, NULL);

    CU_ASSERT_TRUE_FATAL(source &&
                         g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (const HvbKey *key = hvb_keys; key->group; key++) {
        if (strcmp(key->group, "scenario") == 0)
            continue;
        const HvbSetting *setting =
            hvb_source_find(source, key->group, key->key);
        CU_ASSERT_TRUE(setting &&
                       g_str_has_prefix(lines[setting->line - 2], "# "));
        if (!setting)
            fprintf(stderr, "\n  missing: [%s] %s\n", key->group, key->key);
    }
}

CU_TestInfo tests_profiles[] = {
    {"exactly the scenarios are shipped and load",
     test_exactly_the_scenarios_are_shipped_and_load},
    {"titles tell the shipped profiles apart",
     test_titles_tell_the_shipped_profiles_apart},
    {"every shipped profile survives its text",
     test_every_shipped_profile_survives_its_text},
    {"figures have their number and the others none",
     test_figures_have_their_number_and_the_others_none},
    {"scenarios that are compared differ in one thing",
     test_scenarios_that_are_compared_differ_in_one_thing},
    {"figure 3 loads and measures the first of eight guests",
     test_figure_3_loads_and_measures_the_first_of_eight_guests},
    {"paper scenarios have three kernels and share their bed",
     test_paper_scenarios_have_three_kernels_and_share_their_bed},
    {"figure 2 has the load of figure 3 for each cpu",
     test_figure_2_has_the_load_of_figure_3_for_each_cpu},
    {"figure 11 takes two cpus from four fifths to all",
     test_figure_11_takes_two_cpus_from_four_fifths_to_all},
    {"dynamic neighbours want all they can get",
     test_dynamic_neighbours_want_all_they_can_get},
    {"same demand is spread over two four and eight guests",
     test_same_demand_is_spread_over_two_four_and_eight_guests},
    {"neighbours of the limited guest are the measured ones",
     test_neighbours_of_the_limited_guest_are_the_measured_ones},
    {"cache scenarios have memory for the document",
     test_cache_scenarios_have_memory_for_the_document},
    {"common profile equals the built in defaults",
     test_common_profile_equals_the_built_in_defaults},
    {"common profile has and comments every key",
     test_common_profile_has_and_comments_every_key},
    TEST_END,
};
