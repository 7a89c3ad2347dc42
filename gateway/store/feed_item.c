/* Binds of each query: ?1 owner, ?2 today, ?3 first day, ?4 last day, ?5 first second, ?6 last second, ?7 the
 * first second of today. */
#include "store/feed_item.h"
#include "store/db.h"

#include <string.h>

#define TRIPS "('trip', 'camp', 'activity', 'activity-day')"

/* Children of ?1 who may see what concerns them. */
#define CHILDREN                                                                                         \
        "SELECT g.pupil FROM guardian g WHERE g.guardian = ?1 AND g.restricted = 0 AND g.emergency_only" \
        " = 0 AND (g.ended IS NULL OR g.ended > ?2)"                                                     \
        " UNION SELECT c.pupil FROM carer c WHERE c.carer = ?1 AND (c.ended IS NULL OR c.ended > ?2)"    \
        "          AND NOT EXISTS (SELECT 1 FROM guardian x"                                             \
        "                           WHERE x.pupil = c.pupil AND x.guardian = ?1 AND x.restricted = 1)"

#define SHARED_LINKS(organisation)                                                                  \
        "(SELECT group_concat(l.title || ': ' || l.url, char(10)) FROM (SELECT k.title, k.url"      \
        "   FROM organisation_tree t CROSS JOIN organisation_link k ON k.organisation = t.ancestor" \
        "  WHERE t.descendant = " organisation " ORDER BY t.distance DESC, k.position) l)"

/* ---- meetings */

/* Scope: view 1 takes part, 2 a child goes on a trip, 3 a shared calendar of staff, 4 one of a municipality
 * or a network. */
#define MEETING_PERSON                                                                              \
        "SELECT meeting AS id, 1 AS view, 0 AS hides, coalesce(answer = 'no', 0) AS says_no"        \
        "  FROM meeting_participant WHERE person = ?1"                                              \
        " UNION ALL SELECT id, 1, 0, 0 FROM meeting WHERE chair = ?1"                               \
        " UNION ALL SELECT m.id, 1, 0, coalesce((SELECT p.answer = 'no' FROM meeting_participant p" \
        "                                         WHERE p.meeting = m.id AND p.person = ?1), 0)"    \
        "             FROM audience_member a CROSS JOIN meeting m ON m.audience = a.audience"       \
        "            WHERE a.person = ?1"                                                           \
        " UNION ALL SELECT m.id, 2, c.protected, 0 FROM person c"                                   \
        "            CROSS JOIN meeting_participant p ON p.person = c.id"                           \
        "            CROSS JOIN meeting m ON m.id = p.meeting AND m.kind IN " TRIPS                 \
        "            WHERE c.id IN (" CHILDREN ")"

/* A talk about a pupil stands in a shared calendar without a word about whom; what is the pupil's welfare not
 * at all. */
#define MEETING_SHARED                                                                                   \
        "SELECT m.id, 3 AS view, 0 AS hides, 0 AS says_no FROM organisation_tree t"                      \
        "  CROSS JOIN meeting m ON m.organisation = t.descendant"                                        \
        " WHERE t.ancestor = ?1 AND (m.pupil IS NULL OR m.kind IN ('plan-talk', 'jopo'))"                \
        " UNION ALL SELECT m.id, 3, 0, 0 FROM organisation_tree t"                                       \
        "  CROSS JOIN meeting m ON m.organisation = t.ancestor AND m.pupil IS NULL AND m.kind IN " TRIPS \
        " WHERE t.descendant = ?1 AND t.distance > 0 AND EXISTS (SELECT 1 FROM meeting_participant p"    \
        "        CROSS JOIN role r ON r.person = p.person AND r.role = 'pupil'"                          \
        "        CROSS JOIN organisation_tree o ON o.descendant = r.organisation AND o.ancestor = ?1"    \
        "         WHERE p.meeting = m.id AND (r.last_day IS NULL OR r.last_day >= ?2))"

#define MEETING_MUNICIPALITY                                                                                \
        "SELECT m.id, 4 AS view, 0 AS hides, 0 AS says_no FROM organisation_tree t"                         \
        "  CROSS JOIN meeting m ON m.organisation = t.descendant AND m.pupil IS NULL WHERE t.ancestor = ?1" \
        " UNION ALL SELECT m.id, 4, 0, 0 FROM organisation_tree t"                                          \
        "  CROSS JOIN meeting m ON m.organisation = t.ancestor AND m.pupil IS NULL"                         \
        " WHERE t.descendant = ?1 AND t.distance > 0"

#define MEETING_NETWORK                                                                                \
        "SELECT m.id, 4 AS view, 0 AS hides, 0 AS says_no FROM organisation_tree t"                    \
        "  CROSS JOIN organisation o ON o.id = t.descendant AND o.kind IN ('network', 'municipality')" \
        "  CROSS JOIN meeting m ON m.organisation = o.id AND m.pupil IS NULL WHERE t.ancestor = ?1"

/* Whose first name the summary may bear: a child's, or a pupil's of the viewer's own group or school. */
#define MEETING_GIVEN                                                                                     \
        "CASE WHEN s.view IN (1, 2) AND m.kind <> 'forum' AND (m.pupil IN (" CHILDREN ") OR EXISTS ("     \
        "  SELECT 1 FROM role r JOIN organisation_tree t ON t.descendant = r.organisation"                \
        "    JOIN role v ON v.organisation = t.ancestor AND v.person = ?1"                                \
        "     AND v.role IN ('teacher', 'coach', 'substitute') AND v.first_day <= ?2"                     \
        "     AND (v.last_day IS NULL OR v.last_day >= ?2)"                                               \
        "   WHERE r.person = m.pupil AND r.role = 'pupil' AND (r.last_day IS NULL OR r.last_day >= ?2)))" \
        " THEN u.given END"

/* A curator is told of a case and never of a pupil, so not what somebody called a talk about one either. */
#define IS_CURATOR                                                                                        \
        "(EXISTS (SELECT 1 FROM role r WHERE r.person = ?1 AND r.role = 'curator'"                        \
        "            AND (r.last_day IS NULL OR r.last_day >= ?2))"                                       \
        " AND NOT EXISTS (SELECT 1 FROM role r WHERE r.person = ?1 AND (r.last_day IS NULL OR r.last_day" \
        " >= ?2) AND r.role NOT IN ('curator', 'pupil', 'supervisor')))"

#define MEETINGS(scope)                                                                                      \
        "WITH scope(id, view, hides, says_no) AS (" scope ")"                                                \
        " SELECT 'me-' || m.id || CASE WHEN d.original_day <> '' THEN '-' || d.original_day ELSE '' END AS " \
        "uid,"                                                                                               \
        "        d.starts, d.ends, NULL, NULL, max(m.changed, d.changed), m.sequence + d.sequence,"          \
        "        m.state = 'cancelled' OR d.state = 'cancelled',"                                            \
        "        coalesce(u.protected, 0) OR s.hides"                                                        \
        "          OR EXISTS (SELECT 1 FROM person v WHERE v.id = ?1 AND v.protected = 1),"                  \
        "        s.says_no, m.kind, CASE WHEN m.pupil IS NULL OR s.view < 3 AND NOT " IS_CURATOR             \
        " THEN m.title END,"                                                                                 \
        "        m.place, CASE WHEN s.view < 3 OR m.pupil IS NULL THEN m.link END, m.id,"                    \
        "        " MEETING_GIVEN                                                                             \
        ", o.name, NULL, " SHARED_LINKS("m.organisation") "   FROM (SELECT id, min(view) AS view, "          \
                                                          "max(hides) AS hides, min(says_no) AS says_no"     \
                                                          "           FROM scope GROUP BY id) s"             \
                                                          "  CROSS JOIN meeting m ON m.id = s.id CROSS "     \
                                                          "JOIN meeting_day d ON d.meeting = m.id"           \
                                                          "   JOIN organisation o ON o.id = m.organisation " \
                                                          "LEFT JOIN person u ON u.id = m.pupil"             \
                                                          "  WHERE d.starts <= ?6 AND d.ends >= ?5"          \
                                                          "    AND NOT ((m.state = 'cancelled' OR d.state "  \
                                                          "= 'cancelled') AND d.ends < ?7)"                  \
                                                          "    AND NOT EXISTS (SELECT 1 FROM guardian x"     \
                                                          "                     WHERE x.pupil = m.pupil "    \
                                                          "AND x.guardian = ?1 AND x.restricted = 1)"        \
                                                          "  ORDER BY d.starts, uid"

/* ---- whole days */

#define FOLLOW_UPS                                                                                          \
        "SELECT 'ca-' || c.id AS uid, NULL, NULL, c.next_contact, c.next_contact,"                          \
        "       max(c.opened, c.owned, coalesce((SELECT max(a.at) FROM case_act a WHERE a.case_id = c.id)," \
        " 0)), (SELECT count(*) FROM case_act a WHERE a.case_id = c.id), 0, 0, 1, NULL, c.id,"              \
        "       NULL, NULL, NULL, NULL, NULL, NULL, NULL"                                                   \
        "  FROM case_file c"                                                                                \
        " WHERE c.owner = ?1 AND c.state <> 'closed' AND c.next_contact BETWEEN ?3 AND ?4 AND ?7 > 0"       \
        " ORDER BY c.next_contact, uid"

#define PACKAGES                                                                                             \
        "SELECT 'pk-' || k.id AS uid, NULL, NULL, k.due, k.due, s.changed, s.sequence, 0, u.protected, 1,"   \
        "       NULL, k.subject_name, NULL, NULL, NULL, CASE WHEN u.id <> ?1 THEN u.given END, NULL, NULL, " \
        "NULL"                                                                                               \
        "  FROM person u CROSS JOIN package k ON k.pupil = u.id"                                             \
        "  JOIN feed_stamp s ON s.kind = 'package' AND s.subject = k.id"                                     \
        " WHERE (u.id = ?1 OR u.id IN (" CHILDREN ")) AND k.done IS NULL AND k.due BETWEEN ?3 AND ?4"        \
        "   AND ?7 > 0 ORDER BY k.due, uid"

#define SURVEYS                                                                                          \
        "SELECT 'sv-' || v.id AS uid, NULL, v.closes, NULL, NULL, s.changed, s.sequence, 0, 0, 1, NULL," \
        "       NULL, NULL, NULL, NULL, NULL, o.name, NULL, NULL"                                        \
        "  FROM audience_member a CROSS JOIN survey v ON v.audience = a.audience"                        \
        "  JOIN organisation o ON o.id = v.organisation"                                                 \
        "  JOIN feed_stamp s ON s.kind = 'survey' AND s.subject = v.id"                                  \
        " WHERE a.person = ?1 AND v.closed IS NULL AND v.closes BETWEEN ?5 AND ?6 AND ?7 > 0"            \
        "   AND NOT EXISTS (SELECT 1 FROM survey_answer w WHERE w.survey = v.id AND w.person = ?1)"      \
        " ORDER BY v.closes, uid"

/* ---- visits */

#define PARTY_NAMES(wanted)                                                         \
        "(SELECT group_concat(n.name, ', ') FROM (SELECT x.name FROM visit_party y" \
        "    JOIN organisation x ON x.id = y.party"                                 \
        "   WHERE y.visit = v.id AND y.side = '" wanted "' ORDER BY x.name) n)"

#define OF_PROTECTED                                                           \
        "(EXISTS (SELECT 1 FROM person p WHERE p.id = ?1 AND p.protected = 1)" \
        " OR EXISTS (SELECT 1 FROM guardian g JOIN person p ON p.id = g.pupil" \
        "             WHERE g.guardian = ?1 AND p.protected = 1)"              \
        " OR EXISTS (SELECT 1 FROM carer c JOIN person p ON p.id = c.pupil"    \
        "             WHERE c.carer = ?1 AND p.protected = 1))"

#define VISITS(scope)                                                                               \
        "SELECT 'vi-' || v.id AS uid, v.starts, v.ends, NULL, NULL, v.changed, v.sequence,"         \
        "       v.state = 'cancelled',"                                                             \
        "       " OF_PROTECTED ", 0,"                                                               \
        "       v.kind, NULL, v.place, NULL, NULL, NULL, " PARTY_NAMES("host") ", " PARTY_NAMES(    \
            "guest") ","                                                                            \
                     "       NULL"                                                                  \
                     "  FROM visit v WHERE v.id IN (" scope ") AND v.starts <= ?6 AND v.ends >= ?5" \
                     "   AND NOT (v.state = 'cancelled' AND v.ends < ?7) ORDER BY v.starts, uid"

/* A class or a school goes with all of its own; of what is larger, those who stand for it. */
#define VISIT_PERSON                                                                                        \
        "SELECT visit FROM visit_party WHERE party = ?1"                                                    \
        " UNION SELECT y.visit FROM role r CROSS JOIN organisation_tree t ON t.descendant = r.organisation" \
        "   CROSS JOIN organisation o ON o.id = t.ancestor AND (t.distance = 0 OR o.kind IN ('group', "     \
        "'school'))"                                                                                        \
        "   CROSS JOIN visit_party y ON y.party = o.id"                                                     \
        "  WHERE (r.person = ?1 AND r.role <> 'supervisor' OR r.role = 'pupil' AND r.person IN (" CHILDREN  \
        "))"                                                                                                \
        "    AND r.first_day <= ?2 AND (r.last_day IS NULL OR r.last_day >= ?2)"

#define VISIT_ORGANISATION                                                                                \
        "SELECT y.visit FROM organisation_tree t CROSS JOIN visit_party y ON y.party = t.descendant"      \
        " WHERE t.ancestor = ?1"                                                                          \
        " UNION SELECT y.visit FROM organisation_tree t CROSS JOIN visit_party y ON y.party = t.ancestor" \
        " WHERE t.descendant = ?1 AND t.distance = 1"

/* ---- breaks */

/* NAMED: whether the summary says whose break it is, for those who are not of one school. */
#define BREAKS(scope, named)                                                                                 \
        "SELECT 'br-' || e.organisation || '-' || e.first_day || '-' || e.last_day || '-' || e.kind AS uid," \
        "       NULL, NULL, e.first_day, e.last_day, s.changed, s.sequence, 0, 0, 1, e.kind, e.name, NULL,"  \
        "       NULL, NULL, NULL, CASE WHEN " named " THEN o.name END, NULL, NULL"                           \
        "  FROM calendar_entry e JOIN organisation o ON o.id = e.organisation"                               \
        "  JOIN feed_stamp s ON s.kind = 'entry' AND s.subject = CAST(e.id AS TEXT)"                         \
        " WHERE e.kind IN ('break', 'holiday') AND e.last_day >= ?3 AND e.first_day <= ?4 AND ?7 > 0"        \
        "   AND e.organisation IN (" scope ") ORDER BY e.first_day, uid"

#define PUPILS_OF_PLACEMENTS(where)                                                                       \
        " UNION SELECT t.ancestor FROM placement p CROSS JOIN person u ON u.id = p.pupil AND u.protected" \
        " = 0 CROSS JOIN role r ON r.person = u.id AND r.role = 'pupil'"                                  \
        "   CROSS JOIN organisation_tree t ON t.descendant = r.organisation"                              \
        "  WHERE " where " AND p.state = 'planned' AND p.last_day >= ?2"                                  \
        "    AND (r.last_day IS NULL OR r.last_day >= ?2)"

#define BREAK_PERSON                                                                                    \
        "SELECT t.ancestor FROM role r CROSS JOIN organisation_tree t ON t.descendant = r.organisation" \
        " WHERE (r.person = ?1 OR r.role = 'pupil' AND r.person IN (" CHILDREN "))"                     \
        "   AND (r.last_day IS NULL OR r.last_day >= ?2)" PUPILS_OF_PLACEMENTS("p.supervisor = ?1")

#define BREAK_WORKPLACE                                                                                      \
        "SELECT t.ancestor FROM workplace w CROSS JOIN organisation_tree t ON t.descendant = w.organisation" \
        " WHERE w.id = ?1" PUPILS_OF_PLACEMENTS("p.workplace = ?1")

#define BREAK_ORGANISATION "SELECT ancestor FROM organisation_tree WHERE descendant = ?1"

#define IS_SUPERVISOR "EXISTS (SELECT 1 FROM placement p WHERE p.supervisor = ?1)"

static const struct {
        const char *kind; /* of the feed */
        enum feed_item_kind item;
        const char *sql;
} item_table[] = {
    {"group", FEED_ITEM_BREAK, BREAKS(BREAK_ORGANISATION, "0")},
    {"group", FEED_ITEM_MEETING, MEETINGS(MEETING_SHARED)},
    {"group", FEED_ITEM_VISIT, VISITS(VISIT_ORGANISATION)},
    {"municipality", FEED_ITEM_BREAK, BREAKS(BREAK_ORGANISATION, "0")},
    {"municipality", FEED_ITEM_MEETING, MEETINGS(MEETING_MUNICIPALITY)},
    {"municipality", FEED_ITEM_VISIT, VISITS(VISIT_ORGANISATION)},
    {"network", FEED_ITEM_BREAK, BREAKS(BREAK_ORGANISATION, "0")},
    {"network", FEED_ITEM_MEETING, MEETINGS(MEETING_NETWORK)},
    {"network", FEED_ITEM_VISIT, VISITS(VISIT_ORGANISATION)},
    {"person", FEED_ITEM_BREAK, BREAKS(BREAK_PERSON, IS_SUPERVISOR)},
    {"person", FEED_ITEM_FOLLOW_UP, FOLLOW_UPS},
    {"person", FEED_ITEM_MEETING, MEETINGS(MEETING_PERSON)},
    {"person", FEED_ITEM_PACKAGE, PACKAGES},
    {"person", FEED_ITEM_SURVEY, SURVEYS},
    {"person", FEED_ITEM_VISIT, VISITS(VISIT_PERSON)},
    {"school", FEED_ITEM_BREAK, BREAKS(BREAK_ORGANISATION, "0")},
    {"school", FEED_ITEM_MEETING, MEETINGS(MEETING_SHARED)},
    {"school", FEED_ITEM_VISIT, VISITS(VISIT_ORGANISATION)},
    {"workplace", FEED_ITEM_BREAK, BREAKS(BREAK_WORKPLACE, "1")},
};

static void read_item(struct query *q, enum feed_item_kind kind, struct feed_item *item)
{
        *item = (struct feed_item){
            .kind = kind,
            .uid = column_text(q, 0),
            .starts = column_int_or(q, 1, FEED_NEVER),
            .ends = column_int_or(q, 2, FEED_NEVER),
            .first_day = column_text(q, 3),
            .last_day = column_text(q, 4),
            .changed = column_int(q, 5),
            .sequence = (int)column_int(q, 6),
            .is_cancelled = column_int(q, 7),
            .is_protected = column_int(q, 8),
            .is_free = column_int(q, 9),
            .code = column_text(q, 10),
            .title = column_text(q, 11),
            .place = column_text(q, 12),
            .link = column_text(q, 13),
            .words = column_text(q, 14),
            .given = column_text(q, 15),
            .organisation = column_text(q, 16),
            .guests = column_text(q, 17),
            .links = column_text(q, 18),
        };
}

static int tell(struct db *db, const char *sql, enum feed_item_kind kind, const struct feed *feed,
                const struct feed_window *window, int (*each)(void *context, const struct feed_item *item),
                void *context, struct err *err)
{
        struct feed_item item;
        struct query q;
        int r;

        query_start(&q, db, sql, err);
        query_text(&q, feed->owner);
        query_text(&q, window->today);
        query_text(&q, window->first_day);
        query_text(&q, window->last_day);
        query_int(&q, window->from);
        query_int(&q, window->until);
        query_int(&q, window->today_starts);
        while ((r = query_row(&q)) > 0) {
                read_item(&q, kind, &item);
                r = each(context, &item);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int feed_items(struct db *db, const struct feed *feed, const struct feed_window *window,
               int (*each)(void *context, const struct feed_item *item), void *context, struct err *err)
{
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(item_table) && r == 0; i++)
                if (strcmp(item_table[i].kind, feed->kind) == 0)
                        r = tell(db, item_table[i].sql, item_table[i].item, feed, window, each, context, err);
        return r;
}
