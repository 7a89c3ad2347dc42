#include "store/audience.h"

#include <stdio.h>

static int put_row(struct db *db, const char *source, const struct audience *row, struct err *err)
{
        struct query q;
        int existed;

        query_start(&q, db, "SELECT source, NULL FROM audience WHERE id = ?", err);
        query_text(&q, row->id);
        existed = put_owned(&q, source);
        query_start(
            &q, db,
            "INSERT INTO audience(id, organisation, source) VALUES (?, ?, ?)"
            " ON CONFLICT(id) DO UPDATE SET organisation = excluded.organisation, source = excluded.source"
            " WHERE organisation <> excluded.organisation OR source <> excluded.source",
            err);
        query_text(&q, row->id);
        query_text(&q, row->organisation);
        query_text(&q, source);
        return put_run(&q, existed);
}

static int count_members(struct db *db, const char *audience, int64_t *ret_count, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT count(*) FROM audience_member WHERE audience = ?", err);
        query_text(&q, audience);
        r = query_row(&q);
        if (r > 0)
                *ret_count = column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}

static int put_member(struct db *db, const char *source, const char *audience, const char *person,
                      struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "INSERT INTO audience_member(audience, person, source) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            err);
        query_text(&q, audience);
        query_text(&q, person);
        query_text(&q, source);
        r = query_run(&q);
        return r < 0 ? r : db_changes(db) > 0;
}

int audience_put(struct db *db, const char *source, const struct audience *row, struct err *err)
{
        int64_t before = 0, added = 0;
        struct query q;
        int put, r;

        put = put_row(db, source, row, err);
        if (put < 0 || put == PUT_KEPT)
                return put;
        r = count_members(db, row->id, &before, err);
        for (size_t i = 0; i < row->member_count && r >= 0; i++) {
                r = put_member(db, source, row->id, row->members[i], err);
                added += r > 0;
        }
        if (r < 0)
                return r;
        if (before + added >
            (int64_t)row->member_count) { /* some are no longer members: write the list anew */
                query_start(&q, db, "DELETE FROM audience_member WHERE audience = ?", err);
                query_text(&q, row->id);
                r = query_run(&q);
                for (size_t i = 0; i < row->member_count && r >= 0; i++)
                        r = put_member(db, source, row->id, row->members[i], err);
                if (r < 0)
                        return r;
                added = 1;
        }
        return put == PUT_SAME && added ? PUT_UPDATED : put;
}

int audience_exists(struct db *db, const char *id, char ret_organisation[static ID_SIZE], struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT organisation FROM audience WHERE id = ?", err);
        query_text(&q, id);
        r = query_row(&q);
        if (r > 0)
                snprintf(ret_organisation, ID_SIZE, "%s", column_text(&q, 0));
        query_end(&q);
        return r;
}

int audience_size(struct db *db, const char *id, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT count(*) FROM audience_member a JOIN person p ON p.id = a.person AND p.ended IS NULL"
            " WHERE a.audience = ?",
            err);
        query_text(&q, id);
        r = query_row(&q);
        if (r > 0)
                r = (int)column_int(&q, 0);
        query_end(&q);
        return r;
}
