#include "base/date.h"

#include <stdio.h>

/* Days from civil and back: Howard Hinnant's shift of the year to begin in March, so that leap days come
 * last. */
int32_t date_from_civil(int year, int month, int day)
{
        int y = year - (month <= 2);
        int era = (y >= 0 ? y : y - 399) / 400;
        int year_of_era = y - era * 400;
        int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
        int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

        return era * 146097 + day_of_era - 719468;
}

void date_to_civil(int32_t date, int *ret_year, int *ret_month, int *ret_day)
{
        int z = date + 719468;
        int era = (z >= 0 ? z : z - 146096) / 146097;
        int day_of_era = z - era * 146097;
        int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
        int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        int shifted = (5 * day_of_year + 2) / 153;

        *ret_day = day_of_year - (153 * shifted + 2) / 5 + 1;
        *ret_month = shifted < 10 ? shifted + 3 : shifted - 9;
        *ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

int date_weekday(int32_t date)
{
        int weekday = (date + 3) % 7; /* 1970-01-01 was a Thursday */

        return (weekday < 0 ? weekday + 7 : weekday) + 1;
}

void date_iso_week(int32_t date, int *ret_year, int *ret_week)
{
        int32_t thursday = date - date_weekday(date) + 4;
        int month, day;

        date_to_civil(thursday, ret_year, &month, &day);
        *ret_week = (thursday - date_from_civil(*ret_year, 1, 1)) / 7 + 1;
}

static int two_digits(const char *text)
{
        if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
                return -1;
        return (text[0] - '0') * 10 + text[1] - '0';
}

bool date_parse(const char *text, int32_t *ret_date)
{
        int century, year, month, day, y, m, d;
        int32_t date;

        century = two_digits(text);
        year = century < 0 ? -1 : two_digits(text + 2);
        if (year < 0 || text[4] != '-')
                return false;
        month = two_digits(text + 5);
        if (month < 0 || text[7] != '-')
                return false;
        day = two_digits(text + 8);
        if (day < 0 || text[10] != '\0' || century < 19 || century > 21 || month < 1 || month > 12)
                return false;
        date = date_from_civil(century * 100 + year, month, day);
        date_to_civil(date, &y, &m, &d);
        if (m != month || d != day)
                return false;
        *ret_date = date;
        return true;
}

void date_print(int32_t date, char ret_text[static DATE_TEXT_MAX])
{
        int year, month, day;

        date_to_civil(date, &year, &month, &day);
        snprintf(ret_text, DATE_TEXT_MAX, "%04u-%02u-%02u", (unsigned)year % 10000, (unsigned)month % 100,
                 (unsigned)day % 100);
}

/* The anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8). */
int32_t date_easter(int year)
{
        int a = year % 19, b = year / 100, c = year % 100;
        int d = b / 4, e = b % 4, f = (b + 8) / 25, g = (b - f + 1) / 3;
        int h = (19 * a + b - d - g + 15) % 30;
        int i = c / 4, k = c % 4;
        int l = (32 + 2 * e + 2 * i - h - k) % 7;
        int m = (a + 11 * h + 22 * l) / 451;
        int n = h + l - 7 * m + 114;

        return date_from_civil(year, n / 31, n % 31 + 1);
}

const char *date_finnish_holiday(int32_t date)
{
        static const struct {
                int month, first, last, weekday; /* weekday 0: any */
                const char *code;
        } fixed[] = {
            {1, 1, 1, 0, "new-year"},        {1, 6, 6, 0, "epiphany"},      {5, 1, 1, 0, "may-day"},
            {6, 19, 25, 5, "midsummer-eve"}, {6, 20, 26, 6, "midsummer"},   {10, 31, 31, 6, "all-saints"},
            {11, 1, 6, 6, "all-saints"},     {12, 6, 6, 0, "independence"}, {12, 24, 24, 0, "christmas-eve"},
            {12, 25, 25, 0, "christmas"},    {12, 26, 26, 0, "boxing-day"},
        };
        static const struct {
                int days;
                const char *code;
        } by_easter[] = {
            {-2, "good-friday"}, {0, "easter"}, {1, "easter-monday"}, {39, "ascension"}, {49, "whitsun"}};
        int year, month, day;

        date_to_civil(date, &year, &month, &day);
        for (unsigned i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
                if (month == fixed[i].month && day >= fixed[i].first && day <= fixed[i].last &&
                    (!fixed[i].weekday || date_weekday(date) == fixed[i].weekday))
                        return fixed[i].code;
        for (unsigned i = 0; i < sizeof by_easter / sizeof by_easter[0]; i++)
                if (date - date_easter(year) == by_easter[i].days)
                        return by_easter[i].code;
        return NULL;
}

bool date_is_finnish_holiday(int32_t date)
{
        return date_finnish_holiday(date) != NULL;
}

int32_t date_school_year_end(int year)
{
        int32_t fourth = date_from_civil(year, 1, 4); /* always in ISO week 1 */

        return fourth - date_weekday(fourth) + 1 + 21 * 7 + 5;
}
