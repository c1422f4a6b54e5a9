/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/bed/run-fixture.h"

#include "test/bed/bed-fixture.h"

#include <stdio.h>
#include <string.h>

void run_spawn(Run *run, const char **argv, const char *data_dir)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *build = g_path_get_dirname(self);
    g_autofree char *program = g_build_filename(build, "hvbench", NULL);
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);

    g_clear_object(&run->process);
    g_clear_object(&run->out);
    g_subprocess_launcher_set_cwd(launcher, run->scratch);
    if (data_dir)
        g_subprocess_launcher_setenv(launcher, "HVBENCH_DATA_DIR", data_dir,
                                     TRUE);
    argv[0] = program;
    run->process = g_subprocess_launcher_spawnv(launcher, argv, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(run->process);
    run->out =
        g_data_input_stream_new(g_subprocess_get_stdout_pipe(run->process));
}

void run_start(Run *run)
{
    const char *argv[] = {"",   "run",    "--accel",    "tcg",
                          "-o", run->set, run->profile, NULL};

    run_spawn(run, argv, NULL);
}

gboolean run_can_start(Run *run, const char *profile_text)
{
    if (!bed_fixture_can_run())
        return FALSE;
    run->scratch = g_dir_make_tmp("hvbench-test-XXXXXX", NULL);
    run->profile = g_build_filename(run->scratch, "test.profile", NULL);
    run->set = g_build_filename(run->scratch, "set", NULL);
    CU_ASSERT_TRUE_FATAL(
        g_file_set_contents(run->profile, profile_text, -1, NULL));
    return TRUE;
}

void run_clear(Run *run)
{
    const char *const argv[] = {"rm", "-r", "--", run->scratch, NULL};

    if (run->scratch)
        g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                     NULL, NULL, NULL, NULL);
    g_free(run->scratch);
    g_free(run->profile);
    g_free(run->set);
    g_clear_object(&run->process);
    g_clear_object(&run->out);
}

void run_wait_for(Run *run, const char *part)
{
    g_autofree char *line = NULL;

    do {
        g_free(line);
        line = g_data_input_stream_read_line(run->out, NULL, NULL, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    } while (!strstr(line, part));
}

int run_wait_for_any_end(Run *run, char **ret_err)
{
    CU_ASSERT_TRUE_FATAL(g_subprocess_communicate_utf8(run->process, NULL, NULL,
                                                       NULL, ret_err, NULL));
    CU_ASSERT_TRUE_FATAL(g_subprocess_get_if_exited(run->process));
    return g_subprocess_get_exit_status(run->process);
}

char *run_wait_for_end(Run *run, int status)
{
    char *err = NULL;
    int ended = run_wait_for_any_end(run, &err);

    CU_ASSERT_EQUAL(ended, status);
    if (ended != status)
        printf("    %s\n", err);
    return err;
}
