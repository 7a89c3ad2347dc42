/* recurrence: the dates on which something repeats, from an RFC 5545 RRULE. Pure; knows no zone and no time
 * of day. Each day of the span is held against the rule, so that no rule can make it run for long.
 *
 * Taken: FREQ (DAILY, WEEKLY, MONTHLY, YEARLY), INTERVAL, COUNT, UNTIL (its date, that day too), WKST (MO),
 * BYMONTH, BYMONTHDAY, BYDAY; with a number before the weekday (1MO, -1FR) in a month only. Anything else is
 * refused. The first day is always one of them. */
#ifndef BASE_RECURRENCE_H
#define BASE_RECURRENCE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define RECURRENCE_DAY_MAX 62 /* BYDAY and BYMONTHDAY each */

struct recurrence {
        enum recurrence_frequency {
                RECURRENCE_DAILY,
                RECURRENCE_WEEKLY,
                RECURRENCE_MONTHLY,
                RECURRENCE_YEARLY
        } frequency;
        int interval;    /* from 1 */
        int count;       /* 0: without */
        int32_t until;   /* the last day; INT32_MAX: without */
        uint16_t months; /* bit 1 January … bit 12; 0: any */
        int day_count, month_day_count;
        struct recurrence_day {
                int number; /* 0: each such weekday; 1: the first of the month; -1: the last */
                int weekday;
        } days[RECURRENCE_DAY_MAX];
        int month_days[RECURRENCE_DAY_MAX]; /* 1–31; -1: the last of the month */
};

/* ERR_INVALID says which part is not taken; with or without "RRULE:" before it. */
int recurrence_parse(const char *text, struct recurrence *ret_rule, struct err *err);

/* The dates from FIRST on, FIRST among them, to LAST, at most MAX, in order; returns how many. */
size_t recurrence_dates(const struct recurrence *rule, int32_t first, int32_t last, int32_t *ret_dates,
                        size_t max);

#endif
