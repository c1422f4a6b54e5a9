/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What profiles may not say although each of their values is in its range. */
#include "test/suites.h"
#include "test/unit/profile-fixture.h"

/* With a guest 2 to add to. */
#define TWO MINIMAL "[guest 2]\n"
#define NATIVE                                              \
    SCENARIO "[stack]\nnative = yes\n[guests]\ncount = 1\n" \
             "[guest 1]\nloaded = yes\nmeasured = yes\n"

typedef struct {
    const char *text;
    const char *message; /* after "t.profile:" */
} Case;

static void expect_all_refused(const Case *cases, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        g_autofree char *message =
            g_strconcat("t.profile:", cases[i].message, NULL);
        expect_refused(cases[i].text, HVB_PROFILE_ERROR_VALUE, message);
    }
}

static void test_contradictions_are_refused(void)
{
    static const Case cases[] = {
        {GUEST, "1: [scenario] name = : a scenario needs a name; a profile "
                "without one is only a base for others"},
        {SCENARIO "[guests]\n", "3: [guests] measured = no: no guest is "
                                "measured; say 'measured = yes' in [guest 1]"},
        {SCENARIO "[guest 2]\nmeasured = yes\n",
         "1: [guests] loaded = no: there are levels with users, but no guest "
         "is loaded; say 'loaded = yes' in [guest 1], or 'levels = None' in "
         "[load]"},
        {MINIMAL "[manager]\ndemote-percent = 3\nrestore-percent = 3\n",
         "8: [manager] restore-percent = 3: expected at least 0.1 less than "
         "demote-percent"},
        {MINIMAL "[manager]\ninterval-ms = 5000\n",
         "7: [manager] interval-ms = 5000: beside [manager] memory-ms = 4000 "
         "(the default): expected at least interval-ms, which is 5000"},
        {MINIMAL "[probe]\nheadline = launch\nmix = key:1;launch:0\n",
         "7: [probe] headline = launch: the mix has no 'launch'"},
        {MINIMAL "[probe]\nslot-ms = 439\n",
         "7: [probe] slot-ms = 439: with this mix the probe takes more than 10 "
         "% of a CPU; expected at least 440"},
        {MINIMAL "[probe]\nmix = key:100;open:1\n[run]\nsamples = 1000\n",
         "9: [run] samples = 1000: with this mix 1000 samples make 101000 "
         "operations in a window; expected at most 20000"},
        {MINIMAL "[probe]\nvantage = both\n[run]\nsamples = 6000\n",
         "9: [run] samples = 6000: with this mix 6000 samples make 24000 "
         "operations in a window; expected at most 20000"},
        {"[scenario]\nbase = common\nname = x\n" GUEST,
         "2: [scenario] base = common: a text that is no file has no base"},
    };

    expect_all_refused(cases, G_N_ELEMENTS(cases));
}

static void test_contradictions_of_a_guest_are_refused(void)
{
    static const Case cases[] = {
        {MINIMAL "users = 0;2;4;3;8;12\n",
         "6: [guest 1] users = 0;2;4;3;8;12: Busy has fewer users than Medium"},
        {MINIMAL "[guests]\nusers = 1;2;4;6;8;12\n",
         "7: [guests] users = 1;2;4;6;8;12: level None has no users; a guest "
         "with users at None is measured apart"},
        {MINIMAL "cap-scope = vm\n",
         "6: [guest 1] cap-scope = vm: guest 1 has no cap; say cap-percent, "
         "too"},
        {MINIMAL "cap-percent = 9\ncap-period-us = 10000\n",
         "7: [guest 1] cap-period-us = 10000: 9 % of it are 900 us, and a cap "
         "needs at least 1000 us per period"},
        {MINIMAL "[guests]\nkernel = /boot/vmlinuz\n",
         "7: [guests] kernel = /boot/vmlinuz: a kernel given by its path needs "
         "an initrd, too"},
        {TWO "kernel = cloud;rt\n",
         "7: [guest 2] kernel = cloud;rt: a guest boots one kernel; several "
         "are for [guests], which take them in turn"},
        {MINIMAL "[guests]\nkernel = cloud;rt\ninitrd = /i\n",
         "8: [guests] initrd = /i: one initramfs does not fit several kernels; "
         "leave it out, or name one kernel"},
        {TWO "image = /i\ninitrd = /r\n",
         "8: [guest 2] initrd = /r: guest 2 boots by its image's own boot "
         "loader, which is not told; say kernel = FILE, too"},
        {MINIMAL "image = /i\n[guests]\ncmdline = quiet\n",
         "8: [guests] cmdline = quiet: guest 1 boots by its image's own boot "
         "loader, which is not told; say kernel = FILE, too"},
        {TWO "agent = no\n", "7: [guest 2] agent = no: only a disk image can "
                             "come without the agent; say image, too"},
        {TWO "limit-percent = 25\n",
         "7: [guest 2] limit-percent = 25: it limits the users, and guest 2 "
         "is not loaded"},
        {MINIMAL "[guests]\nlimit-percent = 25\n",
         "7: [guests] limit-percent = 25: it limits the users, and guest 2 is "
         "not loaded"},
    };

    expect_all_refused(cases, G_N_ELEMENTS(cases));
}

static void test_guest_without_an_agent_can_do_nothing_but_be_there(void)
{
    static const char *const tasks[] = {"loaded = yes", "measured = yes",
                                        "measured = apart", "manager = yes"};
    g_autoptr(HvbProfile) idle =
        load_text(TWO "image = /i\nagent = no\ncap-percent = 50\nweight = 7\n");

    CU_ASSERT_FALSE(idle->guests[1].agent);
    for (gsize i = 0; i < G_N_ELEMENTS(tasks); i++) {
        g_autofree char *text =
            g_strconcat(TWO "image = /i\nagent = no\n", tasks[i], "\n", NULL);
        expect_refused(text, HVB_PROFILE_ERROR_VALUE,
                       "t.profile:8: [guest 2] agent = no: guest 2 can be "
                       "neither loaded nor measured nor have a manager without "
                       "the agent");
    }
}

static void test_contradictions_of_host_and_disk_are_refused(void)
{
    static const Case cases[] = {
        {MINIMAL "[host]\nservices = 2\nservice-percent = 200.5\n",
         "8: [host] service-percent = 200.5: 2 services can ask for 200 % at "
         "most"},
        {MINIMAL "[disk]\nguest-cache = warm\n[probe]\nmix = key:1\n"
                 "headline = key\n",
         "7: [disk] guest-cache = warm: only 'open' reads a document, and the "
         "mix has no 'open'"},
    };

    expect_all_refused(cases, G_N_ELEMENTS(cases));
}

static void test_what_is_at_its_limit_is_accepted(void)
{
    g_autoptr(HvbProfile) probe =
        load_text(MINIMAL "[probe]\nmix = key:1;open:1\nslot-ms = 325\n");
    g_autoptr(HvbProfile) services =
        load_text(MINIMAL "[host]\nservices = 2\nservice-percent = 200\n");
    g_autoptr(HvbProfile) manager =
        load_text(MINIMAL "[host]\nmanager = yes\n");
    g_autoptr(HvbProfile) unused =
        load_text(MINIMAL "[host]\nservice-percent = 6400\n");
    g_autoptr(HvbProfile) apart =
        load_text(SCENARIO "[guest 2]\nloaded = yes\nmeasured = apart\n"
                           "users = 3;3;3;3;3;3\n");
    g_autoptr(HvbProfile) unmeasured =
        load_text(TWO "loaded = yes\nusers = 9;9;9;9;9;9\n");
    g_autoptr(HvbProfile) other = load_text(
        MINIMAL "[stack]\nhypervisor = B\naccel = tcg\nmachine = pc\n");
    g_autoptr(HvbProfile) image =
        load_text(TWO "kernel = /k\nimage = /i\nagent = no\n");

    CU_ASSERT_EQUAL(probe->slot_ms, 325);
    CU_ASSERT_TRUE(services->service_percent == 200);
    CU_ASSERT_TRUE(manager->host_manager && manager->services == 0);
    CU_ASSERT_EQUAL(unused->services, 0);
    CU_ASSERT_EQUAL(apart->guests[1].users[HVB_LEVEL_NONE], 3);
    CU_ASSERT_EQUAL(unmeasured->guests[1].users[HVB_LEVEL_NONE], 9);
    CU_ASSERT_EQUAL(other->hypervisor, HVB_HYPERVISOR_B);
    expect_text(image->guests[1].initrd, "");
}

static void test_native_scenario_refuses_what_takes_guests(void)
{
    static const Case cases[] = {
        {MINIMAL "[stack]\nnative = yes\n",
         "7: [stack] native = yes: beside [guests] count = 8 (the default): "
         "does not go with 'native = yes' in [stack]; expected 1"},
        {NATIVE "cap-percent = 50\n",
         "10: [guest 1] cap-percent = 50: does not go with 'native = yes' in "
         "[stack]; expected 0"},
        {NATIVE "image = /i\n",
         "10: [guest 1] image = /i: does not go with 'native = yes' in "
         "[stack]; expected nothing"},
        {NATIVE "[host]\nservices = 2\n",
         "11: [host] services = 2: does not go with 'native = yes' in [stack]; "
         "expected 0"},
    };
    static const char *const others[] = {
        "agent = no",
        "limit-percent = 5",
        "manager = yes",
        "weight = 200",
        "[host]\naffinity = pinned",
        "[host]\nmanager = yes",
        "[disk]\ncache = none",
        "[stack]\nhypervisor = B",
    };

    expect_all_refused(cases, G_N_ELEMENTS(cases));
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autofree char *text = g_strconcat(NATIVE, others[i], "\n", NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(HvbProfile) profile =
            hvb_profile_from_text(text, "t.profile", &error);
        CU_ASSERT_PTR_NULL(profile);
        CU_ASSERT_PTR_NOT_NULL_FATAL(error);
        CU_ASSERT_PTR_NOT_NULL(
            g_strstr_len(error->message, -1,
                         "does not go with 'native = yes' in [stack]"));
    }
}

static void test_native_scenario_takes_what_a_host_has(void)
{
    g_autoptr(HvbProfile) profile =
        load_text(NATIVE "users = 0;1;2;3;4;6\n[host]\ncpus = 1\n[guests]\n"
                         "kernel = cloud;rt\n[disk]\nguest-cache = warm\n");

    CU_ASSERT_TRUE(profile->native);
    CU_ASSERT_EQUAL(profile->cpus, 1);
    CU_ASSERT_EQUAL(profile->guests[0].users[HVB_LEVEL_OVERLOAD], 6);
}

CU_TestInfo tests_profile_check[] = {
    {"contradictions are refused", test_contradictions_are_refused},
    {"contradictions of a guest are refused",
     test_contradictions_of_a_guest_are_refused},
    {"guest without an agent can do nothing but be there",
     test_guest_without_an_agent_can_do_nothing_but_be_there},
    {"contradictions of host and disk are refused",
     test_contradictions_of_host_and_disk_are_refused},
    {"what is at its limit is accepted", test_what_is_at_its_limit_is_accepted},
    {"native scenario refuses what takes guests",
     test_native_scenario_refuses_what_takes_guests},
    {"native scenario takes what a host has",
     test_native_scenario_takes_what_a_host_has},
    TEST_END,
};
