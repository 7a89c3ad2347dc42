#include "calendar/http_condition.h"
#include "base/date.h"

#include <stdio.h>
#include <string.h>

#define DAY_SECONDS 86400

static const char weekday_names[7][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char month_names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void http_date_print(int64_t utc, char ret_text[static HTTP_DATE_MAX])
{
        int64_t seconds = (utc % DAY_SECONDS + DAY_SECONDS) % DAY_SECONDS;
        int32_t date = (int32_t)((utc - seconds) / DAY_SECONDS);
        int year, month, day;

        date_to_civil(date, &year, &month, &day);
        snprintf(ret_text, HTTP_DATE_MAX, "%s, %02u %s %04u %02u:%02u:%02u GMT",
                 weekday_names[date_weekday(date) - 1], (unsigned)day % 100, month_names[(month - 1) % 12],
                 (unsigned)year % 10000, (unsigned)seconds / 3600 % 24, (unsigned)seconds / 60 % 60,
                 (unsigned)seconds % 60);
}

static int month_number(const char *name)
{
        for (int i = 0; i < 12; i++)
                if (memcmp(month_names[i], name, 3) == 0)
                        return i + 1;
        return 0;
}

/* The century that puts a year of two digits nearest to now (RFC 9110, 5.6.7). */
static int full_year(int short_year, int64_t now_utc)
{
        int year, month, day;

        date_to_civil((int32_t)(now_utc / DAY_SECONDS), &year, &month, &day);
        short_year += year / 100 * 100;
        return short_year > year + 50 ? short_year - 100 : short_year;
}

bool http_date_parse(const char *text, int64_t now_utc, int64_t *ret_utc)
{
        int year = 0, day = 0, hour = 0, minute = 0, second = 0, end = -1, month, y, m, d;
        const char *comma = strchr(text, ',');
        char name[4] = "";
        int32_t date;

        if (comma) {
                sscanf(comma, ", %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &day, name, &year, &hour, &minute,
                       &second, &end);
                if (end < 0) {
                        sscanf(comma, ", %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &day, name, &year, &hour,
                               &minute, &second, &end);
                        year = full_year(year, now_utc);
                }
                text = comma;
        } else {
                sscanf(text, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n", name, &day, &hour, &minute,
                       &second, &year, &end);
        }
        if (end < 0 || text[end] != '\0')
                return false;
        month = month_number(name);
        if (!month || year < 1900 || year > 9999 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
            minute < 0 || minute > 59 || second < 0 || second > 60)
                return false;
        date = date_from_civil(year, month, day);
        date_to_civil(date, &y, &m, &d);
        if (d != day)
                return false;
        *ret_utc = (int64_t)date * DAY_SECONDS + hour * 3600 + minute * 60 + second;
        return true;
}

bool http_etag_matches(const char *if_none_match, const char *etag)
{
        const char *at = if_none_match, *end;
        size_t length = strlen(etag);

        for (;;) {
                at += strspn(at, " \t,");
                if (at[0] == '*')
                        return at[1 + strspn(at + 1, " \t")] == '\0' &&
                               at == if_none_match + strspn(if_none_match, " \t");
                if (at[0] == 'W' && at[1] == '/')
                        at += 2;
                if (at[0] != '"')
                        return false;
                end = strchr(at + 1, '"');
                if (!end)
                        return false;
                if ((size_t)(end + 1 - at) == length && memcmp(at, etag, length) == 0)
                        return true;
                at = end + 1;
        }
}

bool http_is_unchanged(const char *if_none_match, const char *if_modified_since, const char *etag,
                       int64_t changed_utc, int64_t now_utc)
{
        int64_t since;

        if (if_none_match)
                return http_etag_matches(if_none_match, etag);
        return if_modified_since && http_date_parse(if_modified_since, now_utc, &since) &&
               changed_utc <= since;
}
