#include "store/event.h"

int event_add(struct db *db, const struct event *row, int64_t *ret_seq, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "INSERT INTO event(source, id, type, subject, time, received, data, applied)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, 1)"
                    " ON CONFLICT(source, id) DO NOTHING",
                    err);
        query_text(&q, row->source);
        query_text(&q, row->id);
        query_text(&q, row->type);
        query_text(&q, row->subject);
        query_int(&q, row->time_utc);
        query_int(&q, row->received_utc);
        query_text(&q, row->data);
        r = query_run(&q);
        if (r < 0)
                return r;
        if (db_changes(db) == 0)
                return PUT_SAME;
        *ret_seq = db_last_id(db);
        return PUT_ADDED;
}
