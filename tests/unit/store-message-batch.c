/* store/message_batch: many outcomes in one statement leave what one by one would, whatever they say and
 * whatever has overtaken them. */
#include "store/message_batch.h"
#include "store/db.h"
#include "store/receipt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sqlite3.h>
#include <cmocka.h>

#include "lib/fresh.h"

#define NOW 1800000000
#define MESSAGES 700 /* more than one statement takes */
#define ROUNDS 4

static void execute(struct db *db, const char *sql)
{
        char *error = NULL;

        if (sqlite3_exec(db_handle(db), sql, NULL, NULL, &error) != SQLITE_OK)
                fail_msg("%s: %s", sql, error);
}

static struct db *open_with_messages(void)
{
        struct db *db = fresh_open();

        execute(db, "BEGIN"); /* quicker; nothing is ever committed */
        execute(
            db,
            "INSERT INTO person(id, given, family) VALUES ('G1', 'Aino', 'Esimerkki');"
            "INSERT INTO contact(person, channel, value) VALUES ('G1', 'sms', '+358400000010');"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700)"
            " INSERT INTO message(id, person, channel, address, language, text, urgent, state, created,"
            "                     not_before, deadline, changed, attempts)"
            " SELECT i, 'G1', 'sms', '+358400000010', 'fi', 'Hei', i % 5 = 0, 'queued', 0, 0, 1800100000, 0,"
            "        i % 7 = 0 FROM n");
        return db;
}

static void lease_all(struct db *db)
{
        struct message *messages = calloc(MESSAGES, sizeof *messages);
        struct err err = {0};

        assert_non_null(messages);
        for (int i = 0; i < MESSAGES; i++) {
                messages[i].id = i + 1;
                messages[i].attempt = (i + 1) % 7 == 0 ? 2 : 1;
        }
        if (message_lease(db, NOW, messages, MESSAGES, "one", &err) < 0)
                fail_msg("%s", err.text);
        free(messages);
}

/* All that outcomes may touch, as one text. */
static char *dump(struct db *db)
{
        static const char *const tables[] = {
            "SELECT id, state, reason, changed, provider, provider_id, not_before, poll_at, attempts, round"
            "  FROM message ORDER BY id",
            "SELECT message, number, provider, started, ended, outcome, status, detail FROM attempt"
            " ORDER BY message, number",
            "SELECT message, status, detail, at, received, round FROM receipt ORDER BY message, status, at",
            "SELECT provider, provider_id, status, bad_address FROM early_receipt ORDER BY provider, "
            "provider_id",
            "SELECT state, bad_reason FROM contact",
            "SELECT provider, provider_id, message, round FROM earlier_id ORDER BY provider, provider_id"};
        size_t length = 0, room = 8 << 20;
        char *text = malloc(room);

        assert_non_null(text);
        for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
                sqlite3_stmt *statement;

                if (sqlite3_prepare_v2(db_handle(db), tables[i], -1, &statement, NULL) != SQLITE_OK)
                        fail_msg("%s", sqlite3_errmsg(db_handle(db)));
                while (sqlite3_step(statement) == SQLITE_ROW) {
                        for (int c = 0; c < sqlite3_column_count(statement); c++) {
                                const char *value = (const char *)sqlite3_column_text(statement, c);

                                length += (size_t)snprintf(text + length, room - length, "%s|",
                                                           value ? value : "-");
                        }
                        length += (size_t)snprintf(text + length, room - length, "\n");
                        assert_true(length < room - 1000);
                }
                sqlite3_finalize(statement);
        }
        return text;
}

/* The same on every machine. */
static unsigned draw(unsigned *seed, unsigned below)
{
        *seed = *seed * 1103515245u + 12345u;
        return (*seed >> 16) % below;
}

/* Most ids are plain, some are not; no two messages have the same. */
static void name(struct message_outcome *outcome, unsigned kind)
{
        static const char *const odd[] = {"with \"quotes\"", "back\\slash", "tab\tin it", "Ääkkönen"};

        if (kind == 0)
                return;
        snprintf(outcome->provider_id, sizeof outcome->provider_id, "%s-%lld",
                 kind <= ARRAY_SIZE(odd) ? odd[kind - 1] : "p", (long long)outcome->message);
}

static void make_outcome(struct message_outcome *outcome, int64_t id, unsigned *seed)
{
        unsigned kind = draw(seed, 100);

        *outcome = (struct message_outcome){.message = id,
                                            .attempt = id % 7 == 0 ? 2 : 1,
                                            .outcome = ATTEMPT_ACCEPTED,
                                            .status = kind < 90 ? 201 : 202,
                                            .provider = "one",
                                            .fate = {.next = MESSAGE_ACCEPTED}};
        name(outcome, draw(seed, 40));
        if (kind < 5) {
                outcome->outcome = ATTEMPT_REJECTED;
                outcome->fate = (struct message_fate){.next = MESSAGE_REJECTED};
                snprintf(outcome->detail, sizeof outcome->detail, "bad-number");
        } else if (kind < 10) {
                outcome->outcome = ATTEMPT_RETRY;
                outcome->fate = (struct message_fate){
                    .next = MESSAGE_RETRY, .reason = "provider-busy", .not_before = NOW + 5};
        } else if (kind < 14) {
                outcome->outcome = ATTEMPT_UNKNOWN;
                outcome->status = 0;
                outcome->fate = (struct message_fate){.next = MESSAGE_RETRY,
                                                      .reason = "asking-again",
                                                      .not_before = NOW + 9,
                                                      .keeps_provider = true};
        } else if (kind < 30) {
                outcome->fate.reason = MESSAGE_NO_RECEIPTS;
        } else if (kind < 40) {
                outcome->fate.poll_at = NOW + 3600;
        }
}

/* What has come before the answers: receipts by the id to be, receipts that moved the message, a hold that
 * cancelled it. */
static void overtake(struct db *db, const struct message_outcome *outcome, unsigned kind)
{
        struct receipt receipt = {.provider = "one",
                                  .provider_id = outcome->provider_id,
                                  .status = kind % 3 == 0   ? RECEIPT_DELIVERED
                                            : kind % 3 == 1 ? RECEIPT_FAILED
                                                            : RECEIPT_TEMPORARY,
                                  .detail = "d",
                                  .is_bad_address = kind == 4,
                                  .at = NOW - 1};
        struct err err = {0};

        if (kind > 8 || !outcome->provider_id[0])
                return;
        if (kind > 5) {
                receipt.message = outcome->message;
                receipt.provider_id = kind == 6 ? outcome->provider_id : NULL;
                receipt.status = RECEIPT_DELIVERED;
        }
        if (receipt_note(db, NOW, &receipt, &err) < 0)
                fail_msg("%s", err.text);
}

static void write_one_by_one(struct db *db, const struct message_outcome *const *outcomes)
{
        struct err err = {0};

        for (int i = 0; i < MESSAGES; i++)
                if (message_outcome(db, NOW + 1, outcomes[i], &err) < 0)
                        fail_msg("%s", err.text);
}

static void compare(unsigned seed, bool alike)
{
        struct message_outcome *outcomes = calloc(MESSAGES, sizeof *outcomes);
        const struct message_outcome **pointers = calloc(MESSAGES, sizeof *pointers);
        struct db *single = open_with_messages(), *many = open_with_messages();
        char *expected, *got;
        struct err err = {0};

        assert_non_null(outcomes);
        assert_non_null(pointers);
        lease_all(single);
        lease_all(many);
        for (int i = 0; i < MESSAGES; i++) {
                unsigned kind;

                make_outcome(&outcomes[i], i + 1, &seed);
                if (alike) {
                        outcomes[i] = (struct message_outcome){.message = i + 1,
                                                               .attempt = (i + 1) % 7 == 0 ? 2 : 1,
                                                               .outcome = ATTEMPT_ACCEPTED,
                                                               .status = 201,
                                                               .provider = "one",
                                                               .fate = {.next = MESSAGE_ACCEPTED}};
                        name(&outcomes[i], 99);
                }
                kind = draw(&seed, 60);
                overtake(single, &outcomes[i], kind);
                overtake(many, &outcomes[i], kind);
                pointers[i] = &outcomes[i];
        }
        write_one_by_one(single, pointers);
        if (message_outcomes(many, NOW + 1, pointers, MESSAGES, &err) < 0)
                fail_msg("%s", err.text);
        expected = dump(single);
        got = dump(many);
        for (char *a = expected, *b = got; *a || *b; a++, b++)
                if (*a != *b) {
                        while (a > expected && a[-1] != '\n')
                                a--, b--;
                        fail_msg("one by one %.200s\ntogether   %.200s", a, b);
                }
        free(expected);
        free(got);
        free(outcomes);
        free(pointers);
        db_close(single);
        db_close(many);
}

static void together_as_one_by_one(void **state)
{
        (void)state;
        for (unsigned seed = 1; seed <= ROUNDS; seed++)
                compare(seed, false);
}

static void many_alike(void **state)
{
        (void)state;
        compare(77, true);
}

static void leases_each_once(void **state)
{
        struct db *db = open_with_messages();
        sqlite3_stmt *statement;

        (void)state;
        lease_all(db);
        assert_int_equal(
            sqlite3_prepare_v2(db_handle(db),
                               "SELECT count(*), sum(g.attempts), sum(a.number), count(DISTINCT g.id)"
                               "  FROM message g JOIN attempt a ON a.message = g.id"
                               " WHERE g.state = 'leased' AND a.provider = 'one' AND a.started = 1800000000"
                               "   AND a.ended IS NULL AND a.number = g.attempts",
                               -1, &statement, NULL),
            SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int(statement, 0), MESSAGES);
        assert_int_equal(sqlite3_column_int(statement, 1), MESSAGES + MESSAGES / 7);
        assert_int_equal(sqlite3_column_int(statement, 3), MESSAGES);
        sqlite3_finalize(statement);
        db_close(db);
}

static void nothing_is_no_fault(void **state)
{
        struct db *db = open_with_messages();
        char *before = dump(db), *after;

        (void)state;
        assert_int_equal(message_outcomes(db, NOW, NULL, 0, NULL), 0);
        assert_int_equal(message_lease(db, NOW, NULL, 0, "one", NULL), 0);
        after = dump(db);
        assert_string_equal(before, after);
        free(before);
        free(after);
        db_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(together_as_one_by_one),
            cmocka_unit_test(many_alike),
            cmocka_unit_test(leases_each_once),
            cmocka_unit_test(nothing_is_no_fault),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
