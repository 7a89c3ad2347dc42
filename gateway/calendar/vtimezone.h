/* vtimezone: our own VTIMEZONE text for a zone, by the rules it has now, and times written against it. */
#ifndef CALENDAR_VTIMEZONE_H
#define CALENDAR_VTIMEZONE_H

#include "calendar/icalendar.h"
#include "base/zone.h"

#include <stdbool.h>
#include <stdint.h>

/* One change of clocks in a year: "the last Sunday of March, 03:00 on the clock that is still in force". */
struct vtimezone_change {
        int month, weekday, nth; /* weekday 1 Monday … 7 Sunday; nth 1–4, -1 the last */
        int seconds;             /* of the day */
        int from, to;            /* seconds east of UTC */
};

#define VTIMEZONE_YEARS 4 /* whose changes are read */

/* An instant at which clocks change. */
struct vtimezone_turn {
        int64_t utc;
        int from, to; /* seconds east of UTC */
};

struct vtimezone {
        bool is_known; /* false: the zone changes by no yearly rule; times are written in UTC */
        int count;     /* 0: no change of clocks; else 2 */
        int offset;    /* when count is 0 */
        struct vtimezone_change change[2];
        /* Local times between these two instants are worked out without asking the zone. */
        int64_t from, until;
        int turn_count;
        struct vtimezone_turn turn[2 * VTIMEZONE_YEARS];
};

/* Reads the zone's rules of the years from the one before YEAR to two after it. */
void vtimezone_read(struct zone *zone, int year, struct vtimezone *ret_vtimezone);

/* The component; nothing when the zone is not known. */
void vtimezone_write(const struct vtimezone *vtimezone, const char *tzid, struct ics_writer *writer);

/* PROPERTY with TZID and local time, or in UTC where local time would be ambiguous. */
void vtimezone_write_time(const struct vtimezone *vtimezone, struct zone *zone, const char *tzid,
                          const char *property, int64_t utc, struct ics_writer *writer);

#endif
