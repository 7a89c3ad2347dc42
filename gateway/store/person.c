#include "store/person.h"
#include "store/contact_replaced.h"

int person_put(struct db *db, const char *source, const struct person *row, struct err *err)
{
        struct query q;
        int existed;

        query_start(&q, db, "SELECT source, ended FROM person WHERE id = ?", err);
        query_text(&q, row->id);
        existed = put_owned(&q, source);
        query_start(
            &q, db,
            "INSERT INTO person(id, given, family, born, language, timezone, protected, source)"
            " VALUES (?1, ?2, ?3,"
            "         coalesce(?4, (SELECT born FROM person WHERE id = ?1 AND ?9 = 1)),"
            "         coalesce(?5, (SELECT language FROM person WHERE id = ?1 AND ?9 = 1)),"
            "         coalesce(?6, (SELECT timezone FROM person WHERE id = ?1 AND ?9 = 1)),"
            "         ?7 OR coalesce((SELECT protected FROM person WHERE id = ?1 AND ?9 = 1), 0), ?8)"
            " ON CONFLICT(id) DO UPDATE SET given = excluded.given, family = excluded.family,"
            "    born = excluded.born, language = excluded.language, timezone = excluded.timezone,"
            "    protected = excluded.protected, source = excluded.source, ended = NULL"
            " WHERE given <> excluded.given OR family <> excluded.family OR born IS NOT excluded.born"
            "    OR language IS NOT excluded.language OR timezone IS NOT excluded.timezone"
            "    OR protected <> excluded.protected OR source <> excluded.source OR ended IS NOT NULL",
            err);
        query_text(&q, row->id);
        query_text(&q, row->given);
        query_text(&q, row->family);
        query_text(&q, row->born);
        query_text(&q, row->language);
        query_text(&q, row->timezone);
        query_int(&q, row->is_protected);
        query_text(&q, source);
        query_int(&q, row->says_little);
        return put_run(&q, existed);
}

int person_put_born(struct db *db, const char *source, const char *person, const char *born, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "UPDATE person SET born = ?3 WHERE id = ?1 AND source = ?2 AND born IS NOT ?3",
                    err);
        query_text(&q, person);
        query_text(&q, source);
        query_text(&q, born);
        r = query_run(&q);
        return r < 0 ? r : db_changes(db) ? PUT_UPDATED : PUT_SAME;
}

int person_exists(struct db *db, const char *id, struct err *err)
{
        struct query q;

        query_start(&q, db, "SELECT 1 FROM person WHERE id = ? AND ended IS NULL", err);
        query_text(&q, id);
        return put_exists(&q);
}

int person_is_known(struct db *db, const char *id, struct err *err)
{
        struct query q;

        query_start(&q, db, "SELECT 1 FROM person WHERE id = ?", err);
        query_text(&q, id);
        return put_exists(&q);
}

int person_has_left(struct db *db, const char *id, const char *day, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT 1 FROM role r WHERE r.person = ?1"
                    "   AND NOT EXISTS (SELECT 1 FROM role o WHERE o.person = ?1"
                    "                      AND (o.role = 'pupil' OR o.last_day IS NULL OR o.last_day >= ?2))"
                    "   AND NOT EXISTS (SELECT 1 FROM guardian g WHERE g.guardian = ?1)"
                    "   AND NOT EXISTS (SELECT 1 FROM carer c WHERE c.carer = ?1)"
                    "   AND NOT EXISTS (SELECT 1 FROM workplace_supervisor s WHERE s.person = ?1)",
                    err);
        query_text(&q, id);
        query_text(&q, day);
        return put_exists(&q);
}

int person_stays(struct db *db, const char *id, const char *source, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "SELECT 1 FROM person WHERE id = ?1 AND ended IS NULL"
            "   AND (source <> ?2 OR EXISTS (SELECT 1 FROM import_seen WHERE kind = 'people' AND key = ?1))",
            err);
        query_text(&q, id);
        query_text(&q, source);
        return put_exists(&q);
}

static int put_contact(struct db *db, const char *source, const char *person, const struct contact *contact,
                       size_t position, struct err *err)
{
        struct query q;
        int existed;

        query_start(&q, db, "SELECT source, NULL FROM contact WHERE person = ? AND channel = ? AND value = ?",
                    err);
        query_text(&q, person);
        query_text(&q, contact->channel);
        query_text(&q, contact->value);
        existed = put_owned(&q, source);
        query_start(
            &q, db,
            "INSERT INTO contact(person, channel, value, position, safe, source) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT(person, channel, value) DO UPDATE"
            "   SET position = excluded.position, safe = excluded.safe, source = excluded.source"
            " WHERE position <> excluded.position OR safe <> excluded.safe OR source <> excluded.source",
            err);
        query_text(&q, person);
        query_text(&q, contact->channel);
        query_text(&q, contact->value);
        query_int(&q, (int64_t)position);
        query_int(&q, contact->safe);
        query_text(&q, source);
        return put_run(&q, existed);
}

static int put_unless_replaced(struct db *db, const char *source, const char *person,
                               const struct contact *contact, size_t position, struct err *err)
{
        int r = contact_is_replaced(db, source, person, contact, err);

        return r < 0 ? r : r ? PUT_SAME : put_contact(db, source, person, contact, position, err);
}

int person_put_contacts(struct db *db, const char *source, const char *person, const struct contact *contacts,
                        size_t count, struct contact_counts *counts, struct err *err)
{
        struct query q;
        int r = contact_replaced_drop(db, source, person, contacts, count, counts, err);

        if (r < 0)
                return r;
        for (size_t i = 0; i < count; i++) {
                r = put_unless_replaced(db, source, person, &contacts[i], i, err);
                if (r < 0)
                        return r;
                counts->added += r == PUT_ADDED;
                counts->updated += r == PUT_UPDATED;
        }
        /* What was put has its place in the list; what has none of these places, or the same place twice, is
         * old. */
        query_start(&q, db, "SELECT count(*) FROM contact WHERE person = ? AND source = ?", err);
        query_text(&q, person);
        query_text(&q, source);
        r = query_row(&q);
        if (r > 0)
                r = column_int(&q, 0) > (int64_t)count;
        query_end(&q);
        if (r <= 0)
                return r;
        query_start(&q, db, "UPDATE contact SET position = -1 - position WHERE person = ? AND source = ?",
                    err);
        query_text(&q, person);
        query_text(&q, source);
        r = query_run(&q);
        for (size_t i = 0; i < count && r >= 0; i++)
                r = put_unless_replaced(db, source, person, &contacts[i], i, err);
        if (r < 0)
                return r;
        query_start(&q, db, "DELETE FROM contact WHERE person = ? AND source = ? AND position < 0", err);
        query_text(&q, person);
        query_text(&q, source);
        r = query_run(&q);
        counts->ended += (int)(r < 0 ? 0 : db_changes(db));
        return r;
}

int person_put_choices(struct db *db, const char *person, const char *const *choices, size_t count,
                       struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "DELETE FROM person_choice WHERE person = ?", err);
        query_text(&q, person);
        r = query_run(&q);
        for (size_t i = 0; i < count && r == 0; i++) {
                query_start(&q, db,
                            "INSERT INTO person_choice(person, choice) VALUES (?, ?)"
                            " ON CONFLICT DO NOTHING",
                            err);
                query_text(&q, person);
                query_text(&q, choices[i]);
                r = query_run(&q);
        }
        return r;
}

int person_languages(struct db *db, int (*each)(void *context, const char *language, struct err *err),
                     void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT DISTINCT language FROM person WHERE language IS NOT NULL AND ended IS NULL"
                    " ORDER BY language",
                    err);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}
