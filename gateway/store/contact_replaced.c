#include "store/contact_replaced.h"

#include <stdio.h>
#include <string.h>

#define VALUE_MAX_BYTES 320

/* What the roster brought and does not know to be replaced. The second of two changes stands in place of what
 * the first replaced. */
int contact_replaced_note(struct db *db, const char *person, const char *channel, const char *old,
                          const char *value, struct err *err)
{
        static const char *const statements[] = {
            "INSERT INTO contact_replaced(person, channel, old, source, value)"
            " SELECT person, channel, value, source, ?4 FROM contact"
            "  WHERE person = ?1 AND channel = ?2 AND value = ?3 AND source <> '" SOURCE_PAGE "'"
            " ON CONFLICT DO UPDATE SET value = excluded.value",
            "UPDATE contact_replaced SET value = ?4 WHERE person = ?1 AND channel = ?2 AND value = ?3"};
        struct query q;
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(statements) && r == 0; i++) {
                query_start(&q, db, statements[i], err);
                query_text(&q, person);
                query_text(&q, channel);
                query_text(&q, old);
                query_text(&q, value);
                r = query_run(&q);
        }
        return r;
}

int contact_is_replaced(struct db *db, const char *source, const char *person, const struct contact *contact,
                        struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "SELECT 1 FROM contact_replaced WHERE person = ? AND channel = ? AND old = ? AND source = ?",
            err);
        query_text(&q, person);
        query_text(&q, contact->channel);
        query_text(&q, contact->value);
        query_text(&q, source);
        return put_exists(&q);
}

struct replaced {
        char channel[8], old[VALUE_MAX_BYTES + 1], value[VALUE_MAX_BYTES + 1];
};

/* The INDEXth of the person. */
static int read_at(struct db *db, const char *source, const char *person, int64_t index,
                   struct replaced *ret_replaced, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT channel, old, value FROM contact_replaced WHERE person = ? AND source = ?"
                    " ORDER BY channel, old LIMIT 1 OFFSET ?",
                    err);
        query_text(&q, person);
        query_text(&q, source);
        query_int(&q, index);
        r = query_row(&q);
        if (r > 0) {
                snprintf(ret_replaced->channel, sizeof ret_replaced->channel, "%s", column_text(&q, 0));
                snprintf(ret_replaced->old, sizeof ret_replaced->old, "%s", column_text(&q, 1));
                snprintf(ret_replaced->value, sizeof ret_replaced->value, "%s", column_text(&q, 2));
        }
        query_end(&q);
        return r;
}

static bool brings(const struct contact *contacts, size_t count, const char *channel, const char *value)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(contacts[i].channel, channel) == 0 &&
                    (!value || strcmp(contacts[i].value, value) == 0))
                        return true;
        return false;
}

static int drop(struct db *db, const char *source, const char *person, const struct replaced *replaced,
                bool is_kept, struct contact_counts *counts, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "DELETE FROM contact_replaced WHERE person = ? AND channel = ? AND old = ? AND source = ?", err);
        query_text(&q, person);
        query_text(&q, replaced->channel);
        query_text(&q, replaced->old);
        query_text(&q, source);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(&q, db,
                    is_kept
                        ? "UPDATE contact SET source = ?4 WHERE person = ?1 AND channel = ?2 AND value = ?3"
                          " AND source = '" SOURCE_PAGE "'"
                        : "DELETE FROM contact WHERE person = ?1 AND channel = ?2 AND value = ?3"
                          " AND ?4 = ?4 AND source = '" SOURCE_PAGE "'",
                    err);
        query_text(&q, person);
        query_text(&q, replaced->channel);
        query_text(&q, replaced->value);
        query_text(&q, source);
        r = query_run(&q);
        counts->ended += r < 0 || is_kept ? 0 : (int)db_changes(db);
        return r;
}

int contact_replaced_drop(struct db *db, const char *source, const char *person,
                          const struct contact *contacts, size_t count, struct contact_counts *counts,
                          struct err *err)
{
        struct replaced replaced;
        int64_t kept = 0;
        int r;

        while ((r = read_at(db, source, person, kept, &replaced, err)) > 0) {
                if (!brings(contacts, count, replaced.channel, NULL) ||
                    brings(contacts, count, replaced.channel, replaced.old)) {
                        kept++;
                        continue;
                }
                r = drop(db, source, person, &replaced,
                         brings(contacts, count, replaced.channel, replaced.value), counts, err);
                if (r < 0)
                        break;
        }
        return r;
}
