/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bed without guests: a real agent on this host. One test starts the bed
 * that those after it share. */
#define _GNU_SOURCE
#include "hvbench/bed/hierarchy.h"
#include "hvbench/bed/local-agent.h"
#include "hvbench/bed/native-bed.h"
#include "hvbench/bed/state.h"
#include "test/bed/bed-fixture.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUP HVB_GROUP_PREFIX "native"
#define PATIENCE_MS 60000

static HvbBed *bed;
static int lock = -1;

static gboolean is_up(void)
{
    return bed_fixture_is_up(bed, bed_fixture_can_run());
}

static HvbBed *start(void)
{
    g_autoptr(HvbProfile) profile = hvb_profile_load("smoke", NULL);
    g_autoptr(GError) error = NULL;

    CU_ASSERT_PTR_NOT_NULL_FATAL(profile);
    HvbBed *started = hvb_native_bed_start(profile, NULL, NULL, &error);
    if (error)
        printf("    %s\n", error->message);
    return started;
}

static char *group_dir(void)
{
    return g_build_filename("/sys/fs/cgroup",
                            hvb_hierarchy_is_v2("/") ? "" : "cpu", GROUP, NULL);
}

/* The processes in the group. */
static GArray *members(void)
{
    g_autofree char *dir = group_dir();
    g_autofree char *path = g_build_filename(dir, "cgroup.procs", NULL);
    g_autofree char *text = NULL;
    GArray *pids = g_array_new(FALSE, FALSE, sizeof(GPid));

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return pids;
    for (char *at = text; *at; at++) {
        GPid pid = (GPid)strtol(at, &at, 10);
        g_array_append_val(pids, pid);
    }
    return pids;
}

static guint n_members(void)
{
    g_autoptr(GArray) pids = members();

    return pids->len;
}

/* So many users that never pause. */
static gboolean spin(HvbBed *on, guint users)
{
    const WireLoad load = {.users = users,
                           .burst_mean_us = 20000,
                           .burst_cut = 4,
                           .seed = 1};
    HvbLink *link = on->guests[0].link;

    return hvb_link_work(link, on->guests[0].hello.iterations_per_ms, NULL,
                         NULL) &&
           hvb_link_load(link, &load, NULL, NULL);
}

static void test_the_hosts_agent_says_hello(void)
{
    g_autoptr(GError) error = NULL;

    if (!bed_fixture_can_run())
        return;
    lock = hvb_state_lock(HVB_LOCK_FILE, &error);
    if (error)
        printf("    %s\n", error->message);
    CU_ASSERT_TRUE_FATAL(lock >= 0);
    bed = start();
    CU_ASSERT_PTR_NOT_NULL_FATAL(bed);
    CU_ASSERT_EQUAL(bed->n_guests, 1);
    CU_ASSERT_STRING_EQUAL(bed->guests[0].name, "host");
    CU_ASSERT_PTR_NULL(bed->guests[0].console);
    CU_ASSERT_EQUAL(bed->guests[0].hello.version, WIRE_VERSION);
    CU_ASSERT_EQUAL(bed->demand_factor, g_get_num_processors());
    CU_ASSERT_STRING_EQUAL(bed->stack.accel, "none");
    CU_ASSERT_EQUAL(n_members(), 1);
}

static void test_nothing_caps_it(void)
{
    const HvbGuestProfile wanted = {.cap_period_us = 100000, .weight = 100};
    HvbTuning enforced;

    if (!is_up())
        return;
    CU_ASSERT_TRUE_FATAL(bed->tune(bed, 0, &wanted, &enforced, NULL));
    CU_ASSERT_EQUAL(enforced.vcpu_quota_us, -1);
    CU_ASSERT_EQUAL(enforced.vm_quota_us, -1);
    CU_ASSERT_EQUAL(enforced.cgroup_v2, hvb_hierarchy_is_v2("/"));
}

#define ENOUGH_NS (500 * G_GINT64_CONSTANT(1000000))
/* What a CPU may not have written down yet. */
#define SLACK_MS 10.0

/* By the agent's own word, ms. */
static double used_ms(HvbLink *link)
{
    WireMeters meters = {0};

    CU_ASSERT_TRUE_FATAL(hvb_link_meter(link, NULL, &meters, NULL));
    return (double)(meters.users_cpu_ns + meters.agent_cpu_ns) / 1e6;
}

static double charged_ms(HvbGuestMeter *ret)
{
    CU_ASSERT_TRUE_FATAL(bed->read_meter(bed, 0, ret, NULL));
    return (double)ret->cpu_ns / 1e6;
}

/* Users that never pause, until they have used enough. */
static void use_cpu(HvbLink *link)
{
    double enough_ms = used_ms(link) + ENOUGH_NS / 1e6;

    CU_ASSERT_TRUE_FATAL(spin(bed, 2));
    for (guint i = 0; i < PATIENCE_MS / 100 && used_ms(link) < enough_ms; i++)
        CU_ASSERT_TRUE(hvb_sleep(100, NULL, NULL));
    CU_ASSERT_TRUE(used_ms(link) >= enough_ms);
    CU_ASSERT_TRUE(hvb_link_reset(link, NULL, NULL));
}

/* Two accounts of the same: read one around the other, it has no less, and
 * within the other, no more. */
static void test_the_meter_charges_what_the_agent_and_its_users_used(void)
{
    HvbGuestMeter meter;

    if (!is_up())
        return;
    HvbLink *link = bed->guests[0].link;
    double around = charged_ms(&meter);
    double used = used_ms(link);
    double within = charged_ms(&meter);
    use_cpu(link);
    within = charged_ms(&meter) - within;
    used = used_ms(link) - used;
    around = charged_ms(&meter) - around;
    printf("    used %.1f ms, charged %.1f to %.1f ms\n", used, within, around);
    CU_ASSERT_TRUE(within <= used + SLACK_MS);
    CU_ASSERT_TRUE(around >= used - SLACK_MS);
    CU_ASSERT_EQUAL(meter.vcpu_ns, meter.cpu_ns);
    CU_ASSERT_EQUAL(meter.emulator_ns, 0);
}

static guint n_cpus_of(GPid pid)
{
    cpu_set_t set;

    if (sched_getaffinity(pid, sizeof set, &set) != 0)
        return 0;
    return (guint)CPU_COUNT(&set);
}

static void test_it_and_its_users_stay_on_the_cpus_they_are_given(void)
{
    HvbTuning placed;

    if (!is_up())
        return;
    CU_ASSERT_TRUE_FATAL(
        bed->place(bed, 0, 1, HVB_AFFINITY_FLOAT, &placed, NULL));
    CU_ASSERT_EQUAL(bed->demand_factor, 1);
    CU_ASSERT_PTR_NULL(strpbrk(placed.cpus, "-,"));
    CU_ASSERT_TRUE(spin(bed, 3));
    g_autoptr(GArray) pids = members();
    CU_ASSERT_EQUAL(pids->len, 4);
    for (guint i = 0; i < pids->len; i++)
        CU_ASSERT_EQUAL(n_cpus_of(g_array_index(pids, GPid, i)), 1);
    CU_ASSERT_TRUE(hvb_link_reset(bed->guests[0].link, NULL, NULL));
    CU_ASSERT_TRUE_FATAL(
        bed->place(bed, 0, 0, HVB_AFFINITY_FLOAT, &placed, NULL));
    CU_ASSERT_EQUAL(bed->demand_factor, g_get_num_processors());
}

static void test_documents_are_read_as_in_a_guest(void)
{
    const WireProbe probe = {.cell = 1,
                             .count = {[WIRE_OPEN] = 1},
                             .slot_us = 200000,
                             .pool = 1};

    if (!is_up())
        return;
    CU_ASSERT_TRUE(spin(bed, 0));
    CU_ASSERT_TRUE(hvb_link_probe(bed->guests[0].link, &probe, NULL, NULL));
    CU_ASSERT_TRUE(hvb_link_reset(bed->guests[0].link, NULL, NULL));
}

static void test_operations_are_timed_from_both_vantages(void)
{
    if (!is_up())
        return;
    CU_ASSERT_TRUE(spin(bed, 0));
    bed_fixture_check_vantages(bed, 0, NULL);
}

static void test_a_freed_bed_leaves_no_group(void)
{
    g_autofree char *dir = group_dir();

    if (!is_up())
        return;
    CU_ASSERT_TRUE(spin(bed, 2));
    g_clear_pointer(&bed, hvb_bed_free);
    CU_ASSERT_FALSE(g_file_test(dir, G_FILE_TEST_EXISTS));
}

static gboolean link_is_down(gpointer link)
{
    return hvb_link_why_down(link) != NULL;
}

static void test_an_agent_that_was_killed_is_explained(void)
{
    if (!bed_fixture_can_run())
        return;
    bed = start();
    CU_ASSERT_PTR_NOT_NULL_FATAL(bed);
    g_autoptr(GArray) pids = members();
    CU_ASSERT_EQUAL_FATAL(pids->len, 1);
    kill(g_array_index(pids, GPid, 0), SIGKILL);
    CU_ASSERT_TRUE(hvb_wait(link_is_down, bed->guests[0].link, PATIENCE_MS,
                            "the end", NULL, NULL));
    g_autofree char *text = bed->explain(bed, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "signal 9"));
    g_clear_pointer(&bed, hvb_bed_free);
}

/* What hvbench would be; never returns. */
static void be_hvbench(int ready)
{
    HvbBed *own = start();

    if (own && spin(own, 2) && write(ready, "!", 1) == 1)
        for (;;)
            pause();
    _exit(1);
}

static void test_what_a_killed_hvbench_left_is_cleared_at_the_next_start(void)
{
    g_autofree char *dir = group_dir();
    int ends[2];
    char byte;

    if (!bed_fixture_can_run())
        return;
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0)
        be_hvbench(ends[1]);
    close(ends[1]);
    CU_ASSERT_EQUAL(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    CU_ASSERT_EQUAL(n_members(), 3);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    CU_ASSERT_TRUE(g_file_test(dir, G_FILE_TEST_EXISTS));
    bed = start();
    CU_ASSERT_PTR_NOT_NULL_FATAL(bed);
    CU_ASSERT_EQUAL(n_members(), 1);
    g_clear_pointer(&bed, hvb_bed_free);
    CU_ASSERT_FALSE(g_file_test(dir, G_FILE_TEST_EXISTS));
}

static void test_an_agent_that_cannot_run_is_named(void)
{
    g_autofree char *dir = group_dir();
    g_autofree char *before = g_strdup(g_getenv("HVBENCH_AGENT"));
    static const char *const none[] = {NULL};
    g_autoptr(GError) missing = NULL;
    g_autoptr(GError) useless = NULL;

    if (!bed_fixture_can_run())
        return;
    g_setenv("HVBENCH_AGENT", "/nowhere/agent", TRUE);
    CU_ASSERT_PTR_NULL(hvb_local_agent_start(GROUP, none, 5, NULL, &missing));
    g_setenv("HVBENCH_AGENT", "/bin/false", TRUE);
    CU_ASSERT_PTR_NULL(hvb_local_agent_start(GROUP, none, 5, NULL, &useless));
    g_unsetenv("HVBENCH_AGENT");
    if (before)
        g_setenv("HVBENCH_AGENT", before, TRUE);
    CU_ASSERT_TRUE_FATAL(
        g_error_matches(missing, HVB_BED_ERROR, HVB_BED_ERROR_HOST));
    CU_ASSERT_PTR_NOT_NULL(strstr(missing->message, "/nowhere/agent"));
    CU_ASSERT_TRUE_FATAL(
        g_error_matches(useless, HVB_BED_ERROR, HVB_BED_ERROR_BOOT));
    CU_ASSERT_PTR_NOT_NULL(strstr(useless->message, "status 1"));
    CU_ASSERT_FALSE(g_file_test(dir, G_FILE_TEST_EXISTS));
    if (lock >= 0)
        close(lock);
    lock = -1;
}

CU_TestInfo tests_native[] = {
    {"the host's agent says HELLO", test_the_hosts_agent_says_hello},
    {"nothing caps it", test_nothing_caps_it},
    {"the meter charges what the agent and its users used",
     test_the_meter_charges_what_the_agent_and_its_users_used},
    {"it and its users stay on the CPUs they are given",
     test_it_and_its_users_stay_on_the_cpus_they_are_given},
    {"documents are read as in a guest", test_documents_are_read_as_in_a_guest},
    {"operations are timed from both vantages",
     test_operations_are_timed_from_both_vantages},
    {"a freed bed leaves no group", test_a_freed_bed_leaves_no_group},
    {"an agent that was killed is explained",
     test_an_agent_that_was_killed_is_explained},
    {"what a killed hvbench left is cleared at the next start",
     test_what_a_killed_hvbench_left_is_cleared_at_the_next_start},
    {"an agent that cannot run is named",
     test_an_agent_that_cannot_run_is_named},
    TEST_END,
};
