#include "store/receipt.h"
#include "store/contact.h"
#include "store/db.h"

#include <stdio.h>
#include <string.h>

#define AGAIN_MAX_SECONDS 900
#define DETAIL_MAX 160 /* bytes of a provider's code */

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

/* The message and round that RECEIPT is of; 0 when there is none. */
static int find_message(struct db *db, const struct receipt *receipt, int64_t *ret_message,
                        int64_t *ret_round, struct err *err)
{
        struct query q;
        int r;

        /* By our own id the provider must be one that was asked: a webhook speaks for its provider alone. */
        if (receipt->message) {
                query_start(&q, db,
                            "SELECT message, ?3 FROM attempt WHERE message = ?1 AND provider = ?2 LIMIT 1",
                            err);
                query_int(&q, receipt->message);
                query_text(&q, receipt->provider);
                query_int(&q, receipt->round);
        } else {
                query_start(&q, db,
                            "SELECT id, round FROM message WHERE provider = ?1 AND provider_id = ?2"
                            " UNION ALL"
                            " SELECT message, round FROM earlier_id WHERE provider = ?1 AND provider_id = ?2"
                            " LIMIT 1",
                            err);
                query_text(&q, receipt->provider);
                query_text(&q, receipt->provider_id);
        }
        r = query_row(&q);
        if (r > 0) {
                *ret_message = column_int(&q, 0);
                *ret_round = column_int(&q, 1);
        }
        query_end(&q);
        return r;
}

/* Can the answer that names this receipt's message still come? */
static int may_be_early(struct db *db, const struct receipt *receipt, struct err *err)
{
        struct query q;
        int r;

        if (receipt->message || !receipt->provider_id)
                return 0;
        query_start(&q, db,
                    "SELECT 1 FROM message m JOIN attempt a ON a.message = m.id AND a.number = m.attempts"
                    " WHERE m.state = 'leased' AND a.provider = ?1 AND a.ended IS NULL"
                    "   AND (SELECT count(*) FROM early_receipt) < ?2 LIMIT 1",
                    err);
        query_text(&q, receipt->provider);
        query_int(&q, RECEIPT_EARLY_MAX);
        r = query_row(&q);
        query_end(&q);
        return r;
}

static int keep_early(struct db *db, int64_t now_utc, const struct receipt *receipt, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "DELETE FROM early_receipt WHERE received < ?", err);
        query_int(&q, now_utc - RECEIPT_EARLY_SECONDS);
        r = query_run(&q);
        if (r == 0)
                r = may_be_early(db, receipt, err);
        if (r == 0)
                return err_set(err, ERR_NOT_FOUND,
                               "receipt: no message of %s has this id: send the receipt again later",
                               receipt->provider);
        if (r < 0)
                return r;
        query_start(
            &q, db,
            "INSERT INTO early_receipt(provider, provider_id, status, detail, at, received, bad_address)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            err);
        query_text(&q, receipt->provider);
        query_text(&q, receipt->provider_id);
        query_text(&q, status_names[receipt->status]);
        query_text(&q, receipt->detail);
        query_int_or_null(&q, receipt->at, RECEIPT_NO_TIME);
        query_int(&q, now_utc);
        query_int(&q, receipt->is_bad_address);
        r = query_run(&q);
        return r < 0 ? r : RECEIPT_EARLY;
}

static int insert_receipt(struct db *db, int64_t now_utc, int64_t message, int64_t round,
                          const struct receipt *receipt, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "INSERT INTO receipt(message, status, detail, at, received, round)"
                    " SELECT ?1, ?2, ?3, ?4, ?5, ?7"
                    "  WHERE NOT (?6 AND EXISTS (SELECT 1 FROM receipt"
                    "                             WHERE message = ?1 AND status = ?2 AND round = ?7))"
                    " ON CONFLICT DO NOTHING",
                    err);
        query_int(&q, message);
        query_text(&q, status_names[receipt->status]);
        query_text(&q, receipt->detail);
        query_int(&q, receipt->at == RECEIPT_NO_TIME ? now_utc : receipt->at);
        query_int(&q, now_utc);
        query_int(&q, receipt->at == RECEIPT_NO_TIME); /* then the same status is the same receipt */
        query_int(&q, round);
        r = query_run(&q);
        if (r < 0)
                return r;
        return db_changes(db) ? 0 : RECEIPT_KNOWN;
}

/* Keeps the id that the provider has given, since its receipts may still come. */
static int keep_id(struct db *db, int64_t message, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO earlier_id(provider, provider_id, message, round)"
                    " SELECT provider, provider_id, id, round FROM message"
                    "  WHERE id = ? AND provider IS NOT NULL AND provider_id IS NOT NULL"
                    " ON CONFLICT DO NOTHING",
                    err);
        query_int(&q, message);
        return query_run(&q);
}

/* Ready again for any provider, under a new key; failed where that would be too late. */
static int begin_anew(struct db *db, int64_t now_utc, int64_t message, int64_t round, struct err *err)
{
        int64_t wait = RECEIPT_AGAIN_SECONDS;
        struct query q;
        int r = keep_id(db, message, err);

        if (r < 0)
                return r;
        for (int64_t i = 0; i < round && wait < AGAIN_MAX_SECONDS; i++)
                wait *= 2;
        query_start(
            &q, db,
            "UPDATE message SET state = CASE WHEN ifnull(deadline <= ?3, 0) THEN 'failed' ELSE 'retry' END,"
            "   reason = CASE WHEN ifnull(deadline <= ?3, 0) THEN 'receipt' ELSE 'temporary-failure' END,"
            "   not_before = ?3, changed = ?1, poll_at = NULL,"
            "   provider = CASE WHEN ifnull(deadline <= ?3, 0) THEN provider END,"
            "   provider_id = CASE WHEN ifnull(deadline <= ?3, 0) THEN provider_id END,"
            "   round = CASE WHEN ifnull(deadline <= ?3, 0) THEN round ELSE round + 1 END"
            " WHERE id = ?2 AND round = ?4 AND (state = 'accepted' OR state = 'unknown')",
            err);
        query_int(&q, now_utc);
        query_int(&q, message);
        query_int(&q, now_utc + (wait < AGAIN_MAX_SECONDS ? wait : AGAIN_MAX_SECONDS));
        query_int(&q, round);
        return query_run(&q);
}

static int move_by_receipt(struct db *db, int64_t now_utc, int64_t message, int64_t round,
                           enum receipt_status status, struct err *err)
{
        struct query q;

        if (status == RECEIPT_TEMPORARY)
                return begin_anew(db, now_utc, message, round, err);
        if (status == RECEIPT_DELIVERED)
                query_start(
                    &q, db,
                    "UPDATE message SET state = 'delivered', reason = NULL, changed = ?1, poll_at = NULL"
                    " WHERE id = ?2 AND state NOT IN ('delivered', 'queued', 'held') AND round >= ?3",
                    err);
        else
                query_start(
                    &q, db,
                    "UPDATE message SET state = 'failed', reason = 'receipt', changed = ?1, poll_at = NULL"
                    " WHERE id = ?2 AND (state IN ('accepted', 'unknown', 'leased')"
                    "                   OR (state = 'retry' AND provider IS NOT NULL)) AND round = ?3",
                    err);
        query_int(&q, now_utc);
        query_int(&q, message);
        query_int(&q, round);
        return query_run(&q);
}

/* Nothing will ever arrive there: the address is not used again. */
static int mark_bad(struct db *db, int64_t now_utc, int64_t message, const struct receipt *receipt,
                    struct err *err)
{
        const bool is_complaint = receipt->detail && strcasestr(receipt->detail, "complain");
        int r = contact_mark_message(db, message, is_complaint ? "complained" : "blocked", now_utc, err);

        return r < 0 ? r : 0;
}

int receipt_note(struct db *db, int64_t now_utc, const struct receipt *receipt, struct err *err)
{
        int64_t message, round;
        int r = find_message(db, receipt, &message, &round, err);

        if (r == 0)
                return keep_early(db, now_utc, receipt, err);
        if (r > 0)
                r = insert_receipt(db, now_utc, message, round, receipt, err);
        if (r == 0)
                r = move_by_receipt(db, now_utc, message, round, receipt->status, err);
        if (r == 0 && receipt->is_bad_address)
                r = mark_bad(db, now_utc, message, receipt, err);
        return r;
}

/* Takes the oldest that was kept for this id out of the table; 0 when there is none. */
static int take_early(struct db *db, const char *provider, const char *provider_id, struct receipt *receipt,
                      char *detail, size_t size, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "DELETE FROM early_receipt WHERE id = (SELECT min(id) FROM early_receipt"
                    " WHERE provider = ? AND provider_id = ?) RETURNING status, detail, ifnull(at, received),"
                    " bad_address",
                    err);
        query_text(&q, provider);
        query_text(&q, provider_id);
        r = query_row(&q);
        if (r > 0) {
                *receipt = (struct receipt){.provider = provider,
                                            .provider_id = provider_id,
                                            .at = column_int(&q, 2),
                                            .is_bad_address = column_int(&q, 3)};
                receipt_status_parse(column_text(&q, 0), &receipt->status);
                snprintf(detail, size, "%s", column_text(&q, 1) ? column_text(&q, 1) : "");
                receipt->detail = detail[0] ? detail : NULL;
        }
        query_end(&q);
        return r;
}

/* Is anything kept for this id? Asked after every accepted message, so it must be cheap. */
static int has_early(struct db *db, const char *provider, const char *provider_id, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT 1 FROM early_receipt WHERE provider = ? AND provider_id = ? LIMIT 1",
                    err);
        query_text(&q, provider);
        query_text(&q, provider_id);
        r = query_row(&q);
        query_end(&q);
        return r;
}

int receipt_any_early(struct db *db, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT 1 FROM early_receipt LIMIT 1", err);
        r = query_row(&q);
        query_end(&q);
        return r;
}

int receipt_note_early(struct db *db, int64_t now_utc, const char *provider, const char *provider_id,
                       struct err *err)
{
        char detail[DETAIL_MAX];
        struct receipt receipt;
        int r = has_early(db, provider, provider_id, err);

        if (r <= 0)
                return r;
        while ((r = take_early(db, provider, provider_id, &receipt, detail, sizeof detail, err)) > 0) {
                r = receipt_note(db, now_utc, &receipt, err);
                if (r == ERR_NOT_FOUND || r == RECEIPT_EARLY)
                        return 0; /* the answer that named the id gave it to no message */
                if (r < 0)
                        return r;
        }
        return r;
}

int receipt_note_recipient(struct db *db, const char *person, const char *channel, enum receipt_status status,
                           int64_t at_utc, struct err *err)
{
        struct receipt receipt = {.provider = "simulated", .status = status, .at = at_utc};
        int64_t message = 0, round = 0;
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT id, round FROM message WHERE person = ? AND channel = ? AND attempts > 0"
                    " ORDER BY state = 'accepted' DESC, id DESC LIMIT 1",
                    err);
        query_text(&q, person);
        query_text(&q, channel);
        r = query_row(&q);
        if (r > 0) {
                message = column_int(&q, 0);
                round = column_int(&q, 1);
        }
        query_end(&q);
        if (r == 0)
                return err_set(err, ERR_NOT_FOUND,
                               "receipt: %s was sent nothing by %s before it: check its time", person,
                               channel);
        if (r > 0)
                r = insert_receipt(db, at_utc, message, round, &receipt, err);
        if (r == 0)
                r = move_by_receipt(db, at_utc, message, round, status, err);
        return r;
}
