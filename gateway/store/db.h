/* db: one connection to the database, its prepared statements, and the small calls with which store/ speaks
 * SQL.
 *
 * Only store/ includes this file's statement part; the layers above hold a struct db and call the functions
 * of the rows (store/message.h, store/event.h, …). A struct db is used by one thread. Every connection runs
 * WAL, foreign keys on, busy_timeout 5 s, trusted_schema off. Values are only ever bound. */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct sqlite3;
struct sqlite3_stmt;

/* A statement that somebody else keeps and the connection may take away: NULL then. */
struct db_statement {
        struct sqlite3_stmt *statement;
        struct db *db; /* for which it is prepared; NULL: for none */
        struct db_statement *next, **link;
};

enum db_mode {
        DB_WRITER,  /* read and write, synchronous=FULL, 64 MB cache; creates and migrates */
        DB_READER,  /* read only, 2 MB cache */
        DB_PRIVATE, /* read and write, created empty, synchronous=OFF: simulation and tests */
};

/* PATH ":memory:" (DB_PRIVATE) is a database of this connection alone. ERR_IO, ERR_BUSY, ERR_INVALID (no
 * database of ours). */
int db_open(const char *path, enum db_mode mode, struct db **ret_db, struct err *err);
struct db *db_close(struct db *db); /* takes NULL, returns NULL */

#define DB_REST_MS 2000 /* without a query: an idle connection gives its memory back */

/* Gives statements, schema and pages of the connection, and what the whole process has freed, back to the
 * system: for one that has nothing to do. The next query makes them anew, which takes some milliseconds.
 * Never between query_start and query_end. */
void db_rest(struct db *db);

/* Rests a connection that had no query for DB_REST_MS; for its owner to call now and then. Asking for the
 * data version is no query. True when it rests: there is nothing to call for until it is used again. */
bool db_tend(struct db *db);

struct sqlite3 *db_handle(struct db *db);

/* Prepares SQL as a statement that lasts until db_forget, db_rest or db_close. KEPT is the caller's. */
int db_keep(struct db *db, const char *sql, struct db_statement *kept, struct err *err);
void db_forget(struct db_statement *kept);

/* Transactions. A writer's are BEGIN IMMEDIATE. db_savepoint nests inside one: the work of one job that fails
 * is rolled back alone. */
int db_begin(struct db *db, struct err *err);
int db_commit(struct db *db, struct err *err);
void db_rollback(struct db *db);
int db_savepoint(struct db *db, struct err *err);
int db_savepoint_release(struct db *db, struct err *err);
void db_savepoint_rollback(struct db *db);

/* ---- for store/ alone: one statement at a time, prepared once for each SQL text.
 *
 *      struct query q;
 *      r = query_start(&q, db, "SELECT id, due FROM rule_match WHERE rule = ? AND due <= ?", err);
 *      query_text(&q, rule); query_int(&q, now);             binds go in order
 *      while ((r = query_row(&q)) > 0)                        1: a row, 0: the end, negative: failed
 *              use(column_int(&q, 0), column_text(&q, 1));    text lives until the next query_row
 *      query_end(&q);                                         always, also after a failure
 *
 * SQL must be a string that lives as long as the program (a literal). A failure sticks: later calls do
 * nothing and return it, and query_row fills ERR, so only query_row (or query_run) need be checked. */
struct query {
        struct db *db;
        struct sqlite3_stmt *statement;
        struct err *err;
        int bound, error;
        bool rows_done;
};

int query_start(struct query *query, struct db *db, const char *sql, struct err *err);
void query_text(struct query *query,
                const char *text); /* NULL binds NULL; the text must live until query_end */
void query_int(struct query *query, int64_t value);
void query_int_or_null(struct query *query, int64_t value,
                       int64_t null_value); /* NULL when value == null_value */
void query_blob(struct query *query, const void *data, size_t length);
void query_null(struct query *query);
int query_row(struct query *query);
void query_end(struct query *query);

/* Runs to the end, ends the query, and returns 0 or what failed; ERR_CONFLICT when a UNIQUE or a trigger
 * forbids it. */
int query_run(struct query *query);

int64_t column_int(struct query *query, int column);
int64_t column_int_or(struct query *query, int column, int64_t null_value);
const char *column_text(struct query *query, int column); /* NULL for NULL */
const void *column_blob(struct query *query, int column, size_t *ret_length);
bool column_is_null(struct query *query, int column);

int64_t db_last_id(struct db *db);     /* rowid of the last INSERT */
int64_t db_changes(struct db *db);     /* rows changed by the last statement */
int64_t db_all_changes(struct db *db); /* by all statements and their triggers since it was opened */

/* A value of PRAGMA data_version: changes when another connection has committed. */
int db_data_version(struct db *db, int64_t *ret_version, struct err *err);

/* The setting NAME in meta; *ret_value is NULL when there is none (free() it). */
int meta_get(struct db *db, const char *name, char **ret_value, struct err *err);
int meta_set(struct db *db, const char *name, const char *value, struct err *err);

#endif
