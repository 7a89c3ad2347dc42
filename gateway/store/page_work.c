#include "store/page_work.h"

#include <string.h>

/* ?1 the person, ?2 whether they are the pupil */
#define READERS                                                                                             \
        " (CASE WHEN ?2 THEN p.pupil = ?1"                                                                  \
        "       ELSE p.supervisor = ?1 OR p.supervisor IS NULL AND EXISTS"                                  \
        "            (SELECT 1 FROM workplace_supervisor s WHERE s.workplace = p.workplace AND s.person = " \
        "?1) END)"

int work_days(struct db *db, const struct work_reader *reader, const char *first_day, const char *last_day,
              int64_t now_utc, int (*each)(void *context, const struct work_day *day, struct err *err),
              void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT p.id, p.pupil, u.given, w.name, d.day, c.mark, d.starts, d.ends,"
            "  (SELECT count(*) FROM agreement_signature g WHERE g.placement = p.id) >= 3,"
            "  c.by = p.pupil,"
            "  EXISTS (SELECT 1 FROM explanation x WHERE x.pupil = p.pupil AND x.starts <= d.starts AND "
            "x.ends > d.starts)"
            "  FROM placement_day d CROSS JOIN placement p ON p.id = d.placement AND p.state = 'planned'"
            "  JOIN person u ON u.id = p.pupil JOIN workplace w ON w.id = p.workplace"
            "  LEFT JOIN checkin c ON c.placement = p.id AND c.day = d.day"
            " WHERE d.day BETWEEN ?3 AND ?4 AND d.kind = 'work' AND d.state = 'planned' AND" READERS
            "   AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.kind = 'pupil' AND h.subject = p.pupil"
            "                      AND h.starts <= ?5 AND (h.ends IS NULL OR h.ends > ?5))"
            " ORDER BY d.day, d.starts, u.given, p.id",
            err);
        query_text(&q, reader->person);
        query_int(&q, reader->is_pupil);
        query_text(&q, first_day);
        query_text(&q, last_day);
        query_int(&q, now_utc);
        while ((r = query_row(&q)) > 0) {
                const struct work_day day = {.placement = column_text(&q, 0),
                                             .pupil = column_text(&q, 1),
                                             .given = column_text(&q, 2),
                                             .workplace = column_text(&q, 3),
                                             .day = column_text(&q, 4),
                                             .mark = column_text(&q, 5),
                                             .starts = column_int(&q, 6),
                                             .ends = column_int(&q, 7),
                                             .is_signed = column_int(&q, 8),
                                             .is_marked_by_pupil = column_int_or(&q, 9, 0),
                                             .is_excused = column_int(&q, 10)};

                r = each(context, &day, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

#define DAYS_OF "FROM placement_day d WHERE d.placement = p.id AND d.kind = 'work' AND d.state = 'planned'"
#define DONE                                                                                             \
        " AND EXISTS (SELECT 1 FROM checkin c WHERE c.placement = p.id AND c.day = d.day AND c.mark <> " \
        "'absent')"
#define SIGNED(party)                                                                                     \
        "coalesce((SELECT g.at FROM agreement_signature g WHERE g.placement = p.id AND g.party = '" party \
        "'), 0)"
#define EVALUATED(part) \
        "coalesce((SELECT e.at FROM evaluation e WHERE e.placement = p.id AND e.part = '" part "'), 0)"

int work_placements(struct db *db, const struct work_reader *reader, const char *id, const char *first_day,
                    int (*each)(void *context, const struct work_placement *placement, struct err *err),
                    void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT p.id, p.pupil, u.given, u.family, w.name, p.first_day, p.last_day, p.weekdays, p.starts, "
            "p.ends,"
            "  (SELECT coalesce(sum(d.ends - d.starts), 0) " DAYS_OF DONE "),"
            "  (SELECT coalesce(sum(d.ends - d.starts), 0) " DAYS_OF "),"
            "  (SELECT count(*) " DAYS_OF DONE "), (SELECT count(*) " DAYS_OF "),"
            "  " SIGNED("guardian") ", " SIGNED("workplace") ", " SIGNED(
                "school") ","
                          "  " EVALUATED("supervisor") ", " EVALUATED(
                              "pupil") ","
                                       "  coalesce((SELECT x.at FROM certificate x WHERE x.placement = "
                                       "p.id), 0), p.model = 'block'"
                                       "  FROM placement p JOIN person u ON u.id = p.pupil JOIN workplace w "
                                       "ON w.id = p.workplace"
                                       " WHERE p.state = 'planned' AND" READERS
                                       "   AND CASE WHEN ?3 IS NULL THEN p.last_day >= ?4 ELSE p.id = ?3 END"
                                       " ORDER BY p.first_day, p.id LIMIT 50",
            err);
        query_text(&q, reader->person);
        query_int(&q, reader->is_pupil);
        query_text(&q, id);
        query_text(&q, first_day);
        while ((r = query_row(&q)) > 0) {
                const struct work_placement placement = {.id = column_text(&q, 0),
                                                         .pupil = column_text(&q, 1),
                                                         .given = column_text(&q, 2),
                                                         .family = column_text(&q, 3),
                                                         .workplace = column_text(&q, 4),
                                                         .first_day = column_text(&q, 5),
                                                         .last_day = column_text(&q, 6),
                                                         .weekdays = column_text(&q, 7),
                                                         .starts = (int)column_int(&q, 8),
                                                         .ends = (int)column_int(&q, 9),
                                                         .done_s = column_int(&q, 10),
                                                         .planned_s = column_int(&q, 11),
                                                         .done_days = (int)column_int(&q, 12),
                                                         .planned_days = (int)column_int(&q, 13),
                                                         .signed_guardian = column_int(&q, 14),
                                                         .signed_workplace = column_int(&q, 15),
                                                         .signed_school = column_int(&q, 16),
                                                         .evaluated = column_int(&q, 17),
                                                         .evaluated_by_pupil = column_int(&q, 18),
                                                         .certified = column_int(&q, 19),
                                                         .is_block = column_int(&q, 20)};

                r = each(context, &placement, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int work_evaluation(struct db *db, const char *placement, const char *part,
                    int (*each)(void *context, const char *criterion, int mark, struct err *err),
                    void *context, char **ret_word, struct err *err)
{
        struct query q;
        int r;

        *ret_word = NULL;
        query_start(&q, db, "SELECT criterion, mark FROM evaluation_mark WHERE placement = ? AND part = ?",
                    err);
        query_text(&q, placement);
        query_text(&q, part);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), (int)column_int(&q, 1), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        if (r < 0)
                return r;
        query_start(&q, db, "SELECT word FROM evaluation_word WHERE placement = ? AND part = ?", err);
        query_text(&q, placement);
        query_text(&q, part);
        r = query_row(&q);
        if (r > 0) {
                *ret_word = strdup(column_text(&q, 0));
                r = *ret_word ? 0 : err_set(err, ERR_NOMEM, "evaluation: out of memory");
        }
        query_end(&q);
        return r;
}

int work_packages(struct db *db, const char *pupil,
                  int (*each)(void *context, const char *name, const char *due, struct err *err),
                  void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT coalesce(subject_name, ''), due FROM package"
                    " WHERE pupil = ? AND done IS NULL AND due IS NOT NULL ORDER BY due LIMIT 20",
                    err);
        query_text(&q, pupil);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), column_text(&q, 1), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}
