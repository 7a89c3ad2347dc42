#include "store/publication.h"
#include "store/db.h"

#define PUBLICATION_COLUMNS "id, seq, time, tenant, kind, event, subject, data"

int publication_add(struct db *db, const char *tenant, const char *kind, const char *event,
                    const char *subject, int64_t time_utc, const char *data, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "INSERT INTO publication(tenant, seq, kind, event, subject, time, data)"
            " VALUES (?1, 1 + coalesce((SELECT max(seq) FROM publication WHERE tenant = ?1), 0), ?2, ?3,"
            "         ?4, ?5, ?6)",
            err);
        query_text(&q, tenant);
        query_text(&q, kind);
        query_text(&q, event);
        query_text(&q, subject);
        query_int(&q, time_utc);
        query_text(&q, data);
        return query_run(&q);
}

static int each_row(struct query *q, publication_each each, void *context)
{
        struct publication publication;
        int r;

        while ((r = query_row(q)) > 0) {
                publication = (struct publication){
                    .id = column_int(q, 0),
                    .seq = column_int(q, 1),
                    .time = column_int(q, 2),
                    .tenant = column_text(q, 3),
                    .kind = column_text(q, 4),
                    .event = column_text(q, 5),
                    .subject = column_text(q, 6),
                    .data = column_text(q, 7),
                };
                r = each(context, &publication);
                if (r != 0)
                        break;
        }
        query_end(q);
        return r < 0 ? r : 0;
}

int publication_next(struct db *db, int64_t after_id, int limit, publication_each each, void *context,
                     struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT " PUBLICATION_COLUMNS " FROM publication"
                    " WHERE state IN ('queued', 'sent') AND id > ? ORDER BY id LIMIT ?",
                    err);
        query_int(&q, after_id);
        query_int(&q, limit);
        return each_row(&q, each, context);
}

int publication_replay(struct db *db, const char *tenant, int64_t after_seq, int limit, publication_each each,
                       void *context, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT " PUBLICATION_COLUMNS " FROM publication"
                    " WHERE tenant = ? AND seq > ? ORDER BY seq LIMIT ?",
                    err);
        query_text(&q, tenant);
        query_int(&q, after_seq);
        query_int(&q, limit);
        return each_row(&q, each, context);
}

int publication_mark(struct db *db, int64_t id, enum publication_state state, int reason, struct err *err)
{
        static const char *const names[] = {
            [PUBLICATION_SENT] = "sent",
            [PUBLICATION_ACKNOWLEDGED] = "acknowledged",
            [PUBLICATION_REFUSED] = "refused",
        };
        struct query q;

        query_start(
            &q, db,
            "UPDATE publication SET state = ?, reason = ? WHERE id = ? AND state IN ('queued', 'sent')", err);
        query_text(&q, names[state]);
        query_int_or_null(&q, reason, state == PUBLICATION_REFUSED ? -1 : reason);
        query_int(&q, id);
        return query_run(&q);
}

int publication_heads(struct db *db, int (*each)(void *context, const char *tenant, int64_t seq),
                      void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT tenant, max(seq) FROM publication GROUP BY tenant ORDER BY tenant", err);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), column_int(&q, 1));
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int publication_count(struct db *db, struct publication_counts *ret_counts, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT count(CASE WHEN state = 'queued' THEN 1 END), count(CASE WHEN state = 'sent' THEN 1 END),"
            "       (SELECT count(*) FROM publication WHERE state = 'refused')"
            "  FROM publication WHERE state IN ('queued', 'sent')",
            err);
        r = query_row(&q);
        if (r > 0)
                *ret_counts =
                    (struct publication_counts){column_int(&q, 0), column_int(&q, 1), column_int(&q, 2)};
        query_end(&q);
        return r < 0 ? r : 0;
}
