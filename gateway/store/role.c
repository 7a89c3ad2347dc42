#include "store/role.h"

#include <stdio.h>

#define SINCE_EVER "1900-01-01"

int role_put(struct db *db, const char *source, const struct role *row, struct err *err)
{
        const char *first_day = row->first_day ? row->first_day : SINCE_EVER;
        struct query q;
        int existed;

        query_start(&q, db,
                    "SELECT 1 FROM role WHERE person = ? AND role = ? AND organisation = ? AND first_day = ?",
                    err);
        query_text(&q, row->person);
        query_text(&q, row->role);
        query_text(&q, row->organisation);
        query_text(&q, first_day);
        existed = put_exists(&q);
        query_start(&q, db,
                    "INSERT INTO role(person, role, organisation, first_day, last_day, grade, source)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT(person, role, organisation, first_day) DO UPDATE"
                    "   SET last_day = excluded.last_day, grade = excluded.grade, source = excluded.source"
                    " WHERE last_day IS NOT excluded.last_day OR grade IS NOT excluded.grade"
                    "    OR source <> excluded.source",
                    err);
        query_text(&q, row->person);
        query_text(&q, row->role);
        query_text(&q, row->organisation);
        query_text(&q, first_day);
        query_text(&q, row->last_day);
        query_int_or_null(&q, row->grade, 0);
        query_text(&q, source);
        return put_run(&q, existed);
}

int role_of_pupil(struct db *db, const char *person, const char *day, struct role_place *ret_place,
                  struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT r.organisation, coalesce(c.timezone, 'Europe/Helsinki')"
                    "  FROM role r LEFT JOIN organisation_calendar c ON c.organisation = r.organisation"
                    " WHERE r.person = ?1 AND r.role = 'pupil'"
                    " ORDER BY r.first_day <= ?2 AND (r.last_day IS NULL OR r.last_day >= ?2) DESC,"
                    "          r.first_day DESC, r.id LIMIT 1",
                    err);
        query_text(&q, person);
        query_text(&q, day);
        r = query_row(&q);
        if (r > 0) {
                snprintf(ret_place->organisation, sizeof ret_place->organisation, "%s", column_text(&q, 0));
                snprintf(ret_place->zone, sizeof ret_place->zone, "%s", column_text(&q, 1));
        }
        query_end(&q);
        return r;
}

int role_is_under(struct db *db, const char *person, const char *organisation, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT 1 FROM role r JOIN organisation_tree t ON t.descendant = r.organisation"
                    " WHERE r.person = ? AND t.ancestor = ? LIMIT 1",
                    err);
        query_text(&q, person);
        query_text(&q, organisation);
        return put_exists(&q);
}
