/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long guests stand by their weights and caps, and what follows. */
#include "hvbench/profile/turn.h"
#include "hvbench/run/conductor.h"
#include "test/suites.h"
#include "test/unit/fake-bed.h"
#include "test/unit/profile-fixture.h"

#include <string.h>

/* Guest 1 measured and loaded; the rest is the test's. */
static HvbProfile *load(const char *more)
{
    g_autofree char *text = g_strconcat("[scenario]\nname = x\n"
                                        "[guest 1]\nmeasured = yes\n"
                                        "loaded = yes\n",
                                        more, NULL);
    g_autoptr(GError) error = NULL;
    HvbProfile *profile = hvb_profile_from_text(text, "x.profile", &error);

    if (error)
        fprintf(stderr, "\n  %s\n", error->message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(profile);
    return profile;
}

static void expect_stand(const char *more, guint64 expected_ms)
{
    g_autoptr(HvbProfile) profile = load(more);

    CU_ASSERT_EQUAL(hvb_turn_stand_ms(profile, 0), expected_ms);
    CU_ASSERT_EQUAL(hvb_turn_patience_ms(profile, 0),
                    HVB_TURNS_PER_ANSWER * expected_ms);
}

static void test_a_light_guest_stands_while_the_heavy_have_their_part(void)
{
    expect_stand("weight = 1\n[guest 2]\nloaded = yes\nweight = 10000\n",
                 40000);
    expect_stand("[guest 2]\nloaded = yes\n", HVB_SLICE_MS);
    expect_stand("[guest 2]\nloaded = yes\n[guest 3]\nloaded = yes\n"
                 "weight = 300\n",
                 4 * HVB_SLICE_MS);
}

static void test_idle_guests_and_those_on_other_cpus_hold_nobody_up(void)
{
    expect_stand("weight = 1\n[guest 2]\nweight = 10000\n", 0);
    expect_stand("weight = 1\n[guest 2]\nweight = 10000\nloaded = yes\n"
                 "[host]\ncpus = 2\naffinity = pinned\n",
                 0);
    expect_stand("weight = 1\n[guest 3]\nweight = 10000\nloaded = yes\n"
                 "[host]\ncpus = 2\naffinity = pinned\n",
                 40000);
}

static void test_a_cap_and_the_hosts_services_add_to_it(void)
{
    expect_stand("cap-percent = 10\n[guests]\ncount = 1\n", 90);
    expect_stand("cap-percent = 1\ncap-period-us = 1000000\n"
                 "[guests]\ncount = 1\n",
                 990);
    expect_stand("[guest 2]\nloaded = yes\n[host]\nservices = 1\n"
                 "service-percent = 10\nservice-weight = 900\n",
                 10 * HVB_SLICE_MS);
}

static void test_a_weight_too_small_to_answer_is_refused_at_its_line(void)
{
    static const char text[] = "[scenario]\nname = x\n"
                               "[guests]\nloaded = yes\nweight = 10000\n"
                               "count = 8\n"
                               "[guest 1]\nmeasured = yes\nweight = 2\n";
    g_autoptr(GError) error = NULL;
    HvbProfile *profile = hvb_profile_from_text(text, "x.profile", &error);

    CU_ASSERT_PTR_NULL(profile);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(error->message, "x.profile:9: [guest 1] weight = 2: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "up to 140 s"));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "expected at least 3"));
}

static void test_a_window_without_a_turn_is_doubted(void)
{
    static const char light[] =
        "weight = 1\n[guest 2]\nloaded = yes\nweight = 10000\n";
    g_autofree char *few = g_strconcat(light, "[run]\nsamples = 20\n", NULL);
    g_autofree char *many = g_strconcat(light, "[run]\nsamples = 200\n", NULL);
    g_autoptr(HvbProfile) brief = load(few);
    g_autoptr(HvbProfile) lengthy = load(many);
    g_autofree char *doubt = hvb_turn_doubt(brief, 1);
    g_autofree char *unknown = hvb_turn_doubt(brief, 0);

    CU_ASSERT_PTR_NOT_NULL_FATAL(doubt);
    CU_ASSERT_PTR_NOT_NULL(strstr(doubt, "guest 1 may not run at all"));
    CU_ASSERT_PTR_NOT_NULL(strstr(doubt, "up to 40 s"));
    CU_ASSERT_PTR_NOT_NULL(unknown);
    CU_ASSERT_PTR_NULL(hvb_turn_doubt(brief, 2));
    CU_ASSERT_PTR_NULL(hvb_turn_doubt(lengthy, 1));
}

static gboolean on_cell_ends(HvbCell *cell, gpointer user_data, GError **error)
{
    (void)user_data;
    (void)error;
    hvb_cell_free(cell);
    return TRUE;
}

static void test_a_guest_is_waited_for_as_its_weight_wants(void)
{
    const HvbConductorHooks hooks = {.cell_ends = on_cell_ends};
    const HvbPlanCell planned = {.level = HVB_LEVEL_LOW, .repetition = 1};
    g_autoptr(GPtrArray) profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_profile_free);
    FakeBed *bed = fake_bed_new(2);
    HvbProfile *profile = fake_bed_profile(2);

    profile->samples = 4;
    profile->slot_ms = 2;
    profile->reruns = 0;
    profile->guests[0].cap_percent = 0;
    profile->guests[0].weight = 1;
    profile->guests[1].weight = 10000;
    profile->guests[1].loaded = TRUE;
    g_ptr_array_add(profiles, profile);
    HvbConductor *conductor =
        hvb_conductor_new(&bed->bed, profiles, &hooks, NULL, NULL);
    CU_ASSERT_TRUE(hvb_conductor_run_cell(conductor, &planned, NULL));
    CU_ASSERT_EQUAL(hvb_link_patience_ms(bed->bed.guests[0].link), 160000);
    CU_ASSERT_EQUAL(hvb_link_patience_ms(bed->bed.guests[1].link), 0);
    hvb_conductor_free(conductor);
    hvb_bed_free(&bed->bed);
}

CU_TestInfo tests_turn[] = {
    {"a light guest stands while the heavy have their part",
     test_a_light_guest_stands_while_the_heavy_have_their_part},
    {"idle guests and those on other CPUs hold nobody up",
     test_idle_guests_and_those_on_other_cpus_hold_nobody_up},
    {"a cap and the host's services add to it",
     test_a_cap_and_the_hosts_services_add_to_it},
    {"a weight too small to answer is refused at its line",
     test_a_weight_too_small_to_answer_is_refused_at_its_line},
    {"a window without a turn is doubted",
     test_a_window_without_a_turn_is_doubted},
    {"a guest is waited for as its weight wants",
     test_a_guest_is_waited_for_as_its_weight_wants},
    TEST_END,
};
