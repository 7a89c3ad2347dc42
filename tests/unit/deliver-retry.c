/* deliver/retry, deliver/breaker and deliver/simulated. */
#include "deliver/breaker.h"
#include "deliver/retry.h"
#include "deliver/simulated.h"
#include "store/db.h"
#include "store/receipt.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sqlite3.h>
#include <cmocka.h>

#include "lib/fresh.h"

#define NOW 1800000000

static void backs_off(void **state)
{
        int64_t base = RETRY_FIRST_SECONDS, seen[3] = {0};

        (void)state;
        for (int attempt = 1; attempt <= 200; attempt++) {
                for (int64_t message = 1; message <= 50; message++) {
                        int64_t delay = retry_delay(message, attempt);

                        assert_int_equal(delay, retry_delay(message, attempt));
                        assert_in_range(delay, base * 3 / 4, (base * 5 + 3) / 4);
                        assert_true(delay <= RETRY_MAX_SECONDS);
                        if (attempt == 1)
                                seen[delay - 4]++;
                }
                if (base < RETRY_MAX_SECONDS * 4 / 5)
                        base *= 2;
                if (base > RETRY_MAX_SECONDS * 4 / 5)
                        base = RETRY_MAX_SECONDS * 4 / 5;
        }
        assert_true(seen[0] && seen[1] && seen[2]); /* spread */
}

static void reads_retry_after(void **state)
{
        static const char date[] = "Fri, 15 Jan 2027 08:00:00 GMT", later[] = "Fri, 15 Jan 2027 08:02:00 GMT";

        (void)state;
        assert_int_equal(retry_after_seconds("120", NULL, NOW), 120);
        assert_int_equal(retry_after_seconds("0", NULL, NOW), 0);
        assert_int_equal(retry_after_seconds("-5", NULL, NOW), 0);
        assert_int_equal(retry_after_seconds("99999999", NULL, NOW), RETRY_AFTER_MAX_SECONDS);
        assert_int_equal(retry_after_seconds(later, NULL, NOW), 120); /* NOW is DATE */
        assert_int_equal(retry_after_seconds(later, date, NOW + 5000), 120);
        assert_int_equal(retry_after_seconds(date, NULL, NOW + 1), 0);
        assert_int_equal(retry_after_seconds("soon", NULL, NOW), -1);
        assert_int_equal(retry_after_seconds("", NULL, NOW), -1);
}

static void decides(void **state)
{
        static const struct {
                enum attempt_outcome outcome;
                bool idempotent, urgent, was_pinned;
                int64_t deadline, retry_after;
                int attempt;
                enum message_state next;
                const char *reason;
                bool keeps_provider;
        } table[] = {
            {ATTEMPT_ACCEPTED, false, false, false, MESSAGE_NO_TIME, -1, 1, MESSAGE_ACCEPTED, NULL, false},
            {ATTEMPT_REJECTED, false, true, false, MESSAGE_NO_TIME, -1, 1, MESSAGE_REJECTED, "rejected",
             false},
            {ATTEMPT_RETRY, false, false, false, MESSAGE_NO_TIME, -1, 1, MESSAGE_RETRY, "provider-busy",
             false},
            {ATTEMPT_RETRY, true, false, true, MESSAGE_NO_TIME, -1, 2, MESSAGE_RETRY, "provider-busy", true},
            {ATTEMPT_RETRY, false, false, false, NOW + 60, 60, 1, MESSAGE_EXPIRED, "deadline", false},
            {ATTEMPT_RETRY, true, false, true, NOW + 60, 60, 2, MESSAGE_UNKNOWN, "deadline", true},
            {ATTEMPT_RETRY, false, false, false, MESSAGE_NO_TIME, -1, RETRY_ATTEMPT_MAX, MESSAGE_FAILED,
             "gave-up", false},
            {ATTEMPT_UNKNOWN, true, false, false, MESSAGE_NO_TIME, -1, 1, MESSAGE_RETRY, "asking-again",
             true},
            {ATTEMPT_UNKNOWN, true, true, false, MESSAGE_NO_TIME, -1, 1, MESSAGE_RETRY, "asking-again", true},
            {ATTEMPT_UNKNOWN, false, true, false, MESSAGE_NO_TIME, -1, 1, MESSAGE_RETRY, "may-double", true},
            {ATTEMPT_UNKNOWN, false, true, false, NOW + 3, -1, 1, MESSAGE_UNKNOWN, "deadline", true},
            {ATTEMPT_UNKNOWN, false, false, false, MESSAGE_NO_TIME, -1, 1, MESSAGE_UNKNOWN, "may-be-lost",
             false},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                char provider[] = "one";
                struct message message = {.id = 1,
                                          .urgent = table[i].urgent,
                                          .deadline = table[i].deadline,
                                          .attempt = table[i].attempt,
                                          .provider = table[i].was_pinned ? provider : NULL};
                struct retry_case attempt = {.message = &message,
                                             .outcome = table[i].outcome,
                                             .idempotent = table[i].idempotent,
                                             .retry_after = table[i].retry_after,
                                             .now_utc = NOW};
                struct message_fate fate = retry_fate(&attempt);

                assert_int_equal(fate.next, table[i].next);
                if (table[i].reason)
                        assert_string_equal(fate.reason, table[i].reason);
                else
                        assert_null(fate.reason);
                assert_int_equal(fate.keeps_provider, table[i].keeps_provider);
                if (fate.next == MESSAGE_RETRY)
                        assert_true(fate.not_before > NOW);
        }
}

static void breaks_and_mends(void **state)
{
        struct breaker breaker = {0};
        int64_t now = 1000;

        (void)state;
        for (int i = 1; i < BREAKER_TRIP; i++)
                assert_false(breaker_note(&breaker, false, now));
        breaker_note(&breaker, true, now); /* not in a row */
        for (int i = 1; i < BREAKER_TRIP; i++)
                assert_false(breaker_note(&breaker, false, now));
        assert_int_equal(breaker_state(&breaker, now), BREAKER_CLOSED);
        assert_true(breaker_note(&breaker, false, now));
        assert_int_equal(breaker_state(&breaker, now), BREAKER_OPEN);
        assert_false(breaker_note(&breaker, false, now + 1)); /* had been under way */
        assert_int_equal(breaker_state(&breaker, now + BREAKER_FIRST_MS - 1), BREAKER_OPEN);
        assert_int_equal(breaker_state(&breaker, now + BREAKER_FIRST_MS), BREAKER_PROBE);
        now += BREAKER_FIRST_MS;
        for (int64_t open = 2 * BREAKER_FIRST_MS; open < 4 * BREAKER_MAX_MS; open *= 2) {
                int64_t expected = open < BREAKER_MAX_MS ? open : BREAKER_MAX_MS;

                assert_false(breaker_note(&breaker, false, now)); /* the probe failed */
                assert_int_equal(breaker_state(&breaker, now + expected - 1), BREAKER_OPEN);
                now += expected;
                assert_int_equal(breaker_state(&breaker, now), BREAKER_PROBE);
        }
        assert_true(breaker_note(&breaker, true, now));
        assert_int_equal(breaker_state(&breaker, now), BREAKER_CLOSED);
}

static void fills_buckets(void **state)
{
        struct bucket bucket;

        (void)state;
        bucket_init(&bucket, 0, 0, 0);
        assert_int_equal(bucket_available(&bucket, 0), INT_MAX);
        assert_int_equal(bucket_wait_ms(&bucket, 0), 0);
        bucket_init(&bucket, 20, 40, 0);
        assert_int_equal(bucket_available(&bucket, 0), 40);
        bucket_take(&bucket, 40);
        assert_int_equal(bucket_available(&bucket, 0), 0);
        assert_in_range(bucket_wait_ms(&bucket, 0), 100, 102);
        assert_int_equal(bucket_available(&bucket, 100), 2);
        assert_int_equal(bucket_available(&bucket, 100000), 40);
}

/* ---- simulated */

static int sent, expired;

static bool awaits(void *context, const char *person, const char *channel)
{
        (void)context;
        return strcmp(person, "G2") == 0 && strcmp(channel, "sms") == 0;
}

static int note_sent(void *context, const struct message *message, struct err *err)
{
        (void)context;
        (void)err;
        assert_string_equal(message->text, "Hei");
        sent++;
        return 0;
}

static int note_expired(void *context, const struct message *message, struct err *err)
{
        (void)context;
        (void)err;
        assert_int_equal(message->id, 4);
        expired++;
        return 0;
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

static void simulates(void **state)
{
        static const struct simulated_hooks hooks = {
            .awaits_receipt = awaits, .sent = note_sent, .expired = note_expired};
        struct db *db = NULL;
        struct err err = {0};
        int64_t count;

        (void)state;
        db = fresh_open();
        assert_int_equal(
            sqlite3_exec(db_handle(db),
                         "INSERT INTO person(id, given, family) VALUES ('G1', 'A', 'B'), ('G2', 'A', 'B');"
                         "INSERT INTO message(id, person, channel, address, language, text, urgent, state,"
                         "                    created, not_before, deadline, changed)"
                         " VALUES (1, 'G1', 'sms', 'x', 'fi', 'Hei', 0, 'queued', 0, 0, NULL, 0),"
                         "        (2, 'G2', 'sms', 'x', 'fi', 'Hei', 0, 'queued', 0, 0, NULL, 0),"
                         "        (3, 'G2', 'email', 'x', 'fi', 'Hei', 0, 'queued', 0, 0, NULL, 0),"
                         "        (4, 'G1', 'sms', 'x', 'fi', 'Hei', 0, 'held', 0, 0, 1800000000, 0),"
                         "        (5, 'G1', 'sms', 'x', 'fi', 'Hei', 0, 'queued', 0, 1800000001, NULL, 0)",
                         NULL, NULL, NULL),
            SQLITE_OK);
        assert_int_equal(deliver_simulated(db, NOW, &hooks, &count, &err), 0);
        assert_int_equal(count, 4);
        assert_int_equal(sent, 3);
        assert_int_equal(expired, 1);
        assert_int_equal(
            number(db, "SELECT count(*) FROM message WHERE state = 'delivered' AND id IN (1, 3)"), 2);
        assert_int_equal(number(db, "SELECT count(*) FROM message WHERE state = 'accepted' AND id = 2"), 1);
        assert_int_equal(number(db, "SELECT count(*) FROM message WHERE state = 'queued' AND id = 5"), 1);
        assert_int_equal(receipt_note_recipient(db, "G2", "sms", RECEIPT_FAILED, NOW + 1, &err), 0);
        assert_int_equal(number(db, "SELECT count(*) FROM message WHERE state = 'failed' AND id = 2"), 1);
        assert_int_equal(deliver_simulated(db, NOW + 1, &hooks, &count, &err), 0);
        assert_int_equal(count, 1);
        db_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(backs_off),     cmocka_unit_test(reads_retry_after),
            cmocka_unit_test(decides),       cmocka_unit_test(breaks_and_mends),
            cmocka_unit_test(fills_buckets), cmocka_unit_test(simulates),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
