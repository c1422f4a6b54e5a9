/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program's command line as its user has it. */
#define _GNU_SOURCE
#include "hvbench/cli/commands.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"
#include "test/unit/program.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* No libvirt driver answers to it. */
#define NO_LIBVIRT "nosuchdriver:///"

static void test_wrong_usage_is_one_line_and_status_2(void)
{
    static const char *const usages[][6] = {
        {"frobnicate"},
        {"--frobnicate"},
        {"list", "operand"},
        {"list", "--frobnicate"},
        {"show"},
        {"show", "no-such-profile"},
        {"show", "--frobnicate"},
        {"run"},
        {"run", "no-such-profile"},
        {"run", "--frobnicate", "fig09"},
        {"run", "--levels", "Lwo", "fig09"},
        {"run", "--samples", "many", "fig09"},
        {"report"},
        {"reproduce", "fig03"},
        {"reproduce", "--budget", "ten"},
        {"reproduce", "--budget", "1s"},
        {"reproduce", "--only", "C99"},
        {"reproduce", "--only", "8"},
        {"reproduce", "--accel", "xen"},
        {"reproduce", "--seed", "-1"},
        {"compare"},
        {"compare", "results"},
        {"compare", "--aa"},
        {"compare", "--aa", "one", "two"},
        {"compare", "--json", "file", "--aa", "one"},
        {"compare", "--tolerance", "-1", "one", "two"},
        {"compare", "--tolerance-ms", "nan", "one", "two"},
        {"compare", "/", "/"},
        {"compare", "no-such-set", "nor-this"},
        {"doctor", "operand"},
        {"doctor", "--frobnicate"},
        {"doctor", "--connect"},
        {"selftest", "a"},
        {"selftest", "--only", "a,z"},
        {"selftest", "--only", ""},
        {"selftest", "--seed", "-1"},
        {"selftest", "--accel", "xen"},
    };
    g_autofree char *program = program_find();

    for (gsize i = 0; program && i < G_N_ELEMENTS(usages); i++) {
        g_auto(ProgramOutcome) outcome = {0};
        program_run(program, usages[i], &outcome);
        CU_ASSERT_EQUAL(outcome.status, HVB_EXIT_USAGE);
        CU_ASSERT_TRUE(g_str_has_prefix(outcome.err, "hvbench: "));
        CU_ASSERT_TRUE(program_said_one_line(outcome.err));
        expect_text(outcome.out, "");
    }
}

static void test_no_command_is_answered_with_the_help_and_status_2(void)
{
    static const char *const nothing[] = {NULL};
    g_autofree char *program = program_find();
    g_auto(ProgramOutcome) outcome = {0};

    if (!program)
        return;
    program_run(program, nothing, &outcome);
    CU_ASSERT_EQUAL(outcome.status, HVB_EXIT_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome.err, "hvbench COMMAND"));
    expect_text(outcome.out, "");
}

static void test_what_was_asked_for_goes_to_stdout_with_status_0(void)
{
    static const char *const usages[][4] = {
        {"--help"},
        {"-h"},
        {"--version"},
        {"list"},
        {"list", "--help"},
        {"show", "fig09"},
        {"show", "--help"},
        {"run", "--help"},
        {"report", "-h"},
        {"doctor", "--help"},
        {"compare", "--help"},
        {"reproduce", "--help"},
        {"reproduce", "--dry-run"},
        {"selftest", "--help"},
    };
    g_autofree char *program = program_find();

    for (gsize i = 0; program && i < G_N_ELEMENTS(usages); i++) {
        g_auto(ProgramOutcome) outcome = {0};
        program_run(program, usages[i], &outcome);
        CU_ASSERT_EQUAL(outcome.status, HVB_EXIT_OK);
        CU_ASSERT_TRUE(*outcome.out != '\0');
        expect_text(outcome.err, "");
    }
}

static void test_every_help_tells_the_exit_statuses(void)
{
    static const char *const commands[][3] = {
        {"run", "--help"},       {"show", "--help"},     {"report", "--help"},
        {"list", "--help"},      {"doctor", "--help"},   {"--help"},
        {"reproduce", "--help"}, {"selftest", "--help"},
    };
    g_autofree char *program = program_find();

    for (gsize i = 0; program && i < G_N_ELEMENTS(commands); i++) {
        g_auto(ProgramOutcome) outcome = {0};
        program_run(program, commands[i], &outcome);
        CU_ASSERT_PTR_NOT_NULL(strstr(outcome.out, "130"));
        CU_ASSERT_PTR_NOT_NULL(strstr(outcome.out, "interrupted"));
    }
}

static guint count_lines(const char *text, const char *prefix)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    guint n = 0;

    for (char **line = lines; *line; line++)
        n += g_str_has_prefix(*line, prefix);
    return n;
}

static void test_doctor_without_libvirt_fails_and_counts_its_lines(void)
{
    static const char *const arguments[] = {"doctor", "--quick", "--connect",
                                            NO_LIBVIRT, NULL};
    g_autofree char *program = program_find();
    g_auto(ProgramOutcome) outcome = {0};

    if (!program)
        return;
    program_run(program, arguments, &outcome);
    CU_ASSERT_EQUAL(outcome.status, HVB_EXIT_HOST);
    guint warnings = count_lines(outcome.out, "warn ");
    guint failures = count_lines(outcome.out, "FAIL ");
    g_autofree char *last = g_strdup_printf(
        "\nthis host cannot run hvbench: %u ok, %u warning%s, %u failure%s\n",
        count_lines(outcome.out, "ok "), warnings, warnings == 1 ? "" : "s",
        failures, failures == 1 ? "" : "s");
    CU_ASSERT_TRUE(g_str_has_suffix(outcome.out, last));
    CU_ASSERT_TRUE(failures > 0);
    CU_ASSERT_PTR_NULL(strchr(outcome.out, '\033'));
    expect_text(outcome.err, "");
}

/* A program that cannot get rid of what it has to say: its output is a pipe
 * that is full. It stands in the middle of its work until the pipe is read or
 * closed, however fast or slow this machine is. */
typedef struct {
    GSubprocess *process;
    int out; /* the reader's end; -1: closed */
} Stuck;

static void stuck_clear(Stuck *stuck)
{
    g_clear_object(&stuck->process);
    if (stuck->out >= 0)
        close(stuck->out);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stuck, stuck_clear)

static void make_full_pipe(int ends[2])
{
    static const char filler[PIPE_BUF];

    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    CU_ASSERT_EQUAL_FATAL(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    while (write(ends[1], filler, sizeof filler) > 0)
        continue;
    while (write(ends[1], filler, 1) > 0)
        continue;
    CU_ASSERT_EQUAL_FATAL(fcntl(ends[1], F_SETFL, 0), 0);
}

static Stuck start_stuck_doctor(const char *program)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDERR_PIPE);
    int ends[2];

    make_full_pipe(ends);
    g_subprocess_launcher_take_stdout_fd(launcher, ends[1]);
    Stuck stuck = {g_subprocess_launcher_spawn(launcher, NULL, program,
                                               "doctor", "--quick", "--connect",
                                               NO_LIBVIRT, NULL),
                   ends[0]};
    CU_ASSERT_PTR_NOT_NULL_FATAL(stuck.process);
    return stuck;
}

/* Whether the program has come so far that it handles the signal. */
static gboolean catches(GSubprocess *process, int signal)
{
    g_autofree char *path =
        g_strdup_printf("/proc/%s/status",
                        g_subprocess_get_identifier(process));
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return FALSE;
    const char *mask = strstr(text, "\nSigCgt:");
    return mask && (g_ascii_strtoull(mask + strlen("\nSigCgt:"), NULL, 16) >>
                    (signal - 1)) &
                       1;
}

#define PATIENCE_MS 60000

static void wait_until_it_catches(GSubprocess *process, int signal)
{
    for (guint i = 0; i < PATIENCE_MS && !catches(process, signal); i++)
        g_usleep(1000);
    CU_ASSERT_TRUE_FATAL(catches(process, signal));
}

static void drain(int fd)
{
    char bytes[4096];

    while (read(fd, bytes, sizeof bytes) > 0)
        continue;
}

/* The signal arrives while it still has most of its checks before it. */
static void test_interrupted_doctor_says_so_with_status_130(void)
{
    g_autofree char *program = program_find();
    g_autofree char *err = NULL;

    if (!program)
        return;
    g_auto(Stuck) doctor = start_stuck_doctor(program);
    wait_until_it_catches(doctor.process, SIGINT);
    g_subprocess_send_signal(doctor.process, SIGINT);
    drain(doctor.out);
    CU_ASSERT_TRUE_FATAL(g_subprocess_communicate_utf8(doctor.process, NULL,
                                                       NULL, NULL, &err, NULL));
    CU_ASSERT_TRUE_FATAL(g_subprocess_get_if_exited(doctor.process));
    CU_ASSERT_EQUAL(g_subprocess_get_exit_status(doctor.process),
                    HVB_EXIT_INTERRUPTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err, "hvbench: interrupted"));
}

static char *scratch_set(char **ret_scratch)
{
    *ret_scratch = g_dir_make_tmp("hvbench-test-XXXXXX", NULL);
    return g_build_filename(*ret_scratch, "set", NULL);
}

static void test_run_without_gnuplot_ends_at_once_with_status_3(void)
{
    g_autofree char *program = program_find();
    g_autofree char *scratch = NULL;
    g_autofree char *set = scratch_set(&scratch);
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    const char *const arguments[] = {"run", "-o", set, "smoke", NULL};
    g_auto(ProgramOutcome) outcome = {0};

    if (program) {
        g_setenv("PATH", scratch, TRUE);
        program_run(program, arguments, &outcome);
        g_setenv("PATH", path, TRUE);
        CU_ASSERT_EQUAL(outcome.status, HVB_EXIT_HOST);
        CU_ASSERT_TRUE(program_said_one_line(outcome.err));
        CU_ASSERT_PTR_NOT_NULL(strstr(outcome.err, "install gnuplot-nox"));
        expect_text(outcome.out, "");
    }
    CU_ASSERT_EQUAL(g_rmdir(scratch), 0); /* nothing was made in it */
}

static void test_run_that_boots_no_guest_leaves_no_result_set(void)
{
    g_autofree char *program = program_find();
    g_autofree char *scratch = NULL;
    g_autofree char *set = scratch_set(&scratch);
    const char *const arguments[] = {"run", "--connect", NO_LIBVIRT, "-o",
                                     set,   "smoke",     NULL};
    g_auto(ProgramOutcome) outcome = {0};

    if (program) {
        program_run(program, arguments, &outcome);
        CU_ASSERT_NOT_EQUAL(outcome.status, HVB_EXIT_OK);
        CU_ASSERT_TRUE(program_said_one_line(outcome.err));
    }
    CU_ASSERT_EQUAL(g_rmdir(scratch), 0);
}

/* Its reader leaves while it has most of its checks before it. */
static void test_output_that_nobody_reads_ends_the_program_with_status_1(void)
{
    g_autofree char *program = program_find();
    g_autofree char *err = NULL;

    if (!program)
        return;
    g_auto(Stuck) doctor = start_stuck_doctor(program);
    wait_until_it_catches(doctor.process, SIGINT);
    close(doctor.out);
    doctor.out = -1;
    CU_ASSERT_TRUE_FATAL(g_subprocess_communicate_utf8(doctor.process, NULL,
                                                       NULL, NULL, &err, NULL));
    CU_ASSERT_TRUE_FATAL(g_subprocess_get_if_exited(doctor.process));
    CU_ASSERT_EQUAL(g_subprocess_get_exit_status(doctor.process),
                    HVB_EXIT_FAILED);
    CU_ASSERT_TRUE(g_str_has_prefix(err, "hvbench: cannot write the output"));
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_cli[] = {
    TEST(wrong_usage_is_one_line_and_status_2),
    TEST(no_command_is_answered_with_the_help_and_status_2),
    TEST(what_was_asked_for_goes_to_stdout_with_status_0),
    TEST(every_help_tells_the_exit_statuses),
    TEST(doctor_without_libvirt_fails_and_counts_its_lines),
    TEST(interrupted_doctor_says_so_with_status_130),
    TEST(run_without_gnuplot_ends_at_once_with_status_3),
    TEST(run_that_boots_no_guest_leaves_no_result_set),
    TEST(output_that_nobody_reads_ends_the_program_with_status_1),
    TEST_END,
};
