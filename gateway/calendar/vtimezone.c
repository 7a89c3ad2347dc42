#include "calendar/vtimezone.h"
#include "base/date.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_SECONDS 86400

/* The first second after FROM, at most at UNTIL, with another offset than at FROM. */
static int64_t find_change(struct zone *zone, int64_t from, int64_t until)
{
        int offset = zone_offset(zone, from);

        while (until - from > 1) {
                int64_t middle = from + (until - from) / 2;

                if (zone_offset(zone, middle) == offset)
                        from = middle;
                else
                        until = middle;
        }
        return until;
}

/* The date of the NTH such weekday of a month; -1: the last. */
static int32_t nth_weekday(int year, int month, int weekday, int nth)
{
        int32_t first = date_from_civil(year, month, 1), next;

        if (nth > 0)
                return first + (weekday - date_weekday(first) + 7) % 7 + (nth - 1) * 7;
        next = month == 12 ? date_from_civil(year + 1, 1, 1) : date_from_civil(year, month + 1, 1);
        return next - 1 - (date_weekday(next - 1) - weekday + 7) % 7;
}

static void read_change(struct zone *zone, int64_t utc, struct vtimezone_change *change, int *ret_day)
{
        int64_t wall;
        int year;

        change->from = zone_offset(zone, utc - 1);
        change->to = zone_offset(zone, utc);
        wall = utc + change->from;
        change->seconds = (int)(wall % DAY_SECONDS);
        change->weekday = date_weekday((int32_t)(wall / DAY_SECONDS));
        date_to_civil((int32_t)(wall / DAY_SECONDS), &year, &change->month, ret_day);
}

/* The changes of one year, in order; -1 when there are more than two. */
static int read_year(struct zone *zone, int year, struct vtimezone_change changes[static 2],
                     int days[static 2], struct vtimezone_turn turns[static 2])
{
        int64_t start = (int64_t)date_from_civil(year, 1, 1) * DAY_SECONDS, next;
        int64_t end = (int64_t)date_from_civil(year + 1, 1, 1) * DAY_SECONDS;
        int count = 0, before = zone_offset(zone, start), after;

        /* Ten days: two changes that follow one another closer are no rule of daylight saving. */
        for (int64_t at = start; at < end; at = next, before = after) {
                next = at + 10 * DAY_SECONDS < end ? at + 10 * DAY_SECONDS : end;
                after = zone_offset(zone, next);
                if (before == after)
                        continue;
                if (count == 2)
                        return -1;
                turns[count].utc = find_change(zone, at, next);
                read_change(zone, turns[count].utc, &changes[count], &days[count]);
                turns[count].from = changes[count].from;
                turns[count].to = changes[count].to;
                count++;
        }
        return count;
}

/* Whether CHANGE falls on its day in each of the years, being the nth weekday of its month. */
static bool fits(const struct vtimezone_change *change, int nth, int first_year, int days[VTIMEZONE_YEARS][2],
                 int which)
{
        int year, month, day;

        for (int i = 0; i < VTIMEZONE_YEARS; i++) {
                date_to_civil(nth_weekday(first_year + i, change->month, change->weekday, nth), &year, &month,
                              &day);
                if (day != days[i][which])
                        return false;
        }
        return true;
}

static bool find_nth(struct vtimezone_change *change, int first_year, int days[VTIMEZONE_YEARS][2], int which)
{
        static const int candidates[] = {-1, 1, 2, 3, 4};

        for (size_t i = 0; i < ARRAY_SIZE(candidates); i++)
                if (fits(change, candidates[i], first_year, days, which)) {
                        change->nth = candidates[i];
                        return true;
                }
        return false;
}

void vtimezone_read(struct zone *zone, int year, struct vtimezone *ret_vtimezone)
{
        struct vtimezone_change changes[VTIMEZONE_YEARS][2] = {0};
        int days[VTIMEZONE_YEARS][2] = {0}, count = 0;
        struct vtimezone result = {.is_known = true};

        *ret_vtimezone = (struct vtimezone){.is_known = false};
        for (int i = 0; i < VTIMEZONE_YEARS; i++) {
                int found =
                    read_year(zone, year - 1 + i, changes[i], days[i], &result.turn[result.turn_count]);

                if (found < 0 || found == 1 || (i > 0 && found != count))
                        return;
                count = found;
                result.turn_count += found;
                if (memcmp(changes[i], changes[0], sizeof changes[0]) != 0)
                        return;
        }
        result.count = count;
        result.from = (int64_t)date_from_civil(year - 1, 1, 1) * DAY_SECONDS;
        result.until = (int64_t)date_from_civil(year - 1 + VTIMEZONE_YEARS, 1, 1) * DAY_SECONDS;
        result.offset = zone_offset(zone, (int64_t)date_from_civil(year, 1, 1) * DAY_SECONDS);
        for (int k = 0; k < count; k++) {
                result.change[k] = changes[0][k];
                if (!find_nth(&result.change[k], year - 1, days, k))
                        return;
        }
        *ret_vtimezone = result;
}

static void write_offset(struct ics_writer *writer, const char *name, int offset)
{
        unsigned seconds = (unsigned)abs(offset);
        char text[16];

        snprintf(text, sizeof text, "%c%02u%02u", offset < 0 ? '-' : '+', seconds / 3600 % 24,
                 seconds / 60 % 60);
        ics_plain(writer, name, text);
}

static void write_change(const struct vtimezone_change *change, struct ics_writer *writer)
{
        static const char *const weekdays[] = {"", "MO", "TU", "WE", "TH", "FR", "SA", "SU"};
        const char *component = change->to > change->from ? "DAYLIGHT" : "STANDARD";
        char rule[64];

        ics_begin(writer, component);
        ics_local(writer, "DTSTART", nth_weekday(1970, change->month, change->weekday, change->nth),
                  change->seconds);
        snprintf(rule, sizeof rule, "FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%s", change->month, change->nth,
                 weekdays[change->weekday]);
        ics_plain(writer, "RRULE", rule);
        write_offset(writer, "TZOFFSETFROM", change->from);
        write_offset(writer, "TZOFFSETTO", change->to);
        ics_end(writer, component);
}

void vtimezone_write(const struct vtimezone *vtimezone, const char *tzid, struct ics_writer *writer)
{
        if (!vtimezone->is_known)
                return;
        ics_begin(writer, "VTIMEZONE");
        ics_text(writer, "TZID", tzid);
        if (vtimezone->count == 0) {
                ics_begin(writer, "STANDARD");
                ics_local(writer, "DTSTART", 0, 0);
                write_offset(writer, "TZOFFSETFROM", vtimezone->offset);
                write_offset(writer, "TZOFFSETTO", vtimezone->offset);
                ics_end(writer, "STANDARD");
        }
        for (int k = 0; k < vtimezone->count; k++)
                write_change(&vtimezone->change[k], writer);
        ics_end(writer, "VTIMEZONE");
}

/* Local time at UTC; false when its name on the clock means another, earlier instant. */
static bool to_local(const struct vtimezone *vtimezone, struct zone *zone, int64_t utc, int32_t *ret_date,
                     int *ret_seconds)
{
        int64_t wall;
        int offset = vtimezone->offset, i;

        if (utc < vtimezone->from || utc >= vtimezone->until) {
                zone_to_local(zone, utc, ret_date, ret_seconds);
                return zone_to_utc(zone, *ret_date, *ret_seconds) == utc;
        }
        for (i = 0; i < vtimezone->turn_count && vtimezone->turn[i].utc <= utc; i++)
                offset = vtimezone->turn[i].to;
        if (i == 0 && vtimezone->turn_count)
                offset = vtimezone->turn[0].from;
        wall = utc + offset;
        *ret_seconds = (int)((wall % DAY_SECONDS + DAY_SECONDS) % DAY_SECONDS);
        *ret_date = (int32_t)((wall - *ret_seconds) / DAY_SECONDS);
        return i == 0 ||
               utc >= vtimezone->turn[i - 1].utc + (vtimezone->turn[i - 1].from - vtimezone->turn[i - 1].to);
}

void vtimezone_write_time(const struct vtimezone *vtimezone, struct zone *zone, const char *tzid,
                          const char *property, int64_t utc, struct ics_writer *writer)
{
        size_t head = strlen(property), tail = strlen(tzid);
        char name[128];
        int32_t date;
        int seconds;

        /* An hour that comes twice has one local name: only UTC tells the second. */
        if (head + tail + sizeof ";TZID=" > sizeof name || !vtimezone->is_known ||
            !to_local(vtimezone, zone, utc, &date, &seconds)) {
                ics_utc(writer, property, utc);
                return;
        }
        memcpy(name, property, head);
        memcpy(name + head, ";TZID=", 6);
        memcpy(name + head + 6, tzid, tail + 1);
        ics_local(writer, name, date, seconds);
}
