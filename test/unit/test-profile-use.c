/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done with profiles that have loaded: text, overrides, window. */
#include "hvbench/cli/overrides.h"
#include "hvbench/profile/keys.h"
#include "hvbench/profile/source.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"

#include <string.h>

/* Each key with another value than its default. */
#define EVERYTHING                                                         \
    "[scenario]\nname=all-of-it\nfigure=9b\ntitle=\\\\n, ; # and \u00fc\n" \
    "[stack]\naccel=kvm\nmachine=pc-i440fx-7.2\nemulator=/opt/qemu\n"      \
    "cpu=host-passthrough\n"                                               \
    "[guests]\ncount=3\nmemory-mib=96\nkernel=/k\ninitrd=/i\n"             \
    "cmdline=a=b \\\\ c\nhello-timeout-s=33\nmeasured=yes\nloaded=yes\n"   \
    "manager=yes\ncap-percent=50\ncap-scope=vm\ncap-period-us=50000\n"     \
    "weight=300\n[guest 2]\nloaded=no\nweight=1\n"                         \
    "[guest 3]\ncap-percent=0\nmanager=no\n"                               \
    "[load]\nlevels=Low;Busy\nusers=0;1;3;3;5;7\nburst-mean-ms=90\n"       \
    "burst-cut=3\nthink-mean-ms=0\n"                                       \
    "[probe]\nmix=key:2;open:0;launch:1\nheadline=launch\nslot-ms=555\n"   \
    "pool=9\n[manager]\nmethod=cgroup\ninterval-ms=400\nmemory-ms=1000\n"  \
    "demote-percent=0.30000000000000004\nrestore-percent=0.1\nnice=7\n"    \
    "[run]\nsamples=11\nrepetitions=5\nsettle-ms=1\ndrain-ms=2\n"          \
    "seed=9007199254740991\nreruns=9\n"                                    \
    "[gate]\nforeign-percent=12.25\ndrift-percent=1e-3\n"

static void test_every_key_reaches_its_member(void)
{
    g_autoptr(HvbProfile) p = load_text(EVERYTHING);

    expect_text(p->name, "all-of-it");
    expect_text(p->figure, "9b");
    expect_text(p->title, "\\n, ; # and \u00fc");
    expect_text(p->path, "t.profile");
    CU_ASSERT_EQUAL(p->accel, HVB_ACCEL_KVM);
    expect_text(p->machine, "pc-i440fx-7.2");
    expect_text(p->emulator, "/opt/qemu");
    expect_text(p->cpu, "host-passthrough");
    CU_ASSERT_EQUAL(p->n_guests, 3);
    CU_ASSERT_EQUAL(p->memory_mib, 96);
    expect_text(p->kernel, "/k");
    expect_text(p->initrd, "/i");
    expect_text(p->cmdline, "a=b \\ c");
    CU_ASSERT_EQUAL(p->hello_timeout_s, 33);
    CU_ASSERT_TRUE(p->guests[0].loaded && !p->guests[1].loaded);
    CU_ASSERT_TRUE(p->guests[2].measured);
    CU_ASSERT_TRUE(p->guests[1].manager && !p->guests[2].manager);
    CU_ASSERT_EQUAL(p->guests[0].cap_percent, 50);
    CU_ASSERT_EQUAL(p->guests[2].cap_percent, 0);
    CU_ASSERT_EQUAL(p->guests[0].cap_scope, HVB_CAP_SCOPE_VM);
    CU_ASSERT_EQUAL(p->guests[0].cap_period_us, 50000);
    CU_ASSERT_EQUAL(p->guests[1].weight, 1);
    CU_ASSERT_EQUAL(p->guests[2].weight, 300);
    CU_ASSERT_TRUE(!p->levels[HVB_LEVEL_NONE] && p->levels[HVB_LEVEL_BUSY]);
    CU_ASSERT_EQUAL(p->users[HVB_LEVEL_OVERLOAD], 7);
    CU_ASSERT_EQUAL(p->burst_mean_ms, 90);
    CU_ASSERT_EQUAL(p->burst_cut, 3);
    CU_ASSERT_EQUAL(p->think_mean_ms, 0);
    CU_ASSERT_TRUE(p->mix[WIRE_KEY] == 2 && p->mix[WIRE_OPEN] == 0);
    CU_ASSERT_EQUAL(p->headline, WIRE_LAUNCH);
    CU_ASSERT_EQUAL(p->slot_ms, 555);
    CU_ASSERT_EQUAL(p->pool, 9);
    CU_ASSERT_EQUAL(p->method, WIRE_METHOD_CGROUP);
    CU_ASSERT_EQUAL(p->manager_interval_ms, 400);
    CU_ASSERT_EQUAL(p->manager_memory_ms, 1000);
    CU_ASSERT_TRUE(p->demote_percent == 0.1 + 0.2);
    CU_ASSERT_TRUE(p->restore_percent == 0.1);
    CU_ASSERT_EQUAL(p->nice, 7);
    CU_ASSERT_EQUAL(p->samples, 11);
    CU_ASSERT_EQUAL(p->repetitions, 5);
    CU_ASSERT_EQUAL(p->settle_ms, 1);
    CU_ASSERT_EQUAL(p->drain_ms, 2);
    CU_ASSERT_EQUAL(p->seed, G_GUINT64_CONSTANT(9007199254740991));
    CU_ASSERT_EQUAL(p->reruns, 9);
    CU_ASSERT_TRUE(p->foreign_percent == 12.25);
    CU_ASSERT_TRUE(p->drift_percent == 0.001);
}

/* By way of the table, and the strings' own members beside it. */
static void expect_same(const HvbProfile *a, const HvbProfile *b)
{
    for (const HvbKey *key = hvb_keys; key->group; key++) {
        CU_ASSERT_TRUE(key->per_guest ? hvb_key_equal(key, &a->guest_defaults,
                                                      &b->guest_defaults)
                                      : hvb_key_equal(key, a, b));
    }
    for (guint i = 0; i < HVB_MAX_GUESTS; i++)
        CU_ASSERT_TRUE(hvb_key_same_guest(&a->guests[i], &b->guests[i]));
}

static void test_text_loads_as_the_same_profile(void)
{
    g_autoptr(HvbProfile) profile = load_text(EVERYTHING);
    g_autofree char *text = hvb_profile_to_text(profile);
    g_autoptr(HvbProfile) again = load_text(text);
    g_autofree char *text_again = hvb_profile_to_text(again);

    expect_same(profile, again);
    CU_ASSERT_TRUE(again->demote_percent == profile->demote_percent);
    expect_text(text_again, text);
}

static void test_text_keeps_the_defaults_of_guests_to_come(void)
{
    const HvbOverrides more = {.guests = 5};
    g_autoptr(HvbProfile) profile = load_text(EVERYTHING);
    g_autofree char *text = hvb_profile_to_text(profile);
    g_autoptr(HvbProfile) again = load_text(text);

    CU_ASSERT_TRUE(hvb_profile_override(again, &more, NULL));
    CU_ASSERT_EQUAL(again->n_guests, 5);
    CU_ASSERT_EQUAL(again->guests[4].cap_percent, 50);
}

static void test_every_default_is_what_the_table_says(void)
{
    g_autoptr(HvbProfile) profile = load_text(MINIMAL);

    for (const HvbKey *key = hvb_keys; key->group; key++) {
        g_autofree char *value =
            hvb_key_format(key, key->per_guest
                                    ? (gconstpointer)&profile->guest_defaults
                                    : (gconstpointer)profile);
        if (value && strcmp(key->key, "name") != 0)
            expect_text(value, key->fallback);
    }
}

/* Overrides */

static void test_each_override_replaces_its_setting_only(void)
{
    static const struct {
        HvbOverrides overrides;
        const char *key;
        const char *value;
    } cases[] = {
        {{.samples = 77}, "samples", "77"},
        {{.repetitions = 7}, "repetitions", "7"},
        {{.levels = "None,overload"}, "levels", "None;Overload"},
        {{.guests = 3}, "count", "3"},
        {{.seed = 12345678901}, "seed", "12345678901"},
        {{.accel = "tcg"}, "accel", "tcg"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(HvbProfile) before = load_text(MINIMAL);
        g_autoptr(HvbProfile) after = load_text(MINIMAL);
        guint changed = 0;
        CU_ASSERT_TRUE(hvb_profile_override(after, &cases[i].overrides, NULL));
        for (const HvbKey *key = hvb_keys; key->group; key++) {
            if (key->per_guest || hvb_key_equal(key, before, after))
                continue;
            g_autofree char *value = hvb_key_format(key, after);
            expect_text(key->key, cases[i].key);
            expect_text(value, cases[i].value);
            changed++;
        }
        CU_ASSERT_EQUAL(changed, 1);
    }
}

static void test_quick_lowers_and_never_raises(void)
{
    const HvbOverrides quick = {.quick = TRUE};
    g_autoptr(HvbProfile) slow = load_text(MINIMAL);
    g_autoptr(HvbProfile) small = load_text(
        MINIMAL
        "[run]\nsamples = 2\nsettle-ms = 3\ndrain-ms = 4\nreruns = 0\n");

    CU_ASSERT_TRUE(hvb_profile_override(slow, &quick, NULL));
    CU_ASSERT_EQUAL(slow->samples, HVB_QUICK_SAMPLES);
    CU_ASSERT_EQUAL(slow->repetitions, HVB_QUICK_REPETITIONS);
    CU_ASSERT_EQUAL(slow->settle_ms, HVB_QUICK_SETTLE_MS);
    CU_ASSERT_EQUAL(slow->drain_ms, HVB_QUICK_DRAIN_MS);
    CU_ASSERT_EQUAL(slow->reruns, HVB_QUICK_RERUNS);
    CU_ASSERT_TRUE(hvb_profile_override(small, &quick, NULL));
    CU_ASSERT_EQUAL(small->samples, 2);
    CU_ASSERT_EQUAL(small->settle_ms, 3);
    CU_ASSERT_EQUAL(small->drain_ms, 4);
    CU_ASSERT_EQUAL(small->reruns, 0);
}

static void test_explicit_samples_beat_quick(void)
{
    const HvbOverrides both = {.quick = TRUE, .samples = 99};
    g_autoptr(HvbProfile) profile = load_text(MINIMAL);

    CU_ASSERT_TRUE(hvb_profile_override(profile, &both, NULL));
    CU_ASSERT_EQUAL(profile->samples, 99);
    CU_ASSERT_EQUAL(profile->repetitions, HVB_QUICK_REPETITIONS);
}

static void test_bad_override_names_the_option_and_changes_nothing(void)
{
    static const struct {
        HvbOverrides overrides;
        const char *message;
    } cases[] = {
        {{.quick = TRUE, .levels = "None,Lwo"},
         "--levels: no level 'Lwo'; expected one or more of None, Low, Medium, "
         "Busy, Maximum, Overload (levels to measure)"},
        {{.repetitions = 2, .samples = 10001},
         "--samples: expected a whole number from 1 to 10000 (samples of the "
         "headline operation per cell and guest)"},
        {{.samples = 10000, .guests = 2},
         "--samples: with this mix 10000 samples make 30000 operations in a "
         "window; expected at most 20000"},
        {{.samples = 5, .guests = 65},
         "--guests: expected a whole number from 1 to 64 (guests)"},
        {{.samples = 5, .guests = 2},
         "--guests: 2 are too few, the profile has a [guest 3]"},
        {{.samples = 5, .accel = "xen"},
         "--accel: expected one of auto, kvm, tcg (accelerator)"},
        {{.samples = 5, .seed = G_MAXUINT64},
         "--seed: expected a whole number from 0 to 9007199254740991 (0: "
         "chosen at random)"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(HvbProfile) before = load_text(EVERYTHING);
        g_autoptr(HvbProfile) after = load_text(EVERYTHING);
        g_autoptr(GError) error = NULL;
        CU_ASSERT_FALSE(
            hvb_profile_override(after, &cases[i].overrides, &error));
        CU_ASSERT_TRUE_FATAL(
            g_error_matches(error, HVB_PROFILE_ERROR, HVB_PROFILE_ERROR_VALUE));
        expect_text(error->message, cases[i].message);
        expect_same(before, after);
    }
}

static void test_override_may_not_leave_nobody_measured(void)
{
    const HvbOverrides one = {.guests = 1};
    g_autoptr(HvbProfile) profile =
        load_text(SCENARIO "[guests]\nmeasured = yes\nloaded = yes\n"
                           "[guest 1]\nmeasured = no\n");
    g_autoptr(GError) error = NULL;

    CU_ASSERT_FALSE(hvb_profile_override(profile, &one, &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    expect_text(error->message, "--guests: no guest is measured; say 'measured "
                                "= yes' in [guest 1]");
}

/* Parses a command line's options. */
static gboolean parse(const char *line, HvbOverrides *ret, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_auto(GStrv) arguments = g_strsplit(line, " ", -1);

    *ret = (HvbOverrides){0};
    g_option_context_set_main_group(context, hvb_overrides_group(ret));
    return g_option_context_parse_strv(context, &arguments, error);
}

static void test_options_reach_the_overrides(void)
{
    HvbOverrides o;

    CU_ASSERT_TRUE_FATAL(
        parse("show --quick --samples 7 --repetitions=2 --levels Low,Busy "
              "--guests 3 --seed 18446744073709551615 --accel kvm",
              &o, NULL));
    CU_ASSERT_TRUE(o.quick);
    CU_ASSERT_EQUAL(o.samples, 7);
    CU_ASSERT_EQUAL(o.repetitions, 2);
    expect_text(o.levels, "Low,Busy");
    CU_ASSERT_EQUAL(o.guests, 3);
    CU_ASSERT_EQUAL(o.seed, G_MAXUINT64);
    expect_text(o.accel, "kvm");
}

static void test_options_refuse_what_is_no_number(void)
{
    static const char *const values[] = {"0", "-1", "3x", "", "4294967296"};

    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autofree char *line = g_strconcat("show --samples=", values[i], NULL);
        g_autofree char *message =
            g_strdup_printf("--samples: '%s' is not a whole number from 1 up",
                            values[i]);
        g_autoptr(GError) error = NULL;
        HvbOverrides o;
        CU_ASSERT_FALSE(parse(line, &o, &error));
        CU_ASSERT_PTR_NOT_NULL_FATAL(error);
        expect_text(error->message, message);
    }
}

static void test_two_scenarios_of_one_name_are_refused(void)
{
    static const char *const names[] = {"fig03", "fig05", "fig03", NULL};
    const HvbOverrides nothing = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = hvb_overrides_load(&nothing, names, &error);
    g_autoptr(GPtrArray) two = hvb_overrides_load(&nothing, names + 1, NULL);

    CU_ASSERT_PTR_NULL(all);
    CU_ASSERT_TRUE(
        g_error_matches(error, HVB_PROFILE_ERROR, HVB_PROFILE_ERROR_VALUE));
    CU_ASSERT_PTR_NOT_NULL_FATAL(two);
    CU_ASSERT_EQUAL(two->len, 2);
}

/* Bed and window */

static void test_same_bed_depends_on_stack_and_guests_images_only(void)
{
    static const struct {
        const char *text;
        gboolean same;
    } cases[] = {
        {MINIMAL, TRUE},
        {MINIMAL "[stack]\naccel = tcg\n", FALSE},
        {MINIMAL "[stack]\nmachine = pc\n", FALSE},
        {MINIMAL "[stack]\nemulator = /q\n", FALSE},
        {MINIMAL "[stack]\ncpu = max\n", FALSE},
        {MINIMAL "[guests]\ncount = 7\n", FALSE},
        {MINIMAL "[guests]\nmemory-mib = 129\n", FALSE},
        {MINIMAL "[guests]\nkernel = rt\n", FALSE},
        {MINIMAL "[guests]\ninitrd = /i\n", FALSE},
        {MINIMAL "[guests]\ncmdline = quiet\n", FALSE},
        {MINIMAL "[guests]\nhello-timeout-s = 1\nweight = 7\n", TRUE},
        {MINIMAL "manager = yes\ncap-percent = 50\n", TRUE},
        {MINIMAL "[run]\nsamples = 3\n[load]\nlevels = Low\n", TRUE},
    };
    g_autoptr(HvbProfile) reference = load_text(MINIMAL);

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(HvbProfile) other = load_text(cases[i].text);
        CU_ASSERT_EQUAL(hvb_profile_same_bed(reference, other), cases[i].same);
    }
}

static void test_window_follows_the_mix_rounded_up(void)
{
    g_autoptr(HvbProfile) profile =
        load_text(MINIMAL "[probe]\nmix = key:4;open:3;launch:1\n"
                          "[run]\nsamples = 10\ndrain-ms = 1234\n");
    WireProbe probe;

    hvb_profile_probe(profile, &probe);
    CU_ASSERT_EQUAL(probe.count[WIRE_OPEN], 10);
    CU_ASSERT_EQUAL(probe.count[WIRE_KEY], 14);
    CU_ASSERT_EQUAL(probe.count[WIRE_LAUNCH], 4);
    CU_ASSERT_EQUAL(probe.slot_us, 440000);
    CU_ASSERT_EQUAL(probe.pool, 16);
    CU_ASSERT_EQUAL(probe.drain_ms, 1234);
    CU_ASSERT_EQUAL(probe.cell, 0);
    CU_ASSERT_EQUAL(probe.seed, 0);
    CU_ASSERT_EQUAL(hvb_profile_window_ms(profile), 28 * 440);
}

/* What is shipped */

static void test_shipped_profiles_all_load(void)
{
    static const char *const expected[] = {"fig03", "fig05", "fig09", "fig10",
                                           "smoke"};
    g_auto(GStrv) names = hvb_profile_list(NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(names);
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
        CU_ASSERT_TRUE(
            g_strv_contains((const char *const *)names, expected[i]));
    CU_ASSERT_FALSE(g_strv_contains((const char *const *)names, "common"));
    for (guint i = 0; names[i]; i++) {
        g_autoptr(HvbProfile) profile = load_file(names[i]);
        expect_text(profile->name, names[i]);
        CU_ASSERT_TRUE(*profile->title != '\0');
    }
}

static void test_figures_differ_as_the_paper_says(void)
{
    g_autoptr(HvbProfile) fig03 = load_file("fig03");
    g_autoptr(HvbProfile) fig05 = load_file("fig05");
    g_autoptr(HvbProfile) fig09 = load_file("fig09");
    g_autoptr(HvbProfile) fig10 = load_file("fig10");
    const HvbGuestProfile *idle = &fig03->guests[7];

    CU_ASSERT_EQUAL(fig03->n_guests, 8);
    CU_ASSERT_TRUE(fig03->guests[0].loaded && fig03->guests[0].measured);
    CU_ASSERT_TRUE(!idle->loaded && !idle->measured && !idle->manager);
    CU_ASSERT_TRUE(!fig03->guests[0].manager && fig05->guests[0].manager);
    CU_ASSERT_TRUE(!fig09->guests[0].manager && fig10->guests[0].manager);
    CU_ASSERT_EQUAL(fig05->guests[0].cap_percent, 0);
    CU_ASSERT_EQUAL(fig09->guests[0].cap_percent, 50);
    CU_ASSERT_EQUAL(fig10->guests[0].cap_percent, 50);
    CU_ASSERT_EQUAL(fig09->guests[1].cap_percent, 0);
    CU_ASSERT_TRUE(hvb_profile_same_bed(fig03, fig05));
    CU_ASSERT_TRUE(hvb_profile_same_bed(fig03, fig09));
    CU_ASSERT_TRUE(hvb_profile_same_bed(fig03, fig10));
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

static void test_data_dir_is_the_environments_or_the_source_tree(void)
{
    g_autofree char *before = set_data_dir("/some/where");
    g_autofree char *dir = hvb_profile_dir();
    g_autofree char *kernel = hvb_profile_guest_file("cloud", "vmlinuz");
    g_autofree char *documents = hvb_profile_guest_file(NULL, "documents.img");

    g_free(set_data_dir(NULL));
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *build = g_path_get_dirname(program);
    g_autofree char *tree = g_path_get_dirname(build);
    g_autofree char *own_tree = hvb_profile_dir();
    g_autofree char *own_kernel = hvb_profile_guest_file("cloud", "vmlinuz");
    g_autofree char *in_build =
        g_build_filename(build, "guests", "cloud", "vmlinuz", NULL);
    g_free(set_data_dir(before));

    expect_text(dir, "/some/where");
    expect_text(kernel, "/some/where/guests/cloud/vmlinuz");
    expect_text(documents, "/some/where/guests/documents.img");
    expect_text(own_tree, tree);
    expect_text(own_kernel, in_build);
}

CU_TestInfo tests_profile_use[] = {
    {"every key reaches its member", test_every_key_reaches_its_member},
    {"text loads as the same profile", test_text_loads_as_the_same_profile},
    {"text keeps the defaults of guests to come",
     test_text_keeps_the_defaults_of_guests_to_come},
    {"every default is what the table says",
     test_every_default_is_what_the_table_says},
    {"each override replaces its setting only",
     test_each_override_replaces_its_setting_only},
    {"quick lowers and never raises", test_quick_lowers_and_never_raises},
    {"explicit samples beat quick", test_explicit_samples_beat_quick},
    {"bad override names the option and changes nothing",
     test_bad_override_names_the_option_and_changes_nothing},
    {"override may not leave nobody measured",
     test_override_may_not_leave_nobody_measured},
    {"options reach the overrides", test_options_reach_the_overrides},
    {"options refuse what is no number", test_options_refuse_what_is_no_number},
    {"two scenarios of one name are refused",
     test_two_scenarios_of_one_name_are_refused},
    {"same bed depends on stack and guests images only",
     test_same_bed_depends_on_stack_and_guests_images_only},
    {"window follows the mix rounded up",
     test_window_follows_the_mix_rounded_up},
    {"shipped profiles all load", test_shipped_profiles_all_load},
    {"figures differ as the paper says", test_figures_differ_as_the_paper_says},
    {"common profile equals the built in defaults",
     test_common_profile_equals_the_built_in_defaults},
    {"common profile has and comments every key",
     test_common_profile_has_and_comments_every_key},
    {"data dir is the environments or the source tree",
     test_data_dir_is_the_environments_or_the_source_tree},
    TEST_END,
};
