/* intake/roster: what goes in, what is refused with its line, what a full import ends. */
#include "intake/roster.h"
#include "intake/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/rows.h"

#define NOW "2026-11-23T12:00"

static const char start[] = ROWS_ROSTER;

static void knows_forms(void **state)
{
        static const struct {
                bool (*check)(const char *text);
                const char *text;
                bool is_good;
        } table[] = {
            {check_phone, "+358400000001", true},
            {check_phone, "+46700000000", true},
            {check_phone, "0400000001", false},
            {check_phone, "+0400000001", false},
            {check_phone, "+358 40 000 0001", false},
            {check_phone, "+358", false},
            {check_phone, "+3584000000011234", false},
            {check_phone, "+35840000000x", false},
            {check_mail, "aino@example.org", true},
            {check_mail, "a.b+c@mail.example.org", true},
            {check_mail, "aino", false},
            {check_mail, "@example.org", false},
            {check_mail, "a@b", false},
            {check_mail, "a@b@example.org", false},
            {check_mail, "a b@example.org", false},
            {check_mail, "a@example..org", false},
            {check_mail, "a..b@example.org", false},
            {check_mail, "a@-example.org", false},
            {check_mail, "a\r\nBcc:x@example.org", false},
            {check_language, "fi", true},
            {check_language, "zh-Hant", true},
            {check_language, "so", true},
            {check_language, "", false},
            {check_language, "f", false},
            {check_language, "fi-", false},
            {check_language, "12", false},
            {check_language, "fi_FI", false},
            {check_url, "https://example.org/a?b=1", true},
            {check_url, "javascript:alert(1)", false},
            {check_url, "https://", false},
            {check_url, "https://example.org/\"x", false},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (table[i].check(table[i].text) != table[i].is_good)
                        fail_msg("%s", table[i].text);
}

static int64_t total(const int64_t *counts)
{
        int64_t sum = 0;

        for (int i = 0; i < LOAD_KIND_COUNT; i++)
                sum += counts[i];
        return sum;
}

static void imports_again_without_a_write(void **state)
{
        struct db *db = rows_open();
        struct roster_report report;
        struct err err;
        int before;

        (void)state;
        assert_int_equal(rows_roster(db, NOW, start, false, &report, &err), 0);
        assert_int_equal(report.added[LOAD_ORGANISATIONS], 5);
        assert_int_equal(report.added[LOAD_PEOPLE], 6);
        assert_int_equal(report.added[LOAD_ROLES], 4);
        assert_int_equal(report.added[LOAD_WORKPLACES], 2);
        assert_int_equal(report.added[LOAD_GUARDIANS], 1);
        roster_report_fini(&report);
        rows_run(db, "DELETE FROM change");
        before = (int)strtol(rows_text(db, "SELECT count(*) FROM calendar_day"), NULL, 10);
        assert_int_equal(rows_roster(db, NOW, start, false, &report, &err), 0);
        assert_int_equal(total(report.added) + total(report.updated) + total(report.ended), 0);
        assert_string_equal(rows_text(db, "SELECT count(*) FROM change"), "0");
        assert_int_equal(strtol(rows_text(db, "SELECT count(*) FROM calendar_day"), NULL, 10), before);
        roster_report_fini(&report);
        db_close(db);
}

/* Each with what stands in its place of an otherwise good roster: what the report says, and on which line. */
static const struct {
        const char *rows; /* whole arrays beside the organisations and people */
        const char *path, *says;
        int line;
} refused_table[] = {
    {"\"roles\":[\n{\"person\":\"P9\",\"role\":\"pupil\",\"organisation\":\"kjk\"}]", "roles[0]",
     "no such person P9", 2},
    {"\"roles\":[{\"person\":\"P1\",\"role\":\"pupil\",\"organisation\":\"x\"}]", "roles[0]",
     "no such organisation x", 1},
    {"\"roles\":[{\"person\":\"P1\",\"role\":\"king\",\"organisation\":\"kjk\"}]", "roles[0]",
     "use one of pupil, teacher", 1},
    {"\"roles\":[{\"person\":\"P1\",\"role\":\"pupil\",\"organisation\":\"kjk\",\"from\":\"2026-13-01\"}]",
     "roles[0]", "from: no date", 1},
    {"\"roles\":[{\"person\":\"P1\",\"role\":\"pupil\",\"organisation\":\"kjk\",\"from\":\"2026-08-11\","
     "\"until\":"
     "\"2026-08-01\"}]",
     "roles[0]", "until: before from", 1},
    {"\"roles\":[{\"person\":\"P1\",\"role\":\"pupil\",\"organisation\":\"kjk\"},\n\n{\"person\":\"P1\","
     "\"role\":\"pupil\","
     "\"organisation\":\"kjk\"}]",
     "roles[1]", "stands earlier", 3},
    {"\"roles\":[7]", "roles[0]", "no valid JSON", 1},
    {"\"roles\":[{\"person\":\"P1\",\"role\":\"pupil\",\"organisation\":\"kjk\",\"grad\":7}]", "roles[0]",
     "grad: unknown key", 1},
    {"\"roles\":[{\"person\":\"P1\",\"role\":\"pupil\",\"organisation\":\"kjk\",\"grade\":\"7\"}]",
     "roles[0]", "grade: no whole number", 1},
    {"\"guardians\":[{\"pupil\":\"P1\",\"guardian\":\"P1\"}]", "guardians[0]", "is the pupil", 1},
    {"\"guardians\":[{\"pupil\":\"P1\",\"guardian\":\"G1\",\"rank\":0}]", "guardians[0]",
     "rank: no whole number", 1},
    {"\"guardians\":[{\"pupil\":\"P1\",\"guardian\":\"G1\",\"notify\":\"yes\"}]", "guardians[0]",
     "neither true nor false", 1},
    {"\"workplaces\":[{\"id\":\"W1\",\"name\":\"x\",\"organisation\":\"kj\",\"supervisors\":[\"P9\"]}]",
     "workplaces[0].supervisors[0]", "no such person P9", 1},
    {"\"workplaces\":[{\"id\":\"W1\",\"name\":\"x\",\"organisation\":\"kj\",\"cards\":[1]}]", "workplaces[0]",
     "cards", 1},
    {"\"audiences\":[{\"id\":\"a\",\"organisation\":\"kj\",\"members\":[\"T1\",\"T1\"]}]",
     "audiences[0].members[1]", "T1 stands twice", 1},
    {"\"lessons\":[{\"organisation\":\"kjk\",\"weekday\":\"mox\",\"lesson\":1,\"starts\":\"08:00\",\"ends\":"
     "\"08:45\"}]",
     "lessons[0]", "no weekday", 1},
    {"\"lessons\":[{\"organisation\":\"kjk\",\"weekday\":\"mon\",\"lesson\":1,\"starts\":\"09:00\",\"ends\":"
     "\"08:45\"}]",
     "lessons[0]", "not after starts", 1},
    {"\"lessons\":[{\"organisation\":\"kjk\",\"weekday\":\"mon\",\"lesson\":1,\"starts\":\"09:00\"}]",
     "lessons[0]", "ends: missing", 1},
    {"\"calendar\":[{\"organisation\":\"kj\",\"from\":\"2026-10-23\",\"until\":\"2026-10-19\",\"kind\":"
     "\"break\"}]",
     "calendar[0]", "before from", 1},
    {"\"calendar\":[{\"organisation\":\"kj\",\"from\":\"2026-10-23\",\"kind\":\"party\"}]", "calendar[0]",
     "term, break", 1},
    {"\"carers\":[{\"pupil\":\"P1\",\"carer\":\"X\"}]", "carers[0]", "no such person X", 1},
    {"\"pepole\":[]", "pepole", "unknown key", 1},
    {"\"roles\":[{\"person\":\"P1\",\"role\":\"pupil\" \"organisation\":\"kjk\"}]", "roles[0]",
     "no valid JSON", 1},
    {"\"roles\":[{\"person\":\"P1\xff\",\"role\":\"pupil\",\"organisation\":\"kjk\"}]", "roles[0]",
     "bad UTF-8", 1},
};

static void refuses_a_row_alone(void **state)
{
        char roster[8192];
        struct db *db = rows_open();

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(refused_table); i++) {
                struct roster_report report;
                struct err err;

                rows_try(db);
                snprintf(roster, sizeof roster, "{%s,%s,%s}", refused_table[i].rows, ROWS_ORGANISATIONS,
                         ROWS_PEOPLE);
                if (rows_roster(db, NOW, roster, false, &report, &err) < 0)
                        fail_msg("%s\n%s", roster, err.text);
                if (report.rejected.count != 1 ||
                    strcmp(report.rejected.items[0].path, refused_table[i].path) != 0 ||
                    !strstr(report.rejected.items[0].error, refused_table[i].says) ||
                    report.rejected.items[0].line != refused_table[i].line)
                        fail_msg("%s\n%lld: %s:%d: %s", refused_table[i].rows,
                                 (long long)report.rejected.count,
                                 report.rejected.count ? report.rejected.items[0].path : "",
                                 report.rejected.count ? report.rejected.items[0].line : 0,
                                 report.rejected.count ? report.rejected.items[0].error : "");
                assert_int_equal(report.added[LOAD_PEOPLE], 6);
                roster_report_fini(&report);
                rows_undo(db);
        }
        db_close(db);
}

static void refuses_bad_trees_and_contacts(void **state)
{
        static const char roster[] =
            "{\"organisations\":[{\"id\":\"g\",\"kind\":\"group\",\"parent\":\"s\",\"name\":\"G\"},\n"
            "{\"id\":\"s\",\"kind\":\"school\",\"name\":\"S\"},\n"
            "{\"id\":\"m\",\"kind\":\"municipality\",\"parent\":\"s\",\"name\":\"M\"},\n"
            "{\"id\":\"n\",\"kind\":\"network\",\"parent\":\"s\",\"name\":\"N\"},\n"
            "{\"id\":\"a\",\"kind\":\"school\",\"parent\":\"b\",\"name\":\"A\"},\n"
            "{\"id\":\"b\",\"kind\":\"school\",\"parent\":\"a\",\"name\":\"B\"},\n"
            "{\"id\":\"z\",\"kind\":\"school\",\"name\":\"Z\",\"timezone\":\"Europe/Kuusijoki\"},\n"
            "{\"id\":\"k\",\"kind\":\"village\",\"name\":\"K\"},\n"
            "{\"id\":\"l\",\"kind\":\"school\",\"name\":\"L\",\"links\":[{\"title\":\"x\",\"url\":"
            "\"javascript:1\"}]}],\n"
            "\"people\":[{\"id\":\"P1\",\"given\":\"A\",\"family\":\"B\",\"contacts\":["
            "{\"channel\":\"sms\",\"value\":\"0400000001\"},{\"channel\":\"email\",\"value\":\"a@example."
            "org\"},"
            "{\"channel\":\"email\",\"value\":\"a@example.org\"},{\"channel\":\"fax\",\"value\":\"1\"}]}]}";
        static const char *const says[] = {"no such organisation s of kind network",
                                           "a network stands at the top",
                                           "kind: not a value that is known",
                                           "no such organisation b",
                                           "no such organisation a",
                                           "no such time zone",
                                           "no web address",
                                           "E.164",
                                           "stands twice",
                                           "sms, email"};
        struct db *db = rows_open();
        struct roster_report report;
        struct err err;

        (void)state;
        assert_int_equal(rows_roster(db, NOW, roster, false, &report, &err), 0);
        assert_int_equal(report.rejected.count, ARRAY_SIZE(says));
        for (size_t i = 0; i < ARRAY_SIZE(says); i++) {
                size_t at = 0;

                while (at < ARRAY_SIZE(says) && !strstr(report.rejected.items[at].error, says[i]))
                        at++;
                if (at == ARRAY_SIZE(says))
                        fail_msg("nobody says %s", says[i]);
        }
        assert_string_equal(rows_text(db, "SELECT id FROM organisation ORDER BY id"), "g l s");
        assert_string_equal(
            rows_text(db, "SELECT group_concat(ancestor) FROM organisation_tree WHERE descendant = 'g'"),
            "g,s");
        assert_string_equal(rows_text(db, "SELECT channel, value FROM contact"), "email|a@example.org");
        assert_string_equal(report.rejected.items[7].path, "people[0].contacts[0]");
        assert_int_equal(report.rejected.items[7].line, 10);
        assert_null(strstr(report.rejected.items[7].error, "0400000001")); /* nobody's number in a report */
        roster_report_fini(&report);
        db_close(db);
}

static void refuses_what_is_no_roster(void **state)
{
        static const struct {
                const char *text, *says;
        } table[] = {
            {"", "no JSON object"},
            {"[]", "no JSON object"},
            {"{\"people\":[{\"id\":\"P1\"", "is the file cut"},
            {"{\"people\":[{\"id\":\"P1", "is the file cut"},
            {"{\"people\":[]}\n{}", "line 2: something follows"},
            {"{\"people\":[],\"people\":[]}", "stands twice"},
            {"{\"people\":{}}", "people: line 1: no JSON array"},
            {"{\"people\":[{} {}]}", "',' or ']' is missing"},
            {"{\"people\" []}", "':' is missing"},
            {"{people:[]}", "a key in double quotes"},
        };
        struct db *db = rows_open();

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                struct roster_report report;
                struct err err;

                rows_try(db);
                if (rows_roster(db, NOW, table[i].text, true, &report, &err) != ERR_INVALID ||
                    !strstr(err.text, table[i].says))
                        fail_msg("%s\n%s", table[i].text, err.text);
                assert_string_equal(rows_text(db, "SELECT count(*) FROM person"), "0");
                roster_report_fini(&report);
                rows_undo(db);
        }
        db_close(db);
}

/* ---- ending */

static void crowd(char *text, size_t size, int first, int count)
{
        size_t length = (size_t)snprintf(text, size, "{%s,\"people\":[", ROWS_ORGANISATIONS);

        for (int i = first; i < first + count; i++)
                length += (size_t)snprintf(
                    text + length, size - length,
                    "%s{\"id\":\"X%d\",\"given\":\"A\",\"family\":\"B\",\"contacts\":[{\"channel\":"
                    "\"email\",\"value\":\"x%d@example.org\"}]}",
                    i > first ? "," : "", i, i);
        length += (size_t)snprintf(text + length, size - length, "],\"roles\":[");
        for (int i = first; i < first + count; i++)
                length +=
                    (size_t)snprintf(text + length, size - length,
                                     "%s{\"person\":\"X%d\",\"role\":\"pupil\",\"organisation\":\"kjk-a\"}",
                                     i > first ? "," : "", i);
        snprintf(text + length, size - length, "]}");
        assert_true(length + 2 < size);
}

static void ends_what_is_absent(void **state)
{
        static char text[20000];
        struct db *db = rows_open();
        struct roster_report report;
        struct err err;

        (void)state;
        crowd(text, sizeof text, 0, 10);
        rows_load(db, NOW, text);
        rows_run(db,
                 "INSERT INTO person(id, given, family) VALUES ('D1', 'A', 'B')"); /* somebody else's row */
        crowd(text, sizeof text, 0, 8);
        assert_int_equal(rows_roster(db, NOW, text, false, &report, &err),
                         0); /* 20 % is not more than 20 % */
        assert_int_equal(report.ended[LOAD_PEOPLE], 2);
        assert_int_equal(report.ended[LOAD_ROLES], 2);
        roster_report_fini(&report);
        assert_string_equal(rows_text(db, "SELECT id, ended FROM person WHERE ended IS NOT NULL ORDER BY id"),
                            "X8|2026-11-23 X9|2026-11-23");
        assert_string_equal(
            rows_text(db, "SELECT person, last_day FROM role WHERE last_day IS NOT NULL ORDER BY person"),
            "X8|2026-11-22 X9|2026-11-22");
        assert_string_equal(rows_text(db, "SELECT count(*) FROM contact"), "10"); /* ended, not erased */
        crowd(text, sizeof text, 0, 10);
        assert_int_equal(rows_roster(db, NOW, text, false, &report, &err), 0); /* and back */
        assert_int_equal(report.updated[LOAD_PEOPLE], 2);
        assert_int_equal(report.updated[LOAD_ROLES], 2);
        roster_report_fini(&report);
        assert_string_equal(rows_text(db, "SELECT count(*) FROM person WHERE ended IS NULL"), "11");
        db_close(db);
}

static void asks_before_ending_many(void **state)
{
        static char text[20000];
        struct db *db = rows_open();
        struct roster_report report;
        struct err err;

        (void)state;
        crowd(text, sizeof text, 0, 10);
        rows_load(db, NOW, text);
        crowd(text, sizeof text, 3, 10); /* three leave; that three are new does not make it less */
        assert_int_equal(rows_roster(db, NOW, text, false, &report, &err), ERR_INVALID);
        assert_non_null(strstr(err.text, "would end 3 of 10"));
        assert_non_null(strstr(err.text, "--force"));
        roster_report_fini(&report);
        assert_string_equal(rows_text(db, "SELECT count(*) FROM person WHERE ended IS NULL"), "10");
        assert_int_equal(rows_roster(db, NOW, "{}", false, &report, &err), ERR_INVALID);
        roster_report_fini(&report);
        assert_int_equal(rows_roster(db, NOW, text, true, &report, &err), 0);
        assert_int_equal(report.ended[LOAD_PEOPLE], 3);
        roster_report_fini(&report);
        db_close(db);
}

/* A row with a fault is not taken for absent. */
static void ends_nobody_by_a_slip(void **state)
{
        struct db *db = rows_open();
        struct roster_report report;
        struct err err;

        (void)state;
        rows_load(db, NOW, start);
        assert_int_equal(
            rows_roster(db, NOW,
                        "{" ROWS_ORGANISATIONS "," ROWS_ROLES "," ROWS_WORKPLACES "," ROWS_GUARDIANS
                        ",\"people\":[" ROWS_PERSON("P2") "," ROWS_PERSON("P3") "," ROWS_PERSON(
                            "G1") "," ROWS_PERSON("T1") "," ROWS_PERSON("S1") ",{\"id\":\"P1\",\"born\":1}]}",
                        false, &report, &err),
            0);
        assert_int_equal(report.rejected.count, 1);
        assert_int_equal(total(report.ended), 0);
        roster_report_fini(&report);
        db_close(db);
}

static void replaces_lists(void **state)
{
#define WITH(contacts, supervisors, cards)                                              \
        "{" ROWS_ORGANISATIONS ",\"people\":[" ROWS_PERSON("S1") "," ROWS_PERSON(       \
            "S2") ",{\"id\":\"P1\",\"given\":\"A\","                                    \
                  "\"family\":\"B\",\"contacts\":[" contacts                            \
                  "]}],\"workplaces\":[{\"id\":\"W1\",\"name\":\"W\",\"organisation\":" \
                  "\"kj\",\"supervisors\":[" supervisors "],\"cards\":[" cards "]}]}"
        struct db *db = rows_open();
        struct roster_report report;
        struct err err;

        (void)state;
        rows_load(db, NOW,
                  WITH("{\"channel\":\"sms\",\"value\":\"+358400000001\"},{\"channel\":\"sms\",\"value\":\"+"
                       "358400000002\"}",
                       "\"S1\",\"S2\"", "\"hygiene\",\"safety\""));
        rows_run(db, "UPDATE contact SET state = 'bad' WHERE value = '+358400000002'");
        assert_int_equal(rows_roster(db, NOW,
                                     WITH("{\"channel\":\"sms\",\"value\":\"+358400000002\",\"safe\":true},"
                                          "{\"channel\":\"sms\",\"value\":\"+358400000003\"}",
                                          "\"S2\"", "\"safety\",\"first-aid\""),
                                     false, &report, &err),
                         0);
        assert_string_equal(
            rows_text(db, "SELECT value, position, safe, state FROM contact ORDER BY position"),
            "+358400000002|0|1|bad +358400000003|1|0|good");
        assert_string_equal(rows_text(db, "SELECT person, position FROM workplace_supervisor"), "S2|0");
        assert_string_equal(rows_text(db, "SELECT card FROM workplace_card ORDER BY card"),
                            "first-aid safety");
        assert_int_equal(report.updated[LOAD_WORKPLACES], 1);
        assert_int_equal(report.added[LOAD_CONTACTS], 1);
        assert_int_equal(report.ended[LOAD_CONTACTS], 1);
        roster_report_fini(&report);
        db_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(knows_forms),
            cmocka_unit_test(imports_again_without_a_write),
            cmocka_unit_test(refuses_a_row_alone),
            cmocka_unit_test(refuses_bad_trees_and_contacts),
            cmocka_unit_test(refuses_what_is_no_roster),
            cmocka_unit_test(ends_what_is_absent),
            cmocka_unit_test(asks_before_ending_many),
            cmocka_unit_test(ends_nobody_by_a_slip),
            cmocka_unit_test(replaces_lists),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
