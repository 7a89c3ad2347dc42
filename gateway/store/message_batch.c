#include "store/message_batch.h"
#include "base/buf.h"
#include "store/db.h"
#include "store/receipt.h"

#include <inttypes.h>
#include <string.h>

#define BATCH_MAX 512                                                    /* messages in one statement */
#define BATCH_MAX_BYTES (BATCH_MAX * (MESSAGE_PROVIDER_ID_MAX + 32) + 3) /* {"ID":"PROVIDER_ID",…} */
#define BATCH_MIN 4 /* fewer alike are not worth their JSON */

/* ---- leases */

static int open_attempts(struct db *db, int64_t now_utc, const char *json, const char *provider,
                         struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO attempt(message, number, provider, started)"
                    " SELECT CAST(key AS INTEGER), value, ?1, ?2 FROM json_each(?3)",
                    err);
        query_text(&q, provider);
        query_int(&q, now_utc);
        query_text(&q, json);
        return query_run(&q);
}

static int lease_some(struct db *db, int64_t now_utc, const struct message *messages, size_t count,
                      const char *provider, struct err *err)
{
        _cleanup_(buf_fini) struct buf json;
        struct query q;
        int r;

        buf_init(&json, BATCH_MAX_BYTES);
        for (size_t i = 0; i < count; i++)
                buf_addf(&json, "%c\"%" PRId64 "\":%d", i ? ',' : '{', messages[i].id, messages[i].attempt);
        buf_addc(&json, '}');
        if (buf_error(&json))
                return err_set(err, ERR_NOMEM, "database: out of memory");
        query_start(&q, db,
                    "UPDATE message SET state = 'leased', reason = NULL, attempts = attempts + 1, changed = ?"
                    " WHERE id IN (SELECT CAST(key AS INTEGER) FROM json_each(?))",
                    err);
        query_int(&q, now_utc);
        query_text(&q, buf_text(&json));
        r = query_run(&q);
        return r < 0 ? r : open_attempts(db, now_utc, buf_text(&json), provider, err);
}

int message_lease(struct db *db, int64_t now_utc, const struct message *messages, size_t count,
                  const char *provider, struct err *err)
{
        int r = 0;

        for (size_t at = 0; at < count && r == 0; at += BATCH_MAX)
                r = lease_some(db, now_utc, messages + at, count - at < BATCH_MAX ? count - at : BATCH_MAX,
                               provider, err);
        return r;
}

/* ---- outcomes */

static bool is_same(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}

/* Taken by the provider, whose id for it stands in JSON as it is. */
static bool is_plain(const struct message_outcome *outcome)
{
        if (outcome->outcome != ATTEMPT_ACCEPTED || outcome->fate.next != MESSAGE_ACCEPTED)
                return false;
        for (const char *c = outcome->provider_id; *c; c++)
                if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\')
                        return false;
        return true;
}

static bool is_alike(const struct message_outcome *a, const struct message_outcome *b)
{
        return a->attempt == b->attempt && a->status == b->status && a->fate.poll_at == b->fate.poll_at &&
               is_same(a->fate.reason, b->fate.reason) && strcmp(a->provider, b->provider) == 0 &&
               strcmp(a->detail, b->detail) == 0 && is_plain(b);
}

static size_t count_alike(const struct message_outcome *const *outcomes, size_t count)
{
        size_t alike = 1;

        if (!is_plain(outcomes[0]))
                return 1;
        while (alike < count && alike < BATCH_MAX && is_alike(outcomes[0], outcomes[alike]))
                alike++;
        return alike;
}

static int end_attempts(struct db *db, int64_t now_utc, const struct message_outcome *outcome,
                        const char *json, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE attempt SET ended = ?, outcome = ?, status = ?, detail = ?"
                    " WHERE message IN (SELECT CAST(key AS INTEGER) FROM json_each(?)) AND number = ?"
                    "   AND ended IS NULL",
                    err);
        query_int(&q, now_utc);
        query_text(&q, attempt_outcome_name(outcome->outcome));
        query_int_or_null(&q, outcome->status, 0);
        query_text(&q, outcome->detail[0] ? outcome->detail : NULL);
        query_text(&q, json);
        query_int(&q, outcome->attempt);
        return query_run(&q);
}

static int move_messages(struct db *db, int64_t now_utc, const struct message_outcome *outcome,
                         const char *json, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE message SET state = ?, reason = ?, changed = ?, provider = ?,"
                    "                   provider_id = j.value, poll_at = ?"
                    "  FROM json_each(?) j WHERE message.id = CAST(j.key AS INTEGER) AND state = 'leased'",
                    err);
        query_text(&q, message_state_name(outcome->fate.next));
        query_text(&q, outcome->fate.reason);
        query_int(&q, now_utc);
        query_text(&q, outcome->provider);
        query_int_or_null(&q, outcome->fate.poll_at, 0);
        query_text(&q, json);
        return query_run(&q);
}

/* Receipts overtook some answers: of those only the provider's id is still news. */
static int note_providers(struct db *db, const struct message_outcome *outcome, const char *json,
                          struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE message SET provider = ?, provider_id = j.value FROM json_each(?) j"
                    " WHERE message.id = CAST(j.key AS INTEGER) AND j.value IS NOT NULL"
                    "   AND provider_id IS NULL",
                    err);
        query_text(&q, outcome->provider);
        query_text(&q, json);
        return query_run(&q);
}

static int note_early(struct db *db, int64_t now_utc, const struct message_outcome *const *outcomes,
                      size_t count, struct err *err)
{
        int r = receipt_any_early(db, err);

        if (r <= 0)
                return r;
        r = 0;
        for (size_t i = 0; i < count && r == 0; i++)
                if (outcomes[i]->provider_id[0])
                        r = receipt_note_early(db, now_utc, outcomes[i]->provider, outcomes[i]->provider_id,
                                               err);
        return r;
}

static int note_alike(struct db *db, int64_t now_utc, const struct message_outcome *const *outcomes,
                      size_t count, struct err *err)
{
        const struct message_outcome *first = outcomes[0];
        _cleanup_(buf_fini) struct buf json;
        int r;

        buf_init(&json, BATCH_MAX_BYTES);
        for (size_t i = 0; i < count; i++) {
                bool has_id = outcomes[i]->provider_id[0];

                buf_addf(&json, has_id ? "%c\"%" PRId64 "\":\"%s\"" : "%c\"%" PRId64 "\":null%s",
                         i ? ',' : '{', outcomes[i]->message, outcomes[i]->provider_id);
        }
        buf_addc(&json, '}');
        if (buf_error(&json))
                return err_set(err, ERR_NOMEM, "database: out of memory");
        r = end_attempts(db, now_utc, first, buf_text(&json), err);
        if (r == 0)
                r = move_messages(db, now_utc, first, buf_text(&json), err);
        if (r == 0 && (size_t)db_changes(db) < count)
                r = note_providers(db, first, buf_text(&json), err);
        return r < 0 ? r : note_early(db, now_utc, outcomes, count, err);
}

int message_outcomes(struct db *db, int64_t now_utc, const struct message_outcome *const *outcomes,
                     size_t count, struct err *err)
{
        size_t at = 0, alike;
        int r = 0;

        while (at < count && r == 0) {
                alike = count_alike(outcomes + at, count - at);
                if (alike < BATCH_MIN)
                        alike = 1;
                if (alike > 1)
                        r = note_alike(db, now_utc, outcomes + at, alike, err);
                else
                        r = message_outcome(db, now_utc, outcomes[at], err);
                at += alike;
        }
        return r;
}
