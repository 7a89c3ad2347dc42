/* base/date and base/zone against tables of known days. */
#include "base/date.h"
#include "base/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static int32_t parse(const char *text)
{
        int32_t date;

        assert_true(date_parse(text, &date));
        return date;
}

static void reads_only_dates(void **state)
{
        static const char *const bad[] = {"",           "2026",       "2026-1-1",    "2026-02-29",
                                          "2026-13-01", "2026-11-31", "2026-11-22x", "1899-12-31",
                                          "2026/11/22", "20261122"};
        int32_t date;

        (void)state;
        assert_int_equal(parse("1970-01-01"), 0);
        assert_int_equal(parse("2000-02-29") + 1, parse("2000-03-01"));
        for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
                assert_false(date_parse(bad[i], &date));
        for (date = parse("1900-01-01"); date < parse("2199-12-31"); date++) {
                char text[DATE_TEXT_MAX];
                date_print(date, text);
                assert_int_equal(parse(text), date);
        }
}

static void knows_weeks(void **state)
{
        static const struct {
                const char *date;
                int weekday, year, week;
        } table[] = {{"2026-11-22", 7, 2026, 47}, {"2027-01-01", 5, 2026, 53}, {"2026-01-01", 4, 2026, 1},
                     {"2024-12-30", 1, 2025, 1},  {"2021-01-03", 7, 2020, 53}, {"1969-12-31", 3, 1970, 1}};
        int year, week;

        (void)state;
        for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
                assert_int_equal(date_weekday(parse(table[i].date)), table[i].weekday);
                date_iso_week(parse(table[i].date), &year, &week);
                assert_int_equal(year, table[i].year);
                assert_int_equal(week, table[i].week);
        }
}

static void knows_finnish_holidays(void **state)
{
        static const char *const free_days[] = {
            "2024-03-29", "2024-04-01", "2024-05-09", "2024-06-21", "2024-06-22", "2024-11-02", "2025-04-18",
            "2025-04-21", "2025-05-29", "2025-06-20", "2025-06-21", "2025-11-01", "2026-01-01", "2026-01-06",
            "2026-04-03", "2026-04-06", "2026-05-01", "2026-05-14", "2026-06-19", "2026-06-20", "2026-10-31",
            "2026-12-06", "2026-12-24", "2026-12-25", "2026-12-26", "2027-03-26", "2027-03-29", "2027-05-06",
            "2027-06-25", "2027-06-26", "2027-11-06", "2038-04-26"};
        static const char *const plain[] = {"2026-11-23", "2026-06-18", "2026-11-07",
                                            "2026-10-30", "2026-12-23", "2026-12-27",
                                            "2026-04-02", "2026-04-07", "2026-05-15"};

        (void)state;
        for (unsigned i = 0; i < ARRAY_SIZE(free_days); i++)
                assert_true(date_is_finnish_holiday(parse(free_days[i])));
        for (unsigned i = 0; i < ARRAY_SIZE(plain); i++)
                assert_false(date_is_finnish_holiday(parse(plain[i])));
        assert_int_equal(date_school_year_end(2026), parse("2026-05-30"));
        assert_int_equal(date_school_year_end(2027), parse("2027-06-05"));
        assert_int_equal(date_school_year_end(2025), parse("2025-05-31"));
}

static void keeps_local_time_over_dst(void **state)
{
        struct zone *zone;
        char text[ZONE_STAMP_MAX];
        int64_t utc;

        (void)state;
        assert_int_equal(zone_open("Europe/Helsinki", &zone, NULL), 0);
        assert_true(zone_parse(zone, "2026-03-29T03:30", &utc)); /* does not exist: an hour on */
        zone_stamp(zone, utc, text);
        assert_string_equal(text, "2026-03-29T04:30:00+03:00");
        assert_true(zone_parse(zone, "2026-10-25T03:30", &utc)); /* comes twice: the first */
        zone_stamp(zone, utc, text);
        assert_string_equal(text, "2026-10-25T03:30:00+03:00");
        assert_true(zone_parse(zone, "2026-10-25T04:00", &utc));
        zone_stamp(zone, utc, text);
        assert_string_equal(text, "2026-10-25T04:00:00+02:00");
        assert_true(zone_parse(zone, "2026-11-23T08:00:00.123Z", &utc));
        zone_stamp(zone, utc, text);
        assert_string_equal(text, "2026-11-23T10:00:00+02:00");
        assert_true(zone_parse(zone, "2026-11-23", &utc));
        zone_stamp(zone, utc, text);
        assert_string_equal(text, "2026-11-23T00:00:00+02:00");
        assert_false(zone_parse(zone, "2026-11-23T25:00", &utc));
        assert_false(zone_parse(zone, "2026-11-23T10:00+0200", &utc));
        assert_false(zone_parse(zone, "tomorrow at ten", &utc));
        zone_close(zone);
        assert_int_equal(zone_open("Europe/Kuusijoki", &zone, NULL), ERR_INVALID);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(reads_only_dates),
            cmocka_unit_test(knows_weeks),
            cmocka_unit_test(knows_finnish_holidays),
            cmocka_unit_test(keeps_local_time_over_dst),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
