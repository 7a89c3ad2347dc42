/* The log of messages: whose it is, in what order, where a page ends, and what is about a case. */
#include "store/desk_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sqlite3.h>
#include <cmocka.h>

#include "lib/fresh.h"

#define NOW 1795428000
#define TEXT_MAX 8192

static void execute(struct db *db, const char *sql)
{
        char *error = NULL;

        if (sqlite3_exec(db_handle(db), sql, NULL, NULL, &error) != SQLITE_OK)
                fail_msg("%s: %s", error, sql);
}

/* A message with its chain: the notice and the match have its number. */
static void tell(struct db *db, int id, const char *rule, const char *kind, const char *subject,
                 const char *pupil, const char *person, const char *state)
{
        char sql[2048];

        snprintf(
            sql, sizeof sql,
            "INSERT INTO rule_match(id, rule, version, kind, subject, pupil, key, state, due, seen, fired, "
            "facts)"
            "  VALUES (%1$d, '%2$s', 1, '%3$s', '%4$s', nullif('%5$s', ''), 'k%1$d', 'fired', 1, 1, 1, '{}');"
            "INSERT INTO notice(id, match, step, person, template, created) VALUES (%1$d, %1$d, 0, '%6$s', "
            "'t',"
            " %8$d + %1$d);"
            "INSERT INTO message(id, person, channel, address, language, text, urgent, state, created,"
            "  not_before, changed) VALUES (%1$d, '%6$s', 'sms', 'a', 'fi', 'Text', 0, '%7$s', %8$d + %1$d,"
            "  0, 0);"
            "INSERT INTO message_notice(message, notice, channel) VALUES (%1$d, %1$d, 'sms')",
            id, rule, kind, subject, pupil, person, state, NOW);
        execute(db, sql);
}

static int setup(void **state)
{
        struct db *db = fresh_open();

        execute(
            db,
            "INSERT INTO organisation(id, kind, parent, name) VALUES ('m', 'municipality', NULL, 'M'),"
            " ('s', 'school', 'm', 'Harjun koulu'), ('g', 'group', 's', 'G'), ('o', 'school', 'm', 'O'),"
            " ('x', 'group', 'o', 'X');"
            "INSERT INTO person(id, given, family) VALUES ('P1', 'Aino', 'Öhman'), ('P2', 'Ben', 'Other'),"
            " ('G1', 'Eeva', 'Öhman'), ('T1', 'Teo', 'Teacher'), ('T2', 'Tea', 'Elsewhere'),"
            " ('CU', 'Cui', 'Curator'), ('E1', 'Essi', 'Secretary'), ('S1', 'Sam', 'Supervisor');"
            "INSERT INTO role(person, role, organisation) VALUES ('P1', 'pupil', 'g'), ('P2', 'pupil', 'x'),"
            " ('T1', 'teacher', 'g'), ('T2', 'teacher', 'x'), ('CU', 'curator', 'm'), ('E1', 'secretary',"
            " 's');"
            "INSERT INTO guardian(pupil, guardian) VALUES ('P1', 'G1');"
            "INSERT INTO workplace(id, name, address, organisation) VALUES ('W1', 'Puutarha', 'Tie 1', 'm');"
            "INSERT INTO placement(id, pupil, workplace, model, weekdays, first_day, last_day, starts, ends)"
            " VALUES ('L1', 'P1', 'W1', '4+1', '2', '2026-11-01', '2026-12-01', -10800, 10800);"
            "INSERT INTO rule_version(id, rule, hash, text, first_used) VALUES (1, 'absence-alert', 'h', '',"
            " 1);"
            "INSERT INTO case_file(id, pupil, organisation, rule, step, owner_role, owner, opened, owned)"
            " VALUES ('2026-0001', 'P1', 'g', 'absence-hours', '1', 'curator', 'CU', 1, 1)");
        tell(db, 1, "absence-alert", "pupil", "P1", "P1", "G1", "delivered");
        tell(db, 2, "absence-alert", "pupil", "P2", "P2", "T2", "failed");
        tell(db, 3, "case-opened", "case", "2026-0001", "P1", "CU", "delivered");
        tell(db, 4, "absence-hours", "pupil", "P1", "P1", "CU", "delivered");
        tell(db, 5, "absence-hours", "pupil", "P1", "P1", "T1", "failed");
        tell(db, 6, "contact-bad", "person", "G1", "", "E1", "queued");
        tell(db, 7, "meeting-count", "organisation", "o", "", "S1", "delivered");
        *state = db;
        return 0;
}

static int teardown(void **state)
{
        db_close(*state);
        return 0;
}

static void print_rows(const struct desk_log_rows *rows, char text[static TEXT_MAX])
{
        text[0] = '\0';
        for (int i = 0; i < rows->count; i++)
                snprintf(text + strlen(text), TEXT_MAX - strlen(text), "%d ", (int)rows->rows[i].id);
}

static void expect(struct db *db, const struct desk_log_filter *filter, const char *expected)
{
        struct desk_log_rows rows;
        char text[TEXT_MAX];
        struct err err = {0};

        if (desk_log_read(db, filter, &rows, &err) < 0)
                fail_msg("%s", err.text);
        print_rows(&rows, text);
        desk_log_fini(&rows);
        if (strcmp(text, expected) != 0)
                fail_msg("scope %s, reader %s, like %s: %s instead of %s", filter->scope, filter->reader,
                         filter->like ? filter->like : "-", text, expected);
}

static void test_scope(void **state)
{
        static const struct {
                const char *scope, *reader, *expected;
        } table[] = {
            {"[\"g\"]", "T1", "5 1 "},
            {"[\"s\"]", "E1", "6 5 1 "},
            {"[\"x\"]", "T2", "2 "},
            {"[\"o\"]", "X", "7 2 "},
            {"[\"m\"]", "R", "7 6 5 2 1 "},
            {"[\"g\",\"o\"]", "T1", "7 5 2 1 "},
            {"[\"s\",\"g\"]", "T1", "6 5 1 "},
            {"[]", "T1", ""},
            /* who takes part in the case, and who got it */
            {"[\"m\"]", "CU", "7 6 5 4 3 2 1 "},
        };

        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
                expect(*state, &(struct desk_log_filter){.scope = table[i].scope, .reader = table[i].reader},
                       table[i].expected);
        execute(*state, "INSERT INTO case_participant(case_id, person, since) VALUES ('2026-0001', 'T1', 1)");
        expect(*state, &(struct desk_log_filter){.scope = "[\"g\"]", .reader = "T1"}, "5 4 3 1 ");
}

static void test_filters(void **state)
{
        static const struct {
                struct desk_log_filter filter;
                const char *expected;
        } table[] = {
            {{.states = "[\"failed\",\"rejected\"]"}, "5 2 "},
            {{.states = "[\"leased\"]"}, ""},
            {{.rule = "absence-alert"}, "2 1 "},
            {{.rule = "absence-alert", .states = "[\"failed\"]"}, "2 "},
            {{.from = NOW + 2, .until = NOW + 6}, "5 2 "},
            {{.like = "öhm"}, "5 1 "}, /* whom it is about, and who is told */
            {{.like = "eeva"}, "1 "},
            {{.like = "ben other"}, "2 "},
            {{.like = "ben", .states = "[\"delivered\"]"}, ""},
            {{.like = "nobody"}, ""},
            {{.like = "%"}, ""},
            {{.below = {NOW + 5, 5}}, "2 1 "},
            {{.like = "öhm", .below = {NOW + 5, 5}}, "1 "},
        };

        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                struct desk_log_filter filter = table[i].filter;

                filter.scope = "[\"m\"]";
                filter.reader = "R";
                expect(*state, &filter, table[i].expected);
        }
        /* Who has the same name elsewhere takes nobody's place. */
        execute(*state, "INSERT INTO person(id, given, family) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL "
                        "SELECT i + 1 FROM n"
                        " WHERE i < 200) SELECT 'A' || i, 'Eeva', 'Öhman' FROM n;"
                        "INSERT INTO role(person, role, organisation) SELECT id, 'pupil', 'x' FROM person "
                        "WHERE id GLOB 'A*';"
                        "INSERT INTO workplace_supervisor(workplace, person) VALUES ('W1', 'S1')");
        expect(*state, &(struct desk_log_filter){.scope = "[\"g\"]", .reader = "T1", .like = "eeva"}, "1 ");
        expect(*state, &(struct desk_log_filter){.scope = "[\"m\"]", .reader = "R", .like = "supervisor"},
               "7 ");
        /* The same in a scope that is too large to be read whole. */
        execute(*state,
                "INSERT INTO person(id, given, family) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT"
                " i + 1 FROM n WHERE i < 600) SELECT 'B' || i, 'Zed', 'Zorro' FROM n;"
                "INSERT INTO role(person, role, organisation) SELECT id, 'pupil', 'g' FROM person WHERE id"
                " GLOB 'B*'");
        expect(*state, &(struct desk_log_filter){.scope = "[\"g\"]", .reader = "T1", .like = "eeva"}, "1 ");
        expect(*state, &(struct desk_log_filter){.scope = "[\"m\"]", .reader = "R", .like = "supervisor"},
               "7 ");
        expect(*state, &(struct desk_log_filter){.scope = "[\"g\"]", .reader = "T1", .like = "teacher teo"},
               "5 ");
        /* A name of the other school finds nothing of it. */
        expect(*state, &(struct desk_log_filter){.scope = "[\"s\"]", .reader = "E1", .like = "ben"}, "");
}

/* Every message once, in order, however the pages fall. */
static void expect_all(struct db *db, struct desk_log_filter filter, int first, int last)
{
        int expected = last;

        for (int pages = 0; pages < 100; pages++) {
                struct desk_log_rows rows;
                struct err err = {0};

                if (desk_log_read(db, &filter, &rows, &err) < 0)
                        fail_msg("%s", err.text);
                assert_true(rows.count <= DESK_LOG_ROWS);
                for (int i = 0; i < rows.count; i++)
                        assert_int_equal(rows.rows[i].id, expected--);
                filter.below = rows.next;
                desk_log_fini(&rows);
                if (!filter.below.message)
                        break;
        }
        assert_int_equal(expected, first - 1);
}

static void test_pages(void **state)
{
        execute(*state, "DELETE FROM message_scope; DELETE FROM message_notice; DELETE FROM message");
        for (int i = 100; i < 100 + 3 * DESK_LOG_ROWS; i++)
                tell(*state, i, "absence-alert", "pupil", i % 2 ? "P1" : "P2", i % 2 ? "P1" : "P2",
                     i % 2 ? "G1" : "T2", "delivered");
        expect_all(*state, (struct desk_log_filter){.scope = "[\"m\"]", .reader = "R"}, 100,
                   99 + 3 * DESK_LOG_ROWS);
        expect_all(*state, (struct desk_log_filter){.scope = "[\"s\",\"o\"]", .reader = "R"}, 100,
                   99 + 3 * DESK_LOG_ROWS);
}

/* What is looked for lies further back than one page looks: the page says where it stopped. */
static void test_scan(void **state)
{
        struct desk_log_filter filter = {.scope = "[\"m\"]", .reader = "R", .states = "[\"expired\"]"};
        struct desk_log_rows rows;
        struct err err = {0};
        int pages = 0, found = 0;

        execute(*state,
                "INSERT INTO rule_match(id, rule, version, kind, subject, pupil, key, state, due, seen, "
                "fired, facts)"
                " WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
                " SELECT i, 'absence-alert', 1, 'pupil', 'P1', 'P1', 'k' || i, 'fired', 1, 1, 1, '{}' FROM n;"
                "INSERT INTO notice(id, match, step, person, template, created)"
                " SELECT id, id, 0, 'G1', 't', 1 FROM rule_match WHERE id >= 1000;"
                "INSERT INTO message(id, person, channel, address, language, text, urgent, state, created, "
                "not_before,"
                " changed) SELECT id, 'G1', 'sms', 'a', 'fi', 'T', 0, 'delivered', 1795430000 + id, 0, 0"
                "  FROM rule_match WHERE id >= 1000;"
                "INSERT INTO message_notice(message, notice, channel) SELECT id, id, 'sms' FROM notice"
                " WHERE id >= 1000;"
                "UPDATE message SET state = 'expired' WHERE id = 7");
        do {
                assert_int_equal(desk_log_read(*state, &filter, &rows, &err), 0);
                found += rows.count;
                filter.below = rows.next;
                desk_log_fini(&rows);
                pages++;
        } while (filter.below.message && pages < 10);
        assert_int_equal(found, 1);
        assert_int_equal(pages, 3);
}

/* A digest is one row, and only for what of it may be seen. */
static void test_digest(void **state)
{
        struct desk_log_filter filter = {.scope = "[\"g\"]", .reader = "T1"};
        struct desk_log_rows rows;
        struct err err = {0};

        execute(*state, "INSERT INTO message_notice(message, notice, channel) VALUES (5, 1, 'email'),"
                        " (5, 3, 'email')");
        assert_int_equal(desk_log_read(*state, &filter, &rows, &err), 0);
        assert_int_equal(rows.count, 2);
        assert_int_equal(rows.rows[0].id, 5);
        assert_int_equal(rows.rows[0].notices, 2);
        desk_log_fini(&rows);
}

static void test_of_pupil(void **state)
{
        struct desk_log_rows rows;
        char text[TEXT_MAX];
        struct err err = {0};

        assert_int_equal(desk_log_of_pupil(*state, "P1", "T1", 10, &rows, &err), 0);
        print_rows(&rows, text);
        assert_string_equal(text, "5 1 ");
        assert_string_equal(rows.rows[1].name, "Eeva Öhman");
        desk_log_fini(&rows);
        assert_int_equal(desk_log_of_pupil(*state, "P1", "T1", 1, &rows, &err), 0);
        print_rows(&rows, text);
        assert_string_equal(text, "5 ");
        desk_log_fini(&rows);
}

static void test_one(void **state)
{
        struct err err = {0};

        assert_int_equal(desk_log_has(*state, "[\"g\"]", 1, &err), 1);
        assert_int_equal(desk_log_has(*state, "[\"x\"]", 1, &err), 0);
        assert_int_equal(desk_log_has(*state, "[]", 1, &err), 0);
        assert_int_equal(desk_log_has(*state, "[\"m\"]", 99999, &err), 0);
        /* A message without a notice (a code, a link to sign in with) is in nobody's log. */
        execute(
            *state,
            "INSERT INTO message(id, person, channel, address, language, text, urgent, state, created,"
            " not_before, changed) VALUES (50, 'T1', 'email', 'a', 'fi', 'Code', 1, 'delivered', 1, 0, 0)");
        assert_int_equal(desk_log_has(*state, "[\"m\"]", 50, &err), 0);
        assert_int_equal(desk_log_case_is_open(*state, "2026-0001", "CU", &err), 1);
        assert_int_equal(desk_log_case_is_open(*state, "2026-0001", "E1", &err), 0);
        assert_int_equal(desk_log_case_is_open(*state, "2026-9999", "CU", &err), 0);
        assert_int_equal(desk_log_names_place(*state, "P1", "Tervetuloa: PUUTARHA.", &err), 1);
        assert_int_equal(desk_log_names_place(*state, "P1", "Osoite on Tie 1", &err), 1);
        assert_int_equal(desk_log_names_place(*state, "P1", "Harjun koulu: soita", &err), 1);
        assert_int_equal(desk_log_names_place(*state, "P1", "Aino on poissa", &err), 0);
}

static void test_person(void **state)
{
        static const struct {
                const char *person, *pupil, *as;
        } table[] = {{"G1", "P1", "guardian"}, {"G1", "", "guardian"}, {"T1", "P1", "teacher"},
                     {"CU", "P1", "curator"},  {"S1", "P1", ""},       {"NO", "P1", ""}};

        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                struct desk_log_person found;
                struct err err = {0};

                assert_int_equal(desk_log_person(*state, table[i].person, table[i].pupil, &found, &err), 0);
                assert_string_equal(found.as, table[i].as);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(test_scope, setup, teardown),
            cmocka_unit_test_setup_teardown(test_filters, setup, teardown),
            cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
            cmocka_unit_test_setup_teardown(test_scan, setup, teardown),
            cmocka_unit_test_setup_teardown(test_digest, setup, teardown),
            cmocka_unit_test_setup_teardown(test_of_pupil, setup, teardown),
            cmocka_unit_test_setup_teardown(test_one, setup, teardown),
            cmocka_unit_test_setup_teardown(test_person, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
