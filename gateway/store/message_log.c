#include "store/message_log.h"
#include "store/db.h"

#include <inttypes.h>
#include <stdio.h>

#define ROW_QUERY                                                                                            \
        "m.id, m.created, m.changed, m.not_before, m.deadline, m.person, m.channel, m.address, m.language,"  \
        " m.title, m.text, m.state, m.reason, m.provider, m.provider_id, m.segments, m.attempts, m.urgent,"  \
        " (SELECT count(*) FROM message_notice c WHERE c.message = m.id), r.rule, r.subject, m.cost"         \
        "  FROM message m"                                                                                   \
        "  LEFT JOIN notice n ON n.id = (SELECT min(f.notice) FROM message_notice f WHERE f.message = m.id)" \
        "  LEFT JOIN rule_match r ON r.id = n.match "

typedef int (*tell_row_fn)(void *context, const struct message_row *row, struct err *err);

static int tell_rows(struct query *query, tell_row_fn tell, void *context, int64_t *ret_count,
                     struct err *err)
{
        int64_t count = 0;
        int r;

        while ((r = query_row(query)) > 0) {
                struct message_row row = {
                    .id = column_int(query, 0),
                    .created = column_int(query, 1),
                    .changed = column_int(query, 2),
                    .not_before = column_int(query, 3),
                    .deadline = column_int_or(query, 4, MESSAGE_NO_TIME),
                    .person = column_text(query, 5),
                    .channel = column_text(query, 6),
                    .address = column_text(query, 7),
                    .language = column_text(query, 8),
                    .title = column_text(query, 9),
                    .text = column_text(query, 10),
                    .state = column_text(query, 11),
                    .reason = column_text(query, 12),
                    .provider = column_text(query, 13),
                    .provider_id = column_text(query, 14),
                    .segments = (int)column_int_or(query, 15, 0),
                    .attempts = (int)column_int(query, 16),
                    .urgent = column_int(query, 17),
                    .notices = (int)column_int(query, 18),
                    .rule = column_text(query, 19),
                    .subject = column_text(query, 20),
                    .cost = column_int_or(query, 21, -1),
                };

                count++;
                r = tell(context, &row, err);
                if (r < 0)
                        break;
        }
        query_end(query);
        *ret_count = count;
        return r < 0 ? r : 0;
}

int message_log_list(struct db *db, const struct message_filter *filter, tell_row_fn tell, void *context,
                     struct err *err)
{
        int64_t count;
        struct query q;

        if (filter->person)
                query_start(&q, db,
                            "SELECT " ROW_QUERY "WHERE m.person = ?1 AND (?2 IS NULL OR m.state = ?2)"
                            " ORDER BY m.id DESC LIMIT ?3",
                            err);
        else
                query_start(&q, db,
                            "SELECT " ROW_QUERY "WHERE ?1 IS NULL AND (?2 IS NULL OR m.state = ?2)"
                            " ORDER BY m.id DESC LIMIT ?3",
                            err);
        query_text(&q, filter->person);
        query_text(&q, filter->state);
        query_int(&q, filter->limit ? filter->limit : -1);
        return tell_rows(&q, tell, context, &count, err);
}

int message_log_get(struct db *db, int64_t id, tell_row_fn tell, void *context, struct err *err)
{
        int64_t count;
        struct query q;
        int r;

        query_start(&q, db, "SELECT " ROW_QUERY "WHERE m.id = ?", err);
        query_int(&q, id);
        r = tell_rows(&q, tell, context, &count, err);
        if (r == 0 && !count)
                r = err_set(err, ERR_NOT_FOUND, "message %" PRId64 ": there is none: see kapula messages",
                            id);
        return r;
}

int message_log_notices(struct db *db, int64_t message,
                        int (*tell)(void *context, const struct notice_row *row, struct err *err),
                        void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT n.id, n.match, v.first_used, r.due, r.fired, r.expires, n.created, n.step, n.template,"
            "       n.state, r.state, r.reason, r.rule, v.hash, r.kind, r.subject, r.key, r.facts"
            "  FROM message_notice mn JOIN notice n ON n.id = mn.notice"
            "  JOIN rule_match r ON r.id = n.match JOIN rule_version v ON v.id = r.version"
            " WHERE mn.message = ? ORDER BY n.id",
            err);
        query_int(&q, message);
        while ((r = query_row(&q)) > 0) {
                struct notice_row row = {
                    .notice = column_int(&q, 0),
                    .match = column_int(&q, 1),
                    .version_first_used = column_int(&q, 2),
                    .due = column_int(&q, 3),
                    .fired = column_int_or(&q, 4, MESSAGE_NO_TIME),
                    .expires = column_int_or(&q, 5, MESSAGE_NO_TIME),
                    .created = column_int(&q, 6),
                    .step = (int)column_int(&q, 7),
                    .template = column_text(&q, 8),
                    .state = column_text(&q, 9),
                    .match_state = column_text(&q, 10),
                    .match_reason = column_text(&q, 11),
                    .rule = column_text(&q, 12),
                    .version = column_text(&q, 13),
                    .kind = column_text(&q, 14),
                    .subject = column_text(&q, 15),
                    .key = column_text(&q, 16),
                    .facts = column_text(&q, 17),
                };

                r = tell(context, &row, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int message_log_events(struct db *db, int64_t match,
                       int (*tell)(void *context, const struct event_row *row, struct err *err),
                       void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT e.seq, e.time, e.received, e.source, e.id, e.type, e.subject"
                    "  FROM match_event m JOIN event e ON e.seq = m.event WHERE m.match = ? ORDER BY e.seq",
                    err);
        query_int(&q, match);
        while ((r = query_row(&q)) > 0) {
                struct event_row row = {
                    .seq = column_int(&q, 0),
                    .time = column_int(&q, 1),
                    .received = column_int(&q, 2),
                    .source = column_text(&q, 3),
                    .id = column_text(&q, 4),
                    .type = column_text(&q, 5),
                    .subject = column_text(&q, 6),
                };

                r = tell(context, &row, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int message_log_suppressions(struct db *db, int64_t match,
                             int (*tell)(void *context, const struct suppression_row *row, struct err *err),
                             void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT person, reason, at, detail FROM suppression WHERE match = ? ORDER BY id",
                    err);
        query_int(&q, match);
        while ((r = query_row(&q)) > 0) {
                struct suppression_row row = {.person = column_text(&q, 0),
                                              .reason = column_text(&q, 1),
                                              .at = column_int(&q, 2),
                                              .detail = column_text(&q, 3)};

                r = tell(context, &row, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int message_log_replies(struct db *db, int64_t notice,
                        int (*tell)(void *context, const struct reply_row *row, struct err *err),
                        void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT a.answer, a.class, a.by, a.at FROM notice n JOIN rule_match r ON r.id = n.match"
                    "  JOIN answer a ON a.subject = r.subject AND a.rule = r.rule AND a.at >= n.created"
                    " WHERE n.id = ? AND a.recipient = n.person ORDER BY a.id",
                    err);
        query_int(&q, notice);
        while ((r = query_row(&q)) > 0) {
                struct reply_row row = {.answer = column_text(&q, 0),
                                        .class = column_text(&q, 1),
                                        .by = column_text(&q, 2),
                                        .at = column_int(&q, 3)};

                r = tell(context, &row, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int message_log_attempts(struct db *db, int64_t message,
                         int (*tell)(void *context, const struct attempt_row *row, struct err *err),
                         void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT number, status, provider, outcome, detail, started, ended FROM attempt"
                    " WHERE message = ? ORDER BY number",
                    err);
        query_int(&q, message);
        while ((r = query_row(&q)) > 0) {
                struct attempt_row row = {
                    .number = (int)column_int(&q, 0),
                    .status = (int)column_int_or(&q, 1, 0),
                    .provider = column_text(&q, 2),
                    .outcome = column_text(&q, 3),
                    .detail = column_text(&q, 4),
                    .started = column_int(&q, 5),
                    .ended = column_int_or(&q, 6, MESSAGE_NO_TIME),
                };

                r = tell(context, &row, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int message_log_receipts(struct db *db, int64_t message,
                         int (*tell)(void *context, const struct receipt_row *row, struct err *err),
                         void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT status, detail, at, received FROM receipt WHERE message = ? ORDER BY at, id",
                    err);
        query_int(&q, message);
        while ((r = query_row(&q)) > 0) {
                struct receipt_row row = {.status = column_text(&q, 0),
                                          .detail = column_text(&q, 1),
                                          .at = column_int(&q, 2),
                                          .received = column_int(&q, 3)};

                r = tell(context, &row, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int message_log_zone(struct db *db, char ret_name[static MESSAGE_LOG_ZONE_MAX], struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT timezone FROM organisation WHERE parent IS NULL AND timezone IS NOT NULL"
                    " ORDER BY id LIMIT 1",
                    err);
        r = query_row(&q);
        if (r >= 0)
                snprintf(ret_name, MESSAGE_LOG_ZONE_MAX, "%s",
                         r > 0 ? column_text(&q, 0) : "Europe/Helsinki");
        query_end(&q);
        return r < 0 ? r : 0;
}
