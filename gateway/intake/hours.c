#include "intake/hours.h"
#include "base/date.h"
#include "store/placement.h"

#define LESSON_SECONDS (45 * 60)
#define NOON (12 * 3600)
#define GRID_START (-4 * 3600)    /* 08:00, from noon */
#define GRID_END (3600 + 45 * 60) /* 13:45 */

static int find_lesson(const struct timetable *timetable, int lesson)
{
        for (int i = 0; i < timetable->count; i++)
                if (timetable->lessons[i].lesson == lesson)
                        return i;
        return -1;
}

/* The lesson that begins at STARTS, else the one in which it lies; -1: none. Seconds from noon. */
static int find_time(const struct timetable *timetable, int64_t starts)
{
        int inside = -1;

        for (int i = 0; i < timetable->count; i++) {
                if (timetable->lessons[i].starts == starts)
                        return i;
                if (timetable->lessons[i].starts < starts && timetable->lessons[i].ends > starts)
                        inside = i;
        }
        return inside;
}

/* The start is known: which lesson is that, and when does it end? */
static void complete_from_start(struct hours *hours, const struct timetable *timetable, int64_t noon)
{
        int at = hours->lesson > 0 ? find_lesson(timetable, hours->lesson)
                                   : find_time(timetable, hours->starts - noon);

        if (hours->lesson < 0)
                hours->lesson = at < 0 ? 0 : timetable->lessons[at].lesson;
        if (hours->ends != HOURS_UNKNOWN)
                return;
        hours->ends = at < 0 ? HOURS_UNKNOWN : noon + timetable->lessons[at].ends;
        if (hours->ends <= hours->starts)
                hours->ends = hours->starts + LESSON_SECONDS;
}

static void complete_lesson(struct hours *hours, const struct timetable *timetable, int64_t noon)
{
        int at = find_lesson(timetable, hours->lesson);

        if (at < 0) {
                hours->starts = noon + GRID_START + (hours->lesson - 1) * 3600;
                if (hours->ends == HOURS_UNKNOWN)
                        hours->ends = hours->starts + LESSON_SECONDS;
                return;
        }
        hours->starts = noon + timetable->lessons[at].starts;
        if (hours->ends == HOURS_UNKNOWN)
                hours->ends = noon + timetable->lessons[at].ends;
}

static int complete_day(const struct hours_place *place, int32_t date, struct hours *hours,
                        const struct timetable *timetable, int64_t noon, struct err *err)
{
        int64_t starts = noon + GRID_START, ends = noon + GRID_END;
        char day[DATE_TEXT_MAX];
        int r = 0;

        if (timetable->count) {
                starts = noon + timetable->lessons[0].starts;
                ends = noon + timetable->lessons[timetable->count - 1].ends;
        }
        date_print(date, day);
        if (place->at_workplace)
                r = placement_hours(place->db, place->pupil, day, &starts, &ends, err);
        hours->lesson = 0;
        hours->starts = starts;
        if (hours->ends == HOURS_UNKNOWN)
                hours->ends = ends;
        return r < 0 ? r : 0;
}

static bool is_complete(const struct hours *hours)
{
        return hours->lesson >= 0 && hours->starts != HOURS_UNKNOWN && hours->ends != HOURS_UNKNOWN;
}

int hours_complete_by(const struct hours_place *place, const struct timetable *timetable, int32_t date,
                      struct hours *hours, struct err *err)
{
        int64_t noon;

        if (is_complete(hours))
                return 0;
        noon = zone_to_utc(place->zone, date, NOON);
        if (hours->starts == HOURS_UNKNOWN && hours->lesson <= 0)
                return complete_day(place, date, hours, timetable, noon, err);
        if (hours->starts != HOURS_UNKNOWN)
                complete_from_start(hours, timetable, noon);
        else
                complete_lesson(hours, timetable, noon);
        return 0;
}

int hours_complete(const struct hours_place *place, int32_t date, struct hours *hours, struct err *err)
{
        struct timetable timetable;
        int r;

        if (is_complete(hours))
                return 0;
        r = timetable_read(place->db, place->organisation, date_weekday(date), &timetable, err);
        return r < 0 ? r : hours_complete_by(place, &timetable, date, hours, err);
}

enum hours_fault hours_check(const struct hours_place *place, int32_t date, const struct hours *hours)
{
        int32_t local;
        int seconds;

        zone_to_local(place->zone, hours->starts, &local, &seconds);
        if (local != date)
                return HOURS_OTHER_DAY;
        return hours->ends <= hours->starts || hours->ends > hours->starts + HOURS_SECONDS_MAX ? HOURS_ENDS
                                                                                               : HOURS_GOOD;
}
