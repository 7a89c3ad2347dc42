#include "store/copy.h"
#include "store/db.h"
#include "store/migrate.h"

#include <sqlite3.h>
#include <string.h>

#define COPY_PAGES_ALL (-1)

/* Run in this order without triggers and foreign keys. A fact of which only a later change came as an event
 * goes too: that event names something unknown then, and is refused. */
static const char *const rewind_table[] = {
    /* The numbers that rows got, by the event that brought them. */
    "CREATE TEMP TABLE past_id(event INTEGER NOT NULL, name TEXT NOT NULL, first INTEGER NOT NULL,"
    "                          PRIMARY KEY (event, name)) WITHOUT ROWID",
    "INSERT INTO temp.past_id SELECT event, 'attendance_mark', min(id) FROM attendance_mark"
    " WHERE event IS NOT NULL GROUP BY event",
    "INSERT INTO temp.past_id SELECT event, 'explanation', min(id) FROM explanation"
    " WHERE event IS NOT NULL GROUP BY event",
    "INSERT INTO temp.past_id SELECT event, 'authorisation', min(id) FROM authorisation"
    " WHERE event IS NOT NULL GROUP BY event",
    "INSERT INTO temp.past_id SELECT event, 'located', min(id) FROM located"
    " WHERE event IS NOT NULL GROUP BY event",
    "INSERT INTO temp.past_id SELECT event, 'answer', min(id) FROM answer"
    " WHERE event IS NOT NULL GROUP BY event",

    /* What the rules found, and what came of it. */
    "DELETE FROM change",
    "DELETE FROM change_part",
    "DELETE FROM timer",
    "DELETE FROM receipt",
    "DELETE FROM early_receipt",
    "DELETE FROM earlier_id",
    "DELETE FROM attempt",
    "DELETE FROM message_notice",
    "DELETE FROM message_scope",
    "DELETE FROM message",
    "DELETE FROM notice",
    "DELETE FROM suppression",
    "DELETE FROM case_participant",
    "DELETE FROM case_match",
    "DELETE FROM case_file",
    "DELETE FROM match_event",
    "DELETE FROM match_mark",
    "DELETE FROM rule_match",
    "DELETE FROM fuse",
    "DELETE FROM publication",
    "DELETE FROM publish",
    "DELETE FROM visit_published",
    "DELETE FROM sandbox_message",
    "DELETE FROM spending",
    "UPDATE contact SET state = 'good', bad_since = NULL, bad_reason = NULL WHERE bad_since IS NOT NULL",
    "DELETE FROM case_session",
    "DELETE FROM upload",
    "DELETE FROM desk_form",
    "DELETE FROM desk_session",
    "DELETE FROM desk_ticket",
    "DELETE FROM desk_audit",
    "DELETE FROM desk_change",
    "DELETE FROM desk_elsewhere",
    "DELETE FROM openid_request",
    "DELETE FROM page_link",
    "DELETE FROM one_time_code",

    /* What says when it came. */
    "DELETE FROM attendance_mark",
    "DELETE FROM explanation",
    "DELETE FROM authorisation",
    "DELETE FROM located",
    "DELETE FROM answer",
    "DELETE FROM reply",
    "DELETE FROM contact_stop",
    "DELETE FROM absence_lesson",
    "DELETE FROM absence_day",
    "DELETE FROM absence_stale",

    /* Other facts of events. */
    "DELETE FROM register_sync WHERE EXISTS"
    " (SELECT 1 FROM event e WHERE e.type = 'attendance.register.synced' AND"
    "   (e.subject = organisation OR json_extract(e.data, '$.organisation') = organisation))",
    "DELETE FROM event",
    "DELETE FROM hold WHERE event IS NOT NULL",
    "DELETE FROM agreement_signature WHERE event IS NOT NULL",
    "DELETE FROM checkin WHERE event IS NOT NULL",
    "DELETE FROM evaluation WHERE event IS NOT NULL",
    "DELETE FROM evaluation_mark WHERE NOT EXISTS"
    " (SELECT 1 FROM evaluation e WHERE e.placement = evaluation_mark.placement AND e.part = "
    "evaluation_mark.part)",
    "DELETE FROM evaluation_word WHERE NOT EXISTS"
    " (SELECT 1 FROM evaluation e WHERE e.placement = evaluation_word.placement AND e.part = "
    "evaluation_word.part)",
    "DELETE FROM certificate WHERE event IS NOT NULL",
    "DELETE FROM placement WHERE event IS NOT NULL",
    "DELETE FROM placement_day WHERE placement NOT IN (SELECT id FROM placement)",
    "DELETE FROM placement_day_change",
    "DELETE FROM placement_change_place",
    "DELETE FROM meeting WHERE event IS NOT NULL",
    "DELETE FROM meeting_participant WHERE meeting NOT IN (SELECT id FROM meeting)",
    "DELETE FROM meeting_day WHERE meeting NOT IN (SELECT id FROM meeting)",
    "DELETE FROM meeting_change",
    "DELETE FROM meeting_item WHERE meeting NOT IN (SELECT id FROM meeting)",
    "DELETE FROM meeting_interpreter WHERE event IS NOT NULL OR meeting NOT IN (SELECT id FROM meeting)",
    "DELETE FROM committee WHERE event IS NOT NULL",
    "DELETE FROM committee_member WHERE committee NOT IN (SELECT id FROM committee)",
    "DELETE FROM project WHERE event IS NOT NULL",
    "DELETE FROM project_organisation WHERE project NOT IN (SELECT id FROM project)",
    "DELETE FROM mentor_pair WHERE event IS NOT NULL",
    "DELETE FROM plan WHERE event IS NOT NULL",
    "DELETE FROM card WHERE event IS NOT NULL",
    "DELETE FROM consent WHERE event IS NOT NULL",
    "DELETE FROM package WHERE event IS NOT NULL",
    "DELETE FROM application WHERE event IS NOT NULL",
    "DELETE FROM study_place WHERE event IS NOT NULL",
    "DELETE FROM transfer_permission WHERE event IS NOT NULL",
    "DELETE FROM survey WHERE event IS NOT NULL",
    "DELETE FROM survey_answer WHERE survey NOT IN (SELECT id FROM survey)",
    "DELETE FROM survey_tally WHERE survey NOT IN (SELECT id FROM survey)",
    "DELETE FROM visit WHERE event IS NOT NULL",
    "DELETE FROM visit_party WHERE visit NOT IN (SELECT id FROM visit)",
    "DELETE FROM case_act WHERE event IS NOT NULL",

};

/* Run with triggers: what follows from the facts that stand, and the marks of a gateway that has just been
 * given its roster. */
static const char *const begin_table[] = {
    "INSERT INTO absence_stale SELECT DISTINCT p.pupil, c.day FROM checkin c JOIN placement p ON p.id = "
    "c.placement"
    " WHERE c.mark = 'absent'",
    "DELETE FROM change",
    "DELETE FROM change_part",
    "INSERT INTO change(kind, subject) SELECT DISTINCT 'pupil', person FROM role WHERE role = 'pupil'"
    " ORDER BY person",
    "INSERT INTO change(kind, subject) SELECT 'placement', id FROM placement ORDER BY id",
    "INSERT INTO change(kind, subject) SELECT 'meeting', id FROM meeting ORDER BY id",
    "INSERT INTO change(kind, subject) SELECT 'application', id FROM application ORDER BY id",
    "INSERT INTO change(kind, subject) SELECT 'survey', id FROM survey ORDER BY id",
    "INSERT INTO change(kind, subject) SELECT 'visit', id FROM visit ORDER BY id",
    "INSERT INTO change(kind, subject) SELECT 'organisation', id FROM organisation ORDER BY id",
    "INSERT INTO change(kind, subject) SELECT DISTINCT 'person', person FROM role WHERE role = 'pupil' ORDER "
    "BY person",
};

/* Facts that were written directly: FACT_COLUMNS of their tables in the order of the insert, the number
 * first. One that an event has got meanwhile is not taken from it. */
#define OWN_NUMBER(table) \
        " SELECT CASE WHEN EXISTS (SELECT 1 FROM " table " WHERE id = ?1) THEN NULL ELSE ?1 END, "

static const struct {
        const char *select, *insert;
        int columns;
} fact_table[] = {
    [PAST_MARK] = {"SELECT id, pupil, day, lesson, place, starts, ends, mark, class, by, received"
                   "  FROM attendance_mark WHERE id = ?",
                   "INSERT INTO attendance_mark(id, pupil, day, lesson, place, starts, ends, mark, class, by,"
                   " received)" OWN_NUMBER("attendance_mark") "?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11",
                   11},
    [PAST_EXPLANATION] = {"SELECT id, pupil, starts, ends, class, by, received FROM explanation WHERE id = ?",
                          "INSERT INTO explanation(id, pupil, starts, ends, class, by, received)" OWN_NUMBER(
                              "explanation") "?2, ?3, ?4, ?5, ?6, ?7",
                          7},
    [PAST_AUTHORISATION] =
        {"SELECT id, pupil, starts, ends, class, by, received"
         "  FROM authorisation WHERE id = ?",
         "INSERT INTO authorisation(id, pupil, starts, ends, class, by, received)" OWN_NUMBER(
             "authorisation") "?2, ?3, ?4, ?5, ?6, ?7",
         7},
    [PAST_LOCATED] = {"SELECT id, pupil, at, place, by, received FROM located WHERE id = ?",
                      "INSERT INTO located(id, pupil, at, place, by, received)" OWN_NUMBER(
                          "located") "?2, ?3, ?4, ?5, ?6",
                      6},
    [PAST_ANSWER] = {"SELECT id, recipient, subject, rule, answer, class, by, at FROM answer WHERE id = ?",
                     "INSERT INTO answer(id, recipient, subject, rule, answer, class, by, at)" OWN_NUMBER(
                         "answer") "?2, ?3, ?4, ?5, ?6, ?7, ?8",
                     8},
};

/* ---- the copy */

static int copy_pages(struct db *from, struct db *to, struct err *err)
{
        sqlite3_backup *backup = sqlite3_backup_init(db_handle(to), "main", db_handle(from), "main");
        int code = SQLITE_NOMEM;

        if (backup) {
                sqlite3_backup_step(backup, COPY_PAGES_ALL);
                code = sqlite3_backup_finish(backup);
        }
        if (code == SQLITE_OK)
                return 0;
        return err_set(err, code == SQLITE_NOMEM ? ERR_NOMEM : ERR_IO, "database: cannot be copied (%s)",
                       sqlite3_errstr(code));
}

int copy_bytes(struct db *from, int64_t *ret_bytes, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, from,
                    "SELECT c.page_count * s.page_size FROM pragma_page_count c, pragma_page_size s", err);
        r = query_row(&q);
        if (r > 0)
                *ret_bytes = column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}

int copy_open(struct db *from, struct db **ret_copy, struct err *err)
{
        struct db *copy = NULL;
        int r = db_open(":memory:", DB_PRIVATE, &copy, err);

        if (r == 0)
                r = copy_pages(from, copy, err);
        if (r == 0)
                r = migrate_run(copy, err); /* FROM may be of an earlier release */
        if (r < 0)
                db_close(copy);
        else
                *ret_copy = copy;
        return r;
}

/* ---- back to the beginning */

static void set_guards(struct db *copy, int on)
{
        sqlite3_db_config(db_handle(copy), SQLITE_DBCONFIG_ENABLE_TRIGGER, on, NULL);
        sqlite3_db_config(db_handle(copy), SQLITE_DBCONFIG_ENABLE_FKEY, on, NULL);
}

static int count_standing(struct db *copy, int64_t *ret_count, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, copy,
                    "SELECT (SELECT count(*) FROM hold) + (SELECT count(*) FROM placement)"
                    " + (SELECT count(*) FROM agreement_signature) + (SELECT count(*) FROM checkin)"
                    " + (SELECT count(*) FROM evaluation) + (SELECT count(*) FROM certificate)"
                    " + (SELECT count(*) FROM meeting) + (SELECT count(*) FROM plan)"
                    " + (SELECT count(*) FROM card) + (SELECT count(*) FROM consent)"
                    " + (SELECT count(*) FROM package) + (SELECT count(*) FROM application)"
                    " + (SELECT count(*) FROM study_place) + (SELECT count(*) FROM transfer_permission)"
                    " + (SELECT count(*) FROM survey) + (SELECT count(*) FROM visit)"
                    " + (SELECT count(*) FROM case_act) + (SELECT count(*) FROM register_sync)",
                    err);
        r = query_row(&q);
        if (r > 0)
                *ret_count = column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}

static int run_all(struct db *copy, const char *const *table, size_t count, struct err *err)
{
        int r = db_begin(copy, err);

        for (size_t i = 0; i < count && r == 0; i++)
                if (sqlite3_exec(db_handle(copy), table[i], NULL, NULL, NULL) != SQLITE_OK)
                        r = err_set(err, ERR_IO, "database: cannot be taken back (%s)",
                                    sqlite3_errmsg(db_handle(copy)));
        if (r == 0)
                return db_commit(copy, err);
        db_rollback(copy);
        return r;
}

int copy_rewind(struct db *copy, int64_t *ret_standing, struct err *err)
{
        int r;

        set_guards(copy, 0);
        r = run_all(copy, rewind_table, ARRAY_SIZE(rewind_table), err);
        set_guards(copy, 1);
        if (r == 0)
                r = run_all(copy, begin_table, ARRAY_SIZE(begin_table), err);
        return r < 0 ? r : count_standing(copy, ret_standing, err);
}

/* ---- the past */

int past_list(struct db *db, int (*each)(void *context, const struct past *past, struct err *err),
              void *context, struct err *err)
{
        struct query q;
        int r;

        /* The numbers are those of enum past_kind. */
        query_start(&q, db,
                    "SELECT 0, seq, received FROM event"
                    " UNION ALL SELECT 1, id, received FROM attendance_mark WHERE event IS NULL"
                    " UNION ALL SELECT 2, id, received FROM explanation WHERE event IS NULL"
                    " UNION ALL SELECT 3, id, received FROM authorisation WHERE event IS NULL"
                    " UNION ALL SELECT 4, id, received FROM located WHERE event IS NULL"
                    " UNION ALL SELECT 5, id, at FROM answer WHERE event IS NULL"
                    " ORDER BY 3, 1, 2",
                    err);
        while ((r = query_row(&q)) > 0) {
                const struct past past = {(enum past_kind)column_int(&q, 0), column_int(&q, 1),
                                          column_int(&q, 2)};

                r = each(context, &past, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

/* The next rows get the numbers that those of this event had. */
static int give_numbers(struct db *copy, int64_t event, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, copy, "UPDATE sqlite_sequence SET seq = ? - 1 WHERE name = 'event'", err);
        query_int(&q, event);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(&q, copy,
                    "UPDATE sqlite_sequence SET seq = (SELECT p.first - 1 FROM temp.past_id p"
                    "                                   WHERE p.event = ?1 AND p.name = sqlite_sequence.name)"
                    " WHERE name IN (SELECT p.name FROM temp.past_id p WHERE p.event = ?1)",
                    err);
        query_int(&q, event);
        return query_run(&q);
}

static int read_event(struct db *from, int64_t seq, char **ret_event, struct err *err)
{
        struct query q;
        char *text;
        int r;

        query_start(&q, from,
                    "SELECT json_object('specversion', '1.0', 'id', id, 'source', source,"
                    "                   'type', 'kapula.' || type, 'subject', subject,"
                    "                   'time', strftime('%Y-%m-%dT%H:%M:%SZ', time, 'unixepoch'),"
                    "                   'data', json(data))"
                    "  FROM event WHERE seq = ?",
                    err);
        query_int(&q, seq);
        r = query_row(&q);
        if (r > 0) {
                text = strdup(column_text(&q, 0));
                r = text ? 0 : err_set(err, ERR_NOMEM, "database: out of memory");
                if (text)
                        *ret_event = text;
        }
        query_end(&q);
        return r;
}

static int put_fact(struct db *from, struct db *copy, const struct past *past, struct err *err)
{
        struct query read, write;
        int r;

        query_start(&read, from, fact_table[past->kind].select, err);
        query_int(&read, past->id);
        r = query_row(&read);
        if (r > 0) {
                query_start(&write, copy, fact_table[past->kind].insert, err);
                for (int i = 0; i < fact_table[past->kind].columns; i++) {
                        if (sqlite3_column_type(read.statement, i) == SQLITE_INTEGER)
                                query_int(&write, column_int(&read, i));
                        else
                                query_text(&write, column_text(&read, i));
                }
                r = query_run(&write);
        }
        query_end(&read);
        return r;
}

int past_play(struct db *from, struct db *copy, const struct past *past, char **ret_event, struct err *err)
{
        int r;

        *ret_event = NULL;
        if (past->kind != PAST_EVENT)
                return put_fact(from, copy, past, err);
        r = give_numbers(copy, past->id, err);
        return r < 0 ? r : read_event(from, past->id, ret_event, err);
}
