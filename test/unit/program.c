/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/unit/program.h"

#include "test/suites.h"

#include <string.h>

void program_outcome_clear(ProgramOutcome *outcome)
{
    g_free(outcome->out);
    g_free(outcome->err);
}
char *program_find(void)
{
    const char *wanted = g_getenv("HVBENCH");
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = self ? g_path_get_dirname(self) : NULL;
    g_autofree char *path =
        wanted ? g_strdup(wanted)
               : g_build_filename(dir ? dir : ".", "hvbench", NULL);

    if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer(&path);
    test_skip("the program is not built; HVBENCH=FILE names another");
    return NULL;
}

/* `file` NULL: the output is a pipe. */
static GSubprocess *spawn(const char *program, const char *const *arguments,
                          const char *file)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new((file ? 0 : G_SUBPROCESS_FLAGS_STDOUT_PIPE) |
                                  G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();

    if (file)
        g_subprocess_launcher_set_stdout_file_path(launcher, file);
    g_ptr_array_add(argv, (gpointer)program);
    for (; *arguments; arguments++)
        g_ptr_array_add(argv, (gpointer)*arguments);
    g_ptr_array_add(argv, NULL);
    GSubprocess *process =
        g_subprocess_launcher_spawnv(launcher, (const char *const *)argv->pdata,
                                     NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(process);
    return process;
}

GSubprocess *program_spawn(const char *program, const char *const *arguments)
{
    return spawn(program, arguments, NULL);
}

void program_run(const char *program, const char *const *arguments,
                 ProgramOutcome *ret_outcome)
{
    program_run_into(program, arguments, NULL, ret_outcome);
}

void program_run_into(const char *program, const char *const *arguments,
                      const char *file, ProgramOutcome *ret_outcome)
{
    g_autoptr(GSubprocess) process = spawn(program, arguments, file);

    CU_ASSERT_TRUE_FATAL(
        g_subprocess_communicate_utf8(process, NULL, NULL, &ret_outcome->out,
                                      &ret_outcome->err, NULL));
    CU_ASSERT_TRUE_FATAL(g_subprocess_get_if_exited(process));
    ret_outcome->status = g_subprocess_get_exit_status(process);
}

gboolean program_said_one_line(const char *text)
{
    const char *end = strchr(text, '\n');

    return end && end[1] == '\0';
}
