#include "store/place.h"
#include "store/db.h"

#include <string.h>

static char *copy_column(struct query *q, int column)
{
        const char *text = column_text(q, column);

        return strdup(text ? text : "");
}

int place_get(struct db *db, const char *organisation, struct place *ret_place, struct err *err)
{
        struct place place = {0};
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT o.id, o.name,"
            "  coalesce((SELECT s.name FROM organisation_tree t JOIN organisation s ON s.id = t.ancestor"
            "             WHERE t.descendant = o.id AND s.kind = 'school' ORDER BY t.distance LIMIT 1), "
            "o.name),"
            "  (SELECT s.phone FROM organisation_tree t JOIN organisation s ON s.id = t.ancestor"
            "    WHERE t.descendant = o.id AND s.phone IS NOT NULL ORDER BY t.distance LIMIT 1),"
            "  c.tenant, c.timezone, substr(c.languages, 1, instr(c.languages || ',', ',') - 1)"
            "  FROM organisation o JOIN organisation_calendar c ON c.organisation = o.id WHERE o.id = ?",
            err);
        query_text(&q, organisation);
        r = query_row(&q);
        if (r > 0) {
                place = (struct place){
                    .organisation = copy_column(&q, 0),
                    .unit = copy_column(&q, 1),
                    .school = copy_column(&q, 2),
                    .phone = copy_column(&q, 3),
                    .tenant = copy_column(&q, 4),
                    .timezone = copy_column(&q, 5),
                    .language = copy_column(&q, 6),
                };
                if (!place.organisation || !place.unit || !place.school || !place.phone || !place.tenant ||
                    !place.timezone || !place.language)
                        r = err_set(err, ERR_NOMEM, "organisation: out of memory");
        } else if (r == 0) {
                r = err_set(err, ERR_NOT_FOUND, "organisation: no such organisation");
        }
        query_end(&q);
        if (r < 0) {
                place_fini(&place);
                return r;
        }
        *ret_place = place;
        return 0;
}

void place_fini(struct place *place)
{
        free(place->organisation);
        free(place->unit);
        free(place->school);
        free(place->phone);
        free(place->tenant);
        free(place->timezone);
        free(place->language);
        *place = (struct place){0};
}

int place_top_timezone(struct db *db, char **ret_timezone, struct err *err)
{
        const char *timezone = "Europe/Helsinki";
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT c.timezone FROM organisation o JOIN organisation_calendar c ON c.organisation = o.id"
            " WHERE o.parent IS NULL ORDER BY o.ended IS NOT NULL, o.id LIMIT 1",
            err);
        r = query_row(&q);
        if (r > 0)
                timezone = column_text(&q, 0);
        if (r >= 0) {
                *ret_timezone = strdup(timezone);
                r = *ret_timezone ? 0 : err_set(err, ERR_NOMEM, "organisation: out of memory");
        }
        query_end(&q);
        return r;
}

int workplace_name(struct db *db, const char *workplace, char **ret_name, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT name FROM workplace WHERE id = ?", err);
        query_text(&q, workplace);
        r = query_row(&q);
        if (r > 0 && !(*ret_name = strdup(column_text(&q, 0))))
                r = err_set(err, ERR_NOMEM, "workplace: out of memory");
        query_end(&q);
        return r;
}
