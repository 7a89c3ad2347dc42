#include "store/desk_day.h"

#include <stdio.h>
#include <string.h>

/* The first parameters of every list here. */
static void bind_day(struct query *q, const struct desk_day *day)
{
        query_text(q, day->scope);
        query_int(q, day->day_no);
        query_text(q, day->day);
        query_int(q, day->now);
        query_int(q, day->ends);
}

#define IS_HELD(pupil, organisation)                                                                         \
        "(EXISTS (SELECT 1 FROM hold h WHERE h.kind = 'pupil' AND h.subject = " pupil                        \
        "          AND (h.ends IS NULL OR h.ends > ?4))"                                                     \
        " OR EXISTS (SELECT 1 FROM organisation_tree x CROSS JOIN hold h"                                    \
        "             WHERE x.descendant = " organisation " AND h.kind = 'group' AND h.subject = x.ancestor" \
        "               AND (h.ends IS NULL OR h.ends > ?4)))"

#define IS_PLACED(pupil)                                                                                    \
        "EXISTS (SELECT 1 FROM placement e CROSS JOIN placement_day x ON x.placement = e.id AND x.day = ?3" \
        "         WHERE e.pupil = " pupil                                                                   \
        " AND e.state = 'planned' AND x.kind = 'work' AND x.state = 'planned')"

/* ---- pupils */

/* Unexplained absences of ORGANISATIONS, a FROM with a column `organisation`, the earliest first, from the
 * index alone. The LIMIT keeps the order, so that of many only those that are shown are looked at more
 * closely. */
#define UNEXPLAINED(organisations)                                                                \
        "(SELECT DISTINCT a.starts, a.organisation, a.pupil, a.place, a.ends FROM " organisations \
        "  CROSS JOIN absence_day a INDEXED BY absence_day_unexplained"                           \
        "  WHERE a.day_no = ?2 AND a.organisation = g.organisation AND a.unexplained = 1"         \
        "  ORDER BY a.starts, a.organisation, a.pupil, a.place LIMIT -1)"
/* As the rules see it: without what a placement day, a hold, a word or a later lesson has settled. */
#define IS_MISSING                                                                                      \
        "    NOT EXISTS (SELECT 1 FROM located l WHERE l.pupil = m.pupil AND l.at < ?5 AND l.at >= "    \
        "                 coalesce((SELECT min(u.starts) FROM absence_lesson u WHERE u.pupil = m.pupil" \
        "                              AND u.day_no = ?2 AND u.class = 'unexplained'), m.starts)) "     \
        "AND NOT EXISTS (SELECT 1 FROM attendance_mark o WHERE o.pupil = m.pupil AND o.day = ?3"        \
        "                   AND o.in_force = 1 AND o.mark <> 'absent' AND o.starts >= "                 \
        "                 coalesce((SELECT max(u.ends) FROM absence_lesson u WHERE u.pupil = m.pupil"   \
        "                              AND u.day_no = ?2 AND u.class = 'unexplained'), m.ends)) "       \
        "AND NOT " IS_HELD("m.pupil",                                                                   \
                           "m.organisation") " AND (m.place <> 'school' OR NOT " IS_PLACED("m.pupil") ")"

#define OF_SCOPE                                                    \
        "(SELECT t.descendant AS organisation FROM json_each(?1) s" \
        "  CROSS JOIN organisation_tree t ON t.ancestor = s.value) g"
#define UNEXPLAINED_OF_SCOPE UNEXPLAINED(OF_SCOPE)

int desk_day_missing(struct db *db, const struct desk_day *day, int limit,
                     int (*each)(void *context, const struct desk_missing *missing, struct err *err),
                     void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT m.pupil, p.given, p.family, m.organisation, o.name, p.protected, m.place <> 'school',"
            "  coalesce((SELECT min(u.starts) FROM absence_lesson u WHERE u.pupil = m.pupil AND u.day_no = ?2"
            "               AND u.place = m.place AND u.class = 'unexplained'), m.starts),"
            "  coalesce((SELECT min(u.lesson) FROM absence_lesson u WHERE u.pupil = m.pupil AND u.day_no = ?2"
            "               AND u.place = m.place AND u.class = 'unexplained'), 0)"
            "  FROM " UNEXPLAINED_OF_SCOPE " m CROSS JOIN person p ON p.id = m.pupil"
            " CROSS JOIN organisation o ON o.id = m.organisation WHERE " IS_MISSING " LIMIT ?6",
            err);
        bind_day(&q, day);
        query_int(&q, limit);
        while ((r = query_row(&q)) > 0) {
                const struct desk_missing missing = {.pupil = column_text(&q, 0),
                                                     .given = column_text(&q, 1),
                                                     .family = column_text(&q, 2),
                                                     .organisation = column_text(&q, 3),
                                                     .group = column_text(&q, 4),
                                                     .is_protected = column_int(&q, 5),
                                                     .at_work = column_int(&q, 6),
                                                     .starts = column_int(&q, 7),
                                                     .first = (int)column_int(&q, 8)};

                r = each(context, &missing, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int desk_day_pupils(struct db *db, const struct desk_day *day, const char *organisation,
                    int (*each)(void *context, const struct desk_pupil *pupil, struct err *err),
                    void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT p.id, p.given, p.family, p.protected, " IS_PLACED(
                "p.id") ","
                        " coalesce((SELECT coalesce(h.reason, '') FROM hold h WHERE h.kind = 'pupil' AND "
                        "h.subject = p.id"
                        "              AND (h.ends IS NULL OR h.ends > ?4) LIMIT 1),"
                        "          (SELECT coalesce(h.reason, '') FROM organisation_tree x CROSS JOIN hold h"
                        "            WHERE x.descendant = ?6 AND h.kind = 'group' AND h.subject = x.ancestor"
                        "              AND (h.ends IS NULL OR h.ends > ?4) LIMIT 1)),"
                        " a.pupil IS NOT NULL, a.unexplained,"
                        " coalesce((SELECT min(l.class) FROM absence_lesson l WHERE l.pupil = p.id AND "
                        "l.day_no = ?2"
                        "              AND l.class <> 'unexplained'),"
                        "          (SELECT e.class FROM explanation e WHERE e.pupil = p.id AND e.ends > ?4"
                        "              AND e.starts <= ?4 ORDER BY e.id DESC LIMIT 1),"
                        "          (SELECT coalesce(e.class, 'leave') FROM authorisation e WHERE e.pupil = "
                        "p.id"
                        "              AND e.ends > ?4 AND e.starts <= ?4 ORDER BY e.id DESC LIMIT 1)),"
                        " (SELECT l.place FROM located l WHERE l.pupil = p.id AND l.at >= a.starts AND l.at "
                        "< ?5"
                        "   ORDER BY l.at DESC, l.id DESC LIMIT 1),"
                        " EXISTS (SELECT 1 FROM attendance_mark o WHERE o.pupil = p.id AND o.day = ?3"
                        "            AND o.in_force = 1 AND o.mark <> 'absent' AND o.starts >= a.ends),"
                        " (SELECT o.mark FROM attendance_mark o WHERE o.pupil = p.id AND o.day = ?3 AND "
                        "o.in_force = 1"
                        "     AND o.place = 'school' ORDER BY o.starts DESC LIMIT 1)"
                        "  FROM role r CROSS JOIN person p ON p.id = r.person"
                        "  LEFT JOIN absence_day a ON a.pupil = p.id AND a.day_no = ?2 AND a.place = 'school'"
                        " WHERE r.organisation = ?6 AND r.role = 'pupil' AND r.first_day <= ?3"
                        "   AND (r.last_day IS NULL OR r.last_day >= ?3) AND (p.ended IS NULL OR p.ended > "
                        "?3)"
                        " GROUP BY p.id ORDER BY p.given, p.family, p.id",
            err);
        bind_day(&q, day);
        query_text(&q, organisation);
        while ((r = query_row(&q)) > 0) {
                const struct desk_pupil pupil = {.pupil = column_text(&q, 0),
                                                 .given = column_text(&q, 1),
                                                 .family = column_text(&q, 2),
                                                 .is_protected = column_int(&q, 3),
                                                 .is_placed = column_int(&q, 4),
                                                 .held = column_text(&q, 5),
                                                 .is_absent = column_int(&q, 6),
                                                 .is_open = column_int(&q, 7),
                                                 .class = column_text(&q, 8),
                                                 .located = column_text(&q, 9),
                                                 .has_arrived = column_int(&q, 10),
                                                 .mark = column_text(&q, 11)};

                r = each(context, &pupil, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int desk_day_is_absent(struct db *db, const struct desk_day *day, const char *pupil, struct err *err)
{
        struct query q;

        query_start(&q, db, "SELECT 1 FROM absence_day WHERE pupil = ? AND day_no = ? LIMIT 1", err);
        query_text(&q, pupil);
        query_int(&q, day->day_no);
        return put_exists(&q);
}

/* The rules whose messages ask where a pupil is. */
#define ASKING "m.rule IN ('absence-alert', 'absence-ladder', 'absence-unlocated', 'placement-no-show')"

int desk_day_is_told(struct db *db, const struct desk_day *day, const char *pupil, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT 1 FROM rule_match m WHERE m.pupil = ? AND " ASKING " AND m.fired >= ? LIMIT 1",
                    err);
        query_text(&q, pupil);
        query_int(&q, day->starts);
        return put_exists(&q);
}

/* ---- the ladder of one pupil */

int desk_day_told(struct db *db, const struct desk_day *day, const char *pupil,
                  int (*each)(void *context, const struct desk_told *told, struct err *err), void *context,
                  struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT m.rule, p.given, p.family, g.channel, g.state, CASE g.state WHEN 'held' THEN g.reason "
            "END,"
            "       coalesce((SELECT min(a.started) FROM attempt a WHERE a.message = g.id), g.created),"
            "       EXISTS (SELECT 1 FROM guardian x WHERE x.pupil = m.pupil AND x.guardian = p.id)"
            "         OR EXISTS (SELECT 1 FROM carer x WHERE x.pupil = m.pupil AND x.carer = p.id)"
            "  FROM rule_match m CROSS JOIN notice n ON n.match = m.id"
            " CROSS JOIN message_notice mn ON mn.notice = n.id CROSS JOIN message g ON g.id = mn.message"
            " CROSS JOIN person p ON p.id = n.person"
            " WHERE m.pupil = ?1 AND " ASKING " AND m.fired >= ?2 AND g.state <> 'cancelled'"
            " ORDER BY g.id LIMIT ?3",
            err);
        query_text(&q, pupil);
        query_int(&q, day->starts);
        query_int(&q, DESK_DAY_LIST_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct desk_told told = {column_text(&q, 0), column_text(&q, 1), column_text(&q, 2),
                                               column_text(&q, 3), column_text(&q, 4), column_text(&q, 5),
                                               column_int(&q, 6),  column_int(&q, 7)};

                r = each(context, &told, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int desk_day_answers(struct db *db, const struct desk_day *day, const char *pupil,
                     int (*each)(void *context, const struct desk_answer *answer, struct err *err),
                     void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT p.given, p.family, a.answer, a.at FROM answer a CROSS JOIN person p"
            "    ON p.id = CASE a.answer WHEN 'taken' THEN coalesce(a.by, a.recipient) ELSE a.recipient END"
            " WHERE a.subject = ?1 AND a.at >= ?2 AND a.answer <> 'confirmed'"
            "   AND a.rule IN ('', 'absence-alert', 'absence-ladder', 'absence-unlocated')"
            " ORDER BY a.id LIMIT ?3",
            err);
        query_text(&q, pupil);
        query_int(&q, day->starts);
        query_int(&q, DESK_DAY_LIST_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct desk_answer answer = {column_text(&q, 0), column_text(&q, 1), column_text(&q, 2),
                                                   column_int(&q, 3)};

                r = each(context, &answer, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

/* A rung of the ladder has "ALERT/staff" or "ALERT/PERSON/CHANNEL" for a key. */
static int read_step(struct db *db, const char *rule, const char *key, struct desk_next *next,
                     struct err *err)
{
        const char *rung = strchr(key, '/'), *channel = strrchr(key, '/');
        char person[ID_SIZE] = "";
        struct query q;
        int r;

        if (strcmp(rule, "absence-ladder") != 0 || !rung) {
                snprintf(next->step, sizeof next->step, "%s", rule + strlen("absence-"));
                return 0;
        }
        snprintf(next->step, sizeof next->step, "%s", channel + 1);
        if (channel == rung)
                return 0;
        snprintf(person, sizeof person, "%.*s", (int)(channel - rung - 1), rung + 1);
        query_start(&q, db, "SELECT given FROM person WHERE id = ?", err);
        query_text(&q, person);
        r = query_row(&q);
        if (r > 0)
                snprintf(next->name, sizeof next->name, "%s", column_text(&q, 0));
        query_end(&q);
        return r < 0 ? r : 0;
}

static bool calls_staff(const char *step)
{
        return strcmp(step, "staff") == 0 || strcmp(step, "principal") == 0 ||
               strcmp(step, "duty-phone") == 0;
}

/* What is left of the ladder of an alert that has ended waits to be dropped. */
int desk_day_next(struct db *db, const struct desk_day *day, const char *pupil, bool is_taken,
                  struct desk_next *ret_next, struct err *err)
{
        struct query q;
        bool found = false;
        int r;

        query_start(&q, db,
                    "SELECT m.rule, m.key, m.due, coalesce(m.reason, '') = 'register-stale'"
                    "  FROM rule_match m WHERE m.kind = 'pupil' AND m.subject = ?1"
                    "   AND m.rule IN ('absence-alert', 'absence-ladder', 'absence-unlocated')"
                    "   AND m.state = 'pending' AND (m.expires IS NULL OR m.expires > ?2) AND m.due < ?3"
                    "   AND (m.rule <> 'absence-ladder' OR EXISTS"
                    "        (SELECT 1 FROM match_mark k CROSS JOIN attendance_mark t ON t.id = k.mark"
                    "          CROSS JOIN absence_lesson l ON l.pupil = t.pupil AND l.day_no = ?4"
                    "                 AND l.place = t.place AND l.lesson = t.lesson"
                    "          WHERE k.match = CAST(m.key AS INTEGER) AND t.in_force = 1"
                    "            AND l.class = 'unexplained' AND NOT EXISTS"
                    "            (SELECT 1 FROM attendance_mark o WHERE o.pupil = t.pupil AND o.day = t.day"
                    "                AND o.in_force = 1 AND o.mark <> 'absent' AND o.starts >= t.ends)))"
                    " ORDER BY m.due, m.id",
                    err);
        query_text(&q, pupil);
        query_int(&q, day->now);
        query_int(&q, day->ends);
        query_int(&q, day->day_no);
        while (!found && (r = query_row(&q)) > 0) {
                struct desk_next next = {.at = column_int(&q, 2), .is_stale = column_int(&q, 3)};

                r = read_step(db, column_text(&q, 0), column_text(&q, 1), &next, err);
                if (r < 0)
                        break;
                found = !(is_taken && calls_staff(next.step));
                if (found)
                        *ret_next = next;
        }
        query_end(&q);
        return r < 0 ? r : found;
}

int desk_day_home(struct db *db, const char *pupil,
                  int (*each)(void *context, const struct desk_home *home, struct err *err), void *context,
                  struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT p.given, p.family, h.emergency,"
            "  (SELECT c.value FROM contact c WHERE c.person = p.id AND c.channel = 'sms'"
            "      AND (c.safe = 1 OR (p.protected = 0 AND y.protected = 0))"
            "    ORDER BY c.state = 'bad', c.position, c.value LIMIT 1)"
            "  FROM (SELECT c.carer AS person, 0 AS rank, 0 AS emergency FROM carer c"
            "         WHERE c.pupil = ?1 AND c.ended IS NULL"
            "        UNION ALL"
            "        SELECT g.guardian, g.rank, g.emergency_only FROM guardian g"
            "         WHERE g.pupil = ?1 AND g.restricted = 0 AND (g.notify = 1 OR g.emergency_only = 1)"
            "           AND g.ended IS NULL AND NOT EXISTS (SELECT 1 FROM carer c WHERE c.pupil = ?1"
            "                                 AND c.ended IS NULL AND (c.instead = 1 OR c.carer = "
            "g.guardian))"
            "       ) h"
            " CROSS JOIN person p ON p.id = h.person AND p.ended IS NULL"
            " CROSS JOIN person y ON y.id = ?1"
            " WHERE NOT EXISTS (SELECT 1 FROM guardian g WHERE g.pupil = ?1 AND g.guardian = p.id"
            "                      AND g.restricted = 1)"
            " ORDER BY h.emergency, h.rank, p.given, p.id LIMIT 8",
            err);
        query_text(&q, pupil);
        while ((r = query_row(&q)) > 0) {
                const struct desk_home home = {column_text(&q, 0), column_text(&q, 1), column_text(&q, 3),
                                               column_int(&q, 2)};

                r = each(context, &home, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

/* ---- groups */

#define MISSING_OF_GROUP                                     \
        "(SELECT count(DISTINCT m.pupil) FROM " UNEXPLAINED( \
            "(SELECT o.id AS organisation) g") " m WHERE " IS_MISSING ")"
#define GROUP_IS_HELD IS_HELD("NULL", "o.id")
#define GROUPS                                                                                             \
        "(SELECT g.id, g.name FROM json_each(?1) s CROSS JOIN organisation_tree t ON t.ancestor = s.value" \
        "  CROSS JOIN organisation g ON g.id = t.descendant WHERE g.ended IS NULL OR g.ended > ?3"         \
        "  GROUP BY g.name, g.id ORDER BY g.name, g.id LIMIT -1)"

int desk_day_groups(struct db *db, const struct desk_day *day, int start, int limit,
                    int (*each)(void *context, const struct desk_group *group, struct err *err),
                    void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT o.id, o.name,"
                    "  (SELECT u.name FROM organisation_tree x CROSS JOIN organisation u ON u.id = x.ancestor"
                    "    WHERE x.descendant = o.id AND u.kind = 'school' ORDER BY x.distance LIMIT 1),"
                    "  (SELECT count(DISTINCT r.person) FROM role r WHERE r.organisation = o.id"
                    "      AND r.role = 'pupil' AND r.first_day <= ?3"
                    "      AND (r.last_day IS NULL OR r.last_day >= ?3)), " MISSING_OF_GROUP
                    ", " GROUP_IS_HELD "  FROM " GROUPS
                    " o WHERE EXISTS (SELECT 1 FROM role r WHERE r.organisation = o.id"
                    "                                     AND r.role = 'pupil') LIMIT ?6 OFFSET ?7",
                    err);
        bind_day(&q, day);
        query_int(&q, limit);
        query_int(&q, start);
        while ((r = query_row(&q)) > 0) {
                const struct desk_group group = {.id = column_text(&q, 0),
                                                 .name = column_text(&q, 1),
                                                 .school = column_text(&q, 2),
                                                 .pupils = (int)column_int(&q, 3),
                                                 .missing = (int)column_int(&q, 4),
                                                 .is_held = column_int(&q, 5)};

                r = each(context, &group, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int desk_day_cases(struct db *db, const char *person, int64_t *ret_count, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT count(*) FROM case_file WHERE owner = ? AND state <> 'closed'", err);
        query_text(&q, person);
        r = query_row(&q);
        if (r > 0)
                *ret_count = column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}
