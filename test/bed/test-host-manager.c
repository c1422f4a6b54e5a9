/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host's manager beside real guests, which spin meanwhile: whom it lowers,
 * and whom not. */
#define _GNU_SOURCE
#include "hvbench/bed/group.h"
#include "hvbench/bed/hypervisor.h"
#include "hvbench/bed/libvirt-bed.h"
#include "test/bed/bed-fixture.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* For the guests to be seen as what they are: they use CPU without end. */
#define LOOK_MS 2000
#define PATIENCE_MS 60000
/* Whoever uses more than this is lowered: so little that who never pauses gets
 * more of a busy host, too. */
#define DEMOTE_PERMILLE 20

/* What a manager could have changed of a thread. */
static char *priority_of(pid_t process, pid_t thread)
{
    g_autofree char *groups = NULL;
    g_autofree char *session = NULL;
    g_autofree char *groups_path =
        g_strdup_printf("/proc/%d/task/%d/cgroup", process, thread);
    g_autofree char *session_path =
        g_strdup_printf("/proc/%d/autogroup", process);

    g_file_get_contents(groups_path, &groups, NULL, NULL);
    g_file_get_contents(session_path, &session, NULL, NULL);
    return g_strdup_printf("nice %d policy %d %s%s",
                           getpriority(PRIO_PROCESS, (id_t)thread),
                           sched_getscheduler(thread), groups ? groups : "",
                           session ? session : "");
}

static void add_priorities(GHashTable *table, pid_t process)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task", process);
    g_autoptr(GDir) tasks = g_dir_open(path, 0, NULL);
    const char *name;

    while (tasks && (name = g_dir_read_name(tasks))) {
        pid_t thread = atoi(name);
        g_hash_table_insert(table, GINT_TO_POINTER(thread),
                            priority_of(process, thread));
    }
}

/* Thread to text, of all that the manager has to spare: QEMU, and hvbench,
 * which this program is here. */
static GHashTable *spared_priorities(const HvbBed *bed)
{
    GHashTable *table = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    g_autoptr(GArray) pids = hvb_hypervisor_pids("/", HVB_DOMAIN_PREFIX);

    CU_ASSERT_EQUAL(pids->len, bed->n_guests);
    for (guint i = 0; i < pids->len; i++)
        add_priorities(table, g_array_index(pids, pid_t, i));
    add_priorities(table, getpid());
    return table;
}

/* Threads of QEMU come and go; those that stay must be as they were. */
static void expect_same(const HvbBed *bed, GHashTable *before,
                        GHashTable *after)
{
    GHashTableIter at;
    gpointer thread, text;
    guint n = 0;

    g_hash_table_iter_init(&at, before);
    while (g_hash_table_iter_next(&at, &thread, &text)) {
        const char *now = g_hash_table_lookup(after, thread);
        if (!now)
            continue;
        CU_ASSERT_STRING_EQUAL(now, (const char *)text);
        n++;
    }
    /* A main and a vCPU thread of each guest, and our own. */
    CU_ASSERT_TRUE(n > 2 * bed->n_guests);
}

static void leave_session(gpointer user_data)
{
    (void)user_data;
    setsid();
}

/* A service of the host that has run wild; nothing of hvbench's. */
static pid_t start_hog(void)
{
    char *argv[] = {"sh", "-c", "while :; do :; done", NULL};
    GPid pid = 0;

    CU_ASSERT_TRUE_FATAL(
        g_spawn_async(NULL, argv, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
                      leave_session, NULL, &pid, NULL));
    return pid;
}

static void stop_hog(pid_t hog)
{
    kill(hog, SIGKILL);
    waitpid(hog, NULL, 0);
}

/* What the manager has told. */
typedef struct {
    pid_t hog;
    gboolean hog_demoted;
    guint services_demoted;
} Told;

static void on_frame(HvbLink *link, const WireFrame *frame, gpointer user_data)
{
    Told *told = user_data;
    WireEvent event;

    (void)link;
    if (frame->type != WIRE_EVENT || !wire_get_event(frame, &event) ||
        event.kind != WIRE_EVENT_DEMOTED)
        return;
    printf("    demoted %s (pid %u)\n", event.text, event.pid);
    if ((pid_t)event.pid == told->hog)
        told->hog_demoted = TRUE;
    else if (g_str_has_prefix(event.text, "hvbench-service"))
        told->services_demoted++;
}

static gboolean both_are_demoted(gpointer user_data)
{
    const Told *told = user_data;

    return told->hog_demoted && told->services_demoted > 0;
}

static double used_percent(const HvbGuestMeter *a, const HvbGuestMeter *b)
{
    return 100.0 * (double)(b->cpu_ns - a->cpu_ns) /
           (double)(b->time_ns - a->time_ns);
}

/* Waits until hog and services are demoted, and on, so long that spinning
 * guests are looked at many times, and seen to use what makes others lowered.
 */
static void look_on(HvbBed *bed, Told *told)
{
    HvbGuestMeter before[2], after[2];

    for (guint i = 0; i < 2; i++)
        CU_ASSERT_TRUE_FATAL(bed->read_meter(bed, i, &before[i], NULL));
    CU_ASSERT_TRUE(hvb_wait(both_are_demoted, told, PATIENCE_MS, "the manager",
                            NULL, NULL));
    CU_ASSERT_TRUE(hvb_sleep(LOOK_MS, NULL, NULL));
    for (guint i = 0; i < 2; i++) {
        CU_ASSERT_TRUE_FATAL(bed->read_meter(bed, i, &after[i], NULL));
        double percent = used_percent(&before[i], &after[i]);
        printf("    guest %u used %.0f %% of a CPU\n", i + 1, percent);
        CU_ASSERT_TRUE(percent > DEMOTE_PERMILLE / 10.0);
    }
}

static HvbHostAgent *start_manager(WireMethod method, Told *told)
{
    const WireManage manage = {.method = method,
                               .interval_ms = 200,
                               .memory_ms = 600,
                               .demote_permille = DEMOTE_PERMILLE,
                               .restore_permille = 10,
                               .nice = 19};
    g_autoptr(GError) error = NULL;
    HvbHostAgent *agent =
        hvb_host_agent_start(HVB_GROUP_PREFIX "services", NULL, &error);

    if (error)
        printf("    %s\n", error->message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(agent);
    hvb_link_set_frame_func(agent->link, on_frame, told);
    CU_ASSERT_TRUE(hvb_link_manage(agent->link, &manage, NULL, NULL));
    CU_ASSERT_TRUE(bed_fixture_spin(agent->link));
    return agent;
}

static void check_method(HvbBed *bed, WireMethod method, gboolean ends_by_reset)
{
    g_autoptr(GHashTable) before = spared_priorities(bed);
    Told told = {.hog = start_hog()};
    g_autofree char *hog_before = priority_of(told.hog, told.hog);
    HvbHostAgent *agent = start_manager(method, &told);

    look_on(bed, &told);
    g_autoptr(GHashTable) after = spared_priorities(bed);
    g_autofree char *hog_demoted = priority_of(told.hog, told.hog);
    if (ends_by_reset) {
        CU_ASSERT_TRUE(hvb_link_reset(agent->link, NULL, NULL));
    } else {
        g_clear_pointer(&agent, hvb_host_agent_free);
    }
    g_autofree char *hog_after = priority_of(told.hog, told.hog);
    hvb_host_agent_free(agent);
    stop_hog(told.hog);
    expect_same(bed, before, after);
    CU_ASSERT_STRING_NOT_EQUAL(hog_demoted, hog_before);
    CU_ASSERT_STRING_EQUAL(hog_after, hog_before);
}

/* As the cpu controller's tree has them, wherever that is mounted. */
static void expect_no_group_of_ours(void)
{
    CU_ASSERT_FALSE(
        g_file_test("/sys/fs/cgroup/cpu/hvbench-demoted", G_FILE_TEST_EXISTS));
    CU_ASSERT_FALSE(
        g_file_test("/sys/fs/cgroup/hvbench-demoted", G_FILE_TEST_EXISTS));
    CU_ASSERT_FALSE(
        g_file_test("/sys/fs/cgroup/cpu/hvbench-services", G_FILE_TEST_EXISTS));
    CU_ASSERT_FALSE(
        g_file_test("/sys/fs/cgroup/hvbench-services", G_FILE_TEST_EXISTS));
}

static void check_beside_spinning_guests(WireMethod method,
                                         gboolean ends_by_reset)
{
    HvbBed *bed = bed_fixture_share();

    if (!bed)
        return;
    for (guint i = 0; i < bed->n_guests; i++)
        CU_ASSERT_TRUE(bed_fixture_spin(bed->guests[i].link));
    check_method(bed, method, ends_by_reset);
    for (guint i = 0; i < bed->n_guests; i++)
        CU_ASSERT_TRUE(hvb_link_reset(bed->guests[i].link, NULL, NULL));
    expect_no_group_of_ours();
}

static void test_a_hog_is_moved_and_guests_and_hvbench_are_spared(void)
{
    check_beside_spinning_guests(WIRE_METHOD_CGROUP, TRUE);
}

static void test_a_hog_is_niced_and_given_back_when_the_agent_ends(void)
{
    check_beside_spinning_guests(WIRE_METHOD_NICE, FALSE);
}

CU_TestInfo tests_host_manager[] = {
    {"a hog is moved, and guests and hvbench are spared",
     test_a_hog_is_moved_and_guests_and_hvbench_are_spared},
    {"a hog is niced, and given back when the agent ends",
     test_a_hog_is_niced_and_given_back_when_the_agent_ends},
    TEST_END,
};
