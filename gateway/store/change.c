#include "store/change.h"
#include "store/db.h"

#include <stdio.h>
#include <string.h>

/* Timers that have run down become changes. */
static int wake_timers(struct db *db, int64_t now_utc, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "INSERT INTO change(kind, subject)"
            "  SELECT t.kind, t.subject FROM timer t WHERE t.at <= ?"
            "     AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = t.kind AND c.subject = t.subject)"
            "   ORDER BY t.at, t.kind, t.subject",
            err);
        query_int(&q, now_utc);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(&q, db, "DELETE FROM timer WHERE at <= ?", err);
        query_int(&q, now_utc);
        return query_run(&q);
}

/* Everybody whose organisation keeps the calendar. One statement each: the rows land behind those that wait
 * already. */
static int spread_calendar(struct db *db, const char *calendar, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "INSERT INTO change(kind, subject)"
            "  SELECT DISTINCT 'pupil', r.person FROM organisation_calendar o"
            "    JOIN role r ON r.organisation = o.organisation AND r.role = 'pupil'"
            "   WHERE o.calendar = ?"
            "     AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'pupil' AND c.subject = r.person)",
            err);
        query_text(&q, calendar);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(
            &q, db,
            "INSERT INTO change(kind, subject)"
            "  SELECT DISTINCT 'placement', p.id FROM organisation_calendar o"
            "    JOIN role r ON r.organisation = o.organisation AND r.role = 'pupil'"
            "    JOIN placement p ON p.pupil = r.person"
            "   WHERE o.calendar = ?"
            "     AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'placement' AND c.subject = p.id)",
            err);
        query_text(&q, calendar);
        return query_run(&q);
}

static int take_one(struct db *db, struct subject *ret_subject, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "DELETE FROM change WHERE seq = (SELECT min(seq) FROM change) RETURNING kind, subject",
                    err);
        r = query_row(&q);
        if (r > 0) {
                snprintf(ret_subject->kind, sizeof ret_subject->kind, "%s", column_text(&q, 0));
                snprintf(ret_subject->id, sizeof ret_subject->id, "%s", column_text(&q, 1));
        }
        query_end(&q);
        return r;
}

int change_take(struct db *db, int64_t now_utc, struct subject *ret_subjects, int max, int *ret_count,
                struct err *err)
{
        int count = 0, r;

        r = wake_timers(db, now_utc, err);
        if (r < 0)
                return r;
        while (count < max && (r = take_one(db, &ret_subjects[count], err)) > 0) {
                if (strcmp(ret_subjects[count].kind, "calendar") == 0)
                        r = spread_calendar(db, ret_subjects[count].id, err);
                else
                        count++;
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        *ret_count = count;
        return 0;
}

int change_mark(struct db *db, const char *kind, const char *subject, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "DELETE FROM change WHERE kind = ? AND subject = ?", err);
        query_text(&q, kind);
        query_text(&q, subject);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(&q, db, "INSERT INTO change(kind, subject) VALUES (?, ?)", err);
        query_text(&q, kind);
        query_text(&q, subject);
        return query_run(&q);
}

int change_waits(struct db *db, bool *ret_waits, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT EXISTS (SELECT 1 FROM change)", err);
        r = query_row(&q);
        if (r > 0)
                *ret_waits = column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}

int timer_next(struct db *db, int64_t *ret_utc, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT min(at) FROM timer", err);
        r = query_row(&q);
        if (r > 0)
                *ret_utc = column_int_or(&q, 0, INT64_MAX);
        query_end(&q);
        return r < 0 ? r : 0;
}

int timer_set(struct db *db, const char *kind, const char *subject, int64_t at_utc, struct err *err)
{
        struct query q;

        if (at_utc == INT64_MAX) {
                query_start(&q, db, "DELETE FROM timer WHERE kind = ? AND subject = ?", err);
                query_text(&q, kind);
                query_text(&q, subject);
                return query_run(&q);
        }
        query_start(&q, db,
                    "INSERT INTO timer(kind, subject, at) VALUES (?, ?, ?)"
                    "    ON CONFLICT DO UPDATE SET at = excluded.at WHERE at <> excluded.at",
                    err);
        query_text(&q, kind);
        query_text(&q, subject);
        query_int(&q, at_utc);
        return query_run(&q);
}
