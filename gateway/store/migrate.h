/* migrate: brings a database to the schema of this program. The migrations stand in
 * store/schema/NNNN-name.sql, run in the order of their numbers, each in a transaction of its own, and are
 * never changed once released; PRAGMA user_version is the number of the last one that ran. */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct db;

struct migration {
        int number;
        const char *name, *sql;
};

extern const struct migration migration_table[];
extern const size_t migration_count;

/* ERR_INVALID when the database is newer than this program. */
int migrate_run(struct db *db, struct err *err);

/* The number of the last migration that ran. */
int migrate_version(struct db *db, int *ret_version, struct err *err);

/* Whether the schema is this program's, neither older nor newer. */
int migrate_is_current(struct db *db, bool *ret_is_current, struct err *err);

#endif
