/* intake: days of meetings, standing groups, projects, bookings, surveys and consents by what they leave, and
 * what is refused with which words. */
#include "intake/intake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/rows.h"

#define NOW "2026-11-23T12:00"
#define EVENT(id, type, subject, data)                                                         \
        "{\"specversion\":\"1.0\",\"id\":\"" id "\",\"source\":\"/t\",\"type\":\"kapula." type \
        "\",\"subject\":\"" subject "\",\"time\":\"2026-11-23T09:30\",\"data\":{" data "}}"
#define MEETING(id, subject, data) EVENT(id, "meeting.planned", subject, "\"organisation\":\"kj\"," data)

static const char roster[] =
    "{" ROWS_ORGANISATIONS
    ",\"people\":[" ROWS_PERSON("P1") "," ROWS_PERSON("G1") "," ROWS_PERSON("T1") "," ROWS_PERSON(
        "T2") "," ROWS_PERSON("T9") "," ROWS_PERSON("S1") "]"
                                                          ",\"roles\":[{\"person\":\"P1\",\"role\":\"pupil\","
                                                          "\"organisation\":\"kjk-a\",\"from\":\"2026-08-"
                                                          "11\"},"
                                                          "{\"person\":\"T1\",\"role\":\"teacher\","
                                                          "\"organisation\":\"kjk-a\"},"
                                                          "{\"person\":\"T2\",\"role\":\"coordinator\","
                                                          "\"organisation\":\"kj\"},"
                                                          "{\"person\":\"T9\",\"role\":\"teacher\","
                                                          "\"organisation\":\"kjk-a\",\"from\":\"2020-08-"
                                                          "11\",\"until\":\"2026-06-05\"}]," ROWS_WORKPLACES
                                                          "," ROWS_GUARDIANS
                                                          ",\"audiences\":[{\"id\":\"team\",\"organisation\":"
                                                          "\"kj\",\"members\":[\"T1\"]},"
                                                          "{\"id\":\"nobody\",\"organisation\":\"kj\","
                                                          "\"members\":[]}]}";

static const char *const setup_table[] = {
    EVENT("a", "committee.named", "CM",
          "\"kind\":\"field-group\",\"organisation\":\"kj\",\"chair\":\"T2\",\"members\":[\"T1\",\"T2\"]"),
    EVENT("b", "project.set", "PR",
          "\"name\":\"Pilotti\",\"organisation\":\"kj\",\"organisations\":[\"kj\",\"tuo\"],\"from\":\"2026-"
          "08-01\","
          "\"until\":\"2026-12-31\""),
    MEETING("c", "coffee",
            "\"kind\":\"coffee\",\"starts\":\"2026-11-24T14:00\",\"audience\":\"team\",\"repeats\":\"FREQ="
            "WEEKLY;COUNT=3\""),
    MEETING("d", "slot", "\"kind\":\"consultation\",\"starts\":\"2026-11-25T14:00\",\"chair\":\"T2\""),
    MEETING("e", "old", "\"kind\":\"consultation\",\"starts\":\"2026-11-20T14:00\",\"chair\":\"T2\""),
    EVENT("f", "consent.asked", "C1", "\"pupil\":\"P1\",\"meeting\":\"coffee\""),
    EVENT("g", "consent.asked", "C2", "\"pupil\":\"P1\""),
    EVENT("h", "survey.opened", "SV",
          "\"organisation\":\"kj\",\"audience\":\"team\",\"closes\":\"2026-12-01\""),
    EVENT("i", "visit.planned", "V1",
          "\"kind\":\"intake\",\"hosts\":[\"kjk\"],\"guests\":[\"P1\"],\"starts\":\"2026-11-23T09:00\""),
    EVENT("j", "visit.planned", "V2",
          "\"kind\":\"intake\",\"hosts\":[\"kjk\"],\"guests\":[\"P1\"],\"starts\":\"2026-11-23T10:00\""),
};

static struct db *filled;

static int fill(void **state)
{
        char error[ERR_TEXT_MAX];

        (void)state;
        filled = rows_open();
        rows_load(filled, NOW, roster);
        assert_int_equal(
            sqlite3_exec(db_handle(filled),
                         "INSERT INTO case_file(id, pupil, organisation, rule, step, owner_role,"
                         "  opened, owned)"
                         " SELECT '2026-0001', person, organisation, 'absence-hours', '1', 'teacher',"
                         "   1795420800, 1795420800 FROM role WHERE role = 'pupil' LIMIT 1",
                         NULL, NULL, NULL),
            SQLITE_OK);
        for (size_t i = 0; i < ARRAY_SIZE(setup_table); i++) {
                rows_event(filled, NOW, setup_table[i], NULL, error);
                assert_string_equal(error, "");
        }
        return 0;
}

static int empty(void **state)
{
        (void)state;
        filled = db_close(filled);
        return 0;
}

#define DAYS                                                                                       \
        "SELECT original_day, datetime(starts, 'unixepoch'), ends - starts, state, sequence FROM " \
        "meeting_day"                                                                              \
        " WHERE meeting = "

static const struct {
        const char *event, *sql, *expected;
} taken_table[] = {
    /* the days of a meeting */
    {MEETING("1", "M", "\"starts\":\"2026-12-01T14:00\""), DAYS "'M'", "|2026-12-01 12:00:00|3600|planned|0"},
    {NULL, DAYS "'coffee'",
     "2026-11-24|2026-11-24 12:00:00|3600|planned|0 2026-12-01|2026-12-01 12:00:00|3600|planned|0 "
     "2026-12-08|2026-12-08 12:00:00|3600|planned|0"},
    {EVENT("1", "meeting.changed", "coffee", "\"day\":\"2026-12-01\",\"moved_to\":\"2026-12-02\""),
     DAYS "'coffee'",
     "2026-11-24|2026-11-24 12:00:00|3600|planned|0 2026-12-01|2026-12-02 12:00:00|3600|planned|1 "
     "2026-12-08|2026-12-08 12:00:00|3600|planned|0"},
    {EVENT("1", "meeting.changed", "coffee", "\"day\":\"2026-12-01\",\"cancelled\":true"),
     DAYS "'coffee' AND state = 'cancelled'", "2026-12-01|2026-12-01 12:00:00|3600|cancelled|1"},
    {EVENT("1", "meeting.changed", "coffee", "\"starts\":\"2026-11-24T15:00\""), DAYS "'coffee'",
     "2026-11-24|2026-11-24 13:00:00|3600|planned|1 2026-12-01|2026-12-01 13:00:00|3600|planned|1 "
     "2026-12-08|2026-12-08 13:00:00|3600|planned|1"},
    {EVENT("1", "meeting.changed", "coffee", "\"repeats\":\"FREQ=WEEKLY;COUNT=1\""), DAYS "'coffee'",
     "2026-11-24|2026-11-24 12:00:00|3600|planned|0"},
    {EVENT("1", "meeting.changed", "slot", "\"starts\":\"2026-11-26T14:00\""),
     "SELECT original_day, old_starts < d.starts FROM meeting_change c JOIN meeting_day d USING (meeting, "
     "original_day)",
     "|1"},
    {MEETING("1", "M", "\"starts\":\"2026-10-20T14:00\",\"repeats\":\"FREQ=WEEKLY;COUNT=2\""), DAYS "'M'",
     "2026-10-20|2026-10-20 11:00:00|3600|planned|0 2026-10-27|2026-10-27 12:00:00|3600|planned|0"},
    /* standing groups, agendas, projects */
    {MEETING("1", "M",
             "\"starts\":\"2026-12-01T14:00\",\"committee\":\"CM\",\"agenda\":[\"Tilanne\",\"Muut\"]"),
     "SELECT m.kind, m.chair, group_concat(p.person), (SELECT group_concat(title) FROM meeting_item)"
     " FROM meeting m JOIN meeting_participant p ON p.meeting = m.id WHERE m.id = 'M'",
     "field-group|T2|T1,T2|Tilanne,Muut"},
    {MEETING("1", "M", "\"starts\":\"2026-12-01T14:00\",\"project\":\"PR\""),
     "SELECT project FROM meeting WHERE id = 'M'", "PR"},
    {EVENT("1", "mentoring.paired", "kjk", "\"mentee\":\"tuk\""), "SELECT mentor, mentee FROM mentor_pair",
     "kjk|tuk"},
    /* bookings, interpreters */
    {EVENT("1", "meeting.booked", "slot", "\"by\":\"G1\""),
     "SELECT person, answer FROM meeting_participant ORDER BY person", "G1|yes T2|yes"},
    {EVENT("1", "meeting.interpreter.booked", "slot", "\"language\":\"ar\""),
     "SELECT meeting, language FROM meeting_interpreter", "slot|ar"},
    /* consents, visits, surveys */
    {EVENT("1", "consent.given", "C1", "\"by\":\"G1\""), "SELECT state FROM consent WHERE id = 'C1'",
     "given"},
    {EVENT("1", "visit.missed", "V1", ""), "SELECT id, missed IS NOT NULL FROM visit ORDER BY id",
     "V1|1 V2|0"},
    {EVENT("1", "survey.answered", "SV", "\"by\":\"T1\",\"answers\":{\"q1\":\"yes\"}"),
     "SELECT question, choice, answers, (SELECT count(*) FROM survey_total) FROM survey_tally", "q1|yes|1|0"},
};

static void leaves_the_facts(void **state)
{
        char error[ERR_TEXT_MAX];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(taken_table); i++) {
                rows_try(filled);
                if (taken_table[i].event)
                        rows_event(filled, NOW, taken_table[i].event, NULL, error);
                if (taken_table[i].event && error[0])
                        fail_msg("%s\n%s", taken_table[i].event, error);
                assert_string_equal(rows_text(filled, taken_table[i].sql), taken_table[i].expected);
                rows_undo(filled);
        }
}

static const struct {
        const char *event, *says;
} refused_table[] = {
    {MEETING("1", "M", "\"starts\":\"2026-12-01T14:00\",\"ends\":\"2026-12-01T13:00\""),
     "data.ends: not after starts"},
    {EVENT("1", "meeting.changed", "slot", "\"ends\":\"2026-11-25T13:00\""), "data.ends: not after starts"},
    {EVENT("1", "meeting.changed", "coffee",
           "\"day\":\"2026-12-01\",\"starts\":\"15:00\",\"ends\":\"14:00\""),
     "data.ends: not after starts"},
    {MEETING("1", "M", "\"starts\":\"2026-12-01T14:00\",\"participants\":[\"T1\",\"T9\"]"),
     "data.participants: T9 has left: invite somebody who works there now"},
    {MEETING("1", "M", "\"starts\":\"2026-12-01T14:00\",\"participants\":[\"X\"]"), "no such person X"},
    {MEETING("1", "M", "\"starts\":\"2026-12-01T14:00\",\"repeats\":\"FREQ=SECONDLY\""), "no RFC 5545 rule"},
    {MEETING("1", "M", "\"starts\":\"2026-12-01T14:00\",\"committee\":\"X\""), "no such group X"},
    {MEETING("1", "M", "\"starts\":\"2026-12-01T14:00\",\"project\":\"X\""), "no such project X"},
    {MEETING("1", "M", "\"starts\":\"2027-01-08T14:00\",\"project\":\"PR\""),
     "outside the days of project PR"},
    {MEETING("1", "M", "\"starts\":\"2026-12-01T14:00\",\"agenda\":[7]"), "data.agenda: no list"},
    {EVENT("1", "meeting.changed", "coffee", "\"day\":\"2026-12-02\",\"cancelled\":true"), "has no such day"},
    {EVENT("1", "meeting.changed", "slot", "\"day\":\"2026-11-25\",\"cancelled\":true"), "has no such day"},
    {EVENT("1", "meeting.booked", "old", "\"by\":\"G1\""), "old is past"},
    {EVENT("1", "meeting.booked", "coffee", "\"by\":\"G1\""), "coffee is no consultation"},
    {EVENT("1", "meeting.booked", "slot", ""), "data.by: missing"},
    {EVENT("1", "committee.named", "CM", "\"kind\":\"jopo\",\"organisation\":\"kj\",\"members\":[\"X\"]"),
     "no such person X"},
    {EVENT("1", "project.set", "PR",
           "\"name\":\"P\",\"organisation\":\"kj\",\"from\":\"2026-12-31\",\"until\":\"2026-08-01\""),
     "data.until: before from"},
    {EVENT("1", "mentoring.paired", "kjk", "\"mentee\":\"kjk\""), "is the mentor itself"},
    {EVENT("1", "survey.opened", "S2", "\"organisation\":\"kj\",\"audience\":\"nobody\""),
     "data.audience: mailing group nobody is empty"},
    {EVENT("1", "survey.opened", "S2",
           "\"organisation\":\"kj\",\"audience\":\"team\",\"closes\":\"2026-11-20\""),
     "data.closes: not after it opens"},
    {EVENT("1", "survey.answered", "SV",
           "\"by\":\"T1\",\"answers\":{\"q1\":\"a text that is far longer than any code\"}"),
     "no free text"},
    {EVENT("1", "visit.missed", "V2", ""), "no such visit V2 that has begun"},
    {EVENT("1", "case.closed", "2026-0001", "\"outcome\":\"Aino muutti pois\""), "data.outcome: no code"},
    {EVENT("1", "case.joined", "2026-0001", "\"person\":\"T1\",\"sees\":\"kaikki, paitsi\""),
     "data.sees: no code"},
    {EVENT("1", "case.left", "2026-0001", "\"person\":\"T1\""), "takes no part in the case"},
    {"{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/"
     "t\",\"type\":\"kapula.consent.given\",\"subject\":\"C1\","
     "\"time\":\"2026-12-01T09:30\",\"data\":{\"by\":\"G1\"}}",
     "data.meeting: coffee is over: a consent comes too late"},
};

#define COUNTS                                                                                              \
        "SELECT (SELECT count(*) FROM meeting), (SELECT count(*) FROM meeting_day), (SELECT count(*) FROM " \
        "meeting_participant), (SELECT count(*) FROM meeting_item), (SELECT count(*) FROM "                 \
        "committee_member),"                                                                                \
        " (SELECT count(*) FROM survey), (SELECT count(*) FROM survey_answer), (SELECT count(*) FROM "      \
        "consent),"                                                                                         \
        " (SELECT sum(sequence) FROM meeting_day), (SELECT count(*) FROM event)"

static void refuses_whole(void **state)
{
        char error[ERR_TEXT_MAX], before[200];

        (void)state;
        snprintf(before, sizeof before, "%s", rows_text(filled, COUNTS));
        for (size_t i = 0; i < ARRAY_SIZE(refused_table); i++) {
                rows_try(filled);
                rows_event(filled, strstr(refused_table[i].event, "consent.given") ? "2026-12-01T09:31" : NOW,
                           refused_table[i].event, NULL, error);
                if (!strstr(error, refused_table[i].says))
                        fail_msg("%s\n%s\nnot %s", refused_table[i].event, error, refused_table[i].says);
                assert_string_equal(rows_text(filled, COUNTS), before);
                rows_undo(filled);
        }
}

static void books_once(void **state)
{
        struct db *db = rows_copy(filled);
        char error[ERR_TEXT_MAX];

        (void)state;
        rows_event(db, NOW, EVENT("1", "meeting.booked", "slot", "\"by\":\"G1\""), NULL, error);
        assert_string_equal(error, "");
        rows_event(db, NOW, EVENT("2", "meeting.booked", "slot", "\"by\":\"T1\""), NULL, error);
        assert_non_null(strstr(error, "slot is taken"));
        db_close(db);
}

/* Nobody's single answer shows: not below five, and not as what is left of a total. */
static void totals_hide_the_few(void **state)
{
        struct db *db = rows_copy(filled);

        (void)state;
        rows_run(db,
                 "INSERT INTO survey_tally VALUES ('SV', 'q1', 'yes', 9), ('SV', 'q1', 'no', 6), ('SV', "
                 "'q1', 'maybe', 4),"
                 " ('SV', 'q2', 'yes', 5), ('SV', 'q2', 'no', 7), ('SV', 'q3', 'a', 1), ('SV', 'q3', 'b', 2),"
                 " ('SV', 'q3', 'c', 8)");
        assert_string_equal(rows_text(db, "SELECT question, choice, answers FROM survey_total ORDER BY 1, 2"),
                            "q1|yes|9 q2|no|7 q2|yes|5 q3|c|8");
        db_close(db);
}

/* No way round leads to a circle: not a roster, not a row, not a change of one. */
static void keeps_a_tree(void **state)
{
        static const char circle[] =
            "{\"organisations\":[{\"id\":\"a\",\"kind\":\"school\",\"parent\":\"b\",\"name\":\"A\"},"
            "{\"id\":\"b\",\"kind\":\"municipality\",\"parent\":\"a\",\"name\":\"B\"}]}";
        static const char *const refused[] = {
            "UPDATE organisation SET parent = 'kjk-a' WHERE id = 'kj'",
            "INSERT INTO organisation(id, kind, parent, name) VALUES ('a', 'school', 'b', 'A'), ('b', "
            "'group', 'a', 'B')",
            "INSERT INTO organisation(id, kind, parent, name) VALUES ('a', 'school', 'a', 'A')",
        };
        struct db *db = rows_copy(filled), *bare = rows_open();
        struct roster_report report;
        struct err err;
        char before[200];

        (void)state;
        snprintf(before, sizeof before, "%s", rows_text(db, "SELECT count(*) FROM organisation_tree"));
        assert_int_equal(rows_roster(bare, NOW, circle, false, &report, &err), 0);
        assert_int_equal(report.rejected.count, 2);
        assert_non_null(
            strstr(report.rejected.items[0].error, "organisations[0].parent: no such organisation b"));
        roster_report_fini(&report);
        assert_string_equal(rows_text(bare, "SELECT count(*) FROM organisation"), "0");
        db_close(bare);
        for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
                assert_int_not_equal(sqlite3_exec(db_handle(db), refused[i], NULL, NULL, NULL), SQLITE_OK);
                assert_true(i == 2 || strstr(sqlite3_errmsg(db_handle(db)), "below the organisation itself"));
        }
        assert_string_equal(rows_text(db, "SELECT count(*) FROM organisation_tree"), before);
        db_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(leaves_the_facts), cmocka_unit_test(refuses_whole),
            cmocka_unit_test(books_once),       cmocka_unit_test(totals_hide_the_few),
            cmocka_unit_test(keeps_a_tree),
        };

        return cmocka_run_group_tests(tests, fill, empty);
}
