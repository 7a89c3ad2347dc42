/* What organisations and pupils' plans set for a rule, and alerts that wait for a register. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/engine-run.h"

static void organisations_set_their_own(void **state)
{
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, NULL);
        rows_run(run.db, "INSERT INTO rule_parameter VALUES ('kj', 'absence-alert', 'not_before', '09:40'),"
                         " ('kjk', 'absence-alert', 'not_before', '09:30')");
        run_mark(&run, "2026-11-23T08:10", "P1", 1, "absent");
        run_until(&run, "2026-11-23T10:00");
        run_expect(&run, "09:30 message absence-alert G1 sms");
        assert_string_equal(rows_text(run.db, "SELECT facts ->> 'parameters' FROM rule_match"
                                              " WHERE rule = 'absence-alert'"),
                            "not_before = 09:30");
        run_close(&run);
}

static void plans_go_before_organisations(void **state)
{
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, NULL);
        rows_run(
            run.db,
            "INSERT INTO rule_parameter VALUES ('kj', 'absence-alert', 'not_before', '09:40');"
            "INSERT INTO pupil_parameter VALUES ('P1', 'absence-alert', 'not_before', '09:50', '2026-11-30'),"
            " ('P2', 'absence-alert', 'not_before', '09:50', '2026-11-22')");
        run_mark(&run, "2026-11-23T08:10", "P1", 1, "absent");
        run_mark(&run, "2026-11-23T08:11", "P2", 1, "absent");
        run_until(&run, "2026-11-23T10:00");
        run_expect(&run, "09:40 message absence-alert G2 sms");
        run_expect(&run, "09:50 message absence-alert G1 sms");
        run_close(&run);
}

static void what_cannot_be_read_is_not_used(void **state)
{
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, NULL);
        rows_run(run.db, "INSERT INTO rule_parameter VALUES ('kj', 'absence-alert', 'not_before', 'soon')");
        run_mark(&run, "2026-11-23T08:10", "P1", 1, "absent");
        run_until(&run, "2026-11-23T10:00");
        run_expect(&run, "09:15 message absence-alert G1 sms");
        run_close(&run);
}

static void a_held_alert_that_is_useless_is_dropped(void **state)
{
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, NULL);
        run_event(&run, "2026-11-23T08:20", "attendance.register.synced", "{\"organisation\":\"kjk\"}");
        run_mark(&run, "2026-11-23T08:21", "P1", 1, "absent");
        run_until(&run, "2026-11-23T14:59");
        assert_int_equal(run_count(&run, "09:15 held absence-alert G1 register-stale"), 1);
        assert_int_equal(run_count(&run, "held absence-alert"), 1);
        run_refute(&run, "message absence-alert");
        run_until(&run, "2026-11-23T15:00");
        run_expect(&run, "15:00 suppressed absence-alert G1 too-late");
        run_close(&run);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(organisations_set_their_own),
            cmocka_unit_test(plans_go_before_organisations),
            cmocka_unit_test(what_cannot_be_read_is_not_used),
            cmocka_unit_test(a_held_alert_that_is_useless_is_dropped),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
