/* The versions of rules after a step that was rolled back: what it was the first to write is written again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/engine-run.h"

static void mark_absent(struct run *run)
{
        rows_run(
            run->db,
            "INSERT INTO attendance_mark(pupil, day, lesson, starts, ends, mark, class, received)"
            " VALUES ('P1', '2026-11-23', 1, 1795413600, 1795416300, 'absent', 'unexplained', 1795417200)");
}

/* Every match knows a version that is there, and it is its rule's. */
static void expect_versions(struct run *run)
{
        assert_string_equal(rows_text(run->db, "SELECT count(*) > 0 FROM rule_match"), "1");
        assert_string_equal(
            rows_text(run->db, "SELECT m.id FROM rule_match m WHERE NOT EXISTS"
                               " (SELECT 1 FROM rule_version v WHERE v.id = m.version AND v.rule = m.rule)"),
            "");
        assert_string_equal(rows_text(run->db, "PRAGMA foreign_key_check"), "");
}

static void a_step_that_is_rolled_back(void **state)
{
        struct err err = {0};
        struct run run;
        int done;

        (void)state;
        run_open(&run, "2026-11-23T09:10", RUN_ROSTER, NULL);
        rows_run(
            run.db,
            "DELETE FROM change; DELETE FROM change_part; DELETE FROM rule_match; DELETE FROM rule_version");
        mark_absent(&run);
        /* The disk is full when it commits. */
        assert_int_equal(db_begin(run.db, &err), 0);
        assert_int_equal(calendar_refresh(run.db, run.now, &err), 0);
        assert_int_equal(engine_step(run.engine, run.db, run.now, 64, &done, &err), 0);
        assert_true(done > 0);
        assert_string_equal(rows_text(run.db, "SELECT count(*) > 0 FROM rule_version"), "1");
        db_rollback(run.db);
        assert_string_equal(rows_text(run.db, "SELECT count(*) FROM rule_version"), "0");

        /* Other rows take the numbers that the versions had. */
        rows_run(run.db,
                 "INSERT INTO rule_version(rule, hash, text, first_used) VALUES ('other', 'h', 't', 1)");
        run_until(&run, "2026-11-23T09:20");
        run_expect(&run, "09:15 message absence-alert G1 sms");
        expect_versions(&run);
        run_close(&run);
}

/* Half of the step fails: nothing of it stays, and the next one does it all. */
static void a_step_that_fails(void **state)
{
        struct err err = {0};
        struct run run;
        int done;

        (void)state;
        run_open(&run, "2026-11-23T09:16", RUN_ROSTER, NULL);
        rows_run(
            run.db,
            "DELETE FROM change; DELETE FROM change_part; DELETE FROM rule_match; DELETE FROM rule_version");
        mark_absent(&run);
        rows_run(run.db,
                 "CREATE TRIGGER broken BEFORE INSERT ON message BEGIN SELECT raise(ROLLBACK, 'no'); END");
        assert_int_equal(db_begin(run.db, &err), 0);
        assert_int_equal(calendar_refresh(run.db, run.now, &err), 0);
        assert_true(engine_step(run.engine, run.db, run.now, 64, &done, &err) < 0);
        db_rollback(run.db);
        rows_run(run.db, "DROP TRIGGER broken");
        run_settle(&run);
        run_expect(&run, "message absence-alert G1 sms");
        assert_int_equal(run_count(&run, "message absence-alert G1 sms"), 1);
        expect_versions(&run);
        run_close(&run);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_step_that_is_rolled_back),
            cmocka_unit_test(a_step_that_fails),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
