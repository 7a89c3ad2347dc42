/* base/recurrence: rules against the days that a calendar shows. */
#include "base/date.h"
#include "base/recurrence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define DATES_MAX 400

static int32_t parse(const char *text)
{
        int32_t date;

        assert_true(date_parse(text, &date));
        return date;
}

static void repeats_on_the_right_days(void **state)
{
        static const struct {
                const char *rule, *first, *dates; /* dates: month and day */
        } table[] = {
            {"FREQ=WEEKLY;COUNT=3", "2026-11-24", "11-24 12-01 12-08"},
            {"RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=3", "2026-11-24", "11-24 12-08 12-22"},
            {"FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261203T120000Z", "2026-11-24", "11-24 11-26 12-01 12-03"},
            {"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=MO;COUNT=4", "2026-11-23", "11-23 11-29 12-07 12-13"},
            {"FREQ=DAILY;INTERVAL=3;COUNT=3", "2026-12-30", "12-30 01-02 01-05"},
            {"FREQ=MONTHLY;BYDAY=1MO;COUNT=3", "2026-12-07", "12-07 01-04 02-01"},
            {"FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", "2026-11-27", "11-27 12-25 01-29"},
            {"FREQ=MONTHLY;COUNT=3", "2027-01-31", "01-31 03-31 05-31"},
            {"FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", "2027-01-31", "01-31 02-28 03-31"},
            {"FREQ=YEARLY;BYMONTH=8,12;BYMONTHDAY=1;COUNT=3", "2026-12-01", "12-01 08-01 12-01"},
            {"FREQ=YEARLY;COUNT=2", "2027-03-05", "03-05 03-05"},
            {"FREQ=WEEKLY;BYDAY=FR;COUNT=3", "2026-11-24", "11-24 11-27 12-04"}, /* the first day counts */
            {"FREQ=WEEKLY;UNTIL=20200101", "2026-11-24", "11-24"},
        };
        int32_t dates[DATES_MAX];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                struct recurrence rule;
                char text[DATES_MAX * 6] = "", day[DATE_TEXT_MAX];
                int32_t first = parse(table[i].first);
                size_t count;

                assert_int_equal(recurrence_parse(table[i].rule, &rule, NULL), 0);
                count = recurrence_dates(&rule, first, first + 731, dates, DATES_MAX);
                for (size_t j = 0; j < count; j++) {
                        date_print(dates[j], day);
                        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", j ? " " : "",
                                 day + 5);
                }
                assert_string_equal(text, table[i].dates);
        }
}

static void stops_by_itself(void **state)
{
        struct recurrence rule;
        int32_t dates[DATES_MAX];

        (void)state;
        assert_int_equal(recurrence_parse("FREQ=DAILY", &rule, NULL), 0);
        assert_int_equal(recurrence_dates(&rule, 0, 1000000, dates, DATES_MAX), DATES_MAX);
        assert_int_equal(recurrence_dates(&rule, 0, 9, dates, DATES_MAX), 10);
        assert_int_equal(recurrence_parse("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", &rule, NULL), 0);
        assert_int_equal(recurrence_dates(&rule, 0, 731, dates, DATES_MAX), 1);
}

static void refuses_the_rest(void **state)
{
        static const char *const bad[] = {
            "",
            "every day",
            "COUNT=3",
            "FREQ=HOURLY",
            "FREQ=WEEKLY;COUNT=0",
            "FREQ=WEEKLY;COUNT=3x",
            "FREQ=WEEKLY;INTERVAL=-1",
            "FREQ=WEEKLY;BYDAY=XX",
            "FREQ=WEEKLY;BYDAY=MO,",
            "FREQ=WEEKLY;BYDAY=1MO",
            "FREQ=YEARLY;BYDAY=20MO",
            "FREQ=MONTHLY;BYDAY=0MO",
            "FREQ=MONTHLY;BYMONTHDAY=32",
            "FREQ=YEARLY;BYMONTH=13",
            "FREQ=WEEKLY;UNTIL=2026",
            "FREQ=WEEKLY;UNTIL=20261340",
            "FREQ=WEEKLY;BYSETPOS=1",
            "FREQ=WEEKLY;WKST=SU",
            "FREQ=MONTHLY;BYMONTHDAY=1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,"
            "1,2,3,4,5,6,"
            "7,8,9,1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9",
        };
        struct recurrence rule;
        struct err err;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                if (recurrence_parse(bad[i], &rule, &err) != ERR_INVALID)
                        fail_msg("%s was taken", bad[i]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(repeats_on_the_right_days),
            cmocka_unit_test(stops_by_itself),
            cmocka_unit_test(refuses_the_rest),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
