#include "store/meeting_day.h"
#include "base/date.h"
#include "store/meeting.h"

#include <string.h>

/* The only day of a meeting that does not repeat, or that does so no more. */
static int put_single(struct db *db, int64_t now_utc, const char *meeting, int64_t event, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "DELETE FROM meeting_day WHERE meeting = ? AND original_day <> ''", err);
        query_text(&q, meeting);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(
            &q, db,
            "INSERT INTO meeting_day(meeting, original_day, starts, ends, dated, changed, event)"
            " SELECT id, '', starts, ends, ?2, ?2, ?3 FROM meeting WHERE id = ?1 ON CONFLICT DO NOTHING",
            err);
        query_text(&q, meeting);
        query_int(&q, now_utc);
        query_int_or_null(&q, event, 0);
        return query_run(&q);
}

static int put_day(struct db *db, int64_t now_utc, const char *meeting, const char *day, int64_t starts,
                   int64_t ends, int64_t event, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO meeting_day(meeting, original_day, starts, ends, dated, changed, event)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)"
                    " ON CONFLICT(meeting, original_day) DO UPDATE SET starts = excluded.starts, ends = "
                    "excluded.ends,"
                    "    dated = excluded.dated, changed = excluded.changed, sequence = sequence + 1,"
                    "    event = excluded.event"
                    " WHERE by_hand = 0 AND (starts <> excluded.starts OR ends <> excluded.ends)",
                    err);
        query_text(&q, meeting);
        query_text(&q, day);
        query_int(&q, starts);
        query_int(&q, ends);
        query_int(&q, now_utc);
        query_int_or_null(&q, event, 0);
        return query_run(&q);
}

static bool is_among(const char *day, const int32_t *dates, size_t count)
{
        int32_t date;

        if (!date_parse(day, &date))
                return false;
        for (size_t i = 0; i < count; i++)
                if (dates[i] == date)
                        return true;
        return false;
}

/* Takes out one day that the rule no longer has: 1; 0 when there is none. */
static int drop_one(struct db *db, const char *meeting, const int32_t *dates, size_t count, struct err *err)
{
        char day[DATE_TEXT_MAX] = "";
        bool found = false;
        struct query q;
        int r = 0;

        query_start(&q, db, "SELECT original_day FROM meeting_day WHERE meeting = ?", err);
        query_text(&q, meeting);
        while (!found && (r = query_row(&q)) > 0)
                if (!is_among(column_text(&q, 0), dates, count)) {
                        strncpy(day, column_text(&q, 0), sizeof day - 1);
                        found = true;
                }
        query_end(&q);
        if (!found)
                return r;
        query_start(&q, db, "DELETE FROM meeting_day WHERE meeting = ? AND original_day = ?", err);
        query_text(&q, meeting);
        query_text(&q, day);
        r = query_run(&q);
        return r < 0 ? r : 1;
}

int meeting_days_plan(struct db *db, int64_t now_utc, const char *meeting, const struct recurrence *rule,
                      struct zone *zone, int64_t event, struct err *err)
{
        int32_t dates[MEETING_DAYS_MAX], first;
        int64_t starts = 0, ends = 0;
        char day[DATE_TEXT_MAX];
        int seconds, r;
        size_t count;

        if (!rule)
                return put_single(db, now_utc, meeting, event, err);
        r = meeting_hours(db, meeting, &starts, &ends, err);
        if (r <= 0)
                return r;
        zone_to_local(zone, starts, &first, &seconds);
        count = recurrence_dates(rule, first, first + MEETING_AHEAD_DAYS_MAX, dates, MEETING_DAYS_MAX);
        while ((r = drop_one(db, meeting, dates, count, err)) > 0)
                ;
        for (size_t i = 0; i < count && r == 0; i++) {
                int64_t at = zone_to_utc(zone, dates[i], seconds);

                date_print(dates[i], day);
                r = put_day(db, now_utc, meeting, day, at, at + (ends - starts), event, err);
        }
        return r;
}

int meeting_day_hours(struct db *db, const char *meeting, const char *original_day, int64_t *ret_starts,
                      int64_t *ret_ends, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT starts, ends FROM meeting_day WHERE meeting = ? AND original_day = ?",
                    err);
        query_text(&q, meeting);
        query_text(&q, original_day);
        r = query_row(&q);
        if (r > 0) {
                *ret_starts = column_int(&q, 0);
                *ret_ends = column_int(&q, 1);
        }
        query_end(&q);
        return r;
}

int meeting_day_move(struct db *db, int64_t now_utc, const char *meeting, const char *original_day,
                     int64_t starts, int64_t ends, int64_t event, struct err *err)
{
        int64_t old_starts, old_ends;
        struct query q;
        int r = meeting_day_hours(db, meeting, original_day, &old_starts, &old_ends, err);

        if (r <= 0)
                return r;
        query_start(
            &q, db,
            "UPDATE meeting_day SET starts = ?3, ends = ?4, state = 'planned', by_hand = 1, dated = ?5,"
            "    changed = ?5, sequence = sequence + 1, event = ?6"
            " WHERE meeting = ?1 AND original_day = ?2 AND (starts <> ?3 OR ends <> ?4 OR state <> "
            "'planned')",
            err);
        query_text(&q, meeting);
        query_text(&q, original_day);
        query_int(&q, starts);
        query_int(&q, ends);
        query_int(&q, now_utc);
        query_int_or_null(&q, event, 0);
        r = query_run(&q);
        return r < 0 ? r : 1;
}

int meeting_day_cancel(struct db *db, int64_t now_utc, const char *meeting, const char *original_day,
                       int64_t event, struct err *err)
{
        int64_t starts, ends;
        struct query q;
        int r = meeting_day_hours(db, meeting, original_day, &starts, &ends, err);

        if (r <= 0)
                return r;
        query_start(
            &q, db,
            "UPDATE meeting_day SET state = 'cancelled', by_hand = 1, changed = ?3, sequence = sequence + 1,"
            "    event = ?4"
            " WHERE meeting = ?1 AND original_day = ?2 AND state <> 'cancelled'",
            err);
        query_text(&q, meeting);
        query_text(&q, original_day);
        query_int(&q, now_utc);
        query_int_or_null(&q, event, 0);
        r = query_run(&q);
        return r < 0 ? r : 1;
}
