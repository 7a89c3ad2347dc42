#include "store/notice_digest.h"
#include "store/db.h"
#include "store/notice.h"

#include <string.h>

int notice_digest_find(struct db *db, const struct new_message *message, int64_t now_utc, int max_bytes,
                       int64_t *ret_message, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT g.id FROM (SELECT * FROM message WHERE person = ?1 ORDER BY id DESC LIMIT 64) g"
            " WHERE g.channel = ?2 AND g.language = ?3 AND g.digest > 0 AND g.state = 'queued'"
            "   AND g.attempts = 0 AND g.changed = ?4 AND length(g.text) < ?5 ORDER BY g.id DESC LIMIT 1",
            err);
        query_text(&q, message->person);
        query_text(&q, message->channel);
        query_text(&q, message->language);
        query_int(&q, now_utc);
        query_int(&q, max_bytes);
        r = query_row(&q);
        if (r > 0)
                *ret_message = column_int(&q, 0);
        query_end(&q);
        return r;
}

/* The whole text of a message that stood alone becomes its notice's part. */
static int keep_part(struct db *db, int64_t message, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "UPDATE message_notice SET (title, text) = (SELECT title, text FROM message WHERE id = ?1)"
            " WHERE message = ?1 AND text IS NULL",
            err);
        query_int(&q, message);
        return query_run(&q);
}

static int note_size(struct db *db, int64_t message, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE message SET digest = (SELECT count(*) FROM message_notice WHERE message = ?1) "
                    "WHERE id = ?1",
                    err);
        query_int(&q, message);
        return query_run(&q);
}

int notice_digest_add(struct db *db, int64_t into, int64_t notice, const struct new_message *message,
                      struct err *err)
{
        struct query q;
        int r = keep_part(db, into, err);

        if (r < 0)
                return r;
        query_start(
            &q, db,
            "INSERT INTO message_notice(message, notice, channel, title, text) VALUES (?, ?, ?, ?, ?)", err);
        query_int(&q, into);
        query_int(&q, notice);
        query_text(&q, message->channel);
        query_text(&q, message->title);
        query_text(&q, message->text);
        r = query_run(&q);
        return r < 0 ? r : note_size(db, into, err);
}

/* ---- when quiet hours are over */

/* Messages that become one, in the order in which they were written. */
struct gathering {
        int64_t items[DIGEST_MAX];
        int count;
        bool is_sms;
};

static int find_gathering(struct db *db, int64_t now_utc, int sms_max_bytes, int email_max_bytes,
                          struct gathering *gathering, struct err *err)
{
        struct query q;
        int64_t bytes = 0;
        int r;

        query_start(&q, db,
                    "WITH due AS (SELECT id, person, channel, language, length(text) AS bytes FROM message"
                    "              WHERE state = 'held' AND reason = 'quiet-hours' AND digest = 1 AND "
                    "not_before <= ?1"
                    "                AND (deadline IS NULL OR deadline > ?1))"
                    " SELECT d.id, d.bytes, d.channel = 'sms' FROM due d"
                    "  WHERE (d.person, d.channel, d.language) = (SELECT person, channel, language FROM due"
                    "                                              GROUP BY person, channel, language"
                    "                                             HAVING count(*) > 1 LIMIT 1)"
                    " ORDER BY d.id LIMIT ?2",
                    err);
        query_int(&q, now_utc);
        query_int(&q, DIGEST_MAX);
        while ((r = query_row(&q)) > 0) {
                gathering->is_sms = column_int(&q, 2);
                if (gathering->count >= 2 && bytes >= (gathering->is_sms ? sms_max_bytes : email_max_bytes))
                        break;
                bytes += column_int(&q, 1);
                gathering->items[gathering->count++] = column_int(&q, 0);
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

static int take_in(struct db *db, int64_t now_utc, int64_t into, int64_t message, struct err *err)
{
        struct query q;
        int r = keep_part(db, message, err);

        if (r < 0)
                return r;
        query_start(&q, db, "UPDATE message_notice SET message = ? WHERE message = ?", err);
        query_int(&q, into);
        query_int(&q, message);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(
            &q, db,
            "UPDATE message SET deadline = max(deadline, (SELECT deadline FROM message WHERE id = ?2))"
            " WHERE id = ?1",
            err);
        query_int(&q, into);
        query_int(&q, message);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(&q, db,
                    "UPDATE message SET state = 'cancelled', reason = 'digest', changed = ? WHERE id = ?",
                    err);
        query_int(&q, now_utc);
        query_int(&q, message);
        return query_run(&q);
}

int notice_digest_gather(struct db *db, int64_t now_utc, int sms_max_bytes, int email_max_bytes,
                         int64_t *ret_message, bool *ret_is_sms, struct err *err)
{
        struct gathering gathering = {.count = 0};
        int r = find_gathering(db, now_utc, sms_max_bytes, email_max_bytes, &gathering, err);

        if (r < 0 || gathering.count == 0)
                return r;
        r = keep_part(db, gathering.items[0], err);
        for (int i = 1; i < gathering.count && r == 0; i++)
                r = take_in(db, now_utc, gathering.items[0], gathering.items[i], err);
        if (r == 0)
                r = note_size(db, gathering.items[0], err);
        if (r < 0)
                return r;
        *ret_message = gathering.items[0];
        *ret_is_sms = gathering.is_sms;
        return 1;
}

/* ---- parts */

int notice_digest_parts(struct db *db, int64_t message,
                        int (*each)(void *context, const char *title, const char *text, struct err *err),
                        void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT title, text FROM message_notice WHERE message = ? ORDER BY notice", err);
        query_int(&q, message);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), column_text(&q, 1), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int notice_digest_write(struct db *db, int64_t message, const char *title, const char *text, int segments,
                        struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE message SET title = ?2, text = ?3, segments = nullif(?4, 0) WHERE id = ?1", err);
        query_int(&q, message);
        query_text(&q, title);
        query_text(&q, text);
        query_int(&q, segments);
        return query_run(&q);
}
