/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bed with real guests. The tests run in the order of the list at the end:
 * first those that start hvbench as a process, since the embedded driver stays
 * in the process that opened it; then one boots the two guests that those
 * after it share. */
#include "hvbench/bed/cgroup.h"
#include "hvbench/bed/hypervisor.h"
#include "hvbench/bed/libvirt-bed.h"
#include "hvbench/bed/placement.h"
#include "hvbench/bed/state.h"
#include "test/bed/bed-fixture.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static HvbConnection *connection;
static HvbBed *bed;
static char *consoles;

static gboolean is_up(void)
{
    return bed_fixture_is_up(bed, bed_fixture_can_run());
}

/* TCG even where KVM is there: what is tested does not depend on it, and the
 * choice has a test of its own. */
static HvbProfile *two_guests(void)
{
    HvbProfile *profile = hvb_profile_load("smoke", NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(profile);
    return profile;
}

static const HvbBootSettings *settings(void)
{
    static HvbBootSettings boot;

    if (!consoles)
        consoles = g_dir_make_tmp("hvbench-test-XXXXXX", NULL);
    boot.console_dir = consoles;
    return &boot;
}

static void print_error(const GError *error)
{
    if (error)
        printf("    %s\n", error->message);
}

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

static void remove_result_set(const char *dir)
{
    const char *argv[] = {"rm", "-r", "--", dir, NULL};

    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                 NULL, NULL, NULL, NULL);
}

static void test_guests_boot_and_say_hello(void)
{
    g_autoptr(HvbProfile) profile = two_guests();

    if (!bed_fixture_can_run())
        return;
    bed = bed_fixture_boot(profile, settings(), &connection);
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

static gboolean spin(guint guest, GError **error)
{
    const WireLoad load = {.users = 1,
                           .burst_mean_us = 100000,
                           .burst_cut = 4,
                           .think_mean_us = 0,
                           .seed = 1};
    const WireCalibrate request = {2000, 30, 1, 0, 200};
    WireCalibration calibration;
    HvbLink *link = bed->guests[guest].link;

    return hvb_link_calibrate(link, &request, NULL, &calibration, error) &&
           hvb_link_work(link, calibration.iterations_per_ms, NULL, error) &&
           hvb_link_load(link, &load, NULL, error);
}

/* Host CPU charged to the guest's vCPU over `seconds`, in % of one CPU. */
static double charged_percent(guint guest, guint seconds, HvbGuestMeter *ret)
{
    HvbGuestMeter before, after;

    CU_ASSERT_TRUE(bed->read_meter(bed, guest, &before, NULL));
    hvb_sleep(seconds * 1000, NULL, NULL);
    CU_ASSERT_TRUE(bed->read_meter(bed, guest, &after, NULL));
    *ret = after;
    return 100.0 * (double)(after.vcpu_ns - before.vcpu_ns) /
           (double)(after.time_ns - before.time_ns);
}

static void check_cap(HvbCapScope scope)
{
    const HvbGuestProfile capped = {.cap_percent = 50,
                                    .cap_scope = scope,
                                    .cap_period_us = 100000,
                                    .weight = 100};
    const HvbGuestProfile uncapped = {.cap_period_us = 100000, .weight = 100};
    g_autoptr(GError) error = NULL;
    HvbTuning enforced;
    HvbGuestMeter meter;

    CU_ASSERT_TRUE_FATAL(bed->tune(bed, 0, &capped, &enforced, &error));
    gint64 quota_us = scope == HVB_CAP_SCOPE_VM ? enforced.vm_quota_us
                                                : enforced.vcpu_quota_us;
    CU_ASSERT_EQUAL(quota_us, 50000);
    CU_ASSERT_TRUE_FATAL(spin(0, &error));
    double percent = charged_percent(0, 5, &meter);
    printf("    a spinning guest capped at 50 %% was charged %.1f %%\n",
           percent);
    CU_ASSERT_TRUE(percent > 47.0 && percent < 53.0);
    CU_ASSERT_TRUE(meter.throttled_periods > 0);
    CU_ASSERT_TRUE(hvb_link_reset(bed->guests[0].link, NULL, &error));
    CU_ASSERT_TRUE(bed->tune(bed, 0, &uncapped, &enforced, &error));
    CU_ASSERT_EQUAL(enforced.vcpu_quota_us, -1);
    CU_ASSERT_EQUAL(enforced.vm_quota_us, -1);
    print_error(error);
}

static void test_a_vcpu_cap_of_50_percent_is_enforced(void)
{
    if (is_up())
        check_cap(HVB_CAP_SCOPE_VCPU);
}

static void test_a_vm_cap_of_50_percent_is_enforced(void)
{
    if (is_up())
        check_cap(HVB_CAP_SCOPE_VM);
}

static void test_weights_of_1_to_3_are_honoured(void)
{
    const HvbGuestProfile light = {.cap_period_us = 100000, .weight = 100};
    const HvbGuestProfile heavy = {.cap_period_us = 100000, .weight = 300};
    HvbGuestMeter before[2], after[2];
    HvbTuning enforced;

    if (!is_up())
        return;
    CU_ASSERT_TRUE_FATAL(bed->tune(bed, 0, &light, &enforced, NULL));
    CU_ASSERT_TRUE_FATAL(bed->tune(bed, 1, &heavy, &enforced, NULL));
    for (guint i = 0; i < 2; i++) {
        CU_ASSERT_TRUE_FATAL(spin(i, NULL));
        CU_ASSERT_TRUE(
            bed->place(bed, i, 1, HVB_AFFINITY_FLOAT, &enforced, NULL));
    }
    hvb_sleep(500, NULL, NULL);
    for (guint i = 0; i < 2; i++)
        CU_ASSERT_TRUE(bed->read_meter(bed, i, &before[i], NULL));
    hvb_sleep(6000, NULL, NULL);
    for (guint i = 0; i < 2; i++)
        CU_ASSERT_TRUE(bed->read_meter(bed, i, &after[i], NULL));
    double ratio = (double)(after[1].vcpu_ns - before[1].vcpu_ns) /
                   (double)(after[0].vcpu_ns - before[0].vcpu_ns);
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

static void assert_runs_on(guint guest, const char *cpus)
{
    g_autofree char *name =
        g_strconcat(HVB_DOMAIN_PREFIX, bed->guests[guest].name, NULL);
    g_autoptr(HvbCgroup) cgroup = hvb_cgroup_find(name, NULL);
    HvbCpus now;

    CU_ASSERT_PTR_NOT_NULL_FATAL(cgroup);
    CU_ASSERT_TRUE(hvb_cpus_of_thread(cgroup->vcpu_thread, &now, NULL));
    g_autofree char *text = hvb_cpus_text(&now);
    CU_ASSERT_STRING_EQUAL(text, cpus);
}

static void test_guests_run_where_the_profile_puts_them(void)
{
    g_autofree char *first = first_cpu();
    g_autoptr(GError) error = NULL;
    HvbTuning one = {0}, all = {0}, pinned = {0};
    HvbCpus host;

    if (!is_up())
        return;
    CU_ASSERT_TRUE(bed->place(bed, 1, 1, HVB_AFFINITY_FLOAT, &one, &error));
    print_error(error);
    CU_ASSERT_STRING_EQUAL(one.cpus, first);
    assert_runs_on(1, first);
    CU_ASSERT_TRUE(bed->place(bed, 0, 0, HVB_AFFINITY_PINNED, &pinned, NULL));
    CU_ASSERT_STRING_EQUAL(pinned.cpus, first);
    for (guint i = 0; i < 2; i++)
        CU_ASSERT_TRUE(bed->place(bed, i, 0, HVB_AFFINITY_FLOAT, &all, NULL));
    CU_ASSERT_TRUE(hvb_cpus_of_thread("/proc/self", &host, NULL));
    g_autofree char *everywhere = hvb_cpus_text(&host);
    CU_ASSERT_STRING_EQUAL(all.cpus, everywhere);
    assert_runs_on(1, everywhere);
}

static void test_operations_are_timed_from_both_vantages(void)
{
    if (is_up())
        bed_fixture_check_vantages(bed, 0);
}

static void test_a_second_hvbench_is_kept_out(void)
{
    if (!is_up())
        return;
    CU_ASSERT_NOT_EQUAL(system("flock -n " HVB_LOCK_FILE " true"), 0);
}

static void test_a_freed_bed_leaves_its_consoles_and_nothing_else(void)
{
    g_autofree char *console = NULL;

    if (!is_up())
        return;
    g_clear_pointer(&bed, hvb_bed_free);
    g_clear_pointer(&connection, hvb_connection_close);
    assert_nothing_left();
    console = g_build_filename(consoles, "guest2.log", NULL);
    CU_ASSERT_TRUE(g_file_test(console, G_FILE_TEST_IS_REGULAR));
}

/* Boots guests that cannot come up; returns the error's text. */
static char *failed_boot(const char *cmdline, guint hello_timeout_s)
{
    g_autoptr(HvbProfile) profile = two_guests();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < profile->n_guests; i++) {
        g_free(profile->guests[i].cmdline);
        profile->guests[i].cmdline = g_strdup(cmdline);
    }
    profile->hello_timeout_s = hello_timeout_s;
    connection = hvb_connection_open(NULL, &error);
    print_error(error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(connection);
    HvbBed *none = hvb_libvirt_bed_boot(connection, profile, HVB_ACCEL_TCG,
                                        "a test", settings(), &error);
    CU_ASSERT_PTR_NULL(none);
    CU_ASSERT_TRUE(g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_BOOT));
    g_clear_pointer(&connection, hvb_connection_close);
    assert_nothing_left();
    return error ? g_strdup(error->message) : NULL;
}

static void test_a_panic_is_reported_with_guest_and_console(void)
{
    g_autofree char *text = NULL;

    if (!bed_fixture_can_run())
        return;
    text = failed_boot("rdinit=/missing", 120);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "Kernel panic - not syncing"));
    CU_ASSERT_TRUE(g_str_has_prefix(text, "guest"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, consoles));
    /* The consoles of the guests before have kept their names. */
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
    text = failed_boot("panic=0 rdinit=/missing", 10);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "did not say HELLO within 10 s"));
    remove_result_set(consoles);
    g_clear_pointer(&consoles, g_free);
}

typedef struct {
    GPid pid;
    int out;
    char *dir;
} Run;

/* Starts `hvbench run smoke` and waits until it says `until`. */
static gboolean start_run(Run *run, const char *until)
{
    g_autofree char *exe = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *build = g_path_get_dirname(exe);
    g_autofree char *program = g_build_filename(build, "hvbench", NULL);
    char line[512];

    run->dir = g_dir_make_tmp("hvbench-run-XXXXXX", NULL);
    char *argv[] = {program, "run",    "--accel", "tcg",
                    "-o",    run->dir, "smoke",   NULL};
    if (!g_spawn_async_with_pipes(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
                                  NULL, NULL, &run->pid, NULL, &run->out, NULL,
                                  NULL))
        return FALSE;
    FILE *stream = fdopen(run->out, "r");
    while (fgets(line, sizeof line, stream))
        if (strstr(line, until))
            return TRUE;
    return FALSE;
}

static void test_ctrl_c_stops_the_guests_and_leaves_nothing(void)
{
    Run run;
    int status;

    if (!bed_fixture_can_run())
        return;
    CU_ASSERT_TRUE(start_run(&run, "guests are up"));
    CU_ASSERT_EQUAL(guests_running(), 2);
    kill(run.pid, SIGINT);
    CU_ASSERT_EQUAL(waitpid(run.pid, &status, 0), run.pid);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 130);
    assert_nothing_left();
    remove_result_set(run.dir);
    g_free(run.dir);
}

static void test_what_a_killed_hvbench_left_is_cleared_at_the_next_start(void)
{
    Run run;
    g_autoptr(GError) error = NULL;

    if (!bed_fixture_can_run())
        return;
    CU_ASSERT_TRUE(start_run(&run, "guests are up"));
    kill(run.pid, SIGKILL);
    waitpid(run.pid, NULL, 0);
    CU_ASSERT_EQUAL(guests_running(), 2);
    CU_ASSERT_EQUAL(count_entries(HVB_STATE_DIR, HVB_STATE_BED_PREFIX), 1);
    connection = hvb_connection_open(NULL, &error);
    print_error(error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(connection);
    CU_ASSERT_EQUAL(guests_running(), 0);
    g_clear_pointer(&connection, hvb_connection_close);
    assert_nothing_left();
    remove_result_set(run.dir);
    g_free(run.dir);
}

/* What it looks like when another libvirt started them. */
static void test_guests_of_another_libvirt_are_named_and_left_alone(void)
{
    static char guest[] = "guest=" HVB_DOMAIN_PREFIX "guest1,debug-threads=on";
    char *argv[] = {"sh", "-c", "sleep 60; :", "-name", guest, NULL};
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
    {"Ctrl-C stops the guests and leaves nothing",
     test_ctrl_c_stops_the_guests_and_leaves_nothing},
    {"what a killed hvbench left is cleared at the next start",
     test_what_a_killed_hvbench_left_is_cleared_at_the_next_start},
    {"guests of another libvirt are named and left alone",
     test_guests_of_another_libvirt_are_named_and_left_alone},
    {"guests boot and say HELLO", test_guests_boot_and_say_hello},
    {"a vCPU cap of 50 % is enforced",
     test_a_vcpu_cap_of_50_percent_is_enforced},
    {"a VM cap of 50 % is enforced", test_a_vm_cap_of_50_percent_is_enforced},
    {"weights of 1 to 3 are honoured", test_weights_of_1_to_3_are_honoured},
    {"guests run where the profile puts them",
     test_guests_run_where_the_profile_puts_them},
    {"operations are timed from both vantages",
     test_operations_are_timed_from_both_vantages},
    {"a second hvbench is kept out", test_a_second_hvbench_is_kept_out},
    {"a freed bed leaves its consoles and nothing else",
     test_a_freed_bed_leaves_its_consoles_and_nothing_else},
    {"a panic is reported with guest and console",
     test_a_panic_is_reported_with_guest_and_console},
    {"a guest that never speaks is given up",
     test_a_guest_that_never_speaks_is_given_up},
    TEST_END,
};
