#include "store/publication.h"
#include "store/db.h"

#define PUBLICATION_COLUMNS                                                                     \
        "id, seq, time, tenant, kind, event, about, subject, data,"                             \
        " EXISTS (SELECT 1 FROM person p WHERE p.id IN (publication.pupil, publication.person)" \
        "         AND p.protected = 1)"

/* From tenant to tenant by the index: a GROUP BY would read every row that is kept. */
#define TENANTS                                                                            \
        "WITH RECURSIVE tenants(tenant) AS (SELECT min(tenant) FROM publication UNION ALL" \
        "  SELECT (SELECT min(p.tenant) FROM publication p WHERE p.tenant > t.tenant)"     \
        "    FROM tenants t WHERE t.tenant IS NOT NULL),"                                  \
        " each_tenant(tenant, first, last) AS (SELECT t.tenant,"                           \
        "   (SELECT min(seq) FROM publication p WHERE p.tenant = t.tenant),"               \
        "   (SELECT max(seq) FROM publication p WHERE p.tenant = t.tenant)"                \
        "    FROM tenants t WHERE t.tenant IS NOT NULL) "

int publication_add(struct db *db, const struct publication_new *publication, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "INSERT INTO publication(tenant, seq, kind, event, about, subject, pupil, time, data)"
            " VALUES (?1, 1 + coalesce((SELECT max(seq) FROM publication WHERE tenant = ?1), 0), ?2, ?3,"
            "         ?4, ?5, ?6, ?7, ?8)",
            err);
        query_text(&q, publication->tenant);
        query_text(&q, publication->kind);
        query_text(&q, publication->event);
        query_text(&q, publication->about);
        query_text(&q, publication->subject);
        query_text(&q, publication->pupil);
        query_int(&q, publication->time);
        query_text(&q, publication->data);
        return query_run(&q);
}

static struct publication read_row(struct query *q)
{
        return (struct publication){
            .id = column_int(q, 0),
            .seq = column_int(q, 1),
            .time = column_int(q, 2),
            .tenant = column_text(q, 3),
            .kind = column_text(q, 4),
            .event = column_text(q, 5),
            .about = column_text(q, 6),
            .subject = column_text(q, 7),
            .data = column_text(q, 8),
            .is_withheld = column_int(q, 9) != 0,
        };
}

static int each_row(struct query *q, publication_each each, void *context)
{
        struct publication publication;
        int r;

        while ((r = query_row(q)) > 0) {
                publication = read_row(q);
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
                    " WHERE state = 'queued' AND id > ? ORDER BY id LIMIT ?",
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

int publication_range(struct db *db, const char *tenant, int64_t *ret_first, int64_t *ret_last,
                      struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT coalesce((SELECT min(seq) FROM publication WHERE tenant = ?1), 0),"
                    "       coalesce((SELECT max(seq) FROM publication WHERE tenant = ?1), 0)",
                    err);
        query_text(&q, tenant);
        r = query_row(&q);
        if (r > 0) {
                *ret_first = column_int(&q, 0);
                *ret_last = column_int(&q, 1);
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int publication_newest(struct db *db, int64_t *ret_id, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT coalesce(max(id), 0) FROM publication", err);
        r = query_row(&q);
        if (r > 0)
                *ret_id = column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}

int publication_refused(struct db *db,
                        int (*each)(void *context, const struct publication *publication, int reason),
                        void *context, struct err *err)
{
        struct publication publication;
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT " PUBLICATION_COLUMNS ", coalesce(reason, 0) FROM publication"
                    " WHERE state = 'refused' ORDER BY id",
                    err);
        while ((r = query_row(&q)) > 0) {
                publication = read_row(&q);
                r = each(context, &publication, (int)column_int(&q, 10));
                if (r != 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int64_t publication_retry(struct db *db, const char *tenant, int64_t seq, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "UPDATE publication SET state = 'queued', reason = NULL"
                    " WHERE state = 'refused' AND (?1 IS NULL OR (tenant = ?1 AND seq = ?2))",
                    err);
        query_text(&q, tenant);
        query_int(&q, seq);
        r = query_run(&q);
        return r < 0 ? r : db_changes(db);
}

int publication_acknowledge(struct db *db, int64_t first_id, int64_t last_id, struct err *err)
{
        struct query q;

        /* By the rowid: through the index of what is queued, which this changes, the ids would be gathered
         * first. */
        query_start(&q, db,
                    "UPDATE publication NOT INDEXED SET state = 'acknowledged', reason = NULL"
                    " WHERE id BETWEEN ? AND ? AND state = 'queued'",
                    err);
        query_int(&q, first_id);
        query_int(&q, last_id);
        return query_run(&q);
}

int publication_refuse(struct db *db, int64_t id, int reason, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE publication SET state = 'refused', reason = ? WHERE id = ? AND state = 'queued'",
                    err);
        query_int(&q, reason);
        query_int(&q, id);
        return query_run(&q);
}

int publication_heads(struct db *db, int (*each)(void *context, const char *tenant, int64_t seq),
                      void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, TENANTS "SELECT tenant, last FROM each_tenant ORDER BY tenant", err);
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

        query_start(&q, db,
                    TENANTS "SELECT (SELECT count(*) FROM publication WHERE state = 'queued'),"
                            "       (SELECT count(*) FROM publication WHERE state = 'refused'),"
                            "       coalesce((SELECT sum(last - first + 1) FROM each_tenant), 0)",
                    err);
        r = query_row(&q);
        if (r > 0)
                *ret_counts = (struct publication_counts){
                    .queued = column_int(&q, 0),
                    .refused = column_int(&q, 1),
                    .acknowledged = column_int(&q, 2) - column_int(&q, 0) - column_int(&q, 1)};
        query_end(&q);
        return r < 0 ? r : 0;
}
