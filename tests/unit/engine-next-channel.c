/* engine/next_channel: what did not arrive goes by the next channel, once, and under what stood against it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/engine-run.h"

/* Tells guardians and the teacher of each present mark; nothing else hangs on it. */
#define PRESENT_RULE                                                                                   \
        "rule: test-present\nabout: A test.\nsubject: pupil\nselect: |\n"                              \
        "  SELECT pupil AS subject, pupil, organisation, pupil || '/' || lesson AS key,\n"             \
        "         received AS due, received + 7200 AS expires FROM attendance WHERE marked = 'late'\n" \
        "notify:\n  - {to: guardians, by: [sms, email], template: absence-hours-guardian-none}\n"      \
        "  - {to: teacher, by: [sms, email], template: plan-missing-none}\n"

#define TEMPLATES "absence-hours-guardian-none", "plan-missing-none"

static void add_templates(struct run *run)
{
        static const char *const names[] = {TEMPLATES};
        char path[] = "/tmp/kapula-templates-XXXXXX", folder[96], file[200];
        struct err err = {0};

        assert_non_null(mkdtemp(path));
        snprintf(folder, sizeof folder, "%s/fi", path);
        assert_int_equal(mkdir(folder, 0700), 0);
        for (size_t i = 0; i < 2; i++) {
                FILE *out;

                snprintf(file, sizeof file, "%s/%s.sms.txt", folder, names[i]);
                assert_non_null(out = fopen(file, "w"));
                fputs("Lyhyt {{pupil.first_name}}\n", out);
                fclose(out);
                snprintf(file, sizeof file, "%s/%s.email.txt", folder, names[i]);
                assert_non_null(out = fopen(file, "w"));
                fputs("Subject: {{pupil.first_name}}\n\nKirje {{pupil.first_name}}\n", out);
                fclose(out);
        }
        if (catalogue_add_folder(run->catalogue, path, &err) < 0)
                fail_msg("%s", err.text);
        for (size_t i = 0; i < 2; i++) {
                snprintf(file, sizeof file, "%s/%s.sms.txt", folder, names[i]);
                unlink(file);
                snprintf(file, sizeof file, "%s/%s.email.txt", folder, names[i]);
                unlink(file);
        }
        rmdir(folder);
        rmdir(path);
}

static void open_run(struct run *run)
{
        static const char *const rules[] = {PRESENT_RULE, NULL};

        run_open(run, "2026-11-23T07:00", RUN_ROSTER, rules);
        add_templates(run);
        run_settle(run);
        run->length = 0;
}

/* Every message of PERSON on CHANNEL has failed, as a receipt would say. */
static void fail_all(struct run *run, const char *person, const char *channel)
{
        char sql[256];

        snprintf(sql, sizeof sql,
                 "UPDATE message SET state = 'failed', reason = 'receipt', changed = %lld"
                 " WHERE person = '%s' AND channel = '%s'",
                 (long long)run->now, person, channel);
        rows_run(run->db, sql);
        run_settle(run);
}

static const char *messages_of(struct run *run, const char *person)
{
        char sql[256];

        snprintf(sql, sizeof sql,
                 "SELECT g.channel, g.state, (SELECT count(*) FROM message_notice mn WHERE mn.message = g.id)"
                 "  FROM message g WHERE g.person = '%s' ORDER BY g.id",
                 person);
        return rows_text(run->db, sql);
}

static void the_next_channel_speaks_once(void **state)
{
        struct run run;

        (void)state;
        open_run(&run);
        run_mark(&run, "2026-11-23T09:00", "P1", 1, "late");
        assert_string_equal(messages_of(&run, "G1"), "sms|delivered|1");
        fail_all(&run, "G1", "sms");
        assert_string_equal(messages_of(&run, "G1"), "sms|failed|1 email|delivered|1");
        assert_string_equal(run.last_text, "Kirje Aino");
        assert_string_equal(rows_text(run.db, "SELECT count(*) FROM message WHERE passed_on IS NOT NULL"),
                            "1");
        run_settle(&run);
        run_until(&run, "2026-11-23T12:00");
        assert_string_equal(messages_of(&run, "G1"), "sms|failed|1 email|delivered|1");
        assert_string_equal(
            rows_text(run.db, "SELECT state FROM notice WHERE person = 'G1' AND template LIKE '%-none'"),
            "open");
        run_close(&run);
}

/* A deadline is the first message's; past it there is nothing to tell, and nothing to tell staff of. */
static void the_deadline_is_the_first(void **state)
{
        struct run run;

        (void)state;
        open_run(&run);
        run_mark(&run, "2026-11-23T09:00", "P1", 1, "late");
        run_until(&run, "2026-11-23T10:00");
        fail_all(&run, "G1", "sms");
        assert_string_equal(rows_text(run.db, "SELECT count(DISTINCT deadline), min(deadline) - min(created)"
                                              "  FROM message WHERE person = 'G1'"),
                            "1|7200");
        run_until(&run, "2026-11-23T11:01");
        fail_all(&run, "T1", "sms");
        assert_string_equal(messages_of(&run, "T1"), "sms|failed|1");
        run_refute(&run, "undeliverable");
        run_close(&run);
}

static void who_was_restricted_hears_nothing(void **state)
{
        struct run run;

        (void)state;
        open_run(&run);
        run_mark(&run, "2026-11-23T09:00", "P1", 1, "late");
        rows_run(run.db, "UPDATE guardian SET restricted = 1 WHERE guardian = 'G1'");
        fail_all(&run, "G1", "sms");
        assert_string_equal(messages_of(&run, "G1"), "sms|failed|1");
        run_refute(&run, "undeliverable");
        run_close(&run);
}

static void what_was_stopped_is_no_way(void **state)
{
        struct run run;

        (void)state;
        open_run(&run);
        run_mark(&run, "2026-11-23T09:00", "P1", 1, "late");
        rows_run(run.db,
                 "INSERT INTO contact_stop(channel, value, since) VALUES ('email', 'a21@example.org', 0)");
        fail_all(&run, "G1", "sms");
        assert_string_equal(messages_of(&run, "G1"), "sms|failed|1");
        run_expect(&run, "suppressed test-present G1 undeliverable");
        assert_string_equal(rows_text(run.db, "SELECT state FROM notice WHERE person = 'G1'"), "given-up");
        run_expect(&run, "message message-undelivered S1 email");
        run_close(&run);
}

/* Two notices in one SMS become two notices in one e-mail. */
static void a_digest_stays_one_message(void **state)
{
        struct run run;

        (void)state;
        open_run(&run);
        rows_run(run.db,
                 "INSERT INTO attendance_mark(pupil, day, lesson, starts, ends, mark, received) VALUES"
                 " ('P1', '2026-11-23', 1, 1795413600, 1795416300, 'late', 1795417200),"
                 " ('P2', '2026-11-23', 1, 1795413600, 1795416300, 'late', 1795417200)");
        run_until(&run, "2026-11-23T09:10");
        assert_string_equal(messages_of(&run, "T1"), "sms|delivered|2");
        fail_all(&run, "T1", "sms");
        assert_string_equal(messages_of(&run, "T1"), "sms|failed|2 email|delivered|2");
        assert_non_null(strstr(run.last_text, "Kirje Aino"));
        assert_non_null(strstr(run.last_text, "Kirje Eetu"));
        run_close(&run);
}

/* What waits to go to a number that turns bad never goes there, costs nothing and goes another way. */
static void a_bad_contact_takes_what_waits(void **state)
{
        struct run run;

        (void)state;
        open_run(&run);
        rows_run(run.db, "INSERT INTO price(provider, prefix, position, micros) VALUES ('x', '', 0, 50000);"
                         "INSERT INTO budget(organisation, micros) VALUES ('kj', 1000000)");
        run_until(&run, "2026-11-23T22:00");
        run_mark(&run, "2026-11-23T22:00", "P1", 1, "late");
        assert_string_equal(messages_of(&run, "G1"), "sms|held|1");
        assert_string_equal(rows_text(run.db, "SELECT micros FROM spending"), "100000"); /* G1's and T1's */
        rows_run(run.db, "UPDATE contact SET state = 'bad', bad_since = 1795464100, bad_reason = 'blocked'"
                         " WHERE person = 'G1' AND channel = 'sms'");
        run_settle(&run);
        assert_string_equal(messages_of(&run, "G1"), "sms|rejected|1 email|held|1");
        assert_string_equal(rows_text(run.db, "SELECT micros FROM spending"), "50000");
        assert_string_equal(
            rows_text(run.db, "SELECT reason, attempts FROM message WHERE state = 'rejected'"),
            "bad-contact|0");
        run_close(&run);
}

/* A notice that cannot be told again costs itself alone. */
static void one_that_cannot_be_told_is_given_up(void **state)
{
        struct run run;

        (void)state;
        open_run(&run);
        run_mark(&run, "2026-11-23T09:00", "P1", 1, "late");
        rows_run(run.db, "UPDATE rule_match SET facts = '{\"broken\"' WHERE rule = 'test-present'");
        fail_all(&run, "G1", "sms");
        assert_string_equal(messages_of(&run, "G1"), "sms|failed|1");
        assert_string_equal(rows_text(run.db, "SELECT state FROM notice WHERE person = 'G1'"), "given-up");
        run_close(&run);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_next_channel_speaks_once),
            cmocka_unit_test(the_deadline_is_the_first),
            cmocka_unit_test(who_was_restricted_hears_nothing),
            cmocka_unit_test(what_was_stopped_is_no_way),
            cmocka_unit_test(a_digest_stays_one_message),
            cmocka_unit_test(a_bad_contact_takes_what_waits),
            cmocka_unit_test(one_that_cannot_be_told_is_given_up),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
