/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Database: hvbench.db as SQLite sees it; of use to the store alone.
 *
 * Statements live in statements.sql under a name, are prepared at their first
 * use and kept. Messages name the file and, where there is one, a remedy. */
#ifndef HVB_RESULTS_DATABASE_H
#define HVB_RESULTS_DATABASE_H

#include <glib.h>
#include <sqlite3.h>

#define HVB_DATABASE_FILE "hvbench.db"

typedef struct _HvbDatabase HvbDatabase;

/* Opens `dir`/hvbench.db. With `create`, for writing, and made with the tables
 * of schema.sql if there is none. What exists already is left as it is unless
 * it is a result set of this schema version.
 *
 * Returns the database, owned by the caller, or NULL with
 *   HVB_RESULTS_ERROR_SCHEMA  not a result set, or of another version
 *   HVB_RESULTS_ERROR_SQLITE  anything else */
HvbDatabase *hvb_database_open(const char *dir, gboolean create,
                               GError **error);
/* After writing, a file that nobody else has open is left without its
 * write-ahead log, so that it can be copied and read from anywhere. */
void hvb_database_free(HvbDatabase *database);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbDatabase, hvb_database_free)

/* While it is open for writing, some room is kept on its disk. Gives that back:
 * what failed for lack of space can be tried once more, if it is small. */
void hvb_database_free_reserve(HvbDatabase *database);

/* The file, for messages. */
const char *hvb_database_path(const HvbDatabase *database);

/* A statement ready for binding, borrowed: the same name gives the same one.
 * Let it go (g_autoptr) when done, else it keeps the file locked. */
typedef sqlite3_stmt HvbQuery;
HvbQuery *hvb_database_query(HvbDatabase *database, const char *name,
                             GError **error);
void hvb_query_done(HvbQuery *query);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbQuery, hvb_query_done)

/* Runs the query up to its next row; FALSE in `ret_row` after the last. */
gboolean hvb_database_step(HvbDatabase *database, HvbQuery *query,
                           gboolean *ret_row, GError **error);
/* Runs a query that has no rows. It can be bound and run again. */
gboolean hvb_database_run(HvbDatabase *database, HvbQuery *query,
                          GError **error);
/* Of the row inserted last. */
gint64 hvb_database_last_id(HvbDatabase *database);

/* A transaction, rolled back when let go (g_autoptr) before its commit. Let
 * it go after the queries within it: declare it first. */
typedef struct _HvbDatabase HvbTransaction;
/* For writing, waits for other writers; a reader sees one state throughout. */
HvbTransaction *hvb_transaction_begin(HvbDatabase *database, gboolean writing,
                                      GError **error);
gboolean hvb_transaction_commit(HvbTransaction *transaction, GError **error);
void hvb_transaction_end(HvbTransaction *transaction);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbTransaction, hvb_transaction_end)

#endif
