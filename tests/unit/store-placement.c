/* store/placement: which days a placement has, and what its changes do to them. */
#include "store/placement.h"
#include "base/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/rows.h"

#define NOW "2026-11-23T08:00"
#define DAYS \
        "SELECT day, kind, state, sequence FROM placement_day WHERE placement = 'PL1' ORDER BY original_day"

static int32_t date(const char *text)
{
        int32_t value;

        assert_true(date_parse(text, &value));
        return value;
}

static struct db *open_placements(const char *calendar)
{
        char roster[8192];
        struct db *db = rows_open();

        snprintf(roster, sizeof roster, "{%s,%s,%s,%s,\"calendar\":[%s]}", ROWS_ORGANISATIONS, ROWS_PEOPLE,
                 ROWS_ROLES, ROWS_WORKPLACES, calendar);
        rows_load(db, NOW, roster);
        return db;
}

static struct placement placement(const char *first, const char *last, bool is_block, unsigned weekdays)
{
        return (struct placement){.id = "PL1",
                                  .pupil = "P1",
                                  .workplace = "W1",
                                  .is_block = is_block,
                                  .weekdays = weekdays,
                                  .first_day = date(first),
                                  .last_day = date(last),
                                  .starts = PLACEMENT_STARTS,
                                  .ends = PLACEMENT_ENDS};
}

static void plan(struct db *db, const struct placement *row, const char *now)
{
        struct err err = {0};

        if (placement_plan(db, rows_utc(now), row, (int32_t)(rows_utc(now) / 86400), 0, &err) < 0)
                fail_msg("%s", err.text);
}

static void plans_a_week_and_a_block(void **state)
{
        struct db *db =
            open_placements("{\"organisation\":\"kj\",\"from\":\"2026-12-03\",\"kind\":\"break\"},"
                            "{\"organisation\":\"kj\",\"from\":\"2026-12-12\",\"kind\":\"school\"}");
        struct placement row = placement("2026-11-23", "2026-12-17", false, 1u << 4);

        (void)state;
        plan(db, &row, NOW);
        assert_string_equal(rows_text(db, DAYS),
                            "2026-11-26|work|planned|0 2026-12-10|work|planned|0 2026-12-17|work|planned|0");
        assert_string_equal(
            rows_text(db, "SELECT time(starts, 'unixepoch'), time(ends, 'unixepoch') FROM placement_day"
                          " WHERE original_day = '2026-11-26'"),
            "07:00:00|13:00:00");
        row = placement("2026-12-07", "2026-12-14", true, 1u << 1 | 1u << 2 | 1u << 3);
        memcpy(row.id, "PL2", 4);
        memcpy(row.pupil, "P2", 3);
        plan(db, &row, NOW);
        assert_string_equal(
            rows_text(db, "SELECT day, kind FROM placement_day WHERE placement = 'PL2' ORDER BY day"),
            "2026-12-07|work 2026-12-08|work 2026-12-09|work 2026-12-10|school 2026-12-11|school "
            "2026-12-14|work");
        row.weekdays = 0x7e; /* Saturday too: the working one */
        plan(db, &row, NOW);
        assert_string_equal(
            rows_text(db, "SELECT day FROM placement_day WHERE placement = 'PL2' AND day = '2026-12-12'"),
            "2026-12-12");
        db_close(db);
}

static void touches_what_changes(void **state)
{
        struct db *db = open_placements("");
        struct placement row = placement("2026-11-23", "2026-12-17", false, 1u << 4);

        (void)state;
        plan(db, &row, NOW);
        row.last_day = date("2026-12-10");
        plan(db, &row, "2026-11-24T08:00"); /* the 17th falls away */
        assert_string_equal(rows_text(db, DAYS), "2026-11-26|work|planned|0 2026-12-03|work|planned|0"
                                                 " 2026-12-10|work|planned|0 2026-12-17|work|cancelled|1");
        row.last_day = date("2026-12-17");
        plan(db, &row, "2026-11-25T08:00"); /* and comes back */
        assert_string_equal(rows_text(db, DAYS), "2026-11-26|work|planned|0 2026-12-03|work|planned|0"
                                                 " 2026-12-10|work|planned|0 2026-12-17|work|planned|2");
        row.starts += 3600;
        plan(db, &row, "2026-11-30T08:00"); /* past days stay as they were */
        assert_string_equal(rows_text(db, "SELECT sequence, dated = changed FROM placement_day ORDER BY day"),
                            "0|1 1|1 1|1 3|1");
        db_close(db);
}

static void keeps_days_changed_by_hand(void **state)
{
        struct db *db = open_placements("");
        struct placement row = placement("2026-11-23", "2026-12-17", false, 1u << 4);
        int64_t now = rows_utc(NOW);
        struct err err = {0};

        (void)state;
        plan(db, &row, NOW);
        assert_int_equal(placement_move_day(db, now, "PL1", date("2026-12-03"), date("2026-12-04"),
                                            PLACEMENT_KEEP, PLACEMENT_KEEP, 7, &err),
                         0);
        assert_int_equal(placement_cancel_day(db, now, "PL1", date("2026-12-10"), 8, &err), 0);
        row.starts += 3600;
        plan(db, &row, NOW);
        assert_string_equal(
            rows_text(
                db, "SELECT original_day, day, state, sequence, time(starts, 'unixepoch') FROM placement_day"
                    " ORDER BY original_day"),
            "2026-11-26|2026-11-26|planned|1|08:00:00 2026-12-03|2026-12-04|planned|1|07:00:00"
            " 2026-12-10|2026-12-10|cancelled|1|07:00:00 2026-12-17|2026-12-17|planned|1|08:00:00");
        /* By its present date, over the change of clocks in spring; as long as before. */
        assert_int_equal(placement_move_day(db, now, "PL1", date("2026-12-04"), date("2027-04-01"), -2 * 3600,
                                            PLACEMENT_KEEP, 9, &err),
                         0);
        assert_string_equal(
            rows_text(db, "SELECT day, time(starts, 'unixepoch'), time(ends, 'unixepoch'), sequence"
                          "  FROM placement_day WHERE original_day = '2026-12-03'"),
            "2027-04-01|07:00:00|13:00:00|2");
        assert_int_equal(placement_move_day(db, now, "PL1", date("2026-12-05"), date("2026-12-06"),
                                            PLACEMENT_KEEP, PLACEMENT_KEEP, 9, &err),
                         ERR_NOT_FOUND);
        assert_non_null(strstr(err.text, "has no day 2026-12-05"));
        db_close(db);
}

static void follows_the_calendar(void **state)
{
        struct db *db = open_placements("");
        struct placement row = placement("2026-11-23", "2026-12-10", false, 1u << 4);

        (void)state;
        plan(db, &row, NOW);
        rows_run(db, "INSERT INTO calendar_entry(organisation, first_day, last_day, kind)"
                     " VALUES ('kjk', '2026-12-03', '2026-12-03', 'break')");
        rows_load(db, NOW, ROWS_ROSTER); /* any import refreshes */
        assert_string_equal(rows_text(db, DAYS), "2026-11-26|work|planned|0 2026-12-03|work|cancelled|1"
                                                 " 2026-12-10|work|planned|0");
        rows_run(db, "DELETE FROM calendar_entry");
        rows_load(db, NOW, ROWS_ROSTER);
        assert_string_equal(rows_text(db, DAYS), "2026-11-26|work|planned|0 2026-12-03|work|planned|2"
                                                 " 2026-12-10|work|planned|0");
        db_close(db);
}

static void refuses_two_places_at_once(void **state)
{
        struct db *db = open_placements("");
        struct placement row = placement("2026-11-23", "2026-12-10", false, 1u << 4);
        struct err err = {0};

        (void)state;
        plan(db, &row, NOW);
        memcpy(row.id, "PL2", 4);
        row.weekdays = 1u << 5;
        plan(db, &row, NOW); /* another weekday is no overlap */
        memcpy(row.id, "PL3", 4);
        row.is_block = true;
        row.weekdays = 0x3e;
        assert_int_equal(placement_plan(db, rows_utc(NOW), &row, date("2026-11-23"), 0, &err), ERR_CONFLICT);
        assert_non_null(strstr(err.text, "same hours of 2026-11-2"));
        db_close(db);
}

static void cancels_from_a_day_on(void **state)
{
        struct db *db = open_placements("");
        struct placement row = placement("2026-11-23", "2026-12-10", false, 1u << 4);
        struct err err = {0};

        (void)state;
        plan(db, &row, NOW);
        assert_int_equal(
            placement_cancel(db, rows_utc("2026-12-01T08:00"), "PL1", date("2026-12-01"), 0, &err), 0);
        assert_string_equal(rows_text(db, DAYS), "2026-11-26|work|planned|0 2026-12-03|work|cancelled|1"
                                                 " 2026-12-10|work|cancelled|1");
        assert_string_equal(rows_text(db, "SELECT state FROM placement"), "cancelled");
        db_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(plans_a_week_and_a_block),   cmocka_unit_test(touches_what_changes),
            cmocka_unit_test(keeps_days_changed_by_hand), cmocka_unit_test(follows_the_calendar),
            cmocka_unit_test(refuses_two_places_at_once), cmocka_unit_test(cancels_from_a_day_on),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
