/* What a role gives at the desk, where it holds, and that all else is denied. */
#include "store/db.h"
#include "store/desk_access.h"
#include "store/desk_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TODAY "2026-11-23"
#define NOW 1795417200

static struct db *db;

static void run_sql(const char *sql)
{
        struct err err = {0};
        struct query q;

        query_start(&q, db, sql, &err);
        assert_int_equal(query_run(&q), 0);
}

static int setup(void **state)
{
        struct err err = {0};

        (void)state;
        assert_int_equal(db_open(":memory:", DB_PRIVATE, &db, &err), 0);
        run_sql("INSERT INTO organisation(id, kind, parent, name) VALUES ('m', 'municipality', NULL, 'M'),"
                " ('s', 'school', 'm', 'S'), ('t', 'school', 'm', 'T'), ('sa', 'group', 's', 'A'),"
                " ('sb', 'group', 's', 'B'), ('ta', 'group', 't', 'C'), ('n', 'municipality', NULL, 'N')");
        run_sql("INSERT INTO person(id, given, family) VALUES ('P', 'Aino', 'E'), ('Q', 'Oili', 'E'),"
                " ('T', 'Tea', 'E'), ('R', 'Reko', 'E'), ('C', 'Kira', 'E'), ('X', 'Ville', 'E')");
        run_sql("INSERT INTO role(person, role, organisation, first_day, last_day) VALUES"
                " ('P', 'pupil', 'sa', '2026-08-01', NULL), ('Q', 'pupil', 'ta', '2026-08-01', NULL),"
                " ('T', 'teacher', 'sa', '2026-08-01', NULL), ('R', 'principal', 's', '2026-08-01', NULL),"
                " ('C', 'curator', 'm', '2026-08-01', NULL), ('X', 'supervisor', 'sa', '2026-08-01', NULL),"
                " ('X', 'teacher', 's', '2025-08-01', '2026-11-22'), ('X', 'principal', 's', '2026-11-24', "
                "NULL)");
        run_sql("INSERT INTO workplace(id, name, organisation) VALUES ('W', 'Puutarha', 'm'), ('V', 'Paja', "
                "'n')");
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        db = db_close(db);
        return 0;
}

static struct desk_access read_access(const char *person, int expected)
{
        struct desk_access access;
        struct err err = {0};

        assert_int_equal(desk_access_read(db, person, TODAY, &access, &err), expected);
        return access;
}

static void gives_what_the_role_gives(void **state)
{
        struct desk_access teacher = read_access("T", 1), curator = read_access("C", 1);

        (void)state;
        assert_int_equal(teacher.rights, desk_role_rights("teacher", ""));
        assert_true(teacher.rights & DESK_DAY);
        assert_false(teacher.rights & (DESK_SETTINGS | DESK_ADMIN));
        assert_int_equal(curator.rights, DESK_CASE);
        assert_int_equal(desk_role_rights("pupil", ""), 0);
        assert_int_equal(desk_role_rights("supervisor", "municipality"), 0);
        assert_int_equal(desk_role_rights("emperor", ""), 0);
        assert_int_equal(desk_role_rights("", ""), 0);
}

/* The controller is a property of the role. */
static void shows_another_controllers_staff_cases_alone(void **state)
{
        struct desk_access access;

        (void)state;
        assert_int_equal(desk_role_rights("curator", ""), DESK_CASE);
        assert_int_equal(desk_role_rights("curator", "county"), DESK_CASE);
        assert_int_equal(desk_role_rights("curator", "municipality"), DESK_CASE | DESK_PUPIL);
        assert_int_equal(desk_role_rights("curator", "elsewhere"), DESK_CASE);
        assert_int_equal(desk_role_rights("coordinator", "county"), DESK_CASE);
        assert_int_equal(desk_role_rights("secretary", "county"), 0);
        run_sql("UPDATE role SET controller = 'municipality' WHERE person = 'C'");
        access = read_access("C", 1);
        assert_int_equal(access.rights, DESK_CASE | DESK_PUPIL);
        run_sql("UPDATE role SET controller = 'county' WHERE person = 'R'");
        access = read_access("R", 1);
        assert_int_equal(access.rights, DESK_CASE);
}

static void denies_who_has_no_role_in_force(void **state)
{
        (void)state;
        read_access("P", 0);
        read_access("X", 0); /* one has ended, one has not begun, one has no place here */
        read_access("nobody", 0);
        run_sql("UPDATE person SET ended = '2026-11-20' WHERE id = 'T'");
        read_access("T", 0);
        run_sql("UPDATE organisation SET ended = '2026-11-20' WHERE id = 's'");
        read_access("R", 0);
}

static int open(const char *person, unsigned rights, enum desk_subject_kind kind, const char *id)
{
        struct desk_access access = read_access(person, 1);
        struct desk_subject subject;
        struct err err = {0};
        const char *granted = NULL;
        int r = desk_subject_find(db, kind, id, TODAY, &subject, &err);

        if (r == 1)
                r = desk_subject_is_open(db, &access, rights, &subject, &granted, &err);
        assert_true(r <= 0 || granted);
        return r;
}

static void holds_below_its_organisation_alone(void **state)
{
        (void)state;
        assert_int_equal(open("T", DESK_PUPIL, DESK_SUBJECT_PUPIL, "P"), 1);
        assert_int_equal(open("T", DESK_PUPIL, DESK_SUBJECT_PUPIL, "Q"), 0);
        assert_int_equal(open("T", DESK_ADMIN, DESK_SUBJECT_PUPIL, "P"), 0);
        assert_int_equal(open("T", DESK_PUPIL, DESK_SUBJECT_PUPIL, "T"), 0); /* is no pupil */
        assert_int_equal(open("T", DESK_PUPIL, DESK_SUBJECT_PUPIL, "none"), 0);
        assert_int_equal(open("T", DESK_DAY, DESK_SUBJECT_ORGANISATION, "sa"), 1);
        assert_int_equal(open("T", DESK_DAY, DESK_SUBJECT_ORGANISATION, "s"), 0);
        assert_int_equal(open("R", DESK_DAY, DESK_SUBJECT_ORGANISATION, "sb"), 1);
        assert_int_equal(open("R", DESK_DAY, DESK_SUBJECT_ORGANISATION, "m"), 0);
        assert_int_equal(open("R", DESK_DAY, DESK_SUBJECT_ORGANISATION, "ta"), 0);
        assert_int_equal(open("C", DESK_PUPIL | DESK_DAY, DESK_SUBJECT_PUPIL, "P"), 0);
}

static void knows_workplaces_of_the_municipality(void **state)
{
        (void)state;
        assert_int_equal(open("T", DESK_PLAN, DESK_SUBJECT_WORKPLACE, "W"), 1);
        assert_int_equal(open("T", DESK_PLAN, DESK_SUBJECT_WORKPLACE, "V"), 0);
}

static void lists_its_scope(void **state)
{
        struct desk_access access = read_access("R", 1);
        struct buf json;

        (void)state;
        buf_init(&json, DESK_SCOPE_MAX);
        assert_int_equal(desk_access_scope(&access, DESK_DAY, &json), 0);
        assert_string_equal(buf_text(&json), "[\"s\"]");
        buf_fini(&json);
        buf_init(&json, DESK_SCOPE_MAX);
        access = read_access("C", 1);
        assert_int_equal(desk_access_scope(&access, DESK_DAY, &json), 0);
        assert_string_equal(buf_text(&json), "[]");
        buf_fini(&json);
}

/* A person who leaves is signed out at once; a session that nobody uses ends. */
static void ends_sessions(void **state)
{
        struct desk_session session;
        char token[PAGE_TOKEN_MAX];
        struct err err = {0};

        (void)state;
        assert_int_equal(desk_session_make(db, NOW, "T", "link", token, &err), 0);
        assert_int_equal(desk_session_find(db, NOW, token, &session, &err), 1);
        assert_string_equal(session.person, "T");
        assert_int_equal(desk_session_find(db, NOW + DESK_SESSION_IDLE_S, token, &session, &err), 0);
        assert_int_equal(desk_session_touch(db, NOW + DESK_SESSION_IDLE_S - 1, &session, &err), 0);
        assert_int_equal(desk_session_find(db, NOW + DESK_SESSION_IDLE_S, token, &session, &err), 1);
        assert_int_equal(desk_session_find(db, NOW + DESK_SESSION_LIFE_S, token, &session, &err), 0);
        token[0] = token[0] == 'A' ? 'B' : 'A';
        assert_int_equal(desk_session_find(db, NOW, token, &session, &err), 0);
        assert_int_equal(desk_session_make(db, NOW, "T", "link", token, &err), 0);
        run_sql("UPDATE person SET ended = '2026-11-23' WHERE id = 'T'");
        assert_int_equal(desk_session_find(db, NOW, token, &session, &err), 0);
}

static void takes_a_form_once(void **state)
{
        struct err err = {0};

        (void)state;
        assert_int_equal(desk_form_take(db, NOW, "session", "1-a", &err), 1);
        assert_int_equal(desk_form_take(db, NOW + 60, "session", "1-a", &err), 0);
        assert_int_equal(desk_form_take(db, NOW, "session", "1-b", &err), 1);
        assert_int_equal(desk_form_take(db, NOW, "another", "1-a", &err), 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(gives_what_the_role_gives, setup, teardown),
            cmocka_unit_test_setup_teardown(shows_another_controllers_staff_cases_alone, setup, teardown),
            cmocka_unit_test_setup_teardown(denies_who_has_no_role_in_force, setup, teardown),
            cmocka_unit_test_setup_teardown(holds_below_its_organisation_alone, setup, teardown),
            cmocka_unit_test_setup_teardown(knows_workplaces_of_the_municipality, setup, teardown),
            cmocka_unit_test_setup_teardown(lists_its_scope, setup, teardown),
            cmocka_unit_test_setup_teardown(ends_sessions, setup, teardown),
            cmocka_unit_test_setup_teardown(takes_a_form_once, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
