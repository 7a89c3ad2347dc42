/* fresh: new databases that are migrated already. The migrations run once in a process, on a database whose
 * bytes are copied: under ASan they take twenty times as long as opening a copy. Include after cmocka.h. */
#ifndef TESTS_FRESH_H
#define TESTS_FRESH_H

#include "store/db.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void fresh_write(const char *path, const void *bytes, size_t length)
{
        FILE *file = fopen(path, "wb");

        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, length, file), length);
        assert_int_equal(fclose(file), 0);
}

/* Makes PATH a database that db_open finds up to date. */
static inline void fresh_file(const char *path)
{
        static _Alignas(16) char bytes[4 << 20];
        static size_t length;

        if (!length) {
                struct err err = {0};
                sqlite3_int64 size;
                unsigned char *made;
                struct db *db;

                if (db_open(":memory:", DB_PRIVATE, &db, &err) < 0)
                        fail_msg("%s", err.text);
                made = sqlite3_serialize(db_handle(db), "main", &size, 0);
                assert_non_null(made);
                assert_true((size_t)size <= sizeof bytes);
                memcpy(bytes, made, (size_t)size);
                length = (size_t)size;
                sqlite3_free(made);
                db_close(db);
        }
        fresh_write(path, bytes, length);
}

/* BYTES: of a database; NULL: an empty one. */
static inline struct db *fresh_open_bytes(const void *bytes, size_t length)
{
        char path[] = "/tmp/kapula-fresh-XXXXXX";
        struct err err = {0};
        int file = mkstemp(path);
        struct db *db;

        assert_true(file >= 0);
        close(file);
        if (bytes)
                fresh_write(path, bytes, length);
        else
                fresh_file(path);
        if (db_open(path, DB_PRIVATE, &db, &err) < 0)
                fail_msg("%s", err.text);
        unlink(path);
        return db;
}

static inline struct db *fresh_open(void)
{
        return fresh_open_bytes(NULL, 0);
}

/* A new database with what stands in TEMPLATE. */
static inline struct db *fresh_copy(struct db *template)
{
        sqlite3_int64 size;
        unsigned char *bytes = sqlite3_serialize(db_handle(template), "main", &size, 0);
        struct db *db;

        assert_non_null(bytes);
        db = fresh_open_bytes(bytes, (size_t)size);
        sqlite3_free(bytes);
        return db;
}

#endif
