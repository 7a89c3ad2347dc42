#include "store/desk_absence.h"

#include <stdio.h>
#include <string.h>

/* ---- the year */

static int read_days(struct db *db, const char *organisation, const char *today, struct desk_year *year,
                     struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT d.day, d.day_no, d.weekday, d.kind = 'school', d.school_year FROM day d"
                    "  JOIN (SELECT x.school_year, min(x.day_no) AS first, max(x.day_no) AS last FROM day x"
                    "         WHERE x.organisation = ?1 AND x.kind = 'school' AND x.school_year ="
                    "           (SELECT n.school_year FROM day n WHERE n.organisation = ?1 AND n.day <= ?2"
                    "               AND n.kind = 'school' ORDER BY n.day DESC LIMIT 1)) y"
                    "    ON d.day_no BETWEEN y.first AND y.last"
                    " WHERE d.organisation = ?1 ORDER BY d.day_no LIMIT ?3",
                    err);
        query_text(&q, organisation);
        query_text(&q, today);
        query_int(&q, DESK_YEAR_DAYS_MAX);
        while ((r = query_row(&q)) > 0) {
                struct desk_day *day = &year->days[year->count++];

                snprintf(day->day, sizeof day->day, "%s", column_text(&q, 0));
                day->day_no = (int32_t)column_int(&q, 1);
                day->weekday = (int)column_int(&q, 2);
                day->is_school = column_int(&q, 3);
                year->year = (int)column_int(&q, 4);
        }
        query_end(&q);
        return r;
}

/* The calendar has every day, so a day's number is its place. */
static struct desk_day *find_day(struct desk_year *year, int64_t day_no)
{
        int64_t at = year->count ? day_no - year->days[0].day_no : -1;

        return at >= 0 && at < year->count && year->days[at].day_no == day_no ? &year->days[at] : NULL;
}

static int add_missed(struct db *db, const char *pupil, struct desk_year *year, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT day_no, sum(minutes), sum(minutes * (class = 'unexplained')),"
            "       sum(minutes * (class = 'health')), sum(minutes * (class IN ('leave', 'other'))),"
            "       sum(minutes * concern) FROM missed_lesson WHERE pupil = ? AND day_no BETWEEN ? AND ?"
            " GROUP BY day_no "
            "UNION ALL "
            "SELECT day_no, minutes, minutes * unexplained, minutes * health, minutes * other, minutes"
            "  FROM missed_day WHERE pupil = ?1 AND place = 'placement' AND day_no BETWEEN ?2 AND ?3",
            err);
        query_text(&q, pupil);
        query_int(&q, year->days[0].day_no);
        query_int(&q, year->days[year->count - 1].day_no);
        while ((r = query_row(&q)) > 0) {
                struct desk_day *day = find_day(year, column_int(&q, 0));

                if (!day)
                        continue;
                day->minutes += (int)column_int(&q, 1);
                day->unexplained += (int)column_int(&q, 2);
                day->health += (int)column_int(&q, 3);
                day->other += (int)column_int(&q, 4);
                day->concern += (int)column_int(&q, 5);
        }
        query_end(&q);
        return r;
}

static int add_work(struct db *db, const char *pupil, struct desk_year *year, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT d.day FROM placement p CROSS JOIN placement_day d ON d.placement = p.id"
                    " WHERE p.pupil = ? AND p.state = 'planned' AND d.kind = 'work' AND d.state = 'planned'",
                    err);
        query_text(&q, pupil);
        while ((r = query_row(&q)) > 0)
                for (int i = 0; i < year->count; i++)
                        if (strcmp(year->days[i].day, column_text(&q, 0)) == 0)
                                year->days[i].is_work = true;
        query_end(&q);
        return r;
}

/* As absence-hours sums them up. */
static int read_concern(struct db *db, const char *pupil, struct desk_year *year, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT total(minutes) FROM missed_day WHERE pupil = ? AND school_year = ? AND minutes > 0", err);
        query_text(&q, pupil);
        query_int(&q, year->year);
        r = query_row(&q);
        if (r > 0)
                year->concern = column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}

int desk_year_get(struct db *db, const char *pupil, const char *organisation, const char *today,
                  struct desk_year *ret_year, struct err *err)
{
        int r;

        *ret_year = (struct desk_year){0};
        r = read_days(db, organisation, today, ret_year, err);
        if (r < 0 || !ret_year->count)
                return r;
        r = add_missed(db, pupil, ret_year, err);
        if (r == 0)
                r = add_work(db, pupil, ret_year, err);
        return r < 0 ? r : read_concern(db, pupil, ret_year, err);
}

int desk_share_get(struct db *db, const char *pupil, const char *organisation, int32_t today, int within,
                   int64_t *ret_missed, int64_t *ret_scheduled, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT (SELECT total(minutes) FROM missed_day WHERE pupil = ?1 AND organisation = ?2"
            "          AND day_no > ?3 - ?4 AND day_no <= ?3),"
            "       (SELECT total(CASE d.weekday WHEN 1 THEN h.mon WHEN 2 THEN h.tue WHEN 3 THEN h.wed"
            "                       WHEN 4 THEN h.thu WHEN 5 THEN h.fri WHEN 6 THEN h.sat ELSE h.sun END)"
            "          FROM scheduled_week h CROSS JOIN day d ON d.organisation = h.organisation"
            "           AND d.kind = 'school' AND d.day_no > ?3 - ?4 AND d.day_no <= ?3"
            "         WHERE h.pupil = ?1 AND h.organisation = ?2)",
            err);
        query_text(&q, pupil);
        query_text(&q, organisation);
        query_int(&q, today);
        query_int(&q, within);
        r = query_row(&q);
        if (r > 0) {
                *ret_missed = column_int(&q, 0);
                *ret_scheduled = column_int(&q, 1);
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

/* ---- what waits for a word */

int desk_open_day_each(struct db *db, const char *pupil, const char *from,
                       int (*each)(void *context, const struct desk_open_day *day, struct err *err),
                       void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT day, min(starts), max(ends), count(*), max(class = 'unexplained'),"
            "       max(class IN ('leave', 'other')), max(CASE WHEN class <> 'unexplained' THEN class END)"
            "  FROM missed_lesson WHERE pupil = ?1 AND day >= ?2 AND concern = 1 AND class <> 'health'"
            " GROUP BY day ORDER BY day DESC LIMIT ?3",
            err);
        query_text(&q, pupil);
        query_text(&q, from);
        query_int(&q, DESK_OPEN_DAYS_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct desk_open_day day = {.day = column_text(&q, 0),
                                                  .starts = column_int(&q, 1),
                                                  .ends = column_int(&q, 2),
                                                  .lessons = column_int(&q, 3),
                                                  .is_unexplained = column_int(&q, 4),
                                                  .is_explained = column_int(&q, 5),
                                                  .class = column_text(&q, 6)};

                r = each(context, &day, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}
