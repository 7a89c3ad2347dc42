#include "calendar/source.h"
#include "base/date.h"
#include "base/recurrence.h"
#include "base/zone_keep.h"

#include <libical/ical.h>
#include <stdio.h>
#include <string.h>

#define DAY_SECONDS 86400
#define NAME "calendar"

static int refuse(struct err *err, int code, const char *what)
{
        return err_set(err, code, NAME ": %s: ask whoever keeps it", what);
}

/* ---- before libical sees it */

static size_t sequence_length(const unsigned char *text, size_t left)
{
        size_t length = text[0] < 0x80                      ? 1
                        : text[0] >= 0xc2 && text[0] < 0xe0 ? 2
                        : text[0] >= 0xe0 && text[0] < 0xf0 ? 3
                        : text[0] >= 0xf0 && text[0] < 0xf5 ? 4
                                                            : 0;

        if (length == 0 || length > left)
                return 0;
        for (size_t i = 1; i < length; i++)
                if ((text[i] & 0xc0) != 0x80)
                        return 0;
        return length;
}

static int check_bytes(const char *bytes, size_t length, struct err *err)
{
        const unsigned char *at = (const unsigned char *)bytes, *end = at + length;
        size_t line = 0, step;

        for (; at < end; at += step) {
                step = sequence_length(at, (size_t)(end - at));
                if (step == 0 || *at == '\0')
                        return refuse(err, ERR_INVALID, "has bytes that are no UTF-8");
                line = *at == '\n' ? 0 : line + step;
                if (line > SOURCE_LINE_MAX)
                        return refuse(err, ERR_LIMIT, "has a line of more than 64 kB");
        }
        return 0;
}

static int check_depth(const char *bytes, size_t length, struct err *err)
{
        const char *end = bytes + length;
        int depth = 0, events = 0;

        for (const char *line = bytes, *next; line < end; line = next) {
                const char *stop = memchr(line, '\n', (size_t)(end - line));
                size_t left = (size_t)((stop ? stop : end) - line);

                next = stop ? stop + 1 : end;
                if (left >= 6 && strncasecmp(line, "BEGIN:", 6) == 0) {
                        if (++depth > SOURCE_DEPTH_MAX)
                                return refuse(err, ERR_LIMIT, "has components too deep in one another");
                        if (left >= 12 && strncasecmp(line + 6, "VEVENT", 6) == 0 &&
                            ++events > SOURCE_EVENTS_MAX)
                                return refuse(err, ERR_LIMIT, "has more than 5000 events");
                } else if (left >= 4 && strncasecmp(line, "END:", 4) == 0) {
                        depth--;
                }
        }
        return depth == 0 ? 0 : refuse(err, ERR_INVALID, "has a component that is not ended: it was cut off");
}

/* ---- events */

struct reading {
        icalcomponent *calendar;
        struct zone *zone;
        int32_t first, last; /* window, both days in it */
        struct source_list *list;
        struct err *err;
};

struct when {
        bool is_day;
        int32_t date;
        int seconds;
        int64_t utc;
        struct zone *zone; /* in which it repeats */
};

/* A zone that ICU knows by name keeps its own rules; else those that came along count. */
static void read_when(const struct reading *reading, icalproperty *property, struct when *ret_when)
{
        struct icaltimetype time = icalproperty_get_datetime_with_component(property, reading->calendar);
        icalparameter *tzid = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
        struct when when = {.is_day = icaltime_is_date(time), .zone = reading->zone};
        struct err ignored;

        when.date = date_from_civil(time.year, time.month, time.day);
        when.seconds = time.is_date ? 0 : time.hour * 3600 + time.minute * 60 + time.second;
        if (icaltime_is_utc(time))
                when.utc = (int64_t)when.date * DAY_SECONDS + when.seconds;
        else if (tzid && zone_keep(icalparameter_get_tzid(tzid), &when.zone, &ignored) == 0)
                when.utc = zone_to_utc(when.zone, when.date, when.seconds);
        else if (tzid && time.zone)
                when.utc = icaltime_as_timet_with_zone(time, time.zone);
        else
                when.utc = zone_to_utc(reading->zone, when.date, when.seconds);
        if (!when.is_day)
                zone_to_local(when.zone, when.utc, &when.date, &when.seconds);
        *ret_when = when;
}

static char *text_of(icalcomponent *event, icalproperty_kind kind)
{
        icalproperty *property = icalcomponent_get_first_property(event, kind);
        const char *text = property ? icalproperty_get_value_as_string(property) : NULL;
        icalvalue *value = property ? icalproperty_get_value(property) : NULL;

        if (value && icalvalue_isa(value) == ICAL_TEXT_VALUE)
                text = icalvalue_get_text(value);
        if (!text || !*text)
                return NULL;
        return strndup(text, SOURCE_TEXT_MAX);
}

static int add(struct reading *reading, icalcomponent *event, const char *uid, const struct when *when,
               int64_t length, const char *instance)
{
        struct source_list *list = reading->list;
        struct source_entry entry = {
            .is_whole_days = when->is_day, .starts = when->utc, .ends = when->utc + length};
        struct source_entry *items = list->items;

        entry.first = when->date;
        entry.last = when->is_day ? when->date + (int32_t)(length / DAY_SECONDS) - 1
                                  : when->date + (int32_t)((when->seconds + length - 1) / DAY_SECONDS);
        if (entry.last < entry.first)
                entry.last = entry.first;
        if (entry.last < reading->first || entry.first > reading->last)
                return 0;
        if (list->count == SOURCE_ENTRIES_MAX)
                return refuse(reading->err, ERR_LIMIT, "has more than 5000 entries");
        if (list->count == list->room) {
                list->room = list->room ? list->room * 2 : 64;
                items = realloc(items, list->room * sizeof *items);
                if (!items)
                        return err_set(reading->err, ERR_NOMEM, NAME ": out of memory");
                list->items = items;
        }
        if (asprintf(&entry.uid, "%.300s%s%s", uid, instance ? "/" : "", instance ? instance : "") < 0)
                return err_set(reading->err, ERR_NOMEM, NAME ": out of memory");
        entry.title = text_of(event, ICAL_SUMMARY_PROPERTY);
        entry.place = text_of(event, ICAL_LOCATION_PROPERTY);
        list->items[list->count++] = entry;
        return 0;
}

/* Whether the instance of DATE is said to be left out, or stands as an event of its own. */
static bool is_excepted(const struct reading *reading, icalcomponent *event, const char *uid, int32_t date)
{
        icalproperty *property = icalcomponent_get_first_property(event, ICAL_EXDATE_PROPERTY);
        icalcomponent *other;
        struct when when;

        for (; property; property = icalcomponent_get_next_property(event, ICAL_EXDATE_PROPERTY)) {
                read_when(reading, property, &when);
                if (when.date == date)
                        return true;
        }
        for (other = icalcomponent_get_first_component(reading->calendar, ICAL_VEVENT_COMPONENT); other;
             other = icalcomponent_get_next_component(reading->calendar, ICAL_VEVENT_COMPONENT)) {
                const char *other_uid = icalcomponent_get_uid(other);

                property = icalcomponent_get_first_property(other, ICAL_RECURRENCEID_PROPERTY);
                if (!property || !other_uid || strcmp(other_uid, uid) != 0)
                        continue;
                read_when(reading, property, &when);
                if (when.date == date)
                        return true;
        }
        return false;
}

static int add_instances(struct reading *reading, icalcomponent *event, const char *uid,
                         const struct when *first, int64_t length)
{
        icalproperty *property = icalcomponent_get_first_property(event, ICAL_RRULE_PROPERTY);
        _cleanup_(free_ptr) int32_t *dates = NULL;
        struct recurrence rule;
        struct when when = *first;
        char day[DATE_TEXT_MAX];
        size_t count;
        int r;

        r = recurrence_parse(icalproperty_get_value_as_string(property), &rule, reading->err);
        if (r < 0)
                return err_prefix(reading->err, NAME ": an event that repeats");
        dates = calloc(SOURCE_ENTRIES_MAX, sizeof *dates);
        if (!dates)
                return err_set(reading->err, ERR_NOMEM, NAME ": out of memory");
        count = recurrence_dates(&rule, first->date, reading->last, dates, SOURCE_ENTRIES_MAX);
        for (size_t i = 0; i < count && r == 0; i++) {
                when.date = dates[i];
                when.utc = zone_to_utc(when.zone, when.date, when.seconds);
                if (when.date < reading->first - (int32_t)(length / DAY_SECONDS) - 1 ||
                    is_excepted(reading, event, uid, when.date))
                        continue;
                date_print(when.date, day);
                r = add(reading, event, uid, &when, length, day);
        }
        return r;
}

static int64_t length_of(const struct reading *reading, icalcomponent *event, const struct when *starts)
{
        icalproperty *ends = icalcomponent_get_first_property(event, ICAL_DTEND_PROPERTY);
        icalproperty *duration = icalcomponent_get_first_property(event, ICAL_DURATION_PROPERTY);
        struct when when;

        if (ends) {
                read_when(reading, ends, &when);
                return starts->is_day ? (int64_t)(when.date - starts->date) * DAY_SECONDS
                                      : when.utc - starts->utc;
        }
        if (duration)
                return icaldurationtype_as_int(icalproperty_get_duration(duration));
        return starts->is_day ? DAY_SECONDS : 3600;
}

static int read_event(struct reading *reading, icalcomponent *event)
{
        icalproperty *starts = icalcomponent_get_first_property(event, ICAL_DTSTART_PROPERTY);
        icalproperty *recurrence = icalcomponent_get_first_property(event, ICAL_RECURRENCEID_PROPERTY);
        const char *uid = icalcomponent_get_uid(event);
        char day[DATE_TEXT_MAX];
        struct when when, original;
        int64_t length;

        if (!starts || !uid || !*uid || icalcomponent_get_status(event) == ICAL_STATUS_CANCELLED)
                return 0;
        read_when(reading, starts, &when);
        if (when.date < date_from_civil(1970, 1, 1) || when.date > date_from_civil(2199, 1, 1))
                return 0;
        length = length_of(reading, event, &when);
        if (length <= 0 || length > (int64_t)SOURCE_DAYS_AHEAD * DAY_SECONDS)
                length = when.is_day ? DAY_SECONDS : 3600;
        if (recurrence) {
                read_when(reading, recurrence, &original);
                date_print(original.date, day);
                return add(reading, event, uid, &when, length, day);
        }
        if (icalcomponent_get_first_property(event, ICAL_RRULE_PROPERTY))
                return add_instances(reading, event, uid, &when, length);
        return add(reading, event, uid, &when, length, NULL);
}

/* By array, since looking for exceptions walks the same components. */
static int read_events(struct reading *reading)
{
        icalcomponent **events = calloc(SOURCE_EVENTS_MAX, sizeof(icalcomponent *)), *each;
        int count = 0, r = 0;

        if (!events)
                return err_set(reading->err, ERR_NOMEM, NAME ": out of memory");
        for (each = icalcomponent_get_first_component(reading->calendar, ICAL_VEVENT_COMPONENT);
             each && count < SOURCE_EVENTS_MAX;
             each = icalcomponent_get_next_component(reading->calendar, ICAL_VEVENT_COMPONENT))
                events[count++] = each;
        for (int i = 0; i < count && r == 0; i++)
                r = read_event(reading, events[i]);
        free(events);
        return r;
}

void source_list_fini(struct source_list *list)
{
        for (size_t i = 0; i < list->count; i++) {
                free(list->items[i].uid);
                free(list->items[i].title);
                free(list->items[i].place);
        }
        free(list->items);
        *list = (struct source_list){0};
}

int source_parse(const char *bytes, size_t length, struct zone *zone, int32_t today,
                 struct source_list *ret_list, struct err *err)
{
        struct source_list list = {0};
        struct reading reading = {.zone = zone,
                                  .first = today - SOURCE_DAYS_BACK,
                                  .last = today + SOURCE_DAYS_AHEAD,
                                  .list = &list,
                                  .err = err};
        _cleanup_(free_ptr) char *text = NULL;
        int r = length > SOURCE_BYTES_MAX ? refuse(err, ERR_LIMIT, "is larger than 2 MB") : 0;

        if (r == 0)
                r = check_bytes(bytes, length, err);
        if (r == 0)
                r = check_depth(bytes, length, err);
        if (r < 0)
                return r;
        text = strndup(bytes, length);
        if (!text)
                return err_set(err, ERR_NOMEM, NAME ": out of memory");
        reading.calendar = icalparser_parse_string(text);
        if (!reading.calendar || icalcomponent_isa(reading.calendar) != ICAL_VCALENDAR_COMPONENT)
                r = refuse(err, ERR_INVALID, "is no calendar");
        else
                r = read_events(&reading);
        if (reading.calendar)
                icalcomponent_free(reading.calendar);
        if (r < 0) {
                source_list_fini(&list);
                return r;
        }
        *ret_list = list;
        return 0;
}
