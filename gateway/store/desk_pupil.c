#include "store/desk_pupil.h"
#include "store/role.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- who */

static int take_text(struct query *q, int column, char **ret_text, struct err *err)
{
        const char *text = column_text(q, column);

        *ret_text = text ? strdup(text) : NULL;
        return text && !*ret_text ? err_set(err, ERR_NOMEM, "pupil: out of memory") : 0;
}

int desk_pupil_get(struct db *db, const char *pupil, const char *today, struct desk_pupil *ret_pupil,
                   struct err *err)
{
        struct desk_pupil found = {0};
        struct role_place place;
        struct query q;
        int r = role_of_pupil(db, pupil, today, &place, err);

        if (r <= 0)
                return r;
        query_start(
            &q, db,
            "SELECT p.given, p.family, p.protected, o.name,"
            "  (SELECT s.name FROM organisation_tree t JOIN organisation s ON s.id = t.ancestor"
            "    WHERE t.descendant = ?2 AND s.kind = 'school' ORDER BY t.distance LIMIT 1),"
            "  (SELECT r.grade FROM role r WHERE r.person = ?1 AND r.role = 'pupil' AND r.organisation = ?2"
            "    ORDER BY r.first_day DESC LIMIT 1)"
            "  FROM person p LEFT JOIN organisation o ON o.id = ?2 WHERE p.id = ?1",
            err);
        query_text(&q, pupil);
        query_text(&q, place.organisation);
        r = query_row(&q);
        if (r > 0 && (take_text(&q, 0, &found.given, err) < 0 || take_text(&q, 1, &found.family, err) < 0 ||
                      take_text(&q, 3, &found.group, err) < 0 || take_text(&q, 4, &found.school, err) < 0))
                r = ERR_NOMEM;
        if (r > 0) {
                found.is_protected = column_int(&q, 2);
                found.grade = (int)column_int_or(&q, 5, 0);
                snprintf(found.organisation, sizeof found.organisation, "%s", place.organisation);
                *ret_pupil = found;
        }
        query_end(&q);
        if (r <= 0)
                desk_pupil_fini(&found);
        return r;
}

void desk_pupil_fini(struct desk_pupil *pupil)
{
        free(pupil->given);
        free(pupil->family);
        free(pupil->group);
        free(pupil->school);
        *pupil = (struct desk_pupil){0};
}

int desk_home_each(struct db *db, const char *pupil, const char *today,
                   int (*each)(void *context, const struct desk_home_row *row, struct err *err),
                   void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT p.id, p.given, p.family, p.language, g.rank, g.notify, g.restricted, g.emergency_only, "
            "0, 0"
            "  FROM guardian g JOIN person p ON p.id = g.guardian"
            " WHERE g.pupil = ?1 AND (g.ended IS NULL OR g.ended > ?2) AND (p.ended IS NULL OR p.ended > ?2)"
            " UNION ALL "
            "SELECT p.id, p.given, p.family, p.language, 0, 1, 0, 0, 1, c.instead"
            "  FROM carer c JOIN person p ON p.id = c.carer"
            " WHERE c.pupil = ?1 AND (c.ended IS NULL OR c.ended > ?2) AND (p.ended IS NULL OR p.ended > ?2)"
            " ORDER BY 9, 5, 3, 2, 1 LIMIT ?3",
            err);
        query_text(&q, pupil);
        query_text(&q, today);
        query_int(&q, DESK_PUPIL_ROWS_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct desk_home_row row = {.person = column_text(&q, 0),
                                                  .given = column_text(&q, 1),
                                                  .family = column_text(&q, 2),
                                                  .language = column_text(&q, 3),
                                                  .rank = (int)column_int(&q, 4),
                                                  .is_told = column_int(&q, 5),
                                                  .is_restricted = column_int(&q, 6),
                                                  .is_emergency = column_int(&q, 7),
                                                  .is_carer = column_int(&q, 8),
                                                  .is_instead = column_int(&q, 9)};

                r = each(context, &row, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int desk_contact_each(struct db *db, const char *person,
                      int (*each)(void *context, const struct desk_contact_row *row, struct err *err),
                      void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT c.channel, c.value, CASE WHEN c.state = 'bad' THEN 'bad'"
                    "         WHEN s.since IS NOT NULL THEN 'stopped' ELSE 'good' END, c.safe"
                    "  FROM contact c LEFT JOIN contact_stop s ON s.channel = c.channel AND s.value = c.value"
                    " WHERE c.person = ? ORDER BY c.channel DESC, c.position, c.value LIMIT ?",
                    err);
        query_text(&q, person);
        query_int(&q, DESK_PUPIL_ROWS_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct desk_contact_row row = {column_text(&q, 0), column_text(&q, 1),
                                                     column_text(&q, 2), column_int(&q, 3)};

                r = each(context, &row, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

/* ---- what holds */

int desk_hold_each(struct db *db, const char *pupil, const char *organisation, int64_t now_utc,
                   int (*each)(void *context, const struct desk_hold_row *row, struct err *err),
                   void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT h.starts, h.ends, h.reason, b.given || ' ' || b.family, h.kind = 'pupil'"
                    "  FROM hold h LEFT JOIN person b ON b.id = h.by"
                    " WHERE (h.ends IS NULL OR h.ends > ?3)"
                    "   AND (h.kind = 'pupil' AND h.subject = ?1 OR h.kind = 'group' AND h.subject IN"
                    "        (SELECT ancestor FROM organisation_tree WHERE descendant = ?2))"
                    " ORDER BY 5 DESC, h.starts, h.id LIMIT ?4",
                    err);
        query_text(&q, pupil);
        query_text(&q, organisation);
        query_int(&q, now_utc);
        query_int(&q, DESK_PUPIL_ROWS_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct desk_hold_row row = {.starts = column_int(&q, 0),
                                                  .ends = column_int_or(&q, 1, INT64_MAX),
                                                  .reason = column_text(&q, 2),
                                                  .by = column_text(&q, 3),
                                                  .is_own = column_int(&q, 4)};

                r = each(context, &row, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int desk_card_each(struct db *db, const char *pupil,
                   int (*each)(void *context, const char *card, int64_t given, const char *expires,
                               struct err *err),
                   void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT card, given, expires FROM card WHERE pupil = ? ORDER BY card LIMIT ?",
                    err);
        query_text(&q, pupil);
        query_int(&q, DESK_PUPIL_ROWS_MAX);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), column_int(&q, 1), column_text(&q, 2), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int desk_plan_each(struct db *db, const char *pupil,
                   int (*each)(void *context, const char *kind, int64_t made, const char *until,
                               struct err *err),
                   void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT p.kind, p.made, p.until FROM plan p WHERE p.pupil = ?1 AND NOT EXISTS"
                    "  (SELECT 1 FROM plan o WHERE o.pupil = ?1 AND o.kind = p.kind"
                    "      AND (o.made > p.made OR o.made = p.made AND o.id > p.id)) ORDER BY p.kind",
                    err);
        query_text(&q, pupil);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), column_int(&q, 1), column_text(&q, 2), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int desk_own_each(struct db *db, const char *pupil, const char *rule, const char *today,
                  int (*each)(void *context, const char *name, const char *value, const char *until,
                              struct err *err),
                  void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT name, value, until FROM pupil_parameter WHERE pupil = ? AND rule = ? AND until >= ?"
            " ORDER BY name",
            err);
        query_text(&q, pupil);
        query_text(&q, rule);
        query_text(&q, today);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), column_text(&q, 1), column_text(&q, 2), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

/* ---- what is planned */

int desk_placement_each(struct db *db, const char *pupil, const char *from,
                        int (*each)(void *context, const struct desk_placement_row *row, struct err *err),
                        void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT p.id, w.name, s.given || ' ' || s.family, p.model, p.first_day, p.last_day,"
            "  (SELECT count(*) FROM placement_day d WHERE d.placement = p.id AND d.kind = 'work'"
            "      AND d.state = 'planned'),"
            "  (SELECT count(*) FROM agreement_signature g WHERE g.placement = p.id), p.state = 'cancelled'"
            "  FROM placement p JOIN workplace w ON w.id = p.workplace"
            "  LEFT JOIN person s ON s.id = coalesce(p.supervisor, (SELECT x.person FROM "
            "workplace_supervisor x"
            "     WHERE x.workplace = p.workplace ORDER BY x.position LIMIT 1))"
            " WHERE p.pupil = ? AND p.last_day >= ? ORDER BY p.first_day, p.id LIMIT ?",
            err);
        query_text(&q, pupil);
        query_text(&q, from);
        query_int(&q, DESK_PUPIL_ROWS_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct desk_placement_row row = {.id = column_text(&q, 0),
                                                       .workplace = column_text(&q, 1),
                                                       .supervisor = column_text(&q, 2),
                                                       .model = column_text(&q, 3),
                                                       .first_day = column_text(&q, 4),
                                                       .last_day = column_text(&q, 5),
                                                       .days = (int)column_int(&q, 6),
                                                       .signatures = (int)column_int(&q, 7),
                                                       .is_cancelled = column_int(&q, 8)};

                r = each(context, &row, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int desk_pupil_meeting_each(struct db *db, const char *pupil, int64_t now_utc,
                            int (*each)(void *context, const char *id, const char *kind, const char *title,
                                        int64_t starts, struct err *err),
                            void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT m.id, m.kind, m.title, d.starts FROM (SELECT id FROM meeting WHERE pupil = ?1"
                    "   UNION SELECT meeting FROM meeting_participant WHERE person = ?1) x"
                    "  CROSS JOIN meeting m ON m.id = x.id CROSS JOIN meeting_day d ON d.meeting = m.id"
                    " WHERE m.state = 'planned' AND d.state = 'planned' AND d.ends > ?2"
                    " ORDER BY d.starts, m.id LIMIT ?3",
                    err);
        query_text(&q, pupil);
        query_int(&q, now_utc);
        query_int(&q, DESK_PUPIL_ROWS_MAX);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), column_text(&q, 1), column_text(&q, 2),
                         column_int(&q, 3), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int desk_open_case(struct db *db, const char *pupil, char ret_case[static ID_SIZE], struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT id FROM case_file WHERE pupil = ? AND state <> 'closed'", err);
        query_text(&q, pupil);
        r = query_row(&q);
        if (r > 0)
                snprintf(ret_case, ID_SIZE, "%s", column_text(&q, 0));
        query_end(&q);
        return r;
}
