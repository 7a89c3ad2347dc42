#include "store/publication.h"
#include "store/db.h"

int publication_add(struct db *db, const char *tenant, const char *kind, const char *event,
                    const char *subject, int64_t time_utc, const char *data, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO publication(tenant, seq, kind, event, subject, time, data)"
                    "  VALUES (?1, 1 + coalesce((SELECT max(seq) FROM publication WHERE tenant = ?1), 0), "
                    "?2, ?3, ?4, ?5, ?6)",
                    err);
        query_text(&q, tenant);
        query_text(&q, kind);
        query_text(&q, event);
        query_text(&q, subject);
        query_int(&q, time_utc);
        query_text(&q, data);
        return query_run(&q);
}
