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

/* A working day that stands, signed or not. */
static int check_working_day(struct db *db, const struct checkin *row, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT 1 FROM placement_day WHERE placement = ? AND day = ? AND state = 'planned'"
                    "   AND kind = 'work' LIMIT 1",
                    err);
        query_text(&q, row->placement);
        query_text(&q, row->day);
        r = query_row(&q);
        query_end(&q);
        if (r == 0)
                r = err_set(err, ERR_NOT_FOUND,
                            "data.day: placement %s has no working day on %s: see its days in the calendar",
                            row->placement, row->day);
        return r < 0 ? r : 0;
}

int checkin_put(struct db *db, const struct checkin *row, struct err *err)
{
        struct query q;
        int r;

        r = check_working_day(db, row, err);
        if (r < 0)
                return r;
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
