#include "store/guardian.h"

int guardian_put(struct db *db, const char *source, const struct guardian *row, struct err *err)
{
        struct query q;
        int existed;

        query_start(&q, db, "SELECT source, ended FROM guardian WHERE pupil = ? AND guardian = ?", err);
        query_text(&q, row->pupil);
        query_text(&q, row->guardian);
        existed = put_owned(&q, source);
        query_start(
            &q, db,
            "INSERT INTO guardian(pupil, guardian, rank, notify, restricted, emergency_only, source)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
            " ON CONFLICT(pupil, guardian) DO UPDATE SET"
            "    rank = CASE WHEN ?8 = 1 THEN rank ELSE excluded.rank END,"
            "    notify = CASE WHEN ?8 = 1 THEN notify ELSE excluded.notify END,"
            "    restricted = CASE WHEN ?8 = 1 THEN restricted ELSE excluded.restricted END,"
            "    emergency_only = CASE WHEN ?8 = 1 THEN emergency_only ELSE excluded.emergency_only END,"
            "    source = excluded.source, ended = NULL"
            " WHERE (?8 = 0 AND (rank <> excluded.rank OR notify <> excluded.notify"
            "                    OR restricted <> excluded.restricted"
            "                    OR emergency_only <> excluded.emergency_only))"
            "    OR source <> excluded.source OR ended IS NOT NULL",
            err);
        query_text(&q, row->pupil);
        query_text(&q, row->guardian);
        query_int(&q, row->rank);
        query_int(&q, row->notify);
        query_int(&q, row->restricted);
        query_int(&q, row->emergency_only);
        query_text(&q, source);
        query_int(&q, row->says_little);
        return put_run(&q, existed);
}

int carer_put(struct db *db, const char *source, const struct carer *row, struct err *err)
{
        struct query q;
        int existed;

        query_start(&q, db, "SELECT source, ended FROM carer WHERE pupil = ? AND carer = ?", err);
        query_text(&q, row->pupil);
        query_text(&q, row->carer);
        existed = put_owned(&q, source);
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
