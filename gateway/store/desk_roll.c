#include "store/desk_roll.h"

#include <stdio.h>

int desk_roll(struct db *db, const struct desk_lesson *lesson, const char *pupil,
              int (*each)(void *context, const struct desk_roll_row *row, struct err *err), void *context,
              struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT p.id, p.given, p.family, coalesce(m.mark, w.mark), coalesce(m.class, w.class),"
            "  (SELECT e.class FROM explanation e WHERE e.pupil = p.id AND e.starts < ?5 AND e.ends > ?4"
            "    ORDER BY e.id DESC LIMIT 1),"
            "  p.protected, m.mark = 'present' AND e.pupil IS NOT NULL,"
            "  EXISTS (SELECT 1 FROM placement y CROSS JOIN placement_day x ON x.placement = y.id AND x.day "
            "= ?2"
            "           WHERE y.pupil = p.id AND y.state = 'planned' AND x.kind = 'work'"
            "             AND x.state = 'planned'),"
            "  EXISTS (SELECT 1 FROM hold h WHERE h.kind = 'pupil' AND h.subject = p.id AND h.starts < ?5"
            "             AND (h.ends IS NULL OR h.ends > ?4))"
            "    OR EXISTS (SELECT 1 FROM organisation_tree x CROSS JOIN hold h"
            "                WHERE x.descendant = ?1 AND h.kind = 'group' AND h.subject = x.ancestor"
            "                  AND h.starts < ?5 AND (h.ends IS NULL OR h.ends > ?4)),"
            "  EXISTS (SELECT 1 FROM authorisation a WHERE a.pupil = p.id AND a.starts < ?5 AND a.ends > ?4)"
            "  FROM role r CROSS JOIN person p ON p.id = r.person"
            "  LEFT JOIN attendance_mark m ON m.pupil = p.id AND m.day = ?2 AND m.lesson = ?3"
            "                             AND m.place = 'school' AND m.in_force = 1"
            "  LEFT JOIN attendance_mark w ON w.pupil = p.id AND w.day = ?2 AND w.lesson = 0"
            "                             AND w.place = 'school' AND w.in_force = 1"
            "  LEFT JOIN desk_elsewhere e ON e.pupil = p.id AND e.day = ?2 AND e.lesson = ?3"
            " WHERE r.organisation = ?1 AND r.role = 'pupil' AND r.first_day <= ?2"
            "   AND (r.last_day IS NULL OR r.last_day >= ?2) AND (p.ended IS NULL OR p.ended > ?2)"
            "   AND (?6 IS NULL OR r.person = ?6)"
            " GROUP BY p.id ORDER BY p.given, p.family, p.id",
            err);
        query_text(&q, lesson->organisation);
        query_text(&q, lesson->day);
        query_int(&q, lesson->lesson);
        query_int(&q, lesson->starts);
        query_int(&q, lesson->ends);
        query_text(&q, pupil);
        while ((r = query_row(&q)) > 0) {
                const struct desk_roll_row row = {.pupil = column_text(&q, 0),
                                                  .given = column_text(&q, 1),
                                                  .family = column_text(&q, 2),
                                                  .mark = column_text(&q, 3),
                                                  .class = column_text(&q, 4),
                                                  .announced = column_text(&q, 5),
                                                  .is_protected = column_int(&q, 6),
                                                  .is_elsewhere = column_int(&q, 7),
                                                  .is_placed = column_int(&q, 8),
                                                  .is_held = column_int(&q, 9),
                                                  .is_authorised = column_int(&q, 10)};

                r = each(context, &row, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int desk_roll_elsewhere(struct db *db, const struct desk_lesson *lesson, const char *pupil, const char *by,
                        int64_t now_utc, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "INSERT INTO desk_elsewhere(pupil, day, lesson, by, at) VALUES (?, ?, ?, ?, ?)"
                    " ON CONFLICT DO NOTHING",
                    err);
        query_text(&q, pupil);
        query_text(&q, lesson->day);
        query_int(&q, lesson->lesson);
        query_text(&q, by);
        query_int(&q, now_utc);
        r = query_run(&q);
        return r < 0 ? r : db_changes(db) > 0;
}

int desk_roll_not_elsewhere(struct db *db, const struct desk_lesson *lesson, const char *pupil,
                            struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "DELETE FROM desk_elsewhere WHERE pupil = ? AND day = ? AND lesson = ?", err);
        query_text(&q, pupil);
        query_text(&q, lesson->day);
        query_int(&q, lesson->lesson);
        r = query_run(&q);
        return r < 0 ? r : db_changes(db) > 0;
}

int desk_roll_day_kind(struct db *db, const char *organisation, const char *day, char ret_kind[static 16],
                       struct err *err)
{
        struct query q;
        int r;

        ret_kind[0] = '\0';
        query_start(&q, db, "SELECT kind FROM day WHERE organisation = ? AND day = ?", err);
        query_text(&q, organisation);
        query_text(&q, day);
        r = query_row(&q);
        if (r > 0)
                snprintf(ret_kind, 16, "%s", column_text(&q, 0));
        query_end(&q);
        return r < 0 ? r : 0;
}
