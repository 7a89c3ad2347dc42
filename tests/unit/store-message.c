/* store/message and store/receipt: the states of a message. */
#include "store/message.h"
#include "store/receipt.h"
#include "store/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sqlite3.h>
#include <cmocka.h>

#include "lib/fresh.h"

#define NOW 1800000000

static const struct message_lane sms_lane = {.channel = "sms", .provider = "one"};

static int setup(void **state)
{
        struct db *db = NULL;

        db = fresh_open();
        assert_int_equal(
            sqlite3_exec(db_handle(db),
                         "INSERT INTO person(id, given, family) VALUES ('G1', 'Aino', 'Esimerkki')", NULL,
                         NULL, NULL),
            SQLITE_OK);
        *state = db;
        return 0;
}

static int teardown(void **state)
{
        db_close(*state);
        return 0;
}

static void execute(struct db *db, const char *sql)
{
        char *error = NULL;

        if (sqlite3_exec(db_handle(db), sql, NULL, NULL, &error) != SQLITE_OK)
                fail_msg("%s", error);
}

static void add(struct db *db, int64_t id, const char *channel, const char *state, int urgent,
                int64_t not_before, int64_t deadline)
{
        struct query q;

        query_start(
            &q, db,
            "INSERT INTO message(id, person, channel, address, language, text, urgent, state, created,"
            "                    not_before, deadline, changed)"
            " VALUES (?, 'G1', ?, '+358400000010', 'fi', 'Hei', ?, ?, 0, ?, ?, 0)",
            NULL);
        query_int(&q, id);
        query_text(&q, channel);
        query_int(&q, urgent);
        query_text(&q, state);
        query_int(&q, not_before);
        query_int_or_null(&q, deadline, 0);
        assert_int_equal(query_run(&q), 0);
}

/* "state reason provider provider_id attempts" of a message. */
static void expect(struct db *db, int64_t id, const char *row)
{
        char text[256] = "no row";
        struct query q;

        query_start(&q, db,
                    "SELECT state || ' ' || ifnull(reason, '-') || ' ' || ifnull(provider, '-') || ' ' ||"
                    "       ifnull(provider_id, '-') || ' ' || attempts FROM message WHERE id = ?",
                    NULL);
        query_int(&q, id);
        if (query_row(&q) > 0)
                snprintf(text, sizeof text, "%s", column_text(&q, 0));
        query_end(&q);
        assert_string_equal(text, row);
}

static int64_t number(struct db *db, const char *sql)
{
        sqlite3_stmt *statement;
        int64_t value = -1;

        assert_int_equal(sqlite3_prepare_v2(db_handle(db), sql, -1, &statement, NULL), SQLITE_OK);
        if (sqlite3_step(statement) == SQLITE_ROW)
                value = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        return value;
}

static size_t claim_at(struct db *db, int64_t now, const struct message_lane *lane, int limit)
{
        struct message_list list = {0};
        struct err err = {0};
        size_t count;

        if (message_claim(db, now, lane, limit, &list, &err) < 0)
                fail_msg("%s", err.text);
        count = list.count;
        message_list_fini(&list);
        return count;
}

static size_t claim(struct db *db, const struct message_lane *lane, int limit)
{
        return claim_at(db, NOW, lane, limit);
}

static void outcome(struct db *db, int64_t id, int attempt, enum attempt_outcome what,
                    struct message_fate fate, const char *provider_id)
{
        struct message_outcome result = {.message = id,
                                         .attempt = attempt,
                                         .outcome = what,
                                         .status = 201,
                                         .provider = "one",
                                         .fate = fate};
        struct err err = {0};

        snprintf(result.provider_id, sizeof result.provider_id, "%s", provider_id);
        if (message_outcome(db, NOW, &result, &err) < 0)
                fail_msg("%s", err.text);
}

static void claims_what_is_ready(void **state)
{
        struct message_list list = {0};
        struct db *db = *state;
        struct err err = {0};

        add(db, 1, "sms", "queued", 0, NOW, 0);
        add(db, 2, "sms", "retry", 0, NOW - 5, NOW + 1);
        add(db, 3, "sms", "queued", 0, NOW + 1, 0);
        add(db, 4, "sms", "queued", 0, NOW, NOW);
        add(db, 5, "email", "queued", 0, NOW, 0);
        add(db, 6, "sms", "held", 0, NOW, 0);
        add(db, 7, "sms", "queued", 1, NOW, 0);
        add(db, 8, "sms", "accepted", 0, NOW, 0);
        assert_int_equal(message_claim(db, NOW, &sms_lane, 2, &list, &err), 0);
        assert_int_equal(list.count, 2);
        assert_int_equal(list.items[0].id, 7); /* urgent first */
        assert_int_equal(list.items[1].id, 2);
        assert_int_equal(list.items[1].deadline, NOW + 1);
        assert_int_equal(list.items[1].attempt, 1);
        assert_string_equal(list.items[1].address, "+358400000010");
        assert_null(list.items[1].title);
        message_list_fini(&list);
        assert_int_equal(claim(db, &sms_lane, 100), 1);
        assert_int_equal(claim(db, &sms_lane, 100), 0);
        expect(db, 1, "leased - - - 1");
        expect(db, 4, "queued - - - 0");
        expect(db, 5, "queued - - - 0");
        expect(db, 6, "held - - - 0");
        assert_int_equal(number(db, "SELECT count(*) FROM attempt WHERE ended IS NULL AND provider = 'one'"),
                         3);
        assert_int_equal(message_busy(db, &err), 1);
}

static void claims_by_an_index(void **state)
{
        bool uses_index = false;
        sqlite3_stmt *statement;

        /* The backlog of a provider that is down must not be read again and again. */
        assert_int_equal(
            sqlite3_prepare_v2(db_handle(*state),
                               "EXPLAIN QUERY PLAN SELECT id FROM message WHERE state IN ('queued', 'retry')"
                               " AND channel = 'sms' AND urgent = 1 AND not_before <= 5"
                               " ORDER BY not_before, id LIMIT 5",
                               -1, &statement, NULL),
            SQLITE_OK);
        while (sqlite3_step(statement) == SQLITE_ROW) {
                const char *detail = (const char *)sqlite3_column_text(statement, 3);

                uses_index |= strstr(detail, "message_ready") != NULL;
                assert_null(strstr(detail, "TEMP B-TREE"));
        }
        sqlite3_finalize(statement);
        assert_true(uses_index);
}

static void pins_what_may_have_left(void **state)
{
        static const struct message_lane other = {.channel = "sms", .provider = "two"},
                                         one_pinned = {
                                             .channel = "sms", .provider = "one", .pinned_only = true};
        struct db *db = *state;

        add(db, 1, "sms", "queued", 0, NOW, 0);
        add(db, 2, "sms", "queued", 0, NOW, 0);
        assert_int_equal(claim(db, &sms_lane, 10), 2);
        outcome(db, 1, 1, ATTEMPT_UNKNOWN,
                (struct message_fate){.next = MESSAGE_RETRY, .not_before = NOW, .keeps_provider = true}, "");
        outcome(db, 2, 1, ATTEMPT_RETRY, (struct message_fate){.next = MESSAGE_RETRY, .not_before = NOW}, "");
        expect(db, 1, "retry - one - 1");
        expect(db, 2, "retry - - - 1");
        assert_int_equal(claim(db, &other, 10), 1); /* only 2, which surely never left */
        expect(db, 1, "retry - one - 1");
        add(db, 3, "sms", "queued", 0, NOW, 0);
        assert_int_equal(claim(db, &one_pinned, 10), 1);
        expect(db, 1, "leased - one - 2");
        expect(db, 3, "queued - - - 0");
}

static void writes_each_outcome(void **state)
{
        struct db *db = *state;

        for (int id = 1; id <= 5; id++)
                add(db, id, "sms", "queued", 0, NOW, 0);
        assert_int_equal(claim(db, &sms_lane, 10), 5);
        outcome(db, 1, 1, ATTEMPT_ACCEPTED, (struct message_fate){.next = MESSAGE_ACCEPTED}, "p-1");
        outcome(db, 2, 1, ATTEMPT_REJECTED,
                (struct message_fate){.next = MESSAGE_REJECTED, .reason = "rejected"}, "");
        outcome(db, 3, 1, ATTEMPT_RETRY, (struct message_fate){.next = MESSAGE_RETRY, .not_before = NOW + 5},
                "");
        outcome(db, 4, 1, ATTEMPT_UNKNOWN,
                (struct message_fate){.next = MESSAGE_UNKNOWN, .reason = "no-answer"}, "");
        outcome(db, 5, 1, ATTEMPT_RETRY, (struct message_fate){.next = MESSAGE_FAILED, .reason = "gave-up"},
                "");
        expect(db, 1, "accepted - one p-1 1");
        expect(db, 2, "rejected rejected one - 1");
        expect(db, 3, "retry - - - 1");
        expect(db, 4, "unknown no-answer one - 1");
        expect(db, 5, "failed gave-up one - 1");
        assert_int_equal(number(db, "SELECT not_before FROM message WHERE id = 3"), NOW + 5);
        assert_int_equal(number(db, "SELECT count(*) FROM attempt WHERE ended IS NULL"), 0);
        outcome(db, 2, 1, ATTEMPT_ACCEPTED, (struct message_fate){.next = MESSAGE_ACCEPTED},
                ""); /* too late */
        expect(db, 2, "rejected rejected one - 1");
        assert_int_equal(number(db, "SELECT count(*) FROM attempt WHERE outcome = 'accepted'"), 1);
}

static void gives_back(void **state)
{
        struct db *db = *state;
        struct err err = {0};

        add(db, 1, "sms", "queued", 0, NOW, 0);
        assert_int_equal(claim(db, &sms_lane, 10), 1);
        assert_int_equal(message_give_back(db, NOW, 1, 1, 0, &err), 0);
        expect(db, 1, "queued - - - 0");
        assert_int_equal(number(db, "SELECT count(*) FROM attempt"), 0);
        assert_int_equal(claim(db, &sms_lane, 10), 1);
}

static void expires(void **state)
{
        struct message_list list = {0};
        struct db *db = *state;
        struct err err = {0};
        int64_t count = -1, next;

        assert_int_equal(message_next_time(db, &next, &err), 0);
        assert_true(next == MESSAGE_NO_TIME);
        add(db, 1, "sms", "queued", 0, NOW + 90, NOW);
        add(db, 2, "sms", "held", 0, NOW, NOW - 1);
        add(db, 3, "email", "retry", 1, NOW + 70, NOW + 1);
        add(db, 4, "sms", "leased", 0, NOW, NOW - 1);
        add(db, 5, "sms", "retry", 0, NOW + 80, NOW);
        execute(db, "UPDATE message SET provider = 'one' WHERE id = 5");
        assert_int_equal(message_expire(db, NOW, &list, &count, &err), 0);
        assert_int_equal(count, 3);
        assert_int_equal(list.count, 3);
        message_list_fini(&list);
        expect(db, 1, "expired deadline - - 0");
        expect(db, 2, "expired deadline - - 0");
        expect(db, 3, "retry - - - 0");
        expect(db, 4, "leased - - - 0");
        expect(db, 5, "unknown deadline one - 0"); /* it may have been sent: never told as expired */
        assert_int_equal(message_expire(db, NOW, NULL, &count, &err), 0);
        assert_int_equal(count, 0);
        assert_int_equal(message_next_time(db, &next, &err), 0);
        assert_int_equal(next, NOW + 1);
        execute(db, "UPDATE message SET deadline = NULL");
        assert_int_equal(message_next_time(db, &next, &err), 0);
        assert_int_equal(next, NOW + 70);
}

static struct message_fate decide(void *context, const struct message *message, const char *provider)
{
        assert_string_equal(provider, "one");
        assert_ptr_equal(context, &sms_lane);
        if (message->urgent)
                return (struct message_fate){
                    .next = MESSAGE_RETRY, .not_before = NOW, .reason = "may-double"};
        return (struct message_fate){.next = MESSAGE_UNKNOWN, .reason = "may-be-lost"};
}

static void recovers(void **state)
{
        struct db *db = *state;
        struct err err = {0};
        int64_t count = -1;

        add(db, 1, "sms", "queued", 0, NOW, 0);
        add(db, 2, "sms", "queued", 1, NOW, 0);
        add(db, 3, "sms", "queued", 1, NOW + 1, 0);
        assert_int_equal(claim(db, &sms_lane, 10), 2);
        assert_int_equal(message_recover(db, NOW, decide, (void *)&sms_lane, &count, &err), 0);
        assert_int_equal(count, 2);
        expect(db, 1, "unknown may-be-lost one - 1");
        expect(db, 2, "retry may-double - - 1");
        expect(db, 3, "queued - - - 0");
        assert_int_equal(
            number(db, "SELECT count(*) FROM attempt WHERE outcome = 'unknown' AND ended = 1800000000"), 2);
        assert_int_equal(message_busy(db, &err), 0);
}

static int note(struct db *db, int64_t message, const char *provider, const char *id,
                enum receipt_status status, int64_t at)
{
        struct receipt receipt = {
            .message = message, .provider = provider, .provider_id = id, .status = status, .at = at};
        struct err err = {0};

        return receipt_note(db, NOW, &receipt, &err);
}

static void receipts_in_any_order(void **state)
{
        struct db *db = *state;

        for (int id = 1; id <= 3; id++)
                add(db, id, "sms", "queued", 0, NOW, 0);
        assert_int_equal(claim(db, &sms_lane, 10), 3);
        outcome(db, 1, 1, ATTEMPT_ACCEPTED, (struct message_fate){.next = MESSAGE_ACCEPTED}, "p-1");
        outcome(db, 2, 1, ATTEMPT_ACCEPTED, (struct message_fate){.next = MESSAGE_ACCEPTED}, "p-2");
        assert_int_equal(note(db, 0, "one", "p-1", RECEIPT_FAILED, NOW), 0);
        expect(db, 1, "failed receipt one p-1 1");
        assert_int_equal(note(db, 0, "one", "p-1", RECEIPT_DELIVERED, NOW), 0);
        expect(db, 1, "delivered - one p-1 1");
        assert_int_equal(note(db, 0, "one", "p-1", RECEIPT_FAILED, NOW - 9), 0); /* late news */
        assert_int_equal(note(db, 0, "one", "p-1", RECEIPT_DELIVERED, NOW), RECEIPT_KNOWN);
        expect(db, 1, "delivered - one p-1 1");
        assert_int_equal(note(db, 0, "one", "p-1", RECEIPT_TEMPORARY, NOW), 0); /* later news still */
        expect(db, 1, "delivered - one p-1 1");
        assert_int_equal(number(db, "SELECT count(*) FROM receipt"), 4);

        assert_int_equal(note(db, 0, "two", "p-2", RECEIPT_DELIVERED, NOW), ERR_NOT_FOUND);
        assert_int_equal(note(db, 2, "two", NULL, RECEIPT_DELIVERED, NOW), ERR_NOT_FOUND);
        expect(db, 2, "accepted - one p-2 1");

        assert_int_equal(note(db, 3, "one", NULL, RECEIPT_DELIVERED, RECEIPT_NO_TIME), 0); /* overtakes */
        expect(db, 3, "delivered - - - 1");
        outcome(db, 3, 1, ATTEMPT_ACCEPTED, (struct message_fate){.next = MESSAGE_ACCEPTED}, "p-3");
        expect(db, 3, "delivered - one p-3 1");
        assert_int_equal(note(db, 0, "one", "p-9", RECEIPT_DELIVERED, NOW), ERR_NOT_FOUND);
}

/* The answer that names the id may still come, since an attempt is open. */
static void keeps_early_receipts(void **state)
{
        struct db *db = *state;

        add(db, 1, "sms", "queued", 0, NOW, 0);
        assert_int_equal(note(db, 0, "one", "p-1", RECEIPT_DELIVERED, NOW), ERR_NOT_FOUND);
        assert_int_equal(claim(db, &sms_lane, 10), 1);
        assert_int_equal(note(db, 0, "two", "p-1", RECEIPT_DELIVERED, NOW), ERR_NOT_FOUND); /* not asked */
        assert_int_equal(note(db, 0, "one", "p-1", RECEIPT_DELIVERED, NOW), RECEIPT_EARLY);
        assert_int_equal(note(db, 0, "one", "p-1", RECEIPT_DELIVERED, NOW), RECEIPT_EARLY);
        assert_int_equal(number(db, "SELECT count(*) FROM early_receipt"), 1);
        expect(db, 1, "leased - - - 1");
        outcome(db, 1, 1, ATTEMPT_ACCEPTED, (struct message_fate){.next = MESSAGE_ACCEPTED}, "p-1");
        expect(db, 1, "delivered - one p-1 1");
        assert_int_equal(number(db, "SELECT count(*) FROM early_receipt"), 0);
        assert_int_equal(number(db, "SELECT count(*) FROM receipt"), 1);
}

static void begins_anew_after_a_temporary_failure(void **state)
{
        struct db *db = *state;

        add(db, 1, "sms", "queued", 0, NOW, 0);
        add(db, 2, "sms", "queued", 0, NOW, NOW + RECEIPT_AGAIN_SECONDS); /* its deadline would pass */
        assert_int_equal(claim(db, &sms_lane, 10), 2);
        outcome(db, 1, 1, ATTEMPT_ACCEPTED, (struct message_fate){.next = MESSAGE_ACCEPTED}, "p-1");
        outcome(db, 2, 1, ATTEMPT_ACCEPTED, (struct message_fate){.next = MESSAGE_ACCEPTED}, "p-2");
        assert_int_equal(note(db, 0, "one", "p-1", RECEIPT_TEMPORARY, NOW), 0);
        expect(db, 1, "retry temporary-failure - - 1");
        assert_int_equal(number(db, "SELECT not_before FROM message WHERE id = 1"),
                         NOW + RECEIPT_AGAIN_SECONDS);
        assert_int_equal(number(db, "SELECT round FROM message WHERE id = 1"), 1);
        assert_int_equal(note(db, 0, "one", "p-1", RECEIPT_TEMPORARY, NOW), RECEIPT_KNOWN);
        assert_int_equal(note(db, 0, "one", "p-1", RECEIPT_FAILED, NOW + 1), 0); /* of the earlier round */
        expect(db, 1, "retry temporary-failure - - 1");
        assert_int_equal(number(db, "SELECT round FROM message WHERE id = 1"), 1);
        assert_int_equal(note(db, 0, "one", "p-2", RECEIPT_TEMPORARY, NOW), 0);
        expect(db, 2, "failed receipt one p-2 1");

        assert_int_equal(claim_at(db, NOW + RECEIPT_AGAIN_SECONDS, &sms_lane, 10), 1);
        outcome(db, 1, 2, ATTEMPT_ACCEPTED, (struct message_fate){.next = MESSAGE_ACCEPTED}, "p-3");
        assert_int_equal(note(db, 0, "one", "p-3", RECEIPT_TEMPORARY, NOW + 60), 0);
        assert_int_equal(number(db, "SELECT not_before FROM message WHERE id = 1"),
                         NOW + 2 * RECEIPT_AGAIN_SECONDS);
        assert_int_equal(note(db, 0, "one", "p-1", RECEIPT_DELIVERED, NOW), 0); /* after all */
        expect(db, 1, "delivered - - - 2");
}

static void routes_by_prefix(void **state)
{
        const struct message_lane finnish = {.channel = "sms", .provider = "one", .takes = "[\"+358\"]"},
                                  others = {.channel = "sms", .provider = "two", .leaves = "[\"+358\"]"},
                                  swedish = {.channel = "sms", .provider = "one", .takes = "[\"+46\"]"};
        struct db *db = *state;

        add(db, 1, "sms", "queued", 0, NOW, 0); /* to a number that begins with +358 */
        assert_int_equal(claim(db, &others, 10), 0);
        assert_int_equal(claim(db, &swedish, 10), 0);
        assert_int_equal(claim(db, &finnish, 10), 1);
}

static void asks_after_accepted_messages(void **state)
{
        struct message_list list = {0};
        struct db *db = *state;
        struct err err = {0};

        add(db, 1, "sms", "queued", 0, NOW, 0);
        assert_int_equal(claim(db, &sms_lane, 10), 1);
        outcome(db, 1, 1, ATTEMPT_ACCEPTED,
                (struct message_fate){.next = MESSAGE_ACCEPTED, .poll_at = NOW + 60}, "p-1");
        assert_int_equal(message_poll(db, NOW, "one", NOW + 60, NOW - 100, 10, &list, &err), 0);
        assert_int_equal(list.count, 0);
        assert_int_equal(message_poll(db, NOW + 60, "one", NOW + 120, NOW - 40, 10, &list, &err), 0);
        assert_int_equal(list.count, 1);
        assert_string_equal(list.items[0].provider_id, "p-1");
        message_list_fini(&list);
        assert_int_equal(number(db, "SELECT poll_at FROM message"), NOW + 120);
        /* The last time: it is too old to be asked after again. */
        assert_int_equal(message_poll(db, NOW + 120, "one", NOW + 180, NOW + 20, 10, &list, &err), 0);
        assert_int_equal(list.count, 1);
        message_list_fini(&list);
        assert_int_equal(number(db, "SELECT count(*) FROM message WHERE poll_at IS NULL"), 1);
}

static void receipts_by_recipient(void **state)
{
        struct db *db = *state;
        struct err err = {0};

        add(db, 1, "sms", "queued", 0, NOW, 0);
        assert_int_equal(receipt_note_recipient(db, "G1", "sms", RECEIPT_FAILED, NOW, &err), ERR_NOT_FOUND);
        assert_int_equal(claim(db, &sms_lane, 10), 1);
        outcome(db, 1, 1, ATTEMPT_ACCEPTED, (struct message_fate){.next = MESSAGE_ACCEPTED}, "");
        assert_int_equal(receipt_note_recipient(db, "G1", "email", RECEIPT_FAILED, NOW, &err), ERR_NOT_FOUND);
        assert_int_equal(receipt_note_recipient(db, "G1", "sms", RECEIPT_FAILED, NOW, &err), 0);
        expect(db, 1, "failed receipt one - 1");
        assert_int_equal(receipt_note_recipient(db, "G1", "sms", RECEIPT_DELIVERED, NOW, &err), 0);
        expect(db, 1, "delivered - one - 1");
}

static void keeps_its_uid(void **state)
{
        char first[MESSAGE_UID_MAX], second[MESSAGE_UID_MAX];
        struct err err = {0};

        assert_int_equal(message_database_uid(*state, first, &err), 0);
        assert_int_equal(strlen(first), 16);
        assert_int_equal(message_database_uid(*state, second, &err), 0);
        assert_string_equal(first, second);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
            CASE(claims_what_is_ready),
            CASE(claims_by_an_index),
            CASE(pins_what_may_have_left),
            CASE(writes_each_outcome),
            CASE(gives_back),
            CASE(expires),
            CASE(recovers),
            CASE(receipts_in_any_order),
            CASE(keeps_early_receipts),
            CASE(begins_anew_after_a_temporary_failure),
            CASE(routes_by_prefix),
            CASE(asks_after_accepted_messages),
            CASE(receipts_by_recipient),
            CASE(keeps_its_uid),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
