#include "store/receipt.h"
#include "store/db.h"

#include <string.h>

static const char *const status_names[] = {
    [RECEIPT_DELIVERED] = "delivered",
    [RECEIPT_FAILED] = "failed",
    [RECEIPT_TEMPORARY] = "temporary",
};

bool receipt_status_parse(const char *name, enum receipt_status *ret_status)
{
        for (size_t i = 0; i < ARRAY_SIZE(status_names); i++) {
                if (strcmp(status_names[i], name))
                        continue;
                *ret_status = (enum receipt_status)i;
                return true;
        }
        return false;
}

static int find_message(struct db *db, const struct receipt *receipt, int64_t *ret_message, struct err *err)
{
        struct query q;
        int r;

        /* By our own id the provider must be one that was asked: a webhook speaks for its provider alone. */
        if (receipt->message) {
                query_start(&q, db, "SELECT message FROM attempt WHERE message = ? AND provider = ? LIMIT 1",
                            err);
                query_int(&q, receipt->message);
                query_text(&q, receipt->provider);
        } else {
                query_start(&q, db, "SELECT id FROM message WHERE provider = ? AND provider_id = ?", err);
                query_text(&q, receipt->provider);
                query_text(&q, receipt->provider_id);
        }
        r = query_row(&q);
        if (r > 0)
                *ret_message = column_int(&q, 0);
        query_end(&q);
        if (r == 0)
                return err_set(err, ERR_NOT_FOUND,
                               "receipt: no message of %s has this id: send the receipt again later",
                               receipt->provider);
        return r < 0 ? r : 0;
}

static int insert_receipt(struct db *db, int64_t now_utc, int64_t message, const struct receipt *receipt,
                          struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "INSERT INTO receipt(message, status, detail, at, received)"
                    " SELECT ?1, ?2, ?3, ?4, ?5"
                    "  WHERE NOT (?6 AND EXISTS (SELECT 1 FROM receipt WHERE message = ?1 AND status = ?2))"
                    " ON CONFLICT DO NOTHING",
                    err);
        query_int(&q, message);
        query_text(&q, status_names[receipt->status]);
        query_text(&q, receipt->detail);
        query_int(&q, receipt->at == RECEIPT_NO_TIME ? now_utc : receipt->at);
        query_int(&q, now_utc);
        query_int(&q, receipt->at == RECEIPT_NO_TIME); /* then the same status is the same receipt */
        r = query_run(&q);
        if (r < 0)
                return r;
        return db_changes(db) ? 0 : RECEIPT_KNOWN;
}

static int move_by_receipt(struct db *db, int64_t now_utc, int64_t message, enum receipt_status status,
                           struct err *err)
{
        struct query q;

        if (status == RECEIPT_TEMPORARY)
                return 0;
        if (status == RECEIPT_DELIVERED)
                query_start(&q, db,
                            "UPDATE message SET state = 'delivered', reason = NULL, changed = ?"
                            " WHERE id = ? AND state NOT IN ('delivered', 'queued', 'held')",
                            err);
        else
                query_start(&q, db,
                            "UPDATE message SET state = 'failed', reason = 'receipt', changed = ?"
                            " WHERE id = ? AND (state IN ('accepted', 'unknown', 'leased')"
                            "                   OR (state = 'retry' AND provider IS NOT NULL))",
                            err);
        query_int(&q, now_utc);
        query_int(&q, message);
        return query_run(&q);
}

int receipt_note(struct db *db, int64_t now_utc, const struct receipt *receipt, struct err *err)
{
        int64_t message;
        int r = find_message(db, receipt, &message, err);

        if (r == 0)
                r = insert_receipt(db, now_utc, message, receipt, err);
        if (r == 0)
                r = move_by_receipt(db, now_utc, message, receipt->status, err);
        return r;
}

int receipt_note_recipient(struct db *db, const char *person, const char *channel, enum receipt_status status,
                           int64_t at_utc, struct err *err)
{
        struct receipt receipt = {.provider = "simulated", .status = status, .at = at_utc};
        int64_t message = 0;
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT id FROM message WHERE person = ? AND channel = ? AND attempts > 0"
                    " ORDER BY state = 'accepted' DESC, id DESC LIMIT 1",
                    err);
        query_text(&q, person);
        query_text(&q, channel);
        r = query_row(&q);
        if (r > 0)
                message = column_int(&q, 0);
        query_end(&q);
        if (r == 0)
                return err_set(err, ERR_NOT_FOUND,
                               "receipt: %s was sent nothing by %s before it: check its time", person,
                               channel);
        if (r > 0)
                r = insert_receipt(db, at_utc, message, &receipt, err);
        if (r == 0)
                r = move_by_receipt(db, at_utc, message, status, err);
        return r;
}
