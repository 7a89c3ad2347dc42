#include "store/purge.h"
#include "store/db.h"
#include "store/purge_rest.h"

#define OVER "state <> 'queued' AND state <> 'held' AND state <> 'leased' AND state <> 'retry'"

/* What is done with: a match that is pending is none. */
#define KNOWN "state <> 'pending' AND facts <> '{}'"

/* The oldest publications ?1 at a time: those before ?2 or beyond the newest ?3, up to the first that is
 * neither. */
#define OLD_PUBLICATIONS                                                                     \
        "WITH old(id, tenant, seq, time, state) AS"                                          \
        " (SELECT id, tenant, seq, time, state FROM publication ORDER BY id LIMIT ?1)"       \
        " SELECT o.id FROM old o"                                                            \
        "  WHERE (o.id <= (SELECT max(id) FROM publication) - ?3"                            \
        "         OR o.id < coalesce((SELECT min(id) FROM old WHERE time >= ?2), o.id + 1))" \
        "    AND o.seq < (SELECT max(n.seq) FROM publication n WHERE n.tenant = o.tenant)"

static int64_t rows_max(const struct purge_ages *ages)
{
        return ages->publications_max > 0 ? ages->publications_max : PURGE_PUBLICATIONS_MAX;
}

int purge_count(struct db *db, const struct purge_ages *ages, struct purge_counts *ret_counts,
                struct err *err)
{
        struct purge_counts counts = {0};
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT (SELECT count(*) FROM message WHERE changed < ?1 AND " OVER "),"
            "       (SELECT count(*) FROM rule_match WHERE coalesce(ended, fired, seen) < ?1 AND " KNOWN "),"
            "       (SELECT count(*) FROM event WHERE received < ?2)",
            err);
        query_int(&q, ages->messages);
        query_int(&q, ages->events);
        r = query_row(&q);
        if (r > 0) {
                counts.messages = column_int(&q, 0);
                counts.matches = column_int(&q, 1);
                counts.events = column_int(&q, 2);
        }
        query_end(&q);
        if (r < 0)
                return r;
        query_start(&q, db,
                    "SELECT count(*), count(CASE WHEN state = 'queued' THEN 1 END) FROM publication"
                    " WHERE id IN (" OLD_PUBLICATIONS ")",
                    err);
        query_int(&q, INT64_MAX);
        query_int(&q, ages->publications);
        query_int(&q, rows_max(ages));
        r = query_row(&q);
        if (r > 0) {
                counts.publications = column_int(&q, 0);
                counts.unsent_publications = column_int(&q, 1);
        }
        query_end(&q);
        r = r < 0 ? r : purge_rest_count(db, ages, &counts.rest, err);
        if (r == 0)
                *ret_counts = counts;
        return r;
}

/* ---- a step */

static const char *const message_table[] = {
    "DELETE FROM receipt WHERE message = ?", "DELETE FROM earlier_id WHERE message = ?",
    "DELETE FROM attempt WHERE message = ?", "DELETE FROM message_notice WHERE message = ?",
    "DELETE FROM message WHERE id = ?",
};

static int purge_message(struct db *db, int64_t id, struct err *err)
{
        struct query q;
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(message_table) && r == 0; i++) {
                query_start(&q, db, message_table[i], err);
                query_int(&q, id);
                r = query_run(&q);
        }
        return r;
}

/* What is older than every message is no message's place in a log any more. */
static int trim_scope(struct db *db, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "DELETE FROM message_scope WHERE organisation IN (SELECT id FROM organisation)"
                    "   AND at < coalesce((SELECT created FROM message ORDER BY id LIMIT 1), 1 << 62)",
                    err);
        return query_run(&q);
}

/* Returns how many there were to look at. */
static int purge_messages(struct db *db, int64_t before, struct purge_counts *counts, struct err *err)
{
        int64_t ids[PURGE_STEP_MAX];
        struct query q;
        int count = 0, r;

        query_start(&q, db,
                    "SELECT id FROM (SELECT id, changed, state FROM message ORDER BY id LIMIT ?)"
                    " WHERE changed < ? AND " OVER,
                    err);
        query_int(&q, PURGE_STEP_MAX);
        query_int(&q, before);
        while ((r = query_row(&q)) > 0)
                ids[count++] = column_int(&q, 0);
        query_end(&q);
        for (int i = 0; i < count && r == 0; i++)
                r = purge_message(db, ids[i], err);
        if (r == 0 && count)
                r = trim_scope(db, err);
        counts->messages += r == 0 ? count : 0;
        return r < 0 ? r : count;
}

/* The facts of a match may hold names; the match itself stays, so that nothing is told twice. */
static int purge_matches(struct db *db, int64_t before, int64_t *cursor, struct purge_counts *counts,
                         struct err *err)
{
        struct query q;
        int64_t last = 0;
        int r;

        query_start(&q, db,
                    "SELECT max(id) FROM (SELECT id FROM rule_match WHERE id > ? ORDER BY id LIMIT ?)", err);
        query_int(&q, *cursor);
        query_int(&q, PURGE_STEP_MAX);
        r = query_row(&q);
        if (r > 0)
                last = column_int_or(&q, 0, 0);
        query_end(&q);
        if (r < 0 || last == 0)
                return r < 0 ? r : 0;
        query_start(&q, db,
                    "UPDATE rule_match SET facts = '{}' WHERE id > ? AND id <= ?"
                    "   AND coalesce(ended, fired, seen) < ? AND " KNOWN,
                    err);
        query_int(&q, *cursor);
        query_int(&q, last);
        query_int(&q, before);
        r = query_run(&q);
        if (r < 0)
                return r;
        counts->matches += db_changes(db);
        *cursor = last;
        return 1;
}

static int count_unsent(struct db *db, const struct purge_ages *ages, struct purge_counts *counts,
                        struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT count(*) FROM publication WHERE state = 'queued'"
                    "   AND id IN (" OLD_PUBLICATIONS ")",
                    err);
        query_int(&q, PURGE_STEP_MAX);
        query_int(&q, ages->publications);
        query_int(&q, rows_max(ages));
        r = query_row(&q);
        if (r > 0)
                counts->unsent_publications += column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}

static int purge_publications(struct db *db, const struct purge_ages *ages, struct purge_counts *counts,
                              struct err *err)
{
        struct query q;
        int64_t count;
        int r = count_unsent(db, ages, counts, err);

        if (r < 0)
                return r;
        query_start(&q, db, "DELETE FROM publication WHERE id IN (" OLD_PUBLICATIONS ")", err);
        query_int(&q, PURGE_STEP_MAX);
        query_int(&q, ages->publications);
        query_int(&q, rows_max(ages));
        r = query_run(&q);
        if (r < 0)
                return r;
        count = db_changes(db);
        counts->publications += count;
        return (int)count;
}

static int purge_events(struct db *db, int64_t before, struct purge_counts *counts, struct err *err)
{
        struct query q;
        int64_t count;
        int r;

        query_start(
            &q, db,
            "DELETE FROM event WHERE seq IN"
            " (SELECT seq FROM (SELECT seq, received FROM event ORDER BY seq LIMIT ?) WHERE received < ?)",
            err);
        query_int(&q, PURGE_STEP_MAX);
        query_int(&q, before);
        r = query_run(&q);
        if (r < 0)
                return r;
        count = db_changes(db);
        counts->events += count;
        return (int)count;
}

int purge_step(struct db *db, const struct purge_ages *ages, int64_t *cursor, struct purge_counts *counts,
               struct err *err)
{
        int messages, matches, publications, events, rest;

        messages = purge_messages(db, ages->messages, counts, err);
        if (messages < 0)
                return messages;
        matches = purge_matches(db, ages->messages, cursor, counts, err);
        if (matches < 0)
                return matches;
        publications = purge_publications(db, ages, counts, err);
        if (publications < 0)
                return publications;
        events = purge_events(db, ages->events, counts, err);
        if (events < 0)
                return events;
        rest = purge_rest_step(db, ages, &counts->rest, err);
        if (rest < 0)
                return rest;
        return messages > 0 || matches > 0 || publications > 0 || events > 0 || rest > 0;
}
