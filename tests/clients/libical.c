/* Reads a calendar on standard input by libical, checks it against the restrictions of RFC 5545 and prints
 * its events: a line each, "START END STATUS", seconds UTC by the VTIMEZONE that came along. Exit 1 when
 * libical finds a fault. */
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_MAX ((size_t)8 << 20)

static time_t utc_of(icalcomponent *calendar, icalproperty *property, struct icaltimetype time)
{
        icalparameter *tzid = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
        icaltimezone *zone = tzid ? icalcomponent_get_timezone(calendar, icalparameter_get_tzid(tzid)) : NULL;

        return icaltime_as_timet_with_zone(time, zone ? zone : icaltimezone_get_utc_timezone());
}

int main(void)
{
        char *text = calloc(1, INPUT_MAX);
        icalcomponent *calendar, *each;

        if (!text || fread(text, 1, INPUT_MAX - 1, stdin) == 0)
                return 1;
        calendar = icalparser_parse_string(text);
        if (!calendar || icalcomponent_count_errors(calendar) || !icalrestriction_check(calendar)) {
                fprintf(stderr, "%s", calendar ? icalcomponent_as_ical_string(calendar) : "no calendar\n");
                return 1;
        }
        for (each = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT); each;
             each = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT))
                printf(
                    "%lld %lld %s\n",
                    (long long)utc_of(calendar, icalcomponent_get_first_property(each, ICAL_DTSTART_PROPERTY),
                                      icalcomponent_get_dtstart(each)),
                    (long long)utc_of(calendar, icalcomponent_get_first_property(each, ICAL_DTEND_PROPERTY),
                                      icalcomponent_get_dtend(each)),
                    icalcomponent_get_status(each) == ICAL_STATUS_CANCELLED ? "CANCELLED" : "-");
        icalcomponent_free(calendar);
        free(text);
        return 0;
}
