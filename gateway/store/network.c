#include "store/network.h"

#include <stdio.h>

int survey_put(struct db *db, const struct survey *row, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "INSERT INTO survey(id, organisation, audience, opened, closes, event) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT(id) DO UPDATE SET organisation = excluded.organisation,"
            "    audience = excluded.audience, closes = excluded.closes, closed = NULL"
            " WHERE organisation <> excluded.organisation OR audience IS NOT excluded.audience"
            "    OR closes IS NOT excluded.closes OR closed IS NOT NULL",
            err);
        query_text(&q, row->id);
        query_text(&q, row->organisation);
        query_text(&q, row->audience);
        query_int(&q, row->opened);
        query_int_or_null(&q, row->closes, 0);
        query_int_or_null(&q, row->event, 0);
        return query_run(&q);
}

int survey_exists(struct db *db, const char *id, char ret_organisation[static ID_SIZE], struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT organisation FROM survey WHERE id = ?", err);
        query_text(&q, id);
        r = query_row(&q);
        if (r > 0)
                snprintf(ret_organisation, ID_SIZE, "%s", column_text(&q, 0));
        query_end(&q);
        return r;
}

int survey_answer_put(struct db *db, const char *survey, const char *person, int64_t at_utc, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "INSERT INTO survey_answer(survey, person, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    err);
        query_text(&q, survey);
        query_text(&q, person);
        query_int(&q, at_utc);
        r = query_run(&q);
        return r < 0 ? r : db_changes(db) > 0;
}

int survey_tally_add(struct db *db, const char *survey, const char *question, const char *choice,
                     struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO survey_tally(survey, question, choice, answers) VALUES (?, ?, ?, 1)"
                    " ON CONFLICT DO UPDATE SET answers = answers + 1",
                    err);
        query_text(&q, survey);
        query_text(&q, question);
        query_text(&q, choice);
        return query_run(&q);
}

int survey_close(struct db *db, const char *survey, int64_t at_utc, struct err *err)
{
        struct query q;

        query_start(&q, db, "UPDATE survey SET closed = ? WHERE id = ? AND closed IS NULL", err);
        query_int(&q, at_utc);
        query_text(&q, survey);
        return query_run(&q);
}

int survey_list(struct db *db, const char *id, int (*each)(void *context, const struct survey_state *state),
                void *context, struct err *err)
{
        struct survey_state state;
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT s.id, s.organisation, s.opened, s.closes, s.closed IS NOT NULL,"
                    "  (SELECT count(*) FROM audience_member a WHERE a.audience = s.audience),"
                    "  (SELECT CASE WHEN count(*) < ?2 THEN -1 ELSE count(*) END FROM survey_answer w WHERE "
                    "w.survey = s.id)"
                    "  FROM survey s WHERE ?1 IS NULL OR s.id = ?1 ORDER BY s.opened DESC, s.id",
                    err);
        query_text(&q, id);
        query_int(&q, SURVEY_LEAST);
        while ((r = query_row(&q)) > 0) {
                state = (struct survey_state){
                    .id = column_text(&q, 0),
                    .organisation = column_text(&q, 1),
                    .opened = column_int(&q, 2),
                    .closes = column_int_or(&q, 3, 0),
                    .is_closed = column_int(&q, 4),
                    .asked = (int)column_int(&q, 5),
                    .answered = (int)column_int(&q, 6),
                };
                r = each(context, &state);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int survey_totals(struct db *db, const char *id,
                  int (*each)(void *context, const char *question, const char *choice, int answers),
                  void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT question, choice, answers FROM survey_total WHERE survey = ? ORDER BY question, choice",
            err);
        query_text(&q, id);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), column_text(&q, 1), (int)column_int(&q, 2));
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

static int put_visit(struct db *db, int64_t now_utc, const struct visit *row, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "INSERT INTO visit(id, kind, starts, ends, place, planned, changed, dated, event)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?6, ?7)"
            " ON CONFLICT(id) DO UPDATE SET kind = excluded.kind, starts = excluded.starts,"
            "    ends = excluded.ends, place = excluded.place, state = 'planned', sequence = sequence + 1,"
            "    changed = excluded.changed, event = excluded.event, missed = NULL,"
            "    dated = CASE WHEN starts <> excluded.starts OR state <> 'planned' THEN excluded.changed"
            "                 ELSE dated END"
            " WHERE kind <> excluded.kind OR starts <> excluded.starts OR ends <> excluded.ends"
            "    OR place IS NOT excluded.place OR state <> 'planned'",
            err);
        query_text(&q, row->id);
        query_text(&q, row->kind);
        query_int(&q, row->starts);
        query_int(&q, row->ends);
        query_text(&q, row->place);
        query_int(&q, now_utc);
        query_int_or_null(&q, row->event, 0);
        return query_run(&q);
}

int visit_put(struct db *db, int64_t now_utc, const struct visit *row, const struct visit_party *parties,
              size_t count, struct err *err)
{
        struct query q;
        int r;

        r = put_visit(db, now_utc, row, err);
        if (r < 0)
                return r;
        query_start(&q, db, "DELETE FROM visit_party WHERE visit = ?", err);
        query_text(&q, row->id);
        r = query_run(&q);
        for (size_t i = 0; i < count && r == 0; i++) {
                query_start(&q, db,
                            "INSERT INTO visit_party(visit, side, kind, party) VALUES (?, ?, ?, ?)"
                            " ON CONFLICT DO NOTHING",
                            err);
                query_text(&q, row->id);
                query_text(&q, parties[i].side);
                query_text(&q, parties[i].kind);
                query_text(&q, parties[i].party);
                r = query_run(&q);
        }
        return r;
}

int visit_exists(struct db *db, const char *id, struct err *err)
{
        struct query q;

        query_start(&q, db, "SELECT 1 FROM visit WHERE id = ?", err);
        query_text(&q, id);
        return put_exists(&q);
}

int visit_cancel(struct db *db, int64_t now_utc, const char *id, int64_t event, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE visit SET state = 'cancelled', sequence = sequence + 1, changed = ?, event = ?"
                    " WHERE id = ? AND state <> 'cancelled'",
                    err);
        query_int(&q, now_utc);
        query_int_or_null(&q, event, 0);
        query_text(&q, id);
        return query_run(&q);
}

int visit_miss(struct db *db, const char *id, int64_t at_utc, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "UPDATE visit SET missed = ?1 WHERE id = ?2 AND state = 'planned' AND starts <= ?1", err);
        query_int(&q, at_utc);
        query_text(&q, id);
        r = query_run(&q);
        return r < 0 ? r : db_changes(db) > 0;
}

int evaluation_put(struct db *db, const char *placement, const char *part, const char *by, int64_t at_utc,
                   int64_t event, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO evaluation(placement, part, at, by, event) VALUES (?, ?, ?, ?, ?)"
                    " ON CONFLICT DO NOTHING",
                    err);
        query_text(&q, placement);
        query_text(&q, part);
        query_int(&q, at_utc);
        query_text(&q, by);
        query_int_or_null(&q, event, 0);
        return query_run(&q);
}

int certificate_put(struct db *db, const char *placement, const char *by, int64_t at_utc, int64_t event,
                    struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "INSERT INTO certificate(placement, at, by, event) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            err);
        query_text(&q, placement);
        query_int(&q, at_utc);
        query_text(&q, by);
        query_int_or_null(&q, event, 0);
        return query_run(&q);
}

int case_act_add(struct db *db, const struct case_act *row, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO case_act(case_id, act, person, sees, outcome, by, next_contact, at, event)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    err);
        query_text(&q, row->case_id);
        query_text(&q, row->act);
        query_text(&q, row->person);
        query_text(&q, row->sees);
        query_text(&q, row->outcome);
        query_text(&q, row->by);
        query_text(&q, row->next_contact);
        query_int(&q, row->at_utc);
        query_int_or_null(&q, row->event, 0);
        return query_run(&q);
}

int case_leave(struct db *db, const char *case_id, const char *person, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "DELETE FROM case_participant WHERE case_id = ? AND person = ?", err);
        query_text(&q, case_id);
        query_text(&q, person);
        r = query_run(&q);
        return r < 0 ? r : db_changes(db) > 0;
}
