#include "store/sandbox.h"
#include "store/db.h"

static int find(struct db *db, const char *key, int64_t *ret_id, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT id FROM sandbox_message WHERE idempotency_key = ?", err);
        query_text(&q, key);
        r = query_row(&q);
        if (r > 0)
                *ret_id = column_int(&q, 0);
        query_end(&q);
        return r;
}

int sandbox_take(struct db *db, int64_t now_utc, const struct sandbox_message *message, int64_t *ret_id,
                 struct err *err)
{
        struct query q;
        int r;

        r = find(db, message->key, ret_id, err);
        if (r != 0)
                return r;
        query_start(&q, db,
                    "INSERT INTO sandbox_message(idempotency_key, channel, recipient, title, text, received)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    err);
        query_text(&q, message->key);
        query_text(&q, message->channel);
        query_text(&q, message->recipient);
        query_text(&q, message->title);
        query_text(&q, message->text);
        query_int(&q, now_utc);
        r = query_run(&q);
        if (r == 0)
                *ret_id = db_last_id(db);
        return r;
}

int sandbox_each(struct db *db, int limit, int (*each)(void *context, const struct sandbox_message *message),
                 void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT id, idempotency_key, channel, recipient, title, text, received FROM sandbox_message"
            " ORDER BY id DESC LIMIT ?",
            err);
        query_int(&q, limit);
        while ((r = query_row(&q)) > 0) {
                struct sandbox_message message = {.id = column_int(&q, 0),
                                                  .key = column_text(&q, 1),
                                                  .channel = column_text(&q, 2),
                                                  .recipient = column_text(&q, 3),
                                                  .title = column_text(&q, 4),
                                                  .text = column_text(&q, 5),
                                                  .received_utc = column_int(&q, 6)};

                r = each(context, &message);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}
