#include "store/guardian.h"

int guardian_put(struct db *db, const char *source, const struct guardian *row, struct err *err)
{
        struct query q;
        int existed;

        query_start(&q, db, "SELECT 1 FROM guardian WHERE pupil = ? AND guardian = ?", err);
        query_text(&q, row->pupil);
        query_text(&q, row->guardian);
        existed = put_exists(&q);
        query_start(
            &q, db,
            "INSERT INTO guardian(pupil, guardian, rank, notify, restricted, emergency_only, source)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT(pupil, guardian) DO UPDATE SET rank = excluded.rank, notify = excluded.notify,"
            "    restricted = excluded.restricted, emergency_only = excluded.emergency_only,"
            "    source = excluded.source, ended = NULL"
            " WHERE rank <> excluded.rank OR notify <> excluded.notify OR restricted <> excluded.restricted"
            "    OR emergency_only <> excluded.emergency_only OR source <> excluded.source"
            "    OR ended IS NOT NULL",
            err);
        query_text(&q, row->pupil);
        query_text(&q, row->guardian);
        query_int(&q, row->rank);
        query_int(&q, row->notify);
        query_int(&q, row->restricted);
        query_int(&q, row->emergency_only);
        query_text(&q, source);
        return put_run(&q, existed);
}

int carer_put(struct db *db, const char *source, const struct carer *row, struct err *err)
{
        struct query q;
        int existed;

        query_start(&q, db, "SELECT 1 FROM carer WHERE pupil = ? AND carer = ?", err);
        query_text(&q, row->pupil);
        query_text(&q, row->carer);
        existed = put_exists(&q);
        query_start(&q, db,
                    "INSERT INTO carer(pupil, carer, instead, source) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT(pupil, carer) DO UPDATE"
                    "   SET instead = excluded.instead, source = excluded.source, ended = NULL"
                    " WHERE instead <> excluded.instead OR source <> excluded.source OR ended IS NOT NULL",
                    err);
        query_text(&q, row->pupil);
        query_text(&q, row->carer);
        query_int(&q, row->instead);
        query_text(&q, source);
        return put_run(&q, existed);
}
