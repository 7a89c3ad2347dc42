/* store/calendar_day: the kind and the numbers of days, against tables. */
#include "store/calendar_day.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/rows.h"

#define NOW "2026-11-23T08:00"

static const char roster[] =
    "{" ROWS_ORGANISATIONS ",\"calendar\":["
    "{\"organisation\":\"kj\",\"from\":\"2026-10-19\",\"until\":\"2026-10-23\",\"kind\":\"break\",\"name\":"
    "\"Syysloma\"},"
    "{\"organisation\":\"kj\",\"from\":\"2026-12-21\",\"until\":\"2027-01-05\",\"kind\":\"break\"},"
    "{\"organisation\":\"kj\",\"from\":\"2026-11-28\",\"kind\":\"school\",\"name\":\"Kodin ja koulun "
    "päivä\"},"
    "{\"organisation\":\"kj\",\"from\":\"2027-03-08\",\"kind\":\"holiday\"},"
    "{\"organisation\":\"kjk-a\",\"from\":\"2026-11-26\",\"until\":\"2026-11-28\",\"kind\":\"break\"},"
    "{\"organisation\":\"kjk-a\",\"from\":\"2026-10-22\",\"kind\":\"school\"},"
    "{\"organisation\":\"tuo\",\"from\":\"2026-08-11\",\"until\":\"2026-12-22\",\"kind\":\"term\"},"
    "{\"organisation\":\"tuo\",\"from\":\"2027-01-07\",\"until\":\"2027-06-05\",\"kind\":\"term\"}]}";

static struct db *open_calendar(void)
{
        struct db *db = rows_open();

        rows_load(db, NOW, roster);
        return db;
}

static void knows_each_day(void **state)
{
        static const struct {
                const char *calendar, *day, *kind;
        } table[] = {
            {"kj", "2026-10-16", "school"},
            {"kj", "2026-10-19", "break"},
            {"kj", "2026-10-23", "break"},
            {"kj", "2026-10-24", "weekend"},
            {"kj", "2026-10-26", "school"},
            {"kj", "2026-12-06", "weekend"},
            {"kj", "2024-12-06", "holiday"},
            {"kj", "2027-12-06", "holiday"},
            {"kj", "2026-12-24", "holiday"},
            {"kj", "2026-12-25", "holiday"},
            {"kj", "2026-12-28", "break"},
            {"kj", "2027-01-06", "holiday"},
            {"kj", "2027-01-07", "school"},
            {"kj", "2026-11-28", "school"},
            {"kj", "2026-11-29", "weekend"},
            {"kj", "2027-03-08", "holiday"},
            {"kj", "2027-03-26", "holiday"},
            {"kj", "2027-03-29", "holiday"},
            {"kj", "2028-02-29", "school"},
            {"kj", "2027-06-04", "school"},
            {"kj", "2027-06-07", "outside"},
            {"kj", "2027-07-30", "outside"},
            {"kj", "2027-08-02", "school"},
            {"kj", "2026-08-03", "school"},
            {"kjk-a", "2026-11-26", "break"},
            {"kj", "2026-11-26", "school"},
            {"kjk-a", "2026-11-28",
             "weekend"}, /* the group's break is nearer than the municipality's Saturday */
            {"kjk-a", "2026-10-22", "school"},
            {"kjk-a", "2026-10-21", "break"},
            {"tuo", "2026-08-10", "outside"},
            {"tuo", "2026-08-11", "school"},
            {"tuo", "2026-12-23", "outside"},
            {"tuo", "2026-12-24", "holiday"},
            {"tuo", "2027-01-07", "school"},
            {"tuo", "2025-08-04", "school"}, /* no terms in that school year: the default */
        };
        struct db *db = open_calendar();
        char sql[200];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                snprintf(sql, sizeof sql,
                         "SELECT kind FROM calendar_day WHERE calendar = '%s' AND day = '%s'",
                         table[i].calendar, table[i].day);
                if (strcmp(rows_text(db, sql), table[i].kind) != 0)
                        fail_msg("%s %s: %s, not %s", table[i].calendar, table[i].day, rows_text(db, sql),
                                 table[i].kind);
        }
        db_close(db);
}

static void counts_days(void **state)
{
        static const char between[] =
            "SELECT b.school_day_no - a.school_day_no, b.working_day_no - a.working_day_no, b.day_no - "
            "a.day_no"
            "  FROM calendar_day a JOIN calendar_day b USING (calendar)"
            " WHERE calendar = 'kj' AND a.day = '2026-10-16' AND b.day = '2026-10-27'";
        struct db *db = open_calendar();

        (void)state;
        assert_string_equal(rows_text(db, between), "2|7|11");
        assert_string_equal(
            rows_text(db, "SELECT min(day), max(day), count(*) FROM calendar_day WHERE calendar = 'kj'"),
            "2024-08-01|2029-07-31|1826");
        assert_string_equal(rows_text(db, "SELECT school_year FROM calendar_day WHERE calendar = 'kj'"
                                          " AND day IN ('2027-07-31', '2027-08-01') ORDER BY day"),
                            "2026 2027");
        db_close(db);
}

static void keeps_noon_on_dst_days(void **state)
{
        struct db *db = open_calendar();

        (void)state;
        assert_string_equal(rows_text(db,
                                      "SELECT strftime('%H', noon, 'unixepoch'), noon / 86400 - day_no"
                                      "  FROM calendar_day WHERE calendar = 'kj'"
                                      " AND day IN ('2026-10-24', '2026-10-25', '2027-03-27', '2027-03-28')"
                                      " ORDER BY day"),
                            "09|0 10|0 10|0 09|0");
        db_close(db);
}

static void says_whose_calendar(void **state)
{
        struct db *db = open_calendar();

        (void)state;
        assert_string_equal(
            rows_text(db,
                      "SELECT organisation, calendar, timezone, languages, tenant FROM organisation_calendar"
                      " ORDER BY organisation"),
            "kj|kj|Europe/Helsinki|fi,sv|kj kjk|kj|Europe/Helsinki|fi,sv|kj "
            "kjk-a|kjk-a|Europe/Helsinki|fi,sv|kj"
            " tuk|tuo|Europe/Helsinki|fi|tuo tuo|tuo|Europe/Helsinki|fi|tuo");
        db_close(db);
}

/* Nothing is written when nothing changed; days that pass out of the window keep their numbers. */
static void writes_changes_only(void **state)
{
        struct db *db = open_calendar();
        struct err err = {0};
        char numbers[200];
        int before;

        (void)state;
        rows_run(db, "INSERT INTO calendar_dirty VALUES (1)");
        before = sqlite3_total_changes(db_handle(db));
        assert_int_equal(calendar_refresh(db, rows_utc(NOW), &err), 0);
        assert_in_range(sqlite3_total_changes(db_handle(db)) - before, 0, 4); /* the flag and the window */
        assert_string_equal(rows_text(db, "SELECT count(*) FROM calendar_dirty"), "0");
        snprintf(numbers, sizeof numbers, "%s",
                 rows_text(db, "SELECT school_day_no, working_day_no FROM calendar_day"
                               " WHERE calendar = 'kj' AND day = '2026-11-23'"));
        assert_int_equal(calendar_refresh(db, rows_utc("2027-09-01T08:00"), &err), 0);
        assert_string_equal(rows_text(db, "SELECT school_day_no, working_day_no FROM calendar_day"
                                          " WHERE calendar = 'kj' AND day = '2026-11-23'"),
                            numbers);
        assert_string_equal(
            rows_text(db, "SELECT min(day), max(day) FROM calendar_day WHERE calendar = 'kj'"),
            "2024-08-01|2030-07-31");
        rows_run(db, "DELETE FROM calendar_entry WHERE organisation = 'kjk-a'");
        assert_int_equal(calendar_refresh(db, rows_utc("2027-09-01T08:00"), &err), 0);
        assert_string_equal(rows_text(db, "SELECT count(*) FROM calendar_day WHERE calendar = 'kjk-a'"), "0");
        assert_string_equal(
            rows_text(db, "SELECT calendar FROM organisation_calendar WHERE organisation = 'kjk-a'"), "kj");
        db_close(db);
}

/* Another program's row with a parent that nobody has stands at the top, and costs nobody else anything. */
static void bears_an_orphan(void **state)
{
        struct db *db = open_calendar();
        struct err err = {0};

        (void)state;
        rows_run(db, "PRAGMA foreign_keys = OFF");
        rows_run(db, "INSERT INTO organisation(id, kind, parent, name) VALUES ('o', 'group', 'nobody', 'O')");
        assert_int_equal(calendar_refresh(db, rows_utc(NOW), &err), 0);
        assert_string_equal(
            rows_text(db, "SELECT calendar FROM organisation_calendar WHERE organisation = 'o'"), "o");
        db_close(db);
}

/* Two rows of another program, each below the other. */
static void bears_a_circle(void **state)
{
        struct db *db = open_calendar();
        struct err err = {0};

        (void)state;
        rows_run(db, "PRAGMA foreign_keys = OFF; DROP TRIGGER organisation_inserted_in_circle");
        rows_run(db, "INSERT INTO organisation(id, kind, parent, name) VALUES ('o', 'group', 'q', 'O'),"
                     " ('q', 'group', 'o', 'Q')");
        assert_int_equal(calendar_refresh(db, rows_utc(NOW), &err), 0);
        assert_string_equal(
            rows_text(db, "SELECT calendar FROM organisation_calendar WHERE organisation = 'o'"), "o");
        db_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(knows_each_day),         cmocka_unit_test(counts_days),
            cmocka_unit_test(keeps_noon_on_dst_days), cmocka_unit_test(says_whose_calendar),
            cmocka_unit_test(writes_changes_only),    cmocka_unit_test(bears_an_orphan),
            cmocka_unit_test(bears_a_circle),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
