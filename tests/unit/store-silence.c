/* What stops messages that wait: triggers of the schema and store/notice, whoever writes. */
#include "store/db.h"
#include "store/notice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sqlite3.h>
#include <cmocka.h>

#include "lib/fresh.h"

#define NOW 1795600800 /* Wednesday 25 November 2026, 10:00 UTC */

static void execute(struct db *db, const char *sql)
{
        char *error = NULL;

        if (sqlite3_exec(db_handle(db), sql, NULL, NULL, &error) != SQLITE_OK)
                fail_msg("%s", error);
}

/* Message 1 to the guardian G1, 2 to the teacher T1, both about the pupil P1 of the group g. */
static int setup(void **state)
{
        struct db *db = NULL;

        db = fresh_open();
        execute(db,
                "INSERT INTO organisation(id, kind, parent, name) VALUES ('s', 'school', NULL, 'S'),"
                " ('g', 'group', 's', 'G');"
                "INSERT INTO person(id, given, family) VALUES ('P1', 'A', 'E'), ('G1', 'B', 'E'),"
                " ('T1', 'C', 'E');"
                "INSERT INTO role(person, role, organisation, first_day) VALUES"
                " ('P1', 'pupil', 'g', '2026-08-01'), ('T1', 'teacher', 'g', '2026-08-01');"
                "INSERT INTO guardian(pupil, guardian) VALUES ('P1', 'G1');"
                "INSERT INTO rule_version(id, rule, hash, text, first_used) VALUES (1, 'r', 'h', '', 0);"
                "INSERT INTO rule_match(id, rule, version, kind, subject, pupil, key, state, due, seen,"
                " fired, facts) VALUES (1, 'r', 1, 'pupil', 'P1', 'P1', 'k', 'fired', 0, 0, 0, '{}');"
                "INSERT INTO notice(id, match, step, person, template, created) VALUES"
                " (1, 1, 0, 'G1', 't', 0), (2, 1, 1, 'T1', 't', 0);"
                "INSERT INTO message(id, person, channel, address, language, text, urgent, state, reason,"
                " created, not_before, changed) VALUES"
                " (1, 'G1', 'sms', '+358400000010', 'fi', 'Hei', 0, 'held', 'quiet-hours', 1795552200,"
                "  1795582800, 0),"
                " (2, 'T1', 'sms', '+358400000041', 'fi', 'Hei', 0, 'held', 'quiet-hours', 1795552200,"
                "  1795582800, 0);"
                "INSERT INTO message_notice(message, notice, channel) VALUES (1, 1, 'sms'), (2, 2, 'sms')");
        *state = db;
        return 0;
}

static int teardown(void **state)
{
        db_close(*state);
        return 0;
}

static void expect(struct db *db, const char *guardians, const char *teachers)
{
        const char *const rows[] = {guardians, teachers};
        struct query q;

        for (int i = 0; i < 2; i++) {
                query_start(&q, db, "SELECT state || ' ' || ifnull(reason, '-') FROM message WHERE id = ?",
                            NULL);
                query_int(&q, i + 1);
                assert_int_equal(query_row(&q), 1);
                assert_string_equal(column_text(&q, 0), rows[i]);
                query_end(&q);
        }
}

static void release(struct db *db)
{
        struct err err = {0};

        if (notice_release(db, NOW, &err) < 0)
                fail_msg("%s", err.text);
}

static void releases_in_the_morning(void **state)
{
        release(*state);
        expect(*state, "queued -", "queued -");
}

static void nothing_leaves_unconfirmed(void **state)
{
        execute(*state, "UPDATE message SET reason = 'confirmation'");
        release(*state);
        expect(*state, "held confirmation", "held confirmation");
}

/* What was written before carries places, to contacts that need not be safe. */
static void protected_from_now_on(void **state)
{
        execute(*state, "UPDATE person SET protected = 1 WHERE id = 'P1'");
        release(*state);
        expect(*state, "cancelled protected", "queued -");
}

static void restricted_by_another_row(void **state)
{
        execute(*state, "DELETE FROM guardian; INSERT INTO guardian(pupil, guardian, restricted)"
                        " VALUES ('P1', 'G1', 1)");
        expect(*state, "cancelled restricted", "held quiet-hours");
}

/* The role ran out while the message waited: no statement said so. */
static void role_ran_out(void **state)
{
        execute(*state, "UPDATE role SET last_day = '2026-11-24' WHERE person = 'T1'");
        release(*state);
        expect(*state, "queued -", "cancelled ended");
}

static void role_goes_on_elsewhere(void **state)
{
        execute(*state, "UPDATE role SET last_day = '2026-11-24' WHERE person = 'T1';"
                        "INSERT INTO role(person, role, organisation, first_day)"
                        " VALUES ('T1', 'coach', 's', '2026-11-25')");
        release(*state);
        expect(*state, "queued -", "queued -");
}

static void hold_of_the_school(void **state)
{
        execute(*state, "INSERT INTO hold(kind, subject, starts) VALUES ('group', 's', 1795560000)");
        expect(*state, "cancelled staff-hold", "cancelled staff-hold");
}

/* Of those who have left the group a hold of it says nothing. */
static void hold_of_a_group_that_was_left(void **state)
{
        execute(*state, "UPDATE role SET last_day = '2026-11-01' WHERE person = 'P1';"
                        "INSERT INTO hold(kind, subject, starts) VALUES ('group', 'g', 1795560000)");
        expect(*state, "held quiet-hours", "held quiet-hours");
}

static void hold_that_was_over(void **state)
{
        execute(*state, "INSERT INTO hold(kind, subject, starts, ends) VALUES ('pupil', 'P1', 1795000000,"
                        " 1795100000)");
        expect(*state, "held quiet-hours", "held quiet-hours");
}

/* Whoever writes a mark without a class has explained nothing: silence is no presence. */
static void absence_without_a_class(void **state)
{
        struct query q;

        execute(*state, "INSERT INTO attendance_mark(pupil, day, lesson, starts, ends, mark, received)"
                        " VALUES ('P1', '2026-11-25', 1, 1795586400, 1795589100, 'absent', 1795589100)");
        query_start(&q, *state, "SELECT status FROM absence WHERE pupil = 'P1'", NULL);
        assert_int_equal(query_row(&q), 1);
        assert_string_equal(column_text(&q, 0), "unexplained");
        query_end(&q);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
            CASE(absence_without_a_class),    CASE(hold_of_a_group_that_was_left),
            CASE(hold_of_the_school),         CASE(hold_that_was_over),
            CASE(nothing_leaves_unconfirmed), CASE(protected_from_now_on),
            CASE(releases_in_the_morning),    CASE(restricted_by_another_row),
            CASE(role_goes_on_elsewhere),     CASE(role_ran_out),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
