#include "engine/quiet.h"
#include "base/date.h"

#define HOUR 3600
#define OFFICE_OPENS (7 * HOUR + HOUR / 2)
#define OFFICE_CLOSES (17 * HOUR)

static bool is_working_day(int32_t date)
{
        return date_weekday(date) <= 5 && !date_is_finnish_holiday(date);
}

int64_t quiet_until(struct zone *zone, int64_t now_utc, bool office_hours, const struct quiet_choice *chosen)
{
        int opens = office_hours ? OFFICE_OPENS
                    : chosen     ? chosen->until_hour * HOUR
                                 : QUIET_UNTIL_HOUR * HOUR;
        int closes = office_hours ? OFFICE_CLOSES
                     : chosen     ? chosen->from_hour * HOUR
                                  : QUIET_FROM_HOUR * HOUR;
        int seconds;
        int32_t date;

        zone_to_local(zone, now_utc, &date, &seconds);
        if (seconds >= opens && seconds < closes && (!office_hours || is_working_day(date)))
                return now_utc;
        if (seconds >= opens)
                date++;
        while (office_hours && !is_working_day(date))
                date++;
        return zone_to_utc(zone, date, opens);
}
