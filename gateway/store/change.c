#include "store/change.h"
#include "store/db.h"
#include "store/desk_change.h"
#include "store/select.h"

#include <stdio.h>
#include <string.h>

/* What a cause touches beside what the engine writes, which every look considers. */
static const struct {
        const char *cause;
        unsigned touched;
} cause_table[] = {
    {"attendance", FACTS_ATTENDANCE},
    {"message", FACTS_TOLD},
};

static unsigned touched_by(const char *cause)
{
        for (size_t i = 0; i < ARRAY_SIZE(cause_table); i++)
                if (strcmp(cause_table[i].cause, cause) == 0)
                        return cause_table[i].touched;
        return FACTS_ALL;
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

static void set_subject(struct change *change, const char *kind, const char *id, unsigned touched)
{
        snprintf(change->subject.kind, sizeof change->subject.kind, "%s", kind);
        snprintf(change->subject.id, sizeof change->subject.id, "%s", id);
        change->touched = touched;
}

static int take_whole(struct db *db, struct change *ret_change, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "DELETE FROM change WHERE seq = (SELECT min(seq) FROM change) RETURNING kind, subject",
                    err);
        r = query_row(&q);
        if (r > 0)
                set_subject(ret_change, column_text(&q, 0), column_text(&q, 1), FACTS_ALL);
        query_end(&q);
        if (r <= 0)
                return r;
        query_start(&q, db, "DELETE FROM change_part WHERE kind = ? AND subject = ?", err);
        query_text(&q, ret_change->subject.kind);
        query_text(&q, ret_change->subject.id);
        r = query_run(&q);
        return r < 0 ? r : 1;
}

/* All causes of the subject that has waited longest. */
static int take_part(struct db *db, struct change *ret_change, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT kind, subject FROM change_part ORDER BY seq LIMIT 1", err);
        r = query_row(&q);
        if (r > 0)
                set_subject(ret_change, column_text(&q, 0), column_text(&q, 1), 0);
        query_end(&q);
        if (r <= 0)
                return r;
        query_start(&q, db, "DELETE FROM change_part WHERE kind = ? AND subject = ? RETURNING cause", err);
        query_text(&q, ret_change->subject.kind);
        query_text(&q, ret_change->subject.id);
        while ((r = query_row(&q)) > 0)
                ret_change->touched |= touched_by(column_text(&q, 0));
        query_end(&q);
        return r < 0 ? r : 1;
}

/* What the engine looks at, and what it then writes in the same transaction, is news to the desk. */
static int note(struct db *db, const struct change *change, struct err *err)
{
        return desk_change_note(db, change->subject.kind, change->subject.id, err);
}

int change_take(struct db *db, struct change *ret_changes, int max, int *ret_count, struct err *err)
{
        int count = 0, r = 1;

        while (count < max && (r = take_whole(db, &ret_changes[count], err)) > 0) {
                if (strcmp(ret_changes[count].subject.kind, "calendar") == 0)
                        r = spread_calendar(db, ret_changes[count].subject.id, err);
                else
                        r = note(db, &ret_changes[count++], err);
                if (r < 0)
                        return r;
        }
        while (r >= 0 && count < max && (r = take_part(db, &ret_changes[count], err)) > 0)
                r = note(db, &ret_changes[count++], err);
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

        query_start(&q, db, "SELECT EXISTS (SELECT 1 FROM change) OR EXISTS (SELECT 1 FROM change_part)",
                    err);
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

int timer_set(struct db *db, const char *kind, const char *subject, const char *rule, int64_t at_utc,
              struct err *err)
{
        struct query q;

        if (at_utc == INT64_MAX) {
                query_start(&q, db, "DELETE FROM timer WHERE kind = ? AND subject = ? AND rule = ?", err);
                query_text(&q, kind);
                query_text(&q, subject);
                query_text(&q, rule);
                return query_run(&q);
        }
        query_start(&q, db,
                    "INSERT INTO timer(kind, subject, rule, at) VALUES (?, ?, ?, ?)"
                    "    ON CONFLICT DO UPDATE SET at = excluded.at WHERE at <> excluded.at",
                    err);
        query_text(&q, kind);
        query_text(&q, subject);
        query_text(&q, rule);
        query_int(&q, at_utc);
        return query_run(&q);
}

int timer_due(struct db *db, int64_t now_utc, struct change *ret_changes, int max, int *ret_count,
              struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT kind, subject FROM timer WHERE at <= ? ORDER BY at, kind, subject LIMIT ?", err);
        query_int(&q, now_utc);
        query_int(&q, max);
        *ret_count = 0;
        while ((r = query_row(&q)) > 0)
                change_add(ret_changes, ret_count, column_text(&q, 0), column_text(&q, 1));
        query_end(&q);
        return r;
}

int timer_forget(struct db *db, const char *kind, const char *subject, int64_t now_utc, struct err *err)
{
        struct query q;

        query_start(&q, db, "DELETE FROM timer WHERE kind = ? AND subject = ? AND at <= ?", err);
        query_text(&q, kind);
        query_text(&q, subject);
        query_int(&q, now_utc);
        return query_run(&q);
}

int timer_each(struct db *db, const char *kind, const char *subject,
               int (*each)(void *context, const char *rule, int64_t at_utc, struct err *err), void *context,
               struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT rule, at FROM timer WHERE kind = ? AND subject = ?", err);
        query_text(&q, kind);
        query_text(&q, subject);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), column_int(&q, 1), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

void change_add(struct change *changes, int *count, const char *kind, const char *subject)
{
        for (int i = 0; i < *count; i++)
                if (strcmp(changes[i].subject.id, subject) == 0 && strcmp(changes[i].subject.kind, kind) == 0)
                        return;
        set_subject(&changes[(*count)++], kind, subject, 0);
}
