/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done with profiles that have loaded: text, overrides, window. */
#include "hvbench/cli/overrides.h"
#include "hvbench/profile/keys.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"

#include <string.h>

/* Each key with another value than its default, but for `native`. */
#define EVERYTHING                                                         \
    "[scenario]\nname=all-of-it\nfigure=9b\ntitle=\\\\n, ; # and \u00fc\n" \
    "[stack]\nhypervisor=B\nboot=3\naccel=kvm\nmachine=pc-i440fx-7.2\n"    \
    "emulator=/opt/qemu\ncpu=host-passthrough\n"                           \
    "[guests]\ncount=3\nhello-timeout-s=33\nmemory-mib=96\nkernel=/k\n"    \
    "initrd=/i\ncmdline=a=b \\\\ c\nimage=/disk.img\n"                     \
    "loaded=yes\nusers=0;1;3;3;5;7\nlimit-percent=40\nmeasured=apart\n"    \
    "manager=yes\ncap-percent=50\ncap-scope=vm\ncap-period-us=50000\n"     \
    "weight=300\n[guest 1]\nmeasured=yes\nkernel=/rt\n"                    \
    "[guest 2]\nloaded=no\nmeasured=no\nmanager=no\nlimit-percent=0\n"     \
    "agent=no\nweight=1\n[guest 3]\nimage=\nmemory-mib=200\nmanager=no\n"  \
    "cap-percent=0\nusers=2;2;2;2;2;2\nlimit-percent=7\ncmdline=\n"        \
    "[host]\ncpus=2\naffinity=pinned\nservices=5\nservice-percent=33.5\n"  \
    "service-burst-ms=70\nmanager=yes\nmanager-method=idle\n"              \
    "[disk]\ncache=unsafe\nguest-cache=warm\n"                             \
    "[load]\nlevels=Low;Busy\nburst-mean-ms=90\n"                          \
    "burst-cut=3\nthink-mean-ms=0\n"                                       \
    "[probe]\nmix=key:2;open:1;launch:1\nheadline=launch\nslot-ms=555\n"   \
    "pool=9\nvantage=both\n"                                               \
    "[manager]\nmethod=cgroup\ninterval-ms=400\nmemory-ms=1000\n"          \
    "demote-percent=0.30000000000000004\nrestore-percent=0.1\nnice=7\n"    \
    "[run]\nsamples=11\nrepetitions=5\nsettle-ms=1\ndrain-ms=2\n"          \
    "seed=9007199254740991\nreruns=9\n"                                    \
    "[gate]\nforeign-percent=12.25\nsteal-percent=0.5\nlost-samples=4\n"   \
    "late-frame-ms=777\nlate-send-ms=6\ndrift-percent=1e-3\n"

static void expect_guests(const HvbProfile *p)
{
    const HvbGuestProfile *one = &p->guests[0], *two = &p->guests[1],
                          *three = &p->guests[2];

    CU_ASSERT_EQUAL(p->n_guests, 3);
    CU_ASSERT_EQUAL(p->hello_timeout_s, 33);
    CU_ASSERT_TRUE(one->memory_mib == 96 && three->memory_mib == 200);
    expect_text(one->kernel, "/rt");
    expect_text(two->kernel, "/k");
    expect_text(three->initrd, "/i");
    expect_text(one->cmdline, "a=b \\ c");
    expect_text(three->cmdline, "");
    expect_text(two->image, "/disk.img");
    expect_text(three->image, "");
    CU_ASSERT_TRUE(one->agent && !two->agent);
    CU_ASSERT_TRUE(one->loaded && !two->loaded);
    CU_ASSERT_EQUAL(one->users[HVB_LEVEL_OVERLOAD], 7);
    CU_ASSERT_EQUAL(three->users[HVB_LEVEL_NONE], 2);
    CU_ASSERT_TRUE(one->limit_percent == 40 && three->limit_percent == 7);
    CU_ASSERT_EQUAL(one->measured, HVB_MEASURED_YES);
    CU_ASSERT_EQUAL(two->measured, HVB_MEASURED_NO);
    CU_ASSERT_EQUAL(three->measured, HVB_MEASURED_APART);
    CU_ASSERT_TRUE(one->manager && !three->manager);
    CU_ASSERT_TRUE(one->cap_percent == 50 && three->cap_percent == 0);
    CU_ASSERT_EQUAL(one->cap_scope, HVB_CAP_SCOPE_VM);
    CU_ASSERT_EQUAL(one->cap_period_us, 50000);
    CU_ASSERT_TRUE(two->weight == 1 && three->weight == 300);
}

static void test_every_key_reaches_its_member(void)
{
    g_autoptr(HvbProfile) p = load_text(EVERYTHING);

    expect_text(p->name, "all-of-it");
    expect_text(p->figure, "9b");
    expect_text(p->title, "\\n, ; # and \u00fc");
    expect_text(p->path, "t.profile");
    CU_ASSERT_FALSE(p->native);
    CU_ASSERT_EQUAL(p->hypervisor, HVB_HYPERVISOR_B);
    CU_ASSERT_EQUAL(p->boot, 3);
    CU_ASSERT_EQUAL(p->accel, HVB_ACCEL_KVM);
    expect_text(p->machine, "pc-i440fx-7.2");
    expect_text(p->emulator, "/opt/qemu");
    expect_text(p->cpu, "host-passthrough");
    expect_guests(p);
    CU_ASSERT_EQUAL(p->cpus, 2);
    CU_ASSERT_EQUAL(p->affinity, HVB_AFFINITY_PINNED);
    CU_ASSERT_EQUAL(p->services, 5);
    CU_ASSERT_TRUE(p->service_percent == 33.5);
    CU_ASSERT_EQUAL(p->service_burst_ms, 70);
    CU_ASSERT_TRUE(p->host_manager);
    CU_ASSERT_EQUAL(p->host_method, WIRE_METHOD_IDLE);
    CU_ASSERT_EQUAL(p->cache, HVB_CACHE_UNSAFE);
    CU_ASSERT_EQUAL(p->guest_cache, WIRE_READING_WARM);
    CU_ASSERT_TRUE(!p->levels[HVB_LEVEL_NONE] && p->levels[HVB_LEVEL_BUSY]);
    CU_ASSERT_EQUAL(p->burst_mean_ms, 90);
    CU_ASSERT_EQUAL(p->burst_cut, 3);
    CU_ASSERT_EQUAL(p->think_mean_ms, 0);
    CU_ASSERT_TRUE(p->mix[WIRE_KEY] == 2 && p->mix[WIRE_OPEN] == 1);
    CU_ASSERT_EQUAL(p->headline, WIRE_LAUNCH);
    CU_ASSERT_EQUAL(p->vantages, HVB_VANTAGES_BOTH);
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
    CU_ASSERT_TRUE(p->settle_ms == 1 && p->drain_ms == 2);
    CU_ASSERT_EQUAL(p->seed, G_GUINT64_CONSTANT(9007199254740991));
    CU_ASSERT_EQUAL(p->reruns, 9);
    CU_ASSERT_TRUE(p->foreign_percent == 12.25);
    CU_ASSERT_TRUE(p->steal_percent == 0.5);
    CU_ASSERT_EQUAL(p->lost_samples, 4);
    CU_ASSERT_TRUE(p->late_frame_ms == 777 && p->late_send_ms == 6);
    CU_ASSERT_TRUE(p->drift_percent == 0.001);
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

static void test_text_keeps_guests_of_several_kernels_short(void)
{
    g_autoptr(HvbProfile) profile = load_text(
        MINIMAL "[guests]\nkernel = cloud;rt\n[guest 3]\nkernel = cloud\n"
                "[guest 4]\nkernel = cloud\n");
    g_autofree char *text = hvb_profile_to_text(profile);
    g_autoptr(HvbProfile) again = load_text(text);

    expect_same(profile, again);
    expect_text(again->guests[3].kernel, "cloud");
    expect_text(again->guests[5].kernel, "rt");
    /* As [guests] says, each in its turn. */
    CU_ASSERT_PTR_NULL(strstr(text, "[guest 2]"));
    CU_ASSERT_PTR_NULL(strstr(text, "[guest 3]"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "[guest 4]"));
    CU_ASSERT_PTR_NULL(strstr(text, "[guest 5]"));
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
         "headline operation per cell, guest and vantage)"},
        {{.samples = 10000, .guests = 2},
         "--samples: with this mix 10000 samples make 80000 operations in a "
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

static void test_guests_override_counts_guests_of_several_kernels(void)
{
    const HvbOverrides few = {.guests = 2}, many = {.guests = 10};
    g_autoptr(HvbProfile) profile =
        load_text(MINIMAL "[guests]\nkernel = cloud;amd64;rt\n");

    CU_ASSERT_TRUE(hvb_profile_override(profile, &few, NULL));
    CU_ASSERT_EQUAL(profile->n_guests, 2);
    CU_ASSERT_TRUE(hvb_profile_override(profile, &many, NULL));
    expect_text(profile->guests[8].kernel, "rt");
    expect_text(profile->guests[9].kernel, "cloud");
}

static void test_guests_override_leaves_a_native_scenario_alone(void)
{
    const HvbOverrides overrides = {.guests = 4, .samples = 7, .accel = "tcg"};
    g_autoptr(HvbProfile) profile =
        load_text(MINIMAL "[stack]\nnative = yes\n[guests]\ncount = 1\n");

    CU_ASSERT_TRUE(hvb_profile_override(profile, &overrides, NULL));
    CU_ASSERT_EQUAL(profile->n_guests, 1);
    CU_ASSERT_EQUAL(profile->samples, 7);
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
        {MINIMAL "[stack]\nhypervisor = B\n", FALSE},
        {MINIMAL "[stack]\nboot = 2\n", FALSE},
        {MINIMAL "[stack]\nnative = yes\n[guests]\ncount = 1\n", FALSE},
        {MINIMAL "[disk]\ncache = none\n", FALSE},
        {MINIMAL "[guests]\ncount = 7\n", FALSE},
        {MINIMAL "[guests]\nmemory-mib = 129\n", FALSE},
        {MINIMAL "[guests]\nkernel = rt\n", FALSE},
        {MINIMAL "[guests]\nkernel = cloud;rt\n", FALSE},
        {MINIMAL "[guests]\nkernel = cloud;cloud\n", TRUE},
        {MINIMAL "[guest 8]\nkernel = rt\n", FALSE},
        {MINIMAL "[guest 8]\nmemory-mib = 129\n", FALSE},
        {MINIMAL "[guest 8]\nimage = /i\n", FALSE},
        {MINIMAL "[guest 8]\nimage = /i\nagent = no\n", FALSE},
        {MINIMAL "[guests]\ninitrd = /i\n", FALSE},
        {MINIMAL "[guests]\ncmdline = quiet\n", FALSE},
        {MINIMAL "[guests]\nhello-timeout-s = 1\nweight = 7\n", TRUE},
        {MINIMAL "manager = yes\ncap-percent = 50\nlimit-percent = 5\n", TRUE},
        {MINIMAL "[guest 8]\nusers = 1;1;1;1;1;1\nmeasured = apart\n", TRUE},
        {MINIMAL "[host]\ncpus = 1\naffinity = pinned\nmanager = yes\n"
                 "services = 2\n[disk]\nguest-cache = cold\n",
         TRUE},
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
                          "[run]\nsamples = 10\ndrain-ms = 1234\n"
                          "[disk]\nguest-cache = cold\n");
    WireProbe probe;

    hvb_profile_probe(profile, &probe);
    CU_ASSERT_EQUAL(probe.count[WIRE_OPEN], 10);
    CU_ASSERT_EQUAL(probe.count[WIRE_KEY], 14);
    CU_ASSERT_EQUAL(probe.count[WIRE_LAUNCH], 4);
    CU_ASSERT_EQUAL(probe.slot_us, 440000);
    CU_ASSERT_EQUAL(probe.pool, 16);
    CU_ASSERT_EQUAL(probe.drain_ms, 1234);
    CU_ASSERT_EQUAL(probe.reading, WIRE_READING_COLD);
    CU_ASSERT_EQUAL(probe.cell, 0);
    CU_ASSERT_EQUAL(probe.seed, 0);
    CU_ASSERT_EQUAL(hvb_profile_window_ms(profile), 28 * 440);
}

/* Where files are */

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
    {"text keeps guests of several kernels short",
     test_text_keeps_guests_of_several_kernels_short},
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
    {"guests override counts guests of several kernels",
     test_guests_override_counts_guests_of_several_kernels},
    {"guests override leaves a native scenario alone",
     test_guests_override_leaves_a_native_scenario_alone},
    {"options reach the overrides", test_options_reach_the_overrides},
    {"options refuse what is no number", test_options_refuse_what_is_no_number},
    {"two scenarios of one name are refused",
     test_two_scenarios_of_one_name_are_refused},
    {"same bed depends on stack and guests images only",
     test_same_bed_depends_on_stack_and_guests_images_only},
    {"window follows the mix rounded up",
     test_window_follows_the_mix_rounded_up},
    {"data dir is the environments or the source tree",
     test_data_dir_is_the_environments_or_the_source_tree},
    TEST_END,
};
