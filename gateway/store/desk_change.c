#include "store/desk_change.h"
#include "store/put.h"

#include <stdio.h>
#include <string.h>

/* The newest two groups: the newest may be one that the pupil joins next week. */
static int find_groups(struct db *db, const char *pupil, char ret_organisations[static 2][ID_SIZE],
                       struct err *err)
{
        int count = 0, r;
        struct query q;

        query_start(&q, db,
                    "SELECT organisation FROM role WHERE person = ? AND role = 'pupil'"
                    " ORDER BY first_day DESC LIMIT 2",
                    err);
        query_text(&q, pupil);
        while ((r = query_row(&q)) > 0)
                snprintf(ret_organisations[count++], ID_SIZE, "%s", column_text(&q, 0));
        query_end(&q);
        return r < 0 ? r : count;
}

/* Taken away and put in: only an INSERT draws a number, and none is drawn twice. */
static int draw_number(struct db *db, const char *organisation, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "DELETE FROM desk_change WHERE organisation = ?", err);
        query_text(&q, organisation);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(&q, db, "INSERT INTO desk_change(organisation) VALUES (?)", err);
        query_text(&q, organisation);
        return query_run(&q);
}

int desk_change_note(struct db *db, const char *kind, const char *subject, struct err *err)
{
        char organisations[2][ID_SIZE];
        int count, r = 0;

        if (strcmp(kind, "organisation") == 0)
                return draw_number(db, subject, err);
        if (strcmp(kind, "pupil") != 0)
                return 0;
        count = find_groups(db, subject, organisations, err);
        for (int i = 0; i < count && r == 0; i++)
                r = draw_number(db, organisations[i], err);
        return count < 0 ? count : r;
}

int desk_change_newest(struct db *db, int64_t *ret_seq, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT max(seq) FROM desk_change", err);
        r = query_row(&q);
        if (r > 0)
                *ret_seq = column_int_or(&q, 0, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}

int desk_change_concerns(struct db *db, int64_t after, const char *scope, int64_t *ret_newest,
                         struct err *err)
{
        int64_t newest = after;
        bool concerns = false;
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT c.seq, EXISTS (SELECT 1 FROM json_each(?2) s CROSS JOIN organisation_tree t"
                    "                       WHERE (t.descendant = c.organisation AND t.ancestor = s.value)"
                    "                          OR (t.descendant = s.value AND t.ancestor = c.organisation))"
                    "  FROM desk_change c WHERE c.seq > ?1 ORDER BY c.seq",
                    err);
        query_int(&q, after);
        query_text(&q, scope);
        while ((r = query_row(&q)) > 0) {
                newest = column_int(&q, 0);
                concerns = concerns || column_int(&q, 1);
        }
        query_end(&q);
        if (r < 0)
                return r;
        *ret_newest = newest;
        return concerns;
}
