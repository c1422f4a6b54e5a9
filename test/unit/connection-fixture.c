/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/unit/connection-fixture.h"

#include "hvbench/bed/state.h"

#include <CUnit/CUnit.h>
#include <glib/gstdio.h>

HvbConnection *connection_without_libvirt(void)
{
    HvbConnection *connection = g_new0(HvbConnection, 1);

    connection->dir = g_strdup("/var/tmp/hvbench-test-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(g_mkdtemp(connection->dir));
    g_chmod(connection->dir, 0755);
    connection->imported =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return connection;
}

void connection_without_libvirt_free(HvbConnection *connection)
{
    hvb_state_remove(connection->dir);
    g_hash_table_unref(connection->imported);
    g_free(connection->dir);
    g_free(connection);
}
