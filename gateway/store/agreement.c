#include "store/agreement.h"

int agreement_sign(struct db *db, const struct signature *row, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO agreement_signature(placement, party, by, at, event) VALUES (?, ?, ?, ?, ?)"
                    " ON CONFLICT DO NOTHING",
                    err);
        query_text(&q, row->placement);
        query_text(&q, row->party);
        query_text(&q, row->by);
        query_int(&q, row->at_utc);
        query_int_or_null(&q, row->event, 0);
        return query_run(&q);
}

int checkin_put(struct db *db, const struct checkin *row, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO checkin(placement, day, mark, at, by, event) VALUES (?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT(placement, day) DO UPDATE"
                    "   SET mark = excluded.mark, at = excluded.at, by = excluded.by, event = excluded.event"
                    " WHERE mark <> excluded.mark OR at <> excluded.at",
                    err);
        query_text(&q, row->placement);
        query_text(&q, row->day);
        query_text(&q, row->mark);
        query_int(&q, row->at_utc);
        query_text(&q, row->by);
        query_int_or_null(&q, row->event, 0);
        return query_run(&q);
}
