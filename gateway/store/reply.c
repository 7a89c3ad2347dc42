#include "store/reply.h"

#include <stdio.h>
#include <string.h>

static void keep(struct query *q, int column, char *ret_text, size_t size)
{
        const char *text = column_text(q, column);

        snprintf(ret_text, size, "%s", text ? text : "");
}

static bool is_known(const struct reply_question *questions, int count, const char *pupil)
{
        for (int i = 0; i < count; i++)
                if (strcmp(questions[i].pupil, pupil) == 0)
                        return true;
        return false;
}

int reply_questions(struct db *db, const char *address, int64_t since_utc,
                    struct reply_question ret_questions[static REPLY_QUESTION_MAX], int *ret_count,
                    struct err *err)
{
        struct query q;
        int count = 0, r;

        query_start(&q, db,
                    "SELECT a.person, a.pupil, a.organisation, a.first_name, a.rule, a.message, a.is_open,"
                    "       a.urgent, a.barred"
                    "  FROM contact c CROSS JOIN person p ON p.id = c.person AND p.ended IS NULL"
                    "  JOIN asked_by_sms a ON a.person = c.person AND a.address = c.value"
                    " WHERE c.channel = 'sms' AND c.value = ?1 AND a.asked >= ?2"
                    " ORDER BY a.is_open DESC, a.asked DESC, a.message DESC",
                    err);
        query_text(&q, address);
        query_int(&q, since_utc);
        while ((r = query_row(&q)) > 0 && count < REPLY_QUESTION_MAX) {
                struct reply_question *question = &ret_questions[count];

                if (is_known(ret_questions, count, column_text(&q, 1)))
                        continue;
                keep(&q, 0, question->person, sizeof question->person);
                keep(&q, 1, question->pupil, sizeof question->pupil);
                keep(&q, 2, question->organisation, sizeof question->organisation);
                keep(&q, 3, question->first_name, sizeof question->first_name);
                keep(&q, 4, question->rule, sizeof question->rule);
                question->message = column_int(&q, 5);
                question->is_open = column_int(&q, 6);
                question->urgent = column_int(&q, 7);
                question->is_barred = column_int(&q, 8);
                count++;
        }
        query_end(&q);
        *ret_count = count;
        return r < 0 ? r : 0;
}

static int read_id(struct query *q, char ret_id[static ID_SIZE])
{
        int r = query_row(q);

        if (r > 0 && column_is_null(q, 0))
                r = 0;
        if (r > 0)
                keep(q, 0, ret_id, ID_SIZE);
        query_end(q);
        return r;
}

int reply_person(struct db *db, const char *address, char ret_person[static ID_SIZE], struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT c.person FROM contact c JOIN person p ON p.id = c.person AND p.ended IS NULL"
                    " WHERE c.channel = 'sms' AND c.value = ?1"
                    " ORDER BY (SELECT max(g.id) FROM message g WHERE g.person = c.person AND g.address = ?1)"
                    "          DESC, c.person LIMIT 1",
                    err);
        query_text(&q, address);
        return read_id(&q, ret_person);
}

int reply_organisation(struct db *db, const char *person, char ret_organisation[static ID_SIZE],
                       struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "SELECT coalesce("
            " (SELECT r.organisation FROM role r WHERE r.person = ?1"
            "   ORDER BY r.last_day IS NOT NULL, r.first_day DESC, r.id LIMIT 1),"
            " (SELECT r.organisation FROM guardian g JOIN role r ON r.person = g.pupil AND r.role = 'pupil'"
            "   WHERE g.guardian = ?1 ORDER BY g.ended IS NOT NULL, r.last_day IS NOT NULL, r.first_day DESC,"
            "         r.id LIMIT 1),"
            " (SELECT r.organisation FROM carer k JOIN role r ON r.person = k.pupil AND r.role = 'pupil'"
            "   WHERE k.carer = ?1 ORDER BY r.first_day DESC LIMIT 1),"
            " (SELECT w.organisation FROM workplace_supervisor s JOIN workplace w ON w.id = s.workplace"
            "   WHERE s.person = ?1 LIMIT 1),"
            " (SELECT o.id FROM organisation o WHERE o.parent IS NULL AND o.ended IS NULL ORDER BY o.id "
            "LIMIT 1))",
            err);
        query_text(&q, person);
        return read_id(&q, ret_organisation);
}

int reply_add(struct db *db, const struct reply *row, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "INSERT INTO reply(event, address, person, organisation, answer, pupil, message, state,"
            "                  reason, urgent, at, received)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, CASE WHEN ?8 IS NULL THEN 'done' ELSE 'waiting' END,"
            "         ?8, ?9, ?10, ?11)",
            err);
        query_int(&q, row->event);
        query_text(&q, row->address);
        query_text(&q, row->person);
        query_text(&q, row->organisation);
        query_text(&q, row->answer);
        query_text(&q, row->pupil);
        query_int_or_null(&q, row->message, 0);
        query_text(&q, row->reason);
        query_int(&q, row->urgent);
        query_int(&q, row->at_utc);
        query_int(&q, row->received_utc);
        return query_run(&q);
}

int contact_stop_set(struct db *db, const char *channel, const char *address, int64_t now_utc,
                     struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "INSERT INTO contact_stop(channel, value, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    err);
        query_text(&q, channel);
        query_text(&q, address);
        query_int(&q, now_utc);
        r = query_run(&q);
        return r < 0 ? r : db_changes(db) > 0;
}

int contact_stop_clear(struct db *db, const char *channel, const char *address, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "DELETE FROM contact_stop WHERE channel = ? AND value = ?", err);
        query_text(&q, channel);
        query_text(&q, address);
        r = query_run(&q);
        return r < 0 ? r : db_changes(db) > 0;
}

/* ---- lists */

#define LISTED_COLUMNS                                                                             \
        "r.id, r.at, r.message, r.address, r.person, r.organisation, r.answer, r.state, r.reason," \
        " r.urgent, json_extract(e.data, '$.text')"

static int tell_rows(struct query *q,
                     int (*each)(void *context, const struct reply_listed *reply, struct err *err),
                     void *context, struct err *err)
{
        int r;

        while ((r = query_row(q)) > 0) {
                const struct reply_listed reply = {
                    .id = column_int(q, 0),
                    .at_utc = column_int(q, 1),
                    .message = column_int_or(q, 2, 0),
                    .address = column_text(q, 3),
                    .person = column_text(q, 4),
                    .organisation = column_text(q, 5),
                    .answer = column_text(q, 6),
                    .state = column_text(q, 7),
                    .reason = column_text(q, 8),
                    .urgent = column_int(q, 9),
                    .text = column_text(q, 10),
                };

                r = each(context, &reply, err);
                if (r < 0)
                        break;
        }
        query_end(q);
        return r < 0 ? r : 0;
}

int reply_each(struct db *db, bool all,
               int (*each)(void *context, const struct reply_listed *reply, struct err *err), void *context,
               struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT " LISTED_COLUMNS " FROM reply r LEFT JOIN event e ON e.seq = r.event"
                    " WHERE ?1 OR r.state = 'waiting' ORDER BY r.id",
                    err);
        query_int(&q, all);
        return tell_rows(&q, each, context, err);
}

int reply_each_of(struct db *db, int64_t message,
                  int (*each)(void *context, const struct reply_listed *reply, struct err *err),
                  void *context, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT " LISTED_COLUMNS " FROM reply r LEFT JOIN event e ON e.seq = r.event"
                    " WHERE r.message = ? ORDER BY r.id",
                    err);
        query_int(&q, message);
        return tell_rows(&q, each, context, err);
}

int reply_see(struct db *db, int64_t id, const char *by, int64_t now_utc, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "UPDATE reply SET state = 'seen', seen = ?, seen_by = ? WHERE id = ? AND state = 'waiting'", err);
        query_int(&q, now_utc);
        query_text(&q, by);
        query_int(&q, id);
        r = query_run(&q);
        if (r == 0 && !db_changes(db))
                r = err_set(err, ERR_NOT_FOUND, "replies: no reply %lld waits: see kapula replies list",
                            (long long)id);
        return r;
}
