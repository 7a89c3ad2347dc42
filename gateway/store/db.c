#include "store/db.h"
#include "base/clock.h"
#include "store/migrate.h"

#include <malloc.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define BUSY_TIMEOUT_MS 5000
#define APPLICATION_ID \
        0x4b70616c /* "Kpal": PRAGMA application_id, so that another program's file is not taken for ours */
#define STATEMENT_MAX 512 /* prepared statements kept by a connection: one for each SQL text in store/ */

/* SQL texts are literals: their address is their name. */
struct statement {
        const char *sql;
        sqlite3_stmt *statement;
};

struct db {
        sqlite3 *handle;
        enum db_mode mode;
        struct statement table[STATEMENT_MAX * 2]; /* open addressing by the address of the text */
        int count;
        struct db_statement *kept; /* by others */
        int64_t used_ms;           /* when db_tend last saw that it was used */
        bool is_used, is_rested;   /* since db_tend last looked; has nothing to give back */
        bool is_begun;             /* by db_begin, and neither committed nor rolled back since */
        bool is_spoilt;            /* what should have been undone stands in the transaction: no commit */
};

static const char data_version_sql[] = "PRAGMA data_version"; /* needs no schema */

static int failed(struct db *db, struct err *err)
{
        int code = sqlite3_extended_errcode(db->handle);

        switch (code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return err_set(err, ERR_BUSY, "database: busy: another program is writing, try again");
        case SQLITE_CONSTRAINT:
                return err_set(err, ERR_CONFLICT, "database: %s", sqlite3_errmsg(db->handle));
        case SQLITE_NOMEM:
                return err_set(err, ERR_NOMEM, "database: out of memory");
        case SQLITE_NOTADB:
                return err_set(err, ERR_INVALID, "database: not a Kapula database: name another file");
        case SQLITE_FULL:
                return err_set(err, ERR_IO, "database: the disk is full: make room");
        case SQLITE_IOERR:
                return err_set(err, ERR_IO, "database: %s (%d): see whether the disk is full or failing",
                               sqlite3_errmsg(db->handle), code);
        default:
                return err_set(err, ERR_IO, "database: %s (%d)", sqlite3_errmsg(db->handle), code);
        }
}

static int execute(struct db *db, const char *sql, struct err *err)
{
        return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(db, err);
}

/* Before the first connection. Pages are allocated one by one rather than twenty at once for each connection,
 * and nobody asks SQLite for its statistics, which cost a lock for each allocation. */
static void configure_library(void)
{
        sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int configure(struct db *db, struct err *err)
{
        static const char *const pragmas[] = {
            [DB_WRITER] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;"
                          "PRAGMA wal_autocheckpoint = 8000; PRAGMA journal_size_limit = 67108864;",
            [DB_READER] = "PRAGMA cache_size = -2048;",
            [DB_PRIVATE] =
                "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;",
        };
        int r;

        if (db->mode == DB_READER) /* its statements are prepared once */
                sqlite3_db_config(db->handle, SQLITE_DBCONFIG_LOOKASIDE, NULL, 0, 0);
        sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
        sqlite3_extended_result_codes(db->handle, 1);
        sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
        sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
        r = execute(db, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;",
                    err);
        return r < 0 ? r : execute(db, pragmas[db->mode], err);
}

/* Refuses a file that holds something else. */
static int check_owner(struct db *db, struct err *err)
{
        _cleanup_(free_ptr) char *sql = NULL;
        int64_t id = 0, version = 0;
        sqlite3_stmt *statement;

        if (sqlite3_prepare_v2(db->handle,
                               "SELECT application_id, (SELECT count(*) FROM sqlite_schema)"
                               "  FROM pragma_application_id",
                               -1, &statement, NULL) != SQLITE_OK)
                return failed(db, err);
        if (sqlite3_step(statement) == SQLITE_ROW) {
                id = sqlite3_column_int64(statement, 0);
                version = sqlite3_column_int64(statement, 1);
        }
        if (sqlite3_finalize(statement) != SQLITE_OK)
                return failed(db, err);
        if (id == APPLICATION_ID)
                return 0;
        if (id || version || db->mode == DB_READER)
                return err_set(err, ERR_INVALID, "database: not a Kapula database: name another file");
        if (asprintf(&sql, "PRAGMA application_id = %d", APPLICATION_ID) < 0)
                return err_set(err, ERR_NOMEM, "database: out of memory");
        return execute(db, sql, err);
}

static int prepare_to_use(struct db *db, struct err *err)
{
        int r = configure(db, err);

        if (r == 0)
                r = check_owner(db, err);
        if (r == 0 && db->mode != DB_READER)
                r = migrate_run(db, err);
        return r;
}

int db_open(const char *path, enum db_mode mode, struct db **ret_db, struct err *err)
{
        int flags = mode == DB_READER ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        struct db *db = calloc(1, sizeof *db);
        mode_t old_mask;
        int r;

        pthread_once(&once, configure_library);
        if (!db)
                return err_set(err, ERR_NOMEM, "database: out of memory");
        db->mode = mode;
        old_mask = umask(0077); /* the database is for its owner alone */
        r = sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL);
        r = r == SQLITE_OK ? prepare_to_use(db, err) : failed(db, err);
        umask(old_mask);
        if (r < 0) {
                if (err)
                        err_prefix(err, "%s", path);
                db_close(db);
                return r;
        }
        *ret_db = db;
        return 0;
}

static void forget_statements(struct db *db)
{
        while (db->kept)
                db_forget(db->kept);
        for (size_t i = 0; i < ARRAY_SIZE(db->table); i++)
                sqlite3_finalize(db->table[i].statement);
        memset(db->table, 0, sizeof db->table);
        db->count = 0;
}

struct db *db_close(struct db *db)
{
        if (!db)
                return NULL;
        forget_statements(db);
        sqlite3_close_v2(db->handle);
        free(db);
        return NULL;
}

void db_rest(struct db *db)
{
        forget_statements(db);
        sqlite3_exec(db->handle, "PRAGMA writable_schema = RESET", NULL, NULL, NULL); /* forgets the schema */
        sqlite3_db_release_memory(db->handle);
        malloc_trim(0);
        db->is_rested = true;
}

bool db_tend(struct db *db)
{
        int64_t now_ms = clock_monotonic_ms();

        if (db->is_used || !db->used_ms) {
                db->is_used = false;
                db->used_ms = now_ms;
        } else if (!db->is_rested && now_ms - db->used_ms >= DB_REST_MS) {
                db_rest(db);
        }
        return db->is_rested;
}

int db_keep(struct db *db, const char *sql, struct db_statement *kept, struct err *err)
{
        db_forget(kept);
        if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &kept->statement, NULL) !=
            SQLITE_OK)
                return failed(db, err);
        kept->db = db;
        kept->next = db->kept;
        kept->link = &db->kept;
        if (kept->next)
                kept->next->link = &kept->next;
        db->kept = kept;
        db->is_rested = false;
        return 0;
}

void db_forget(struct db_statement *kept)
{
        if (!kept->db)
                return;
        sqlite3_finalize(kept->statement);
        *kept->link = kept->next;
        if (kept->next)
                kept->next->link = kept->link;
        *kept = (struct db_statement){0};
}

struct sqlite3 *db_handle(struct db *db)
{
        return db->handle;
}

int db_begin(struct db *db, struct err *err)
{
        int r;

        db_rollback(db); /* what memory did not suffice to end */
        r = execute(db, db->mode == DB_READER ? "BEGIN" : "BEGIN IMMEDIATE", err);
        db->is_begun = r == 0;
        return r;
}

/* Out of memory or disk SQLite may undo the whole transaction by itself. What follows must not be written
 * either: each statement would be a transaction of its own, on disk though its job is told that it failed. */
static int check_transaction(struct db *db, struct err *err)
{
        if (!db->is_spoilt && !(db->is_begun && sqlite3_get_autocommit(db->handle)))
                return 0;
        return err_set(err, ERR_NOMEM,
                       "database: the transaction was undone for want of memory or disk: try again");
}

int db_commit(struct db *db, struct err *err)
{
        int r = check_transaction(db, err);

        if (r == 0)
                r = execute(db, "COMMIT", err);
        if (r < 0)
                db_rollback(db);
        db->is_begun = false;
        return r;
}

void db_rollback(struct db *db)
{
        db->is_begun = db->is_spoilt = false;
        /* SQLite may have rolled back by itself (disk full): then there is nothing left to do. */
        if (!sqlite3_get_autocommit(db->handle))
                sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

/* Once an event: prepared, unlike the others. */
int db_savepoint(struct db *db, struct err *err)
{
        struct query q;

        query_start(&q, db, "SAVEPOINT job", err);
        return query_run(&q);
}

int db_savepoint_release(struct db *db, struct err *err)
{
        struct query q;

        query_start(&q, db, "RELEASE job", err);
        return query_run(&q);
}

void db_savepoint_rollback(struct db *db)
{
        if (sqlite3_exec(db->handle, "ROLLBACK TO job; RELEASE job", NULL, NULL, NULL) != SQLITE_OK)
                db->is_spoilt = true;
}

/* ---- queries */

static struct statement *slot(struct db *db, const char *sql)
{
        size_t at = ((uintptr_t)sql >> 3) * 0x9e3779b1u % ARRAY_SIZE(db->table);

        while (db->table[at].sql && db->table[at].sql != sql)
                at = (at + 1) % ARRAY_SIZE(db->table);
        return &db->table[at];
}

int query_start(struct query *query, struct db *db, const char *sql, struct err *err)
{
        struct statement *entry = slot(db, sql);

        *query = (struct query){.db = db, .err = err};
        query->error = check_transaction(db, err);
        if (query->error)
                return query->error;
        if (!entry->sql) {
                if (db->count == STATEMENT_MAX)
                        return query->error = err_set(err, ERR_LIMIT, "database: more than %d statements",
                                                      STATEMENT_MAX);
                if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &entry->statement,
                                       NULL) != SQLITE_OK)
                        return query->error = failed(db, err);
                entry->sql = sql;
                db->count++;
        }
        if (sql != data_version_sql) {
                db->is_used = true;
                db->is_rested = false;
        }
        query->statement = entry->statement;
        return 0;
}

/* A bind that fails is a fault of memory or of the program; the first one is kept. */
static void bound(struct query *query, int code)
{
        if (!query->error && code != SQLITE_OK)
                query->error = failed(query->db, query->err);
}

void query_text(struct query *query, const char *text)
{
        if (!query->error)
                bound(query, sqlite3_bind_text(query->statement, ++query->bound, text, -1, SQLITE_STATIC));
}

void query_int(struct query *query, int64_t value)
{
        if (!query->error)
                bound(query, sqlite3_bind_int64(query->statement, ++query->bound, value));
}

void query_int_or_null(struct query *query, int64_t value, int64_t null_value)
{
        if (value == null_value)
                query_null(query);
        else
                query_int(query, value);
}

void query_blob(struct query *query, const void *data, size_t length)
{
        if (!query->error)
                bound(query,
                      sqlite3_bind_blob64(query->statement, ++query->bound, data, length, SQLITE_STATIC));
}

void query_null(struct query *query)
{
        if (!query->error)
                bound(query, sqlite3_bind_null(query->statement, ++query->bound));
}

int query_row(struct query *query)
{
        if (query->error)
                return query->error;
        if (query->rows_done)
                return 0;
        switch (sqlite3_step(query->statement)) {
        case SQLITE_ROW:
                return 1;
        case SQLITE_DONE:
                query->rows_done = true;
                return 0;
        default:
                return query->error = failed(query->db, query->err);
        }
}

void query_end(struct query *query)
{
        if (!query->statement)
                return;
        sqlite3_reset(query->statement);
        sqlite3_clear_bindings(query->statement);
        query->statement = NULL;
}

int query_run(struct query *query)
{
        int r;

        do
                r = query_row(query);
        while (r > 0);
        query_end(query);
        return r;
}

int64_t column_int(struct query *query, int column)
{
        return sqlite3_column_int64(query->statement, column);
}

int64_t column_int_or(struct query *query, int column, int64_t null_value)
{
        return column_is_null(query, column) ? null_value : column_int(query, column);
}

const char *column_text(struct query *query, int column)
{
        return (const char *)sqlite3_column_text(query->statement, column);
}

const void *column_blob(struct query *query, int column, size_t *ret_length)
{
        const void *data = sqlite3_column_blob(query->statement, column);

        *ret_length = (size_t)sqlite3_column_bytes(query->statement, column);
        return data;
}

bool column_is_null(struct query *query, int column)
{
        return sqlite3_column_type(query->statement, column) == SQLITE_NULL;
}

int64_t db_last_id(struct db *db)
{
        return sqlite3_last_insert_rowid(db->handle);
}

int64_t db_changes(struct db *db)
{
        return sqlite3_changes64(db->handle);
}

int64_t db_all_changes(struct db *db)
{
        return sqlite3_total_changes64(db->handle);
}

int db_data_version(struct db *db, int64_t *ret_version, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, data_version_sql, err);
        r = query_row(&q);
        if (r > 0)
                *ret_version = column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}

int meta_get(struct db *db, const char *name, char **ret_value, struct err *err)
{
        char *value = NULL;
        struct query q;
        int r;

        query_start(&q, db, "SELECT value FROM meta WHERE name = ?", err);
        query_text(&q, name);
        r = query_row(&q);
        if (r > 0) {
                value = strdup(column_text(&q, 0));
                r = value ? 0 : err_set(err, ERR_NOMEM, "database: out of memory");
        }
        query_end(&q);
        if (r == 0)
                *ret_value = value;
        return r;
}

int meta_set(struct db *db, const char *name, const char *value, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "INSERT INTO meta(name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            err);
        query_text(&q, name);
        query_text(&q, value);
        return query_run(&q);
}
