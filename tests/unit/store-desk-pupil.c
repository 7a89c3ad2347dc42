/* Pupils as staff look them up, and what a pupil's page reads. */
#include "store/calendar_day.h"
#include "store/desk_absence.h"
#include "store/desk_find.h"
#include "store/desk_pupil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sqlite3.h>
#include <cmocka.h>

#include "lib/fresh.h"

#define TODAY "2026-11-23"
#define NOW 1795428000 /* 12:00 of that day in Helsinki */
#define NAMES_MAX 4096

static void execute(struct db *db, const char *sql)
{
        char *error = NULL;

        if (sqlite3_exec(db_handle(db), sql, NULL, NULL, &error) != SQLITE_OK)
                fail_msg("%s: %s", error, sql);
}

static int setup(void **state)
{
        struct db *db = fresh_open();
        struct err err = {0};

        execute(
            db,
            "INSERT INTO organisation(id, kind, parent, name, timezone) VALUES"
            " ('m', 'municipality', NULL, 'M', 'Europe/Helsinki'), ('s', 'school', 'm', 'S', NULL),"
            " ('g', 'group', 's', 'G', NULL), ('h', 'group', 's', 'H', NULL), ('o', 'school', 'm', 'O', "
            "NULL),"
            " ('x', 'group', 'o', 'X', NULL);"
            "INSERT INTO person(id, given, family) VALUES ('P1', 'Aino', 'Öhman'), ('P2', 'Åke', 'MÄKELÄ'),"
            " ('P3', 'Иван', 'Петров'), ('P4', 'Aino Maria', 'von Essen'), ('P5', 'Aino', 'Ojala'),"
            " ('P6', 'Sa''diyo', 'Ojala'), ('P7', 'Ended', 'Ojala'), ('G1', 'Eeva', 'Öhman'),"
            " ('G2', 'Olli', 'Öhman'), ('C1', 'Carla', 'Carer'), ('T1', 'Teo', 'Teacher');"
            "INSERT INTO role(person, role, organisation, first_day, last_day, grade) VALUES"
            " ('P1', 'pupil', 'g', '2026-08-01', NULL, 8), ('P2', 'pupil', 'g', '2026-08-01', NULL, 9),"
            " ('P3', 'pupil', 'h', '2026-08-01', NULL, NULL), ('P4', 'pupil', 'h', '2026-08-01', NULL, NULL),"
            " ('P5', 'pupil', 'x', '2026-08-01', NULL, NULL), ('P6', 'pupil', 'g', '2026-08-01', NULL, NULL),"
            " ('P7', 'pupil', 'g', '2025-08-01', '2026-06-01', NULL), ('T1', 'teacher', 'g', '2026-08-01', "
            "NULL,"
            " NULL);"
            "INSERT INTO guardian(pupil, guardian, rank, restricted) VALUES ('P1', 'G2', 2, 1), ('P1', 'G1', "
            "1, 0);"
            "INSERT INTO carer(pupil, carer, instead) VALUES ('P1', 'C1', 1);"
            "INSERT INTO contact(person, channel, value, safe) VALUES ('G1', 'sms', '+358400000010', 1),"
            " ('G1', 'email', 'eeva@example.org', 0);"
            "UPDATE contact SET state = 'bad' WHERE channel = 'email';"
            "INSERT INTO calendar_entry(organisation, first_day, last_day, kind) VALUES"
            " ('m', '2026-08-11', '2026-12-19', 'term'), ('m', '2027-01-07', '2027-06-05', 'term');");
        if (calendar_refresh(db, NOW, &err) < 0)
                fail_msg("%s", err.text);
        *state = db;
        return 0;
}

static int teardown(void **state)
{
        db_close(*state);
        return 0;
}

static int add_id(void *context, const struct desk_pupil_row *row, struct err *err)
{
        char *ids = context;

        (void)err;
        snprintf(ids + strlen(ids), NAMES_MAX - strlen(ids), "%s ", row->id);
        return 0;
}

static void expect_found(struct db *db, const char *scope, const char *like, const char *expected)
{
        char ids[NAMES_MAX] = "";
        struct err err = {0};

        if (desk_pupil_find(db, scope, TODAY, like, add_id, ids, &err) < 0)
                fail_msg("%s: %s", like, err.text);
        if (strcmp(ids, expected) != 0)
                fail_msg("%s in %s: %s instead of %s", like, scope, ids, expected);
}

static const struct {
        const char *scope, *like, *expected;
} search_table[] = {
    {"[\"s\"]", "öh", "P1 "},
    {"[\"s\"]", "ÖH", "P1 "},
    {"[\"s\"]", "Öhman", "P1 "},
    {"[\"s\"]", "mäke", "P2 "},
    {"[\"s\"]", "MÄK", "P2 "},
    {"[\"s\"]", "åk", "P2 "},
    {"[\"s\"]", "иван", "P3 "},
    {"[\"s\"]", "Пет", "P3 "},
    {"[\"s\"]", "von e", "P4 "},
    {"[\"s\"]", "ess", ""},
    {"[\"s\"]", "aino maria", "P4 "},
    {"[\"s\"]", "aino", "P4 P1 "},
    {"[\"s\"]", "aino ö", "P1 "},
    {"[\"s\"]", "öhman a", "P1 "},
    {"[\"s\"]", "öhman e", ""},  /* the guardian is no pupil */
    {"[\"s\"]", "ojala", "P6 "}, /* not who has left, not the other school's */
    {"[\"o\"]", "ojala", "P5 "},
    {"[\"m\"]", "ojala", "P5 P6 "},
    {"[\"g\",\"o\"]", "ojala", "P5 P6 "},
    {"[]", "ojala", ""},
    {"[\"s\"]", "sa'd", "P6 "},
    {"[\"s\"]", "%", ""},
    {"[\"s\"]", "_", ""},
    {"[\"s\"]", "\xff\xfe", ""},
    {"[\"s\"]", "'; DROP TABLE person; --", ""},
};

static void test_search(void **state)
{
        for (size_t i = 0; i < sizeof search_table / sizeof search_table[0]; i++)
                expect_found(*state, search_table[i].scope, search_table[i].like, search_table[i].expected);
}

/* A scope with more pupils than are read whole finds the same, by the index of names. */
static void test_search_large(void **state)
{
        execute(*state,
                "INSERT INTO person(id, given, family) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT"
                " i + 1 FROM n WHERE i < 700) SELECT 'Q' || i, 'Zed', 'Zorro' FROM n;"
                "INSERT INTO role(person, role, organisation, first_day) SELECT id, 'pupil', 'h',"
                " '2026-08-01' FROM person WHERE id LIKE 'Q%'");
        for (size_t i = 0; i < sizeof search_table / sizeof search_table[0]; i++)
                expect_found(*state, search_table[i].scope, search_table[i].like, search_table[i].expected);
}

static int count_row(void *context, const struct desk_pupil_row *row, struct err *err)
{
        (void)row;
        (void)err;
        ++*(int *)context;
        return 0;
}

static void test_maximum(void **state)
{
        struct err err = {0};
        int rows = 0;

        test_search_large(state);
        assert_int_equal(desk_pupil_find(*state, "[\"s\"]", TODAY, "zor", count_row, &rows, &err), 0);
        assert_int_equal(rows, DESK_PUPILS_MAX + 1);
        rows = 0;
        assert_int_equal(desk_pupil_group(*state, "h", TODAY, count_row, &rows, &err), 0);
        assert_int_equal(rows, DESK_PUPILS_MAX + 1);
}

static int add_group(void *context, const char *id, const char *name, const char *school, int64_t pupils,
                     struct err *err)
{
        char *text = context;

        (void)err;
        snprintf(text + strlen(text), NAMES_MAX - strlen(text), "%s %s %s %d; ", id, name, school,
                 (int)pupils);
        return 0;
}

static void test_groups(void **state)
{
        char text[NAMES_MAX] = "";
        struct err err = {0};

        assert_int_equal(desk_group_each(*state, "[\"s\",\"g\"]", TODAY, add_group, text, &err), 0);
        assert_string_equal(text, "g G S 3; h H S 2; ");
        text[0] = '\0';
        assert_int_equal(desk_pupil_group(*state, "g", TODAY, add_id, text, &err), 0);
        assert_string_equal(text, "P2 P6 P1 "); /* by family name */
}

/* ---- one pupil */

static void test_pupil(void **state)
{
        struct desk_pupil pupil;
        struct err err = {0};

        assert_int_equal(desk_pupil_get(*state, "P1", TODAY, &pupil, &err), 1);
        assert_string_equal(pupil.given, "Aino");
        assert_string_equal(pupil.group, "G");
        assert_string_equal(pupil.school, "S");
        assert_string_equal(pupil.organisation, "g");
        assert_int_equal(pupil.grade, 8);
        desk_pupil_fini(&pupil);
        assert_int_equal(desk_pupil_get(*state, "G1", TODAY, &pupil, &err), 0);
        assert_int_equal(desk_pupil_get(*state, "", TODAY, &pupil, &err), 0);
}

static int add_home(void *context, const struct desk_home_row *row, struct err *err)
{
        char *text = context;

        (void)err;
        snprintf(text + strlen(text), NAMES_MAX - strlen(text), "%s%s%s%s; ", row->person,
                 row->is_restricted ? " restricted" : "", row->is_carer ? " carer" : "",
                 row->is_instead ? " instead" : "");
        return 0;
}

static int add_contact(void *context, const struct desk_contact_row *row, struct err *err)
{
        char *text = context;

        (void)err;
        snprintf(text + strlen(text), NAMES_MAX - strlen(text), "%s %s%s; ", row->value, row->state,
                 row->is_safe ? " safe" : "");
        return 0;
}

static void test_home(void **state)
{
        char text[NAMES_MAX] = "";
        struct err err = {0};

        assert_int_equal(desk_home_each(*state, "P1", TODAY, add_home, text, &err), 0);
        assert_string_equal(text, "G1; G2 restricted; C1 carer instead; ");
        text[0] = '\0';
        assert_int_equal(desk_contact_each(*state, "G1", add_contact, text, &err), 0);
        assert_string_equal(text, "+358400000010 good safe; eeva@example.org bad; ");
}

static int add_hold(void *context, const struct desk_hold_row *row, struct err *err)
{
        char *text = context;

        (void)err;
        snprintf(text + strlen(text), NAMES_MAX - strlen(text), "%s %s %s; ", row->is_own ? "own" : "group",
                 row->reason ? row->reason : "-", row->by ? row->by : "-");
        return 0;
}

static void test_holds(void **state)
{
        char text[NAMES_MAX] = "";
        struct err err = {0};

        execute(*state,
                "INSERT INTO hold(kind, subject, starts, ends, reason, by) VALUES"
                " ('pupil', 'P1', 1, 2, 'over', NULL), ('group', 's', 1, NULL, NULL, 'T1'),"
                " ('pupil', 'P1', 1, 2000000000, 'pause', 'T1'), ('group', 'h', 1, NULL, 'other', NULL)");
        assert_int_equal(desk_hold_each(*state, "P1", "g", NOW, add_hold, text, &err), 0);
        assert_string_equal(text, "own pause Teo Teacher; group - Teo Teacher; ");
}

/* ---- the school year */

static const struct desk_day *day_of(const struct desk_year *year, const char *day)
{
        for (int i = 0; i < year->count; i++)
                if (strcmp(year->days[i].day, day) == 0)
                        return &year->days[i];
        fail_msg("%s is not in the year", day);
        return NULL;
}

static int add_open(void *context, const struct desk_open_day *day, struct err *err)
{
        char *text = context;

        (void)err;
        snprintf(text + strlen(text), NAMES_MAX - strlen(text), "%s %d%s%s; ", day->day, (int)day->lessons,
                 day->is_unexplained ? " unexplained" : "", day->class ? day->class : "");
        return 0;
}

static void test_year(void **state)
{
        struct desk_year year;
        char text[NAMES_MAX] = "";
        struct err err = {0};

        execute(*state,
                "INSERT INTO attendance_mark(pupil, day, lesson, starts, ends, mark, class) VALUES"
                " ('P1', '2026-11-20', 1, 1795154400, 1795157100, 'absent', 'unexplained'),"
                " ('P1', '2026-11-20', 2, 1795158000, 1795160700, 'absent', 'health'),"
                " ('P1', '2026-11-19', 1, 1795068000, 1795070700, 'absent', 'unexplained'),"
                " ('P1', '2026-11-18', 1, 1794981600, 1794984300, 'absent', 'unexplained'),"
                " ('P1', '2026-11-17', 1, 1794895200, 1794897900, 'present', NULL),"
                " ('P1', '2026-11-15', 1, 1794722400, 1794725100, 'absent', 'unexplained')," /* a Sunday */
                " ('P2', '2026-11-20', 1, 1795154400, 1795157100, 'absent', 'unexplained');"
                "INSERT INTO explanation(pupil, starts, ends, class) VALUES ('P1', 1795068000, 1795070700, "
                "'leave'),"
                " ('P1', 1794981600, 1794984300, 'leave');"
                "INSERT INTO authorisation(pupil, starts, ends, class) VALUES ('P1', 1794981600, 1794984300,"
                " 'leave')");
        assert_int_equal(desk_year_get(*state, "P1", "g", TODAY, &year, &err), 0);
        assert_int_equal(year.year, 2026);
        assert_string_equal(year.days[0].day, "2026-08-11");
        assert_string_equal(year.days[year.count - 1].day, "2027-06-04");
        assert_int_equal(day_of(&year, "2026-11-20")->minutes, 90);
        assert_int_equal(day_of(&year, "2026-11-20")->unexplained, 45);
        assert_int_equal(day_of(&year, "2026-11-20")->health, 45);
        assert_int_equal(day_of(&year, "2026-11-19")->other, 45);
        assert_int_equal(day_of(&year, "2026-11-19")->concern, 45);
        assert_int_equal(day_of(&year, "2026-11-18")->minutes, 45); /* missed, and authorised */
        assert_int_equal(day_of(&year, "2026-11-18")->concern, 0);
        assert_int_equal(day_of(&year, "2026-11-17")->minutes, 0);
        assert_int_equal(day_of(&year, "2026-11-15")->minutes, 0);
        assert_false(day_of(&year, "2026-11-21")->is_school);
        assert_int_equal(year.concern, 135);
        assert_int_equal(desk_open_day_each(*state, "P1", "2026-08-01", add_open, text, &err), 0);
        assert_string_equal(text, "2026-11-20 1 unexplained; 2026-11-19 1leave; ");
}

static void test_share(void **state)
{
        int64_t missed = -1, scheduled = -1;
        struct err err = {0};

        execute(*state, "INSERT INTO attendance_mark(pupil, day, lesson, starts, ends, mark, class) VALUES"
                        " ('P1', '2026-11-20', 1, 1795154400, 1795157100, 'absent', 'unexplained'),"
                        " ('P1', '2026-09-01', 1, 1788242400, 1788245100, 'absent', 'unexplained')");
        assert_int_equal(desk_share_get(*state, "P1", "g", 20780, 7, &missed, &scheduled, &err), 0);
        assert_int_equal(missed, 45);
        assert_int_equal(scheduled, 5 * 270);
}

/* In summer the year that is over is shown; a calendar without days gives none. */
static void test_no_year(void **state)
{
        struct desk_year year;
        struct err err = {0};

        assert_int_equal(desk_year_get(*state, "P1", "g", "2027-06-20", &year, &err), 0);
        assert_int_equal(year.year, 2026);
        execute(*state, "DELETE FROM calendar_day");
        assert_int_equal(desk_year_get(*state, "P1", "g", TODAY, &year, &err), 0);
        assert_int_equal(year.count, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(test_search, setup, teardown),
            cmocka_unit_test_setup_teardown(test_maximum, setup, teardown),
            cmocka_unit_test_setup_teardown(test_groups, setup, teardown),
            cmocka_unit_test_setup_teardown(test_pupil, setup, teardown),
            cmocka_unit_test_setup_teardown(test_home, setup, teardown),
            cmocka_unit_test_setup_teardown(test_holds, setup, teardown),
            cmocka_unit_test_setup_teardown(test_year, setup, teardown),
            cmocka_unit_test_setup_teardown(test_share, setup, teardown),
            cmocka_unit_test_setup_teardown(test_no_year, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
