/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What holds a guest, and what ended it: by trees of files, texts of logs, and
 * processes of the test's own. */
#include "hvbench/bed/bed-error.h"
#include "hvbench/bed/domain-news.h"
#include "hvbench/bed/fate.h"
#include "hvbench/bed/images.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"
#include "test/unit/root-fixture.h"

#include <libvirt/libvirt.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREAD "proc/7/task/9/"
#define VM "/machine/qemu-1-hvbench-guest1.libvirt-qemu"
#define NAME "hvbench-guest1"

/* The thread's state, and its CPU time where schedstat does not have it. */
static void write_stat(const Root *root, const char *state, guint ticks)
{
    g_autofree char *stat =
        g_strdup_printf("9 (CPU 0) S (TCG)) %s 1 7 7 0 -1 64 5 5 5 5 %u 20 0 0 "
                        "20 0 3 0 99\n",
                        state, ticks);

    write_below(root, THREAD "stat", stat);
}

/* A vCPU that has run for 5 s and is in this state, in groups of either kind.
 */
static Root *root_with_thread(const char *state)
{
    Root *root = root_new();

    write_below(root, THREAD "schedstat", "5000000000 70 3\n");
    write_stat(root, state, 480);
    write_below(root, THREAD "cgroup", "6:freezer:" VM "\n0::" VM "/vcpu0\n");
    write_below(root, "sys/fs/cgroup/freezer" VM "/freezer.state", "THAWED\n");
    write_below(root, "sys/fs/cgroup/unified" VM "/vcpu0/cgroup.events",
                "populated 1\nfrozen 0\n");
    return root;
}

/* What holds it when it has not run since the last look. */
static HvbHold hold_of(const Root *root, HvbHold told)
{
    g_autofree char *thread = g_build_filename(root, THREAD, NULL);
    g_autoptr(HvbPulseSource) source = hvb_pulse_source_new(root, thread);
    HvbPulse pulse = {.run_ns = G_GINT64_CONSTANT(5000000000)};

    hvb_pulse_look(source, told, &pulse);
    return pulse.hold;
}

static void expect_hold(const char *state, HvbHold told, HvbHold expected)
{
    g_autoptr(Root) root = root_with_thread(state);

    CU_ASSERT_EQUAL(hold_of(root, told), expected);
}

static void test_a_thread_that_waits_for_its_turn_is_not_held(void)
{
    expect_hold("R", HVB_HOLD_NONE, HVB_HOLD_NONE);
    expect_hold("S", HVB_HOLD_NONE, HVB_HOLD_NONE);
    expect_hold("Z", HVB_HOLD_NONE, HVB_HOLD_NONE);
}

static void test_what_holds_a_thread_is_told_by_its_state(void)
{
    expect_hold("T", HVB_HOLD_NONE, HVB_HOLD_STOPPED);
    expect_hold("t", HVB_HOLD_NONE, HVB_HOLD_TRACED);
    expect_hold("S", HVB_HOLD_PAUSED, HVB_HOLD_PAUSED);
    expect_hold("R", HVB_HOLD_PAUSED, HVB_HOLD_NONE);
}

static void test_a_frozen_group_is_told_by_either_version(void)
{
    g_autoptr(Root) v1 = root_with_thread("D");
    g_autoptr(Root) v2 = root_with_thread("S");

    write_below(v1, "sys/fs/cgroup/freezer" VM "/freezer.state", "FROZEN\n");
    write_below(v2, "sys/fs/cgroup/unified" VM "/vcpu0/cgroup.events",
                "populated 1\nfrozen 1\n");
    CU_ASSERT_EQUAL(hold_of(v1, HVB_HOLD_NONE), HVB_HOLD_FROZEN);
    CU_ASSERT_EQUAL(hold_of(v2, HVB_HOLD_NONE), HVB_HOLD_FROZEN);
}

static void test_a_thread_that_ran_since_is_not_held(void)
{
    g_autoptr(Root) root = root_with_thread("T");
    g_autofree char *thread = g_build_filename(root, THREAD, NULL);
    g_autoptr(HvbPulseSource) source = hvb_pulse_source_new(root, thread);
    HvbPulse pulse = {.run_ns = -1};

    hvb_pulse_look(source, HVB_HOLD_NONE, &pulse);
    CU_ASSERT_EQUAL(pulse.hold, HVB_HOLD_NONE);
    CU_ASSERT_EQUAL(pulse.run_ns, G_GINT64_CONSTANT(5000000000));
    hvb_pulse_look(source, HVB_HOLD_NONE, &pulse);
    CU_ASSERT_EQUAL(pulse.hold, HVB_HOLD_STOPPED);
}

static void test_a_thread_is_blocked_if_two_looks_in_a_row_find_it_so(void)
{
    static const struct {
        const char *state;
        HvbHold hold;
    } looks[] = {
        {"D", HVB_HOLD_NONE}, {"D", HVB_HOLD_BLOCKED}, {"D", HVB_HOLD_BLOCKED},
        {"S", HVB_HOLD_NONE}, {"D", HVB_HOLD_NONE},    {"R", HVB_HOLD_NONE},
        {"D", HVB_HOLD_NONE},
    };
    g_autoptr(Root) root = root_with_thread("S");
    g_autofree char *thread = g_build_filename(root, THREAD, NULL);
    g_autoptr(HvbPulseSource) source = hvb_pulse_source_new(root, thread);
    HvbPulse pulse = {.run_ns = G_GINT64_CONSTANT(5000000000)};

    for (gsize i = 0; i < G_N_ELEMENTS(looks); i++) {
        write_stat(root, looks[i].state, 480);
        hvb_pulse_look(source, HVB_HOLD_NONE, &pulse);
        CU_ASSERT_EQUAL(pulse.hold, looks[i].hold);
    }
}

/* `schedstat` may be NULL: there is none. */
static void expect_ticks_to_count(const char *schedstat)
{
    g_autoptr(Root) root = root_with_thread("T");
    g_autofree char *thread = g_build_filename(root, THREAD, NULL);
    g_autofree char *file = g_build_filename(thread, "schedstat", NULL);
    HvbPulse pulse = {.run_ns = -1};

    if (schedstat)
        write_below(root, THREAD "schedstat", schedstat);
    else
        CU_ASSERT_EQUAL(unlink(file), 0);
    g_autoptr(HvbPulseSource) source = hvb_pulse_source_new(root, thread);
    hvb_pulse_look(source, HVB_HOLD_NONE, &pulse);
    CU_ASSERT_EQUAL(pulse.run_ns, 500 * (G_GINT64_CONSTANT(1000000000) /
                                         sysconf(_SC_CLK_TCK)));
    write_stat(root, "T", 481);
    hvb_pulse_look(source, HVB_HOLD_NONE, &pulse);
    CU_ASSERT_EQUAL(pulse.hold, HVB_HOLD_NONE);
    hvb_pulse_look(source, HVB_HOLD_NONE, &pulse);
    CU_ASSERT_EQUAL(pulse.hold, HVB_HOLD_STOPPED);
}

static void test_a_kernel_without_schedstat_tells_by_ticks_who_ran(void)
{
    expect_ticks_to_count(NULL);
    expect_ticks_to_count("0 0 0\n");
}

static void test_libvirt_tells_of_pauses_and_ends(void)
{
    HvbDomainNews news = {HVB_HOLD_NONE, NULL};

    hvb_domain_news_take(&news, VIR_DOMAIN_EVENT_SUSPENDED,
                         VIR_DOMAIN_EVENT_SUSPENDED_PAUSED);
    CU_ASSERT_EQUAL(news.hold, HVB_HOLD_PAUSED);
    hvb_domain_news_take(&news, VIR_DOMAIN_EVENT_RESUMED, 0);
    CU_ASSERT_EQUAL(news.hold, HVB_HOLD_NONE);
    hvb_domain_news_take(&news, VIR_DOMAIN_EVENT_SUSPENDED,
                         VIR_DOMAIN_EVENT_SUSPENDED_IOERROR);
    CU_ASSERT_EQUAL(news.hold, HVB_HOLD_DISK);
    CU_ASSERT_PTR_NULL(news.reason);
    hvb_domain_news_take(&news, VIR_DOMAIN_EVENT_STOPPED,
                         VIR_DOMAIN_EVENT_STOPPED_CRASHED);
    expect_text(news.reason, "crashed");
}

#define ACCOUNT                                                     \
    "6,1,2,-;qemu-system-x86 invoked oom-killer: gfp_mask=0xcc0\n"  \
    "6,1,3,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null)," \
    "cpuset=vcpu0,mems_allowed=0,oom_memcg=/machine,task_memcg=" VM \
    ",task=qemu-system-x86,pid=77,uid=64055\n"                      \
    "3,1,4,-;Memory cgroup out of memory: Killed process 77 (qemu) x\n"

static void expect_oom(const char *text, int pid, const char *name,
                       HvbOom expected, const char *expected_group)
{
    g_autofree char *group = NULL;

    CU_ASSERT_EQUAL(hvb_fate_find_oom(text, pid, name, &group), expected);
    if (expected_group)
        expect_text(group, expected_group);
    else
        CU_ASSERT_PTR_NULL(group);
}

static void test_the_kernel_log_tells_whose_limit_killed(void)
{
    expect_oom(ACCOUNT, 77, NAME, HVB_OOM_GROUP, "/machine");
    /* In a container, where the process has another number. */
    expect_oom(ACCOUNT, 3, NAME, HVB_OOM_GROUP, "/machine");
    expect_oom(ACCOUNT, 7, "hvbench-guest11", HVB_OOM_NONE, NULL);
    expect_oom(ACCOUNT, 7, "hvbench-guest", HVB_OOM_NONE, NULL);
    expect_oom("", 77, NAME, HVB_OOM_NONE, NULL);
}

static void test_the_kernel_log_tells_of_a_scope_of_systemds(void)
{
    const char *account =
        "6,1,3,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),"
        "cpuset=vcpu0,mems_allowed=0,oom_memcg=/machine.slice,task_memcg="
        "/machine.slice/machine-qemu\\x2d1\\x2dhvbench\\x2dguest1.scope/"
        "libvirt/emulator,task=qemu-system-x86,pid=77,uid=107\n";

    expect_oom(account, 3, NAME, HVB_OOM_GROUP, "/machine.slice");
    expect_oom(account, 3, "hvbench-guest11", HVB_OOM_NONE, NULL);
    expect_oom(account, 3, "hvbench-guest", HVB_OOM_NONE, NULL);
}

static void test_a_host_without_memory_is_told_from_a_limit(void)
{
    expect_oom("6,1,3,-;oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),"
               "global_oom,task_memcg=" VM ",task=qemu,pid=77,uid=0\n",
               77, NAME, HVB_OOM_HOST, NULL);
    expect_oom("3,1,4,-;Out of memory: Killed process 77 (qemu) x\n", 77, NAME,
               HVB_OOM_HOST, NULL);
    expect_oom("3,1,4,-;Memory cgroup out of memory: Killed process 77 (q)\n",
               77, NAME, HVB_OOM_GROUP, NULL);
}

static void test_the_last_words_are_of_the_last_start(void)
{
    const char *before = "2026-01-01T10:00:00.5Z qemu-system-x86_64: old\n"
                         "2026-01-01 10:00:01.0+0000: starting up libvirt "
                         "version: 9.0.0\n-msg timestamp=on\n";
    g_autofree char *text = g_strconcat(
        before,
        "2026-01-01T10:00:09.1Z qemu-system-x86_64: terminating on signal 15 "
        "from pid 9 (bash)\n2026-01-01 10:00:09.2+0000: shutting down, "
        "reason=crashed\n",
        NULL);
    g_autofree char *words = hvb_fate_last_words(text);

    expect_text(words, "terminating on signal 15 from pid 9 (bash)");
    CU_ASSERT_PTR_NULL(hvb_fate_last_words(before));
}

static void write_v1_memory(const Root *root, const char *group,
                            const char *limit, const char *usage,
                            const char *failcnt)
{
    g_autofree char *dir = g_strconcat("sys/fs/cgroup/memory", group, NULL);
    const char *const files[][2] = {
        {"memory.limit_in_bytes", limit},
        {"memory.usage_in_bytes", usage},
        {"memory.failcnt", failcnt},
        {"memory.stat", "inactive_file 9\ntotal_inactive_file 1048576\n"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(dir, files[i][0], NULL);
        write_below(root, path, files[i][1]);
    }
}

#define V1_NONE "9223372036854771712\n"

/* Of v1, /machine limited to 330 MiB, of which 31 are used. */
static Root *root_with_limit(void)
{
    Root *root = root_new();

    write_v1_memory(root, "", V1_NONE, "90000000\n", "0\n");
    write_v1_memory(root, "/machine", "346030080\n", "33554432\n", "4\n");
    write_below(root, "proc/77/cgroup", "4:memory:" VM "\n0::/\n");
    return root;
}

static void test_the_limit_with_the_least_left_is_found(void)
{
    g_autoptr(Root) root = root_with_limit();
    g_autoptr(GArray) groups = hvb_memory_groups_of(root, 77);
    gint64 left = 0;

    /* The VM's own group is gone. */
    CU_ASSERT_EQUAL(groups->len, 2);
    const HvbMemoryGroup *group = hvb_memory_groups_tightest(groups, &left);
    CU_ASSERT_PTR_NOT_NULL_FATAL(group);
    expect_text(group->name, "/machine");
    expect_text(group->file, "memory.limit_in_bytes");
    CU_ASSERT_EQUAL(left, 299 * 1024 * 1024);
    write_v1_memory(root, VM, "1048576\n", "1048576\n", "0\n");
    g_autoptr(GArray) deeper = hvb_memory_groups_of(root, 77);
    group = hvb_memory_groups_tightest(deeper, &left);
    CU_ASSERT_PTR_NOT_NULL_FATAL(group);
    expect_text(group->name, VM);
    g_autoptr(GArray) top = hvb_memory_groups_read(root, "/");
    CU_ASSERT_PTR_NULL(hvb_memory_groups_tightest(top, &left));
}

/* /proc names groups as the host does, the mount shows them from the
 * container's on. */
static void test_memory_of_a_container_is_found_below_its_mount(void)
{
    g_autoptr(Root) root = root_new();
    gint64 left = 0;

    write_below(root, "proc/self/mountinfo",
                "31 30 0:28 /docker/5 /sys/fs/cgroup/memory rw - cgroup cgroup "
                "rw,memory\n");
    write_below(root, "proc/77/cgroup", "4:memory:/docker/5" VM "\n0::/\n");
    write_v1_memory(root, "", "268435456\n", "1048576\n", "0\n");
    write_v1_memory(root, VM, V1_NONE, "1048576\n", "0\n");
    g_autoptr(GArray) groups = hvb_memory_groups_of(root, 77);
    CU_ASSERT_EQUAL_FATAL(groups->len, 3);
    expect_text(g_array_index(groups, HvbMemoryGroup, 0).name, VM);
    const HvbMemoryGroup *group = hvb_memory_groups_tightest(groups, &left);
    CU_ASSERT_PTR_NOT_NULL_FATAL(group);
    expect_text(group->name, "/");
    CU_ASSERT_EQUAL(left, 256 * 1024 * 1024);
}

static void test_v2_names_its_limits_max_and_high(void)
{
    g_autoptr(Root) root = root_new();
    gint64 left = 0;

    write_below(root, "sys/fs/cgroup/cgroup.controllers", "memory\n");
    write_below(root, "sys/fs/cgroup/machine/memory.max", "346030080\n");
    write_below(root, "sys/fs/cgroup/machine/memory.high", "1048576\n");
    write_below(root, "sys/fs/cgroup/machine/memory.current", "346030080\n");
    write_below(root, "sys/fs/cgroup/machine/memory.stat",
                "inactive_file 1048576\n");
    write_below(root, "sys/fs/cgroup/machine/memory.events",
                "max 9\noom 1\noom_kill 2\n");
    write_below(root, "sys/fs/cgroup/machine/memory.events.local",
                "max 9\noom 1\noom_kill 0\n");
    write_below(root, "sys/fs/cgroup/machine/scope/memory.max", "max\n");
    g_autoptr(GArray) groups = hvb_memory_groups_read(root, "/machine/scope");
    const HvbMemoryGroup *group = hvb_memory_groups_tightest(groups, &left);
    CU_ASSERT_PTR_NOT_NULL_FATAL(group);
    expect_text(group->name, "/machine");
    CU_ASSERT_EQUAL(left, 1048576);
    CU_ASSERT_EQUAL(group->high_bytes, 1048576);
    CU_ASSERT_EQUAL(group->hits, 1);
    CU_ASSERT_EQUAL(group->kills, 2);
}

static void test_the_limit_that_was_reached_since_is_found(void)
{
    g_autoptr(Root) root = root_with_limit();
    g_autoptr(GArray) before = hvb_memory_groups_of(root, 77);
    gboolean killed = TRUE;

    CU_ASSERT_PTR_NULL(hvb_memory_groups_reached(before, before, &killed));
    write_v1_memory(root, "/machine", "346030080\n", "33554432\n", "9\n");
    g_autoptr(GArray) after = hvb_memory_groups_of(root, 77);
    const HvbMemoryGroup *group =
        hvb_memory_groups_reached(before, after, &killed);
    CU_ASSERT_PTR_NOT_NULL_FATAL(group);
    expect_text(group->name, "/machine");
    CU_ASSERT_FALSE(killed);
}

/* Two guests of 128 MiB; QEMU may take as much again. */
static HvbProfile *two_guests(void)
{
    return hvb_profile_from_text("[scenario]\nname = x\n[guests]\ncount = 2\n"
                                 "memory-mib = 128\n[guest 1]\nloaded = yes\n"
                                 "measured = yes\n",
                                 "x", NULL);
}

static void test_guests_must_fit_into_the_limit_of_their_group(void)
{
    g_autoptr(Root) root = root_with_limit();
    g_autoptr(HvbProfile) profile = two_guests();
    g_autoptr(GError) group = NULL, host = NULL;

    write_below(root, "proc/meminfo", "MemAvailable: 1048576 kB\n");
    CU_ASSERT_FALSE(hvb_images_check_memory(root, profile, &group));
    CU_ASSERT_TRUE_FATAL(
        g_error_matches(group, HVB_BED_ERROR, HVB_BED_ERROR_HOST));
    CU_ASSERT_PTR_NOT_NULL(strstr(group->message, "2 guests need 512 MiB"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(group->message, "the control group /machine "));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(group->message,
               "330 MiB (memory.limit_in_bytes), of which 299 MiB"));
    write_v1_memory(root, "/machine", V1_NONE, "33554432\n", "4\n");
    CU_ASSERT_TRUE(hvb_images_check_memory(root, profile, NULL));
    write_below(root, "proc/meminfo", "MemAvailable: 524287 kB\n");
    CU_ASSERT_FALSE(hvb_images_check_memory(root, profile, &host));
    CU_ASSERT_PTR_NOT_NULL_FATAL(host);
    CU_ASSERT_PTR_NOT_NULL(strstr(host->message, "only 511 MiB are available"));
}

static void test_a_group_that_slows_its_guests_down_is_doubted(void)
{
    g_autoptr(Root) root = root_new();
    g_autoptr(HvbProfile) profile = two_guests();

    write_below(root, "sys/fs/cgroup/cgroup.controllers", "memory\n");
    write_below(root, "sys/fs/cgroup/machine.slice/memory.max", "max\n");
    write_below(root, "sys/fs/cgroup/machine.slice/memory.high", "max\n");
    CU_ASSERT_PTR_NULL(hvb_images_memory_doubt(root, profile));
    write_below(root, "sys/fs/cgroup/machine.slice/memory.high", "104857600\n");
    g_autofree char *doubt = hvb_images_memory_doubt(root, profile);
    CU_ASSERT_PTR_NOT_NULL_FATAL(doubt);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(doubt, "beyond 100 MiB of the control group /machine.slice"));
}

static void test_a_status_names_the_signal(void)
{
    g_autofree char *killed = hvb_fate_status_text(SIGKILL);
    g_autofree char *dumped = hvb_fate_status_text(SIGSEGV | 0x80);
    g_autofree char *ended = hvb_fate_status_text(3 << 8);

    expect_text(killed, "QEMU ended by signal 9 (Killed)");
    CU_ASSERT_TRUE(g_str_has_prefix(dumped, "QEMU ended by signal 11"));
    expect_text(ended, "QEMU ended with status 3");
}

/* A zombie has its status in /proc on every kernel, one that was reaped with
 * who holds its pidfd on new ones. */
static void test_a_process_that_was_killed_is_told_so(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        pause();
        _exit(0);
    }
    CU_ASSERT_TRUE_FATAL(pid > 0);
    g_autoptr(HvbFate) fate = hvb_fate_new("/", NAME, NULL);
    hvb_fate_watch(fate, pid);
    CU_ASSERT_FALSE(hvb_fate_is_over(fate));
    CU_ASSERT_PTR_NULL(hvb_fate_tell(fate, NULL));
    kill(pid, SIGKILL);
    siginfo_t info;
    CU_ASSERT_EQUAL(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    CU_ASSERT_TRUE(hvb_fate_is_over(fate));
    g_autofree char *zombie = hvb_fate_tell(fate, "crashed");
    CU_ASSERT_PTR_NOT_NULL_FATAL(zombie);
    CU_ASSERT_PTR_NOT_NULL(strstr(zombie, "QEMU ended by signal 9 (Killed)"));
    CU_ASSERT_PTR_NOT_NULL(strstr(zombie, "libvirt says that it crashed"));
    waitpid(pid, NULL, 0);
    g_autofree char *reaped = hvb_fate_tell(fate, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(reaped);
    CU_ASSERT_TRUE(strstr(reaped, "by signal 9") ||
                   strstr(reaped, "Linux 6.15 or newer"));
}

CU_TestInfo tests_fate[] = {
    {"a thread that waits for its turn is not held",
     test_a_thread_that_waits_for_its_turn_is_not_held},
    {"what holds a thread is told by its state",
     test_what_holds_a_thread_is_told_by_its_state},
    {"a frozen group is told by either version",
     test_a_frozen_group_is_told_by_either_version},
    {"a thread that ran since is not held",
     test_a_thread_that_ran_since_is_not_held},
    {"a thread is blocked if two looks in a row find it so",
     test_a_thread_is_blocked_if_two_looks_in_a_row_find_it_so},
    {"a kernel without schedstat tells by ticks who ran",
     test_a_kernel_without_schedstat_tells_by_ticks_who_ran},
    {"libvirt tells of pauses and ends", test_libvirt_tells_of_pauses_and_ends},
    {"the kernel log tells whose limit killed",
     test_the_kernel_log_tells_whose_limit_killed},
    {"the kernel log tells of a scope of systemd's",
     test_the_kernel_log_tells_of_a_scope_of_systemds},
    {"a host without memory is told from a limit",
     test_a_host_without_memory_is_told_from_a_limit},
    {"the last words are of the last start",
     test_the_last_words_are_of_the_last_start},
    {"the limit with the least left is found",
     test_the_limit_with_the_least_left_is_found},
    {"memory of a container is found below its mount",
     test_memory_of_a_container_is_found_below_its_mount},
    {"v2 names its limits max and high", test_v2_names_its_limits_max_and_high},
    {"the limit that was reached since is found",
     test_the_limit_that_was_reached_since_is_found},
    {"guests must fit into the limit of their group",
     test_guests_must_fit_into_the_limit_of_their_group},
    {"a group that slows its guests down is doubted",
     test_a_group_that_slows_its_guests_down_is_doubted},
    {"a status names the signal", test_a_status_names_the_signal},
    {"a process that was killed is told so",
     test_a_process_that_was_killed_is_told_so},
    TEST_END,
};
