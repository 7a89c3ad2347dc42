#include "store/support.h"

#include <stdio.h>

int plan_add(struct db *db, const struct plan_made *row, struct err *err)
{
        struct query q;

        query_start(&q, db, "INSERT INTO plan(pupil, kind, made, until, by, event) VALUES (?, ?, ?, ?, ?, ?)",
                    err);
        query_text(&q, row->pupil);
        query_text(&q, row->kind);
        query_int(&q, row->at_utc);
        query_text(&q, row->until);
        query_text(&q, row->by);
        query_int_or_null(&q, row->event, 0);
        return query_run(&q);
}

int card_put(struct db *db, const struct card_given *row, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO card(pupil, card, given, expires, event) VALUES (?, ?, ?, ?, ?)"
                    " ON CONFLICT(pupil, card) DO UPDATE"
                    "   SET given = excluded.given, expires = excluded.expires, event = excluded.event"
                    " WHERE given <= excluded.given",
                    err);
        query_text(&q, row->pupil);
        query_text(&q, row->card);
        query_int(&q, row->at_utc);
        query_text(&q, row->expires);
        query_int_or_null(&q, row->event, 0);
        return query_run(&q);
}

int consent_put(struct db *db, const struct consent *row, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "INSERT INTO consent(id, pupil, meeting, state, asked, answered, by, event)"
            " VALUES (?1, ?2, ?3, ?4, ?5, CASE ?4 WHEN 'asked' THEN NULL ELSE ?5 END, ?6, ?7)"
            " ON CONFLICT(id) DO UPDATE SET state = excluded.state, answered = excluded.answered,"
            "    meeting = coalesce(excluded.meeting, meeting), by = excluded.by, event = excluded.event"
            " WHERE excluded.state <> 'asked' AND state <> excluded.state",
            err);
        query_text(&q, row->id);
        query_text(&q, row->pupil);
        query_text(&q, row->meeting);
        query_text(&q, row->state);
        query_int(&q, row->at_utc);
        query_text(&q, row->by);
        query_int_or_null(&q, row->event, 0);
        return query_run(&q);
}

static int read_text(struct db *db, const char *sql, const char *id, char *ret_pupil, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, sql, err);
        query_text(&q, id);
        r = query_row(&q);
        if (r > 0)
                snprintf(ret_pupil, ID_SIZE, "%s", column_text(&q, 0));
        query_end(&q);
        return r;
}

int consent_pupil(struct db *db, const char *id, char ret_pupil[static ID_SIZE], struct err *err)
{
        return read_text(db, "SELECT pupil FROM consent WHERE id = ?", id, ret_pupil, err);
}

int consent_meeting(struct db *db, const char *id, char ret_meeting[static ID_SIZE], struct err *err)
{
        return read_text(db, "SELECT coalesce(meeting, '') FROM consent WHERE id = ?", id, ret_meeting, err);
}

int package_pupil(struct db *db, const char *id, char ret_pupil[static ID_SIZE], struct err *err)
{
        return read_text(db, "SELECT pupil FROM package WHERE id = ?", id, ret_pupil, err);
}

int application_pupil(struct db *db, const char *id, char ret_pupil[static ID_SIZE], struct err *err)
{
        return read_text(db, "SELECT pupil FROM application WHERE id = ?", id, ret_pupil, err);
}

int package_put(struct db *db, const struct package *row, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "INSERT INTO package(id, pupil, subject_name, due, event) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT(id) DO UPDATE SET subject_name = coalesce(excluded.subject_name, subject_name),"
            "    due = coalesce(excluded.due, due), done = NULL, event = excluded.event",
            err);
        query_text(&q, row->id);
        query_text(&q, row->pupil);
        query_text(&q, row->subject_name);
        query_text(&q, row->due);
        query_int_or_null(&q, row->event, 0);
        return query_run(&q);
}

int package_done(struct db *db, const char *id, int64_t at_utc, struct err *err)
{
        struct query q;

        query_start(&q, db, "UPDATE package SET done = ? WHERE id = ? AND done IS NULL", err);
        query_int(&q, at_utc);
        query_text(&q, id);
        return query_run(&q);
}

int application_put(struct db *db, const struct application *row, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO application(id, pupil, applicant, organisation, received, event)"
                    " VALUES (?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT(id) DO UPDATE SET pupil = excluded.pupil, applicant = excluded.applicant,"
                    "    organisation = excluded.organisation"
                    " WHERE pupil <> excluded.pupil OR applicant <> excluded.applicant"
                    "    OR organisation <> excluded.organisation",
                    err);
        query_text(&q, row->id);
        query_text(&q, row->pupil);
        query_text(&q, row->applicant);
        query_text(&q, row->organisation);
        query_int(&q, row->at_utc);
        query_int_or_null(&q, row->event, 0);
        return query_run(&q);
}

int application_decide(struct db *db, const char *id, const char *decision, const char *criteria,
                       int64_t at_utc, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE application SET decided = CASE WHEN decision IS ?1 THEN decided ELSE ?2 END,"
                    "       decision = ?1, criteria = coalesce(?4, criteria)"
                    " WHERE id = ?3 AND (decision IS NOT ?1 OR criteria IS NOT coalesce(?4, criteria))",
                    err);
        query_text(&q, decision);
        query_int(&q, at_utc);
        query_text(&q, id);
        query_text(&q, criteria);
        return query_run(&q);
}

int study_place_put(struct db *db, const char *pupil, const char *state, int64_t at_utc, int64_t event,
                    struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO study_place(pupil, state, at, event) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT(pupil) DO UPDATE SET state = excluded.state, at = excluded.at, event = "
                    "excluded.event"
                    " WHERE at <= excluded.at",
                    err);
        query_text(&q, pupil);
        query_text(&q, state);
        query_int(&q, at_utc);
        query_int_or_null(&q, event, 0);
        return query_run(&q);
}

int transfer_permission_put(struct db *db, const char *pupil, const char *state, const char *by,
                            int64_t at_utc, int64_t event, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "INSERT INTO transfer_permission(pupil, state, at, by, event) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT(pupil) DO UPDATE"
            "   SET state = excluded.state, at = excluded.at, by = excluded.by, event = excluded.event"
            " WHERE at <= excluded.at",
            err);
        query_text(&q, pupil);
        query_text(&q, state);
        query_int(&q, at_utc);
        query_text(&q, by);
        query_int_or_null(&q, event, 0);
        return query_run(&q);
}
