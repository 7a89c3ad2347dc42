#include "store/role.h"
#include "base/date.h"

#include <stdio.h>
#include <string.h>

#define SINCE_EVER "1900-01-01"

int role_put(struct db *db, const char *source, const struct role *row, struct err *err)
{
        const char *first_day = row->first_day ? row->first_day : SINCE_EVER;
        struct query q;
        int existed;

        query_start(&q, db,
                    "SELECT source, NULL FROM role WHERE person = ? AND role = ? AND organisation = ?"
                    "   AND first_day = ?",
                    err);
        query_text(&q, row->person);
        query_text(&q, row->role);
        query_text(&q, row->organisation);
        query_text(&q, first_day);
        existed = put_owned(&q, source);
        query_start(&q, db,
                    "INSERT INTO role(person, role, organisation, first_day, last_day, grade, source,"
                    " controller) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT(person, role, organisation, first_day) DO UPDATE"
                    "   SET last_day = excluded.last_day, grade = excluded.grade, source = excluded.source,"
                    "       controller = excluded.controller"
                    " WHERE last_day IS NOT excluded.last_day OR grade IS NOT excluded.grade"
                    "    OR source <> excluded.source OR controller IS NOT excluded.controller",
                    err);
        query_text(&q, row->person);
        query_text(&q, row->role);
        query_text(&q, row->organisation);
        query_text(&q, first_day);
        query_text(&q, row->last_day);
        query_int_or_null(&q, row->grade, 0);
        query_text(&q, source);
        query_text(&q, row->controller);
        return put_run(&q, existed);
}

int role_end(struct db *db, const char *source, const char *person, const char *role,
             const char *organisation, const char *today, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "UPDATE role SET last_day = date(?5, '-1 day')"
                    " WHERE source = ?1 AND person = ?2 AND role = ?3 AND organisation = ?4"
                    "   AND (last_day IS NULL OR last_day >= ?5)",
                    err);
        query_text(&q, source);
        query_text(&q, person);
        query_text(&q, role);
        query_text(&q, organisation);
        query_text(&q, today);
        r = query_run(&q);
        return r < 0 ? r : (int)db_changes(db);
}

/* A role that is held on the day goes before one that is not, the later before the earlier. Compared here
 * rather than by ORDER BY: a sorter would cost more than the few rows of a pupil. */
struct candidate {
        bool is_held;
        char first_day[DATE_TEXT_MAX];
};

static bool is_better(struct query *q, const char *day, struct candidate *best)
{
        const char *first_day = column_text(q, 2), *last_day = column_text(q, 3);
        bool is_held = strcmp(first_day, day) <= 0 && (!last_day || strcmp(last_day, day) >= 0);

        if (is_held < best->is_held || (is_held == best->is_held && strcmp(first_day, best->first_day) <= 0))
                return false;
        best->is_held = is_held;
        snprintf(best->first_day, sizeof best->first_day, "%s", first_day);
        return true;
}

int role_of_pupil(struct db *db, const char *person, const char *day, struct role_place *ret_place,
                  struct err *err)
{
        struct candidate best = {0};
        int r, found = 0;
        struct query q;

        query_start(&q, db,
                    "SELECT r.organisation, coalesce(c.timezone, 'Europe/Helsinki'), r.first_day, r.last_day"
                    "  FROM role r LEFT JOIN organisation_calendar c ON c.organisation = r.organisation"
                    " WHERE r.person = ? AND r.role = 'pupil'",
                    err);
        query_text(&q, person);
        while ((r = query_row(&q)) > 0) {
                if (!is_better(&q, day, &best))
                        continue;
                found = 1;
                snprintf(ret_place->organisation, sizeof ret_place->organisation, "%s", column_text(&q, 0));
                snprintf(ret_place->zone, sizeof ret_place->zone, "%s", column_text(&q, 1));
        }
        query_end(&q);
        return r < 0 ? r : found;
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
