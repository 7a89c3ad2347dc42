#include "store/desk_meeting.h"

#include <stdlib.h>
#include <string.h>

/* ---- a month */

int desk_meeting_days(struct db *db, const char *scope, const char *person, int64_t from_utc,
                      int64_t until_utc, bool network, int start,
                      int (*each)(void *context, const struct desk_meeting_row *row, struct err *err),
                      void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT id, kind, organisation, title, pupil, starts, ends, is_off, is_series, has_audience, "
            "is_open,"
            "       (SELECT count(*) FROM meeting_participant x WHERE x.meeting = y.id),"
            "       (SELECT count(*) FROM meeting_participant x WHERE x.meeting = y.id AND x.answer = 'yes'),"
            "       (SELECT count(*) FROM meeting_participant x WHERE x.meeting = y.id AND x.answer = 'no'),"
            "       (SELECT count(*) FROM meeting_participant x WHERE x.meeting = y.id AND x.answer = "
            "'maybe')"
            "  FROM (SELECT m.id, m.kind, o.name AS organisation, m.title, p.given || ' ' || p.family AS "
            "pupil,"
            "               d.starts, d.ends, m.state = 'cancelled' OR d.state = 'cancelled' AS is_off,"
            "               m.repeats IS NOT NULL AS is_series, m.audience IS NOT NULL AS has_audience,"
            "               EXISTS (SELECT 1 FROM organisation_tree t WHERE t.descendant = m.organisation"
            "                          AND t.ancestor IN (SELECT value FROM json_each(?1))) AS is_open"
            "          FROM meeting_day d CROSS JOIN meeting m ON m.id = d.meeting"
            "          JOIN organisation o ON o.id = m.organisation LEFT JOIN person p ON p.id = m.pupil"
            "         WHERE d.starts >= ?3 AND d.starts < ?4"
            "           AND (NOT ?5 OR m.audience IS NOT NULL OR (m.pupil IS NULL AND m.kind IN ('network',"
            "                'seminar', 'steering', 'coffee', 'training', 'consultation', 'field-group', "
            "'forum')))) y"
            " WHERE is_open OR EXISTS (SELECT 1 FROM meeting m WHERE m.id = y.id AND m.chair = ?2)"
            "    OR EXISTS (SELECT 1 FROM meeting_participant x WHERE x.meeting = y.id AND x.person = ?2)"
            "    OR (has_audience AND EXISTS (SELECT 1 FROM meeting m JOIN audience_member a"
            "          ON a.audience = m.audience WHERE m.id = y.id AND a.person = ?2))"
            " ORDER BY starts, id LIMIT ?6 OFFSET ?7",
            err);
        query_text(&q, scope);
        query_text(&q, person);
        query_int(&q, from_utc);
        query_int(&q, until_utc);
        query_int(&q, network);
        query_int(&q, DESK_MEETINGS_MAX + 1);
        query_int(&q, start);
        while ((r = query_row(&q)) > 0) {
                const struct desk_meeting_row row = {.id = column_text(&q, 0),
                                                     .kind = column_text(&q, 1),
                                                     .organisation = column_text(&q, 2),
                                                     .title = column_text(&q, 3),
                                                     .pupil = column_text(&q, 4),
                                                     .starts = column_int(&q, 5),
                                                     .ends = column_int(&q, 6),
                                                     .is_off = column_int(&q, 7),
                                                     .is_series = column_int(&q, 8),
                                                     .has_audience = column_int(&q, 9),
                                                     .is_open = column_int(&q, 10),
                                                     .invited = (int)column_int(&q, 11),
                                                     .yes = (int)column_int(&q, 12),
                                                     .no = (int)column_int(&q, 13),
                                                     .maybe = (int)column_int(&q, 14)};

                r = each(context, &row, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

/* ---- one meeting */

void desk_meeting_fini(struct desk_meeting *meeting)
{
        free(meeting->kind);
        free(meeting->organisation);
        free(meeting->organisation_name);
        free(meeting->title);
        free(meeting->place);
        free(meeting->link);
        free(meeting->chair);
        free(meeting->chair_name);
        free(meeting->pupil);
        free(meeting->pupil_name);
        free(meeting->audience);
        free(meeting->repeats);
        *meeting = (struct desk_meeting){0};
}

static int take(struct query *q, struct desk_meeting *meeting, struct err *err)
{
        char **const texts[] = {&meeting->kind,       &meeting->organisation, &meeting->organisation_name,
                                &meeting->title,      &meeting->place,        &meeting->link,
                                &meeting->chair,      &meeting->chair_name,   &meeting->pupil,
                                &meeting->pupil_name, &meeting->audience,     &meeting->repeats};

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                const char *text = column_text(q, (int)i);

                *texts[i] = text ? strdup(text) : NULL;
                if (text && !*texts[i])
                        return err_set(err, ERR_NOMEM, "meeting: out of memory");
        }
        meeting->starts = column_int(q, 12);
        meeting->ends = column_int(q, 13);
        meeting->is_off = column_int(q, 14);
        meeting->is_protected = column_int(q, 15);
        return 1;
}

int desk_meeting_read(struct db *db, const char *id, struct desk_meeting *ret_meeting, struct err *err)
{
        struct desk_meeting meeting = {0};
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT m.kind, m.organisation, o.name, m.title, l.place, m.link, m.chair,"
            "       c.given || ' ' || c.family, m.pupil, p.given || ' ' || p.family, m.audience, m.repeats,"
            "       m.starts, m.ends, m.state = 'cancelled', m.place IS NOT l.place"
            "  FROM meeting m JOIN organisation o ON o.id = m.organisation"
            "  JOIN meeting_place l ON l.meeting = m.id"
            "  LEFT JOIN person c ON c.id = m.chair LEFT JOIN person p ON p.id = m.pupil WHERE m.id = ?",
            err);
        query_text(&q, id);
        r = query_row(&q);
        if (r > 0)
                r = take(&q, &meeting, err);
        query_end(&q);
        if (r <= 0)
                desk_meeting_fini(&meeting);
        else
                *ret_meeting = meeting;
        return r;
}

int desk_meeting_each_day(struct db *db, const char *id, int64_t from_utc,
                          int (*each)(void *context, const struct desk_meeting_day *day, struct err *err),
                          void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT original_day, starts, ends, state = 'cancelled', by_hand FROM meeting_day"
                    " WHERE meeting = ? AND starts >= ? ORDER BY starts LIMIT ?",
                    err);
        query_text(&q, id);
        query_int(&q, from_utc);
        query_int(&q, DESK_MEETING_DAYS_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct desk_meeting_day day = {column_text(&q, 0), column_int(&q, 1), column_int(&q, 2),
                                                     column_int(&q, 3), column_int(&q, 4)};

                r = each(context, &day, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int desk_meeting_parties(struct db *db, const char *id,
                         int (*each)(void *context, const struct desk_party *party, struct err *err),
                         void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT y.person, p.given || ' ' || p.family, y.answer,"
                    "       CASE WHEN y.wants_interpreter OR y.language NOT IN ('fi', 'sv', 'en')"
                    "            THEN coalesce(y.language, '') END, y.is_chair, y.is_barred"
                    "  FROM meeting_party y JOIN person p ON p.id = y.person WHERE y.meeting = ?"
                    " ORDER BY y.is_chair DESC, p.given, p.family, p.id LIMIT ?",
                    err);
        query_text(&q, id);
        query_int(&q, DESK_CHOICE_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct desk_party party = {column_text(&q, 0), column_text(&q, 1), column_text(&q, 2),
                                                 column_text(&q, 3), column_int(&q, 4),  column_int(&q, 5)};

                r = each(context, &party, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int desk_meeting_interpreters(struct db *db, const char *id,
                              int (*each)(void *context, const char *language, struct err *err),
                              void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT language FROM meeting_interpreter WHERE meeting = ? ORDER BY language",
                    err);
        query_text(&q, id);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

/* ---- who can be invited */

static int give(struct query *q, desk_choice_each *each, void *context, struct err *err)
{
        int r;

        while ((r = query_row(q)) > 0) {
                const struct desk_choice choice = {column_text(q, 0), column_text(q, 1), column_text(q, 2)};

                r = each(context, &choice, err);
                if (r < 0)
                        break;
        }
        query_end(q);
        return r;
}

int desk_choose_people(struct db *db, const struct desk_invitation *invitation, desk_choice_each *each,
                       void *context, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "SELECT p.id, p.given || ' ' || p.family, min(x.what) FROM ("
            "  SELECT ?2 AS person, 'pupil' AS what, 0 AS place WHERE ?2 IS NOT NULL"
            "   UNION ALL SELECT guardian, 'guardian', 1 FROM guardian"
            "    WHERE pupil = ?2 AND restricted = 0 AND emergency_only = 0 AND (ended IS NULL OR ended > ?4)"
            "   UNION ALL SELECT carer, 'carer', 1 FROM carer WHERE pupil = ?2 AND (ended IS NULL OR ended > "
            "?4)"
            "   UNION ALL SELECT y.person, 'support', 2 FROM case_file c"
            "     JOIN case_participant y ON y.case_id = c.id"
            "    WHERE c.pupil = ?2 AND c.state <> 'closed'"
            "      AND (c.owner = ?3 OR c.substitute = ?3 OR EXISTS (SELECT 1 FROM case_participant z"
            "             WHERE z.case_id = c.id AND z.person = ?3))"
            "   UNION ALL SELECT r.person, r.role, 3 + t.distance FROM organisation_tree t"
            "     JOIN organisation o ON o.id = t.ancestor AND o.kind <> 'network'"
            "     JOIN role r ON r.organisation = t.ancestor"
            "    WHERE t.descendant = ?1 AND r.role NOT IN ('pupil', 'supervisor', 'duty-phone')"
            "      AND r.first_day <= ?4 AND (r.last_day IS NULL OR r.last_day >= ?4)"
            "   UNION ALL SELECT r.person, r.role, 3 FROM organisation_tree t"
            "     JOIN role r ON r.organisation = t.descendant"
            "    WHERE t.ancestor = ?1 AND t.distance > 0 AND r.role NOT IN ('pupil', 'supervisor', "
            "'duty-phone')"
            "      AND r.first_day <= ?4 AND (r.last_day IS NULL OR r.last_day >= ?4)"
            "   UNION ALL SELECT r.person, 'pupil', 9 FROM organisation o JOIN role r ON r.organisation = "
            "o.id"
            "    WHERE o.id = ?1 AND o.kind = 'group' AND ?2 IS NULL AND r.role = 'pupil'"
            "      AND r.first_day <= ?4 AND (r.last_day IS NULL OR r.last_day >= ?4)) x"
            "  JOIN person p ON p.id = x.person WHERE p.ended IS NULL OR p.ended > ?4"
            " GROUP BY p.id ORDER BY min(x.place), p.given, p.family, p.id LIMIT ?5",
            err);
        query_text(&q, invitation->organisation);
        query_text(&q, invitation->pupil);
        query_text(&q, invitation->reader);
        query_text(&q, invitation->today);
        query_int(&q, DESK_PEOPLE_MAX);
        return give(&q, each, context, err);
}

int desk_choose_audiences(struct db *db, const char *scope, desk_choice_each *each, void *context,
                          struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT DISTINCT a.id, a.id, NULL FROM json_each(?1) s"
                    " CROSS JOIN organisation_tree t ON t.ancestor = s.value"
                    " CROSS JOIN audience a ON a.organisation = t.descendant ORDER BY a.id LIMIT ?2",
                    err);
        query_text(&q, scope);
        query_int(&q, DESK_CHOICE_MAX);
        return give(&q, each, context, err);
}

int desk_transfer_is_refused(struct db *db, const char *pupil, struct err *err)
{
        struct query q;

        query_start(&q, db, "SELECT 1 FROM transfer_permission WHERE pupil = ? AND state = 'refused'", err);
        query_text(&q, pupil);
        return put_exists(&q);
}
