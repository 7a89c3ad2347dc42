#include "base/zone.h"
#include "base/date.h"

#include <stdio.h>
#include <string.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

#define DAY 86400

struct zone {
        UCalendar *calendar;
};

int zone_open(const char *name, struct zone **ret_zone, struct err *err)
{
        UErrorCode status = U_ZERO_ERROR;
        UChar id[64], canonical[64];
        UBool is_system = 0;
        struct zone *zone;

        u_strFromUTF8(id, ARRAY_SIZE(id), NULL, name, -1, &status);
        if (U_SUCCESS(status))
                ucal_getCanonicalTimeZoneID(id, -1, canonical, ARRAY_SIZE(canonical), &is_system, &status);
        if (U_FAILURE(status) || !is_system)
                return err_set(err, ERR_INVALID,
                               "%.60s: no such time zone: use an IANA name such as Europe/Helsinki", name);
        zone = calloc(1, sizeof *zone);
        if (!zone)
                return err_set(err, ERR_NOMEM, "zone: out of memory");
        zone->calendar = ucal_open(id, -1, "root", UCAL_GREGORIAN, &status);
        if (U_FAILURE(status)) {
                free(zone);
                return err_set(err, ERR_IO, "zone: ICU: %s", u_errorName(status));
        }
        *ret_zone = zone;
        return 0;
}

struct zone *zone_close(struct zone *zone)
{
        if (zone)
                ucal_close(zone->calendar);
        free(zone);
        return NULL;
}

int zone_offset(struct zone *zone, int64_t utc)
{
        UErrorCode status = U_ZERO_ERROR;
        int offset;

        ucal_setMillis(zone->calendar, (UDate)utc * 1000, &status);
        offset = ucal_get(zone->calendar, UCAL_ZONE_OFFSET, &status) +
                 ucal_get(zone->calendar, UCAL_DST_OFFSET, &status);
        return U_FAILURE(status) ? 0 : offset / 1000;
}

int64_t zone_to_utc(struct zone *zone, int32_t date, int seconds)
{
        int64_t wall = (int64_t)date * DAY + seconds;
        int before = zone_offset(zone, wall - DAY), after = zone_offset(zone, wall + DAY);
        int64_t first = wall - before;

        /* The offset before the change gives the first of two, and moves what does not exist forward by the
         * gap. */
        if (before == after || zone_offset(zone, first) == before)
                return first;
        return zone_offset(zone, wall - after) == after ? wall - after : first;
}

void zone_to_local(struct zone *zone, int64_t utc, int32_t *ret_date, int *ret_seconds)
{
        int64_t wall = utc + zone_offset(zone, utc);
        int64_t seconds = wall % DAY;

        if (seconds < 0)
                seconds += DAY;
        *ret_date = (int32_t)((wall - seconds) / DAY);
        *ret_seconds = (int)seconds;
}

void zone_stamp(struct zone *zone, int64_t utc, char ret_text[static ZONE_STAMP_MAX])
{
        int offset = zone_offset(zone, utc), seconds;
        char date_text[DATE_TEXT_MAX];
        int32_t date;

        zone_to_local(zone, utc, &date, &seconds);
        date_print(date, date_text);
        snprintf(ret_text, ZONE_STAMP_MAX, "%sT%02u:%02u:%02u%c%02u:%02u", date_text,
                 (unsigned)seconds / 3600 % 24, (unsigned)seconds / 60 % 60, (unsigned)seconds % 60,
                 offset < 0 ? '-' : '+', (unsigned)abs(offset) / 3600 % 24, (unsigned)abs(offset) / 60 % 60);
}

static bool is_digits(const char *text)
{
        return text[0] >= '0' && text[0] <= '9' && text[1] >= '0' && text[1] <= '9';
}

/* Two digits, a colon, two digits; the end of what was read, or NULL. */
static const char *read_hours_minutes(const char *text, int *ret_seconds)
{
        int hours, minutes;

        if (!is_digits(text) || text[2] != ':' || !is_digits(text + 3))
                return NULL;
        hours = (text[0] - '0') * 10 + text[1] - '0';
        minutes = (text[3] - '0') * 10 + text[4] - '0';
        if (hours > 24 || minutes > 59 || (hours == 24 && minutes))
                return NULL;
        *ret_seconds = hours * 3600 + minutes * 60;
        return text + 5;
}

static const char *read_time(const char *text, int *ret_seconds)
{
        int seconds;

        text = read_hours_minutes(text, ret_seconds);
        if (!text || text[0] != ':')
                return text;
        if (!is_digits(text + 1))
                return NULL;
        seconds = (text[1] - '0') * 10 + text[2] - '0';
        if (seconds > 60 || *ret_seconds + seconds > DAY)
                return NULL;
        *ret_seconds += seconds == 60 ? 59 : seconds; /* a leap second is the last one that POSIX time has */
        text += 3;
        if (text[0] != '.' && text[0] != ',')
                return text;
        for (text++; *text >= '0' && *text <= '9'; text++)
                ;
        return text;
}

bool zone_parse_time(const char *text, int *ret_seconds)
{
        const char *end = read_time(text, ret_seconds);

        return end && *end == '\0';
}

bool zone_parse(struct zone *zone, const char *text, int64_t *ret_utc)
{
        char date_text[DATE_TEXT_MAX] = {0};
        int seconds = 0, offset;
        const char *rest;
        int32_t date;

        if (strnlen(text, 40) < 10 || strnlen(text, 40) >= 40)
                return false;
        memcpy(date_text, text, DATE_TEXT_MAX - 1);
        if (!date_parse(date_text, &date))
                return false;
        rest = text + 10;
        if (*rest != '\0') {
                if (*rest != 'T' && *rest != 't' && *rest != ' ')
                        return false;
                rest = read_time(rest + 1, &seconds);
                if (!rest)
                        return false;
        }
        if (*rest == '\0') {
                *ret_utc = zone_to_utc(zone, date, seconds);
                return true;
        }
        if ((*rest == 'Z' || *rest == 'z') && rest[1] == '\0') {
                *ret_utc = (int64_t)date * DAY + seconds;
                return true;
        }
        if (*rest != '+' && *rest != '-')
                return false;
        text = read_hours_minutes(rest + 1, &offset);
        if (!text || *text != '\0')
                return false;
        *ret_utc = (int64_t)date * DAY + seconds - (*rest == '-' ? -offset : offset);
        return true;
}
