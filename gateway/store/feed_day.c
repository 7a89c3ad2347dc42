/* feed_day: the placement days that stand behind a feed. Binds of each query: ?1 owner, ?2 today, ?3 first
 * day, ?4 last day. */
#include "store/db.h"
#include "store/feed.h"

#include <string.h>

/* A placement's supervisor is the one it names; only when it names none, those of the workplace. */
#define SCOPE_PERSON                                                                                       \
        "SELECT id, 4 FROM placement WHERE supervisor = ?1"                                                \
        " UNION ALL SELECT p.id, 4 FROM workplace_supervisor s JOIN placement p ON p.workplace = "         \
        "s.workplace"                                                                                      \
        "            WHERE s.person = ?1 AND p.supervisor IS NULL"                                         \
        " UNION ALL SELECT id, 1 FROM placement WHERE pupil = ?1"                                          \
        " UNION ALL SELECT p.id, 2 FROM guardian g JOIN placement p ON p.pupil = g.pupil"                  \
        "            WHERE g.guardian = ?1 AND g.emergency_only = 0 AND (g.ended IS NULL OR g.ended > ?2)" \
        " UNION ALL SELECT p.id, 2 FROM carer c JOIN placement p ON p.pupil = c.pupil"                     \
        "            WHERE c.carer = ?1 AND (c.ended IS NULL OR c.ended > ?2)"                             \
        " UNION ALL SELECT p.id, 3 FROM role s JOIN organisation_tree t ON t.ancestor = s.organisation"    \
        "             JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil'"                   \
        "             JOIN placement p ON p.pupil = r.person"                                              \
        "            WHERE s.person = ?1 AND s.role IN ('teacher', 'coach', 'substitute')"                 \
        "              AND s.first_day <= ?2 AND (s.last_day IS NULL OR s.last_day >= ?2)"                 \
        "              AND (r.last_day IS NULL OR r.last_day >= ?2)"

#define SCOPE_WORKPLACE "SELECT id, 4 FROM placement WHERE workplace = ?1"

#define SCOPE_PUPILS(view)                                                    \
        "SELECT p.id, " view " FROM organisation_tree t"                      \
        "  JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil'" \
        "  JOIN placement p ON p.pupil = r.person"                            \
        " WHERE t.ancestor = ?1 AND (r.last_day IS NULL OR r.last_day >= ?2)"

/* The host sees that somebody comes too. */
#define SCOPE_HOST                                                                                 \
        " UNION ALL SELECT p.id, 5 FROM organisation_tree t JOIN workplace w ON w.organisation = " \
        "t.descendant"                                                                             \
        "             JOIN placement p ON p.workplace = w.id WHERE t.ancestor = ?1"

/* Where the pupil belongs, the nearest organisation first. */
#define HOME " FROM role r JOIN organisation_tree a ON a.descendant = r.organisation"

#define DAYS(scope)                                                                                          \
        "WITH scope(placement, view) AS (" scope "),"                                                        \
        " shown AS MATERIALIZED ("                                                                           \
        "  SELECT p.id AS placement, min(s.view) AS view, p.state, p.changed, pu.given, pu.protected,"       \
        "         (SELECT h.host_name FROM placement_host h WHERE h.placement = p.id AND h.home <> h.host)"  \
        "          AS host,"                                                                                 \
        "         w.name, w.address,"                                                                        \
        "         (SELECT count(*) FROM agreement_signature g WHERE g.placement = p.id) AS signatures,"      \
        "         (SELECT max(g.at) FROM agreement_signature g WHERE g.placement = p.id) AS signed,"         \
        "         (SELECT t.person" HOME                                                                     \
        "            JOIN role t ON t.organisation = a.ancestor AND t.role = 'teacher'"                      \
        "             AND t.first_day <= ?2 AND (t.last_day IS NULL OR t.last_day >= ?2)"                    \
        "            JOIN person e ON e.id = t.person AND e.protected = 0 AND (e.ended IS NULL OR e.ended "  \
        "> ?2)"                                                                                              \
        "           WHERE r.person = p.pupil AND r.role = 'pupil' AND (r.last_day IS NULL OR r.last_day >= " \
        "?2)"                                                                                                \
        "           ORDER BY r.first_day, a.distance, t.first_day, t.person LIMIT 1) AS teacher,"            \
        "         (SELECT o.phone" HOME                                                                      \
        "            JOIN organisation o ON o.id = a.ancestor AND o.phone IS NOT NULL"                       \
        "           WHERE r.person = p.pupil AND r.role = 'pupil' AND (r.last_day IS NULL OR r.last_day >= " \
        "?2)"                                                                                                \
        "           ORDER BY r.first_day, a.distance LIMIT 1) AS phone"                                      \
        "    FROM scope s JOIN placement p ON p.id = s.placement"                                            \
        "    JOIN person pu ON pu.id = p.pupil AND (pu.ended IS NULL OR pu.ended > ?2)"                      \
        "    JOIN workplace w ON w.id = p.workplace"                                                         \
        "   WHERE NOT EXISTS (SELECT 1 FROM guardian g"                                                      \
        "                      WHERE g.pupil = p.pupil AND g.guardian = ?1 AND g.restricted = 1)"            \
        "     AND EXISTS (SELECT 1 FROM placement_day d"                                                     \
        "                  WHERE d.placement = p.id AND d.day BETWEEN ?3 AND ?4)"                            \
        "   GROUP BY p.id)"                                                                                  \
        " SELECT 'pl-' || d.placement || '-' || d.original_day AS uid, d.starts, d.ends, d.changed, "        \
        "s.changed,"                                                                                         \
        "        s.signed, d.sequence, d.kind = 'school',"                                                   \
        "        d.state = 'cancelled' OR (s.state = 'cancelled' AND d.ends > s.changed), s.signatures = 3," \
        "        s.protected, d.day < ?2, s.view, s.given, s.name, s.address, t.given || ' ' || t.family,"   \
        "        (SELECT c.value FROM contact c WHERE c.person = s.teacher AND c.channel = 'sms'"            \
        "            AND c.state = 'good' ORDER BY c.position, c.value LIMIT 1), s.phone,"                   \
        "        d.placement, s.host"                                                                        \
        "   FROM shown s JOIN placement_day d ON d.placement = s.placement"                                  \
        "   LEFT JOIN person t ON t.id = s.teacher"                                                          \
        "  WHERE d.day BETWEEN ?3 AND ?4 AND NOT (s.protected = 1 AND s.view = 5)"                           \
        "  ORDER BY d.starts, uid"

static const struct {
        const char *kind, *sql;
} scope_table[] = {
    {"group", DAYS(SCOPE_PUPILS("3"))},
    {"municipality", DAYS(SCOPE_PUPILS("5") SCOPE_HOST)},
    {"network", DAYS(SCOPE_PUPILS("5") SCOPE_HOST)},
    {"person", DAYS(SCOPE_PERSON)},
    {"school", DAYS(SCOPE_PUPILS("3"))},
    {"workplace", DAYS(SCOPE_WORKPLACE)},
};

static const char *sql_of(const char *kind)
{
        for (size_t i = 0; i < ARRAY_SIZE(scope_table); i++)
                if (strcmp(scope_table[i].kind, kind) == 0)
                        return scope_table[i].sql;
        return NULL;
}

static int64_t latest(int64_t a, int64_t b)
{
        return a > b ? a : b;
}

static void read_day(struct query *q, struct feed_day *day)
{
        *day = (struct feed_day){
            .uid = column_text(q, 0),
            .starts = column_int(q, 1),
            .ends = column_int(q, 2),
            .changed = latest(column_int(q, 3), latest(column_int(q, 4), column_int_or(q, 5, 0))),
            .sequence = (int)column_int(q, 6),
            .is_school = column_int(q, 7),
            .is_cancelled = column_int(q, 8),
            .is_signed = column_int(q, 9),
            .is_protected = column_int(q, 10),
            .has_passed = column_int(q, 11),
            .view = (enum feed_view)column_int(q, 12),
            .given = column_text(q, 13),
            .workplace = column_text(q, 14),
            .address = column_text(q, 15),
            .call_name = column_text(q, 16),
            .call_phone = column_text(q, 17),
            .school_phone = column_text(q, 18),
            .placement = column_text(q, 19),
            .host = column_text(q, 20),
        };
}

int feed_days(struct db *db, const struct feed *feed, const char *today, const char *first_day,
              const char *last_day, int (*each)(void *context, const struct feed_day *day), void *context,
              struct err *err)
{
        const char *sql = sql_of(feed->kind);
        struct feed_day day;
        struct query q;
        int r;

        if (!sql)
                return err_set(err, ERR_INVALID, "feed %s: %.15s: no such kind of feed: revoke it", feed->id,
                               feed->kind);
        query_start(&q, db, sql, err);
        query_text(&q, feed->owner);
        query_text(&q, today);
        query_text(&q, first_day);
        query_text(&q, last_day);
        while ((r = query_row(&q)) > 0) {
                read_day(&q, &day);
                r = each(context, &day);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}
