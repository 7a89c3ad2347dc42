#include "store/message.h"
#include "store/db.h"
#include "store/due.h"
#include "store/message_batch.h"
#include "store/unsubscribe.h"
#include "store/receipt.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define DIGEST_SECONDS 10 /* that what is not urgent waits, at most */

#define LIST_MAX 100000 /* messages that one list holds */

static const char *const state_names[] = {
    [MESSAGE_QUEUED] = "queued",     [MESSAGE_HELD] = "held",           [MESSAGE_LEASED] = "leased",
    [MESSAGE_ACCEPTED] = "accepted", [MESSAGE_DELIVERED] = "delivered", [MESSAGE_RETRY] = "retry",
    [MESSAGE_UNKNOWN] = "unknown",   [MESSAGE_REJECTED] = "rejected",   [MESSAGE_FAILED] = "failed",
    [MESSAGE_EXPIRED] = "expired",   [MESSAGE_CANCELLED] = "cancelled",
};

static const char *const outcome_names[] = {
    [ATTEMPT_ACCEPTED] = "accepted",
    [ATTEMPT_REJECTED] = "rejected",
    [ATTEMPT_RETRY] = "retry",
    [ATTEMPT_UNKNOWN] = "unknown",
};

const char *message_state_name(enum message_state state)
{
        return state_names[state];
}

bool message_state_parse(const char *name, enum message_state *ret_state)
{
        for (size_t i = 0; i < ARRAY_SIZE(state_names); i++) {
                if (strcmp(state_names[i], name))
                        continue;
                *ret_state = (enum message_state)i;
                return true;
        }
        return false;
}

const char *attempt_outcome_name(enum attempt_outcome outcome)
{
        return outcome_names[outcome];
}

/* ---- lists */

void message_fini(struct message *message)
{
        free(message->person);
        free(message->channel);
        free(message->address);
        free(message->language);
        free(message->text);
        free(message->title);
        free(message->calendar);
        free(message->unsubscribe);
        free(message->organisation);
        free(message->provider);
        free(message->provider_id);
        *message = (struct message){0};
}

void message_list_fini(struct message_list *list)
{
        for (size_t i = 0; i < list->count; i++)
                message_fini(&list->items[i]);
        free(list->items);
        *list = (struct message_list){0};
}

static int copy(struct query *query, int column, char **ret_text, bool *failed)
{
        const char *text = column_text(query, column);

        *ret_text = text ? strdup(text) : NULL;
        *failed = *failed || (text && !*ret_text);
        return 0;
}

/* A row of MESSAGE_COLUMNS, appended. */
#define MESSAGE_COLUMNS                                                                              \
        "id, person, channel, address, language, title, text, provider, urgent, created, deadline, " \
        "attempts,"                                                                                  \
        " round, calendar"

static int append_row(struct query *query, struct message_list *list, struct err *err)
{
        struct message *message, *grown;
        bool failed = false;

        if (list->count == LIST_MAX)
                return err_set(err, ERR_LIMIT, "database: more than %d messages at once", LIST_MAX);
        if (list->count == list->room) {
                size_t room = list->room ? list->room * 2 : 64;

                grown = realloc(list->items, room * sizeof *grown);
                if (!grown)
                        return err_set(err, ERR_NOMEM, "database: out of memory");
                list->items = grown;
                list->room = room;
        }
        message = &list->items[list->count++];
        *message = (struct message){
            .id = column_int(query, 0),
            .urgent = column_int(query, 8),
            .created = column_int(query, 9),
            .deadline = column_int_or(query, 10, MESSAGE_NO_TIME),
            .attempt = (int)column_int(query, 11),
            .round = column_int(query, 12),
        };
        copy(query, 1, &message->person, &failed);
        copy(query, 2, &message->channel, &failed);
        copy(query, 3, &message->address, &failed);
        copy(query, 4, &message->language, &failed);
        copy(query, 5, &message->title, &failed);
        copy(query, 6, &message->text, &failed);
        copy(query, 7, &message->provider, &failed);
        copy(query, 13, &message->calendar, &failed);
        return failed ? err_set(err, ERR_NOMEM, "database: out of memory") : 0;
}

/* Runs to the end, appends each row, ends the query. */
static int append_rows(struct query *query, struct message_list *list, struct err *err)
{
        int r;

        while ((r = query_row(query)) > 0 && (r = append_row(query, list, err)) == 0)
                ;
        query_end(query);
        return r;
}

/* ---- claim and outcome */

/* An ordinary e-mail carries the link that ends such. */
static int add_unsubscribe(struct db *db, struct message *message, struct err *err)
{
        char token[UNSUBSCRIBE_TOKEN_MAX];
        int r = unsubscribe_token(db, message->id, token, err);

        if (r < 0)
                return r;
        message->unsubscribe = strdup(token);
        return message->unsubscribe ? 0 : err_set(err, ERR_NOMEM, "database: out of memory");
}

/* What only some lanes need: the organisation whose sender it is, the time of the first try. */
static int add_claimed(struct query *query, struct message_list *list, struct err *err)
{
        struct message *message;
        bool failed = false;
        int r = append_row(query, list, err);

        if (r < 0)
                return r;
        message = &list->items[list->count - 1];
        copy(query, 14, &message->organisation, &failed);
        message->first_try = column_int_or(query, 15, 0);
        message->attempt++; /* the one that the lease opens */
        return failed ? err_set(err, ERR_NOMEM, "database: out of memory") : 0;
}

/* The rounds of a message share the numbers of its attempts; the first try of a round is the one after the
 * last that was accepted. */
static int claim_class(struct db *db, int64_t now_utc, const struct message_lane *lane, bool urgent,
                       int64_t queued_by, int limit, struct message_list *list, struct err *err)
{
        size_t first = list->count;
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT " MESSAGE_COLUMNS ","
            " CASE WHEN ?9 IS NOT NULL THEN"
            "  (SELECT t.ancestor FROM message_notice mn JOIN notice n ON n.id = mn.notice"
            "     JOIN rule_match r ON r.id = n.match JOIN role o ON o.person = r.pupil AND o.role = 'pupil'"
            "     JOIN organisation_tree t ON t.descendant = o.organisation"
            "    WHERE mn.message = message.id AND t.ancestor IN (SELECT value FROM json_each(?9))"
            "    ORDER BY t.distance LIMIT 1) END,"
            " CASE WHEN provider IS NOT NULL THEN"
            "  (SELECT min(started) FROM attempt a WHERE a.message = message.id"
            "      AND a.number > ifnull((SELECT max(p.number) FROM attempt p WHERE p.message = message.id"
            "                                AND p.outcome = 'accepted'), 0)) END"
            " FROM message"
            " WHERE state IN ('queued', 'retry') AND channel = ?2 AND urgent = ?3"
            "   AND not_before <= ?1 AND (deadline IS NULL OR deadline > ?1) AND changed <= ?10"
            "   AND (provider = ?4 OR (provider IS NULL AND NOT ?5"
            "    AND (?7 IS NULL OR EXISTS (SELECT 1 FROM json_each(?7)"
            "                                WHERE substr(address, 1, length(value)) = value))"
            "    AND (?8 IS NULL OR NOT EXISTS (SELECT 1 FROM json_each(?8)"
            "                                    WHERE substr(address, 1, length(value)) = value))))"
            " ORDER BY not_before, id LIMIT ?6",
            err);
        query_int(&q, now_utc);
        query_text(&q, lane->channel);
        query_int(&q, urgent);
        query_text(&q, lane->provider);
        query_int(&q, lane->pinned_only);
        query_int(&q, limit);
        query_text(&q, lane->takes);
        query_text(&q, lane->leaves);
        query_text(&q, lane->senders);
        query_int(&q, queued_by);
        while ((r = query_row(&q)) > 0 && (r = add_claimed(&q, list, err)) == 0)
                ;
        query_end(&q);
        if (r == 0)
                r = message_lease(db, now_utc, list->items + first, list->count - first, lane->provider, err);
        for (size_t i = first; i < list->count && r == 0; i++)
                if (!urgent && strcmp(lane->channel, "email") == 0)
                        r = add_unsubscribe(db, &list->items[i], err);
        return r;
}

int message_claim(struct db *db, int64_t now_utc, const struct message_lane *lane, int limit,
                  struct message_list *list, struct err *err)
{
        size_t before = list->count;
        int64_t due = INT64_MAX;
        int r = claim_class(db, now_utc, lane, true, INT64_MAX, limit, list, err);

        limit -= (int)(list->count - before);
        if (r == 0 && limit > 0)
                r = due_next(db, &due, err);
        /* What is not urgent waits a little while rules still speak of this moment: what else they tell the
         * same member of staff goes into the same message. */
        if (r == 0 && limit > 0)
                r = claim_class(db, now_utc, lane, false,
                                due <= now_utc ? now_utc - DIGEST_SECONDS : INT64_MAX, limit, list, err);
        return r;
}

static int end_attempt(struct db *db, int64_t now_utc, const struct message_outcome *outcome, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE attempt SET ended = ?, outcome = ?, status = ?, detail = ?"
                    " WHERE message = ? AND number = ? AND ended IS NULL",
                    err);
        query_int(&q, now_utc);
        query_text(&q, outcome_names[outcome->outcome]);
        query_int_or_null(&q, outcome->status, 0);
        query_text(&q, outcome->detail[0] ? outcome->detail : NULL);
        query_int(&q, outcome->message);
        query_int(&q, outcome->attempt);
        return query_run(&q);
}

/* A receipt overtook the answer: only the provider's id is still news. */
static int note_provider(struct db *db, const struct message_outcome *outcome, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE message SET provider = ?, provider_id = ? WHERE id = ? AND provider_id IS NULL",
                    err);
        query_text(&q, outcome->provider);
        query_text(&q, outcome->provider_id);
        query_int(&q, outcome->message);
        return query_run(&q);
}

int message_outcome(struct db *db, int64_t now_utc, const struct message_outcome *outcome, struct err *err)
{
        const struct message_fate *fate = &outcome->fate;
        bool names_provider = fate->next != MESSAGE_RETRY || fate->keeps_provider;
        struct query q;
        int r = end_attempt(db, now_utc, outcome, err);

        if (r < 0)
                return r;
        query_start(
            &q, db,
            "UPDATE message SET state = ?1, reason = ?2, changed = ?3, provider = ?4, provider_id = ?5,"
            "                   not_before = CASE WHEN ?1 = 'retry' THEN ?6 ELSE not_before END, poll_at = ?8"
            " WHERE id = ?7 AND state = 'leased'",
            err);
        query_text(&q, state_names[fate->next]);
        query_text(&q, fate->reason);
        query_int(&q, now_utc);
        query_text(&q, names_provider ? outcome->provider : NULL);
        query_text(&q, outcome->provider_id[0] ? outcome->provider_id : NULL);
        query_int(&q, fate->not_before);
        query_int(&q, outcome->message);
        query_int_or_null(&q, fate->poll_at, 0);
        r = query_run(&q);
        if (r == 0 && !db_changes(db) && outcome->provider_id[0])
                r = note_provider(db, outcome, err);
        return r == 0 && outcome->provider_id[0]
                   ? receipt_note_early(db, now_utc, outcome->provider, outcome->provider_id, err)
                   : r;
}

int message_give_back(struct db *db, int64_t now_utc, int64_t message, int attempt, int64_t not_before,
                      struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "DELETE FROM attempt WHERE message = ? AND number = ? AND ended IS NULL", err);
        query_int(&q, message);
        query_int(&q, attempt);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(&q, db,
                    "UPDATE message SET state = CASE WHEN attempts = 1 THEN 'queued' ELSE 'retry' END,"
                    "                   attempts = attempts - 1, changed = ?1,"
                    "                   not_before = CASE WHEN ?3 > not_before THEN ?3 ELSE not_before END"
                    " WHERE id = ?2 AND state = 'leased'",
                    err);
        query_int(&q, now_utc);
        query_int(&q, message);
        query_int(&q, not_before);
        return query_run(&q);
}

/* ---- asking after what was accepted */

int message_poll(struct db *db, int64_t now_utc, const char *provider, int64_t next, int64_t oldest,
                 int limit, struct message_list *list, struct err *err)
{
        bool failed = false;
        struct query q;
        int r;

        query_start(&q, db,
                    "UPDATE message SET poll_at = CASE WHEN state = 'accepted' AND changed >= ?4 THEN ?3 END"
                    " WHERE id IN (SELECT id FROM message WHERE provider = ?2 AND poll_at <= ?1 AND"
                    "                     poll_at IS NOT NULL ORDER BY poll_at LIMIT ?5)"
                    " RETURNING " MESSAGE_COLUMNS ", provider_id, state",
                    err);
        query_int(&q, now_utc);
        query_text(&q, provider);
        query_int(&q, next);
        query_int(&q, oldest);
        query_int(&q, limit);
        while ((r = query_row(&q)) > 0) {
                if (strcmp(column_text(&q, 15), "accepted") != 0)
                        continue;
                r = append_row(&q, list, err);
                if (r < 0)
                        break;
                copy(&q, 14, &list->items[list->count - 1].provider_id, &failed);
        }
        query_end(&q);
        return r == 0 && failed ? err_set(err, ERR_NOMEM, "database: out of memory") : r;
}

/* The provider after the one that PROVIDER names, of those that SQL selects; 0: there is none. */
static int next_provider(struct db *db, const char *sql, char provider[static MESSAGE_PROVIDER_MAX],
                         struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, sql, err);
        query_text(&q, provider);
        r = query_row(&q);
        if (r > 0 && column_is_null(&q, 0))
                r = 0;
        if (r > 0)
                snprintf(provider, MESSAGE_PROVIDER_MAX, "%s", column_text(&q, 0));
        query_end(&q);
        return r;
}

int message_stop_polls(struct db *db, message_known_fn known, void *context, struct err *err)
{
        char provider[MESSAGE_PROVIDER_MAX] = "";
        struct query q;
        int r;

        for (;;) {
                r = next_provider(
                    db, "SELECT min(provider) FROM message WHERE poll_at IS NOT NULL AND provider > ?",
                    provider, err);
                if (r <= 0)
                        return r;
                if (known(context, provider))
                        continue;
                query_start(&q, db,
                            "UPDATE message SET poll_at = NULL WHERE poll_at IS NOT NULL AND provider = ?",
                            err);
                query_text(&q, provider);
                r = query_run(&q);
                if (r < 0)
                        return r;
        }
}

int message_poll_time(struct db *db, int64_t *ret_utc, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT min(poll_at) FROM message WHERE poll_at IS NOT NULL", err);
        r = query_row(&q);
        if (r > 0)
                *ret_utc = column_int_or(&q, 0, MESSAGE_NO_TIME);
        query_end(&q);
        return r < 0 ? r : 0;
}

int message_expire(struct db *db, int64_t now_utc, struct message_list *list, int64_t *ret_count,
                   struct err *err)
{
        struct message_list own = {0};
        size_t before = list ? list->count : 0;
        struct query q;
        int r;

        query_start(&q, db,
                    "UPDATE message SET state = CASE WHEN provider IS NULL THEN 'expired' ELSE 'unknown' END,"
                    "                   reason = CASE WHEN state = 'held' AND reason = 'confirmation'"
                    "                                 THEN 'unconfirmed' ELSE 'deadline' END, changed = ?1"
                    " WHERE (state = 'queued' OR state = 'retry' OR state = 'held') AND deadline <= ?1"
                    " RETURNING " MESSAGE_COLUMNS,
                    err);
        query_int(&q, now_utc);
        r = append_rows(&q, list ? list : &own, err);
        if (r == 0)
                *ret_count = (int64_t)(list ? list->count - before : own.count);
        message_list_fini(&own);
        return r;
}

/* ---- after a crash */

/* The next leased message with the provider and number of its open attempt; 0 when none is left. */
static int next_leased(struct db *db, struct message_list *list, struct message_outcome *ret_outcome,
                       struct err *err)
{
        struct query q;
        int r, row;

        query_start(
            &q, db,
            "SELECT " MESSAGE_COLUMNS ","
            "       (SELECT a.provider FROM attempt a WHERE a.message = m.id AND a.number = m.attempts)"
            "  FROM message m WHERE state = 'leased' LIMIT 1",
            err);
        r = row = query_row(&q);
        if (row > 0) {
                r = append_row(&q, list, err);
                *ret_outcome = (struct message_outcome){
                    .message = column_int(&q, 0),
                    .attempt = (int)column_int(&q, 11), /* of MESSAGE_COLUMNS */
                    .outcome = ATTEMPT_UNKNOWN,
                    .detail = "the gateway stopped before the answer came",
                };
                snprintf(ret_outcome->provider, sizeof ret_outcome->provider, "%s",
                         column_text(&q, 14) ? column_text(&q, 14) : "");
        }
        query_end(&q);
        return r < 0 ? r : row;
}

int message_recover(struct db *db, int64_t now_utc, message_decide_fn decide, void *context,
                    int64_t *ret_count, struct err *err)
{
        struct message_outcome outcome;
        struct message_list list = {0};
        int64_t count = 0;
        int r;

        while ((r = next_leased(db, &list, &outcome, err)) > 0) {
                outcome.fate = decide(context, &list.items[0], outcome.provider);
                r = message_outcome(db, now_utc, &outcome, err);
                message_list_fini(&list);
                if (r < 0)
                        break;
                count++;
        }
        message_list_fini(&list);
        if (r == 0)
                *ret_count = count;
        return r;
}

static int release_pins_of(struct db *db, int64_t now_utc, const char *provider, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE message SET state = CASE WHEN urgent THEN 'retry' ELSE 'unknown' END,"
                    "                   reason = CASE WHEN urgent THEN 'may-double' ELSE 'may-be-lost' END,"
                    "                   provider = CASE WHEN urgent THEN NULL ELSE provider END, changed = ?"
                    " WHERE state IN ('queued', 'retry') AND state = 'retry' AND provider = ?",
                    err);
        query_int(&q, now_utc);
        query_text(&q, provider);
        return query_run(&q);
}

int message_release_pins(struct db *db, int64_t now_utc, message_known_fn known, void *context,
                         struct err *err)
{
        char provider[MESSAGE_PROVIDER_MAX] = "";
        int r;

        for (;;) {
                r = next_provider(
                    db,
                    "SELECT min(provider) FROM message WHERE state IN ('queued', 'retry') AND provider > ?",
                    provider, err);
                if (r <= 0)
                        return r;
                r = known(context, provider) ? 0 : release_pins_of(db, now_utc, provider, err);
                if (r < 0)
                        return r;
        }
}

/* ---- when */

int message_next_time(struct db *db, int64_t *ret_utc, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT min(at) FROM ("
            "  SELECT (SELECT min(not_before) FROM message"
            "           WHERE state IN ('queued', 'retry') AND channel = column1 AND urgent = column2) AS at"
            "    FROM (VALUES ('sms', 0), ('sms', 1), ('email', 0), ('email', 1))"
            "  UNION ALL"
            "  SELECT min(deadline) FROM message"
            "   WHERE deadline IS NOT NULL AND (state = 'queued' OR state = 'retry' OR state = 'held'))",
            err);
        r = query_row(&q);
        if (r > 0)
                *ret_utc = column_int_or(&q, 0, MESSAGE_NO_TIME);
        query_end(&q);
        return r < 0 ? r : 0;
}

int message_busy(struct db *db, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT 1 FROM message WHERE state = 'leased' LIMIT 1", err);
        r = query_row(&q);
        query_end(&q);
        return r;
}

int message_database_uid(struct db *db, char ret_uid[static MESSAGE_UID_MAX], struct err *err)
{
        _cleanup_(free_ptr) char *known = NULL;
        unsigned char bytes[8];
        int r = meta_get(db, "uid", &known, err);

        if (r < 0)
                return r;
        if (known) {
                snprintf(ret_uid, MESSAGE_UID_MAX, "%s", known);
                return 0;
        }
        if (RAND_bytes(bytes, sizeof bytes) != 1)
                return err_set(err, ERR_IO, "database: no random numbers to be had");
        for (size_t i = 0; i < sizeof bytes; i++)
                snprintf(ret_uid + 2 * i, 3, "%02x", bytes[i]);
        return meta_set(db, "uid", ret_uid, err);
}
