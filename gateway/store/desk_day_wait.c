/* What waits for staff: messages to confirm, people who were not reached, replies, holds, stale registers. */
#include "store/desk_day.h"

static void bind_day(struct query *q, const struct desk_day *day)
{
        query_text(q, day->scope);
        query_text(q, day->day);
        query_int(q, day->now);
}

/* The pupil is one of the scope's on the day. */
#define IN_SCOPE(pupil)                                                                                \
        "EXISTS (SELECT 1 FROM role r CROSS JOIN organisation_tree t ON t.descendant = r.organisation" \
        "         CROSS JOIN json_each(?1) s ON s.value = t.ancestor"                                  \
        "         WHERE r.person = " pupil " AND r.role = 'pupil' AND r.first_day <= ?2"               \
        "           AND (r.last_day IS NULL OR r.last_day >= ?2))"

/* ---- messages to confirm */

int desk_day_unconfirmed(struct db *db, const struct desk_day *day,
                         int (*each)(void *context, const struct desk_unconfirmed *message, struct err *err),
                         void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT m.id, g.created, g.deadline, m.pupil, p.given, p.family,"
                    "       (SELECT r.organisation FROM role r WHERE r.person = m.pupil AND r.role = 'pupil'"
                    "         ORDER BY r.first_day DESC LIMIT 1),"
                    "       m.rule, w.given, w.family, g.channel, g.text"
                    "  FROM message g INDEXED BY message_confirmation"
                    " CROSS JOIN message_notice mn ON mn.message = g.id"
                    " CROSS JOIN notice n ON n.id = mn.notice CROSS JOIN rule_match m ON m.id = n.match"
                    " CROSS JOIN person p ON p.id = m.pupil CROSS JOIN person w ON w.id = g.person"
                    " WHERE g.state = 'held' AND g.reason = 'confirmation'"
                    "   AND (g.deadline IS NULL OR g.deadline > ?3) AND " IN_SCOPE(
                        "m.pupil") " ORDER BY g.deadline, m.id, g.id LIMIT ?4",
                    err);
        bind_day(&q, day);
        query_int(&q, DESK_DAY_LIST_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct desk_unconfirmed message = {.match = column_int(&q, 0),
                                                         .created = column_int(&q, 1),
                                                         .deadline = column_int_or(&q, 2, INT64_MAX),
                                                         .pupil = column_text(&q, 3),
                                                         .given = column_text(&q, 4),
                                                         .family = column_text(&q, 5),
                                                         .organisation = column_text(&q, 6),
                                                         .rule = column_text(&q, 7),
                                                         .to_given = column_text(&q, 8),
                                                         .to_family = column_text(&q, 9),
                                                         .channel = column_text(&q, 10),
                                                         .text = column_text(&q, 11)};

                r = each(context, &message, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int desk_day_waits(struct db *db, const char *pupil, const char *rule, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "SELECT 1 FROM message g INDEXED BY message_confirmation"
            " CROSS JOIN message_notice mn ON mn.message = g.id"
            " CROSS JOIN notice n ON n.id = mn.notice CROSS JOIN rule_match m ON m.id = n.match"
            " WHERE g.state = 'held' AND g.reason = 'confirmation' AND m.pupil = ? AND m.rule = ? LIMIT 1",
            err);
        query_text(&q, pupil);
        query_text(&q, rule);
        return put_exists(&q);
}

/* ---- who was not reached */

#define PHONE(person, pupil)                                                                          \
        "(SELECT c.value FROM contact c WHERE c.person = " person ".id AND c.channel = 'sms'"         \
        "    AND (c.safe = 1 OR (" person ".protected = 0 AND coalesce(" pupil ".protected, 0) = 0))" \
        "  ORDER BY c.state = 'bad', c.position, c.value LIMIT 1)"

static int tell_unreached(struct query *q,
                          int (*each)(void *context, const struct desk_unreached *who, struct err *err),
                          void *context, struct err *err)
{
        int r;

        while ((r = query_row(q)) > 0) {
                const struct desk_unreached who = {.person = column_text(q, 0),
                                                   .given = column_text(q, 1),
                                                   .family = column_text(q, 2),
                                                   .pupil = column_text(q, 3),
                                                   .pupil_given = column_text(q, 4),
                                                   .rule = column_text(q, 5),
                                                   .channel = column_text(q, 6),
                                                   .reason = column_text(q, 7),
                                                   .phone = column_text(q, 8),
                                                   .at = column_int(q, 9)};

                r = each(context, &who, err);
                if (r < 0)
                        break;
        }
        query_end(q);
        return r < 0 ? r : 0;
}

/* Whoever got a later message about the same pupil, or the same notice by another channel, was reached. */
int desk_day_unreached(struct db *db, const struct desk_day *day,
                       int (*each)(void *context, const struct desk_unreached *who, struct err *err),
                       void *context, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "SELECT w.id, w.given, w.family, m.pupil, p.given, m.rule, g.channel, NULL, " PHONE(
                "w",
                "p") ", max(g.changed)"
                     "  FROM message g INDEXED BY message_unreached"
                     " CROSS JOIN message_notice mn ON mn.message = g.id"
                     " CROSS JOIN notice n ON n.id = mn.notice CROSS JOIN rule_match m ON m.id = n.match"
                     " CROSS JOIN person p ON p.id = m.pupil CROSS JOIN person w ON w.id = g.person"
                     " WHERE (g.state = 'rejected' OR g.state = 'failed' OR g.state = 'expired' OR g.state = "
                     "'unknown')"
                     "   AND g.changed >= ?5 AND " IN_SCOPE(
                         "m.pupil") "   AND NOT EXISTS (SELECT 1 FROM message o CROSS JOIN message_notice x "
                                    "ON x.message = o.id"
                                    "                    CROSS JOIN notice y ON y.id = x.notice"
                                    "                    CROSS JOIN rule_match z ON z.id = y.match"
                                    "                    WHERE o.person = g.person AND o.created >= "
                                    "g.created AND z.pupil = m.pupil"
                                    "                      AND (o.state = 'delivered' OR o.state = "
                                    "'accepted' OR o.state = 'queued'"
                                    "                           OR o.state = 'leased' OR o.state = 'retry' "
                                    "OR o.state = 'held'))"
                                    "   AND NOT EXISTS (SELECT 1 FROM guardian x WHERE x.pupil = m.pupil AND "
                                    "x.guardian = w.id"
                                    "                      AND (x.restricted = 1 OR x.ended IS NOT NULL))"
                                    " GROUP BY w.id, m.pupil ORDER BY max(g.changed) DESC LIMIT ?4",
            err);
        bind_day(&q, day);
        query_int(&q, DESK_DAY_LIST_MAX);
        query_int(&q, day->starts);
        return tell_unreached(&q, each, context, err);
}

int desk_day_bad_contacts(struct db *db, const struct desk_day *day,
                          int (*each)(void *context, const struct desk_unreached *who, struct err *err),
                          void *context, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "SELECT w.id, w.given, w.family, b.pupil, p.given, '', b.channel, coalesce(b.bad_reason, ''),"
            "       " PHONE(
                "w",
                "p") ", b.bad_since"
                     "  FROM (SELECT c.person, c.channel, c.bad_reason, c.bad_since,"
                     "               coalesce((SELECT min(g.pupil) FROM guardian g WHERE g.guardian = "
                     "c.person"
                     "                            AND g.restricted = 0 AND g.ended IS NULL),"
                     "                        (SELECT min(k.pupil) FROM carer k WHERE k.carer = c.person"
                     "                            AND k.ended IS NULL),"
                     "                        (SELECT min(r.person) FROM role r WHERE r.person = c.person"
                     "                            AND r.role = 'pupil')) AS pupil"
                     "          FROM contact c INDEXED BY contact_bad WHERE c.state = 'bad' AND c.bad_since "
                     "> 0) b"
                     " CROSS JOIN person w ON w.id = b.person AND w.ended IS NULL"
                     " CROSS JOIN person p ON p.id = b.pupil"
                     " WHERE " IN_SCOPE(
                         "b.pupil") " AND ?3 > 0 ORDER BY b.bad_since DESC, w.id, b.channel LIMIT ?4",
            err);
        bind_day(&q, day);
        query_int(&q, DESK_DAY_LIST_MAX);
        return tell_unreached(&q, each, context, err);
}

/* ---- replies */

int desk_day_replies(struct db *db, const struct desk_day *day,
                     int (*each)(void *context, const struct desk_reply *reply, struct err *err),
                     void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT r.id, r.at, CASE WHEN coalesce(p.protected, 0) = 0 THEN r.address END, p.given,"
            "       p.family, json_extract(e.data, '$.text'), coalesce(r.reason, '')"
            "  FROM reply r LEFT JOIN event e ON e.seq = r.event LEFT JOIN person p ON p.id = r.person"
            " WHERE r.state = 'waiting' AND EXISTS (SELECT 1 FROM organisation_tree t"
            "         CROSS JOIN json_each(?1) s ON s.value = t.ancestor"
            "         WHERE t.descendant = r.organisation)"
            " ORDER BY r.urgent DESC, r.id LIMIT ?2",
            err);
        query_text(&q, day->scope);
        query_int(&q, DESK_DAY_LIST_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct desk_reply reply = {.id = column_int(&q, 0),
                                                 .at = column_int(&q, 1),
                                                 .address = column_text(&q, 2),
                                                 .given = column_text(&q, 3),
                                                 .family = column_text(&q, 4),
                                                 .text = column_text(&q, 5),
                                                 .reason = column_text(&q, 6)};

                r = each(context, &reply, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int desk_day_reply_waits(struct db *db, const char *scope, int64_t id, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT 1 FROM reply r WHERE r.id = ?2 AND r.state = 'waiting' AND EXISTS"
                    " (SELECT 1 FROM organisation_tree t CROSS JOIN json_each(?1) s ON s.value = t.ancestor"
                    "   WHERE t.descendant = r.organisation)",
                    err);
        query_text(&q, scope);
        query_int(&q, id);
        return put_exists(&q);
}

/* ---- holds */

#define OPEN_HOLDS                                                 \
        "(SELECT * FROM hold INDEXED BY hold_ends WHERE ends > ?3" \
        " UNION ALL SELECT * FROM hold INDEXED BY hold_ends WHERE ends IS NULL)"

int desk_day_holds(struct db *db, const struct desk_day *day,
                   int (*each)(void *context, const struct desk_hold *hold, struct err *err), void *context,
                   struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT h.kind, h.subject, p.given || ' ' || p.family, coalesce(h.reason, ''),"
            "       (SELECT b.given FROM person b WHERE b.id = h.by), h.ends, 0"
            "  FROM " OPEN_HOLDS " h CROSS JOIN person p ON p.id = h.subject"
            " WHERE h.kind = 'pupil' AND " IN_SCOPE(
                "h.subject") " UNION ALL "
                             "SELECT h.kind, h.subject, o.name, coalesce(h.reason, ''),"
                             "       (SELECT b.given FROM person b WHERE b.id = h.by), h.ends,"
                             "       NOT EXISTS (SELECT 1 FROM json_each(?1) s CROSS JOIN organisation_tree t"
                             "                    WHERE t.descendant = h.subject AND t.ancestor = s.value)"
                             "  FROM " OPEN_HOLDS " h CROSS JOIN organisation o ON o.id = h.subject"
                             " WHERE h.kind = 'group'"
                             "   AND EXISTS (SELECT 1 FROM json_each(?1) s CROSS JOIN organisation_tree t"
                             "                WHERE (t.descendant = h.subject AND t.ancestor = s.value)"
                             "                   OR (t.descendant = s.value AND t.ancestor = h.subject))"
                             " ORDER BY 1, 3, 2 LIMIT ?4",
            err);
        bind_day(&q, day);
        query_int(&q, DESK_DAY_LIST_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct desk_hold hold = {.kind = column_text(&q, 0),
                                               .subject = column_text(&q, 1),
                                               .name = column_text(&q, 2),
                                               .reason = column_text(&q, 3),
                                               .by = column_text(&q, 4),
                                               .ends = column_int_or(&q, 5, INT64_MAX),
                                               .is_above = column_int(&q, 6)};

                r = each(context, &hold, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int desk_day_is_held(struct db *db, const char *kind, const char *subject, int64_t now_utc, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "SELECT 1 FROM hold WHERE kind = ? AND subject = ? AND (ends IS NULL OR ends > ?) LIMIT 1", err);
        query_text(&q, kind);
        query_text(&q, subject);
        query_int(&q, now_utc);
        return put_exists(&q);
}

/* ---- registers */

int desk_day_stale(struct db *db, const struct desk_day *day,
                   int (*each)(void *context, const struct desk_stale *stale, struct err *err), void *context,
                   struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT o.name, s.read_up_to FROM register_sync s"
                    " CROSS JOIN rule_match m ON m.rule = 'register-stale'"
                    "        AND m.key = s.organisation || '/' || s.read_up_to AND m.state = 'fired'"
                    " CROSS JOIN organisation o ON o.id = s.organisation"
                    " WHERE EXISTS (SELECT 1 FROM json_each(?1) j CROSS JOIN organisation_tree t"
                    "                WHERE (t.descendant = s.organisation AND t.ancestor = j.value)"
                    "                   OR (t.descendant = j.value AND t.ancestor = s.organisation))"
                    " ORDER BY o.name LIMIT ?2",
                    err);
        query_text(&q, day->scope);
        query_int(&q, DESK_DAY_LIST_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct desk_stale stale = {column_text(&q, 0), column_int(&q, 1)};

                r = each(context, &stale, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}
