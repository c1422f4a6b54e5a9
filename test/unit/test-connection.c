/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is decided about a bed before there are guests, and around them. */
#include "hvbench/bed/connection.h"
#include "hvbench/bed/console.h"
#include "hvbench/bed/libvirt-bed.h"
#include "hvbench/bed/state.h"
#include "hvbench/profile/names.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"
#include "test/unit/root-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_only_uris_of_this_machine_are_local(void)
{
    static const char *const local[] = {
        "qemu:///system",
        "qemu:///embed?root=/var/lib/hvbench/embed",
        "qemu+unix:///system?socket=/run/x",
        "qemu+unix://box.example.org/system",
        "an-alias",
        "",
    };
    static const char *const remote[] = {
        "qemu://box.example.org/system",     "qemu+ssh://root@box/system",
        "qemu+tcp://192.0.2.7:16509/",       "qemu+tls://[2001:db8::1]/system",
        "qemu+libssh2://box/system?x=+unix",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(local); i++)
        CU_ASSERT_TRUE(hvb_connection_check_local(local[i], NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(remote); i++) {
        g_autoptr(GError) error = NULL;
        CU_ASSERT_FALSE(hvb_connection_check_local(remote[i], &error));
        CU_ASSERT_TRUE_FATAL(
            g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST));
        CU_ASSERT_PTR_NOT_NULL(strstr(error->message, remote[i]));
    }
}

static void test_a_libvirt_that_does_not_answer_is_the_hosts_fault(void)
{
    g_autoptr(GError) error = NULL;

    CU_ASSERT_PTR_NULL(hvb_connection_open("nosuchdriver:///", &error));
    CU_ASSERT_TRUE(g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST));
}

static void test_a_lock_handed_over_is_let_go_when_connecting_fails(void)
{
    g_autoptr(Root) root = root_new();
    g_autofree char *path = g_build_filename(root, "lock", NULL);
    int lock = hvb_state_lock(path, NULL);

    CU_ASSERT_FATAL(lock >= 0);
    CU_ASSERT_PTR_NULL(
        hvb_connection_open_locked("nosuchdriver:///", lock, NULL));
    CU_ASSERT_PTR_NULL(hvb_connection_open_locked("qemu+ssh://box/system",
                                                  hvb_state_lock(path, NULL),
                                                  NULL));
    lock = hvb_state_lock(path, NULL);
    CU_ASSERT_FATAL(lock >= 0);
    close(lock);
}

static void expect_no_lock(const char *path, const char *says)
{
    g_autoptr(GError) error = NULL;

    CU_ASSERT_EQUAL(hvb_state_lock(path, &error), -1);
    CU_ASSERT_TRUE_FATAL(
        g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, path));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, says));
}

static void test_the_lock_is_one_holders_whoever_made_the_file(void)
{
    g_autoptr(Root) root = root_new();
    g_autofree char *path = g_build_filename(root, "lock", NULL);
    mode_t umask_before = umask(077);
    struct stat status;

    int first = hvb_state_lock(path, NULL);
    umask(umask_before);
    CU_ASSERT_TRUE_FATAL(first >= 0);
    expect_no_lock(path, "another hvbench");
    CU_ASSERT_EQUAL_FATAL(stat(path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 0777, 0444);
    close(first);
    int second = hvb_state_lock(path, NULL);
    CU_ASSERT_TRUE(second >= 0);
    close(second);
}

static void test_the_lock_follows_no_link(void)
{
    g_autoptr(Root) root = root_new();
    g_autofree char *path = g_build_filename(root, "lock", NULL);
    g_autofree char *target = g_build_filename(root, "target", NULL);

    CU_ASSERT_EQUAL_FATAL(symlink("target", path), 0);
    expect_no_lock(path, "cannot lock");
    CU_ASSERT_FALSE(g_file_test(target, G_FILE_TEST_EXISTS));
}

static void expect_no_state(const char *dir, const char *says)
{
    g_autoptr(GError) error = NULL;

    CU_ASSERT_FALSE(hvb_state_make_dir(dir, &error));
    CU_ASSERT_TRUE_FATAL(
        g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, dir));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, says));
}

static void test_a_state_directory_is_its_users_alone(void)
{
    g_autoptr(Root) root = root_new();
    g_autofree char *dir = g_build_filename(root, "a", "b", NULL);
    g_autofree char *link = g_build_filename(root, "link", NULL);
    g_autofree char *file = g_build_filename(root, "file", NULL);

    CU_ASSERT_TRUE(hvb_state_make_dir(dir, NULL));
    CU_ASSERT_TRUE(hvb_state_make_dir(dir, NULL));
    CU_ASSERT_EQUAL(g_chmod(dir, 0775), 0);
    expect_no_state(dir, "others may write");
    CU_ASSERT_EQUAL(g_chmod(dir, 0757), 0);
    expect_no_state(dir, "others may write");
    CU_ASSERT_EQUAL(g_chmod(dir, 0755), 0);
    CU_ASSERT_EQUAL(symlink("a", link), 0);
    expect_no_state(link, "no directory");
    write_below(root, "file", "");
    expect_no_state(file, "cannot keep");
    if (geteuid() == 0 && chown(dir, 1, 1) == 0)
        expect_no_state(dir, "another user");
}

static void test_stale_beds_are_removed_and_links_not_followed(void)
{
    g_autoptr(Root) root = root_new();
    g_autofree char *state = g_build_filename(root, "state", NULL);
    g_autofree char *bed = g_build_filename(state, "bed-7", NULL);
    g_autofree char *link = g_build_filename(bed, "link", NULL);
    g_autofree char *kept = g_build_filename(state, "accel", NULL);
    g_autofree char *outside = g_build_filename(root, "outside", NULL);

    write_below(root, "state/accel", "");
    write_below(root, "state/bed-7/deep/file", "");
    write_below(root, "outside", "");
    CU_ASSERT_EQUAL_FATAL(symlink(root, link), 0);
    hvb_state_remove_beds(state);
    CU_ASSERT_FALSE(g_file_test(bed, G_FILE_TEST_EXISTS));
    CU_ASSERT_TRUE(g_file_test(kept, G_FILE_TEST_EXISTS));
    CU_ASSERT_TRUE(g_file_test(outside, G_FILE_TEST_EXISTS));
}

static void test_no_console_replaces_an_earlier_one(void)
{
    static const char *const names[] = {"guest3.log", "guest3.2.log",
                                        "guest3.3.log"};
    g_autoptr(Root) root = root_new();

    write_below(root, "guest1.log", "");
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = hvb_console_new_path(root, "guest3");
        g_autofree char *expected = g_build_filename(root, names[i], NULL);
        expect_text(path, expected);
        write_below(root, names[i], "");
    }
}

static void test_a_guest_that_counts_jiffies_is_refused(void)
{
    static const char *const bad[] = {"jiffies", "refined-jiffies"};
    static const char *const good[] = {"tsc", "kvm-clock", "hpet", "acpi_pm"};

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
        CU_ASSERT_TRUE(hvb_clocksource_check("guest3", good[i], NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        CU_ASSERT_FALSE(hvb_clocksource_check("guest3", bad[i], &error));
        CU_ASSERT_TRUE_FATAL(
            g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_BOOT));
        CU_ASSERT_TRUE(g_str_has_prefix(error->message, "guest3 "));
        CU_ASSERT_PTR_NOT_NULL(strstr(error->message, bad[i]));
        CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "--guests"));
    }
}

typedef struct {
    guint closed;
    char *why;
    gsize bytes;
} Heard;

static void on_bytes(HvbPort *port, const void *bytes, gsize n)
{
    Heard *heard = port->user_data;

    (void)bytes;
    heard->bytes += n;
}

static void on_closed(HvbPort *port, const char *why)
{
    Heard *heard = port->user_data;

    heard->closed++;
    g_free(heard->why);
    heard->why = g_strdup(why);
}

static HvbPort *port_new(int fds[2], Heard *heard)
{
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    HvbPort *port = hvb_fd_port_new(fds[0]);
    port->on_bytes = on_bytes;
    port->on_closed = on_closed;
    port->user_data = heard;
    return port;
}

static void test_a_port_that_nobody_reads_is_closed(void)
{
    static const guint8 block[1024];
    Heard heard = {0};
    int fds[2];
    HvbPort *port = port_new(fds, &heard);

    /* A socket holds some hundred KiB by itself. */
    for (guint i = 0; i < 4096 && !heard.closed; i++)
        port->send(port, block, sizeof block);
    CU_ASSERT_EQUAL(heard.closed, 1);
    expect_text(heard.why, HVB_PORT_QUEUE_FULL);
    port->send(port, block, sizeof block);
    CU_ASSERT_EQUAL(heard.closed, 1);
    port->free(port);
    close(fds[1]);
    g_free(heard.why);
}

static void test_a_flood_is_taken_in_small_bites(void)
{
    static const guint8 block[65536];
    Heard heard = {0};
    int fds[2];
    HvbPort *port = port_new(fds, &heard);

    CU_ASSERT_EQUAL_FATAL(write(fds[1], block, sizeof block), sizeof block);
    g_main_context_iteration(NULL, FALSE);
    CU_ASSERT_TRUE(heard.bytes > 0 && heard.bytes < sizeof block);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    CU_ASSERT_EQUAL(heard.bytes, sizeof block);
    port->free(port);
    close(fds[1]);
}

static void expect_line(const char *words, const char *expected)
{
    g_autofree char *line = hvb_name_line(words);

    expect_text(line, expected);
}

static void test_what_others_say_is_one_printable_line(void)
{
    expect_line("process exited: 2026 qemu: -device x:\nno such device\n",
                "process exited: 2026 qemu: -device x:; no such device");
    expect_line("\r\n  a\tb \r\n\n c\n", "a b; c");
    expect_line("\033[2Jgone\a", "?[2Jgone?");
    expect_line("\xff text \xc3\xa4", "\xef\xbf\xbd text \xc3\xa4");
    expect_line("", "");
    expect_line("\n\n", "");
}

/* Else it writes its warnings over whatever is on the terminal. */
static void test_libvirt_logs_into_a_file(void)
{
    g_autofree char *lock = g_dir_make_tmp("hvbench-test-XXXXXX", NULL);
    int fd = open(lock, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    g_autoptr(HvbConnection) connection =
        hvb_connection_open_locked("nosuchdriver:///", fd, NULL);
    CU_ASSERT_PTR_NULL(connection);
    const char *outputs = g_getenv("LIBVIRT_LOG_OUTPUTS");
    CU_ASSERT_PTR_NOT_NULL_FATAL(outputs);
    CU_ASSERT(g_str_has_prefix(outputs, "3:file:/"));
    CU_ASSERT(g_str_has_suffix(outputs, "/libvirt.log"));
    CU_ASSERT(g_file_test(outputs + strlen("3:file:"), G_FILE_TEST_EXISTS));
    g_rmdir(lock);
}

static void test_qemus_log_is_in_the_place_of_its_daemon(void)
{
    g_autofree char *own =
        g_build_filename(g_get_user_cache_dir(), "libvirt/qemu/log",
                         "guest.log", NULL);
    const struct {
        const char *uri, *file;
    } cases[] = {
        {"qemu:///system", "/var/log/libvirt/qemu/guest.log"},
        {"qemu:///session", own},
        {"qemu+unix:///session?socket=/run/x", own},
        {"qemu:///system?socket=/run/session",
         "/var/log/libvirt/qemu/guest.log"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *file = hvb_qemu_log_of_daemon(cases[i].uri, "guest");
        CU_ASSERT_STRING_EQUAL(file, cases[i].file);
    }
}

CU_TestInfo tests_connection[] = {
    {"what others say is one printable line",
     test_what_others_say_is_one_printable_line},
    {"libvirt logs into a file", test_libvirt_logs_into_a_file},
    {"only URIs of this machine are local",
     test_only_uris_of_this_machine_are_local},
    {"QEMU's log is in the place of its daemon",
     test_qemus_log_is_in_the_place_of_its_daemon},
    {"a lock handed over is let go when connecting fails",
     test_a_lock_handed_over_is_let_go_when_connecting_fails},
    {"a libvirt that does not answer is the host's fault",
     test_a_libvirt_that_does_not_answer_is_the_hosts_fault},
    {"the lock is one holder's, whoever made the file",
     test_the_lock_is_one_holders_whoever_made_the_file},
    {"the lock follows no link", test_the_lock_follows_no_link},
    {"a state directory is its user's alone",
     test_a_state_directory_is_its_users_alone},
    {"stale beds are removed and links not followed",
     test_stale_beds_are_removed_and_links_not_followed},
    {"no console replaces an earlier one",
     test_no_console_replaces_an_earlier_one},
    {"a guest that counts jiffies is refused",
     test_a_guest_that_counts_jiffies_is_refused},
    {"a port that nobody reads is closed",
     test_a_port_that_nobody_reads_is_closed},
    {"a flood is taken in small bites", test_a_flood_is_taken_in_small_bites},
    TEST_END,
};
