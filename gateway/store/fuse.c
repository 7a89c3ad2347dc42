#include "store/fuse.h"
#include "store/db.h"

#include <stdbool.h>

/* One fuse after a message more. */
struct fuse {
        int64_t count, most, days, blown; /* blown 0: it is not */
};

static int add_one(struct db *db, const struct fuse_count *count, struct fuse *ret_fuse, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "INSERT INTO fuse(rule, scope, day, count, most, days, organisation)"
            " VALUES (?1, ?2, ?3, 1, 0, 0, ?4) ON CONFLICT DO UPDATE SET"
            "   most = CASE WHEN day <> excluded.day AND count > most THEN count ELSE most END,"
            "   days = days + (day <> excluded.day),"
            "   count = CASE WHEN day = excluded.day THEN count + 1 ELSE 1 END,"
            "   blown = CASE WHEN day = excluded.day THEN blown END,"
            "   organisation = CASE WHEN blown IS NULL THEN excluded.organisation ELSE organisation END,"
            "   day = excluded.day"
            " RETURNING count, most, days, blown",
            err);
        query_text(&q, count->rule);
        query_text(&q, count->scope);
        query_text(&q, count->day);
        query_text(&q, count->organisation);
        r = query_row(&q);
        if (r > 0)
                *ret_fuse = (struct fuse){column_int(&q, 0), column_int(&q, 1), column_int(&q, 2),
                                          column_int_or(&q, 3, 0)};
        query_end(&q);
        return r < 0 ? r : 0;
}

static int blow(struct db *db, const struct fuse_count *count, struct err *err)
{
        struct query q;

        query_start(&q, db, "UPDATE fuse SET blown = ? WHERE rule = ? AND scope = ?", err);
        query_int(&q, count->now_utc);
        query_text(&q, count->rule);
        query_text(&q, count->scope);
        return query_run(&q);
}

static int is_open(struct db *db, const struct fuse_count *count, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT 1 FROM blown_fuse WHERE rule IS nullif(?, '') AND scope = ?", err);
        query_text(&q, count->rule);
        query_text(&q, count->scope);
        r = query_row(&q);
        query_end(&q);
        return r;
}

int fuse_count(struct db *db, const struct fuse_count *count, struct err *err)
{
        struct fuse fuse = {0};
        int r = add_one(db, count, &fuse, err);

        if (r < 0 || fuse.days < count->history || fuse.count <= count->at_least ||
            fuse.count <= count->factor * fuse.most)
                return r;
        if (!fuse.blown)
                r = blow(db, count, err);
        return r < 0 ? r : is_open(db, count, err);
}
