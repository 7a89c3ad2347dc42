/* store/desk_case: whose cases the desk lists, in which order, with which next date, and what of them; whom
 * it opens a case to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/db.h"
#include "store/desk_access.h"
#include "store/desk_case.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "lib/fresh.h"

#define TODAY "2026-11-23"
#define DAY 86400
#define NOON 1795428000 /* of that day */

static struct db *db;

static void run_sql(const char *sql)
{
        char *text = NULL;

        if (sqlite3_exec(db_handle(db), sql, NULL, NULL, &text) != SQLITE_OK)
                fail_msg("%s", text);
}

static const char world[] =
    "INSERT INTO organisation(id, kind, parent, name) VALUES ('m', 'municipality', NULL, 'M'),"
    " ('s', 'school', 'm', 'S'), ('sa', 'group', 's', 'A'), ('t', 'school', 'm', 'T'), ('ta', 'group', 't', "
    "'B');"
    "INSERT INTO person(id, given, family, protected) VALUES ('P1', 'Aino', 'E', 0), ('P2', 'Selma', 'E', 1),"
    " ('P3', 'Onni', 'E', 0), ('P4', 'Iida', 'E', 0), ('P5', 'Leo', 'E', 0), ('C', 'Kirsi', 'K', 0),"
    " ('D', 'Liisa', 'L', 0), ('T', 'Oili', 'O', 0), ('R', 'Riitta', 'R', 0), ('G', 'Kaisa', 'E', 0);"
    "INSERT INTO role(person, role, organisation, first_day) VALUES ('P1', 'pupil', 'sa', '2026-08-01'),"
    " ('P2', 'pupil', 'sa', '2026-08-01'), ('C', 'curator', 's', '2026-08-01'),"
    " ('D', 'curator', 't', '2026-08-01'), ('T', 'teacher', 'sa', '2026-08-01'),"
    " ('R', 'principal', 's', '2026-08-01');"
    "INSERT INTO rule_version(id, rule, hash, text, first_used) VALUES (1, 'r', 'h', '', 1);"
    "INSERT INTO case_file(id, pupil, organisation, rule, step, owner_role, owner, substitute, state, urgent,"
    "                      opened, owned, acknowledged, next_contact, closed, outcome) VALUES"
    " ('2026-0001', 'P1', 'sa', 'r', '1', 'curator', 'C', 'T', 'acknowledged', 0, 100, 100, 200,"
    "  '2026-11-20', NULL, NULL),"
    " ('2026-0002', 'P2', 'sa', 'r', '50', 'curator', 'C', NULL, 'opened', 0, 300, 300, NULL, NULL, NULL, "
    "NULL),"
    " ('2026-0003', 'P3', 'ta', 'r', '1', 'curator', 'D', NULL, 'opened', 1, 400, 400, NULL, NULL, NULL, "
    "NULL),"
    " ('2026-0004', 'P4', 'sa', 'r', '1', 'curator', 'C', NULL, 'acknowledged', 1, 500, 500, 600, NULL, "
    "NULL, NULL),"
    " ('2026-0005', 'P5', 'sa', 'r', '1', 'curator', 'C', 'D', 'closed', 0, 10, 10, 20, NULL, 900, "
    "'resolved');"
    "INSERT INTO case_participant(case_id, person, sees, since) VALUES ('2026-0003', 'C', 'number', 1),"
    " ('2026-0004', 'T', 'steps-plans', 1), ('2026-0001', 'G', 'all', 1);";

static int setup(void **state)
{
        char sql[1024];

        (void)state;
        db = fresh_open();
        run_sql(world);
        snprintf(
            sql, sizeof sql,
            "INSERT INTO rule_match(rule, version, kind, subject, key, state, due, seen, facts) VALUES"
            " ('case-unacknowledged', 1, 'case', '2026-0002', '2026-0002/300/owner', 'pending', %d, 1, '{}'),"
            " ('case-unacknowledged', 1, 'case', '2026-0002', '2026-0002/200/owner', 'fired', %d, 1, '{}'),"
            " ('case-contact-due', 1, 'case', '2026-0004', '2026-0004/a', 'dropped', %d, 1, '{}'),"
            " ('case-contact-due', 1, 'case', '2026-0004', '2026-0004/b', 'pending', %d, 1, '{}')",
            NOON + 2 * DAY, NOON, NOON + 9 * DAY, NOON + 3 * DAY);
        run_sql(sql);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        db = db_close(db);
        return 0;
}

/* ---- lists: "ID state day pupil" each, in one text */

struct told {
        char text[1024];
        size_t length;
};

static int note(void *context, const struct desk_case *row, struct err *err)
{
        struct told *told = context;

        (void)err;
        told->length += (size_t)snprintf(
            told->text + told->length, sizeof told->text - told->length, "%s%s%s%s%s %s%s%lld %s|",
            row->id + 5, row->may_act ? "!" : "", row->is_new ? " new" : "", row->is_urgent ? " urgent" : "",
            row->is_closed ? " closed" : "", row->next_contact, row->next_contact[0] ? "/" : "",
            row->due ? (long long)(row->due - NOON) / DAY : -1LL, row->pupil ? row->pupil : "-");
        assert_true(!row->pupil == !row->group);
        return 0;
}

static const char *own(const char *person, bool is_closed)
{
        static struct told told;
        struct err err = {0};

        told = (struct told){0};
        assert_int_equal(desk_case_own(db, person, is_closed, 0, note, &told, &err), 0);
        return told.text;
}

static const char *below(const char *scope)
{
        static struct told told;
        struct err err = {0};

        told = (struct told){0};
        assert_int_equal(desk_case_below(db, scope, 0, note, &told, &err), 0);
        return told.text;
}

static void lists_ones_own_in_the_order_of_the_day(void **state)
{
        (void)state;
        /* new first, then urgent, then by the day; what one may not act on last, and as `sees` opens it */
        assert_string_equal(own("C", false), "0002! new 2 -|0004! urgent 3 Iida|0001! 2026-11-20/-1 Aino|"
                                             "0003 new urgent -1 -|");
        assert_string_equal(own("C", true), "0005! closed -1 Leo|");
        assert_string_equal(own("T", false), "0001! 2026-11-20/-1 Aino|0004 urgent 3 Iida|");
        assert_string_equal(own("D", false), "0003! new urgent -1 Onni|");
        assert_string_equal(own("D", true), "0005! closed -1 Leo|");
        assert_string_equal(own("G", false), "0001 2026-11-20/-1 Aino|");
        assert_string_equal(own("R", false), "");
        assert_string_equal(own("nobody", false), "");
}

static void counts_those_to_act_on(void **state)
{
        struct err err = {0};
        int64_t open = -1, fresh = -1;

        (void)state;
        assert_int_equal(desk_case_count(db, "C", &open, &fresh, &err), 0);
        assert_int_equal(open, 3);
        assert_int_equal(fresh, 1);
        assert_int_equal(desk_case_count(db, "nobody", &open, &fresh, &err), 0);
        assert_int_equal(open, 0);
        assert_int_equal(fresh, 0);
}

static void lists_a_school_by_numbers_alone(void **state)
{
        (void)state;
        assert_string_equal(below("[\"s\"]"), "0002 new 2 -|0001 -1 -|0004 urgent 3 -|");
        assert_string_equal(below("[\"t\"]"), "0003 new urgent -1 -|");
        assert_string_equal(below("[\"s\",\"sa\"]"),
                            "0002 new 2 -|0001 -1 -|0004 urgent 3 -|"); /* each once */
        assert_string_equal(below("[]"), "");
        assert_string_equal(below("[\"nowhere\"]"), "");
}

static void goes_on_where_it_ended(void **state)
{
        struct told told = {0};
        struct err err = {0};

        (void)state;
        run_sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 55)"
            " INSERT INTO person(id, given, family) SELECT 'X' || i, 'X', 'Y' FROM n;"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 55)"
            " INSERT INTO case_file(id, pupil, organisation, rule, step, owner_role, owner, opened, owned)"
            " SELECT '2027-' || (1000 + i), 'X' || i, 'sa', 'r', '1', 'curator', 'R', i, i FROM n");
        assert_int_equal(desk_case_own(db, "R", false, 0, note, &told, &err), 1);
        assert_int_equal(desk_case_below(db, "[\"sa\"]", 50, note, &(struct told){0}, &err), 0);
        told = (struct told){0};
        assert_int_equal(desk_case_own(db, "R", false, 50, note, &told, &err), 0);
        assert_non_null(strstr(told.text, "1055"));
        assert_null(strstr(told.text, "1050"));
}

/* ---- whom it opens to */

static int opens(const char *person, const char *id, const char **ret_granted)
{
        static struct desk_subject subject;
        struct desk_access access;
        struct err err = {0};
        int r = desk_access_read(db, person, TODAY, &access, &err);

        if (r > 0)
                r = desk_subject_find(db, DESK_SUBJECT_CASE, id, TODAY, &subject, &err);
        if (r > 0)
                assert_string_equal(subject.id, id);
        return r > 0 ? desk_subject_is_open(db, &access, DESK_CASE, &subject, ret_granted, &err) : r;
}

static void opens_to_its_people_alone(void **state)
{
        const char *granted = NULL;

        (void)state;
        assert_int_equal(opens("C", "2026-0001", &granted), 1);
        assert_string_equal(granted, "sa"); /* an act of theirs reaches no further than the case */
        assert_int_equal(opens("T", "2026-0001", &granted), 1);
        assert_int_equal(opens("T", "2026-0002", NULL), 0);
        assert_int_equal(opens("R", "2026-0001", NULL), 0); /* leads the school, and has no part in it */
        assert_int_equal(opens("D", "2026-0001", NULL), 0);
        assert_int_equal(opens("C", "2026-0003", NULL), 1);
        assert_int_equal(opens("G", "2026-0001", NULL), 0); /* takes part, with no role at the desk */
        assert_int_equal(opens("C", "2026-9999", NULL), 0);
        assert_int_equal(opens("C", "", NULL), 0);
        assert_int_equal(opens("C", "' OR 1 --", NULL), 0);
        run_sql("UPDATE role SET last_day = '2026-11-22' WHERE person = 'C'");
        assert_int_equal(opens("C", "2026-0001", NULL), 0);
}

/* ---- whom it may be given to */

static int note_person(void *context, const struct page_case_person *person, struct err *err)
{
        char *text = context;

        (void)err;
        strncat(text, person->person, 200);
        strncat(text, " ", 2);
        return 0;
}

static void names_those_to_choose_from(void **state)
{
        char heirs[256] = "", helpers[256] = "", others[256] = "";
        struct err err = {0};

        (void)state;
        assert_int_equal(page_case_heirs(db, "2026-0001", TODAY, note_person, heirs, &err), 0);
        assert_string_equal(heirs, "D T "); /* another curator, and who stands in */
        assert_int_equal(page_case_helpers(db, "2026-0004", TODAY, note_person, helpers, &err), 0);
        assert_string_equal(helpers, "R "); /* not the owner, not who takes part, nobody of another school */
        assert_int_equal(page_case_participants(db, "2026-0004", note_person, others, &err), 0);
        assert_string_equal(others, "T ");
        run_sql(
            "UPDATE person SET protected = 1 WHERE id = 'D'; UPDATE role SET last_day = '2026-11-22' WHERE "
            "person = 'T'");
        heirs[0] = '\0';
        assert_int_equal(page_case_heirs(db, "2026-0001", TODAY, note_person, heirs, &err), 0);
        assert_string_equal(heirs, "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(lists_ones_own_in_the_order_of_the_day, setup, teardown),
            cmocka_unit_test_setup_teardown(counts_those_to_act_on, setup, teardown),
            cmocka_unit_test_setup_teardown(lists_a_school_by_numbers_alone, setup, teardown),
            cmocka_unit_test_setup_teardown(goes_on_where_it_ended, setup, teardown),
            cmocka_unit_test_setup_teardown(opens_to_its_people_alone, setup, teardown),
            cmocka_unit_test_setup_teardown(names_those_to_choose_from, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
