/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bed with real guests: two that suites share, and some that cannot come
 * up. */
#include "hvbench/bed/cgroup.h"
#include "hvbench/bed/hypervisor.h"
#include "hvbench/bed/libvirt-bed.h"
#include "hvbench/bed/placement.h"
#include "hvbench/bed/state.h"
#include "hvbench/run/calibration.h"
#include "test/bed/bed-fixture.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_S 120

/* How many entries of `dir` begin with `prefix`. */
static guint count_entries(const char *path, const char *prefix)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;
    guint n = 0;

    while (dir && (name = g_dir_read_name(dir)))
        n += g_str_has_prefix(name, prefix) ? 1 : 0;
    if (dir)
        g_dir_close(dir);
    return n;
}

static guint guests_running(void)
{
    g_autoptr(GArray) pids = hvb_hypervisor_pids("/", HVB_DOMAIN_PREFIX);

    return pids->len;
}

static void assert_nothing_left(void)
{
    CU_ASSERT_EQUAL(guests_running(), 0);
    CU_ASSERT_EQUAL(count_entries(HVB_STATE_DIR, HVB_STATE_BED_PREFIX), 0);
}

static void print_error(const GError *error)
{
    if (error)
        printf("    %s\n", error->message);
}

static void test_guests_boot_and_say_hello(void)
{
    HvbBed *bed = bed_fixture_share();

    if (!bed)
        return;
    CU_ASSERT_EQUAL(bed->n_guests, 2);
    for (guint i = 0; i < 2; i++) {
        const WireHello *hello = &bed->guests[i].hello;
        CU_ASSERT_EQUAL(hello->version, WIRE_VERSION);
        CU_ASSERT_EQUAL(hello->cpus, 1);
        CU_ASSERT_TRUE(hello->flags & WIRE_HELLO_INIT);
        CU_ASSERT_TRUE(hello->flags & WIRE_HELLO_DISK);
        CU_ASSERT_TRUE(*hello->kernel != '\0');
        CU_ASSERT_STRING_NOT_EQUAL(hello->clocksource, "jiffies");
    }
    CU_ASSERT_STRING_EQUAL(bed->stack.accel, "tcg");
}

static HvbCgroup *cgroup_of(const HvbBed *bed, guint guest)
{
    g_autofree char *name =
        g_strconcat(HVB_DOMAIN_PREFIX, bed->guests[guest].name, NULL);
    HvbCgroup *cgroup = hvb_cgroup_find(name, NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(cgroup);
    return cgroup;
}

/* So little that a guest which never pauses gets more of a busy host, too. */
#define CAP_PERCENT 10
#define PERIOD_US 100000
#define QUOTA_US 10000
#define ENOUGH_PERIODS 20
/* What the kernel hands out to each CPU ahead of its use, at most. */
#define SLICE_US 5000

/* The kernel's account of a quota. */
typedef struct {
    gint64 periods, throttled;
} Quota;

static gint64 field(const char *text, const char *name)
{
    const char *at = strstr(text, name);

    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    return g_ascii_strtoll(at + strlen(name), NULL, 10);
}

static Quota read_quota(const char *group)
{
    g_autofree char *path = g_build_filename(group, "cpu.stat", NULL);
    g_autofree char *text = NULL;

    CU_ASSERT_TRUE_FATAL(g_file_get_contents(path, &text, NULL, NULL));
    return (Quota){field(text, "nr_periods "), field(text, "nr_throttled ")};
}

/* Until the cap has stopped it often enough. */
static gboolean wait_until_throttled(const char *group, gint64 times)
{
    for (guint i = 0; i < PATIENCE_S * 10; i++) {
        if (read_quota(group).throttled >= times)
            return TRUE;
        hvb_sleep(100, NULL, NULL);
    }
    return FALSE;
}

/* What the guest was charged follows from the kernel's own account: no more
 * than the quota in each period, and half of it at least in each in which it
 * was stopped for having used it up. */
static void check_charges(HvbBed *bed, const char *group, HvbCapScope scope)
{
    HvbGuestMeter before, after;

    CU_ASSERT_TRUE_FATAL(bed->read_meter(bed, 0, &before, NULL));
    const Quota begin = read_quota(group);
    CU_ASSERT_TRUE(
        wait_until_throttled(group, begin.throttled + ENOUGH_PERIODS));
    const Quota end = read_quota(group);
    CU_ASSERT_TRUE_FATAL(bed->read_meter(bed, 0, &after, NULL));
    const Quota last = read_quota(group);
    double charged_ms =
        (double)(scope == HVB_CAP_SCOPE_VM ? after.cpu_ns - before.cpu_ns
                                           : after.vcpu_ns - before.vcpu_ns) /
        1e6;
    double periods = (double)(last.periods - begin.periods);
    double throttled = (double)(end.throttled - begin.throttled);
    HvbQuota quota = scope == HVB_CAP_SCOPE_VM ? HVB_QUOTA_VM : HVB_QUOTA_VCPU;
    double quota_ms = QUOTA_US / 1e3;
    printf("    a spinning guest was charged %.0f ms in %.0f periods of %.0f "
           "ms, in %.0f of which it was stopped\n",
           charged_ms, periods, quota_ms, throttled);
    CU_ASSERT_TRUE(charged_ms <= (periods + 2) * quota_ms +
                                     g_get_num_processors() * SLICE_US / 1e3);
    CU_ASSERT_TRUE(charged_ms >= throttled * quota_ms / 2);
    CU_ASSERT_TRUE(after.throttling[quota].throttled_periods -
                       before.throttling[quota].throttled_periods >=
                   (gint64)throttled);
}

static void check_cap(HvbBed *bed, HvbCapScope scope)
{
    const HvbGuestProfile capped = {.cap_percent = CAP_PERCENT,
                                    .cap_scope = scope,
                                    .cap_period_us = PERIOD_US,
                                    .weight = 100};
    const HvbGuestProfile uncapped = {.cap_period_us = PERIOD_US,
                                      .weight = 100};
    g_autoptr(HvbCgroup) cgroup = cgroup_of(bed, 0);
    g_autoptr(GError) error = NULL;
    HvbTuning enforced;

    CU_ASSERT_TRUE_FATAL(bed->tune(bed, 0, &capped, &enforced, &error));
    gint64 quota_us = scope == HVB_CAP_SCOPE_VM ? enforced.vm_quota_us
                                                : enforced.vcpu_quota_us;
    CU_ASSERT_EQUAL(quota_us, QUOTA_US);
    CU_ASSERT_TRUE_FATAL(bed_fixture_spin(bed->guests[0].link));
    check_charges(bed, scope == HVB_CAP_SCOPE_VM ? cgroup->vm : cgroup->vcpu,
                  scope);
    CU_ASSERT_TRUE(hvb_link_reset(bed->guests[0].link, NULL, &error));
    CU_ASSERT_TRUE(bed->tune(bed, 0, &uncapped, &enforced, &error));
    CU_ASSERT_EQUAL(enforced.vcpu_quota_us, -1);
    CU_ASSERT_EQUAL(enforced.vm_quota_us, -1);
    print_error(error);
}

static void test_a_vcpu_cap_holds_a_spinning_guest(void)
{
    HvbBed *bed = bed_fixture_share();

    if (bed)
        check_cap(bed, HVB_CAP_SCOPE_VCPU);
}

static void test_a_vm_cap_holds_a_spinning_guest(void)
{
    HvbBed *bed = bed_fixture_share();

    if (bed)
        check_cap(bed, HVB_CAP_SCOPE_VM);
}

/* CPU time of both vCPUs, ns. */
static void read_vcpus(HvbBed *bed, gint64 ret_ns[2])
{
    HvbGuestMeter meter;

    for (guint i = 0; i < 2; i++) {
        CU_ASSERT_TRUE_FATAL(bed->read_meter(bed, i, &meter, NULL));
        ret_ns[i] = meter.vcpu_ns;
    }
}

/* How often more CPU the second gets than the first, of what both get: few
 * seconds in all, which take longer where others want the same CPU. */
static double ratio_of_cpu_times(HvbBed *bed)
{
    gint64 before_ns[2], after_ns[2];
    gint64 enough_ns = 3 * G_GINT64_CONSTANT(1000000000);

    read_vcpus(bed, before_ns);
    for (guint i = 0; i < 2 * PATIENCE_S; i++) {
        hvb_sleep(500, NULL, NULL);
        read_vcpus(bed, after_ns);
        after_ns[0] -= before_ns[0];
        after_ns[1] -= before_ns[1];
        if (after_ns[0] + after_ns[1] >= enough_ns)
            break;
    }
    CU_ASSERT_TRUE(after_ns[0] + after_ns[1] >= enough_ns);
    return (double)after_ns[1] / (double)after_ns[0];
}

/* On one CPU, so that both always wait for each other, whoever else does. */
static void test_weights_of_1_to_3_are_honoured(void)
{
    const HvbGuestProfile light = {.cap_period_us = PERIOD_US, .weight = 100};
    const HvbGuestProfile heavy = {.cap_period_us = PERIOD_US, .weight = 300};
    HvbBed *bed = bed_fixture_share();
    HvbTuning enforced;

    if (!bed)
        return;
    CU_ASSERT_TRUE_FATAL(bed->tune(bed, 0, &light, &enforced, NULL));
    CU_ASSERT_TRUE_FATAL(bed->tune(bed, 1, &heavy, &enforced, NULL));
    for (guint i = 0; i < 2; i++) {
        CU_ASSERT_TRUE(
            bed->place(bed, i, 1, HVB_AFFINITY_FLOAT, &enforced, NULL));
        CU_ASSERT_TRUE_FATAL(bed_fixture_spin(bed->guests[i].link));
    }
    double ratio = ratio_of_cpu_times(bed);
    printf("    weights 1:3 gave CPU times 1:%.2f\n", ratio);
    CU_ASSERT_TRUE(ratio > 3.0 * 0.8 && ratio < 3.0 * 1.2);
    for (guint i = 0; i < 2; i++) {
        CU_ASSERT_TRUE(hvb_link_reset(bed->guests[i].link, NULL, NULL));
        CU_ASSERT_TRUE(bed->tune(bed, i, &light, &enforced, NULL));
        CU_ASSERT_TRUE(
            bed->place(bed, i, 0, HVB_AFFINITY_FLOAT, &enforced, NULL));
    }
}

/* The first CPU, in the kernel's notation. */
static char *first_cpu(void)
{
    HvbCpus host, first;

    CU_ASSERT_TRUE(hvb_cpus_of_thread("/proc/self", &host, NULL));
    hvb_placement_choose(&host, 1, HVB_AFFINITY_FLOAT, 0, &first);
    return hvb_cpus_text(&first);
}

static void assert_runs_on(const HvbBed *bed, guint guest, const char *cpus)
{
    g_autoptr(HvbCgroup) cgroup = cgroup_of(bed, guest);
    HvbCpus now;

    CU_ASSERT_TRUE(hvb_cpus_of_thread(cgroup->vcpu_thread, &now, NULL));
    g_autofree char *text = hvb_cpus_text(&now);
    CU_ASSERT_STRING_EQUAL(text, cpus);
}

static void test_guests_run_where_the_profile_puts_them(void)
{
    g_autofree char *first = first_cpu();
    g_autoptr(GError) error = NULL;
    HvbTuning one = {0}, all = {0}, pinned = {0};
    HvbBed *bed = bed_fixture_share();
    HvbCpus host;

    if (!bed)
        return;
    CU_ASSERT_TRUE(bed->place(bed, 1, 1, HVB_AFFINITY_FLOAT, &one, &error));
    print_error(error);
    CU_ASSERT_STRING_EQUAL(one.cpus, first);
    assert_runs_on(bed, 1, first);
    CU_ASSERT_TRUE(bed->place(bed, 0, 0, HVB_AFFINITY_PINNED, &pinned, NULL));
    CU_ASSERT_STRING_EQUAL(pinned.cpus, first);
    for (guint i = 0; i < 2; i++)
        CU_ASSERT_TRUE(bed->place(bed, i, 0, HVB_AFFINITY_FLOAT, &all, NULL));
    CU_ASSERT_TRUE(hvb_cpus_of_thread("/proc/self", &host, NULL));
    g_autofree char *everywhere = hvb_cpus_text(&host);
    CU_ASSERT_STRING_EQUAL(all.cpus, everywhere);
    assert_runs_on(bed, 1, everywhere);
}

static void test_operations_are_timed_from_both_vantages(void)
{
    const guint both =
        HVB_VANTAGE_BIT(WIRE_SERVER) | HVB_VANTAGE_BIT(WIRE_CLIENT);
    HvbBed *bed = bed_fixture_share();
    g_autofree char *doubt = NULL;
    g_autoptr(GError) error = NULL;
    HvbAbility ability = {0};

    if (!bed)
        return;
    CU_ASSERT_TRUE(hvb_calibration_make(bed, 0, both, 1e9, NULL, &ability,
                                        &doubt, &error));
    print_error(error);
    CU_ASSERT_PTR_NULL_FATAL(error);
    bed_fixture_check_vantages(bed, 0, &ability.references);
}

static void test_a_guest_that_somebody_holds_is_seen_to_stand(void)
{
    HvbBed *bed = bed_fixture_share();

    if (bed)
        bed_fixture_check_stands(bed);
}

static void test_a_guest_whose_qemu_was_killed_is_told_so(void)
{
    HvbBed *bed = bed_fixture_share();

    if (bed)
        bed_fixture_check_killed(bed, 0);
}

static void test_a_second_hvbench_is_kept_out(void)
{
    if (bed_fixture_share())
        CU_ASSERT_NOT_EQUAL(system("flock -n " HVB_LOCK_FILE " true"), 0);
}

static void test_a_freed_bed_leaves_its_consoles_and_nothing_else(void)
{
    if (!bed_fixture_share())
        return;
    bed_fixture_stop_shared();
    assert_nothing_left();
    g_autofree char *console =
        g_build_filename(bed_fixture_consoles(), "guest2.log", NULL);
    CU_ASSERT_TRUE(g_file_test(console, G_FILE_TEST_IS_REGULAR));
}

/* Boots guests that cannot come up; returns the error's text. */
static char *failed_boot(const char *cmdline, guint hello_timeout_s,
                         const char *consoles)
{
    const HvbBootSettings settings = {.console_dir = consoles};
    g_autoptr(HvbProfile) profile = hvb_profile_load("smoke", NULL);
    g_autoptr(GError) error = NULL;

    CU_ASSERT_PTR_NOT_NULL_FATAL(profile);
    for (guint i = 0; i < profile->n_guests; i++) {
        g_free(profile->guests[i].cmdline);
        profile->guests[i].cmdline = g_strdup(cmdline);
    }
    profile->hello_timeout_s = hello_timeout_s;
    HvbConnection *connection = hvb_connection_open(NULL, &error);
    print_error(error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(connection);
    HvbBed *none = hvb_libvirt_bed_boot(connection, profile, HVB_ACCEL_TCG,
                                        "a test", &settings, &error);
    CU_ASSERT_PTR_NULL(none);
    CU_ASSERT_TRUE(g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_BOOT));
    if (!g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_BOOT))
        print_error(error);
    hvb_connection_close(connection);
    assert_nothing_left();
    return error ? g_strdup(error->message) : NULL;
}

static void test_a_panic_is_reported_with_guest_and_console(void)
{
    g_autofree char *text = NULL;

    if (!bed_fixture_can_run())
        return;
    /* Of the bed before, which are to keep their names. */
    const char *consoles = bed_fixture_consoles();
    CU_ASSERT_PTR_NOT_NULL_FATAL(consoles);
    text = failed_boot("rdinit=/missing", 300, consoles);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    printf("    %s\n", text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "Kernel panic - not syncing"));
    CU_ASSERT_TRUE(g_str_has_prefix(text, "guest"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, consoles));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, ".2.log ends:"));
    g_autofree char *first = g_build_filename(consoles, "guest1.log", NULL);
    g_autofree char *second = g_build_filename(consoles, "guest1.2.log", NULL);
    CU_ASSERT_TRUE(g_file_test(first, G_FILE_TEST_IS_REGULAR));
    CU_ASSERT_TRUE(g_file_test(second, G_FILE_TEST_IS_REGULAR));
}

static void test_a_guest_that_never_speaks_is_given_up(void)
{
    g_autofree char *text = NULL;

    if (!bed_fixture_can_run())
        return;
    text = failed_boot("panic=0 rdinit=/missing", 10, bed_fixture_consoles());
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "did not say HELLO within 10 s"));
}

/* What it looks like when another libvirt started them. */
static void test_guests_of_another_libvirt_are_named_and_left_alone(void)
{
    static char guest[] = "guest=" HVB_DOMAIN_PREFIX "guest1,debug-threads=on";
    char *argv[] = {"sh",    "-c",  "while :; do sleep 1; done",
                    "-name", guest, NULL};
    g_autoptr(GError) error = NULL;
    GPid pid;

    if (!bed_fixture_can_run())
        return;
    CU_ASSERT_TRUE_FATAL(
        g_spawn_async(NULL, argv, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                      NULL, &pid, NULL));
    CU_ASSERT_PTR_NULL(hvb_connection_open(NULL, &error));
    CU_ASSERT_TRUE_FATAL(
        g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST));
    g_autofree char *remedy = g_strdup_printf("kill %d", pid);
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, remedy));
    CU_ASSERT_EQUAL(waitpid(pid, NULL, WNOHANG), 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_nothing_left();
}

CU_TestInfo tests_bed[] = {
    {"guests of another libvirt are named and left alone",
     test_guests_of_another_libvirt_are_named_and_left_alone},
    {"guests boot and say HELLO", test_guests_boot_and_say_hello},
    {"a vCPU cap holds a spinning guest",
     test_a_vcpu_cap_holds_a_spinning_guest},
    {"a VM cap holds a spinning guest", test_a_vm_cap_holds_a_spinning_guest},
    {"weights of 1 to 3 are honoured", test_weights_of_1_to_3_are_honoured},
    {"guests run where the profile puts them",
     test_guests_run_where_the_profile_puts_them},
    {"operations are timed from both vantages",
     test_operations_are_timed_from_both_vantages},
    {"a guest that somebody holds is seen to stand",
     test_a_guest_that_somebody_holds_is_seen_to_stand},
    {"a second hvbench is kept out", test_a_second_hvbench_is_kept_out},
    TEST_END,
};

/* After all that shares its guests. */
CU_TestInfo tests_bed_end[] = {
    {"a guest whose QEMU was killed is told so",
     test_a_guest_whose_qemu_was_killed_is_told_so},
    {"a freed bed leaves its consoles and nothing else",
     test_a_freed_bed_leaves_its_consoles_and_nothing_else},
    {"a panic is reported with guest and console",
     test_a_panic_is_reported_with_guest_and_console},
    {"a guest that never speaks is given up",
     test_a_guest_that_never_speaks_is_given_up},
    TEST_END,
};
