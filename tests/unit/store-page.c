/* Links to pages: tokens, renewal, and what kills them. */
#include "store/db.h"
#include "store/page_link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sqlite3.h>
#include <cmocka.h>

#include "lib/fresh.h"

#define NOW 1795600800 /* Wednesday 25 November 2026, 10:00 UTC */
#define TODAY "2026-11-25"

static void execute(struct db *db, const char *sql)
{
        char *error = NULL;

        if (sqlite3_exec(db_handle(db), sql, NULL, NULL, &error) != SQLITE_OK)
                fail_msg("%s", error);
}

static void hash_of(struct db *db, const char *kind, const char *person, const char *key,
                    uint8_t hash[static PAGE_HASH_BYTES])
{
        char token[PAGE_TOKEN_MAX];
        struct err err = {0};

        assert_int_equal(page_token(db, kind, person, "absence-alert", key, token, &err), 0);
        assert_int_equal(strlen(token), PAGE_TOKEN_MAX - 1);
        assert_true(page_token_hash(token, hash));
}

static void put(struct db *db, const char *kind, const char *person, int64_t expires)
{
        struct page_link link = {.pupil = "P1",
                                 .rule = "absence-alert",
                                 .subject_kind = "pupil",
                                 .subject = "P1",
                                 .day = TODAY,
                                 .expires = expires};
        uint8_t hash[PAGE_HASH_BYTES];
        struct err err = {0};

        snprintf(link.kind, sizeof link.kind, "%s", kind);
        snprintf(link.person, sizeof link.person, "%s", person);
        hash_of(db, kind, person, "k", hash);
        assert_int_equal(page_link_put(db, NOW, hash, &link, &err), 0);
}

/* 1: in force and the right stands; 0: revoked; -1: the right is gone though nobody revoked it. */
static int is_open(struct db *db, const char *kind, const char *person)
{
        struct page_link link;
        uint8_t hash[PAGE_HASH_BYTES];
        struct err err = {0};

        hash_of(db, kind, person, "k", hash);
        assert_int_equal(page_link_find(db, hash, &link, &err), 1);
        assert_string_equal(link.pupil, "P1");
        if (link.is_revoked)
                return 0;
        return page_link_stands(db, &link, NOW, TODAY, &err) ? 1 : -1;
}

static int setup(void **state)
{
        struct db *db = NULL;

        db = fresh_open();
        execute(
            db,
            "INSERT INTO organisation(id, kind, parent, name) VALUES ('s', 'school', NULL, 'S'),"
            " ('g', 'group', 's', 'G');"
            "INSERT INTO person(id, given, family) VALUES ('P1', 'A', 'E'), ('G1', 'B', 'E'),"
            " ('S1', 'C', 'E');"
            "INSERT INTO role(person, role, organisation, first_day) VALUES"
            " ('P1', 'pupil', 'g', '2026-08-01');"
            "INSERT INTO guardian(pupil, guardian) VALUES ('P1', 'G1');"
            "INSERT INTO workplace(id, name, organisation) VALUES ('W1', 'W', 's');"
            "INSERT INTO placement(id, pupil, workplace, supervisor, model, weekdays, first_day, last_day,"
            " starts, ends) VALUES ('PL1', 'P1', 'W1', 'S1', '4+1', '3', '2026-11-01', '2026-12-01', -10800,"
            " 10800)");
        put(db, "guardian", "G1", NOW + 100);
        put(db, "pupil", "P1", NOW + 100);
        put(db, "supervisor", "S1", NOW + 100);
        *state = db;
        return 0;
}

static int teardown(void **state)
{
        db_close(*state);
        return 0;
}

static void test_tokens(void **state)
{
        uint8_t first[PAGE_HASH_BYTES], second[PAGE_HASH_BYTES];
        struct db *other = NULL;

        hash_of(*state, "guardian", "G1", "k", first);
        hash_of(*state, "guardian", "G1", "k", second);
        assert_memory_equal(first, second, sizeof first);
        hash_of(*state, "guardian", "G1", "k2", second);
        assert_memory_not_equal(first, second, sizeof first);
        hash_of(*state, "pupil", "G1", "k", second);
        assert_memory_not_equal(first, second, sizeof first);
        assert_int_equal(db_open(":memory:", DB_PRIVATE, &other, NULL), 0); /* a secret of its own */
        hash_of(other, "guardian", "G1", "k", second);
        assert_memory_not_equal(first, second, sizeof first);
        db_close(other);
        assert_false(page_token_hash("", second));
        assert_false(page_token_hash("abcdefghijklmnopqrstu", second));
        assert_false(page_token_hash("abcdefghijklmnopqrstu/", second));
        assert_false(page_token_hash("abcdefghijklmnopqrstuvwxyz", second));
}

static void test_renewal(void **state)
{
        struct page_link link;
        uint8_t hash[PAGE_HASH_BYTES];
        struct err err = {0};

        put(*state, "guardian", "G1", NOW + 50); /* an earlier end does not shorten it */
        hash_of(*state, "guardian", "G1", "k", hash);
        assert_int_equal(page_link_find(*state, hash, &link, &err), 1);
        assert_int_equal(link.expires, NOW + 100);
        put(*state, "guardian", "G1", NOW + 500);
        assert_int_equal(page_link_find(*state, hash, &link, &err), 1);
        assert_int_equal(link.expires, NOW + 500);
        execute(*state, "UPDATE page_link SET revoked = 1");
        put(*state, "guardian", "G1", NOW + 900);
        assert_int_equal(is_open(*state, "guardian", "G1"), 0);
}

static void expect(void **state, const char *sql, int guardian, int pupil, int supervisor)
{
        execute(*state, sql);
        assert_int_equal(is_open(*state, "guardian", "G1"), guardian);
        assert_int_equal(is_open(*state, "pupil", "P1"), pupil);
        assert_int_equal(is_open(*state, "supervisor", "S1"), supervisor);
}

static void test_stand(void **state)
{
        expect(state, "SELECT 1", 1, 1, 1);
}

static void test_restricted(void **state)
{
        expect(state, "UPDATE guardian SET restricted = 1", 0, 1, 1);
}

static void test_not_notified(void **state)
{
        expect(state, "UPDATE guardian SET notify = 0", 0, 1, 1);
}

static void test_guardian_ended(void **state)
{
        expect(state, "UPDATE guardian SET ended = '2026-11-25'", 0, 1, 1);
}

static void test_person_ended(void **state)
{
        expect(state, "UPDATE person SET ended = '2026-11-25' WHERE id = 'S1'", 1, 1, 0);
}

static void test_pupil_ended(void **state)
{
        expect(state, "UPDATE person SET ended = '2026-11-25' WHERE id = 'P1'", 0, 0, 0);
}

static void test_hold_person(void **state)
{
        expect(state, "INSERT INTO hold(kind, subject, starts) VALUES ('person', 'G1', 1795600000)", 0, 1, 1);
}

static void test_hold_pupil(void **state)
{
        expect(state, "INSERT INTO hold(kind, subject, starts) VALUES ('pupil', 'P1', 1795600000)", 0, 0, 0);
}

static void test_hold_group(void **state)
{
        expect(state, "INSERT INTO hold(kind, subject, starts) VALUES ('group', 's', 1795600000)", 0, 0, 0);
}

static void test_role_ended(void **state)
{
        expect(state, "UPDATE role SET last_day = '2026-11-24'", 1, -1, 1);
}

static void test_placement_cancelled(void **state)
{
        expect(state, "UPDATE placement SET state = 'cancelled'", 1, 1, -1);
}

static void test_other_supervisor(void **state)
{
        expect(state, "UPDATE placement SET supervisor = 'G1'", 1, 1, -1);
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

#define OVER(kind) "SELECT count(*) FROM page_link WHERE kind = '" kind "' AND expires <= created"

/* The statement itself closes the link, and who comes back gets it back with the next message. */
static void closes_supervisor(void **state, const char *away, const char *back)
{
        execute(*state, away);
        assert_int_equal(number(*state, OVER("supervisor")), 1);
        assert_int_equal(number(*state, OVER("guardian")), 0);
        assert_int_equal(number(*state, OVER("pupil")), 0);
        execute(*state, back);
        put(*state, "supervisor", "S1", NOW + 200);
        assert_int_equal(number(*state, OVER("supervisor")), 0);
        assert_int_equal(is_open(*state, "supervisor", "S1"), 1);
}

static void test_supervisor_changes(void **state)
{
        closes_supervisor(state, "UPDATE placement SET supervisor = 'G1'",
                          "UPDATE placement SET supervisor = 'S1'");
        closes_supervisor(state, "UPDATE placement SET state = 'cancelled'",
                          "UPDATE placement SET state = 'planned'");
        execute(*state, "INSERT INTO workplace_supervisor(workplace, person) VALUES ('W1', 'S1');"
                        "INSERT INTO workplace(id, name, organisation) VALUES ('W2', 'X', 's');"
                        "UPDATE placement SET supervisor = NULL");
        assert_int_equal(number(*state, OVER("supervisor")), 0);
        closes_supervisor(state, "UPDATE placement SET workplace = 'W2'",
                          "UPDATE placement SET workplace = 'W1'");
        closes_supervisor(state, "DELETE FROM workplace_supervisor",
                          "INSERT INTO workplace_supervisor(workplace, person) VALUES ('W1', 'S1')");
}

static void test_role_closes(void **state)
{
        execute(*state, "UPDATE role SET last_day = '2026-11-30'");
        assert_int_equal(number(*state, OVER("pupil")), 0);
        assert_int_equal(number(*state, "SELECT expires FROM page_link WHERE kind = 'pupil'"), NOW + 100);
        execute(*state, "UPDATE role SET last_day = '2026-11-24'");
        assert_int_equal(number(*state, OVER("pupil")), 1);
        assert_int_equal(number(*state, OVER("guardian")), 0);
        execute(*state, "UPDATE role SET last_day = NULL");
        put(*state, "pupil", "P1", NOW + 200);
        execute(*state, "DELETE FROM role");
        assert_int_equal(number(*state, OVER("pupil")), 1);
}

/* Who has another role of the kind keeps the link. */
static void test_role_goes_on(void **state)
{
        execute(*state, "INSERT INTO role(person, role, organisation, first_day) VALUES"
                        " ('P1', 'pupil', 's', '2026-08-01')");
        execute(*state, "UPDATE role SET last_day = '2026-11-24' WHERE organisation = 'g'");
        assert_int_equal(number(*state, OVER("pupil")), 0);
        execute(*state, "DELETE FROM role WHERE organisation = 'g'");
        assert_int_equal(number(*state, OVER("pupil")), 0);
}

static void test_protected(void **state)
{
        expect(state, "UPDATE person SET protected = 1 WHERE id = 'P1'", 0, 0, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(test_tokens, setup, teardown),
            cmocka_unit_test_setup_teardown(test_renewal, setup, teardown),
            cmocka_unit_test_setup_teardown(test_stand, setup, teardown),
            cmocka_unit_test_setup_teardown(test_restricted, setup, teardown),
            cmocka_unit_test_setup_teardown(test_not_notified, setup, teardown),
            cmocka_unit_test_setup_teardown(test_guardian_ended, setup, teardown),
            cmocka_unit_test_setup_teardown(test_person_ended, setup, teardown),
            cmocka_unit_test_setup_teardown(test_pupil_ended, setup, teardown),
            cmocka_unit_test_setup_teardown(test_hold_person, setup, teardown),
            cmocka_unit_test_setup_teardown(test_hold_pupil, setup, teardown),
            cmocka_unit_test_setup_teardown(test_hold_group, setup, teardown),
            cmocka_unit_test_setup_teardown(test_role_ended, setup, teardown),
            cmocka_unit_test_setup_teardown(test_placement_cancelled, setup, teardown),
            cmocka_unit_test_setup_teardown(test_other_supervisor, setup, teardown),
            cmocka_unit_test_setup_teardown(test_protected, setup, teardown),
            cmocka_unit_test_setup_teardown(test_supervisor_changes, setup, teardown),
            cmocka_unit_test_setup_teardown(test_role_closes, setup, teardown),
            cmocka_unit_test_setup_teardown(test_role_goes_on, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
