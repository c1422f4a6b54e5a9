/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/profile/profile.h"

#include "version.h"

/* The directory of the running program if it is a build directory: one with
 * the Makefile and profiles/ beside it. */
static char *build_dir(void)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);

    if (!program)
        return NULL;
    g_autofree char *dir = g_path_get_dirname(program);
    g_autofree char *makefile = g_build_filename(dir, "..", "Makefile", NULL);
    g_autofree char *profiles = g_build_filename(dir, "..", "profiles", NULL);
    if (!g_file_test(makefile, G_FILE_TEST_IS_REGULAR) ||
        !g_file_test(profiles, G_FILE_TEST_IS_DIR))
        return NULL;
    return g_steal_pointer(&dir);
}

char *hvb_profile_dir(void)
{
    const char *wanted = g_getenv("HVBENCH_DATA_DIR");
    g_autofree char *dir = NULL;

    if (wanted && *wanted)
        return g_strdup(wanted);
    dir = build_dir();
    return dir ? g_path_get_dirname(dir) : g_strdup(HVB_DATA_DIR);
}

char *hvb_profile_guest_file(const char *flavour, const char *file)
{
    const char *wanted = g_getenv("HVBENCH_DATA_DIR");
    g_autofree char *dir = wanted && *wanted ? NULL : build_dir();

    if (!dir)
        dir = hvb_profile_dir();
    /* An empty element leaves no trace in the path. */
    return g_build_filename(dir, "guests", flavour ? flavour : "", file, NULL);
}
