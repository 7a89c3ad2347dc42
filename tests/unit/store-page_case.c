/* store/page_case: what a code of `sees` opens, that nothing else does, and whose case it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/db.h"
#include "store/page_case.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "lib/fresh.h"

static void opens_what_it_names(void **state)
{
        (void)state;
        assert_int_equal(page_case_sees("number"), 0);
        assert_int_equal(page_case_sees("steps"), CASE_STEPS | CASE_PUPIL);
        assert_int_equal(page_case_sees("attendance"), CASE_STEPS | CASE_HOURS | CASE_PUPIL);
        assert_int_equal(page_case_sees("contacts"), CASE_CONTACTS | CASE_NEXT | CASE_PUPIL);
        assert_int_equal(page_case_sees("plans"), CASE_NEXT | CASE_PUPIL);
        assert_int_equal(page_case_sees("permission"), CASE_PERMISSION | CASE_PUPIL);
        assert_int_equal(page_case_sees("placements"), CASE_PLACEMENTS | CASE_PUPIL);
        assert_int_equal(page_case_sees("steps-placements"), CASE_STEPS | CASE_PLACEMENTS | CASE_PUPIL);
}

static void opens_nothing_else(void **state)
{
        static const char *const codes[] = {"",      "-",    "--",         "step", "stepss",
                                            "Steps", "plan", "everything", " all"};

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
                assert_int_equal(page_case_sees(codes[i]), 0);
}

static const char people[] =
    "INSERT INTO organisation(id, kind, name) VALUES ('s', 'school', 'Koulu');"
    "INSERT INTO person(id, given, family) VALUES ('P1', 'Aino', 'E'), ('CU1', 'K', 'K'), ('CU2', 'L', 'L'),"
    " ('K1', 'O', 'O');"
    "INSERT INTO role(person, role, organisation, last_day) VALUES ('CU1', 'curator', 's', '2026-11-25'),"
    " ('CU2', 'curator', 's', NULL), ('P1', 'pupil', 's', NULL);"
    "INSERT INTO case_file(id, pupil, organisation, rule, step, owner_role, owner, opened, owned)"
    " VALUES ('2026-0001', 'P1', 's', 'r', '1', 'curator', 'CU1', 1, 1);"
    "INSERT INTO case_participant(case_id, person, sees, since) VALUES ('2026-0001', 'K1', 'plans', 1);";

/* The parts open to PERSON; -1: the case is none of theirs. */
static int parts(struct db *db, const char *person, const char *today)
{
        struct page_link link = {.kind = "case", .pupil = "P1", .subject = "2026-0001"};
        struct page_case found = {0};
        struct err err = {0};
        int r = page_case_get(db, "2026-0001", person, today, &found, &err);

        snprintf(link.person, sizeof link.person, "%s", person);
        assert_int_equal(page_link_stands(db, &link, 1795600800, today, &err), r);
        assert_int_equal(found.may_act, r > 0 && strcmp(person, "CU1") == 0);
        return r > 0 ? (int)found.parts : -1;
}

static void shuts_with_the_role(void **state)
{
        struct db *db;

        (void)state;
        db = fresh_open();
        assert_int_equal(sqlite3_exec(db_handle(db), people, NULL, NULL, NULL), SQLITE_OK);
        assert_true(parts(db, "CU1", "2026-11-25") & CASE_STEPS);
        assert_int_equal(parts(db, "CU1", "2026-11-26"), -1);
        assert_int_equal(parts(db, "CU2", "2026-11-25"), -1);
        assert_int_equal(parts(db, "P1", "2026-11-25"), -1);
        assert_int_equal(parts(db, "K1", "2026-11-25"), CASE_NEXT | CASE_PUPIL);
        db_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(opens_what_it_names),
            cmocka_unit_test(opens_nothing_else),
            cmocka_unit_test(shuts_with_the_role),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
