/* Cases: opened, joined, raised, and who may be told what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/engine-run.h"

#define SELECT_LESSONS                                                                                 \
        "select: |\n"                                                                                  \
        "  SELECT a.pupil AS subject, a.pupil, a.organisation, a.pupil || a.day || a.lesson AS key,\n" \
        "         a.received AS due, NULL AS expires, a.lesson AS step, a.lesson > 1 AS to_curator,\n" \
        "         CASE WHEN a.lesson > 1 THEN 'curator' ELSE 'teacher' END AS owner_role FROM absence a\n"

static const char *const asking[] = {"rule: test-case\nabout: Test.\nsubject: pupil\n" SELECT_LESSONS
                                     "notify:\n  - {to: curator, template: case-opened, when: to_curator}\n"
                                     "case: {owner: owner_role, step: step}\n",
                                     NULL};

static void is_opened_once_and_raised(void **state)
{
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, asking);
        run_mark(&run, "2026-11-23T09:00", "P1", 1, "absent");
        run_expect(&run, "09:00 opened test-case 2026-0001 T1");
        run_expect(&run, "09:00 message case-opened T1 sms");
        run_mark(&run, "2026-11-23T09:05", "P2", 1, "absent");
        run_expect(&run, "09:05 opened test-case 2026-0002 T1");
        run_mark(&run, "2026-11-23T10:00", "P1", 2, "absent");
        run_expect(&run, "10:00 raised test-case 2026-0001 C1");
        run_expect(&run, "10:00 message test-case C1 sms");
        run_expect(&run, "10:00 suppressed case-opened C1 covered");
        assert_non_null(strstr(run.last_text, "2026-0001 (vaihe 2)"));
        assert_null(strstr(run.last_text, "Aino"));
        assert_string_equal(rows_text(run.db, "SELECT id, step, owner, state FROM case_file ORDER BY id"),
                            "2026-0001|2|C1|opened 2026-0002|1|T1|opened");
        run_close(&run);
}

static void nobody_acknowledges(void **state)
{
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, asking);
        run_mark(&run, "2026-11-23T09:00", "P1", 1, "absent");
        run_until(&run, "2026-11-25T07:59");
        run_refute(&run, "case-unacknowledged");
        run_until(&run, "2026-11-25T08:00");
        run_expect(&run, "08:00 message case-unacknowledged T1 sms");
        run_until(&run, "2026-11-30T07:59");
        run_refute(&run, "case-unacknowledged R1");
        run_until(&run, "2026-11-30T08:00");
        run_expect(&run, "08:00 message case-unacknowledged R1 sms");
        run_close(&run);
}

static void is_followed_up_and_closed(void **state)
{
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, asking);
        run_mark(&run, "2026-11-23T09:00", "P1", 1, "absent");
        run_event(&run, "2026-11-23T10:00", "case.acknowledged", "{\"case\":\"2026-0001\",\"by\":\"T1\"}");
        run_until(&run, "2026-11-30T07:59");
        run_refute(&run, "message case-unacknowledged");
        run_refute(&run, "message case-contact-due");
        run_until(&run, "2026-11-30T08:00");
        run_expect(&run, "08:00 message case-contact-due T1 sms");
        run_event(&run, "2026-11-30T09:00", "case.contacted",
                  "{\"case\":\"2026-0001\",\"by\":\"T1\",\"outcome\":\"reached\",\"next\":\"2026-12-02\"}");
        run_until(&run, "2026-12-02T08:00");
        assert_int_equal(run_count(&run, "message case-contact-due T1"), 2);
        run_event(&run, "2026-12-02T09:00", "case.closed",
                  "{\"case\":\"2026-0001\",\"by\":\"T1\",\"outcome\":\"solved\"}");
        assert_string_equal(rows_text(run.db, "SELECT state, outcome FROM case_file"), "closed|solved");
        run_mark(&run, "2026-12-03T09:00", "P1", 1, "absent");
        run_expect(&run, "09:00 opened test-case 2026-0002 T1");
        run_close(&run);
}

static void is_handed_over_with_permission_alone(void **state)
{
        char error[ERR_TEXT_MAX];
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, asking);
        run_mark(&run, "2026-11-23T09:00", "P1", 1, "absent");
        rows_event(
            run.db, "2026-11-23T10:00",
            "{\"specversion\":\"1.0\",\"id\":\"x\",\"source\":\"/t\",\"type\":\"kapula.case.handed.over\","
            "\"time\":\"2026-11-23T10:00:00\",\"data\":{\"case\":\"2026-0001\",\"to\":\"C1\"}}",
            NULL, error);
        assert_non_null(strstr(error, "not permitted"));
        run_event(&run, "2026-11-23T10:30", "transfer.permitted", "{\"pupil\":\"P1\",\"by\":\"G1\"}");
        run_event(&run, "2026-11-23T11:00", "case.handed.over", "{\"case\":\"2026-0001\",\"to\":\"C1\"}");
        run_expect(&run, "11:00 message case-opened C1 sms");
        assert_string_equal(rows_text(run.db, "SELECT owner, owner_role FROM case_file"), "C1|curator");
        run_close(&run);
}

/* Whoever is told of a case that is another's gets no link: it would not open. */
static void links_lead_to_ones_own_cases_alone(void **state)
{
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, asking);
        rows_run(run.db, "INSERT INTO meta(name, value) VALUES ('base_url', 'https://kapula.example.org')");
        run_mark(&run, "2026-11-23T09:00", "P1", 2, "absent");
        run_expect(&run, "09:00 message test-case C1 sms");
        assert_non_null(strstr(run.last_text, "https://kapula.example.org/c/"));
        run_event(&run, "2026-11-23T10:30", "transfer.permitted", "{\"pupil\":\"P1\",\"by\":\"G1\"}");
        run_event(&run, "2026-11-23T11:00", "case.handed.over", "{\"case\":\"2026-0001\",\"to\":\"T1\"}");
        run_expect(&run, "11:00 message case-opened T1 sms");
        assert_non_null(strstr(run.last_text, "/c/"));
        run_mark(&run, "2026-11-23T12:00", "P1", 3, "absent");
        run_expect(&run, "12:00 raised test-case 2026-0001 T1");
        run_expect(&run, "12:00 message test-case C1 sms");
        assert_non_null(strstr(run.last_text, "2026-0001"));
        assert_null(strstr(run.last_text, "/c/"));
        run_event(&run, "2026-11-23T12:10", "case.joined",
                  "{\"case\":\"2026-0001\",\"person\":\"C1\",\"sees\":\"steps\"}");
        run_mark(&run, "2026-11-23T12:30", "P1", 4, "absent");
        run_expect(&run, "12:30 message test-case C1 sms");
        assert_non_null(strstr(run.last_text, "/c/")); /* it opens what `sees` says */
        assert_string_equal(
            rows_text(run.db, "SELECT count(DISTINCT person) FROM page_link WHERE kind = 'case'"), "2");
        run_close(&run);
}

/* What is urgent leaves at once, each by itself. */
static void urgent_cases_stay_apart(void **state)
{
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, NULL);
        run_mark(&run, "2026-11-23T08:10", "P1", 1, "absent");
        run_mark(&run, "2026-11-23T08:10", "P2", 1, "absent");
        run_until(&run, "2026-11-23T13:50");
        assert_int_equal(run_count(&run, "13:45 message case-opened T1 sms"), 2);
        assert_int_equal(run_count(&run, "13:45 message absence-unlocated T1 sms"), 2);
        assert_string_equal(
            rows_text(run.db, "SELECT count(DISTINCT g.id), count(*) FROM message g JOIN message_notice mn ON"
                              " mn.message = g.id JOIN notice n ON n.id = mn.notice JOIN rule_match m ON"
                              " m.id = n.match WHERE m.rule = 'case-opened'"),
            "2|2");
        run_close(&run);
}

/* Two cases that waited for the morning are one message to their owner. */
static void notices_that_waited_are_one_message(void **state)
{
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, asking);
        run_mark(&run, "2026-11-23T18:10", "P1", 1, "absent");
        run_mark(&run, "2026-11-23T18:20", "P2", 1, "absent");
        run_until(&run, "2026-11-24T07:29");
        run_refute(&run, "message case-opened");
        run_until(&run, "2026-11-24T07:30");
        assert_int_equal(run_count(&run, "07:30 message case-opened T1 sms"), 2);
        assert_string_equal(
            rows_text(run.db, "SELECT count(DISTINCT g.id), count(*) FROM message g JOIN message_notice mn ON"
                              " mn.message = g.id JOIN notice n ON n.id = mn.notice JOIN rule_match m ON"
                              " m.id = n.match WHERE m.rule = 'case-opened'"),
            "1|2");
        assert_string_equal(rows_text(run.db,
                                      "SELECT text LIKE '%2026-0001%2026-0002%', segments FROM message"
                                      " WHERE digest = 2"),
                            "1|1");
        run_close(&run);
}

/* A hold takes its pupil's part out of a message that is not sent yet, and leaves the others in it. */
static void hold_takes_one_out(void **state)
{
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, asking);
        run_mark(&run, "2026-11-23T18:10", "P1", 1, "absent");
        run_mark(&run, "2026-11-23T18:20", "P2", 1, "absent");
        run_until(&run, "2026-11-24T07:30");
        rows_run(run.db, "UPDATE message SET state = 'queued', attempts = 0 WHERE digest = 2;"
                         "INSERT INTO hold(kind, subject, starts) VALUES ('pupil', 'P1', unixepoch())");
        assert_string_equal(rows_text(run.db, "SELECT state, text LIKE '%2026-0001%' FROM message"
                                              " WHERE text LIKE '%2026-0002%' AND state <> 'cancelled'"),
                            "queued|0");
        run_close(&run);
}

/* A template that names the pupil is not made for a curator, who gets another in its place. */
static void curators_read_no_names(void **state)
{
        static const char *const naming[] = {
            "rule: test-naming\nabout: Test.\nsubject: pupil\nvalues: {step: count}\n" SELECT_LESSONS
            "notify:\n  - {to: curator, template: confirm-request}\n"
            "case: {owner: curator}\n",
            NULL};
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, naming);
        run_mark(&run, "2026-11-23T09:00", "P1", 1, "absent");
        run_expect(&run, "suppressed test-naming C1 template-fault");
        run_expect(&run, "message test-naming C1"); /* of the fault, by the case's number alone */
        assert_null(strstr(run.last_text, "Aino"));
        assert_non_null(strstr(run.last_text, "test-naming"));
        run_close(&run);
}

static const struct refused {
        const char *text, *says;
} refused_table[] = {
    {"notify:\n  - {to: curator, template: case-opened}\n", "write case:"},
    {"notify:\n  - {to: team, template: case-opened}\n", "write case:"},
    {"case: {step: 1}\n", "has no owner"},
    {"case: {owner: janitor}\n", "has no owner"},
    {"case: {owner: teacher, when: never}\n", "never"},
    {"case: {owner: teacher, why: not}\n", "why"},
};

static void curators_are_told_of_cases_alone(void **state)
{
        char folder[] = "/tmp/kapula-case-XXXXXX", path[64];
        const char *const folders[] = {folder};
        struct rulebook *book = NULL;
        struct db *db = rows_open();

        (void)state;
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof path, "%s/refused.yaml", folder);
        for (size_t i = 0; i < ARRAY_SIZE(refused_table); i++) {
                FILE *file = fopen(path, "w");
                struct err err = {0};

                assert_non_null(file);
                fprintf(file, "rule: refused\nabout: Test.\nsubject: pupil\n" SELECT_LESSONS "%s",
                        refused_table[i].text);
                fclose(file);
                assert_int_equal(rulebook_load(db, folders, 1, NULL, NULL, &book, &err), ERR_INVALID);
                if (!strstr(err.text, refused_table[i].says))
                        fail_msg("%s\n%s", refused_table[i].text, err.text);
        }
        unlink(path);
        rmdir(folder);
        db_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(is_opened_once_and_raised),
            cmocka_unit_test(nobody_acknowledges),
            cmocka_unit_test(is_followed_up_and_closed),
            cmocka_unit_test(is_handed_over_with_permission_alone),
            cmocka_unit_test(links_lead_to_ones_own_cases_alone),
            cmocka_unit_test(urgent_cases_stay_apart),
            cmocka_unit_test(notices_that_waited_are_one_message),
            cmocka_unit_test(hold_takes_one_out),
            cmocka_unit_test(curators_read_no_names),
            cmocka_unit_test(curators_are_told_of_cases_alone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
