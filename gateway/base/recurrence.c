#include "base/recurrence.h"
#include "base/date.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 512 /* bytes of a rule */
#define INTERVAL_MAX 400
#define COUNT_MAX 10000

static const char weekday_names[] = "MOTUWETHFRSASU";

static int refuse(struct err *err, const char *part)
{
        return err_set(err, ERR_INVALID, "%.40s: is not taken: write it as FREQ=WEEKLY;BYDAY=TU;COUNT=10",
                       part);
}

/* A whole number at the start of TEXT; *ret_end stands behind it. */
static bool read_number(const char *text, long least, long most, const char **ret_end, int *ret_number)
{
        char *end;
        long number = strtol(text, &end, 10);

        if (end == text || strchr(" \t\n", *text) || number < least || number > most)
                return false;
        *ret_end = end;
        *ret_number = (int)number;
        return true;
}

static bool read_days(const char *text, struct recurrence *rule)
{
        do {
                struct recurrence_day *day = &rule->days[rule->day_count];
                const char *name;

                if (rule->day_count++ == RECURRENCE_DAY_MAX)
                        return false;
                day->number = 0;
                if (strchr("+-0123456789", *text) &&
                    (!read_number(text, -5, 5, &text, &day->number) || day->number == 0))
                        return false;
                day->weekday = 0;
                for (name = weekday_names; *name && strlen(text) >= 2; name += 2)
                        if (strncmp(name, text, 2) == 0)
                                day->weekday = (int)(name - weekday_names) / 2 + 1;
                if (!day->weekday)
                        return false;
                text += 2;
        } while (*text++ == ',');
        return text[-1] == '\0';
}

static bool read_month_days(const char *text, struct recurrence *rule)
{
        do {
                int *day = &rule->month_days[rule->month_day_count];

                if (rule->month_day_count++ == RECURRENCE_DAY_MAX ||
                    !read_number(text, -31, 31, &text, day) || *day == 0)
                        return false;
        } while (*text++ == ',');
        return text[-1] == '\0';
}

static bool read_months(const char *text, struct recurrence *rule)
{
        int month;

        do {
                if (!read_number(text, 1, 12, &text, &month))
                        return false;
                rule->months |= (uint16_t)(1U << month);
        } while (*text++ == ',');
        return text[-1] == '\0';
}

static bool read_until(const char *text, struct recurrence *rule)
{
        char day[DATE_TEXT_MAX];

        if (strspn(text, "0123456789") != 8 || (text[8] && text[8] != 'T'))
                return false;
        snprintf(day, sizeof day, "%.4s-%.2s-%.2s", text, text + 4, text + 6);
        return date_parse(day, &rule->until);
}

static bool read_frequency(const char *text, struct recurrence *rule)
{
        static const char *const names[] = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"};

        for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
                if (strcmp(text, names[i]) == 0) {
                        rule->frequency = (enum recurrence_frequency)i;
                        return true;
                }
        return false;
}

static bool read_part(const char *name, const char *value, struct recurrence *rule)
{
        const char *end = "";

        if (strcmp(name, "FREQ") == 0)
                return read_frequency(value, rule);
        if (strcmp(name, "INTERVAL") == 0)
                return read_number(value, 1, INTERVAL_MAX, &end, &rule->interval) && !*end;
        if (strcmp(name, "COUNT") == 0)
                return read_number(value, 1, COUNT_MAX, &end, &rule->count) && !*end;
        if (strcmp(name, "UNTIL") == 0)
                return read_until(value, rule);
        if (strcmp(name, "BYDAY") == 0)
                return read_days(value, rule);
        if (strcmp(name, "BYMONTHDAY") == 0)
                return read_month_days(value, rule);
        if (strcmp(name, "BYMONTH") == 0)
                return read_months(value, rule);
        return strcmp(name, "WKST") == 0 && strcmp(value, "MO") == 0;
}

static bool has_numbered_day(const struct recurrence *rule)
{
        for (int i = 0; i < rule->day_count; i++)
                if (rule->days[i].number)
                        return true;
        return false;
}

int recurrence_parse(const char *text, struct recurrence *ret_rule, struct err *err)
{
        struct recurrence rule = {.interval = 1, .until = INT32_MAX};
        char copy[TEXT_MAX], *rest = NULL, *part, *value;
        bool has_frequency = false;

        if (strncmp(text, "RRULE:", 6) == 0)
                text += 6;
        if (strlen(text) >= sizeof copy)
                return refuse(err, "a rule of so many bytes");
        snprintf(copy, sizeof copy, "%s", text);
        for (part = strtok_r(copy, ";", &rest); part; part = strtok_r(NULL, ";", &rest)) {
                value = strchr(part, '=');
                if (!value)
                        return refuse(err, part);
                *value++ = '\0';
                if (!read_part(part, value, &rule))
                        return refuse(err, part);
                has_frequency = has_frequency || strcmp(part, "FREQ") == 0;
        }
        if (!has_frequency)
                return refuse(err, "a rule without FREQ");
        if (has_numbered_day(&rule) && rule.frequency != RECURRENCE_MONTHLY &&
            !(rule.frequency == RECURRENCE_YEARLY && rule.months))
                return refuse(err, "BYDAY with a number outside a month");
        *ret_rule = rule;
        return 0;
}

/* ---- the days */

struct day {
        int32_t date;
        int year, month, of_month, weekday, month_length;
};

static struct day day_of(int32_t date)
{
        struct day day = {.date = date, .weekday = date_weekday(date)};

        date_to_civil(date, &day.year, &day.month, &day.of_month);
        day.month_length = (int)((day.month == 12 ? date_from_civil(day.year + 1, 1, 1)
                                                  : date_from_civil(day.year, day.month + 1, 1)) -
                                 date_from_civil(day.year, day.month, 1));
        return day;
}

static bool is_on_weekday(const struct recurrence *rule, const struct day *day)
{
        int from_start = (day->of_month - 1) / 7 + 1,
            from_end = -((day->month_length - day->of_month) / 7 + 1);

        for (int i = 0; i < rule->day_count; i++)
                if (rule->days[i].weekday == day->weekday &&
                    (rule->days[i].number == 0 || rule->days[i].number == from_start ||
                     rule->days[i].number == from_end))
                        return true;
        return false;
}

static bool is_on_month_day(const struct recurrence *rule, const struct day *day)
{
        for (int i = 0; i < rule->month_day_count; i++)
                if (rule->month_days[i] == day->of_month ||
                    rule->month_days[i] == day->of_month - day->month_length - 1)
                        return true;
        return false;
}

/* Whether the period (day, week, month, year) that DAY lies in is one of every INTERVAL-th. */
static bool is_in_step(const struct recurrence *rule, const struct day *first, const struct day *day)
{
        int32_t periods;

        switch (rule->frequency) {
        case RECURRENCE_DAILY:
                periods = day->date - first->date;
                break;
        case RECURRENCE_WEEKLY:
                periods = (day->date - day->weekday - (first->date - first->weekday)) / 7;
                break;
        case RECURRENCE_MONTHLY:
                periods = (day->year - first->year) * 12 + day->month - first->month;
                break;
        default:
                periods = day->year - first->year;
                break;
        }
        return periods % rule->interval == 0;
}

static bool matches(const struct recurrence *rule, const struct day *first, const struct day *day)
{
        bool by_day = rule->day_count > 0, by_month_day = rule->month_day_count > 0;

        if (!is_in_step(rule, first, day) || (rule->months && !(rule->months & 1U << day->month)))
                return false;
        if (by_day && !is_on_weekday(rule, day))
                return false;
        if (by_month_day && !is_on_month_day(rule, day))
                return false;
        if (by_day || by_month_day || rule->frequency == RECURRENCE_DAILY)
                return true;
        if (rule->frequency == RECURRENCE_WEEKLY)
                return day->weekday == first->weekday;
        if (day->of_month != first->of_month)
                return false;
        return rule->frequency == RECURRENCE_MONTHLY || rule->months || day->month == first->month;
}

size_t recurrence_dates(const struct recurrence *rule, int32_t first, int32_t last, int32_t *ret_dates,
                        size_t max)
{
        const struct day start = day_of(first);
        size_t count = 0, most = rule->count && (size_t)rule->count < max ? (size_t)rule->count : max;

        if (rule->until < last)
                last = rule->until;
        for (int32_t date = first; (date <= last || date == first) && count < most; date++) {
                struct day day = day_of(date);

                if (date == first || matches(rule, &start, &day))
                        ret_dates[count++] = date;
        }
        return count;
}
