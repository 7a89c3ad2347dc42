#include "store/upload.h"

#include <stdio.h>
#include <string.h>

static void copy(char *to, size_t size, struct query *q, int column)
{
        const char *text = column_text(q, column);

        snprintf(to, size, "%s", text ? text : "");
}

#define COLUMNS "id, person, kind, map, force, state, created, changed"

static struct upload read_row(struct query *q)
{
        struct upload upload = {.id = column_int(q, 0),
                                .force = column_int(q, 4),
                                .created = column_int(q, 6),
                                .changed = column_int(q, 7)};

        copy(upload.person, sizeof upload.person, q, 1);
        copy(upload.kind, sizeof upload.kind, q, 2);
        copy(upload.map, sizeof upload.map, q, 3);
        copy(upload.state, sizeof upload.state, q, 5);
        return upload;
}

static int forget_old(struct db *db, int64_t now_utc, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "DELETE FROM upload WHERE created <= ?", err);
        query_int(&q, now_utc - UPLOAD_LISTED_S);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(&q, db,
                    "UPDATE upload SET content = NULL, state = 'failed', changed = ?1"
                    " WHERE state = 'tried' AND created <= ?2",
                    err);
        query_int(&q, now_utc);
        query_int(&q, now_utc - UPLOAD_KEPT_S);
        return query_run(&q);
}

static int is_full(struct db *db, struct err *err)
{
        struct query q;

        query_start(&q, db, "SELECT 1 FROM upload WHERE content IS NOT NULL LIMIT 1 OFFSET ?", err);
        query_int(&q, UPLOAD_KEPT_MAX - 1);
        return put_exists(&q);
}

int upload_add(struct db *db, int64_t now_utc, const struct upload *upload, const void *content,
               size_t length, int64_t *ret_id, struct err *err)
{
        struct query q;
        int r = forget_old(db, now_utc, err);

        if (r == 0)
                r = is_full(db, err);
        if (r > 0 || length > UPLOAD_BYTES_MAX)
                return err_set(err, ERR_LIMIT, "upload: %s",
                               r > 0 ? "too many files wait: look at them first" : "the file is too large");
        if (r < 0)
                return r;
        query_start(&q, db,
                    "INSERT INTO upload(person, kind, map, force, content, created, changed)"
                    " VALUES (?1, ?2, nullif(?3, ''), ?4, ?5, ?6, ?6)",
                    err);
        query_text(&q, upload->person);
        query_text(&q, upload->kind);
        query_text(&q, upload->map);
        query_int(&q, upload->force);
        query_blob(&q, content, length);
        query_int(&q, now_utc);
        r = query_run(&q);
        if (r == 0)
                *ret_id = db_last_id(db);
        return r;
}

int upload_get(struct db *db, int64_t id, struct upload *ret_upload, char **ret_report, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT " COLUMNS ", report FROM upload WHERE id = ?", err);
        query_int(&q, id);
        r = query_row(&q);
        if (r > 0) {
                *ret_upload = read_row(&q);
                if (ret_report)
                        *ret_report = column_is_null(&q, 8) ? NULL : strdup(column_text(&q, 8));
        }
        query_end(&q);
        return r;
}

int upload_each(struct db *db, int (*each)(void *context, const struct upload *upload, struct err *err),
                void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT " COLUMNS " FROM upload ORDER BY id DESC LIMIT ?", err);
        query_int(&q, UPLOAD_LISTED_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct upload upload = read_row(&q);

                r = each(context, &upload, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int upload_next(struct db *db, struct upload *ret_upload, void **ret_content, size_t *ret_length,
                struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT " COLUMNS ", content FROM upload WHERE state IN ('to-try', 'to-import')"
                    " AND content IS NOT NULL ORDER BY id LIMIT 1",
                    err);
        r = query_row(&q);
        if (r > 0) {
                const void *content = column_blob(&q, 8, ret_length);

                *ret_upload = read_row(&q);
                *ret_content = malloc(*ret_length ? *ret_length : 1);
                if (!*ret_content)
                        r = err_set(err, ERR_NOMEM, "upload: out of memory");
                else if (*ret_length)
                        memcpy(*ret_content, content, *ret_length);
        }
        query_end(&q);
        return r;
}

int upload_confirm(struct db *db, int64_t now_utc, int64_t id, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "UPDATE upload SET state = 'to-import', changed = ? WHERE id = ? AND state = 'tried'",
                    err);
        query_int(&q, now_utc);
        query_int(&q, id);
        r = query_run(&q);
        return r < 0 ? r : db_changes(db) == 1;
}

int upload_ran(struct db *db, int64_t now_utc, int64_t id, bool good, const char *report, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "UPDATE upload SET content = CASE WHEN ?3 AND state = 'to-try' THEN content END, report = ?4,"
            "   state = CASE WHEN NOT ?3 THEN 'failed' WHEN state = 'to-try' THEN 'tried' ELSE 'imported' "
            "END,"
            "   changed = ?1 WHERE id = ?2 AND state IN ('to-try', 'to-import')",
            err);
        query_int(&q, now_utc);
        query_int(&q, id);
        query_int(&q, good);
        query_text(&q, report);
        return query_run(&q);
}

int upload_forget(struct db *db, int64_t now_utc, int64_t id, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "UPDATE upload SET content = NULL, state = 'failed', changed = ? WHERE id = ? AND state "
                    "= 'tried'",
                    err);
        query_int(&q, now_utc);
        query_int(&q, id);
        r = query_run(&q);
        return r < 0 ? r : db_changes(db) == 1;
}
