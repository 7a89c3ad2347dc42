/* store/purge: what goes, what stays, and that each tenant's seq keeps its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/purge.h"
#include "store/db.h"
#include "store/publication.h"

#include <sqlite3.h>
#include <stdio.h>

#define DAY 86400
#define NOW (1795420800LL)

static void run_sql(struct db *db, const char *sql)
{
        char *message = NULL;

        if (sqlite3_exec(db_handle(db), sql, NULL, NULL, &message) != SQLITE_OK)
                fail_msg("%s: %s", sql, message);
}

static int64_t number(struct db *db, const char *sql)
{
        struct query q;
        int64_t value;

        query_start(&q, db, sql, NULL);
        assert_int_equal(query_row(&q), 1);
        value = column_int(&q, 0);
        query_end(&q);
        return value;
}

static void add(struct db *db, const char *tenant, int64_t time)
{
        assert_int_equal(publication_add(db,
                                         &(struct publication_new){.tenant = tenant,
                                                                   .kind = "absence",
                                                                   .event = "alerted",
                                                                   .about = "thing",
                                                                   .subject = "P1",
                                                                   .time = time,
                                                                   .data = "{}"},
                                         NULL),
                         0);
}

static int setup(void **state)
{
        return db_open(":memory:", DB_PRIVATE, (struct db **)state, NULL);
}

static int teardown(void **state)
{
        db_close(*state);
        return 0;
}

static struct purge_counts purge_all(struct db *db, const struct purge_ages *ages)
{
        struct purge_counts foretold = {0}, counts = {0};
        int64_t cursor = 0;
        int r;

        assert_int_equal(purge_count(db, ages, &foretold, NULL), 0);
        do {
                r = purge_step(db, ages, &cursor, &counts, NULL);
                assert_true(r >= 0);
        } while (r > 0);
        assert_memory_equal(&counts, &foretold, sizeof counts);
        return counts;
}

static void takes_old_publications_and_keeps_the_last(void **state)
{
        struct purge_ages ages = {.publications = NOW - 30 * DAY};
        struct purge_counts counts;
        struct db *db = *state;
        int64_t first, last;

        for (int i = 0; i < 2500; i++)
                add(db, "kj", NOW - 40 * DAY);
        add(db, "ot", NOW - 40 * DAY); /* its last: stays however old */
        for (int i = 0; i < 5; i++)
                add(db, "kj", NOW - 20 * DAY);
        assert_int_equal(publication_acknowledge(db, 1, 2000, NULL), 0);
        counts = purge_all(db, &ages);
        assert_int_equal(counts.publications, 2500);
        assert_int_equal(counts.unsent_publications, 500);
        assert_int_equal(publication_range(db, "kj", &first, &last, NULL), 0);
        assert_int_equal(first, 2501);
        assert_int_equal(last, 2505);
        assert_int_equal(publication_range(db, "ot", &first, &last, NULL), 0);
        assert_int_equal(first, 1);
        add(db, "ot", NOW);
        assert_int_equal(publication_range(db, "ot", &first, &last, NULL), 0);
        assert_int_equal(last, 2);
        /* All of kj is old now: its last stays, and the next one follows it. */
        ages.publications = NOW - DAY;
        purge_all(db, &ages);
        assert_int_equal(publication_range(db, "kj", &first, &last, NULL), 0);
        assert_int_equal(first, 2505);
        add(db, "kj", NOW);
        assert_int_equal(publication_range(db, "kj", &first, &last, NULL), 0);
        assert_int_equal(last, 2506);
        assert_int_equal(purge_all(db, &ages).publications, 1); /* it is the last no more */
}

static void keeps_to_the_bound_of_rows(void **state)
{
        struct purge_ages ages = {.publications_max = 1500};
        struct purge_counts counts;
        struct db *db = *state;

        for (int i = 0; i < 4000; i++)
                add(db, i % 2 ? "kj" : "ot", NOW);
        counts = purge_all(db, &ages);
        assert_int_equal(counts.publications, 2500);
        assert_int_equal(counts.unsent_publications, 2500);
        assert_int_equal(number(db, "SELECT count(*) FROM publication"), 1500);
        assert_int_equal(number(db, "SELECT min(id) FROM publication"), 2501);
        assert_int_equal(purge_all(db, &ages).publications, 0);
}

/* A message's place in the log of its organisations goes when the message has gone. */
static void takes_places_in_the_log(void **state)
{
        struct purge_ages ages = {.messages = NOW - 30 * DAY};
        struct db *db = *state;
        char sql[1500];

        run_sql(db, "INSERT INTO organisation(id, kind, name) VALUES ('s', 'school', 'S');"
                    "INSERT INTO person(id, given, family) VALUES ('P1', 'A', 'B');"
                    "INSERT INTO role(person, role, organisation) VALUES ('P1', 'pupil', 's');"
                    "INSERT INTO rule_version(id, rule, hash, text, first_used) VALUES (1, 'r', 'h', '', 1)");
        for (int i = 1; i <= 4; i++) {
                snprintf(sql, sizeof sql,
                         "INSERT INTO rule_match(id, rule, version, kind, subject, pupil, key, state, due, "
                         "seen, facts)"
                         " VALUES (%1$d, 'r', 1, 'pupil', 'P1', 'P1', 'k%1$d', 'fired', 1, 1, '{}');"
                         "INSERT INTO notice(id, match, step, person, template, created) VALUES (%1$d, %1$d, "
                         "0, 'P1',"
                         " 't', 1);"
                         "INSERT INTO message(id, person, channel, address, language, text, urgent, state, "
                         "created,"
                         " not_before, changed) VALUES (%1$d, 'P1', 'sms', 'a', 'fi', 't', 0, 'delivered', "
                         "%2$lld, 0,"
                         " %2$lld);"
                         "INSERT INTO message_notice(message, notice, channel) VALUES (%1$d, %1$d, 'sms')",
                         i, NOW - (i <= 2 ? 40 : 10) * (long long)DAY + i);
                run_sql(db, sql);
        }
        assert_int_equal(number(db, "SELECT count(*) FROM message_scope"), 4);
        assert_int_equal(purge_all(db, &ages).messages, 2);
        assert_int_equal(number(db, "SELECT count(*) FROM message_scope"), 2);
        assert_int_equal(number(db, "SELECT min(message) FROM message_scope"), 3);
        ages.messages = NOW;
        purge_all(db, &ages);
        assert_int_equal(number(db, "SELECT count(*) FROM message_scope"), 0);
}

static void takes_old_events(void **state)
{
        struct purge_ages ages = {.events = NOW - 700 * DAY};
        struct db *db = *state;
        char sql[300];

        for (int i = 0; i < 1200; i++) {
                snprintf(sql, sizeof sql,
                         "INSERT INTO event(source, id, type, subject, time, received, data, applied)"
                         " VALUES ('s', '%d', 'kapula.plan.made', 'P1', %lld, %lld, '{}', 1)",
                         i, NOW - (i < 1100 ? 800 : 10) * (long long)DAY,
                         NOW - (i < 1100 ? 800 : 10) * (long long)DAY);
                run_sql(db, sql);
        }
        assert_int_equal(purge_all(db, &ages).events, 1100);
        assert_int_equal(number(db, "SELECT count(*) FROM event"), 100);
}

static void counts_by_state_without_reading_all(void **state)
{
        struct publication_counts counts;
        struct db *db = *state;

        assert_int_equal(publication_count(db, &counts, NULL), 0);
        assert_int_equal(counts.acknowledged, 0);
        for (int i = 0; i < 20; i++)
                add(db, i % 3 ? "kj" : "ot", NOW);
        assert_int_equal(publication_acknowledge(db, 3, 12, NULL), 0);
        assert_int_equal(publication_refuse(db, 13, 135, NULL), 0);
        assert_int_equal(publication_count(db, &counts, NULL), 0);
        assert_int_equal(counts.acknowledged, 10);
        assert_int_equal(counts.refused, 1);
        assert_int_equal(counts.queued, 9);
        /* What has an end keeps it. */
        assert_int_equal(publication_acknowledge(db, 1, 20, NULL), 0);
        assert_int_equal(publication_count(db, &counts, NULL), 0);
        assert_int_equal(counts.refused, 1);
        assert_int_equal(counts.queued, 0);
}

static void tells_a_survey_by_fives(void **state)
{
        struct db *db = *state;
        char sql[200];

        run_sql(db, "INSERT INTO organisation(id, kind, name) VALUES ('kj', 'municipality', 'K');"
                    "INSERT INTO survey(id, organisation, opened) VALUES ('S', 'kj', 1795420800),"
                    " ('few', 'kj', 1795420800)");
        for (int i = 0; i < 12; i++) {
                snprintf(sql, sizeof sql, "INSERT INTO survey_answer VALUES ('S', 'P%d', 1795420900)", i);
                run_sql(db, sql);
                assert_int_equal(number(db, "SELECT count(*) FROM publication WHERE event = 'answered'"),
                                 (i + 1) / 5);
        }
        run_sql(db, "INSERT INTO survey_answer VALUES ('few', 'P1', 1795420900);"
                    "UPDATE survey SET closed = 1795421000");
        assert_int_equal(number(db, "SELECT count(*) FROM publication WHERE event = 'closed' AND"
                                    " subject = 'S' AND data LIKE '%five-or-more\",\"answered\":12}'"),
                         1);
        assert_int_equal(number(db, "SELECT count(*) FROM publication WHERE event = 'closed' AND"
                                    " subject = 'few' AND data LIKE '%under-five\"}'"),
                         1);
        assert_int_equal(number(db, "SELECT count(*) FROM publication WHERE person IS NOT NULL"), 0);
}

/* The bound of what is kept as long as messages, and that of what lives for minutes. */
#define OLD (NOW - 400 * DAY)
#define RECENT (NOW - DAY)
#define ANCIENT (NOW - 800 * DAY) /* of the record of who saw what, as of events */

static void add_rest(struct db *db)
{
        char sql[4000];

        snprintf(
            sql, sizeof sql,
            "INSERT INTO person(id, given, family) VALUES ('G1', 'Aino', 'Esimerkki');"
            "INSERT INTO person(id, given, family, ended) VALUES ('G2', 'Onni', 'Esimerkki', '2024-01-01'),"
            " ('G3', 'Outi', 'Esimerkki', '2026-11-01');"
            "INSERT INTO contact(person, channel, value) VALUES ('G1', 'sms', '+358400000011'),"
            " ('G2', 'sms', '+358400000012'), ('G3', 'sms', '+358400000013');"
            "INSERT INTO reply(event, address, answer, state, at, received) VALUES"
            " (1, '+358400000011', 'knew', 'done', 1, %lld), (2, '+358400000011', 'unclear', 'waiting', 1, "
            "%lld);"
            "INSERT INTO page_link(hash, kind, person, rule, subject_kind, subject, created, expires) VALUES"
            " (x'01', 'guardian', 'G1', 'r', 'pupil', 'P1', 1, %lld), (x'02', 'case', 'G1', 'r', 'case', "
            "'C', 1, %lld);"
            "INSERT INTO case_session VALUES (x'0a', x'01', 1, %lld), (x'0b', x'02', 1, %lld), (x'0c', "
            "x'02', 1, %lld);",
            OLD - 1, OLD, OLD - 1, OLD, RECENT + 9, RECENT - 1, RECENT);
        run_sql(db, sql);
        snprintf(
            sql, sizeof sql,
            "INSERT INTO one_time_code(person, purpose, subject, code_hash, detail, created, expires) VALUES"
            " ('G1', 'case', 'C', x'00', '', 1, %lld), ('G1', 'case', 'C', x'00', '', 1, %lld);"
            "INSERT INTO early_receipt(provider, provider_id, status, received) VALUES"
            " ('p', '1', 'delivered', %lld), ('p', '2', 'delivered', %lld);"
            "INSERT INTO contact_stop(channel, value, since) VALUES ('sms', '+358400000011', 1),"
            " ('sms', '+358400000012', 1), ('sms', '+358400000013', 1), ('sms', '+358400000014', 1),"
            " ('sms', '+358400000015', %lld)",
            RECENT - 1, RECENT, RECENT - 1, RECENT, OLD);
        run_sql(db, sql);
        snprintf(
            sql, sizeof sql,
            "INSERT INTO desk_session(hash, person, how, created, seen, expires) VALUES"
            " (x'0d', 'G1', 'link', 1, 1, %lld), (x'0e', 'G1', 'link', 1, 1, %lld);"
            "INSERT INTO desk_ticket(hash, person, created, expires) VALUES (x'0f', 'G1', 1, %lld),"
            " (x'10', 'G1', 1, %lld);"
            "INSERT INTO desk_audit(at, person, page, act, kind, subject, status) VALUES"
            " (%lld, 'G1', 'pupil', '', 'pupil', 'P1', 200), (%lld, 'G1', 'pupil', '', 'pupil', 'P2', 200)",
            RECENT - 1, RECENT, RECENT - 1, RECENT, ANCIENT - 1, ANCIENT);
        run_sql(db, sql);
}

static void takes_the_rest(void **state)
{
        struct purge_ages ages = {.messages = OLD, .moments = RECENT, .events = ANCIENT};
        struct purge_counts counts;
        struct db *db = *state;

        add_rest(db);
        counts = purge_all(db, &ages);
        /* A reply, a link (and with it its session), a session, a code, a receipt, two stops; of the
         * desk a session, a link to sign in with, a line of the record. */
        assert_int_equal(counts.rest, 10);
        assert_int_equal(number(db, "SELECT count(*) FROM desk_session WHERE hash = x'0e'"), 1);
        assert_int_equal(number(db, "SELECT count(*) FROM desk_session"), 1);
        assert_int_equal(number(db, "SELECT count(*) FROM desk_ticket"), 1);
        assert_int_equal(number(db, "SELECT count(*) FROM desk_audit WHERE subject = 'P2'"), 1);
        assert_int_equal(number(db, "SELECT count(*) FROM desk_audit"), 1);
        assert_int_equal(number(db, "SELECT count(*) FROM reply WHERE state = 'waiting'"), 1);
        assert_int_equal(number(db, "SELECT count(*) FROM reply"), 1);
        assert_int_equal(number(db, "SELECT count(*) FROM page_link WHERE hash = x'02'"), 1);
        assert_int_equal(number(db, "SELECT count(*) FROM page_link"), 1);
        assert_int_equal(number(db, "SELECT count(*) FROM case_session WHERE hash = x'0c'"), 1);
        assert_int_equal(number(db, "SELECT count(*) FROM case_session"), 1);
        assert_int_equal(number(db, "SELECT count(*) FROM one_time_code"), 1);
        assert_int_equal(number(db, "SELECT count(*) FROM early_receipt WHERE provider_id = '2'"), 1);
        assert_int_equal(number(db, "SELECT count(*) FROM early_receipt"), 1);
        /* Whoever has the number, or had it a month ago, is still left in peace; so is a fresh stop. */
        assert_int_equal(number(db, "SELECT count(*) FROM contact_stop"), 3);
        assert_int_equal(number(db, "SELECT count(*) FROM contact_stop WHERE value IN ('+358400000011',"
                                    " '+358400000013', '+358400000015')"),
                         3);
        assert_int_equal(purge_all(db, &ages).rest, 0);
}

static void takes_many_in_steps(void **state)
{
        struct purge_ages ages = {.messages = OLD, .moments = RECENT};
        struct db *db = *state;

        run_sql(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)"
                    " INSERT INTO reply(event, address, answer, state, at, received)"
                    " SELECT i, '+358400000011', 'knew', 'done', 1, 1 FROM n");
        assert_int_equal(purge_all(db, &ages).rest, 2500);
        assert_int_equal(number(db, "SELECT count(*) FROM reply"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
            TEST(takes_old_publications_and_keeps_the_last),
            TEST(keeps_to_the_bound_of_rows),
            TEST(takes_places_in_the_log),
            TEST(takes_old_events),
            TEST(counts_by_state_without_reading_all),
            TEST(tells_a_survey_by_fives),
            TEST(takes_the_rest),
            TEST(takes_many_in_steps),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
