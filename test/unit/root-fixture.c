/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/unit/root-fixture.h"

#include "hvbench/bed/state.h"

#include <CUnit/CUnit.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define NOBODY 65534

void root_free(Root *root)
{
    hvb_state_remove(root);
    g_free(root);
}

Root *root_new(void)
{
    Root *root = g_dir_make_tmp("hvbench-test-XXXXXX", NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    return root;
}

void write_bytes_below(const Root *root, const char *file, const char *bytes,
                       gssize length)
{
    g_autofree char *path = g_build_filename(root, file, NULL);
    g_autofree char *dir = g_path_get_dirname(path);

    CU_ASSERT_EQUAL_FATAL(g_mkdir_with_parents(dir, 0755), 0);
    CU_ASSERT_TRUE_FATAL(g_file_set_contents(path, bytes, length, NULL));
}

void write_below(const Root *root, const char *file, const char *text)
{
    write_bytes_below(root, file, text, -1);
}

uid_t become_nobody(void)
{
    uid_t uid = geteuid();

    if (uid == 0)
        CU_ASSERT_EQUAL_FATAL(seteuid(NOBODY), 0);
    return uid;
}

void become_again(uid_t uid)
{
    if (geteuid() != uid)
        CU_ASSERT_EQUAL_FATAL(seteuid(uid), 0);
}
