/* Which rules look at a subject: those that read what a change has touched, and those whose time has come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/engine-run.h"
#include "store/change.h"

#define MARK_RULE                                                                                         \
        "rule: reads-marks\nabout: A test.\nsubject: pupil\nselect: |\n"                                  \
        "  SELECT pupil AS subject, 0 AS never, pupil, organisation, pupil || '/' || mark AS key,\n"      \
        "         received AS due, received + 86400 AS expires FROM attendance WHERE marked = 'absent'\n" \
        "notify:\n  - {to: teacher, by: [sms], template: absence-hours-teacher, when: never}\n"
#define CARD_RULE                                                                                    \
        "rule: reads-cards\nabout: A test.\nsubject: pupil\nselect: |\n"                             \
        "  SELECT pupil AS subject, 0 AS never, pupil, organisation, pupil || '/' || card AS key,\n" \
        "         given AS due, given + 864000 AS expires, given AS dated FROM card_held\n"          \
        "notify:\n  - {to: teacher, by: [sms], template: absence-hours-teacher, when: never}\n"

static const char *const rules[] = {MARK_RULE, CARD_RULE, NULL};

static const char *matches(struct run *run)
{
        return rows_text(run->db, "SELECT rule FROM rule_match WHERE rule GLOB 'reads-*' ORDER BY rule");
}

static void only_those_concerned_look(void **state)
{
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", ROWS_ROSTER, rules);
        run_settle(&run);
        rows_run(run.db, "DROP TRIGGER change_card_new");
        rows_run(run.db, "INSERT INTO card(pupil, card, given) VALUES ('P1', 'hygiene', 1795410000)");
        run_mark(&run, "2026-11-23T09:00", "P1", 1, "absent");
        assert_string_equal(matches(&run), "reads-marks");
        assert_string_equal(rows_text(run.db, "SELECT count(*) FROM change_part"), "0");
        assert_int_equal(change_mark(run.db, "pupil", "P1", NULL), 0);
        run_settle(&run);
        assert_string_equal(matches(&run), "reads-cards reads-marks");
        run_close(&run);
}

static void a_whole_change_takes_its_parts(void **state)
{
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", ROWS_ROSTER, rules);
        run_settle(&run);
        rows_run(run.db, "INSERT INTO attendance_mark(pupil, day, lesson, starts, ends, mark)"
                         " VALUES ('P1', '2026-11-23', 1, 1795410000, 1795412700, 'present')");
        assert_string_equal(rows_text(run.db, "SELECT kind, subject, cause FROM change_part"),
                            "pupil|P1|attendance");
        assert_int_equal(change_mark(run.db, "pupil", "P1", NULL), 0);
        rows_run(run.db, "INSERT INTO attendance_mark(pupil, day, lesson, starts, ends, mark)"
                         " VALUES ('P1', '2026-11-23', 2, 1795413600, 1795416300, 'present')");
        run_settle(&run);
        assert_string_equal(rows_text(run.db, "SELECT count(*) FROM change_part"), "0");
        run_close(&run);
}

/* Each rule has a timer of its own, and one that runs down is looked at by its rule alone. */
static void a_timer_is_its_rules_own(void **state)
{
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", ROWS_ROSTER, rules);
        run_settle(&run);
        rows_run(run.db, "INSERT INTO card(pupil, card, given) VALUES ('P1', 'hygiene', 1796274000)");
        run_settle(&run);
        assert_string_equal(rows_text(run.db, "SELECT kind, subject, rule FROM timer WHERE kind = 'pupil'"),
                            "pupil|P1|reads-cards");
        assert_string_equal(matches(&run), "");
        run_mark(&run, "2026-11-23T09:00", "P1", 1, "absent");
        assert_string_equal(rows_text(run.db, "SELECT count(*) FROM timer WHERE rule = 'reads-cards'"), "1");
        run_until(&run, "2026-12-01T09:00");
        assert_string_equal(matches(&run), "reads-cards reads-marks");
        assert_string_equal(rows_text(run.db, "SELECT count(*) FROM timer WHERE rule = 'reads-cards'"), "0");
        run_close(&run);
}

/* What waits for a rule that is no more goes. */
static void a_stranger_is_dropped(void **state)
{
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", ROWS_ROSTER, NULL);
        run_settle(&run);
        rows_run(run.db, "INSERT INTO timer(kind, subject, rule, at) VALUES ('pupil', 'P1', 'gone', 1)");
        rows_run(
            run.db,
            "INSERT INTO rule_version(id, rule, hash, text, first_used) VALUES (999, 'gone', '', '', 1)");
        rows_run(run.db, "INSERT INTO rule_match(rule, version, kind, subject, key, state, due, seen, facts)"
                         " VALUES ('gone', 999, 'pupil', 'P2', 'x', 'pending', 1, 1, '{}')");
        run_settle(&run);
        assert_string_equal(rows_text(run.db, "SELECT count(*) FROM timer WHERE rule = 'gone'"), "0");
        assert_string_equal(rows_text(run.db, "SELECT state, reason FROM rule_match WHERE rule = 'gone'"),
                            "dropped|rule-removed");
        run_close(&run);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(only_those_concerned_look),
            cmocka_unit_test(a_whole_change_takes_its_parts),
            cmocka_unit_test(a_timer_is_its_rules_own),
            cmocka_unit_test(a_stranger_is_dropped),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
