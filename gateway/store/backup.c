#include "store/backup.h"
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define META_NAME "backup_at"

static int exists(const char *file, struct err *err)
{
        return err_set(err, ERR_CONFLICT, "%s: exists already: name another file", file);
}

static int failed(const char *file, struct err *err)
{
        return errno == EEXIST
                   ? exists(file, err)
                   : err_set(err, ERR_IO, "%s: %s: check the folder and its room", file, strerror(errno));
}

/* A file that nobody else has and nobody else may read. */
static int reserve(const char *part, struct err *err)
{
        int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        if (fd < 0)
                return failed(part, err);
        close(fd);
        return 0;
}

/* VACUUM takes an empty file for none. */
static int copy(struct db *db, const char *part, struct err *err)
{
        struct query q;

        query_start(&q, db, "VACUUM INTO ?", err);
        query_text(&q, part);
        return query_run(&q);
}

static int check(const char *part, struct err *err)
{
        struct db *db = NULL;
        struct query q;
        int r = db_open(part, DB_READER, &db, err);

        if (r < 0)
                return r;
        query_start(&q, db, "PRAGMA integrity_check(1)", err);
        r = query_row(&q);
        if (r > 0 && strcmp(column_text(&q, 0), "ok") != 0)
                r = err_set(err, ERR_IO, "%s: the copy is damaged (%.200s): see kapula doctor", part,
                            column_text(&q, 0));
        query_end(&q);
        db_close(db);
        return r < 0 ? r : 0;
}

static int sync_path(const char *path, int flags, struct err *err)
{
        int fd = open(path, flags | O_CLOEXEC), r = 0;

        if (fd < 0)
                return failed(path, err);
        if (fsync(fd) != 0)
                r = failed(path, err);
        close(fd);
        return r;
}

/* A link, since a rename would overwrite. */
static int give_name(const char *part, const char *file, struct err *err)
{
        _cleanup_(free_ptr) char *path = strdup(file);

        if (!path)
                return err_set(err, ERR_NOMEM, "backup: out of memory");
        if (link(part, file) != 0)
                return failed(file, err);
        unlink(part);
        return sync_path(dirname(path), O_RDONLY | O_DIRECTORY, err);
}

int backup_write(struct db *db, const char *file, int64_t *ret_size_bytes, struct err *err)
{
        _cleanup_(free_ptr) char *part = NULL;
        struct stat status;
        int r;

        if (lstat(file, &status) == 0)
                return exists(file, err);
        if (asprintf(&part, "%s.part", file) < 0) {
                part = NULL;
                return err_set(err, ERR_NOMEM, "backup: out of memory");
        }
        r = reserve(part, err);
        if (r < 0)
                return r;
        r = copy(db, part, err);
        if (r == 0)
                r = check(part, err);
        if (r == 0)
                r = sync_path(part, O_RDONLY, err);
        if (r == 0 && stat(part, &status) != 0)
                r = failed(part, err);
        if (r == 0)
                r = give_name(part, file, err);
        if (r < 0)
                unlink(part);
        else
                *ret_size_bytes = status.st_size;
        return r;
}

int backup_remember(struct db *db, int64_t now_utc, struct err *err)
{
        char text[24];

        snprintf(text, sizeof text, "%lld", (long long)now_utc);
        return meta_set(db, META_NAME, text, err);
}

int backup_last(struct db *db, int64_t *ret_at_utc, struct err *err)
{
        _cleanup_(free_ptr) char *text = NULL;
        int r = meta_get(db, META_NAME, &text, err);

        if (r == 0)
                *ret_at_utc = text ? strtoll(text, NULL, 10) : 0;
        return r;
}
