#include "store/hold.h"

int hold_add(struct db *db, const struct hold *row, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "INSERT INTO hold(kind, subject, starts, ends, reason, by, event) VALUES (?, ?, ?, ?, ?, ?, ?)",
            err);
        query_text(&q, row->kind);
        query_text(&q, row->subject);
        query_int(&q, row->starts);
        query_int_or_null(&q, row->ends, INT64_MAX);
        query_text(&q, row->reason);
        query_text(&q, row->by);
        query_int_or_null(&q, row->event, 0);
        return query_run(&q);
}

int hold_release(struct db *db, const char *kind, const char *subject, int64_t at_utc, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "UPDATE hold SET ends = ?3 WHERE kind = ?1 AND subject = ?2 AND (ends IS NULL OR ends > ?3)",
            err);
        query_text(&q, kind);
        query_text(&q, subject);
        query_int(&q, at_utc);
        return query_run(&q);
}
