#include "store/committee.h"

#include <stdio.h>

/* Takes out what belongs to ID and puts each of MANY in. */
static int replace(struct db *db, const char *drop_sql, const char *put_sql, const char *id,
                   const char *const *many, size_t count, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, drop_sql, err);
        query_text(&q, id);
        r = query_run(&q);
        for (size_t i = 0; i < count && r == 0; i++) {
                query_start(&q, db, put_sql, err);
                query_text(&q, id);
                query_text(&q, many[i]);
                r = query_run(&q);
        }
        return r;
}

int committee_put(struct db *db, const struct committee *row, const char *const *members, size_t count,
                  struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "INSERT INTO committee(id, kind, organisation, chair, event) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT(id) DO UPDATE SET kind = excluded.kind, organisation = excluded.organisation,"
            "    chair = excluded.chair, event = excluded.event",
            err);
        query_text(&q, row->id);
        query_text(&q, row->kind);
        query_text(&q, row->organisation);
        query_text(&q, row->chair);
        query_int_or_null(&q, row->event, 0);
        r = query_run(&q);
        return r < 0 ? r
                     : replace(db, "DELETE FROM committee_member WHERE committee = ?",
                               "INSERT INTO committee_member(committee, person) VALUES (?, ?) ON CONFLICT DO "
                               "NOTHING",
                               row->id, members, count, err);
}

int committee_read(struct db *db, const char *id, char ret_organisation[static ID_SIZE],
                   char ret_kind[static ID_SIZE], char ret_chair[static ID_SIZE], struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT organisation, kind, coalesce(chair, '') FROM committee WHERE id = ?",
                    err);
        query_text(&q, id);
        r = query_row(&q);
        if (r > 0) {
                snprintf(ret_organisation, ID_SIZE, "%s", column_text(&q, 0));
                snprintf(ret_kind, ID_SIZE, "%s", column_text(&q, 1));
                snprintf(ret_chair, ID_SIZE, "%s", column_text(&q, 2));
        }
        query_end(&q);
        return r;
}

int committee_invite(struct db *db, int64_t now_utc, const char *committee, const char *meeting,
                     struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO meeting_participant(meeting, person, invited)"
                    " SELECT ?1, c.person, ?2 FROM committee_member c JOIN person p ON p.id = c.person"
                    "  WHERE c.committee = ?3 AND p.ended IS NULL ON CONFLICT DO NOTHING",
                    err);
        query_text(&q, meeting);
        query_int(&q, now_utc);
        query_text(&q, committee);
        return query_run(&q);
}

int project_put(struct db *db, const struct project *row, const char *const *organisations, size_t count,
                struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "INSERT INTO project(id, name, organisation, first_day, last_day, event) VALUES (?, ?, ?, ?, ?, "
            "?)"
            " ON CONFLICT(id) DO UPDATE SET name = excluded.name, organisation = excluded.organisation,"
            "    first_day = excluded.first_day, last_day = excluded.last_day, event = excluded.event",
            err);
        query_text(&q, row->id);
        query_text(&q, row->name);
        query_text(&q, row->organisation);
        query_text(&q, row->first_day);
        query_text(&q, row->last_day);
        query_int_or_null(&q, row->event, 0);
        r = query_run(&q);
        return r < 0 ? r
                     : replace(db, "DELETE FROM project_organisation WHERE project = ?",
                               "INSERT INTO project_organisation(project, organisation) VALUES (?, ?)"
                               " ON CONFLICT DO NOTHING",
                               row->id, organisations, count, err);
}

int project_days(struct db *db, const char *id, char ret_first[static 11], char ret_last[static 11],
                 struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT first_day, last_day FROM project WHERE id = ?", err);
        query_text(&q, id);
        r = query_row(&q);
        if (r > 0) {
                snprintf(ret_first, 11, "%s", column_text(&q, 0));
                snprintf(ret_last, 11, "%s", column_text(&q, 1));
        }
        query_end(&q);
        return r;
}

int mentor_pair_put(struct db *db, const struct mentor_pair *row, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "INSERT INTO mentor_pair(mentor, mentee, since, until, event) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT(mentor, mentee) DO UPDATE SET until = excluded.until, event = excluded.event",
            err);
        query_text(&q, row->mentor);
        query_text(&q, row->mentee);
        query_int(&q, row->since);
        query_text(&q, row->until);
        query_int_or_null(&q, row->event, 0);
        return query_run(&q);
}
