#include "store/seen.h"

#include <string.h>

#define UNSEEN(kind, key) \
        " AND NOT EXISTS (SELECT 1 FROM import_seen s WHERE s.kind = '" kind "' AND s.key = " key ")"
#define ROLE_KEY "person || char(31) || role || char(31) || organisation || char(31) || first_day"
#define CALENDAR_KEY \
        "organisation || char(31) || first_day || char(31) || last_day || char(31) || calendar_entry.kind"

/* In each: ?1 the source, ?2 today. */
struct kind {
        const char *name;
        const char *owned, *missing; /* NULL: not counted */
        const char *end;
        const char *before; /* what hangs on a row that is removed; NULL: nothing */
};

#define ENDING(table, kind, key)                                                                     \
        "SELECT count(*) FROM " table " WHERE source = ?1 AND (ended IS NULL OR ended > ?2)",        \
            "SELECT count(*) FROM " table                                                            \
            " WHERE source = ?1 AND (ended IS NULL OR ended > ?2)" UNSEEN(kind, key),                \
            "UPDATE " table                                                                          \
            " SET ended = ?2 WHERE source = ?1 AND (ended IS NULL OR ended > ?2)" UNSEEN(kind, key), \
            NULL

/* Keep in alphabetical order. */
static const struct kind kind_table[] = {
    {"audiences", NULL, NULL,
     "DELETE FROM audience WHERE source = ?1 AND ?2 <> ''" UNSEEN("audiences", "audience.id"),
     "DELETE FROM audience_member WHERE audience IN"
     " (SELECT id FROM audience WHERE source = ?1 AND ?2 <> ''" UNSEEN("audiences", "audience.id") ")"},
    {"calendar", NULL, NULL,
     "DELETE FROM calendar_entry WHERE source = ?1 AND ?2 <> ''" UNSEEN("calendar", CALENDAR_KEY), NULL},
    {"carers", ENDING("carer", "carers", "pupil || char(31) || carer")},
    {"guardians", ENDING("guardian", "guardians", "pupil || char(31) || guardian")},
    {"lessons", NULL, NULL,
     "DELETE FROM lesson WHERE source = ?1 AND ?2 <> ''" UNSEEN(
         "lessons", "organisation || char(31) || weekday || char(31) || lesson"),
     NULL},
    {"organisations", ENDING("organisation", "organisations", "organisation.id")},
    {"people", ENDING("person", "people", "person.id")},
    {"roles", "SELECT count(*) FROM role WHERE source = ?1 AND (last_day IS NULL OR last_day >= ?2)",
     "SELECT count(*) FROM role WHERE source = ?1 AND (last_day IS NULL OR last_day >= ?2)" UNSEEN("roles",
                                                                                                   ROLE_KEY),
     "UPDATE role SET last_day = date(?2, '-1 day')"
     " WHERE source = ?1 AND (last_day IS NULL OR last_day >= ?2)" UNSEEN("roles", ROLE_KEY),
     NULL},
    {"workplaces", ENDING("workplace", "workplaces", "workplace.id")},
};

static const struct kind *find(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(kind_table); i++)
                if (strcmp(kind_table[i].name, name) == 0)
                        return &kind_table[i];
        return NULL;
}

int seen_clear(struct db *db, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "CREATE TEMP TABLE IF NOT EXISTS import_seen("
                    " kind TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID",
                    err);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(&q, db, "DELETE FROM temp.import_seen", err);
        return query_run(&q);
}

int seen_add(struct db *db, const char *kind, const char *key, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "INSERT INTO temp.import_seen(kind, key) VALUES (?, ?) ON CONFLICT DO NOTHING",
                    err);
        query_text(&q, kind);
        query_text(&q, key);
        r = query_run(&q);
        return r < 0 ? r : db_changes(db) > 0;
}

int seen_keep(struct db *db, const char *kind, const char *owner, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO temp.import_seen(kind, key)"
                    " SELECT 'roles', " ROLE_KEY " FROM role WHERE ?1 = 'roles' AND person = ?2"
                    " UNION ALL SELECT 'guardians', pupil || char(31) || guardian FROM guardian"
                    "            WHERE ?1 = 'guardians' AND pupil = ?2"
                    " UNION ALL SELECT 'guardians', pupil || char(31) || guardian FROM guardian"
                    "            WHERE ?1 = 'guardians' AND guardian = ?2"
                    " UNION ALL SELECT 'carers', pupil || char(31) || carer FROM carer"
                    "            WHERE ?1 = 'carers' AND pupil = ?2"
                    " ON CONFLICT DO NOTHING",
                    err);
        query_text(&q, kind);
        query_text(&q, owner);
        return query_run(&q);
}

static int count(struct db *db, const char *sql, const char *source, const char *today, int64_t *ret_count,
                 struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, sql, err);
        query_text(&q, source);
        query_text(&q, today);
        r = query_row(&q);
        if (r > 0)
                *ret_count = column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}

int seen_count(struct db *db, const char *kind, const char *source, const char *today, int64_t *ret_owned,
               int64_t *ret_missing, struct err *err)
{
        const struct kind *row = find(kind);
        int r;

        if (!row || !row->owned)
                return err_set(err, ERR_INVALID, "%.40s: not a kind of row that ends", kind);
        r = count(db, row->owned, source, today, ret_owned, err);
        return r < 0 ? r : count(db, row->missing, source, today, ret_missing, err);
}

static int run(struct db *db, const char *sql, const char *source, const char *today, struct err *err)
{
        struct query q;

        query_start(&q, db, sql, err);
        query_text(&q, source);
        query_text(&q, today);
        return query_run(&q);
}

int seen_end_one(struct db *db, const char *kind, const char *key, const char *source, const char *today,
                 int64_t *ret_ended, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    strcmp(kind, "people") == 0 ? "UPDATE person SET ended = ?3 WHERE id = ?1 AND source = ?2"
                                                  " AND (ended IS NULL OR ended > ?3)"
                    : strcmp(kind, "organisations") == 0
                        ? "UPDATE organisation SET ended = ?3 WHERE id = ?1 AND source = ?2"
                          " AND (ended IS NULL OR ended > ?3)"
                        : "UPDATE workplace SET ended = ?3 WHERE id = ?1 AND source = ?2"
                          " AND (ended IS NULL OR ended > ?3)",
                    err);
        query_text(&q, key);
        query_text(&q, source);
        query_text(&q, today);
        r = query_run(&q);
        if (r == 0)
                *ret_ended = db_changes(db);
        return r;
}

int seen_end_missing(struct db *db, const char *kind, const char *source, const char *today,
                     int64_t *ret_ended, struct err *err)
{
        const struct kind *row = find(kind);
        int r = 0;

        if (!row)
                return err_set(err, ERR_INVALID, "%.40s: not a kind of row that ends", kind);
        if (row->before)
                r = run(db, row->before, source, today, err);
        if (r == 0)
                r = run(db, row->end, source, today, err);
        if (r == 0)
                *ret_ended = db_changes(db);
        return r;
}
