#include "store/notice_again.h"
#include "store/db.h"
#include "store/match.h"

#include <stdlib.h>
#include <string.h>

void notice_again_fini(struct notice_again *notice)
{
        free(notice->person);
        free(notice->rule);
        free(notice->kind);
        free(notice->subject);
        free(notice->key);
        free(notice->facts);
        *notice = (struct notice_again){0};
}

/* The condition is that of the index message_undelivered, word for word. */
int notice_again_take(struct db *db, int64_t now_utc, int64_t *ret_message, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "UPDATE message SET passed_on = ?"
                    " WHERE id = (SELECT id FROM message INDEXED BY message_undelivered"
                    "              WHERE passed_on IS NULL AND (state = 'rejected' OR state = 'failed')"
                    "              ORDER BY id LIMIT 1) RETURNING id",
                    err);
        query_int(&q, now_utc);
        r = query_row(&q);
        if (r > 0)
                *ret_message = column_int(&q, 0);
        query_end(&q);
        return r;
}

int notice_again_waits(struct db *db, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT 1 FROM message INDEXED BY message_undelivered"
                    " WHERE passed_on IS NULL AND (state = 'rejected' OR state = 'failed') LIMIT 1",
                    err);
        r = query_row(&q);
        query_end(&q);
        return r;
}

static int read_notice(struct query *q, struct notice_again *notice, struct err *err)
{
        char **const texts[] = {&notice->person,  &notice->rule, &notice->kind,
                                &notice->subject, &notice->key,  &notice->facts};

        *notice = (struct notice_again){.id = column_int(q, 0),
                                        .match = column_int(q, 1),
                                        .created = column_int(q, 2),
                                        .expires = column_int_or(q, 3, MATCH_NEVER),
                                        .step = (int)column_int(q, 4),
                                        .is_over = column_int(q, 5)};
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                *texts[i] = strdup(column_text(q, 6 + (int)i));
                if (!*texts[i]) {
                        notice_again_fini(notice);
                        return err_set(err, ERR_NOMEM, "database: out of memory");
                }
        }
        return 1;
}

int notice_again_next(struct db *db, int64_t message, int64_t after, int64_t now_utc,
                      struct notice_again *ret_notice, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT n.id, n.match, n.created, m.expires, n.step,"
                    "       m.state <> 'fired' OR (m.expires IS NOT NULL AND m.expires <= ?3),"
                    "       n.person, m.rule, m.kind, m.subject, m.key, m.facts"
                    "  FROM message_notice mn CROSS JOIN notice n ON n.id = mn.notice"
                    "  JOIN rule_match m ON m.id = n.match"
                    " WHERE mn.message = ?1 AND mn.notice > ?2 AND n.state = 'open'"
                    " ORDER BY mn.notice LIMIT 1",
                    err);
        query_int(&q, message);
        query_int(&q, after);
        query_int(&q, now_utc);
        r = query_row(&q);
        if (r > 0)
                r = read_notice(&q, ret_notice, err);
        query_end(&q);
        return r;
}

int notice_has_channel(struct db *db, int64_t notice, const char *channel, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT 1 FROM message_notice WHERE notice = ? AND channel = ?", err);
        query_int(&q, notice);
        query_text(&q, channel);
        r = query_row(&q);
        query_end(&q);
        return r;
}

int notice_give_up(struct db *db, int64_t notice, struct err *err)
{
        struct query q;

        query_start(&q, db, "UPDATE notice SET state = 'given-up' WHERE id = ? AND state = 'open'", err);
        query_int(&q, notice);
        return query_run(&q);
}
