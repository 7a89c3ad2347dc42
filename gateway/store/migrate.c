#include "store/migrate.h"
#include "store/db.h"

#include <sqlite3.h>
#include <stdio.h>

int migrate_version(struct db *db, int *ret_version, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "PRAGMA user_version", err);
        r = query_row(&q);
        if (r > 0)
                *ret_version = (int)column_int(&q, 0);
        query_end(&q);
        if (r == 0)
                return err_set(err, ERR_IO, "database: has no version of its schema");
        return r < 0 ? r : 0;
}

/* Returns 1 when another program ran it meanwhile. */
static int run_one(struct db *db, const struct migration *migration, struct err *err)
{
        _cleanup_(free_ptr) char *sql = NULL;
        int version = 0, r;

        r = db_begin(db, err);
        if (r < 0)
                return r;
        r = migrate_version(db, &version, err);
        if (r < 0 || version >= migration->number) {
                db_rollback(db);
                return r < 0 ? r : 1;
        }
        if (asprintf(&sql, "%s\nPRAGMA user_version = %d;", migration->sql, migration->number) < 0)
                r = err_set(err, ERR_NOMEM, "migration: out of memory");
        else if (sqlite3_exec(db_handle(db), sql, NULL, NULL, NULL) != SQLITE_OK)
                r = err_set(err, ERR_IO, "migration %s: %s", migration->name, sqlite3_errmsg(db_handle(db)));
        if (r < 0) {
                db_rollback(db);
                return r;
        }
        return db_commit(db, err);
}

int migrate_run(struct db *db, struct err *err)
{
        int version = 0, r;

        r = migrate_version(db, &version, err);
        if (r < 0)
                return r;
        if (version > migration_table[migration_count - 1].number)
                return err_set(err, ERR_INVALID,
                               "database: schema %d is newer than this program: use a newer kapula", version);
        for (size_t i = 0; i < migration_count; i++) {
                if (migration_table[i].number <= version)
                        continue;
                r = run_one(db, &migration_table[i], err);
                if (r < 0)
                        return r;
        }
        return 0;
}

int migrate_is_current(struct db *db, bool *ret_is_current, struct err *err)
{
        int version = 0, r = migrate_version(db, &version, err);

        if (r == 0)
                *ret_is_current = version == migration_table[migration_count - 1].number;
        return r;
}
