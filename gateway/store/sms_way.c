#include "store/sms_way.h"
#include "store/db.h"

#include <stddef.h>
#include <string.h>

static int put(struct db *db, const struct sms_way *way, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO sms_way(position, prefix, organisation, provider, two_way)"
                    " VALUES (?, ?, ?, ?, ?)",
                    err);
        query_int(&q, way->position);
        query_text(&q, way->prefix);
        query_text(&q, way->organisation);
        query_text(&q, way->provider);
        query_int(&q, way->two_way);
        return query_run(&q);
}

static int has(struct db *db, const struct sms_way *way, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT 1 FROM sms_way WHERE position = ? AND prefix = ? AND organisation = ?"
                    "   AND provider = ? AND two_way = ?",
                    err);
        query_int(&q, way->position);
        query_text(&q, way->prefix);
        query_text(&q, way->organisation);
        query_text(&q, way->provider);
        query_int(&q, way->two_way);
        r = query_row(&q);
        query_end(&q);
        return r;
}

static int count_rows(struct db *db, int *ret_count, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT count(*) FROM sms_way", err);
        r = query_row(&q);
        if (r > 0)
                *ret_count = (int)column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}

int sms_way_replace(struct db *db, const struct sms_way *ways, int count, struct err *err)
{
        int there = 0, same = 0, r = count_rows(db, &there, err);
        struct query q;

        for (int i = 0; i < count && r == 0; i++) {
                r = has(db, &ways[i], err);
                same += r > 0;
                r = r < 0 ? r : 0;
        }
        if (r < 0 || (same == count && there == count))
                return r;
        query_start(&q, db, "DELETE FROM sms_way", err);
        r = query_run(&q);
        for (int i = 0; i < count && r == 0; i++)
                r = put(db, &ways[i], err);
        return r;
}

int sms_way_can_reply(struct db *db, const char *number, const char *organisation, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT min(coalesce((SELECT o.two_way FROM organisation_tree t JOIN sms_way o"
            "                        ON o.position = w.position AND o.prefix = w.prefix"
            "                       AND o.organisation = t.ancestor"
            "                     WHERE t.descendant = ?2 ORDER BY t.distance LIMIT 1), w.two_way))"
            "  FROM sms_way w WHERE w.organisation = '' AND substr(?1, 1, length(w.prefix)) = w.prefix",
            err);
        query_text(&q, number);
        query_text(&q, organisation);
        r = query_row(&q);
        if (r > 0)
                r = column_int_or(&q, 0, 0) == 1;
        query_end(&q);
        return r;
}

bool sms_way_is_asked(const char *rule)
{
        static const char *const asked[] = {"absence-alert", "absence-day-summary", "absence-ladder",
                                            "absence-unexplained", "absence-unlocated"};

        for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
                if (strcmp(asked[i], rule) == 0)
                        return true;
        return false;
}
