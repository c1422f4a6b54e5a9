/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* O_TMPFILE */
#include "hvbench/results/database.h"

#include "hvbench/profile/input.h"
#include "hvbench/results/store.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <unistd.h>

/* As in schema.sql. */
#define APPLICATION_ID 0x48564231
#define SCHEMA_VERSION 4

/* Long enough for a reader's glance, short enough to be reported. */
#define BUSY_TIMEOUT_MS 10000
/* What the last change of a run's row may take, write-ahead log included. */
#define RESERVE_BYTES (256 * 1024)

struct _HvbDatabase {
    sqlite3 *db;
    char *path;
    gboolean writer;
    int reserve; /* a file without a name that only takes up room; -1: none */
    GHashTable *texts;   /* name -> SQL */
    GHashTable *queries; /* name -> sqlite3_stmt */
};

static const char *remedy(int code)
{
    switch (code & 0xff) {
    case SQLITE_CANTOPEN:
        return "; does the directory hold a result set, and may this user "
               "open files in it?";
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return "; make the directory and the file writable for this user, or "
               "name another directory";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "; another program is writing into it: wait for that, or name "
               "another directory";
    case SQLITE_FULL:
        return "; free some space on its file system";
    case SQLITE_IOERR:
        return "; check its file system";
    case SQLITE_CORRUPT:
        return "; the file is damaged: 'sqlite3 FILE .recover' may save what "
               "is left of it";
    default:
        return "";
    }
}

static gboolean fail(HvbDatabase *database, GError **error)
{
    int code = sqlite3_errcode(database->db);

    if (code == SQLITE_NOTADB)
        g_set_error(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_SCHEMA,
                    "%s: not a result set (%s); name another directory",
                    database->path, sqlite3_errmsg(database->db));
    else
        g_set_error(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_SQLITE,
                    "%s: %s%s", database->path, sqlite3_errmsg(database->db),
                    remedy(code));
    return FALSE;
}

static gboolean execute(HvbDatabase *database, const char *sql, GError **error)
{
    if (sqlite3_exec(database->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return fail(database, error);
    return TRUE;
}

static gboolean read_number(HvbDatabase *database, const char *sql,
                            gint64 *ret_number, GError **error)
{
    sqlite3_stmt *statement = NULL;
    gboolean ok;

    ok = sqlite3_prepare_v2(database->db, sql, -1, &statement, NULL) ==
             SQLITE_OK &&
         sqlite3_step(statement) == SQLITE_ROW;
    if (ok)
        *ret_number = sqlite3_column_int64(statement, 0);
    else
        fail(database, error);
    sqlite3_finalize(statement);
    return ok;
}

static GBytes *resource(const char *path)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes =
        g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, &error);

    if (!bytes) /* the program was linked without its resources */
        g_error("%s", error->message);
    return bytes;
}

/* Sets `ret_new` if the file has nothing in it yet. */
static gboolean check_schema(HvbDatabase *database, gboolean *ret_new,
                             GError **error)
{
    gint64 application = 0, version = 0, objects = 0;

    if (!read_number(database, "PRAGMA application_id", &application, error) ||
        !read_number(database, "PRAGMA user_version", &version, error) ||
        !read_number(database, "SELECT count(*) FROM sqlite_schema", &objects,
                     error))
        return FALSE;
    *ret_new = application == 0 && version == 0 && objects == 0;
    if (*ret_new)
        return TRUE;
    if (application != APPLICATION_ID) {
        g_set_error(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_SCHEMA,
                    "%s: the database of another program, not a result set; "
                    "name another directory",
                    database->path);
        return FALSE;
    }
    if (version != SCHEMA_VERSION) {
        g_set_error(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_SCHEMA,
                    "%s: a result set of schema version %" G_GINT64_FORMAT
                    ", this hvbench knows version %d; use the hvbench that "
                    "made it, or name another directory",
                    database->path, version, SCHEMA_VERSION);
        return FALSE;
    }
    return TRUE;
}

static gboolean create_schema(HvbDatabase *database, GError **error)
{
    g_autoptr(GBytes) sql = resource("/hvbench/schema.sql");
    g_autoptr(HvbTransaction) transaction = NULL;
    gboolean is_new = FALSE;

    transaction = hvb_transaction_begin(database, TRUE, error);
    if (!transaction || !check_schema(database, &is_new, error))
        return FALSE;
    if (!is_new) /* another process was quicker */
        return TRUE;
    return execute(database, g_bytes_get_data(sql, NULL), error) &&
           hvb_transaction_commit(transaction, error);
}

static gboolean set_up(HvbDatabase *database, gboolean create, GError **error)
{
    gboolean is_new = FALSE;

    sqlite3_busy_timeout(database->db, BUSY_TIMEOUT_MS);
    if (!check_schema(database, &is_new, error))
        return FALSE;
    if (is_new && !create) {
        g_set_error(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_SCHEMA,
                    "%s: an empty database, not a result set; name another "
                    "directory",
                    database->path);
        return FALSE;
    }
    /* WAL lets a reader in while a run writes. */
    if (create && !execute(database, "PRAGMA journal_mode = WAL", error))
        return FALSE;
    if (is_new && !create_schema(database, error))
        return FALSE;
    return execute(database, "PRAGMA foreign_keys = ON", error);
}

/* statements.sql: a line "-- name: NAME" before each. */
static GHashTable *load_texts(void)
{
    g_autoptr(GBytes) bytes = resource("/hvbench/statements.sql");
    g_auto(GStrv) parts =
        g_strsplit(g_bytes_get_data(bytes, NULL), "\n-- name: ", -1);
    GHashTable *texts =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (guint i = 1; parts[0] && parts[i]; i++) {
        g_auto(GStrv) lines = g_strsplit(parts[i], "\n", 2);
        g_hash_table_insert(texts, g_strdup(lines[0]), g_strdup(lines[1]));
    }
    return texts;
}

static void finalize(gpointer query)
{
    sqlite3_finalize(query);
}

/* SQLite would wait for a pipe in the place of its file, or of one beside it.
 */
static gboolean check_files(const char *path, GError **error)
{
    static const char *const endings[] = {"", "-journal", "-wal", "-shm"};

    for (guint i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *file = g_strconcat(path, endings[i], NULL);
        g_autoptr(GError) cause = NULL;
        /* SQLite says better why a file cannot be opened. */
        if (hvb_input_check(file, &cause) ||
            !g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_INVAL))
            continue;
        g_set_error(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_SCHEMA, "%s",
                    cause->message);
        return FALSE;
    }
    return TRUE;
}

/* Without it there is no last word on a full disk. */
static int take_reserve(const char *dir)
{
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0 && posix_fallocate(fd, 0, RESERVE_BYTES) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

void hvb_database_free_reserve(HvbDatabase *database)
{
    if (database->reserve >= 0)
        close(database->reserve);
    database->reserve = -1;
}

HvbDatabase *hvb_database_open(const char *dir, gboolean create, GError **error)
{
    g_autoptr(HvbDatabase) database = g_new0(HvbDatabase, 1);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE |
                (create ? SQLITE_OPEN_CREATE : 0);

    database->reserve = -1;
    database->path = g_build_filename(dir, HVB_DATABASE_FILE, NULL);
    database->texts = load_texts();
    database->queries =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, finalize);
    if (!check_files(database->path, error))
        return NULL;
    if (sqlite3_open_v2(database->path, &database->db, flags, NULL) !=
        SQLITE_OK) {
        fail(database, error);
        return NULL;
    }
    if (!set_up(database, create, error))
        return NULL;
    database->writer = create;
    if (create)
        database->reserve = take_reserve(dir);
    return g_steal_pointer(&database);
}

void hvb_database_free(HvbDatabase *database)
{
    if (!database)
        return;
    hvb_database_free_reserve(database);
    g_hash_table_unref(database->queries);
    g_hash_table_unref(database->texts);
    if (database->writer) {
        /* Fails while a reader has the file open: no matter, the log is valid
         * too. */
        sqlite3_busy_timeout(database->db, 0);
        sqlite3_exec(database->db, "PRAGMA journal_mode = DELETE", NULL, NULL,
                     NULL);
    }
    sqlite3_close(database->db);
    g_free(database->path);
    g_free(database);
}

const char *hvb_database_path(const HvbDatabase *database)
{
    return database->path;
}

HvbQuery *hvb_database_query(HvbDatabase *database, const char *name,
                             GError **error)
{
    sqlite3_stmt *query = g_hash_table_lookup(database->queries, name);
    const char *sql;

    if (query)
        return query;
    sql = g_hash_table_lookup(database->texts, name);
    if (!sql)
        g_error("statements.sql has no '%s'", name);
    if (sqlite3_prepare_v3(database->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                           &query, NULL) != SQLITE_OK) {
        fail(database, error);
        return NULL;
    }
    g_hash_table_insert(database->queries, g_strdup(name), query);
    return query;
}

void hvb_query_done(HvbQuery *query)
{
    sqlite3_reset(query);
    sqlite3_clear_bindings(query);
}

gboolean hvb_database_step(HvbDatabase *database, HvbQuery *query,
                           gboolean *ret_row, GError **error)
{
    int code = sqlite3_step(query);

    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return fail(database, error);
    *ret_row = code == SQLITE_ROW;
    return TRUE;
}

gboolean hvb_database_run(HvbDatabase *database, HvbQuery *query,
                          GError **error)
{
    gboolean row = FALSE;
    gboolean ok = hvb_database_step(database, query, &row, error);

    hvb_query_done(query);
    return ok;
}

gint64 hvb_database_last_id(HvbDatabase *database)
{
    return sqlite3_last_insert_rowid(database->db);
}

HvbTransaction *hvb_transaction_begin(HvbDatabase *database, gboolean writing,
                                      GError **error)
{
    if (!execute(database, writing ? "BEGIN IMMEDIATE" : "BEGIN", error))
        return NULL;
    return database;
}

gboolean hvb_transaction_commit(HvbTransaction *transaction, GError **error)
{
    return execute(transaction, "COMMIT", error);
}

void hvb_transaction_end(HvbTransaction *transaction)
{
    if (!sqlite3_get_autocommit(transaction->db))
        sqlite3_exec(transaction->db, "ROLLBACK", NULL, NULL, NULL);
}
