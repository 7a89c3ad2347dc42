/* What staff set at the desk, as the engine sees it: numbers and texts hold from the next evaluation on, only
 * when they are in force, and until they are undone; what is no value is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/engine-run.h"

#include "base/date.h"
#include "engine/setting.h"
#include "engine/texts.h"
#include "store/desk_setting.h"

static const struct setting_key not_before = {SETTING_PARAMETER, "kjk", NULL, "absence-alert", "not_before"};
static const struct setting_key school_text = {SETTING_TEXT, "kjk", NULL, "absence-alert", "fi/sms"};
static const struct setting_key town_text = {SETTING_TEXT, "kj", NULL, "absence-alert", "fi/sms"};

static int64_t propose(struct run *run, const struct setting_key *key, const char *value)
{
        const struct setting_wish wish = {*key, value, NULL, "T1", -1, true};
        enum setting_state state;
        struct err err = {0};
        int64_t id;

        assert_int_equal(db_begin(run->db, &err), 0);
        if (setting_propose(run->db, &wish, run->now, &id, &state, &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(db_commit(run->db, &err), 0);
        return id;
}

static void approve(struct run *run, int64_t id)
{
        struct err err = {0};

        assert_int_equal(db_begin(run->db, &err), 0);
        if (setting_approve(run->db, id, "S1", run->now, &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(db_commit(run->db, &err), 0);
}

static void undo(struct run *run, int64_t id)
{
        struct err err = {0};
        int64_t back;

        assert_int_equal(db_begin(run->db, &err), 0);
        if (setting_undo(run->db, id, "S1", run->now, &back, &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(db_commit(run->db, &err), 0);
}

static void a_number_holds_when_it_is_approved(void **state)
{
        struct run run;
        int64_t id;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, NULL);
        id = propose(&run, &not_before, "09:40");
        run_mark(&run, "2026-11-23T08:10", "P1", 1, "absent");
        run_until(&run, "2026-11-23T09:00");
        approve(&run, id); /* what waits already is looked at again */
        run_until(&run, "2026-11-23T10:00");
        run_expect(&run, "09:40 message absence-alert G1 sms");
        run_close(&run);
}

static void a_number_that_is_proposed_does_not_hold(void **state)
{
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, NULL);
        propose(&run, &not_before, "09:40");
        run_mark(&run, "2026-11-23T08:10", "P1", 1, "absent");
        run_until(&run, "2026-11-23T10:00");
        run_expect(&run, "09:15 message absence-alert G1 sms");
        run_close(&run);
}

static void a_number_that_is_undone_holds_no_more(void **state)
{
        struct run run;
        int64_t id;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, NULL);
        id = propose(&run, &not_before, "09:40");
        approve(&run, id);
        run_mark(&run, "2026-11-23T08:10", "P1", 1, "absent");
        run_until(&run, "2026-11-23T09:00");
        undo(&run, id);
        run_until(&run, "2026-11-23T10:00");
        run_expect(&run, "09:15 message absence-alert G1 sms");
        run_close(&run);
}

static void the_nearest_text_is_sent(void **state)
{
        struct run run;
        int64_t town, school;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, NULL);
        town = propose(&run, &town_text, "Kunnan teksti {{pupil.first_name}}.\n");
        school = propose(&run, &school_text, "Koulun teksti {{pupil.first_name}}.\n");
        approve(&run, town);
        run_mark(&run, "2026-11-23T08:10", "P1", 1, "absent");
        run_until(&run, "2026-11-23T10:00");
        assert_string_equal(run.last_text, "Kunnan teksti Aino.");
        approve(&run, school);
        run_mark(&run, "2026-11-23T10:10", "P2", 3, "absent");
        run_until(&run, "2026-11-23T11:40");
        assert_non_null(strstr(run.last_text, "Koulun teksti "));
        undo(&run, school);
        undo(&run, town);
        run_mark(&run, "2026-11-23T12:10", "P2", 5, "absent");
        run_until(&run, "2026-11-23T14:00");
        assert_null(strstr(run.last_text, "teksti"));
        run_close(&run);
}

static void a_text_that_cannot_be_read_is_passed_over(void **state)
{
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, NULL);
        rows_run(run.db,
                 "INSERT INTO organisation_text VALUES ('kjk', 'absence-alert', 'fi', 'sms', '{{#open')");
        run_mark(&run, "2026-11-23T08:10", "P1", 1, "absent");
        run_until(&run, "2026-11-23T10:00");
        run_expect(&run, "09:15 message absence-alert G1 sms");
        assert_non_null(strstr(run.last_text, "Aino"));
        run_close(&run);
}

/* ---- what is no value */

static void numbers_are_read_as_the_rule_reads_them(void **state)
{
        static const struct {
                const char *rule, *name, *value, *says;
                int expected;
        } cases[] = {
            {"absence-alert", "grace", "20 min", "", 0},
            {"absence-alert", "grace", "20", "grace: `20` is not a duration such as 15 min", ERR_INVALID},
            {"absence-alert", "grace", "", "is not a duration", ERR_INVALID},
            {"absence-alert", "grace", "401 d", "longer than 400 days", ERR_INVALID},
            {"absence-alert", "grace", "99999999999999999999 min", "is not a duration", ERR_INVALID},
            {"absence-alert", "grace", "20 min; DROP TABLE person", "is not a duration", ERR_INVALID},
            {"absence-alert", "not_before", "09:40", "", 0},
            {"absence-alert", "not_before", "25:00", "is not a time of day such as 09:15", ERR_INVALID},
            {"absence-alert", "not_before", "soon", "is not a time of day", ERR_INVALID},
            {"absence-hours", "first", "20", "", 0},
            {"absence-hours", "first", "-1", "less than nothing", ERR_INVALID},
            {"absence-hours", "first", "100001", "more than 100000", ERR_INVALID},
            {"absence-hours", "first", "30 %", "is not a whole number", ERR_INVALID},
            {"absence-hours", "nothing", "1", "has no number nothing", ERR_NOT_FOUND},
            {"nothing", "grace", "1", "there is no such rule", ERR_NOT_FOUND},
        };
        struct run run;
        struct err err;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, NULL);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                int r;

                err = (struct err){0};
                r = setting_check_parameter(run.book, cases[i].rule, cases[i].name, cases[i].value, &err);
                if (r != cases[i].expected || !strstr(err.text, cases[i].says))
                        fail_msg("%s %s: %d %s", cases[i].name, cases[i].value, r, err.text);
        }
        run_close(&run);
}

static void last_days_are_days_to_come(void **state)
{
        const int32_t today = date_from_civil(2026, 11, 23);
        struct err err = {0};

        (void)state;
        assert_int_equal(setting_check_until("2026-11-23", today, &err), 0);
        assert_int_equal(setting_check_until("2026-11-22", today, &err), ERR_INVALID);
        assert_int_equal(setting_check_until("2029-11-22", today, &err), ERR_INVALID);
        assert_int_equal(setting_check_until("2026-02-30", today, &err), ERR_INVALID);
        assert_int_equal(setting_check_until("", today, &err), ERR_INVALID);
        assert_int_equal(setting_check_until(NULL, today, &err), ERR_INVALID);
}

static void try(struct run *run, const char *template, const char *language, enum catalogue_kind kind,
                const char *text, int expected, const char *fault)
{
        const struct setting_text what = {template, language, kind, text};
        struct setting_report report;
        struct err err = {0};
        int r = setting_try_text(run->book, run->catalogue, &what, &report, &err);

        if (r != expected)
                fail_msg("%s: %d %s", text, r, err.text);
        if (r == 0 && !fault && report.fault_count)
                fail_msg("%s: %s", text, report.faults[0]);
        if (r == 0 && fault && (!report.fault_count || !strstr(report.faults[0], fault)))
                fail_msg("%s: %s", text, report.fault_count ? report.faults[0] : "no fault");
        setting_report_fini(&report);
}

static void texts_are_looked_at_as_rules_use_them(void **state)
{
        struct run run;
        _cleanup_(free_ptr) char *longest = calloc(SETTING_TEXT_MAX_BYTES + 2, 1);

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, NULL);
        try(&run, "absence-alert", "fi", CATALOGUE_SMS, NULL, 0, NULL);
        try(&run, "absence-alert", "fi", CATALOGUE_SMS, "{{pupil.first_name}} puuttuu", 0, NULL);
        try(&run, "absence-alert", "fi", CATALOGUE_SMS, "{{pupil.family_name}}", 0,
            ":1: {{pupil.family_name}}");
        try(&run, "absence-alert", "fi", CATALOGUE_SMS, "a\n{{nothing}}", 0, ":2: {{nothing}}");
        try(&run, "absence-alert", "fi", CATALOGUE_SMS, "{{#link}}x", 0, ":1: ");
        try(&run, "absence-alert", "fi", CATALOGUE_SMS, "{{link}}", 0, "without what may be missing");
        try(&run, "absence-alert", "fi", CATALOGUE_SMS, "{{>nothing}}", 0, "no partial");
        try(&run, "absence-alert", "fi", CATALOGUE_EMAIL, "no subject", 0, "no subject");
        try(&run, "absence-alert", "fi", CATALOGUE_SMS, "\xff", 0, "");
        try(&run, "absence-alert", "tlh-xx", CATALOGUE_SMS, "x", ERR_INVALID, NULL);
        try(&run, "nothing", "fi", CATALOGUE_SMS, "x", ERR_NOT_FOUND, NULL);
        memset(longest, 'x', SETTING_TEXT_MAX_BYTES + 1);
        try(&run, "absence-alert", "fi", CATALOGUE_SMS, longest, ERR_LIMIT, NULL);
        run_close(&run);
}

static void a_text_is_measured(void **state)
{
        const struct setting_text what = {"absence-alert", "fi", CATALOGUE_SMS,
                                          "{{pupil.first_name}} ” {{#link}}{{link}}{{/link}}"};
        struct setting_report report;
        struct err err = {0};
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, NULL);
        assert_int_equal(setting_try_text(run.book, run.catalogue, &what, &report, &err), 0);
        assert_int_equal(report.fault_count, 0);
        assert_true(report.is_urgent);
        assert_int_equal(report.longest.size.encoding, SEGMENT_UCS2);
        assert_int_equal(report.longest.size.segments, 2);
        assert_int_equal(report.shortest.size.segments, 1);
        assert_string_equal(report.shortest.text, "Aino ” ");
        setting_report_fini(&report);
        run_close(&run);
}

static int note_template(void *context, const struct setting_template *template, struct err *err)
{
        const struct setting_template **found = context;

        (void)err;
        if (strcmp(template->name, "absence-alert") == 0)
                *found = template;
        return 0;
}

static void every_template_is_listed_once(void **state)
{
        const struct setting_template *found = NULL;
        struct run run;

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, NULL);
        assert_int_equal(setting_each_template(run.book, note_template, &found, NULL), 0);
        assert_non_null(found);
        run_close(&run);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_number_holds_when_it_is_approved),
            cmocka_unit_test(a_number_that_is_proposed_does_not_hold),
            cmocka_unit_test(a_number_that_is_undone_holds_no_more),
            cmocka_unit_test(the_nearest_text_is_sent),
            cmocka_unit_test(a_text_that_cannot_be_read_is_passed_over),
            cmocka_unit_test(numbers_are_read_as_the_rule_reads_them),
            cmocka_unit_test(last_days_are_days_to_come),
            cmocka_unit_test(texts_are_looked_at_as_rules_use_them),
            cmocka_unit_test(a_text_is_measured),
            cmocka_unit_test(every_template_is_listed_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
