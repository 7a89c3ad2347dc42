#include "store/desk_network.h"

/* Whether a party of visit v lies in the scope ?1. */
#define IN_SCOPE                                                                                 \
        "EXISTS (SELECT 1 FROM visit_party y WHERE y.visit = v.id AND"                           \
        "   CASE y.kind WHEN 'organisation' THEN"                                                \
        "     EXISTS (SELECT 1 FROM organisation_tree t WHERE t.descendant = y.party"            \
        "               AND t.ancestor IN (SELECT value FROM json_each(?1)))"                    \
        "   ELSE EXISTS (SELECT 1 FROM role r CROSS JOIN organisation_tree t ON t.descendant = " \
        "r.organisation"                                                                         \
        "                 WHERE r.person = y.party AND r.last_day IS NULL"                       \
        "                   AND t.ancestor IN (SELECT value FROM json_each(?1))) END)"

/* The names of one side: of organisations, and of those people who work somewhere. */
#define NAMES(side)                                                                                          \
        "(SELECT group_concat(name, ', ') FROM (SELECT coalesce(o.name, p.given || ' ' || p.family) AS name" \
        "    FROM visit_party y LEFT JOIN organisation o ON y.kind = 'organisation' AND o.id = y.party"      \
        "    LEFT JOIN person p ON y.kind = 'person' AND p.id = y.party AND EXISTS (SELECT 1 FROM role r"    \
        "         WHERE r.person = y.party AND r.role NOT IN ('pupil', 'supervisor') AND r.last_day IS "     \
        "NULL)"                                                                                              \
        "   WHERE y.visit = v.id AND y.side = '" side "' AND coalesce(o.id, p.id) IS NOT NULL ORDER BY 1))"

int desk_visits(struct db *db, const char *scope, int64_t from_utc,
                int (*each)(void *context, const struct desk_visit *visit, struct err *err), void *context,
                struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT v.id, v.kind, CASE WHEN EXISTS (SELECT 1 FROM visit_party y JOIN person p ON p.id = "
            "y.party"
            "          WHERE y.visit = v.id AND y.kind = 'person' AND p.protected = 1) THEN NULL ELSE "
            "v.place END,"
            "       " NAMES("host") ", " NAMES(
                "guest") ", v.starts, v.ends,"
                         "       (SELECT count(*) FROM visit_party y WHERE y.visit = v.id AND y.side = "
                         "'guest'"
                         "          AND y.kind = 'person' AND NOT EXISTS (SELECT 1 FROM role r WHERE "
                         "r.person = y.party"
                         "               AND r.role NOT IN ('pupil', 'supervisor') AND r.last_day IS NULL)),"
                         "       v.state = 'cancelled', v.missed IS NOT NULL"
                         "  FROM visit v WHERE v.starts > ?2 - 86400 AND v.ends > ?2 AND " IN_SCOPE
                         " ORDER BY v.starts, v.id LIMIT ?3",
            err);
        query_text(&q, scope);
        query_int(&q, from_utc);
        query_int(&q, DESK_NETWORK_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct desk_visit visit = {.id = column_text(&q, 0),
                                                 .kind = column_text(&q, 1),
                                                 .place = column_text(&q, 2),
                                                 .hosts = column_text(&q, 3),
                                                 .guests = column_text(&q, 4),
                                                 .starts = column_int(&q, 5),
                                                 .ends = column_int(&q, 6),
                                                 .others = (int)column_int(&q, 7),
                                                 .is_off = column_int(&q, 8),
                                                 .is_missed = column_int(&q, 9)};

                r = each(context, &visit, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int desk_visit_is_open(struct db *db, const char *scope, const char *visit, struct err *err)
{
        struct query q;

        query_start(&q, db, "SELECT 1 FROM visit v WHERE v.id = ?2 AND " IN_SCOPE, err);
        query_text(&q, scope);
        query_text(&q, visit);
        return put_exists(&q);
}

int desk_choose_network(struct db *db, const char *scope, desk_choice_each *each, void *context,
                        struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT DISTINCT n.id, n.name, u.name FROM json_each(?1) s"
            " CROSS JOIN organisation_tree t ON t.descendant = s.value"
            " CROSS JOIN organisation o ON o.id = t.ancestor AND o.parent IS NULL"
            " CROSS JOIN organisation_tree d ON d.ancestor = o.id"
            " CROSS JOIN organisation n ON n.id = d.descendant AND n.kind <> 'group' AND n.ended IS NULL"
            "  LEFT JOIN organisation u ON u.id = n.parent AND n.kind = 'school'"
            " ORDER BY u.name, n.name, n.id LIMIT ?2",
            err);
        query_text(&q, scope);
        query_int(&q, DESK_CHOICE_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct desk_choice choice = {column_text(&q, 0), column_text(&q, 1),
                                                   column_text(&q, 2)};

                r = each(context, &choice, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int desk_surveys(struct db *db, const char *scope,
                 int (*each)(void *context, const struct survey_state *state, const char *name,
                             const char *audience, struct err *err),
                 void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT v.id, v.organisation, v.opened, v.closes, v.closed IS NOT NULL,"
            "       (SELECT count(*) FROM audience_member a WHERE a.audience = v.audience),"
            "       (SELECT CASE WHEN count(*) < ?2 THEN -1 ELSE count(*) END FROM survey_answer w"
            "         WHERE w.survey = v.id), o.name, v.audience"
            "  FROM (SELECT DISTINCT t.descendant AS id FROM json_each(?1) s"
            "         CROSS JOIN organisation_tree t ON t.ancestor = s.value) x"
            " CROSS JOIN survey v ON v.organisation = x.id CROSS JOIN organisation o ON o.id = v.organisation"
            " ORDER BY v.closed IS NOT NULL, v.opened DESC, v.id LIMIT ?3",
            err);
        query_text(&q, scope);
        query_int(&q, SURVEY_LEAST);
        query_int(&q, DESK_NETWORK_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct survey_state state = {.id = column_text(&q, 0),
                                                   .organisation = column_text(&q, 1),
                                                   .opened = column_int(&q, 2),
                                                   .closes = column_int_or(&q, 3, 0),
                                                   .is_closed = column_int(&q, 4),
                                                   .asked = (int)column_int(&q, 5),
                                                   .answered = (int)column_int(&q, 6)};

                r = each(context, &state, column_text(&q, 7), column_text(&q, 8), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}
