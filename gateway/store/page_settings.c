#include "store/page_settings.h"
#include "store/contact_replaced.h"

#include <stdio.h>

int person_set_language(struct db *db, const char *person, const char *language, struct err *err)
{
        struct query q;

        query_start(&q, db, "UPDATE person SET language = ?2 WHERE id = ?1 AND language IS NOT ?2", err);
        query_text(&q, person);
        query_text(&q, language);
        return query_run(&q);
}

int person_set_choice(struct db *db, const char *person, const char *choice, bool is_chosen, struct err *err)
{
        struct query q;

        if (is_chosen)
                query_start(&q, db,
                            "INSERT INTO person_choice(person, choice) VALUES (?, ?) ON CONFLICT DO NOTHING",
                            err);
        else
                query_start(&q, db, "DELETE FROM person_choice WHERE person = ? AND choice = ?", err);
        query_text(&q, person);
        query_text(&q, choice);
        return query_run(&q);
}

int person_contact(struct db *db, const char *person, const char *channel, char ret_value[static 321],
                   struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT value FROM contact WHERE person = ? AND channel = ? ORDER BY state = 'bad', "
                    "position LIMIT 1",
                    err);
        query_text(&q, person);
        query_text(&q, channel);
        r = query_row(&q);
        if (r > 0)
                snprintf(ret_value, 321, "%s", column_text(&q, 0));
        query_end(&q);
        return r;
}

int person_contact_replace(struct db *db, const char *person, const char *channel, const char *old,
                           const char *value, struct err *err)
{
        struct query q;
        int r = contact_replaced_note(db, person, channel, old, value, err);

        if (r < 0)
                return r;
        query_start(&q, db,
                    "INSERT INTO contact(person, channel, value, position, safe, source)"
                    " SELECT ?1, ?2, ?4, coalesce(max(position), 0), coalesce(max(safe), 0), "
                    "'" SOURCE_PAGE "'"
                    "   FROM contact WHERE person = ?1 AND channel = ?2 AND value = ?3"
                    " ON CONFLICT(person, channel, value) DO UPDATE SET state = 'good'",
                    err);
        query_text(&q, person);
        query_text(&q, channel);
        query_text(&q, old);
        query_text(&q, value);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(&q, db,
                    "DELETE FROM contact WHERE person = ?1 AND channel = ?2 AND value = ?3 AND value <> ?4",
                    err);
        query_text(&q, person);
        query_text(&q, channel);
        query_text(&q, old);
        query_text(&q, value);
        return query_run(&q);
}
