#include "store/notice.h"
#include "base/date.h"
#include "store/budget.h"
#include "store/db.h"

#include <stdio.h>
#include <string.h>

int notice_add(struct db *db, int64_t match, int step, const char *person, const char *template,
               int64_t now_utc, int64_t *ret_id, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "INSERT INTO notice(match, step, person, template, created) VALUES (?, ?, ?, ?, ?)", err);
        query_int(&q, match);
        query_int(&q, step);
        query_text(&q, person);
        query_text(&q, template);
        query_int(&q, now_utc);
        r = query_run(&q);
        if (r == 0)
                *ret_id = db_last_id(db);
        return r;
}

int notice_exists(struct db *db, int64_t match, const char *person, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT 1 FROM notice WHERE match = ? AND person = ?", err);
        query_int(&q, match);
        query_text(&q, person);
        r = query_row(&q);
        query_end(&q);
        return r;
}

int notice_told_since(struct db *db, const char *rule, const char *pupil, const char *person,
                      int64_t since_utc, int64_t not_match, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT 1 FROM rule_match m CROSS JOIN notice n ON n.match = m.id AND n.person = ?3"
                    " CROSS JOIN message_notice mn ON mn.notice = n.id"
                    " CROSS JOIN message g ON g.id = mn.message AND g.state <> 'cancelled'"
                    " WHERE m.pupil = ?2 AND m.rule = ?1 AND m.fired >= ?4 AND m.id <> ?5 LIMIT 1",
                    err);
        query_text(&q, rule);
        query_text(&q, pupil);
        query_text(&q, person);
        query_int(&q, since_utc);
        query_int(&q, not_match);
        r = query_row(&q);
        query_end(&q);
        return r;
}

static int insert_message(struct db *db, const struct new_message *message, int64_t now_utc, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO message(person, channel, address, language, title, text, segments, urgent, "
                    "state, reason,"
                    "                    created, not_before, deadline, changed, digest, cost, payer, month)"
                    "  VALUES (?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, 0), ?8, CASE WHEN ?9 IS NULL THEN 'queued' "
                    "ELSE 'held' END,"
                    "          ?9, ?10, ?11, ?12, ?10, ?13, ?14, nullif(?15, ''), nullif(?16, ''))",
                    err);
        query_text(&q, message->person);
        query_text(&q, message->channel);
        query_text(&q, message->address);
        query_text(&q, message->language);
        query_text(&q, message->title);
        query_text(&q, message->text);
        query_int(&q, message->segments);
        query_int(&q, message->urgent);
        query_text(&q, message->held);
        query_int(&q, now_utc);
        query_int(&q, message->held ? message->not_before : now_utc);
        query_int(&q, message->deadline);
        query_int(&q, message->has_company);
        query_int_or_null(&q, message->has_cost ? message->cost : -1, -1);
        query_text(&q, message->payer);
        query_text(&q, message->month);
        return query_run(&q);
}

/* Whose budget a message to somebody falls on when no rule says it: that of the home's pupil, of the role, of
 * the workplace. 1: known. */
static int find_organisation(struct db *db, const char *person, char ret_organisation[static ID_SIZE],
                             struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT coalesce("
            " (SELECT r.organisation FROM guardian g JOIN role r ON r.person = g.pupil AND r.role = 'pupil'"
            "   WHERE g.guardian = ?1 AND g.ended IS NULL ORDER BY r.first_day DESC LIMIT 1),"
            " (SELECT r.organisation FROM carer c JOIN role r ON r.person = c.pupil AND r.role = 'pupil'"
            "   WHERE c.carer = ?1 AND c.ended IS NULL ORDER BY r.first_day DESC LIMIT 1),"
            " (SELECT r.organisation FROM role r WHERE r.person = ?1 ORDER BY r.first_day DESC LIMIT 1),"
            " (SELECT w.organisation FROM workplace_supervisor s JOIN workplace w ON w.id = s.workplace"
            "   WHERE s.person = ?1 LIMIT 1))",
            err);
        query_text(&q, person);
        r = query_row(&q);
        if (r > 0 && column_is_null(&q, 0))
                r = 0;
        if (r > 0)
                snprintf(ret_organisation, ID_SIZE, "%s", column_text(&q, 0));
        query_end(&q);
        return r;
}

/* The month is that of UTC+2, as where what waited leaves. */
static int weigh_alone(struct db *db, struct new_message *message, int64_t now_utc, struct err *err)
{
        char organisation[ID_SIZE], day[DATE_TEXT_MAX];
        int64_t micros, left;
        int r = strcmp(message->channel, "sms") == 0 ? price_find(db, message->address, &micros, err) : 0;

        if (r <= 0)
                return r;
        message->has_cost = true;
        message->cost = micros * message->segments;
        r = find_organisation(db, message->person, organisation, err);
        if (r <= 0)
                return r;
        date_print((int32_t)((now_utc + 7200) / 86400), day);
        snprintf(message->month, sizeof message->month, "%.7s", day);
        r = budget_find(db, organisation, message->month, message->payer, &left, err);
        if (r <= 0)
                message->month[0] = '\0';
        return r < 0 ? r : 0;
}

int notice_message_alone(struct db *db, const struct new_message *message, int64_t now_utc, struct err *err)
{
        struct new_message weighed = *message;
        int r = weigh_alone(db, &weighed, now_utc, err);

        if (r == 0)
                r = insert_message(db, &weighed, now_utc, err);
        if (r == 0 && weighed.has_cost && weighed.month[0])
                r = budget_spend(db, weighed.payer, weighed.month, weighed.cost, now_utc, err);
        return r;
}

int notice_message_add(struct db *db, int64_t notice, const struct new_message *message, int64_t now_utc,
                       int64_t *ret_id, struct err *err)
{
        struct query q;
        int64_t id;
        int r;

        r = insert_message(db, message, now_utc, err);
        if (r < 0)
                return r;
        id = db_last_id(db);
        query_start(&q, db, "INSERT INTO message_notice(message, notice, channel) VALUES (?, ?, ?)", err);
        query_int(&q, id);
        query_int(&q, notice);
        query_text(&q, message->channel);
        r = query_run(&q);
        if (r == 0 && message->has_cost && message->month[0])
                r = budget_spend(db, message->payer, message->month, message->cost, now_utc, err);
        if (r == 0)
                *ret_id = id;
        return r;
}

int notice_origins(struct db *db, int64_t message,
                   int (*each)(void *context, const struct message_origin *origin, struct err *err),
                   void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT m.rule, m.subject, m.key, mn.title, mn.text FROM message_notice mn JOIN notice n "
                    "ON n.id = mn.notice"
                    "  JOIN rule_match m ON m.id = n.match WHERE mn.message = ? ORDER BY n.id",
                    err);
        query_int(&q, message);
        while ((r = query_row(&q)) > 0) {
                struct message_origin origin = {column_text(&q, 0), column_text(&q, 1), column_text(&q, 2),
                                                column_text(&q, 3), column_text(&q, 4)};

                r = each(context, &origin, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int suppression_add(struct db *db, int64_t match, const char *person, const char *reason, const char *detail,
                    int64_t now_utc, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "INSERT INTO suppression(match, person, reason, at, detail) VALUES (?, ?, ?, ?, ?)"
                    " ON CONFLICT DO NOTHING",
                    err);
        query_int(&q, match);
        query_text(&q, person);
        query_text(&q, reason);
        query_int(&q, now_utc);
        query_text(&q, detail);
        r = query_run(&q);
        return r < 0 ? r : db_changes(db) > 0;
}

/* Whose part ended while a message of theirs waited is told nothing more. The day is that of UTC+2: messages
 * wait for the morning, when it is the same day in every zone that is served. */
static int cancel_ended(struct db *db, int64_t now_utc, struct err *err)
{
        char day[DATE_TEXT_MAX];
        struct query q;

        date_print((int32_t)((now_utc + 7200) / 86400), day);
        query_start(
            &q, db,
            "UPDATE message SET state = 'cancelled', reason = 'ended', changed = ?1"
            " WHERE state = 'held' AND not_before <= ?1"
            "   AND EXISTS (SELECT 1 FROM role r WHERE r.person = message.person AND r.last_day < ?2)"
            "   AND NOT EXISTS (SELECT 1 FROM role r WHERE r.person = message.person"
            "                      AND (r.last_day IS NULL OR r.last_day >= ?2))"
            "   AND NOT EXISTS (SELECT 1 FROM guardian g WHERE g.guardian = message.person AND g.ended IS "
            "NULL)"
            "   AND NOT EXISTS (SELECT 1 FROM carer c WHERE c.carer = message.person AND c.ended IS NULL)"
            "   AND NOT EXISTS (SELECT 1 FROM workplace_supervisor s WHERE s.person = message.person)",
            err);
        query_int(&q, now_utc);
        query_text(&q, day);
        return query_run(&q);
}

int notice_release(struct db *db, int64_t now_utc, struct err *err)
{
        struct query q;
        int r = cancel_ended(db, now_utc, err);

        if (r < 0)
                return r;
        query_start(&q, db,
                    "UPDATE message SET state = 'queued', reason = NULL, changed = ?1"
                    " WHERE state = 'held' AND reason IS NOT 'confirmation' AND not_before <= ?1"
                    "   AND (deadline IS NULL OR deadline > ?1)",
                    err);
        query_int(&q, now_utc);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(
            &q, db,
            "UPDATE message SET state = 'queued', reason = NULL, not_before = ?1, changed = ?1"
            " WHERE state = 'held' AND reason IN ('confirmation', 'fuse') AND (deadline IS NULL OR deadline "
            "> ?1) AND "
            "EXISTS ("
            "   SELECT 1 FROM message_notice mn JOIN notice n ON n.id = mn.notice JOIN rule_match m ON m.id "
            "= n.match"
            "     CROSS JOIN answer a INDEXED BY answer_confirmed"
            "        ON a.answer = 'confirmed' AND a.at >= n.created"
            "      AND (a.subject = m.subject OR a.subject = m.pupil OR message.reason = 'fuse')"
            "      AND (a.rule = '' OR a.rule = m.rule) AND (a.recipient = '' OR a.recipient = n.person)"
            "    WHERE mn.message = message.id)",
            err);
        query_int(&q, now_utc);
        return query_run(&q);
}

int notice_next_release(struct db *db, int64_t *ret_utc, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT min(not_before) FROM message WHERE state = 'held'", err);
        r = query_row(&q);
        if (r > 0)
                *ret_utc = column_int_or(&q, 0, INT64_MAX);
        query_end(&q);
        return r < 0 ? r : 0;
}
