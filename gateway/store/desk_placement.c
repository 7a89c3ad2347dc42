#include "store/desk_placement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void take(char *to, size_t size, struct query *q, int column)
{
        const char *text = column_text(q, column);

        snprintf(to, size, "%s", text ? text : "");
}

/* ---- what can be chosen */

static int give_choices(struct query *q, desk_choice_each *each, void *context, struct err *err)
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

int desk_choose_organisations(struct db *db, const char *scope, const char *kind, const char *today,
                              desk_choice_each *each, void *context, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT DISTINCT o.id, o.name, u.name FROM json_each(?1) s"
                    " CROSS JOIN organisation_tree t ON t.ancestor = s.value"
                    " CROSS JOIN organisation o ON o.id = t.descendant"
                    "  LEFT JOIN organisation u ON u.id = o.parent"
                    " WHERE (?2 IS NULL OR o.kind = ?2) AND (o.ended IS NULL OR o.ended > ?3)"
                    " ORDER BY CASE o.kind WHEN 'group' THEN u.name ELSE o.name END, o.name, o.id LIMIT ?4",
                    err);
        query_text(&q, scope);
        query_text(&q, kind);
        query_text(&q, today);
        query_int(&q, DESK_CHOICE_MAX);
        return give_choices(&q, each, context, err);
}

int desk_choose_pupils(struct db *db, const char *group, const char *today, desk_choice_each *each,
                       void *context, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "SELECT p.id, p.given || ' ' || p.family, NULL FROM role r JOIN person p ON p.id = r.person"
            " WHERE r.organisation = ?1 AND r.role = 'pupil' AND r.first_day <= ?2"
            "   AND (r.last_day IS NULL OR r.last_day >= ?2) AND (p.ended IS NULL OR p.ended > ?2)"
            " GROUP BY p.id ORDER BY p.given, p.family, p.id LIMIT ?3",
            err);
        query_text(&q, group);
        query_text(&q, today);
        query_int(&q, DESK_CHOICE_MAX);
        return give_choices(&q, each, context, err);
}

/* Organisations at the top of those in SCOPE, and everything below them: a placement may be in another
 * municipality of the network. */
#define REACH                                                                  \
        "SELECT DISTINCT d.descendant AS organisation FROM json_each(?1) s"    \
        " CROSS JOIN organisation_tree t ON t.descendant = s.value"            \
        " CROSS JOIN organisation o ON o.id = t.ancestor AND o.parent IS NULL" \
        " CROSS JOIN organisation_tree d ON d.ancestor = o.id"

int desk_choose_workplaces(struct db *db, const char *scope, desk_choice_each *each, void *context,
                           struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT w.id, w.name, CASE WHEN c.tenant IN (SELECT h.tenant FROM json_each(?1) j"
                    "                                             JOIN organisation_calendar h ON "
                    "h.organisation = j.value)"
                    "                     THEN NULL ELSE u.name END AS far"
                    "  FROM (" REACH ") x CROSS JOIN workplace w ON w.organisation = x.organisation"
                    "  JOIN organisation_calendar c ON c.organisation = w.organisation"
                    "  JOIN organisation u ON u.id = c.tenant"
                    " WHERE w.ended IS NULL ORDER BY far IS NOT NULL, far, w.name, w.id LIMIT ?2",
                    err);
        query_text(&q, scope);
        query_int(&q, DESK_CHOICE_MAX);
        return give_choices(&q, each, context, err);
}

int desk_workplace_name(struct db *db, const char *scope, const char *workplace, char **ret_name,
                        struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT w.name FROM workplace w WHERE w.id = ?2 AND w.ended IS NULL"
                    "   AND w.organisation IN (" REACH ")",
                    err);
        query_text(&q, scope);
        query_text(&q, workplace);
        r = query_row(&q);
        if (r > 0) {
                *ret_name = strdup(column_text(&q, 0));
                r = *ret_name ? 1 : err_set(err, ERR_NOMEM, "placement: out of memory");
        }
        query_end(&q);
        return r;
}

int desk_choose_supervisors(struct db *db, const char *workplace, desk_choice_each *each, void *context,
                            struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT p.id, p.given || ' ' || p.family, NULL FROM workplace_supervisor s"
                    "  JOIN person p ON p.id = s.person WHERE s.workplace = ?1 AND p.ended IS NULL"
                    " ORDER BY s.position, p.id LIMIT ?2",
                    err);
        query_text(&q, workplace);
        query_int(&q, DESK_CHOICE_MAX);
        return give_choices(&q, each, context, err);
}

/* ---- the calendar */

static int give_dates(struct query *q,
                      int (*each)(void *context, const struct desk_date *date, struct err *err),
                      void *context, struct err *err)
{
        int r;

        while ((r = query_row(q)) > 0) {
                const struct desk_date date = {column_text(q, 0), column_text(q, 1), column_text(q, 2)};

                r = each(context, &date, err);
                if (r < 0)
                        break;
        }
        query_end(q);
        return r;
}

int desk_calendar(struct db *db, const char *organisation, const char *first_day, const char *last_day,
                  int (*each)(void *context, const struct desk_date *date, struct err *err), void *context,
                  struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "SELECT d.day, d.kind, (SELECT e.name FROM calendar_entry e WHERE e.organisation = c.calendar"
            "    AND e.first_day <= d.day AND e.last_day >= d.day AND e.kind = d.kind LIMIT 1)"
            "  FROM organisation_calendar c JOIN calendar_day d ON d.calendar = c.calendar"
            " WHERE c.organisation = ?1 AND d.day BETWEEN ?2 AND ?3 ORDER BY d.day",
            err);
        query_text(&q, organisation);
        query_text(&q, first_day);
        query_text(&q, last_day);
        return give_dates(&q, each, context, err);
}

/* ---- a month */

#define MONTH_COLUMNS                                                                             \
        "n.id, n.given, n.family, n.protected, p.id, w.name, p.first_day, p.last_day, p.state = " \
        "'cancelled',"                                                                            \
        " p.model = 'block', d.original_day, d.day, d.state, d.kind, d.starts, d.ends,"           \
        " (SELECT total(CASE s.party WHEN 'guardian' THEN 1 WHEN 'workplace' THEN 2 ELSE 4 END)"  \
        "    FROM agreement_signature s WHERE s.placement = p.id)"

static int give_month(struct query *q,
                      int (*each)(void *context, const struct desk_month_day *day, struct err *err),
                      void *context, struct err *err)
{
        int r;

        while ((r = query_row(q)) > 0) {
                const struct desk_month_day day = {.pupil = column_text(q, 0),
                                                   .given = column_text(q, 1),
                                                   .family = column_text(q, 2),
                                                   .is_protected = column_int(q, 3),
                                                   .placement = column_text(q, 4),
                                                   .workplace = column_text(q, 5),
                                                   .first_day = column_text(q, 6),
                                                   .last_day = column_text(q, 7),
                                                   .is_cancelled = column_int(q, 8),
                                                   .is_block = column_int(q, 9),
                                                   .original_day = column_text(q, 10),
                                                   .day = column_text(q, 11),
                                                   .state = column_text(q, 12),
                                                   .kind = column_text(q, 13),
                                                   .starts = column_int(q, 14),
                                                   .ends = column_int(q, 15),
                                                   .signatures = (unsigned)column_int(q, 16)};

                r = each(context, &day, err);
                if (r < 0)
                        break;
        }
        query_end(q);
        return r;
}

/* A placement that was cancelled is shown while some of its days in the month were to come. */
int desk_month_of_group(struct db *db, const char *group, const char *first_day, const char *last_day,
                        int (*each)(void *context, const struct desk_month_day *day, struct err *err),
                        void *context, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT " MONTH_COLUMNS
                    "  FROM (SELECT DISTINCT person FROM role WHERE organisation = ?1 AND role = 'pupil'"
                    "           AND first_day <= ?3 AND (last_day IS NULL OR last_day >= ?2)) r"
                    " CROSS JOIN person n ON n.id = r.person"
                    "  LEFT JOIN placement p ON p.pupil = n.id AND p.first_day <= ?3"
                    "       AND EXISTS (SELECT 1 FROM placement_day x WHERE x.placement = p.id"
                    "                      AND (x.day BETWEEN ?2 AND ?3 OR x.original_day BETWEEN ?2 AND ?3))"
                    "  LEFT JOIN workplace w ON w.id = p.workplace"
                    "  LEFT JOIN placement_day d ON d.placement = p.id"
                    "       AND (d.day BETWEEN ?2 AND ?3 OR d.original_day BETWEEN ?2 AND ?3)"
                    " WHERE n.ended IS NULL OR n.ended > ?2"
                    " ORDER BY n.given, n.family, n.id, p.first_day, p.id, d.day LIMIT ?4",
                    err);
        query_text(&q, group);
        query_text(&q, first_day);
        query_text(&q, last_day);
        query_int(&q, DESK_MONTH_MAX);
        return give_month(&q, each, context, err);
}

int desk_month_of_workplace(struct db *db, const char *workplace, const char *scope, const char *first_day,
                            const char *last_day,
                            int (*each)(void *context, const struct desk_month_day *day, struct err *err),
                            void *context, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT " MONTH_COLUMNS "  FROM placement p CROSS JOIN person n ON n.id = p.pupil"
                    "  JOIN workplace w ON w.id = p.workplace"
                    "  JOIN placement_day d ON d.placement = p.id"
                    "       AND (d.day BETWEEN ?3 AND ?4 OR d.original_day BETWEEN ?3 AND ?4)"
                    " WHERE p.workplace = ?1 AND p.first_day <= ?4 AND n.protected = 0"
                    "   AND EXISTS (SELECT 1 FROM role r"
                    "         CROSS JOIN organisation_tree t ON t.descendant = r.organisation"
                    "         WHERE r.person = p.pupil AND r.role = 'pupil' AND r.first_day <= ?4"
                    "           AND (r.last_day IS NULL OR r.last_day >= ?3)"
                    "           AND t.ancestor IN (SELECT value FROM json_each(?2)))"
                    " ORDER BY n.given, n.family, n.id, p.first_day, p.id, d.day LIMIT ?5",
                    err);
        query_text(&q, workplace);
        query_text(&q, scope);
        query_text(&q, first_day);
        query_text(&q, last_day);
        query_int(&q, DESK_MONTH_MAX);
        return give_month(&q, each, context, err);
}

/* ---- one placement */

static int copy(char **to, struct query *q, int column, struct err *err)
{
        const char *text = column_text(q, column);

        if (!text)
                return 0;
        *to = strdup(text);
        return *to ? 0 : err_set(err, ERR_NOMEM, "placement: out of memory");
}

void desk_placement_fini(struct desk_placement *placement)
{
        free(placement->pupil_name);
        free(placement->workplace_name);
        free(placement->supervisor_name);
        free(placement->guardian.by);
        free(placement->supervised.by);
        free(placement->school.by);
        *placement = (struct desk_placement){0};
}

static int read_signatures(struct db *db, struct desk_placement *placement, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT s.party, s.at, p.given || ' ' || p.family FROM agreement_signature s"
                    "  LEFT JOIN person p ON p.id = s.by WHERE s.placement = ?",
                    err);
        query_text(&q, placement->id);
        while ((r = query_row(&q)) > 0) {
                const char *party = column_text(&q, 0);
                struct desk_signature *signature = strcmp(party, "guardian") == 0    ? &placement->guardian
                                                   : strcmp(party, "workplace") == 0 ? &placement->supervised
                                                                                     : &placement->school;

                signature->at = column_int(&q, 1);
                r = copy(&signature->by, &q, 2, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

static int take_placement(struct query *q, struct desk_placement *placement, struct err *err)
{
        int r;

        take(placement->id, sizeof placement->id, q, 0);
        take(placement->pupil, sizeof placement->pupil, q, 1);
        take(placement->workplace, sizeof placement->workplace, q, 2);
        take(placement->supervisor, sizeof placement->supervisor, q, 3);
        take(placement->first_day, sizeof placement->first_day, q, 4);
        take(placement->last_day, sizeof placement->last_day, q, 5);
        take(placement->weekdays, sizeof placement->weekdays, q, 6);
        placement->starts = (int)column_int(q, 7);
        placement->ends = (int)column_int(q, 8);
        placement->is_block = column_int(q, 9);
        placement->is_cancelled = column_int(q, 10);
        placement->is_protected = column_int(q, 11);
        r = copy(&placement->pupil_name, q, 12, err);
        if (r == 0)
                r = copy(&placement->workplace_name, q, 13, err);
        if (r == 0)
                r = copy(&placement->supervisor_name, q, 14, err);
        return r < 0 ? r : 1;
}

int desk_placement_read(struct db *db, const char *id, struct desk_placement *ret_placement, struct err *err)
{
        struct desk_placement placement = {0};
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT p.id, p.pupil, p.workplace, p.supervisor, p.first_day, p.last_day, p.weekdays, p.starts,"
            "       p.ends, p.model = 'block', p.state = 'cancelled', n.protected,"
            "       n.given || ' ' || n.family, w.name,"
            "       (SELECT s.given || ' ' || s.family FROM person s WHERE s.id = coalesce(p.supervisor,"
            "          (SELECT x.person FROM workplace_supervisor x WHERE x.workplace = p.workplace"
            "            ORDER BY x.position LIMIT 1)))"
            "  FROM placement p JOIN person n ON n.id = p.pupil JOIN workplace w ON w.id = p.workplace"
            " WHERE p.id = ?",
            err);
        query_text(&q, id);
        r = query_row(&q);
        if (r > 0)
                r = take_placement(&q, &placement, err);
        query_end(&q);
        if (r > 0) {
                int s = read_signatures(db, &placement, err);

                r = s < 0 ? s : 1;
        }
        if (r <= 0) {
                desk_placement_fini(&placement);
                return r;
        }
        *ret_placement = placement;
        return 1;
}

int desk_placement_days(struct db *db, const char *id,
                        int (*each)(void *context, const struct desk_placement_day *day, struct err *err),
                        void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT d.original_day, d.day, d.kind, c.mark, d.starts, d.ends, d.state = 'cancelled', "
            "d.by_hand,"
            "       (SELECT json_extract(e.data, '$.reason') FROM event e"
            "         WHERE e.seq = d.event AND json_valid(e.data))"
            "  FROM placement_day d LEFT JOIN checkin c ON c.placement = d.placement AND c.day = d.day"
            " WHERE d.placement = ? ORDER BY d.day, d.original_day",
            err);
        query_text(&q, id);
        while ((r = query_row(&q)) > 0) {
                const struct desk_placement_day day = {.original_day = column_text(&q, 0),
                                                       .day = column_text(&q, 1),
                                                       .kind = column_text(&q, 2),
                                                       .mark = column_text(&q, 3),
                                                       .starts = column_int(&q, 4),
                                                       .ends = column_int(&q, 5),
                                                       .is_cancelled = column_int(&q, 6),
                                                       .is_by_hand = column_int(&q, 7),
                                                       .reason = column_text(&q, 8)};

                r = each(context, &day, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

/* ---- what a plan meets */

int desk_placement_clashes(struct db *db, const char *placement, const char *group,
                           int (*each)(void *context, const struct desk_clash *clash, struct err *err),
                           void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT 'meeting', m.title, m.kind, min(d.day), count(DISTINCT d.day), 1"
            "  FROM placement p"
            " CROSS JOIN (SELECT i.id FROM placement a JOIN meeting i ON i.pupil = a.pupil WHERE a.id = ?1"
            "              UNION SELECT i.meeting FROM placement a"
            "               JOIN meeting_participant i ON i.person = a.pupil WHERE a.id = ?1"
            "              UNION SELECT id FROM meeting"
            "               WHERE organisation = ?2 AND kind IN ('trip', 'camp')) y"
            " CROSS JOIN meeting m ON m.id = y.id AND m.state = 'planned'"
            " CROSS JOIN meeting_day x ON x.meeting = m.id AND x.state = 'planned'"
            " CROSS JOIN placement_day d ON d.placement = p.id AND d.state = 'planned' AND d.kind = 'work'"
            "       AND d.starts < x.ends AND d.ends > x.starts"
            " WHERE p.id = ?1 GROUP BY m.id"
            " UNION ALL"
            " SELECT 'pupil', n.given, NULL, min(d.day), count(DISTINCT d.day), 2"
            "  FROM placement p CROSS JOIN placement o ON o.workplace = p.workplace AND o.id <> p.id"
            "       AND o.state = 'planned' AND o.first_day <= p.last_day AND o.last_day >= p.first_day"
            " CROSS JOIN placement_day e ON e.placement = o.id AND e.state = 'planned' AND e.kind = 'work'"
            " CROSS JOIN placement_day d ON d.placement = p.id AND d.day = e.day"
            "       AND d.state = 'planned' AND d.kind = 'work'"
            " CROSS JOIN person n ON n.id = o.pupil AND n.protected = 0"
            " WHERE p.id = ?1 AND EXISTS (SELECT 1 FROM role r WHERE r.person = o.pupil"
            "     AND r.role = 'pupil' AND r.organisation = ?2 AND (r.last_day IS NULL OR r.last_day >= "
            "e.day))"
            " GROUP BY o.pupil ORDER BY 6, 4, 2 LIMIT 20",
            err);
        query_text(&q, placement);
        query_text(&q, group);
        while ((r = query_row(&q)) > 0) {
                const struct desk_clash clash = {column_text(&q, 0), column_text(&q, 1), column_text(&q, 2),
                                                 column_text(&q, 3), (int)column_int(&q, 4)};

                r = each(context, &clash, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int desk_placement_free_days(struct db *db, const char *placement, const char *organisation,
                             int (*each)(void *context, const struct desk_date *date, struct err *err),
                             void *context, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "SELECT d.day, d.kind, (SELECT e.name FROM calendar_entry e WHERE e.organisation = c.calendar"
            "    AND e.first_day <= d.day AND e.last_day >= d.day AND e.kind = d.kind LIMIT 1)"
            "  FROM placement p CROSS JOIN organisation_calendar c ON c.organisation = ?2"
            "  JOIN calendar_day d ON d.calendar = c.calendar AND d.day BETWEEN p.first_day AND p.last_day"
            " WHERE p.id = ?1 AND d.kind <> 'school' AND instr(p.weekdays, d.weekday) > 0 ORDER BY d.day",
            err);
        query_text(&q, placement);
        query_text(&q, organisation);
        return give_dates(&q, each, context, err);
}

int desk_placement_work_days(struct db *db, const char *placement, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT count(*) FROM placement_day WHERE placement = ? AND kind = 'work' AND state = 'planned'",
            err);
        query_text(&q, placement);
        r = query_row(&q);
        if (r > 0)
                r = (int)column_int(&q, 0);
        query_end(&q);
        return r;
}
