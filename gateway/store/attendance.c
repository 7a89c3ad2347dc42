#include "store/attendance.h"

int attendance_mark_add(struct db *db, const struct attendance_mark *row, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "INSERT INTO attendance_mark(pupil, day, lesson, place, starts, ends, mark, class, by, event,"
            "                            received)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            err);
        query_text(&q, row->pupil);
        query_text(&q, row->day);
        query_int(&q, row->lesson);
        query_text(&q, row->place);
        query_int(&q, row->starts);
        query_int(&q, row->ends);
        query_text(&q, row->mark);
        query_text(&q, row->class);
        query_text(&q, row->by);
        query_int_or_null(&q, row->event, 0);
        query_int(&q, row->received);
        return query_run(&q);
}

static int add_word(struct db *db, const char *sql, const struct absence_word *row, struct err *err)
{
        struct query q;

        query_start(&q, db, sql, err);
        query_text(&q, row->pupil);
        query_int(&q, row->starts);
        query_int(&q, row->ends);
        query_text(&q, row->class);
        query_text(&q, row->by);
        query_int_or_null(&q, row->event, 0);
        query_int(&q, row->received);
        return query_run(&q);
}

int explanation_add(struct db *db, const struct absence_word *row, struct err *err)
{
        return add_word(db,
                        "INSERT INTO explanation(pupil, starts, ends, class, by, event, received)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?)",
                        row, err);
}

int authorisation_add(struct db *db, const struct absence_word *row, struct err *err)
{
        return add_word(db,
                        "INSERT INTO authorisation(pupil, starts, ends, class, by, event, received)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?)",
                        row, err);
}

int located_add(struct db *db, const struct located *row, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO located(pupil, at, place, by, event, received) VALUES (?, ?, ?, ?, ?, ?)",
                    err);
        query_text(&q, row->pupil);
        query_int(&q, row->at_utc);
        query_text(&q, row->place);
        query_text(&q, row->by);
        query_int_or_null(&q, row->event, 0);
        query_int(&q, row->received);
        return query_run(&q);
}

int register_synced(struct db *db, const char *organisation, int64_t read_up_to, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO register_sync(organisation, read_up_to) VALUES (?, ?)"
                    " ON CONFLICT(organisation) DO UPDATE SET read_up_to = excluded.read_up_to"
                    " WHERE read_up_to < excluded.read_up_to",
                    err);
        query_text(&q, organisation);
        query_int(&q, read_up_to);
        return query_run(&q);
}
